// The arcsine on [−1/2, 1/2], two numbers at a time: every angle of the kernels comes from here.
//
//    asin s = s + s·z·P(z),  z = s² ≤ 1/4,    P of degree 12
//
// P is the Chebyshev interpolant of (asin √z / √z − 1)/z on [0, 1/4], its coefficients rounded to f64:
// with exact arithmetic the relative error is below 2^−57.3 (tests/fixtures/make_asin.py proves it with
// interval arithmetic and prints the numbers below).

import { madd } from "../simd";

/**
 * asin s, given s and z = s² (from whichever side it is known better), |s| ≤ 1/2.
 *
 * Relative error ≤ 1.6 u beyond that of s and z: u by the last sum, 0.05 u by P, and the correction
 * s·z·P(z), at most 0.0472 s, carries at most 10 u.
 */
// @ts-ignore: decorator
@inline
export function asin_f64x2(s: v128, z: v128): v128 {
  const z2 = f64x2.mul(z, z);
  const z4 = f64x2.mul(z2, z2);
  const p0 = madd<f64>(z, f64x2.splat(0.07499999999998433), f64x2.splat(0.16666666666666669));
  const p2 = madd<f64>(z, f64x2.splat(0.030381944138531247), f64x2.splat(0.04464285714635543));
  const p4 = madd<f64>(z, f64x2.splat(0.017352392720869973), f64x2.splat(0.02237217294214989));
  const p6 = madd<f64>(z, f64x2.splat(0.011479177415184906), f64x2.splat(0.013971212973552933));
  const p8 = madd<f64>(z, f64x2.splat(0.005457506718640358), f64x2.splat(0.01032281435018578));
  const p10 = madd<f64>(z, f64x2.splat(-0.014851887071247204), f64x2.splat(0.01740087944269402));
  const q0 = madd<f64>(z2, p2, p0);
  const q4 = madd<f64>(z2, p6, p4);
  const q8 = madd<f64>(z4, f64x2.splat(0.028757851367421566), madd<f64>(z2, p10, p8));
  const p = madd<f64>(z4, madd<f64>(z4, q8, q4), q0);
  return madd<f64>(s, f64x2.mul(z, p), s);
}
