// Rows and columns scaled by powers of two to order 1: without a rounding, and what is left of the condition
// number is not of the units that the matrix is written in.

import { largest_abs } from "../blas/level1";
import { scale_row } from "./scaling";

/** Rows whose largest numbers differ by less are not scaled. [LAPACK dlaqge] */
const RATIO: f64 = 0.1;

/** Largest numbers within 2^±SAFE are of harmless size. */
const SAFE: f64 = 1e90;

/** Rounds for a symmetric matrix: the square root of what is off is left after each. */
const ROUNDS: i32 = 4;

/** 2ᵉ, −1022 ≤ e ≤ 1023. */
function power(e: i32): f64 {
  return reinterpret<f64>(i64(e + 1023) << 52);
}

/** −e for x = 2ᵉ·(1 … 2), within ±1022; 0 for x = 0. */
function opposite_exponent(x: f64): i32 {
  if (x == 0) return 0;
  return max(-1022, min(1022, 1023 - i32(reinterpret<i64>(x) >> 52)));
}

/** Whether the largest numbers of rows or columns, those at x that are not zero, need scaling. */
function is_uneven(n: i32, x: usize): bool {
  let least: f64 = Infinity;
  let most: f64 = 0;
  for (const end = x + (usize(n) << 3); x < end; x += 8) {
    const size = load<f64>(x);
    if (size == 0) continue;
    least = min(least, size);
    most = max(most, size);
  }
  return most > 0 && (least < RATIO * most || most > SAFE || most < 1 / SAFE);
}

/** s[i] := −exponent of the largest in place i. */
function opposites(n: i32, sizes: usize, s: usize): void {
  for (let i = 0; i < n; i++) store<i32>(s + (usize(i) << 2), opposite_exponent(load<f64>(sizes + (usize(i) << 3))));
}

/** yⱼ := max(yⱼ, |xⱼ|) */
function max_row(n: i32, x: usize, y: usize): void {
  const end = y + (usize(n) << 3);
  for (; y + 16 <= end; y += 16) {
    v128.store(y, v128.pmax<f64>(v128.load(y), v128.abs<f64>(v128.load(x))));
    x += 16;
  }
  if (y < end) store<f64>(y, max(load<f64>(y), abs(load<f64>(x))));
}

/** xⱼ := xⱼ·2^sⱼ */
function scale_columns(n: i32, x: usize, s: usize): void {
  for (const end = x + (usize(n) << 3); x < end; x += 8) {
    store<f64>(x, load<f64>(x) * power(load<i32>(s)));
    s += 4;
  }
}

/** The largest |xⱼ|·2^sⱼ. */
function largest_scaled(n: i32, x: usize, s: usize): f64 {
  let largest: f64 = 0;
  for (const end = x + (usize(n) << 3); x < end; x += 8) {
    largest = max(largest, abs(load<f64>(x)) * power(load<i32>(s)));
    s += 4;
  }
  return largest;
}

/** Bytes of workspace for equilibrate. */
export function equilibrate_work_f64(n: i32): f64 {
  return 8 * f64(n);
}

/**
 * aᵢⱼ := aᵢⱼ·2^(rᵢ + cⱼ), so that the largest of each row and column is about 1, or within 1/RATIO of the
 * others: then r or c is 0. With `symmetric` r = c.
 *
 * A (n×n, row stride lda in elements), finite; r, c (n, i32), which may be the same with `symmetric`.
 * work: equilibrate_work_f64(n) bytes. Exact but for what underflows.
 * [LAPACK dgeequb; Knight, Ruiz & Uçar, A symmetry preserving algorithm for matrix scaling, 2014]
 */
export function equilibrate_f64(n: i32, a: usize, lda: i32, symmetric: bool, r: usize, c: usize, work: usize): void {
  const ld = usize(lda) << 3;
  memory.fill(r, 0, usize(n) << 2);
  memory.fill(c, 0, usize(n) << 2);
  for (let i = 0; i < n; i++) store<f64>(work + (usize(i) << 3), largest_abs<f64>(n, a + usize(i) * ld));
  const uneven = is_uneven(n, work);
  if (symmetric) {
    if (!uneven) return;
    for (let round = 0; round < ROUNDS; round++) {
      for (let i = 0; i < n; i++) store<f64>(work + (usize(i) << 3), largest_scaled(n, a + usize(i) * ld, r));
      for (let i = 0; i < n; i++) {
        const at = r + (usize(i) << 2);
        const own = load<i32>(at);
        // the row's own factor is not in its largest number yet
        const size = load<f64>(work + (usize(i) << 3));
        if (size > 0) store<i32>(at, max(-1000, min(1000, own + ((opposite_exponent(size) - own) >> 1))));
      }
    }
    memory.copy(c, r, usize(n) << 2);
  } else {
    if (uneven) {
      opposites(n, work, r);
      for (let i = 0; i < n; i++) scale_row<f64>(n, power(load<i32>(r + (usize(i) << 2))), a + usize(i) * ld);
    }
    memory.fill(work, 0, usize(n) << 3);
    for (let i = 0; i < n; i++) max_row(n, a + usize(i) * ld, work);
    if (!is_uneven(n, work)) return;
    opposites(n, work, c);
  }
  for (let i = 0; i < n; i++) {
    const row = a + usize(i) * ld;
    if (symmetric) scale_row<f64>(n, power(load<i32>(r + (usize(i) << 2))), row);
    scale_columns(n, row, c);
  }
}
