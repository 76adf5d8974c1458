// The micro-kernel: where all the time of a product is spent. One tile of C, MR rows by two vectors,
// is held in registers while a panel of A and a panel of B stream past. asc keeps no arrays in
// registers and does not unroll, so every accumulator is written out; MR is a constant, and the rows
// it leaves out cost nothing. Unrolling over k as well was slower (25.6 against 28.9 GFLOP/s).

import { lanes, madd } from "../../simd";
import { MR, NR } from "./blocking";

/** c := α·x + β·c for the first `width` ≥ 1 numbers at c, of which x holds one vector. */
function update_vector<T>(c: usize, x: v128, width: i32, alpha: T, beta: T): void {
  if (width >= lanes<T>()) {
    const y = v128.mul<T>(x, v128.splat<T>(alpha));
    v128.store(c, beta == 0 ? y : v128.add<T>(y, v128.mul<T>(v128.splat<T>(beta), v128.load(c))));
    return;
  }
  for (const end = c + usize(width) * sizeof<T>(); c < end; c += sizeof<T>()) {
    const y = alpha * v128.extract_lane<T>(x, 0);
    store<T>(c, beta == 0 ? y : y + beta * load<T>(c));
    x = v128.shuffle<i32>(x, x, 1, 2, 3, 0); // the next lane of f32; in f64 there is only one
  }
}

/** A row of the tile: x0 and x1 are its two vectors, `width` of its numbers lie within C. */
function update_row<T>(c: usize, x0: v128, x1: v128, width: i32, alpha: T, beta: T): void {
  update_vector<T>(c, x0, width, alpha, beta);
  if (width > lanes<T>()) update_vector<T>(c + 16, x1, width - lanes<T>(), alpha, beta);
}

/**
 * C11 := α·A1·B1 + β·C11
 *
 * A1 (MR×k) a packed panel, element (i, p) at a + p·MR + i; B1 (k×NR) a packed panel, (p, j) at
 * b + p·NR + j. C11: the upper left mLeft×nLeft of a tile with row stride ldc. k ≥ 0; β = 0 overwrites.
 */
export function micro<T>(k: i32, a: usize, b: usize, alpha: T, beta: T, c: usize, ldc: i32, mLeft: i32, nLeft: i32): void {
  let c00: v128 = v128.splat<T>(0), c01: v128 = v128.splat<T>(0);
  let c10: v128 = v128.splat<T>(0), c11: v128 = v128.splat<T>(0);
  let c20: v128 = v128.splat<T>(0), c21: v128 = v128.splat<T>(0);
  let c30: v128 = v128.splat<T>(0), c31: v128 = v128.splat<T>(0);
  let c40: v128 = v128.splat<T>(0), c41: v128 = v128.splat<T>(0);
  let c50: v128 = v128.splat<T>(0), c51: v128 = v128.splat<T>(0);
  for (const end = a + usize(k) * (MR * sizeof<T>()); a < end; a += MR * sizeof<T>()) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    b += 32;
    let ai = v128.load_splat<T>(a);
    c00 = madd<T>(ai, b0, c00);
    c01 = madd<T>(ai, b1, c01);
    ai = v128.load_splat<T>(a, sizeof<T>());
    c10 = madd<T>(ai, b0, c10);
    c11 = madd<T>(ai, b1, c11);
    ai = v128.load_splat<T>(a, 2 * sizeof<T>());
    c20 = madd<T>(ai, b0, c20);
    c21 = madd<T>(ai, b1, c21);
    ai = v128.load_splat<T>(a, 3 * sizeof<T>());
    c30 = madd<T>(ai, b0, c30);
    c31 = madd<T>(ai, b1, c31);
    if (MR == 6) {
      ai = v128.load_splat<T>(a, 4 * sizeof<T>());
      c40 = madd<T>(ai, b0, c40);
      c41 = madd<T>(ai, b1, c41);
      ai = v128.load_splat<T>(a, 5 * sizeof<T>());
      c50 = madd<T>(ai, b0, c50);
      c51 = madd<T>(ai, b1, c51);
    }
  }

  const ld = usize(ldc) * sizeof<T>();
  update_row<T>(c, c00, c01, nLeft, alpha, beta);
  if (mLeft > 1) update_row<T>(c + ld, c10, c11, nLeft, alpha, beta);
  if (mLeft > 2) update_row<T>(c + 2 * ld, c20, c21, nLeft, alpha, beta);
  if (mLeft > 3) update_row<T>(c + 3 * ld, c30, c31, nLeft, alpha, beta);
  if (MR == 6 && mLeft > 4) update_row<T>(c + 4 * ld, c40, c41, nLeft, alpha, beta);
  if (MR == 6 && mLeft > 5) update_row<T>(c + 5 * ld, c50, c51, nLeft, alpha, beta);
}

/**
 * C := α·A·B + β·C for packed blocks A (m×k) and B (k×n): the two innermost loops.
 *
 * Only tiles that reach the diagonal i = j + below or lie above it (a tile's rows i ≤ j + below) are
 * touched; below = m leaves out none.
 */
export function macro<T>(
  m: i32, n: i32, k: i32, alpha: T, a: usize, b: usize, beta: T, c: usize, ldc: i32, below: i32,
): void {
  const stepA = usize(k) * (MR * sizeof<T>());
  const stepC = usize(ldc) * (MR * sizeof<T>());
  // 2nd loop: the panel of B stays in L1
  for (let jr = 0; jr < n; jr += NR<T>()) {
    const b1 = b + usize(jr) * k * sizeof<T>();
    const nLeft = min(NR<T>(), n - jr);
    const rows = min(m, jr + NR<T>() + below);
    let a1 = a;
    let c11 = c + usize(jr) * sizeof<T>();
    // 1st loop: panels of A stream from L2. Two calls, so that Binaryen does not inline the kernel
    // here: V8 replaces a slow first compilation only from one call to the next.
    let ir = 0;
    for (; ir + MR <= rows; ir += MR) {
      micro<T>(k, a1, b1, alpha, beta, c11, ldc, MR, nLeft);
      a1 += stepA;
      c11 += stepC;
    }
    if (ir < rows) micro<T>(k, a1, b1, alpha, beta, c11, ldc, min(MR, m - ir), nLeft);
  }
}
