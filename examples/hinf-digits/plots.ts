// The two plots: spectra over the rank, and the smallest eigenvalue over the number of neurons.

import { grouped, significant, spectrumPlot } from "eigenscope/plot";
import uPlot from "uplot";
import { color, HINT, size, theme } from "../site/plots.ts";
import type { Results } from "./results.ts";
import { proved } from "./view.ts";

/** Shades of blue in the style sheet, the more neurons the darker. */
const SHADES = 5;

const short = (x: number) => significant(x, 5);

/** What both plots mark: the certified value. */
const mark = ({ certificate }: Results) => ({
  value: certificate!.lambdaMin,
  label: `λ = ${proved(certificate!).value}`,
  color: color("exact"),
});

/** The spectra that are known; `readout` is told what lies under the cursor. */
export function drawSpectra(element: HTMLElement, results: Results, readout: (text: string) => void): uPlot {
  const { options, data } = spectrumPlot(spectra(results), { ...size(element), mark: mark(results), theme: theme() });
  // what is far below all of H∞ is round-off, and would flatten the rest
  const lowest = Math.max(results.certificate!.lambdaMin / 1000, results.exact!.values.at(-1)! * 1e-14);
  const range = options.scales!.y!.range as uPlot.Range.Function;
  options.scales!.y!.range = (u, min, max, key) => range(u, min && Math.max(min, lowest), max, key);
  options.legend = { show: false };
  options.hooks!.setCursor = [({ cursor, data: shown }) => {
    const at = cursor.idx;
    const samples = shown.slice(1, 1 + results.samples.length);
    const last = samples.at(-1)?.[at ?? -1];
    readout(at == null ? HINT : `rank ${grouped(at + 1)}: closed form ${short(shown.at(-1)![at]!)}${
      last ? `, ${grouped(results.samples.at(-1)!.summary.features)} neurons ${short(last)}` : ""}`);
  }];
  readout(HINT);
  return new uPlot(options, data, element);
}

/** With the newest sample, the only one that has to be sorted. */
export function updateSpectra(plot: uPlot, { samples }: Results): void {
  const data = plot.data.slice() as uPlot.AlignedData;
  const newest = samples.length; // the series before are the rank and the samples before
  data[newest] = spectrumPlot([{ label: "", values: samples[newest - 1]!.values }]).data[1]!;
  plot.setData(data);
}

/** One line for each size of the schedule, empty until it is known, and the closed form on top. */
function spectra({ sizes, samples, exact }: Results) {
  return [
    ...sizes.map((m, k) => ({
      label: `${grouped(m)} neurons`,
      values: samples[k]?.values ?? [],
      color: color(`sample-${sizes.length === 1 ? SHADES - 1 : Math.round((k * (SHADES - 1)) / (sizes.length - 1))}`),
      width: 2,
    })),
    { label: "closed form", values: exact!.values, color: color("exact"), width: 2.5, dash: [8, 6] },
  ];
}

/** λ_min(H_m) and the 95 % limit, converging to the certified value. */
export function drawSmallest(element: HTMLElement, results: Results): uPlot {
  const { sizes } = results;
  const { options } = spectrumPlot(
    [
      { label: "95 % limit", values: [], color: color("sample-1"), dash: [4, 4] },
      { label: "λ min", values: [], color: color("sample-4") },
    ],
    { ...size(element), mark: mark(results), theme: theme() },
  );
  const last = sizes.at(-1)!;
  options.scales!.x = { time: false, distr: 3, range: () => [sizes[0]! / 1.3, last * 1.3] };
  options.axes![0] = {
    ...options.axes![0],
    label: "Neurons",
    splits: () => [100, 1000, 10_000, 100_000, 1_000_000].filter((m) => m <= last),
    filter: (_, ticks) => ticks,
    values: (_, ticks) => ticks.map((m) => (m >= 1000 ? `${m / 1000}k`.replace("1000k", "1M") : String(m))),
  };
  options.bands = [{ series: [1, 2], fill: color("select") }];
  options.legend = { show: false };
  return new uPlot(options, smallest(results), element);
}

export function updateSmallest(plot: uPlot, results: Results): void {
  plot.setData(smallest(results));
}

function smallest({ sizes, samples }: Results): uPlot.AlignedData {
  const positive = (x: number | undefined) => (x !== undefined && x > 0 && x < Infinity ? x : null);
  return [
    sizes,
    sizes.map((_, k) => positive(samples[k]?.summary.upperConfidence)),
    sizes.map((_, k) => positive(samples[k]?.summary.lambdaMin)),
  ];
}
