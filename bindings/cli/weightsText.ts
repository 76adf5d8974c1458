// What `eigenscope weights` prints: a table of layers, or of checkpoints, the metric, what was skipped and why.

import { alphaLines, isSeries, shortNames } from "../plot/checkpoints.ts";
import { conventions } from "../plot/conventions.ts";
import { grouped, pValue } from "../plot/numbers.ts";
import { groupSkipped, lawWords, verdictWord } from "../plot/verdicts.ts";
import type { WeightsReportOptions } from "../plot/weightsReport.ts";
import type { LayerReport } from "../weights/analyzeLayer.ts";
import { bold, dim, padEnd, padStart, printable, seconds, width, wrap, yellow } from "./output.ts";
import type { Analyzed } from "./weights.ts";

/** Columns of a line: those of the terminal, or that COLUMNS says; what goes to a file or to grep has a line for each layer, whatever it takes. */
const lineWidth = () => Math.max(80, process.stdout.columns ?? (Number(process.env["COLUMNS"]) || Infinity));
/** Columns are left out before a name is cut shorter than the first; none is cut shorter than the second. */
const [NAME, LEAST] = [40, 16];

interface Column {
  head: string;
  cell(layer: LayerReport): string;
  /** The higher, the sooner it is left out on a narrow terminal; 0 never. */
  rank: number;
  /** Shown if some layer has it. */
  of?: (layer: LayerReport) => unknown;
  left?: boolean;
  /** Said below the table. */
  note?: string;
}

const COLUMNS: Column[] = [
  { head: "shape", rank: 0, cell: ({ shape }) => shape.join("×") },
  { head: "Q", rank: 7, cell: ({ Q }) => (Q < 1000 ? short(Q) : Q.toFixed(0)) },
  { head: "α ± σ", rank: 0, cell: ({ alpha, sigma }) => (alpha === null ? "–" : `${fixed(alpha)} ± ${sigma === null ? "–" : fixed(sigma)}`) },
  { head: "x_min", rank: 5, cell: ({ xmin }) => short(xmin) },
  { head: "D", rank: 6, cell: ({ D }) => (D === null ? "–" : D.toFixed(3)) },
  { head: "n_tail", rank: 0, cell: ({ alpha, nTail }) => (alpha === null ? "–" : String(nTail)) },
  { head: "λ_max", rank: 3, cell: ({ lambdaMax }) => short(lambdaMax) },
  { head: "st.rank", rank: 4, cell: ({ stableRank }) => short(stableRank) },
  { head: "spikes", rank: 2, cell: ({ spikes }) => (spikes === null ? "–" : String(spikes)) },
  { head: "p", rank: 0, note: "p: how often a power law would fit as badly; below 0.1 speaks against it", of: ({ bootstrap }) => bootstrap, cell: ({ bootstrap }) => (bootstrap ? pValue(bootstrap) : "–") },
  {
    head: "95 % of α", rank: 1, of: ({ bootstrap }) => bootstrap,
    cell: ({ bootstrap }) => bootstrap?.alpha?.interval.map((end) => fixed(end)).join(" to ") ?? "–",
  },
  {
    head: "permuted", rank: 1, note: "permuted: Kolmogorov-Smirnov distance from the spectrum of the same entries in random order",
    of: ({ randomized }) => randomized, cell: ({ randomized }) => randomized?.distance.toFixed(3) ?? "–",
  },
  {
    head: "law", rank: 0, left: true, note: "law: the one that fits the tail better than a power law (p < 0.05), power law if none does",
    of: ({ alternatives }) => alternatives, cell: ({ alternatives }) => (alternatives ? lawWords(alternatives.best) : "–"),
  },
  { head: "verdict", rank: 0, left: true, cell: (layer) => verdictWord(layer) },
];

/** The result for people. */
export function presentWeights(models: Analyzed[], { engine, ...how }: WeightsReportOptions, written: { csv?: string; report?: string }): string {
  const threads = `${engine.threads} ${engine.threads === 1 ? "thread" : "threads"}`;
  const time = models.reduce((sum, model) => sum + model.seconds, 0);
  const series = isSeries(models);
  const blocks = [
    [`  ${bold("Spectra of trained weights")}`],
    [
      ...(models.length === 1 ? fact("model", `${printable(models[0]!.file)}: ${models[0]!.format}, ${counted(models[0]!.layers.length, "layer")}`) : fact("models", counted(models.length, series ? "checkpoint" : "file"))),
      ...fact("scale", `eigenvalues ${conventions(how)}`),
      ...fact("engine", `eigenscope ${engine.version}, ${engine.runtime}, ${engine.variant}, ${threads}; ${seconds(time)}`),
    ],
    ...(series ? [...seriesBlocks(models), ...modelBlocks(models.at(-1)!, true), ...noteBlocks(models)] : models.flatMap((model) => [...modelBlocks(model, models.length > 1), ...noteBlocks([model])])),
    [...(written.csv === undefined ? [] : fact("table", written.csv)), ...(written.report === undefined ? [] : fact("report", written.report))],
  ];
  return `\n${blocks.filter((block) => block.length).map((block) => block.join("\n")).join("\n\n")}\n\n`;
}

const fact = (name: string, text: string) => wrap(`  ${dim(padEnd(name, 9))}`, text);

/** The layers of a model and its metric. */
function modelBlocks({ file, layers, universalMetric, universalMetricLog10 }: Analyzed, named: boolean): string[][] {
  if (layers.length === 0) return [[`  ${printable(file)}: no layer has a spectrum`]];
  const fitted = layers.filter(({ alpha }) => alpha !== null).length;
  const metric = universalMetric === null ? "no layer has a fit"
    : `${bold(`${fixed(universalMetric, 4)} (ln), ${fixed(universalMetricLog10!, 4)} (log₁₀)`)}: mean of α·log λ_max over ${counted(fitted, "layer")}`;
  return [...(named ? [[`  ${bold(printable(file))}`]] : []), layerTable(layers, lineWidth()), fact("metric", metric)];
}

/** A line for each layer, of at most so many columns. */
function layerTable(layers: readonly LayerReport[], most: number): string[] {
  const longest = Math.max(5, ...layers.map(({ name }) => width(printable(name))));
  const sized = COLUMNS.filter(({ of }) => !of || layers.some(of)).map((column) => {
    const cells = layers.map(column.cell);
    return { ...column, cells, width: Math.max(width(column.head), ...cells.map(width)) };
  });
  const taken = (shown: typeof sized) => 2 + shown.reduce((sum, column) => sum + 2 + column.width, 0);
  /** Those that fit beside names of this width. */
  const fit = (names: number) => {
    let shown = sized;
    while (taken(shown) + names > most) {
      const next = shown.reduce((a, b) => (b.rank > a.rank ? b : a));
      if (next.rank === 0) break;
      shown = shown.filter((column) => column !== next);
    }
    return shown;
  };
  let shown = fit(Math.min(longest, NAME));
  const room = Math.max(LEAST, Math.min(longest, most - taken(shown)));
  const names = layers.map(({ name }) => shortened(printable(name) || "(no name)", room));
  // names that would no longer be told apart have a line of their own
  const apart = new Set(names).size < new Set(layers.map(({ name }) => name)).size;
  const start = apart ? 2 : Math.min(room, longest);
  if (apart) shown = fit(start);
  const dropped = sized.filter((column) => !shown.includes(column)).map(({ head }) => head);
  const line = (name: string, cells: string[]) =>
    `  ${[padEnd(name, start), ...cells.map((cell, k) => (shown[k]!.left ? padEnd : padStart)(cell, shown[k]!.width))].join("  ")}`.trimEnd();
  return [
    dim(line(apart ? "" : "layer", shown.map(({ head }) => head))),
    ...layers.flatMap(({ name }, l) => {
      const cells = shown.map((column) => column.cells[l]!);
      return apart ? [`  ${shortened(printable(name) || "(no name)", most - 2)}`, line("", cells)] : [line(names[l]!, cells)];
    }),
    ...(dropped.length ? [dim(`  without ${dropped.join(", ")} in ${most} columns: --csv and --json have all`)] : []),
    ...shown.flatMap(({ note }) => (note ? [dim(`  ${note}`)] : [])),
  ];
}

/** α of each layer at each checkpoint, and the metric, as many checkpoints beside each other as there is room for. */
function seriesBlocks(models: Analyzed[]): string[][] {
  const heads = shortNames(models.map(({ file }) => file)).map(printable);
  const number = (x: number | null) => (x === null ? "–" : fixed(x));
  const rows = [
    ...alphaLines(models).map(({ label, values }) => ({ name: shortened(printable(label) || "(no name)", 40), cells: values.map(number), loud: false })),
    { name: "metric, ln", cells: models.map(({ universalMetric }) => number(universalMetric)), loud: true },
    { name: "metric, log₁₀", cells: models.map(({ universalMetricLog10 }) => number(universalMetricLog10)), loud: true },
  ];
  const names = Math.max(...rows.map(({ name }) => width(name)));
  const cell = Math.max(...heads.map(width), ...rows.flatMap(({ cells }) => cells.map(width)));
  const fit = Math.max(1, Math.floor((lineWidth() - 2 - names) / (cell + 2)));
  const blocks = [];
  for (let from = 0; from < heads.length; from += fit) {
    const line = (name: string, cells: string[]) => `  ${padEnd(name, names)}${cells.slice(from, from + fit).map((text) => `  ${padStart(text, cell)}`).join("")}`;
    blocks.push([dim(line("α", heads)), ...rows.map(({ name, cells, loud }) => (loud ? bold(line(name, cells)) : line(name, cells)))]);
  }
  return blocks;
}

/** What was skipped and what is to be known; of checkpoints the layers of the last. */
const noteBlocks = (models: Analyzed[]) => [skippedLines(models.at(-1)!), warningLines(models)];

/** Names of a group that are listed. */
const LISTED = 3;

/** By reason, with a few of the names. */
function skippedLines({ skipped }: Analyzed): string[] {
  const groups = groupSkipped(skipped);
  const listed = (names: string[]) => `${names.slice(0, LISTED).map(noted).join(", ")}${names.length > LISTED ? ", …" : ""}`;
  return groups.flatMap(({ reason, names }, k) => fact(k === 0 ? "skipped" : "", `${reason}: ${names.length} (${listed(names)})`));
}

/** Each kind of warning once: that of the first layer which has it, and how many more there are. */
function warningLines(models: Analyzed[]): string[] {
  const { layers } = models.at(-1)!;
  const kinds = new Map<string, { text: string; count: number }>();
  const add = (text: string, layer?: string) => {
    const kind = `${layer === undefined}${text.replace(/[\d.]+(e[+-]?\d+)?/g, "#")}`;
    const found = kinds.get(kind);
    if (found) found.count++;
    else kinds.set(kind, { text: printable(layer === undefined ? text : `${noted(layer)}: ${text}`), count: 1 });
  };
  for (const line of new Set(models.flatMap(({ warnings }) => warnings))) add(line);
  for (const { name, reason, training, randomized, warnings } of layers) {
    if (reason !== undefined) add(`no fit: ${reason}`, name);
    if (training) add(`WeightWatcher calls this α ${training}`, name);
    if (randomized?.spikes) add(`spikes with its entries permuted, which WeightWatcher calls correlation traps: ${randomized.spikes}`, name);
    for (const warning of warnings) add(warning, name);
  }
  return [...kinds.values()].flatMap(({ text, count }) => wrap(`  ${yellow("!")} `, `${text}${count > 1 ? ` (and ${counted(count - 1, "more layer")})` : ""}`));
}

const counted = (k: number, what: string) => `${grouped(k)} ${what}${k === 1 ? "" : "s"}`;

/** A name in a sentence. */
const noted = (name: string) => shortened(printable(name) || "(no name)", 48);

/** A name of at most so many columns: its middle is left out. */
function shortened(name: string, most: number): string {
  const letters = [...name];
  if (letters.length <= most) return name;
  const head = Math.floor((most - 1) / 2);
  return `${letters.slice(0, head).join("")}…${letters.slice(letters.length - (most - 1 - head)).join("")}`;
}

/** Two decimals, or three digits where that would be long. */
const fixed = (x: number, decimals = 2) => (Math.abs(x) < 1e4 ? x.toFixed(decimals) : x.toPrecision(3));

/** Four digits in few columns. */
function short(x: number | null): string {
  if (x === null || Number.isNaN(x)) return "–";
  if (x === 0) return "0";
  return x >= 1e-3 && x < 1e5 ? String(Number(x.toPrecision(x < 1000 ? 4 : 5))) : x.toExponential(2);
}
