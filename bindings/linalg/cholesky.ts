// cholesky: A = L·Lᵀ.

import { NotPositiveDefiniteError } from "../errors.ts";
import type { Runtime } from "../core/runtime.ts";
import { pullMatrix, pushSymmetric, toSquare, type Matrix, type MatrixLike } from "./matrix.ts";

/**
 * L (n×n, zeros above the diagonal) with A = L·Lᵀ, A symmetric, in n³/3 operations. A pivot that is not positive is a
 * NotPositiveDefiniteError that names it.
 */
export function cholesky(rt: Runtime, A: MatrixLike): Matrix<Float64Array> {
  const given = toSquare("cholesky", "A", A);
  const n = given.rows;
  return rt.memory.scope(() => {
    const placed = pushSymmetric(rt, "cholesky", "A", given);
    const work = rt.memory.push(rt.kernels.cholesky_work_f64(n), "cholesky: workspace");
    const info = rt.checkAborted(rt.kernels.cholesky_f64(n, placed.at, placed.stride, 0, 1, work));
    if (info > 0) {
      throw new NotPositiveDefiniteError(`cholesky: A is not positive definite: pivot ${info} of ${n} is not positive`);
    }
    const L = pullMatrix(rt, placed);
    for (let i = 0; i < n; i++) L.data.fill(0, i * n + i + 1, (i + 1) * n);
    return L;
  });
}
