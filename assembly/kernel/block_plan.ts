// The plan of kernel blocks (block.ts): their sizes, and where in the workspace what is.

import { KC, MR, NR, part, UNIT } from "../blas/gemm/blocking";
import { FRAME } from "./strip";

/** Rows and columns of a block: its packed rows are used so many times, and all it needs stays in L3. */
const SIDE: i32 = 84 * UNIT;

/** Inner dimension of a pass: SIDE packed rows are 16 MiB. */
export const DEPTH: i32 = 1024;

/**
 * A tile: its part of K (360 KiB) and, one KC deep, its rows of X and Z (192 and 960 KiB) stay in L2. Rows of Z come from
 * L3 once for each tile; half as many rows of X doubled that.
 */
const TILE_M: i32 = 4 * UNIT;
const TILE_N: i32 = 20 * UNIT;

/** Rows of a tile, or of its transpose, that are packed at a time to be multiplied with V. */
export const SLICE: i32 = UNIT;

/** Bytes for what tiles of a block add to K·V; more columns of V make smaller blocks. */
const SUMS: f64 = 64e6;

@unmanaged
export class Block {
  d: i32;
  x: usize; // rows of X, stride ldx
  ldx: i32;
  z: usize; // rows of Z, stride ldz
  ldz: i32;
  code: usize;
  size: i32; // instructions
  frames: i32;
  left: usize; // table of X
  ldl: i32;
  right: usize; // table of Z
  ldr: i32;
  symmetric: bool; // Z is X
  columns: i32; // of V; 0 where K is wanted itself
  v: usize;
  ldv: i32;
  y: usize; // K·V
  ldy: i32;

  i0: i32; // the block: rows i0 … i0 + m − 1 of K
  m: i32;
  j0: i32; // and columns j0 … j0 + n − 1
  n: i32;
  diagonal: bool; // it has the diagonal of K, and only what is on and above it is computed
  k: usize; // its place, stride ldk
  ldk: i32;
  whole: usize; // K, which mirror images go to
  p0: i32; // the pass: inner dimension p0 … p0 + depth − 1, in steps of kc
  depth: i32;
  kc: i32;
  packedX: usize;
  packedZ: usize;
  tileM: i32;
  tileN: i32;
  packedV: usize; // for the columns of each column of tiles, then for the rows of each row of tiles
  rowSums: usize; // (tiles across, m, columns)
  columnSums: usize; // (tiles down, n, columns)
  scratch: usize; // of each tile: a Strip, a base frame, frames; a slice
}

export function ceil_div(n: i32, by: i32): i32 {
  return (n + by - 1) / by;
}

/** Rounded up to whole panels. */
export function padded(n: i32, R: i32): i32 {
  return ceil_div(n, R) * R;
}

export function slice_at(frames: i32): usize {
  return 64 + usize(frames + 1) * FRAME;
}

/** Bytes of scratch of a tile. */
export function scratch_bytes(frames: i32, columns: i32): usize {
  return slice_at(frames) + (columns ? usize(SLICE * TILE_N) << 3 : 0);
}

/** Where the packed rows of V from row `row` of those of the block on are: its columns' first, then its rows'. */
export function packed_v(b: Block, row: i32): usize {
  return b.packedV + ((usize(row) * padded(b.columns, NR<f64>())) << 3);
}

/** Rows of a block where V has so many columns. */
function side(columns: i32): i32 {
  if (columns == 0) return SIDE;
  const most = sqrt<f64>(SUMS / 8 / f64(columns) * TILE_M);
  return max(UNIT, min(SIDE, <i32>(most / UNIT) * UNIT));
}

/** Rounded up to 64 bytes. */
function aligned(address: usize): usize {
  return (address + 63) & ~63;
}

/** Sets the sizes of blocks and tiles and where in the workspace what is; returns the end of it. */
export function layout(b: Block, m: i32, n: i32, work: usize): usize {
  const c = b.columns;
  const deep = min(b.d, DEPTH);
  const most = side(c);
  b.m = m = part(m, most, UNIT);
  b.n = n = part(n, most, UNIT);
  b.tileM = part(m, TILE_M, UNIT);
  b.tileN = part(n, TILE_N, UNIT);
  b.kc = part(b.d, KC, 1);
  const down = ceil_div(m, b.tileM);
  const across = ceil_div(n, b.tileN);
  b.packedX = work;
  b.packedZ = aligned(b.packedX + (usize(padded(m, MR)) * deep << 3));
  b.scratch = aligned(b.packedZ + (usize(padded(n, NR<f64>())) * deep << 3));
  b.packedV = aligned(b.scratch + usize(down * across) * scratch_bytes(b.frames, c));
  if (!c) return b.packedV;
  b.rowSums = aligned(b.packedV + (usize(m + n) * padded(c, NR<f64>()) << 3));
  b.columnSums = aligned(b.rowSums + (usize(across) * m * c << 3));
  b.k = aligned(b.columnSums + (b.symmetric ? usize(down) * n * c << 3 : 0));
  b.ldk = (ceil_div(n, 8) | 1) * 8; // odd lines: columns do not fall into few cache sets
  return b.k + (usize(m) * b.ldk << 3);
}
