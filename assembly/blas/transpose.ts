// B := Aᵀ, in parallel.

import { args, parallelFor } from "../parallel";
import { Task } from "../tasks";
import { spread } from "./gemm/pack";

/** Rows of A in one chunk: the piece of a row of B that it writes is a few whole cache lines. */
const ROWS: i32 = 32;

@unmanaged
class Transpose {
  n: i32;
  a: usize;
  lda: i32;
  b: usize;
  ldb: i32;
}

/** Rows [i0, i1) of A. */
export function transpose_task<T>(i0: i32, i1: i32): void {
  const s = args<Transpose>();
  const ld = usize(s.lda) * sizeof<T>();
  let row = s.a + usize(i0) * ld;
  let to = s.b + usize(i0) * sizeof<T>();
  let i = i0;
  for (; i + 2 <= i1; i += 2) {
    spread<T>(s.ldb, s.n, row, row + ld, to);
    row += 2 * ld;
    to += 2 * sizeof<T>();
  }
  if (i == i1) return;
  for (const end = row + usize(s.n) * sizeof<T>(); row < end; row += sizeof<T>()) {
    store<T>(to, load<T>(row));
    to += usize(s.ldb) * sizeof<T>();
  }
}

/**
 * B := Aᵀ; opens a region.
 *
 * A (m×n, row stride lda), B (n×m, ldb); strides in elements. They must not overlap. Returns 0 or INFO_ABORTED.
 */
export function transpose<T>(m: i32, n: i32, a: usize, lda: i32, b: usize, ldb: i32): i32 {
  const s = args<Transpose>();
  s.n = n;
  s.a = a;
  s.lda = lda;
  s.b = b;
  s.ldb = ldb;
  return parallelFor(sizeof<T>() == 8 ? Task.TRANSPOSE_F64 : Task.TRANSPOSE_F32, m, ROWS);
}

export function transpose_f64(m: i32, n: i32, a: usize, lda: i32, b: usize, ldb: i32): i32 {
  return transpose<f64>(m, n, a, lda, b, ldb);
}

export function transpose_f32(m: i32, n: i32, a: usize, lda: i32, b: usize, ldb: i32): i32 {
  return transpose<f32>(m, n, a, lda, b, ldb);
}
