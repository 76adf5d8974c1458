// The script of the report, bundled with uPlot into its page by scripts/build.mjs.

import uPlot from "uplot";
import { checkpointsPlot } from "./checkpoints.ts";
import type { EsdPanel, HistogramPanel, LinesPanel, PageData, SpectrumPanel } from "./document.ts";
import { histogramPlot } from "./histogram.ts";
import { Multiples, sortable } from "./pageLayers.ts";
import { spectrumPlot } from "./spectrum.ts";

const { panels, ranks } = JSON.parse(document.getElementById("data")!.textContent!) as PageData;
const whole = { min: 1, max: Math.max(2, ranks) };
/** The spectra, which show the same ranks, and what else is drawn at once. */
let plots: uPlot[] = [];
let others: uPlot[] = [];

const color = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const height = () => (innerWidth < 600 ? 250 : 320);

const theme = () => ({ text: color("muted"), grid: color("grid"), font: getComputedStyle(document.body).fontFamily });

function draw(): void {
  const range = plots[0] ? rangeOf(plots[0]) : whole;
  for (const plot of [...plots, ...others]) plot.destroy();
  plots = [];
  others = [];
  for (const panel of panels) {
    const element = document.getElementById(panel.id)!;
    if ("histogram" in panel) others.push(drawHistogram(panel, element));
    else if ("lines" in panel) others.push(drawLines(panel, element));
    else if ("spectra" in panel) plots.push(drawSpectra(panel, element));
  }
  multiples.redraw();
  zoom(range);
}

function drawSpectra(panel: SpectrumPanel, element: HTMLElement): uPlot {
  const { options, data } = spectrumPlot(
    panel.spectra.map((spectrum) => ({ ...spectrum, color: color(spectrum.color) })),
    {
      width: element.clientWidth,
      height: height(),
      sync: "rank",
      roundOff: panel.roundOff,
      mark: panel.mark && { ...panel.mark, color: color("exact") },
      theme: theme(),
    },
  );
  options.hooks!.setScale = [(u, key) => key === "x" && zoom(rangeOf(u))];
  const plot = new uPlot(options, data, element);
  pinch(plot);
  return plot;
}

function drawHistogram({ histogram }: HistogramPanel, element: HTMLElement): uPlot {
  const { options, data } = histogramPlot(histogram.values, {
    label: histogram.label,
    width: element.clientWidth,
    height: height(),
    color: color(histogram.color),
    theme: theme(),
  });
  return new uPlot(options, data, element);
}

function drawLines({ lines: { names, lines, label } }: LinesPanel, element: HTMLElement): uPlot {
  const colored = lines.map((line) => ({ ...line, color: line.color && color(line.color) }));
  const readout = element.nextElementSibling!;
  const pointed = (what: string) => { readout.textContent = what; };
  const { options, data } = checkpointsPlot(names, colored, { label, width: element.clientWidth, height: height(), pointed, theme: theme() });
  return new uPlot(options, data, element);
}

const rangeOf = (u: uPlot) => ({ min: u.scales.x!.min ?? whole.min, max: u.scales.x!.max ?? whole.max });

/** All plots to the same ranks. */
function zoom(range: { min: number; max: number }): void {
  for (const plot of plots) {
    const { min, max } = rangeOf(plot);
    if (min !== range.min || max !== range.max) plot.setScale("x", range);
  }
  for (const button of buttons) {
    const { min, max } = rangeOfButton(button);
    button.setAttribute("aria-pressed", String(min === range.min && max === range.max));
  }
}

/** Two fingers: the ranks under them stay under them. */
function pinch(u: uPlot): void {
  let held: number[] | undefined;
  const positions = (event: TouchEvent) => {
    const { left } = u.over.getBoundingClientRect();
    return Array.from(event.touches, ({ clientX }) => clientX - left);
  };
  u.over.addEventListener("touchstart", (event) => {
    held = event.touches.length === 2 ? positions(event).map((x) => u.posToVal(x, "x")) : undefined;
  });
  u.over.addEventListener("touchmove", (event) => {
    if (!held || event.touches.length !== 2) return;
    event.preventDefault();
    const [a, b] = positions(event) as [number, number];
    const slope = (held[1]! - held[0]!) / (b - a);
    const min = Math.max(whole.min, held[0]! - a * slope);
    const max = Math.min(whole.max, min + u.over.clientWidth * slope);
    if (max - min >= 2) zoom({ min, max });
  }, { passive: false });
}

const buttons = Array.from(document.querySelectorAll<HTMLButtonElement>("button[data-ranks]"));
function rangeOfButton(button: HTMLButtonElement): { min: number; max: number } {
  const [min, max] = button.dataset.ranks!.split(":").map(Number) as [number, number];
  return { min, max };
}
for (const button of buttons) button.addEventListener("click", () => zoom(rangeOfButton(button)));

const multiples = new Multiples(panels.filter((panel): panel is EsdPanel => "esd" in panel), () => (
  { colors: { esd: color("gram"), random: color("random"), tail: color("exact"), bulk: color("sample-3") }, theme: theme() }
));
for (const table of Array.from(document.querySelectorAll<HTMLTableElement>("table.layers"))) sortable(table);

draw();
// after the page is laid out: uPlot listens to no change of its element's width
new ResizeObserver(() => {
  for (const plot of [...plots, ...others]) {
    const width = plot.root.parentElement!.clientWidth;
    if (width && width !== plot.width) plot.setSize({ width, height: height() });
  }
  multiples.resize();
}).observe(document.querySelector("main")!);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
