// A kernel matrix as an operator: known to the caller by its products, to an engine's host or a core by its description,
// so that the rows are placed in wasm memory once for all products of a call.

import type { Runtime } from "../core/runtime.ts";
import { pullMatrix, pushMatrix, toMatrix, type Matrix, type MatrixLike } from "../linalg/matrix.ts";
import type { SymmetricOperator } from "../linalg/operator.ts";
import type { Kernel } from "./descriptions.ts";
import { placeProduct, placeRows, prepare } from "./place.ts";

/** K(X, X) by its products. */
export interface KernelOperator extends SymmetricOperator {
  readonly kernel: Kernel;
  readonly X: MatrixLike;
}

/** What is needed of it where it is applied. */
export type PlainKernelOperator = Pick<KernelOperator, "n" | "kernel" | "X">;

export function isKernelOperator(value: unknown): value is PlainKernelOperator {
  return typeof value === "object" && value !== null && "kernel" in value && "X" in value;
}

/** The operator, with its rows in wasm memory: within the caller's scope. */
export function placeOperator(rt: Runtime, fn: string, { kernel, X }: PlainKernelOperator): SymmetricOperator {
  const rows = toMatrix(fn, "X", X);
  const prepared = prepare(rt, fn, kernel, rows.cols);
  const x = placeRows(rt, fn, prepared, "X", rows);
  const apply = (V: Matrix<Float64Array>) =>
    rt.memory.scope(() => pullMatrix(rt, placeProduct(rt, fn, prepared, x, x, pushMatrix(rt, fn, "V", V))));
  return { n: x.n, apply };
}
