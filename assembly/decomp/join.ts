// Joining two halves: deflate, find the roots, correct z, form the eigenvectors of D + ρ·z·zᵀ, multiply. Each phase
// is a parallel region, or runs in the thread it is in.

import { gemm, gemm_serial, gemm_work } from "../blas/gemm/gemm";
import { args, parallelFor } from "../parallel";
import { Task } from "../tasks";
import { deflate, gather, place, settle } from "./deflation";
import { at, Merge } from "./merge";
import { correct_z, fill_components, fill_slot_values, fill_vectors, find_roots } from "./secular";

/** Items of a chunk: roots, poles and vectors cost 5-50 µs so many; columns are 8 cache lines. */
const ROOT_GRAIN: i32 = 16;
const COLUMN_GRAIN: i32 = 64;

/** Bytes kept for the record in front of its matrices. */
const RECORD_BYTES: i32 = 512;

const enum Phase {
  GATHER,
  ROOTS,
  CORRECT,
  VECTORS,
  COMPONENTS,
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

/** Bytes of record and matrices of a merge of order n. */
export function scratch_bytes(n: i32, full: bool): f64 {
  const half = (n + 1) >> 1;
  if (!full) return f64(RECORD_BYTES) + 8 * 4 * f64(n);
  const matrices = 8 * (2 * f64(half) * f64(padded(half)) + f64(n) * f64(padded(n)));
  return f64(RECORD_BYTES) + matrices + f64(gemm_work<f64>(n, half, half));
}

/** Lays out the matrices, behind the record, once it is known how many rows survive. */
function set_matrices(m: Merge): void {
  const start = changetype<usize>(m) + RECORD_BYTES;
  m.q1 = start;
  if (m.full) {
    const n2 = m.n - m.n1;
    m.ld1 = padded(m.n1);
    m.ld2 = padded(n2);
    m.lds = padded(m.k);
    m.ldSaved = padded(m.n);
    m.q2 = m.q1 + (usize(m.n1) * m.ld1 << 3);
    m.s = m.q2 + (usize(n2) * m.ld2 << 3);
    m.saved = m.s + (usize(m.k) * m.lds << 3);
    m.gemm = m.saved + (usize(m.n - m.k) * m.ldSaved << 3);
  } else {
    m.ld1 = 1;
    m.ld2 = 1;
    m.ldSaved = 2;
    m.q2 = m.q1 + (usize(m.n + m.kFirst) << 3);
    m.saved = m.q1 + (usize(m.n) << 4);
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
  switch (phase) {
    case Phase.GATHER: return gather(m, i0, i1);
    case Phase.ROOTS: return find_roots(m, i0, i1);
    case Phase.CORRECT: return correct_z(m, i0, i1);
    case Phase.VECTORS: return fill_vectors(m, i0, i1);
    case Phase.COMPONENTS: return fill_components(m, i0, i1);
    case Phase.PLACE: return place(m, i0, i1);
  }
}

/** Joins the two halves of m; with valuesOnly, finds d alone. Returns 0, k > 0 if root k did not converge, INFO_ABORTED. */
export function join(m: Merge, valuesOnly: bool): i32 {
  deflate(m);
  const k = m.k;
  let info = run_phase(m, Phase.ROOTS, k, ROOT_GRAIN);
  if (info == 0) info = m.info;
  settle(m);
  if (info != 0 || valuesOnly) return info;
  set_matrices(m);
  info = run_phase(m, Phase.GATHER, m.cols, COLUMN_GRAIN);
  if (info == 0) info = run_phase(m, Phase.CORRECT, k, ROOT_GRAIN);
  fill_slot_values(m);
  if (info == 0) info = run_phase(m, m.full ? Phase.VECTORS : Phase.COMPONENTS, k, ROOT_GRAIN);
  if (info == 0 && m.full) info = multiply(m);
  if (info == 0) info = run_phase(m, Phase.PLACE, m.cols, COLUMN_GRAIN);
  return info;
}

/** Rows 0 … k of Q := S·(Q₁, Q₂), each half of the columns from the rows that have support there. */
function multiply(m: Merge): i32 {
  const k1 = m.kFirst + m.kBoth;
  const k2 = m.k - m.kFirst;
  const n2 = m.n - m.n1;
  const s2 = at(m.s, m.lds, 0, m.kFirst);
  const c2 = at(m.q, m.ldq, 0, m.n1);
  if (m.serial) {
    gemm_serial<f64>(false, false, m.k, m.n1, k1, 1, m.s, m.lds, m.q1, m.ld1, 0, m.q, m.ldq, m.gemm);
    gemm_serial<f64>(false, false, m.k, n2, k2, 1, s2, m.lds, m.q2, m.ld2, 0, c2, m.ldq, m.gemm);
    return 0;
  }
  const info = gemm<f64>(false, false, m.k, m.n1, k1, 1, m.s, m.lds, m.q1, m.ld1, 0, m.q, m.ldq, m.gemm);
  if (info != 0) return info;
  return gemm<f64>(false, false, m.k, n2, k2, 1, s2, m.lds, m.q2, m.ld2, 0, c2, m.ldq, m.gemm);
}
