// Y := X·A[ids]ᵀ for X of few rows: all rows of A, or some chosen by number, times few vectors.
//
// Every number of A is used for X's rows only, so packing it, or copying the chosen rows, would cost as much as the
// product: rows are read where they lie, once for all of X. For two of them a panel of X comes from L1.

import { args, parallelFor } from "../parallel";
import { hsum, madd } from "../simd";
import { Task } from "../tasks";
import { dot } from "./level1";

/** Numbers of a row that are multiplied at a time: four vectors of so many (32 KiB) stay in L1. */
const PANEL: i32 = 1024;

/** Elements of A in one chunk: tens of µs. */
const CHUNK: i32 = 65536;

@unmanaged
class Rows {
  n: i32; // inner dimension
  b: i32; // rows of X
  ids: usize; // m numbers (i32) of rows of A, 0 for all of them
  a: usize;
  lda: i32;
  x: usize; // (b, n), stride ldx
  ldx: i32;
  y: usize; // (b, m), stride ldy
  ldy: i32;
}

/** Where the row of A is that makes column i of Y. */
// @ts-ignore: decorator
@inline
function row(s: Rows, i: i32): usize {
  const id = s.ids == 0 ? i : load<i32>(s.ids + (usize(i) << 2));
  return s.a + (usize(id) * s.lda << 3);
}

// @ts-ignore: decorator
@inline
function put(y: usize, sum: f64, add: bool): void {
  store<f64>(y, add ? load<f64>(y) + sum : sum);
}

/**
 * y(r, i) := (or += with `add`) Σ_{k<n} a(i, k)·x(r, k) for 4 rows of X and `two` of A, otherwise the first of these
 * only. Strides in bytes; y(r, i) is at y + r·ldy + 8i.
 */
function dots2x4(n: i32, a: usize, lda: usize, x: usize, ldx: usize, y: usize, ldy: usize, two: bool, add: bool): void {
  const ldx2 = ldx + ldx;
  const ldx3 = ldx + ldx2;
  let s00: v128 = f64x2.splat(0), s01: v128 = f64x2.splat(0), s02: v128 = f64x2.splat(0), s03: v128 = f64x2.splat(0);
  let s10: v128 = f64x2.splat(0), s11: v128 = f64x2.splat(0), s12: v128 = f64x2.splat(0), s13: v128 = f64x2.splat(0);
  for (const end = a + (usize(n & ~3) << 3); a < end; a += 32) {
    let a0 = v128.load(a), a1 = v128.load(a + lda);
    let xr = v128.load(x);
    s00 = madd<f64>(a0, xr, s00);
    s10 = madd<f64>(a1, xr, s10);
    xr = v128.load(x + ldx);
    s01 = madd<f64>(a0, xr, s01);
    s11 = madd<f64>(a1, xr, s11);
    xr = v128.load(x + ldx2);
    s02 = madd<f64>(a0, xr, s02);
    s12 = madd<f64>(a1, xr, s12);
    xr = v128.load(x + ldx3);
    s03 = madd<f64>(a0, xr, s03);
    s13 = madd<f64>(a1, xr, s13);
    a0 = v128.load(a, 16), a1 = v128.load(a + lda, 16);
    xr = v128.load(x, 16);
    s00 = madd<f64>(a0, xr, s00);
    s10 = madd<f64>(a1, xr, s10);
    xr = v128.load(x + ldx, 16);
    s01 = madd<f64>(a0, xr, s01);
    s11 = madd<f64>(a1, xr, s11);
    xr = v128.load(x + ldx2, 16);
    s02 = madd<f64>(a0, xr, s02);
    s12 = madd<f64>(a1, xr, s12);
    xr = v128.load(x + ldx3, 16);
    s03 = madd<f64>(a0, xr, s03);
    s13 = madd<f64>(a1, xr, s13);
    x += 32;
  }
  for (const end = a + (usize(n & 3) << 3); a < end; a += 8) {
    const a0 = v128.load64_zero(a), a1 = v128.load64_zero(a + lda);
    let xr = v128.load64_zero(x);
    s00 = madd<f64>(a0, xr, s00);
    s10 = madd<f64>(a1, xr, s10);
    xr = v128.load64_zero(x + ldx);
    s01 = madd<f64>(a0, xr, s01);
    s11 = madd<f64>(a1, xr, s11);
    xr = v128.load64_zero(x + ldx2);
    s02 = madd<f64>(a0, xr, s02);
    s12 = madd<f64>(a1, xr, s12);
    xr = v128.load64_zero(x + ldx3);
    s03 = madd<f64>(a0, xr, s03);
    s13 = madd<f64>(a1, xr, s13);
    x += 8;
  }
  put(y, hsum<f64>(s00), add);
  put(y + ldy, hsum<f64>(s01), add);
  put(y + 2 * ldy, hsum<f64>(s02), add);
  put(y + 3 * ldy, hsum<f64>(s03), add);
  if (!two) return;
  put(y + 8, hsum<f64>(s10), add);
  put(y + 8 + ldy, hsum<f64>(s11), add);
  put(y + 8 + 2 * ldy, hsum<f64>(s12), add);
  put(y + 8 + 3 * ldy, hsum<f64>(s13), add);
}

/** The same for 2 rows of X. */
function dots2x2(n: i32, a: usize, lda: usize, x: usize, ldx: usize, y: usize, ldy: usize, two: bool, add: bool): void {
  let s00: v128 = f64x2.splat(0), s01: v128 = f64x2.splat(0), s10: v128 = f64x2.splat(0), s11: v128 = f64x2.splat(0);
  let t00: v128 = f64x2.splat(0), t01: v128 = f64x2.splat(0), t10: v128 = f64x2.splat(0), t11: v128 = f64x2.splat(0);
  for (const end = a + (usize(n & ~3) << 3); a < end; a += 32) {
    let a0 = v128.load(a), a1 = v128.load(a + lda);
    let x0 = v128.load(x), x1 = v128.load(x + ldx);
    s00 = madd<f64>(a0, x0, s00);
    s10 = madd<f64>(a1, x0, s10);
    s01 = madd<f64>(a0, x1, s01);
    s11 = madd<f64>(a1, x1, s11);
    a0 = v128.load(a, 16), a1 = v128.load(a + lda, 16);
    x0 = v128.load(x, 16), x1 = v128.load(x + ldx, 16);
    t00 = madd<f64>(a0, x0, t00);
    t10 = madd<f64>(a1, x0, t10);
    t01 = madd<f64>(a0, x1, t01);
    t11 = madd<f64>(a1, x1, t11);
    x += 32;
  }
  for (const end = a + (usize(n & 3) << 3); a < end; a += 8) {
    const a0 = v128.load64_zero(a), a1 = v128.load64_zero(a + lda);
    const x0 = v128.load64_zero(x), x1 = v128.load64_zero(x + ldx);
    s00 = madd<f64>(a0, x0, s00);
    s10 = madd<f64>(a1, x0, s10);
    s01 = madd<f64>(a0, x1, s01);
    s11 = madd<f64>(a1, x1, s11);
    x += 8;
  }
  put(y, hsum<f64>(f64x2.add(s00, t00)), add);
  put(y + ldy, hsum<f64>(f64x2.add(s01, t01)), add);
  if (!two) return;
  put(y + 8, hsum<f64>(f64x2.add(s10, t10)), add);
  put(y + 8 + ldy, hsum<f64>(f64x2.add(s11, t11)), add);
}

/** Columns [i0, i1) of Y. */
export function multiply_rows_task(i0: i32, i1: i32): void {
  const s = args<Rows>();
  const ldx = usize(s.ldx) << 3;
  const ldy = usize(s.ldy) << 3;
  for (let k = 0; k < s.n; k += PANEL) {
    const n = min(PANEL, s.n - k);
    const column = usize(k) << 3;
    const add = k > 0;
    for (let i = i0; i < i1; i += 2) {
      const two = i + 1 < i1;
      const a0 = row(s, i) + column;
      const a1 = two ? row(s, i + 1) + column : a0;
      let x = s.x + column;
      let y = s.y + (usize(i) << 3);
      for (let r = 4; r <= s.b; r += 4) {
        dots2x4(n, a0, a1 - a0, x, ldx, y, ldy, two, add);
        x += 4 * ldx;
        y += 4 * ldy;
      }
      if (s.b & 2) {
        dots2x2(n, a0, a1 - a0, x, ldx, y, ldy, two, add);
        x += 2 * ldx;
        y += 2 * ldy;
      }
      if (s.b & 1) {
        put(y, dot(n, a0, x), add);
        if (two) put(y + 8, dot(n, a1, x), add);
      }
    }
  }
}

/**
 * Y := X·A[ids]ᵀ, column i of Y from row ids[i] of A; with ids = 0 from row i. Opens a region.
 *
 * ids: m numbers (i32); A (any rows × n, row stride lda), X (b×n, ldx), Y (b×m, ldy), strides in elements; Y must not
 * overlap A or X. Returns 0 or INFO_ABORTED. |Ŷ − Y| ≤ γ_K·|X|·|A[ids]|ᵀ, K = min(n, 1024)/2 + n/1024 + 4.
 */
export function multiply_rows(
  m: i32, n: i32, b: i32, ids: usize, a: usize, lda: i32, x: usize, ldx: i32, y: usize, ldy: i32,
): i32 {
  const s = args<Rows>();
  s.n = n;
  s.b = b;
  s.ids = ids;
  s.a = a;
  s.lda = lda;
  s.x = x;
  s.ldx = ldx;
  s.y = y;
  s.ldy = ldy;
  return parallelFor(Task.MULTIPLY_ROWS, m, max(2, min(64, CHUNK / n & ~1)));
}
