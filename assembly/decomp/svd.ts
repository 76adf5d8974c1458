// Singular values and vectors of a dense matrix: the drivers.
//
// A is scaled to order 1, reduced to bidiagonal form and solved there by divide and conquer, in f64 whatever
// the type of A; the vectors are transformed back. Of a tall matrix it is R of A = Q·R that is reduced.
// The callers transpose what is wider than tall.

import { at } from "../blas/level1";
import { transpose } from "../blas/transpose";
import { alone } from "../parallel";
import { bidiagonal_values, bidiagonal_values_work, bidiagonal_vectors, bidiagonal_vectors_work } from "./bidiagonal_divide_conquer";
import { bidiagonalize, bidiagonalize_work } from "./bidiagonal";
import { multiply_q, qr, qr_bytes, qr_work } from "./qr";
import { apply_reflectors, apply_reflectors_work } from "./reflectors";
import { scale, scaling } from "./scaling";

/**
 * From these ratios of rows to columns on, QR first is the faster way: its products wait less for memory. With
 * n = 500, on one thread: values 41 ms and not 44 at m = 700, 50 and not 74 at 1000; vectors 105 and not 95, 124 and not 138.
 */
const TALL_VALUES: f64 = 1.4;
const TALL_VECTORS: f64 = 1.7;

/** Row stride of n numbers: an odd number of cache lines. */
function stride<T>(n: i32): i32 {
  const line = 64 / sizeof<T>();
  return ((n + line - 1) / line | 1) * line;
}

/** Bytes of n numbers, in whole cache lines. */
function bytes<T>(n: f64): f64 {
  return ceil(n * sizeof<T>() / 64) * 64;
}

// ── values ───────────────────────────────────────────────────────────────────────────────────────

/** Bytes of workspace of svdvals. */
function svdvals_work<T>(m: i32, n: i32): f64 {
  const vectors = 5 * bytes<f64>(n + 1);
  if (f64(m) < TALL_VALUES * n) return vectors + max(bidiagonalize_work<T>(m, n), bidiagonal_values_work(n));
  return max(bytes<T>(qr_bytes<T>(m, n) / sizeof<T>()) + qr_work<T>(m, n, n), svdvals_work<T>(n, n));
}

/**
 * w := the n singular values of A, descending.
 *
 * A (m×n, stride lda, a multiple of 8; m ≥ n ≥ 1; 64-aligned) finite; A and its columns n … lda−1 are destroyed.
 * w (n). work: svdvals_work(m, n) bytes, 64-aligned. Tells its progress if it is all of its call (see `alone`).
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
  const to: f64 = alone() ? 0.9 : 0;
  let info = 0;
  let from: f64 = 0;
  if (f64(m) >= TALL_VALUES * n) {
    from = to * 0.55;
    info = qr<T>(m, n, a, lda, work, 0, from, work + usize(bytes<T>(qr_bytes<T>(m, n) / sizeof<T>())));
    m = n;
  }
  const vector = usize(bytes<f64>(n + 1));
  const d = work;
  const e = d + vector;
  const sigma = e + vector;
  const tau = sigma + vector; // not wanted
  const rest = tau + 2 * vector;
  if (info == 0) info = bidiagonalize<T>(m, n, a, lda, 0, 0, d, e, tau, tau + vector, from, to, rest);
  if (info == 0) info = bidiagonal_values(n, d, e, sigma, rest);
  descend<T>(n, sigma, by, w);
  return info;
}

/** w := sigma(1 … n) from the last to the first, divided by `by`. */
function descend<T>(n: i32, sigma: usize, by: T, w: usize): void {
  for (let i = 0; i < n; i++) store<T>(at<T>(w, 0, 0, i), <T>(load<f64>(sigma + (usize(n - i) << 3)) / f64(by)));
}

// ── vectors ──────────────────────────────────────────────────────────────────────────────────────

/** Bytes of workspace of svd_reduced, for `rows` left vectors. */
function svd_reduced_work<T>(m: i32, n: i32, rows: i32): f64 {
  const vectors = 5 * bytes<f64>(n + 1) + bytes<T>(f64(n) * stride<T>(m)) + bytes<T>(f64(rows) * stride<T>(m));
  const small = 2 * bytes<f64>(f64(n + 1) * stride<f64>(n + 1));
  const inner = max(bidiagonalize_work<T>(m, n), bidiagonal_vectors_work(n));
  return vectors + small + max(inner, apply_reflectors_work<T>(rows, m));
}

/** Bytes of workspace of svd, for c columns of U. */
function svd_work<T>(m: i32, n: i32, c: i32): f64 {
  if (f64(m) < TALL_VECTORS * n) return svd_reduced_work<T>(m, n, c);
  return bytes<T>(qr_bytes<T>(m, n) / sizeof<T>()) + max(qr_work<T>(m, n, max(n, c)), svd_reduced_work<T>(n, n, n));
}

/**
 * A = U(:, 0 … n−1)·diag(w)·Vt: w descending, the columns of U and the rows of Vt orthonormal.
 *
 * A, w and info as in svdvals; U (m×c, stride ldu) with c = n, or m for a square one; Vt (n×n, ldv).
 * work: svd_work(m, n, c) bytes, 64-aligned.
 * ‖A − Û·diag(ŵ)·V̂t‖ ≤ c·m·u·‖A‖, ‖ÛᵀÛ − I‖ and ‖V̂t·V̂tᵀ − I‖ ≤ c·m·u   [Gu & Eisenstat 1995; Higham 2002, §19]
 */
function svd<T>(m: i32, n: i32, c: i32, a: usize, lda: i32, w: usize, u: usize, ldu: i32, vt: usize, ldv: i32, work: usize): i32 {
  const by = scaling<T>(m, n, a, lda);
  if (by == 0) {
    memory.fill(w, 0, usize(n) * sizeof<T>());
    identity<T>(m, c, 0, u, ldu);
    identity<T>(n, n, 0, vt, ldv);
    return 0;
  }
  if (by != 1) scale<T>(m, n, by, a, lda);
  if (f64(m) < TALL_VECTORS * n) return svd_reduced<T>(m, n, c, a, lda, by, w, u, ldu, vt, ldv, 0, work);

  const rest = work + usize(bytes<T>(qr_bytes<T>(m, n) / sizeof<T>()));
  let info = qr<T>(m, n, a, lda, work, 0, 0.3, rest);
  if (info == 0) info = svd_reduced<T>(n, n, n, a, lda, by, w, u, ldu, vt, ldv, 0.3, rest);
  if (info != 0) return info;
  // [U 0; 0 I], of which Q makes the vectors of A
  for (let i = 0; i < n; i++) memory.fill(at<T>(u, ldu, i, n), 0, usize(c - n) * sizeof<T>());
  identity<T>(m - n, c, n, at<T>(u, ldu, n, 0), ldu);
  return multiply_q<T>(false, m, n, c, work, u, ldu, rest);
}

/** x (m×n) := the rows of the identity matrix, its diagonal beginning at column j. */
function identity<T>(m: i32, n: i32, j: i32, x: usize, ldx: i32): void {
  for (let i = 0; i < m; i++) {
    memory.fill(at<T>(x, ldx, i, 0), 0, usize(n) * sizeof<T>());
    if (i + j < n) store<T>(at<T>(x, ldx, i, i + j), <T>1);
  }
}

/** svd of a matrix of order 1 without QR before; w is divided by `by`. Progress is told from `from` on. */
function svd_reduced<T>(
  m: i32, n: i32, c: i32, a: usize, lda: i32, by: T, w: usize, u: usize, ldu: i32, vt: usize, ldv: i32, from: f64, work: usize,
): i32 {
  const vector = usize(bytes<f64>(n + 1));
  const d = work;
  const e = d + vector;
  const sigma = e + vector;
  const tauQ = sigma + vector;
  const tauP = tauQ + vector;
  const ld = stride<T>(m);
  const q = tauP + vector; // reflectors as rows
  const ut = q + usize(bytes<T>(f64(n) * ld)); // left vectors as rows
  const small = stride<f64>(n + 1);
  const left = ut + usize(bytes<T>(f64(c) * ld)); // vectors of the bidiagonal matrix
  const right = left + usize(bytes<f64>(f64(n + 1) * small));
  const rest = right + usize(bytes<f64>(f64(n + 1) * small));
  let info = bidiagonalize<T>(m, n, a, lda, q, ld, d, e, tauQ, tauP, from, 0.5, rest);
  if (info == 0) info = bidiagonal_vectors(n, d, e, sigma, left, small, right, small, rest);
  if (info != 0) return info;
  descend<T>(n, sigma, by, w);
  identity<T>(c, m, 0, ut, ld);
  for (let i = 0; i < n; i++) {
    convert<T>(n, left + (usize(n - i) * small << 3), at<T>(ut, ld, i, 0));
    convert<T>(n, right + (usize(n - i) * small << 3), at<T>(vt, ldv, i, 0));
  }
  info = apply_reflectors<T>(n, n, n - 1, 1, a, lda, tauP, vt, ldv, rest);
  if (info == 0) info = apply_reflectors<T>(c, m, n, 0, q, ld, tauQ, ut, ld, rest);
  if (info == 0) info = transpose<T>(c, m, ut, ld, u, ldu);
  return info;
}

/** to := from, n numbers of f64. */
function convert<T>(n: i32, from: usize, to: usize): void {
  for (const end = from + (usize(n) << 3); from < end; from += 8, to += sizeof<T>()) store<T>(to, <T>load<f64>(from));
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

export function svd_work_f64(m: i32, n: i32, c: i32): f64 {
  return svd_work<f64>(m, n, c);
}

export function svd_work_f32(m: i32, n: i32, c: i32): f64 {
  return svd_work<f32>(m, n, c);
}

export function svd_f64(
  m: i32, n: i32, c: i32, a: usize, lda: i32, w: usize, u: usize, ldu: i32, vt: usize, ldv: i32, work: usize,
): i32 {
  return svd<f64>(m, n, c, a, lda, w, u, ldu, vt, ldv, work);
}

export function svd_f32(
  m: i32, n: i32, c: i32, a: usize, lda: i32, w: usize, u: usize, ldu: i32, vt: usize, ldv: i32, work: usize,
): i32 {
  return svd<f32>(m, n, c, a, lda, w, u, ldu, vt, ldv, work);
}
