// Micro-kernels of the band reduction: twelve accumulators each, so that both FMA ports stay busy,
// and no packing of the matrix. The general GEMM packs both operands; here the symmetric matrix is
// read where it lies, once for A·V and once for Aᵀ·V.

import { hsum, madd } from "../simd";

/**
 * C += L·R, C (6×4, row stride ldc).
 *
 * L (6×k) is read by columns: element (i, p) at l[p·ldl + i]; R (k×4): element (p, j) at r[p·ldr + j].
 * k ≥ 1. |Ĉ − C| ≤ γ_k·|L|·|R| on top of C   [Higham 2002, §3.5]
 */
export function micro_outer(k: i32, l: usize, ldl: i32, r: usize, ldr: i32, c: usize, ldc: i32): void {
  const sl = usize(ldl) << 3;
  const sr = usize(ldr) << 3;
  let c00 = f64x2.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00;
  let c30 = c00, c31 = c00, c40 = c00, c41 = c00, c50 = c00, c51 = c00;
  do {
    const r0 = v128.load(r);
    const r1 = v128.load(r, 16);
    let x = v128.load_splat<f64>(l);
    c00 = madd<f64>(x, r0, c00);
    c01 = madd<f64>(x, r1, c01);
    x = v128.load_splat<f64>(l, 8);
    c10 = madd<f64>(x, r0, c10);
    c11 = madd<f64>(x, r1, c11);
    x = v128.load_splat<f64>(l, 16);
    c20 = madd<f64>(x, r0, c20);
    c21 = madd<f64>(x, r1, c21);
    x = v128.load_splat<f64>(l, 24);
    c30 = madd<f64>(x, r0, c30);
    c31 = madd<f64>(x, r1, c31);
    x = v128.load_splat<f64>(l, 32);
    c40 = madd<f64>(x, r0, c40);
    c41 = madd<f64>(x, r1, c41);
    x = v128.load_splat<f64>(l, 40);
    c50 = madd<f64>(x, r0, c50);
    c51 = madd<f64>(x, r1, c51);
    l += sl;
    r += sr;
  } while (--k);
  const sc = usize(ldc) << 3;
  add2(c, c00, c01);
  add2((c += sc), c10, c11);
  add2((c += sc), c20, c21);
  add2((c += sc), c30, c31);
  add2((c += sc), c40, c41);
  add2((c += sc), c50, c51);
}

/**
 * C += A·R, C (6×4, row stride ldc), A (6×k, row stride lda), R (k×4, contiguous). k ≥ 1.
 * |Ĉ − C| ≤ γ_k·|A|·|R| on top of C   [Higham 2002, §3.5]
 */
export function micro_rows(k: i32, a: usize, lda: i32, r: usize, c: usize, ldc: i32): void {
  const sa = usize(lda) << 3;
  let a1 = a + sa, a2 = a1 + sa, a3 = a2 + sa, a4 = a3 + sa, a5 = a4 + sa;
  let c00 = f64x2.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00;
  let c30 = c00, c31 = c00, c40 = c00, c41 = c00, c50 = c00, c51 = c00;
  const end = a + (usize(k) << 3);
  do {
    const r0 = v128.load(r);
    const r1 = v128.load(r, 16);
    let x = v128.load_splat<f64>(a);
    c00 = madd<f64>(x, r0, c00);
    c01 = madd<f64>(x, r1, c01);
    x = v128.load_splat<f64>(a1);
    c10 = madd<f64>(x, r0, c10);
    c11 = madd<f64>(x, r1, c11);
    x = v128.load_splat<f64>(a2);
    c20 = madd<f64>(x, r0, c20);
    c21 = madd<f64>(x, r1, c21);
    x = v128.load_splat<f64>(a3);
    c30 = madd<f64>(x, r0, c30);
    c31 = madd<f64>(x, r1, c31);
    x = v128.load_splat<f64>(a4);
    c40 = madd<f64>(x, r0, c40);
    c41 = madd<f64>(x, r1, c41);
    x = v128.load_splat<f64>(a5);
    c50 = madd<f64>(x, r0, c50);
    c51 = madd<f64>(x, r1, c51);
    a1 += 8;
    a2 += 8;
    a3 += 8;
    a4 += 8;
    a5 += 8;
    r += 32;
    a += 8;
  } while (a != end);
  const sc = usize(ldc) << 3;
  add2(c, c00, c01);
  add2((c += sc), c10, c11);
  add2((c += sc), c20, c21);
  add2((c += sc), c30, c31);
  add2((c += sc), c40, c41);
  add2((c += sc), c50, c51);
}

/**
 * C := P·Qᵀ, C (3×4, row stride ldc), P (3×k) and Q (4×k) with row stride ld. k even, k ≥ 2.
 * |Ĉ − C| ≤ γ_k·|P|·|Qᵀ|   [Higham 2002, §3.5]
 */
export function micro_dots(k: i32, p: usize, q: usize, ld: i32, c: usize, ldc: i32): void {
  const s = usize(ld) << 3;
  let p1 = p + s, p2 = p1 + s, q1 = q + s, q2 = q1 + s, q3 = q2 + s;
  let c00 = f64x2.splat(0), c01 = c00, c02 = c00, c03 = c00;
  let c10 = c00, c11 = c00, c12 = c00, c13 = c00, c20 = c00, c21 = c00, c22 = c00, c23 = c00;
  const end = p + (usize(k) << 3);
  do {
    const x0 = v128.load(p);
    const x1 = v128.load(p1);
    const x2 = v128.load(p2);
    let y = v128.load(q);
    c00 = madd<f64>(x0, y, c00);
    c10 = madd<f64>(x1, y, c10);
    c20 = madd<f64>(x2, y, c20);
    y = v128.load(q1);
    c01 = madd<f64>(x0, y, c01);
    c11 = madd<f64>(x1, y, c11);
    c21 = madd<f64>(x2, y, c21);
    y = v128.load(q2);
    c02 = madd<f64>(x0, y, c02);
    c12 = madd<f64>(x1, y, c12);
    c22 = madd<f64>(x2, y, c22);
    y = v128.load(q3);
    c03 = madd<f64>(x0, y, c03);
    c13 = madd<f64>(x1, y, c13);
    c23 = madd<f64>(x2, y, c23);
    p1 += 16;
    p2 += 16;
    q += 16;
    q1 += 16;
    q2 += 16;
    q3 += 16;
    p += 16;
  } while (p != end);
  const sc = usize(ldc) << 3;
  put4(c, c00, c01, c02, c03);
  put4(c + sc, c10, c11, c12, c13);
  put4(c + 2 * sc, c20, c21, c22, c23);
}

// @ts-ignore: decorator
@inline
function add2(c: usize, x: v128, y: v128): void {
  v128.store(c, f64x2.add(v128.load(c), x));
  v128.store(c, f64x2.add(v128.load(c, 16), y), 16);
}

// @ts-ignore: decorator
@inline
function put4(c: usize, w: v128, x: v128, y: v128, z: v128): void {
  store<f64>(c, hsum<f64>(w));
  store<f64>(c, hsum<f64>(x), 8);
  store<f64>(c, hsum<f64>(y), 16);
  store<f64>(c, hsum<f64>(z), 24);
}
