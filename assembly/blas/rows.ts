// Y := A[ids]·Xᵀ for X of few rows: some rows of A, chosen by number, times few vectors.
//
// Every number of A is used for X's rows only, so a copy of the chosen rows would cost as much as the product: they
// are read where they lie. For one chunk of them a panel of X stays in L1.

import { args, parallelFor } from "../parallel";
import { hsum, madd } from "../simd";
import { Task } from "../tasks";

/** Columns of a panel: WIDE rows of X and two of A (28 KiB) stay in L1. */
const PANEL: i32 = 512;

/** Rows of X in a register tile: 2×WIDE sums, two vectors of A and one of X are 13 of the 15 registers. */
const WIDE: i32 = 5;

/** Elements of A in one chunk: about 50 µs. */
const CHUNK: i32 = 65536;

@unmanaged
class Rows {
  n: i32;
  k: i32;
  ids: usize; // m numbers (i32) of rows of A
  a: usize;
  lda: i32;
  x: usize; // (n, k), stride ldx
  ldx: i32;
  y: usize; // (m, n), stride ldy
  ldy: i32;
}

// @ts-ignore: decorator
@inline
function put(y: usize, sum: v128, add: bool): void {
  const s = hsum<f64>(sum);
  store<f64>(y, add ? load<f64>(y) + s : s);
}

/**
 * y0ᵣ, y1ᵣ := (or += with `add`) Σ a0ₖ·x(r, k), Σ a1ₖ·x(r, k) over k < n for WIDE rows of X, ldx bytes apart;
 * with y1 = y0 the first of them only.
 */
function tile(n: i32, a0: usize, a1: usize, x: usize, ldx: usize, y0: usize, y1: usize, add: bool): void {
  const ldx2 = ldx + ldx;
  const ldx3 = ldx2 + ldx;
  const ldx4 = ldx2 + ldx2;
  let s00: v128 = f64x2.splat(0), s01: v128 = f64x2.splat(0), s02: v128 = f64x2.splat(0), s03: v128 = f64x2.splat(0);
  let s04: v128 = f64x2.splat(0), s10: v128 = f64x2.splat(0), s11: v128 = f64x2.splat(0), s12: v128 = f64x2.splat(0);
  let s13: v128 = f64x2.splat(0), s14: v128 = f64x2.splat(0);
  for (const end = a0 + (usize(n & ~1) << 3); a0 < end; a0 += 16) {
    const u = v128.load(a0), v = v128.load(a1);
    let w = v128.load(x);
    s00 = madd<f64>(u, w, s00);
    s10 = madd<f64>(v, w, s10);
    w = v128.load(x + ldx);
    s01 = madd<f64>(u, w, s01);
    s11 = madd<f64>(v, w, s11);
    w = v128.load(x + ldx2);
    s02 = madd<f64>(u, w, s02);
    s12 = madd<f64>(v, w, s12);
    w = v128.load(x + ldx3);
    s03 = madd<f64>(u, w, s03);
    s13 = madd<f64>(v, w, s13);
    w = v128.load(x + ldx4);
    s04 = madd<f64>(u, w, s04);
    s14 = madd<f64>(v, w, s14);
    a1 += 16;
    x += 16;
  }
  if (n & 1) {
    const u = v128.load64_zero(a0), v = v128.load64_zero(a1);
    let w = v128.load64_zero(x);
    s00 = madd<f64>(u, w, s00);
    s10 = madd<f64>(v, w, s10);
    w = v128.load64_zero(x + ldx);
    s01 = madd<f64>(u, w, s01);
    s11 = madd<f64>(v, w, s11);
    w = v128.load64_zero(x + ldx2);
    s02 = madd<f64>(u, w, s02);
    s12 = madd<f64>(v, w, s12);
    w = v128.load64_zero(x + ldx3);
    s03 = madd<f64>(u, w, s03);
    s13 = madd<f64>(v, w, s13);
    w = v128.load64_zero(x + ldx4);
    s04 = madd<f64>(u, w, s04);
    s14 = madd<f64>(v, w, s14);
  }
  put(y0, s00, add);
  put(y0 + 8, s01, add);
  put(y0 + 16, s02, add);
  put(y0 + 24, s03, add);
  put(y0 + 32, s04, add);
  if (y1 == y0) return;
  put(y1, s10, add);
  put(y1 + 8, s11, add);
  put(y1 + 16, s12, add);
  put(y1 + 24, s13, add);
  put(y1 + 32, s14, add);
}

/** Rows [i0, i1) of Y. */
export function multiply_rows_task(i0: i32, i1: i32): void {
  const s = args<Rows>();
  const ldx = usize(s.ldx) << 3;
  for (let k = 0; k < s.k; k += PANEL) {
    const width = min(PANEL, s.k - k);
    const column = usize(k) << 3;
    for (let i = i0; i < i1; i += 2) {
      const j = min(i + 1, i1 - 1); // a last row that is alone is its own partner
      const a0 = s.a + (usize(load<i32>(s.ids + (usize(i) << 2))) * s.lda << 3) + column;
      const a1 = s.a + (usize(load<i32>(s.ids + (usize(j) << 2))) * s.lda << 3) + column;
      const y0 = s.y + (usize(i) * s.ldy << 3);
      const y1 = s.y + (usize(j) * s.ldy << 3);
      for (let r = 0; r < s.n; r += WIDE) {
        const at = usize(r) << 3;
        tile(width, a0, a1, s.x + usize(r) * ldx + column, ldx, y0 + at, y1 + at, k > 0);
      }
    }
  }
}

/**
 * Y := A[ids]·Xᵀ, row i of Y from row ids[i] of A; opens a region.
 *
 * ids: m numbers (i32); A (any rows × k, row stride lda), X (n×k, ldx), Y (m×n, ldy), strides in elements; n is a
 * multiple of 5. Y must not overlap A or X. Returns 0 or INFO_ABORTED.
 * |Ŷ − Y| ≤ γ_K·|A|·|X|ᵀ, K = min(k, 512)/2 + k/512 + 4.
 */
export function multiply_rows(
  m: i32, n: i32, k: i32, ids: usize, a: usize, lda: i32, x: usize, ldx: i32, y: usize, ldy: i32,
): i32 {
  const s = args<Rows>();
  s.n = n;
  s.k = k;
  s.ids = ids;
  s.a = a;
  s.lda = lda;
  s.x = x;
  s.ldx = ldx;
  s.y = y;
  s.ldy = ldy;
  return parallelFor(Task.MULTIPLY_ROWS, m, max(2, min(64, CHUNK / k & ~1)));
}
