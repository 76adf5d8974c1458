// The two plots: errors over the noise, and the outputs for one row.

import { spectrumPlot } from "eigenscope/plot";
import uPlot from "uplot";
import { color, HINT, size, theme } from "../site/plots.ts";
import type { Fitted, Shown } from "./messages.ts";
import { answer } from "./view.ts";

/** A plot with axes as those of all pages. */
function plain(element: HTMLElement, label: string): uPlot.Options {
  const { options } = spectrumPlot([{ label: "", values: [1] }], { ...size(element), scale: "linear", theme: theme() });
  options.axes![0] = { ...options.axes![0], label, splits: undefined, values: undefined };
  options.legend = { show: false };
  return options;
}

/** Errors in percent; `level` is marked, and follows when the plot is drawn again. */
export function drawErrors(
  element: HTMLElement, { levels, rows }: Fitted, level: () => number, readout: (text: string) => void,
): uPlot {
  const options = plain(element, "Labels replaced, %");
  options.padding = [12, 20, 0, 0];
  options.scales!.x = { time: false };
  options.scales!.y!.range = (_, __, max) => [0, Math.min(100, Math.max(10, 1.08 * (max ?? 0)))];
  options.series = [
    {},
    { stroke: color("muted"), width: 1.5, dash: [2, 4], points: { show: false } },
    { stroke: color("ink"), width: 2, dash: [7, 5], points: { show: false } },
    { stroke: color("wrong"), width: 2, dash: [7, 5], points: { show: false } },
  ];
  options.hooks!.draw = [(u) => {
    for (const series of [2, 3]) crosses(u, series);
    rule(u, 100 * levels[level()]!.noise);
  }];
  options.hooks!.setCursor = [({ cursor }) => {
    const at = cursor.idx == null ? undefined : levels[cursor.idx];
    readout(at
      ? `${(100 * at.noise).toFixed(0)} % replaced: ${at.test.errors} errors on new data, ${at.train.errors} on the labels learnt from`
      : HINT);
  }];
  readout(HINT);
  const share = (count: number, of: number) => (100 * count) / of;
  return new uPlot(options, [
    levels.map(({ noise }) => 100 * noise),
    levels.map(({ wrong }) => share(wrong, rows.train)),
    levels.map(({ train }) => share(train.errors, rows.train)),
    levels.map(({ test }) => share(test.errors, rows.test)),
  ], element);
}

/** An × at every tenth, as the notebook has it. */
function crosses(u: uPlot, series: number): void {
  const { ctx } = u;
  const r = 4 * devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = (u.series[series]!.stroke as () => string)();
  ctx.setLineDash([]);
  ctx.lineWidth = 1.75 * devicePixelRatio;
  ctx.beginPath();
  u.data[0].forEach((percent, k) => {
    if (Math.round(10 * percent) % 100) return;
    const [x, y] = [u.valToPos(percent, "x", true), u.valToPos(u.data[series]![k]!, "y", true)];
    ctx.moveTo(x - r, y - r);
    ctx.lineTo(x + r, y + r);
    ctx.moveTo(x - r, y + r);
    ctx.lineTo(x + r, y - r);
  });
  ctx.stroke();
  ctx.restore();
}

/** Where the slider stands. */
function rule(u: uPlot, percent: number): void {
  const { ctx, bbox } = u;
  const x = Math.round(u.valToPos(percent, "x", true));
  ctx.save();
  ctx.strokeStyle = color("exact");
  ctx.setLineDash([]);
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}

/** The outputs of one row, the largest in a colour of its own; the scale is that of all levels. */
export function drawOutputs(element: HTMLElement, { outputs, count }: Shown, i: number, classes: number[]): uPlot {
  const options = plain(element, "Class");
  const width = outputs.length / count;
  const all = outputs.subarray(i * width, (i + 1) * width);
  const [low, high] = all.reduce(([a, b], y) => [Math.min(a!, y), Math.max(b!, y)], [0, 1]) as [number, number];
  options.scales!.x = { time: false, range: () => [-0.6, classes.length - 0.4] };
  options.scales!.y!.range = () => [low - 0.05, high + 0.05];
  options.axes![0] = {
    ...options.axes![0],
    splits: () => classes.map((_, c) => c),
    values: (_, ticks) => ticks.map((c) => String(classes[c])),
    grid: { show: false },
    space: 18,
  };
  options.axes![1] = { ...options.axes![1], values: (_, ticks) => ticks.map((y) => y.toFixed(1)) };
  const paths = uPlot.paths.bars!({ size: [0.7, 48] });
  options.series = [
    {},
    { fill: color("sample-0"), stroke: "transparent", paths, points: { show: false } },
    { fill: color("exact"), stroke: "transparent", paths, points: { show: false } },
  ];
  options.cursor = { show: false };
  return new uPlot(options, [classes.map((_, c) => c), [], []], element);
}

export function updateOutputs(plot: uPlot, shown: Shown, i: number, l: number, classes: number): void {
  const start = i * (shown.outputs.length / shown.count) + l * classes;
  const values = Array.from(shown.outputs.subarray(start, start + classes));
  const best = answer(shown, i, l, classes);
  plot.setData([plot.data[0], values.map((y, c) => (c === best ? null : y)), values.map((y, c) => (c === best ? y : null))]);
}
