// What holds functions: made on the caller's side, from calls that are answered elsewhere, since functions can't be posted.

import type { Kernel } from "./kernels/descriptions.ts";
import type { KernelOperator } from "./kernels/operator.ts";
import { toMatrix, type Matrix, type MatrixLike } from "./linalg/matrix.ts";

/** The calls that the functions are made from. */
interface Calls {
  kernels: { multiply(kernel: Kernel, X: MatrixLike, Z: null, V: MatrixLike): Matrix<Float64Array> | Promise<Matrix<Float64Array>> };
}

/** A tree of calls with these functions. */
export type WithFunctions<Tree extends Calls> = Omit<Tree, "kernels"> & {
  kernels: Tree["kernels"] & {
    /**
     * K(X, X) of the rows of X (n×d) by its products, never formed: for eigsh, svds, randomizedSvd, nystrom, trace and
     * spectralDensity. Made at once; X is read when it is used.
     */
    operator(kernel: Kernel, X: MatrixLike): KernelOperator;
  };
};

/** The tree, with the functions. */
export function addFunctions<Tree extends Calls>(calls: Tree): WithFunctions<Tree> {
  const operator = (kernel: Kernel, X: MatrixLike): KernelOperator => ({
    n: toMatrix("kernels.operator", "X", X).rows, kernel, X, apply: (V) => calls.kernels.multiply(kernel, X, null, V),
  });
  return { ...calls, kernels: { ...calls.kernels, operator } };
}
