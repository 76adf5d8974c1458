// Norms of matrices.

import { OptionError, ShapeError } from "../errors.ts";
import type { Runtime } from "../core/runtime.ts";
import { pushMatrix, toMatrix, type MatrixLike } from "./matrix.ts";

/** The norms of norm_f64, by its numbers. */
export const Norm = { MAX: 0, COLUMNS_MAX: 1, COLUMNS_MIN: 2, ROWS_MAX: 3, ROWS_MIN: 4, FROBENIUS: 5 } as const;

const KINDS = new Map<unknown, number>([
  ["max", Norm.MAX], [1, Norm.COLUMNS_MAX], [-1, Norm.COLUMNS_MIN],
  [Infinity, Norm.ROWS_MAX], [-Infinity, Norm.ROWS_MIN], ["fro", Norm.FROBENIUS],
]);

/**
 * Which norm of a matrix: "fro" √Σaᵢⱼ²; 1 and Infinity the largest sum of |aᵢⱼ| of a column and of a row,
 * −1 and −Infinity the smallest; "max" the largest |aᵢⱼ|.
 */
export type NormOrder = "fro" | 1 | -1 | typeof Infinity | "max";

/** A norm of A; infinite only where the norm itself is beyond the largest f64. */
export function norm(rt: Runtime, A: MatrixLike, ord: NormOrder = "fro"): number {
  const a = toMatrix("norm", "A", A);
  const kind = KINDS.get(ord);
  if (kind === undefined) {
    throw new OptionError(`norm: ord is ${String(ord)}, expected "fro", "max", 1, -1, Infinity or -Infinity`);
  }
  if (a.data.length === 0) throw new ShapeError(`norm: A is ${a.rows}×${a.cols}, it must have at least one number`);
  return rt.memory.scope(() => {
    const placed = pushMatrix(rt, "norm", "A", a);
    const work = rt.memory.push(rt.kernels.norm_work_f64(a.cols), "norm: workspace");
    return rt.kernels.norm_f64(a.rows, a.cols, placed.at, placed.stride, kind, work);
  });
}
