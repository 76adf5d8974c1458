// Opens models and has them analysed, so that the page only draws: it reads no byte of a file.

import { createEngine } from "eigenscope";
import { parseModel, type ModelFile } from "eigenscope/io";
import { fetchDemo } from "./demo.ts";
import type { FromWorker, Model, Settings, ToWorker } from "./messages.ts";

const tell = (message: FromWorker) => postMessage(message);
/** Without the name of the function, which visitors did not call. */
const messageOf = (error: unknown) => (error as Error).message.replace(/^parseModel: /, "");

const engine = createEngine();
engine.then(({ info }) => tell({ type: "engine", info }), (error) => tell({ type: "failed", message: messageOf(error) }));

let open: { model: Model; file: ModelFile } | undefined;
let turn = 0;
let abort = new AbortController();
let running = Promise.resolve();

onmessage = ({ data: message }: MessageEvent<ToWorker>) => {
  if (message.type === "open") void openModel(message.model, message.settings);
  else if (message.type === "analyze") start(message.settings);
  else abort.abort();
};

async function openModel(model: Model, settings: Settings): Promise<void> {
  const mine = ++turn;
  try {
    const file = await ("files" in model ? parseModel(model.files) : parseModel(await fetchDemo(model.demo), model.name));
    if (mine !== turn) return; // others were chosen meanwhile
    open = { model, file };
    start(settings);
  } catch (error) {
    if (mine === turn) tell({ type: "refused", message: messageOf(error) });
  }
}

/** Analyses the model that is open, after what runs has been ended. */
function start(settings: Settings): void {
  if (!open) return;
  abort.abort();
  abort = new AbortController();
  const [{ model, file }, { signal }] = [open, abort];
  running = running.then(() => analyze(model, file, settings, signal));
}

async function analyze(model: Model, file: ModelFile, settings: Settings, signal: AbortSignal): Promise<void> {
  const tellOfThis = (message: FromWorker) => { if (!signal.aborted) tell(message); };
  tellOfThis({ type: "started", model, format: file.format });
  const begun = performance.now();
  try {
    const { skipped, warnings } = await (await engine).weights.analyze(file, {
      ...settings,
      signal,
      onLayer: (report) => tellOfThis({ type: "layer", report }),
      onProgress: ({ fraction }) => tellOfThis({ type: "progress", fraction }),
    });
    tellOfThis({ type: "done", ended: { skipped, warnings, seconds: (performance.now() - begun) / 1000 } });
  } catch (error) {
    tellOfThis({ type: "failed", message: messageOf(error) });
  }
}
