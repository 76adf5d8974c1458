// Eigenvalues and eigenvectors of a dense symmetric matrix: the drivers.
//
// A is scaled to order 1, reduced to tridiagonal form and solved there by divide and conquer; the
// vectors are transformed back. Eigenvalues alone of a large matrix take the two-stage reduction; for
// vectors its second back-transform would cost more than it saves.
//
// Part of the spectrum costs the same reduction, and that is nearly all there is to save from:
// at n = 1797 all eigenvalues of T take 4 % of the time, all of its vectors 10 %. So bisection and inverse
// iteration, which have to fight for orthogonality within clusters, are not here: a subset is cut out of
// divide and conquer, whose last merge then makes the wanted vectors only (as in Auckenthaler et al.,
// Parallel solution of partial symmetric eigenvalue problems from electronic structure calculations,
// 2011), and the back-transform takes only those.

import { tridiagonal_subset, tridiagonal_values, tridiagonal_values_work, tridiagonal_vectors_work } from "./divide_conquer";
import { apply_q, apply_q_work } from "./apply_q";
import { select, Subset } from "./merge";
import { tridiagonalize, tridiagonalize_work } from "./tridiagonal";
import { tridiagonal_two_stage, tridiagonal_two_stage_work } from "./two_stage";

/** A matrix whose largest entry is within 2^±SAFE_EXPONENT is not scaled: squares and products are safe. */
const SAFE_EXPONENT: i32 = 64;

/** From about this order on the two-stage reduction is the faster one, on one thread from somewhat below. */
const TWO_STAGE: i32 = 1000;

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

/** The power of two that brings the largest |aᵢⱼ|, i ≤ j, near 1; 1 if it is near enough; 0 for a zero matrix. */
function scaling(n: i32, a: usize, lda: i32): f64 {
  let largest: f64 = 0;
  for (let i = 0; i < n; i++) largest = max(largest, largest_abs(n - i, a + ((usize(i) * lda + i) << 3)));
  if (largest == 0) return 0;
  const exponent = i32(reinterpret<i64>(largest) >> 52) - 1023;
  if (abs(exponent) < SAFE_EXPONENT) return 1;
  // an exponent whose negative is a normal number's
  return reinterpret<f64>(i64(1023 - max(-1022, min(1022, exponent))) << 52);
}

/** The largest |x_i|, i < m. */
export function largest_abs(m: i32, x: usize): f64 {
  let top: v128 = f64x2.splat(0);
  const end = x + (usize(m) << 3);
  for (; x + 16 <= end; x += 16) top = v128.max<f64>(top, v128.abs<f64>(v128.load(x)));
  let largest = max(f64x2.extract_lane(top, 0), f64x2.extract_lane(top, 1));
  if (x < end) largest = max(largest, abs(load<f64>(x)));
  return largest;
}

/** x := α·x, m numbers. */
function scale(m: i32, alpha: f64, x: usize): void {
  for (const end = x + (usize(m) << 3); x < end; x += 8) store<f64>(x, alpha * load<f64>(x));
}

/** Bytes of workspace of eigvalsh_f64. */
export function eigvalsh_work_f64(n: i32): f64 {
  const reduction = n < TWO_STAGE ? tridiagonalize_work(n) : tridiagonal_two_stage_work(n);
  return 16 * f64(up8(n)) + max(reduction, tridiagonal_values_work(n));
}

/** Bytes of workspace of eigh_f64. */
export function eigh_work_f64(n: i32): f64 {
  const inner = max(tridiagonal_vectors_work(n), apply_q_work(n));
  return SUBSET_BYTES + 16 * f64(up8(n)) + 8 * f64(n + 3) * f64(rows_stride(n)) + max(tridiagonalize_work(n), inner);
}

/**
 * w := the eigenvalues of A, ascending.
 *
 * A (n×n, stride lda, a multiple of 8; 64-aligned) symmetric, finite; the upper triangle is read, A
 * and its columns n … lda−1 are destroyed. w (n). work: eigvalsh_work_f64(n) bytes, 64-aligned.
 * Returns 0, INFO_ABORTED, or k > 0 where the tridiagonal solver reached its cap.
 * |ŵ − w| ≤ c·n·u·‖A‖   [Higham 2002, §19; LAPACK Users' Guide, §4.7]
 */
export function eigvalsh_f64(n: i32, a: usize, lda: i32, w: usize, work: usize): i32 {
  const by = scaling(n, a, lda);
  if (by == 0) {
    memory.fill(w, 0, usize(n) << 3);
    return 0;
  }
  if (by != 1) for (let i = 0; i < n; i++) scale(n - i, by, a + ((usize(i) * lda + i) << 3));
  const vector = usize(up8(n)) << 3;
  const e = work;
  const rest = work + 2 * vector;
  let info = n < TWO_STAGE
    ? tridiagonalize(n, a, lda, w, e, work + vector, 0.9, rest)
    : tridiagonal_two_stage(n, a, lda, w, e, rest);
  if (info == 0) info = tridiagonal_values(n, w, e, rest);
  if (by != 1) scale(n, 1 / by, w);
  return info;
}

/**
 * A·V = V·diag(w): w (n) all eigenvalues, ascending, the columns of V orthonormal; V takes the place of A.
 *
 * V has the eigenvectors of w_from … w_to−1 in its columns 0 … to − from − 1, and nothing right in the others.
 * If byValue, those are the w in (lo, hi], otherwise from = lo and to = hi; range (2, i32) takes from and to.
 * The rest as in eigvalsh_f64; work: eigh_work_f64(n) bytes.
 * ‖A − V̂·diag(ŵ)·V̂ᵀ‖ ≤ c·n·u·‖A‖, ‖V̂ᵀV̂ − I‖ ≤ c·n·u   [Gu & Eisenstat 1995; Higham 2002, §19]
 */
export function eigh_f64(
  n: i32, a: usize, lda: i32, byValue: bool, lo: f64, hi: f64, w: usize, range: usize, work: usize,
): i32 {
  const by = scaling(n, a, lda);
  if (by != 0 && by != 1) for (let i = 0; i < n; i++) scale(n - i, by, a + ((usize(i) * lda + i) << 3));
  const s = changetype<Subset>(work);
  s.byValue = byValue;
  s.from = byValue ? 0 : i32(lo);
  s.to = byValue ? n : i32(hi);
  s.lo = lo;
  s.hi = hi;
  s.unit = by == 0 ? 1 : 1 / by;
  const vector = usize(up8(n)) << 3;
  const e = work + SUBSET_BYTES;
  let info = by == 0 ? zero_matrix(n, a, lda, w, s) : solve_scaled(n, a, lda, w, e, e + vector, s, e + 2 * vector);
  if (by != 0 && by != 1) scale(n, 1 / by, w);
  store<i32>(range, s.from);
  store<i32>(range, s.to, 4);
  return info;
}

/** eigh_f64 of the zero matrix. */
function zero_matrix(n: i32, a: usize, lda: i32, w: usize, s: Subset): i32 {
  memory.fill(w, 0, usize(n) << 3);
  select(s, n, w, 1);
  for (let i = 0; i < n; i++) {
    const row = a + (usize(i) * lda << 3);
    memory.fill(row, 0, usize(n) << 3);
    if (s.from <= i && i < s.to) store<f64>(row + (usize(i - s.from) << 3), 1);
  }
  return 0;
}

/** eigh_f64 of a matrix of order 1; s.from and s.to are found. */
function solve_scaled(n: i32, a: usize, lda: i32, w: usize, e: usize, tau: usize, s: Subset, work: usize): i32 {
  const lds = rows_stride(n);
  const rest = work + (usize(n + 3) << 3) * lds; // apply_q takes rows by fours, from any row on
  let info = tridiagonalize(n, a, lda, w, e, tau, 0.4, rest);
  if (info == 0) info = tridiagonal_subset(n, w, e, work, lds, changetype<usize>(s), rest);
  if (info != 0 || s.to == s.from) return info;
  return apply_q(n, s.to - s.from, a, lda, tau, work + (usize(s.from) * lds << 3), lds, a, lda, rest);
}
