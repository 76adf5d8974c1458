// Deflation: which eigenvalues of the halves are already those of the whole, and the rows that move.
//
// Where z is negligible, dᵢ and row i stay. Where two dᵢ are so near that the rotation which makes one z
// zero couples them negligibly, one of the two stays. What survives has gaps and z well above
// rounding, as the secular equation needs. Every step changes the matrix by at most `tolerance`.
//
// Based on: Cuppen 1981; Dongarra & Sorensen, A fully parallel algorithm for the symmetric eigenvalue problem, 1987.

import { at, FIRST, get, getInt, Half, Merge, Rotation, SECOND, set, setInt, Subset } from "./merge";
import { rotate } from "./tridiagonal_ql";

/** Finds what deflates; fills all of m's deflation part. Moves no row yet. */
export function deflate(m: Merge): void {
  read_z(m);
  merge_order(m);
  const n = m.n;
  const d = m.d;
  const z = m.z;
  // dropping zᵢ changes ρ·z·zᵀ by ρ·|zᵢ|·‖z‖, and ‖z‖ = √2
  const weigh = m.singular ? 1 : Math.SQRT2 * m.rho;
  m.k = 0;
  m.rotations = 0;
  let deadCount = m.singular ? join_null_vectors(m) : 0;
  let x = -1; // the last row that survives as yet
  for (let t = m.k + deadCount; t < n; t++) {
    const y = getInt(m.order, t);
    if (weigh * abs(get(z, y)) <= m.tolerance) {
      bury(m, deadCount++, y);
      continue;
    }
    if (x >= 0) {
      const r = sqrt(get(z, x) * get(z, x) + get(z, y) * get(z, y));
      const c = get(z, y) / r;
      const s = -get(z, x) / r;
      const dx = get(d, x);
      const dy = get(d, y);
      if (abs((dy - dx) * c * s) <= m.tolerance) {
        add_rotation(m, x, y, c, s);
        set(z, y, r);
        set(d, x, dx * c * c + dy * s * s);
        set(d, y, dx * s * s + dy * c * c);
        bury(m, deadCount++, x);
      } else {
        keep(m, x);
      }
    }
    x = y;
  }
  if (x >= 0) keep(m, x);
}

/** z: the components of the eigenvectors on both sides of the cut. */
function read_z(m: Merge): void {
  for (let i = 0; i < m.n; i++) {
    const first = i < m.n1;
    const z = load<f64>(at(m.q, m.ldq, i, first ? m.zColumn1 : m.zColumn2));
    set(m.z, i, z * (first ? m.zFactor1 : m.zFactor2));
    setInt(m.support, i, first ? FIRST : SECOND);
  }
}

/** order: the rows by ascending d, from two halves that ascend; first of all the null vectors. */
function merge_order(m: Merge): void {
  let i = 0;
  let j = m.n1;
  let t = 0;
  if (m.singular) {
    setInt(m.order, t++, i++);
    setInt(m.order, t++, j++);
  }
  for (; t < m.n; t++) {
    if (j == m.n || (i < m.n1 && get(m.d, i) <= get(m.d, j))) setInt(m.order, t, i++);
    else setInt(m.order, t, j++);
  }
}

/**
 * Of the null vectors of the halves, in rows 0 and n1, makes that of the whole, which is dead, and one that takes
 * up all of their z and has the pole 0, which survives. Where the second is no part of z, this exchanges
 * them exactly. Returns 1, the dead.
 */
function join_null_vectors(m: Merge): i32 {
  const x = 0;
  const y = m.n1;
  const zx = get(m.z, x);
  const zy = get(m.z, y);
  const r = sqrt(zx * zx + zy * zy);
  add_rotation(m, x, y, r > 0 ? zy / r : 0, r > 0 ? -zx / r : -1);
  set(m.z, y, max(r, m.tolerance));
  bury(m, 0, x);
  keep(m, y);
  return 1;
}

function keep(m: Merge, row: i32): void {
  const z = get(m.z, row);
  const d = get(m.d, row);
  // squares of singular values are taken, and those of the smallest must be apart from 0
  set(m.pole, m.k, m.singular && m.k == 1 ? max(d, 0.5 * m.tolerance) : d);
  set(m.weight, m.k, m.rho * z * z);
  set(m.zeta, m.k, z);
  setInt(m.row, m.k, row);
  m.k++;
}

/** Inserts a row into the `count` dead ones, which ascend. */
function bury(m: Merge, count: i32, row: i32): void {
  const d = get(m.d, row);
  let t = count;
  for (; t > 0 && get(m.dead, t - 1) > d; t--) {
    set(m.dead, t, get(m.dead, t - 1));
    setInt(m.deadRow, t, getInt(m.deadRow, t - 1));
  }
  set(m.dead, t, d);
  setInt(m.deadRow, t, row);
}

function add_rotation(m: Merge, x: i32, y: i32, c: f64, s: f64): void {
  const rotation = changetype<Rotation>(m.rotation + usize(m.rotations++) * offsetof<Rotation>());
  rotation.c = c;
  rotation.s = s;
  rotation.x = x;
  rotation.y = y;
  rotation.supportX = getInt(m.support, x);
  rotation.supportY = getInt(m.support, y);
  const support = rotation.supportX | rotation.supportY;
  setInt(m.support, x, support);
  setInt(m.support, y, support);
}

/** The slots of both halves, ascending; those of the second are stored behind those of the first. */
export function fill_slots(m: Merge): void {
  fill_half(m, m.first);
  const offset = usize(m.first.k);
  m.second.slot = m.first.slot + (offset << 2);
  m.second.pole = m.first.pole + (offset << 3);
  m.second.zeta = m.first.zeta + (offset << 3);
  fill_half(m, m.second);
  if (!m.singular || !m.full) return;
  copy_slots(m.first, m.firstLeft);
  copy_slots(m.second, m.secondLeft);
  m.firstLeft.zeta = m.zetaLeftSlots;
  m.secondLeft.zeta = m.zetaLeftSlots + (usize(m.firstLeft.k) << 3);
}

/** Left vectors have the same slots, but for the pole 0, whose left vector is that of the row at the cut. */
function copy_slots(h: Half, left: Half): void {
  const skip = h.k > 0 && getInt(h.slot, 0) == 0 ? 1 : 0;
  left.k = h.k - skip;
  left.slot = h.slot + (skip << 2);
  left.pole = h.pole + (skip << 3);
}

function fill_half(m: Merge, h: Half): void {
  let p = 0;
  for (let i = 0; i < m.k; i++) if ((getInt(m.support, getInt(m.row, i)) & h.support) != 0) setInt(h.slot, p++, i);
  h.k = p;
}

/** Columns [c0, c1) of Q, and of U: rotates, then gathers the survivors by slot and saves the dead. */
export function gather(m: Merge, c0: i32, c1: i32): void {
  gather_half(m, m.first, c0, c1);
  gather_half(m, m.second, c0, c1);
  if (!m.singular || !m.full) return;
  gather_half(m, m.firstLeft, c0, c1);
  gather_half(m, m.secondLeft, c0, c1);
}

/** The same for those of the columns that are in one half. */
function gather_half(m: Merge, h: Half, c0: i32, c1: i32): void {
  c0 = max(c0, h.column);
  c1 = min(c1, h.column + h.cols);
  if (c0 >= c1) return;
  const count = c1 - c0;
  // the null vectors, which the first rotation joins, have no left vectors
  for (let t = h.index > 1 ? 1 : 0; t < m.rotations; t++) {
    const r = changetype<Rotation>(m.rotation + usize(t) * offsetof<Rotation>());
    const x = at(h.whole, h.ldWhole, r.x, c0);
    const y = at(h.whole, h.ldWhole, r.y, c0);
    const hasX = (r.supportX & h.support) != 0;
    const hasY = (r.supportY & h.support) != 0;
    if (!hasX && !hasY) continue;
    if (!hasX) zero(count, x);
    if (!hasY) zero(count, y);
    rotate(count, x, y, r.c, r.s);
  }
  if (!m.full) zero(m.k, h.q);
  for (let p = 0; p < h.k; p++) {
    const pole = getInt(h.slot, p);
    copy(count, at(h.whole, h.ldWhole, getInt(m.row, pole), c0), at(h.q, h.ldq, m.full ? p : pole, c0 - h.column));
  }
  for (let t = 0; t < m.n - m.k; t++) {
    const row = getInt(m.deadRow, t);
    const to = at(h.saved, m.ldSaved, t, c0);
    if ((getInt(m.support, row) & h.support) != 0) copy(count, at(h.whole, h.ldWhole, row, c0), to);
    else zero(count, to);
  }
}

/** d and place: the roots and the dead merged in ascending order. */
export function settle(m: Merge): void {
  const k = m.k;
  const n = m.n;
  let j = 0;
  let t = k;
  for (let i = 0; i < n; i++) {
    const root = j < k ? get(m.anchor, j) + get(m.tau, j) : Infinity;
    if (t == n || (j < k && root <= get(m.dead, t - k))) {
      set(m.d, i, root);
      setInt(m.place, j++, i);
    } else {
      set(m.d, i, get(m.dead, t - k));
      setInt(m.place, t++, i);
    }
  }
}

/** Columns [c0, c1) of Q, and of U: the deflated rows, at their places. */
export function place_dead(m: Merge, c0: i32, c1: i32): void {
  const cut = m.n1 - 1;
  for (let t = 0; t < m.n - m.k; t++) {
    const row = getInt(m.place, m.k + t);
    if (!wanted(m, row)) continue;
    copy(c1 - c0, at(m.saved, m.ldSaved, t, c0), at(m.q, m.ldq, row, c0));
    if (!m.singular || !m.full) continue;
    copy(min(c1, m.n - 1) - c0, at(m.savedLeft, m.ldSaved, t, c0), at(m.u, m.ldu, row, c0));
    if (c0 <= cut && cut < c1) store<f64>(at(m.u, m.ldu, row, cut), 0);
  }
}

/** Whether a row of the result is wanted. */
export function wanted(m: Merge, row: i32): bool {
  const s = changetype<Subset>(m.subset);
  return m.subset == 0 || (s.from <= row && row < s.to);
}

/** to := from, n numbers. */
export function copy(n: i32, from: usize, to: usize): void {
  const end = from + (usize(n) << 3);
  for (; from + 16 <= end; from += 16, to += 16) v128.store(to, v128.load(from));
  if (from < end) store<f64>(to, load<f64>(from));
}

function zero(n: i32, x: usize): void {
  for (const end = x + (usize(n) << 3); x < end; x += 8) store<f64>(x, 0);
}
