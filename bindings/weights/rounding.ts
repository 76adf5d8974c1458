// What the rounding of a layer's weights does to its eigenvalues.
//
// Weights are made in f32, and rounded to what the file stores: W + E with |E| ≤ u·|W| entry by entry, and errors that are as good
// as independent of each other. Numbers that are f64 or whole are taken as they are.

import type { Spectrum } from "./esd.ts";
import type { Layer } from "./layers.ts";

const F32 = 2 ** -24;

/**
 * Whether the eigenvalues that are not 0 are equal but for the rounding of the weights: an orthogonal layer has no tail.
 *
 * Of a layer with equal singular values σ they differ by up to 16·2⁻²⁴·√min(rows, cols)·σ², since it was made in f32 (its error of
 * orthogonality is some √n·2⁻²³), and 5·u·c·σ by its entries' rounding: E·Wᵀ + W·Eᵀ is then a Wigner matrix with edges
 * ±2·√(2/3)·u·c·σ, c the length of the vectors along the shorter side, σ·√(min/max) where no weight is 0. (On a diagonal it is
 * 4·u·σ², of a cosine transform, which has few values, nearly that.)
 * Those of noise differ by no less than √(min/max)·λ_max: it is never taken for flat.
 */
export function isFlat({ data, rounding }: Layer, { rows, cols, matrices, eigenvalues, zeros }: Spectrum): boolean {
  const largest = eigenvalues.at(-1)!;
  const spread = largest - (eigenvalues[zeros] ?? 0);
  if (rounding === 0 || spread === 0) return false;
  let weights = 0;
  for (let e = 0; e < data.length; e++) if (data[e] !== 0) weights++;
  const shorter = Math.min(rows, cols);
  const c = Math.min(1, shorter / Math.sqrt(weights / matrices)); // in units of σ
  return spread <= (16 * F32 * Math.sqrt(shorter) + 5 * rounding * c) * largest;
}

/** No singular values are between what rounding can make of 0 and so many times that: those below are 0. */
const GAP = 8;

/**
 * Singular values of a matrix, or of the frequencies of one, with 0 for those that E can have made of 0, where a gap sets them apart.
 * E has a norm of about u/√3·‖W‖_F·(1/√rows + 1/√cols), some times that where a few rows have most of W; 2·u, and 8 roundings of f32
 * arithmetic, stand for u/√3. That is below NumPy's rule of rank for the precision. Without a gap they are left as they are: in bf16
 * one in a hundred of a square matrix of noise is as small, in f8 one in six, and most where a few weights are much larger than all others.
 */
export function withoutRounding({ rounding }: Layer, rows: number, cols: number, sigma: Float64Array): Float64Array {
  if (rounding === 0) return sigma;
  const most = sigma.reduce((a, b) => Math.max(a, b), 0);
  const squares = sigma.reduce((sum, s) => sum + (s / (most || 1)) ** 2, 0) * (Math.min(rows, cols) / sigma.length);
  const least = 2 * (rounding + 8 * F32) * most * Math.sqrt(squares) * (1 / Math.sqrt(rows) + 1 / Math.sqrt(cols));
  const next = sigma.reduce((a, b) => (b > least ? Math.min(a, b) : a), Infinity);
  return next > GAP * least ? sigma.map((s) => (s <= least ? 0 : s)) : sigma;
}
