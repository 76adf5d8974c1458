// What the tail of a layer's spectrum says of its training.
//
// Based on: Martin & Mahoney, "Implicit self-regularization in deep neural networks", JMLR 22 (2021), and the
// phenomenology of deep_data_profiler's SpectralAnalysis.

export { marchenkoPasturCdf, marchenkoPasturPdf } from "./marchenkoPasturLaw.ts";

/** The exponent of heavy-tailed entries that would give a spectrum with tail exponent α: μ = 2·(α − 1). */
export const mu = (alpha: number): number => 2 * (alpha - 1);

/** The class of a layer by μ: up to 4 (α ≤ 3), below 7 (α < 4.5), and all else, a fit that failed among it. */
export type Verdict =
  | "regularized and good performance on a test set"
  | "somewhat well regularized and likely has good performance on a test set"
  | "very likely not trained and not regularized";

export function verdict(alpha: number | null): Verdict {
  const m = alpha === null ? NaN : mu(alpha);
  if (m >= 0 && m <= 4) return "regularized and good performance on a test set";
  if (m > 4 && m < 7) return "somewhat well regularized and likely has good performance on a test set";
  return "very likely not trained and not regularized";
}

/** (1/L)·Σ αₗ·ln λ_max,ₗ over the layers that have an α, and the same with log₁₀; null without one. */
export function universalMetric(layers: readonly { alpha: number | null; lambdaMax: number }[]): { ln: number | null; log10: number | null } {
  const fitted = layers.filter((layer) => layer.alpha !== null && layer.lambdaMax > 0) as { alpha: number; lambdaMax: number }[];
  if (fitted.length === 0) return { ln: null, log10: null };
  const mean = (log: (x: number) => number) => fitted.reduce((sum, { alpha, lambdaMax }) => sum + alpha * log(lambdaMax), 0) / fitted.length;
  return { ln: mean(Math.log), log10: mean(Math.log10) };
}

/** WeightWatcher's words for α below 2 and above 6. */
export type Training = "over-trained" | "under-trained";

/** WeightWatcher's warning; null for α from 2 to 6, and without α. */
export function training(alpha: number | null): Training | null {
  if (alpha === null || (alpha >= 2 && alpha <= 6)) return null;
  return alpha < 2 ? "over-trained" : "under-trained";
}
