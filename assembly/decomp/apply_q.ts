// The back-transform of eigenvectors: from those of the tridiagonal matrix to those of the full one.
//
// Based on: R. Schreiber, C. Van Loan, A storage-efficient WY representation for products of
// Householder transformations, 1989 (LAPACK dlarft, dlarfb).
//
// A block of KB reflectors, the rows of V (k×m), is Q_b = I − Vᵀ·T·V with T upper triangular. The
// vectors are taken in strips, one chunk of work each, which stay in L2 while all blocks pass over
// them. A strip is kept as tall panels of NR columns (4 of f64, 8 of f32),
//
//     M = │ m00 m01 m02 m03 │  row 0       stored row after row: at once a packed B for the product
//         │ m10 m11 m12 m13 │  row 1       V·M, and a C with row stride NR for M − Vᵀ·(T·V·M).
//         │ …               │
//
// so nothing is packed on the way. V is packed once for all strips, in panels of MR rows, as the A of
// V·M; the second product takes it from there transposed, while it is still in L2.

import { args, parallelFor } from "../parallel";
import { lanes, madd } from "../simd";
import { Task } from "../tasks";
import { MR, NR } from "../blas/gemm/blocking";
import { micro } from "../blas/gemm/micro";
import { pack } from "../blas/gemm/pack";
import { at } from "../blas/level1";
import { dot4 } from "./tridiagonal_rows";

/** Reflectors of a block, a multiple of every MR and NR: larger ones spend more on T, smaller ones on each tile of C. */
const KB: i32 = 48;

/** Bytes of a strip, which should stay in L2; a wide one reads V from L3 less often. */
const STRIP_BYTES: i32 = 1_200_000;

/** Strips are a multiple of this many, so that 2, 3, 4, 6 or 12 threads end together. */
const ROUND: i32 = 12;

/** Columns of V packed together, a multiple of every MR: that part of a panel of M, 8 KiB, stays in L1. */
const CB: i32 = 252;

@unmanaged
class Back {
  n: i32;
  k: i32; // vectors
  a: usize; // row j holds v_j
  lda: i32;
  tau: usize;
  packed: usize; // per block: T in MR-panels, then V in MR-panels, CB columns at a time
  s: usize; // (k×n, lds) f64: eigenvectors as rows, rounded up to a multiple of NR rows
  lds: i32;
  v: usize; // (n×k, ldv): eigenvectors as columns
  ldv: i32;
  width: i32; // of a strip, a multiple of NR
  blocks: i32;
  scratch: usize; // per strip, of scratch_size(n, width) numbers
}

function round(n: i32, unit: i32): i32 {
  return (n + unit - 1) / unit * unit;
}

/** Where block b is packed: an offset in numbers. */
function block_offset(n: i32, b: i32): usize {
  return (usize(b) * (n + 2 * KB) - usize(b * (b - 1) / 2) * KB) * KB;
}

/** Most panels of a strip. */
function most_panels(n: i32): i32 {
  return max(6, min(24, STRIP_BYTES / (32 * n)));
}

/** Most strips for so many panels of vectors. */
function most_strips(n: i32, panels: i32): i32 {
  const most = most_panels(n);
  return round(panels, ROUND * most) / most;
}

/** Numbers for a strip of so many panels. */
function scratch_size<T>(n: i32, panels: i32): i32 {
  return NR<T>() * max(round(n, 4), 2 * KB * panels);
}

/** Bytes of workspace of apply_q<T>, for up to n vectors. */
export function apply_q_work<T>(n: i32): f64 {
  const blocks = (n + KB - 1) / KB;
  const strips = most_strips(n, (n + NR<T>() - 1) / NR<T>());
  return sizeof<T>() * (f64(block_offset(n, blocks)) + f64(strips) * scratch_size<T>(n, most_panels(n))) + 128;
}

/**
 * V := Q·Sᵀ, with Q of tridiagonalize: k eigenvectors s_i of T, the rows of S, become the columns of V.
 *
 * A (n×n, stride lda) and tau (n) as tridiagonalize left them; A is destroyed. S (k×n, lds) is of f64, has
 * room for k rounded up to NR rows and is destroyed; lds is at least n rounded up to 4.
 * V (n×k, ldv) may be A, and overlaps nothing else. work: apply_q_work(n) bytes, 64-aligned.
 * Returns 0 or INFO_ABORTED. ‖V̂ − Q·Sᵀ‖ ≤ c·n·u·‖S‖   [Higham 2002, §19.5]
 */
export function apply_q<T>(
  n: i32, k: i32, a: usize, lda: i32, tau: usize, s: usize, lds: i32, v: usize, ldv: i32, work: usize,
): i32 {
  const t = args<Back>();
  const blocks = (max(0, n - 2) + KB - 1) / KB;
  t.n = n;
  t.k = k;
  t.blocks = blocks;
  t.a = a;
  t.lda = lda;
  t.tau = tau;
  t.packed = work;
  t.s = s;
  t.lds = lds;
  t.v = v;
  t.ldv = ldv;
  const panels = (k + NR<T>() - 1) / NR<T>();
  const strips = most_strips(n, panels);
  t.width = NR<T>() * ((panels + strips - 1) / strips);
  t.scratch = work + block_offset(n, blocks) * sizeof<T>();
  const isF64 = sizeof<T>() == 8;
  const info = parallelFor(isF64 ? Task.APPLY_Q_PACK_F64 : Task.APPLY_Q_PACK_F32, blocks, 1);
  if (info != 0) return info;
  return parallelFor(isF64 ? Task.APPLY_Q_STRIPS_F64 : Task.APPLY_Q_STRIPS_F32, (k + t.width - 1) / t.width, 1);
}

/** Packs blocks [b0, b1). */
export function apply_q_pack_task<T>(b0: i32, b1: i32): void {
  const t = args<Back>();
  const n = t.n;
  for (let b = b0; b < b1; b++) {
    const j0 = b * KB;
    const k = min(KB, n - 2 - j0);
    const m = n - j0;
    const v = t.a + (usize(j0) * t.lda + j0) * sizeof<T>();
    const tt = t.packed + block_offset(n, b) * sizeof<T>();
    const vv = tt + KB * KB * sizeof<T>();
    // V begins at column j0, which no reflector touches
    for (let q = 0; q < k; q++) memory.fill(v + usize(q) * t.lda * sizeof<T>(), 0, usize(q + 1) * sizeof<T>());
    // T is made where V is packed afterwards
    triangle<T>(k, (round(n, 4) - j0) >> 2, v, t.lda, t.tau + usize(j0) * sizeof<T>(), vv);
    pack<T>(MR, 0, k, k, vv, KB, true, tt);
    for (let p = 0; p < m; p += CB) {
      const to = vv + usize(round(k, MR)) * p * sizeof<T>();
      pack<T>(MR, 0, k, min(CB, m - p), v + usize(p) * sizeof<T>(), t.lda, true, to);
    }
  }
}

/** T (k×k, stride KB): t_qq = τ_q, T(0…q−1, q) = −τ_q·T·(V·v_q). `units` vectors of 4 make a row of V. */
function triangle<T>(k: i32, units: i32, v: usize, ldv: i32, tau: usize, t: usize): void {
  memory.fill(t, 0, KB * KB * sizeof<T>());
  const g = t + KB * KB * sizeof<T>();
  const row = usize(ldv) * sizeof<T>();
  for (let q = 0; q < k; q++) {
    const tq = load<T>(tau + usize(q) * sizeof<T>());
    const vq = v + usize(q) * row;
    for (let r = 0; r < q; r += 4) dot4<T>(units, v + usize(r) * row, ldv, vq, g + usize(r) * sizeof<T>());
    for (let r = 0; r < q; r++) {
      let sum: T = <T>0;
      for (let c = r; c < q; c++) sum += load<T>(at<T>(t, KB, r, c)) * load<T>(g + usize(c) * sizeof<T>());
      store<T>(at<T>(t, KB, r, q), -tq * sum);
    }
    store<T>(at<T>(t, KB, q, q), tq);
  }
}

/** Strips [i0, i1): from rows of S to panels, all blocks, to columns of V. */
export function apply_q_strips_task<T>(i0: i32, i1: i32): void {
  const t = args<Back>();
  const n = t.n;
  for (let i = i0; i < i1; i++) {
    const c0 = i * t.width;
    const cols = min(t.width, t.k - c0);
    const panels = (cols + NR<T>() - 1) / NR<T>();
    const scratch = t.scratch + usize(i) * scratch_size<T>(n, t.width / NR<T>()) * sizeof<T>();
    const strip = t.s + (usize(c0) * t.lds << 3);
    // a panel takes the place of its rows
    const panelSize = usize(NR<T>() * t.lds) << 3;
    for (let p = 0; p < panels; p++) {
      to_panel<T>(round(n, 4), min(NR<T>(), cols - NR<T>() * p), strip + usize(p) * panelSize, t.lds, scratch);
    }
    memory.fill(scratch, 0, usize(2 * KB * panels) << 5);
    for (let b = t.blocks - 1; b >= 0; b--) {
      const j0 = b * KB;
      const block = t.packed + block_offset(n, b) * sizeof<T>();
      apply_block<T>(n - j0, min(KB, n - 2 - j0), panels, block, strip + (usize(j0) << 5), panelSize, scratch);
    }
    for (let p = 0; p < panels; p++) {
      const v = t.v + usize(c0 + NR<T>() * p) * sizeof<T>();
      from_panel<T>(n, min(NR<T>(), cols - NR<T>() * p), strip + usize(p) * panelSize, v, t.ldv);
    }
  }
}

/**
 * M −= Vᵀ·(T·(V·M)) for the rows of a strip that a block touches: `panels` panels m×NR at `top`,
 * panelSize bytes apart; a row of a panel has 32 bytes. Row q of V is zero up to column q, T below its
 * diagonal: what is known to be zero is not multiplied.
 * y: 2·KB·NR·panels numbers, finite, so that rows that only pad V to a multiple of MR count as zero.
 */
function apply_block<T>(m: i32, k: i32, panels: i32, t: usize, top: usize, panelSize: usize, y: usize): void {
  const v = t + KB * KB * sizeof<T>();
  const rows = round(k, MR);
  const ty = y + (usize(KB * panels) << 5);
  for (let p = 0; p < m; p += CB) {
    const cb = min(CB, m - p);
    for (let c = 0; c < panels; c++) {
      const b1 = top + usize(c) * panelSize + (usize(p) << 5);
      const yc = y + (usize(KB * c) << 5);
      for (let i = 0; i < k; i += MR) {
        const zeros = p == 0 ? i : 0;
        const a1 = v + usize(rows * p + i * cb + zeros * MR) * sizeof<T>();
        const c1 = yc + (usize(i) << 5);
        const beta: T = p == 0 ? <T>0 : <T>1;
        micro<T>(cb - zeros, a1, b1 + (usize(zeros) << 5), <T>1, beta, c1, NR<T>(), min(MR, k - i), NR<T>());
      }
    }
  }
  for (let c = 0; c < panels; c++) {
    const yc = y + (usize(KB * c) << 5);
    const tyc = ty + (usize(KB * c) << 5);
    for (let i = 0; i < k; i += MR) {
      const below = usize(i) << 5;
      const t1 = t + usize(i * k + i * MR) * sizeof<T>();
      micro<T>(k - i, t1, yc + below, <T>1, <T>0, tyc + below, NR<T>(), min(MR, k - i), NR<T>());
    }
  }
  for (let p = 0; p < m; p += CB) {
    const cb = min(CB, m - p);
    for (let c = 0; c < panels; c++) {
      const c1 = top + usize(c) * panelSize + (usize(p) << 5);
      const tyc = ty + (usize(KB * c) << 5);
      for (let i = 0; i < cb; i += MR) {
        const groups = min(rows, p + i + MR) / MR;
        const a1 = v + usize(rows * p + i * MR) * sizeof<T>();
        subtract_tile<T>(groups, a1, usize(cb * MR) * sizeof<T>(), tyc, c1 + (usize(i) << 5), min(MR, cb - i));
      }
    }
  }
}

/**
 * C11 −= A1ᵀ·B1 for a tile of mLeft ≤ MR rows of M: as the micro-kernel of products, but A1, MR columns
 * of V, comes in `groups` squares of MR×MR, `step` bytes apart: element (p, i) of one is number i·MR + p.
 */
function subtract_tile<T>(groups: i32, a: usize, step: usize, b: usize, c: usize, mLeft: i32): void {
  let c00: v128 = f64x2.splat(0), c01: v128 = f64x2.splat(0);
  let c10: v128 = f64x2.splat(0), c11: v128 = f64x2.splat(0);
  let c20: v128 = f64x2.splat(0), c21: v128 = f64x2.splat(0);
  let c30: v128 = f64x2.splat(0), c31: v128 = f64x2.splat(0);
  let c40: v128 = f64x2.splat(0), c41: v128 = f64x2.splat(0);
  let c50: v128 = f64x2.splat(0), c51: v128 = f64x2.splat(0);
  for (; groups > 0; groups--) {
    for (const end = a + MR * sizeof<T>(); a < end; a += sizeof<T>()) {
      const b0 = v128.load(b);
      const b1 = v128.load(b, 16);
      b += 32;
      let ai = v128.load_splat<T>(a);
      c00 = madd<T>(ai, b0, c00);
      c01 = madd<T>(ai, b1, c01);
      ai = v128.load_splat<T>(a, MR * sizeof<T>());
      c10 = madd<T>(ai, b0, c10);
      c11 = madd<T>(ai, b1, c11);
      ai = v128.load_splat<T>(a, 2 * MR * sizeof<T>());
      c20 = madd<T>(ai, b0, c20);
      c21 = madd<T>(ai, b1, c21);
      ai = v128.load_splat<T>(a, 3 * MR * sizeof<T>());
      c30 = madd<T>(ai, b0, c30);
      c31 = madd<T>(ai, b1, c31);
      if (MR == 6) {
        ai = v128.load_splat<T>(a, 4 * MR * sizeof<T>());
        c40 = madd<T>(ai, b0, c40);
        c41 = madd<T>(ai, b1, c41);
        ai = v128.load_splat<T>(a, 5 * MR * sizeof<T>());
        c50 = madd<T>(ai, b0, c50);
        c51 = madd<T>(ai, b1, c51);
      }
    }
    a += step - MR * sizeof<T>();
  }
  subtract<T>(c, c00, c01);
  if (mLeft > 1) subtract<T>(c + 32, c10, c11);
  if (mLeft > 2) subtract<T>(c + 64, c20, c21);
  if (mLeft > 3) subtract<T>(c + 96, c30, c31);
  if (MR == 6 && mLeft > 4) subtract<T>(c + 128, c40, c41);
  if (MR == 6 && mLeft > 5) subtract<T>(c + 160, c50, c51);
}

/** c −= (x0, x1), two vectors. */
// @ts-ignore: decorator
@inline
function subtract<T>(c: usize, x0: v128, x1: v128): void {
  v128.store(c, v128.sub<T>(v128.load(c), x0));
  v128.store(c, v128.sub<T>(v128.load(c, 16), x1), 16);
}

/** NR rows of f64 at s (only the first `rows` hold anything) become a panel n4×NR of T in place; 4 divides n4. */
function to_panel<T>(n4: i32, rows: i32, s: usize, lds: i32, scratch: usize): void {
  const bytes = usize(n4) * sizeof<T>();
  const row = usize(lds) << 3;
  for (let i = 0; i < rows; i++) {
    if (sizeof<T>() == 8) memory.copy(scratch + usize(i) * bytes, s + usize(i) * row, bytes);
    else demote(n4, s + usize(i) * row, scratch + usize(i) * bytes);
  }
  if (rows < NR<T>()) memory.fill(scratch + usize(rows) * bytes, 0, usize(NR<T>() - rows) * bytes);
  for (const end = scratch + bytes; scratch < end; scratch += 16) {
    transpose<T>(scratch, bytes, s);
    transpose<T>(scratch + usize(lanes<T>()) * bytes, bytes, s + 16);
    s += 32 * lanes<T>();
  }
}

/** y := x rounded to f32, n numbers, a multiple of 4. */
function demote(n: i32, x: usize, y: usize): void {
  for (const end = y + (usize(n) << 2); y < end; y += 16) {
    const low = f32x4.demote_f64x2_zero(v128.load(x));
    const high = f32x4.demote_f64x2_zero(v128.load(x, 16));
    v128.store(y, v128.shuffle<i64>(low, high, 0, 2));
    x += 32;
  }
}

/** The square of one vector from each of as many rows, `ld` bytes apart, to the rows at y, 32 bytes apart. */
// @ts-ignore: decorator
@inline
function transpose<T>(x: usize, ld: usize, y: usize): void {
  const x0 = v128.load(x), x1 = v128.load(x + ld);
  if (sizeof<T>() == 8) {
    v128.store(y, v128.shuffle<i64>(x0, x1, 0, 2));
    v128.store(y, v128.shuffle<i64>(x0, x1, 1, 3), 32);
  } else {
    const x2 = v128.load(x + 2 * ld), x3 = v128.load(x + 3 * ld);
    const low01 = v128.shuffle<i32>(x0, x1, 0, 4, 1, 5), high01 = v128.shuffle<i32>(x0, x1, 2, 6, 3, 7);
    const low23 = v128.shuffle<i32>(x2, x3, 0, 4, 1, 5), high23 = v128.shuffle<i32>(x2, x3, 2, 6, 3, 7);
    v128.store(y, v128.shuffle<i64>(low01, low23, 0, 2));
    v128.store(y, v128.shuffle<i64>(low01, low23, 1, 3), 32);
    v128.store(y, v128.shuffle<i64>(high01, high23, 0, 2), 64);
    v128.store(y, v128.shuffle<i64>(high01, high23, 1, 3), 96);
  }
}

/** The first `cols` columns of a panel (n×NR) go to v. */
function from_panel<T>(n: i32, cols: i32, panel: usize, v: usize, ldv: i32): void {
  const row = usize(ldv) * sizeof<T>();
  for (const end = panel + (usize(n) << 5); panel < end; panel += 32) {
    if (cols == NR<T>()) {
      v128.store(v, v128.load(panel));
      v128.store(v, v128.load(panel, 16), 16);
    } else {
      for (let j = 0; j < cols; j++) store<T>(v + usize(j) * sizeof<T>(), load<T>(panel + usize(j) * sizeof<T>()));
    }
    v += row;
  }
}
