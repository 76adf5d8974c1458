// Block sizes of the matrix product: data, with the reason and the machine they were measured on
// (Xeon with 48 KiB L1d and 2 MiB L2 a core, V8 of Node 24; n = 1024).

import { FUSED, lanes } from "../../simd";

/**
 * Rows of a register tile: MR×2 accumulators, 2 vectors of B and a splat of A must fit into the 15
 * vector registers that V8 gives. Without fused multiply-add each product needs a register as well.
 */
export const MR: i32 = FUSED ? 6 : 4;

/** Columns of a register tile: two vectors. */
// @ts-ignore: decorator
@inline
export function NR<T>(): i32 {
  return 2 * lanes<T>();
}

/** Inner dimension of a packed f64 block: a panel of A, MR×KC (12 KiB), and one of B (8 KiB) stay in L1. */
export const KC: i32 = 256;

/** The same in type T: as many bytes. */
// @ts-ignore: decorator
@inline
export function depth<T>(): i32 {
  return KC * 8 / sizeof<T>();
}

/** Boundaries of blocks are multiples of every MR and NR, so that no register tile meets two blocks. */
export const UNIT: i32 = 24;

/**
 * Rows of a tile of work: A's block, MC×KC (96 KiB), is read once from L3, and B's block so many times from
 * L2. Few rows, so that the threads end together: n = 1024 makes 66 tiles.
 */
export const MC: i32 = 2 * UNIT;

/**
 * Columns of a tile of work: B's block, KC×NJ (960 KiB), stays in L2. Half as many read A's panels from L3 twice
 * as often, which is 2 % slower at n = 1024.
 */
export const NJ: i32 = 20 * UNIT;

/** Columns of packed B at a time: KC×NC (4 MiB) stays in L3. */
export const NC: i32 = 84 * UNIT;

/** Panels packed by one chunk: about 50 µs. */
export const PACK_GRAIN: i32 = 16;

/** Cuts n into equal parts of at most `most`, multiples of `unit` (as `most` is): the size of a part. */
export function part(n: i32, most: i32, unit: i32): i32 {
  if (n <= most) return n;
  const parts = (n + most - 1) / most;
  return ((n + parts - 1) / parts + unit - 1) / unit * unit;
}
