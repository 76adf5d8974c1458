// The spectrum of a layer for uPlot: its empirical density in logarithmic bins, the power law in its tail and the
// Marchenko-Pastur bulk, on two logarithmic axes, where a power law is a straight line.

import type uPlot from "uplot";
import { checkOptions, type OptionNames } from "../options.ts";
import { grouped, significant } from "./numbers.ts";
import { logTicks, THEME, tickTexts, type SpectrumTheme } from "./spectrum.ts";

/** What is drawn of a layer; a `LayerReport` of `es.weights` has all of it. */
export interface EsdLayer {
  name?: string;
  /** In any order. */
  eigenvalues: ArrayLike<number>;
  /** The exponent of the tail's power law from `xmin` on; null draws none. */
  alpha: number | null;
  sigma?: number | null;
  xmin: number | null;
  nTail: number;
  /** The fitted Marchenko-Pastur law: its edges, and how many of the eigenvalues it counts as its own. */
  mp?: { lower: number; upper: number; bulk: number; spikes?: number } | null;
  /** The spectrum of the permuted entries, drawn as a second, thin histogram. */
  randomized?: { eigenvalues: ArrayLike<number> } | null;
}

export interface EsdPlotOptions {
  /** In CSS pixels. Default 360×220. */
  width?: number;
  height?: number;
  title?: string;
  /** Values under the cursor, below the plot. Default true; small multiples share one legend of the page's own. */
  legend?: boolean;
  /** Of the histogram, that of the permuted entries, the power law and the bulk. */
  colors?: { esd?: string; random?: string; tail?: string; bulk?: string };
  theme?: Partial<SpectrumTheme>;
  /** Default: 3·∛n, from 12 to 60. */
  bins?: number;
}

const esdPlotOptions: OptionNames<EsdPlotOptions> = {
  width: true, height: true, title: true, legend: true, colors: true, theme: true, bins: true,
};

/** A spectrum counted in bins that are equally wide in log₁₀ λ: from 10^low on, each `step` wide. */
export interface EsdBins {
  low: number;
  step: number;
  counts: number[];
  /** All eigenvalues, those of no bin among them. */
  n: number;
  /** The same of the permuted entries, whose eigenvalues are as many. */
  randomized?: number[];
}

/** What stands beside the bins in a plot. */
export type EsdFit = Pick<EsdLayer, "alpha" | "xmin" | "nTail" | "mp">;

/** Below so much of λ_max an eigenvalue is zero for a plot: a rank that is not full would take half of the axis. */
const SHOWN = 1e-10;
/** In decades: eigenvalues that are nearer to each other are in one place, where all ticks of an axis would say the same. */
const NARROW = 1e-3;
/** Points for each bin and for the bulk: curves look smooth. */
const [PER_BIN, PER_BULK] = [4, 48];

/**
 * `new uPlot(options, data, element)` draws the spectrum of a layer: the density of its eigenvalues, dn/(n·dλ), as a
 * histogram in logarithmic bins, on two logarithmic axes; the power law (nTail/n)·(α − 1)/xmin·(λ/xmin)^−α from xmin
 * (dashed) on; and the Marchenko-Pastur density √((b − λ)(λ − a)) / (π·λ·((a + b)/2 − √(ab))) between its edges a and b,
 * times the part of the eigenvalues that is in the bulk. Eigenvalues below 10⁻¹⁰·λ_max are not drawn; they count in n.
 *
 * The page needs uPlot's stylesheet, `uplot/dist/uPlot.min.css`. For a layer of `es.weights.analyze`: `esdPlot(layer, { width: element.clientWidth })`; what to read out to those who
 * do not see it: {@link esdDescription}.
 */
export function esdPlot(layer: EsdLayer, options: EsdPlotOptions = {}): { options: uPlot.Options; data: uPlot.AlignedData } {
  checkOptions("esdPlot", options, esdPlotOptions);
  return binnedEsdPlot(esdBins(layer, options.bins), layer, options);
}

/** The plot in a sentence, for `aria-label`. */
export function esdDescription(layer: EsdLayer): string {
  const { name, eigenvalues, alpha, sigma, xmin, nTail, mp } = layer;
  let [least, most] = [Infinity, 0];
  for (let k = 0; k < eigenvalues.length; k++) [least, most] = [Math.min(least, eigenvalues[k]!), Math.max(most, eigenvalues[k]!)];
  const range = eigenvalues.length ? `, from ${significant(least, 3)} to ${significant(most, 3)}` : "";
  const tail = alpha === null || xmin === null ? "no power law"
    : `power law with exponent ${significant(alpha, 3)}${sigma == null ? "" : ` ± ${significant(sigma, 2)}`} from ${significant(xmin, 3)} on, ${grouped(nTail)} in the tail`;
  const bulk = mp ? `; Marchenko-Pastur bulk from ${significant(mp.lower, 3)} to ${significant(mp.upper, 3)}${mp.spikes === undefined ? "" : `, spikes above it: ${mp.spikes}`}` : "";
  return `${name ? `${name}: ` : ""}${grouped(eigenvalues.length)} eigenvalues${range}; ${tail}${bulk}`;
}

/** Counts the eigenvalues; those below 10⁻¹⁰·λ_max are in no bin. */
export function esdBins({ eigenvalues, randomized }: EsdLayer, bins = Math.min(60, Math.max(12, Math.ceil(3 * Math.cbrt(eigenvalues.length))))): EsdBins {
  const n = eigenvalues.length;
  let most = 0;
  for (let k = 0; k < n; k++) most = Math.max(most, eigenvalues[k]!);
  const logs: number[] = [];
  for (let k = 0; k < n; k++) if (eigenvalues[k]! > SHOWN * most) logs.push(Math.log10(eigenvalues[k]!));
  if (logs.length === 0) return { low: -1, step: 2 / bins, counts: Array(bins).fill(0), n };
  let low = logs.reduce((a, b) => Math.min(a, b));
  let high = Math.log10(most);
  if (!(high - low > NARROW)) [low, high] = [low - 0.5, high + 0.5];
  const step = (high - low) / bins;
  const counts = Array<number>(bins).fill(0);
  for (const log of logs) counts[Math.min(bins - 1, Math.floor((log - low) / step))]!++;
  if (!randomized) return { low, step, counts, n };
  // what lies outside of the layer's own range is outside of the plot
  const others = Array<number>(bins).fill(0);
  for (let k = 0; k < randomized.eigenvalues.length; k++) {
    const bin = Math.floor((Math.log10(randomized.eigenvalues[k]!) - low) / step);
    if (bin >= 0 && bin < bins) others[bin]!++;
  }
  return { low, step, counts, n, randomized: others };
}

/** As esdPlot, of a spectrum that is counted already. */
export function binnedEsdPlot(bins: EsdBins, fit: EsdFit, options: EsdPlotOptions = {}): { options: uPlot.Options; data: uPlot.AlignedData } {
  const { width = 360, height = 220, title, legend = true, colors = {} } = options;
  const theme = { ...THEME, ...options.theme };
  const { x, density, random, tail, bulk, range } = curves(bins, fit);
  const font = `12px ${theme.font}`;
  const axis = { stroke: theme.text, font, labelFont: font, grid: { stroke: theme.grid, width: 1 }, ticks: { show: false }, filter: (_: uPlot, ticks: number[]) => ticks };
  const value = (_: uPlot, y: number | null) => (y == null || y < range[0] ? "–" : significant(y, 3));
  const line = { points: { show: false }, value };
  const { xmin } = fit;
  return {
    data: [x, density, ...(random ? [random] : []), ...(tail ? [tail] : []), ...(bulk ? [bulk] : [])],
    options: {
      width,
      height,
      title,
      padding: [10, 12, 0, 0],
      legend: { show: legend },
      scales: {
        x: { time: false, distr: 3, range: (_, min, max) => [min, max] },
        y: { distr: 3, range: () => range },
      },
      axes: [
        { ...axis, label: "Eigenvalue", labelSize: 20, size: 28, splits: (u, _, min, max) => logTicks(min, max, Math.max(2, Math.floor(u.width / 70))), values: (_, ticks) => tickTexts(ticks) },
        { ...axis, label: "Density", labelSize: 18, size: 46, splits: (u, _, min, max) => logTicks(min, max, Math.max(2, Math.floor(u.height / 44))), values: (_, ticks) => tickTexts(ticks) },
      ],
      cursor: { drag: { x: true, y: false }, points: { show: false }, y: false },
      series: [
        { label: "λ", value: (_, at) => (at == null ? "–" : significant(at, 4)) },
        { ...line, label: "density", stroke: colors.esd ?? theme.lines[0], fill: theme.grid, width: 1.25 },
        ...(random ? [{ ...line, label: "permuted", stroke: colors.random ?? theme.lines[3], width: 1.25 }] : []),
        ...(tail ? [{ ...line, label: "power law", stroke: colors.tail ?? theme.lines[1], width: 2.25 }] : []),
        ...(bulk ? [{ ...line, label: "Marchenko-Pastur", stroke: colors.bulk ?? theme.lines[2], width: 2, dash: [6, 4] }] : []),
      ],
      hooks: { draw: tail ? [(u) => upright(u, xmin!, colors.tail ?? theme.lines[1]!)] : [] },
    },
  };
}

type Line = (number | null)[];

/** The histogram as a staircase and the two laws, over the same λ. */
function curves({ low, step, counts, n, randomized }: EsdBins, { alpha, xmin, nTail, mp }: EsdFit) {
  const edge = (k: number) => 10 ** (low + k * step);
  const [first, last] = [edge(0), edge(counts.length)];
  const tailAt = alpha === null || xmin === null || !(xmin > 0) ? undefined
    : (x: number) => ((nTail / n) * (alpha - 1) / xmin) * (x / xmin) ** -alpha;
  // the law has mass 1 between a and b whatever its shape and variance are
  const bulkAt = !mp || !(mp.upper > mp.lower) || mp.bulk === 0 ? undefined : (x: number) => {
    const [a, b] = [mp.lower, mp.upper];
    return (mp.bulk / n) * Math.sqrt(Math.max(0, (b - x) * (x - a))) / (Math.PI * x * ((a + b) / 2 - Math.sqrt(a * b)));
  };

  // a bin reaches from its left edge to its right one, so that every inner edge stands twice and the line steps up or down
  const marks = [...(tailAt ? [xmin!] : []), ...(bulkAt ? across(mp!.lower, mp!.upper) : [])].sort((p, q) => p - q);
  const heightsOf = (of: number[]) => of.map((count, k) => count / (n * (edge(k + 1) - edge(k))));
  const heights = heightsOf(counts);
  const x: number[] = [first];
  const binAt: number[] = [-1];
  for (const k of counts.keys()) {
    const inside = marks.filter((mark) => mark > edge(k) && mark < edge(k + 1));
    for (let j = 1; j < PER_BIN; j++) inside.push(edge(k + j / PER_BIN));
    for (const at of [edge(k), ...inside.sort((p, q) => p - q), edge(k + 1)]) {
      x.push(at);
      binAt.push(k);
    }
  }
  x.push(last);
  binAt.push(-1);

  // one eigenvalue in a bin is above the axis, as is the end of the tail unless it is far below
  const filled = heights.filter((height) => height > 0);
  const least = Math.min(...filled);
  const range: [number, number] = !filled.length ? [0.1, 10]
    : [Math.max(least / 100, Math.min(least, tailAt?.(last) ?? least)) / 2, Math.max(...filled, tailAt?.(xmin!) ?? 0) * 2];
  // what is zero lies below the plot, where a line goes on: a gap would leave the sides of bins out
  const below = range[0] / 10;
  const stairs = (of: number[]): Line => binAt.map((k) => Math.max(below, of[k] ?? 0));
  const line = (of: ((at: number) => number) | undefined, from: number, to: number): Line | undefined =>
    of && x.map((at) => (at >= from && at <= to ? Math.max(below, of(at)) : null));
  return {
    x,
    density: stairs(heights),
    random: randomized && stairs(heightsOf(randomized)),
    tail: line(tailAt, xmin ?? 0, last),
    bulk: line(bulkAt, mp?.lower ?? 0, mp?.upper ?? 0),
    range,
  };
}

/** Points from edge to edge, both of them exactly: there the bulk's density is zero. Closest near the edges, where it is steep. */
function across(lower: number, upper: number): number[] {
  const between = (k: number) => (lower + upper) / 2 - ((upper - lower) / 2) * Math.cos((Math.PI * k) / PER_BULK);
  return [lower, ...Array.from({ length: PER_BULK - 1 }, (_, k) => between(k + 1)), upper];
}

/** A thin dashed line at a value of x. */
function upright(u: uPlot, at: number, color: string): void {
  const { ctx, bbox } = u;
  const x = Math.round(u.valToPos(at, "x", true));
  if (!(x >= bbox.left && x <= bbox.left + bbox.width)) return;
  const ratio = ctx.canvas.width / u.width;
  ctx.save();
  ctx.strokeStyle = color;
  ctx.lineWidth = ratio;
  ctx.setLineDash([3 * ratio, 3 * ratio]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}
