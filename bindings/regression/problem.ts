// What all methods of regression start from: the rows that the kernel is taken between, and the targets.
//
//    K  n×n   K(X, X)             Y  n×L   one row for each row of X
//    K2 m×n   K(X2, X)            f  = K·α on X, K2·α on X2; α n×L

import { OptionError, ShapeError } from "../errors.ts";
import type { Runtime } from "../core/runtime.ts";
import type { Kernel } from "../kernels/descriptions.ts";
import { placeRows, prepare, type KernelRows, type Prepared } from "../kernels/place.ts";
import { pushEmpty, pushMatrix, toMatrix, type Matrix, type MatrixLike, type Placed } from "../linalg/matrix.ts";
import { copyIn, copyOut, multiply, multiplySkinny, SKINNY } from "../linalg/range.ts";
import { toColumns } from "../linalg/solve.ts";

/** Targets: n×L, or n numbers for L = 1. */
export type Targets = MatrixLike | ArrayLike<number>;

export interface Problem {
  prepared: Prepared;
  X: KernelRows;
  Y: Placed;
}

/**
 * Bytes up to which K is kept where it need not be: a copy of it for a residual, or K itself for repeated products.
 * Above (n > 8192) forming it anew costs little beside n³, and pages have little memory.
 */
const KEPT = 2 ** 29;

export const isKept = (n: number): boolean => 8 * n * n <= KEPT;

/** X and Y in wasm memory, in the caller's scope, checked. */
export function placeProblem(rt: Runtime, fn: string, kernel: Kernel, X: MatrixLike, Y: Targets): Problem {
  const x = toRows(fn, "X", X);
  const y = toTargets(fn, "Y", Y, "X", x.rows);
  const prepared = prepare(rt, fn, kernel, x.cols);
  return { prepared, X: placeRows(rt, fn, prepared, "X", x), Y: pushMatrix(rt, fn, "Y", y) };
}

/** Rows to take a kernel of: at least one, with at least one number, and `cols` of them if given. */
export function toRows(fn: string, name: string, value: MatrixLike, cols?: number): Matrix {
  const X = toMatrix(fn, name, value);
  if (X.rows === 0 || X.cols === 0) throw new ShapeError(`${fn}: ${name} is ${X.rows}×${X.cols}, it must not be empty`);
  if (cols !== undefined && X.cols !== cols) throw new ShapeError(`${fn}: ${name} has ${X.cols} columns, expected ${cols}`);
  return X;
}

/** A matrix with a row for each of the n rows of `rowsOf`, and `cols` columns if given. */
export function toTargets(fn: string, name: string, value: Targets, rowsOf: string, n: number, cols?: number): Matrix {
  const { columns } = toColumns(fn, name, value);
  if (columns.rows !== n) {
    throw new ShapeError(`${fn}: ${name} has ${columns.rows} rows, ${rowsOf} has ${n} (need one for each row of ${rowsOf})`);
  }
  if (columns.cols === 0) throw new ShapeError(`${fn}: ${name} is ${n}×0, it must not be empty`);
  if (cols !== undefined && columns.cols !== cols) {
    throw new ShapeError(`${fn}: ${name} has ${columns.cols} columns, expected ${cols}`);
  }
  return columns;
}

/** Refuses what is no number from 0 on. */
export function checkNotNegative(fn: string, name: string, value: unknown): asserts value is number {
  if (typeof value === "number" && value >= 0 && value < Infinity) return;
  throw new OptionError(`${fn}: ${name} is ${String(value)}, expected a finite number ≥ 0`);
}

/** The same once more. */
export function copyOf(rt: Runtime, fn: string, A: Placed): Placed {
  const copy = pushEmpty(rt, fn, A.rows, A.cols);
  if (copy.stride === A.stride) rt.memory.f64(copy.at, A.rows * A.stride).set(rt.memory.f64(A.at, A.rows * A.stride));
  else copyIn(rt, copyOut(rt, A), copy);
  return copy;
}

/** A·V, n×L. */
export function product(rt: Runtime, fn: string, A: Placed, V: Placed): Placed {
  const W = pushEmpty(rt, fn, A.rows, V.cols);
  if (V.cols <= SKINNY) multiplySkinny(rt, fn, false, 1, A, V, W);
  else multiply(rt, fn, false, false, 1, A, V, 0, W);
  return W;
}

/** A := A + s·I. */
export function addToDiagonal(rt: Runtime, A: Placed, s: number): void {
  const numbers = rt.memory.f64(A.at, A.rows * A.stride);
  for (let i = 0; i < A.rows; i++) numbers[i * (A.stride + 1)]! += s;
}

/** A power of two near the size of x ≥ 0: dividing by it rounds nothing. 1 for 0. */
export function powerOfTwo(x: number): number {
  return x > 0 ? 2 ** Math.max(-1022, Math.min(1022, Math.floor(Math.log2(x)))) : 1;
}

/** A power of two near the largest of the numbers. */
export const unitOf = (values: ArrayLike<number>): number => {
  let largest = 0;
  for (let e = 0; e < values.length; e++) largest = Math.max(largest, Math.abs(values[e]!));
  return powerOfTwo(largest);
};

/** The mean of the squares of all numbers. */
export function meanSquare(values: ArrayLike<number>): number {
  let sum = 0;
  for (let e = 0; e < values.length; e++) sum += values[e]! ** 2;
  return sum / values.length;
}
