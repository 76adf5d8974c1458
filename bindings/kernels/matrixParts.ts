// kernels.matrix in parts (core/parts.ts): rows of K. Every part is sent all rows of X and Z, since what a program knows of a
// row may depend on the others: where they are moved to, and which variances a series is made for.

import { COST, cut, divide, type Gather, type Parts } from "../core/parts.ts";
import type { Runtime } from "../core/runtime.ts";
import { emptyMatrix, pullMatrix, pushEmpty, toMatrix, type Matrix, type MatrixLike } from "../linalg/matrix.ts";
import { pullShare, splitTriangle, type PlacedRows, type Share } from "../linalg/triangle.ts";
import type { Kernel } from "./descriptions.ts";
import { matrix } from "./matrix.ts";
import { placeBlock, placeRows, prepare } from "./place.ts";

const FN = "kernels.matrix";

/** kernels.matrix in parts. Part 0 sees all rows, and refuses what can't be. */
export function* splitKernel(rt: Runtime, parts: Parts, kernel: Kernel, X: MatrixLike, Z?: MatrixLike): Gather<Matrix<Float64Array>> {
  const x = toMatrix(FN, "X", X);
  if (!Z) {
    const split = yield* splitTriangle(
      rt, parts, FN, "kernelTriangle", x, 8, COST.map, (rows) => placeTriangle(rt, kernel, x, 0, rows),
      (i0, i1) => [structuredClone(kernel), copyOf(x), i0, i1],
    );
    return split ? (split.matrix as Matrix<Float64Array>) : matrix(rt, kernel, x);
  }
  const z = toMatrix(FN, "Z", Z);
  const entries = x.rows * z.rows;
  const work = entries * (x.cols * COST.multiplyAdd[8] + COST.map + 8 * COST.copy);
  const sending = (x.data.byteLength + z.data.byteLength) * COST.copy;
  const fractions = divide(parts.count, work, (count) => (1 - 1 / count) * entries * 8 * COST.copy + (count - 1) * sending);
  if (!fractions) return matrix(rt, kernel, x, z);
  const result = emptyMatrix(FN, x.rows, z.rows, 8) as Matrix<Float64Array>;
  const cuts = cut(x.rows, fractions);
  for (let p = 1; p < cuts.length - 1; p++) {
    parts.send(p, "kernelRows", structuredClone(kernel), copyOf(x), copyOf(z), cuts[p], cuts[p + 1]);
  }
  result.data.set(kernelRows(rt, kernel, x, z, 0, cuts[1]).data);
  const others = (yield) as Matrix[];
  others.forEach((other, p) => result.data.set(other.data, cuts[p + 1] * z.rows));
  return result;
}

const copyOf = (A: Matrix): Matrix => ({ ...A, data: A.data.slice() });

/** A share of K(X, Z): rows [i0, i1). */
export function kernelRows(rt: Runtime, kernel: Kernel, X: Matrix, Z: Matrix, i0: number, i1: number): Matrix<Float64Array> {
  return rt.memory.scope(() => {
    const prepared = prepare(rt, FN, kernel, X.cols);
    const x = placeRows(rt, FN, prepared, "X", X);
    const z = placeRows(rt, FN, prepared, "Z", Z);
    const out = pushEmpty(rt, FN, i1 - i0, z.n, 8, z.n);
    rt.alone(() => placeBlock(rt, FN, prepared, x, i0, i1, z, 0, z.n, out));
    return pullMatrix(rt, out);
  });
}

/** A share of K(X, X): rows [i0, i1) from column i0 on. */
export function kernelTriangle(rt: Runtime, kernel: Kernel, X: Matrix, i0: number, i1: number): Share<undefined> {
  return pullShare(rt, () => placeTriangle(rt, kernel, X, i0, i1));
}

function placeTriangle(rt: Runtime, kernel: Kernel, X: Matrix, i0: number, i1: number): PlacedRows<undefined> {
  const n = X.rows;
  const out = pushEmpty(rt, FN, i1 - i0, n - i0);
  rt.memory.scope(() => {
    const prepared = prepare(rt, FN, kernel, X.cols);
    const x = placeRows(rt, FN, prepared, "X", X);
    placeBlock(rt, FN, prepared, x, i0, i1, x, i0, i1, out);
    // most of the work, so its progress is told as that of the call
    if (i1 < n) rt.alone(() => placeBlock(rt, FN, prepared, x, i0, i1, x, i1, n, { ...out, at: out.at + 8 * (i1 - i0) }));
  });
  return { placed: out, note: undefined };
}
