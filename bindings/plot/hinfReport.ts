// The report of H∞: as the published figure (data Gram matrix above, H∞ below, logarithmic, over the
// rank) with the closed form and the numbers beside it.

import { fact, htmlDocument, plotted, rankTools, shape, text, warningBox, type PageData, type ReportEngine } from "./document.ts";
import { digitsFor, grouped, roundDown, roundUp, significant, typeset } from "./numbers.ts";

/** The result of `eigenscope hinf`, as its --json prints it. */
export interface HinfSummary {
  data: { rows: number; cols: number; source: string };
  engine: ReportEngine;
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

/** The shades of blue in the style sheet. */
const SHADES = 5;

export interface ReportOptions {
  date?: Date;
  /** Were the rows scaled to length 1? Default true. */
  normalized?: boolean;
}

/** The report as the text of an HTML file. */
export function hinfReport(summary: HinfSummary, spectra: HinfSpectra, { date = new Date(), normalized = true }: ReportOptions = {}): string {
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
  const condition = exact.lambdaMin > 0 ? significant(exact.lambdaMax / exact.lambdaMin, 3) : "∞";

  const body = `<header>
<h1>The spectrum of <var>H</var><sup>∞</sup></h1>
<p class="lead">The Gram matrix of an infinitely wide one-hidden-layer ReLU network on
<strong>${text(data.source)}</strong>: ${shape(n, data.cols)}, ${rows}.</p>
</header>

<dl class="facts">
${fact("Smallest eigenvalue of <var>H</var><sup>∞</sup>", significant(exact.lambdaMin, digits), `Certified, every rounding counted: <span class="number">${lower} ≤ λ<sub>min</sub></span> <span class="number">≤ ${upper}</span>`)}
${fact("Largest eigenvalue", significant(exact.lambdaMax, 6), `Condition number <span class="number">${condition}</span>`)}
${fact("Rank of the data", grouped(gram.rank), `of at most ${grouped(Math.min(n, data.cols))}`)}
</dl>
${warningBox(warnings)}${rankTools(n)}

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
`;
  return htmlDocument({ title: `Spectrum of H∞: ${data.source}`, body, page, engine, date });
}

function tableRow(kind: string, name: string, ...cells: string[]): string {
  const labels = ["λ min", "λ min(H∞) at most", "λ max", "matrix, s", "spectrum, s"];
  return `<tr class="${kind}"><th scope="row">${name}</th>${cells.map((cell, k) => `<td${cell === "–" ? ' class="none"' : ""} data-label="${labels[k]}"><span>${cell}</span></td>`).join("")}</tr>`;
}

const shade = (k: number, of: number) => (of === 1 ? SHADES - 1 : Math.round((k * (SHADES - 1)) / (of - 1)));

function count(values: ArrayLike<number>, test: (value: number) => boolean): number {
  let found = 0;
  for (let k = 0; k < values.length; k++) if (test(values[k]!)) found++;
  return found;
}

const seconds = (s: number) => (s < 10 ? s.toFixed(2) : s.toFixed(1));
