// The page: what its controls do, and what comes back from its worker. The slider asks nobody: all levels are known.

import type uPlot from "uplot";
import { onFiles } from "../site/files.ts";
import { isolate } from "../site/isolation.ts";
import { follow } from "../site/plots.ts";
import { byId, put, save, showEngine, showFooter, showMessage } from "../site/view.ts";
import type { Data, Fitted, FromWorker, ToWorker } from "./messages.ts";
import { drawErrors, drawOutputs, updateOutputs } from "./plots.ts";
import { BANDWIDTHS, type KernelName } from "./settings.ts";
import { answer, csvOf, makeTiles, percent, showCards, showData, showTable, showTiles } from "./view.ts";

/** Rows that are learnt from at first; the digits' others are tried on. */
const ROWS = 1500;

const form = byId<HTMLFormElement>("controls");
const kernel = byId<HTMLSelectElement>("kernel");
const bandwidth = byId<HTMLInputElement>("bandwidth");
const ridge = byId<HTMLInputElement>("ridge");
const rows = byId<HTMLInputElement>("rows");
const noise = byId<HTMLInputElement>("noise");
const progress = byId<HTMLProgressElement>("progress");

await isolate(new URL("../sw.js", document.baseURI));

const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
const send = (message: ToWorker) => worker.postMessage(message);

let data: Data | undefined;
let fitted: Fitted | undefined;
/** The new row whose outputs are shown. */
let chosen = 0;
/** Of the newest fit that was asked for. */
let current = 0;
let plots: { errors: uPlot; outputs: uPlot } | undefined;

worker.onmessage = ({ data: message }: MessageEvent<FromWorker>) => {
  if ("id" in message && message.id && message.id !== current) return;
  switch (message.type) {
    case "engine":
      return showEngine(message.info);
    case "data":
      return useData(message.data);
    case "progress":
      progress.value = message.fraction;
      return;
    case "fitted":
      return useFit(message.fitted);
    case "failed":
      showMessage("error", [message.message]);
      put("doing", message.id ? "Failed" : "Not read");
      if (message.id) byId("plots").classList.add("stale");
  }
};
worker.onerror = (event) => showMessage("error", [event.message || "The worker could not start"]);

function useData(read: Data): void {
  data = read;
  chosen = 0;
  showMessage("warnings", read.warnings);
  showData(read);
  rows.max = String(read.rows - 1);
  rows.value = String(Math.min(ROWS, Math.max(1, Math.floor(0.75 * read.rows))));
  if (read.source === "digits") rows.value = String(ROWS);
  fit();
}

/** Asks for a fit, which ends the one before it. */
function fit(): void {
  if (!data || !form.checkValidity()) return;
  current++;
  progress.value = 0;
  put("doing", "Fitting");
  showMessage("error", []);
  send({
    type: "fit",
    id: current,
    settings: {
      kernel: kernel.value as KernelName, bandwidth: bandwidth.valueAsNumber, ridge: ridge.valueAsNumber, rows: rows.valueAsNumber,
    },
  });
}

function useFit(found: Fitted): void {
  fitted = found;
  const { levels, rows: used, condition, seconds } = found;
  chosen = Math.min(chosen, found.test.count - 1);
  noise.step = String(levels[1]!.noise);
  progress.value = 1;
  put("doing", `Done: ${levels.length} levels, condition ${condition.toExponential(0)}`);
  put("elapsed", `${seconds.toFixed(2)} s`);
  byId("plots").classList.remove("stale");
  byId<HTMLButtonElement>("save-csv").disabled = false;
  makeTiles(found, choose);
  showTable(found);
  draw();
  const { test } = levels[level()]!;
  put("announcement", `Done. ${noiseText()} replaced: ${percent(test.errors, used.test)} errors on new data`);
}

/** The position of the slider among the levels. */
const level = () => Math.min(fitted!.levels.length - 1, Math.round((noise.valueAsNumber / 0.9) * (fitted!.levels.length - 1)));
const noiseText = () => `${Math.round(100 * noise.valueAsNumber)} %`;

/** What depends on the slider. */
function show(): void {
  put("noise-value", noiseText());
  noise.ariaValueText = `${noiseText()} of the labels`;
  if (!fitted || !plots) return;
  const l = level();
  const { levels, test } = fitted;
  const { classes } = data!;
  showCards(levels[l]!, fitted);
  showTiles(fitted, l, classes, chosen);
  plots.errors.redraw(false);
  updateOutputs(plots.outputs, test, chosen, l, classes.length);
  const said = classes[answer(test, chosen, l, classes.length)];
  const truth = classes[test.labels[chosen]!];
  put("asked", `row ${chosen + 1}, ${said === truth ? `a ${truth}` : `a ${truth}, taken for ${said}`}`);
  byId("outputs").ariaLabel = `Outputs for new row ${chosen + 1} by class: ${said} is the largest, ${truth} the true one`;
}

function choose(i: number): void {
  chosen = i;
  draw();
}

function draw(): void {
  plots?.errors.destroy();
  plots?.outputs.destroy();
  plots = {
    errors: drawErrors(byId("errors"), fitted!, level, (text) => put("readout", text)),
    outputs: drawOutputs(byId("outputs"), fitted!.test, chosen, data!.classes),
  };
  const { levels, rows: used } = fitted!;
  const [first, last] = [levels[0]!, levels.at(-1)!].map(({ test }) => percent(test.errors, used.test));
  const learnt = percent(Math.max(...levels.map(({ train }) => train.errors)), used.train);
  byId("errors").ariaLabel = `Errors over the noise: on new data from ${first} to ${last}, on the labels learnt from ${learnt} at most`;
  show();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (form.reportValidity()) fit();
});
kernel.addEventListener("input", () => {
  const usual = BANDWIDTHS[kernel.value as KernelName];
  bandwidth.disabled = usual === 0;
  if (usual) bandwidth.value = String(usual);
  fit();
});
for (const control of [bandwidth, ridge, rows]) control.addEventListener("input", fit);
noise.addEventListener("input", show);

function open(files: File[]): void {
  put("doing", `Reading ${files.map(({ name }) => name).join(" and ") || "the digits"} …`);
  showMessage("error", []);
  send({ type: "open", files });
}

onFiles(open);
byId("digits").addEventListener("click", () => {
  open([]);
  byId("file").focus();
});
byId("save-csv").addEventListener("click", () => {
  save(`label-noise-${data!.source.replace(/[^\w.-]+/g, "_")}.csv`, "text/csv", csvOf(fitted!));
});

follow(
  () => (plots ? [[byId("errors"), plots.errors], [byId("outputs"), plots.outputs]] : []),
  () => fitted && draw(),
);
showFooter();
show();
open([]);
