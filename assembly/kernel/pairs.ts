// What every program starts from: x·z and |x − z|² or |x + z|² of the pairs in a strip.

import { hsum, madd } from "../simd";
import { ARRAY, Strip, variance, variances } from "./strip";

/**
 * |x·z| above so much of (|x|² + |z|²)/2 makes a pair near: |x ∓ z|² is then summed from differences. For others
 * |x|² + |z|² is at most 16 times |x ∓ z|², and so is what its relative error is magnified by.
 */
const NEAR: f64 = 0.9375;

/** |x − z|², or |x + z|² with `sum`. */
function distance_squared(d: i32, x: usize, z: usize, sum: bool): f64 {
  const sign = f64x2.splat(sum ? 1 : -1);
  let acc0: v128 = f64x2.splat(0), acc1: v128 = f64x2.splat(0);
  let end = x + (usize(d & ~3) << 3);
  for (; x < end; x += 32, z += 32) {
    const e0 = madd<f64>(sign, v128.load(z), v128.load(x));
    const e1 = madd<f64>(sign, v128.load(z, 16), v128.load(x, 16));
    acc0 = madd<f64>(e0, e0, acc0);
    acc1 = madd<f64>(e1, e1, acc1);
  }
  let total = hsum<f64>(f64x2.add(acc0, acc1));
  for (end = x + (usize(d & 3) << 3); x < end; x += 8, z += 8) {
    const e = load<f64>(x) + (sum ? load<f64>(z) : -load<f64>(z));
    total += e * e;
  }
  return total;
}

/** Of one near pair: D from differences, and where x and z are equal r := |x|². */
function near_pair(d: i32, base: usize, x: usize, z: usize, p: f64): void {
  const r = load<f64>(base);
  const D = distance_squared(d, x, z, r < 0);
  store<f64>(base, r < 0 ? -D : D, ARRAY);
  if (D == 0 && r > 0) store<f64>(base, p);
}

/**
 * The base frame of the strip from the products x·z of its row x (d) with `width` rows z, stride ldz. Reads and writes
 * up to an even number of pairs.
 */
export function base_strip(s: Strip, products: usize, width: i32, d: i32, x: usize, z: usize, ldz: i32): void {
  const variance0 = variance(s, 0);
  const p = f64x2.splat(variance0);
  const sign = f64x2.splat(-0.0);
  const least = f64x2.splat(0.5 * NEAR);
  let q = variances(s, 0);
  let base = s.base;
  for (let j = 0; j < width; j += 2, base += 16, q += 16) {
    const alone = j + 1 == width;
    const r = alone ? v128.load64_zero(products) : v128.load(products);
    products += 16;
    const size = f64x2.abs(r);
    const total = f64x2.add(p, v128.load(q));
    const D = f64x2.sub(total, f64x2.add(size, size));
    v128.store(base, r);
    v128.store(base, v128.xor(D, v128.and(f64x2.lt(r, f64x2.splat(0)), sign)), ARRAY);
    const near = f64x2.gt(size, f64x2.mul(least, total));
    if (!v128.any_true(near)) continue;
    const row = z + ((usize(j) * ldz) << 3);
    if (i64x2.extract_lane(near, 0)) near_pair(d, base, x, row, variance0);
    if (i64x2.extract_lane(near, 1) && !alone) near_pair(d, base + 8, x, row + (usize(ldz) << 3), variance0);
  }
}
