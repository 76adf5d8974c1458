// The micro-kernel of triangular solves with many right-hand sides, and of Cholesky on its diagonal.

import { nmadd } from "../simd";

/** Order of a triangle: gemm is 96 deep at least, and the triangle (72 KiB) stays in L2. */
export const NB: i32 = 96;

/** Right-hand sides of one chunk: their NB×WIDTH numbers (24 KiB) stay in L1. */
export const WIDTH: i32 = 32;

/**
 * Four rows of X: x(r, c) −= Σ_{k<j} u(k, r)·x(k, c) for j ≤ r < j + 4 and 4 columns c; then, with
 * `solve`, x := U⁻ᵀ·x for the 4×4 triangle of U at (j, j).
 *
 * u points to u(0, j), stride NB; x to x(0, c), row stride ldx; inverse to 1/u(j, j).
 */
export function rows4(j: i32, u: usize, x: usize, ldx: i32, inverse: usize, solve: bool): void {
  const ld = usize(ldx) << 3;
  const x0 = x + usize(j) * ld;
  const x1 = x0 + ld;
  const x2 = x1 + ld;
  const x3 = x2 + ld;
  let a0 = v128.load(x0), b0 = v128.load(x0, 16);
  let a1 = v128.load(x1), b1 = v128.load(x1, 16);
  let a2 = v128.load(x2), b2 = v128.load(x2, 16);
  let a3 = v128.load(x3), b3 = v128.load(x3, 16);
  for (; x < x0; x += ld) {
    const a = v128.load(x);
    const b = v128.load(x, 16);
    let s = v128.load64_splat(u);
    a0 = nmadd<f64>(s, a, a0);
    b0 = nmadd<f64>(s, b, b0);
    s = v128.load64_splat(u, 8);
    a1 = nmadd<f64>(s, a, a1);
    b1 = nmadd<f64>(s, b, b1);
    s = v128.load64_splat(u, 16);
    a2 = nmadd<f64>(s, a, a2);
    b2 = nmadd<f64>(s, b, b2);
    s = v128.load64_splat(u, 24);
    a3 = nmadd<f64>(s, a, a3);
    b3 = nmadd<f64>(s, b, b3);
    u += NB << 3;
  }
  if (solve) {
    let s = v128.load64_splat(inverse);
    a0 = f64x2.mul(s, a0);
    b0 = f64x2.mul(s, b0);
    s = v128.load64_splat(u, 8);
    a1 = nmadd<f64>(s, a0, a1);
    b1 = nmadd<f64>(s, b0, b1);
    s = v128.load64_splat(inverse, 8);
    a1 = f64x2.mul(s, a1);
    b1 = f64x2.mul(s, b1);
    s = v128.load64_splat(u, 16);
    a2 = nmadd<f64>(s, a0, a2);
    b2 = nmadd<f64>(s, b0, b2);
    s = v128.load64_splat(u, (NB << 3) + 16);
    a2 = nmadd<f64>(s, a1, a2);
    b2 = nmadd<f64>(s, b1, b2);
    s = v128.load64_splat(inverse, 16);
    a2 = f64x2.mul(s, a2);
    b2 = f64x2.mul(s, b2);
    s = v128.load64_splat(u, 24);
    a3 = nmadd<f64>(s, a0, a3);
    b3 = nmadd<f64>(s, b0, b3);
    s = v128.load64_splat(u, (NB << 3) + 24);
    a3 = nmadd<f64>(s, a1, a3);
    b3 = nmadd<f64>(s, b1, b3);
    s = v128.load64_splat(u, (NB << 4) + 24);
    a3 = nmadd<f64>(s, a2, a3);
    b3 = nmadd<f64>(s, b2, b3);
    s = v128.load64_splat(inverse, 24);
    a3 = f64x2.mul(s, a3);
    b3 = f64x2.mul(s, b3);
  }
  v128.store(x0, a0), v128.store(x0, b0, 16);
  v128.store(x1, a1), v128.store(x1, b1, 16);
  v128.store(x2, a2), v128.store(x2, b2, 16);
  v128.store(x3, a3), v128.store(x3, b3, 16);
}
