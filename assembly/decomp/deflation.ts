// Deflation: which eigenvalues of the halves are already those of the whole, and the rows that move.
//
// Where z is negligible, dᵢ and row i stay. Where two dᵢ are so near that the rotation which makes one z
// zero couples them negligibly, one of the two stays. What survives has gaps and z well above
// rounding, as the secular equation needs. Every step changes the matrix by at most `tolerance`.
//
// Based on: Cuppen 1981; Dongarra & Sorensen 1987; the grouping by support is LAPACK's (dlaed2).

import { at, BOTH, FIRST, get, getInt, Merge, Rotation, SECOND, set, setInt } from "./merge";
import { rotate } from "./tridiagonal_ql";

/** Finds what deflates; fills all of m's deflation part. Moves no row yet. */
export function deflate(m: Merge): void {
  read_z(m);
  merge_order(m);
  const n = m.n;
  const d = m.d;
  const z = m.z;
  // dropping zᵢ changes ρ·z·zᵀ by ρ·|zᵢ|·‖z‖, and ‖z‖ = √2
  const weigh = Math.SQRT2 * m.rho;
  m.k = 0;
  m.rotations = 0;
  let deadCount = 0;
  let x = -1; // the last row that survives as yet
  for (let t = 0; t < n; t++) {
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
  fill_slots(m);
}

/** z: the components of the eigenvectors on both sides of the cut. */
function read_z(m: Merge): void {
  for (let i = 0; i < m.n; i++) {
    const first = i < m.n1;
    const z = load<f64>(at(m.q, m.ldq, i, first ? m.zColumn1 : m.zColumn2));
    set(m.z, i, first ? z : m.sign * z);
    setInt(m.support, i, first ? FIRST : SECOND);
  }
}

/** order: the rows by ascending d, from two halves that ascend. */
function merge_order(m: Merge): void {
  let i = 0;
  let j = m.n1;
  for (let t = 0; t < m.n; t++) {
    if (j == m.n || (i < m.n1 && get(m.d, i) <= get(m.d, j))) setInt(m.order, t, i++);
    else setInt(m.order, t, j++);
  }
}

function keep(m: Merge, row: i32): void {
  const z = get(m.z, row);
  set(m.pole, m.k, get(m.d, row));
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

/** slot: the surviving poles, grouped by the support of their rows. */
function fill_slots(m: Merge): void {
  let p = 0;
  p = fill_group(m, p, FIRST);
  m.kFirst = p;
  p = fill_group(m, p, BOTH);
  m.kBoth = p - m.kFirst;
  fill_group(m, p, SECOND);
}

function fill_group(m: Merge, p: i32, support: i32): i32 {
  for (let i = 0; i < m.k; i++) if (getInt(m.support, getInt(m.row, i)) == support) setInt(m.slot, p++, i);
  return p;
}

/** Columns [c0, c1) of Q: rotates, then gathers the survivors into Q₁ and Q₂ and saves the dead. */
export function gather(m: Merge, c0: i32, c1: i32): void {
  if (c0 < m.split) gather_half(m, FIRST, c0, min(c1, m.split));
  if (c1 > m.split) gather_half(m, SECOND, max(c0, m.split), c1);
}

/** The same for columns within one half. */
function gather_half(m: Merge, half: i32, c0: i32, c1: i32): void {
  const count = c1 - c0;
  for (let t = 0; t < m.rotations; t++) {
    const r = changetype<Rotation>(m.rotation + usize(t) * offsetof<Rotation>());
    const x = at(m.q, m.ldq, r.x, c0);
    const y = at(m.q, m.ldq, r.y, c0);
    const hasX = (r.supportX & half) != 0;
    const hasY = (r.supportY & half) != 0;
    if (!hasX && !hasY) continue;
    if (!hasX) zero(count, x);
    if (!hasY) zero(count, y);
    rotate(count, x, y, r.c, r.s);
  }
  const first = half == FIRST;
  const p0 = first ? 0 : m.kFirst;
  const p1 = first ? m.kFirst + m.kBoth : m.k;
  for (let p = p0; p < p1; p++) {
    const to = first ? at(m.q1, m.ld1, p, c0) : at(m.q2, m.ld2, p - m.kFirst, c0 - m.split);
    copy(count, at(m.q, m.ldq, getInt(m.row, getInt(m.slot, p)), c0), to);
  }
  for (let t = 0; t < m.n - m.k; t++) {
    const row = getInt(m.deadRow, t);
    const to = at(m.saved, m.ldSaved, t, c0);
    if ((getInt(m.support, row) & half) != 0) copy(count, at(m.q, m.ldq, row, c0), to);
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

/** Columns [c0, c1) of Q: moves rows 0 … k, the new eigenvectors, and the saved rows to their places. */
export function place(m: Merge, c0: i32, c1: i32): void {
  const count = c1 - c0;
  // from the last on: a row's place is never above it, and what was there has moved
  for (let j = m.k - 1; j >= 0; j--) {
    const to = getInt(m.place, j);
    if (to == j) break; // and so are all above
    copy(count, at(m.q, m.ldq, j, c0), at(m.q, m.ldq, to, c0));
  }
  for (let t = 0; t < m.n - m.k; t++) {
    copy(count, at(m.saved, m.ldSaved, t, c0), at(m.q, m.ldq, getInt(m.place, m.k + t), c0));
  }
}

function copy(n: i32, from: usize, to: usize): void {
  const end = from + (usize(n) << 3);
  for (; from + 16 <= end; from += 16, to += 16) v128.store(to, v128.load(from));
  if (from < end) store<f64>(to, load<f64>(from));
}

function zero(n: i32, x: usize): void {
  for (const end = x + (usize(n) << 3); x < end; x += 8) store<f64>(x, 0);
}
