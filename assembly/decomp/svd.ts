// Singular values and vectors of a dense matrix: the drivers.
//
// A is scaled to order 1, reduced to bidiagonal form and solved there in f64, whatever the type of A.
// The callers transpose what is wider than tall.

import { tridiagonal_values, tridiagonal_values_work } from "./divide_conquer";
import { bidiagonalize, bidiagonalize_work } from "./bidiagonal";
import { at } from "./bidiagonal_rows";
import { scale, scaling } from "./scaling";

// @ts-ignore: decorator
@inline
function up8(n: i32): i32 {
  return (n + 7) & ~7;
}

/** Bytes of workspace of svdvals. */
function svdvals_work<T>(m: i32, n: i32): f64 {
  return 8 * 6 * f64(up8(n)) + max(bidiagonalize_work<T>(m, n), tridiagonal_values_work(2 * n));
}

/**
 * w := the n singular values of A, descending.
 *
 * A (m×n, stride lda, a multiple of 8; m ≥ n ≥ 1; 64-aligned) finite; A and its columns n … lda−1 are destroyed.
 * w (n). work: svdvals_work(m, n) bytes, 64-aligned.
 * Returns 0, INFO_ABORTED, or k > 0 where the bidiagonal solver reached its cap.
 * |ŵ − w| ≤ c·m·u·‖A‖   [Higham 2002, §19; LAPACK Users' Guide, §4.9]
 */
function svdvals<T>(m: i32, n: i32, a: usize, lda: i32, w: usize, work: usize): i32 {
  const by = scaling<T>(m, n, a, lda);
  if (by == 0) {
    memory.fill(w, 0, usize(n) * sizeof<T>());
    return 0;
  }
  if (by != 1) scale<T>(m, n, by, a, lda);
  const vector = usize(up8(n)) << 3;
  const d = work;
  const e = d + vector;
  const zeros = e + vector; // (2n): twice the diagonal of the tridiagonal matrix, then its off-diagonal
  const between = zeros + 2 * vector;
  const rest = between + 2 * vector;
  let info = bidiagonalize<T>(m, n, a, lda, 0, 0, d, e, zeros, between, 0.9, rest);
  if (info != 0) return info;
  // the permuted [0 Bᵀ; B 0], whose eigenvalues are ±σ   [Golub & Kahan 1965]
  memory.fill(zeros, 0, 2 * usize(n) << 3);
  for (let i = 0; i < n; i++) {
    store<f64>(between + (usize(2 * i) << 3), load<f64>(d + (usize(i) << 3)));
    store<f64>(between + (usize(2 * i + 1) << 3), i < n - 1 ? load<f64>(e + (usize(i) << 3)) : 0);
  }
  info = tridiagonal_values(2 * n, zeros, between, rest);
  for (let i = 0; i < n; i++) store<T>(at<T>(w, 0, 0, i), <T>(max(0, load<f64>(zeros + (usize(2 * n - 1 - i) << 3))) / f64(by)));
  return info;
}

export function svdvals_work_f64(m: i32, n: i32): f64 {
  return svdvals_work<f64>(m, n);
}

export function svdvals_work_f32(m: i32, n: i32): f64 {
  return svdvals_work<f32>(m, n);
}

export function svdvals_f64(m: i32, n: i32, a: usize, lda: i32, w: usize, work: usize): i32 {
  return svdvals<f64>(m, n, a, lda, w, work);
}

export function svdvals_f32(m: i32, n: i32, a: usize, lda: i32, w: usize, work: usize): i32 {
  return svdvals<f32>(m, n, a, lda, w, work);
}
