// Kernel matrices, their diagonals, and their products without the matrix.

import { ShapeError } from "../errors.ts";
import type { Runtime } from "../core/runtime.ts";
import { pullMatrix, pushMatrix, toMatrix, type Matrix, type MatrixLike } from "../linalg/matrix.ts";
import { toColumns } from "../linalg/solve.ts";
import type { Kernel } from "./descriptions.ts";
import { kernelDiagonal, placeKernel, placeProduct, placeRows, prepare, type KernelRows, type Prepared } from "./place.ts";

/** K(X, Z): k of every row of X (n×d) with every row of Z (m×d), n×m; without Z of X with itself, symmetric to the last bit. */
export function matrix(rt: Runtime, kernel: Kernel, X: MatrixLike, Z?: MatrixLike): Matrix<Float64Array> {
  return rt.memory.scope(() => {
    const { prepared, x, z } = placeBoth(rt, "kernels.matrix", kernel, X, Z);
    return pullMatrix(rt, rt.alone(() => placeKernel(rt, "kernels.matrix", prepared, x, z, z.n)));
  });
}

/** k(x, x) of every row of X (n×d), equal to the last bit to the diagonal of the matrix. */
export function diagonal(rt: Runtime, kernel: Kernel, X: MatrixLike): Float64Array {
  return rt.memory.scope(() => {
    const { x } = placeBoth(rt, "kernels.diagonal", kernel, X);
    return kernelDiagonal(rt, x);
  });
}

/** K(X, Z)·V for V (m×c, or m numbers for c = 1), n×c, without ever forming K; Z = null stands for X. */
export function multiply(
  rt: Runtime, kernel: Kernel, X: MatrixLike, Z: MatrixLike | null, V: MatrixLike | ArrayLike<number>,
): Matrix<Float64Array> {
  const fn = "kernels.multiply";
  const { columns: given } = toColumns(fn, "V", V);
  return rt.memory.scope(() => {
    const { prepared, x, z } = placeBoth(rt, fn, kernel, X, Z ?? undefined);
    if (given.rows !== z.n) throw new ShapeError(`${fn}: V has ${given.rows} rows, expected one for each of the ${z.n} rows of ${Z ? "Z" : "X"}`);
    const v = pushMatrix(rt, fn, "V", given);
    return pullMatrix(rt, rt.alone(() => placeProduct(rt, fn, prepared, x, z, v)));
  });
}

function placeBoth(
  rt: Runtime, fn: string, kernel: Kernel, X: MatrixLike, Z?: MatrixLike,
): { prepared: Prepared; x: KernelRows; z: KernelRows } {
  const left = toMatrix(fn, "X", X);
  const right = Z && toMatrix(fn, "Z", Z);
  const prepared = prepare(rt, fn, kernel, left.cols);
  const x = placeRows(rt, fn, prepared, "X", left);
  return { prepared, x, z: right ? placeRows(rt, fn, prepared, "Z", right) : x };
}
