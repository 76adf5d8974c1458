// Opens models and has them analysed, so that the page only draws: it reads no byte of a file.

import { createEngine } from "eigenscope";
import { parseModel, parseModels, type NamedModel } from "eigenscope/io";
import { isSeries } from "eigenscope/plot";
import { fetchDemo } from "./demo.ts";
import type { Chosen, FromWorker, Opened, Settings, ToWorker } from "./messages.ts";

const tell = (message: FromWorker) => postMessage(message);
/** Without the name of the function, which visitors did not call. */
const messageOf = (error: unknown) => (error as Error).message.replace(/^parseModels?: /, "");

const engine = createEngine();
engine.then(({ info }) => tell({ type: "engine", info }), (error) => tell({ type: "failed", message: messageOf(error) }));

let open: { opened: Opened; models: NamedModel[] } | undefined;
let turn = 0;
let abort = new AbortController();
let running = Promise.resolve();

onmessage = ({ data: message }: MessageEvent<ToWorker>) => {
  if (message.type === "open") void openModels(message.chosen, message.settings);
  else if (message.type === "analyze") start(message.settings, message.first);
  else abort.abort();
};

async function openModels(chosen: Chosen, settings: Settings): Promise<void> {
  const mine = ++turn;
  try {
    const models = chosen === "demo" ? await demoModels() : (await parseModels(chosen.files)).sort((a, b) => natural(a.name, b.name));
    if (mine !== turn) return; // others were chosen meanwhile
    const opened = {
      models: models.map(({ name, format }) => ({ name, format })),
      series: isSeries(models.map(({ tensors }) => ({ layers: tensors.map(({ name }) => ({ name, alpha: null })) }))),
      demo: chosen === "demo",
      ...(chosen !== "demo" && chosen.folder !== undefined && { folder: chosen.folder }),
    };
    open = { opened, models };
    start(settings, models.length - 1);
  } catch (error) {
    if (mine === turn) tell({ type: "refused", message: messageOf(error) });
  }
}

const natural = new Intl.Collator("en", { numeric: true }).compare;

const demoModels = async () =>
  Promise.all((await fetchDemo()).map(async ({ name, source }) => ({ name, ...(await parseModel(source, name)) })));

/** Analyses the models that are open, after what runs has been ended. */
function start(settings: Settings, first: number): void {
  if (!open) return;
  abort.abort();
  abort = new AbortController();
  const [{ opened, models }, { signal }] = [open, abort];
  running = running.then(() => analyze(opened, models, settings, Math.min(first, models.length - 1), signal));
}

async function analyze(opened: Opened, models: NamedModel[], settings: Settings, first: number, signal: AbortSignal): Promise<void> {
  const tellOfThis = (message: FromWorker) => { if (!signal.aborted) tell(message); };
  tellOfThis({ type: "started", opened, first });
  const begun = performance.now();
  const order = [first, ...models.keys()].filter((k, at, all) => all.indexOf(k) === at);
  try {
    for (const [done, k] of order.entries()) {
      const { skipped, warnings } = await (await engine).weights.analyze(models[k]!, {
        ...settings,
        signal,
        onLayer: (report) => tellOfThis({ type: "layer", model: k, report }),
        onProgress: ({ fraction }) => tellOfThis({ type: "progress", fraction: (done + fraction) / order.length }),
      });
      tellOfThis({ type: "ended", model: k, ended: { skipped, warnings } });
    }
    tellOfThis({ type: "done", seconds: (performance.now() - begun) / 1000 });
  } catch (error) {
    tellOfThis({ type: "failed", message: messageOf(error) });
  }
}
