// Dense symmetric → band → tridiagonal: for eigenvalues without vectors.
//
// All 4/3·n³ flops of the first stage are matrix products, where the one-stage reduction leaves
// half of them to a matrix-vector product that waits for memory. The second stage costs 6·n²·b more,
// and eigenvectors would have to be carried through both, so this is for values only.

import { band_reduction, band_reduction_work } from "./band_reduction";
import { band_bytes, bulge_chasing, bulge_chasing_work } from "./bulge_chasing";

/** Bytes of workspace of tridiagonal_two_stage. */
export function tridiagonal_two_stage_work(n: i32): f64 {
  return round64(band_bytes(n)) + max(band_reduction_work(n), bulge_chasing_work(n));
}

/**
 * T = QᵀAQ, tridiagonal: diagonal d (n), off-diagonal e (n − 1, room for n).
 *
 * A (n×n, row stride lda): the upper triangle is read, all of A is destroyed. n ≥ 1.
 * work: tridiagonal_two_stage_work(n) bytes, 64-aligned.
 * ‖A‖ should be near 1: what is below 1e-140 is dropped, and above 1e+150 it overflows.
 * The eigenvalues of T are those of A + E, ‖E‖ ≤ O(n·u)·‖A‖   [Higham 2002, §19.3]
 * Returns 0 or INFO_ABORTED.
 */
export function tridiagonal_two_stage(n: i32, a: usize, lda: i32, d: usize, e: usize, work: usize): i32 {
  const bytes = usize(round64(band_bytes(n)));
  memory.fill(work, 0, bytes);
  const band = work + 64;
  const info = band_reduction(n, a, lda, band, work + bytes);
  if (info != 0) return info;
  return bulge_chasing(n, band, d, e, work + bytes);
}

// @ts-ignore: decorator
@inline
function round64(bytes: f64): f64 {
  return Math.ceil(bytes / 64) * 64;
}
