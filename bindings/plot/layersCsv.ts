// Layers as a table for spreadsheets and data frames.

import type { ReportedModel } from "./weightsReport.ts";

const COLUMNS = [
  "name", "kind", "shape", "rows", "cols", "matrices", "Q", "alpha", "sigma", "xmin", "D", "nTail", "lambdaMax", "lambdaMin", "stableRank", "count", "rank",
  "entropy", "logNorm", "logSpectralNorm", "alphaWeighted", "logAlphaNorm", "spikes", "mpSoftRank", "mu", "verdict", "training", "reason", "warnings",
] as const;

/** Of a bootstrap. */
const RESAMPLED = ["p", "alphaLower", "alphaUpper", "xminLower", "xminUpper"];
/** Of the comparison of laws. */
const BEST = "bestLaw";
/** Of the permuted entries. */
const PERMUTED = ["randomizedDistance", "randomizedLambdaMax", "randomizedSpikes"];

/**
 * One row a layer, of one model or several, under a header: `file`, `layer` (from 1 on) and what a LayerReport says. As in
 * RFC 4180: commas, CRLF, quotes around what needs them; what is not known is empty, as is what a
 * bootstrap, a comparison of laws or the permuted entries would say where there was none. Numbers have all their digits; a name
 * that a spreadsheet would take for a formula has an apostrophe before it.
 */
export function layersCsv(models: readonly Pick<ReportedModel, "file" | "layers">[]): string {
  const rows = models.flatMap(({ file, layers }) => layers.map((layer, l) => {
    const values = layer as unknown as Record<string, unknown>;
    const { p, alpha, xmin } = layer.bootstrap ?? {};
    const resampled = [p, ...(alpha?.interval ?? ["", ""]), ...(xmin?.interval ?? ["", ""])];
    const { distance, lambdaMax, spikes } = layer.randomized ?? {};
    return [file, l + 1, ...COLUMNS.map((column) => values[column]), ...resampled, layer.alternatives?.best, distance, lambdaMax, spikes];
  }));
  return [["file", "layer", ...COLUMNS, ...RESAMPLED, BEST, ...PERMUTED], ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

function cell(value: unknown): string {
  if (value === null || value === undefined || (typeof value === "number" && Number.isNaN(value))) return "";
  let text = Array.isArray(value) ? value.join(typeof value[0] === "number" ? "x" : "; ") : String(value);
  // of a name, which anybody may have given, a spreadsheet would make a formula
  if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
