// The two plots: spectra over the rank, and test errors over the depth.

import { grouped, significant, spectrumPlot } from "eigenscope/plot";
import uPlot from "uplot";
import { color, HINT, size, theme } from "../site/plots.ts";
import type { Measured } from "./experiment.ts";

/** By depth, from 1; what is not known yet is undefined. */
export type ByDepth = (Measured | undefined)[];

/** Shades of blue in the style sheet, the deeper the darker. */
const SHADES = 5;

/** The spectra that are known, the one of `depth` on top; `readout` is told what lies under the cursor. */
export function drawSpectra(element: HTMLElement, all: ByDepth, depth: number, readout: (text: string) => void): uPlot {
  const chosen = { label: "", values: all[depth - 1]?.values ?? [], color: color("exact"), width: 2.5 };
  const lines = all.map((measured, k) => ({
    label: "",
    values: measured?.values ?? [],
    color: color(`sample-${Math.round((k * (SHADES - 1)) / (all.length - 1))}`),
    width: 1.25,
  }));
  const { options, data } = spectrumPlot([...lines, chosen], { ...size(element), theme: theme() });
  options.padding = [12, 20, 0, 0]; // the last rank has a tick
  options.legend = { show: false };
  options.hooks!.setCursor = [({ cursor, data: shown }) => {
    const at = cursor.idx;
    const value = at == null ? undefined : shown.at(-1)![at];
    readout(value == null ? HINT : `rank ${grouped(at! + 1)}: ${significant(value, 5)}`);
  }];
  readout(HINT);
  return new uPlot(options, data, element);
}

/** Errors in percent of `count` rows over the depth, the one of `depth` marked. */
export function drawErrors(element: HTMLElement, all: ByDepth, depth: number, count: number): uPlot {
  const { options } = spectrumPlot([{ label: "", values: [1], color: color("sample-4") }], { ...size(element), scale: "linear", theme: theme() });
  const depths = all.map((_, k) => k + 1);
  const percent = all.map((measured) => (measured ? (100 * measured.errors) / count : null));
  options.scales!.x = { time: false, range: () => [0.5, all.length + 0.5] };
  // from zero, so that a change of one digit looks like one
  options.scales!.y!.range = (_, __, max) => [0, Math.max(6, 1.15 * (max ?? 0))];
  options.axes![0] = { ...options.axes![0], label: "Hidden layers", splits: () => depths, space: 20 };
  options.series[1] = { ...options.series[1], spanGaps: true, points: { show: true, size: 6 } };
  options.series[2] = { label: "", stroke: color("exact"), points: { show: true, size: 11, width: 2.5, fill: "transparent" } };
  options.legend = { show: false };
  options.cursor = { show: false };
  return new uPlot(options, [depths, percent, percent.map((x, k) => (k === depth - 1 ? x : null))], element);
}
