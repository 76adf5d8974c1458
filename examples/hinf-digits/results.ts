// What a run has found so far, and the files that it can be saved as.

import type { EngineInfo, Matrix } from "eigenscope";
import { hinfReport, type HinfSummary } from "eigenscope/plot";
import type { Finding } from "./experiment.ts";
import type { Data } from "./messages.ts";

/** Eigenvalues, ascending. */
type Spectrum = Matrix["data"];

export interface Results {
  data: Pick<Data, "source" | "rows" | "cols">;
  /** The schedule of neurons; `samples` has the first of them. */
  sizes: number[];
  exact?: { summary: HinfSummary["exact"]; values: Spectrum };
  samples: { summary: HinfSummary["monteCarlo"][number]; values: Spectrum }[];
  gram?: { summary: HinfSummary["gram"]; values: Spectrum };
  rank: number;
  warnings: string[];
}

export function add(results: Results, finding: Finding): void {
  const { values } = finding as Exclude<Finding, { kind: "progress" }>;
  if (finding.kind === "sample") results.samples.push({ summary: finding.sample, values });
  if (finding.kind === "gram") results.gram = { summary: finding.gram, values };
  if (finding.kind === "exact") {
    results.exact = { summary: finding.exact, values };
    results.rank = finding.rank;
    results.warnings.push(...finding.warnings);
  }
}

/** As `eigenscope hinf --json` prints it. */
export function summaryOf({ data, exact, gram, samples, warnings }: Results, engine: EngineInfo): HinfSummary {
  const { version, runtime, variant, threads } = engine;
  return {
    data,
    engine: { version, runtime, variant, threads },
    gram: gram!.summary,
    exact: exact!.summary,
    monteCarlo: samples.map(({ summary }) => summary),
    warnings,
  };
}

export function reportOf(results: Results, engine: EngineInfo): string {
  const { gram, exact, samples } = results;
  return hinfReport(summaryOf(results, engine), {
    gram: gram!.values,
    exact: exact!.values,
    monteCarlo: samples.map(({ values }) => values),
  });
}

/** One column for each spectrum, the largest eigenvalue first. */
export function csvOf({ gram, exact, samples }: Results): string {
  const descending = (values: Spectrum) => values.slice().sort().reverse();
  const columns = [
    { name: "gram", values: descending(gram!.values) },
    { name: "exact", values: descending(exact!.values) },
    ...samples.map(({ summary, values }) => ({ name: `neurons_${summary.features}`, values: descending(values) })),
  ];
  const rows = columns[0]!.values.length;
  const lines = [["rank", ...columns.map(({ name }) => name)].join(",")];
  for (let k = 0; k < rows; k++) lines.push([k + 1, ...columns.map(({ values }) => values[k])].join(","));
  return `${lines.join("\n")}\n`;
}

export function save(name: string, type: string, content: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
