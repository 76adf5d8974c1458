// Joining two halves: deflate, find the roots, correct z, form the eigenvectors of D + ρ·z·zᵀ, multiply.
// Each phase is a parallel region, or runs in the thread it is in.

import { args, parallelFor } from "../parallel";
import { Task } from "../tasks";
import { block_count, block_levels, fill_blocks, multiply_strips, product_work, task_count } from "./cauchy";
import { deflate, fill_slots, gather, place_dead, settle } from "./deflation";
import { FIRST, get, getInt, Half, Merge, SECOND, select, set, Subset } from "./merge";
import { find_roots, Plain, Squared } from "./secular";
import { correct_z, scale_vectors } from "./secular_vectors";

/** Items of a chunk: roots, poles and vectors cost 5-50 µs so many; columns are 8 cache lines. */
const ROOT_GRAIN: i32 = 16;
const COLUMN_GRAIN: i32 = 64;

/** Bytes kept for the records in front of the matrices. */
const MERGE_BYTES: i32 = 512;
const HALF_BYTES: i32 = 128;
const RECORD_BYTES: i32 = MERGE_BYTES + 4 * HALF_BYTES;

const enum Phase {
  GATHER,
  ROOTS,
  CORRECT,
  SCALE,
  BLOCKS,
  STRIPS,
  PLACE,
}

@unmanaged
class PhaseArgs {
  merge: usize;
  phase: i32;
}

/** Row stride: an odd number of 64-byte lines. */
function padded(n: i32): i32 {
  return (((n + 7) >> 3) | 1) << 3;
}

/** Bytes of records and matrices of a merge of order n. */
export function scratch_bytes(n: i32, full: bool, singular: bool, serial: bool): f64 {
  const half = (n + 1) >> 1;
  if (!full) return f64(RECORD_BYTES) + 8 * 4 * f64(n);
  // the rows gathered by half; S of both halves (its strides add up to n and 30 at most) and the deflated rows
  const matrices = 8 * (2 * f64(half) * f64(padded(half)) + f64(n) * f64(padded(n) + 32));
  return f64(RECORD_BYTES) + (singular ? 2 : 1) * matrices + product_work(n, singular, serial);
}

/** Attaches the records of the halves, which lie behind m's, and says which columns they are: m's order, q, u are known. */
export function attach_halves(m: Merge): void {
  const p = changetype<usize>(m) + MERGE_BYTES;
  const n1 = m.n1;
  const full = m.full;
  m.cols = full ? m.n : 2;
  m.zColumn1 = full ? n1 - 1 : 1;
  m.zColumn2 = full ? n1 : 0;
  m.first = attach_half(m, p, 0, 0, full ? n1 : 1);
  m.second = attach_half(m, p, 1, m.first.cols, m.cols - m.first.cols);
  if (!m.singular) return;
  m.firstLeft = attach_half(m, p, 2, 0, n1 - 1);
  m.secondLeft = attach_half(m, p, 3, n1, m.n - n1 - 1);
}

function attach_half(m: Merge, p: usize, index: i32, column: i32, cols: i32): Half {
  const h = changetype<Half>(p + index * HALF_BYTES);
  h.index = index;
  h.support = (index & 1) == 0 ? FIRST : SECOND;
  h.column = column;
  h.cols = cols;
  h.whole = index < 2 ? m.q : m.u;
  h.ldWhole = index < 2 ? m.ldq : m.ldu;
  return h;
}

/** Lays out the matrices, behind the records, once it is known how many rows survive. */
function set_matrices(m: Merge): void {
  const h1 = m.first;
  const h2 = m.second;
  h1.q = changetype<usize>(m) + RECORD_BYTES;
  if (m.full) {
    m.levels = block_levels(m.k);
    m.ldSaved = padded(m.n);
    let end = set_pair(m, h1, h2, h1.q);
    m.saved = h1.saved;
    h1.scale = m.scale;
    h2.scale = m.scale;
    const ranks = usize(2) << m.levels << 2;
    h2.rank = h1.rank + ranks;
    if (m.singular) {
      end = set_pair(m, m.firstLeft, m.secondLeft, end);
      m.savedLeft = m.firstLeft.saved;
      m.firstLeft.scale = m.scaleLeft;
      m.secondLeft.scale = m.scaleLeft;
      m.firstLeft.rank = h2.rank + ranks;
      m.secondLeft.rank = m.firstLeft.rank + ranks;
    }
    m.work = end;
  } else {
    h1.ldq = 1;
    h2.ldq = 1;
    m.ldSaved = 2;
    h2.q = h1.q + (usize(m.n) << 3);
    m.saved = h2.q + (usize(m.n) << 3);
    h1.saved = m.saved;
    h2.saved = m.saved;
  }
}

/** The matrices of two halves, from `start` on; returns where they end. */
function set_pair(m: Merge, h1: Half, h2: Half, start: usize): usize {
  h1.ldq = padded(h1.cols);
  h2.ldq = padded(h2.cols);
  h1.lds = padded(h1.k);
  h2.lds = padded(h2.k);
  h1.q = start;
  h2.q = start + (usize(h1.cols) * h1.ldq << 3);
  h1.s = h2.q + (usize(h2.cols) * h2.ldq << 3);
  h2.s = h1.s + (usize(m.k) * h1.lds << 3);
  h1.saved = h2.s + (usize(m.k) * h2.lds << 3);
  h2.saved = h1.saved;
  return h1.saved + (usize(m.n - m.k) * m.ldSaved << 3);
}

/** Pole and corrected z of each slot. */
function fill_slot_values(m: Merge, h: Half): void {
  for (let p = 0; p < h.k; p++) {
    const i = getInt(h.slot, p);
    set(h.pole, p, get(m.pole, i));
    set(h.zeta, p, get(h.index < 2 ? m.zeta : m.zetaLeft, i));
  }
}

/** Runs a phase over `items`: in this thread within a task, otherwise as a region. */
function run_phase(m: Merge, phase: i32, items: i32, grain: i32): i32 {
  if (m.serial) {
    do_phase(m, phase, 0, items);
    return 0;
  }
  const a = args<PhaseArgs>();
  a.merge = changetype<usize>(m);
  a.phase = phase;
  return parallelFor(Task.TRIDIAGONAL_MERGE, items, grain);
}

export function tridiagonal_merge_task(i0: i32, i1: i32): void {
  const a = args<PhaseArgs>();
  do_phase(changetype<Merge>(a.merge), a.phase, i0, i1);
}

function do_phase(m: Merge, phase: i32, i0: i32, i1: i32): void {
  if (m.singular) do_phase_of<Squared>(m, phase, i0, i1);
  else do_phase_of<Plain>(m, phase, i0, i1);
}

function do_phase_of<K>(m: Merge, phase: i32, i0: i32, i1: i32): void {
  switch (phase) {
    case Phase.GATHER: return gather(m, i0, i1);
    case Phase.ROOTS: return find_roots<K>(m, i0, i1);
    case Phase.CORRECT: return correct_z<K>(m, i0, i1);
    case Phase.SCALE: return scale_vectors<K>(m, i0, i1);
    case Phase.BLOCKS: return fill_blocks<K>(m, i0, i1);
    case Phase.STRIPS: return multiply_strips(m, i0, i1);
    case Phase.PLACE: return place_dead(m, i0, i1);
  }
}

/**
 * Joins the two halves of m; with valuesOnly, finds d alone. Returns 0, k > 0 if root k did not converge, or
 * INFO_ABORTED.
 */
export function join(m: Merge, valuesOnly: bool): i32 {
  deflate(m);
  const k = m.k;
  let info = run_phase(m, Phase.ROOTS, k, ROOT_GRAIN);
  if (info == 0) info = m.info;
  settle(m);
  if (info != 0 || valuesOnly) return info;
  if (m.subset != 0) select(changetype<Subset>(m.subset), m.n, m.d, m.unit);
  fill_slots(m);
  set_matrices(m);
  info = run_phase(m, Phase.GATHER, m.cols, COLUMN_GRAIN);
  if (info == 0) info = run_phase(m, Phase.CORRECT, k, ROOT_GRAIN);
  if (info == 0) info = run_phase(m, Phase.SCALE, k, ROOT_GRAIN);
  if (m.full) {
    fill_slot_values(m, m.first);
    fill_slot_values(m, m.second);
    if (m.singular) {
      fill_slot_values(m, m.firstLeft);
      fill_slot_values(m, m.secondLeft);
    }
    if (info == 0) info = run_phase(m, Phase.BLOCKS, block_count(m), 1);
    if (info == 0) info = run_phase(m, Phase.STRIPS, task_count(m), 1);
  }
  if (info == 0) info = run_phase(m, Phase.PLACE, m.cols, COLUMN_GRAIN);
  return info;
}
