// The page: what its controls do, and what comes back from its worker, layer by layer.

import { weights } from "eigenscope";
import { grouped, layersCsv, significant, verdictWord, type ReportedLayer } from "eigenscope/plot";
import { onFiles } from "../site/files.ts";
import { isolate } from "../site/isolation.ts";
import { byId, put, save, showEngine, showFooter, showMessage } from "../site/view.ts";
import type { Demo } from "./demo.ts";
import { imageOf } from "./image.ts";
import type { Ended, FromWorker, Model, Settings, ToWorker } from "./messages.ts";
import { Multiples } from "./plots.ts";
import { chosenModel, droppedModel } from "./sources.ts";
import { LayerTable } from "./table.ts";

const form = byId<HTMLFormElement>("controls");
const demo = byId<HTMLSelectElement>("demo");
const normalize = byId<HTMLSelectElement>("normalize");
const conv = byId<HTMLSelectElement>("conv");
const inputSize = byId<HTMLInputElement>("input-size");
const randomize = byId<HTMLInputElement>("randomize");
const folder = byId<HTMLInputElement>("folder");
const stop = byId<HTMLButtonElement>("stop");
const progress = byId<HTMLProgressElement>("progress");

await isolate(new URL("../sw.js", document.baseURI));

const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
const send = (message: ToWorker) => worker.postMessage(message);

const multiples = new Multiples(byId("multiples"));
const table = new LayerTable(byId<HTMLTableRowElement>("heads"), byId<HTMLTableElement>("numbers").tBodies[0]!, () => {
  multiples.arrange(table.layers);
  put("announcement", `Layers ${table.order}`);
});

/** Of the layers that are shown. */
let source = "";
let layers: ReportedLayer[] = [];
/** The model that is analysed; its first layer takes the place of those that are shown. */
let coming: { model: Model; format: string; settings: Settings } | undefined;
/** What has come since the last frame. */
let pending: ReportedLayer[] = [];
let frame = 0;
let clock: ReturnType<typeof setInterval> | undefined;

worker.onmessage = ({ data: message }: MessageEvent<FromWorker>) => {
  if (!clock && ["layer", "progress", "done"].includes(message.type)) return; // it was stopped meanwhile
  switch (message.type) {
    case "engine":
      return showEngine(message.info);
    case "started":
      return begin(message.model, message.format);
    case "layer":
      pending.push(message.report);
      frame ||= requestAnimationFrame(flush);
      return;
    case "progress":
      progress.value = message.fraction;
      return;
    case "done":
      return finish(message.ended);
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

function begin(model: Model, format: string): void {
  coming = { model, format, settings: settings() };
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

/** What was shown makes room for the model that is analysed. */
function replace(): void {
  if (!coming) return;
  const { model, format, settings: { randomize } } = coming;
  coming = undefined;
  source = model.name;
  layers = [];
  multiples.clear();
  table.clear();
  allowSaving(false);
  showMessage("warnings", []);
  showSkipped([]);
  byId("results").classList.remove("stale");
  byId("random-key").hidden = randomize === undefined;
  put("source", model.name);
  put("format", format);
  byId("demo-label").hidden = !("demo" in model);
  byId("demo-again").hidden = "demo" in model;
}

/** Shows the layers that have come, once a frame. */
function flush(): void {
  cancelAnimationFrame(frame);
  frame = 0;
  if (pending.length === 0) return;
  replace();
  for (const layer of pending) {
    layers.push(layer);
    const id = `layer-${layers.length}`;
    table.add(layer, id);
    multiples.add(layer, id, layers.length);
  }
  pending = [];
  table.arrange();
  multiples.arrange(table.layers);
  allowSaving(true);
  put("doing", `${counted(layers.length, "layer")}, the last one ${layers.at(-1)!.name}`);
  showFacts();
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

function finish({ skipped, warnings, seconds }: Ended): void {
  flush();
  replace(); // a model without a layer
  showFacts();
  showSkipped(skipped);
  showMessage("warnings", warnings);
  progress.value = 1;
  end(`Done: ${counted(layers.length, "layer")}`);
  put("elapsed", `${seconds.toFixed(2)} s`);
  put("announcement", `Done. ${counted(layers.length, "layer")}, ${byId("layers-note").textContent}; universal metric ${byId("metric-value").textContent}`);
}

function showFacts(): void {
  const { ln, log10 } = weights.universalMetric(layers);
  const alphas = layers.flatMap(({ alpha }) => alpha ?? []).sort((a, b) => a - b);
  const middle = (alphas[(alphas.length - 1) >> 1]! + alphas[alphas.length >> 1]!) / 2;
  const few = layers.filter(({ alpha, nTail }) => alpha !== null && nTail < 50).length;
  const words = ["regularized", "somewhat", "not trained", "no fit"];
  const counts = words.map((word) => [layers.filter((layer) => verdictWord(layer) === word).length, word] as const);
  put("metric-value", ln === null ? "–" : significant(ln, 5));
  put("metric-note", ln === null ? "no layer has a fit" : `mean of α·ln λₘₐₓ; with log₁₀ ${significant(log10!, 5)}`);
  put("alpha-value", alphas.length ? significant(middle, 3) : "–");
  put("alpha-note", few ? `${few} of ${alphas.length} by a tail of fewer than 50` : `of ${counted(alphas.length, "layer")} with a fit`);
  put("layers-value", grouped(layers.length));
  put("layers-note", counts.filter(([count]) => count).map(([count, word]) => `${count} ${word}`).join(" · ") || "none has a spectrum");
}

/** What has no spectrum, by reason. */
function showSkipped(skipped: Ended["skipped"]): void {
  const groups = new Map<string, string[]>();
  for (const { name, reason } of skipped) groups.set(reason, [...(groups.get(reason) ?? []), name]);
  byId("skipped").hidden = skipped.length === 0;
  put("skipped-title", `Skipped: ${counted(skipped.length, "tensor")}`);
  byId("skipped-list").replaceChildren(...Array.from(groups, ([reason, names]) =>
    Object.assign(document.createElement("li"), { textContent: `${reason} (${names.length}): ${names.join(", ")}` })));
}

function allowSaving(allowed: boolean): void {
  for (const id of ["save-csv", "save-png"]) byId<HTMLButtonElement>(id).disabled = !allowed;
}

const counted = (k: number, what: string) => `${grouped(k)} ${what}${k === 1 ? "" : "s"}`;

function open(model: Model): void {
  showMessage("error", []);
  if (!clock) put("doing", `Opening ${model.name} …`);
  send({ type: "open", model, settings: settings() });
}

const openDemo = () => open({ name: "A network that reads digits", demo: demo.value as Demo });

onFiles((files, dropped) => {
  if (!dropped) return open(chosenModel(files));
  droppedModel(dropped).then(open, (error: Error) => showMessage("error", [error.message]));
});
folder.addEventListener("change", () => {
  if (folder.files?.length) open(chosenModel(Array.from(folder.files)));
  folder.value = "";
});

demo.addEventListener("input", openDemo);
byId("demo-again").addEventListener("click", () => {
  openDemo();
  byId("file").focus();
});
for (const control of [normalize, conv, inputSize, randomize]) {
  control.addEventListener("input", () => {
    byId("input-size-label").hidden = conv.value !== "fft";
    if (form.checkValidity()) send({ type: "analyze", settings: settings() });
  });
}
form.addEventListener("submit", (event) => {
  event.preventDefault();
  form.reportValidity();
});
stop.addEventListener("click", () => {
  send({ type: "stop" });
  flush();
  end(coming ? "Stopped before the first layer" : `Stopped: ${counted(layers.length, "layer")}`);
  byId("file").focus();
});

const fileName = (extension: string) => `${source.replace(/\.[a-z]+$/i, "").replace(/[^\w.-]+/g, "-")}-spectra.${extension}`;
byId("save-csv").addEventListener("click", () => save(fileName("csv"), "text/csv", layersCsv([{ file: source, layers }])));
byId("save-png").addEventListener("click", async () => {
  const button = byId<HTMLButtonElement>("save-png");
  button.disabled = true;
  try {
    save(fileName("png"), "image/png", await imageOf(source, table.layers));
  } catch (error) {
    showMessage("error", [(error as Error).message]);
  } finally {
    button.disabled = false;
  }
});

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => multiples.refresh(true));
new ResizeObserver(() => multiples.refresh(false)).observe(byId("multiples"));
showFooter();
openDemo();
