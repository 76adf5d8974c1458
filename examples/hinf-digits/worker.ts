// Reads files and runs the experiment, so that the page only draws.

import { columns, createEngine, normalizeRows, type Matrix } from "eigenscope";
import { parseMatrix } from "eigenscope/io";
import { fetchDigits } from "../site/digits.ts";
import { imagesOf } from "../site/images.ts";
import { converge } from "./experiment.ts";
import type { FromWorker, RunRequest, ToWorker } from "./messages.ts";

const tell = (message: FromWorker) => postMessage(message);

const engine = createEngine();
engine.then(({ info }) => tell({ type: "engine", info }), fail);

let matrix: Matrix<Float64Array>;
let opened = 0;
let abort = new AbortController();
let running = Promise.resolve();

onmessage = ({ data: message }: MessageEvent<ToWorker>) => {
  if (message.type === "open") {
    open(message.file).catch(fail);
  } else {
    abort.abort();
    if (message.type === "run") {
      abort = new AbortController();
      const { signal } = abort;
      running = running.then(() => run(message, signal));
    }
  }
};

async function open(file?: File): Promise<void> {
  const turn = ++opened;
  const source = file?.name ?? "digits";
  const bytes = file ? new Uint8Array(await file.arrayBuffer()) : await fetchDigits();
  const parsed = await parseMatrix(bytes, source);
  if (turn !== opened) return; // another one was chosen meanwhile
  // the last column of the digits is the label
  matrix = file ? parsed.matrix : columns(parsed.matrix, 0, -1);
  const { rows, cols } = matrix;
  tell({ type: "data", data: { source, rows, cols, warnings: parsed.warnings, images: imagesOf(matrix, 24) } });
}

async function run({ id, rows, dropLastColumn, features, seed }: RunRequest, signal: AbortSignal): Promise<void> {
  try {
    signal.throwIfAborted();
    const used = { data: matrix.data.subarray(0, rows * matrix.cols), rows, cols: matrix.cols };
    const X = normalizeRows(dropLastColumn ? columns(used, 0, -1) : used);
    await converge(await engine, X, { features, seed }, signal, (finding) => tell({ type: "found", id, finding }));
    tell({ type: "ended", id, cancelled: false });
  } catch (error) {
    if (signal.aborted) tell({ type: "ended", id, cancelled: true });
    else fail(error, id);
  }
}

function fail(error: unknown, id?: number): void {
  tell({ type: "failed", id, message: (error as Error).message });
}
