// The report of one spectrum: eigenvalues of a symmetric matrix, or singular values of any.

import { fact, htmlDocument, plotted, rankTools, shape, text, warningBox, type Panel, type ReportEngine } from "./document.ts";
import { grouped, significant } from "./numbers.ts";

/** The result of `eigenscope eig` or `eigenscope svd`. */
export interface SpectrumSummary {
  kind: "eigenvalues" | "singular values";
  data: { rows: number; cols: number; source: string };
  engine: ReportEngine;
  /** What is known of the spectrum: all of it, or a part. */
  values: ArrayLike<number>;
  /** Which part, e.g. "the 10 largest"; undefined for all. */
  part?: string;
  /** Of the values, where they come with any. */
  residuals?: ArrayLike<number>;
  info: { method: string; converged: boolean };
  seconds: number;
  warnings: string[];
}

/** Values listed at each end of the spectrum. */
const LISTED = 10;

/** The report as the text of an HTML file. */
export function spectrumReport(summary: SpectrumSummary, { date = new Date() }: { date?: Date } = {}): string {
  const { kind, data, engine, part, residuals, info, seconds } = summary;
  const singular = kind === "singular values";
  const { rows, cols, source } = data;
  const values = Float64Array.from(summary.values).sort().reverse();
  const count = values.length;
  const size = largestOf(values);
  const cutoff = Math.max(rows, cols) * Number.EPSILON * size;
  const rank = values.filter((x) => Math.abs(x) > cutoff).length;
  const positive = values.filter((x) => x > 0);
  const negative = values.filter((x) => x < 0).map((x) => -x);
  const name = singular ? "Singular values" : "Eigenvalues";
  const symbol = singular ? "σ" : "λ";

  const panels: Panel[] = [{
    id: "spectrum",
    spectra: [
      { label: singular ? "σ" : "λ", values: plotted(positive), color: "exact", width: 2.5 },
      ...(negative.length ? [{ label: "−λ, where λ < 0", values: plotted(negative), color: "gram", width: 2, dash: [6, 5] }] : []),
    ],
    roundOff: part === undefined && rank < count ? { below: cutoff, label: `round-off: the rank is ${rank}` } : undefined,
  }];
  if (part === undefined && count > 1) panels.push({ id: "histogram", histogram: { values: plotted(values), label: kind, color: "exact" } });
  const ranks = Math.max(positive.length, negative.length, 1);

  const smallest = values.reduce((least, x) => (Math.abs(x) < Math.abs(least) ? x : least), values[0] ?? 0);
  const whole = [
    fact(`Largest ${symbol}`, significant(values[0] ?? 0, 7), `${grouped(count)} ${kind} in all`),
    fact(singular ? "Smallest σ" : "Smallest λ", significant(values.at(-1) ?? 0, 7), singular || negative.length === 0
      ? `Condition number <span class="number">${Math.abs(smallest) > cutoff ? significant(size / Math.abs(smallest), 3) : "over 1/(n·eps)"}</span>`
      : `${grouped(negative.filter((x) => x > cutoff).length)} negative beyond round-off`),
    fact("Numerical rank", grouped(rank), `above max(m, n)·eps·max|${symbol}|, of at most ${grouped(Math.min(rows, cols))}`),
  ];
  const some = [
    fact(`Largest of these`, significant(values[0] ?? 0, 9), `${grouped(count)} of ${grouped(Math.min(rows, cols))} ${kind}`),
    fact("Smallest of these", significant(values.at(-1) ?? 0, 9), info.converged ? "converged" : "not all have converged"),
    fact("Largest residual", residuals?.length ? significant(largestOf(residuals), 2) : "–", residuals?.length ? `a ${kind.slice(0, -1)} lies within it of each value` : "none is known for this method"),
  ];

  const body = `<header>
<h1>${name}</h1>
<p class="lead">${part === undefined ? "All of them" : text(part[0]!.toUpperCase() + part.slice(1))}, of <strong>${text(source)}</strong>: ${shape(rows, cols)}.</p>
</header>

<dl class="facts">
${(part === undefined ? whole : some).join("\n")}
</dl>
${warningBox(summary.warnings)}${rankTools(ranks)}

<figure>
<figcaption><h2>Spectrum</h2>
<p>${name}, largest first, logarithmic.${negative.length ? " Negative ones by their size, dashed." : ""}</p></figcaption>
<div id="spectrum" class="plot" role="img" aria-label="${name} from ${significant(values[0] ?? 0, 6)} down to ${significant(values.at(-1) ?? 0, 6)}"></div>
</figure>
${panels.length > 1 ? `<figure>
<figcaption><h2>Histogram</h2>
<p>How many ${kind} lie where.</p></figcaption>
<div id="histogram" class="plot" role="img" aria-label="Histogram of the ${kind}"></div>
</figure>
` : ""}<noscript><p>The plots need JavaScript; the ends of the spectrum are in the table.</p></noscript>

<section>
<h2>Numbers</h2>
<table class="numbers">
<thead><tr><th scope="col">Rank</th><th scope="col">${singular ? "Singular value" : "Eigenvalue"}</th></tr></thead>
<tbody>
${tableRows(values).join("\n")}
</tbody>
</table>
<p class="lead">${text(info.method)}, ${seconds.toFixed(2)} s.</p>
</section>
`;
  return htmlDocument({ title: `${name}: ${source}`, body, page: { ranks, panels }, engine, date });
}

/** The first and last values, with a gap where some are left out. */
function tableRows(values: Float64Array): string[] {
  const row = (k: number) => `<tr><th scope="row">${grouped(k + 1)}</th><td data-label="value"><span>${significant(values[k]!, 9)}</span></td></tr>`;
  const ranks = Array.from(values, (_, k) => k);
  if (values.length <= 2 * LISTED) return ranks.map(row);
  return [...ranks.slice(0, LISTED).map(row), `<tr><th scope="row">…</th><td class="none">–</td></tr>`, ...ranks.slice(-LISTED).map(row)];
}

function largestOf(values: ArrayLike<number>): number {
  let largest = 0;
  for (let k = 0; k < values.length; k++) largest = Math.max(largest, Math.abs(values[k]!));
  return largest;
}
