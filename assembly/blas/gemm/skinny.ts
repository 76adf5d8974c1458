// C := α·op(A)·B for B of few columns: five loops as in gemm.ts, in another order.
//
// Each number of A is used for few of C's, so what is done to A besides counts: gemm packs all of it to memory
// and reads it again. Here B is packed whole, and a chunk of rows packs its own block of A, which is still
// in L2 when it is multiplied.

import { args, parallelFor } from "../../parallel";
import { Task } from "../../tasks";
import { MR, NR, UNIT, depth } from "./blocking";
import { macro } from "./micro";
import { pack } from "./pack";

/** Rows of C in one chunk: a block of A is 192 KiB, and B streams from L3 once for each chunk. */
const ROWS: i32 = 4 * UNIT;

@unmanaged
class Skinny<T> {
  transA: bool;
  n: i32;
  k: i32;
  alpha: T;
  a: usize;
  lda: i32;
  b: usize;
  ldb: i32;
  c: usize;
  ldc: i32;
  packedA: usize; // a block for each chunk
  packedB: usize; // a block for each depth<T>() rows
}

/** Bytes of a packed block of A, ROWS×depth. */
// @ts-ignore: decorator
@inline
function bytes_of_a<T>(): usize {
  return usize(ROWS * depth<T>()) * sizeof<T>();
}

/** Bytes of a packed block of B, depth×n. */
function bytes_of_b<T>(n: i32): usize {
  return usize((n + NR<T>() - 1) / NR<T>() * NR<T>()) * depth<T>() * sizeof<T>();
}

/** Packs blocks [p0, p1) of B. */
export function skinny_pack_task<T>(p0: i32, p1: i32): void {
  const s = args<Skinny<T>>();
  for (let p = p0; p < p1; p++) {
    const k0 = p * depth<T>();
    const b = s.b + usize(k0) * s.ldb * sizeof<T>();
    pack<T>(NR<T>(), 0, s.n, min(depth<T>(), s.k - k0), b, s.ldb, false, s.packedB + usize(p) * bytes_of_b<T>(s.n));
  }
}

/** Rows [i0, i1) of C, one chunk. */
export function skinny_rows_task<T>(i0: i32, i1: i32): void {
  const s = args<Skinny<T>>();
  const packed = s.packedA + usize(i0 / ROWS) * bytes_of_a<T>();
  const c = s.c + usize(i0) * s.ldc * sizeof<T>();
  const m = i1 - i0;
  let b = s.packedB;
  for (let k0 = 0; k0 < s.k; k0 += depth<T>()) {
    const k = min(depth<T>(), s.k - k0);
    const a = s.a + (s.transA ? usize(k0) * s.lda + i0 : usize(i0) * s.lda + k0) * sizeof<T>();
    pack<T>(MR, 0, m, k, a, s.lda, !s.transA, packed);
    macro<T>(m, s.n, k, s.alpha, packed, b, k0 == 0 ? <T>0 : <T>1, c, s.ldc, m, s.n);
    b += bytes_of_b<T>(s.n);
  }
}

/** Bytes of workspace for gemm_skinny. */
function gemm_skinny_work<T>(m: i32, n: i32, k: i32): f64 {
  const blocks = f64((k + depth<T>() - 1) / depth<T>());
  return f64((m + ROWS - 1) / ROWS) * f64(bytes_of_a<T>()) + blocks * f64(bytes_of_b<T>(n));
}

/**
 * C := α·op(A)·B, row-major, fast for n up to about a hundred; opens regions.
 *
 * op(A) is m×k: A (m×k, row stride lda), or its transpose with transA (then A is k×m); B (k×n, ldb), C (m×n, ldc),
 * k ≥ 1; strides in elements. C must not overlap A or B.
 * work: gemm_skinny_work(m, n, k) bytes, 64-byte aligned. Returns 0 or INFO_ABORTED. Error bound as gemm.
 */
function gemm_skinny<T>(
  transA: bool, m: i32, n: i32, k: i32, alpha: T, a: usize, lda: i32, b: usize, ldb: i32, c: usize, ldc: i32, work: usize,
): i32 {
  const isF64 = sizeof<T>() == 8;
  const s = args<Skinny<T>>();
  s.transA = transA;
  s.n = n;
  s.k = k;
  s.alpha = alpha;
  s.a = a;
  s.lda = lda;
  s.b = b;
  s.ldb = ldb;
  s.c = c;
  s.ldc = ldc;
  s.packedA = work;
  s.packedB = work + usize((m + ROWS - 1) / ROWS) * bytes_of_a<T>();
  const blocks = (k + depth<T>() - 1) / depth<T>();
  const info = parallelFor(isF64 ? Task.SKINNY_PACK_F64 : Task.SKINNY_PACK_F32, blocks, 1);
  if (info != 0) return info;
  return parallelFor(isF64 ? Task.SKINNY_ROWS_F64 : Task.SKINNY_ROWS_F32, m, ROWS);
}

export function gemm_skinny_work_f64(m: i32, n: i32, k: i32): f64 {
  return gemm_skinny_work<f64>(m, n, k);
}

export function gemm_skinny_work_f32(m: i32, n: i32, k: i32): f64 {
  return gemm_skinny_work<f32>(m, n, k);
}

export function gemm_skinny_f64(
  transA: bool, m: i32, n: i32, k: i32, alpha: f64, a: usize, lda: i32, b: usize, ldb: i32, c: usize, ldc: i32, work: usize,
): i32 {
  return gemm_skinny<f64>(transA, m, n, k, alpha, a, lda, b, ldb, c, ldc, work);
}

export function gemm_skinny_f32(
  transA: bool, m: i32, n: i32, k: i32, alpha: f32, a: usize, lda: i32, b: usize, ldb: i32, c: usize, ldc: i32, work: usize,
): i32 {
  return gemm_skinny<f32>(transA, m, n, k, alpha, a, lda, b, ldb, c, ldc, work);
}
