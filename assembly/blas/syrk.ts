// The symmetric product, at half the price of the general one.

import { Part, gemm_work, product } from "./gemm/gemm";

/** Bytes of workspace for syrk. */
export function syrk_work<T>(n: i32, k: i32): usize {
  return gemm_work<T>(n, n, k);
}

/**
 * C := α·A·Aᵀ + β·C, both triangles, symmetric to the last bit; on all threads, opens regions.
 *
 * A (n×k, row stride lda), C (n×n, ldc) of which only the part on and above the diagonal is read;
 * strides in elements. β = 0 overwrites C. C must not overlap A.
 * work: syrk_work(n, k) bytes, 64-byte aligned. Returns 0 or INFO_ABORTED.
 * α = 1, β = 0: |Ĉ − C| ≤ γ_k·|A|·|A|ᵀ elementwise   [Higham 2002, §3.5]
 */
export function syrk<T>(n: i32, k: i32, alpha: T, a: usize, lda: i32, beta: T, c: usize, ldc: i32, work: usize): i32 {
  return product<T>(false, true, n, n, k, alpha, a, lda, a, lda, beta, c, ldc, Part.MIRRORED, work);
}

export function syrk_work_f64(n: i32, k: i32): f64 {
  return f64(syrk_work<f64>(n, k));
}

export function syrk_work_f32(n: i32, k: i32): f64 {
  return f64(syrk_work<f32>(n, k));
}

export function syrk_f64(n: i32, k: i32, alpha: f64, a: usize, lda: i32, beta: f64, c: usize, ldc: i32, work: usize): i32 {
  return syrk<f64>(n, k, alpha, a, lda, beta, c, ldc, work);
}

export function syrk_f32(n: i32, k: i32, alpha: f32, a: usize, lda: i32, beta: f32, c: usize, ldc: i32, work: usize): i32 {
  return syrk<f32>(n, k, alpha, a, lda, beta, c, ldc, work);
}
