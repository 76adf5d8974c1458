// Symmetric tridiagonal eigenproblem by divide and conquer.
//
// T is cut into 2^levels blocks: at a cut, T = diag(T₁, T₂) + ρ·u·uᵀ with ρ = |e|, u = (…, 1, ±1, …). The
// blocks are solved by QL and joined pair by pair (join.ts). Node i of level l covers the rows
// ⌊i·n/2^l⌋ … ⌊(i+1)·n/2^l⌋ − 1. The lower levels are dealt to the threads as whole subtrees; at the upper
// ones each phase of a merge is a parallel region.
//
// For eigenvalues alone the same tree carries two components of each eigenvector, and the merge
// at the top only finds roots: O(n²) operations and O(n) memory.
//
// Based on: Cuppen, A divide and conquer method for the symmetric tridiagonal eigenproblem, 1981; Gu &
// Eisenstat 1995 (stability); Tisseur & Dongarra, A parallel divide and conquer algorithm, 1999.

import { args, parallelFor, progress } from "../parallel";
import { Task } from "../tasks";
import { attach_halves, join, scratch_bytes } from "./join";
import { at, attach_arrays, get, Merge, ROW_BYTES, select, set, Subset } from "./merge";
import { tridiagonal_ql } from "./tridiagonal_ql";

/** Largest block that QL solves: below, its n³ with a small constant wins over a merge. */
const LEAF: i32 = 32;

/** Largest subtree that one task solves: about 0.5 ms. */
const SUBTREE: i32 = 128;

const TREE_BYTES: i32 = 128;

@unmanaged
class Tree {
  n: i32;
  d: usize; // (n)
  e: usize; // (n − 1)
  q: usize; // (n×n), or (n×2) components
  ldq: i32;
  full: bool;
  tolerance: f64;
  levels: i32; // blocks are the nodes of this level
  taskLevel: i32; // subtrees of this level are tasks
  rows: usize; // (n) ROW_BYTES each: the arrays of all merges, by rows of T
  scratch: usize; // records and matrices: one for the merges at the top, or one for each task
  taskBytes: usize;
  info: i32;
  subset: usize; // at the top: Subset of the rows of Q that are wanted, 0 for all
  unit: f64; // of d
  from: f64; // progress
  to: f64;
}

@unmanaged
class SubtreeArgs {
  tree: usize;
}

/** Rounded up to whole cache lines. */
export function lines(bytes: f64): f64 {
  return ceil(bytes / 64) * 64;
}

/** Smallest level whose nodes have at most `most` rows. */
export function level_of(n: i32, most: i32): i32 {
  let level = 0;
  while ((n - 1 >> level) + 1 > most) level++;
  return level;
}

function task_bytes(n: i32, full: bool): f64 {
  return lines(scratch_bytes((n - 1 >> level_of(n, SUBTREE)) + 1, full, false, true));
}

function work_bytes(n: i32, full: bool): f64 {
  if (n < 1) return 0;
  const tasks = 1 << level_of(n, SUBTREE);
  const top = tasks > 1 ? scratch_bytes(n, full, false, false) : 0;
  return TREE_BYTES + lines(f64(n) * ROW_BYTES) + max(f64(tasks) * task_bytes(n, full), lines(top));
}

/** First row of node i of a level. */
function node_start(t: Tree, level: i32, i: i32): i32 {
  return i32(i64(i) * t.n >> level);
}

/** Lays out the merge of node i of a level. */
function set_merge(t: Tree, m: Merge, level: i32, i: i32, serial: bool): void {
  const lo = node_start(t, level, i);
  const mid = node_start(t, level + 1, 2 * i + 1);
  const n = node_start(t, level, i + 1) - lo;
  const n1 = mid - lo;
  const full = t.full;
  const e = get(t.e, mid - 1);
  m.n = n;
  m.n1 = n1;
  m.d = t.d + (usize(lo) << 3);
  m.q = at(t.q, t.ldq, lo, full ? lo : 0);
  m.ldq = t.ldq;
  m.full = full;
  m.serial = serial;
  m.singular = false;
  m.rho = abs(e);
  m.zFactor1 = 1;
  m.zFactor2 = e < 0 ? -1 : 1;
  m.tolerance = t.tolerance;
  m.info = 0;
  m.subset = level == 0 ? t.subset : 0;
  m.unit = t.unit;
  attach_halves(m);
  attach_arrays(m, t.rows, t.n, lo);
}

/** Solves block i by QL. */
function solve_leaf(t: Tree, i: i32): i32 {
  const lo = node_start(t, t.levels, i);
  const n = node_start(t, t.levels, i + 1) - lo;
  const cols = t.full ? n : 2;
  const q = at(t.q, t.ldq, lo, t.full ? lo : 0);
  for (let r = 0; r < n; r++) {
    for (let c = 0; c < cols; c++) store<f64>(at(q, t.ldq, r, c), (t.full || c == 0 ? c : n - 1) == r ? 1 : 0);
  }
  const offset = usize(lo) << 3;
  return tridiagonal_ql(n, t.d + offset, t.e + offset, q, t.ldq, cols, t.tolerance / 64);
}

/** Solves subtrees [i0, i1) of level taskLevel, each in its own part of the scratch. */
export function tridiagonal_subtree_task(i0: i32, i1: i32): void {
  const t = changetype<Tree>(args<SubtreeArgs>().tree);
  for (let i = i0; i < i1; i++) {
    const info = solve_subtree(t, i, changetype<Merge>(t.scratch + usize(i) * t.taskBytes));
    if (info != 0) t.info = info;
  }
}

function solve_subtree(t: Tree, i: i32, m: Merge): i32 {
  const depth = t.levels - t.taskLevel;
  for (let leaf = i << depth; leaf < i + 1 << depth; leaf++) {
    const info = solve_leaf(t, leaf);
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

/** Cuts T at the boundaries of the blocks. */
function cut(t: Tree): void {
  for (let i = 1; i < 1 << t.levels; i++) {
    const lo = node_start(t, t.levels, i);
    const rho = abs(get(t.e, lo - 1));
    set(t.d, lo - 1, get(t.d, lo - 1) - rho);
    set(t.d, lo, get(t.d, lo) - rho);
  }
}

function solve_tree(t: Tree): i32 {
  cut(t);
  args<SubtreeArgs>().tree = changetype<usize>(t);
  let info = parallelFor(Task.TRIDIAGONAL_SUBTREE, 1 << t.taskLevel, 1);
  if (info == 0) info = t.info;
  for (let level = t.taskLevel - 1; level >= 0 && info == 0; level--) {
    for (let i = 0; i < 1 << level && info == 0; i++) {
      const m = changetype<Merge>(t.scratch);
      set_merge(t, m, level, i, false);
      info = join(m, level == 0 && !t.full);
    }
    // a level costs four times the one below it
    if (t.to > t.from) progress(t.from + (t.to - t.from) / f64(1 << 2 * level), 1);
  }
  return info;
}

/** The largest of |d| and |e|. */
export function largest_of(n: i32, d: usize, e: usize): f64 {
  let largest: f64 = 0;
  for (let i = 0; i < n; i++) largest = max(largest, abs(get(d, i)));
  for (let i = 0; i < n - 1; i++) largest = max(largest, abs(get(e, i)));
  return largest;
}

export function power_of_two(power: i32): f64 {
  return reinterpret<f64>(u64(1023 + power) << 52);
}

/** x · 2^power, exact but for underflow; |power| ≤ 1022. */
export function scale_by(n: i32, x: usize, power: i32): void {
  const c = power_of_two(power);
  for (let i = 0; i < n; i++) set(x, i, get(x, i) * c);
}

function solve(
  n: i32, d: usize, e: usize, q: usize, ldq: i32, full: bool, subset: usize, from: f64, to: f64, work: usize,
): i32 {
  if (n < 1) return 0;
  // brought near norm 1, so that squares and cubes of its parts stay in range
  const exponent = i32(reinterpret<u64>(largest_of(n, d, e)) >> 52) - 1023;
  const power = min(1022, max(-1022, -exponent));
  scale_by(n, d, power);
  scale_by(n - 1, e, power);
  const t = changetype<Tree>(work);
  t.n = n;
  t.d = d;
  t.e = e;
  t.q = q;
  t.ldq = ldq;
  t.full = full;
  t.tolerance = 4 * f64.EPSILON * largest_of(n, d, e);
  t.levels = level_of(n, LEAF);
  t.taskLevel = min(t.levels, level_of(n, SUBTREE));
  t.rows = work + TREE_BYTES;
  t.scratch = t.rows + usize(lines(f64(n) * ROW_BYTES));
  t.taskBytes = usize(task_bytes(n, full));
  t.info = 0;
  t.subset = subset;
  t.unit = power_of_two(-power);
  t.from = from;
  t.to = to;
  const info = solve_tree(t);
  scale_by(n, d, -power);
  return info;
}

/** Bytes of workspace for tridiagonal_values. */
export function tridiagonal_values_work(n: i32): f64 {
  return work_bytes(n, false) + f64(max(n, 0)) * 16;
}

/** Bytes of workspace for tridiagonal_vectors: about 1.5·n² numbers, and 1.5 MB for each 128 columns. */
export function tridiagonal_vectors_work(n: i32): f64 {
  return work_bytes(n, true);
}

/**
 * Eigenvalues of the symmetric tridiagonal T (n×n).
 *
 * d (n): diagonal in, eigenvalues ascending out. e (n): off-diagonal in e₀ … eₙ₋₂, destroyed.
 * work: tridiagonal_values_work(n) bytes, 64-byte aligned.
 * Returns 0; k > 0 if an eigenvalue did not converge (in block or merge, at index k of it); INFO_ABORTED.
 * |λ̂ − λ| ≤ c·n·u·‖T‖, c about 1. T must be finite; any scale is allowed.
 */
export function tridiagonal_values(n: i32, d: usize, e: usize, work: usize): i32 {
  return solve(n, d, e, work, 2, false, 0, 0, 0, work + (usize(max(n, 0)) << 4));
}

/**
 * Eigenvalues and eigenvectors of the symmetric tridiagonal T (n×n): T = Qᵀ·diag(d)·Q.
 *
 * d, e, info as in tridiagonal_values. Q (n×n, row stride ldq): out, row i is the unit eigenvector of dᵢ.
 * work: tridiagonal_vectors_work(n) bytes, 64-byte aligned.
 * ‖T·qᵢ − dᵢ·qᵢ‖ ≤ c·n·u·‖T‖ and ‖Q·Qᵀ − I‖ ≤ c·n·u, c about 1   [Gu & Eisenstat 1995]
 */
export function tridiagonal_vectors(n: i32, d: usize, e: usize, q: usize, ldq: i32, work: usize): i32 {
  return solve(n, d, e, q, ldq, true, 0, 0, 0, work);
}

/**
 * tridiagonal_vectors for a Subset of the eigenvectors: all of d, but only those rows of Q need be right,
 * which spares the last merge most of its work. They are then the same to the last bit. from, to: the part of
 * the progress that this is of.
 */
export function tridiagonal_subset(
  n: i32, d: usize, e: usize, q: usize, ldq: i32, subset: usize, from: f64, to: f64, work: usize,
): i32 {
  const info = solve(n, d, e, q, ldq, true, subset, from, to, work);
  select(changetype<Subset>(subset), n, d, 1);
  return info;
}
