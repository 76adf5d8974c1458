// The report of H∞: one HTML file that asks the network for nothing, as the published figure (data Gram
// matrix above, H∞ below, logarithmic, over the rank) with the closed form and the numbers beside it.

import { digitsFor, grouped, roundDown, roundUp, significant, typeset } from "./numbers.ts";
import { notice, script, style } from "./generated/page.ts";

/** The result of `eigenscope hinf`, as its --json prints it. */
export interface HinfSummary {
  data: { rows: number; cols: number; source: string };
  engine: { version: string; runtime: string; variant: string; threads: number };
  gram: { lambdaMin: number; lambdaMax: number; rank: number };
  exact: {
    lambdaMin: number;
    lambdaMax: number;
    /** lowerBound ≤ λ_min(H∞) ≤ upperBound is proved. */
    lowerBound: number;
    upperBound: number;
    seconds: { matrix: number; spectrum: number; certificate: number };
  };
  monteCarlo: {
    features: number;
    seed: number;
    lambdaMin: number;
    lambdaMax: number;
    /** One-sided, 95 %, on λ_min(H∞). */
    upperConfidence: number;
    seconds: { matrix: number; spectrum: number };
  }[];
  warnings: string[];
}

/** All eigenvalues, in any order; `monteCarlo` in the order of the summary's. */
export interface HinfSpectra {
  gram: ArrayLike<number>;
  exact: ArrayLike<number>;
  monteCarlo: ArrayLike<number>[];
}

/** What the page's script reads. */
export interface PageData {
  ranks: number;
  panels: {
    id: string;
    /** `color` names a custom property of the style sheet. */
    spectra: { label: string; values: number[]; color: string; width: number; dash?: number[] }[];
    roundOff?: { below: number; label: string };
    mark?: { value: number; label: string };
  }[];
}

/** The shades of blue in the style sheet. */
const SHADES = 5;
/** Digits of the plotted values: finer than a pixel at any zoom, and a quarter of the file's size saved. */
const PLOTTED_DIGITS = 7;

export interface ReportOptions {
  date?: Date;
  /** Were the rows scaled to length 1? Default true. */
  normalized?: boolean;
}

/** The report as the text of an HTML file. */
export function htmlReport(summary: HinfSummary, spectra: HinfSpectra, { date = new Date(), normalized = true }: ReportOptions = {}): string {
  const { data, engine, gram, exact, monteCarlo, warnings } = summary;
  const n = data.rows;
  const below = n * Number.EPSILON * gram.lambdaMax;
  const negative = count(spectra.gram, (value) => value <= 0);
  const page: PageData = {
    ranks: n,
    panels: [
      {
        id: "gram",
        spectra: [{ label: "X Xᵀ", values: plotted(spectra.gram), color: "gram", width: 2 }],
        roundOff: gram.rank < n ? { below, label: `round-off: the rank is ${gram.rank}` } : undefined,
      },
      {
        id: "hinf",
        spectra: [
          ...monteCarlo.map(({ features }, k) => ({
            label: `${grouped(features)} neurons`,
            values: plotted(spectra.monteCarlo[k]!),
            color: `sample-${shade(k, monteCarlo.length)}`,
            width: 3,
          })),
          { label: "closed form", values: plotted(spectra.exact), color: "exact", width: 2.5, dash: [8, 6] },
        ],
        mark: { value: exact.lambdaMin, label: `certified minimum ${significant(exact.lambdaMin, 5)}` },
      },
    ],
  };
  const digits = digitsFor(exact.lowerBound, exact.upperBound);
  const lower = exact.lowerBound === 0 ? "0" : typeset(roundDown(exact.lowerBound, digits));
  const upper = exact.upperBound === 0 ? "0" : typeset(roundUp(exact.upperBound, digits));
  const rows = normalized ? "each row scaled to length 1" : "rows as given";
  const last = n > 200 ? [`${n - 99}:${n}`, "smallest 100"] : undefined;

  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="eigenscope ${text(engine.version)}">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>Spectrum of H∞: ${text(data.source)}</title>
<style>${style}</style>
</head>
<body>
<main>
<header>
<h1>The spectrum of <var>H</var><sup>∞</sup></h1>
<p class="lead">The Gram matrix of an infinitely wide one-hidden-layer ReLU network on
<strong>${text(data.source)}</strong>: <span class="number">${grouped(n)} × ${grouped(data.cols)}</span>, ${rows}.</p>
</header>

<dl class="facts">
<div><dt>Smallest eigenvalue of <var>H</var><sup>∞</sup></dt>
<dd class="value number">${significant(exact.lambdaMin, digits)}</dd>
<dd class="note">Certified, every rounding counted: <span class="number">${lower} ≤ λ<sub>min</sub></span> <span class="number">≤ ${upper}</span></dd></div>
<div><dt>Largest eigenvalue</dt>
<dd class="value number">${significant(exact.lambdaMax, 6)}</dd>
<dd class="note">Condition number <span class="number">${exact.lambdaMin > 0 ? significant(exact.lambdaMax / exact.lambdaMin, 3) : "∞"}</span></dd></div>
<div><dt>Rank of the data</dt>
<dd class="value number">${grouped(gram.rank)}</dd>
<dd class="note">of at most ${grouped(Math.min(n, data.cols))}</dd></div>
</dl>
${warnings.length ? `<div class="warnings" role="note"><strong>Note</strong><ul>${warnings.map((line) => `<li>${text(line)}</li>`).join("")}</ul></div>\n` : ""}
<div class="tools">
${last ? `<span class="group" role="group" aria-label="Ranks shown"><button type="button" data-ranks="1:${n}" aria-pressed="true">all ranks</button><button type="button" data-ranks="1:100">largest 100</button><button type="button" data-ranks="${last[0]}">${last[1]}</button></span>` : ""}
<span class="mouse">Drag to zoom, double-click for all.</span><span class="touch">Pinch to zoom, tap for values.</span>
</div>

<figure>
<figcaption><h2>Data Gram matrix <var>XX</var>ᵀ</h2>
<p>Eigenvalues, largest first, logarithmic.${negative ? ` ${grouped(negative)} of ${grouped(n)} are zero or negative by round-off and have no place on this axis.` : ""}</p></figcaption>
<div id="gram" class="plot" role="img" aria-label="Spectrum of the data Gram matrix: from ${significant(gram.lambdaMax, 6)} down, numerical rank ${gram.rank} of ${n}"></div>
</figure>
<figure>
<figcaption><h2>Extended feature Gram matrix <var>H</var><sup>∞</sup></h2>
<p>The same data seen through ReLU units: random ones${monteCarlo.length ? "" : " (none in this run)"}, and infinitely many in closed form.</p></figcaption>
<div id="hinf" class="plot" role="img" aria-label="Spectrum of H infinity in closed form: from ${significant(exact.lambdaMax, 6)} down to ${significant(exact.lambdaMin, 6)}"></div>
</figure>
<noscript><p>The plots need JavaScript; all numbers are in the table.</p></noscript>

<section>
<h2>Numbers</h2>
<table class="numbers">
<thead><tr><th scope="col">Matrix</th><th scope="col">λ<sub>min</sub></th><th scope="col">λ<sub>min</sub>(<var>H</var><sup>∞</sup>) is at most</th><th scope="col">λ<sub>max</sub></th><th scope="col">Matrix, s</th><th scope="col">Spectrum, s</th></tr></thead>
<tbody>
${tableRow("", "<var>XX</var>ᵀ", gram.rank < n ? `0 <small>(rank ${gram.rank})</small>` : significant(gram.lambdaMin, 7), "–", significant(gram.lambdaMax, 7), "–", "–")}
${monteCarlo.map((m) => tableRow("", `${grouped(m.features)} neurons`, significant(m.lambdaMin, 7), Number.isFinite(m.upperConfidence) ? `${typeset(roundUp(m.upperConfidence, 5))} <small>(95 %)</small>` : "–", significant(m.lambdaMax, 7), seconds(m.seconds.matrix), seconds(m.seconds.spectrum))).join("\n")}
${tableRow("exact", "closed form", significant(exact.lambdaMin, 7), `${upper} <small>(proved)</small>`, significant(exact.lambdaMax, 7), seconds(exact.seconds.matrix), seconds(exact.seconds.spectrum))}
</tbody>
</table>
<p class="lead">The certificate took ${seconds(exact.seconds.certificate)} s.${monteCarlo.length ? ` Weights: NumPy's RandomState(${monteCarlo[0]!.seed}).` : ""}</p>
</section>

<section>
<h2>What this says</h2>
<p class="formula"><var>H</var><sup>∞</sup><sub>ij</sub> = E<sub><var>w</var></sub> [ <var>x</var><sub>i</sub>·<var>x</var><sub>j</sub> 1(<var>w</var>·<var>x</var><sub>i</sub> &gt; 0) 1(<var>w</var>·<var>x</var><sub>j</sub> &gt; 0) ]
= <var>x</var><sub>i</sub>·<var>x</var><sub>j</sub> (π − θ<sub>ij</sub>) / 2π, &nbsp;<var>w</var> ~ N(0, I), &nbsp;θ<sub>ij</sub> the angle between <var>x</var><sub>i</sub> and <var>x</var><sub>j</sub></p>
<p>If λ<sub>min</sub>(<var>H</var><sup>∞</sup>) &gt; 0, gradient descent drives the training loss of a wide enough network to zero, at a rate
that this eigenvalue sets (Du, Zhai, Póczos and Singh 2018).</p>
<p>With <var>m</var> random neurons the expectation is an average, and its smallest eigenvalue a noisy estimate that is too small
on average. The 95 % limit comes from the same neurons along one fixed direction; the interval at the top is a proof.</p>
</section>

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

function tableRow(kind: string, name: string, ...cells: string[]): string {
  const labels = ["λ min", "λ min(H∞) at most", "λ max", "matrix, s", "spectrum, s"];
  return `<tr class="${kind}"><th scope="row">${name}</th>${cells.map((cell, k) => `<td${cell === "–" ? ' class="none"' : ""} data-label="${labels[k]}"><span>${cell}</span></td>`).join("")}</tr>`;
}

const plotted = (values: ArrayLike<number>) => Array.from(values, (value) => Number(value.toPrecision(PLOTTED_DIGITS)));

const shade = (k: number, of: number) => (of === 1 ? SHADES - 1 : Math.round((k * (SHADES - 1)) / (of - 1)));

function count(values: ArrayLike<number>, test: (value: number) => boolean): number {
  let found = 0;
  for (let k = 0; k < values.length; k++) if (test(values[k]!)) found++;
  return found;
}

const seconds = (s: number) => (s < 10 ? s.toFixed(2) : s.toFixed(1));

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const text = (raw: string) => raw.replace(/[&<>"']/g, (c) => ENTITIES[c]!);
