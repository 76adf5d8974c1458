// The page: what its controls do, and what comes back from its worker, layer by layer.

import { weights } from "eigenscope";
import { grouped, groupSkipped, layersCsv, sharedWarnings, shortNames, significant, verdictCounts, type ReportedLayer } from "eigenscope/plot";
import { onFiles } from "../site/files.ts";
import { isolate } from "../site/isolation.ts";
import { byId, put, save, showEngine, showFooter, showMessage } from "../site/view.ts";
import { counted } from "./elements.ts";
import { imageOf } from "./image.ts";
import type { Chosen, Ended, Files, FromWorker, Opened, Settings, ToWorker } from "./messages.ts";
import { Multiples } from "./plots.ts";
import { Series } from "./series.ts";
import { chosenFiles, droppedFiles } from "./sources.ts";
import { LayerTable } from "./table.ts";

const form = byId<HTMLFormElement>("controls");
const normalize = byId<HTMLSelectElement>("normalize");
const conv = byId<HTMLSelectElement>("conv");
const inputSize = byId<HTMLInputElement>("input-size");
const randomize = byId<HTMLInputElement>("randomize");
const folder = byId<HTMLInputElement>("folder");
const shown = byId<HTMLSelectElement>("shown");
const stop = byId<HTMLButtonElement>("stop");
const progress = byId<HTMLProgressElement>("progress");

await isolate(new URL("../sw.js", document.baseURI));

const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
const send = (message: ToWorker) => worker.postMessage(message);

const multiples = new Multiples(byId("multiples"));
const series = new Series();
const table = new LayerTable(byId<HTMLTableRowElement>("heads"), byId<HTMLTableElement>("numbers").tBodies[0]!, () => {
  multiples.arrange(table.layers);
  put("announcement", `Layers ${table.order}`);
});

interface Model {
  /** As its file is called, and what tells it apart from the others. */
  file: string;
  name: string;
  layers: ReportedLayer[];
  /** Once all layers are there. */
  ended?: Ended;
}

/** The models on the page, whose layers come one after the other. */
let models: Model[] = [];
/** What they are called together, and of what kind they are where they are several. */
let [source, kind] = ["", ""];
/** What is analysed; its first layer takes the place of what is shown. */
let coming: { opened: Opened; first: number; settings: Settings } | undefined;
/** What has come since the last frame. */
let pending: { model: number; report: ReportedLayer }[] = [];
let frame = 0;
let clock: ReturnType<typeof setInterval> | undefined;

worker.onmessage = ({ data: message }: MessageEvent<FromWorker>) => {
  if (!clock && ["layer", "progress", "ended", "done"].includes(message.type)) return; // it was stopped meanwhile
  switch (message.type) {
    case "engine":
      return showEngine(message.info);
    case "started":
      return begin(message.opened, message.first);
    case "layer":
      pending.push(message);
      frame ||= requestAnimationFrame(flush);
      return;
    case "progress":
      progress.value = message.fraction;
      return;
    case "ended":
      return endModel(message.model, message.ended);
    case "done":
      return finish(message.seconds);
    case "refused":
      showMessage("error", [message.message]);
      if (!clock) put("doing", "Not read");
      return;
    case "failed":
      end("Failed");
      showMessage("error", [message.message]);
  }
};
worker.onerror = (event) => showMessage("error", [event.message || "The worker could not start"]);

const settings = (): Settings => ({
  normalize: normalize.value as Settings["normalize"],
  conv: conv.value as Settings["conv"],
  ...(conv.value === "fft" ? { inputSize: inputSize.valueAsNumber } : {}),
  ...(randomize.checked ? { randomize: 0 } : {}),
});

function begin(opened: Opened, first: number): void {
  coming = { opened, first, settings: settings() };
  pending = [];
  byId("results").classList.add("stale");
  showMessage("error", []);
  progress.value = 0;
  stop.disabled = false;
  put("doing", "Reading the first layer");
  clearInterval(clock);
  const begun = performance.now();
  clock = setInterval(() => put("elapsed", `${((performance.now() - begun) / 1000).toFixed(1)} s`), 100);
}

/** What was shown makes room for what is analysed. */
function replace(): void {
  if (!coming) return;
  const { opened, first, settings: { randomize } } = coming;
  coming = undefined;
  const names = shortNames(opened.models.map(({ name }) => name));
  models = opened.models.map(({ name }, k) => ({ file: name, name: names[k]!, layers: [] }));
  const several = models.length > 1;
  kind = opened.series ? "checkpoint" : "model";
  const span = several ? `${counted(models.length, kind)}, ${names[0]} to ${names.at(-1)}` : names[0]!;
  source = opened.demo ? "A network that reads digits" : several ? [opened.folder, span].filter(Boolean).join(": ") : opened.folder ?? models[0]!.file;
  byId("results").classList.remove("stale");
  byId("random-key").hidden = randomize === undefined;
  put("source", source);
  put("format", [...new Set(opened.models.map(({ format }) => format))].join(", "));
  byId("demo-again").hidden = opened.demo;
  byId("shown-row").hidden = !several;
  put("shown-kind", opened.series ? "Checkpoint" : "Model");
  shown.replaceChildren(...models.map(({ name }, k) => new Option(name, String(k), false, k === first)));
  series.clear();
  byId("series").hidden = !several || !opened.series;
  showMessage("warnings", []);
  showModel();
}

/** The layers of the model that is chosen, as far as they are there. */
function showModel(): void {
  multiples.clear();
  table.clear();
  models[shown.selectedIndex]!.layers.forEach(addLayer);
  showLayers();
  showFacts();
}

function addLayer(layer: ReportedLayer, l: number): void {
  table.add(layer, `layer-${l + 1}`);
  multiples.add(layer, `layer-${l + 1}`, l + 1);
}

function showLayers(): void {
  table.arrange();
  multiples.arrange(table.layers);
  for (const id of ["save-csv", "save-png"]) byId<HTMLButtonElement>(id).disabled = table.layers.length === 0;
}

/** Shows the layers that have come, once a frame. */
function flush(): void {
  cancelAnimationFrame(frame);
  frame = 0;
  if (pending.length === 0) return;
  replace();
  for (const { model, report } of pending) {
    const { layers } = models[model]!;
    layers.push(report);
    if (model === shown.selectedIndex) addLayer(report, layers.length - 1);
  }
  const { name, layers } = models[pending.at(-1)!.model]!;
  pending = [];
  showLayers();
  put("doing", `${models.length > 1 ? `${name}: ` : ""}${counted(layers.length, "layer")}, the last one ${layers.at(-1)!.name}`);
  showFacts();
}

function endModel(model: number, ended: Ended): void {
  flush();
  replace(); // a model without a layer
  models[model]!.ended = ended;
  showFacts();
  if (!byId("series").hidden) {
    const none = { ln: null, log10: null };
    series.show(models.map(({ name, layers, ended }) => ({ name, layers, metric: ended ? weights.universalMetric(layers) : none })));
  }
  showMessage("warnings", sharedWarnings(models.map(({ ended }) => ended ?? { warnings: [] }), models.map(({ name }) => name)));
}

function end(how: string): void {
  flush();
  byId("results").classList.remove("stale");
  coming = undefined;
  clearInterval(clock);
  clock = undefined;
  stop.disabled = true;
  put("doing", how);
}

/** What there is in the end, in words. */
const extent = () => (models.length > 1 ? counted(models.length, kind) : counted(models[0]!.layers.length, "layer"));

function finish(seconds: number): void {
  progress.value = 1;
  end(`Done: ${extent()}`);
  put("elapsed", `${seconds.toFixed(2)} s`);
  put("announcement", `Done. ${extent()}; ${factsInWords()}`);
}

const factsInWords = () =>
  `${models.length > 1 ? `${models[shown.selectedIndex]!.name}: ` : ""}${counted(table.layers.length, "layer")}, ${byId("layers-note").textContent}; universal metric ${byId("metric-value").textContent}`;

/** Of the model that is chosen. */
function showFacts(): void {
  const { layers, ended } = models[shown.selectedIndex]!;
  const { ln, log10 } = weights.universalMetric(layers);
  const alphas = layers.flatMap(({ alpha }) => alpha ?? []).sort((a, b) => a - b);
  const middle = (alphas[(alphas.length - 1) >> 1]! + alphas[alphas.length >> 1]!) / 2;
  const few = layers.filter(({ alpha, nTail }) => alpha !== null && nTail < 50).length;
  put("metric-value", ln === null ? "–" : significant(ln, 5));
  put("metric-note", ln === null ? "no layer has a fit" : `mean of α·ln λₘₐₓ; with log₁₀ ${significant(log10!, 5)}`);
  put("alpha-value", alphas.length ? significant(middle, 3) : "–");
  put("alpha-note", few ? `${few} of ${alphas.length} by a tail of fewer than 50` : `of ${counted(alphas.length, "layer")} with a fit`);
  put("layers-value", grouped(layers.length));
  put("layers-note", verdictCounts(layers) || "none has a spectrum");
  showSkipped(ended?.skipped ?? [], layers.length === 0);
}

/** What has no spectrum, by reason; open where there is nothing else. */
function showSkipped(skipped: Ended["skipped"], alone: boolean): void {
  const box = byId<HTMLDetailsElement>("skipped");
  box.hidden = skipped.length === 0;
  if (alone && skipped.length) box.open = true;
  put("skipped-title", `Skipped: ${counted(skipped.length, "tensor")}`);
  byId("skipped-list").replaceChildren(...groupSkipped(skipped).map(({ reason, names }) =>
    Object.assign(document.createElement("li"), { textContent: `${reason} (${names.length}): ${names.join(", ")}` })));
}

function open(chosen: Chosen, what: string): void {
  showMessage("error", []);
  if (!clock) put("doing", `Opening ${what} …`);
  send({ type: "open", chosen, settings: settings() });
}

const openDemo = () => open("demo", "the digits' network");
const openFiles = (chosen: Files) =>
  open(chosen, chosen.folder ?? (chosen.files.length === 1 ? chosen.files[0]!.name : counted(chosen.files.length, "file")));

onFiles((files, dropped) => {
  if (!dropped) return openFiles(chosenFiles(files));
  droppedFiles(dropped).then(openFiles, (error: Error) => showMessage("error", [error.message]));
});
folder.addEventListener("change", () => {
  if (folder.files?.length) openFiles(chosenFiles(Array.from(folder.files)));
  folder.value = "";
});

byId("demo-again").addEventListener("click", () => {
  openDemo();
  byId("file").focus();
});
shown.addEventListener("input", () => {
  showModel();
  put("announcement", factsInWords());
});
for (const control of [normalize, conv, inputSize, randomize]) {
  control.addEventListener("input", () => {
    byId("input-size-label").hidden = conv.value !== "fft";
    if (form.checkValidity()) send({ type: "analyze", settings: settings(), first: Math.max(0, shown.selectedIndex) });
  });
}
form.addEventListener("submit", (event) => {
  event.preventDefault();
  form.reportValidity();
});
stop.addEventListener("click", () => {
  send({ type: "stop" });
  flush();
  const some = () => (models.length > 1 ? `${models.filter(({ ended }) => ended).length} of ${extent()}` : extent());
  end(coming ? "Stopped before the first layer" : `Stopped: ${some()}`);
  byId("file").focus();
});

const fileName = (extension: string) => `${source.replace(/\.[a-z]+$/i, "").replace(/[^\w.-]+/g, "-")}-spectra.${extension}`;
byId("save-csv").addEventListener("click", () => save(fileName("csv"), "text/csv", layersCsv(models)));
byId("save-png").addEventListener("click", async () => {
  const button = byId<HTMLButtonElement>("save-png");
  button.disabled = true;
  try {
    save(fileName("png"), "image/png", await imageOf(models.length > 1 ? `${source}: ${models[shown.selectedIndex]!.name}` : source, table.layers));
  } catch (error) {
    showMessage("error", [(error as Error).message]);
  } finally {
    button.disabled = false;
  }
});

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => refresh(true));
new ResizeObserver(() => refresh(false)).observe(byId("results"));
function refresh(anew: boolean): void {
  multiples.refresh(anew);
  series.refresh(anew);
}

showFooter();
openDemo();
