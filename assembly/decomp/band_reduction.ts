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
// A is too large for the caches near the core, so SWEEP (band_sweep.ts) reads it once for three uses. U needs
// the updated block row before the others: FINISH updates that as well.

import { args, awaitChunk, INFO_ABORTED, parallelFor, progress, tellChunks } from "../parallel";
import { Task } from "../tasks";
import { micro_outer } from "./band_micro";
import { BandArgs, factor_block_row, PANEL_L, PANEL_R, sweep_items, SQUARE, update_rows } from "./band_sweep";
import { BAND, BAND_STRIDE } from "./bulge_fold";

const BLOCK: i32 = 192; // rows and columns of a tile: 288 KiB of A stay in L2 …
const BLOCKS: i32 = 9; // … but there should be so many blocks, for the threads' sake
const FINISH_GRAIN: i32 = 16; // dozens of columns of one FINISH chunk

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
  p.factored = p.done + usize(blocks) * 64;
  p.ready = p.factored + 64;
  p.panel = p.ready + 64;

  let w = n - mMax;
  mirror_blocks(mMax, a + usize(w) * (lda + 1) * 8, lda);
  p.a = a + usize(w) * (lda + 1) * 8;
  p.m = mMax;
  p.w = w;
  p.band = band + usize(w) * (BAND_STRIDE + 8);
  p.first = true;
  for (let m = mMax; m > 0; m -= BAND) {
    p.block = min(BLOCK, ((m + BLOCKS - 1) / BLOCKS + BAND - 1) / BAND * BAND);
    p.blocks = (m + p.block - 1) / p.block;
    for (let i = 0; i < p.blocks; i++) store<i32>(p.done + usize(i) * 64, 0);
    store<i32>(p.factored, 0);
    store<i32>(p.ready, 0);
    if (parallelFor(Task.BAND_SWEEP, sweep_items(p), 1) != 0) return INFO_ABORTED;
    sum_squares(p.blocks, p.s, p.s6);
    if (parallelFor(Task.BAND_FINISH, m / 12, FINISH_GRAIN) != 0) return INFO_ABORTED;
    p.a += usize(BAND) * (lda + 1) * 8;
    p.m = m - BAND;
    p.w = BAND;
    p.zr += usize(BAND / 4) * PANEL_R;
    p.zl += usize(BAND / 6) * PANEL_L;
    p.first = false;
    p.band += usize(BAND) * (BAND_STRIDE + 8);
    progress(0.85 * (1 - cube(f64(m - BAND) / f64(mMax))), 1); // the rest is for the bulges and T
  }
  factor_block_row(p);
  return 0;
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
