// Householder reduction of a matrix to upper bidiagonal form, one stage, blocked.
//
// Based on: J. Dongarra, D. Sorensen, S. Hammarling, Block reduction of matrices to condensed forms for
// eigenvalue computations, 1989 (LAPACK dgebrd, dlabrd); G. Howell, J. Demmel, C. Fulton, S. Hammarling,
// K. Marmol, Cache efficient bidiagonalization using BLAS 2.5 operators, 2008 (one pass over A a step).
//
// In a panel that begins at column p, A is left as it was; what it has become is
//
//     A − Σ_q v_q·y_qᵀ − Σ_q x_q·u_qᵀ          v_q, u_q reflectors of the columns and the rows so far.
//
// Step j = p + i makes v from column j and u from row j, y = τ·(current A)ᵀ·v, x = τ'·(current A)·u. The
// trailing matrix is updated once a panel; half of the arithmetic are the products with A, which wait for
// memory. They are taken in one pass, by strips of columns that stay in L2: where a strip of Aᵀv is known, so is
// that of y, and of row j, r; and A·u is linear in A·r, since u = γ·(r − β·e). For the same reason the
// products of v and u with all the panel's rows are had from those of the column and of the row before they
// are normalised. So a step is two regions:
//
//     STRIPS   y, r, partial sums of A·r, and of Y·r and U·r          by parts of the columns
//     ROWS     x, the next column c, and V·c and X·c                  by chunks of the rows
//
// and between them the caller makes a reflector and adds up a few short sums.

import { args, parallelFor, progress } from "../parallel";
import { Task } from "../tasks";
import { gemm, gemm_work } from "../blas/gemm/gemm";
import { at } from "../blas/level1";
import {
  add_row, add_rows, correct, dot, dot_pair, dot_rows, finish_x, finish_y, get, Reflector, reflector, scale,
} from "./bidiagonal_rows";

/** Columns of a panel: the update is then a product over 2·NB, the corrections stay small. */
const NB: i32 = 16;

/** Most parts of the columns, each with a partial sum of its own. */
const PARTS: i32 = 8;

/** A part has about this many elements at least (128 KiB, 10 µs). */
const PART_AREA: i32 = 16384;

/** Bytes of a strip, which is to stay in L2 from one product to the other. */
const STRIP_BYTES: i32 = 1 << 19;

/** Rows of a chunk, in units of 8: 2 µs. */
const ROW_GRAIN: i32 = 32;

@unmanaged
class Reduction {
  m: i32;
  n: i32;
  a: usize; // (m×n, lda)
  lda: i32;
  ldm: i32; // stride of rows of m numbers
  ldn: i32; // and of n
  left: usize; // (2·NB × ldm): rows of V, then of X
  right: usize; // (2·NB × ldn): rows of Y, then of U
  columns: usize; // (NB + 1 × ldm): columns of the panel as they were at its start
  c: usize; // (ldm): column j + 1 as it is, zero above row j + 1
  r: usize; // (ldn): row j, zero left of column j + 1
  sums: usize; // (PARTS × ldm): partial sums of A·r
  rightDots: usize; // (PARTS × 2·NB): (y_q·r, u_q·r) of each part; then row 0 has the sums
  leftDots: usize; // (chunks × 2·NB): (v_q·c, x_q·c), likewise
  parts: i32;
  j: i32; // the column of this step
  i: i32; // its place in the panel
  tau: f64; // of v in STRIPS, of u in ROWS
  beta: f64; // of u
  gamma: f64;
}

@unmanaged
class StepArgs {
  reduction: usize;
}

/** Room for the record and a reflector. */
const RECORD_BYTES: i32 = 256;

function stride<T>(n: i32): i32 {
  const line = 64 / sizeof<T>();
  return ((n + line - 1) / line | 1) * line;
}

function chunk_count(m: i32): i32 {
  return (m + 8 * ROW_GRAIN - 1) / (8 * ROW_GRAIN) + 1;
}

function numbers<T>(m: i32, n: i32): f64 {
  const long = f64(stride<T>(m)) * (2 * NB + NB + 1 + 1 + PARTS);
  return long + f64(stride<T>(n)) * (2 * NB + 1) + (PARTS + chunk_count(m)) * 2 * NB;
}

/** Bytes of workspace of bidiagonalize. */
export function bidiagonalize_work<T>(m: i32, n: i32): f64 {
  return RECORD_BYTES + ceil(numbers<T>(m, n) * sizeof<T>() / 64) * 64 + f64(gemm_work<T>(m, n, 2 * NB));
}

/**
 * B := Qᵀ·A·P upper bidiagonal, Q = H_0·H_1·…·H_{n−1}, P = G_0·G_1·…·G_{n−2}, H_j = I − τ_j·v_j·v_jᵀ, likewise G_j.
 *
 * A (m×n, stride lda, a multiple of 8; m ≥ n; rows 16-aligned) with entries of order 1. On return row j of A
 * holds u_j in columns j+1 … n−1, its leading 1 explicit, and zeros before; the rest of A, columns
 * n … lda−1 too, is overwritten. Row j of Vt (n×m, ldv) holds v_j in columns j … m−1, and zeros before; vt may be
 * 0 where Q is not wanted, and A is then only overwritten.
 * d (n) and e (n − 1, room for n) hold B, tauQ (n) and tauP (n) the factors: f64 in any T.
 * work: bidiagonalize_work(m, n) bytes, 64-aligned. Progress is told as going from `from` to `to`. Returns 0 or
 * INFO_ABORTED.
 * Backward stable: B is exact for A + E, ‖E‖ ≤ c·m·u·‖A‖   [Higham 2002, §19.3]
 */
export function bidiagonalize<T>(
  m: i32, n: i32, a: usize, lda: i32, vt: usize, ldv: i32, d: usize, e: usize, tauQ: usize, tauP: usize,
  from: f64, to: f64, work: usize,
): i32 {
  const s = changetype<Reduction>(work);
  const h = changetype<Reflector>(work + RECORD_BYTES - 32);
  s.m = m;
  s.n = n;
  s.a = a;
  s.lda = lda;
  s.ldm = stride<T>(m);
  s.ldn = stride<T>(n);
  s.left = work + RECORD_BYTES;
  s.right = at<T>(s.left, s.ldm, 2 * NB, 0);
  s.columns = at<T>(s.right, s.ldn, 2 * NB, 0);
  s.c = at<T>(s.columns, s.ldm, NB + 1, 0);
  s.sums = at<T>(s.c, s.ldm, 1, 0);
  s.r = at<T>(s.sums, s.ldm, PARTS, 0);
  s.rightDots = at<T>(s.r, s.ldn, 1, 0);
  s.leftDots = at<T>(s.rightDots, 2 * NB, PARTS, 0);
  const product = work + RECORD_BYTES + usize(ceil(numbers<T>(m, n) * sizeof<T>() / 64) * 64);
  memory.fill(s.left, 0, s.leftDots - s.left);
  // units of 8 read the columns up to the next multiple of 8
  for (let i = 0; i < m; i++) for (let k = n; k < lda && k < (n + 7 & ~7); k++) store<T>(at<T>(a, lda, i, k), <T>0);

  for (let p = 0; p < n; p += NB) {
    const end = min(p + NB, n);
    fill_columns<T>(s, p, min(end + 1, n));
    memory.copy(at<T>(s.c, 0, 0, p), at<T>(s.columns, s.ldm, 0, p), usize(m - p) * sizeof<T>());
    for (let j = p; j < end; j++) {
      const info = step<T>(s, j, j - p, h, d, e, tauQ, tauP);
      if (info != 0) return info;
    }
    if (vt != 0) save_reflectors<T>(s, p, end, vt, ldv);
    if (end < n) {
      const left = at<T>(s.left, s.ldm, 0, end);
      const right = at<T>(s.right, s.ldn, 0, end);
      const info = gemm<T>(
        true, false, m - end, n - end, 2 * NB, <T>-1, left, s.ldm, right, s.ldn, <T>1, at<T>(a, lda, end, end), lda, product,
      );
      if (info != 0) return info;
    }
    const rest = f64(n - end) / n;
    if (to > from) progress(to - (to - from) * rest * rest * rest, 1);
  }
  return 0;
}

/** Columns [p, end) of A, from row p on, become rows. */
function fill_columns<T>(s: Reduction, p: i32, end: i32): void {
  for (let j = p; j < end; j += 4) {
    for (let i = p; i < s.m; i++) {
      const from = at<T>(s.a, s.lda, i, j);
      const to = at<T>(s.columns, s.ldm, j - p, i);
      for (let k = 0; k < min(4, end - j); k++) store<T>(at<T>(to, s.ldm, k, 0), load<T>(at<T>(from, 0, 0, k)));
    }
  }
}

/** The reflectors of a panel go to where they are kept. */
function save_reflectors<T>(s: Reduction, p: i32, end: i32, vt: usize, ldv: i32): void {
  for (let j = p; j < end; j++) {
    const v = at<T>(vt, ldv, j, 0);
    memory.fill(v, 0, usize(j) * sizeof<T>());
    memory.copy(at<T>(v, 0, 0, j), at<T>(s.left, s.ldm, j - p, j), usize(s.m - j) * sizeof<T>());
    const u = at<T>(s.a, s.lda, j, 0);
    const j1 = min(j + 1, s.n);
    memory.fill(u, 0, usize(j1) * sizeof<T>());
    memory.copy(at<T>(u, 0, 0, j1), at<T>(s.right, s.ldn, NB + j - p, j1), usize(s.n - j1) * sizeof<T>());
  }
}

/** Step j, the i-th of its panel: c is up to date, and then column j + 1. */
function step<T>(s: Reduction, j: i32, i: i32, h: Reflector, d: usize, e: usize, tauQ: usize, tauP: usize): i32 {
  const n = s.n;
  const m = s.m;
  const jth = usize(j) << 3;
  reflector<T>(m - j, at<T>(s.c, 0, 0, j), at<T>(s.left, s.ldm, i, j), h);
  store<f64>(d + jth, h.beta);
  store<f64>(tauQ + jth, h.tau);
  if (j == n - 1) return 0;
  sum_dots<T>(s.leftDots, i == 0 ? 0 : chunks_of(m, j), i, h, at<T>(s.left, s.ldm, 0, j), s.ldm);

  s.j = j;
  s.i = i;
  s.tau = h.tau;
  const units = (n + 7 >> 3) - (j + 1 >> 3);
  s.parts = max(1, min(min(PARTS, units), i32(f64(m - j) * f64(n - j) / PART_AREA)));
  args<StepArgs>().reduction = changetype<usize>(s);
  const isF64 = sizeof<T>() == 8;
  let info = parallelFor(isF64 ? Task.BIDIAGONALIZE_STRIPS_F64 : Task.BIDIAGONALIZE_STRIPS_F32, s.parts, 1);
  if (info != 0) return info;

  reflector<T>(n - j - 1, at<T>(s.r, 0, 0, j + 1), at<T>(s.right, s.ldn, NB + i, j + 1), h);
  store<f64>(e + jth, h.beta);
  store<f64>(tauP + jth, h.tau);
  sum_dots<T>(s.rightDots, s.parts, i + 1, h, at<T>(s.right, s.ldn, 0, j + 1), s.ldn);
  s.tau = h.tau;
  s.beta = h.beta;
  s.gamma = h.gamma;
  const rows = (m + 7 >> 3) - (j + 1 >> 3);
  info = parallelFor(isF64 ? Task.BIDIAGONALIZE_ROWS_F64 : Task.BIDIAGONALIZE_ROWS_F32, rows, ROW_GRAIN);
  return info;
}

/** Chunks of ROWS in the step before step j. */
function chunks_of(m: i32, j: i32): i32 {
  return ((m + 7 >> 3) - (j >> 3) + ROW_GRAIN - 1) / ROW_GRAIN;
}

/**
 * dots := Σ of `count` rows of partial products of x with k pairs of rows, made into the products with γ·(x − β·e):
 * e picks from each row what is at `first` (rows q and NB + q of stride ld).
 */
function sum_dots<T>(dots: usize, count: i32, k: i32, h: Reflector, first: usize, ld: i32): void {
  for (let q = 0; q < k; q++) {
    for (let side = 0; side < 2; side++) {
      const at0 = dots + usize(2 * q + side) * sizeof<T>();
      let sum: f64 = 0;
      for (let c = 0; c < count; c++) sum += f64(load<T>(at<T>(at0, 2 * NB, c, 0)));
      const x0 = f64(load<T>(at<T>(first, ld, side * NB + q, 0)));
      store<T>(at0, <T>(h.gamma * (sum - h.beta * x0)));
    }
  }
}

// ── STRIPS ───────────────────────────────────────────────────────────────────────────────────────

/** Parts [i0, i1) of the columns right of j. */
export function bidiagonalize_strips_task<T>(i0: i32, i1: i32): void {
  const s = changetype<Reduction>(args<StepArgs>().reduction);
  const first = s.j + 1 >> 3;
  const units = (s.n + 7 >> 3) - first;
  const most = max(1, STRIP_BYTES / (8 * sizeof<T>()) / (s.m - s.j));
  for (let part = i0; part < i1; part++) {
    const sums = at<T>(s.sums, s.ldm, part, 0);
    const from = s.j + 1 & ~7;
    memory.fill(at<T>(sums, 0, 0, from), 0, usize(s.ldm - from) * sizeof<T>());
    const dots = at<T>(s.rightDots, 2 * NB, part, 0);
    memory.fill(dots, 0, 2 * NB * sizeof<T>());
    const u0 = part * units / s.parts;
    const u1 = (part + 1) * units / s.parts;
    const strips = (u1 - u0 + most - 1) / most;
    for (let k = 0; k < strips; k++) {
      const c0 = u0 + k * (u1 - u0) / strips;
      const c1 = u0 + (k + 1) * (u1 - u0) / strips;
      strip<T>(s, 8 * (first + c0), c1 - c0, sums, dots);
    }
  }
}

/** y, r, and their part of A·r and of the dots, for the columns of so many units from c0 on. */
function strip<T>(s: Reduction, c0: i32, units: i32, sums: usize, dots: usize): void {
  const j = s.j;
  const y = at<T>(s.right, s.ldn, s.i, c0);
  const r = at<T>(s.r, 0, 0, c0);
  const v = at<T>(s.left, s.ldm, s.i, 0);
  memory.fill(y, 0, usize(8 * units) * sizeof<T>());
  let k = j;
  for (; k + 4 <= s.m; k += 4) add_rows<T>(units, at<T>(v, 0, 0, k), at<T>(s.a, s.lda, k, c0), s.lda, y);
  for (; k < s.m; k++) add_row<T>(units, load<T>(at<T>(v, 0, 0, k)), at<T>(s.a, s.lda, k, c0), y);

  memory.copy(r, at<T>(s.a, s.lda, j, c0), usize(8 * units) * sizeof<T>());
  for (let q = 0; q < s.i; q++) {
    const f = load<T>(at<T>(s.leftDots, 0, 0, 2 * q));
    const g = load<T>(at<T>(s.leftDots, 0, 0, 2 * q + 1));
    const vj = load<T>(at<T>(s.left, s.ldm, q, j));
    const xj = load<T>(at<T>(s.left, s.ldm, NB + q, j));
    correct<T>(units, f, g, vj, xj, at<T>(s.right, s.ldn, q, c0), at<T>(s.right, s.ldn, NB + q, c0), y, r);
  }
  finish_y<T>(units, <T>s.tau, y, r);
  for (let c = c0; c <= j; c++) {
    store<T>(at<T>(y, 0, 0, c - c0), <T>0);
    store<T>(at<T>(r, 0, 0, c - c0), <T>0);
  }

  // of the newest pair there is only y as yet
  for (let q = 0; q < s.i; q++) {
    dot_pair<T>(units, at<T>(s.right, s.ldn, q, c0), at<T>(s.right, s.ldn, NB + q, c0), r, at<T>(dots, 0, 0, 2 * q));
  }
  const newest = at<T>(dots, 0, 0, 2 * s.i);
  store<T>(newest, load<T>(newest) + dot<T>(units, y, r));

  k = j + 1;
  for (; k + 4 <= s.m; k += 4) dot_rows<T>(units, at<T>(s.a, s.lda, k, c0), s.lda, r, at<T>(sums, 0, 0, k));
  for (; k < s.m; k++) {
    const sum = at<T>(sums, 0, 0, k);
    store<T>(sum, load<T>(sum) + dot<T>(units, at<T>(s.a, s.lda, k, c0), r));
  }
}

// ── ROWS ─────────────────────────────────────────────────────────────────────────────────────────

/** Units [u0, u1) of the rows below j: x, c, and their part of the dots. */
export function bidiagonalize_rows_task<T>(u0: i32, u1: i32): void {
  const s = changetype<Reduction>(args<StepArgs>().reduction);
  const j = s.j;
  const units = u1 - u0;
  const r0 = 8 * ((j + 1 >> 3) + u0);
  const column = at<T>(s.columns, s.ldm, s.i + 1, r0);
  const v = at<T>(s.left, s.ldm, s.i, r0);
  const x = at<T>(s.left, s.ldm, NB + s.i, r0);
  const c = at<T>(s.c, 0, 0, r0);
  // A·u = γ·(A·r − β·A·e), but for the corrections
  memory.copy(c, column, usize(8 * units) * sizeof<T>());
  scale<T>(8 * units, <T>(-s.gamma * s.beta), column, x);
  for (let part = 0; part < s.parts; part++) add_row<T>(units, <T>s.gamma, at<T>(s.sums, s.ldm, part, r0), x);
  for (let q = 0; q < s.i; q++) {
    const h = load<T>(at<T>(s.rightDots, 0, 0, 2 * q));
    const k = load<T>(at<T>(s.rightDots, 0, 0, 2 * q + 1));
    const yj = load<T>(at<T>(s.right, s.ldn, q, j + 1));
    const uj = load<T>(at<T>(s.right, s.ldn, NB + q, j + 1));
    correct<T>(units, h, k, yj, uj, at<T>(s.left, s.ldm, q, r0), at<T>(s.left, s.ldm, NB + q, r0), x, c);
  }
  const h = load<T>(at<T>(s.rightDots, 0, 0, 2 * s.i));
  const yj = load<T>(at<T>(s.right, s.ldn, s.i, j + 1));
  finish_x<T>(units, <T>s.tau, h, yj, v, x, c);
  for (let k = r0; k <= j; k++) store<T>(at<T>(c, 0, 0, k - r0), <T>0);

  const dots = at<T>(s.leftDots, 2 * NB, u0 / ROW_GRAIN, 0);
  memory.fill(dots, 0, 2 * NB * sizeof<T>());
  for (let q = 0; q <= s.i; q++) {
    dot_pair<T>(units, at<T>(s.left, s.ldm, q, r0), at<T>(s.left, s.ldm, NB + q, r0), c, at<T>(dots, 0, 0, 2 * q));
  }
}
