// LU with partial pivoting: P·A = L·U, columns halved until a panel is left, so that gemm does nearly all of
// the work, on blocks as large as they can be.
//
//      ┌────┬────┐    1  the left half of the columns, recursively        [A11; A21] = [L11; L21]·U11
//      │A11 │A12 │    2  A12 := L11⁻¹·A12                                  trsm
//      ├────┼────┤    3  A22 −= L21·A12                                    gemm
//      │A21 │A22 │    4  the right half, recursively; its exchanges reach L21
//      └────┴────┘
//
// A panel is copied so that its columns are contiguous, and goes from left to right (panel.ts).
//
// Based on: S. Toledo, Locality of reference in LU decomposition with partial pivoting, SIAM J. Matrix Anal.
// Appl. 18, 1997; F. Gustavson, Recursion leads to automatic variable blocking for dense linear-algebra
// algorithms, IBM J. Res. Dev. 41, 1997.

import { INFO_ABORTED, progress } from "../parallel";
import { gemm, gemm_work } from "../blas/gemm/gemm";
import { transpose } from "../blas/transpose";
import { CHUNKS, divide, panel_row } from "./panel";
import { swap_rows, swap_strided } from "./swaps";
import { trsm, trsm_work } from "./trsm";

/** Columns of a panel: below, gemm has too little depth to be worth its packing. */
const NB: i32 = 16;

@unmanaged
class Matrix {
  n: i32;
  a: usize; // (n, n), stride lda
  lda: i32;
  swaps: usize; // (n) i32
  x: usize; // (NB, n), stride ldx: the columns of a panel
  ldx: i32;
  largest: usize; // workspace of panel_row
  work: usize; // of gemm and trsm
  singular: i32; // the first pivot that is zero, from 1; 0 if none is
  from: f64; // progress
  to: f64;
}

/** Row stride of the columns: an odd number of cache lines. */
function stride(n: i32): i32 {
  return ((n + 7) & ~7) | 8;
}

/** Columns [j0, j0 + nb) on their own. Returns 0 or INFO_ABORTED. */
function panel(s: Matrix, j0: i32, nb: i32): i32 {
  const rows = s.n - j0;
  const a = s.a + (((usize(j0) * s.lda) + j0) << 3);
  const ld = usize(s.ldx) << 3;
  let info = transpose<f64>(rows, nb, a, s.lda, s.x, s.ldx);
  if (info != 0) return info;
  for (let j = 0; j < nb; j++) {
    const column = s.x + usize(j) * ld;
    const y = column + (usize(j) << 3);
    // U's part of the column, then what is left of it
    for (let i = 1; i < j; i++) {
      let sum = load<f64>(column + (usize(i) << 3));
      for (let p = 0; p < i; p++) sum -= load<f64>(s.x + usize(p) * ld + (usize(i) << 3)) * load<f64>(column + (usize(p) << 3));
      store<f64>(column + (usize(i) << 3), sum);
    }
    const best = panel_row(rows - j, j, column, s.x + (usize(j) << 3), s.ldx, y, -1, 0, 0, s.largest);
    if (best == INFO_ABORTED) return best;
    store<i32>(s.swaps + (usize(j0 + j) << 2), j0 + j + best);
    if (best > 0) swap_strided(nb, s.x + (usize(j) << 3), ld, s.x + (usize(j + best) << 3), ld);
    const pivot = load<f64>(y);
    if (pivot == 0) {
      if (s.singular == 0) s.singular = j0 + j + 1;
    } else divide(rows - j - 1, y + 8, pivot, y + 8);
  }
  info = transpose<f64>(nb, rows, s.x, s.ldx, a, s.lda);
  if (info != 0) return info;
  const done = f64(j0 + nb) / f64(s.n);
  progress(s.from + (s.to - s.from) * done * done * (3 - 2 * done), 1);
  return 0;
}

/** Columns [j0, j0 + count) of rows [j0, n). Returns 0 or INFO_ABORTED. */
function columns(s: Matrix, j0: i32, count: i32): i32 {
  if (count <= NB) return panel(s, j0, count);
  const left = (count + 2 * NB - 1) / (2 * NB) * NB;
  const right = count - left;
  const j1 = j0 + left;
  const lda = s.lda;
  const ld = usize(lda) << 3;
  const a11 = s.a + usize(j0) * ld + (usize(j0) << 3);
  const a12 = a11 + (usize(left) << 3);
  const a21 = a11 + usize(left) * ld;
  let info = columns(s, j0, left);
  if (info == 0) info = swap_rows(right, s.a + (usize(j1) << 3), lda, s.swaps, j0, j1, false);
  if (info == 0) info = trsm(left, right, a11, lda, true, false, true, a12, lda, s.work);
  if (info == 0) {
    info = gemm<f64>(
      false, false, s.n - j1, right, left, -1, a21, lda, a12, lda, 1, a21 + (usize(left) << 3), lda, s.work,
    );
  }
  if (info == 0) info = columns(s, j1, right);
  if (info == 0) info = swap_rows(left, s.a + (usize(j0) << 3), lda, s.swaps, j1, j0 + count, false);
  return info;
}

/** Bytes of workspace for lu. */
export function lu_work_f64(n: i32): f64 {
  const half = (n + 2 * NB) / 2;
  return f64(128 + 4 * CHUNKS) + 8 * NB * f64(stride(n)) + f64(max(gemm_work<f64>(n, half, half), trsm_work(half, half)));
}

/**
 * P·A = L·U: L, unit lower triangular, and U overwrite A.
 *
 * A (n×n, row stride lda in elements). swaps (n, i32): row k was exchanged with swaps[k] ≥ k, k ascending:
 * this is P. work: lu_work_f64(n) bytes, 64-byte aligned. Progress is told as going from `from` to `to`.
 * Returns 0; k > 0: pivot k (from 1) is the first that is exactly zero, the factorization is whole and U
 * singular; INFO_ABORTED.
 * |L̂·Û − P·A| ≤ γₙ·|L̂|·|Û| elementwise, |lᵢⱼ| ≤ 1   [Higham 2002, Thm 9.3]
 */
export function lu_f64(n: i32, a: usize, lda: i32, swaps: usize, from: f64, to: f64, work: usize): i32 {
  const s = changetype<Matrix>(work);
  s.n = n;
  s.a = a;
  s.lda = lda;
  s.swaps = swaps;
  s.largest = work + 128; // after this record
  s.x = s.largest + (CHUNKS << 2);
  s.ldx = stride(n);
  s.work = s.x + ((usize(NB) * s.ldx) << 3);
  s.singular = 0;
  s.from = from;
  s.to = to;
  const info = columns(s, 0, n);
  return info != 0 ? info : s.singular;
}

/** Bytes of workspace for lu_solve. */
export function lu_solve_work_f64(n: i32, m: i32): f64 {
  return f64(trsm_work(n, m));
}

/**
 * B := A⁻¹·B, with `trans` A⁻ᵀ·B, with what lu_f64 made of A: a = L and U, swaps. U must not be singular.
 *
 * B (n×m, row stride ldb in elements). work: lu_solve_work_f64(n, m) bytes, 64-byte aligned. Opens
 * regions. Returns 0 or INFO_ABORTED.
 */
export function lu_solve_f64(
  n: i32, m: i32, trans: bool, a: usize, lda: i32, swaps: usize, b: usize, ldb: i32, work: usize,
): i32 {
  let info = trans ? 0 : swap_rows(m, b, ldb, swaps, 0, n, false);
  if (info == 0) info = trsm(n, m, a, lda, !trans, trans, !trans, b, ldb, work);
  if (info == 0) info = trsm(n, m, a, lda, trans, trans, trans, b, ldb, work);
  if (info == 0 && trans) info = swap_rows(m, b, ldb, swaps, 0, n, true);
  return info;
}
