// The new eigenvectors: for each half, C := S·Q, where Q are the half's rows and S has the elements
//
//     sⱼₚ = aⱼ·bₚ/(dₚ − λⱼ),     aⱼ = scaleⱼ, bₚ = ζₚ.
//
// Rows and columns ascend, so that where a block of S is off the diagonal its λ and d are apart, and
// the block is numerically of low rank: about 26 for 650×330, growing with log n. S is halved again and
// again, down to diagonal blocks that are kept as they are:
//
//        ┌───┬───┬───────┐
//        │ D │ 2 │       │        D dense
//        ├───┼───┤   1   │        1, 2 blocks of that level, U·V
//        │ 2 │ D │       │
//        ├───┴───┼───┬───┤        Block i of a level has the rows of its node i and the columns of its
//        │       │ D │ 2 │        sibling, node i ^ 1. Row j and the slots of pole j go together.
//        │   1   ├───┼───┤
//        │       │ 2 │ D │
//        └───────┴───┴───┘
//
// U and V come by elimination with pivoting: what remains of S after a step has the same form with other
// a and b, so that a step costs one row and one column, with high relative accuracy, and the largest
// element that remains has a bound that separates into rows and columns.
//
// Based on: Gohberg, Kailath & Olshevsky, Fast Gaussian elimination with partial pivoting for matrices with
// displacement structure, 1995; Gu & Eisenstat 1995 and Li, Liao et al., New fast divide-and-conquer algorithms
// for the symmetric tridiagonal eigenvalue problem, 2016 (low rank in divide and conquer).

import { gemm_serial, gemm_serial_work } from "../blas/gemm/gemm";
import { copy, wanted } from "./deflation";
import { at, get, getInt, Half, Merge, set, setInt, Subset } from "./merge";
import { between_poles, between_roots, minus_root, minus_roots } from "./secular";

/** Largest order of a diagonal block: below its half, ranks (about 20) would be no longer much smaller. */
const DENSE: i32 = 192;

/** Largest rank that is tried. */
const RANK: i32 = 64;

/** What may remain of an element of S, whose rows have norm 1. */
const NEGLIGIBLE: f64 = 1e-17;

/** Columns of C of one task: packing S again for each strip must not cost much, and threads want many. */
const STRIP: i32 = 256;

/** Levels that blocks are divided for k roots. */
export function block_levels(k: i32): i32 {
  let levels = 0;
  while ((k - 1 >> levels) + 1 > DENSE) levels++;
  return levels;
}

/** Halves that have blocks: those of Q, and of U. */
function half_count(m: Merge): i32 {
  return m.singular ? 4 : 2;
}

function half(m: Merge, i: i32): Half {
  if (i < 2) return i == 0 ? m.first : m.second;
  return i == 2 ? m.firstLeft : m.secondLeft;
}

/** Blocks of all halves. */
export function block_count(m: Merge): i32 {
  return half_count(m) * (3 * (1 << m.levels) - 2);
}

function strip_count(cols: i32): i32 {
  return (cols + STRIP - 1) / STRIP;
}

/** Tasks of the product: a strip of columns of a half, the upper or the lower rows where there are blocks. */
export function task_count(m: Merge): i32 {
  let strips = 0;
  for (let i = 0; i < half_count(m); i++) strips += strip_count(half(m, i).cols);
  return strips << min(m.levels, 1);
}

/** Row stride within a strip of a merge of order n: whole cache lines. */
function strip_ld(n: i32): i32 {
  return min(STRIP, n + 1 >> 1) + 15 & ~7;
}

/** Bytes of workspace of one task, in a merge of order n. */
function task_work(n: i32): usize {
  const half = n + 1 >> 1;
  const rows = min(DENSE, n) + block_levels(n) * RANK;
  return (gemm_serial_work<f64>(min(DENSE, n), min(STRIP, half), half) + rows * strip_ld(n) * 8 + 63) & ~63;
}

/** Bytes of workspace of the product, in a merge of order n: of all tasks, or of one where they are run in turn. */
export function product_work(n: i32, singular: bool, serial: bool): f64 {
  const tasks = serial ? 1 : (singular ? 8 : 4) * strip_count(n + 1 >> 1);
  return f64(tasks) * f64(task_work(n));
}

/** First row of node i of a level. */
// @ts-ignore: decorator
@inline
function row_start(m: Merge, level: i32, i: i32): i32 {
  return i32(i64(i) * m.k >> level);
}

/** Whether any row of node i of a level is wanted; their places in the result ascend. */
function node_wanted(m: Merge, level: i32, i: i32): bool {
  if (m.subset == 0) return true;
  const s = changetype<Subset>(m.subset);
  const r0 = row_start(m, level, i);
  const r1 = row_start(m, level, i + 1);
  return r0 < r1 && getInt(m.place, r0) < s.to && getInt(m.place, r1 - 1) >= s.from;
}

/** First slot of node i of a level. */
function slot_start(m: Merge, h: Half, level: i32, i: i32): i32 {
  const row = row_start(m, level, i);
  let lo = 0;
  let hi = h.k;
  while (lo < hi) {
    const p = lo + hi >> 1;
    if (getInt(h.slot, p) < row) lo = p + 1;
    else hi = p;
  }
  return lo;
}

/** Computes blocks [t0, t1): those off the diagonal from the largest down, then the dense ones, half by half. */
export function fill_blocks<K>(m: Merge, t0: i32, t1: i32): void {
  const blocks = block_count(m) / half_count(m);
  const leaves = 1 << m.levels;
  for (let t = t0; t < t1; t++) {
    const h = half(m, t / blocks);
    // 2^level + i off the diagonal
    const id = 2 + t % blocks;
    if (id < 2 * leaves) {
      const level = 31 - clz(id);
      const i = id - (1 << level);
      if (!node_wanted(m, level, i)) continue;
      const rank = factor<K>(m, h, level, i);
      setInt(h.rank, id, rank);
      if (rank < 0) fill_dense<K>(m, h, level, i, i ^ 1);
    } else {
      const i = id - 2 * leaves;
      if (node_wanted(m, m.levels, i)) fill_dense<K>(m, h, m.levels, i, i);
    }
  }
}

/** The elements of S in the rows of node i and the columns of node c of a level. */
function fill_dense<K>(m: Merge, h: Half, level: i32, i: i32, c: i32): void {
  const p0 = slot_start(m, h, level, c);
  const p1 = slot_start(m, h, level, c + 1);
  for (let j = row_start(m, level, i); j < row_start(m, level, i + 1); j++) {
    const pole = h.pole + (usize(p0) << 3);
    const s = at(h.s, h.lds, j, p0);
    fill_row<K>(p1 - p0, pole, h.zeta - h.pole, get(m.anchor, j), get(m.tau, j), get(h.scale, j), s);
  }
}

/** sₚ := scale·ζₚ/(dₚ − λ) for n poles at p, their ζ at p + toZeta. */
function fill_row<K>(n: i32, p: usize, toZeta: usize, anchor: f64, tau: f64, scale: f64, s: usize): void {
  const a = f64x2.splat(anchor);
  const t = f64x2.splat(tau);
  const c = f64x2.splat(scale);
  const end = p + (usize(n) << 3);
  for (; p + 16 <= end; p += 16, s += 16) {
    const x = minus_roots<K>(v128.load(p), a, t);
    v128.store(s, f64x2.div(f64x2.mul(v128.load(p + toZeta), c), x));
  }
  if (p < end) store<f64>(s, load<f64>(p + toZeta) * scale / minus_root<K>(load<f64>(p), anchor, tau));
}

/**
 * U and V of block i of a level; returns the rank, or −1 if it is too large to be worth it.
 *
 * U (rows × rank) is stored in the left half of the block, Vᵀ (columns × rank) in the right half.
 * With b_q/(d_q − λⱼ)·aⱼ = uⱼ the column and a_r·bₚ/(dₚ − λ_r) = vₚ the row of pivot (r, q), what remains has
 *
 *     aⱼ := uⱼ·(λⱼ − λ_r)/b_q,     bₚ := −vₚ·(dₚ − d_q)/a_r,
 *
 * and every |sⱼₚ| ≤ αⱼ·βₚ, α = |a|/√|d₀ − λⱼ| and β = |b|/√|dₚ − λ₀| with d₀ and λ₀ next to the corner.
 */
function factor<K>(m: Merge, h: Half, level: i32, i: i32): i32 {
  const r0 = row_start(m, level, i);
  const rows = row_start(m, level, i + 1) - r0;
  const p0 = slot_start(m, h, level, i ^ 1);
  const cols = slot_start(m, h, level, (i ^ 1) + 1) - p0;
  if (cols == 0) return 0;
  const most = cols > rows ? 0 : min(RANK, cols >> 1);
  const pole = h.pole + (usize(p0) << 3);
  const anchor = m.anchor + (usize(r0) << 3);
  const tau = m.tau + (usize(r0) << 3);
  const u = at(h.s, h.lds, r0, p0);
  const v = u + (usize(cols >> 1) << 3);

  // generators and weights of this level: the products have no use yet for their workspace
  const n = usize(m.k) << 3;
  const a = m.work + (usize(4 * (level - 1) + h.index) * 4) * n + (usize(r0) << 3);
  const b = a + 2 * n + (usize(p0 - r0) << 3);
  const corner = (i & 1) == 0;
  const d0 = get(pole, corner ? 0 : cols - 1);
  const j0 = corner ? rows - 1 : 0;
  let alpha: f64 = 0; // the largest
  for (let j = 0; j < rows; j++) {
    set(a, j, get(h.scale, r0 + j));
    set(a + n, j, 1 / sqrt(abs(minus_root<K>(d0, get(anchor, j), get(tau, j)))));
    alpha = max(alpha, get(a, j) * get(a + n, j));
  }
  let q = 0;
  let beta: f64 = 0;
  for (let p = 0; p < cols; p++) {
    set(b, p, get(h.zeta, p0 + p));
    set(b + n, p, 1 / sqrt(abs(minus_root<K>(get(pole, p), get(anchor, j0), get(tau, j0)))));
    const size = abs(get(b, p)) * get(b + n, p);
    if (size > beta) {
      beta = size;
      q = p;
    }
  }

  let rank = 0;
  while (alpha * beta > NEGLIGIBLE) {
    if (rank == most) return -1;
    const dq = get(pole, q);
    const bq = get(b, q);
    let r = 0;
    let pivot: f64 = 0;
    for (let j = 0; j < rows; j++) {
      const x = get(a, j) * bq / minus_root<K>(dq, get(anchor, j), get(tau, j));
      store<f64>(at(u, h.lds, j, rank), x);
      if (abs(x) > abs(pivot)) {
        pivot = x;
        r = j;
      }
    }
    const anchorR = get(anchor, r);
    const tauR = get(tau, r);
    const ar = get(a, r);
    alpha = 0;
    for (let j = 0; j < rows; j++) {
      const x = load<f64>(at(u, h.lds, j, rank)) * between_roots<K>(get(anchor, j), get(tau, j), anchorR, tauR) / bq;
      set(a, j, x);
      alpha = max(alpha, abs(x) * get(a + n, j));
    }
    beta = 0;
    for (let p = 0; p < cols; p++) {
      const d = get(pole, p);
      const x = get(b, p) / minus_root<K>(d, anchorR, tauR);
      store<f64>(at(v, h.lds, p, rank), ar * x / pivot);
      const y = x * between_poles<K>(dq, d);
      set(b, p, y);
      const size = abs(y) * get(b + n, p);
      if (size > beta) {
        beta = size;
        q = p;
      }
    }
    rank++;
  }
  return rank;
}

/** Tasks [t0, t1) of the product, those of the first half before those of the second. */
export function multiply_strips(m: Merge, t0: i32, t1: i32): void {
  const level = min(m.levels, 1);
  for (let t = t0; t < t1; t++) {
    const work = m.work + (m.serial ? 0 : usize(t) * task_work(m.n));
    let strip = t >> level;
    let i = 0;
    for (; strip >= strip_count(half(m, i).cols); i++) strip -= strip_count(half(m, i).cols);
    multiply_strip(m, half(m, i), level, t & level, strip, work);
  }
}

function multiply_strip(m: Merge, h: Half, level: i32, i: i32, strip: i32, work: usize): void {
  const strips = strip_count(h.cols);
  const c0 = strip * h.cols / strips;
  multiply_node(m, h, level, i, c0, (strip + 1) * h.cols / strips - c0, work);
}

/**
 * Columns [c0, c0 + width) of C in the rows of node i of a level, moved to their places in Q. V·Q of the block of
 * this node is kept in work, by level; the leaves gather U·(V·Q) of all blocks above them.
 */
function multiply_node(m: Merge, h: Half, level: i32, i: i32, c0: i32, width: i32, work: usize): void {
  if (!node_wanted(m, level, i)) return;
  const top = m.levels;
  const ld = strip_ld(m.n);
  const w = work + usize(min(DENSE, m.n) * ld * 8); // (RANK × width) for each level
  const step = usize(RANK * ld * 8);
  const gemm = w + usize(top) * step;
  if (level > 0) {
    const rank = getInt(h.rank, (1 << level) + i);
    if (rank > 0) {
      const p0 = slot_start(m, h, level, i ^ 1);
      const cols = slot_start(m, h, level, (i ^ 1) + 1) - p0;
      const v = at(h.s, h.lds, row_start(m, level, i), p0) + (usize(cols >> 1) << 3);
      const q = at(h.q, h.ldq, p0, c0);
      const vq = w + usize(level - 1) * step;
      gemm_serial<f64>(true, false, rank, width, cols, 1, v, h.lds, q, h.ldq, 0, vq, ld, gemm);
    }
  }
  if (level < top) {
    multiply_node(m, h, level + 1, 2 * i, c0, width, work);
    multiply_node(m, h, level + 1, 2 * i + 1, c0, width, work);
    return;
  }
  let r0 = row_start(m, top, i);
  let r1 = row_start(m, top, i + 1);
  while (r0 < r1 && !wanted(m, getInt(m.place, r0))) r0++;
  while (r0 < r1 && !wanted(m, getInt(m.place, r1 - 1))) r1--;
  const rows = r1 - r0;
  let p0 = slot_start(m, h, top, i);
  let cols = slot_start(m, h, top, i + 1) - p0;
  let s = at(h.s, h.lds, r0, p0);
  let q = at(h.q, h.ldq, p0, c0);
  gemm_serial<f64>(false, false, rows, width, cols, 1, s, h.lds, q, h.ldq, 0, work, ld, gemm);
  for (let l = top; l > 0; l--) {
    const node = i >> (top - l);
    const rank = getInt(h.rank, (1 << l) + node);
    p0 = slot_start(m, h, l, node ^ 1);
    s = at(h.s, h.lds, r0, p0);
    if (rank > 0) {
      gemm_serial<f64>(false, false, rows, width, rank, 1, s, h.lds, w + usize(l - 1) * step, ld, 1, work, ld, gemm);
    } else if (rank < 0) {
      cols = slot_start(m, h, l, (node ^ 1) + 1) - p0;
      q = at(h.q, h.ldq, p0, c0);
      gemm_serial<f64>(false, false, rows, width, cols, 1, s, h.lds, q, h.ldq, 1, work, ld, gemm);
    }
  }
  for (let j = 0; j < rows; j++) {
    copy(width, at(work, ld, j, 0), at(h.whole, h.ldWhole, getInt(m.place, r0 + j), h.column + c0));
  }
}
