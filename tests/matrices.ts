// Seeded matrices whose spectra are known, for every decomposition's tests.

import { matrix, type Matrix } from "../bindings/linalg/matrix.ts";
import { numbers } from "./harness.ts";

type Dense = Matrix<Float64Array>;

/** Aᵀ. */
export function transposed({ rows, cols, data }: Matrix): Dense {
  const T = matrix(cols, rows);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) T.data[j * rows + i] = data[i * cols + j]!;
  return T;
}

/** The m×n matrix with these entries. */
export function fill(m: number, n: number, entry: (i: number, j: number) => number): Dense {
  const A = matrix(m, n);
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) A.data[i * n + j] = entry(i, j);
  return A;
}

/** A := H·A for a seeded reflection H of the rows. */
function reflectRows(A: Dense, seed: number): void {
  const { rows, cols, data } = A;
  const v = numbers(rows, seed);
  const beta = 2 / v.reduce((sum, x) => sum + x * x, 0);
  const y = new Float64Array(cols);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) y[j]! += v[i]! * data[i * cols + j]!;
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) data[i * cols + j]! -= beta * v[i]! * y[j]!;
}

/** A dense m×n matrix with the singular values sigma (min(m, n) of them), to within a few m·eps·max|sigma|. */
export function withSingularValues(m: number, n: number, sigma: ArrayLike<number>, seed: number): Dense {
  let A = fill(m, n, (i, j) => (i === j ? sigma[i]! : 0));
  for (let r = 0; r < 3; r++) {
    reflectRows(A, seed + 2 * r);
    const T = transposed(A);
    reflectRows(T, seed + 2 * r + 1);
    A = transposed(T);
  }
  return A;
}

/** n numbers from 1 down to 10^−decades, geometrically. */
export function graded(n: number, decades: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => 10 ** (-decades * (n > 1 ? i / (n - 1) : 0)));
}

/** The Hilbert matrix. */
export const hilbert = (n: number) => fill(n, n, (i, j) => 1 / (i + j + 1));

/** The symmetric matrix with these entries, i ≤ j. */
export function symmetric(n: number, entry: (i: number, j: number) => number): Dense {
  const A = matrix(n, n);
  for (let i = 0; i < n; i++) for (let j = i; j < n; j++) A.data[i * n + j] = A.data[j * n + i] = entry(i, j);
  return A;
}

export const diagonal = (d: ArrayLike<number>) => symmetric(d.length, (i, j) => (i === j ? d[i]! : 0));

/** A dense matrix with the eigenvalues d, to within a few n·eps·max|d|: reflections of a diagonal one. */
export function withEigenvalues(d: ArrayLike<number>, seed: number): Dense {
  const n = d.length;
  let A = diagonal(d);
  for (let r = 0; r < 3; r++) {
    const v = numbers(n, seed + r);
    const beta = 2 / v.reduce((sum, x) => sum + x * x, 0);
    const y = v.map((_, i) => v.reduce((sum, x, j) => sum + beta * A.data[i * n + j]! * x, 0));
    const half = (beta / 2) * v.reduce((sum, x, i) => sum + x * y[i]!, 0);
    const w = y.map((x, i) => x - half * v[i]!);
    const old = A;
    A = symmetric(n, (i, j) => old.data[i * n + j]! - v[i]! * w[j]! - w[i]! * v[j]!);
  }
  return A;
}

/** A⁻¹·B by elimination with row exchanges. */
export function eliminate(A: Dense, B: Dense): Dense {
  const { rows: n } = A;
  const { cols: L } = B;
  const a = A.data.slice();
  const x = B.data.slice();
  for (let k = 0; k < n; k++) {
    let p = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(a[i * n + k]!) > Math.abs(a[p * n + k]!)) p = i;
    for (const [array, cols] of [[a, n], [x, L]] as const) {
      const row = array.slice(p * cols, (p + 1) * cols);
      array.copyWithin(p * cols, k * cols, (k + 1) * cols);
      array.set(row, k * cols);
    }
    for (let i = 0; i < n; i++) {
      if (i === k) continue;
      const factor = a[i * n + k]! / a[k * n + k]!;
      for (let j = k; j < n; j++) a[i * n + j]! -= factor * a[k * n + j]!;
      for (let j = 0; j < L; j++) x[i * L + j]! -= factor * x[k * L + j]!;
    }
  }
  return fill(n, L, (i, j) => x[i * L + j]! / a[i * n + i]!);
}
