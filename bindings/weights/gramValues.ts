// Singular values of a matrix that is longer than wide by the eigenvalues of its Gram matrix, in half the time of an SVD.
//
// With X the matrix or its transpose, whichever is wider, those of X·Xᵀ are λ = σ², to within c·eps·λ_max. So σ is
// off by c·eps·λ_max/2σ = c·eps·σ_max·(σ_max/2σ): as long as σ_max/σ_min is at most the longer side, that is within the
// bound of an SVD, a small multiple of that side times eps·σ_max. Where it is more, only an SVD knows the small ones.

import type { Runtime } from "../core/runtime.ts";
import { findNotFinite, pushEmpty, pushUnchecked, type Matrix } from "../linalg/matrix.ts";

/** From this ratio of the sides on the detour over the Gram matrix is the shorter way, also where it is in vain now and then. */
const LONG = 1.5;

/** Below, squares may have lost digits to underflow. */
const LEAST = 1e-290;

/** The min(m, n) singular values of A, ascending; undefined where an SVD has to find them. */
export function gramValues(rt: Runtime, fn: string, A: Matrix, tell: (fraction: number) => void): Float64Array | undefined {
  const [n, k] = [Math.min(A.rows, A.cols), Math.max(A.rows, A.cols)];
  if (k < LONG * n) return undefined;
  const { kernels, memory } = rt;
  return memory.scope(() => {
    const gram = pushEmpty(rt, fn, n, n);
    const values = memory.push(8 * n, `${fn}: ${n} eigenvalues`);
    const isPlaced = memory.scope(() => {
      let x = pushUnchecked(rt, fn, A, 8);
      if (findNotFinite(rt, x) >= 0) return false; // the SVD says where
      if (A.rows > A.cols) {
        const wide = pushEmpty(rt, fn, n, k);
        rt.checkAborted(kernels.transpose_f64(k, n, x.at, x.stride, wide.at, wide.stride));
        x = wide;
      }
      const work = memory.push(kernels.syrk_work_f64(n, k), `${fn}: workspace`);
      rt.checkAborted(kernels.syrk_f64(n, k, 1, x.at, x.stride, 0, gram.at, gram.stride, work));
      return true;
    });
    if (!isPlaced || findNotFinite(rt, gram) >= 0) return undefined;
    tell(0.5);
    const work = memory.push(kernels.eigvalsh_work_f64(n), `${fn}: workspace`);
    const info = rt.checkAborted(kernels.eigvalsh_f64(n, gram.at, gram.stride, values, work));
    const lambda = memory.f64(values, n);
    return info === 0 && lambda[0]! > LEAST && lambda[n - 1]! <= lambda[0]! * k * k ? lambda.map(Math.sqrt) : undefined;
  });
}
