// Householder QR, blocked: A = Q·R. The drivers: factor, form Q, apply Q.
//
// Based on: Golub & Van Loan, Matrix Computations, 4th ed., §5.2; Schreiber & Van Loan 1989 (compact
// WY: a panel's reflectors are I − Vᵀ·T·V with its columns as the rows of V).
//
// A is row-major, a panel of it is factored on a transposed copy (qr_panel.ts) that becomes V; whatever
// lies right of it is updated by three products. A tall matrix of up to NB columns is one panel.
//
// THE FACTORS of an m×n matrix, k = min(m, n), are one record of qr_bytes(m, k) bytes:
//   V  k rows (rounded up to 4), stride factor_stride(m): row j is reflector j, from the first place
//      of its panel on: zeros, 1 at place j, the rest of v
//   T  for each panel of nb columns its nb×nb upper triangle

import { gemm, gemm_work } from "../blas/gemm/gemm";
import { part } from "../blas/gemm/blocking";
import { transpose } from "../blas/transpose";
import { progress } from "../parallel";
import { factor_panel, factor_panel_scratch } from "./qr_panel";
import { scale, scaling } from "./scaling";

/** Columns of a panel at most: the products are that deep; up to here a tall matrix needs none. */
const NB: i32 = 64;

// @ts-ignore: decorator
@inline
function up4(n: i32): i32 {
  return (n + 3) & ~3;
}

/** Columns of each panel but the last. */
function panel_width(k: i32): i32 {
  return part(up4(k), NB, 4);
}

/** Row stride of V: an odd number of cache lines, at least one more than m numbers need. */
function factor_stride<T>(m: i32): i32 {
  const lines = ((m * sizeof<T>() + 127) >> 6) | 1;
  return i32((lines << 6) / sizeof<T>());
}

/** Row stride of a product with c columns. */
// @ts-ignore: decorator
@inline
function product_stride(c: i32): i32 {
  return ((c + 15) & ~15) | 16;
}

/** Where the triangle T of the panel at column j0 begins. */
function triangle<T>(m: i32, k: i32, j0: i32, f: usize): usize {
  return f + (usize(up4(k)) * factor_stride<T>(m) + usize(j0) * panel_width(k)) * sizeof<T>();
}

/** Bytes of the factors of k reflectors of m numbers. */
export function qr_bytes<T>(m: i32, k: i32): f64 {
  return f64(up4(k)) * f64(factor_stride<T>(m) + panel_width(k)) * f64(sizeof<T>());
}

/** Bytes of workspace for qr (c = n), form_q (c = q) and apply_q (c). */
export function qr_work<T>(m: i32, k: i32, c: i32): f64 {
  const nb = panel_width(k);
  const products = 2 * f64(nb) * f64(product_stride(c)) + f64(factor_panel_scratch(nb) + 64);
  return products * f64(sizeof<T>()) + f64(gemm_work<T>(max(m, nb), c, max(m, nb)));
}

/**
 * C := (I − Vᵀ·op(T)·V)·C, C (m×c, stride ldc); its first `own` columns are the last `own` of the first w columns of
 * the identity.
 */
function apply_panel<T>(
  transposed: bool, own: i32, m: i32, w: i32, c: i32, v: usize, ldv: i32, t: usize, x: usize, ldc: i32, work: usize,
): i32 {
  const ldw = product_stride(c);
  const y = work;
  const z = y + usize(w) * ldw * sizeof<T>();
  const rest = (z + usize(w) * ldw * sizeof<T>() + 63) & ~63;
  const right = usize(own) * sizeof<T>();
  for (let i = 0; i < w; i++) {
    memory.copy(y + usize(i) * ldw * sizeof<T>(), v + (usize(i) * ldv + w - own) * sizeof<T>(), right);
  }
  let info = gemm<T>(false, false, w, c - own, m, 1, v, ldv, x + right, ldc, 0, y + right, ldw, rest);
  if (info == 0) info = gemm<T>(transposed, false, w, c, w, 1, t, up4(w), y, ldw, 0, z, ldw, rest);
  if (info == 0) info = gemm<T>(true, false, m, c, w, -1, v, ldv, z, ldw, 1, x, ldc, rest);
  return info;
}

/**
 * A = Q·R, k = min(m, n); opens regions.
 *
 * A (m×n, row stride lda in elements), finite; on return its first k rows are R, upper trapezoidal with zeros
 * written out, the others are destroyed. f: the factors, qr_bytes(m, k) bytes, 64-byte aligned.
 * work: qr_work(m, k, n) bytes, 64-byte aligned. Progress is told as going from `from` to `to`.
 * Returns 0 or INFO_ABORTED. Signs as LAPACK's: rⱼⱼ = −sign(α)·‖x‖ for the column (α, …) = x that is reduced, and
 * rⱼⱼ = α if nothing follows α.
 * Columnwise ‖A − Q̂·R̂‖ ≤ c·m·k·u·‖A‖   [Higham 2002, Thm 19.4]
 */
export function qr<T>(m: i32, n: i32, a: usize, lda: i32, f: usize, from: f64, to: f64, work: usize): i32 {
  const k = min(m, n);
  const nb = panel_width(k);
  const ldv = factor_stride<T>(m);
  const ld = usize(lda) * sizeof<T>();
  const by = scaling<T>(m, n, a, lda);
  const isScaled = by != 0 && by != 1;
  if (isScaled) scale<T>(m, n, by, a, lda);
  for (let j0 = 0; j0 < k; j0 += nb) {
    const w = min(nb, k - j0);
    const rows = m - j0;
    const a11 = a + usize(j0) * (ld + sizeof<T>());
    const v = f + usize(j0) * (ldv + 1) * sizeof<T>();
    const t = triangle<T>(m, k, j0, f);
    let info = transpose<T>(rows, w, a11, lda, v, ldv);
    if (info != 0) return info;
    for (let j = 0; j < up4(w); j++) {
      const zeros = j < w ? rows : 0;
      memory.fill(v + (usize(j) * ldv + zeros) * sizeof<T>(), 0, usize(ldv - j0 - zeros) * sizeof<T>());
    }
    info = factor_panel<T>(rows, up4(w), w, v, ldv, a11, lda, t, work);
    const c = n - j0 - w;
    if (info == 0 && c > 0) {
      info = apply_panel<T>(true, 0, rows, w, c, v, ldv, t, a11 + usize(w) * sizeof<T>(), lda, work);
    }
    if (info != 0) return info;
    if (to > from) progress(from + (to - from) * f64(j0 + w) / f64(k), 1);
  }
  for (let i = 1; i < k; i++) memory.fill(a + usize(i) * ld, 0, usize(i) * sizeof<T>());
  if (isScaled) scale<T>(k, n, 1 / by, a, lda);
  return 0;
}

/**
 * Columns q0 ≤ j < q1 of Q, k ≤ q1 ≤ m; opens regions.
 *
 * f: the factors of qr, k = min(m, n). x (m×(q1 − q0), row stride ldx) is overwritten.
 * work: qr_work(m, k, q1 − q0) bytes.
 * ‖Q̂ − Q‖ ≤ c·m·k·u for a Q with orthonormal columns   [Higham 2002, §19.3]
 */
export function form_q<T>(m: i32, k: i32, q0: i32, q1: i32, f: usize, x: usize, ldx: i32, work: usize): i32 {
  const nb = panel_width(k);
  const ldv = factor_stride<T>(m);
  for (let i = 0; i < m; i++) {
    const row = x + usize(i) * ldx * sizeof<T>();
    memory.fill(row, 0, usize(q1 - q0) * sizeof<T>());
    if (i >= q0 && i < q1) store<T>(row + usize(i - q0) * sizeof<T>(), 1);
  }
  for (let j0 = (k - 1) / nb * nb; j0 >= 0; j0 -= nb) {
    const w = min(nb, k - j0);
    const first = max(j0, q0);
    const own = max(0, j0 + w - first);
    const v = f + usize(j0) * (ldv + 1) * sizeof<T>();
    const x1 = x + (usize(j0) * ldx + first - q0) * sizeof<T>();
    const t = triangle<T>(m, k, j0, f);
    const info = apply_panel<T>(false, own, m - j0, w, q1 - first, v, ldv, t, x1, ldx, work);
    if (info != 0) return info;
  }
  return 0;
}

/**
 * C := Q·C, or Qᵀ·C with `transposed`; opens regions.
 *
 * f: the factors of qr, k = min(m, n); Q is m×m. C (m×c, row stride ldc). work: qr_work(m, k, c) bytes.
 */
export function multiply_q<T>(transposed: bool, m: i32, k: i32, c: i32, f: usize, x: usize, ldx: i32, work: usize): i32 {
  const nb = panel_width(k);
  const ldv = factor_stride<T>(m);
  const panels = (k + nb - 1) / nb;
  for (let p = 0; p < panels; p++) {
    const j0 = (transposed ? p : panels - 1 - p) * nb;
    const v = f + usize(j0) * (ldv + 1) * sizeof<T>();
    const x1 = x + usize(j0) * ldx * sizeof<T>();
    const w = min(nb, k - j0);
    const info = apply_panel<T>(transposed, 0, m - j0, w, c, v, ldv, triangle<T>(m, k, j0, f), x1, ldx, work);
    if (info != 0) return info;
  }
  return 0;
}

export function qr_bytes_f64(m: i32, k: i32): f64 {
  return qr_bytes<f64>(m, k);
}

export function qr_bytes_f32(m: i32, k: i32): f64 {
  return qr_bytes<f32>(m, k);
}

export function qr_work_f64(m: i32, k: i32, c: i32): f64 {
  return qr_work<f64>(m, k, c);
}

export function qr_work_f32(m: i32, k: i32, c: i32): f64 {
  return qr_work<f32>(m, k, c);
}

export function qr_f64(m: i32, n: i32, a: usize, lda: i32, f: usize, from: f64, to: f64, work: usize): i32 {
  return qr<f64>(m, n, a, lda, f, from, to, work);
}

export function qr_f32(m: i32, n: i32, a: usize, lda: i32, f: usize, from: f64, to: f64, work: usize): i32 {
  return qr<f32>(m, n, a, lda, f, from, to, work);
}

/** The first q columns of Q. */
export function form_q_f64(m: i32, k: i32, q: i32, f: usize, x: usize, ldx: i32, work: usize): i32 {
  return form_q<f64>(m, k, 0, q, f, x, ldx, work);
}

export function form_q_f32(m: i32, k: i32, q: i32, f: usize, x: usize, ldx: i32, work: usize): i32 {
  return form_q<f32>(m, k, 0, q, f, x, ldx, work);
}

export function multiply_q_f64(transposed: bool, m: i32, k: i32, c: i32, f: usize, x: usize, ldx: i32, work: usize): i32 {
  return multiply_q<f64>(transposed, m, k, c, f, x, ldx, work);
}
