// Dual activations in closed form. For a pair of Gaussian variables (u, v) with variances p, q and covariance r,
//
//    K(p, q, r) = 𝔼 φ(u) φ(v),     K̇(p, q, r) = 𝔼 φ′(u) φ′(v) = ∂K/∂r
//
// in place of r and D (strip.ts), and the tangent kernel is multiplied by K̇. Variances after a layer come from the same
// functions of a row with itself, so that equal rows stay equal to the last bit.
//
// Based on: Williams, Computing with infinite networks, 1996 (erf); Cho & Saul, Kernel methods for deep learning, 2009
// (rectified powers, sign); Tsuchida, Pearce, van der Heide, Roosta & Gallagher, Avoiding kernel fixed points, 2020
// (GELU); Han, Zandieh, Lee, Novak, Xiao & Karbasi, Fast neural kernel embeddings for general activations, 2022.

import { madd } from "../simd";
import { atan2_f64x2, determinant } from "./angle";
import { exp_f64x2, expm1_f64x2 } from "./exp";
import { ARRAY, Strip, learn, variance, variances } from "./strip";

/** Equal to DUAL in bindings/networks/activations.ts; a, b, c are the parameters that come with it. */
const enum Dual {
  ERF, // √a·erf(√b·x) + √c
  GELU, // x·Φ(x)
  SIN, // √a·sin(√b·x + γ),  c = cos 2γ
  RBF, // √2·sin(√(2a)·x + π/4)
  EXP, // √a·exp(√b·x)
  GAUSSIAN, // √a·exp(b·x²)
  GABOR, // exp(−x²)·sin x
  SIGN,
  STEP,
  RECTIFIED_SQUARE, // max(x, 0)²
}

const PI: f64 = 3.141592653589793;

/** Operands: in stage, out stage, a factor that K and K̇ are multiplied by, which, a, b, c. f: the frame that is replaced. */
export function activation(s: Strip, operands: usize, f: usize): void {
  const inStage = <i32>load<f64>(operands);
  const outStage = <i32>load<f64>(operands, 8);
  const factor = load<f64>(operands, 16);
  const dual = <i32>load<f64>(operands, 24);
  const a = load<f64>(operands, 32);
  const b = load<f64>(operands, 40);
  const c = load<f64>(operands, 48);
  learn(s, inStage, load<f64>(f));
  const m = s.width;
  const p = variance(s, inStage);
  const q = variances(s, inStage);
  switch (dual) {
    case Dual.ERF: erf_strip(a, b, c, m, p, q, f); break;
    case Dual.GELU: gelu_strip(m, p, q, f); break;
    case Dual.SIN: sin_strip(a, b, c, m, p, q, f); break;
    case Dual.RBF: rbf_strip(a, m, p, q, f); break;
    case Dual.EXP: exp_strip(a, b, m, p, q, f); break;
    case Dual.GAUSSIAN: gaussian_strip(a, b, m, p, q, f); break;
    case Dual.GABOR: gabor_strip(m, p, q, f); break;
    case Dual.SIGN: sign_strip(false, m, p, q, f); break;
    case Dual.STEP: sign_strip(true, m, p, q, f); break;
    case Dual.RECTIFIED_SQUARE: rectified_square_strip(m, p, q, f); break;
  }
  if (factor != 1) rescale(m, factor, f);
  if (dual == Dual.RBF || dual == Dual.SIGN || dual == Dual.STEP) learn(s, outStage, load<f64>(f));
  else settle(s, outStage, f);
}

/** The whole frame times a factor. */
function rescale(m: i32, factor: f64, f: usize): void {
  const scale = f64x2.splat(factor);
  for (const end = f + (usize(m) << 3); f < end; f += 16) {
    v128.store(f, f64x2.mul(v128.load(f), scale));
    v128.store(f, f64x2.mul(v128.load(f, ARRAY), scale), ARRAY);
    v128.store(f, f64x2.mul(v128.load(f, 2 * ARRAY), scale), 2 * ARRAY);
  }
}

/**
 * The distances that go with new covariances: p + q − 2K for K ≥ 0, −(p + q + 2K) for K < 0, with the new variances.
 * Equal rows (D was 0) stay so, and their covariance becomes their variance.
 */
export function settle(s: Strip, stage: i32, f: usize): void {
  learn(s, stage, load<f64>(f));
  const row = f64x2.splat(variance(s, stage));
  let q = variances(s, stage);
  const zero = f64x2.splat(0);
  const minus = f64x2.splat(-0.0);
  for (const end = f + (usize(s.width) << 3); f < end; f += 16, q += 16) {
    const column = v128.load(q);
    const same = v128.and(i64x2.eq(v128.load(f, ARRAY), zero), f64x2.eq(row, column));
    const K = v128.bitselect(row, v128.load(f), same);
    const twice = f64x2.abs(f64x2.add(K, K));
    const distance = f64x2.pmax(zero, f64x2.sub(f64x2.add(row, column), twice));
    v128.store(f, K);
    v128.store(f, v128.or(v128.andnot(distance, same), v128.and(K, minus)), ARRAY);
  }
}

/** The tangent kernel times K̇. */
// @ts-ignore: decorator
@inline
function multiply(f: usize, derivative: v128): void {
  v128.store(f, f64x2.mul(v128.load(f, 2 * ARRAY), derivative), 2 * ARRAY);
}

/** All ones where v has its sign bit, also that of −0. */
// @ts-ignore: decorator
@inline
function signed(v: v128): v128 {
  return i64x2.shr_s(v, 63);
}

/** K = a·(2/π)·asin(2br/√((1 + 2bp)(1 + 2bq))) + c,  K̇ = ab·(4/π)/√((1 + 2bp)(1 + 2bq) − 4b²r²) */
function erf_strip(a: f64, b: f64, c: f64, m: i32, p: f64, q: usize, f: usize): void {
  const row = f64x2.splat(p);
  const two = f64x2.splat(2 * b);
  const four = f64x2.splat(4 * b * b);
  const scale = f64x2.splat(a * 2 / PI);
  const slope = f64x2.splat(a * b * 4 / PI);
  const shift = f64x2.splat(c);
  for (const end = f + (usize(m) << 3); f < end; f += 16, q += 16) {
    const column = v128.load(q);
    const r = v128.load(f);
    const det = determinant(row, column, r, v128.load(f, ARRAY));
    const rest = madd<f64>(four, det, madd<f64>(two, f64x2.add(row, column), f64x2.splat(1)));
    const root = f64x2.sqrt(rest);
    v128.store(f, f64x2.add(f64x2.mul(scale, atan2_f64x2(f64x2.mul(two, r), root)), shift));
    multiply(f, f64x2.div(slope, root));
  }
}

/**
 * With P = pq, P₁ = (1 + p)(1 + q), Δ² = P₁ − r², A = asin(r/√P₁):
 * K = ((r² + PΔ²)/(P₁Δ) + rA)/(2π) + r/4,  K̇ = (1/Δ² + (1 − P)/P₁ + 1)·r/(2πΔ) + A/(2π) + 1/4
 */
function gelu_strip(m: i32, p: f64, q: usize, f: usize): void {
  const row = f64x2.splat(p);
  const one = f64x2.splat(1);
  const turn = f64x2.splat(0.5 / PI);
  const quarter = f64x2.splat(0.25);
  for (const end = f + (usize(m) << 3); f < end; f += 16, q += 16) {
    const column = v128.load(q);
    const r = v128.load(f);
    const product = f64x2.mul(row, column);
    const product1 = f64x2.mul(f64x2.add(row, one), f64x2.add(column, one));
    const square = f64x2.add(determinant(row, column, r, v128.load(f, ARRAY)), f64x2.add(f64x2.add(row, column), one));
    const root = f64x2.sqrt(square);
    const angle = atan2_f64x2(r, root);
    const first = f64x2.div(madd<f64>(product, square, f64x2.mul(r, r)), f64x2.mul(product1, root));
    v128.store(f, madd<f64>(madd<f64>(r, angle, first), turn, f64x2.mul(r, quarter)));
    const sum = f64x2.add(f64x2.div(one, square), f64x2.add(f64x2.div(f64x2.sub(one, product), product1), one));
    multiply(f, madd<f64>(madd<f64>(sum, f64x2.div(r, root), angle), turn, quarter));
  }
}

/** With s± = exp(−b·|u ∓ v|²/2):  K = (a/2)(s₊ − c·s₋),  K̇ = (ab/2)(s₊ + c·s₋) */
function sin_strip(a: f64, b: f64, c: f64, m: i32, p: f64, q: usize, f: usize): void {
  const row = f64x2.splat(p);
  const phase = f64x2.splat(c);
  const scale = f64x2.splat(a / 2);
  const slope = f64x2.splat(a * b / 2);
  const minus = f64x2.splat(-b / 2);
  for (const end = f + (usize(m) << 3); f < end; f += 16, q += 16) {
    const r = v128.load(f);
    const near = f64x2.abs(v128.load(f, ARRAY));
    // |u|² + |v|² + 2|r|, the other of |u ∓ v|²
    const far = f64x2.add(f64x2.add(row, v128.load(q)), f64x2.abs(f64x2.add(r, r)));
    const negative = signed(v128.load(f, ARRAY));
    const high = exp_f64x2(f64x2.mul(minus, near));
    const low = exp_f64x2(f64x2.mul(minus, far));
    const plus = v128.bitselect(low, high, negative);
    const other = f64x2.mul(phase, v128.bitselect(high, low, negative));
    v128.store(f, f64x2.mul(scale, f64x2.sub(plus, other)));
    multiply(f, f64x2.mul(slope, f64x2.add(plus, other)));
  }
}

/** K = exp(−a·|u − v|²),  K̇ = 2aK;  the new distance is 2 − 2K. */
function rbf_strip(a: f64, m: i32, p: f64, q: usize, f: usize): void {
  const row = f64x2.splat(p);
  const minus = f64x2.splat(-a);
  const slope = f64x2.splat(2 * a);
  for (const end = f + (usize(m) << 3); f < end; f += 16, q += 16) {
    const distance = v128.load(f, ARRAY);
    const negative = signed(distance);
    const r = v128.load(f);
    const far = f64x2.sub(f64x2.add(row, v128.load(q)), f64x2.add(r, r));
    const x = f64x2.mul(minus, v128.bitselect(far, distance, negative));
    const value = exp_f64x2(x);
    v128.store(f, value);
    v128.store(f, f64x2.abs(f64x2.mul(f64x2.splat(-2), expm1_f64x2(x))), ARRAY);
    multiply(f, f64x2.mul(slope, value));
  }
}

/** K = a·exp(b·((p + q)/2 + r)),  K̇ = bK */
function exp_strip(a: f64, b: f64, m: i32, p: f64, q: usize, f: usize): void {
  const row = f64x2.splat(p);
  const rate = f64x2.splat(b);
  const scale = f64x2.splat(a);
  for (const end = f + (usize(m) << 3); f < end; f += 16, q += 16) {
    const mean = f64x2.mul(f64x2.add(row, v128.load(q)), f64x2.splat(0.5));
    const value = f64x2.mul(scale, exp_f64x2(f64x2.mul(rate, f64x2.add(mean, v128.load(f)))));
    v128.store(f, value);
    multiply(f, f64x2.mul(rate, value));
  }
}

/** With Δ² = (1 − 2bp)(1 − 2bq) − 4b²r²:  K = a/Δ,  K̇ = 4ab²r/Δ³ */
function gaussian_strip(a: f64, b: f64, m: i32, p: f64, q: usize, f: usize): void {
  const row = f64x2.splat(p);
  const two = f64x2.splat(-2 * b);
  const four = f64x2.splat(4 * b * b);
  const scale = f64x2.splat(a);
  for (const end = f + (usize(m) << 3); f < end; f += 16, q += 16) {
    const column = v128.load(q);
    const r = v128.load(f);
    const det = determinant(row, column, r, v128.load(f, ARRAY));
    const square = madd<f64>(four, det, madd<f64>(two, f64x2.add(row, column), f64x2.splat(1)));
    const value = f64x2.div(scale, f64x2.sqrt(square));
    v128.store(f, value);
    multiply(f, f64x2.mul(f64x2.div(f64x2.mul(four, r), square), value));
  }
}

/**
 * With S = p + q, δ = 4(pq − r²), n = 1 + 2S + δ, x = r/n, E = exp(−(S + δ)/(2n)):
 * K = E·sinh(x)/√n,  K̇ = E·((1 + 2S + 4(r² + pq))·cosh x + 4r(δ + 3S + 2)·sinh x)/n^(5/2)
 */
function gabor_strip(m: i32, p: f64, q: usize, f: usize): void {
  const row = f64x2.splat(p);
  const one = f64x2.splat(1);
  const half = f64x2.splat(0.5);
  const four = f64x2.splat(4);
  for (const end = f + (usize(m) << 3); f < end; f += 16, q += 16) {
    const column = v128.load(q);
    const r = v128.load(f);
    const sum = f64x2.add(row, column);
    const det = f64x2.mul(four, determinant(row, column, r, v128.load(f, ARRAY)));
    const base = f64x2.add(f64x2.add(sum, sum), one);
    const n = f64x2.add(base, det);
    const inverse = f64x2.div(one, n);
    const damped = f64x2.mul(
      exp_f64x2(f64x2.mul(f64x2.mul(f64x2.add(sum, det), inverse), f64x2.splat(-0.5))),
      f64x2.sqrt(inverse),
    );
    const e = expm1_f64x2(f64x2.abs(f64x2.mul(r, inverse)));
    const e1 = f64x2.add(e, one);
    const sinh = v128.or(f64x2.mul(half, f64x2.add(e, f64x2.div(e, e1))), v128.and(r, f64x2.splat(-0.0)));
    v128.store(f, f64x2.mul(damped, sinh));
    const cosh = f64x2.mul(half, f64x2.add(e1, f64x2.div(one, e1)));
    const even = madd<f64>(four, madd<f64>(r, r, f64x2.mul(row, column)), base);
    const odd = f64x2.mul(f64x2.mul(four, r), f64x2.add(det, madd<f64>(f64x2.splat(3), sum, f64x2.splat(2))));
    const total = madd<f64>(even, cosh, f64x2.mul(odd, sinh));
    multiply(f, f64x2.mul(f64x2.mul(damped, f64x2.mul(inverse, inverse)), total));
  }
}

/**
 * With the angle θ:  sign: K = 1 − 2θ/π, |u − v|² = 4θ/π;  step: K = (π − θ)/(2π), |u − v|² = θ/π.
 * φ(0) is 0 or 1/2, that is θ = π/2 for a variable that is 0, also with itself. K̇ counts as 0: gradient descent sees no
 * more of a step than of a constant.
 */
function sign_strip(step: bool, m: i32, p: f64, q: usize, f: usize): void {
  const zero = f64x2.splat(0);
  const one = f64x2.splat(1);
  const row = f64x2.splat(p);
  const rowOne = v128.and(one, f64x2.gt(row, zero));
  for (const end = f + (usize(m) << 3); f < end; f += 16, q += 16) {
    const column = v128.load(q);
    const r = v128.load(f);
    const gap = v128.load(f, ARRAY);
    const sign = v128.and(gap, f64x2.splat(-0.0));
    const turns = f64x2.mul(atan2_f64x2(f64x2.sqrt(determinant(row, column, r, gap)), f64x2.abs(r)), f64x2.splat(1 / PI));
    const columnOne = v128.and(one, f64x2.gt(column, zero));
    const ones = f64x2.add(rowOne, columnOne);
    const both = f64x2.eq(ones, f64x2.splat(2));
    if (step) {
      const theta = v128.bitselect(f64x2.sub(one, turns), turns, signed(gap)); // in units of π
      v128.store(f, f64x2.mul(f64x2.splat(0.5), f64x2.sub(one, theta)));
      v128.store(f, v128.bitselect(theta, f64x2.mul(f64x2.splat(0.25), ones), both), ARRAY);
    } else {
      v128.store(f, v128.xor(f64x2.sub(one, f64x2.add(turns, turns)), sign));
      v128.store(f, v128.xor(v128.bitselect(f64x2.mul(f64x2.splat(4), turns), ones, both), sign), ARRAY);
    }
    multiply(f, zero);
  }
}

/** With s = √(pq − r²):  K = (3rs + (π − θ)(pq + 2r²))/(2π),  K̇ = 2·(s + (π − θ)r)/π */
function rectified_square_strip(m: i32, p: f64, q: usize, f: usize): void {
  const row = f64x2.splat(p);
  const turn = f64x2.splat(0.5 / PI);
  for (const end = f + (usize(m) << 3); f < end; f += 16, q += 16) {
    const column = v128.load(q);
    const r = v128.load(f);
    const s = f64x2.sqrt(determinant(row, column, r, v128.load(f, ARRAY)));
    // π − θ is π/2 + asin(r/√pq); where r < 0 it is the angle from −u
    const angle = atan2_f64x2(s, f64x2.abs(r));
    const rest = v128.bitselect(angle, f64x2.sub(f64x2.splat(PI), angle), f64x2.lt(r, f64x2.splat(0)));
    const square = f64x2.mul(r, r);
    const both = madd<f64>(row, column, f64x2.add(square, square));
    v128.store(f, f64x2.mul(turn, madd<f64>(rest, both, f64x2.mul(f64x2.splat(3), f64x2.mul(r, s)))));
    multiply(f, f64x2.mul(f64x2.splat(2 / PI), madd<f64>(rest, r, s)));
  }
}
