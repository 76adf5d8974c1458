// The wasm exports as TypeScript sees them: the types of assembly/index.ts, kernel by kernel.

/** A byte address in wasm memory. */
export type Pointer = number;

/** LAPACK-style: 0 ok, k > 0 where the kernel failed, INFO_ABORTED. */
export type Info = number;

export const INFO_ABORTED = -0x80000000;

/** What the abort word holds after fail_chunk(). */
export const CHUNK_FAILED = 2;

export interface Kernels {
  heap_base(): Pointer;
  abort_word(): Pointer;
  progress_word(): Pointer;
  alone_word(): Pointer;
  tell_progress(done: number, total: number): void;
  worker_loop(): void;
  fail_chunk(): void;
  stop_workers(): void;
  pool_stress(regions: number, n: number, grain: number, out: Pointer): Info;

  find_not_finite_f64(m: number, n: number, a: Pointer, lda: number): number;
  find_not_finite_f32(m: number, n: number, a: Pointer, lda: number): number;
  find_asymmetry_f64(n: number, a: Pointer, lda: number, tol: number): number;
  find_asymmetry_f32(n: number, a: Pointer, lda: number, tol: number): number;

  peak_f64(rounds: number): number;
  peak_f32(rounds: number): number;
  gemm_work_f64(m: number, n: number, k: number): number;
  gemm_work_f32(m: number, n: number, k: number): number;
  gemm_f64: Gemm;
  gemm_f32: Gemm;
  gemm_skinny_work_f64(m: number, n: number, k: number): number;
  gemm_skinny_work_f32(m: number, n: number, k: number): number;
  gemm_skinny_f64: GemmSkinny;
  gemm_skinny_f32: GemmSkinny;
  multiply_rows_f64(
    m: number, n: number, b: number, ids: Pointer, a: Pointer, lda: number, x: Pointer, ldx: number, y: Pointer, ldy: number,
  ): Info;
  bootstrap_work_f64(n: number, threads: number): number;
  bootstrap_f64(
    n: number, x: Pointer, options: Pointer, below: number, xmin: number, exponent: number, share: number, replicas: number, seed: number,
    threads: number, out: Pointer, work: Pointer,
  ): Info;
  power_law_scan_work_f64(n: number): number;
  power_law_scan_f64(n: number, x: Pointer, options: Pointer, fit: Pointer, all: Pointer, work: Pointer): Info;

  syrk_work_f64(n: number, k: number): number;
  syrk_work_f32(n: number, k: number): number;
  syrk_f64: Syrk;
  syrk_f32: Syrk;

  transpose_f64: Transpose;
  transpose_f32: Transpose;

  tridiagonal_values_work_f64(n: number): number;
  tridiagonal_values_f64(n: number, d: Pointer, e: Pointer, work: Pointer): Info;
  tridiagonal_vectors_work_f64(n: number): number;
  tridiagonal_vectors_f64(n: number, d: Pointer, e: Pointer, q: Pointer, ldq: number, work: Pointer): Info;
  tridiagonal_two_stage_work_f64(n: number): number;
  tridiagonal_two_stage_f64(n: number, a: Pointer, lda: number, d: Pointer, e: Pointer, work: Pointer): Info;

  scaling_f64(m: number, n: number, a: Pointer, lda: number): number;
  scaling_f32(m: number, n: number, a: Pointer, lda: number): number;
  qr_bytes_f64(m: number, k: number): number;
  qr_bytes_f32(m: number, k: number): number;
  qr_work_f64(m: number, k: number, c: number): number;
  qr_work_f32(m: number, k: number, c: number): number;
  qr_f64: Qr;
  qr_f32: Qr;
  form_q_f64: FormQ;
  form_q_f32: FormQ;
  multiply_q_f64(
    transposed: boolean, m: number, k: number, c: number, f: Pointer, x: Pointer, ldx: number, work: Pointer,
  ): Info;
  trsm_work_f64(n: number, m: number): number;
  trsm_f64(
    n: number, m: number, t: Pointer, ldt: number, lower: boolean, trans: boolean, unit: boolean, b: Pointer, ldb: number,
    work: Pointer,
  ): Info;
  extend_basis_work_f64(m: number, q: number, b: number): number;
  extend_basis_work_f32(m: number, q: number, b: number): number;
  extend_basis_f64: ExtendBasis;
  extend_basis_f32: ExtendBasis;

  mt19937_bytes(): number;
  mt19937_seed(state: Pointer, seed: number): void;
  mt19937_random_f64(state: Pointer, n: number, out: Pointer): void;
  mt19937_randn_f64(state: Pointer, n: number, out: Pointer): void;

  hinf_counts_f64(n: number): number;
  hinf_count_work_f64(n: number, d: number, m: number): number;
  hinf_count_f64(
    n: number, d: number, from: number, to: number, seed: number, x: Pointer, ldx: number, counts: Pointer, work: Pointer,
  ): Info;
  hinf_finish_f64(n: number, counts: Pointer, divisor: number, h: Pointer, ldh: number): Info;
  hinf_activation_norms_work_f64(n: number, d: number, m: number): number;
  hinf_activation_norms_f64(
    n: number, d: number, m: number, seed: number, x: Pointer, ldx: number, v: Pointer, z: Pointer, work: Pointer,
  ): Info;

  cholesky_work_f64(n: number): number;
  cholesky_f64(n: number, a: Pointer, lda: number, from: number, to: number, work: Pointer): Info;
  cholesky_solve_work_f64(n: number, m: number): number;
  cholesky_solve_f64(n: number, m: number, l: Pointer, ldl: number, b: Pointer, ldb: number, work: Pointer): Info;
  equilibrate_work_f64(n: number): number;
  equilibrate_f64(n: number, a: Pointer, lda: number, symmetric: boolean, r: Pointer, c: Pointer, work: Pointer): void;
  lu_work_f64(n: number): number;
  lu_f64(n: number, a: Pointer, lda: number, swaps: Pointer, from: number, to: number, work: Pointer): Info;
  lu_solve_work_f64(n: number, m: number): number;
  lu_solve_f64(
    n: number, m: number, trans: boolean, a: Pointer, lda: number, swaps: Pointer, b: Pointer, ldb: number, work: Pointer,
  ): Info;
  residual_work_f64(n: number): number;
  residual_f64(
    n: number, m: number, a: Pointer, lda: number, x: Pointer, ldx: number, b: Pointer, ldb: number,
    r: Pointer, ldr: number, work: Pointer,
  ): Info;
  norm_work_f64(n: number): number;
  norm_f64(m: number, n: number, a: Pointer, lda: number, kind: number, work: Pointer): number;
  ldl_work_f64(n: number): number;
  ldl_f64(
    n: number, a: Pointer, lda: number, d: Pointer, e: Pointer, swaps: Pointer, from: number, to: number, work: Pointer,
  ): Info;
  ldl_inertia_f64(n: number, d: Pointer, e: Pointer, out: Pointer): void;
  ldl_solve_work_f64(n: number, m: number): number;
  ldl_solve_f64(
    n: number, m: number, a: Pointer, lda: number, d: Pointer, e: Pointer, swaps: Pointer, b: Pointer, ldb: number, work: Pointer,
  ): Info;
  lanczos_inverse_work_f64(n: number, steps: number): number;
  lanczos_inverse_f64(
    n: number, l: Pointer, ldl: number, steps: number, tol: number, vector: Pointer, out: Pointer, work: Pointer,
  ): Info;
  lanczos_probes_f64(
    n: number, probes: number, steps: number, j: number, v: Pointer, ldv: number, w: Pointer, ldw: number,
    alpha: Pointer, beta: Pointer,
  ): Info;
  shift_diagonal_f64(
    n: number, a: Pointer, lda: number, keep: number, s: number, damp: number, b: Pointer, ldb: number,
  ): Info;
  quadratic_form_work_f64(n: number): number;
  quadratic_form_f64(n: number, a: Pointer, lda: number, v: Pointer, out: Pointer, work: Pointer): Info;

  moments_work_f64(n: number): number;
  moments_f64(n: number, a: Pointer, lda: number, by: number, out: Pointer, work: Pointer): Info;
  golub_kahan_work_f64(m: number, n: number, most: number, wide: number): number;
  golub_kahan_begin_f64(
    m: number, n: number, most: number, wide: number, k: number, tol: number, maxRestarts: number, seed: number, state: Pointer,
  ): void;
  golub_kahan_step_f64(state: Pointer): Info;
  golub_kahan_dense_f64(a: Pointer, lda: number, t: Pointer, ldt: number, state: Pointer): Info;
  lanczos_work_f64(n: number, most: number, wide: number): number;
  lanczos_begin_f64(
    n: number, most: number, wide: number, low: number, high: number, magnitude: boolean, tol: number, shift: number, norm: number,
    maxRestarts: number, maxProducts: number, seed: number, state: Pointer,
  ): void;
  lanczos_step_f64(state: Pointer): Info;
  lanczos_symmetric_f64(a: Pointer, lda: number, state: Pointer): Info;
  lanczos_inverted_f64(u: Pointer, ldu: number, d: Pointer, e: Pointer, swaps: Pointer, state: Pointer): Info;
  lanczos_refresh_f64(state: Pointer): void;
  lanczos_finish_f64(state: Pointer): Info;
  lanczos_residuals_f64(
    n: number, k: number, x: Pointer, ldx: number, y: Pointer, ldy: number, theta: Pointer, residual: Pointer,
  ): void;

  hinf_exact_work_f64(n: number, d: number): number;
  hinf_exact_f64(
    rows: number, n: number, d: number, x: Pointer, ldx: number, shift: number, h: Pointer, ldh: number,
    same: Pointer, opposite: Pointer, work: Pointer,
  ): Info;
  svdvals_work_f64(m: number, n: number): number;
  svdvals_work_f32(m: number, n: number): number;
  svdvals_f64: Svdvals;
  svdvals_f32: Svdvals;
  svd_work_f64(m: number, n: number, c: number): number;
  svd_work_f32(m: number, n: number, c: number): number;
  svd_f64: Svd;
  svd_f32: Svd;
  eigvalsh_work_f64(n: number): number;
  eigvalsh_work_f32(n: number): number;
  eigvalsh_f64: Eigvalsh;
  eigvalsh_f32: Eigvalsh;
  eigh_work_f64(n: number): number;
  eigh_jacobi_work_f64(n: number): number;
  eigh_jacobi_f64(n: number, a: Pointer, lda: number, w: Pointer, vectors: boolean, sweeps: Pointer, work: Pointer): Info;
  svd_jacobi_work_f64(m: number, n: number, want: number): number;
  svd_jacobi_f64(
    m: number, n: number, a: Pointer, lda: number, want: number, u: Pointer, ldu: number, s: Pointer, vt: Pointer, ldvt: number,
    sweeps: Pointer, work: Pointer,
  ): Info;
  eigh_work_f32(n: number): number;
  eigh_f64: Eigh;
  eigh_f32: Eigh;

  kernel_block_work_f64(symmetric: boolean, m: number, n: number, d: number, columns: number, frames: number): number;
  kernel_block_f64(
    symmetric: boolean, m: number, n: number, d: number, x: Pointer, ldx: number, z: Pointer, ldz: number,
    code: Pointer, size: number, frames: number, left: Pointer, ldl: number, right: Pointer, ldr: number,
    k: Pointer, ldk: number, work: Pointer,
  ): Info;
  kernel_product_f64(
    symmetric: boolean, m: number, n: number, d: number, columns: number, x: Pointer, ldx: number, z: Pointer, ldz: number,
    code: Pointer, size: number, frames: number, left: Pointer, ldl: number, right: Pointer, ldr: number,
    v: Pointer, ldv: number, y: Pointer, ldy: number, work: Pointer,
  ): Info;
  kernel_origin_f64(n: number, d: number, x: Pointer, ldx: number, origin: Pointer): number;
  kernel_translate_f64(n: number, d: number, x: Pointer, ldx: number, origin: Pointer, unit: number): void;
  kernel_rows_work_f64(frames: number): number;
  kernel_rows_f64(
    n: number, d: number, x: Pointer, ldx: number, code: Pointer, size: number, table: Pointer, ldt: number, diagonal: Pointer,
    work: Pointer,
  ): void;
}

type Gemm = (
  transA: boolean, transB: boolean, m: number, n: number, k: number, alpha: number, a: Pointer, lda: number, b: Pointer, ldb: number,
  beta: number, c: Pointer, ldc: number, work: Pointer,
) => Info;

type GemmSkinny = (
  transA: boolean, m: number, n: number, k: number, alpha: number, a: Pointer, lda: number, b: Pointer, ldb: number, c: Pointer, ldc: number,
  work: Pointer,
) => Info;

type Syrk = (
  n: number, k: number, alpha: number, a: Pointer, lda: number, beta: number, c: Pointer, ldc: number, work: Pointer,
) => Info;

type Qr = (
  m: number, n: number, a: Pointer, lda: number, f: Pointer, from: number, to: number, work: Pointer,
) => Info;

type ExtendBasis = (
  m: number, q: number, b: number, x: Pointer, ldx: number, from: number, to: number, work: Pointer,
) => Info;

type FormQ = (m: number, k: number, q: number, f: Pointer, x: Pointer, ldx: number, work: Pointer) => Info;

type Transpose = (m: number, n: number, a: Pointer, lda: number, b: Pointer, ldb: number) => Info;

type Svdvals = (m: number, n: number, a: Pointer, lda: number, w: Pointer, work: Pointer) => Info;

type Svd = (
  m: number, n: number, c: number, a: Pointer, lda: number, w: Pointer, u: Pointer, ldu: number, vt: Pointer, ldv: number, work: Pointer,
) => Info;

type Eigvalsh = (n: number, a: Pointer, lda: number, w: Pointer, work: Pointer) => Info;

type Eigh = (
  n: number, a: Pointer, lda: number, byValue: boolean, lo: number, hi: number, w: Pointer, range: Pointer, work: Pointer,
) => Info;
