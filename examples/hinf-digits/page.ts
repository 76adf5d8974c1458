// The page: what its controls do, and what comes back from its worker.

import type uPlot from "uplot";
import type { EngineInfo } from "eigenscope";
import { significant } from "eigenscope/plot";
import { onFiles } from "../site/files.ts";
import { isolate } from "../site/isolation.ts";
import { follow } from "../site/plots.ts";
import { byId, put, save, showEngine, showFooter, showMessage } from "../site/view.ts";
import { schedule } from "./experiment.ts";
import type { Data, FromWorker, ToWorker } from "./messages.ts";
import { drawSmallest, drawSpectra, updateSmallest, updateSpectra } from "./plots.ts";
import { add, csvOf, reportOf, summaryOf, type Results } from "./results.ts";
import { neurons, proved, showCards, showData, showTable } from "./view.ts";

/** Rows that are used at first: what is done in seconds. */
const ROWS = matchMedia("(max-width: 46rem)").matches ? 600 : 2000;

const rows = byId<HTMLInputElement>("rows");
const features = byId<HTMLSelectElement>("features");
const seed = byId<HTMLInputElement>("seed");
const dropLast = byId<HTMLInputElement>("drop-last");
const runButton = byId<HTMLButtonElement>("run");
const progress = byId<HTMLProgressElement>("progress");

await isolate(new URL("../sw.js", document.baseURI));

const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
const send = (message: ToWorker) => worker.postMessage(message);

let engine: EngineInfo;
let data: Data | undefined;
let results: Results | undefined;
/** Of the run in progress; 0 without one. */
let current = 0;
let runs = 0;
let started = 0;
let clock: ReturnType<typeof setInterval> | undefined;
let plots: { spectra: uPlot; smallest: uPlot } | undefined;

worker.onmessage = ({ data: message }: MessageEvent<FromWorker>) => {
  if ("id" in message && message.id && message.id !== current) return;
  switch (message.type) {
    case "engine":
      engine = message.info;
      return showEngine(engine);
    case "data":
      return useData(message.data);
    case "found":
      if (message.finding.kind === "progress") {
        progress.value = message.finding.fraction;
        return put("doing", message.finding.doing);
      }
      add(results!, message.finding);
      return show();
    case "ended":
      return end(message.cancelled ? "Cancelled" : "Done");
    case "failed":
      showMessage("error", [message.message]);
      if (message.id) end("Failed");
      else if (!current) put("doing", "Not read");
  }
};
worker.onerror = (event) => showMessage("error", [event.message || "The worker could not start"]);

function useData(read: Data): void {
  data = read;
  showMessage("error", []);
  showData(read);
  rows.max = String(read.rows);
  rows.value = String(Math.min(read.rows, ROWS));
  dropLast.checked = false;
  run();
}

function run(): void {
  if (!data) return;
  if (![rows, seed].every((input) => input.reportValidity())) return;
  const settings = {
    rows: rows.valueAsNumber,
    features: Number(features.value),
    seed: seed.valueAsNumber,
    dropLastColumn: dropLast.checked,
  };
  current = ++runs;
  results = {
    data: { source: data.source, rows: settings.rows, cols: data.cols - Number(settings.dropLastColumn) },
    sizes: schedule(settings.features),
    samples: [],
    warnings: [...data.warnings],
  };
  send({ type: "run", id: current, ...settings });
  showMessage("error", []);
  runButton.disabled = false;
  runButton.textContent = "Cancel";
  allowSaving(false);
  progress.value = 0;
  put("doing", "Starting …");
  started = performance.now();
  clearInterval(clock);
  clock = setInterval(showTime, 100);
  announce("Running");
  show();
}

function end(how: "Done" | "Cancelled" | "Failed"): void {
  showTime();
  clearInterval(clock);
  current = 0;
  runButton.textContent = "Run";
  runButton.disabled = !data;
  put("doing", how);
  if (how === "Done") progress.value = 1;
  const last = results?.samples.at(-1)?.summary;
  allowSaving(how === "Done");
  announce(last ? `${how}. ${neurons(last.features)}: smallest eigenvalue ${significant(last.lambdaMin, 5)}` : how);
}

const showTime = () => put("elapsed", `${((performance.now() - started) / 1000).toFixed(1)} s`);
const announce = (text: string) => put("announcement", text);

function show(): void {
  const { certificate, exact, samples, warnings } = results!;
  showCards(results!);
  showTable(results!);
  showMessage("warnings", warnings);
  byId("plots").classList.toggle("stale", !exact);
  if (exact && samples.length === 0) {
    announce(`Closed form: smallest eigenvalue ${proved(certificate!).value}`);
    draw();
  } else if (samples.length > 0 && plots) {
    updateSpectra(plots.spectra, results!);
    updateSmallest(plots.smallest, results!);
  }
  if (exact) describe(results!);
}

/** The plots in words. */
function describe({ certificate, exact, samples }: Results): void {
  const { value } = proved(certificate!);
  const last = samples.at(-1)?.summary;
  const range = (largest: number, smallest: string) => `from ${significant(largest, 5)} down to ${smallest}`;
  const smallest = last && significant(last.lambdaMin, 5);
  byId("spectrum").ariaLabel = `Spectra on a logarithmic axis: the closed form ${range(exact!.values.at(-1)!, value)}${
    last ? `; ${neurons(last.features)} ${range(last.lambdaMax, smallest!)}` : ""}`;
  byId("smallest").ariaLabel = `Smallest eigenvalue over the number of neurons: ${value} is proved${
    last ? `; ${neurons(last.features)} give ${smallest}` : ""}`;
}

function draw(): void {
  plots?.spectra.destroy();
  plots?.smallest.destroy();
  plots = {
    spectra: drawSpectra(byId("spectrum"), results!, (text) => put("readout", text)),
    smallest: drawSmallest(byId("smallest"), results!),
  };
}

byId<HTMLFormElement>("controls").addEventListener("submit", (event) => {
  event.preventDefault();
  // Enter in a field starts anew, the button cancels
  const typing = document.activeElement?.matches("input, select");
  if (current && !typing) send({ type: "cancel" });
  else run();
});

function open(chosen?: File): void {
  if (!current) put("doing", `Reading ${chosen?.name ?? "the digits"} …`);
  send({ type: "open", file: chosen });
}

onFiles(([first]) => open(first));
byId("digits").addEventListener("click", () => {
  open();
  byId("file").focus();
});

const savers: Record<string, () => [ending: string, type: string, content: string]> = {
  "save-report": () => [".html", "text/html", reportOf(results!, engine)],
  "save-csv": () => ["-spectra.csv", "text/csv", csvOf(results!)],
  "save-json": () => [".json", "application/json", `${JSON.stringify(summaryOf(results!, engine))}\n`],
};
for (const [id, content] of Object.entries(savers)) {
  byId(id).addEventListener("click", () => {
    const [ending, type, text] = content();
    save(`hinf-${results!.data.source.replace(/[^\w.-]+/g, "_")}${ending}`, type, text);
  });
}

function allowSaving(allowed: boolean): void {
  for (const id of Object.keys(savers)) byId<HTMLButtonElement>(id).disabled = !allowed;
}

follow(
  () => (plots ? [[byId("spectrum"), plots.spectra], [byId("smallest"), plots.smallest]] : []),
  () => results?.exact && draw(),
);
showFooter();

open();
