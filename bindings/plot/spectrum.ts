// Spectra on a logarithmic (or linear) axis, the largest eigenvalue first: what uPlot needs to draw them.

import type uPlot from "uplot";
import { checkOptions, type OptionNames } from "../options.ts";
import { significant, superscript, typeset } from "./numbers.ts";

export interface Spectrum {
  label: string;
  /** In any order. What is not positive has no place on a logarithmic axis and is left out. */
  values: ArrayLike<number>;
  color?: string;
  /** Of the line, in CSS pixels. Default 2. */
  width?: number;
  dash?: number[];
}

export interface SpectrumTheme {
  text: string;
  grid: string;
  /** Lines of spectra that name no color of their own, in turn. */
  lines: string[];
  font: string;
}

export interface SpectrumPlotOptions {
  /** In CSS pixels. Default 800×320. */
  width?: number;
  height?: number;
  title?: string;
  /** Of the values. Default "log". */
  scale?: "log" | "linear";
  theme?: Partial<SpectrumTheme>;
  /** Plots of one key share their cursor. */
  sync?: string;
  /** Where round-off begins: below this value the plot is shaded, and `label` says so. */
  roundOff?: { below: number; label: string };
  /** A value to draw a dashed line at. */
  mark?: { value: number; label: string; color?: string };
}

const spectrumPlotOptions: OptionNames<SpectrumPlotOptions> = {
  width: true, height: true, title: true, scale: true, theme: true, sync: true, roundOff: true, mark: true,
};

/** Okabe and Ito's colours, told apart with every kind of colour vision, without the yellow. */
export const THEME: SpectrumTheme = {
  text: "#444",
  grid: "#0001",
  lines: ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000"],
  font: "system-ui, sans-serif",
};

/** `new uPlot(options, data, element)` draws the spectra, rank on x, a legend that follows the cursor. */
export function spectrumPlot(spectra: Spectrum[], options: SpectrumPlotOptions = {}): { options: uPlot.Options; data: uPlot.AlignedData } {
  checkOptions("spectrumPlot", options, spectrumPlotOptions);
  const { width = 800, height = 320, title, scale = "log", sync, roundOff, mark } = options;
  const log = scale === "log";
  const theme = { ...THEME, ...options.theme };
  const longest = Math.max(0, ...spectra.map(({ values }) => values.length));
  const ranks = Array.from({ length: longest }, (_, k) => k + 1);
  const font = `12px ${theme.font}`;
  const axis = { stroke: theme.text, font, labelFont: font, grid: { stroke: theme.grid, width: 1 }, ticks: { show: false } };

  return {
    data: [ranks, ...spectra.map(({ values }) => descending(values, longest, log))],
    options: {
      width,
      height,
      title,
      padding: [12, 12, 0, 0],
      scales: {
        x: { time: false, range: (_, min, max) => (min === max ? [min - 0.5, max + 0.5] : [min, max]) },
        y: { distr: log ? 3 : 1, range: (_, min, max) => (log ? yRange : linearRange)(min, max, options) },
      },
      axes: [
        { ...axis, label: "Rank", labelSize: 22, size: 30, space: 60, splits: (_, __, min, max) => rankTicks(min, max) },
        {
          ...axis,
          size: 60,
          splits: (u, _, min, max) => (log ? logTicks : linearTicks)(min, max, Math.max(2, Math.floor(u.height / 34))),
          filter: (_, ticks) => ticks,
          values: (_, ticks) => tickTexts(ticks),
        },
      ],
      legend: { markers: { dash: (_, k) => (k > 0 && spectra[k - 1]!.dash ? "dashed" : "solid") } },
      cursor: {
        drag: { x: true, y: false },
        points: { size: 7 },
        ...(sync ? { sync: { key: sync, scales: ["x", null] as [string, null] } } : {}),
      },
      series: [
        { label: "Rank", value: (_, rank) => (rank == null ? "–" : String(rank)) },
        ...spectra.map(({ label, color, width, dash }, k) => ({
          label,
          stroke: color ?? theme.lines[k % theme.lines.length],
          width: width ?? 2,
          dash,
          points: { size: 5 },
          value: (_: uPlot, value: number | null) => (value == null ? "–" : significant(value, 5)),
        })),
      ],
      hooks: {
        drawAxes: [(u) => {
          if (roundOff) shade(u, roundOff.below, roundOff.label, theme);
          if (mark) rule(u, mark.value, mark.label, mark.color ?? theme.text, theme);
        }],
      },
    },
  };
}

/** Largest first, of the length of the longest; null where a logarithmic axis has no place. */
function descending(values: ArrayLike<number>, length: number, log: boolean): (number | null)[] {
  const sorted = Float64Array.from(values).sort().reverse();
  return Array.from({ length }, (_, k) => (k < sorted.length && (!log || sorted[k]! > 0) ? sorted[k]! : null));
}

/** Four percent of room above and below on the logarithmic axis; below a mark, room for its label. */
function yRange(min: number | null, max: number | null, { mark, roundOff }: SpectrumPlotOptions): [number, number] {
  // nothing positive in view
  if (min == null || max == null) return roundOff ? [roundOff.below * 1e-6, roundOff.below * 1e3] : [0.1, 10];
  const room = Math.max((max / min) ** 0.04, 1.002);
  const below = mark && mark.value >= min / room && mark.value <= max ? mark.value / (max / min) ** 0.14 : min;
  return [Math.min(min / room, below), max * room];
}

/** Four percent of room above and below; below a mark, room for its label. */
function linearRange(min: number | null, max: number | null, { mark }: SpectrumPlotOptions): [number, number] {
  if (min == null || max == null) return [0, 1];
  const span = max - min || Math.abs(max) || 1;
  const below = mark && mark.value >= min && mark.value <= max ? mark.value - 0.14 * span : min;
  return [Math.min(min - 0.04 * span, below), max + 0.04 * span];
}

function rankTicks(min: number, max: number): number[] {
  return linearTicks(min, max, 6).filter(Number.isInteger);
}

function linearTicks(min: number, max: number, most: number): number[] {
  const raw = (max - min) / most;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw * 0.999)!;
  const first = Math.ceil(min / step - 1e-9);
  const count = Math.floor(max / step + 1e-9) - first + 1;
  return Array.from({ length: count }, (_, k) => Number(((first + k) * step).toPrecision(12)));
}

/** Powers of ten, evenly thinned; within few of them also multiples; within less than one, round numbers. */
export function logTicks(min: number, max: number, most: number): number[] {
  const low = Math.ceil(Math.log10(min) - 1e-9);
  const high = Math.floor(Math.log10(max) + 1e-9);
  const step = Math.ceil((high - low + 1) / most);
  const powers: number[] = [];
  for (let k = Math.ceil(low / step) * step; k <= high; k += step) powers.push(Number(`1e${k}`));
  if (powers.length >= 3 || (step > 1 && powers.length === 2)) return powers;
  const fine = [];
  for (let k = low - 1; k <= high; k++) for (const m of [1, 2, 5]) fine.push(Number(`${m}e${k}`));
  const shown = fine.filter((tick) => tick >= min && tick <= max);
  return shown.length >= 3 ? shown : linearTicks(min, max, Math.min(most, 6));
}

/** Plain numbers where all are short, otherwise powers of ten. */
export function tickTexts(ticks: number[]): string[] {
  const plain = ticks.every((tick) => tick === 0 || (Math.abs(tick) >= 1e-4 && Math.abs(tick) < 1e5));
  return ticks.map((tick) => {
    if (tick === 0) return "0";
    const exponent = Math.round(Math.log10(tick));
    if (!plain && tick === Number(`1e${exponent}`)) return `10${superscript(exponent)}`;
    return plain ? typeset(String(Number(tick.toPrecision(4)))) : significant(tick, 4).replace(/(\.\d*?)0+(?=$|×)/, "$1").replace(/\.(?=$|×)/, "");
  });
}

/** Shades what lies below a value. */
function shade(u: uPlot, below: number, label: string, theme: SpectrumTheme): void {
  const { ctx, bbox } = u;
  const y = u.valToPos(below, "y", true);
  const bottom = bbox.top + bbox.height;
  if (!(y < bottom)) return;
  const top = Math.max(y, bbox.top);
  ctx.save();
  ctx.fillStyle = theme.grid;
  ctx.fillRect(bbox.left, top, bbox.width, bottom - top);
  write(u, label, bbox.left + bbox.width, top, "right", theme.text, theme);
  ctx.restore();
}

/** Canvas pixels for each CSS pixel. */
const pixelRatio = (u: uPlot) => u.ctx.canvas.width / u.width;

/** A dashed line at a value, its label below it, where descending lines leave room on the left. */
function rule(u: uPlot, value: number, label: string, color: string, theme: SpectrumTheme): void {
  const { ctx, bbox } = u;
  const ratio = pixelRatio(u);
  const y = Math.round(u.valToPos(value, "y", true));
  if (!(y > bbox.top && y < bbox.top + bbox.height)) return;
  ctx.save();
  ctx.strokeStyle = color;
  ctx.lineWidth = ratio;
  ctx.setLineDash([4 * ratio, 4 * ratio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  write(u, label, bbox.left, y, "left", theme.text, theme);
  ctx.restore();
}

function write(u: uPlot, text: string, x: number, y: number, align: "left" | "right", color: string, theme: SpectrumTheme): void {
  const { ctx } = u;
  const ratio = pixelRatio(u);
  ctx.font = `${12 * ratio}px ${theme.font}`;
  ctx.textAlign = align;
  ctx.textBaseline = "top";
  ctx.fillStyle = color;
  ctx.fillText(text, x + (align === "left" ? 8 : -8) * ratio, y + 5 * ratio);
}
