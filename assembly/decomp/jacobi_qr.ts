// A Householder QR factorization for Jacobi's methods: one column at a time, since it pivots. The columns
// are stored as rows here, one after the other in memory, and so are the reflectors.
//
// Based on: Businger & Golub, Linear least squares solutions by Householder transformations, 1965; Drmač &
// Veselić, New fast and accurate Jacobi SVD algorithm I, 2008 (what it does for Jacobi's method).
//
//             0   k        m
//           ┌───┬──────────┐    row j < k: R(0..j−1, j), then the reflector v_j, v_j's first number being 1
//         k ├───┼──────────┤
//           │ R │  rest    │    row j ≥ k: R(0..k−1, j), then what the first k reflectors made of column j
//         n └───┴──────────┘    R(j, j) is in `diagonal`

import { dot } from "../blas/level1";
import { args, parallelFor } from "../parallel";
import { Task } from "../tasks";
import { minus } from "./triangular";
import { reflector } from "./tridiagonal_rows";
import { power } from "./scaling";

/** Numbers that a chunk of a step updates at least, about 10 µs. */
const GRAIN: i32 = 16384;

/** Rows that one chunk takes through all reflectors. */
const ROWS: i32 = 8;

@unmanaged
class Reflect {
  m: i32;
  k: i32; // the newest reflector; with `steps` the number of all
  c: usize;
  ldc: i32;
  tau: usize;
  squares: usize; // of the rests (f64), or 0
  y: usize; // rows that all reflectors are applied to
  ldy: i32;
}

/** y := (I − τ·v·vᵀ)·y, m numbers. */
function reflect(m: i32, tau: f64, v: usize, y: usize): void {
  minus(m, tau * dot(m, v, y), v, y);
}

/** Applies reflector k to rows k + 1 + [j0, j1), and measures what is left of them. */
export function jacobi_qr_step_task(j0: i32, j1: i32): void {
  const s = args<Reflect>();
  const offset = usize(s.k) << 3;
  const v = s.c + (usize(s.k) * s.ldc << 3) + offset;
  const tau = load<f64>(s.tau + offset);
  const left = s.m - s.k;
  for (let j = s.k + 1 + j0; j < s.k + 1 + j1; j++) {
    const y = s.c + (usize(j) * s.ldc << 3) + offset;
    reflect(left, tau, v, y);
    if (s.squares != 0) store<f64>(s.squares + (usize(j) << 3), dot(left - 1, y + 8, y + 8));
  }
}

/** Rows [i0, i1) of Y: y := H_0·…·H_(k−1)·y. */
export function jacobi_qr_apply_task(i0: i32, i1: i32): void {
  const s = args<Reflect>();
  for (let k = s.k - 1; k >= 0; k--) {
    const offset = usize(k) << 3;
    const v = s.c + (usize(k) * s.ldc << 3) + offset;
    const tau = load<f64>(s.tau + offset);
    for (let i = i0; i < i1; i++) reflect(s.m - k, tau, v, s.y + (usize(i) * s.ldy << 3) + offset);
  }
}

function step(n: i32, m: i32, k: i32, c: usize, ldc: i32, diagonal: usize, tau: usize, squares: usize): i32 {
  const offset = usize(k) << 3;
  store<f64>(tau + offset, reflector<f64>(m - k, c + (usize(k) * ldc << 3) + offset, diagonal + offset));
  const s = args<Reflect>();
  s.m = m;
  s.k = k;
  s.c = c;
  s.ldc = ldc;
  s.tau = tau;
  s.squares = squares;
  return parallelFor(Task.JACOBI_QR_STEP, n - k - 1, GRAIN / (m - k) + 1);
}

/** The row from k on whose 2^exponent·√square is the largest; −1 if all squares are zero. */
function largest_rest(n: i32, k: i32, squares: usize, exponent: usize, top: i32): i32 {
  let best = -1;
  let most: f64 = -1;
  for (let j = k; j < n; j++) {
    const square = load<f64>(squares + (usize(j) << 3));
    if (square == 0) continue;
    const size = sqrt(square) * power(load<i32>(exponent + (usize(j) << 2)) - top);
    if (size > most) {
      most = size;
      best = j;
    }
  }
  return best;
}

function swap_rows(m: i32, x: usize, y: usize): void {
  for (const end = x + (usize(m) << 3); x < end; x += 8) {
    const t = load<f64>(x);
    store<f64>(x, load<f64>(y));
    store<f64>(y, t);
    y += 8;
  }
}

function swap_i32(x: usize, i: i32, j: i32): void {
  const t = load<i32>(x + (usize(i) << 2));
  store<i32>(x + (usize(i) << 2), load<i32>(x + (usize(j) << 2)));
  store<i32>(x + (usize(j) << 2), t);
}

/**
 * A·P = Q·R with column pivoting; returns the rank, the number of steps until what is left is zero, or
 * INFO_ABORTED. Opens regions.
 *
 * C (n rows of m ≥ n numbers, stride ldc): row j is column j of A divided by 2^exponent(j), of order 1;
 * becomes reflectors and R (figure), R's column j in the scale of exponent(j). diagonal, tau (n).
 * exponent, order (n, i32): permuted along with the columns; order(j) is the one that became column j.
 * squares (n): scratch. Householder's method does not care how columns are scaled:
 * |δa_j| ≤ c·m·u·|a_j| column by column   [Higham 2002, thm 19.4]
 */
export function pivoted_qr(
  n: i32, m: i32, c: usize, ldc: i32, diagonal: usize, tau: usize, exponent: usize, order: usize, squares: usize,
): i32 {
  let top = i32.MIN_VALUE;
  for (let j = 0; j < n; j++) {
    const y = c + (usize(j) * ldc << 3);
    const square = dot(m, y, y);
    store<f64>(squares + (usize(j) << 3), square);
    store<i32>(order + (usize(j) << 2), j);
    if (square > 0) top = max(top, load<i32>(exponent + (usize(j) << 2)));
  }
  top -= 1000; // two thousand exponents below the largest still differ
  for (let k = 0; k < n; k++) {
    const j = largest_rest(n, k, squares, exponent, top);
    if (j < 0) return k;
    if (j != k) {
      swap_rows(m, c + (usize(j) * ldc << 3), c + (usize(k) * ldc << 3));
      swap_i32(exponent, j, k);
      swap_i32(order, j, k);
      store<f64>(squares + (usize(j) << 3), load<f64>(squares + (usize(k) << 3)));
    }
    const info = step(n, m, k, c, ldc, diagonal, tau, squares);
    if (info != 0) return info;
  }
  return n;
}

/**
 * Y := Y·Qᵀ, that is Q·y for every row y, where Q = H_0·…·H_(k−1) is pivoted_qr's. Opens regions.
 *
 * Y (rows × m, stride ldy), C (k reflectors, stride ldc), tau (k). Returns 0 or INFO_ABORTED.
 */
export function apply_reflectors(rows: i32, m: i32, k: i32, c: usize, ldc: i32, tau: usize, y: usize, ldy: i32): i32 {
  const s = args<Reflect>();
  s.m = m;
  s.k = k;
  s.c = c;
  s.ldc = ldc;
  s.tau = tau;
  s.y = y;
  s.ldy = ldy;
  return parallelFor(Task.JACOBI_QR_APPLY, rows, ROWS);
}

/** Bytes of workspace of complete_rows. */
export function complete_rows_work(n: i32, r: i32): f64 {
  return f64(r) * f64((n + 7) & ~7) * 8 + f64(r) * 16 + 64;
}

/**
 * Rows r … n − 1 of Y := an orthonormal basis of what is orthogonal to rows 0 … r − 1. Opens regions.
 *
 * Y (n×n, stride ldy); its first r rows are orthogonal and of order 1. work: complete_rows_work(n, r) bytes,
 * 64-aligned. Returns 0 or INFO_ABORTED.
 */
export function complete_rows(n: i32, r: i32, y: usize, ldy: i32, work: usize): i32 {
  const ldc = (n + 7) & ~7;
  const diagonal = work + (usize(r) * ldc << 3);
  const tau = diagonal + (usize(r) << 3);
  for (let k = 0; k < r; k++) memory.copy(work + (usize(k) * ldc << 3), y + (usize(k) * ldy << 3), usize(n) << 3);
  for (let k = 0; k < r; k++) {
    const info = step(r, n, k, work, ldc, diagonal, tau, 0);
    if (info != 0) return info;
  }
  for (let k = r; k < n; k++) {
    const row = y + (usize(k) * ldy << 3);
    memory.fill(row, 0, usize(n) << 3);
    store<f64>(row + (usize(k) << 3), 1);
  }
  return apply_reflectors(n - r, n, r, work, ldc, tau, y + (usize(r) * ldy << 3), ldy);
}
