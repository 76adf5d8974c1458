// What reports have in common: one HTML file that asks the network for nothing, its plots drawn by the
// script of page.ts from the data that stands in it.

import type { CheckpointLine } from "./checkpoints.ts";
import type { EsdBins, EsdFit } from "./esd.ts";
import { grouped } from "./numbers.ts";
import { notice, script, style } from "./generated/page.ts";

/** What computed the numbers. */
export interface ReportEngine {
  version: string;
  runtime: string;
  variant: string;
  threads: number;
}

/** What the page's script reads. */
export interface PageData {
  /** The longest spectrum. */
  ranks: number;
  panels: Panel[];
}

/** A plot in the element `id`. */
export type Panel = SpectrumPanel | HistogramPanel | LinesPanel | EsdPanel;

/** `color` names a custom property of the style sheet. */
export interface SpectrumPanel {
  id: string;
  spectra: { label: string; values: number[]; color: string; width: number; dash?: number[] }[];
  roundOff?: { below: number; label: string };
  mark?: { value: number; label: string };
}

export interface HistogramPanel {
  id: string;
  histogram: { values: number[]; label: string; color: string };
}

/** Over checkpoints. */
export interface LinesPanel {
  id: string;
  lines: { names: string[]; lines: CheckpointLine[]; label: string };
}

/** The spectrum of a layer, drawn when it comes into view. */
export interface EsdPanel {
  id: string;
  esd: { bins: EsdBins; fit: EsdFit };
}

export interface Document {
  title: string;
  /** HTML from <header> to the last <section>. */
  body: string;
  page: PageData;
  engine: ReportEngine;
  date: Date;
}

/** Digits of the plotted values: finer than a pixel at any zoom, and a quarter of the file's size saved. */
const PLOTTED_DIGITS = 7;

export const plotted = (values: ArrayLike<number>) => Array.from(values, (value) => Number(value.toPrecision(PLOTTED_DIGITS)));

/** The text of an HTML file. */
export function htmlDocument({ title, body, page, engine, date }: Document): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="eigenscope ${text(engine.version)}">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${text(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
${body}
<footer>
<p>eigenscope ${text(engine.version)} · ${text(engine.runtime)} · ${text(engine.variant)} · ${engine.threads} ${engine.threads === 1 ? "thread" : "threads"} · <time datetime="${date.toISOString()}">${date.toISOString().slice(0, 16).replace("T", " ")} UTC</time></p>
<p>Plots by ${text(notice.slice(0, notice.indexOf("\n")))} licence.</p>
</footer>
</main>
<script type="application/json" id="data">${JSON.stringify(page).replaceAll("<", "\\u003c")}</script>
<!--
${notice}
-->
<script>${script}</script>
</body>
</html>
`;
}

/** A box with the warnings, or nothing. */
export function warningBox(warnings: string[]): string {
  if (warnings.length === 0) return "";
  return `<div class="warnings" role="note"><strong>Note</strong><ul>${warnings.map((line) => `<li>${text(line)}</li>`).join("")}</ul></div>\n`;
}

/** Buttons that choose ranks, and what fingers and mouse do. */
export function rankTools(ranks: number): string {
  const button = (label: string, range: string, pressed = "") => `<button type="button" data-ranks="${range}"${pressed}>${label}</button>`;
  const group = ranks <= 200 ? "" : `<span class="group" role="group" aria-label="Ranks shown">${button("all ranks", `1:${ranks}`, ' aria-pressed="true"')}${
    button("largest 100", "1:100")}${button("smallest 100", `${ranks - 99}:${ranks}`)}</span>`;
  return `<div class="tools">
${group}
<span class="mouse">Drag to zoom, double-click for all.</span><span class="touch">Pinch to zoom, tap for values.</span>
</div>`;
}

/** A cell of the row of facts on top; `value` and `note` are HTML. */
export function fact(name: string, value: string, note: string): string {
  return `<div><dt>${name}</dt>\n<dd class="value number">${value}</dd>\n<dd class="note">${note}</dd></div>`;
}

export const shape = (rows: number, cols: number) => `<span class="number">${grouped(rows)} × ${grouped(cols)}</span>`;

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
export const text = (raw: string) => raw.replace(/[&<>"']/g, (c) => ENTITIES[c]!);
