// Norms of matrices.

import { OptionError, ShapeError } from "../errors.ts";
import type { Runtime } from "../core/runtime.ts";
import { pushMatrix, toMatrix, type MatrixLike } from "./matrix.ts";
import { svdvals } from "./svd.ts";

/** The norms of norm_f64, by its numbers. */
export const Norm = { MAX: 0, COLUMNS_MAX: 1, COLUMNS_MIN: 2, ROWS_MAX: 3, ROWS_MIN: 4, FROBENIUS: 5 } as const;

const KINDS = new Map<unknown, number>([
  ["max", Norm.MAX], [1, Norm.COLUMNS_MAX], [-1, Norm.COLUMNS_MIN],
  [Infinity, Norm.ROWS_MAX], [-Infinity, Norm.ROWS_MIN], ["fro", Norm.FROBENIUS],
]);

/** Norms made of the singular values, which descend. */
const OF_SINGULAR_VALUES = new Map<unknown, (s: ArrayLike<number>) => number>([
  [2, (s) => s[0]!],
  [-2, (s) => s[s.length - 1]!],
  ["nuc", (s) => Array.from(s).reduceRight((sum, x) => sum + x, 0)],
]);

/**
 * Which norm of a matrix: "fro" √Σaᵢⱼ²; 1 and Infinity the largest sum of |aᵢⱼ| of a column and of a row,
 * −1 and −Infinity the smallest; "max" the largest |aᵢⱼ|; 2 and −2 the largest and the smallest singular
 * value, "nuc" the sum of all. (The type cannot tell the infinities from other numbers; `norm` does.)
 */
export type NormOrder = "fro" | "nuc" | "max" | 1 | -1 | 2 | -2 | typeof Infinity;

/** A norm of A; infinite only where the norm itself is beyond the largest f64. */
export function norm(rt: Runtime, A: MatrixLike, ord: NormOrder = "fro"): number {
  const a = toMatrix("norm", "A", A);
  const kind = KINDS.get(ord);
  const fromValues = OF_SINGULAR_VALUES.get(ord);
  if (kind === undefined && !fromValues) {
    throw new OptionError(`norm: ord is ${String(ord)}, expected "fro", "nuc", "max", 1, -1, 2, -2, Infinity or -Infinity`);
  }
  if (a.data.length === 0) throw new ShapeError(`norm: A is ${a.rows}×${a.cols}, it must have at least one number`);
  if (fromValues) {
    norm(rt, a, "max"); // refuses NaN in this function's name
    return fromValues(svdvals(rt, a));
  }
  return rt.memory.scope(() => {
    const placed = pushMatrix(rt, "norm", "A", a);
    const work = rt.memory.push(rt.kernels.norm_work_f64(a.cols), "norm: workspace");
    return rt.kernels.norm_f64(a.rows, a.cols, placed.at, placed.stride, kind!, work);
  });
}
