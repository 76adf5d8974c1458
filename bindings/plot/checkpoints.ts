// A series of models, as checkpoints of one training: which layers they share, and lines over them for uPlot.

import type uPlot from "uplot";
import { checkOptions, type OptionNames } from "../options.ts";
import { significant, typeset } from "./numbers.ts";
import { THEME, type SpectrumTheme } from "./spectrum.ts";

/** A number of each layer (or of the model), one for each checkpoint; null where there is none. */
export interface CheckpointLine {
  label: string;
  values: (number | null)[];
  color?: string;
}

/** α of every layer of the models, by name, in the order in which the layers first appear. */
export function alphaLines(models: readonly { layers: readonly { name: string; alpha: number | null }[] }[]): CheckpointLine[] {
  const lines = new Map<string, CheckpointLine>();
  for (const [m, { layers }] of models.entries()) {
    for (const { name, alpha } of layers) {
      let line = lines.get(name);
      if (!line) lines.set(name, (line = { label: name, values: Array(models.length).fill(null) }));
      line.values[m] = alpha;
    }
  }
  return [...lines.values()];
}

/** Whether the models share layers by name, each with another one, as checkpoints of one training do. One without layers may be among them. */
export function isSeries(models: Parameters<typeof alphaLines>[0]): boolean {
  const names = models.map(({ layers }) => new Set(layers.map(({ name }) => name))).filter(({ size }) => size > 0);
  const shared = (name: string) => names.filter((set) => set.has(name)).length > 1;
  return names.length > 1 && names.every((set) => [...set].some(shared));
}

/** Names longer than this crowd an axis and a table. */
const LONG = 16;

/**
 * The files of a series told apart: without the folders and the endings that all have in common, and where that leaves long names,
 * without the words at their ends, then at their beginnings.
 */
export function shortNames(files: readonly string[]): string[] {
  const paths = files.map((file) => file.split(/[/\\]/).filter(Boolean));
  const most = Math.min(...paths.map((path) => path.length)) - 1;
  const names = paths.map((path) => path.slice(Math.min(most, inCommon(paths))).join("/"));
  const ending = /\.[A-Za-z]\w*$/.exec(names[0] ?? "")?.[0];
  const bare = ending && names.every((name) => name.endsWith(ending) && name.length > ending.length) ? names.map((name) => name.slice(0, -ending.length)) : names;
  return withoutFirst(withoutFirst(bare, (words) => words.reverse()), (words) => words);
}

/** How many members all lists begin with. */
function inCommon(lists: readonly string[][]): number {
  let k = 0;
  while (lists.every((list) => k < list.length && list[k] === lists[0]![k])) k++;
  return k;
}

/** Long names without the words that all of them begin with, seen from either end; one word stays. */
function withoutFirst(names: string[], turned: (words: string[]) => string[]): string[] {
  if (names.every(({ length }) => length <= LONG) || new Set(names).size < names.length) return names;
  const words = names.map((name) => turned(name.split(/([-_./ ]+)/)));
  const most = Math.min(...words.map(({ length }) => length)) - 1;
  const shared = Math.min(most, inCommon(words));
  return words.map((each) => turned(each.slice(shared - (shared % 2))).join(""));
}

/** Each warning of models once, with the names of those that it is of unless it is of all. */
export function sharedWarnings(models: readonly { warnings: readonly string[] }[], names: readonly string[]): string[] {
  const of = new Map<string, string[]>();
  for (const [m, { warnings }] of models.entries()) for (const line of new Set(warnings)) of.set(line, [...(of.get(line) ?? []), names[m]!]);
  return [...of].map(([line, where]) => (where.length === models.length ? line : `${where.join(", ")}: ${line}`));
}

/** From blue over green to red, of a lightness that is seen on white and on black: what comes in an order is told apart in it. */
const ramp = (t: number) => `hsl(${Math.round(215 - 205 * t)} 70% 48%)`;

export interface CheckpointsPlotOptions {
  /** In CSS pixels. Default 800×260. */
  width?: number;
  height?: number;
  /** Of the values. */
  label?: string;
  /** Values under the cursor, below the plot. Default: of up to 12 lines. */
  legend?: boolean;
  /** Without a legend: told what the cursor points at, as "epoch-10, fc.weight: 2.410", and "" where it is at no line. */
  pointed?: (what: string) => void;
  theme?: Partial<SpectrumTheme>;
}

const checkpointsPlotOptions: OptionNames<CheckpointsPlotOptions> = {
  width: true, height: true, label: true, legend: true, pointed: true, theme: true,
};

/** Beyond these a legend would be longer than the plot; the line under the cursor stands out. */
const LEGEND = 12;

/**
 * `new uPlot(options, data, element)` draws lines over checkpoints, whose `names` stand on x at equal distances: those of
 * {@link alphaLines}, for example. Without colours of their own they go from blue, the first, to red, the last.
 */
export function checkpointsPlot(
  names: readonly string[], lines: readonly CheckpointLine[], options: CheckpointsPlotOptions = {},
): { options: uPlot.Options; data: uPlot.AlignedData } {
  checkOptions("checkpointsPlot", options, checkpointsPlotOptions);
  const { width = 800, height = 260, label, legend = lines.length <= LEGEND, pointed } = options;
  const theme = { ...THEME, ...options.theme };
  const font = `12px ${theme.font}`;
  const axis = { stroke: theme.text, font, labelFont: font, grid: { stroke: theme.grid, width: 1 }, ticks: { show: false } };
  const at = (k: number) => (Number.isInteger(k) ? names[k] ?? "" : "");
  const shown = (value: number | null | undefined) => (value == null ? "–" : significant(value, 4));
  let focused = lines.length === 1 ? 0 : -1;
  const tell = ({ cursor: { idx } }: uPlot) => {
    const line = idx == null ? undefined : lines[focused];
    pointed?.(line ? `${at(idx!)}, ${line.label}: ${shown(line.values[idx!])}` : "");
  };
  return {
    data: [names.map((_, k) => k), ...lines.map(({ values }) => values)],
    options: {
      width,
      height,
      padding: [12, Math.max(18, 4 * (names.at(-1)?.length ?? 0)), 0, 0],
      legend: { show: legend },
      focus: { alpha: lines.length > 1 ? 0.25 : 1 },
      cursor: { drag: { x: true, y: false }, focus: { prox: 16 }, points: { size: 7 } },
      scales: { x: { time: false, range: (_, min, max) => (min === max ? [min - 0.5, max + 0.5] : [min, max]) } },
      axes: [
        // the longest name has to fit between two ticks
        { ...axis, label: "Checkpoint", labelSize: 22, size: 30, space: 12 + 7 * Math.max(3, ...names.map((name) => name.length)), incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000], values: (_, ticks) => ticks.map(at) },
        { ...axis, size: 60, values: (_, ticks) => ticks.map((tick) => typeset(String(tick))), ...(label ? { label, labelSize: 22 } : {}) },
      ],
      series: [
        { label: "Checkpoint", value: (_, k) => (k == null ? "–" : at(k)) },
        ...lines.map(({ label, color }, k) => ({
          label,
          stroke: color ?? (lines.length === 1 ? theme.lines[0] : ramp(k / (lines.length - 1))),
          width: 2,
          points: { size: 5 },
          value: (_: uPlot, value: number | null) => shown(value),
        })),
      ],
      hooks: pointed && !legend ? {
        setCursor: [tell],
        setSeries: [(u, k, change) => {
          if (!("focus" in change) || lines.length === 1) return;
          focused = k === null ? -1 : k - 1;
          tell(u);
        }],
      } : {},
    },
  };
}
