// Singular values and vectors of an upper bidiagonal matrix by divide and conquer.
//
// B (n×n) gets a column of zeros, and the n + 1 columns are cut into 2^levels blocks. A block of c columns has
// c − 1 rows of its own, so that it has a null vector; the row at a cut has one number on either side,
//
//     │ B₁       │       rows orthonormal, with U₁·B₁·V₁ᵀ = [0 D₁], U₂·B₂·V₂ᵀ = [0 D₂]:
//     │   α  β   │
//     │       B₂ │       B is diag(0, D₁, 0, D₂) but for a row z, that of the cut: α·(last column of V₁), β·(first of V₂)
//
// When the two null vectors are joined, one is that of the whole, the other has the pole 0, and the
// singular values are the roots of 1 + Σ zᵢ²/(dᵢ² − σ²) = 0. So this is the merge of the symmetric problem with
// squares, taken as (d − σ)·(d + σ), and with left vectors besides: row 0 of a block of U stands for the null
// vector and means nothing, and the left vector of the pole 0 is that of the row at the cut.
//
// Based on: Gu & Eisenstat, A divide-and-conquer algorithm for the bidiagonal SVD, 1995 (LAPACK dbdsdc).

import { args, parallelFor } from "../parallel";
import { Task } from "../tasks";
import { BIDIAGONAL_QR_WORK, bidiagonal_qr } from "./bidiagonal_qr";
import { largest_of, level_of, lines, power_of_two, scale_by } from "./divide_conquer";
import { attach_halves, join, scratch_bytes } from "./join";
import { at, attach_arrays, get, Merge, ROW_BYTES, set } from "./merge";

/** Most columns of a block that QR solves. */
const LEAF: i32 = 32;

/** Most columns of a subtree that one task solves. */
const SUBTREE: i32 = 128;

const TREE_BYTES: i32 = 128;

@unmanaged
class Tree {
  columns: i32; // n + 1
  d: usize; // (n)
  e: usize; // (n)
  sigma: usize; // (n + 1): of each block its 0, then its values
  u: usize; // (n + 1 × n)
  ldu: i32;
  v: usize; // (n + 1 × n + 1), or (n + 1 × 2) components
  ldv: i32;
  full: bool;
  tolerance: f64;
  levels: i32; // blocks are the nodes of this level
  taskLevel: i32; // subtrees of this level are tasks
  rows: usize; // (n + 1) ROW_BYTES each
  scratch: usize;
  taskBytes: usize;
  info: i32;
}

@unmanaged
class SubtreeArgs {
  tree: usize;
}

function task_bytes(columns: i32, full: bool): f64 {
  return lines(max(f64(BIDIAGONAL_QR_WORK), scratch_bytes((columns - 1 >> level_of(columns, SUBTREE)) + 1, full, true, true)));
}

function work_bytes(n: i32, full: bool): f64 {
  const columns = n + 1;
  const tasks = 1 << level_of(columns, SUBTREE);
  const top = tasks > 1 ? scratch_bytes(columns, full, true, false) : 0;
  return TREE_BYTES + lines(f64(columns) * ROW_BYTES) + max(f64(tasks) * task_bytes(columns, full), lines(top));
}

/** First column of node i of a level. */
function node_start(t: Tree, level: i32, i: i32): i32 {
  return i32(i64(i) * t.columns >> level);
}

/** Lays out the merge of node i of a level. */
function set_merge(t: Tree, m: Merge, level: i32, i: i32, serial: bool): void {
  const lo = node_start(t, level, i);
  const mid = node_start(t, level + 1, 2 * i + 1);
  m.n = node_start(t, level, i + 1) - lo;
  m.n1 = mid - lo;
  m.d = t.sigma + (usize(lo) << 3);
  m.q = at(t.v, t.ldv, lo, t.full ? lo : 0);
  m.ldq = t.ldv;
  m.u = at(t.u, t.ldu, lo, lo);
  m.ldu = t.ldu;
  m.full = t.full;
  m.serial = serial;
  m.singular = true;
  m.rho = 1;
  m.zFactor1 = get(t.d, mid - 1);
  m.zFactor2 = get(t.e, mid - 1);
  m.tolerance = t.tolerance;
  m.info = 0;
  m.subset = 0;
  attach_halves(m);
  attach_arrays(m, t.rows, t.columns, lo);
}

/** Solves block i by QR. */
function solve_leaf(t: Tree, i: i32, work: usize): i32 {
  const lo = node_start(t, t.levels, i);
  const columns = node_start(t, t.levels, i + 1) - lo;
  const u = at(t.u, t.ldu, lo, lo);
  const v = at(t.v, t.ldv, lo, t.full ? lo : 0);
  const colsU = t.full ? columns - 1 : 0;
  const colsV = t.full ? columns : 2;
  for (let r = 0; r < columns; r++) {
    // row 0 stands for the last column
    const column = r == 0 ? columns - 1 : r - 1;
    for (let c = 0; c < colsU; c++) set(at(u, t.ldu, r, 0), c, r > 0 && c == column ? 1 : 0);
    for (let c = 0; c < colsV; c++) set(at(v, t.ldv, r, 0), c, (t.full || c == 0 ? c : columns - 1) == column ? 1 : 0);
  }
  const offset = usize(lo) << 3;
  set(t.sigma, lo, 0);
  return bidiagonal_qr(
    columns - 1, t.d + offset, t.e + offset, t.sigma + offset + 8, u, t.ldu, colsU, v, t.ldv, colsV, t.tolerance / 64, work,
  );
}

/** Solves subtrees [i0, i1) of level taskLevel, each in its own part of the scratch. */
export function bidiagonal_subtree_task(i0: i32, i1: i32): void {
  const t = changetype<Tree>(args<SubtreeArgs>().tree);
  for (let i = i0; i < i1; i++) {
    const info = solve_subtree(t, i, changetype<Merge>(t.scratch + usize(i) * t.taskBytes));
    if (info != 0) t.info = info;
  }
}

function solve_subtree(t: Tree, i: i32, m: Merge): i32 {
  const depth = t.levels - t.taskLevel;
  for (let leaf = i << depth; leaf < i + 1 << depth; leaf++) {
    const info = solve_leaf(t, leaf, changetype<usize>(m));
    if (info != 0) return info;
  }
  for (let level = t.levels - 1; level >= t.taskLevel; level--) {
    const below = level - t.taskLevel;
    for (let node = i << below; node < i + 1 << below; node++) {
      set_merge(t, m, level, node, true);
      const info = join(m, level == 0 && !t.full);
      if (info != 0) return info;
    }
  }
  return 0;
}

function solve_tree(t: Tree): i32 {
  args<SubtreeArgs>().tree = changetype<usize>(t);
  let info = parallelFor(Task.BIDIAGONAL_SUBTREE, 1 << t.taskLevel, 1);
  if (info == 0) info = t.info;
  for (let level = t.taskLevel - 1; level >= 0 && info == 0; level--) {
    for (let i = 0; i < 1 << level && info == 0; i++) {
      const m = changetype<Merge>(t.scratch);
      set_merge(t, m, level, i, false);
      info = join(m, level == 0 && !t.full);
    }
  }
  return info;
}

function solve(n: i32, d: usize, e: usize, sigma: usize, u: usize, ldu: i32, v: usize, ldv: i32, full: bool, work: usize): i32 {
  // brought near norm 1, so that squares and their products stay in range
  const exponent = i32(reinterpret<u64>(largest_of(n, d, e)) >> 52) - 1023;
  const power = min(1022, max(-1022, -exponent));
  scale_by(n, d, power);
  scale_by(n - 1, e, power);
  set(e, n - 1, 0);
  const t = changetype<Tree>(work);
  const columns = n + 1;
  t.columns = columns;
  t.d = d;
  t.e = e;
  t.sigma = sigma;
  t.u = u;
  t.ldu = ldu;
  t.v = v;
  t.ldv = ldv;
  t.full = full;
  t.tolerance = 4 * f64.EPSILON * largest_of(n, d, e);
  t.levels = level_of(columns, LEAF);
  t.taskLevel = min(t.levels, level_of(columns, SUBTREE));
  t.rows = work + TREE_BYTES;
  t.scratch = t.rows + usize(lines(f64(columns) * ROW_BYTES));
  t.taskBytes = usize(task_bytes(columns, full));
  t.info = 0;
  const info = solve_tree(t);
  scale_by(columns, sigma, -power);
  return info;
}

/** Bytes of workspace for bidiagonal_values. */
export function bidiagonal_values_work(n: i32): f64 {
  return lines(f64(n + 1) * 16) + work_bytes(n, false);
}

/** Bytes of workspace for bidiagonal_vectors: about 3·n² numbers, and 3 MB for each 128 columns. */
export function bidiagonal_vectors_work(n: i32): f64 {
  return work_bytes(n, true);
}

/**
 * Singular values of the upper bidiagonal B (n×n), n ≥ 1.
 *
 * d (n): diagonal, e (n): off-diagonal e₀ … eₙ₋₂, both destroyed. sigma (n + 1): a zero, then the values ascending.
 * work: bidiagonal_values_work(n) bytes, 64-byte aligned.
 * Returns 0; k > 0 if a value did not converge (in block or merge, at index k of it); INFO_ABORTED.
 * |σ̂ − σ| ≤ c·n·u·‖B‖, c about 1. B must be finite; any scale is allowed.
 */
export function bidiagonal_values(n: i32, d: usize, e: usize, sigma: usize, work: usize): i32 {
  return solve(n, d, e, sigma, 0, 0, work, 2, false, work + usize(lines(f64(n + 1) * 16)));
}

/**
 * Singular values and vectors of the upper bidiagonal B (n×n), n ≥ 1: B = Uᵀ·diag(σ)·V.
 *
 * d, e, sigma, info as in bidiagonal_values. U and V (n + 1 × n + 1, row strides ldu, ldv): out, rows i + 1, columns
 * 0 … n − 1 are the unit left and right vectors of σᵢ, ascending; row 0 and column n mean nothing.
 * work: bidiagonal_vectors_work(n) bytes, 64-byte aligned.
 * ‖B·vᵢ − σᵢ·uᵢ‖ ≤ c·n·u·‖B‖, ‖U·Uᵀ − I‖ and ‖V·Vᵀ − I‖ ≤ c·n·u, however small σ, c about 1   [Gu & Eisenstat 1995]
 */
export function bidiagonal_vectors(
  n: i32, d: usize, e: usize, sigma: usize, u: usize, ldu: i32, v: usize, ldv: i32, work: usize,
): i32 {
  return solve(n, d, e, sigma, u, ldu, v, ldv, true, work);
}
