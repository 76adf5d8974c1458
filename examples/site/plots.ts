// What the plots of the pages share: colours of the style sheet, sizes of their elements.

import type uPlot from "uplot";

export const color = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

export const theme = () => ({ text: color("muted"), grid: color("grid"), font: getComputedStyle(document.body).fontFamily });

/** Under a plot that can be zoomed, where a pointer can hover. */
export const HINT = matchMedia("(hover: hover)").matches ? "Drag to zoom, double-click for all." : "";

export const size = (element: HTMLElement) => ({ width: element.clientWidth, height: element.clientHeight });

/** Keeps plots as wide as the page is, and has them drawn anew when its colours change. */
export function follow(plots: () => [element: HTMLElement, plot: uPlot][], redraw: () => void): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  new ResizeObserver(() => {
    for (const [element, plot] of plots()) plot.setSize(size(element));
  }).observe(document.querySelector("main")!);
}
