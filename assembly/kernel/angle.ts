// The angle of two directions of which not the cosine alone is known.

import { madd } from "../simd";
import { asin_f64x2 } from "./asin";

/** The least normal number: keeps quotients finite where all is zero. */
const TINY: f64 = 2.2250738585072014e-308;

/**
 * √p√q − |r| ≥ 0 for a pair as in strip.ts, given norm = √p√q: from (|D| − (√p − √q)²)/2 where |D| < norm, so that p and q are
 * alike and |r| is near to norm; from r elsewhere. Exactly 0 where D is 0.
 */
// @ts-ignore: decorator
@inline
function shortfall(p: v128, q: v128, rootP: v128, rootQ: v128, norm: v128, r: v128, D: v128): v128 {
  const near = f64x2.abs(D);
  const e = f64x2.div(f64x2.sub(p, q), f64x2.add(f64x2.add(rootP, rootQ), f64x2.splat(TINY)));
  const close = f64x2.mul(f64x2.sub(near, f64x2.mul(e, e)), f64x2.splat(0.5));
  const rest = v128.bitselect(close, f64x2.sub(norm, f64x2.abs(r)), f64x2.lt(near, norm));
  return f64x2.max(f64x2.splat(0), rest);
}

/**
 * sin²(t/2) of the angle t ≤ π/2 between u and the nearer of v and −v: (√p√q − |r|)/(2√p√q); 1/2 where that is 0/0. Relative
 * error a few u where D has one and p and q are alike, else an absolute one of a few u.
 */
// @ts-ignore: decorator
@inline
export function half_sine_squared(p: v128, q: v128, rootP: v128, rootQ: v128, norm: v128, r: v128, D: v128): v128 {
  const h = f64x2.div(shortfall(p, q, rootP, rootQ, norm, r, D), f64x2.add(norm, norm));
  return v128.bitselect(f64x2.pmin(f64x2.splat(0.5), h), f64x2.splat(0.5), f64x2.gt(norm, f64x2.splat(0)));
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

/** pq − r² ≥ 0 for a pair as in strip.ts. Exactly 0 where D is 0. */
// @ts-ignore: decorator
@inline
export function determinant(p: v128, q: v128, r: v128, D: v128): v128 {
  const rootP = f64x2.sqrt(p);
  const rootQ = f64x2.sqrt(q);
  const norm = f64x2.mul(rootP, rootQ);
  const rest = shortfall(p, q, rootP, rootQ, norm, r, D);
  return f64x2.mul(rest, f64x2.max(f64x2.splat(0), f64x2.sub(f64x2.add(norm, norm), rest)));
}

/**
 * The angle of (x, y) for x ≥ 0, in [−π/2, π/2], odd in y to the last bit; π/2 for (0, 0).
 * From the sine below 30°, the cosine above 60°, and the sine of what is beyond 45° between. Relative error ≤ 5 u.
 */
// @ts-ignore: decorator
@inline
export function atan2_f64x2(y: v128, x: v128): v128 {
  const height = f64x2.abs(y);
  const square = f64x2.add(f64x2.mul(y, y), f64x2.mul(x, x));
  const inverse = f64x2.div(f64x2.splat(1), f64x2.sqrt(f64x2.max(square, f64x2.splat(2.2250738585072014e-308))));
  const sine = f64x2.mul(height, inverse);
  const cosine = f64x2.mul(x, inverse);
  const half = f64x2.splat(0.5);
  const steep = f64x2.le(cosine, half);
  const flat = f64x2.le(sine, half);
  const beyond = f64x2.mul(f64x2.mul(f64x2.sub(height, x), inverse), f64x2.splat(0.7071067811865476));
  const s = v128.bitselect(f64x2.neg(cosine), v128.bitselect(sine, beyond, flat), steep);
  const from = v128.bitselect(
    f64x2.splat(1.5707963267948966),
    v128.andnot(f64x2.splat(0.7853981633974483), flat),
    steep,
  );
  const angle = f64x2.add(from, asin_f64x2(s, f64x2.mul(s, s)));
  return v128.or(angle, v128.and(y, f64x2.splat(-0.0)));
}
