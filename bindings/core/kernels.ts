// The wasm exports as TypeScript sees them: the types of assembly/index.ts, kernel by kernel.

/** A byte address in wasm memory. */
export type Pointer = number;

/** LAPACK-style: 0 ok, k > 0 where the kernel failed, INFO_ABORTED. */
export type Info = number;

export const INFO_ABORTED = -0x80000000;

export interface Kernels {
  heap_base(): Pointer;
  abort_word(): Pointer;
  progress_word(): Pointer;
  worker_loop(): void;
  stop_workers(): void;
  pool_stress(regions: number, n: number, grain: number, out: Pointer): Info;

  find_not_finite_f64(m: number, n: number, a: Pointer, lda: number): number;
  find_not_finite_f32(m: number, n: number, a: Pointer, lda: number): number;
  find_asymmetry_f64(n: number, a: Pointer, lda: number, tol: number): number;
}
