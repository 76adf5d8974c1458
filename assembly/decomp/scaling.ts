// Powers of two that bring a matrix to order 1, where squares and products neither overflow nor underflow.

import { largest_abs } from "../blas/level1";

/** A matrix whose largest entry is within 2^±safe_exponent is not scaled. */
// @ts-ignore: decorator
@inline
function safe_exponent<T>(): i32 {
  return sizeof<T>() == 8 ? 64 : 20;
}

/** 2^−e for x = 2^e·(1 … 2), as near to it as normal numbers of type T go. */
export function inverse_power<T>(x: T): T {
  const most = sizeof<T>() == 8 ? 1022 : 126;
  const exponent = i32(reinterpret<i64>(f64(x)) >> 52) - 1023;
  return <T>reinterpret<f64>(i64(1023 - max(-most, min(most, exponent))) << 52);
}

/** The power of two that brings the largest |aᵢⱼ| of A (m×n, stride lda) near 1; 1 if it is near, 0 for a zero matrix. */
export function scaling<T>(m: i32, n: i32, a: usize, lda: i32): T {
  let largest: T = 0;
  for (let i = 0; i < m; i++) largest = max<T>(largest, largest_abs<T>(n, a + usize(i) * lda * sizeof<T>()));
  return scaling_of<T>(largest);
}

/** The same for the largest |aᵢⱼ|. */
export function scaling_of<T>(largest: T): T {
  if (largest == 0) return 0;
  const by = inverse_power<T>(largest);
  const exponent = i32(reinterpret<i64>(f64(by)) >> 52) - 1023;
  return abs(exponent) < safe_exponent<T>() ? <T>1 : by;
}

/** A := α·A, A (m×n, stride lda). */
export function scale<T>(m: i32, n: i32, alpha: T, a: usize, lda: i32): void {
  for (let i = 0; i < m; i++) scale_row<T>(n, alpha, a + usize(i) * lda * sizeof<T>());
}

/** x := α·x, n numbers. */
export function scale_row<T>(n: i32, alpha: T, x: usize): void {
  const s = v128.splat<T>(alpha);
  const end = x + usize(n) * sizeof<T>();
  for (; x + 16 <= end; x += 16) v128.store(x, v128.mul<T>(s, v128.load(x)));
  for (; x < end; x += sizeof<T>()) store<T>(x, alpha * load<T>(x));
}

export function scaling_f64(m: i32, n: i32, a: usize, lda: i32): f64 {
  return scaling<f64>(m, n, a, lda);
}

export function scaling_f32(m: i32, n: i32, a: usize, lda: i32): f32 {
  return scaling<f32>(m, n, a, lda);
}

/** 2^k, 0 and ∞ beyond the exponents of normal numbers. */
export function power(k: i32): f64 {
  return reinterpret<f64>(i64(max(0, min(2047, 1023 + k))) << 52);
}

/** The k with 2^k ≤ |x| < 2^(k+1), x a normal number; −1023 below. */
// @ts-ignore: decorator
@inline
export function exponent_of(x: f64): i32 {
  return (i32(reinterpret<i64>(x) >>> 52) & 2047) - 1023;
}

/** 2^k·x, rounded at most once where the result is normal. */
export function scaled(x: f64, k: i32): f64 {
  const half = k / 2;
  return x * power(half) * power(k - half);
}

/** Multiplies x (n) by the power of two that brings its largest number to [1, 2); returns the exponent taken out. */
export function normalise(n: i32, x: usize): i32 {
  let taken = 0;
  // denormal numbers take two passes, since a factor reaches no more than 2^1022
  for (let pass = 0; pass < 2; pass++) {
    const largest = largest_abs<f64>(n, x);
    if (largest == 0) return 0;
    const factor = inverse_power<f64>(largest);
    scale_row<f64>(n, factor, x);
    taken -= exponent_of(factor);
  }
  return taken;
}
