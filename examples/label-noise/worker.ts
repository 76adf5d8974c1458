// Reads files and fits, so that the page only draws.

import { createEngine, type Matrix } from "eigenscope";
import { imagesOf } from "../site/images.ts";
import { readLabelled, taskOf, type Labelled } from "./data.ts";
import { sweep } from "./experiment.ts";
import type { FromWorker, Shown, ToWorker } from "./messages.ts";
import { notebookNoise } from "./noise.ts";
import { kernelOf, levelsFor, type Settings } from "./settings.ts";
import type { Samples } from "./task.ts";

const tell = (message: FromWorker) => postMessage(message);

const engine = createEngine();
engine.then(({ info }) => tell({ type: "engine", info }), fail);

let data: Labelled;
let opened = 0;
let abort = new AbortController();
let running = Promise.resolve();

onmessage = ({ data: message }: MessageEvent<ToWorker>) => {
  if (message.type === "open") {
    open(message.files).catch(fail);
  } else {
    abort.abort();
    abort = new AbortController();
    const { signal } = abort;
    running = running.then(() => fit(message.id, message.settings, signal));
  }
};

async function open(files: File[]): Promise<void> {
  const turn = ++opened;
  const read = await readLabelled(files);
  if (turn !== opened) return; // others were chosen meanwhile
  data = read;
  const { source, X, classes, warnings } = data;
  tell({ type: "data", data: { source, rows: X.rows, cols: X.cols, classes, warnings, images: imagesOf(X, 24) } });
}

async function fit(id: number, settings: Settings, signal: AbortSignal): Promise<void> {
  try {
    signal.throwIfAborted();
    const task = taskOf(data, settings.rows);
    const { train, test, classes } = task;
    const n = train.labels.length;
    const noise = notebookNoise(n, classes);
    const onProgress = ({ fraction }: { fraction: number }) => tell({ type: "progress", id, fraction });
    const start = performance.now();
    const { levels, outputs, info } = await sweep(
      await engine, kernelOf(settings), task, noise, levelsFor(n, classes), { ridge: settings.ridge, signal, onProgress },
    );
    const seconds = (performance.now() - start) / 1000;
    const learnt = shown(train, outputs.train);
    tell({
      type: "fitted",
      id,
      fitted: {
        levels,
        rows: { train: n, test: test.labels.length },
        train: { ...learnt, noise: { threshold: noise.threshold.slice(0, learnt.count), by: noise.by.slice(0, learnt.count) } },
        test: shown(test, outputs.test),
        condition: info.method === "solve" ? info.condition : NaN,
        seconds,
      },
    });
  } catch (error) {
    if (!signal.aborted) fail(error, id);
  }
}

const SHOWN = 24;

function shown({ X, labels }: Samples, outputs: Matrix): Shown {
  const count = Math.min(SHOWN, labels.length);
  return {
    count,
    images: imagesOf(X, count),
    labels: labels.slice(0, count),
    outputs: Float32Array.from(outputs.data.subarray(0, count * outputs.cols)),
  };
}

function fail(error: unknown, id?: number): void {
  tell({ type: "failed", id, message: (error as Error).message });
}
