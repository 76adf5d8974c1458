// The dual of any activation φ, by its Hermite series. With h_k the Hermite polynomials, orthonormal under z ~ N(0, 1),
// and b_k(p) = 𝔼 φ′(√p·z) h_k(z), for variables of variances p, q and covariance r = ρ√(pq):
//
//    K̇ = Σ_k B_k ρᵏ,   K = a₀(p)·a₀(q) + r·Σ_k B_k ρᵏ/(k + 1),     B_k = b_k(p)·b_k(q),  a₀(p) = 𝔼 φ(√p·z)
//
// (Stein: 𝔼 φ(√p·z) h_{k+1} = √(p/(k + 1))·b_k.) The tables of the rows hold, from the stage `base` on, a₀, 𝔼 φ², 𝔼 φ′²,
// and those b_k that are not 0 by the symmetry of φ: k = 0, first, first + step, …; bindings/networks/coefficients.ts
// computes them from the variances.
//
// Based on: Daniely, Frostig & Singer, Toward deeper understanding of neural networks, 2016.

import { madd } from "../simd";
import { settle } from "./activation";
import { ARRAY, FRAME, Strip, learn, variance, variances } from "./strip";

/**
 * Operands: in stage, out stage, base, terms (b₀ among them, at least 1), first, step (1 or 2; first = 2 only with step = 2).
 * f: the frame that is replaced; the one above it is scratch: ρ, K̇, K's sum.
 */
export function series(s: Strip, operands: usize, f: usize): void {
  const inStage = <i32>load<f64>(operands);
  const outStage = <i32>load<f64>(operands, 8);
  const base = <i32>load<f64>(operands, 16);
  learn(s, inStage, load<f64>(f));
  if (s.diagonal) {
    store<f64>(f, variance(s, base + 1));
    store<f64>(f, load<f64>(f, 2 * ARRAY) * variance(s, base + 2), 2 * ARRAY);
    learn(s, outStage, variance(s, base + 1));
    return;
  }
  const scratch = f + FRAME;
  correlations(s, inStage, f, scratch);
  const first = <i32>load<f64>(operands, 32);
  const step = <i32>load<f64>(operands, 40);
  let j = <i32>load<f64>(operands, 24) - 1;
  let k = first + (j - 1) * step;
  for (; j & 3; j--, k -= step) add_term(s, base + 3 + j, k, step == 2, scratch);
  for (; j > 0; j -= 4, k -= 4 * step) add_terms(s, base + 3 + j, k, step, scratch);
  finish(s, base, first == 2, f, scratch);
  settle(s, outStage, f);
}

/** ρ of the pairs, 0 where a variance is 0; the sums begin at 0. */
function correlations(s: Strip, stage: i32, f: usize, scratch: usize): void {
  const root = f64x2.splat(sqrt(variance(s, stage)));
  const zero = f64x2.splat(0);
  const one = f64x2.splat(1);
  let q = variances(s, stage);
  for (const end = f + (usize(s.width) << 3); f < end; f += 16, q += 16, scratch += 16) {
    const norm = f64x2.mul(root, f64x2.sqrt(v128.load(q)));
    const rho = f64x2.min(one, f64x2.max(f64x2.splat(-1), f64x2.div(v128.load(f), norm)));
    v128.store(scratch, v128.and(rho, f64x2.gt(norm, zero)));
    v128.store(scratch, zero, ARRAY);
    v128.store(scratch, zero, 2 * ARRAY);
  }
}

/** One step of Horner's scheme, in ρ or ρ², in both sums: the term of degree k, from its stage. */
function add_term(s: Strip, stage: i32, k: i32, squared: bool, scratch: usize): void {
  const u = f64x2.splat(variance(s, stage));
  const share = f64x2.splat(1 / f64(k + 1));
  let column = variances(s, stage);
  for (const end = scratch + (usize(s.width) << 3); scratch < end; scratch += 16, column += 16) {
    const rho = v128.load(scratch);
    const x = squared ? f64x2.mul(rho, rho) : rho;
    const term = f64x2.mul(u, v128.load(column));
    v128.store(scratch, madd<f64>(x, v128.load(scratch, ARRAY), term), ARRAY);
    v128.store(scratch, madd<f64>(x, v128.load(scratch, 2 * ARRAY), f64x2.mul(share, term)), 2 * ARRAY);
  }
}

/** Four such steps, of degree k and below: ρ and the sums pass through the cache once. */
function add_terms(s: Strip, stage: i32, k: i32, step: i32, scratch: usize): void {
  const u0 = f64x2.splat(variance(s, stage));
  const u1 = f64x2.splat(variance(s, stage - 1));
  const u2 = f64x2.splat(variance(s, stage - 2));
  const u3 = f64x2.splat(variance(s, stage - 3));
  const share0 = f64x2.splat(1 / f64(k + 1));
  const share1 = f64x2.splat(1 / f64(k + 1 - step));
  const share2 = f64x2.splat(1 / f64(k + 1 - 2 * step));
  const share3 = f64x2.splat(1 / f64(k + 1 - 3 * step));
  const squared = step == 2;
  const down = usize(s.ldr) << 3;
  let column = variances(s, stage);
  for (const end = scratch + (usize(s.width) << 3); scratch < end; scratch += 16, column += 16) {
    const rho = v128.load(scratch);
    const x = squared ? f64x2.mul(rho, rho) : rho;
    const t0 = f64x2.mul(u0, v128.load(column));
    const t1 = f64x2.mul(u1, v128.load(column - down));
    const t2 = f64x2.mul(u2, v128.load(column - 2 * down));
    const t3 = f64x2.mul(u3, v128.load(column - 3 * down));
    let slope = madd<f64>(x, v128.load(scratch, ARRAY), t0);
    let value = madd<f64>(x, v128.load(scratch, 2 * ARRAY), f64x2.mul(share0, t0));
    slope = madd<f64>(x, slope, t1);
    value = madd<f64>(x, value, f64x2.mul(share1, t1));
    slope = madd<f64>(x, slope, t2);
    value = madd<f64>(x, value, f64x2.mul(share2, t2));
    v128.store(scratch, madd<f64>(x, slope, t3), ARRAY);
    v128.store(scratch, madd<f64>(x, value, f64x2.mul(share3, t3)), 2 * ARRAY);
  }
}

/** The term b₀; K, and T times K̇; of equal rows the exact K̇ = 𝔼 φ′², as settle() gives them their exact K. */
function finish(s: Strip, base: i32, squared: bool, f: usize, scratch: usize): void {
  const mean = f64x2.splat(variance(s, base));
  const exact = f64x2.splat(variance(s, base + 2));
  const u = f64x2.splat(variance(s, base + 3));
  const zero = f64x2.splat(0);
  let means = variances(s, base);
  let column = variances(s, base + 3);
  for (const end = f + (usize(s.width) << 3); f < end; f += 16, means += 16, column += 16, scratch += 16) {
    const rho = v128.load(scratch);
    const power = squared ? f64x2.mul(rho, rho) : rho;
    const term = f64x2.mul(u, v128.load(column));
    const slope = madd<f64>(power, v128.load(scratch, ARRAY), term);
    const value = madd<f64>(power, v128.load(scratch, 2 * ARRAY), term);
    const same = i64x2.eq(v128.load(f, ARRAY), zero);
    const dot = v128.bitselect(exact, slope, same);
    v128.store(f, madd<f64>(v128.load(f), value, f64x2.mul(mean, v128.load(means))));
    v128.store(f, f64x2.mul(v128.load(f, 2 * ARRAY), dot), 2 * ARRAY);
  }
}
