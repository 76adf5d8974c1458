// Solving with a triangle, one right-hand side. The triangle is read once from memory, rows only, and
// that is what it costs; for several right-hand sides there is trsm.ts.

import { dot } from "../blas/level1";
import { args, parallelFor } from "../parallel";
import { nmadd } from "../simd";
import { Task } from "../tasks";

/** Rows of a block: its triangle is solved on one thread, the rest of its rows in parallel. */
const NB: i32 = 64;

/** Rows of a block that one chunk multiplies. */
const ROWS: i32 = 8;

/** Columns that one chunk of the transposed product updates: 2 KiB of b. */
const COLUMNS: i32 = 256;

@unmanaged
class Triangular {
  k: i32; // inner dimension of the product
  t: usize; // its first row, stride ldt
  ldt: i32;
  x: usize; // what T is multiplied with
  b: usize; // what is updated
}

/** y −= a0·x0 + a1·x1 + a2·x2 + a3·x3 over n numbers; row r of x is r·ld bytes further on. */
export function minus4(n: i32, a: usize, x: usize, ld: usize, y: usize): void {
  const a0 = v128.load64_splat(a);
  const a1 = v128.load64_splat(a, 8);
  const a2 = v128.load64_splat(a, 16);
  const a3 = v128.load64_splat(a, 24);
  const ld2 = ld + ld;
  const ld3 = ld + ld2;
  const end = y + (usize(n) << 3);
  for (; y + 16 <= end; y += 16) {
    let t = nmadd<f64>(a0, v128.load(x), v128.load(y));
    t = nmadd<f64>(a1, v128.load(x + ld), t);
    t = nmadd<f64>(a2, v128.load(x + ld2), t);
    v128.store(y, nmadd<f64>(a3, v128.load(x + ld3), t));
    x += 16;
  }
  if (y < end) {
    let t = nmadd<f64>(a0, v128.load64_zero(x), v128.load64_zero(y));
    t = nmadd<f64>(a1, v128.load64_zero(x + ld), t);
    t = nmadd<f64>(a2, v128.load64_zero(x + ld2), t);
    store<f64>(y, f64x2.extract_lane(nmadd<f64>(a3, v128.load64_zero(x + ld3), t), 0));
  }
}

/** y −= a·x over n numbers. */
export function minus(n: i32, a: f64, x: usize, y: usize): void {
  const s = f64x2.splat(a);
  const end = y + (usize(n) << 3);
  for (; y + 16 <= end; y += 16) {
    v128.store(y, nmadd<f64>(s, v128.load(x), v128.load(y)));
    x += 16;
  }
  if (y < end) store<f64>(y, f64x2.extract_lane(nmadd<f64>(s, v128.load64_zero(x), v128.load64_zero(y)), 0));
}

/** bᵢ −= T(i, ..k)·x for rows [i0, i1) of the block. */
export function triangle_rows_task(i0: i32, i1: i32): void {
  const s = args<Triangular>();
  for (let i = i0; i < i1; i++) {
    const b = s.b + (usize(i) << 3);
    store<f64>(b, load<f64>(b) - dot(s.k, s.t + ((usize(i) * s.ldt) << 3), s.x));
  }
}

/** bⱼ −= Σₖ T(k, j)·xₖ for columns [j0, j1). */
export function triangle_columns_task(j0: i32, j1: i32): void {
  const s = args<Triangular>();
  const b = s.b + (usize(j0) << 3);
  const ld = usize(s.ldt) << 3;
  let t = s.t + (usize(j0) << 3);
  let k = 0;
  for (; k + 4 <= s.k; k += 4) {
    minus4(j1 - j0, s.x + (usize(k) << 3), t, ld, b);
    t += 4 * ld;
  }
  for (; k < s.k; k++) {
    minus(j1 - j0, load<f64>(s.x + (usize(k) << 3)), t, b);
    t += ld;
  }
}

/** b := op(T)⁻¹·b for a triangle of at most NB rows: without trans by dot products, with it column by column. */
function solve_triangle(n: i32, t: usize, ld: usize, lower: bool, trans: bool, unit: bool, b: usize): void {
  const ascending = lower != trans;
  for (let q = 0; q < n; q++) {
    const i = ascending ? q : n - 1 - q;
    const j = lower ? 0 : i + 1;
    const count = lower ? i : n - 1 - i;
    const row = t + usize(i) * ld;
    const x = b + (usize(i) << 3);
    const rest = b + (usize(j) << 3);
    let value = load<f64>(x);
    if (!trans) value -= dot(count, row + (usize(j) << 3), rest);
    if (!unit) value /= load<f64>(row + (usize(i) << 3));
    store<f64>(x, value);
    if (trans) minus(count, value, row + (usize(j) << 3), rest);
  }
}

/**
 * b := op(T)⁻¹·b; opens regions.
 *
 * T (n×n, row stride ldt in elements) lower or upper triangular, with `unit` its diagonal is 1 and not
 * read; op(T) is T, or its transpose with `trans`. b (n) contiguous. Returns 0 or INFO_ABORTED.
 * (T + ΔT)·b̂ = b, |ΔT| ≤ γₙ·|T|   [Higham 2002, Thm 8.5]
 */
export function trsv(n: i32, t: usize, ldt: i32, lower: bool, trans: bool, unit: bool, b: usize): i32 {
  const s = args<Triangular>();
  const ld = usize(ldt) << 3;
  const blocks = (n + NB - 1) / NB;
  for (let q = 0; q < blocks; q++) {
    const i0 = (lower != trans ? q : blocks - 1 - q) * NB;
    const i1 = min(n, i0 + NB);
    // the part of these rows beside the triangle
    const j0 = lower ? 0 : i1;
    const count = lower ? i0 : n - i1;
    const corner = t + usize(i0) * ld + (usize(i0) << 3);
    const b1 = b + (usize(i0) << 3);
    s.t = t + usize(i0) * ld + (usize(j0) << 3);
    s.ldt = ldt;
    let info = 0;
    if (trans) {
      solve_triangle(i1 - i0, corner, ld, lower, trans, unit, b1);
      s.k = i1 - i0;
      s.x = b1;
      s.b = b + (usize(j0) << 3);
      info = parallelFor(Task.TRIANGLE_COLUMNS, count, COLUMNS);
    } else {
      s.k = count;
      s.x = b + (usize(j0) << 3);
      s.b = b1;
      info = parallelFor(Task.TRIANGLE_ROWS, count == 0 ? 0 : i1 - i0, ROWS);
      solve_triangle(i1 - i0, corner, ld, lower, trans, unit, b1);
    }
    if (info != 0) return info;
  }
  return 0;
}

/** b := (L·Lᵀ)⁻¹·b with the lower triangle L; as trsv. */
export function solve_cholesky(n: i32, l: usize, ldl: i32, b: usize): i32 {
  const info = trsv(n, l, ldl, true, false, false, b);
  return info != 0 ? info : trsv(n, l, ldl, true, true, false, b);
}
