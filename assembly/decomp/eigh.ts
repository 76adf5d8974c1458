// Eigenvalues and eigenvectors of a dense symmetric matrix: the drivers.
//
// All in f64, or the reduction and the back-transform in f32 and the tridiagonal problem in f64, which
// costs little. A is scaled to order 1, reduced to tridiagonal form and solved there by divide and conquer; the
// vectors are transformed back. Eigenvalues alone of a large matrix take the two-stage reduction; for
// vectors its second back-transform would cost more than it saves.
//
// Part of the spectrum costs the same reduction, and that is nearly all there is to save from:
// at n = 1797 all eigenvalues of T take 4 % of the time, all of its vectors 10 %. So bisection and inverse
// iteration, which have to fight for orthogonality within clusters, are not here: a subset is cut out of
// divide and conquer, whose last merge then makes the wanted vectors only (as in Auckenthaler et al.,
// Parallel solution of partial symmetric eigenvalue problems from electronic structure calculations,
// 2011), and the back-transform takes only those.

import { at, largest_abs } from "../blas/level1";
import {
  tridiagonal_subset, tridiagonal_values, tridiagonal_values_work, tridiagonal_vectors_work,
} from "./divide_conquer";
import { apply_q, apply_q_work } from "./apply_q";
import { select, Subset } from "./merge";
import { scale_row, scaling_of } from "./scaling";
import { tridiagonalize, tridiagonalize_work } from "./tridiagonal";
import { tridiagonal_two_stage, tridiagonal_two_stage_work } from "./two_stage";

/**
 * From about this order on the two-stage reduction is the faster one: on one thread by 5 % at 900 and by
 * 10 % at 1000, while at 800 it is 2 % slower.
 */
const TWO_STAGE: i32 = 900;

/** Room for a Subset. */
const SUBSET_BYTES: i32 = 64;

// @ts-ignore: decorator
@inline
function up8(n: i32): i32 {
  return (n + 7) & ~7;
}

/** Row stride of the tridiagonal eigenvectors: an odd number of cache lines. */
function rows_stride(n: i32): i32 {
  return up8(n) | 8;
}

/** Rows of them: apply_q takes them by NR ≤ 8, from any row on. */
function rows_count(n: i32): i32 {
  return n + 7;
}

/** Brings the upper triangle of A to order 1 by a power of two, which it returns; 0 if A is zero. */
function scale_upper<T>(n: i32, a: usize, lda: i32): f64 {
  let largest: T = <T>0;
  for (let i = 0; i < n; i++) largest = max<T>(largest, largest_abs<T>(n - i, at<T>(a, lda, i, i)));
  const by = scaling_of<T>(largest);
  if (by != 0 && by != 1) for (let i = 0; i < n; i++) scale_row<T>(n - i, by, at<T>(a, lda, i, i));
  return f64(by);
}

function eigvalsh_work<T>(n: i32): f64 {
  const reduction = two_stage<T>(n) ? tridiagonal_two_stage_work(n) : tridiagonalize_work<T>(n);
  return 16 * f64(up8(n)) + max(reduction, tridiagonal_values_work(n));
}

// @ts-ignore: decorator
@inline
function two_stage<T>(n: i32): bool {
  return sizeof<T>() == 8 && n >= TWO_STAGE;
}

function eigh_work<T>(n: i32): f64 {
  const inner = max(tridiagonal_vectors_work(n), apply_q_work<T>(n));
  const vectors = 8 * f64(rows_count(n)) * f64(rows_stride(n));
  return SUBSET_BYTES + 16 * f64(up8(n)) + vectors + max(tridiagonalize_work<T>(n), inner);
}

/**
 * w := the eigenvalues of A, ascending, in f64.
 *
 * A (n×n of T, stride lda, a multiple of 8; 64-aligned) symmetric, finite; the upper triangle is read, A
 * and its columns n … lda−1 are destroyed. w (n). work: eigvalsh_work(n) bytes, 64-aligned.
 * Returns 0, INFO_ABORTED, or k > 0 where the tridiagonal solver reached its cap.
 * |ŵ − w| ≤ c·n·u·‖A‖, u of the type of A   [Higham 2002, §19; LAPACK Users' Guide, §4.7]
 */
function eigvalsh<T>(n: i32, a: usize, lda: i32, w: usize, work: usize): i32 {
  const by = scale_upper<T>(n, a, lda);
  if (by == 0) {
    memory.fill(w, 0, usize(n) << 3);
    return 0;
  }
  const vector = usize(up8(n)) << 3;
  const e = work;
  const rest = work + 2 * vector;
  let info = two_stage<T>(n)
    ? tridiagonal_two_stage(n, a, lda, w, e, rest)
    : tridiagonalize<T>(n, a, lda, w, e, work + vector, 0.9, rest);
  if (info == 0) info = tridiagonal_values(n, w, e, rest);
  if (by != 1) scale_row<f64>(n, 1 / by, w);
  return info;
}

/**
 * A·V = V·diag(w): w (n) all eigenvalues, ascending, the columns of V orthonormal; V takes the place of A.
 *
 * V has the eigenvectors of w_from … w_to−1 in its columns 0 … to − from − 1, and nothing right in the others.
 * If byValue, those are the w (rounded to T) in (lo, hi], otherwise from = lo and to = hi; range (2, i32)
 * takes from and to. The rest as in eigvalsh; work: eigh_work(n) bytes.
 * ‖A − V̂·diag(ŵ)·V̂ᵀ‖ ≤ c·n·u·‖A‖, ‖V̂ᵀV̂ − I‖ ≤ c·n·u   [Gu & Eisenstat 1995; Higham 2002, §19]
 */
function eigh<T>(
  n: i32, a: usize, lda: i32, byValue: bool, lo: f64, hi: f64, w: usize, range: usize, work: usize,
): i32 {
  const by = scale_upper<T>(n, a, lda);
  const s = changetype<Subset>(work);
  s.byValue = byValue;
  s.single = sizeof<T>() == 4;
  s.from = byValue ? 0 : i32(lo);
  s.to = byValue ? n : i32(hi);
  s.lo = lo;
  s.hi = hi;
  s.unit = by == 0 ? 1 : 1 / by;
  const e = work + SUBSET_BYTES;
  let info = 0;
  if (by == 0) zero_matrix<T>(n, a, lda, w, s);
  else info = solve_scaled<T>(n, a, lda, w, e, s, e + (usize(up8(n)) << 3));
  if (by != 0 && by != 1) scale_row<f64>(n, 1 / by, w);
  store<i32>(range, s.from);
  store<i32>(range, s.to, 4);
  return info;
}

/** eigh of the zero matrix. */
function zero_matrix<T>(n: i32, a: usize, lda: i32, w: usize, s: Subset): void {
  memory.fill(w, 0, usize(n) << 3);
  select(s, n, w, 1);
  memory.fill(a, 0, usize(n) * lda * sizeof<T>());
  for (let i = s.from; i < s.to; i++) store<T>(at<T>(a, lda, i, i - s.from), <T>1);
}

/** eigh of a matrix of order 1; s.from and s.to are found. */
function solve_scaled<T>(n: i32, a: usize, lda: i32, w: usize, e: usize, s: Subset, tau: usize): i32 {
  const vectors = tau + (usize(up8(n)) << 3);
  const lds = rows_stride(n);
  const work = vectors + (usize(rows_count(n)) * lds << 3);
  let info = tridiagonalize<T>(n, a, lda, w, e, tau, 0.4, work);
  if (info == 0) info = tridiagonal_subset(n, w, e, vectors, lds, changetype<usize>(s), 0.4, 0.6, work);
  if (info != 0 || s.to == s.from) return info;
  return apply_q<T>(n, s.to - s.from, a, lda, tau, vectors + (usize(s.from) * lds << 3), lds, a, lda, work);
}

export function eigvalsh_work_f64(n: i32): f64 {
  return eigvalsh_work<f64>(n);
}

export function eigvalsh_work_f32(n: i32): f64 {
  return eigvalsh_work<f32>(n);
}

export function eigvalsh_f64(n: i32, a: usize, lda: i32, w: usize, work: usize): i32 {
  return eigvalsh<f64>(n, a, lda, w, work);
}

export function eigvalsh_f32(n: i32, a: usize, lda: i32, w: usize, work: usize): i32 {
  return eigvalsh<f32>(n, a, lda, w, work);
}

export function eigh_work_f64(n: i32): f64 {
  return eigh_work<f64>(n);
}

export function eigh_work_f32(n: i32): f64 {
  return eigh_work<f32>(n);
}

export function eigh_f64(
  n: i32, a: usize, lda: i32, byValue: bool, lo: f64, hi: f64, w: usize, range: usize, work: usize,
): i32 {
  return eigh<f64>(n, a, lda, byValue, lo, hi, w, range, work);
}

export function eigh_f32(
  n: i32, a: usize, lda: i32, byValue: bool, lo: f64, hi: f64, w: usize, range: usize, work: usize,
): i32 {
  return eigh<f32>(n, a, lda, byValue, lo, hi, w, range, work);
}
