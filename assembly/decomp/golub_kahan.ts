// Some singular triplets of an operator by block Golub-Kahan-Lanczos bidiagonalization with thick restarts.
//
// Based on: Golub & Kahan, Calculating the singular values and pseudo-inverse of a matrix, 1965; Baglama &
// Reichel, Augmented implicitly restarted Lanczos bidiagonalization methods, 2005.
//
//     A·Vᵀ = Uᵀ·B,  Aᵀ·Uᵀ = Vᵀ·Bᵀ + Q·R·Eᵀ      U, V orthonormal rows, Q the next block of V, E the last rows
//                                               of the identity: a triplet (x, s, y) of B has the residual |R·Eᵀx|
//
// As in lanczos.ts nobody calls the operator from here: steps come in pairs, A·Q and then Aᵀ·(the new rows of U).
// All of B is measured. A (m×n) has m ≥ n; the caller exchanges the sides of a wide one.

import { INFO_ABORTED, progress } from "../parallel";
import { at } from "../blas/level1";
import { multiply_rows } from "../blas/rows";
import { svd_jacobi_f64, svd_jacobi_work_f64 } from "./jacobi_svd";
import {
  CONVERGED, FAILED, MORE, STOPPED, bytes, norm,
  orthogonalise, orthonormalise, random_row, turn, turn_work, vector_stride,
} from "./krylov";

@unmanaged
class Bidiagonal {
  // what the caller reads
  block: usize; // the rows to be multiplied: width rows of V by A, or of U by Aᵀ
  target: usize; // where the products belong
  width: i32;
  left: bool; // the products are those with A, rows of U
  products: i32;
  restarts: i32;
  converged: i32;
  sigma: usize; // (dimension) descending
  residual: usize;
  u: usize; // stride ldu; after CONVERGED or STOPPED its first k rows are the left singular vectors
  ldu: i32;
  v: usize;
  ldv: i32;

  m: i32;
  n: i32;
  k: i32;
  most: i32;
  wide: i32;
  dimension: i32; // rows of U and V in B
  check: i32;
  maxRestarts: i32;
  tol: f64;
  largest: f64;
  random: u64;
  ldb: i32;
  b: usize; // (most × ldb)
  x: usize; // (most × ldb) columns are the left singular vectors of B
  y: usize; // (most × ldb) rows are the right ones
  turn: usize; // (most × ldb)
  r: usize; // (wide × wide)
  h: usize; // (2·wide × ldb)
  work: usize;
}

/** Bytes of state and workspace of golub_kahan for blocks of `wide` vectors and a basis of at most `most` ≤ n. */
export function golub_kahan_work_f64(m: i32, n: i32, most: i32, wide: i32): f64 {
  const ldb = vector_stride(most + wide);
  const rows = f64(most + 2 * wide);
  const small = 4 * bytes(f64(most) * ldb) + 2 * bytes(most) + bytes(wide * wide) + bytes(2 * rows * ldb);
  const inner = max(svd_jacobi_work_f64(most, most, 1), turn_work(most));
  return 512 + bytes(rows * vector_stride(m)) + bytes(rows * vector_stride(n)) + small + inner;
}

/**
 * Begins: the first block of V is random, from `seed`. The k largest singular values are wanted; a triplet counts
 * as converged when its residual is at most max(tol·σ, 4·√m·ε·σ₁). most = n or k + wide ≤ most ≤ n − 2·wide.
 *
 * state: golub_kahan_work_f64(m, n, most, wide) bytes, 64-byte aligned; begins with the record Bidiagonal.
 */
export function golub_kahan_begin_f64(
  m: i32, n: i32, most: i32, wide: i32, k: i32, tol: f64, maxRestarts: i32, seed: f64, state: usize,
): void {
  const s = changetype<Bidiagonal>(state);
  s.m = m;
  s.n = n;
  s.k = k;
  s.most = most;
  s.wide = wide;
  s.tol = tol;
  s.maxRestarts = maxRestarts;
  s.random = reinterpret<u64>(seed) * 0x9e3779b97f4a7c15;
  s.ldu = vector_stride(m);
  s.ldv = vector_stride(n);
  s.ldb = vector_stride(most + wide);
  const square = usize(bytes(f64(most) * s.ldb));
  s.u = state + 512;
  s.v = s.u + usize(bytes(f64(most + 2 * wide) * s.ldu));
  s.b = s.v + usize(bytes(f64(most + 2 * wide) * s.ldv));
  s.x = s.b + square;
  s.y = s.x + square;
  s.turn = s.y + square;
  s.sigma = s.turn + square;
  s.residual = s.sigma + usize(bytes(most));
  s.r = s.residual + usize(bytes(most));
  s.h = s.r + usize(bytes(wide * wide));
  s.work = s.h + usize(bytes(2 * f64(most + 2 * wide) * s.ldb));
  s.products = 0;
  s.restarts = 0;
  s.converged = 0;
  s.dimension = 0;
  s.largest = 0;
  s.width = wide;
  s.check = min(most, max(k, wide));
  for (let i = 0; i < wide; i++) s.random = random_row(i, n, s.v, s.ldv, s.h, s.random);
  expand(s);
}

/** Next are the products of the new rows of V with A. */
function expand(s: Bidiagonal): void {
  s.left = true;
  s.block = at<f64>(s.v, s.ldv, s.dimension, 0);
  s.target = at<f64>(s.u, s.ldu, s.dimension, 0);
}

/**
 * Takes the products from `target`. Returns MORE (1): `block` and `target` say which come next; CONVERGED (0);
 * STOPPED (2): at maxRestarts; FAILED (3): the small problem did not converge; INFO_ABORTED.
 */
export function golub_kahan_step_f64(state: usize): i32 {
  const s = changetype<Bidiagonal>(state);
  s.products += s.width;
  return s.left ? left(s) : right(s);
}

function negligible(s: Bidiagonal): f64 {
  return 4 * Math.sqrt(f64(s.m)) * f64.EPSILON * s.largest;
}

/** `target` holds A·Q: new rows of U, new columns of B. */
function left(s: Bidiagonal): i32 {
  const j = s.dimension;
  const width = s.width;
  for (let r = 0; r < width; r++) s.largest = max(s.largest, norm(s.m, at<f64>(s.target, s.ldu, r, 0)));
  if (j > 0) {
    const info = orthogonalise(j, s.m, width, s.u, s.target, s.ldu, s.h, s.ldb);
    if (info != 0) return info;
  }
  for (let r = 0; r < width; r++) {
    for (let i = 0; i < j; i++) {
      store<f64>(at<f64>(s.b, s.ldb, i, j + r), load<f64>(at<f64>(s.h, s.ldb, r, i)));
      store<f64>(at<f64>(s.b, s.ldb, j + r, i), 0);
    }
  }
  s.random = orthonormalise(j, s.m, width, s.u, s.ldu, s.r, s.wide, negligible(s), s.h, s.random);
  for (let q = 0; q < width; q++) {
    for (let r = 0; r < width; r++) store<f64>(at<f64>(s.b, s.ldb, j + q, j + r), load<f64>(at<f64>(s.r, s.wide, q, r)));
  }
  s.left = false;
  s.block = s.target;
  s.target = at<f64>(s.v, s.ldv, j + width, 0);
  return MORE;
}

/** `target` holds Aᵀ·(the new rows of U): the next block of V. */
function right(s: Bidiagonal): i32 {
  const c = s.dimension + s.width;
  const width = s.width;
  const info = orthogonalise(c, s.n, width, s.v, s.target, s.ldv, s.h, s.ldb);
  if (info != 0) return info;
  const next = min(width, s.n - c);
  s.random = orthonormalise(c, s.n, next, s.v, s.ldv, s.r, s.wide, negligible(s), s.h, s.random);
  s.dimension = c;
  s.width = next;
  expand(s);

  const full = c == s.n || c + next > s.most;
  if (!full && c < s.check) return MORE;
  const failed = triplets(s, width);
  if (failed != 0) return failed;
  progress(f64(s.converged), f64(s.k + 1));
  const done = s.converged == s.k || c == s.n;
  if (done || (full && s.restarts == s.maxRestarts)) {
    const kept = keep(s, s.k);
    return kept != 0 ? kept : done ? CONVERGED : STOPPED;
  }
  if (!full) {
    s.check = min(s.most, c + max(next, c >> 3));
    return MORE;
  }
  const p = s.k + (max(0, min(s.most - s.wide, c - next) - s.k) >> 1);
  const block = s.block;
  const kept = keep(s, p);
  if (kept != 0) return kept;
  memory.copy(at<f64>(s.v, s.ldv, p, 0), block, usize(next) * s.ldv << 3);
  s.restarts++;
  s.check = min(s.most, p + max(next, p >> 3));
  expand(s);
  return MORE;
}

/** Singular triplets of B and their residuals; the last rows of U are `width`. */
function triplets(s: Bidiagonal, width: i32): i32 {
  const c = s.dimension;
  const info = svd_jacobi_f64(c, c, s.b, s.ldb, 1, s.x, s.ldb, s.sigma, s.y, s.ldb, s.h, s.work);
  if (info != 0) return info == INFO_ABORTED ? info : FAILED;
  const rounding = 4 * Math.sqrt(f64(s.m)) * f64.EPSILON * load<f64>(s.sigma);
  s.converged = 0;
  for (let i = 0; i < c; i++) {
    let sum: f64 = 0;
    for (let q = 0; q < s.width; q++) {
      let z: f64 = 0;
      for (let r = 0; r < width; r++) z += load<f64>(at<f64>(s.r, s.wide, q, r)) * load<f64>(at<f64>(s.x, s.ldb, c - width + r, i));
      sum += z * z;
    }
    const residual = sqrt(sum);
    store<f64>(s.residual + (usize(i) << 3), residual);
    if (i < s.k && residual <= max(s.tol * load<f64>(s.sigma + (usize(i) << 3)), rounding)) s.converged++;
  }
  return 0;
}

/** U and V := the p leading singular vectors, B := diag(σ). */
function keep(s: Bidiagonal, p: i32): i32 {
  const c = s.dimension;
  for (let i = 0; i < p; i++) {
    for (let k = 0; k < c; k++) store<f64>(at<f64>(s.turn, s.ldb, i, k), load<f64>(at<f64>(s.x, s.ldb, k, i)));
  }
  let info = turn(p, s.dimension, s.m, s.turn, s.ldb, s.u, s.ldu, s.work);
  if (info == 0) info = turn(p, s.dimension, s.n, s.y, s.ldb, s.v, s.ldv, s.work);
  for (let i = 0; i < p; i++) {
    memory.fill(at<f64>(s.b, s.ldb, i, 0), 0, usize(p) << 3);
    store<f64>(at<f64>(s.b, s.ldb, i, i), load<f64>(s.sigma + (usize(i) << 3)));
  }
  s.dimension = p;
  return info;
}

/** Steps with A (m×n, row stride lda) and its transpose T (n×m, ldt) until they say other than MORE. */
export function golub_kahan_dense_f64(a: usize, lda: i32, t: usize, ldt: i32, state: usize): i32 {
  const s = changetype<Bidiagonal>(state);
  while (true) {
    let info = s.left
      ? multiply_rows(s.m, s.n, s.width, 0, a, lda, s.block, s.ldv, s.target, s.ldu)
      : multiply_rows(s.n, s.m, s.width, 0, t, ldt, s.block, s.ldu, s.target, s.ldv);
    if (info == 0) info = golub_kahan_step_f64(state);
    if (info != MORE) return info;
  }
}
