// Solving with the factors of ldl.ts for a few right-hand sides that are rows: U is read twice from memory,
// its rows only, for all of them, and that is what it costs.

import { dot } from "../blas/level1";
import { multiply_rows } from "../blas/rows";
import { krylov_correct } from "./krylov";
import { minus } from "./triangular";

/** Rows of a block of U: its triangle is solved on one thread, the rest of its rows in parallel. */
const NB: i32 = 64;

/** x and y change places. */
function exchange(x: usize, y: usize): void {
  const t = load<f64>(x);
  store<f64>(x, load<f64>(y));
  store<f64>(y, t);
}

/** x := D⁻¹·x, one row. */
function divide(n: i32, d: usize, e: usize, x: usize): void {
  for (let k = 0; k < n; k++) {
    const at = usize(k) << 3;
    const own = load<f64>(d + at);
    const corner = load<f64>(e + at);
    const x0 = load<f64>(x + at);
    if (corner == 0) {
      store<f64>(x + at, x0 / own);
      continue;
    }
    const a = own / corner;
    const b = load<f64>(d + at, 8) / corner;
    const x1 = load<f64>(x + at, 8);
    const t = 1 / ((a * b - 1) * corner);
    store<f64>(x + at, (b * x0 - x1) * t);
    store<f64>(x + at, (a * x1 - x0) * t, 8);
    k++;
  }
}

/**
 * X := X·A⁻¹, A symmetric, with what ldl_f64 made of A: u (n×n, row stride ldu) = U, d, e, swaps. D must
 * not be singular.
 *
 * X (b×n, row stride ldx), strides in elements; b is small. work: b·min(n, 64) numbers. Opens regions.
 * Returns 0 or INFO_ABORTED.
 */
export function ldl_solve_rows(
  n: i32, b: i32, u: usize, ldu: i32, d: usize, e: usize, swaps: usize, x: usize, ldx: i32, work: usize,
): i32 {
  const row = usize(ldx) << 3;
  const end = x + usize(b) * row;
  for (let y = x; y < end; y += row) {
    for (let k = 0; k < n; k++) exchange(y + (usize(k) << 3), y + (usize(load<i32>(swaps + (usize(k) << 2))) << 3));
  }
  for (let i0 = 0; i0 < n; i0 += NB) {
    const i1 = min(n, i0 + NB);
    for (let i = i0; i < i1; i++) {
      const next = u + ((usize(i) * ldu + i + 1) << 3);
      for (let y = x + (usize(i) << 3); y < end; y += row) minus(i1 - i - 1, load<f64>(y), next, y + 8);
    }
    const beside = u + ((usize(i0) * ldu + i1) << 3);
    const info = krylov_correct(i1 - i0, n - i1, b, beside, ldu, x + (usize(i1) << 3), ldx, x + (usize(i0) << 3), ldx);
    if (info != 0) return info;
  }
  for (let y = x; y < end; y += row) divide(n, d, e, y);
  for (let i0 = (n - 1) / NB * NB; i0 >= 0; i0 -= NB) {
    const i1 = min(n, i0 + NB);
    if (i1 < n) {
      const beside = u + ((usize(i0) * ldu + i1) << 3);
      const info = multiply_rows(NB, n - i1, b, 0, beside, ldu, x + (usize(i1) << 3), ldx, work, NB);
      if (info != 0) return info;
    }
    for (let r = 0; r < b; r++) {
      const y = x + usize(r) * row;
      for (let i = i1 - 1; i >= i0; i--) {
        const at = y + (usize(i) << 3);
        const sum = dot(i1 - i - 1, u + ((usize(i) * ldu + i + 1) << 3), at + 8);
        const rest = i1 < n ? load<f64>(work + ((usize(r) * NB + i - i0) << 3)) : 0;
        store<f64>(at, load<f64>(at) - sum - rest);
      }
    }
  }
  for (let y = x; y < end; y += row) {
    for (let k = n - 1; k >= 0; k--) exchange(y + (usize(k) << 3), y + (usize(load<i32>(swaps + (usize(k) << 2))) << 3));
  }
  return 0;
}
