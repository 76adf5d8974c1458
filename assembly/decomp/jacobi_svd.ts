// The singular value decomposition by one-sided Jacobi, small singular values accurately.
//
// Based on: Drmač & Veselić, New fast and accurate Jacobi SVD algorithm I, II, 2008.
//
//   A·P = Q·R           QR with column pivoting, A tall, or else its transpose
//   Wᵀ·R·Pᵀ = Σ·Yᵀ      one-sided Jacobi on the rows of R, which are graded by the pivoting
//   A = (Q·W)·Σ·Yᵀ      W gathers the rotations, Y is the rows over their norms
//
// A = B·D with any diagonal D gives singular values with errors relative to themselves of the order
// n·u·κ(B). Columns are kept in scales of their own (powers of two), so that D may reach from 1e300 to
// 1e-300. Of a square matrix the side that is graded more counts as columns.

import { largest_abs } from "../blas/level1";
import { transpose } from "../blas/transpose";
import { apply_reflectors, complete_rows, complete_rows_work, pivoted_qr } from "./jacobi_qr";
import { orthogonalise_rows, orthogonalise_rows_work } from "./jacobi";
import { precondition_rows, precondition_rows_work } from "./jacobi_precondition";
import { rows_to_columns, rows_to_rows, sort_ascending } from "./jacobi_order";
import { exponent_of, normalise, scaled } from "./scaling";

/** What is asked for: singular values, thin or full matrices of vectors. */
const enum Want { VALUES, THIN, FULL }

// @ts-ignore: decorator
@inline
function up8(n: i32): i32 {
  return (n + 7) & ~7;
}

/** The difference of the largest and the smallest exponent of rows that are not zero: how much they are graded. */
function spread(rows: i32, cols: i32, x: usize, ldx: i32): i32 {
  let low = i32.MAX_VALUE;
  let high = i32.MIN_VALUE;
  for (let i = 0; i < rows; i++) {
    const largest = largest_abs<f64>(cols, x + (usize(i) * ldx << 3));
    if (largest == 0) continue;
    low = min(low, exponent_of(largest));
    high = max(high, exponent_of(largest));
  }
  return max(0, high - low);
}

/** Bytes of workspace of svd_jacobi_f64. */
export function svd_jacobi_work_f64(m: i32, n: i32, want: i32): f64 {
  const long = f64(up8(max(m, n)) | 8);
  const short = min(m, n);
  const left = want == Want.VALUES ? 0 : want == Want.THIN ? f64(short) : f64(max(m, n));
  const x = f64((want == Want.VALUES ? 1 : 2) * up8(short) | 8);
  return 8 * (f64(short) + left) * long + 8 * f64(short) * x + 48 * f64(short + 16) + 12 * f64(max(m, n) + 16)
    + max(precondition_rows_work(short, short), max(f64(orthogonalise_rows_work(short)), complete_rows_work(short, short)));
}

/**
 * A = U·diag(s)·Vᵀ by one-sided Jacobi, s descending. Opens regions.
 *
 * A (m×n, stride lda; 64-aligned) finite, not changed. s (k = min(m, n)). want: 0 values only (U and Vᵀ are
 * not touched), 1 U (m×k, ldu) and Vᵀ (k×n, ldvt), 2 U (m×m) and Vᵀ (n×n). sweeps (i32): how many were made.
 * work: svd_jacobi_work_f64(m, n, want) bytes, 64-aligned. Returns 0, INFO_ABORTED, or 1 if the cap of
 * sweeps was met.
 * |ŝ − s| ≤ c·n·u·κ(B)·s for each one, A = B·D or D·B (of these only the first if m > n, the second if
 * m < n) with the D that makes κ(B) least   [Drmač & Veselić 2008, I, §4]
 */
export function svd_jacobi_f64(
  m: i32, n: i32, a: usize, lda: i32, want: i32, u: usize, ldu: i32, s: usize, vt: usize, ldvt: i32, sweeps: usize, work: usize,
): i32 {
  const long = max(m, n);
  const short = min(m, n);
  const vectors = want != Want.VALUES;
  const lefts = want == Want.VALUES ? 0 : want == Want.THIN ? short : long;
  const ldc = up8(long) | 8;
  const width = up8(short);
  const ldx = (vectors ? 2 * width : width) | 8;
  const c = work;
  const z = c + (usize(short) * ldc << 3);
  const x = z + (usize(lefts) * ldc << 3);
  const diagonal = x + (usize(short) * ldx << 3);
  const tau = diagonal + (usize(short) << 3);
  const square = tau + (usize(short) << 3);
  const values = square + (usize(short) << 3);
  const factors = values + (usize(short) << 3);
  const exponent = factors + (usize(long) << 3);
  const negative = exponent + (usize(short) << 2);
  const order = negative + (usize(short) << 2);
  const rest = (order + (usize(long) << 2) + 63) & ~63;
  store<i32>(sweeps, 0);

  let tall = m > n;
  if (m >= n) {
    const info = transpose<f64>(m, n, a, lda, c, ldc);
    if (info != 0) return info;
  }
  if (m == n) tall = spread(n, n, c, ldc) >= spread(n, n, a, lda);
  if (!tall) {
    for (let i = 0; i < m; i++) memory.copy(c + (usize(i) * ldc << 3), a + (usize(i) * lda << 3), usize(n) << 3);
  }
  for (let j = 0; j < short; j++) {
    store<i32>(exponent + (usize(j) << 2), normalise(long, c + (usize(j) * ldc << 3)));
  }
  const rank = pivoted_qr(short, long, c, ldc, diagonal, tau, exponent, order, square);
  if (rank < 0) return rank;
  triangle_rows(short, rank, c, ldc, diagonal, exponent, order, x, ldx, vectors ? width : 0);
  memory.fill(negative, 0, usize(short) << 2);
  let info = precondition_rows(rank, short, vectors ? width : 0, x, ldx, exponent, negative, rest);
  if (info != 0) return info;
  info = orthogonalise_rows(rank, short, vectors ? width : 0, x, ldx, square, exponent, negative, sweeps, rest);
  if (info != 0) return info;

  for (let k = 0; k < short; k++) {
    const at = usize(k) << 3;
    // descending is ascending of −s
    const value = k < rank ? -scaled(sqrt(load<f64>(square + at)), load<i32>(exponent + (usize(k) << 2))) : 0;
    store<f64>(values + at, value);
    store<f64>(factors + at, k < rank ? 1 / sqrt(load<f64>(square + at)) : 1);
  }
  sort_ascending(short, values, order);
  for (let k = 0; k < short; k++) {
    store<f64>(s + (usize(k) << 3), abs(load<f64>(values + (usize(load<i32>(order + (usize(k) << 2))) << 3))));
  }
  if (!vectors) return 0;

  // Z: the rows of [W 0; 0 I], then Q times each
  for (let k = 0; k < lefts; k++) {
    const row = z + (usize(k) * ldc << 3);
    memory.fill(row, 0, usize(long) << 3);
    if (k < rank) memory.copy(row, x + ((usize(k) * ldx + width) << 3), usize(rank) << 3);
    else store<f64>(row + (usize(k) << 3), 1);
  }
  info = apply_reflectors(lefts, long, rank, c, ldc, tau, z, ldc);
  if (info == 0 && rank < short) info = complete_rows(short, rank, x, ldx, rest);
  if (info != 0) return info;
  if (tall) rows_to_rows(short, n, x, ldx, order, factors, vt, ldvt);
  else rows_to_columns(short, m, x, ldx, order, factors, u, ldu);
  for (let k = 0; k < long; k++) {
    store<f64>(factors + (usize(k) << 3), 1);
    if (k >= short) store<i32>(order + (usize(k) << 2), k);
  }
  if (tall) rows_to_columns(lefts, m, z, ldc, order, factors, u, ldu);
  else rows_to_rows(lefts, n, z, ldc, order, factors, vt, ldvt);
  return 0;
}

/**
 * X := the first `rank` rows of R·Pᵀ, each with its own exponent, its largest number of order 1; behind them
 * the identity, `width` numbers long, unless width = 0.
 *
 * C, diagonal, exponent, order (n): what pivoted_qr gave; exponent becomes X's. X (rank rows, stride ldx).
 */
function triangle_rows(
  n: i32, rank: i32, c: usize, ldc: i32, diagonal: usize, exponent: usize, order: usize, x: usize, ldx: i32, width: i32,
): void {
  for (let k = 0; k < rank; k++) {
    const row = x + (usize(k) * ldx << 3);
    memory.fill(row, 0, usize(up8(n) + width) << 3);
    const at = exponent + (usize(k) << 2);
    const e = load<i32>(at) + exponent_of(load<f64>(diagonal + (usize(k) << 3)));
    for (let j = k; j < n; j++) {
      const r = j == k ? load<f64>(diagonal + (usize(k) << 3)) : load<f64>(c + ((usize(j) * ldc + k) << 3));
      const value = scaled(r, load<i32>(exponent + (usize(j) << 2)) - e);
      store<f64>(row + (usize(load<i32>(order + (usize(j) << 2))) << 3), value);
    }
    store<i32>(at, e); // R's later rows have no part in column k
    if (width > 0) store<f64>(row + (usize(up8(n) + k) << 3), 1);
  }
}
