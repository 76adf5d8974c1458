// H∞ of rows x₁ … xₙ in closed form:  hᵢⱼ = xᵢ·xⱼ (π − θᵢⱼ)/(2π),  hᵢᵢ = |xᵢ|²/2,  θ the angle of the pair.
//
// Based on: Du, Zhai, Póczos & Singh, Gradient descent provably optimizes over-parameterized neural
// networks, 2019 (H∞); Cho & Saul, Kernel methods for deep learning, 2009 (the closed form);
// Ogita, Rump & Oishi, Accurate sum and dot product, 2005 (the norms).
//
// π − θ is ill conditioned in ρ = cos θ where rows are nearly parallel, so there are two ways to it:
//
//    |ρ| ≤ 7/8   from ρ itself, which the Gram matrix gives:   |ρ| ≤ 1/2:  π/2 + asin ρ
//                                                              ρ >  1/2:  π − 2 asin √((1 − ρ)/2)
//                                                              ρ < −1/2:      2 asin √((1 + ρ)/2)
//    |ρ| > 7/8   from the chord of the unit vectors:           θ = 2 asin(|x̂ − ŷ|/2), π − θ = 2 asin(|x̂ + ŷ|/2)
//
// The unit vectors are pairs hi + lo of f64, so the chord has a small relative error down to angles of
// d²·10⁻³². All rows are first scaled by powers of two to largest elements in [1, 2).
//
// Errors, proved in docs/certificate.md §2, with N = |xᵢ||xⱼ|, barring underflow:
//    |ĥᵢⱼ − hᵢⱼ| ≤ (3d/4 + 8)·u·N for i ≠ j;  ≤ (7d/4 + 12)·u·|hᵢⱼ| where |ρ| > 7/8;  ≤ 2u·hᵢᵢ on the diagonal.

import { gemm } from "../blas/gemm/gemm";
import { syrk, syrk_work } from "../blas/syrk";
import { alone, args, parallelFor } from "../parallel";
import { hsum, madd } from "../simd";
import { Task } from "../tasks";
import { asin_f64x2 } from "./asin";

/** |ρ| above which the chord is used. */
const NEAR: f64 = 0.875;

/** Rows whose angle is at most this (8u) count as parallel: as f64 rows that were normalised can differ. */
const PARALLEL: f64 = 8.881784197001252e-16;

/** What same[i] holds for a zero row. */
const ZERO_ROW: i32 = -2;

/** Side of a tile of H: with its mirror image it stays in L1. Also the columns of a chunk. */
const TILE: i32 = 32;

/** Rows that one chunk normalises. */
const ROWS: i32 = 64;

@unmanaged
class Exact {
  rows: i32; // of H that are wanted: the first ones
  n: i32;
  d: i32;
  x: usize; // (n, d), stride ldx
  ldx: i32;
  shift: i32;
  h: usize; // (rows, n), stride ldh
  ldh: i32;
  same: usize; // (n) i32
  opposite: usize; // (n) i32
  dp: i32; // d rounded up to even: the row stride of the three below, padded with zeros
  scaled: usize; // (n, dp)
  hi: usize; // (n, dp)  hi + lo: the unit vector
  lo: usize; // (n, dp)
  square: usize; // (n)  |x|² of the scaled row
  inverse: usize; // (n)  1/|x| of it, 0 for a zero row
  scale: usize; // (n)  the power of two that the row of H is multiplied by
}

/** 2ᵉ rounded to f64: 0 below the range, ∞ above it. */
function pow2(e: i32): f64 {
  if (e > 1023) return Infinity;
  if (e >= -1022) return reinterpret<f64>(i64(e + 1023) << 52);
  return e < -1074 ? 0 : reinterpret<f64>(<i64>1 << (e + 1074));
}

/** ⌊log₂ x⌋ of a positive f64. */
function exponent(x: f64): i32 {
  if (x < 2.2250738585072014e-308) return exponent(x * 18014398509481984.0) - 54;
  return i32(reinterpret<i64>(x) >>> 52) - 1023;
}

/** a·b − p exactly, for p = fl(a·b): Dekker's product with Veltkamp's splitting. */
function product_error(a: f64, b: f64, p: f64): f64 {
  let t = 134217729.0 * a;
  const ah = t - (t - a);
  const al = a - ah;
  t = 134217729.0 * b;
  const bh = t - (t - b);
  const bl = b - bh;
  return al * bl - (((p - ah * bh) - al * bh) - ah * bl);
}

/** Scales and normalises one row: fills its places in scaled, hi, lo, square, inverse, scale. */
function prepare_row(s: Exact, i: i32): void {
  const d = s.d;
  const x = s.x + ((usize(i) * s.ldx) << 3);
  const row = (usize(i) * s.dp) << 3;
  const scaled = s.scaled + row;
  const hi = s.hi + row;
  const lo = s.lo + row;
  const at = usize(i) << 3;
  memory.fill(scaled, 0, usize(s.dp) << 3);
  memory.fill(hi, 0, usize(s.dp) << 3);
  memory.fill(lo, 0, usize(s.dp) << 3);
  let largest: f64 = 0;
  for (let k = 0; k < d; k++) largest = max(largest, abs(load<f64>(x + (usize(k) << 3))));
  if (largest == 0) {
    store<f64>(s.square + at, 0);
    store<f64>(s.inverse + at, 0);
    store<f64>(s.scale + at, 0);
    store<i32>(s.same + (usize(i) << 2), ZERO_ROW);
    return;
  }
  const e = exponent(largest);
  const half = -e >> 1; // in two steps, since 2^(−e) itself may be out of range
  const first = pow2(half);
  const second = pow2(-e - half);

  // |x|² = sum + rest, to about d²·u²
  let sum: f64 = 0;
  let rest: f64 = 0;
  for (let k = 0; k < d; k++) {
    const y = load<f64>(x + (usize(k) << 3)) * first * second;
    store<f64>(scaled + (usize(k) << 3), y);
    const p = y * y;
    const t = sum + p;
    const z = t - sum;
    rest += ((sum - (t - z)) + (p - z)) + product_error(y, y, p);
    sum = t;
  }
  const square = sum + rest;
  rest -= square - sum;

  // |x| = norm + norm1 and 1/|x| = inverse + inverse1, each a Newton step from its f64 value
  const norm = sqrt(square);
  let p = norm * norm;
  const norm1 = ((square - p) - product_error(norm, norm, p) + rest) / (2 * norm);
  const inverse = 1 / norm;
  p = inverse * norm;
  const inverse1 = ((1 - p) - product_error(inverse, norm, p) - inverse * norm1) * inverse;
  for (let k = 0; k < d; k++) {
    const y = load<f64>(scaled + (usize(k) << 3));
    p = y * inverse;
    const tail = product_error(y, inverse, p) + y * inverse1;
    const head = p + tail;
    store<f64>(hi + (usize(k) << 3), head);
    store<f64>(lo + (usize(k) << 3), tail - (head - p));
  }
  store<f64>(s.square + at, square);
  store<f64>(s.inverse + at, inverse + inverse1);
  store<f64>(s.scale + at, pow2(e - s.shift));
}

/** Prepares rows [i0, i1). */
export function hinf_rows_task(i0: i32, i1: i32): void {
  const s = args<Exact>();
  for (let i = i0; i < i1; i++) {
    store<i32>(s.same + (usize(i) << 2), -1);
    store<i32>(s.opposite + (usize(i) << 2), -1);
    prepare_row(s, i);
  }
}

/** |x̂ᵢ ∓ x̂ⱼ|²: the difference or, with `sum`, the sum. */
function chord_squared(s: Exact, i: i32, j: i32, sum: bool): f64 {
  const x = (usize(i) * s.dp) << 3;
  const y = (usize(j) * s.dp) << 3;
  const sign = f64x2.splat(sum ? 1 : -1);
  const hi = s.hi;
  const lo = s.lo;
  const bytes = usize(s.dp) << 3;
  let acc: v128 = f64x2.splat(0);
  for (let k: usize = 0; k < bytes; k += 16) {
    const t = f64x2.add(
      f64x2.add(v128.load(hi + x + k), f64x2.mul(sign, v128.load(hi + y + k))),
      f64x2.add(v128.load(lo + x + k), f64x2.mul(sign, v128.load(lo + y + k))),
    );
    acc = madd<f64>(t, t, acc);
  }
  return hsum<f64>(acc);
}

/** (π − θ)/(2π) of the nearly (anti)parallel pair i < j with cosine rho; notes j as parallel or opposite to i. */
function near_weight(s: Exact, i: i32, j: i32, rho: f64): f64 {
  const opposite = rho < 0;
  const z = f64x2.splat(0.25 * chord_squared(s, i, j, opposite));
  const angle = 2 * f64x2.extract_lane(asin_f64x2(f64x2.sqrt(z), z), 0);
  if (angle <= PARALLEL) {
    const note = (opposite ? s.opposite : s.same) + (usize(j) << 2);
    if (load<i32>(note) == -1) store<i32>(note, i);
  }
  return (opposite ? angle : Math.PI - angle) * 0.15915494309189535;
}

/** (π − θ)/(2π) of two cosines, |ρ| ≤ 7/8. */
function weight(rho: v128): v128 {
  const a = f64x2.abs(rho);
  const large = f64x2.gt(a, f64x2.splat(0.5));
  const positive = f64x2.gt(rho, f64x2.splat(0));
  const z1 = f64x2.mul(f64x2.sub(f64x2.splat(1), a), f64x2.splat(0.5));
  const z = v128.bitselect(z1, f64x2.mul(rho, rho), large);
  const angle = asin_f64x2(v128.bitselect(f64x2.sqrt(z1), rho, large), z);
  const offset = v128.bitselect(v128.and(positive, f64x2.splat(Math.PI)), f64x2.splat(1.5707963267948966), large);
  const factor = v128.bitselect(v128.bitselect(f64x2.splat(-2), f64x2.splat(2), positive), f64x2.splat(1), large);
  return f64x2.mul(madd<f64>(factor, angle, offset), f64x2.splat(0.15915494309189535));
}

/** The two numbers hᵢⱼ, hᵢ,ⱼ₊₁ from the inner products r of the scaled rows. */
function map_pair(s: Exact, i: i32, j: i32, r: v128, inverse: v128, scale: v128): v128 {
  const rho = f64x2.mul(f64x2.mul(r, f64x2.splat(load<f64>(s.inverse + (usize(i) << 3)))), inverse);
  let w = weight(rho);
  const near = f64x2.gt(f64x2.abs(rho), f64x2.splat(NEAR));
  if (v128.any_true(near)) {
    if (i64x2.extract_lane(near, 0)) w = f64x2.replace_lane(w, 0, near_weight(s, i, j, f64x2.extract_lane(rho, 0)));
    if (i64x2.extract_lane(near, 1)) w = f64x2.replace_lane(w, 1, near_weight(s, i, j + 1, f64x2.extract_lane(rho, 1)));
  }
  return f64x2.mul(f64x2.mul(r, w), f64x2.mul(scale, f64x2.splat(load<f64>(s.scale + (usize(i) << 3)))));
}

/** hᵢⱼ from xᵢ·xⱼ, in place, for j0 ≤ j < j1; i < j0. */
function map_row(s: Exact, i: i32, j0: i32, j1: i32): void {
  const h = s.h + ((usize(i) * s.ldh) << 3);
  let j = j0;
  for (; j + 2 <= j1; j += 2) {
    const at = usize(j) << 3;
    v128.store(h + at, map_pair(s, i, j, v128.load(h + at), v128.load(s.inverse + at), v128.load(s.scale + at)));
  }
  if (j < j1) {
    const at = usize(j) << 3;
    // the other lane is an orthogonal pair: never near
    const r = f64x2(load<f64>(h + at), 0);
    const out = map_pair(s, i, j, r, v128.load64_splat(s.inverse + at), v128.load64_splat(s.scale + at));
    store<f64>(h + at, f64x2.extract_lane(out, 0));
  }
}

/** h(j, i) := h(i, j) for i0 ≤ i < i1, j0 ≤ j < j1. */
function mirror_tile(h: usize, ldh: i32, i0: i32, i1: i32, j0: i32, j1: i32): void {
  const ld = usize(ldh) << 3;
  let j = j0;
  for (; j + 2 <= j1; j += 2) {
    let to = h + usize(j) * ld + (usize(i0) << 3);
    let from = h + usize(i0) * ld + (usize(j) << 3);
    let i = i0;
    for (; i + 2 <= i1; i += 2) {
      const a = v128.load(from);
      const b = v128.load(from + ld);
      v128.store(to, v128.shuffle<f64>(a, b, 0, 2));
      v128.store(to + ld, v128.shuffle<f64>(a, b, 1, 3));
      from += 2 * ld;
      to += 16;
    }
    if (i < i1) {
      store<f64>(to, load<f64>(from));
      store<f64>(to + ld, load<f64>(from, 8));
    }
  }
  if (j < j1) {
    for (let i = i0; i < i1; i++) {
      store<f64>(h + usize(j) * ld + (usize(i) << 3), load<f64>(h + usize(i) * ld + (usize(j) << 3)));
    }
  }
}

/**
 * Column blocks [b0, b1) of H, counted from the right since those are the longest, down to the
 * diagonal, and their mirror images. One chunk sees all pairs (i < j, j) of its columns in ascending
 * order of i, so that same[j] is the first parallel row.
 */
export function hinf_map_task(b0: i32, b1: i32): void {
  const s = args<Exact>();
  const blocks = (s.n + TILE - 1) / TILE;
  for (let b = b0; b < b1; b++) {
    const j0 = (blocks - 1 - b) * TILE;
    const j1 = min(s.n, j0 + TILE);
    const jRows = min(j1, s.rows); // columns that are rows as well
    for (let i0 = 0; i0 < min(j0, s.rows); i0 += TILE) {
      const i1 = min(i0 + TILE, s.rows);
      for (let i = i0; i < i1; i++) map_row(s, i, j0, j1);
      mirror_tile(s.h, s.ldh, i0, i1, j0, jRows);
    }
    for (let i = j0; i < jRows; i++) {
      const at = usize(i) << 3;
      const scale = load<f64>(s.scale + at);
      store<f64>(s.h + ((usize(i) * s.ldh) << 3) + at, load<f64>(s.square + at) * 0.5 * (scale * scale));
      map_row(s, i, i + 1, j1);
      for (let j = i + 1; j < jRows; j++) {
        store<f64>(s.h + ((usize(j) * s.ldh + i) << 3), load<f64>(s.h + ((usize(i) * s.ldh + j) << 3)));
      }
    }
  }
}

/** Row stride of the prepared rows. */
function padded(d: i32): i32 {
  return (d + 1) & ~1;
}

/** Bytes of workspace for hinf_exact. */
export function hinf_exact_work_f64(n: i32, d: i32): f64 {
  return 24 * f64(n) * (f64(padded(d)) + 1) + f64(syrk_work<f64>(n, d)) + 64;
}

/**
 * H := the first `rows` rows of 4^(−shift)·H∞ of the rows of X; with rows = n all of it.
 *
 * X (n×d, row stride ldx), H (rows×n, ldh); strides in elements; H must not overlap X.
 * same, opposite (n) i32: the smallest i < min(j, rows) such that xᵢ and xⱼ enclose an angle of at most 8u
 * with 0 or π, −1 where there is none; same[j] = −2 for a zero row.
 * work: hinf_exact_work_f64(n, d) bytes, 64-byte aligned. Returns 0 or INFO_ABORTED.
 * Where |xᵢ|² overflows hᵢᵢ is ∞ and its row undefined. Error bounds: the head of this file.
 */
export function hinf_exact_f64(
  rows: i32, n: i32, d: i32, x: usize, ldx: i32, shift: i32, h: usize, ldh: i32, same: usize, opposite: usize, work: usize,
): i32 {
  const tell = alone();
  const dp = padded(d);
  const size = (usize(n) * dp) << 3;
  const vectors = work + 3 * size;
  const gemmWork = (vectors + ((usize(n) * 3) << 3) + 63) & ~63;
  fill(args<Exact>(), rows, n, d, x, ldx, shift, h, ldh, same, opposite, work);
  let info = parallelFor(Task.HINF_ROWS, n, ROWS);
  if (info == 0) info = syrk<f64>(rows, d, 1, work, dp, 0, h, ldh, gemmWork);
  if (info == 0) {
    const others = work + ((usize(rows) * dp) << 3);
    info = gemm<f64>(false, true, rows, n - rows, d, 1, work, dp, others, dp, 0, h + (usize(rows) << 3), ldh, gemmWork);
  }
  if (info != 0) return info;
  fill(args<Exact>(), rows, n, d, x, ldx, shift, h, ldh, same, opposite, work); // the products had their own arguments
  return parallelFor(Task.HINF_MAP, (n + TILE - 1) / TILE, 1, tell);
}

function fill(
  s: Exact, rows: i32, n: i32, d: i32, x: usize, ldx: i32, shift: i32, h: usize, ldh: i32, same: usize, opposite: usize,
  work: usize,
): void {
  const dp = padded(d);
  const size = (usize(n) * dp) << 3;
  s.rows = rows;
  s.n = n;
  s.d = d;
  s.x = x;
  s.ldx = ldx;
  s.shift = shift;
  s.h = h;
  s.ldh = ldh;
  s.same = same;
  s.opposite = opposite;
  s.dp = dp;
  s.scaled = work;
  s.hi = work + size;
  s.lo = work + 2 * size;
  s.square = work + 3 * size;
  s.inverse = s.square + (usize(n) << 3);
  s.scale = s.inverse + (usize(n) << 3);
}
