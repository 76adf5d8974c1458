// How many neurons two samples both activate: C = S·Sᵀ for a 0/1 matrix S (samples × neurons).
//
// Based on: Arlazarov, Dinic, Kronrod & Faradzhev, On economical construction of the transitive closure
// of a directed graph, 1970 (the "four Russians").
//
// Of 64 samples j and a group of 6 neurons, a table holds for each of the 64 subsets of the group how many
// of its neurons every j activates: 64 rows of 64 bytes. Row i's byte of bits is such a subset, so one
// 64-byte addition counts 384 pairs. Eight tables, a pass, fill 32 KiB of L1; they serve all rows i.
// One core counts 450·10⁹ pairs a second so; by i8x16.swizzle 300·10⁹, by i64.popcnt 190·10⁹.
//
// Counts are kept for the blocks (I, J), I ≤ J, of 64×64 samples, one after the other, J(J + 1)/2 + I;
// in bytes, since a pass adds at most 48, and after 5 passes in u32.

import { GROUP, GROUPS, PANEL, PANEL_BITS, PASS } from "./signs";

/** Numbers of a block. */
export const BLOCK: usize = PANEL * PANEL;

/** Rows of a table. */
const SUBSETS: i32 = 1 << GROUP;
const TABLE: usize = SUBSETS * PANEL;
export const TABLES_BYTES: usize = <usize>GROUPS * TABLE;

/** Passes whose counts fit into a byte. */
const PASSES: i32 = 255 / PASS;

/** The number of the first block of column J. */
// @ts-ignore: decorator
@inline
export function blocks_before(J: i32): usize {
  return (usize(J) * (J + 1)) >> 1;
}

/**
 * Adds the neurons of `passes` passes to column J of the counts, blocks (0…J, J).
 * bits: see signs.ts, `panels` panels in a pass; counts: u32, few: u8, of which column J is used and
 * zero before and after, both at their block 0; tables: TABLES_BYTES of scratch.
 */
export function add_coactivations(
  J: i32, passes: i32, panels: i32, bits: usize, counts: usize, few: usize, tables: usize,
): void {
  const first = blocks_before(J) * BLOCK;
  for (let p = 0; p < passes; p++) {
    const pass = bits + usize(p) * panels * PANEL_BITS;
    for (let g = 0; g < GROUPS; g++) {
      const group = pass + usize(J) * PANEL_BITS + usize(g) * PANEL;
      for (let b = 0; b < GROUP; b++) extend_table(b, group, tables + usize(g) * TABLE);
    }
    const full = (p + 1) % PASSES == 0 || p + 1 == passes;
    for (let I = 0; I <= J; I++) {
      const block = first + usize(I) * BLOCK;
      add_pass(pass + usize(I) * PANEL_BITS, tables, few + block);
      if (full) widen(few + block, counts + (block << 2));
    }
  }
}

/** Rows 2ᵇ…2ᵇ⁺¹ of a table from those before them: neuron b joins the subset. */
function extend_table(b: i32, bits: usize, table: usize): void {
  const one = i8x16.splat(1);
  const v0 = v128.and(i8x16.shr_u(v128.load(bits), b), one);
  const v1 = v128.and(i8x16.shr_u(v128.load(bits, 16), b), one);
  const v2 = v128.and(i8x16.shr_u(v128.load(bits, 32), b), one);
  const v3 = v128.and(i8x16.shr_u(v128.load(bits, 48), b), one);
  if (b == 0) memory.fill(table, 0, PANEL);
  let to = table + (usize(PANEL) << b);
  for (const end = to; table < end; table += PANEL) {
    v128.store(to, i8x16.add(v128.load(table), v0));
    v128.store(to, i8x16.add(v128.load(table, 16), v1), 16);
    v128.store(to, i8x16.add(v128.load(table, 32), v2), 32);
    v128.store(to, i8x16.add(v128.load(table, 48), v3), 48);
    to += PANEL;
  }
}

/** few (64×64 bytes) += what the eight tables hold for the bits of 64 rows. */
function add_pass(bits: usize, tables: usize, few: usize): void {
  for (const end = bits + PANEL; bits < end; bits++) {
    let row = tables + (usize(load<u8>(bits)) << 6);
    let c0 = i8x16.add(v128.load(few), v128.load(row));
    let c1 = i8x16.add(v128.load(few, 16), v128.load(row, 16));
    let c2 = i8x16.add(v128.load(few, 32), v128.load(row, 32));
    let c3 = i8x16.add(v128.load(few, 48), v128.load(row, 48));
    row = tables + (usize(load<u8>(bits, PANEL)) << 6);
    c0 = i8x16.add(c0, v128.load(row, TABLE));
    c1 = i8x16.add(c1, v128.load(row, TABLE + 16));
    c2 = i8x16.add(c2, v128.load(row, TABLE + 32));
    c3 = i8x16.add(c3, v128.load(row, TABLE + 48));
    row = tables + (usize(load<u8>(bits, 2 * PANEL)) << 6);
    c0 = i8x16.add(c0, v128.load(row, 2 * TABLE));
    c1 = i8x16.add(c1, v128.load(row, 2 * TABLE + 16));
    c2 = i8x16.add(c2, v128.load(row, 2 * TABLE + 32));
    c3 = i8x16.add(c3, v128.load(row, 2 * TABLE + 48));
    row = tables + (usize(load<u8>(bits, 3 * PANEL)) << 6);
    c0 = i8x16.add(c0, v128.load(row, 3 * TABLE));
    c1 = i8x16.add(c1, v128.load(row, 3 * TABLE + 16));
    c2 = i8x16.add(c2, v128.load(row, 3 * TABLE + 32));
    c3 = i8x16.add(c3, v128.load(row, 3 * TABLE + 48));
    row = tables + (usize(load<u8>(bits, 4 * PANEL)) << 6);
    c0 = i8x16.add(c0, v128.load(row, 4 * TABLE));
    c1 = i8x16.add(c1, v128.load(row, 4 * TABLE + 16));
    c2 = i8x16.add(c2, v128.load(row, 4 * TABLE + 32));
    c3 = i8x16.add(c3, v128.load(row, 4 * TABLE + 48));
    row = tables + (usize(load<u8>(bits, 5 * PANEL)) << 6);
    c0 = i8x16.add(c0, v128.load(row, 5 * TABLE));
    c1 = i8x16.add(c1, v128.load(row, 5 * TABLE + 16));
    c2 = i8x16.add(c2, v128.load(row, 5 * TABLE + 32));
    c3 = i8x16.add(c3, v128.load(row, 5 * TABLE + 48));
    row = tables + (usize(load<u8>(bits, 6 * PANEL)) << 6);
    c0 = i8x16.add(c0, v128.load(row, 6 * TABLE));
    c1 = i8x16.add(c1, v128.load(row, 6 * TABLE + 16));
    c2 = i8x16.add(c2, v128.load(row, 6 * TABLE + 32));
    c3 = i8x16.add(c3, v128.load(row, 6 * TABLE + 48));
    row = tables + (usize(load<u8>(bits, 7 * PANEL)) << 6);
    v128.store(few, i8x16.add(c0, v128.load(row, 7 * TABLE)));
    v128.store(few, i8x16.add(c1, v128.load(row, 7 * TABLE + 16)), 16);
    v128.store(few, i8x16.add(c2, v128.load(row, 7 * TABLE + 32)), 32);
    v128.store(few, i8x16.add(c3, v128.load(row, 7 * TABLE + 48)), 48);
    few += PANEL;
  }
}

/** counts += few; few := 0, for one block. */
function widen(few: usize, counts: usize): void {
  for (const end = few + BLOCK; few < end; few += 16) {
    const bytes = v128.load(few);
    v128.store(few, i8x16.splat(0));
    const low = i16x8.extend_low_i8x16_u(bytes);
    const high = i16x8.extend_high_i8x16_u(bytes);
    v128.store(counts, i32x4.add(v128.load(counts), i32x4.extend_low_i16x8_u(low)));
    v128.store(counts, i32x4.add(v128.load(counts, 16), i32x4.extend_high_i16x8_u(low)), 16);
    v128.store(counts, i32x4.add(v128.load(counts, 32), i32x4.extend_low_i16x8_u(high)), 32);
    v128.store(counts, i32x4.add(v128.load(counts, 48), i32x4.extend_high_i16x8_u(high)), 48);
    counts += 64;
  }
}
