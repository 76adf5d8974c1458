// The report of trained weights: a table of layers, the spectrum of each one, and for checkpoints how they change.

import type { ModelReport } from "../weights/analyze.ts";
import type { LayerReport } from "../weights/analyzeLayer.ts";
import type { BootstrapResult } from "../weights/bootstrap.ts";
import { alphaLines, isSeries, sharedWarnings, shortNames, type CheckpointLine } from "./checkpoints.ts";
import { conventions, type Conventions } from "./conventions.ts";
import { fact, htmlDocument, plotted, text, warningBox, type Panel, type ReportEngine } from "./document.ts";
import { esdBins, esdDescription, type EsdLayer } from "./esd.ts";
import { grouped, pValue, significant } from "./numbers.ts";
import { groupSkipped, lawWords, prediction, verdictCounts, verdictWord } from "./verdicts.ts";

/** What is told of a layer; a LayerReport has all of it. */
export type ReportedLayer = EsdLayer & Pick<
  LayerReport, "name" | "kind" | "shape" | "rows" | "cols" | "Q" | "D" | "lambdaMax" | "stableRank" | "spikes" | "mu" | "verdict" | "training" | "reason" | "warnings" | "alternatives" | "randomized"
> & { bootstrap?: Pick<BootstrapResult, "p" | "alpha" | "xmin" | "replicas" | "confidence"> | null };

/** What `es.weights.analyze` gives of a model, and the file it was read from. */
export interface ReportedModel extends Omit<ModelReport, "layers"> {
  file: string;
  layers: ReportedLayer[];
}

/** With the options of `weights.analyze` that were not the default. */
export interface WeightsReportOptions extends Conventions {
  engine: ReportEngine;
  date?: Date;
}

/** The report of one model, or of a series of checkpoints, as the text of an HTML file. */
export function weightsReport(models: readonly ReportedModel[], options: WeightsReportOptions): string {
  const { engine, date = new Date(), ...how } = options;
  const [several, series] = [models.length > 1, isSeries(models)];
  const panels: Panel[] = [];
  const last = models.at(-1)!;
  const names = shortNames(models.map(({ file }) => file));
  const scale = `Eigenvalues are ${text(conventions(how))}.`;
  const title = series ? `${models.length} checkpoints, ${names[0]} to ${names.at(-1)}` : several ? names.join(", ") : last.file;
  const lead = several && !series ? "" : `: ${counted(last.layers.length, "layer")}`;

  const body = `<header>
<h1>Spectra of trained weights</h1>
<p class="lead"><strong>${text(title)}</strong>${lead}. ${scale}</p>
</header>

<dl class="facts">
${fact("Universal metric", number(last.universalMetric, 5), `mean of α·ln λ<sub>max</sub>${several ? ` of ${text(names.at(-1)!)}, the last` : ""}; with log<sub>10</sub> <span class="number">${number(last.universalMetricLog10, 5)}</span>`)}
${fact("Median α", number(median(last.layers.flatMap(({ alpha }) => alpha ?? [])), 3), "of the layers with a fit")}
${fact("Layers", grouped(last.layers.length), verdictCounts(last.layers) || "none")}
</dl>
${warningBox(sharedWarnings(models, names))}${series ? seriesSection(models, names, panels) : ""}
${models.map((model, m) => modelSection(model, m, several ? names[m]! : undefined, !series || m === models.length - 1, panels)).join("\n")}
<noscript><p>The plots need JavaScript; all numbers are in the tables.</p></noscript>

<section>
<h2>What this says</h2>
<p class="formula">p(λ) = (α − 1) / x<sub>min</sub> · (λ / x<sub>min</sub>)<sup>−α</sup> for λ ≥ x<sub>min</sub>,&nbsp; α = 1 + n<sub>tail</sub> / Σ ln(λ / x<sub>min</sub>),&nbsp; σ&nbsp;=&nbsp;(α&nbsp;−&nbsp;1)&nbsp;/&nbsp;√n<sub>tail</sub></p>
<p>The eigenvalues of a matrix of independent entries fill a bulk with sharp edges, the law of Marchenko and Pastur. Training adds
a tail above it. A power law is fitted to that tail by maximum likelihood, from the x<sub>min</sub> on where its Kolmogorov-Smirnov
distance D is least (Clauset, Shalizi and Newman 2009); eigenvalues above the bulk, beyond the fluctuation of its edge, are spikes.</p>
<p>The verdicts are by μ = 2(α − 1), a rule of thumb from well-trained networks (Martin and Mahoney 2021): up to 4 (α ≤ 3), below 7 (α &lt; 4.5),
and all else. They say nothing about one layer for certain. A tail of fewer than 50 eigenvalues hardly tells a power law from
anything else, and a small D is no proof of one: D is minimised over x<sub>min</sub>.</p>
</section>
`;
  return htmlDocument({ title: `Weights: ${title}`, body, page: { ranks: 1, panels }, engine, date });
}

/** The metric and every layer's α over the checkpoints. */
function seriesSection(models: readonly ReportedModel[], names: string[], panels: Panel[]): string {
  const metric: CheckpointLine = { label: "universal metric, ln", values: models.map(({ universalMetric }) => universalMetric), color: "exact" };
  const alphas = alphaLines(models);
  panels.push({ id: "metric", lines: { names, lines: [metric], label: "Σ α·ln λ_max / L" } });
  panels.push({ id: "alphas", lines: { names, lines: alphas.map((line) => ({ ...line, values: line.values.map((a) => (a === null ? a : Number(a.toPrecision(7)))) })), label: "α" } });
  const head = names.map((name) => `<th scope="col">${text(name)}</th>`).join("");
  const row = ({ label, values }: CheckpointLine, digits: number) =>
    `<tr><th scope="row">${breakable(label)}</th>${values.map((value) => `<td>${number(value, digits)}</td>`).join("")}</tr>`;
  return `<figure>
<figcaption><h2>Universal metric over the checkpoints</h2></figcaption>
<div id="metric" class="plot" role="img" aria-label="Universal metric of ${models.length} checkpoints, from ${number(metric.values[0]!, 4)} to ${number(metric.values.at(-1)!, 4)}"></div>
<p class="readout number" aria-hidden="true"></p>
</figure>
<figure>
<figcaption><h2>α of every layer</h2>
<p>From the first layer, blue, to the last, red. Point at a line to single it out; the numbers are in the table below.</p></figcaption>
<div id="alphas" class="plot" role="img" aria-label="Exponents of ${alphas.length} layers over ${models.length} checkpoints"></div>
<p class="readout number" aria-hidden="true"></p>
</figure>
<div class="scroll" tabindex="0" role="region" aria-label="Exponents by layer and checkpoint">
<table class="layers">
<thead><tr><th scope="col">α</th>${head}</tr></thead>
<tbody>
${alphas.map((line) => row(line, 4)).join("\n")}
${row({ ...metric, label: "metric, ln" }, 5)}
${row({ label: "metric, log₁₀", values: models.map(({ universalMetricLog10 }) => universalMetricLog10) }, 5)}
</tbody>
</table>
</div>`;
}

/** What a column is called, its number in a layer, and with how many digits, or how, it is shown. */
const COLUMNS: [name: string, value: (layer: ReportedLayer) => number | null | undefined, shown: number | ((layer: ReportedLayer) => string)][] = [
  ["Q", ({ Q }) => Q, 3],
  ["α", ({ alpha }) => alpha, 4],
  ["± σ", ({ sigma }) => sigma, 2],
  ["x<sub>min</sub>", ({ xmin }) => xmin, 4],
  ["D", ({ D }) => D, 3],
  ["n<sub>tail</sub>", ({ alpha, nTail }) => (alpha === null ? null : nTail), 0],
  ["λ<sub>max</sub>", ({ lambdaMax }) => lambdaMax, 4],
  ["stable rank", ({ stableRank }) => stableRank, 3],
  ["spikes", ({ spikes }) => spikes, 0],
];
/** With a bootstrap. */
const P_VALUE: (typeof COLUMNS)[number] = ["p", ({ bootstrap }) => bootstrap?.p, ({ bootstrap }) => (bootstrap ? text(pValue(bootstrap)) : "–")];

/** One model: its layers as a table, each one's spectrum, what was skipped. A series folds all but the last. */
function modelSection(model: ReportedModel, m: number, name: string | undefined, open: boolean, panels: Panel[]): string {
  const { layers, skipped } = model;
  const id = (l: number) => `layer-${m}-${l}`;
  for (const [l, layer] of layers.entries()) {
    const { alpha, xmin, nTail, mp } = layer;
    const bins = esdBins(layer);
    const edges = mp && { lower: mp.lower, upper: mp.upper, bulk: mp.bulk };
    panels.push({ id: id(l), esd: { bins: { ...bins, ...rounded({ low: bins.low, step: bins.step }) }, fit: { alpha, xmin, nTail, mp: edges } } });
  }
  const columns = layers.some(({ bootstrap }) => bootstrap) ? [...COLUMNS, P_VALUE] : COLUMNS;
  const sorter = (label: string, words = false) => `<th scope="col"${words ? " data-text" : ""}><button type="button">${label}</button></th>`;
  const groups = groupSkipped(skipped);
  const content = `${layers.length === 0 ? "<p>No layer has a spectrum: see what was skipped.</p>" : `<div class="scroll" tabindex="0" role="region" aria-label="Layers">
<table class="layers">
<thead><tr>${sorter("layer", true)}${sorter("shape")}${columns.map(([label]) => sorter(label)).join("")}${sorter("verdict", true)}</tr></thead>
<tbody>
${layers.map((layer, l) => tableRow(layer, id(l), columns)).join("\n")}
</tbody>
</table>
</div>
<div class="laws" aria-hidden="true"><span>spectral density</span>${layers.some(({ randomized }) => randomized) ? '<span class="of-random">entries permuted</span>' : ""}<span class="of-tail">power law from x<sub>min</sub> on</span><span class="of-bulk">Marchenko-Pastur bulk</span></div>
<div class="multiples">
${layers.map((layer, l) => figure(layer, l, id(l))).join("\n")}
</div>`}
${groups.length ? `<details><summary>Skipped: ${counted(skipped.length, "tensor")}</summary>
<ul>${groups.map(({ reason, names }) => `<li>${text(reason)} (${names.length}): ${text(names.join(", "))}</li>`).join("\n")}</ul>
</details>` : ""}`;
  if (name === undefined) return `<section>\n<h2>Layers</h2>\n${content}\n</section>`;
  return `<details class="model"${open ? " open" : ""}><summary><h2>${text(name)}</h2> <span class="lead">metric ${number(model.universalMetric, 5)}, ${counted(layers.length, "layer")}</span></summary>\n${content}\n</details>`;
}

function tableRow(layer: ReportedLayer, id: string, columns: typeof COLUMNS): string {
  const { name, shape } = layer;
  const cells = columns.map(([, value, shown]) => {
    const x = value(layer) ?? null;
    const cell = typeof shown === "function" ? shown(layer) : shown === 0 && x !== null ? grouped(x) : number(x, shown);
    return `<td data-sort="${x === null || Number.isNaN(x) ? "" : x}">${cell}</td>`;
  });
  const size = shape.reduce((product, side) => product * side, 1);
  const word = verdictWord(layer);
  return `<tr><th scope="row" data-sort="${text(name)}"><a href="#${id}">${breakable(name || "(no name)")}</a></th><td data-sort="${size}">${shape.join("×")}</td>${
    cells.join("")}<td class="words" data-sort="${word}">${word}</td></tr>`;
}

/** A tail of fewer values is marked. */
const FEW = 50;

function figure(layer: ReportedLayer, l: number, id: string): string {
  const { name, alpha, sigma, shape, reason, nTail, training, bootstrap, alternatives, randomized } = layer;
  const tail = `${nTail < FEW ? "only " : ""}${grouped(nTail)} in the tail`;
  const fit = alpha === null ? `no fit: ${text(reason ?? "")}` : `α ${significant(alpha, 3)}${sigma == null ? "" : ` ± ${significant(sigma, 2)}`}, ${tail}`;
  // that of a short tail is said
  const warnings = layer.warnings.filter((line) => !/^nTail is \d+: from fewer/.test(line));
  if (bootstrap?.alpha) {
    const { alpha: { interval }, confidence, replicas } = bootstrap;
    warnings.unshift(`Bootstrap of ${grouped(replicas)}: p ${pValue(bootstrap)}, α from ${number(interval[0], 3)} to ${number(interval[1], 3)} (${100 * confidence} %)`);
  }
  if (randomized) warnings.unshift(`With its entries permuted: λ_max ${number(randomized.lambdaMax, 3)}, Kolmogorov-Smirnov distance ${number(randomized.distance, 3)}${randomized.spikes ? `, spikes (which WeightWatcher calls correlation traps): ${randomized.spikes}` : ""}`);
  if (alternatives && alternatives.best !== "powerLaw") warnings.unshift(`Another law fits this tail better: ${lawWords(alternatives.best)}`);
  if (training) warnings.unshift(`WeightWatcher calls this α ${training}`);
  return `<figure>
<figcaption><h3>${breakable(name || "(no name)")}</h3>
<p><span class="number">${shape.join("×")}</span> · ${fit}</p></figcaption>
<div id="${id}" class="esd" role="img" aria-label="${text(esdDescription(layer))}"></div>
<p class="note">${text(prediction(l + 1, layer))}${warnings.map((line) => ` <em>${text(line)}.</em>`).join("")}</p>
</figure>`;
}

function rounded<T extends Record<string, number>>(values: T): T {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, plotted([value])[0]!])) as T;
}

/** A name that may break after its dots and slashes. */
const breakable = (name: string) => text(name).replace(/[./_]/g, "$&<wbr>");

const counted = (k: number, what: string) => `${grouped(k)} ${what}${k === 1 ? "" : "s"}`;

/** A number for people; "–" where there is none. */
function number(x: number | null | undefined, digits: number): string {
  return x === null || x === undefined || Number.isNaN(x) ? "–" : significant(x, digits);
}

function median(values: number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return sorted.length === 0 ? null : Number.isInteger(half) ? (sorted[half - 1]! + sorted[half]!) / 2 : sorted[Math.floor(half)]!;
}
