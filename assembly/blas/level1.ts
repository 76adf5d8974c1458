// What kernels over rows share: where an element is, the largest one, inner products.

import { hsum, madd } from "../simd";

/** Element (i, j) of a matrix with row stride ld. */
// @ts-ignore: decorator
@inline
export function at<T>(x: usize, ld: i32, i: i32, j: i32): usize {
  return x + (usize(i) * ld + j) * sizeof<T>();
}

/** The largest |x_k|, k < n; 0 for n = 0. */
export function largest_abs<T>(n: i32, x: usize): T {
  let top0: v128 = v128.splat<T>(0), top1: v128 = v128.splat<T>(0);
  const end = x + usize(n) * sizeof<T>();
  for (; x + 32 <= end; x += 32) {
    top0 = v128.pmax<T>(top0, v128.abs<T>(v128.load(x)));
    top1 = v128.pmax<T>(top1, v128.abs<T>(v128.load(x, 16)));
  }
  const top = v128.pmax<T>(top0, top1);
  let largest = max<T>(v128.extract_lane<T>(top, 0), v128.extract_lane<T>(top, 1));
  if (sizeof<T>() == 4) {
    // @ts-ignore: T is f32 here
    largest = max<T>(largest, max<T>(f32x4.extract_lane(top, 2), f32x4.extract_lane(top, 3)));
  }
  for (; x < end; x += sizeof<T>()) largest = max<T>(largest, abs<T>(load<T>(x)));
  return largest;
}

/** Σ x_k², k < m. */
export function sum_squares<T>(m: i32, x: usize): f64 {
  let s0: v128 = v128.splat<T>(<T>0), s1: v128 = v128.splat<T>(<T>0);
  const end = x + usize(m) * sizeof<T>();
  for (; x + 32 <= end; x += 32) {
    const x0 = v128.load(x), x1 = v128.load(x, 16);
    s0 = madd<T>(x0, x0, s0);
    s1 = madd<T>(x1, x1, s1);
  }
  let sum = f64(hsum<T>(v128.add<T>(s0, s1)));
  for (; x < end; x += sizeof<T>()) sum += f64(load<T>(x)) * f64(load<T>(x));
  return sum;
}

/** Σ xₖ·yₖ over k < n, in eight running sums: at most ⌈n/8⌉ + 4 roundings to each product. */
export function dot(n: i32, x: usize, y: usize): f64 {
  let s0: v128 = f64x2.splat(0), s1: v128 = f64x2.splat(0), s2: v128 = f64x2.splat(0), s3: v128 = f64x2.splat(0);
  for (const end = x + (usize(n & ~7) << 3); x < end; x += 64) {
    s0 = madd<f64>(v128.load(x), v128.load(y), s0);
    s1 = madd<f64>(v128.load(x, 16), v128.load(y, 16), s1);
    s2 = madd<f64>(v128.load(x, 32), v128.load(y, 32), s2);
    s3 = madd<f64>(v128.load(x, 48), v128.load(y, 48), s3);
    y += 64;
  }
  // what is left, up to seven, goes to the same sums
  if (n & 4) {
    s0 = madd<f64>(v128.load(x), v128.load(y), s0);
    s1 = madd<f64>(v128.load(x, 16), v128.load(y, 16), s1);
    x += 32;
    y += 32;
  }
  if (n & 2) {
    s2 = madd<f64>(v128.load(x), v128.load(y), s2);
    x += 16;
    y += 16;
  }
  if (n & 1) s3 = madd<f64>(v128.load64_zero(x), v128.load64_zero(y), s3);
  return hsum<f64>(f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3)));
}
