// Principal components of rows of data.

import { OptionError, ShapeError } from "../errors.ts";
import { toMatrix, type Matrix, type MatrixLike, type MatrixLike64 } from "../linalg/matrix.ts";
import type { SvdResult } from "../linalg/svd.ts";
import { requireFinite } from "./finite.ts";

/** What computes the decomposition: an engine, or a core. */
export type SvdSolver =
  | { linalg: { svd(A: MatrixLike64): Promise<SvdResult<"f64">> } }
  | { svd(A: MatrixLike64): SvdResult<"f64"> };

export interface Pca {
  /** n×k: the centred rows along the components, (X − mean)·componentsᵀ. */
  scores: Matrix<Float64Array>;
  /** k×d, orthonormal rows, the direction of the largest variance first. */
  components: Matrix<Float64Array>;
  /** Of each column of X. */
  mean: Float64Array;
  /** The variance of each column of `scores`, σ²/(n − 1), descending. */
  explainedVariance: Float64Array;
}

/**
 * The k leading principal components of X (n×d), from the SVD of X minus the mean of its rows. The sign of each is
 * such that its entry of largest magnitude is positive, the rule of scikit-learn's PCA from 1.5 on.
 *
 * ```ts
 * const { scores } = await pca(es, X, 20); // es of createEngine, or la of createCore
 * ```
 *
 * ShapeError for fewer than two rows; OptionError for k not from 1 to min(n, d). Costs a full SVD, O(n·d·min(n, d)).
 */
export async function pca(solver: SvdSolver, X: MatrixLike, k: number): Promise<Pca> {
  const { data, rows, cols } = toMatrix("pca", "X", X);
  if (rows < 2) throw new ShapeError(`pca: X is ${rows}×${cols}, expected two rows and more`);
  const most = Math.min(rows, cols);
  if (!(Number.isInteger(k) && k >= 1 && k <= most)) {
    throw new OptionError(`pca: k is ${String(k)}, expected a whole number from 1 to ${most}`);
  }

  requireFinite({ data, cols }, "pca: X");

  const mean = new Float64Array(cols);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) mean[j]! += data[i * cols + j]! / rows;
  const A = { data: new Float64Array(data), rows, cols };
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) A.data[i * cols + j]! -= mean[j]!;
  const { u, s, vt } = await ("linalg" in solver ? solver.linalg.svd(A) : solver.svd(A));

  const components = { data: vt.data.slice(0, k * cols), rows: k, cols };
  const scores = { data: new Float64Array(rows * k), rows, cols: k };
  for (let c = 0; c < k; c++) {
    const row = components.data.subarray(c * cols, (c + 1) * cols);
    let largest = 0;
    for (let j = 1; j < cols; j++) if (Math.abs(row[j]!) > Math.abs(row[largest]!)) largest = j;
    const sign = row[largest]! < 0 ? -1 : 1;
    for (let j = 0; j < cols; j++) row[j]! *= sign;
    for (let i = 0; i < rows; i++) scores.data[i * k + c] = sign * u.data[i * u.cols + c]! * s[c]!;
  }
  return { scores, components, mean, explainedVariance: s.slice(0, k).map((x) => x ** 2 / (rows - 1)) };
}
