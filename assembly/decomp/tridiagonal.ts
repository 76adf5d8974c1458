// Householder reduction of a symmetric matrix to tridiagonal form, one stage, blocked.
//
// Based on: J. Dongarra, D. Sorensen, S. Hammarling, Block reduction of matrices to condensed forms
// for eigenvalue computations, 1989 (LAPACK dsytrd, dlatrd).
//
// Only the upper triangle is read, so that in row-major storage a panel is a few contiguous rows. In
// a panel that begins at column p, step j = p + i makes the reflector v_i from row j, then
//
//     w_i = τ·y − ½·τ²·(yᵀv)·v,   y = A·v − V·(Wᵀv) − W·(Vᵀv)
//
// with A as it was at the panel's start and V, W of the columns so far; the trailing matrix is updated
// once a panel, A := A − Vᵀ·W − Wᵀ·V. Half of the arithmetic is the product A·v, bound by memory:
// each element of the upper triangle is read once and used for its mirror image as well.
//
// A step is two regions. SYMV: parts of A of equal area give partial sums of A·v, further chunks the
// dots Vv and Wv. COMBINE: chunks of columns add the partial sums and the corrections, and bring row
// j + 1 up to date but for the newest pair, which is known only when all of yᵀv is. What is left is
// done by the caller alone, a few passes over single rows.

import { args, claimBit, parallelFor, progress } from "../parallel";
import { Task } from "../tasks";
import { MR, NR } from "../blas/gemm/blocking";
import { macro } from "../blas/gemm/micro";
import { pack } from "../blas/gemm/pack";
import { at } from "../blas/level1";
import {
  add_to, correct, correct_both, dot, dot4, newest_pair, newest_w, reflector, symv_rows, up4,
} from "./tridiagonal_rows";

/** Columns of a panel: the update is then a product over 2·NB, the corrections stay small. */
const NB: i32 = 16;

/** Most parts of one product A·v, each with a partial sum of its own; at most 15, see symv_parts. */
const PARTS: i32 = 8;

/** A part of A·v has about this many elements at least (128 KiB, 5 µs). */
const PART_AREA: i32 = 16384;

/** Columns of a COMBINE chunk, in units of 4: 2 µs. */
const COMBINE_GRAIN: i32 = 64;

/** Rows of a chunk of the trailing update, in units of MR: up to 0.2 ms. */
const UPDATE_GRAIN: i32 = 8;

@unmanaged
class Reduction {
  n: i32;
  lda: i32;
  a: usize; // (n×n, lda), the upper triangle
  d: usize; // (n)
  e: usize; // (n − 1)
  tau: usize; // (n)
  ld: i32; // row stride of z and sums
  z: usize; // (3·NB × ld): rows of V, of W, and at the panel's end of V again
  sums: usize; // (PARTS × ld): partial sums of A·v; row 0 becomes y
  dots: usize; // (2·NB): Vv, Wv
  pieces: usize; // yᵀv, of each COMBINE chunk
  packed: usize; // for the update: MR-panels of [V; W], then NR-panels of [W; V]
  claims: usize; // i32: bit c is set once part c of A·v is taken
  lists: usize; // (PARTS): per chunk the parts it took, see symv_parts
  j: i32; // the column of this step; in the update the first row
  i: i32; // its place in the panel
  from: i32; // j + 1 rounded down to a multiple of 4: where vectors of this step begin
  parts: i32; // of A·v in this step
  next: bool; // row j + 1 belongs to the panel
}

// @ts-ignore: decorator
@inline
function isF64<T>(): bool {
  return sizeof<T>() == 8;
}

/** Row stride of the panels: an odd number of cache lines, so that rows do not share sets. */
function stride(n: i32): i32 {
  return (((n + 7) >> 3) | 1) << 3;
}

/** Numbers in each of the packed panels of the update: n rounded up to MR or NR. */
function packed_size(n: i32): i32 {
  return 2 * NB * (n + 8);
}

/** Bytes of workspace of tridiagonalize<T>. */
export function tridiagonalize_work<T>(n: i32): f64 {
  const numbers = f64(stride(n)) * (3 * NB + PARTS) + 2 * packed_size(n) + 2 * NB + n / (4 * COMBINE_GRAIN) + 2;
  return sizeof<T>() * numbers + 8 * (1 + PARTS);
}

/**
 * T := Qᵀ·A·Q tridiagonal, Q = H_0·H_1·…·H_{n−3}, H_j = I − τ_j·v_j·v_jᵀ.
 *
 * A (n×n, stride lda, a multiple of 4; rows 16-aligned) symmetric with entries of order 1; the upper
 * triangle is read. On return row j of A holds v_j in columns j+1 … n−1 with its leading 1 explicit;
 * the rest of A, columns n … lda−1 too, is overwritten. d (n) and e (n−1) hold T in f64, tau (n) the τ_j,
 * like A in the type of the arithmetic. work: tridiagonalize_work(n) bytes, 64-aligned. `share`: the part of
 * the progress that this is of the whole call. Returns 0 or INFO_ABORTED.
 * Backward stable: T is exact for A + E, ‖E‖ ≤ c·n·u·‖A‖   [Higham 2002, §19.3]
 */
export function tridiagonalize<T>(
  n: i32, a: usize, lda: i32, d: usize, e: usize, tau: usize, share: f64, work: usize,
): i32 {
  const s = args<Reduction>();
  s.n = n;
  s.lda = lda;
  s.a = a;
  s.d = d;
  s.e = e;
  s.tau = tau;
  s.ld = stride(n);
  s.z = work;
  s.sums = at<T>(s.z, s.ld, 3 * NB, 0);
  s.packed = at<T>(s.sums, s.ld, PARTS, 0);
  s.dots = s.packed + usize(2 * packed_size(n)) * sizeof<T>();
  s.pieces = s.dots + 2 * NB * sizeof<T>();
  s.claims = (s.pieces + usize(n / (4 * COMBINE_GRAIN) + 1) * sizeof<T>() + 7) & ~7;
  s.lists = s.claims + 8;
  memory.fill(s.lists, 0, PARTS << 3);
  memory.fill(s.z, 0, usize(3 * NB) * s.ld * sizeof<T>());
  // vectors of 4 read the columns up to the next multiple of 4
  for (let i = 0; i < n; i++) for (let j = n; j < up4(n); j++) store<T>(at<T>(a, lda, i, j), <T>0);

  for (let p = 0; p < n - 2; p += NB) {
    const end = min(p + NB, n - 2);
    for (let j = p; j < end; j++) {
      const info = step<T>(s, j, j - p, end);
      if (info != 0) return info;
    }
    const info = update<T>(s, end, end - p);
    if (info != 0) return info;
    const left = f64(n - end) / n;
    progress(share * (1 - left * left * left), 1);
  }

  for (let j = max(0, n - 2); j < n; j++) {
    store<f64>(d + (usize(j) << 3), f64(load<T>(at<T>(a, lda, j, j))));
    store<T>(tau + usize(j) * sizeof<T>(), <T>0);
  }
  if (n > 1) store<f64>(e + (usize(n - 2) << 3), f64(load<T>(at<T>(a, lda, n - 2, n - 1))));
  return 0;
}

/** Step j, the i-th of a panel that ends before row `end`: row j is up to date, and then row j + 1. */
function step<T>(s: Reduction, j: i32, i: i32, end: i32): i32 {
  const n = s.n;
  const from = (j + 1) & ~3;
  const v = at<T>(s.z, s.ld, i, from);
  const w = at<T>(s.z, s.ld, NB + i, from);
  const x = at<T>(s.a, s.lda, j, j + 1);
  store<f64>(s.d + (usize(j) << 3), f64(load<T>(x - sizeof<T>())));
  const tau = <T>reflector<T>(n - j - 1, x, s.e + (usize(j) << 3));
  store<T>(s.tau + usize(j) * sizeof<T>(), tau);
  // the row of V: zeros from the panel's first column on, then v
  const zeros = at<T>(s.z, s.ld, i, (j - i) & ~3);
  const v1 = v + usize(j + 1 - from) * sizeof<T>();
  memory.fill(zeros, 0, v1 - zeros);
  memory.copy(v1, x, usize(up4(n) - j - 1) * sizeof<T>());

  s.j = j;
  s.i = i;
  s.from = from;
  s.next = j + 1 < end;
  s.parts = max(1, min(PARTS, i32(f64(n - from) * f64(n - from) / (2 * PART_AREA))));
  store<i32>(s.claims, 0);
  const chunks = s.parts + 2 * ((i + 3) >> 2);
  const symv = isF64<T>() ? Task.TRIDIAGONALIZE_SYMV_F64 : Task.TRIDIAGONALIZE_SYMV_F32;
  let info = parallelFor(symv, chunks, s.parts == 1 ? chunks : 1);
  if (info != 0) return info;
  const units = (up4(n) - from) >> 2;
  const combine = isF64<T>() ? Task.TRIDIAGONALIZE_COMBINE_F64 : Task.TRIDIAGONALIZE_COMBINE_F32;
  info = parallelFor(combine, units, COMBINE_GRAIN);
  if (info != 0) return info;

  let yv: T = <T>0;
  for (let c = 0; c * COMBINE_GRAIN < units; c++) yv += load<T>(s.pieces + usize(c) * sizeof<T>());
  const alpha = <T>-0.5 * tau * tau * yv;
  const y = at<T>(s.sums, s.ld, 0, from);
  if (s.next) {
    const w1 = tau * load<T>(y + (v1 - v)) + alpha;
    newest_pair<T>(units, tau, alpha, w1, y, v, w, at<T>(s.a, s.lda, j + 1, from));
  } else {
    newest_w<T>(units, tau, alpha, y, v, w);
  }
  return 0;
}

/** A := A − [V; W]ᵀ·[W; V] for the k rows of V and W, from row and column `end` on. */
function update<T>(s: Reduction, end: i32, k: i32): i32 {
  if (k < NB) {
    memory.fill(at<T>(s.z, s.ld, k, 0), 0, usize(NB - k) * s.ld * sizeof<T>());
    memory.fill(at<T>(s.z, s.ld, NB + k, 0), 0, usize(NB - k) * s.ld * sizeof<T>());
  }
  memory.copy(at<T>(s.z, s.ld, 2 * NB, 0), s.z, usize(NB) * s.ld * sizeof<T>());
  s.j = end;
  const units = (s.n - end + MR - 1) / MR;
  const packing = isF64<T>() ? Task.TRIDIAGONALIZE_PACK_F64 : Task.TRIDIAGONALIZE_PACK_F32;
  const info = parallelFor(packing, units, 4 * UPDATE_GRAIN);
  if (info != 0) return info;
  return parallelFor(isF64<T>() ? Task.TRIDIAGONALIZE_UPDATE_F64 : Task.TRIDIAGONALIZE_UPDATE_F32, units, UPDATE_GRAIN);
}

// ── SYMV ─────────────────────────────────────────────────────────────────────────────────────────

/** First row of part c of A·v: parts have equal areas of the trapezoid right of the diagonal. */
function part_start(from: i32, n: i32, c: i32, parts: i32): i32 {
  if (c == parts) return n;
  return (n - i32(f64(n - from) * Math.sqrt(1 - f64(c) / parts))) & ~3;
}

export function tridiagonalize_symv_task<T>(i0: i32, i1: i32): void {
  const s = args<Reduction>();
  for (let c = i0; c < i1; c++) {
    if (c < s.parts) symv_parts<T>(s, s.lists + (usize(c) << 3));
    else {
      // four rows of V, or of W
      const fours = (s.i + 3) >> 2;
      const g = c - s.parts;
      const q = g < fours ? 4 * g : NB + 4 * (g - fours);
      const v = at<T>(s.z, s.ld, s.i, s.from);
      dot4<T>((up4(s.n) - s.from) >> 2, at<T>(s.z, s.ld, q, s.from), s.ld, v, s.dots + usize(q) * sizeof<T>());
    }
  }
}

/**
 * Takes parts until none is left. The first chunks of a region, about one for each thread, find them
 * all: first those that the same chunk took in the previous step, the last one first, since its rows
 * are still in this core's L2; then what others have left.
 * The list holds what was taken, the last one lowest, as hexadecimal digits 1 + part.
 */
function symv_parts<T>(s: Reduction, list: usize): void {
  let taken: u64 = 0;
  for (let before = load<u64>(list); before != 0; before >>= 4) {
    taken = take_part<T>(s, i32(before & 15) - 1, taken);
  }
  for (let part = 0; part < s.parts; part++) taken = take_part<T>(s, part, taken);
  store<u64>(list, taken);
}

function take_part<T>(s: Reduction, part: i32, taken: u64): u64 {
  const left = (load<i32>(s.claims) & (1 << part)) == 0; // spares most of the atomic operations
  if (!left || part >= s.parts || !claimBit(s.claims, part)) return taken;
  symv_part<T>(s, part);
  return (taken << 4) | (part + 1);
}

/** Part c of A·v; every other step from the bottom up, to begin with the rows that the last one ended with. */
function symv_part<T>(s: Reduction, c: i32): void {
  const r0 = part_start(s.from, s.n, c, s.parts);
  const r1 = part_start(s.from, s.n, c + 1, s.parts);
  const v = at<T>(s.z, s.ld, s.i, 0);
  const y = at<T>(s.sums, s.ld, c, 0);
  memory.fill(y + usize(r0) * sizeof<T>(), 0, usize(up4(s.n) - r0) * sizeof<T>());
  const down = (s.j & 1) == 0;
  const step = down ? 4 : -4;
  let r = down ? r0 : up4(r1) - 4;
  for (let count = (r1 - r0 + 3) >> 2; count > 0; count--) {
    symv_rows<T>(s.n - r, at<T>(s.a, s.lda, r, r), s.lda, v + usize(r) * sizeof<T>(), y + usize(r) * sizeof<T>());
    r += step;
  }
}

// ── COMBINE ──────────────────────────────────────────────────────────────────────────────────────

/** Columns from + 4·[u0, u1): y := Σ partial sums − corrections, its part of yᵀv, and row j + 1 but for the newest pair. */
export function tridiagonalize_combine_task<T>(u0: i32, u1: i32): void {
  const s = args<Reduction>();
  const c0 = s.from + 4 * u0;
  const c1 = s.from + 4 * u1;
  const y = at<T>(s.sums, s.ld, 0, c0);
  for (let g = 1; g < s.parts; g++) {
    const r0 = max(c0, part_start(s.from, s.n, g, s.parts));
    if (r0 < c1) add_to<T>((c1 - r0) >> 2, at<T>(s.sums, s.ld, g, r0), at<T>(s.sums, s.ld, 0, r0));
  }
  const row = at<T>(s.a, s.lda, s.j + 1, c0);
  for (let q = 0; q < s.i; q++) {
    const v = at<T>(s.z, s.ld, q, 0);
    const w = at<T>(s.z, s.ld, NB + q, 0);
    const jth = usize(s.j + 1) * sizeof<T>();
    const vv = load<T>(s.dots + usize(q) * sizeof<T>());
    const wv = load<T>(s.dots + usize(NB + q) * sizeof<T>());
    const shift = usize(c0) * sizeof<T>();
    if (s.next) correct_both<T>(u1 - u0, wv, vv, load<T>(w + jth), load<T>(v + jth), v + shift, w + shift, y, row);
    else correct<T>(u1 - u0, wv, vv, v + shift, w + shift, y);
  }
  // v is zero left of column j + 1, so what y holds there does not count
  const v = at<T>(s.z, s.ld, s.i, c0);
  store<T>(s.pieces + usize(u0 / COMBINE_GRAIN) * sizeof<T>(), dot<T>(u1 - u0, y, v));
}

// ── UPDATE ───────────────────────────────────────────────────────────────────────────────────────

/** Where the NR-panels of [W; V] begin. */
function packed_right<T>(s: Reduction): usize {
  return s.packed + usize(packed_size(s.n)) * sizeof<T>();
}

/** Panels of rows and of columns end + MR·[u0, u1). */
export function tridiagonalize_pack_task<T>(u0: i32, u1: i32): void {
  const s = args<Reduction>();
  const m = s.n - s.j;
  const left = at<T>(s.z, s.ld, 0, s.j);
  const right = at<T>(s.z, s.ld, NB, s.j);
  pack<T>(MR, u0 * MR, min(u1 * MR, m), 2 * NB, left, s.ld, false, s.packed);
  // chunks start at multiples of 4·UPDATE_GRAIN·MR, which NR divides
  pack<T>(NR<T>(), u0 * MR, min(u1 * MR, m), 2 * NB, right, s.ld, false, packed_right<T>(s));
}

/** Rows end + MR·[u0, u1) of the trailing matrix, from their diagonal on. */
export function tridiagonalize_update_task<T>(u0: i32, u1: i32): void {
  const s = args<Reduction>();
  const m = s.n - s.j;
  for (let u = u0; u < u1; u++) {
    const r = u * MR;
    const c = r & ~(NR<T>() - 1); // where an NR-panel begins
    const left = s.packed + usize(2 * NB) * r * sizeof<T>();
    const right = packed_right<T>(s) + usize(2 * NB) * c * sizeof<T>();
    const rows = min(MR, m - r);
    macro<T>(rows, m - c, 2 * NB, <T>-1, left, right, <T>1, at<T>(s.a, s.lda, s.j + r, s.j + c), s.lda, rows, m - c);
  }
}
