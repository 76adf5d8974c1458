// Kernels of the distance d of two rows, and of their inner product alone.
//
// d² = |x|² + |z|² − 2·x·z where that does not cancel, otherwise it was summed from differences (pairs.ts): its
// relative error is at most (d + 20)·16·u for d numbers in a row, and a few u more for each operation below.

import { exp_f64x2, power_f64x2 } from "./exp";
import { ARRAY, Strip, variance, variances } from "./strip";

/** |x − z|² of two pairs of the base frame. */
// @ts-ignore: decorator
@inline
function squared(base: usize, p: v128, q: usize): v128 {
  const r = v128.load(base);
  const apart = f64x2.sub(f64x2.add(p, v128.load(q)), f64x2.add(r, r));
  return v128.bitselect(apart, v128.load(base, ARRAY), f64x2.lt(r, f64x2.splat(0)));
}

/** K := exp(a·d²). Operand: a. */
export function gaussian(s: Strip, operands: usize, f: usize): void {
  const a = v128.load64_splat(operands);
  const p = f64x2.splat(variance(s, 0));
  let q = variances(s, 0);
  let base = s.base;
  for (const end = f + (usize(s.width) << 3); f < end; f += 16, base += 16, q += 16) {
    v128.store(f, exp_f64x2(f64x2.mul(a, squared(base, p, q))));
  }
}

/** K := exp(a·d). Operand: a. */
export function laplacian(s: Strip, operands: usize, f: usize): void {
  const a = v128.load64_splat(operands);
  const p = f64x2.splat(variance(s, 0));
  let q = variances(s, 0);
  let base = s.base;
  for (const end = f + (usize(s.width) << 3); f < end; f += 16, base += 16, q += 16) {
    v128.store(f, exp_f64x2(f64x2.mul(a, f64x2.sqrt(squared(base, p, q)))));
  }
}

/** K := exp(a·d^γ). Operands: a, and γ/2 = high + low as power_f64x2 wants it. */
export function dispersal(s: Strip, operands: usize, f: usize): void {
  const a = v128.load64_splat(operands);
  const high = load<f64>(operands, 8);
  const low = load<f64>(operands, 16);
  const p = f64x2.splat(variance(s, 0));
  let q = variances(s, 0);
  let base = s.base;
  for (const end = f + (usize(s.width) << 3); f < end; f += 16, base += 16, q += 16) {
    v128.store(f, exp_f64x2(f64x2.mul(a, power_f64x2(squared(base, p, q), high, low))));
  }
}

/** K := 1/(1 + a·d²). Operand: a. */
export function cauchy(s: Strip, operands: usize, f: usize): void {
  const a = v128.load64_splat(operands);
  const one = f64x2.splat(1);
  const p = f64x2.splat(variance(s, 0));
  let q = variances(s, 0);
  let base = s.base;
  for (const end = f + (usize(s.width) << 3); f < end; f += 16, base += 16, q += 16) {
    v128.store(f, f64x2.div(one, f64x2.add(one, f64x2.mul(a, squared(base, p, q)))));
  }
}

/** K := (1 + s + b·s²)·e^−s, s = a·d. Operands: a, b. */
export function matern(s: Strip, operands: usize, f: usize): void {
  const a = v128.load64_splat(operands);
  const b = v128.load64_splat(operands, 8);
  const one = f64x2.splat(1);
  const p = f64x2.splat(variance(s, 0));
  let q = variances(s, 0);
  let base = s.base;
  for (const end = f + (usize(s.width) << 3); f < end; f += 16, base += 16, q += 16) {
    // beyond 1000 the kernel is 0, and so it stays for ∞
    const t = f64x2.pmin(f64x2.mul(a, f64x2.sqrt(squared(base, p, q))), f64x2.splat(1000));
    const polynomial = f64x2.add(f64x2.mul(f64x2.add(f64x2.mul(b, t), one), t), one);
    v128.store(f, f64x2.mul(polynomial, exp_f64x2(f64x2.neg(t))));
  }
}

/** K := (a·x·z + b)^degree, by squaring: relative error ≤ degree·(that of the power's base + u). Operands: a, b, degree ≥ 0. */
export function polynomial(s: Strip, operands: usize, f: usize): void {
  const a = v128.load64_splat(operands);
  const b = v128.load64_splat(operands, 8);
  const degree = <i32>load<f64>(operands, 16);
  let base = s.base;
  for (const end = f + (usize(s.width) << 3); f < end; f += 16, base += 16) {
    let power = f64x2.add(f64x2.mul(a, v128.load(base)), b);
    let result = f64x2.splat(1);
    for (let rest = degree; rest > 0; rest >>= 1) {
      if (rest & 1) result = f64x2.mul(result, power);
      power = f64x2.mul(power, power);
    }
    v128.store(f, result);
  }
}
