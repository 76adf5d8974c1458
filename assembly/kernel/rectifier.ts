// The dual of piecewise linear activations φ(x) = a·x for x < 0, b·x for x > 0: relu, leaky relu, |x|, the identity.
//
// Based on: Cho & Saul, Kernel methods for deep learning, 2009; with t the angle between u and the nearer of v and −v,
// F = (a − b)²/(2π), c = (a² + b²)/2 and G = √p√q (sin t − t cos t):
//
//    K = c·r + F·G,   K̇ = c − F·t   where r ≥ 0;      K = ab·r + F·G,   K̇ = ab + F·t   where r < 0
//
// and what D becomes has no cancellation either: p' + q' − 2K = c·|u − v|² − 2F·G where r ≥ 0, and so on.

import { acute_angle, half_sine_squared, sine_excess } from "./angle";
import { ARRAY, Strip, learn, variance, variances } from "./strip";

/** Operands: in stage, out stage, a, b, and a factor that K and K̇ are multiplied by. f: the frame that is replaced. */
export function rectifier(s: Strip, operands: usize, f: usize): void {
  const inStage = <i32>load<f64>(operands);
  const outStage = <i32>load<f64>(operands, 8);
  const a = load<f64>(operands, 16);
  const b = load<f64>(operands, 24);
  const scale = load<f64>(operands, 32);
  learn(s, inStage, load<f64>(f));
  const q = variances(s, inStage);
  const p = variance(s, inStage);
  for (let j = 0; j < s.width; j += 2) {
    const at = usize(j) << 3;
    rectify(p, q + at, a, b, scale, f + at);
  }
  learn(s, outStage, load<f64>(f));
}

/** Two pairs. */
function rectify(p: f64, q: usize, a: f64, b: f64, scale: f64, f: usize): void {
  const F = f64x2.splat(scale * (a - b) * (a - b) * 0.15915494309189535);
  const c = f64x2.splat(scale * 0.5 * (a * a + b * b));
  const ab = scale * a * b;
  const zero = f64x2.splat(0);
  const r = v128.load(f);
  const signed = v128.load(f, ARRAY);
  const gap = f64x2.abs(signed);
  const vp = f64x2.splat(p);
  const vq = v128.load(q);
  const rootP = f64x2.sqrt(vp);
  const rootQ = f64x2.sqrt(vq);
  const norm = f64x2.mul(rootP, rootQ);
  const absR = f64x2.abs(r);
  const negative = f64x2.lt(r, zero);

  const h = half_sine_squared(vp, vq, rootP, rootQ, norm, r, signed);
  const cosine = f64x2.pmin(f64x2.splat(0.5), f64x2.div(absR, norm)); // used where it is at most 1/2
  const t = acute_angle(h, cosine);
  const two = f64x2.splat(2);
  const sine = f64x2.mul(two, f64x2.sqrt(f64x2.mul(h, f64x2.sub(f64x2.splat(1), h))));
  const excess = sine_excess(t, sine, f64x2.sub(f64x2.splat(1), f64x2.mul(two, h)));
  const FG = f64x2.mul(f64x2.mul(F, norm), excess);

  const slope = v128.bitselect(f64x2.splat(ab), c, negative);
  const turn = f64x2.mul(F, t);
  const K = f64x2.add(f64x2.mul(slope, r), FG);
  const dot = v128.bitselect(f64x2.add(slope, turn), f64x2.sub(slope, turn), negative);
  v128.store(f, K);
  v128.store(f, f64x2.mul(v128.load(f, 2 * ARRAY), dot), 2 * ARRAY);

  // D of the outputs: with the part of p' + q' ∓ 2 slope·r that can't cancel
  const total = f64x2.add(vp, vq);
  const absAB = f64x2.splat(abs(ab));
  const rest = f64x2.mul(f64x2.sub(c, absAB), total);
  const opposite = f64x2.add(f64x2.mul(absAB, gap), rest); // (c − |ab|)(p + q) + |ab|·|u + v|²
  const straight = ab >= 0 ? f64x2.add(f64x2.mul(c, total), f64x2.mul(f64x2.splat(2 * ab), absR)) : opposite;
  const FG2 = f64x2.mul(two, FG);
  const near = v128.bitselect(f64x2.mul(c, gap), straight, f64x2.ge(r, zero));
  const D = v128.bitselect(
    f64x2.neg(f64x2.add(opposite, FG2)), f64x2.pmax(zero, f64x2.sub(near, FG2)), f64x2.lt(K, zero));
  v128.store(f, D, ARRAY);
}
