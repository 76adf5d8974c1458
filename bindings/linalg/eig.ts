// Eigenvalues and eigenvectors of dense symmetric matrices.

import { ConvergenceError, ShapeError } from "../errors.ts";
import type { Pointer } from "../core/kernels.ts";
import type { Runtime } from "../core/runtime.ts";
import { pullMatrix, pushSymmetric, toSquare, type Matrix, type MatrixLike, type Placed } from "./matrix.ts";

export interface EighResult {
  /** The n eigenvalues, ascending. */
  values: Float64Array;
  /** n×n; column k is the eigenvector of values[k], the columns are orthonormal. */
  vectors: Matrix<Float64Array>;
  info: { converged: true; method: "tridiagonal" };
}

/** The eigenvalues of the symmetric matrix A, ascending, each to within a small multiple of n·eps·‖A‖. */
export function eigvalsh(rt: Runtime, A: MatrixLike): Float64Array {
  return solve(rt, "eigvalsh", A, rt.kernels.eigvalsh_work_f64, rt.kernels.eigvalsh_f64, () => {});
}

/** Eigenvalues and eigenvectors of the symmetric matrix A: A·V = V·diag(values). */
export function eigh(rt: Runtime, A: MatrixLike): EighResult {
  let vectors: Matrix<Float64Array>;
  const values = solve(rt, "eigh", A, rt.kernels.eigh_work_f64, rt.kernels.eigh_f64, (placed) => {
    vectors = pullMatrix(rt, placed);
  });
  return { values, vectors: vectors!, info: { converged: true, method: "tridiagonal" } };
}

type Kernel = (n: number, a: Pointer, lda: number, w: Pointer, work: Pointer) => number;

/** Checks A, runs the kernel on a copy, shows what became of the copy to `see`, and returns w. */
function solve(
  rt: Runtime, fn: string, value: MatrixLike, workspace: (n: number) => number, kernel: Kernel, see: (placed: Placed) => void,
): Float64Array {
  const A = toSquare(fn, "A", value);
  const n = A.rows;
  if (n === 0) throw new ShapeError(`${fn}: A is 0×0, it must have at least one row`);
  return rt.memory.scope(() => {
    const placed = pushSymmetric(rt, fn, "A", A);
    const w = rt.memory.push(8 * n, `${fn}: ${n} eigenvalues`);
    const work = rt.memory.push(workspace(n), `${fn}: workspace for a ${n}×${n} matrix`);
    const info = rt.checkAborted(kernel(n, placed.at, placed.stride, w, work));
    if (info !== 0) throw new ConvergenceError(`${fn}: the tridiagonal problem did not converge (at ${info} of ${n})`);
    see(placed);
    return rt.memory.f64(w, n).slice();
  });
}
