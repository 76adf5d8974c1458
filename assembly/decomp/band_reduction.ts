// Dense symmetric matrix → band of half-width b = 24, the first stage of the two-stage reduction.
//
// Based on: C. Bischof, B. Lang, X. Sun, "A framework for symmetric band reduction", ACM TOMS 26
// (2000); the blocked two-sided update after J. Dongarra, D. Sorensen, S. Hammarling (1989).
//
// One step takes the block row of b rows at the top of what is left, annihilates all of it right of
// its first b columns by Householder reflectors Q = I − V·T·Vᵀ, and applies them on both sides:
//
//        b      m             V  (m×b)   as b rows of A, unit trapezoidal, where the block row was
//     ┌─────┬───────────┐     U := V·T   in 4-column panels
//   b │  D  │ Rᵀ→ V     │     W := A·U                       PRODUCT   2·m²·b·2 flops, reads A once
//     ├─────┼───────────┤     X := W − ½·V·(Uᵀ·W)            FINISH
//   m │     │     A     │     A := A − V·Xᵀ − X·Vᵀ           UPDATE    one product of depth 2b
//     └─────┴───────────┘
//
// A is kept as its upper triangle, row-major, but each diagonal block of b×b is whole. The first
// block row has n mod b rows (1…b), so that every later size is a multiple of b and the micro-tiles
// (6×4, 3×4) need no edges.
//
// PRODUCT uses each element of A twice while it is in cache, for A·U and for Aᵀ·U. Slabs of rows are
// dealt to the threads; a slab adds its Aᵀ·U to a column tile only after the slab above has
// added its own, so the order of every sum is fixed. UPDATE computes the next block row
// first and factors it while the other threads finish.

import { args, awaitChunk, INFO_ABORTED, parallelFor, progress, tellChunks } from "../parallel";
import { Task } from "../tasks";
import { factor_panel } from "./band_panel";
import { micro_outer, micro_rows } from "./band_micro";
import { BAND, BAND_STRIDE } from "./bulge_chasing";

const SLAB: i32 = 96; // rows of A of one PRODUCT or UPDATE chunk
const TILE: i32 = 480; // columns of A that a slab works on at a time: 96×480 numbers are 360 KiB of L2
const STRIP: i32 = 48; // rows of a slab that pass from L3 through L2 together
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
  y1: usize; // Aᵀ·U of the strict upper blocks (m×24)
  y2: usize; // A·U of the upper blocks with the diagonal ones (m×24), then W
  zr: usize; // [Xᵀ; Vᵀ] in panels of 48×4, before FINISH Wᵀ for Xᵀ
  zl: usize; // −[V X] in panels of 48×6
  s: usize; // Uᵀ·W of each slab (24×24)
  s6: usize; // −½·Uᵀ·W in panels of 24×6
  done: usize; // column tiles that each slab has finished, one i32 per cache line
  panel: usize; // scratch of factor_panel
  band: usize; // the band at the first element of A
}

/** Bytes of workspace of band_reduction. */
export function band_reduction_work(n: i32): f64 {
  const m = f64((n - 1) / BAND * BAND);
  const slabs = Math.ceil(m / SLAB);
  return 8 * m * (24 + 24 + 24 + 48 + 48) + slabs * (SQUARE + 64) + 8 * f64(SQUARE) + 1024;
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
  const slabs = (mMax + SLAB - 1) / SLAB;
  const columns = usize(mMax) * 24 * 8;
  p.lda = lda;
  p.u = work;
  p.y1 = p.u + columns;
  p.y2 = p.y1 + columns;
  p.zr = p.y2 + columns;
  p.zl = p.zr + 2 * columns;
  p.s = p.zl + 2 * columns;
  p.s6 = p.s + usize(slabs) * SQUARE;
  p.done = (p.s6 + SQUARE + 63) & ~63;
  p.panel = p.done + usize(slabs) * 64;

  let w = n - mMax;
  mirror_blocks(mMax, a + usize(w) * (lda + 1) * 8, lda);
  p.a = a + usize(w) * (lda + 1) * 8;
  p.m = mMax;
  p.w = w;
  p.band = band + usize(w) * (BAND_STRIDE + 8);
  factor_panel(w, mMax, a, lda, band, p.u, p.panel);
  for (let m = mMax; m > 0; m -= BAND) {
    const k = (m + SLAB - 1) / SLAB;
    for (let c = 0; c < k; c++) store<i32>(p.done + usize(c) * 64, 0);
    if (parallelFor(Task.BAND_PRODUCT, k, 1) != 0) return INFO_ABORTED;
    sum_squares(k, p.s, p.s6);
    if (parallelFor(Task.BAND_FINISH, m / 12, FINISH_GRAIN) != 0) return INFO_ABORTED;
    if (parallelFor(Task.BAND_UPDATE, 1 + (m - BAND + SLAB - 1) / SLAB, 1) != 0) return INFO_ABORTED;
    p.a += usize(BAND) * (lda + 1) * 8;
    p.m = m - BAND;
    p.w = BAND;
    p.band += usize(BAND) * (BAND_STRIDE + 8);
    progress(1 - cube(f64(m - BAND) / f64(mMax)), 1);
  }
  return 0;
}

/** Slabs [c0, c1) of W := A·U, of its transposed panels and of Uᵀ·W. */
export function band_product_task(c0: i32, c1: i32): void {
  for (let c = c0; c < c1; c++) {
    const p = args<BandArgs>();
    const m = p.m;
    const r0 = c * SLAB;
    const r1 = min(m, r0 + SLAB);
    memory.fill(p.y2 + usize(r0) * 192, 0, usize(r1 - r0) * 192);
    for (let tile = r0 / TILE; tile * TILE < m; tile++) {
      const j1 = min(m, (tile + 1) * TILE);
      for (let i0 = r0; i0 < r1; i0 += STRIP) {
        const i1 = min(r1, i0 + STRIP);
        for (let i = i0; i < i1; i += 6) {
          const j0 = max(tile * TILE, i / BAND * BAND);
          if (j0 < j1) product_rows(p, i, j0, j1);
        }
        if (i0 == r0) {
          if (c == 0) {
            memory.fill(p.y1 + usize(tile) * (TILE * 192), 0, usize(j1 - tile * TILE) * 192);
          } else if (!awaitChunk(p.done + usize(c - 1) * 64, tile + 1)) {
            return;
          }
        }
        for (let j = max(i0, tile * TILE); j < j1; j += 6) {
          const k = min(i1, j / BAND * BAND);
          if (i0 < k) product_columns(p, j, i0, k);
        }
      }
      tellChunks(p.done + usize(c) * 64, tile + 1);
    }
    gather_slab(p, r0, r1, p.s + usize(c) * SQUARE);
  }
}

/** Y2 += A·U for rows i…i+5 of A and its columns [j0, j1). */
function product_rows(p: BandArgs, i: i32, j0: i32, j1: i32): void {
  const a = p.a + (usize(i) * p.lda + j0) * 8;
  const y = p.y2 + usize(i) * 192;
  let u = p.u + usize(j0) * 32;
  for (let q: usize = 0; q < 192; q += 32) {
    micro_rows(j1 - j0, a, p.lda, u, y + q, 24);
    u += usize(p.m) * 32;
  }
}

/** Y1 += Aᵀ·U for columns j…j+5 of A and its rows [i0, i1). */
function product_columns(p: BandArgs, j: i32, i0: i32, i1: i32): void {
  const a = p.a + (usize(i0) * p.lda + j) * 8;
  const y = p.y1 + usize(j) * 192;
  let u = p.u + usize(i0) * 32;
  for (let q: usize = 0; q < 192; q += 32) {
    micro_outer(i1 - i0, a, p.lda, u, 4, y + q, 24);
    u += usize(p.m) * 32;
  }
}

/** Rows [i0, i1) of W = Y1 + Y2, now final: into Y2, transposed beside Vᵀ into Zr; s := their part of Uᵀ·W. */
function gather_slab(p: BandArgs, i0: i32, i1: i32, s: usize): void {
  const lda = usize(p.lda) * 8;
  for (let i = i0; i < i1; i += 4) {
    const panel = p.zr + usize(i >> 2) * PANEL_R;
    transpose_sum(p.y1 + usize(i) * 192, p.y2 + usize(i) * 192, panel);
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
      micro_outer(i1 - i0, p.y2 + (usize(i0) * 24 + r) * 8, 24, u, 4, s + (usize(r) * 24 + q * 4) * 8, 24);
    }
  }
}

/** y2 := y1 + y2 (4×24, contiguous) and panel := its transpose (24×4). */
function transpose_sum(y1: usize, y2: usize, panel: usize): void {
  for (let k: usize = 0; k < 24; k += 2) {
    const w0 = f64x2.add(v128.load(y1), v128.load(y2));
    const w1 = f64x2.add(v128.load(y1, 192), v128.load(y2, 192));
    const w2 = f64x2.add(v128.load(y1, 384), v128.load(y2, 384));
    const w3 = f64x2.add(v128.load(y1, 576), v128.load(y2, 576));
    v128.store(y2, w0);
    v128.store(y2, w1, 192);
    v128.store(y2, w2, 384);
    v128.store(y2, w3, 576);
    v128.store(panel, v128.shuffle<f64>(w0, w1, 0, 2));
    v128.store(panel, v128.shuffle<f64>(w2, w3, 0, 2), 16);
    v128.store(panel, v128.shuffle<f64>(w0, w1, 1, 3), 32);
    v128.store(panel, v128.shuffle<f64>(w2, w3, 1, 3), 48);
    y1 += 16;
    y2 += 16;
    panel += 64;
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

/** Dozens [d0, d1) of rows of X := W − ½·V·(Uᵀ·W), and of the left operand of the update. */
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

/** A := A − V·Xᵀ − X·Vᵀ: item 0 is the next block row and its factorization, item c the slab c − 1 below it. */
export function band_update_task(c0: i32, c1: i32): void {
  const p = args<BandArgs>();
  const m = p.m;
  for (let c = c0; c < c1; c++) {
    const r0 = c == 0 ? 0 : BAND + (c - 1) * SLAB;
    const r1 = c == 0 ? BAND : min(m, r0 + SLAB);
    for (let tile = r0 / TILE; tile * TILE < m; tile++) {
      const j1 = min(m, (tile + 1) * TILE);
      for (let i = r0; i < r1; i += 6) update_rows(p, i, max(tile * TILE, i / BAND * BAND), j1);
    }
    if (c == 0) factor_panel(BAND, m - BAND, p.a, p.lda, p.band, p.u, p.panel);
  }
}

/** Rows i…i+5, columns [j0, j1) of the update. */
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
