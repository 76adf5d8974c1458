// Linear systems: solve, inv, slogdet.

import { OptionError, ShapeError } from "../errors.ts";
import type { Runtime } from "../core/runtime.ts";
import { ASSUMPTIONS, factorize, solveWith, type Assumption } from "./factorize.ts";
import { pullMatrix, pushEmpty, pushMatrix, toMatrix, toSquare, type Matrix, type MatrixLike } from "./matrix.ts";

export interface SolveOptions {
  /**
   * What is known of A: "general" (the default; LU with partial pivoting), "symmetric" (LDLᵀ, half the
   * cost) or "positive-definite" (Cholesky, half the cost, and an error if A is not).
   */
  assume?: Assumption;
  /**
   * Correct the solution with residuals in doubled precision. Where the condition number is below 1/eps
   * by some margin, the error is then a few eps whatever the condition number is. Costs a few solves
   * with A for every column of B. Default false.
   */
  refine?: boolean;
}

export interface SlogdetResult {
  /** 1 or −1; 0 if A is singular. */
  sign: number;
  /** ln |det A|; −Infinity if A is singular. */
  logabsdet: number;
}

/** A right-hand side as a matrix, and whether it was a vector. */
export function toColumns(fn: string, name: string, B: MatrixLike | ArrayLike<number>): { columns: Matrix; isVector: boolean } {
  const isVector = ArrayBuffer.isView(B) || (Array.isArray(B) && (B.length === 0 || typeof B[0] === "number"));
  if (!isVector) return { columns: toMatrix(fn, name, B as MatrixLike), isVector };
  const data = B instanceof Float64Array || B instanceof Float32Array ? B : Float64Array.from(B as unknown as number[]);
  return { columns: { data, rows: data.length, cols: 1 }, isVector };
}

/**
 * X with A·X = B, A square. A vector B gives a Float64Array, a matrix a Matrix.
 *
 * Rows and columns of A are first scaled to order 1 by powers of two if they differ much. The residual is
 * small, ‖B − A·X‖ ≤ c·n·eps·‖A‖·‖X‖; the relative error of X is up to the condition number times eps,
 * or a few eps with `refine`. Where the condition number of the scaled matrix is estimated at 1/eps =
 * 4.5e15 or more, no digit of X would be known: that is a SingularError, as is a pivot of zero.
 */
export function solve(rt: Runtime, A: MatrixLike, B: ArrayLike<number>, options?: SolveOptions): Float64Array;
export function solve(rt: Runtime, A: MatrixLike, B: MatrixLike, options?: SolveOptions): Matrix<Float64Array>;
export function solve(
  rt: Runtime, A: MatrixLike, B: MatrixLike | ArrayLike<number>, options: SolveOptions = {},
): Matrix<Float64Array> | Float64Array {
  const { assume = "general", refine = false } = options;
  if (!ASSUMPTIONS.includes(assume)) {
    throw new OptionError(`solve: assume is ${String(assume)}, expected "general", "symmetric" or "positive-definite"`);
  }
  if (typeof refine !== "boolean") throw new OptionError(`solve: refine is ${String(refine)}, expected true or false`);
  const a = toSquare("solve", "A", A);
  const { columns, isVector } = toColumns("solve", "B", B);
  const n = a.rows;
  if (columns.rows !== n) {
    const has = isVector ? `B has ${columns.rows} numbers` : `B is ${columns.rows}×${columns.cols}`;
    throw new ShapeError(`solve: A is ${n}×${n}, ${has} (need A.rows = B.rows)`);
  }
  if (columns.data.length === 0) throw new ShapeError(`solve: A is ${n}×${n}, B is ${n}×${columns.cols}, they must not be empty`);
  return rt.memory.scope(() => {
    const placed = pushMatrix(rt, "solve", "B", columns);
    const factors = factorize(rt, "solve", a, assume, columns.cols, refine);
    solveWith(rt, "solve", factors, placed, refine);
    const X = pullMatrix(rt, placed);
    return isVector ? X.data : X;
  });
}

/**
 * A⁻¹, A square. Mostly `solve` is what is wanted: it is faster and its residual smaller. Scaling, errors and
 * what counts as singular as in `solve`.
 */
export function inv(rt: Runtime, A: MatrixLike): Matrix<Float64Array> {
  const a = toSquare("inv", "A", A);
  const n = a.rows;
  if (n === 0) throw new ShapeError("inv: A is 0×0, it must have at least one row");
  return rt.memory.scope(() => {
    const X = pushEmpty(rt, "inv", n, n);
    const factors = factorize(rt, "inv", a, "general", n, false);
    const identity = rt.memory.f64(X.at, n * X.stride).fill(0);
    for (let i = 0; i < n; i++) identity[i * (X.stride + 1)] = 1;
    solveWith(rt, "inv", factors, X, false);
    return pullMatrix(rt, X);
  });
}

/** Sign and logarithm of the determinant of A, which itself would soon overflow. */
export function slogdet(rt: Runtime, A: MatrixLike): SlogdetResult {
  const a = toSquare("slogdet", "A", A);
  const n = a.rows;
  if (n === 0) throw new ShapeError("slogdet: A is 0×0, it must have at least one row");
  return rt.memory.scope(() => {
    const { kernels, memory } = rt;
    const placed = pushMatrix(rt, "slogdet", "A", a);
    const scales = memory.push(8 * n, "slogdet: workspace");
    const equilibrateWork = memory.push(kernels.equilibrate_work_f64(n), "slogdet: workspace");
    kernels.equilibrate_f64(n, placed.at, placed.stride, false, scales, scales + 4 * n, equilibrateWork);
    const swaps = memory.push(4 * n, "slogdet: workspace");
    const work = memory.push(kernels.lu_work_f64(n), "slogdet: workspace");
    if (rt.checkAborted(kernels.lu_f64(n, placed.at, placed.stride, swaps, 0, 1, work)) !== 0) {
      return { sign: 0, logabsdet: -Infinity };
    }
    const lu = memory.f64(placed.at, n * placed.stride);
    const swapped = memory.i32(swaps, n);
    let sign = 1;
    let logabsdet = -Math.LN2 * memory.i32(scales, 2 * n).reduce((sum, e) => sum + e, 0);
    for (let k = 0; k < n; k++) {
      const pivot = lu[k * (placed.stride + 1)]!;
      if (pivot < 0 !== (swapped[k] !== k)) sign = -sign;
      logabsdet += Math.log(Math.abs(pivot));
    }
    return { sign, logabsdet };
  });
}
