// Norms of a matrix that need no singular values.

import { largest_abs } from "./level1";
import { inverse_power } from "../decomp/scaling";
import { hsum, madd } from "../simd";

/** Kinds of norm: those of bindings/linalg/norm.ts. */
const enum Kind {
  MAX, // largest number
  COLUMNS_MAX, // largest column sum
  COLUMNS_MIN,
  ROWS_MAX,
  ROWS_MIN,
  FROBENIUS,
}

/** Σ |xᵢ| */
function sum_abs(n: i32, x: usize): f64 {
  let s0: v128 = f64x2.splat(0), s1: v128 = f64x2.splat(0);
  const end = x + (usize(n) << 3);
  for (; x + 32 <= end; x += 32) {
    s0 = f64x2.add(s0, f64x2.abs(v128.load(x)));
    s1 = f64x2.add(s1, f64x2.abs(v128.load(x, 16)));
  }
  let sum = hsum<f64>(f64x2.add(s0, s1));
  for (; x < end; x += 8) sum += abs(load<f64>(x));
  return sum;
}

/** yⱼ := yⱼ + |xⱼ| */
function add_abs(n: i32, x: usize, y: usize): void {
  const end = y + (usize(n) << 3);
  for (; y + 16 <= end; y += 16) {
    v128.store(y, f64x2.add(v128.load(y), f64x2.abs(v128.load(x))));
    x += 16;
  }
  if (y < end) store<f64>(y, load<f64>(y) + abs(load<f64>(x)));
}

/** Σ (by·xᵢ)² */
function sum_squares(n: i32, by: f64, x: usize): f64 {
  const s = f64x2.splat(by);
  let s0: v128 = f64x2.splat(0), s1: v128 = f64x2.splat(0);
  const end = x + (usize(n) << 3);
  for (; x + 32 <= end; x += 32) {
    const x0 = f64x2.mul(s, v128.load(x)), x1 = f64x2.mul(s, v128.load(x, 16));
    s0 = madd<f64>(x0, x0, s0);
    s1 = madd<f64>(x1, x1, s1);
  }
  let sum = hsum<f64>(f64x2.add(s0, s1));
  for (; x < end; x += 8) sum += (by * load<f64>(x)) * (by * load<f64>(x));
  return sum;
}

function largest(m: i32, n: i32, a: usize, lda: i32): f64 {
  let size: f64 = 0;
  for (let i = 0; i < m; i++) size = max(size, largest_abs<f64>(n, a + ((usize(i) * lda) << 3)));
  return size;
}

/** ‖A‖_F, its squares within range: the largest number is brought near 1 first. */
function frobenius(m: i32, n: i32, a: usize, lda: i32): f64 {
  const size = largest(m, n, a, lda);
  if (size == 0) return 0;
  const by = inverse_power<f64>(size);
  let sum: f64 = 0;
  for (let i = 0; i < m; i++) sum += sum_squares(n, by, a + ((usize(i) * lda) << 3));
  return sqrt(sum) / by;
}

function of_rows(m: i32, n: i32, a: usize, lda: i32, least: bool): f64 {
  let best: f64 = least ? Infinity : 0;
  for (let i = 0; i < m; i++) {
    const sum = sum_abs(n, a + ((usize(i) * lda) << 3));
    best = least ? min(best, sum) : max(best, sum);
  }
  return best;
}

function of_columns(m: i32, n: i32, a: usize, lda: i32, least: bool, sums: usize): f64 {
  memory.fill(sums, 0, usize(n) << 3);
  for (let i = 0; i < m; i++) add_abs(n, a + ((usize(i) * lda) << 3), sums);
  let best: f64 = least ? Infinity : 0;
  for (const end = sums + (usize(n) << 3); sums < end; sums += 8) {
    best = least ? min(best, load<f64>(sums)) : max(best, load<f64>(sums));
  }
  return best;
}

/** Bytes of workspace for norm. */
export function norm_work_f64(n: i32): f64 {
  return 8 * f64(n);
}

/**
 * A norm of A (m×n, row stride lda in elements), finite, by its Kind; m, n ≥ 1.
 *
 * work: norm_work_f64(n) bytes. Relative error at most γ_{mn}; infinite only where the norm itself overflows.
 */
export function norm_f64(m: i32, n: i32, a: usize, lda: i32, kind: i32, work: usize): f64 {
  switch (kind) {
    case Kind.COLUMNS_MAX: return of_columns(m, n, a, lda, false, work);
    case Kind.COLUMNS_MIN: return of_columns(m, n, a, lda, true, work);
    case Kind.ROWS_MAX: return of_rows(m, n, a, lda, false);
    case Kind.ROWS_MIN: return of_rows(m, n, a, lda, true);
    case Kind.FROBENIUS: return frobenius(m, n, a, lda);
    default: return largest(m, n, a, lda);
  }
}
