// The histogram of a spectrum: how many values lie where. Over a linear axis, or a logarithmic one
// where all values are positive and range over more than three powers of ten.

import type uPlot from "uplot";
import { checkOptions, type OptionNames } from "../options.ts";
import { significant, superscript } from "./numbers.ts";
import { THEME, type SpectrumTheme } from "./spectrum.ts";

export interface HistogramOptions {
  /** In CSS pixels. Default 800×220. */
  width?: number;
  height?: number;
  label?: string;
  color?: string;
  theme?: Partial<SpectrumTheme>;
  /** Default: 2·∛n, from 10 to 120 (the rule of Rice). */
  bins?: number;
}

const histogramOptions: OptionNames<HistogramOptions> = {
  width: true, height: true, label: true, color: true, theme: true, bins: true,
};

export interface Histogram {
  /** Of the bins, ascending, one more than counts; powers of ten if `logarithmic`. */
  edges: Float64Array;
  counts: Uint32Array;
  logarithmic: boolean;
}

/** Counts the values in bins of equal width; the last bin is closed on both sides. */
export function histogram(values: ArrayLike<number>, bins = Math.min(120, Math.max(10, Math.ceil(2 * Math.cbrt(values.length))))): Histogram {
  const sorted = Float64Array.from(values).sort();
  const logarithmic = sorted.length > 0 && sorted[0]! > 0 && sorted.at(-1)! / sorted[0]! > 1e3;
  if (logarithmic) sorted.forEach((value, k) => { sorted[k] = Math.log10(value); });
  let low = sorted[0] ?? 0;
  let high = sorted.at(-1) ?? 1;
  if (!(high - low > 1e-12 * Math.max(Math.abs(low), Math.abs(high)))) { // all in one place
    const room = Math.abs(low) / 2 || 0.5;
    [low, high] = [low - room, high + room];
  }
  const edges = Float64Array.from({ length: bins + 1 }, (_, k) => low + ((high - low) * k) / bins);
  const counts = new Uint32Array(bins);
  for (const value of sorted) counts[Math.min(bins - 1, Math.floor(((value - low) / (high - low)) * bins))]!++;
  if (logarithmic) edges.forEach((edge, k) => { edges[k] = 10 ** edge; });
  return { edges, counts, logarithmic };
}

/** `new uPlot(options, data, element)` draws the histogram of the values. */
export function histogramPlot(values: ArrayLike<number>, options: HistogramOptions = {}): { options: uPlot.Options; data: uPlot.AlignedData } {
  checkOptions("histogramPlot", options, histogramOptions);
  const { width = 800, height = 220, label = "values", color, bins } = options;
  const theme = { ...THEME, ...options.theme };
  const { edges, counts, logarithmic } = histogram(values, bins);
  const font = `12px ${theme.font}`;
  const axis = { stroke: theme.text, font, labelFont: font, grid: { stroke: theme.grid, width: 1 }, ticks: { show: false } };
  // a staircase: up and down at every edge
  const x: number[] = [];
  const y: number[] = [];
  edges.forEach((edge, k) => {
    const at = logarithmic ? Math.log10(edge) : edge;
    x.push(at, at);
    y.push(counts[k - 1] ?? 0, counts[k] ?? 0);
  });
  const valueAt = (at: number) => significant(logarithmic ? 10 ** at : at, 4);
  return {
    data: [x, y],
    options: {
      width,
      height,
      padding: [12, 12, 0, 0],
      scales: { x: { time: false }, y: { range: (_, __, max) => [0, Math.max(1, max * 1.05)] } },
      axes: [
        {
          ...axis,
          label: "Value",
          labelSize: 22,
          size: 30,
          space: 80,
          values: (_, ticks) => ticks.map((tick) => (!logarithmic ? String(tick) : Number.isInteger(tick) ? `10${superscript(tick)}` : "")),
        },
        { ...axis, size: 60 },
      ],
      cursor: { drag: { x: true, y: false }, points: { show: false } },
      series: [
        { label: "Value", value: (_, at) => (at == null ? "–" : valueAt(at)) },
        { label, stroke: color ?? theme.lines[0], fill: theme.grid, width: 1.5, points: { show: false }, value: (_: uPlot, count: number | null) => (count == null ? "–" : String(count)) },
      ],
    },
  };
}
