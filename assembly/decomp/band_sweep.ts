// The sweep of the band reduction over A: the update that the last step left, and W := A·U.
//
// A tile is updated with V and X of the step before, and multiplied, while it is near the core, with U of
// this step and, transposed, for its mirror image: block row i and block column j give Aᵢⱼ·Uⱼ to Wᵢ and
// Aᵢⱼᵀ·Uᵢ to Wⱼ.
//
// The tiles are played as a tournament of B blocks, B odd: round r has the pairs {i, j} with
// i + j ≡ 2r (mod B), in which every block occurs once. A tile of round r begins when both its blocks have
// finished round r − 1. So Wᵢ is summed in the order of the rounds, whatever the threads; and since a
// tile waits only for tiles of earlier rounds, which have lower numbers and are claimed before it, the
// lowest unfinished tile can always run: there is no deadlock. Item 0 makes U from the block row; the
// tiles of round 0 are updated meanwhile and then wait for it.

import { args, awaitChunk, tellChunks } from "../parallel";
import { micro_outer, micro_rows } from "./band_micro";
import { factor_panel } from "./band_panel";
import { BAND, BAND_STRIDE } from "./bulge_fold";

const STRIP: i32 = 48; // rows of a tile that are updated and multiplied together

export const PANEL_R: usize = 48 * 4 * 8; // bytes of 4 columns of [Xᵀ; Vᵀ]
export const PANEL_L: usize = 48 * 6 * 8; // bytes of 6 rows of −[V X]
export const SQUARE: usize = 24 * 24 * 8; // bytes of a b×b matrix

@unmanaged
export class BandArgs {
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
  factored: usize; // i32: SWEEP has V and U
  ready: usize; // i32: FINISH has made the left operand of the block row's update
  panel: usize; // scratch of factor_panel
  band: usize; // the band at the first element of A
}

/** Factors the block row above what is left of A: V takes its place, U := V·T, and the band. */
export function factor_block_row(p: BandArgs): void {
  const up = usize(p.w);
  factor_panel(p.w, p.m, p.a - up * (p.lda + 1) * 8, p.lda, p.band - up * (BAND_STRIDE + 8), p.u, p.panel);
}

/** Rows i…i+5, columns [j0, j1) of A := A − V·Xᵀ − X·Vᵀ. */
export function update_rows(p: BandArgs, i: i32, j0: i32, j1: i32): void {
  const zl = p.zl + usize(i / 6) * PANEL_L;
  let zr = p.zr + usize(j0 >> 2) * PANEL_R;
  let a = p.a + (usize(i) * p.lda + j0) * 8;
  for (let j = j0; j < j1; j += 4) {
    micro_outer(48, zl, 6, zr, 4, a, p.lda);
    zr += PANEL_R;
    a += 32;
  }
}

/** Tiles of one round, the diagonal one among them. */
// @ts-ignore: decorator
@inline
function pairs(rounds: i32): i32 {
  return (rounds + 1) / 2;
}

/** Items of a sweep over p.blocks blocks. */
export function sweep_items(p: BandArgs): i32 {
  const rounds = p.blocks | 1;
  return 1 + rounds * pairs(rounds);
}

/**
 * Items [c0, c1) of the sweep: the block row's factorization, then the tiles; the last round also makes the
 * transposed panels of W, and Uᵀ·W.
 */
export function band_sweep_task(c0: i32, c1: i32): void {
  const p = args<BandArgs>();
  for (let c = c0; c < c1; c++) {
    if (c == 0) {
      factor_block_row(p);
      tellChunks(p.factored, 1);
    } else if (!sweep_item(p, c - 1)) return;
  }
}

/** Tile c; false after an abort. */
function sweep_item(p: BandArgs, c: i32): bool {
  const rounds = p.blocks | 1; // for an even number there is one more block, of no rows
  const r = c / pairs(rounds);
  const k = c % pairs(rounds);
  const x = (r + k) % rounds;
  const y = (r - k + rounds) % rounds;
  const i = min(x, y);
  const j = max(x, y);
  const doneI = p.done + usize(i) * 64;
  const doneJ = p.done + usize(j) * 64;
  if (i < p.blocks && !awaitChunk(doneI, r)) return false;
  if (i < j && j < p.blocks && !awaitChunk(doneJ, r)) return false;
  const i0 = i * p.block;
  const j0 = j * p.block;
  const i1 = min(p.m, i0 + p.block);
  const j1 = min(p.m, j0 + p.block);
  if (r == 0) {
    clear_block(p, i);
    if (i < j) clear_block(p, j);
    if (j < p.blocks) update_tile(p, i0, i1, j0, j1);
    // also after a bye, since the next tile of the block relies on it
    if (!awaitChunk(p.factored, 1)) return false;
    if (j < p.blocks) product_tile(p, i0, i1, j0, j1);
  } else if (j < p.blocks) {
    for (let s0 = i0; s0 < i1; s0 += STRIP) {
      const s1 = min(i1, s0 + STRIP);
      update_tile(p, s0, s1, j0, j1);
      product_tile(p, s0, s1, j0, j1);
    }
  }
  if (r == rounds - 1) {
    // no tile is left that updates with these rows of the operands of the step before
    gather_block(p, i);
    if (i < j) gather_block(p, j);
  }
  // each word once: after the first telling the next round may tell more
  if (i < p.blocks) tellChunks(doneI, r + 1);
  if (i < j && j < p.blocks) tellChunks(doneJ, r + 1);
  return true;
}

function clear_block(p: BandArgs, i: i32): void {
  if (i < p.blocks) memory.fill(p.w1 + usize(i * p.block) * 192, 0, usize(min(p.block, p.m - i * p.block)) * 192);
}

function gather_block(p: BandArgs, i: i32): void {
  if (i < p.blocks) gather_rows(p, i * p.block, min(p.m, (i + 1) * p.block), p.s + usize(i) * SQUARE);
}

/** A := A − V·Xᵀ − X·Vᵀ in rows [i0, i1), columns [j0, j1): above A's diagonal, and its diagonal b×b blocks. */
function update_tile(p: BandArgs, i0: i32, i1: i32, j0: i32, j1: i32): void {
  if (p.first) return;
  for (let i = i0; i < i1; i += 6) update_rows(p, i, max(j0, i / BAND * BAND), j1);
}

/** W += A·U for the same part of A, and for its mirror image. */
function product_tile(p: BandArgs, i0: i32, i1: i32, j0: i32, j1: i32): void {
  for (let i = i0; i < i1; i += 6) product_rows(p, i, max(j0, i / BAND * BAND), j1);
  for (let j = max(i0, j0); j < j1; j += 6) {
    const k = min(i1, j / BAND * BAND);
    if (i0 < k) product_columns(p, j, i0, k);
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
