// The exponential and powers, two numbers at a time: every kernel of a distance ends here.
//
//    eˣ = 2ⁿ·(1 + r + r²·P(r)),   n = x/ln 2 rounded,  r = x − n·ln 2,  |r| ≤ ln 2 / 2,        P of degree 9
//    log₂ m = (2s + s·z·Q(z))/ln 2,   s = (m − 1)/(m + 1),  z = s²,  √½ ≤ m ≤ √2,              Q of degree 7
//
// P and Q are Chebyshev interpolants, their coefficients rounded to f64: with exact arithmetic the relative
// errors are below 2^−55.7 and 2^−60.7 (tests/fixtures/make_exp.py prints the numbers below).
//
// Based on: Cody & Waite, Software manual for the elementary functions, 1980 (the reductions).

import { madd, nmadd } from "../simd";

/** 1.5·2⁵²: added to x, |x| < 2⁵⁰, it leaves x rounded to a whole number in the low bits of the sum. */
const ROUND: f64 = 6755399441055744;

/** ln 2 = LN2_HIGH + LN2_LOW: the first has 42 bits, so that its products with n are exact. */
const LN2_HIGH: f64 = 0.6931471805598903;
const LN2_LOW: f64 = 5.497923018708371e-14;

/** The bits of √½: with them taken off, those of x have e in place of the exponent, m = x/2ᵉ in [√½, √2). */
const SQRT_HALF: i64 = 0x3fe6a09e667f3bcd;

/** eʳ − 1, |r| ≤ ln 2 / 2. */
// @ts-ignore: decorator
@inline
function reduced_expm1(r: v128): v128 {
  const r2 = f64x2.mul(r, r);
  const r4 = f64x2.mul(r2, r2);
  const p0 = madd<f64>(r, f64x2.splat(0.16666666666666669), f64x2.splat(0.5000000000000001));
  const p2 = madd<f64>(r, f64x2.splat(0.008333333333330065), f64x2.splat(0.041666666666624164));
  const p4 = madd<f64>(r, f64x2.splat(0.0001984126986304067), f64x2.splat(0.0013888888917196881));
  const p6 = madd<f64>(r, f64x2.splat(2.7557268480116333e-06), f64x2.splat(2.4801521322116825e-05));
  const p8 = madd<f64>(r, f64x2.splat(2.5100375924709717e-08), f64x2.splat(2.762007599981065e-07));
  const p = madd<f64>(r4, madd<f64>(r4, p8, madd<f64>(r2, p6, p4)), madd<f64>(r2, p2, p0));
  return madd<f64>(r2, p, r);
}

/**
 * 2ⁿ·eʳ, |r| ≤ ln 2 / 2, for whole n = rounded − ROUND from −1100 to 1100. In two steps, since 2ⁿ itself may be out
 * of range; the first is exact.
 */
// @ts-ignore: decorator
@inline
function scaled_exp(r: v128, rounded: v128): v128 {
  const y = f64x2.add(reduced_expm1(r), f64x2.splat(1));
  // the low 32 bits of each lane are n; the shift drops what is above its 12 low bits
  const half = i32x4.shr_s(rounded, 1);
  const one = f64x2.splat(1);
  const first = i64x2.add(i64x2.shl(half, 52), one);
  const second = i64x2.add(i64x2.shl(i32x4.sub(rounded, half), 52), one);
  return f64x2.mul(f64x2.mul(y, first), second);
}

/**
 * eˣ of two numbers. Relative error ≤ 1.6 u (measured 1.5 u, or 1.06 places), below 2⁻¹⁰²² half a denormal more.
 * 0 for x < −745.14 and −∞, ∞ for x > 709.79, NaN for NaN.
 */
// @ts-ignore: decorator
@inline
export function exp_f64x2(x: v128): v128 {
  x = f64x2.pmax(f64x2.pmin(x, f64x2.splat(710)), f64x2.splat(-746));
  const rounded = madd<f64>(x, f64x2.splat(1.4426950408889634), f64x2.splat(ROUND));
  const n = f64x2.sub(rounded, f64x2.splat(ROUND));
  const r = nmadd<f64>(n, f64x2.splat(LN2_LOW), nmadd<f64>(n, f64x2.splat(LN2_HIGH), x));
  return scaled_exp(r, rounded);
}

/** eˣ − 1 of two numbers, as 2ⁿ·(eʳ − 1) + (2ⁿ − 1). Relative error ≤ 3 u; −1 for x < −40, meant for x ≤ 709. */
// @ts-ignore: decorator
@inline
export function expm1_f64x2(x: v128): v128 {
  x = f64x2.pmax(f64x2.pmin(x, f64x2.splat(709)), f64x2.splat(-40));
  const rounded = madd<f64>(x, f64x2.splat(1.4426950408889634), f64x2.splat(ROUND));
  const n = f64x2.sub(rounded, f64x2.splat(ROUND));
  const r = nmadd<f64>(n, f64x2.splat(LN2_LOW), nmadd<f64>(n, f64x2.splat(LN2_HIGH), x));
  const one = f64x2.splat(1);
  const scale = i64x2.add(i64x2.shl(rounded, 52), one);
  return madd<f64>(scale, reduced_expm1(r), f64x2.sub(scale, one));
}

/**
 * x^c of two numbers x ≥ 0, for c = high + low > 0 where high has at most 40 bits (splitting c is the caller's).
 *
 * The exponent e of x = 2ᵉ·m stays apart: c·e's whole part goes into the exponent of the result and only
 * its fraction is added to c·log₂ m. So the error, at most 2 + 2c places (measured 1.6 for c ≤ 1), does not grow
 * with |c·log x|. 0 and ∞ give themselves.
 */
// @ts-ignore: decorator
@inline
export function power_f64x2(x: v128, high: f64, low: f64): v128 {
  const tiny = f64x2.lt(x, f64x2.splat(2.2250738585072014e-308));
  const normal = v128.bitselect(f64x2.mul(x, f64x2.splat(18014398509481984)), x, tiny); // 2⁵⁴
  const bits = i64x2.sub(normal, i64x2.splat(SQRT_HALF));
  const e52 = v128.and(bits, i64x2.splat(<i64>0xfff0000000000000));
  const m = i64x2.sub(normal, e52);
  const e = f64x2.sub( // as a number by way of the low bits of ROUND + e
    f64x2.sub(i64x2.add(i64x2.shr_s(bits, 52), f64x2.splat(ROUND)), f64x2.splat(ROUND)),
    v128.and(tiny, f64x2.splat(54)),
  );
  const s = f64x2.div(f64x2.sub(m, f64x2.splat(1)), f64x2.add(m, f64x2.splat(1)));
  const z = f64x2.mul(s, s);
  const z2 = f64x2.mul(z, z);
  const q0 = madd<f64>(z, f64x2.splat(0.4000000000000088), f64x2.splat(0.6666666666666666));
  const q2 = madd<f64>(z, f64x2.splat(0.22222222391714744), f64x2.splat(0.2857142857080361));
  const q4 = madd<f64>(z, f64x2.splat(0.15386239707611124), f64x2.splat(0.18181795640044723));
  const q6 = madd<f64>(z, f64x2.splat(0.13086627491197242), f64x2.splat(0.13268773010203216));
  const q = madd<f64>(f64x2.mul(z2, z2), madd<f64>(z2, q6, q4), madd<f64>(z2, q2, q0));
  const log2 = f64x2.mul(madd<f64>(f64x2.mul(s, z), q, f64x2.add(s, s)), f64x2.splat(1.4426950408889634));

  const whole = f64x2.mul(e, f64x2.splat(high)); // exact
  const rest = madd<f64>(log2, f64x2.splat(high + low), f64x2.mul(e, f64x2.splat(low)));
  const rounded = f64x2.add(f64x2.add(whole, rest), f64x2.splat(ROUND));
  const n = f64x2.sub(rounded, f64x2.splat(ROUND));
  const t = f64x2.add(f64x2.sub(whole, n), rest);
  const y = scaled_exp(f64x2.mul(t, f64x2.splat(0.6931471805599453)), rounded);
  return v128.bitselect(x, y, f64x2.eq(f64x2.add(x, x), x)); // 0 and ∞
}
