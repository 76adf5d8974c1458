// Sums over all of a symmetric matrix: trace and Frobenius norm bound every eigenvalue that is not known.

import { dot } from "../blas/level1";
import { args, parallelFor } from "../parallel";
import { Task } from "../tasks";

/** Rows of one chunk. */
const ROWS: i32 = 32;

@unmanaged
class Moments {
  n: i32;
  a: usize; // (n, n), stride lda
  lda: i32;
  by: f64;
  sums: usize; // of each chunk: Σ aᵢᵢ, Σ aᵢⱼ²
}

/** Rows [i0, i1), one chunk. */
export function moments_task(i0: i32, i1: i32): void {
  const s = args<Moments>();
  let trace: f64 = 0;
  let squares: f64 = 0;
  for (let i = i0; i < i1; i++) {
    const row = s.a + (usize(i) * s.lda << 3);
    if (s.by != 1) for (let j = 0; j < s.n; j++) store<f64>(row + (usize(j) << 3), s.by * load<f64>(row + (usize(j) << 3)));
    trace += load<f64>(row + (usize(i) << 3));
    squares += dot(s.n, row, row);
  }
  const out = s.sums + (usize(i0 / ROWS) << 4);
  store<f64>(out, trace);
  store<f64>(out, squares, 8);
}

/** Bytes of workspace for moments. */
export function moments_work_f64(n: i32): f64 {
  return f64(n / ROWS + 1) * 16;
}

/**
 * A := by·A; out: its trace and Σ aᵢⱼ² (two f64), each off by at most (n/8 + n/32 + 40)·u of Σ |aᵢᵢ|, Σ aᵢⱼ².
 *
 * A (n×n, row stride lda in elements). work: moments_work_f64(n) bytes. Opens a region. Returns 0 or INFO_ABORTED.
 */
export function moments_f64(n: i32, a: usize, lda: i32, by: f64, out: usize, work: usize): i32 {
  const s = args<Moments>();
  s.n = n;
  s.a = a;
  s.lda = lda;
  s.by = by;
  s.sums = work;
  const info = parallelFor(Task.MOMENTS, n, ROWS);
  if (info != 0) return info;
  let trace: f64 = 0;
  let squares: f64 = 0;
  for (let c = 0; c * ROWS < n; c++) {
    trace += load<f64>(work + (usize(c) << 4));
    squares += load<f64>(work + (usize(c) << 4), 8);
  }
  store<f64>(out, trace);
  store<f64>(out, squares, 8);
  return 0;
}
