// What `eig`, `svd` and `kernel` print and write of the spectrum that they found.

import type { Engine } from "../engine.ts";
import { spectrumReport, type SpectrumSummary } from "../plot/spectrumReport.ts";
import { writeOutput } from "./files.ts";
import { bold } from "./output.ts";

export interface Spectrum {
  kind: SpectrumSummary["kind"];
  data: SpectrumSummary["data"];
  values: Float64Array;
  /** Which part of the spectrum, e.g. "the 10 largest"; undefined for all of it. */
  part?: string;
  residuals?: Float64Array;
  info: { method: string; converged: boolean };
  seconds: number;
  warnings: string[];
}

/** Writes the report if one is wanted; gives the text for stdout. */
export async function present(spectrum: Spectrum, es: Engine, given: { report?: string; json?: boolean }): Promise<string> {
  const { kind, data, values, part, residuals, info } = spectrum;
  const { rows, cols, source } = data;
  const warnings = [...spectrum.warnings];
  if (!info.converged) warnings.push(`not all of the ${kind} have converged: see the residuals`);
  if (given.report !== undefined) await writeOutput(given.report, spectrumReport({ ...spectrum, engine: es.info, warnings }));
  if (given.json) {
    const { variant, threads } = es.info;
    const shape = kind === "eigenvalues" ? { n: rows } : { rows, cols };
    const numbers = { values: [...values], ...(residuals && { residuals: [...residuals] }) };
    return `${JSON.stringify({ ...shape, ...numbers, info: { ...info, variant, threads, warnings } })}\n`;
  }
  const order = kind === "eigenvalues" ? "ascending" : "descending";
  const what = part === undefined ? "" : `: ${part} of ${Math.min(rows, cols)}`;
  const notes = [...warnings, `${values.length} ${kind} of ${source}, ${order}${what}`];
  return bold(notes.map((line) => `# ${line}\n`).join("")) + [...values].map((value) => `${value}\n`).join("");
}
