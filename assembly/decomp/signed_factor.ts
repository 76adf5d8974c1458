// A = Gᵀ·J·G of a symmetric matrix by complete pivoting, J = diag(±1): what Jacobi's method starts from.
//
// Based on: Bunch & Parlett, Direct methods for solving symmetric indefinite systems of linear equations,
// 1971; Slapničar, Componentwise analysis of direct factorization of real symmetric and Hermitian matrices, 1998.
//
// Each step takes the largest number that is left of A: on the diagonal (or nearly as large as the largest) it
// makes one row of G, g = a_r/√|a_rr|, off the diagonal two, from the eigenvectors of the 2×2 pivot, whose
// eigenvalues have opposite signs; then A −= ±g·gᵀ. Of a positive semidefinite matrix the largest number is on
// the diagonal: this is Cholesky's method with pivoting then.
//
// Rows and columns are not exchanged; those that are done with become zero. Only the upper triangle is kept.
// One region a step, its work bound by memory: n³/4 multiply-adds in all.

import { largest_abs } from "../blas/level1";
import { args, parallelFor, progress } from "../parallel";
import { nmadd } from "../simd";
import { Task } from "../tasks";
import { HEAD } from "./jacobi";
import { scale_row } from "./scaling";
import { minus } from "./triangular";

/** (1 + √17)/8: a pivot of 2×2 if the largest number is by so much larger than the largest on the diagonal. */
const RATIO: f64 = 0.6403882032022076;

/** Rows of A that one chunk updates. */
const GRAIN: i32 = 16;

@unmanaged
class Left {
  n: i32;
  a: usize; // what is left of A (n, n), its upper triangle
  lda: i32;
  sizes: usize; // the largest |aᵢⱼ|, j > i, or more than that; −1 where i is done with
  weights: usize; // |aᵢᵢ| at the beginning + Σ gᵢ²: aᵢⱼ carries an error of the order u·√(weightᵢ·weightⱼ)
  g: usize; // the newest row of G …
  g1: usize; // … and the one after it, or 0; both are zero where rows are done with
  sign: f64; // of g, as J has it; g1 has the other one
}

/** y −= a·x over n numbers; returns the largest |y|. */
function minus_max(n: i32, a: f64, x: usize, y: usize): f64 {
  const s = f64x2.splat(a);
  let top: v128 = f64x2.splat(0);
  const end = y + (usize(n) << 3);
  for (; y + 16 <= end; y += 16) {
    const t = nmadd<f64>(s, v128.load(x), v128.load(y));
    v128.store(y, t);
    top = f64x2.pmax(top, f64x2.abs(t));
    x += 16;
  }
  if (y < end) {
    const t = nmadd<f64>(s, v128.load64_zero(x), v128.load64_zero(y));
    store<f64>(y, f64x2.extract_lane(t, 0));
    top = f64x2.pmax(top, f64x2.abs(t));
  }
  return max(f64x2.extract_lane(top, 0), f64x2.extract_lane(top, 1));
}

/** Rows [i0, i1): A −= ±g·gᵀ (∓g1·g1ᵀ). */
export function jacobi_update_task(i0: i32, i1: i32): void {
  const s = args<Left>();
  for (let i = i0; i < i1; i++) {
    const offset = usize(i) << 3;
    if (load<f64>(s.sizes + offset) < 0) continue;
    const diagonal = s.a + (usize(i) * s.lda << 3) + offset;
    const gi = load<f64>(s.g + offset);
    let g = s.g;
    let a = s.sign * gi;
    let weight = load<f64>(s.weights + offset) + gi * gi;
    if (s.g1 != 0) {
      minus(s.n - i, a, g + offset, diagonal);
      const hi = load<f64>(s.g1 + offset);
      g = s.g1;
      a = -s.sign * hi;
      weight += hi * hi;
    }
    store<f64>(s.weights + offset, weight);
    store<f64>(diagonal, load<f64>(diagonal) - a * load<f64>(g + offset));
    store<f64>(s.sizes + offset, minus_max(s.n - i - 1, a, g + offset + 8, diagonal + 8));
  }
}

/** x := row r of what is left, both sides of the diagonal. */
function gather(s: Left, r: i32, x: usize): void {
  const ld = usize(s.lda) << 3;
  let a = s.a + (usize(r) << 3);
  const end = x + (usize(r) << 3);
  for (; x < end; x += 8) {
    store<f64>(x, load<f64>(a));
    a += ld;
  }
  memory.copy(x, a, usize(s.n - r) << 3);
}

/** Marks row r as done with. */
function retire(s: Left, r: i32): void {
  const ld = usize(s.lda) << 3;
  store<f64>(s.sizes + (usize(r) << 3), -1);
  let a = s.a + (usize(r) << 3);
  for (let i = 0; i < r; i++) {
    store<f64>(a, 0);
    a += ld;
  }
  memory.fill(a, 0, usize(s.n - r) << 3);
}

/** Whether row r, gathered in x, is nothing but rounding error. */
function is_noise(s: Left, r: i32, x: usize): bool {
  const limit = f64(max(s.n, 8)) * f64.EPSILON * sqrt(load<f64>(s.weights + (usize(r) << 3)));
  for (let j: usize = 0, end = usize(s.n) << 3; j < end; j += 8) {
    if (abs(load<f64>(x + j)) > limit * sqrt(load<f64>(s.weights + j))) return false;
  }
  return true;
}

/** The position of the largest |x_i|, `step` bytes apart, of rows not done with, i ≠ except; −1 if there is none. */
function largest_at(s: Left, x: usize, step: usize, except: i32): i32 {
  let best = -1;
  let most: f64 = -1;
  for (let i = 0; i < s.n; i++) {
    const value = abs(load<f64>(x));
    if (value > most && i != except && load<f64>(s.sizes + (usize(i) << 3)) >= 0) {
      most = value;
      best = i;
    }
    x += step;
  }
  return best;
}

/** x := a·x + b·y, y := c·x + d·y, n numbers. */
function combine(n: i32, x: usize, y: usize, a: f64, b: f64, c: f64, d: f64): void {
  for (const end = x + (usize(n) << 3); x < end; x += 8) {
    const xi = load<f64>(x);
    const yi = load<f64>(y);
    store<f64>(x, a * xi + b * yi);
    store<f64>(y, c * xi + d * yi);
    y += 8;
  }
}

/** A step with pivot (r, r); its row has been gathered in s.g, which becomes a row of G. */
function single(s: Left, r: i32, negative: usize): i32 {
  const at = s.g + (usize(r) << 3);
  const pivot = load<f64>(at);
  const root = sqrt(abs(pivot));
  s.sign = pivot > 0 ? 1 : -1;
  store<i32>(negative, i32(pivot < 0));
  scale_row<f64>(s.n, 1 / root, s.g);
  store<f64>(at, 0);
  retire(s, r);
  const info = parallelFor(Task.JACOBI_UPDATE, s.n, GRAIN);
  store<f64>(at, s.sign * root);
  return info;
}

/** A step with pivot (p, p) (p, q) (q, q); the rows have been gathered in s.g and s.g1. */
function double(s: Left, p: i32, q: i32, negative: usize): i32 {
  const gp = s.g + (usize(p) << 3);
  const gq = s.g + (usize(q) << 3);
  const hp = s.g1 + (usize(p) << 3);
  const hq = s.g1 + (usize(q) << 3);
  const a = load<f64>(gp);
  const b = load<f64>(gq);
  const c = load<f64>(hq);
  const zeta = 0.5 * (c - a) / b;
  const t = copysign(1 / (abs(zeta) + sqrt(1 + zeta * zeta)), zeta);
  const cos = 1 / sqrt(1 + t * t);
  const sin = t * cos;
  const lambda = a - t * b; // the other one is c + t·b, of opposite sign
  const root = sqrt(abs(lambda));
  const root1 = sqrt(abs(c + t * b));
  s.sign = lambda > 0 ? 1 : -1;
  store<i32>(negative, i32(lambda < 0));
  store<i32>(negative, i32(lambda >= 0), 4);
  combine(s.n, s.g, s.g1, cos / root, -sin / root, sin / root1, cos / root1);
  store<f64>(gp, 0);
  store<f64>(gq, 0);
  store<f64>(hp, 0);
  store<f64>(hq, 0);
  retire(s, p);
  retire(s, q);
  const info = parallelFor(Task.JACOBI_UPDATE, s.n, GRAIN);
  store<f64>(gp, s.sign * cos * root);
  store<f64>(gq, -s.sign * sin * root);
  store<f64>(hp, -s.sign * sin * root1);
  store<f64>(hq, -s.sign * cos * root1);
  return info;
}

/**
 * A = Gᵀ·J·G; returns the rank, the number of rows of G, or INFO_ABORTED. Opens regions.
 *
 * A (n×n, stride lda) symmetric, the upper triangle is read and destroyed. G (rank×n, stride ldg; n rows must
 * be there). negative (n, i32): 1 where J is −1. sizes, weights (n): scratch. Rows whose rest is all within
 * n·eps·√(weightᵢ·weightⱼ), rounding error, count as zero.
 * |δaᵢⱼ| ≤ c·n·u·(|G|ᵀ·|G|)ᵢⱼ, for positive semidefinite A c·n·u·√(aᵢᵢ·aⱼⱼ)   [Slapničar 1998, thm 1]
 */
export function signed_factor(
  n: i32, a: usize, lda: i32, g: usize, ldg: i32, negative: usize, sizes: usize, weights: usize,
): i32 {
  const step = usize(lda + 1) << 3; // from one number of the diagonal to the next
  const s = args<Left>();
  s.n = n;
  s.a = a;
  s.lda = lda;
  s.sizes = sizes;
  s.weights = weights;
  for (let i = 0; i < n; i++) {
    const diagonal = a + usize(i) * step;
    store<f64>(sizes + (usize(i) << 3), largest_abs<f64>(n - i - 1, diagonal + 8));
    store<f64>(weights + (usize(i) << 3), abs(load<f64>(diagonal)));
  }
  let rank = 0;
  for (let left = n; left > 0; ) {
    const r = largest_at(s, a, step, -1);
    const p = largest_at(s, sizes, 8, -1);
    const onDiagonal = abs(load<f64>(a + usize(r) * step));
    const size = load<f64>(sizes + (usize(p) << 3));
    if (onDiagonal == 0 && size == 0) break;
    s.g = g + (usize(rank) * ldg << 3);
    s.g1 = 0;
    const isSingle = onDiagonal >= RATIO * size;
    const first = isSingle ? r : p;
    gather(s, first, s.g);
    let noise = is_noise(s, first, s.g) ? first : -1;
    let second = -1;
    if (noise < 0 && !isSingle) {
      second = largest_at(s, s.g, 8, p);
      const apart = second < 0 ? 0 : abs(load<f64>(s.g + (usize(second) << 3)));
      if (apart < size) { // the row that had the larger one is done with
        store<f64>(sizes + (usize(p) << 3), apart);
        continue;
      }
      s.g1 = s.g + (usize(ldg) << 3);
      gather(s, second, s.g1);
      if (is_noise(s, second, s.g1)) noise = second;
    }
    if (noise >= 0) {
      retire(s, noise);
      left--;
      continue;
    }
    const signs = negative + (usize(rank) << 2);
    const info = second < 0 ? single(s, first, signs) : double(s, first, second, signs);
    if (info != 0) return info;
    const taken = second < 0 ? 1 : 2;
    rank += taken;
    left -= taken;
    const done = f64(n - left) / f64(n);
    progress(HEAD * done * (2 - done), 1);
  }
  return rank;
}
