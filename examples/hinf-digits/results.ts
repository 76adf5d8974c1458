// What a run has found so far, and the files that it can be saved as.

import type { EngineInfo, Matrix } from "eigenscope";
import { hinfReport, type HinfSummary } from "eigenscope/plot";
import type { Finding } from "./experiment.ts";
import type { Data } from "./messages.ts";

/** Eigenvalues, ascending. */
type Spectrum = Matrix["data"];

type Certificate = Extract<Finding, { kind: "certificate" }>;

export interface Results {
  data: Pick<Data, "source" | "rows" | "cols">;
  /** The schedule of neurons; `samples` has the first of them. */
  sizes: number[];
  certificate?: Certificate;
  exact?: Extract<Finding, { kind: "exact" }>;
  samples: { summary: HinfSummary["monteCarlo"][number]; values: Spectrum }[];
  gram?: Spectrum;
  warnings: string[];
}

export function add(results: Results, finding: Exclude<Finding, { kind: "progress" }>): void {
  if (finding.kind === "sample") results.samples.push({ summary: finding.sample, values: finding.values });
  else if (finding.kind === "gram") results.gram = finding.values;
  else if (finding.kind === "exact") results.exact = finding;
  else {
    results.certificate = finding;
    results.warnings.push(...finding.warnings);
  }
}

/** Of a run that is done, as `eigenscope hinf --json` prints it. */
export function summaryOf({ data, certificate, exact, gram, samples, warnings }: Results, engine: EngineInfo): HinfSummary {
  const { version, runtime, variant, threads } = engine;
  const { lambdaMin, lower, upper, rank, seconds } = certificate!;
  return {
    data,
    engine: { version, runtime, variant, threads },
    gram: { lambdaMin: gram!.at(0)!, lambdaMax: gram!.at(-1)!, rank },
    exact: {
      lambdaMin,
      lambdaMax: exact!.values.at(-1)!,
      lowerBound: lower,
      upperBound: upper,
      seconds: { ...exact!.seconds, certificate: seconds },
    },
    monteCarlo: samples.map(({ summary }) => summary),
    warnings,
  };
}

export function reportOf(results: Results, engine: EngineInfo): string {
  const { gram, exact, samples } = results;
  return hinfReport(summaryOf(results, engine), {
    gram: gram!,
    exact: exact!.values,
    monteCarlo: samples.map(({ values }) => values),
  });
}

/** One column for each spectrum, the largest eigenvalue first. */
export function csvOf({ gram, exact, samples }: Results): string {
  const descending = (values: Spectrum) => values.slice().sort().reverse();
  const columns = [
    { name: "gram", values: descending(gram!) },
    { name: "exact", values: descending(exact!.values) },
    ...samples.map(({ summary, values }) => ({ name: `neurons_${summary.features}`, values: descending(values) })),
  ];
  const rows = columns[0]!.values.length;
  const lines = [["rank", ...columns.map(({ name }) => name)].join(",")];
  for (let k = 0; k < rows; k++) lines.push([k + 1, ...columns.map(({ values }) => values[k])].join(","));
  return `${lines.join("\n")}\n`;
}
