// The back-transform of eigenvectors: from those of the tridiagonal matrix to those of the full one.
//
// Based on: R. Schreiber, C. Van Loan, A storage-efficient WY representation for products of
// Householder transformations, 1989 (LAPACK dlarft, dlarfb).
//
// A block of KB reflectors, the rows of V (k×m), is Q_b = I − Vᵀ·T·V with T upper triangular. The
// vectors are taken in strips, one chunk of work each, which stay in L2 while all blocks pass over
// them. A strip is kept as tall panels of 4 columns,
//
//     M = │ m00 m01 m02 m03 │  row 0       stored row after row: at once a packed B for the product
//         │ m10 m11 m12 m13 │  row 1       V·M, and a C with row stride 4 for M − Vᵀ·(T·V·M).
//         │ …               │
//
// so nothing is packed on the way. V is packed once for all strips, in panels of MR rows, as the A of
// V·M; the second product takes it from there transposed, while it is still in L2.

import { args, parallelFor } from "../parallel";
import { madd } from "../simd";
import { Task } from "../tasks";
import { MR } from "../blas/gemm/blocking";
import { micro } from "../blas/gemm/micro";
import { pack } from "../blas/gemm/pack";
import { dot4 } from "./tridiagonal_rows";

/** Reflectors of a block, a multiple of every MR and of 4: larger ones spend more on T, smaller ones on each tile of C. */
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
  s: usize; // (k×n, lds): eigenvectors as rows, rounded up to a multiple of 4 rows
  lds: i32;
  v: usize; // (n×k, ldv): eigenvectors as columns
  ldv: i32;
  width: i32; // of a strip
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

/** Most strips for k vectors. */
function most_strips(n: i32, k: i32): i32 {
  const most = most_panels(n);
  return round((k + 3) >> 2, ROUND * most) / most;
}

/** Columns of a strip, a multiple of 4. */
function strip_width(n: i32, k: i32): i32 {
  const panels = (k + 3) >> 2;
  const strips = most_strips(n, k);
  return 4 * ((panels + strips - 1) / strips);
}

function scratch_size(n: i32, width: i32): i32 {
  return max(4 * round(n, 4), 2 * KB * width);
}

/** Bytes of workspace of apply_q, for up to n vectors. */
export function apply_q_work(n: i32): f64 {
  const blocks = (n + KB - 1) / KB;
  return 8 * (f64(block_offset(n, blocks)) + f64(most_strips(n, n)) * scratch_size(n, 4 * most_panels(n))) + 128;
}

/**
 * V := Q·Sᵀ, with Q of tridiagonalize: k eigenvectors s_i of T, the rows of S, become the columns of V.
 *
 * A (n×n, stride lda) and tau (n) as tridiagonalize left them; A is destroyed. S (k×n, lds) has room
 * for k rounded up to 4 rows and is destroyed; lds is at least n rounded up to 4.
 * V (n×k, ldv) may be A, and overlaps nothing else. work: apply_q_work(n) bytes, 64-aligned.
 * Returns 0 or INFO_ABORTED. ‖V̂ − Q·Sᵀ‖ ≤ c·n·u·‖S‖   [Higham 2002, §19.5]
 */
export function apply_q(
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
  t.width = strip_width(n, k);
  t.scratch = work + (block_offset(n, blocks) << 3);
  const info = parallelFor(Task.APPLY_Q_PACK, blocks, 1);
  if (info != 0) return info;
  return parallelFor(Task.APPLY_Q_STRIPS, (k + t.width - 1) / t.width, 1);
}

/** Packs blocks [b0, b1). */
export function apply_q_pack_task(b0: i32, b1: i32): void {
  const t = args<Back>();
  const n = t.n;
  for (let b = b0; b < b1; b++) {
    const j0 = b * KB;
    const k = min(KB, n - 2 - j0);
    const m = n - j0;
    const v = t.a + ((usize(j0) * t.lda + j0) << 3);
    const tt = t.packed + (block_offset(n, b) << 3);
    const vv = tt + (KB * KB << 3);
    // V begins at column j0, which no reflector touches
    for (let q = 0; q < k; q++) memory.fill(v + (usize(q) * t.lda << 3), 0, usize(q + 1) << 3);
    // T is made where V is packed afterwards
    triangle(k, (round(n, 4) - j0) >> 2, v, t.lda, t.tau + (usize(j0) << 3), vv);
    pack<f64>(MR, 0, k, k, vv, KB, true, tt);
    for (let p = 0; p < m; p += CB) {
      pack<f64>(MR, 0, k, min(CB, m - p), v + (usize(p) << 3), t.lda, true, vv + (usize(round(k, MR)) * p << 3));
    }
  }
}

/** T (k×k, stride KB): t_qq = τ_q, T(0…q−1, q) = −τ_q·T·(V·v_q). `units` vectors of 4 make a row of V. */
function triangle(k: i32, units: i32, v: usize, ldv: i32, tau: usize, t: usize): void {
  memory.fill(t, 0, KB * KB << 3);
  const g = t + (KB * KB << 3);
  for (let q = 0; q < k; q++) {
    const vq = v + (usize(q) * ldv << 3);
    const tq = load<f64>(tau + (usize(q) << 3));
    for (let r = 0; r < q; r += 4) dot4(units, v + (usize(r) * ldv << 3), ldv, vq, g + (usize(r) << 3));
    for (let r = 0; r < q; r++) {
      let sum: f64 = 0;
      for (let c = r; c < q; c++) sum += load<f64>(t + (usize(r * KB + c) << 3)) * load<f64>(g + (usize(c) << 3));
      store<f64>(t + (usize(r * KB + q) << 3), -tq * sum);
    }
    store<f64>(t + (usize(q * KB + q) << 3), tq);
  }
}

/** Strips [i0, i1): from rows of S to panels, all blocks, to columns of V. */
export function apply_q_strips_task(i0: i32, i1: i32): void {
  const t = args<Back>();
  const n = t.n;
  const n4 = round(n, 4);
  for (let i = i0; i < i1; i++) {
    const c0 = i * t.width;
    const panels = (min(t.width, t.k - c0) + 3) >> 2;
    const scratch = t.scratch + (usize(i) * scratch_size(n, t.width) << 3);
    const strip = t.s + (usize(c0) * t.lds << 3);
    const panelSize = usize(4 * t.lds) << 3;
    for (let p = 0; p < panels; p++) to_panel(n4, min(4, t.k - c0 - 4 * p), strip + usize(p) * panelSize, t.lds, scratch);

    memory.fill(scratch, 0, usize(2 * KB * 4 * panels) << 3);
    for (let b = t.blocks - 1; b >= 0; b--) {
      const j0 = b * KB;
      const block = t.packed + (block_offset(n, b) << 3);
      apply_block(n - j0, min(KB, n - 2 - j0), panels, block, strip + (usize(4 * j0) << 3), panelSize, scratch);
    }
    for (let p = 0; p < panels; p++) {
      from_panel(n, min(4, t.k - c0 - 4 * p), strip + usize(p) * panelSize, t.v + (usize(c0 + 4 * p) << 3), t.ldv);
    }
  }
}

/**
 * M −= Vᵀ·(T·(V·M)) for the rows of a strip that a block touches: `panels` panels m×4 at `top`,
 * panelSize bytes apart. Row q of V is zero up to column q, T below its diagonal: what is known to
 * be zero is not multiplied.
 * y: 2·KB·4·panels numbers, finite, so that rows that only pad V to a multiple of MR count as zero.
 */
function apply_block(m: i32, k: i32, panels: i32, t: usize, top: usize, panelSize: usize, y: usize): void {
  const v = t + (KB * KB << 3);
  const rows = round(k, MR);
  const ty = y + (usize(4 * KB * panels) << 3);
  for (let p = 0; p < m; p += CB) {
    const cb = min(CB, m - p);
    for (let c = 0; c < panels; c++) {
      const b1 = top + usize(c) * panelSize + (usize(p) << 5);
      const yc = y + (usize(4 * KB * c) << 3);
      for (let i = 0; i < k; i += MR) {
        const zeros = p == 0 ? i : 0;
        const a1 = v + (usize(rows * p + i * cb + zeros * MR) << 3);
        micro<f64>(cb - zeros, a1, b1 + (usize(zeros) << 5), 1, p == 0 ? 0 : 1, yc + (usize(i) << 5), 4, min(MR, k - i), 4);
      }
    }
  }
  for (let c = 0; c < panels; c++) {
    const yc = y + (usize(4 * KB * c) << 3);
    const tyc = ty + (usize(4 * KB * c) << 3);
    for (let i = 0; i < k; i += MR) {
      const below = usize(i) << 5;
      micro<f64>(k - i, t + (usize(i * k + i * MR) << 3), yc + below, 1, 0, tyc + below, 4, min(MR, k - i), 4);
    }
  }
  for (let p = 0; p < m; p += CB) {
    const cb = min(CB, m - p);
    for (let c = 0; c < panels; c++) {
      const c1 = top + usize(c) * panelSize + (usize(p) << 5);
      const tyc = ty + (usize(4 * KB * c) << 3);
      for (let i = 0; i < cb; i += MR) {
        const groups = min(rows, p + i + MR) / MR;
        const a1 = v + (usize(rows * p + i * MR) << 3);
        subtract_tile(groups, a1, usize(cb * MR) << 3, tyc, c1 + (usize(i) << 5), min(MR, cb - i));
      }
    }
  }
}

/**
 * C11 −= A1ᵀ·B1 for a tile of mLeft ≤ MR rows of M: as the micro-kernel of products, but A1, MR columns
 * of V, comes in `groups` squares of MR×MR, `step` bytes apart: element (p, i) of one at (i·MR + p)·8.
 */
function subtract_tile(groups: i32, a: usize, step: usize, b: usize, c: usize, mLeft: i32): void {
  let c00: v128 = f64x2.splat(0), c01: v128 = f64x2.splat(0);
  let c10: v128 = f64x2.splat(0), c11: v128 = f64x2.splat(0);
  let c20: v128 = f64x2.splat(0), c21: v128 = f64x2.splat(0);
  let c30: v128 = f64x2.splat(0), c31: v128 = f64x2.splat(0);
  let c40: v128 = f64x2.splat(0), c41: v128 = f64x2.splat(0);
  let c50: v128 = f64x2.splat(0), c51: v128 = f64x2.splat(0);
  for (; groups > 0; groups--) {
    for (const end = a + MR * 8; a < end; a += 8) {
      const b0 = v128.load(b);
      const b1 = v128.load(b, 16);
      b += 32;
      let ai = v128.load64_splat(a);
      c00 = madd<f64>(ai, b0, c00);
      c01 = madd<f64>(ai, b1, c01);
      ai = v128.load64_splat(a, MR * 8);
      c10 = madd<f64>(ai, b0, c10);
      c11 = madd<f64>(ai, b1, c11);
      ai = v128.load64_splat(a, 2 * MR * 8);
      c20 = madd<f64>(ai, b0, c20);
      c21 = madd<f64>(ai, b1, c21);
      ai = v128.load64_splat(a, 3 * MR * 8);
      c30 = madd<f64>(ai, b0, c30);
      c31 = madd<f64>(ai, b1, c31);
      if (MR == 6) {
        ai = v128.load64_splat(a, 4 * MR * 8);
        c40 = madd<f64>(ai, b0, c40);
        c41 = madd<f64>(ai, b1, c41);
        ai = v128.load64_splat(a, 5 * MR * 8);
        c50 = madd<f64>(ai, b0, c50);
        c51 = madd<f64>(ai, b1, c51);
      }
    }
    a += step - MR * 8;
  }
  subtract(c, c00, c01);
  if (mLeft > 1) subtract(c + 32, c10, c11);
  if (mLeft > 2) subtract(c + 64, c20, c21);
  if (mLeft > 3) subtract(c + 96, c30, c31);
  if (MR == 6 && mLeft > 4) subtract(c + 128, c40, c41);
  if (MR == 6 && mLeft > 5) subtract(c + 160, c50, c51);
}

/** c −= (x0, x1), four numbers. */
// @ts-ignore: decorator
@inline
function subtract(c: usize, x0: v128, x1: v128): void {
  v128.store(c, v128.sub<f64>(v128.load(c), x0));
  v128.store(c, v128.sub<f64>(v128.load(c, 16), x1), 16);
}

/** Four rows at s (only the first `rows` hold anything) become a panel n4×4 in place. */
function to_panel(n4: i32, rows: i32, s: usize, lds: i32, scratch: usize): void {
  const bytes = usize(n4) << 3;
  const row = usize(lds) << 3;
  for (let i = 0; i < rows; i++) memory.copy(scratch + usize(i) * bytes, s + usize(i) * row, bytes);
  if (rows < 4) memory.fill(scratch + usize(rows) * bytes, 0, usize(4 - rows) * bytes);
  for (const end = scratch + bytes; scratch < end; scratch += 16) {
    const x0 = v128.load(scratch), x1 = v128.load(scratch + bytes);
    const x2 = v128.load(scratch + 2 * bytes), x3 = v128.load(scratch + 3 * bytes);
    v128.store(s, v128.shuffle<i64>(x0, x1, 0, 2));
    v128.store(s, v128.shuffle<i64>(x2, x3, 0, 2), 16);
    v128.store(s, v128.shuffle<i64>(x0, x1, 1, 3), 32);
    v128.store(s, v128.shuffle<i64>(x2, x3, 1, 3), 48);
    s += 64;
  }
}

/** The first `cols` columns of a panel (n×4) go to v. */
function from_panel(n: i32, cols: i32, panel: usize, v: usize, ldv: i32): void {
  const row = usize(ldv) << 3;
  for (const end = panel + (usize(n) << 5); panel < end; panel += 32) {
    if (cols == 4) {
      v128.store(v, v128.load(panel));
      v128.store(v, v128.load(panel, 16), 16);
    } else {
      for (let j = 0; j < cols; j++) store<f64>(v + (usize(j) << 3), load<f64>(panel + (usize(j) << 3)));
    }
    v += row;
  }
}
