// The micro-kernel: where all the time of a product is spent. One tile of C, MR rows by two vectors,
// is held in registers while a panel of A and a panel of B stream past. asc keeps no arrays in
// registers and does not unroll, so every accumulator is written out; MR is a constant, and the rows
// it leaves out cost nothing. Unrolling over k as well was slower (25.6 against 28.9 GFLOP/s).

import { madd } from "../../simd";
import { MR, NR } from "./blocking";

/** c := α·x + β·c, one vector. */
// @ts-ignore: decorator
@inline
function update<T>(c: usize, x: v128, alpha: v128, beta: v128, overwrite: bool): void {
  x = v128.mul<T>(alpha, x);
  if (!overwrite) x = v128.add<T>(x, v128.mul<T>(beta, v128.load(c)));
  v128.store(c, x);
}

/** The same for the first `width` numbers of the vectors x0 and x1, one by one. */
function update_part<T>(c: usize, x0: v128, x1: v128, width: i32, alpha: T, beta: T): void {
  for (let j = 0; j < width; j++) {
    const y = alpha * v128.extract_lane<T>(x0, 0);
    store<T>(c, beta == 0 ? y : y + beta * load<T>(c));
    c += sizeof<T>();
    // shift x1:x0 down by one number
    if (sizeof<T>() == 8) {
      x0 = v128.shuffle<i64>(x0, x1, 1, 2);
      x1 = v128.shuffle<i64>(x1, x1, 1, 1);
    } else {
      x0 = v128.shuffle<i32>(x0, x1, 1, 2, 3, 4);
      x1 = v128.shuffle<i32>(x1, x1, 1, 2, 3, 3);
    }
  }
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
  if (mLeft == MR && nLeft == NR<T>()) {
    const x = v128.splat<T>(alpha);
    const y = v128.splat<T>(beta);
    const overwrite = beta == 0;
    update<T>(c, c00, x, y, overwrite);
    update<T>(c + 16, c01, x, y, overwrite);
    c += ld;
    update<T>(c, c10, x, y, overwrite);
    update<T>(c + 16, c11, x, y, overwrite);
    c += ld;
    update<T>(c, c20, x, y, overwrite);
    update<T>(c + 16, c21, x, y, overwrite);
    c += ld;
    update<T>(c, c30, x, y, overwrite);
    update<T>(c + 16, c31, x, y, overwrite);
    if (MR == 6) {
      c += ld;
      update<T>(c, c40, x, y, overwrite);
      update<T>(c + 16, c41, x, y, overwrite);
      c += ld;
      update<T>(c, c50, x, y, overwrite);
      update<T>(c + 16, c51, x, y, overwrite);
    }
    return;
  }
  update_part<T>(c, c00, c01, nLeft, alpha, beta);
  if (mLeft > 1) update_part<T>(c + ld, c10, c11, nLeft, alpha, beta);
  if (mLeft > 2) update_part<T>(c + 2 * ld, c20, c21, nLeft, alpha, beta);
  if (mLeft > 3) update_part<T>(c + 3 * ld, c30, c31, nLeft, alpha, beta);
  if (MR == 6 && mLeft > 4) update_part<T>(c + 4 * ld, c40, c41, nLeft, alpha, beta);
  if (MR == 6 && mLeft > 5) update_part<T>(c + 5 * ld, c50, c51, nLeft, alpha, beta);
}

/**
 * C := α·A·B + β·C for packed blocks A (m×k) and B (k×n): the two innermost loops.
 *
 * Left out are tiles that lie wholly below the diagonal i = j + below, and those wholly above the diagonal
 * j = i + above; below = m and above = n leave out none.
 */
export function macro<T>(
  m: i32, n: i32, k: i32, alpha: T, a: usize, b: usize, beta: T, c: usize, ldc: i32, below: i32, above: i32,
): void {
  const stepA = usize(k) * (MR * sizeof<T>());
  const stepB = usize(k) * (NR<T>() * sizeof<T>());
  // 2nd loop: the panel of A stays in L1
  for (let ir = 0; ir < m; ir += MR) {
    const mLeft = min(MR, m - ir);
    const width = min(n, (ir + mLeft + above + NR<T>() - 1) / NR<T>() * NR<T>());
    let jr = ir > below ? (ir - below) / NR<T>() * NR<T>() : 0;
    let b1 = b + usize(jr) * k * sizeof<T>();
    let c11 = c + (usize(ir) * ldc + jr) * sizeof<T>();
    // 1st loop: panels of B stream from L2, and C in the order of memory. Two calls, so that Binaryen does
    // not inline the kernel here: V8 replaces a slow first compilation only from one call to the next.
    for (; jr + NR<T>() <= width; jr += NR<T>()) {
      micro<T>(k, a, b1, alpha, beta, c11, ldc, mLeft, NR<T>());
      b1 += stepB;
      c11 += NR<T>() * sizeof<T>();
    }
    if (jr < width) micro<T>(k, a, b1, alpha, beta, c11, ldc, mLeft, width - jr);
    a += stepA;
  }
}
