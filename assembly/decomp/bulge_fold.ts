// One hop of the bulge chasing on its two blocks: reflectors of length b = 24 from both sides.

import { hsum, madd, nmadd } from "../simd";

/** Half-width b of the band: a multiple of the micro-tile's 6 and of 8. Bulge chasing costs 6·n²·b flops. */
export const BAND: i32 = 24;

/**
 * Element (i, j) of the band is at band + BAND_STRIDE·i + 8·j, so every block is an ordinary matrix with
 * this row stride (bytes). Row i owns places i − 7 … i + 49; those left of i stay zero.
 */
export const BAND_STRIDE: usize = 448;

/** Squared norms below this are dropped: their roots are 1e-140, and ‖A‖ is about 1. */
const TINY: f64 = 1e-280;

/** x (24) := v with v₀ = 1 and (I − τ·v·vᵀ)·x = β·e₀; τ goes to x₂₄. Returns β. */
export function reflector(x: usize): f64 {
  const alpha = load<f64>(x);
  store<f64>(x, 0);
  const tail = dot24(x, x);
  let tau: f64 = 0;
  let beta = alpha;
  let scale: f64 = 0;
  if (tail >= TINY) {
    beta = -Math.sqrt(alpha * alpha + tail);
    if (alpha < 0) beta = -beta;
    tau = (beta - alpha) / beta;
    scale = 1 / (alpha - beta);
  }
  const f = f64x2.splat(scale);
  for (let k: usize = 0; k < 192; k += 16) v128.store(x + k, f64x2.mul(f, v128.load(x + k)));
  store<f64>(x, 1);
  store<f64>(x, tau, 192);
  return beta;
}

/**
 * D := H·D·H for the symmetric block whose first element is at d (upper triangle, zeros within 3 places
 * left of the diagonal), H = I − τ·v·vᵀ at h: D − v·qᵀ − q·vᵀ, q = τ·D·v − ½·τ²·(vᵀDv)·v.
 */
export function fold_diagonal(d: usize, h: usize, scratch: usize): void {
  const y = scratch; // strict lower part times v, then q
  const z = scratch + 192; // upper part with the diagonal times v
  for (let k: usize = 0; k < 192; k += 16) v128.store(y + k, f64x2.splat(0));
  let row = d;
  for (let i: usize = 0; i < 192; i += 32) {
    symmetric_rows(row, h, y, z, i);
    row += 4 * BAND_STRIDE;
  }
  const tau = load<f64>(h, 192);
  const t2 = f64x2.splat(tau);
  for (let k: usize = 0; k < 192; k += 16) {
    v128.store(y + k, f64x2.mul(t2, f64x2.add(v128.load(y + k), v128.load(z + k))));
  }
  const alpha = f64x2.splat(0.5 * tau * dot24(y, h));
  for (let k: usize = 0; k < 192; k += 16) v128.store(y + k, nmadd<f64>(alpha, v128.load(h + k), v128.load(y + k)));
  row = d;
  for (let i: usize = 0; i < 192; i += 32) {
    rank2_rows(row, h, y, i);
    row += 4 * BAND_STRIDE;
  }
}

/** Rows of D at places i…i+24 (bytes): y += their strict upper partᵀ·v, z := their upper part·v. */
function symmetric_rows(row: usize, h: usize, y: usize, z: usize, i: usize): void {
  const v0 = v128.load_splat<f64>(h + i);
  const v1 = v128.load_splat<f64>(h + i, 8);
  const v2 = v128.load_splat<f64>(h + i, 16);
  const v3 = v128.load_splat<f64>(h + i, 24);
  let z0 = f64x2.splat(0), z1 = z0, z2 = z0, z3 = z0;
  for (let k = i; k < 192; k += 16) {
    const v = v128.load(h + k);
    const r0 = v128.load(row + k);
    const r1 = v128.load(row + k, BAND_STRIDE);
    const r2 = v128.load(row + k, 2 * BAND_STRIDE);
    const r3 = v128.load(row + k, 3 * BAND_STRIDE);
    z0 = madd<f64>(r0, v, z0);
    z1 = madd<f64>(r1, v, z1);
    z2 = madd<f64>(r2, v, z2);
    z3 = madd<f64>(r3, v, z3);
    const a = madd<f64>(r1, v1, f64x2.mul(r0, v0));
    const b = madd<f64>(r3, v3, f64x2.mul(r2, v2));
    v128.store(y + k, f64x2.add(v128.load(y + k), f64x2.add(a, b)));
  }
  // the diagonal is in both sums
  const d01 = f64x2.mul(v128.load(h + i), f64x2.replace_lane(v128.load_splat<f64>(row + i), 1, load<f64>(row + i, BAND_STRIDE + 8)));
  const d23 = f64x2.mul(v128.load(h + i, 16),
    f64x2.replace_lane(v128.load_splat<f64>(row + i, 2 * BAND_STRIDE + 16), 1, load<f64>(row + i, 3 * BAND_STRIDE + 24)));
  v128.store(z + i, f64x2.sub(pair_sum(z0, z1), d01));
  v128.store(z + i, f64x2.sub(pair_sum(z2, z3), d23), 16);
}

/** Rows of D at places i…i+24 (bytes), upper part: D −= v·qᵀ + q·vᵀ. */
function rank2_rows(row: usize, h: usize, q: usize, i: usize): void {
  const v0 = v128.load_splat<f64>(h + i);
  const v1 = v128.load_splat<f64>(h + i, 8);
  const v2 = v128.load_splat<f64>(h + i, 16);
  const v3 = v128.load_splat<f64>(h + i, 24);
  const q0 = v128.load_splat<f64>(q + i);
  const q1 = v128.load_splat<f64>(q + i, 8);
  const q2 = v128.load_splat<f64>(q + i, 16);
  const q3 = v128.load_splat<f64>(q + i, 24);
  // the 4×4 on the diagonal: what lies left of it stays zero
  let v = v128.load(h + i);
  let w = v128.load(q + i);
  let at = row + i;
  v128.store(at, less2(v128.load(at), v0, w, q0, v));
  v128.store(at, f64x2.replace_lane(less2(v128.load(at, BAND_STRIDE), v1, w, q1, v), 0, 0), BAND_STRIDE);
  v = v128.load(h + i, 16);
  w = v128.load(q + i, 16);
  at += 16;
  v128.store(at, less2(v128.load(at), v0, w, q0, v));
  v128.store(at, less2(v128.load(at, BAND_STRIDE), v1, w, q1, v), BAND_STRIDE);
  v128.store(at, less2(v128.load(at, 2 * BAND_STRIDE), v2, w, q2, v), 2 * BAND_STRIDE);
  v128.store(at, f64x2.replace_lane(less2(v128.load(at, 3 * BAND_STRIDE), v3, w, q3, v), 0, 0), 3 * BAND_STRIDE);
  for (let k = i + 32; k < 192; k += 16) {
    v = v128.load(h + k);
    w = v128.load(q + k);
    at = row + k;
    v128.store(at, less2(v128.load(at), v0, w, q0, v));
    v128.store(at, less2(v128.load(at, BAND_STRIDE), v1, w, q1, v), BAND_STRIDE);
    v128.store(at, less2(v128.load(at, 2 * BAND_STRIDE), v2, w, q2, v), 2 * BAND_STRIDE);
    v128.store(at, less2(v128.load(at, 3 * BAND_STRIDE), v3, w, q3, v), 3 * BAND_STRIDE);
  }
}

/**
 * F := H·F·K (24×24, first element at f): H = I − τ·v·vᵀ is at h; K = I − σ·w·wᵀ is made to annihilate
 * the first row of H·F but for its first element, and stored at k. With z = τ·Fᵀ·v:
 * F − v·zᵀ − σ·(F·w − (z·w)·v)·wᵀ.
 */
export function fold_bulge(f: usize, h: usize, k: usize, scratch: usize): void {
  const z = scratch;
  bulge_left(f, h, z);
  for (let o: usize = 0; o < 192; o += 16) v128.store(k + o, f64x2.sub(v128.load(f + o), v128.load(z + o)));
  const beta = reflector(k);
  const omega = dot24(z, k);
  const sigma = load<f64>(k, 192);
  let row = f;
  for (let i: usize = 0; i < 192; i += 32) {
    bulge_rows(row, h + i, z, k, omega, sigma);
    row += 4 * BAND_STRIDE;
  }
  put_first(f, beta);
}

/** z := τ·Fᵀ·v: all of z is in accumulators. */
function bulge_left(f: usize, h: usize, z: usize): void {
  let z0 = f64x2.splat(0), z1 = z0, z2 = z0, z3 = z0, z4 = z0, z5 = z0;
  let z6 = z0, z7 = z0, z8 = z0, z9 = z0, z10 = z0, z11 = z0;
  const tau = f64x2.splat(load<f64>(h, 192));
  for (const end = h + 192; h != end; h += 8) {
    const v = v128.load_splat<f64>(h);
    z0 = madd<f64>(v, v128.load(f), z0);
    z1 = madd<f64>(v, v128.load(f, 16), z1);
    z2 = madd<f64>(v, v128.load(f, 32), z2);
    z3 = madd<f64>(v, v128.load(f, 48), z3);
    z4 = madd<f64>(v, v128.load(f, 64), z4);
    z5 = madd<f64>(v, v128.load(f, 80), z5);
    z6 = madd<f64>(v, v128.load(f, 96), z6);
    z7 = madd<f64>(v, v128.load(f, 112), z7);
    z8 = madd<f64>(v, v128.load(f, 128), z8);
    z9 = madd<f64>(v, v128.load(f, 144), z9);
    z10 = madd<f64>(v, v128.load(f, 160), z10);
    z11 = madd<f64>(v, v128.load(f, 176), z11);
    f += BAND_STRIDE;
  }
  v128.store(z, f64x2.mul(tau, z0));
  v128.store(z, f64x2.mul(tau, z1), 16);
  v128.store(z, f64x2.mul(tau, z2), 32);
  v128.store(z, f64x2.mul(tau, z3), 48);
  v128.store(z, f64x2.mul(tau, z4), 64);
  v128.store(z, f64x2.mul(tau, z5), 80);
  v128.store(z, f64x2.mul(tau, z6), 96);
  v128.store(z, f64x2.mul(tau, z7), 112);
  v128.store(z, f64x2.mul(tau, z8), 128);
  v128.store(z, f64x2.mul(tau, z9), 144);
  v128.store(z, f64x2.mul(tau, z10), 160);
  v128.store(z, f64x2.mul(tau, z11), 176);
}

/** Four rows of F − v·zᵀ − σ·(F·w − ω·v)·wᵀ. */
function bulge_rows(row: usize, v: usize, z: usize, w: usize, omega: f64, sigma: f64): void {
  let y0 = f64x2.splat(0), y1 = y0, y2 = y0, y3 = y0;
  for (let k: usize = 0; k < 192; k += 16) {
    const x = v128.load(w + k);
    y0 = madd<f64>(v128.load(row + k), x, y0);
    y1 = madd<f64>(v128.load(row + k, BAND_STRIDE), x, y1);
    y2 = madd<f64>(v128.load(row + k, 2 * BAND_STRIDE), x, y2);
    y3 = madd<f64>(v128.load(row + k, 3 * BAND_STRIDE), x, y3);
  }
  const om = f64x2.splat(omega);
  const si = f64x2.splat(sigma);
  const y01 = f64x2.mul(si, nmadd<f64>(om, v128.load(v), pair_sum(y0, y1)));
  const y23 = f64x2.mul(si, nmadd<f64>(om, v128.load(v, 16), pair_sum(y2, y3)));
  y0 = v128.shuffle<f64>(y01, y01, 0, 0);
  y1 = v128.shuffle<f64>(y01, y01, 1, 1);
  y2 = v128.shuffle<f64>(y23, y23, 0, 0);
  y3 = v128.shuffle<f64>(y23, y23, 1, 1);
  const v0 = v128.load_splat<f64>(v);
  const v1 = v128.load_splat<f64>(v, 8);
  const v2 = v128.load_splat<f64>(v, 16);
  const v3 = v128.load_splat<f64>(v, 24);
  for (let k: usize = 0; k < 192; k += 16) {
    const zk = v128.load(z + k);
    const wk = v128.load(w + k);
    const at = row + k;
    v128.store(at, less2(v128.load(at), v0, zk, y0, wk));
    v128.store(at, less2(v128.load(at, BAND_STRIDE), v1, zk, y1, wk), BAND_STRIDE);
    v128.store(at, less2(v128.load(at, 2 * BAND_STRIDE), v2, zk, y2, wk), 2 * BAND_STRIDE);
    v128.store(at, less2(v128.load(at, 3 * BAND_STRIDE), v3, zk, y3, wk), 3 * BAND_STRIDE);
  }
}

/** The 24 elements at x := β, 0 … 0. */
// @ts-ignore: decorator
@inline
export function put_first(x: usize, beta: f64): void {
  for (let k: usize = 16; k < 192; k += 16) v128.store(x + k, f64x2.splat(0));
  v128.store(x, f64x2.replace_lane(f64x2.splat(0), 0, beta));
}

/** x·y of 24 elements. */
// @ts-ignore: decorator
@inline
function dot24(x: usize, y: usize): f64 {
  let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0;
  for (let k: usize = 0; k < 192; k += 64) {
    s0 = madd<f64>(v128.load(x + k), v128.load(y + k), s0);
    s1 = madd<f64>(v128.load(x + k, 16), v128.load(y + k, 16), s1);
    s2 = madd<f64>(v128.load(x + k, 32), v128.load(y + k, 32), s2);
    s3 = madd<f64>(v128.load(x + k, 48), v128.load(y + k, 48), s3);
  }
  return hsum<f64>(f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3)));
}

/** x − a·b − c·d. */
// @ts-ignore: decorator
@inline
function less2(x: v128, a: v128, b: v128, c: v128, d: v128): v128 {
  return nmadd<f64>(c, d, nmadd<f64>(a, b, x));
}

/** (the sum of a's lanes, the sum of b's lanes). */
// @ts-ignore: decorator
@inline
function pair_sum(a: v128, b: v128): v128 {
  return f64x2.add(v128.shuffle<f64>(a, b, 0, 2), v128.shuffle<f64>(a, b, 1, 3));
}
