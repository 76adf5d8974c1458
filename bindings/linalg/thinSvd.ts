// The thin singular value decomposition of a matrix that lies in wasm memory.

import type { Runtime } from "../core/runtime.ts";
import { ConvergenceError } from "../errors.ts";
import { pushEmpty, type Placed } from "./matrix.ts";

export interface ThinSvd {
  /** m×k, k = min(m, n). */
  u: Placed;
  /** Descending. */
  s: Float64Array;
  /** k×n. */
  vt: Placed;
}

/** A = U·diag(s)·Vᵀ for A in f64, which is destroyed; U and Vᵀ are pushed. */
export function thinSvd(rt: Runtime, fn: string, A: Placed): ThinSvd {
  const { kernels, memory } = rt;
  const { rows: m, cols: n } = A;
  const k = Math.min(m, n);
  const u = pushEmpty(rt, fn, m, k);
  const vt = pushEmpty(rt, fn, k, n);
  const s = memory.scope(() => {
    const isWide = m < n;
    const tall = isWide ? transposed(rt, A, pushEmpty(rt, fn, n, m)) : A;
    const left = isWide ? pushEmpty(rt, fn, n, m) : u;
    const right = isWide ? pushEmpty(rt, fn, m, m) : vt;
    const values = memory.push(8 * k, `${fn}: singular values`);
    const work = memory.push(kernels.svd_work_f64(tall.rows, k, k), `${fn}: workspace for a ${m}×${n} matrix`);
    const info = rt.checkAborted(
      kernels.svd_f64(tall.rows, k, k, tall.at, tall.stride, values, left.at, left.stride, right.at, right.stride, work),
    );
    if (info !== 0) throw new ConvergenceError(`${fn}: the bidiagonal problem did not converge (at ${info} of ${k})`);
    if (isWide) {
      transposed(rt, right, u);
      transposed(rt, left, vt);
    }
    return memory.f64(values, k).slice();
  });
  return { u, s, vt };
}

/** to := fromᵀ. */
export function transposed(rt: Runtime, from: Placed, to: Placed): Placed {
  rt.checkAborted(rt.kernels.transpose_f64(from.rows, from.cols, from.at, from.stride, to.at, to.stride));
  return to;
}
