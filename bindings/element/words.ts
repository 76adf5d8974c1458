// A result in words and lines: what the element says and what it draws. `_min` stands for a subscript.

import { digitsFor, grouped, roundDown, roundUp, significant, typeset } from "../plot/numbers.ts";
import type { SpectrumResult } from "./compute.ts";
import type { SpectrumKind } from "./settings.ts";

export interface Line {
  label: string;
  values: ArrayLike<number>;
  /** A color of the style sheet. */
  color: "line" | "second";
  dash?: number[];
}

export interface Drawing {
  lines: Line[];
  scale: "log" | "linear";
  mark?: { value: number; label: string };
  roundOff?: { below: number; label: string };
  /** The one thing to know. */
  headline: string;
  facts: string[];
  warnings: readonly string[];
  /** For who can't see the plot. */
  alternative: string;
}

const TITLES: Record<SpectrumKind, string> = {
  hinf: "The spectrum of H∞",
  gram: "The spectrum of X·Xᵀ",
  eig: "Eigenvalues",
  svd: "Singular values",
};

export const titleOf = (kind: string | null) => TITLES[kind as SpectrumKind] ?? "Spectrum";

export function draw(result: SpectrumResult, scale: "log" | "linear"): Drawing {
  const { kind, rows, cols, unitRows, values, rank, certificate, monteCarlo, warnings, seconds } = result;
  const singular = kind === "svd";
  const [smallest, largest] = singular ? [values.at(-1)!, values[0]!] : [values[0]!, values.at(-1)!];
  const symbol = singular ? "σ" : "λ";
  const negative = scale === "log" && kind === "eig" ? values.filter((value) => value < 0).map((value) => -value) : [];
  const lines: Line[] = [];
  if (monteCarlo) lines.push({ label: neurons(monteCarlo.features), values: monteCarlo.values, color: "second" });
  lines.push({ label: kind === "hinf" ? (monteCarlo ? "closed form" : "λ") : symbol, values, color: "line", ...(monteCarlo && { dash: [8, 6] }) });
  if (negative.length) lines.push({ label: "−λ, where λ < 0", values: negative, color: "second", dash: [6, 5] });

  const deficient = rank < values.length;
  const span = deficient && kind !== "eig" ? `${symbol}_max = ${significant(largest, 6)}` : `${symbol} from ${significant(smallest, 6)} to ${significant(largest, 6)}`;
  const headline = certificate ? interval(certificate) : `${span}${deficient ? `, rank ${grouped(rank)} of ${grouped(values.length)}` : ""}`;
  const facts = [];
  if (certificate) facts.push(`proved, every rounding counted; λ_max ${significant(largest, 6)}`);
  if (monteCarlo) {
    const limit = Number.isFinite(monteCarlo.upperConfidence) ? `, which says λ_min(H∞) ≤ ${typeset(roundUp(monteCarlo.upperConfidence, 5))} (95 %)` : "";
    facts.push(`${neurons(monteCarlo.features)}: λ_min ${significant(monteCarlo.values[0]!, 5)}${limit}`);
  }
  const treated = unitRows ? ", each row scaled to length 1" : kind === "hinf" || kind === "gram" ? ", rows as given" : "";
  facts.push(`${grouped(rows)} × ${grouped(cols)}${treated}; ${seconds.toFixed(2)} s`);
  const size = Math.max(Math.abs(largest), Math.abs(smallest));
  return {
    lines,
    scale,
    mark: certificate && certificate.lambdaMin > 0 ? { value: certificate.lambdaMin, label: `certified minimum ${significant(certificate.lambdaMin, 5)}` } : undefined,
    roundOff: scale === "log" && kind !== "hinf" && deficient
      ? { below: (singular ? Math.max(rows, cols) : rows) * Number.EPSILON * size, label: `round-off: the rank is ${grouped(rank)}` }
      : undefined,
    headline,
    facts,
    warnings,
    alternative: `${grouped(values.length)} ${singular ? "singular values" : "eigenvalues"} from ${significant(largest, 6)} down to ${significant(smallest, 6)}, on a ${scale === "log" ? "logarithmic" : "linear"} axis over their rank; ${plain(headline)}`,
  };
}

/** lower ≤ λ_min ≤ upper with the digits that show them apart, rounded outward. */
function interval({ lower, upper }: NonNullable<SpectrumResult["certificate"]>): string {
  if (upper === 0) return "λ_min(H∞) = 0";
  const digits = digitsFor(lower, upper);
  return `${lower === 0 ? "0" : typeset(roundDown(lower, digits))} ≤ λ_min(H∞) ≤ ${typeset(roundUp(upper, digits))}`;
}

const neurons = (m: number) => `${grouped(m)} ${m === 1 ? "neuron" : "neurons"}`;

/** Without marks of subscripts. */
const plain = (text: string) => text.replaceAll("_", " ");
