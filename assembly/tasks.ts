// The task switch: what a thread does with a claimed chunk. A number instead of a function
// reference, because the binaries have no table. Ids are in the order of the cases below.

import { gemm_pack_task, gemm_tile_task } from "./blas/gemm/gemm";
import { tridiagonal_subtree_task } from "./decomp/divide_conquer";
import { tridiagonal_merge_task } from "./decomp/join";
import { band_finish_task } from "./decomp/band_reduction";
import { band_sweep_task } from "./decomp/band_sweep";
import { bulge_chasing_task } from "./decomp/bulge_chasing";
import { hinf_active_task, hinf_count_task, hinf_finish_task } from "./kernel/hinf_monte_carlo";
import { hinf_quantise_task, hinf_signs_task } from "./kernel/hinf_sampling";
import { quotient_task, shift_task } from "./decomp/certify";
import { cholesky_panel_task } from "./decomp/cholesky";
import { ldl_exchange_task } from "./decomp/ldl";
import { panel_row_task } from "./decomp/panel";
import { residual_task } from "./decomp/residual";
import { swap_rows_task } from "./decomp/swaps";
import { triangle_columns_task, triangle_rows_task } from "./decomp/triangular";
import { trsm_triangle_task } from "./decomp/trsm";
import { hinf_map_task, hinf_rows_task } from "./kernel/hinf_exact";
import { apply_q_pack_task, apply_q_strips_task } from "./decomp/apply_q";
import {
  tridiagonalize_combine_task, tridiagonalize_pack_task, tridiagonalize_symv_task, tridiagonalize_update_task,
} from "./decomp/tridiagonal";
import { lanczos_probes_task } from "./decomp/lanczos_probes";
import { skinny_pack_task, skinny_rows_task } from "./blas/gemm/skinny";
import { qr_panel_task } from "./decomp/qr_panel";
import { transpose_task } from "./blas/transpose";
import { bidiagonal_subtree_task } from "./decomp/bidiagonal_divide_conquer";
import { bidiagonalize_rows_task, bidiagonalize_strips_task } from "./decomp/bidiagonal";
import { jacobi_blocks_task, jacobi_round_task } from "./decomp/jacobi";
import { jacobi_update_task } from "./decomp/signed_factor";
import { jacobi_qr_apply_task, jacobi_qr_step_task } from "./decomp/jacobi_qr";
import { krylov_correct_task } from "./decomp/krylov";
import { moments_task } from "./decomp/moments";
import { kernel_pack_task, kernel_sum_task, kernel_tile_task } from "./kernel/block";
import { multiply_rows_task } from "./blas/rows";
import { bootstrap_task } from "./stats/bootstrap";
import { power_law_scan_task } from "./stats/power_law";
import { stress_task } from "./stress";

export const enum Task {
  STRESS,
  GEMM_PACK_F64,
  GEMM_PACK_F32,
  GEMM_TILE_F64,
  GEMM_TILE_F32,
  TRIDIAGONAL_SUBTREE,
  TRIDIAGONAL_MERGE,
  HINF_QUANTISE,
  HINF_SIGNS,
  HINF_COUNT,
  HINF_FINISH,
  HINF_ACTIVE,
  BAND_SWEEP,
  BAND_FINISH,
  BULGE_CHASING,
  CHOLESKY_PANEL,
  TRIANGLE_ROWS,
  TRIANGLE_COLUMNS,
  TRSM_TRIANGLE,
  PANEL_ROW,
  LDL_EXCHANGE,
  SWAP_ROWS,
  RESIDUAL,
  SHIFT,
  QUADRATIC_FORM,
  HINF_ROWS,
  HINF_MAP,
  TRIDIAGONALIZE_SYMV_F64,
  TRIDIAGONALIZE_SYMV_F32,
  TRIDIAGONALIZE_COMBINE_F64,
  TRIDIAGONALIZE_COMBINE_F32,
  TRIDIAGONALIZE_PACK_F64,
  TRIDIAGONALIZE_PACK_F32,
  TRIDIAGONALIZE_UPDATE_F64,
  TRIDIAGONALIZE_UPDATE_F32,
  APPLY_Q_PACK_F64,
  APPLY_Q_PACK_F32,
  APPLY_Q_STRIPS_F64,
  APPLY_Q_STRIPS_F32,
  LANCZOS_PROBES,
  TRANSPOSE_F64,
  TRANSPOSE_F32,
  QR_PANEL_F64,
  QR_PANEL_F32,
  SKINNY_PACK_F64,
  SKINNY_PACK_F32,
  SKINNY_ROWS_F64,
  SKINNY_ROWS_F32,
  BIDIAGONALIZE_STRIPS_F64,
  BIDIAGONALIZE_STRIPS_F32,
  BIDIAGONALIZE_ROWS_F64,
  BIDIAGONALIZE_ROWS_F32,
  JACOBI_BLOCKS,
  JACOBI_ROUND,
  JACOBI_UPDATE,
  JACOBI_QR_STEP,
  JACOBI_QR_APPLY,
  KRYLOV_CORRECT,
  MOMENTS,
  BIDIAGONAL_SUBTREE,
  KERNEL_PACK,
  KERNEL_TILE,
  KERNEL_SUM,
  MULTIPLY_ROWS,
  POWER_LAW_SCAN,
  BOOTSTRAP,
}

/** Runs items [i0, i1) of the current region; arguments are in args<T>() of parallel.ts. */
export function runTask(task: i32, i0: i32, i1: i32): void {
  switch (task) {
    case Task.STRESS: return stress_task(i0, i1);
    case Task.GEMM_PACK_F64: return gemm_pack_task<f64>(i0, i1);
    case Task.GEMM_PACK_F32: return gemm_pack_task<f32>(i0, i1);
    case Task.GEMM_TILE_F64: return gemm_tile_task<f64>(i0, i1);
    case Task.GEMM_TILE_F32: return gemm_tile_task<f32>(i0, i1);
    case Task.TRIDIAGONAL_SUBTREE: return tridiagonal_subtree_task(i0, i1);
    case Task.TRIDIAGONAL_MERGE: return tridiagonal_merge_task(i0, i1);
    case Task.HINF_QUANTISE: return hinf_quantise_task(i0, i1);
    case Task.HINF_SIGNS: return hinf_signs_task(i0, i1);
    case Task.HINF_COUNT: return hinf_count_task(i0, i1);
    case Task.HINF_FINISH: return hinf_finish_task(i0, i1);
    case Task.HINF_ACTIVE: return hinf_active_task(i0, i1);
    case Task.BAND_SWEEP: return band_sweep_task(i0, i1);
    case Task.BAND_FINISH: return band_finish_task(i0, i1);
    case Task.BULGE_CHASING: return bulge_chasing_task(i0, i1);
    case Task.CHOLESKY_PANEL: return cholesky_panel_task(i0, i1);
    case Task.TRIANGLE_ROWS: return triangle_rows_task(i0, i1);
    case Task.TRIANGLE_COLUMNS: return triangle_columns_task(i0, i1);
    case Task.TRSM_TRIANGLE: return trsm_triangle_task(i0, i1);
    case Task.PANEL_ROW: return panel_row_task(i0, i1);
    case Task.LDL_EXCHANGE: return ldl_exchange_task(i0, i1);
    case Task.SWAP_ROWS: return swap_rows_task(i0, i1);
    case Task.RESIDUAL: return residual_task(i0, i1);
    case Task.SHIFT: return shift_task(i0, i1);
    case Task.QUADRATIC_FORM: return quotient_task(i0, i1);
    case Task.HINF_ROWS: return hinf_rows_task(i0, i1);
    case Task.HINF_MAP: return hinf_map_task(i0, i1);
    case Task.TRIDIAGONALIZE_SYMV_F64: return tridiagonalize_symv_task<f64>(i0, i1);
    case Task.TRIDIAGONALIZE_SYMV_F32: return tridiagonalize_symv_task<f32>(i0, i1);
    case Task.TRIDIAGONALIZE_COMBINE_F64: return tridiagonalize_combine_task<f64>(i0, i1);
    case Task.TRIDIAGONALIZE_COMBINE_F32: return tridiagonalize_combine_task<f32>(i0, i1);
    case Task.TRIDIAGONALIZE_PACK_F64: return tridiagonalize_pack_task<f64>(i0, i1);
    case Task.TRIDIAGONALIZE_PACK_F32: return tridiagonalize_pack_task<f32>(i0, i1);
    case Task.TRIDIAGONALIZE_UPDATE_F64: return tridiagonalize_update_task<f64>(i0, i1);
    case Task.TRIDIAGONALIZE_UPDATE_F32: return tridiagonalize_update_task<f32>(i0, i1);
    case Task.APPLY_Q_PACK_F64: return apply_q_pack_task<f64>(i0, i1);
    case Task.APPLY_Q_PACK_F32: return apply_q_pack_task<f32>(i0, i1);
    case Task.APPLY_Q_STRIPS_F64: return apply_q_strips_task<f64>(i0, i1);
    case Task.APPLY_Q_STRIPS_F32: return apply_q_strips_task<f32>(i0, i1);
    case Task.LANCZOS_PROBES: return lanczos_probes_task(i0, i1);
    case Task.TRANSPOSE_F64: return transpose_task<f64>(i0, i1);
    case Task.TRANSPOSE_F32: return transpose_task<f32>(i0, i1);
    case Task.QR_PANEL_F64: return qr_panel_task<f64>(i0, i1);
    case Task.QR_PANEL_F32: return qr_panel_task<f32>(i0, i1);
    case Task.SKINNY_PACK_F64: return skinny_pack_task<f64>(i0, i1);
    case Task.SKINNY_PACK_F32: return skinny_pack_task<f32>(i0, i1);
    case Task.SKINNY_ROWS_F64: return skinny_rows_task<f64>(i0, i1);
    case Task.SKINNY_ROWS_F32: return skinny_rows_task<f32>(i0, i1);
    case Task.BIDIAGONALIZE_STRIPS_F64: return bidiagonalize_strips_task<f64>(i0, i1);
    case Task.BIDIAGONALIZE_STRIPS_F32: return bidiagonalize_strips_task<f32>(i0, i1);
    case Task.BIDIAGONALIZE_ROWS_F64: return bidiagonalize_rows_task<f64>(i0, i1);
    case Task.BIDIAGONALIZE_ROWS_F32: return bidiagonalize_rows_task<f32>(i0, i1);
    case Task.JACOBI_BLOCKS: return jacobi_blocks_task(i0, i1);
    case Task.JACOBI_ROUND: return jacobi_round_task(i0, i1);
    case Task.JACOBI_UPDATE: return jacobi_update_task(i0, i1);
    case Task.JACOBI_QR_STEP: return jacobi_qr_step_task(i0, i1);
    case Task.JACOBI_QR_APPLY: return jacobi_qr_apply_task(i0, i1);
    case Task.KRYLOV_CORRECT: return krylov_correct_task(i0, i1);
    case Task.MOMENTS: return moments_task(i0, i1);
    case Task.BIDIAGONAL_SUBTREE: return bidiagonal_subtree_task(i0, i1);
    case Task.KERNEL_PACK: return kernel_pack_task(i0, i1);
    case Task.KERNEL_TILE: return kernel_tile_task(i0, i1);
    case Task.KERNEL_SUM: return kernel_sum_task(i0, i1);
    case Task.MULTIPLY_ROWS: return multiply_rows_task(i0, i1);
    case Task.POWER_LAW_SCAN: return power_law_scan_task(i0, i1);
    case Task.BOOTSTRAP: return bootstrap_task(i0, i1);
  }
}
