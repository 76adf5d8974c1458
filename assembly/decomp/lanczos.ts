// Some eigenpairs of a symmetric operator by block Lanczos with thick restarts.
//
// Based on: Wu & Simon, Thick-restart Lanczos method for large symmetric eigenvalue problems, 2000;
// Stewart, A Krylov-Schur algorithm for large eigenproblems, 2001.
//
//     A·Vᵀ = Vᵀ·T + Q·R·Eᵀ      V (dimension×n) orthonormal rows, T = V·A·Vᵀ, Q the next block of rows,
//                               E the last rows of the identity: a Ritz pair T·s = θ·s has the residual |R·Eᵀs|
//
// Nobody calls the operator from here: a step takes A·Q and gives the next Q (reverse communication), so
// that the same method serves a dense matrix, the inverse of a factored one, and a function in JavaScript.
// All of T is measured as V·W with W = A·Q, and not inferred from the recurrence: restarts, blocks that
// lost their rank and directions put in at random then need no case of their own.

import { INFO_ABORTED, progress } from "../parallel";
import { at, dot } from "../blas/level1";
import { multiply_rows } from "../blas/rows";
import { eigh_f64, eigh_work_f64 } from "./eigh";
import {
  CONVERGED, FAILED, MORE, STOPPED, bytes, norm,
  orthogonalise, orthonormalise, random_row, scale_vector, turn, turn_work, vector_stride,
} from "./krylov";
import { ldl_solve_rows } from "./ldl_rows";
import { minus } from "./triangular";

@unmanaged
class Lanczos {
  // what the caller reads
  block: usize; // the rows (width×n) of Q, stride ld
  target: usize; // where A·Q belongs, likewise
  width: i32;
  dimension: i32; // rows of V, order of T
  products: i32; // rows multiplied so far
  restarts: i32;
  converged: i32; // of those wanted
  low: i32; // wanted: so many from the low end …
  high: i32; // … and so many from the high end
  theta: usize; // (dimension) Ritz values, ascending, as of the last step that did not say MORE
  residual: usize; // (dimension) |R·Eᵀs|
  ld: i32;

  n: i32;
  most: i32; // dimension at which it restarts
  wide: i32; // rows of a block
  magnitude: bool; // low and high are chosen anew each time: low + high of the largest |θ|
  check: i32; // dimension at which the Ritz values are looked at
  maxRestarts: i32;
  maxProducts: i32;
  tol: f64;
  shift: f64; // θ stands for the eigenvalue shift + 1/θ of a matrix of norm `norm`; or norm = 0 and θ for itself
  norm: f64;
  largest: f64; // |A·q| seen
  random: u64;
  v: usize; // (most + 2·wide) × ld
  ldt: i32;
  t: usize; // (most × ldt)
  s: usize; // (most × ldt) columns are the eigenvectors of T
  r: usize; // (wide × wide)
  h: usize; // (2·wide × ldt)
  turn: usize; // (most × ldt) rows are eigenvectors of T that are kept
  work: usize;
}

/** Bytes of state and workspace of lanczos for blocks of `wide` vectors and a basis of at most `most` ≤ n. */
export function lanczos_work_f64(n: i32, most: i32, wide: i32): f64 {
  const ldt = vector_stride(most + wide);
  const rows = f64(most + 2 * wide);
  const small = 3 * bytes(f64(most) * ldt) + 2 * bytes(most) + bytes(wide * wide) + bytes(2 * rows * ldt);
  const inner = max(eigh_work_f64(most), turn_work(most));
  return 512 + bytes(rows * vector_stride(n)) + small + inner;
}

/**
 * Begins: the first block is random, from `seed`. low and high Ritz values are wanted from either end, or
 * with `magnitude` low + high of the largest |θ|; low + high ≤ most, and
 * most = n or low + high + wide ≤ most ≤ n − 2·wide.
 *
 * A pair counts as converged when its residual is at most max(tol·|θ|, 4·√n·ε·‖A‖), ‖A‖ the largest |θ|. With
 * norm > 0 the operator is (B − shift·I)⁻¹, ‖B − shift·I‖ ≤ norm, and the residual of shift + 1/θ counts.
 * state: lanczos_work_f64(n, most, wide) bytes, 64-byte aligned; begins with the record Lanczos.
 */
export function lanczos_begin_f64(
  n: i32, most: i32, wide: i32, low: i32, high: i32, magnitude: bool, tol: f64, shift: f64, norm: f64,
  maxRestarts: i32, maxProducts: i32, seed: f64, state: usize,
): void {
  const s = changetype<Lanczos>(state);
  s.n = n;
  s.most = most;
  s.wide = wide;
  s.low = low;
  s.high = high;
  s.magnitude = magnitude;
  s.tol = tol;
  s.shift = shift;
  s.norm = norm;
  s.maxRestarts = maxRestarts;
  s.maxProducts = maxProducts;
  s.random = reinterpret<u64>(seed) * 0x9e3779b97f4a7c15;
  s.ld = vector_stride(n);
  s.ldt = vector_stride(most + wide);
  s.v = state + 512;
  s.t = s.v + usize(bytes(f64(most + 2 * wide) * s.ld));
  s.s = s.t + usize(bytes(f64(most) * s.ldt));
  s.turn = s.s + usize(bytes(f64(most) * s.ldt));
  s.theta = s.turn + usize(bytes(f64(most) * s.ldt));
  s.residual = s.theta + usize(bytes(most));
  s.r = s.residual + usize(bytes(most));
  s.h = s.r + usize(bytes(wide * wide));
  s.work = s.h + usize(bytes(2 * f64(most + 2 * wide) * s.ldt));
  s.products = 0;
  s.restarts = 0;
  s.converged = 0;
  s.dimension = 0;
  s.largest = 0;
  random_block(s);
}

/** The next block is random, orthogonal to V. */
function random_block(s: Lanczos): void {
  const c = s.dimension;
  s.width = min(s.wide, s.n - c);
  for (let i = 0; i < s.width; i++) s.random = random_row(c + i, s.n, s.v, s.ld, s.h, s.random);
  s.check = min(s.most, max(s.low + s.high, c + s.wide));
  place(s);
}

function place(s: Lanczos): void {
  s.block = at<f64>(s.v, s.ld, s.dimension, 0);
  s.target = at<f64>(s.v, s.ld, s.dimension + s.width, 0);
}

/**
 * Takes W = A·Q from `target`. Returns MORE (1): `block` holds the next Q; CONVERGED (0): all wanted pairs
 * are; STOPPED (2): at maxRestarts or past maxProducts they are not; FAILED (3): eigh did; INFO_ABORTED.
 */
export function lanczos_step_f64(state: usize): i32 {
  const s = changetype<Lanczos>(state);
  const from = s.dimension;
  const width = s.width;
  const c = from + width;
  const n = s.n;
  s.products += width;
  for (let r = 0; r < width; r++) s.largest = max(s.largest, norm(n, s.target + (usize(r) * s.ld << 3)));
  const info = orthogonalise(c, n, width, s.v, s.target, s.ld, s.h, s.ldt);
  if (info != 0) return info;
  for (let r = 0; r < width; r++) {
    for (let i = 0; i < c; i++) {
      let x = load<f64>(at<f64>(s.h, s.ldt, r, i));
      if (i >= from) x = 0.5 * (x + load<f64>(at<f64>(s.h, s.ldt, i - from, from + r)));
      store<f64>(at<f64>(s.t, s.ldt, from + r, i), x);
      store<f64>(at<f64>(s.t, s.ldt, i, from + r), x);
    }
  }
  s.dimension = c;
  const next = min(width, n - c);
  const negligible = 4 * Math.sqrt(f64(n)) * f64.EPSILON * s.largest;
  s.random = orthonormalise(c, n, next, s.v, s.ld, s.r, s.wide, negligible, s.h, s.random);
  s.width = next;
  place(s);

  const full = c == n || c + next > s.most;
  if (!full && c < s.check) return MORE;
  const failed = ritz(s, width);
  if (failed != 0) return failed == INFO_ABORTED ? failed : FAILED;
  const wanted = s.low + s.high;
  progress(f64(s.converged), f64(wanted + 1));
  if (s.converged == wanted || c == n) return CONVERGED;
  if (s.products >= s.maxProducts || (full && s.restarts == s.maxRestarts)) return STOPPED;
  if (full) return restart(s);
  s.check = min(s.most, c + max(next, c >> 3));
  return MORE;
}

/** Ritz values and residuals; the last block of V had `width` rows. */
function ritz(s: Lanczos, width: i32): i32 {
  const c = s.dimension;
  for (let i = 0; i < c; i++) memory.copy(at<f64>(s.s, s.ldt, i, 0), at<f64>(s.t, s.ldt, i, 0), usize(c) << 3);
  const info = eigh_f64(c, s.s, s.ldt, false, 0, c, s.theta, s.h, s.work);
  if (info != 0) return info;
  for (let i = 0; i < c; i++) {
    let sum: f64 = 0;
    for (let q = 0; q < s.width; q++) {
      let x: f64 = 0;
      for (let r = 0; r < width; r++) x += load<f64>(at<f64>(s.r, s.wide, q, r)) * load<f64>(at<f64>(s.s, s.ldt, c - width + r, i));
      sum += x * x;
    }
    store<f64>(s.residual + (usize(i) << 3), sqrt(sum));
  }
  if (s.magnitude) choose(s, s.low + s.high);
  s.converged = 0;
  const largest = max(abs(theta(s, 0)), abs(theta(s, c - 1)));
  for (let i = 0; i < c; i++) if ((i < s.low || i >= c - s.high) && accurate(s, i, largest)) s.converged++;
  return 0;
}

function theta(s: Lanczos, i: i32): f64 {
  return load<f64>(s.theta + (usize(i) << 3));
}

/** low + high := count, the largest |θ|. */
function choose(s: Lanczos, count: i32): void {
  let low = 0;
  let high = 0;
  while (low + high < count) {
    if (-theta(s, low) > theta(s, s.dimension - 1 - high)) low++;
    else high++;
  }
  s.low = low;
  s.high = high;
}

function accurate(s: Lanczos, i: i32, largest: f64): bool {
  const rounding = 4 * Math.sqrt(f64(s.n)) * f64.EPSILON;
  const residual = load<f64>(s.residual + (usize(i) << 3));
  const value = theta(s, i);
  if (s.norm == 0) return residual <= max(s.tol * abs(value), rounding * largest);
  // (B − σ)·x = x/θ − (B − σ)·r/θ
  return residual * s.norm <= abs(value) * max(s.tol * abs(s.shift + 1 / value), rounding * s.norm);
}

/** V := the Ritz vectors of the `low` lowest and the `high` highest Ritz values, T := diag(θ). */
function keep(s: Lanczos, low: i32, high: i32): i32 {
  const c = s.dimension;
  const p = low + high;
  for (let i = 0; i < p; i++) {
    const column = i < low ? i : c - p + i;
    for (let k = 0; k < c; k++) store<f64>(at<f64>(s.turn, s.ldt, i, k), load<f64>(at<f64>(s.s, s.ldt, k, column)));
  }
  const info = turn(p, c, s.n, s.turn, s.ldt, s.v, s.ld, s.work);
  if (info != 0) return info;
  for (let i = 0; i < p; i++) {
    memory.fill(at<f64>(s.t, s.ldt, i, 0), 0, usize(p) << 3);
    store<f64>(at<f64>(s.t, s.ldt, i, i), theta(s, i < low ? i : c - p + i));
  }
  s.dimension = p;
  return 0;
}

/** Goes on with the wanted Ritz vectors and half of the others that there is room for, from the same ends. */
function restart(s: Lanczos): i32 {
  const c = s.dimension;
  const wanted = s.low + s.high;
  const extra = max(0, min(s.most - s.wide, c - s.width) - wanted) >> 1;
  let low = s.low + i32(f64(extra) * s.low / wanted);
  let high = wanted + extra - low;
  if (s.magnitude) {
    const before = s.low;
    choose(s, wanted + extra);
    low = s.low;
    high = s.high;
    s.low = before;
    s.high = wanted - before;
  }
  const block = s.block;
  const info = keep(s, low, high);
  if (info != 0) return info;
  memory.copy(at<f64>(s.v, s.ld, s.dimension, 0), block, usize(s.width) * s.ld << 3);
  s.restarts++;
  s.check = min(s.most, s.dimension + max(s.width, s.dimension >> 3));
  place(s);
  return MORE;
}

/**
 * After CONVERGED or STOPPED: the wanted Ritz vectors become the first low + high rows of V, ascending, and
 * `block` points to them; theta and residual are theirs.
 */
export function lanczos_finish_f64(state: usize): i32 {
  const s = changetype<Lanczos>(state);
  const c = s.dimension;
  const p = s.low + s.high;
  const info = keep(s, s.low, s.high);
  if (info != 0) return info;
  for (let i = s.low; i < p; i++) {
    store<f64>(s.theta + (usize(i) << 3), theta(s, c - p + i));
    store<f64>(s.residual + (usize(i) << 3), load<f64>(s.residual + (usize(c - p + i) << 3)));
  }
  s.block = s.v;
  return 0;
}

/** After lanczos_finish: goes on with the pairs found and a random block, to see what all blocks so far were blind to. */
export function lanczos_refresh_f64(state: usize): void {
  const s = changetype<Lanczos>(state);
  random_block(s);
  s.check = s.most;
}

/**
 * For each of k vectors: x := x/|x|, θ := xᵀ·y, r := |y − θ·x|, where y = A·x on entry, and y := y − θ·x.
 *
 * X (k×n, row stride ldx), Y (k×n, ldy), theta (k), residual (k).
 */
export function lanczos_residuals_f64(n: i32, k: i32, x: usize, ldx: i32, y: usize, ldy: i32, theta: usize, residual: usize): void {
  for (let i = 0; i < k; i++) {
    const scale = 1 / norm(n, x);
    scale_vector(n, scale, x);
    scale_vector(n, scale, y);
    const value = dot(n, x, y);
    minus(n, value, x, y);
    store<f64>(theta, value);
    store<f64>(residual, norm(n, y));
    x += usize(ldx) << 3;
    y += usize(ldy) << 3;
    theta += 8;
    residual += 8;
  }
}

/** Steps with the symmetric matrix A (n×n, row stride lda) until they say other than MORE. Returns as lanczos_step. */
export function lanczos_symmetric_f64(a: usize, lda: i32, state: usize): i32 {
  const s = changetype<Lanczos>(state);
  while (true) {
    let info = multiply_rows(s.n, s.n, s.width, 0, a, lda, s.block, s.ld, s.target, s.ld);
    if (info == 0) info = lanczos_step_f64(state);
    if (info != MORE) return info;
  }
}

/** The same with the inverse of A = Pᵀ·Uᵀ·D·U·P, as ldl_f64 leaves it. */
export function lanczos_inverted_f64(u: usize, ldu: i32, d: usize, e: usize, swaps: usize, state: usize): i32 {
  const s = changetype<Lanczos>(state);
  while (true) {
    memory.copy(s.target, s.block, usize(s.width) * s.ld << 3);
    let info = ldl_solve_rows(s.n, s.width, u, ldu, d, e, swaps, s.target, s.ld, s.h);
    if (info == 0) info = lanczos_step_f64(state);
    if (info != MORE) return info;
  }
}
