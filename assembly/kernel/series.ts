// The dual of any activation φ, by its Hermite series. With h_k the Hermite polynomials, orthonormal under z ~ N(0, 1),
// and b_k(p) = 𝔼 φ′(√p·z) h_k(z), for variables of variances p, q and covariance r = ρ√(pq):
//
//    K̇ = Σ_k B_k ρᵏ,   K = a₀(p)·a₀(q) + r·Σ_k B_k ρᵏ/(k + 1),     B_k = b_k(p)·b_k(q),  a₀(p) = 𝔼 φ(√p·z)
//
// (Stein: 𝔼 φ(√p·z) h_{k+1} = √(p/(k + 1))·b_k.) The tables of the rows hold, from the stage `base` on, a₀, 𝔼 φ², 𝔼 φ′²,
// b₀, b₁, …; bindings/networks/coefficients.ts computes them from the variances.
//
// Based on: Daniely, Frostig & Singer, Toward deeper understanding of neural networks, 2016.

import { madd } from "../simd";
import { settle } from "./activation";
import { ARRAY, FRAME, Strip, learn, variance, variances } from "./strip";

/** Operands: in stage, out stage, base, terms. f: the frame that is replaced; the one above it is scratch: ρ, K̇, K's sum. */
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
  for (let k = <i32>load<f64>(operands, 24) - 1; k >= 0; k--) {
    add_term(s.width, variance(s, base + 3 + k), 1 / f64(k + 1), variances(s, base + 3 + k), scratch);
  }
  finish(s, base, f, scratch);
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

/** One step of Horner's scheme in both sums. */
function add_term(width: i32, row: f64, share: f64, column: usize, scratch: usize): void {
  const u = f64x2.splat(row);
  const v = f64x2.splat(share);
  for (const end = scratch + (usize(width) << 3); scratch < end; scratch += 16, column += 16) {
    const term = f64x2.mul(u, v128.load(column));
    const rho = v128.load(scratch);
    v128.store(scratch, madd<f64>(rho, v128.load(scratch, ARRAY), term), ARRAY);
    v128.store(scratch, madd<f64>(rho, v128.load(scratch, 2 * ARRAY), f64x2.mul(v, term)), 2 * ARRAY);
  }
}

/** K, and T times K̇; of equal rows the exact K̇ = 𝔼 φ′², as settle() gives them their exact K. */
function finish(s: Strip, base: i32, f: usize, scratch: usize): void {
  const mean = f64x2.splat(variance(s, base));
  const exact = f64x2.splat(variance(s, base + 2));
  const zero = f64x2.splat(0);
  let means = variances(s, base);
  for (const end = f + (usize(s.width) << 3); f < end; f += 16, means += 16, scratch += 16) {
    const same = i64x2.eq(v128.load(f, ARRAY), zero);
    const dot = v128.bitselect(exact, v128.load(scratch, ARRAY), same);
    v128.store(f, madd<f64>(v128.load(f), v128.load(scratch, 2 * ARRAY), f64x2.mul(mean, v128.load(means))));
    v128.store(f, f64x2.mul(v128.load(f, 2 * ARRAY), dot), 2 * ARRAY);
  }
}
