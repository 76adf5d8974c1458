// Jacobi's methods on matrices in wasm memory, for eig.ts and svd.ts: slower than the others by a factor
// of a few, and accurate in each eigenvalue or singular value, however small, that the matrix determines.

import { ConvergenceError } from "../errors.ts";
import type { Runtime } from "../core/runtime.ts";
import { pullMatrix, pushEmpty, type Matrix, type Placed } from "./matrix.ts";

export interface JacobiInfo {
  converged: true;
  method: "jacobi";
  /** Passes over all pairs of rows, the last of which found nothing to do. */
  sweeps: number;
}

/** All eigenvalues of the symmetric matrix at A, ascending; with `vectors` the eigenvectors replace A. */
export function jacobiEigh(rt: Runtime, fn: string, A: Placed, vectors: boolean): { values: Float64Array; info: JacobiInfo } {
  const n = A.rows;
  const w = rt.memory.push(8 * n, `${fn}: ${n} eigenvalues`);
  const sweeps = rt.memory.push(4, `${fn}: a count`);
  const work = rt.memory.push(rt.kernels.eigh_jacobi_work_f64(n), `${fn}: workspace for a ${n}×${n} matrix`);
  const failed = rt.checkAborted(rt.kernels.eigh_jacobi_f64(n, A.at, A.stride, w, vectors, sweeps, work));
  return { values: rt.memory.f64(w, n).slice(), info: infoOf(rt, fn, failed, sweeps) };
}

/** The singular values of the m×n matrix at A, descending, and the vectors asked for: U m×k, Vᵀ k×n, or m×m and n×n. */
export function jacobiSvd(rt: Runtime, fn: string, A: Placed, want: "values"): { s: Float64Array; info: JacobiInfo };
export function jacobiSvd(
  rt: Runtime, fn: string, A: Placed, want: "thin" | "full",
): { u: Matrix<Float64Array>; s: Float64Array; vt: Matrix<Float64Array>; info: JacobiInfo };
export function jacobiSvd(
  rt: Runtime, fn: string, A: Placed, want: "values" | "thin" | "full",
): { u?: Matrix<Float64Array>; s: Float64Array; vt?: Matrix<Float64Array>; info: JacobiInfo } {
  const { rows: m, cols: n } = A;
  const k = Math.min(m, n);
  const code = { values: 0, thin: 1, full: 2 }[want];
  const s = rt.memory.push(8 * k, `${fn}: ${k} singular values`);
  const sweeps = rt.memory.push(4, `${fn}: a count`);
  const [pu, pvt] = want === "values" ? [NOTHING, NOTHING] : [
    pushEmpty(rt, fn, m, want === "full" ? m : k),
    pushEmpty(rt, fn, want === "full" ? n : k, n),
  ];
  const work = rt.memory.push(rt.kernels.svd_jacobi_work_f64(m, n, code), `${fn}: workspace for a ${m}×${n} matrix`);
  const failed = rt.checkAborted(
    rt.kernels.svd_jacobi_f64(m, n, A.at, A.stride, code, pu.at, pu.stride, s, pvt.at, pvt.stride, sweeps, work),
  );
  const info = infoOf(rt, fn, failed, sweeps);
  const values = rt.memory.f64(s, k).slice();
  if (want === "values") return { s: values, info };
  return { u: pullMatrix(rt, pu), s: values, vt: pullMatrix(rt, pvt), info };
}

const NOTHING: Placed = { at: 0, rows: 0, cols: 0, stride: 0, bytes: 8 };

function infoOf(rt: Runtime, fn: string, failed: number, at: number): JacobiInfo {
  const sweeps = rt.memory.i32(at, 1)[0]!;
  if (failed !== 0) throw new ConvergenceError(`${fn}: Jacobi's method did not converge in ${sweeps} sweeps`);
  return { converged: true, method: "jacobi", sweeps };
}
