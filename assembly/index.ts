// The wasm ABI on one page: everything that TypeScript can call, in dependency order.
// Names end in _f64 or _f32; sizes come before data before strides (in elements); `*_work` functions
// give workspace sizes in bytes; kernels return info: 0 ok, k > 0 where they failed, INFO_ABORTED.

export { abort_word, alone_word, fail_chunk, heap_base, progress as tell_progress, progress_word, stopWorkers as stop_workers, workerLoop as worker_loop } from "./parallel";
export { pool_stress } from "./stress";
export { find_asymmetry_f32, find_asymmetry_f64, find_not_finite_f32, find_not_finite_f64 } from "./blas/check";
export { gemm_f32, gemm_f64, gemm_work_f32, gemm_work_f64 } from "./blas/gemm/gemm";
export { norm_f64, norm_work_f64 } from "./blas/norm";
export { gemm_skinny_f32, gemm_skinny_f64, gemm_skinny_work_f32, gemm_skinny_work_f64 } from "./blas/gemm/skinny";
export { multiply_rows as multiply_rows_f64 } from "./blas/rows";
export { peak_f32, peak_f64 } from "./blas/peak";
export { transpose_f32, transpose_f64 } from "./blas/transpose";
export { syrk_f32, syrk_f64, syrk_work_f32, syrk_work_f64 } from "./blas/syrk";
export {
  tridiagonal_values as tridiagonal_values_f64, tridiagonal_values_work as tridiagonal_values_work_f64,
  tridiagonal_vectors as tridiagonal_vectors_f64, tridiagonal_vectors_work as tridiagonal_vectors_work_f64,
} from "./decomp/divide_conquer";
export {
  tridiagonal_two_stage as tridiagonal_two_stage_f64,
  tridiagonal_two_stage_work as tridiagonal_two_stage_work_f64,
} from "./decomp/two_stage";
export { scaling_f32, scaling_f64 } from "./decomp/scaling";
export {
  form_q_f32, form_q_f64, multiply_q_f64, qr_bytes_f32, qr_bytes_f64, qr_f32, qr_f64, qr_work_f32, qr_work_f64,
} from "./decomp/qr";
export {
  svd_f32, svd_f64, svd_work_f32, svd_work_f64, svdvals_f32, svdvals_f64, svdvals_work_f32, svdvals_work_f64,
} from "./decomp/svd";
export { svdvals_f32, svdvals_f64, svdvals_work_f32, svdvals_work_f64 } from "./decomp/svd";
export { trsm as trsm_f64, trsm_work_f64 } from "./decomp/trsm";
export { extend_basis_f32, extend_basis_f64, extend_basis_work_f32, extend_basis_work_f64 } from "./decomp/rsvd";
export { eigh_f64, eigh_work_f64, eigvalsh_f64, eigvalsh_work_f64 } from "./decomp/eigh";
export { eigh_jacobi_f64, eigh_jacobi_work_f64 } from "./decomp/jacobi_eigh";
export { svd_jacobi_f64, svd_jacobi_work_f64 } from "./decomp/jacobi_svd";
export {
  eigh_f32, eigh_f64, eigh_work_f32, eigh_work_f64, eigvalsh_f32, eigvalsh_f64, eigvalsh_work_f32, eigvalsh_work_f64,
} from "./decomp/eigh";
export { mt19937_bytes, mt19937_random_f64, mt19937_seed } from "./random/mt19937";
export { mt19937_randn_f64 } from "./random/gauss";
export {
  hinf_activation_norms_f64, hinf_activation_norms_work_f64, hinf_count_f64, hinf_count_work_f64, hinf_counts_f64, hinf_finish_f64,
} from "./kernel/hinf_monte_carlo";
export { cholesky_f64, cholesky_solve_f64, cholesky_solve_work_f64, cholesky_work_f64 } from "./decomp/cholesky";
export { equilibrate_f64, equilibrate_work_f64 } from "./decomp/equilibrate";
export { lu_f64, lu_solve_f64, lu_solve_work_f64, lu_work_f64 } from "./decomp/lu";
export { residual_f64, residual_work_f64 } from "./decomp/residual";
export { ldl_f64, ldl_inertia_f64, ldl_solve_f64, ldl_solve_work_f64, ldl_work_f64 } from "./decomp/ldl";
export { lanczos_inverse_f64, lanczos_inverse_work_f64 } from "./decomp/lanczos_inverse";
export { lanczos_probes_f64 } from "./decomp/lanczos_probes";
export { quadratic_form_f64, quadratic_form_work_f64, shift_diagonal_f64 } from "./decomp/certify";
export { hinf_exact_f64, hinf_exact_work_f64 } from "./kernel/hinf_exact";
export { moments_f64, moments_work_f64 } from "./decomp/moments";
export {
  lanczos_begin_f64, lanczos_finish_f64, lanczos_inverted_f64, lanczos_refresh_f64, lanczos_residuals_f64, lanczos_step_f64,
  lanczos_symmetric_f64, lanczos_work_f64,
} from "./decomp/lanczos";
export {
  golub_kahan_begin_f64, golub_kahan_dense_f64, golub_kahan_step_f64, golub_kahan_work_f64,
} from "./decomp/golub_kahan";
export { kernel_origin_f64, kernel_translate_f64 } from "./kernel/origin";
export { kernel_rows_f64, kernel_rows_work_f64 } from "./kernel/program";
export { kernel_block_f64, kernel_block_work_f64, kernel_product_f64 } from "./kernel/block";
export { bootstrap_f64, bootstrap_work_f64 } from "./stats/bootstrap";
export { power_law_scan_f64, power_law_scan_work_f64 } from "./stats/power_law";
