// Dense symmetric matrix → band of half-width b = 24, the first stage of the two-stage reduction.
//
// Based on: C. Bischof, B. Lang, X. Sun, "A framework for symmetric band reduction", ACM TOMS 26
// (2000); the blocked two-sided update after J. Dongarra, D. Sorensen, S. Hammarling (1989).
//
// One step takes the block row of b rows at the top of what is left, annihilates all of it right of
// its first b columns by Householder reflectors Q = I − V·T·Vᵀ, and applies them on both sides:
//
//        b      m
//     ┌─────┬───────────┐     V  (m×b)   as b rows of A, unit trapezoidal, where the block row was
//   b │  D  │ Rᵀ→ V     │     U := V·T   in 4-column panels
//     ├─────┼───────────┤     W := A·U                       SWEEP    2·m²·b flops
//   m │     │     A     │     X := W − ½·V·(Uᵀ·W)            FINISH
//     └─────┴───────────┘     A := A − V·Xᵀ − X·Vᵀ           the next SWEEP, 2·m²·b flops
//
// A is kept as its upper triangle, row-major, but each diagonal block of b×b is whole. The first
// block row has n mod b rows (1…b), so that every later size is a multiple of b and the micro-tiles
// (6×4, 3×4) need no edges.
//
// A is too large for the caches near the core, so SWEEP reads it once for three uses: a tile is updated with V
// and X of the step before, and multiplied, while it is near, with U of this step and, transposed, for
// its mirror image. U needs the updated block row before the others: FINISH updates that as well.
//
// The tile of block row i and block column j gives Aᵢⱼ·Uⱼ to Wᵢ and Aᵢⱼᵀ·Uᵢ to Wⱼ. The tiles are
// played as a tournament of B blocks, B odd: round r has the pairs {i, j} with i + j ≡ 2r (mod B), in
// which every block occurs once. A tile of round r begins when both its blocks have finished round
// r − 1. So Wᵢ is summed in the order of the rounds, whatever the threads; and since a tile waits
// only for tiles of earlier rounds, which have lower numbers and are claimed before it, the lowest
// unfinished tile can always run: there is no deadlock.

import { args, awaitChunk, INFO_ABORTED, parallelFor, progress, tellChunks } from "../parallel";
import { Task } from "../tasks";
import { factor_panel } from "./band_panel";
import { micro_outer, micro_rows } from "./band_micro";
import { BAND, BAND_STRIDE } from "./bulge_chasing";

const BLOCK: i32 = 192; // rows and columns of a tile: 288 KiB of A stay in L2 …
const BLOCKS: i32 = 9; // … but there should be so many blocks, for the threads' sake
const STRIP: i32 = 48; // rows of a tile that are updated and multiplied together
const FINISH_GRAIN: i32 = 16; // dozens of columns of one FINISH chunk

const PANEL_R: usize = 48 * 4 * 8; // bytes of 4 columns of [Xᵀ; Vᵀ]
const PANEL_L: usize = 48 * 6 * 8; // bytes of 6 rows of −[V X]
const SQUARE: usize = 24 * 24 * 8; // bytes of a b×b matrix

@unmanaged
class BandArgs {
  a: usize; // what is left of A (m×m)
  lda: i32;
  m: i32;
  w: i32; // reflectors of this step: rows of V, lying above A
  u: usize; // U in 4-column panels of m×4
  w1: usize; // W = A·U (m×24)
  zr: usize; // [Xᵀ; Vᵀ] of the step before in panels of 48×4; [Wᵀ; Vᵀ] once a block is swept
  zl: usize; // −[V X] of the step before in panels of 48×6
  first: bool; // there was no step before
  block: i32; // rows of a block
  blocks: i32;
  s: usize; // Uᵀ·W of each block (24×24)
  s6: usize; // −½·Uᵀ·W in panels of 24×6
  done: usize; // rounds that each block has finished, one i32 per cache line
  ready: usize; // i32: FINISH has made the left operand of the block row's update
  panel: usize; // scratch of factor_panel
  band: usize; // the band at the first element of A
}

/** Bytes of workspace of band_reduction. */
export function band_reduction_work(n: i32): f64 {
  const m = f64((n - 1) / BAND * BAND);
  const blocks = max(Math.ceil(m / BLOCK), BLOCKS);
  return 8 * m * (24 + 24 + 48 + 48) + blocks * (SQUARE + 64) + 8 * f64(SQUARE) + 1024;
}

/**
 * Reduces A (n×n, row stride lda, upper triangle read, all of it destroyed) to B = QᵀAQ with
 * bᵢⱼ = 0 for |i − j| > 24, whose upper triangle is stored at `band` in the layout of BAND_STRIDE;
 * of the band only 0 ≤ j − i ≤ 24, i, j < n is written.
 *
 * ‖A‖ should be near 1. Backward error O(n·u)·‖A‖   [Higham 2002, §19.3]. Returns 0 or INFO_ABORTED.
 */
export function band_reduction(n: i32, a: usize, lda: i32, band: usize, work: usize): i32 {
  const p = args<BandArgs>();
  const mMax = (n - 1) / BAND * BAND;
  const blocks = max((mMax + BLOCK - 1) / BLOCK, BLOCKS);
  const columns = usize(mMax) * 24 * 8;
  p.lda = lda;
  p.u = work;
  p.w1 = p.u + columns;
  p.zr = p.w1 + columns;
  p.zl = p.zr + 2 * columns;
  p.s = p.zl + 2 * columns;
  p.s6 = p.s + usize(blocks) * SQUARE;
  p.done = (p.s6 + SQUARE + 63) & ~63;
  p.ready = p.done + usize(blocks) * 64;
  p.panel = p.ready + 64;

  let w = n - mMax;
  mirror_blocks(mMax, a + usize(w) * (lda + 1) * 8, lda);
  p.a = a + usize(w) * (lda + 1) * 8;
  p.m = mMax;
  p.w = w;
  p.band = band + usize(w) * (BAND_STRIDE + 8);
  p.first = true;
  factor_panel(w, mMax, a, lda, band, p.u, p.panel);
  for (let m = mMax; m > 0; m -= BAND) {
    p.block = min(BLOCK, ((m + BLOCKS - 1) / BLOCKS + BAND - 1) / BAND * BAND);
    p.blocks = (m + p.block - 1) / p.block;
    for (let i = 0; i < p.blocks; i++) store<i32>(p.done + usize(i) * 64, 0);
    const rounds = p.blocks | 1;
    if (parallelFor(Task.BAND_SWEEP, rounds * pairs(rounds), 1) != 0) return INFO_ABORTED;
    sum_squares(p.blocks, p.s, p.s6);
    store<i32>(p.ready, 0);
    if (parallelFor(Task.BAND_FINISH, m / 12, FINISH_GRAIN) != 0) return INFO_ABORTED;
    factor_panel(BAND, m - BAND, p.a, lda, p.band, p.u, p.panel);
    p.a += usize(BAND) * (lda + 1) * 8;
    p.m = m - BAND;
    p.w = BAND;
    p.zr += usize(BAND / 4) * PANEL_R;
    p.zl += usize(BAND / 6) * PANEL_L;
    p.first = false;
    p.band += usize(BAND) * (BAND_STRIDE + 8);
    progress(1 - cube(f64(m - BAND) / f64(mMax)), 1);
  }
  return 0;
}

/** Tiles of one round, the diagonal one among them. */
// @ts-ignore: decorator
@inline
function pairs(rounds: i32): i32 {
  return (rounds + 1) / 2;
}

/** Tiles [c0, c1) of the sweep; the last round also makes the transposed panels of W, and Uᵀ·W. */
export function band_sweep_task(c0: i32, c1: i32): void {
  const p = args<BandArgs>();
  const rounds = p.blocks | 1; // for an even number there is one more block, of no rows
  for (let c = c0; c < c1; c++) {
    const r = c / pairs(rounds);
    const k = c % pairs(rounds);
    const x = (r + k) % rounds;
    const y = (r - k + rounds) % rounds;
    const i = min(x, y);
    const j = max(x, y);
    const doneI = p.done + usize(i) * 64;
    const doneJ = p.done + usize(j) * 64;
    if (i < p.blocks && !awaitChunk(doneI, r)) return;
    if (i < j && j < p.blocks && !awaitChunk(doneJ, r)) return;
    if (r == 0) {
      clear_block(p, i);
      if (i < j) clear_block(p, j);
    }
    if (j < p.blocks) sweep_tile(p, i * p.block, j * p.block);
    if (r == rounds - 1) {
      // no tile is left that updates with these rows of the operands of the step before
      gather_block(p, i);
      if (i < j) gather_block(p, j);
    }
    // each word once: after the first telling the next round may tell more
    if (i < p.blocks) tellChunks(doneI, r + 1);
    if (i < j && j < p.blocks) tellChunks(doneJ, r + 1);
  }
}

function clear_block(p: BandArgs, i: i32): void {
  if (i < p.blocks) memory.fill(p.w1 + usize(i * p.block) * 192, 0, usize(min(p.block, p.m - i * p.block)) * 192);
}

function gather_block(p: BandArgs, i: i32): void {
  if (i < p.blocks) gather_rows(p, i * p.block, min(p.m, (i + 1) * p.block), p.s + usize(i) * SQUARE);
}

/** The tile whose first element is (i0, j0), i0 ≤ j0: what is above A's diagonal, and its diagonal b×b blocks. */
function sweep_tile(p: BandArgs, i0: i32, j0: i32): void {
  const i2 = min(p.m, i0 + p.block);
  const j2 = min(p.m, j0 + p.block);
  for (; i0 < i2; i0 += STRIP) {
    const i1 = min(i2, i0 + STRIP);
    if (!p.first) for (let i = i0; i < i1; i += 6) update_rows(p, i, max(j0, i / BAND * BAND), j2);
    for (let i = i0; i < i1; i += 6) product_rows(p, i, max(j0, i / BAND * BAND), j2);
    for (let j = max(i0, j0); j < j2; j += 6) {
      const k = min(i1, j / BAND * BAND);
      if (i0 < k) product_columns(p, j, i0, k);
    }
  }
}

/** W += A·U for rows i…i+5 of A and its columns [j0, j1). */
function product_rows(p: BandArgs, i: i32, j0: i32, j1: i32): void {
  const a = p.a + (usize(i) * p.lda + j0) * 8;
  const y = p.w1 + usize(i) * 192;
  let u = p.u + usize(j0) * 32;
  for (let q: usize = 0; q < 192; q += 32) {
    micro_rows(j1 - j0, a, p.lda, u, y + q, 24);
    u += usize(p.m) * 32;
  }
}

/** W += Aᵀ·U for columns j…j+5 of A and its rows [i0, i1). */
function product_columns(p: BandArgs, j: i32, i0: i32, i1: i32): void {
  const a = p.a + (usize(i0) * p.lda + j) * 8;
  const y = p.w1 + usize(j) * 192;
  let u = p.u + usize(i0) * 32;
  for (let q: usize = 0; q < 192; q += 32) {
    micro_outer(i1 - i0, a, p.lda, u, 4, y + q, 24);
    u += usize(p.m) * 32;
  }
}

/** Rows [i0, i1) of W, now final: transposed beside Vᵀ into Zr; s := their part of Uᵀ·W. */
function gather_rows(p: BandArgs, i0: i32, i1: i32, s: usize): void {
  const lda = usize(p.lda) * 8;
  for (let i = i0; i < i1; i += 4) {
    const panel = p.zr + usize(i >> 2) * PANEL_R;
    transpose(p.w1 + usize(i) * 192, panel);
    let v = p.a - usize(p.w) * lda + usize(i) * 8;
    let to = panel + 24 * 32;
    for (let k = 0; k < p.w; k++) {
      v128.store(to, v128.load(v));
      v128.store(to, v128.load(v, 16), 16);
      v += lda;
      to += 32;
    }
    if (p.w < BAND) memory.fill(to, 0, usize(BAND - p.w) * 32);
  }
  memory.fill(s, 0, SQUARE);
  for (let r = 0; r < 24; r += 6) {
    for (let q = r >> 2; q < 6; q++) {
      const u = p.u + (usize(q) * p.m + i0) * 32;
      micro_outer(i1 - i0, p.w1 + (usize(i0) * 24 + r) * 8, 24, u, 4, s + (usize(r) * 24 + q * 4) * 8, 24);
    }
  }
}

/** panel (24×4) := the transpose of w (4×24), both contiguous. */
function transpose(w: usize, panel: usize): void {
  for (const end = panel + 768; panel < end; panel += 64) {
    const w0 = v128.load(w);
    const w1 = v128.load(w, 192);
    const w2 = v128.load(w, 384);
    const w3 = v128.load(w, 576);
    v128.store(panel, v128.shuffle<f64>(w0, w1, 0, 2));
    v128.store(panel, v128.shuffle<f64>(w2, w3, 0, 2), 16);
    v128.store(panel, v128.shuffle<f64>(w0, w1, 1, 3), 32);
    v128.store(panel, v128.shuffle<f64>(w2, w3, 1, 3), 48);
    w += 16;
  }
}

/** s6 := −½·(the sum of `count` squares, of which the upper triangles are valid), in panels of 24×6. */
function sum_squares(count: i32, s: usize, s6: usize): void {
  for (let c = 1; c < count; c++) {
    const t = s + usize(c) * SQUARE;
    for (let o: usize = 0; o < SQUARE; o += 16) v128.store(s + o, f64x2.add(v128.load(s + o), v128.load(t + o)));
  }
  for (let i = 0; i < 24; i++) {
    for (let k = 0; k < 24; k++) {
      const x = load<f64>(s + (usize(min(i, k)) * 24 + max(i, k)) * 8);
      store<f64>(s6 + (usize(i / 6) * 144 + k * 6 + i % 6) * 8, -0.5 * x);
    }
  }
}

/**
 * Dozens [d0, d1) of rows of X := W − ½·V·(Uᵀ·W), and of the left operand of the update; then the update
 * of the next block row in these columns, for which chunk 0 makes the left operand.
 */
export function band_finish_task(d0: i32, d1: i32): void {
  const p = args<BandArgs>();
  for (let d = d0; d < d1; d++) {
    const zr = p.zr + usize(d) * 3 * PANEL_R;
    for (let t: usize = 0; t < 3; t++) {
      const panel = zr + t * PANEL_R;
      for (let q: usize = 0; q < 4; q++) {
        micro_outer(24, p.s6 + q * 1152, 6, panel + 768, 4, panel + q * 192, 4);
      }
    }
    const zl = p.zl + usize(d) * 2 * PANEL_L;
    pack_left(zr + 768, zl);
    pack_left(zr, zl + 24 * 48);
  }
  if (d0 == 0) tellChunks(p.ready, 1);
  else if (!awaitChunk(p.ready, 1)) return;
  for (let i = 0; i < BAND; i += 6) update_rows(p, i, d0 * 12, d1 * 12);
}

/** The negatives of 24 rows of three panels of 4 columns, as two panels of 6. */
function pack_left(from: usize, to: usize): void {
  for (let k = 0; k < 24; k++) {
    v128.store(to, f64x2.neg(v128.load(from)));
    v128.store(to, f64x2.neg(v128.load(from, 16)), 16);
    v128.store(to, f64x2.neg(v128.load(from + PANEL_R)), 32);
    v128.store(to + PANEL_L, f64x2.neg(v128.load(from + PANEL_R, 16)));
    v128.store(to + PANEL_L, f64x2.neg(v128.load(from + 2 * PANEL_R)), 16);
    v128.store(to + PANEL_L, f64x2.neg(v128.load(from + 2 * PANEL_R, 16)), 32);
    from += 32;
    to += 48;
  }
}

/** Rows i…i+5, columns [j0, j1) of A := A − V·Xᵀ − X·Vᵀ. */
function update_rows(p: BandArgs, i: i32, j0: i32, j1: i32): void {
  const zl = p.zl + usize(i / 6) * PANEL_L;
  let zr = p.zr + usize(j0 >> 2) * PANEL_R;
  let a = p.a + (usize(i) * p.lda + j0) * 8;
  for (let j = j0; j < j1; j += 4) {
    micro_outer(48, zl, 6, zr, 4, a, p.lda);
    zr += PANEL_R;
    a += 32;
  }
}

/** Copies the upper triangles of the b×b diagonal blocks of A (m×m) to their lower ones. */
function mirror_blocks(m: i32, a: usize, lda: i32): void {
  const s = usize(lda) * 8;
  for (let k = 0; k < m; k += BAND) {
    for (let i = k; i < k + BAND; i++) {
      for (let j = i + 1; j < k + BAND; j++) {
        store<f64>(a + usize(j) * s + usize(i) * 8, load<f64>(a + usize(i) * s + usize(j) * 8));
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function cube(x: f64): f64 {
  return x * x * x;
}
