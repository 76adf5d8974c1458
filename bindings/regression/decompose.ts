// The eigendecomposition of a kernel matrix: one serves all ridges, times and learning rates.

import { ConvergenceError, NotPositiveDefiniteError } from "../errors.ts";
import type { Runtime } from "../core/runtime.ts";
import { pushEmpty, type Matrix, type Placed } from "../linalg/matrix.ts";
import { copyOut, multiply } from "../linalg/range.ts";

export interface Decomposition {
  /** Ascending. */
  values: Float64Array;
  /** n×n; column j belongs to values[j]. */
  U: Placed;
}

/** K = U·diag(values)·Uᵀ; U takes the place of K. */
export function decompose(rt: Runtime, fn: string, K: Placed): Decomposition {
  const { kernels, memory } = rt;
  const n = K.rows;
  const w = memory.push(8 * n, `${fn}: workspace`);
  const values = memory.scope(() => {
    const range = memory.push(8, `${fn}: workspace`);
    const work = memory.push(kernels.eigh_work_f64(n), `${fn}: workspace for a ${n}×${n} matrix`);
    const info = rt.checkAborted(kernels.eigh_f64(n, K.at, K.stride, false, 0, n, w, range, work));
    if (info !== 0) throw new ConvergenceError(`${fn}: the tridiagonal problem of K did not converge (at ${info} of ${n})`);
    return memory.f64(w, n).slice();
  });
  return { values, U: K };
}

/** Uᵀ·Y, n×L. */
export function coordinates(rt: Runtime, fn: string, { U }: Decomposition, Y: Placed): Float64Array {
  return rt.memory.scope(() => {
    const C = pushEmpty(rt, fn, U.rows, Y.cols);
    multiply(rt, fn, true, false, 1, U, Y, 0, C);
    return copyOut(rt, C).data;
  });
}

/**
 * Several functions of K applied to the same columns: [U·diag(fₖ)·C]ₖ side by side, n×(count·L), in the caller's scope;
 * C (n×L) are coordinates, fₖ(j) = factor(k, j).
 */
export function spectralFunctions(
  rt: Runtime, fn: string, { U }: Decomposition, C: Float64Array, count: number, factor: (k: number, j: number) => number,
): Placed {
  const n = U.rows;
  const L = C.length / n;
  const result = pushEmpty(rt, fn, n, count * L);
  rt.memory.scope(() => {
    const scaled = pushEmpty(rt, fn, n, count * L);
    const numbers = rt.memory.f64(scaled.at, n * scaled.stride);
    for (let j = 0; j < n; j++) {
      for (let k = 0; k < count; k++) {
        const f = factor(k, j);
        for (let l = 0; l < L; l++) numbers[j * scaled.stride + k * L + l] = f * C[j * L + l]!;
      }
    }
    multiply(rt, fn, false, false, 1, U, scaled, 0, result);
  });
  return result;
}

/** Columns [k·L, (k + 1)·L) of what spectralFunctions gave, of every k. */
export function splitColumns({ data, rows, cols }: Matrix<Float64Array>, L: number): Matrix<Float64Array>[] {
  return Array.from({ length: cols / L }, (_, k) => {
    const part = new Float64Array(rows * L);
    for (let i = 0; i < rows; i++) part.set(data.subarray(i * cols + k * L, i * cols + (k + 1) * L), i * L);
    return { data: part, rows, cols: L };
  });
}

/**
 * Refuses eigenvalues of what is no kernel matrix: training would leave all bounds. Those from −λmax/1000 to 0 count as zero: an
 * ill-conditioned kernel in f64 comes nowhere near it, an indefinite one usually passes it.
 */
export function assertSemidefinite(fn: string, name: string, values: Float64Array): void {
  const [least, largest] = [values[0]!, values.at(-1)!];
  if (least >= -1e-3 * Math.max(largest, -least)) return;
  throw new NotPositiveDefiniteError(
    `${fn}: ${name} is not positive semidefinite: its eigenvalues go from ${least.toPrecision(4)} to ${largest.toPrecision(4)}`,
  );
}

/** Whether the j-th of the ascending eigenvalues of a positive semidefinite matrix is zero to rounding errors. */
export const isZero = (values: Float64Array, j: number): boolean => values[j]! <= values.length * Number.EPSILON * values.at(-1)!;

/** What a flow leaves of a component of f₀ − y, and what it takes: 1 − kept, to full relative accuracy as well. */
export interface Decay {
  kept: number;
  moved: number;
}

/** After the time z in units of the component's own. */
export const flow = (z: number): Decay => ({ kept: Math.exp(-z), moved: -Math.expm1(-z) });
