// Applying a product of Householder reflectors to the rows of a matrix: the back-transform of
// singular vectors.
//
// Based on: R. Schreiber, C. Van Loan, A storage-efficient WY representation for products of
// Householder transformations, 1989 (LAPACK dlarft, dlarfb).
//
// A block of KB reflectors, the rows of V (k×m), is I − Vᵀ·T·V with T upper triangular, and three
// matrix products apply it.

import { gemm, gemm_work } from "../blas/gemm/gemm";

/** Reflectors of a block: larger ones spend more on T, smaller ones on each number of the rows. */
const KB: i32 = 64;

/** Row stride of T, and of the products with V. */
const LD: i32 = KB + 8;

/** Bytes of workspace of apply_reflectors, for reflectors of m numbers. */
export function apply_reflectors_work<T>(rows: i32, m: i32): f64 {
  const numbers = f64(LD) * (2 * KB + 2 * f64(rows));
  return ceil(numbers * sizeof<T>() / 64) * 64 + f64(gemm_work<T>(max(rows, KB), max(m, KB), max(m, KB)));
}

/**
 * R := R·Qᵀ, Q = H_0·H_1·…·H_{k−1}, H_j = I − τ_j·v_j·v_jᵀ; opens regions.
 *
 * R (rows×m, row stride ldr). Row j of V (k×m, ldv) holds v_j: zeros, 1 in column j + shift, and the rest; k + shift ≤ m.
 * tau (k) in f64. work: apply_reflectors_work(rows, m) bytes, 64-byte aligned. Returns 0 or INFO_ABORTED.
 * ‖R̂ − R·Qᵀ‖ ≤ c·m·k·u·‖R‖   [Higham 2002, §19.5]
 */
export function apply_reflectors<T>(
  rows: i32, m: i32, k: i32, shift: i32, v: usize, ldv: i32, tau: usize, r: usize, ldr: i32, work: usize,
): i32 {
  const t = work;
  const gram = t + KB * LD * sizeof<T>();
  const w = gram + KB * LD * sizeof<T>();
  const wt = w + usize(rows) * LD * sizeof<T>();
  const product = (wt + usize(rows) * LD * sizeof<T>() + 63) & ~63;
  for (let j = (k - 1) / KB * KB; j >= 0 && k > 0; j -= KB) {
    const kb = min(KB, k - j);
    const c = j + shift;
    const mb = m - c;
    const v1 = v + (usize(j) * ldv + c) * sizeof<T>();
    const r1 = r + usize(c) * sizeof<T>();
    let info = gemm<T>(false, true, kb, kb, mb, <T>1, v1, ldv, v1, ldv, <T>0, gram, LD, product);
    triangle<T>(kb, gram, tau + (usize(j) << 3), t);
    if (info == 0) info = gemm<T>(false, true, rows, kb, mb, <T>1, r1, ldr, v1, ldv, <T>0, w, LD, product);
    if (info == 0) info = gemm<T>(false, true, rows, kb, kb, <T>1, w, LD, t, LD, <T>0, wt, LD, product);
    if (info == 0) info = gemm<T>(false, false, rows, mb, kb, <T>-1, wt, LD, v1, ldv, <T>1, r1, ldr, product);
    if (info != 0) return info;
  }
  return 0;
}

/** T (k×k): t_qq = τ_q, T(0…q−1, q) = −τ_q·T·G(0…q−1, q), where G = V·Vᵀ. */
function triangle<T>(k: i32, g: usize, tau: usize, t: usize): void {
  memory.fill(t, 0, KB * LD * sizeof<T>());
  for (let q = 0; q < k; q++) {
    const tq = <T>load<f64>(tau + (usize(q) << 3));
    for (let r = 0; r < q; r++) {
      let sum: T = 0;
      for (let c = r; c < q; c++) sum += load<T>(t + usize(r * LD + c) * sizeof<T>()) * load<T>(g + usize(c * LD + q) * sizeof<T>());
      store<T>(t + usize(r * LD + q) * sizeof<T>(), -tq * sum);
    }
    store<T>(t + usize(q * LD + q) * sizeof<T>(), tq);
  }
}
