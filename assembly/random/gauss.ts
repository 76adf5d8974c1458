// Gaussians by the polar method, in the order and to the digits of NumPy's RandomState.randn.
//
// Based on: Marsaglia & Bray, A convenient method for generating normal variables, 1964.
//
// Rejection is serial but cheap: `polar` writes down the accepted points. The logarithm, root and
// quotients of `to_gauss` need no state, so any thread can do its part of them.

import { log_f64x2 } from "../kernel/log";
import { next, next_uniform, refill, set_next, uniforms, words, WORDS } from "./mt19937";

const CACHED: usize = 4996;
const GAUSS: usize = 5000;
const PAIR: usize = 5008;

/**
 * The next `count` points (x₁, x₂) of the square (−1, 1)² with 0 < x₁² + x₂² < 1, as pairs of f64 at `out`.
 * A Gaussian kept back in `state` is not touched.
 */
export function polar(state: usize, count: i32, out: usize): void {
  const end = out + (usize(count) << 4);
  while (out < end) {
    if (next(state) == WORDS) refill(state);
    out = accept(state, out, end);
  }
}

/** What the words at hand give, two points at a time, and then one more point if there is room. */
function accept(state: usize, out: usize, end: usize): usize {
  const one = f64x2.splat(1);
  let i = next(state);
  for (; i + 8 <= WORDS && out + 32 <= end; i += 8) {
    const p = words(state) + (usize(i) << 2);
    const a = f64x2.sub(f64x2.mul(uniforms(v128.load(p)), f64x2.splat(2 ** -52)), one);
    const b = f64x2.sub(f64x2.mul(uniforms(v128.load(p, 16)), f64x2.splat(2 ** -52)), one);
    const r2 = squares(a, b);
    const inside = i64x2.bitmask(v128.and(f64x2.lt(r2, one), f64x2.gt(r2, f64x2.splat(0))));
    // a rejected point is overwritten by the one after it
    v128.store(out, a);
    out += (inside & 1) << 4;
    v128.store(out, b);
    out += (inside & 2) << 3;
  }
  set_next(state, i);
  if (out == end) return out;
  const x1 = next_uniform(state) * 2 ** -52 - 1;
  const x2 = next_uniform(state) * 2 ** -52 - 1;
  const r2 = x1 * x1 + x2 * x2;
  store<f64>(out, x1);
  store<f64>(out, x2, 8);
  return r2 < 1 && r2 > 0 ? out + 16 : out;
}

/** (a₁² + a₂², b₁² + b₂²), never fused. */
// @ts-ignore: decorator
@inline
function squares(a: v128, b: v128): v128 {
  a = f64x2.mul(a, a);
  b = f64x2.mul(b, b);
  return f64x2.add(v128.shuffle<i64>(a, b, 0, 2), v128.shuffle<i64>(a, b, 1, 3));
}

/**
 * (x₁, x₂) := (f·x₂, f·x₁), f = √(−2 ln r² / r²), r² = x₁² + x₂², for `count` pairs at x.
 * Relative error under 4 u, given r² as f64 rounds it.
 */
export function to_gauss(count: i32, x: usize): void {
  const last = x + (usize(count) << 4) - 16;
  for (; x < last; x += 32) transform(x, x + 16);
  if (x == last) transform(x, x);
}

function transform(p: usize, q: usize): void {
  const a = v128.load(p);
  const b = v128.load(q);
  const r2 = squares(a, b);
  const f = f64x2.sqrt(f64x2.div(f64x2.mul(f64x2.splat(-2), log_f64x2(r2)), r2));
  v128.store(p, f64x2.mul(v128.shuffle<i64>(f, f, 0, 0), v128.shuffle<i64>(a, a, 1, 0)));
  v128.store(q, f64x2.mul(v128.shuffle<i64>(f, f, 1, 1), v128.shuffle<i64>(b, b, 1, 0)));
}

/** out[0…n) := the next n numbers of RandomState.randn, each within 4 u of it as to_gauss is. */
export function mt19937_randn_f64(state: usize, n: i32, out: usize): void {
  if (n <= 0) return;
  // the second number of a pair is given first, the first one kept for the next call
  if (load<i32>(state + CACHED)) {
    store<i32>(state + CACHED, 0);
    store<f64>(out, load<f64>(state + GAUSS));
    out += 8;
    n--;
  }
  const pairs = n >> 1;
  polar(state, pairs, out);
  to_gauss(pairs, out);
  if (n & 1) {
    out += usize(pairs) << 4;
    polar(state, 1, state + PAIR);
    to_gauss(1, state + PAIR);
    store<f64>(out, load<f64>(state + PAIR));
    store<f64>(state + GAUSS, load<f64>(state + PAIR, 8));
    store<i32>(state + CACHED, 1);
  }
}
