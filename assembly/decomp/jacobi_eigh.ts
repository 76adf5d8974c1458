// Eigenvalues and eigenvectors of a symmetric matrix by Jacobi's method, small ones accurately.
//
// Based on: Bunch & Parlett, Direct methods for solving symmetric indefinite systems of linear equations,
// 1971 (complete pivoting); Veselić & Hari, A note on a one-sided Jacobi algorithm, 1989; Veselić, A Jacobi
// eigenreduction algorithm for definite matrix pairs, 1993; Slapničar, Componentwise analysis of direct
// factorization of real symmetric and Hermitian matrices, 1998.
//
//   A = Gᵀ·J·G     by pivoting on the largest number that is left of A: one row of G for a pivot on the
//                  diagonal, two for a pivot of 2×2; J = diag(±1)
//   Q·G = Σ·Vᵀ     by one-sided Jacobi with QᵀJQ = J (jacobi.ts), so that A·V = V·ΣJΣ
//
// A positive semidefinite matrix has its largest number on the diagonal: then all pivots are 1×1, the first
// step is Cholesky's with pivoting, J = I, all rotations are circular. A = D·B·D with any diagonal D gives
// eigenvalues with errors relative to themselves of the order n·u·κ(B).
//
// Rows are not exchanged; what is done with is marked. Null vectors come from a QR factorization of V.

import { args, parallelFor } from "../parallel";
import { nmadd } from "../simd";
import { Task } from "../tasks";
import { complete_rows, complete_rows_work } from "./jacobi_qr";
import { exponent_of, orthogonalise_rows, orthogonalise_rows_work, scaled } from "./jacobi";
import { precondition_rows, precondition_rows_work } from "./jacobi_precondition";
import { rows_to_columns, sort_ascending } from "./jacobi_order";
import { minus } from "./triangular";
import { largest_abs } from "./scaling";

/** (1 + √17)/8: a pivot of 2×2 if the largest number is by so much larger than the largest on the diagonal. */
const RATIO: f64 = 0.6403882032022076;

/** The largest number is scaled to about 2^TOP, so that rows 2^TOP·1e308 times smaller are still exact. */
const TOP: i32 = 900;

/** Rows of A that one chunk updates. */
const GRAIN: i32 = 16;

@unmanaged
class Update {
  n: i32;
  a: usize; // what is left of A (n, n)
  lda: i32;
  g: usize; // the newest row of G …
  g1: usize; // … and the one after it, or 0
  sign: f64; // of g, as J has it; g1 has the other one
  sizes: usize; // the largest |aᵢⱼ|, j ≠ i, of row i; −1 where i is done with
  weights: usize; // |aᵢᵢ| at the beginning + Σ gᵢ²: |aᵢⱼ| carries errors of the order u·√(weightᵢ·weightⱼ)
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

/** Rows [i0, i1): A −= ±g·gᵀ (∓g1·g1ᵀ). g and g1 are zero where rows are done with. */
export function jacobi_update_task(i0: i32, i1: i32): void {
  const s = args<Update>();
  for (let i = i0; i < i1; i++) {
    const size = s.sizes + (usize(i) << 3);
    if (load<f64>(size) < 0) continue;
    const at = usize(i) << 3;
    const row = s.a + (usize(i) * s.lda << 3);
    const gi = load<f64>(s.g + at);
    let a = s.sign * gi;
    let weight = load<f64>(s.weights + at) + gi * gi;
    if (s.g1 != 0) {
      minus(s.n, a, s.g, row);
      const hi = load<f64>(s.g1 + at);
      a = -s.sign * hi;
      weight += hi * hi;
    }
    store<f64>(s.weights + at, weight);
    const g = s.g1 != 0 ? s.g1 : s.g;
    const before = minus_max(i, a, g, row);
    store<f64>(row + at, load<f64>(row + at) - a * load<f64>(g + at));
    store<f64>(size, max(before, minus_max(s.n - i - 1, a, g + at + 8, row + at + 8)));
  }
}

/** Whether all that is left of row r is rounding error. */
function is_noise(n: i32, a: usize, lda: i32, r: i32, sizes: usize, weights: usize): bool {
  const row = a + (usize(r) * lda << 3);
  const limit = f64(max(n, 8)) * f64.EPSILON * sqrt(load<f64>(weights + (usize(r) << 3)));
  for (let j: usize = 0, end = usize(n) << 3; j < end; j += 8) {
    if (load<f64>(sizes + j) >= 0 && abs(load<f64>(row + j)) > limit * sqrt(load<f64>(weights + j))) return false;
  }
  return true;
}

/** Marks row r as done with; column r becomes zero. */
function retire(n: i32, a: usize, lda: i32, r: i32, sizes: usize): void {
  store<f64>(sizes + (usize(r) << 3), -1);
  const column = a + (usize(r) << 3);
  for (let i = 0; i < n; i++) store<f64>(column + (usize(i) * lda << 3), 0);
}

/** The position of the largest of |x_i|, `step` bytes apart, among those with sizes_i ≥ 0 and i ≠ except; −1 if none. */
function largest_at(n: i32, x: usize, step: usize, sizes: usize, except: i32): i32 {
  let best = -1;
  let most: f64 = -1;
  for (let i = 0; i < n; i++) {
    const value = abs(load<f64>(x + usize(i) * step));
    if (value > most && i != except && load<f64>(sizes + (usize(i) << 3)) >= 0) {
      most = value;
      best = i;
    }
  }
  return best;
}

/**
 * A = Gᵀ·J·G; returns the rank, the number of rows of G, or INFO_ABORTED. Opens regions.
 *
 * A (n×n, stride lda) symmetric, both triangles are read and destroyed. G (n×n, stride ldg, zeroed).
 * negative (n, i32): 1 where J is −1. sizes, weights (n): scratch. What is left where all of a row is within
 * n·eps·√(weightᵢ·weightⱼ) counts as zero. Each |δaᵢⱼ| ≤ c·n·u·(|G|ᵀ·|G|)ᵢⱼ   [Slapničar 1998, thm 1]
 */
function factor(n: i32, a: usize, lda: i32, g: usize, ldg: i32, negative: usize, sizes: usize, weights: usize): i32 {
  const ld = usize(lda) << 3;
  const diagonal = ld + 8;
  for (let i = 0; i < n; i++) {
    const row = a + usize(i) * ld;
    const at = usize(i) << 3;
    store<f64>(sizes + at, max(largest_abs<f64>(i, row), largest_abs<f64>(n - i - 1, row + at + 8)));
    store<f64>(weights + at, abs(load<f64>(row + at)));
  }
  let rank = 0;
  for (let left = n; left > 0; ) {
    const r = largest_at(n, a, diagonal, sizes, -1);
    const p = largest_at(n, sizes, 8, sizes, -1);
    const onDiagonal = abs(load<f64>(a + usize(r) * diagonal));
    const apart = load<f64>(sizes + (usize(p) << 3));
    if (onDiagonal == 0 && apart == 0) break;
    const first = onDiagonal >= RATIO * apart ? r : p;
    const rowP = a + usize(first) * ld;
    let q = -1;
    if (first == p && onDiagonal < RATIO * apart) {
      q = largest_at(n, rowP, 8, sizes, p);
      const size = q < 0 ? 0 : abs(load<f64>(rowP + (usize(q) << 3)));
      if (size < apart) { // the row that had the larger one is done with
        store<f64>(sizes + (usize(p) << 3), size);
        continue;
      }
    }
    const noise = is_noise(n, a, lda, first, sizes, weights) ? first : q >= 0 && is_noise(n, a, lda, q, sizes, weights) ? q : -1;
    if (noise >= 0) {
      retire(n, a, lda, noise, sizes);
      left--;
      continue;
    }

    const s = args<Update>();
    const g0 = g + (usize(rank) * ldg << 3);
    const atP = usize(first) << 3;
    const pivot = load<f64>(rowP + atP);
    s.n = n;
    s.a = a;
    s.lda = lda;
    s.g = g0;
    s.g1 = 0;
    s.sizes = sizes;
    s.weights = weights;
    let info: i32;
    if (q < 0) {
      const root = sqrt(abs(pivot));
      combine(n, 1 / root, rowP, 0, rowP, g0);
      store<f64>(g0 + atP, 0);
      s.sign = pivot > 0 ? 1 : -1;
      store<i32>(negative + (usize(rank) << 2), i32(pivot < 0));
      retire(n, a, lda, first, sizes);
      info = parallelFor(Task.JACOBI_UPDATE, n, GRAIN);
      store<f64>(g0 + atP, copysign(root, pivot));
    } else {
      const rowQ = a + usize(q) * ld;
      const atQ = usize(q) << 3;
      const b = load<f64>(rowP + atQ);
      const c = load<f64>(rowQ + atQ);
      // the pivot's eigenvalues have opposite signs
      const zeta = 0.5 * (c - pivot) / b;
      const t = copysign(1 / (abs(zeta) + sqrt(1 + zeta * zeta)), zeta);
      const cos = 1 / sqrt(1 + t * t);
      const sin = t * cos;
      const lambda0 = pivot - t * b;
      const g1 = g0 + (usize(ldg) << 3);
      const root0 = sqrt(abs(lambda0));
      const root1 = sqrt(abs(c + t * b));
      combine(n, cos / root0, rowP, -sin / root0, rowQ, g0);
      combine(n, sin / root1, rowP, cos / root1, rowQ, g1);
      store<f64>(g0 + atP, 0);
      store<f64>(g0 + atQ, 0);
      store<f64>(g1 + atP, 0);
      store<f64>(g1 + atQ, 0);
      s.sign = lambda0 > 0 ? 1 : -1;
      s.g1 = g1;
      store<i32>(negative + (usize(rank) << 2), i32(lambda0 < 0));
      store<i32>(negative + (usize(rank + 1) << 2), i32(lambda0 >= 0));
      retire(n, a, lda, first, sizes);
      retire(n, a, lda, q, sizes);
      info = parallelFor(Task.JACOBI_UPDATE, n, GRAIN);
      const sign0 = s.sign;
      store<f64>(g0 + atP, sign0 * cos * root0);
      store<f64>(g0 + atQ, -sign0 * sin * root0);
      store<f64>(g1 + atP, -sign0 * sin * root1);
      store<f64>(g1 + atQ, -sign0 * cos * root1);
    }
    if (info != 0) return info;
    const taken = q < 0 ? 1 : 2;
    rank += taken;
    left -= taken;
  }
  return rank;
}

/** z := a·x + b·y, n numbers. */
function combine(n: i32, a: f64, x: usize, b: f64, y: usize, z: usize): void {
  for (const end = x + (usize(n) << 3); x < end; x += 8) {
    store<f64>(z, a * load<f64>(x) + b * load<f64>(y));
    y += 8;
    z += 8;
  }
}

// @ts-ignore: decorator
@inline
function stride(n: i32): i32 {
  return ((n + 7) & ~7) | 8;
}

/** Bytes of workspace of eigh_jacobi_f64. */
export function eigh_jacobi_work_f64(n: i32): f64 {
  const inner = max(precondition_rows_work(n, n), max(f64(orthogonalise_rows_work(n)), complete_rows_work(n, n)));
  return 8 * f64(n) * f64(stride(n)) + 32 * f64(n + 16) + inner;
}

/**
 * A·V = V·diag(w), w ascending, the columns of V orthonormal, by Jacobi's method. Opens regions.
 *
 * A (n×n, stride lda; 64-aligned) symmetric, finite; the upper triangle is read; V takes the place of A with
 * `vectors`, else A is destroyed. w (n). sweeps (i32): how many were made. work: eigh_jacobi_work_f64(n)
 * bytes, 64-aligned. Returns 0, INFO_ABORTED, or 1 if the cap of sweeps was met.
 * A = D·B·D positive definite: |ŵ − w| ≤ c·n·u·κ(B)·w for each one   [Demmel & Veselić 1992, §4]; otherwise
 * at least as eigh_f64, and the same with B = D⁻¹·|A|₊·D⁻¹ where |A|₊ is well scaled   [Slapničar 1998]
 */
export function eigh_jacobi_f64(n: i32, a: usize, lda: i32, w: usize, vectors: bool, sweeps: usize, work: usize): i32 {
  const ldx = stride(n);
  const x = work;
  const square = x + (usize(n) * ldx << 3);
  const weights = square + (usize(n) << 3);
  const exponent = weights + (usize(n) << 3);
  const negative = exponent + (usize(n) << 2);
  const order = negative + (usize(n) << 2);
  const rest = (order + (usize(n) << 2) + 63) & ~63;
  const ld = usize(lda) << 3;
  store<i32>(sweeps, 0);
  let largest: f64 = 0;
  for (let i = 0; i < n; i++) {
    const at = a + usize(i) * ld + (usize(i) << 3);
    largest = max(largest, largest_abs<f64>(n - i, at));
  }
  const shift = TOP - exponent_of(largest);
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) {
      const at = a + usize(i) * ld + (usize(j) << 3);
      const value = scaled(load<f64>(at), shift);
      store<f64>(at, value);
      store<f64>(a + usize(j) * ld + (usize(i) << 3), value);
    }
  }
  memory.fill(x, 0, usize(n) * ldx << 3);
  memory.fill(exponent, 0, usize(n) << 2);
  const rank = factor(n, a, lda, x, ldx, negative, square, weights);
  if (rank < 0) return rank;
  let info = precondition_rows(rank, n, 0, x, ldx, exponent, negative, rest);
  if (info != 0) return info;
  info = orthogonalise_rows(rank, n, 0, x, ldx, square, exponent, negative, sweeps, rest);
  if (info != 0) return info;

  // weights: the eigenvalues as they come, then what makes the rows unit vectors
  for (let k = 0; k < n; k++) {
    let value: f64 = 0;
    if (k < rank) {
      value = scaled(load<f64>(square + (usize(k) << 3)), 2 * load<i32>(exponent + (usize(k) << 2)) - shift);
      if (load<i32>(negative + (usize(k) << 2))) value = -value;
    }
    store<f64>(weights + (usize(k) << 3), value);
  }
  sort_ascending(n, weights, order);
  for (let k = 0; k < n; k++) store<f64>(w + (usize(k) << 3), load<f64>(weights + (usize(load<i32>(order + (usize(k) << 2))) << 3)));
  if (!vectors) return 0;
  if (rank < n) {
    const aborted = complete_rows(n, rank, x, ldx, rest);
    if (aborted != 0) return aborted;
  }
  for (let k = 0; k < n; k++) {
    store<f64>(weights + (usize(k) << 3), k < rank ? 1 / sqrt(load<f64>(square + (usize(k) << 3))) : 1);
  }
  rows_to_columns(n, n, x, ldx, order, weights, a, lda);
  return 0;
}
