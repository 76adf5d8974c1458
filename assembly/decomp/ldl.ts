// LDLᵀ of a symmetric indefinite matrix: P·A·Pᵀ = Uᵀ·D·U, U unit upper triangular, D of 1×1 and 2×2 blocks.
//
// Rook pivoting bounds every element of U by 2.79 and the growth of A's elements as complete pivoting
// nearly does. Panels of NB rows look to the left: a row of the trailing matrix is brought up to date when
// it is asked for. Then the rest of the trailing matrix, on and above its diagonal, is updated by gemm.
//
//        k0    k1
//      ┌─────┬──────┐     W = D·U (NB×n), the rows of the panel before the division by their pivot,
//      │  U  │      │     is kept apart.
//      └─┬───┼──────┤     1  for each pivot: row := A(k, ..) − Σₚ u(p, k)·W(p, ..)     panel.ts
//        │  P│  U   │     2  A(k1.., k1..) −= U(.., k1..)ᵀ·W(.., k1..)                gemm
//        └───┼──────┤
//            │ A22  │     Later exchanges of columns reach the rows of earlier panels at the very end,
//            └──────┘     row by row in the cache.
//
// Based on: Ashcraft, Grimes & Lewis, Accurate symmetric indefinite linear equation solvers, SIAM J. Matrix
// Anal. Appl. 20, 1998; Bunch & Kaufman, Some stable methods for calculating inertia and solving symmetric
// linear systems, Math. Comp. 31, 1977; LAPACK dlasyf_rook, dsytrf_rk.

import { INFO_ABORTED, args, parallelFor, progress } from "../parallel";
import { Part, gemm_work, product } from "../blas/gemm/gemm";
import { Task } from "../tasks";
import { CHUNKS, divide, panel_row } from "./panel";
import { swap, swap_rows, swap_strided } from "./swaps";
import { trsm, trsm_work } from "./trsm";

/** Rows of a panel: what step 1 costs grows with it, what gemm loses to memory shrinks (32 is as good, 64 5 % slower). */
const NB: i32 = 40;

/** Rows that one chunk of the last exchanges takes. */
const ROWS: i32 = 16;

/** (1 + √17)/8: keeps the growth over a 2×2 pivot as small as over two 1×1. */
const ALPHA: f64 = 0.6403882032022076;

@unmanaged
class Panel {
  n: i32;
  a: usize; // (n, n), upper triangle, stride lda
  lda: i32;
  d: usize; // (n) the diagonal of D
  e: usize; // (n) and beside it
  swaps: usize; // (n) i32
  k0: i32; // first row of the panel
  w: usize; // (NB, n), stride ldw; column j of it is column j of A
  ldw: i32;
  coefficients: usize; // (NB)
  largest: usize; // workspace of panel_row
}

@unmanaged
class Exchanges {
  n: i32;
  a: usize; // (n, n), stride lda
  lda: i32;
  swaps: usize; // (n) i32
  ends: usize; // (n) i32: end of each row's panel
}

/** Rows and columns i and j, k ≤ i ≤ j, of the trailing matrix, and these columns of the panel and of W. */
function exchange(s: Panel, k: i32, i: i32, j: i32): void {
  store<i32>(s.swaps + (usize(i) << 2), j);
  if (i == j) return;
  const ld = usize(s.lda) << 3;
  const columnI = s.a + (usize(i) << 3);
  const columnJ = s.a + (usize(j) << 3);
  const rowI = s.a + usize(i) * ld;
  const rowJ = s.a + usize(j) * ld;
  swap_strided(i - s.k0, columnI + usize(s.k0) * ld, ld, columnJ + usize(s.k0) * ld, ld);
  swap(rowI + (usize(i) << 3), rowJ + (usize(j) << 3));
  swap_strided(j - i - 1, rowI + (usize(i + 1) << 3), 8, columnJ + usize(i + 1) * ld, ld);
  swap_strided(s.n - j - 1, rowI + (usize(j + 1) << 3), 8, rowJ + (usize(j + 1) << 3), 8);
  const ldw = usize(s.ldw) << 3;
  const rows = min(NB, k - s.k0 + 2);
  swap_strided(rows, s.w + (usize(i) << 3), ldw, s.w + (usize(j) << 3), ldw);
}

/** w := row k + c of the trailing matrix at k as it is after the pivots before k. Returns as panel_row. */
function candidate(s: Panel, k: i32, c: i32, w: usize): i32 {
  const ld = usize(s.lda) << 3;
  const rows = k - s.k0;
  let u = s.a + usize(s.k0) * ld + (usize(k + c) << 3);
  for (let p = 0; p < rows; p++) {
    store<f64>(s.coefficients + (usize(p) << 3), load<f64>(u));
    u += ld;
  }
  const corner = s.a + usize(k) * ld + (usize(k) << 3);
  return panel_row(s.n - k, rows, s.coefficients, s.w + (usize(k) << 3), s.ldw, w, c, corner, s.lda, s.largest);
}

/** Chooses a pivot, brings it to k, and computes its rows of U. Returns its order, 1 or 2, or INFO_ABORTED. */
function pivot(s: Panel, k: i32): i32 {
  const left = s.n - k;
  const w0 = s.w + (((usize(k - s.k0) * s.ldw) + k) << 3);
  const w1 = w0 + (usize(s.ldw) << 3);
  let c = candidate(s, k, 0, w0);
  if (c == INFO_ABORTED) return c;
  let largest = left == 1 ? 0.0 : abs(load<f64>(w0 + (usize(c) << 3)));
  if (abs(load<f64>(w0)) >= ALPHA * largest) {
    store<i32>(s.swaps + (usize(k) << 2), k);
    single(s, k, w0);
    return 1;
  }

  // from row p to c, where its largest element is, until a pair of them or a diagonal element dominates;
  // `largest` grows with every step, so this ends
  let p = 0;
  while (true) {
    const next = candidate(s, k, c, w1);
    if (next == INFO_ABORTED) return next;
    const size = abs(load<f64>(w1 + (usize(next) << 3)));
    if (abs(load<f64>(w1 + (usize(c) << 3))) >= ALPHA * size) {
      memory.copy(w0, w1, usize(left) << 3);
      exchange(s, k, k, k + c);
      single(s, k, w0);
      return 1;
    }
    if (next == p || !(size > largest)) {
      exchange(s, k, k, k + p);
      exchange(s, k, k + 1, k + c);
      pair(s, k, w0, w1);
      return 2;
    }
    memory.copy(w0, w1, usize(left) << 3);
    p = c;
    c = next;
    largest = size;
  }
}

/** Row k of U from that of W, w: uⱼ = wⱼ/w_k. */
function single(s: Panel, k: i32, w: usize): void {
  const own = load<f64>(w);
  store<f64>(s.d + (usize(k) << 3), own);
  store<f64>(s.e + (usize(k) << 3), 0);
  const u = s.a + (((usize(k) * s.lda) + k) << 3);
  store<f64>(u, 1);
  // where the pivot is zero, so is the whole row
  divide(s.n - k - 1, w + 8, own == 0 ? 1 : own, u + 8);
}

/** Rows k and k + 1 of U from those of W, x and y: the inverse of their 2×2 block times W, scaled by its corner. */
function pair(s: Panel, k: i32, x: usize, y: usize): void {
  const corner = load<f64>(x, 8);
  const a = load<f64>(x);
  const b = load<f64>(y, 8);
  store<f64>(s.d + (usize(k) << 3), a);
  store<f64>(s.d + (usize(k) << 3), b, 8);
  store<f64>(s.e + (usize(k) << 3), corner);
  store<f64>(s.e + (usize(k) << 3), 0, 8);
  const u = s.a + (((usize(k) * s.lda) + k) << 3);
  const v = u + (usize(s.lda) << 3);
  store<f64>(u, 1);
  store<f64>(u, 0, 8);
  store<f64>(v, 1, 8);
  // |a/corner|, |b/corner| < ALPHA: the determinant is well away from zero
  const a1 = a / corner;
  const b1 = b / corner;
  pair_rows(s.n - k - 2, a1, b1, 1 / (a1 * b1 - 1), corner, x + 16, y + 16, u + 16, v + 16);
}

/** u := t·(b·x − y)/corner, v := t·(a·y − x)/corner over n numbers. */
function pair_rows(n: i32, a: f64, b: f64, t: f64, corner: f64, x: usize, y: usize, u: usize, v: usize): void {
  const as = f64x2.splat(a), bs = f64x2.splat(b), ts = f64x2.splat(t), cs = f64x2.splat(corner);
  const end = x + (usize(n) << 3);
  for (; x + 16 <= end; x += 16) {
    const x0 = v128.load(x), y0 = v128.load(y);
    v128.store(u, f64x2.mul(ts, f64x2.div(f64x2.sub(f64x2.mul(bs, x0), y0), cs)));
    v128.store(v, f64x2.mul(ts, f64x2.div(f64x2.sub(f64x2.mul(as, y0), x0), cs)));
    y += 16;
    u += 16;
    v += 16;
  }
  if (x < end) {
    const x0 = load<f64>(x), y0 = load<f64>(y);
    store<f64>(u, t * ((b * x0 - y0) / corner));
    store<f64>(v, t * ((a * y0 - x0) / corner));
  }
}

/** The exchanges after their own panel, for rows [i0, i1) of U. */
export function ldl_exchange_task(i0: i32, i1: i32): void {
  const s = args<Exchanges>();
  for (let i = i0; i < i1; i++) {
    const row = s.a + ((usize(i) * s.lda) << 3);
    exchange_row(load<i32>(s.ends + (usize(i) << 2)), s.n, s.swaps, row);
  }
}

function exchange_row(k: i32, n: i32, swaps: usize, row: usize): void {
  for (; k < n; k++) {
    const j = load<i32>(swaps + (usize(k) << 2));
    if (j != k) swap(row + (usize(k) << 3), row + (usize(j) << 3));
  }
}

/** Row stride of W: an odd number of cache lines. */
function stride(n: i32): i32 {
  return ((n + 7) & ~7) | 8;
}

/** Bytes of workspace for ldl. */
export function ldl_work_f64(n: i32): f64 {
  return f64(64 + 8 * NB + 4 * CHUNKS) + 8 * NB * f64(stride(n)) + 4 * f64((n + 15) & ~15) + f64(gemm_work<f64>(n, n, NB));
}

/**
 * P·A·Pᵀ = Uᵀ·D·U.
 *
 * A (n×n, row stride lda in elements) symmetric, its upper triangle is read; on and above the diagonal
 * it becomes U, what lies below is not touched. d (n) the diagonal of D, e (n) what is beside it:
 * eₖ ≠ 0 where rows k and k + 1 are a 2×2 block, otherwise 0. swaps (n, i32): row and column k were
 * exchanged with swaps[k] ≥ k, k ascending: this is P.
 * work: ldl_work_f64(n) bytes, 64-byte aligned. Progress is told as going from `from` to `to`.
 * Returns 0; k > 0: pivot k (from 1) is the first that is exactly zero, the factorization is whole and
 * D singular; INFO_ABORTED.
 * ‖Uᵀ·D·U − P·A·Pᵀ‖ ≤ c·n·u·ρ·‖A‖, |uᵢⱼ| ≤ 2.79, ρ the growth of the elements, in practice below 10; for
 * elements of A in 10^±290.   [Higham 2002, §11.1.3; Ashcraft, Grimes & Lewis 1998]
 */
export function ldl_f64(
  n: i32, a: usize, lda: i32, d: usize, e: usize, swaps: usize, from: f64, to: f64, work: usize,
): i32 {
  const s = changetype<Panel>(work);
  s.n = n;
  s.a = a;
  s.lda = lda;
  s.d = d;
  s.e = e;
  s.swaps = swaps;
  s.ldw = stride(n);
  s.largest = work + 64; // after this record
  s.coefficients = s.largest + (CHUNKS << 2);
  s.w = s.coefficients + (NB << 3);
  const ends = s.w + ((usize(NB) * s.ldw) << 3);
  const gemmWork = ends + (usize((n + 15) & ~15) << 2);
  const ld = usize(lda) << 3;
  let singular = 0;
  let k = 0;
  while (k < n) {
    const k0 = k;
    s.k0 = k0;
    // a pivot of order 2 has to find room; the last panel has it
    const most = n - k0 <= NB ? n : k0 + NB - 1;
    while (k < most) {
      const order = pivot(s, k);
      if (order == INFO_ABORTED) return order;
      if (singular == 0 && order == 1 && load<f64>(d + (usize(k) << 3)) == 0) singular = k + 1;
      k += order;
    }
    for (let i = k0; i < k; i++) store<i32>(ends + (usize(i) << 2), k);
    const left = n - k;
    const column = usize(k) << 3;
    const u = a + usize(k0) * ld + column;
    const info = product<f64>(
      true, false, left, left, k - k0, -1, u, lda, s.w + column, s.ldw, 1, a + usize(k) * ld + column, lda, Part.UPPER, gemmWork,
    );
    if (info != 0) return info;
    const rest = f64(left) / f64(n);
    progress(to - (to - from) * rest * rest * rest, 1);
  }
  const t = args<Exchanges>();
  t.n = n;
  t.a = a;
  t.lda = lda;
  t.swaps = swaps;
  t.ends = ends;
  const info = parallelFor(Task.LDL_EXCHANGE, n, ROWS);
  return info != 0 ? info : singular;
}

/**
 * out: the numbers of negative, zero and positive eigenvalues of D (three i32), and so, by Sylvester's
 * law, of A. d, e as ldl_f64 leaves them.
 */
export function ldl_inertia_f64(n: i32, d: usize, e: usize, out: usize): void {
  let negative = 0, zero = 0, positive = 0;
  for (let k = 0; k < n; k++) {
    const own = load<f64>(d + (usize(k) << 3));
    if (load<f64>(e + (usize(k) << 3)) != 0) {
      // its determinant is negative by the choice of pivots
      negative++;
      positive++;
      k++;
    } else if (own < 0) negative++;
    else if (own > 0) positive++;
    else zero++;
  }
  store<i32>(out, negative);
  store<i32>(out, zero, 4);
  store<i32>(out, positive, 8);
}

/** B := D⁻¹·B. */
function divide_blocks(n: i32, m: i32, d: usize, e: usize, b: usize, ldb: i32): void {
  const ld = usize(ldb) << 3;
  for (let k = 0; k < n; k++) {
    const own = load<f64>(d + (usize(k) << 3));
    const corner = load<f64>(e + (usize(k) << 3));
    if (corner == 0) {
      divide(m, b, own, b);
    } else {
      const other = load<f64>(d + (usize(k) << 3), 8);
      const a1 = own / corner;
      const b1 = other / corner;
      pair_rows(m, a1, b1, 1 / (a1 * b1 - 1), corner, b, b + ld, b, b + ld);
      b += ld;
      k++;
    }
    b += ld;
  }
}

/** Bytes of workspace for ldl_solve. */
export function ldl_solve_work_f64(n: i32, m: i32): f64 {
  return f64(trsm_work(n, m));
}

/**
 * B := A⁻¹·B with what ldl_f64 made of A: a = U, d, e, swaps. D must not be singular.
 *
 * B (n×m, row stride ldb in elements). work: ldl_solve_work_f64(n, m) bytes, 64-byte aligned. Opens
 * regions. Returns 0 or INFO_ABORTED.
 */
export function ldl_solve_f64(
  n: i32, m: i32, a: usize, lda: i32, d: usize, e: usize, swaps: usize, b: usize, ldb: i32, work: usize,
): i32 {
  let info = swap_rows(m, b, ldb, swaps, 0, n, false);
  if (info == 0) info = trsm(n, m, a, lda, false, true, true, b, ldb, work);
  if (info != 0) return info;
  divide_blocks(n, m, d, e, b, ldb);
  info = trsm(n, m, a, lda, false, false, true, b, ldb, work);
  return info != 0 ? info : swap_rows(m, b, ldb, swaps, 0, n, true);
}
