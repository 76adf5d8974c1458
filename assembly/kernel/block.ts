// Kernel matrices K(X, Z) and their products K·V, on all threads.
//
//   3 blocks   SIDE×SIDE of K, in the order of their columns
//   2 passes   DEPTH of the inner dimension: the rows of X and of Z that the block needs are packed
//   1 tiles    TILE_M×TILE_N: products of rows (blas/gemm/micro.ts), and after the last pass, while the tile is in L2,
//              the program of the kernel on strips of its rows (program.ts)
//
// A product K·V then multiplies the tile with its rows of V; the parts of K·V that tiles of a block add to the same rows
// have a place each and are added in a fixed order. Where Z is X only blocks and tiles on and above the diagonal are
// computed: their entries are mirrored, or multiplied with V from both sides. An entry of K is the same in whatever block,
// tile and thread it falls.

import { MR, NR, PACK_GRAIN, part } from "../blas/gemm/blocking";
import { mirror } from "../blas/gemm/gemm";
import { macro } from "../blas/gemm/micro";
import { pack } from "../blas/gemm/pack";
import { at } from "../blas/level1";
import { alone, args, parallelFor, progress } from "../parallel";
import { Task } from "../tasks";
import { Block, DEPTH, SLICE, ceil_div, layout, packed_v, padded, scratch_bytes, slice_at } from "./block_plan";
import { base_strip } from "./pairs";
import { run } from "./program";
import { FRAME, STRIP, Strip } from "./strip";

/** Rows of K·V that one chunk sums up. */
const SUM_GRAIN: i32 = 128;

/** Packs panel after panel: of X and Z for each kc of the pass, then of V. */
export function kernel_pack_task(p0: i32, p1: i32): void {
  const b = args<Block>();
  for (let p = p0; p < p1; p++) pack_panel(b, p);
}

function pack_panel(b: Block, p: i32): void {
  const nr = NR<f64>();
  const ofX = ceil_div(b.m, MR);
  const ofZ = ceil_div(b.n, nr);
  const step = p / (ofX + ofZ) * b.kc;
  if (step < b.depth) {
    p %= ofX + ofZ;
    const kc = min(b.kc, b.depth - step);
    if (p < ofX) {
      const to = b.packedX + ((usize(padded(b.m, MR)) * step) << 3);
      pack<f64>(MR, p * MR, min(b.m, (p + 1) * MR), kc, at<f64>(b.x, b.ldx, b.i0, b.p0 + step), b.ldx, true, to);
    } else {
      p -= ofX;
      const to = b.packedZ + ((usize(padded(b.n, nr)) * step) << 3);
      pack<f64>(nr, p * nr, min(b.n, (p + 1) * nr), kc, at<f64>(b.z, b.ldz, b.j0, b.p0 + step), b.ldz, true, to);
    }
    return;
  }
  p -= ceil_div(b.depth, b.kc) * (ofX + ofZ);
  const across = ceil_div(b.n, b.tileN);
  if (p < across) {
    const j = p * b.tileN;
    pack<f64>(nr, 0, b.columns, min(b.tileN, b.n - j), at<f64>(b.v, b.ldv, b.j0 + j, 0), b.ldv, false, packed_v(b, j));
  } else {
    const i = (p - across) * b.tileM;
    pack<f64>(nr, 0, b.columns, min(b.tileM, b.m - i), at<f64>(b.v, b.ldv, b.i0 + i, 0), b.ldv, false, packed_v(b, b.n + i));
  }
}

/** Tiles [t0, t1) of the block, numbered down columns of tiles. */
export function kernel_tile_task(t0: i32, t1: i32): void {
  const b = args<Block>();
  const down = ceil_div(b.m, b.tileM);
  for (let t = t0; t < t1; t++) {
    const i = t % down * b.tileM;
    const j = t / down * b.tileN;
    const m = min(b.tileM, b.m - i);
    const n = min(b.tileN, b.n - j);
    if (b.diagonal && j + n <= i) continue;
    const k = at<f64>(b.k, b.ldk, i, j);
    for (let step = 0; step < b.depth; step += b.kc) {
      const kc = min(b.kc, b.depth - step);
      const x1 = b.packedX + ((usize(padded(b.m, MR)) * step + usize(i) * kc) << 3);
      const z1 = b.packedZ + ((usize(padded(b.n, NR<f64>())) * step + usize(j) * kc) << 3);
      macro<f64>(m, n, kc, 1, x1, z1, b.p0 + step == 0 ? 0 : 1, k, b.ldk, b.diagonal ? j - i : m, n);
    }
    if (b.p0 + b.depth < b.d) continue;
    const scratch = b.scratch + usize(t) * scratch_bytes(b.frames, b.columns);
    map_tile(b, scratch, i, m, j, n, k);
    if (b.columns) multiply_tile(b, scratch + slice_at(b.frames), i, m, j, n, k);
    else if (b.symmetric) mirror<f64>(b.i0 + i, b.i0 + i + m, b.j0 + j, b.j0 + j + n, b.whole, b.ldk);
  }
}

/** Products of rows become entries of K; on a block with the diagonal those on and above it. */
function map_tile(b: Block, scratch: usize, i: i32, m: i32, j: i32, n: i32, k: usize): void {
  const s = changetype<Strip>(scratch);
  s.base = scratch + 64;
  s.diagonal = false;
  s.ldl = b.ldl;
  s.ldr = b.ldr;
  const strip = part(n, STRIP, 2);
  for (let row = 0; row < m; row++) {
    const x = at<f64>(b.x, b.ldx, b.i0 + i + row, 0);
    s.left = b.left + (usize(b.i0 + i + row) << 3);
    for (let col = b.diagonal ? max(0, i + row - j) : 0; col < n; col += strip) {
      const width = min(strip, n - col);
      const entries = at<f64>(k, b.ldk, row, col);
      s.width = (width + 1) & ~1;
      s.right = b.right + (usize(b.j0 + j + col) << 3);
      base_strip(s, entries, width, b.d, x, at<f64>(b.z, b.ldz, b.j0 + j + col, 0), b.ldz);
      run(s, b.code, b.size, s.base + FRAME);
      memory.copy(entries, s.base + FRAME, usize(width) << 3);
    }
  }
}

/** The tile's parts of K·V: K1·V[columns] and, for what is above the diagonal where Z is X, K1ᵀ·V[rows]. */
function multiply_tile(b: Block, slice: usize, i: i32, m: i32, j: i32, n: i32, k: usize): void {
  const c = b.columns;
  if (b.diagonal) {
    for (let row = max(0, j - i); row < m; row++) memory.fill(at<f64>(k, b.ldk, row, 0), 0, usize(min(n, i + row - j)) << 3);
  }
  let v1 = packed_v(b, j);
  let to = b.rowSums + ((usize(j / b.tileN) * b.m + i) * c << 3);
  for (let row = 0; row < m; row += SLICE) {
    const rows = min(SLICE, m - row);
    pack<f64>(MR, 0, rows, n, at<f64>(k, b.ldk, row, 0), b.ldk, true, slice);
    macro<f64>(rows, c, n, 1, slice, v1, 0, at<f64>(to, c, row, 0), c, rows, c);
  }
  if (!b.symmetric) return;
  if (b.diagonal) {
    for (let row = max(0, j - i); row < min(m, j + n - i); row++) store<f64>(at<f64>(k, b.ldk, row, i + row - j), 0);
  }
  v1 = packed_v(b, b.n + i);
  to = b.columnSums + ((usize(i / b.tileM) * b.n + j) * c << 3);
  for (let col = 0; col < n; col += SLICE) {
    const cols = min(SLICE, n - col);
    pack<f64>(MR, 0, cols, m, at<f64>(k, b.ldk, 0, col), b.ldk, false, slice);
    macro<f64>(cols, c, m, 1, slice, v1, 0, at<f64>(to, c, col, 0), c, cols, c);
  }
}

/** y := y + x for n numbers. */
function add(n: i32, y: usize, x: usize): void {
  for (const end = y + (usize(n) << 3); y < end; y += 8, x += 8) store<f64>(y, load<f64>(y) + load<f64>(x));
}

/** Adds what the tiles gave to rows [r0, r1) of K·V: the m rows of the block, then those of its columns if they are others. */
export function kernel_sum_task(r0: i32, r1: i32): void {
  const b = args<Block>();
  for (let r = r0; r < r1; r++) {
    if (r < b.m) add_row(b, r);
    if (r >= b.m || b.diagonal) add_column(b, b.diagonal ? r : r - b.m);
  }
}

function add_row(b: Block, i: i32): void {
  const c = b.columns;
  const y = at<f64>(b.y, b.ldy, b.i0 + i, 0);
  const first = i / b.tileM * b.tileM;
  for (let j = 0; j < b.n; j += b.tileN) {
    if (b.diagonal && min(b.n, j + b.tileN) <= first) continue;
    add(c, y, b.rowSums + ((usize(j / b.tileN) * b.m + i) * c << 3));
  }
}

function add_column(b: Block, j: i32): void {
  const c = b.columns;
  const y = at<f64>(b.y, b.ldy, b.j0 + j, 0);
  const end = b.diagonal ? min(b.n, j / b.tileN * b.tileN + b.tileN) : b.m;
  for (let i = 0; i < end; i += b.tileM) add(c, y, b.columnSums + ((usize(i / b.tileM) * b.n + j) * c << 3));
}

/** Block after block of K, m×n. */
function blocks(b: Block, m: i32, n: i32, work: usize): i32 {
  const tell = alone();
  layout(b, m, n, work);
  const sideM = b.m;
  const sideN = b.n;
  const down = ceil_div(m, sideM);
  const total = b.symmetric ? down * (down + 1) / 2 : down * ceil_div(n, sideN);
  let done = 0;
  for (let j0 = 0; j0 < n; j0 += sideN) {
    for (let i0 = 0; i0 < (b.symmetric ? j0 + 1 : m); i0 += sideM) {
      b.i0 = i0;
      b.m = min(sideM, m - i0);
      b.j0 = j0;
      b.n = min(sideN, n - j0);
      b.diagonal = b.symmetric && i0 == j0;
      const info = block(b);
      if (info != 0) return info;
      if (tell) progress(++done, total);
    }
  }
  return 0;
}

function block(b: Block): i32 {
  const down = ceil_div(b.m, b.tileM);
  const across = ceil_div(b.n, b.tileN);
  const panels = ceil_div(b.m, MR) + ceil_div(b.n, NR<f64>());
  if (!b.columns) b.k = at<f64>(b.whole, b.ldk, b.i0, b.j0);
  let info = 0;
  for (b.p0 = 0; b.p0 < b.d && info == 0; b.p0 += b.depth) {
    b.depth = min(DEPTH / b.kc * b.kc, b.d - b.p0);
    const ofV = b.columns && b.p0 + b.depth == b.d ? across + (b.symmetric ? down : 0) : 0;
    info = parallelFor(Task.KERNEL_PACK, ceil_div(b.depth, b.kc) * panels + ofV, PACK_GRAIN);
    if (info == 0) info = parallelFor(Task.KERNEL_TILE, down * across, 1);
  }
  if (info != 0 || !b.columns) return info;
  return parallelFor(Task.KERNEL_SUM, b.m + (b.symmetric && !b.diagonal ? b.n : 0), SUM_GRAIN);
}

function fill(
  symmetric: bool, d: i32, x: usize, ldx: i32, z: usize, ldz: i32, code: usize, size: i32, frames: i32, left: usize, ldl: i32,
  right: usize, ldr: i32,
): Block {
  const b = args<Block>();
  b.symmetric = symmetric;
  b.d = d;
  b.x = x;
  b.ldx = ldx;
  b.z = z;
  b.ldz = ldz;
  b.code = code;
  b.size = size;
  b.frames = frames;
  b.left = left;
  b.ldl = ldl;
  b.right = right;
  b.ldr = ldr;
  return b;
}

/** Bytes of workspace for kernel_block, and with columns > 0 for kernel_product. */
export function kernel_block_work_f64(symmetric: bool, m: i32, n: i32, d: i32, columns: i32, frames: i32): f64 {
  const b = fill(symmetric, d, 0, 0, 0, 0, 0, 0, frames, 0, 0, 0, 0);
  b.columns = columns;
  return f64(layout(b, m, n, 0));
}

/**
 * K := k(X, Z) by a program; with `symmetric`, where Z is X, symmetric to the last bit.
 *
 * X (m×d, row stride ldx), Z (n×d, ldz), K (m×n, ldk); strides in elements; d ≥ 1; K must not overlap X or Z.
 * code: `size` instructions that need so many frames. left, right: the tables of X and Z from their first rows on, row
 * strides ldl, ldr, filled by kernel_rows. Of K, right and the workspace up to one number beyond the end is read.
 * work: kernel_block_work_f64(symmetric, m, n, d, 0, frames) bytes, 64-byte aligned. Returns 0 or INFO_ABORTED.
 */
export function kernel_block_f64(
  symmetric: bool, m: i32, n: i32, d: i32, x: usize, ldx: i32, z: usize, ldz: i32, code: usize, size: i32, frames: i32,
  left: usize, ldl: i32, right: usize, ldr: i32, k: usize, ldk: i32, work: usize,
): i32 {
  const b = fill(symmetric, d, x, ldx, z, ldz, code, size, frames, left, ldl, right, ldr);
  b.columns = 0;
  b.whole = k;
  b.ldk = ldk;
  return blocks(b, m, n, work);
}

/**
 * Y := k(X, Z)·V without all of K at a time; where Z is X (`symmetric`) for half the price.
 *
 * As kernel_block; V (n×columns, row stride ldv), Y (m×columns, ldy), columns ≥ 1; Y must not overlap the others.
 * work: kernel_block_work_f64(symmetric, m, n, d, columns, frames) bytes, 64-byte aligned. Returns 0 or INFO_ABORTED.
 */
export function kernel_product_f64(
  symmetric: bool, m: i32, n: i32, d: i32, columns: i32, x: usize, ldx: i32, z: usize, ldz: i32, code: usize, size: i32, frames: i32,
  left: usize, ldl: i32, right: usize, ldr: i32, v: usize, ldv: i32, y: usize, ldy: i32, work: usize,
): i32 {
  const b = fill(symmetric, d, x, ldx, z, ldz, code, size, frames, left, ldl, right, ldr);
  b.columns = columns;
  b.v = v;
  b.ldv = ldv;
  b.y = y;
  b.ldy = ldy;
  for (let i = 0; i < m; i++) memory.fill(at<f64>(y, ldy, i, 0), 0, usize(columns) << 3);
  return blocks(b, m, n, work);
}
