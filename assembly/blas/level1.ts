// What kernels over rows share: where an element is, the largest one, the sum of squares.

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
