// What the rounding of a layer's weights does to its eigenvalues.
//
// Weights are made in f32, and rounded to what the file stores: W + E with |E| ≤ u·|W| entry by entry, and errors that are as good
// as independent of each other. Numbers that are f64 or whole are taken as they are.

import type { Matrix } from "../linalg/matrix.ts";
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
  const shorter = Math.min(rows, cols);
  const bound = (c: number) => (16 * F32 * Math.sqrt(shorter) + 5 * rounding * c) * largest; // c in units of σ
  if (rounding === 0 || spread === 0 || spread > bound(1)) return false;
  let weights = 0;
  for (let e = 0; e < data.length; e++) if (data[e] !== 0) weights++;
  return spread <= bound(Math.min(1, shorter / Math.sqrt(weights / matrices)));
}

/** No singular values are between what rounding can make of 0 and so many times that: those below are 0. */
const GAP = 8;

/**
 * Singular values of a matrix with 0 for those that E can have made of 0, in place.
 *
 * E has a norm of about u/√3·‖W‖_F·(1/√rows + 1/√cols), some times that where a few rows have most of W; 2·u, and 8 roundings of f32
 * arithmetic, stand for u/√3. That is below NumPy's rule of rank for the precision. Two things have to set them apart:
 * - A gap. In bf16 one in a hundred of a square matrix of noise is as small, in f8 one in six, and most where a few weights are
 *   much larger than all others.
 * - They are there at any scale. With rows of very different size (the filters of a convolution that have died, say) small singular values
 *   are as exact as large ones, since rounding is relative to each weight; but scaling rows and columns changes no rank. So the rank is that
 *   of the matrix with rows and columns of equal norms.
 */
export function withoutRounding(
  { rounding }: Layer, matrix: Matrix, sigma: Float64Array, svdvals: (A: Matrix) => Float64Array,
): Float64Array {
  const zeros = zerosOf(rounding, matrix, sigma);
  return zeros === 0 ? sigma : sigma.sort().fill(0, 0, Math.min(zeros, zerosOf(rounding, matrix, svdvals(equilibrated(matrix)))));
}

/** How many singular values of a matrix are no more than rounding, with a gap above. */
function zerosOf(rounding: number, { rows, cols }: Matrix, sigma: Float64Array): number {
  if (rounding === 0) return 0;
  const norm = Math.sqrt(sigma.reduce((sum, s) => sum + s * s, 0)); // of numbers in f32: their squares are f64
  const least = 2 * (rounding + 8 * F32) * norm * (1 / Math.sqrt(rows) + 1 / Math.sqrt(cols));
  const above = sigma.filter((s) => s > least);
  return above.every((s) => s > GAP * least) ? sigma.length - above.length : 0;
}

/** So often rows, then columns are divided by their norms: D₁·G·D₂ needs one turn, noise with heavy tails a few. */
const TURNS = 3;

function equilibrated({ data, rows, cols }: Matrix): Matrix {
  const numbers = Float64Array.from(data);
  const divide = (count: number, length: number, step: number, between: number) => {
    for (let v = 0, from = 0; v < count; v++, from += step) {
      let squares = 0;
      for (let k = 0, e = from; k < length; k++, e += between) squares += numbers[e]! ** 2;
      if (squares === 0) continue;
      for (let k = 0, e = from; k < length; k++, e += between) numbers[e]! /= Math.sqrt(squares);
    }
  };
  for (let turn = 0; turn < TURNS; turn++) {
    divide(rows, cols, cols, 1);
    divide(cols, rows, 1, cols);
  }
  return { data: numbers, rows, cols };
}
