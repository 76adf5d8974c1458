// The angle of two directions of which not the cosine alone is known.

import { madd } from "../simd";
import { asin_f64x2 } from "./asin";

/**
 * The angle t ≤ π/2 between u and the nearer of v and −v, from the variances √p√q = norm, |r|, and gap = |D| (strip.ts):
 *
 *    sin²(t/2) = (gap − (√p − √q)²)/(4·norm)   where t ≤ π/3, otherwise t = π/2 − asin(|r|/norm)
 *
 * π/2 where norm = 0. Relative error a few u where gap has one.
 */
// @ts-ignore: decorator
@inline
export function half_sine_squared(rootP: v128, rootQ: v128, norm: v128, gap: v128): v128 {
  const e = f64x2.sub(rootP, rootQ);
  const h = f64x2.div(f64x2.sub(gap, f64x2.mul(e, e)), f64x2.mul(f64x2.splat(4), norm));
  const inside = f64x2.pmin(f64x2.splat(0.5), f64x2.pmax(f64x2.splat(0), h));
  return v128.bitselect(inside, f64x2.splat(0.5), f64x2.gt(norm, f64x2.splat(0)));
}

/** t itself; h = half_sine_squared(…). */
// @ts-ignore: decorator
@inline
export function acute_angle(h: v128, cosine: v128): v128 {
  const small = f64x2.le(h, f64x2.splat(0.25));
  const z = v128.bitselect(h, f64x2.mul(cosine, cosine), small);
  const angle = asin_f64x2(v128.bitselect(f64x2.sqrt(h), cosine, small), z);
  return v128.bitselect(f64x2.mul(f64x2.splat(2), angle), f64x2.sub(f64x2.splat(1.5707963267948966), angle), small);
}

/**
 * sin t − t·cos t, which is t³/3 for small t, without cancellation: by its series for t < 1.
 * |relative error| ≤ about 4 u.
 */
// @ts-ignore: decorator
@inline
export function sine_excess(t: v128, sine: v128, cosine: v128): v128 {
  const z = f64x2.mul(t, t);
  // Σ (−1)^k t^(2k+3)·(2k + 2)/(2k + 3)!
  let s = f64x2.splat(-3.9145882126782523e-19);
  s = madd<f64>(s, z, f64x2.splat(1.4797143443923793e-16));
  s = madd<f64>(s, z, f64x2.splat(-4.498331606952833e-14));
  s = madd<f64>(s, z, f64x2.splat(1.0706029224547743e-11));
  s = madd<f64>(s, z, f64x2.splat(-1.9270852604185937e-09));
  s = madd<f64>(s, z, f64x2.splat(2.505210838544172e-07));
  s = madd<f64>(s, z, f64x2.splat(-2.2045855379188714e-05));
  s = madd<f64>(s, z, f64x2.splat(0.0011904761904761906));
  s = madd<f64>(s, z, f64x2.splat(-0.03333333333333333));
  s = madd<f64>(s, z, f64x2.splat(0.3333333333333333));
  const series = f64x2.mul(f64x2.mul(t, z), s);
  return v128.bitselect(series, f64x2.sub(sine, f64x2.mul(t, cosine)), f64x2.lt(t, f64x2.splat(1)));
}
