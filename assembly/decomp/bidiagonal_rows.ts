// The row kernels of the bidiagonal reduction: what a step does to one or four rows at a time. The
// reduction itself, and what the letters mean, is in bidiagonal.ts. Rows are counted in units of 8
// numbers and zero past their end.

import { at, sum_squares } from "../blas/level1";
import { hsum, madd, nmadd } from "../simd";

/** x_i as an f64. */
// @ts-ignore: decorator
@inline
export function get<T>(x: usize, i: i32): f64 {
  return f64(load<T>(x + usize(i) * sizeof<T>()));
}

/** The end of a row of so many units. */
// @ts-ignore: decorator
@inline
function end_of<T>(units: i32, x: usize): usize {
  return x + usize(units) * (8 * sizeof<T>());
}

/** A vector whose squares add up to less is zero beside a matrix of order 1; above, no square that counts underflows. */
// @ts-ignore: decorator
@inline
function tiny<T>(): f64 {
  return sizeof<T>() == 8 ? 1e-250 : 1e-30;
}

/** What a reflector did besides v. */
@unmanaged
export class Reflector {
  tau: f64;
  beta: f64;
  gamma: f64; // v = γ·(x − β·e_0), or 0 if x was (β, 0, …, 0)
}

/**
 * H·x = (β, 0, …, 0) with H = I − τ·v·vᵀ, v_0 = 1: v (m ≥ 1) is written, τ is in [1, 2] or 0.
 *
 * v may be x. |β| = ‖x‖ to within m·u; an x of negligible length counts as zero.
 */
export function reflector<T>(m: i32, x: usize, v: usize, out: Reflector): void {
  const tail = sum_squares<T>(m - 1, x + sizeof<T>());
  const alpha = get<T>(x, 0);
  const none = tail + alpha * alpha < tiny<T>();
  out.gamma = 0;
  out.tau = 0;
  out.beta = none ? 0 : alpha;
  if (none || tail == 0) {
    memory.fill(v, 0, usize(m) * sizeof<T>());
  } else {
    // rounded now, so that β, τ and v are of the same numbers
    const beta = f64(<T>-copysign(sqrt(alpha * alpha + tail), alpha));
    out.beta = beta;
    out.gamma = 1 / (alpha - beta);
    out.tau = (beta - alpha) / beta;
    scale<T>(m, <T>out.gamma, x, v);
  }
  store<T>(v, <T>1);
}

/** y := α·x, m numbers. */
export function scale<T>(m: i32, alpha: T, x: usize, y: usize): void {
  const al = v128.splat<T>(alpha);
  const end = x + usize(m) * sizeof<T>();
  for (; x + 16 <= end; x += 16, y += 16) v128.store(y, v128.mul<T>(al, v128.load(x)));
  for (; x < end; x += sizeof<T>(), y += sizeof<T>()) store<T>(y, alpha * load<T>(x));
}

/** y += v₀·a₀ + v₁·a₁ + v₂·a₂ + v₃·a₃ for four rows of A. */
export function add_rows<T>(units: i32, v: usize, a: usize, lda: i32, y: usize): void {
  const v0 = v128.load_splat<T>(v), v1 = v128.load_splat<T>(v, sizeof<T>());
  const v2 = v128.load_splat<T>(v, 2 * sizeof<T>()), v3 = v128.load_splat<T>(v, 3 * sizeof<T>());
  const ld = usize(lda) * sizeof<T>();
  let a1 = a + ld;
  let a2 = a1 + ld;
  let a3 = a2 + ld;
  for (const end = end_of<T>(units, y); y < end; y += 32) {
    let y0 = madd<T>(v128.load(a), v0, v128.load(y));
    let y1 = madd<T>(v128.load(a, 16), v0, v128.load(y, 16));
    y0 = madd<T>(v128.load(a1), v1, y0);
    y1 = madd<T>(v128.load(a1, 16), v1, y1);
    y0 = madd<T>(v128.load(a2), v2, y0);
    y1 = madd<T>(v128.load(a2, 16), v2, y1);
    y0 = madd<T>(v128.load(a3), v3, y0);
    y1 = madd<T>(v128.load(a3, 16), v3, y1);
    v128.store(y, y0);
    v128.store(y, y1, 16);
    a += 32;
    a1 += 32;
    a2 += 32;
    a3 += 32;
  }
}

/** y += α·x. */
export function add_row<T>(units: i32, alpha: T, x: usize, y: usize): void {
  const al = v128.splat<T>(alpha);
  for (const end = end_of<T>(units, y); y < end; y += 16) {
    v128.store(y, madd<T>(al, v128.load(x), v128.load(y)));
    x += 16;
  }
}

/** s_k += a_k·r for four rows of A. */
export function dot_rows<T>(units: i32, a: usize, lda: i32, r: usize, s: usize): void {
  let s0: v128 = v128.splat<T>(<T>0), s1: v128 = v128.splat<T>(<T>0);
  let s2: v128 = v128.splat<T>(<T>0), s3: v128 = v128.splat<T>(<T>0);
  const ld = usize(lda) * sizeof<T>();
  let a1 = a + ld;
  let a2 = a1 + ld;
  let a3 = a2 + ld;
  for (const end = end_of<T>(units, r); r < end; r += 32) {
    const r0 = v128.load(r), r1 = v128.load(r, 16);
    s0 = madd<T>(v128.load(a), r0, s0);
    s1 = madd<T>(v128.load(a1), r0, s1);
    s2 = madd<T>(v128.load(a2), r0, s2);
    s3 = madd<T>(v128.load(a3), r0, s3);
    s0 = madd<T>(v128.load(a, 16), r1, s0);
    s1 = madd<T>(v128.load(a1, 16), r1, s1);
    s2 = madd<T>(v128.load(a2, 16), r1, s2);
    s3 = madd<T>(v128.load(a3, 16), r1, s3);
    a += 32;
    a1 += 32;
    a2 += 32;
    a3 += 32;
  }
  store<T>(s, load<T>(s) + hsum<T>(s0));
  store<T>(s, load<T>(s, sizeof<T>()) + hsum<T>(s1), sizeof<T>());
  store<T>(s, load<T>(s, 2 * sizeof<T>()) + hsum<T>(s2), 2 * sizeof<T>());
  store<T>(s, load<T>(s, 3 * sizeof<T>()) + hsum<T>(s3), 3 * sizeof<T>());
}

/** xᵀy. */
export function dot<T>(units: i32, x: usize, y: usize): T {
  let s0: v128 = v128.splat<T>(<T>0), s1: v128 = v128.splat<T>(<T>0);
  for (const end = end_of<T>(units, y); y < end; y += 32) {
    s0 = madd<T>(v128.load(x), v128.load(y), s0);
    s1 = madd<T>(v128.load(x, 16), v128.load(y, 16), s1);
    x += 32;
  }
  return hsum<T>(v128.add<T>(s0, s1));
}

/** vᵀx is added at `pair`, wᵀx right behind. */
export function dot_pair<T>(units: i32, v: usize, w: usize, x: usize, pair: usize): void {
  let s0: v128 = v128.splat<T>(<T>0), s1: v128 = v128.splat<T>(<T>0);
  let t0: v128 = v128.splat<T>(<T>0), t1: v128 = v128.splat<T>(<T>0);
  for (const end = end_of<T>(units, x); x < end; x += 32) {
    const x0 = v128.load(x), x1 = v128.load(x, 16);
    s0 = madd<T>(v128.load(v), x0, s0);
    t0 = madd<T>(v128.load(w), x0, t0);
    s1 = madd<T>(v128.load(v, 16), x1, s1);
    t1 = madd<T>(v128.load(w, 16), x1, t1);
    v += 32;
    w += 32;
  }
  store<T>(pair, load<T>(pair) + hsum<T>(v128.add<T>(s0, s1)));
  store<T>(pair, load<T>(pair, sizeof<T>()) + hsum<T>(v128.add<T>(t0, t1)), sizeof<T>());
}

/** x −= a·v + b·w and y −= c·v + d·w. */
export function correct<T>(units: i32, a: T, b: T, c: T, d: T, v: usize, w: usize, x: usize, y: usize): void {
  const a1 = v128.splat<T>(a), b1 = v128.splat<T>(b), c1 = v128.splat<T>(c), d1 = v128.splat<T>(d);
  for (const end = end_of<T>(units, x); x < end; x += 16) {
    const v0 = v128.load(v), w0 = v128.load(w);
    v128.store(x, nmadd<T>(b1, w0, nmadd<T>(a1, v0, v128.load(x))));
    v128.store(y, nmadd<T>(d1, w0, nmadd<T>(c1, v0, v128.load(y))));
    v += 16;
    w += 16;
    y += 16;
  }
}

/** y := τ·y and r −= y. */
export function finish_y<T>(units: i32, tau: T, y: usize, r: usize): void {
  const t = v128.splat<T>(tau);
  for (const end = end_of<T>(units, y); y < end; y += 16) {
    const y0 = v128.mul<T>(t, v128.load(y));
    v128.store(y, y0);
    v128.store(r, v128.sub<T>(v128.load(r), y0));
    r += 16;
  }
}

/** x := τ·(x − h·v) and c −= a·v + x. */
export function finish_x<T>(units: i32, tau: T, h: T, a: T, v: usize, x: usize, c: usize): void {
  const t = v128.splat<T>(tau), h1 = v128.splat<T>(h), a1 = v128.splat<T>(a);
  for (const end = end_of<T>(units, x); x < end; x += 16) {
    const v0 = v128.load(v);
    const x0 = v128.mul<T>(t, nmadd<T>(h1, v0, v128.load(x)));
    v128.store(x, x0);
    v128.store(c, v128.sub<T>(nmadd<T>(a1, v0, v128.load(c)), x0));
    v += 16;
    c += 16;
  }
}
