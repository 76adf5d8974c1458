// regression.fit, method "solve": (K + ridge·I)·α = Y by a factorization of the dense matrix.
//
// Cholesky where the matrix is positive definite, as kernels make it but for rounding errors; LU otherwise. Refinement
// in working precision is left out: the solution of either is as good as its residual, which is told.
//
// Leave-one-out [Allen 1974; Golub, Heath & Wahba 1979]: with G = (K + ridge·I)⁻¹ the fit to all rows but i misses yᵢ by
//
//    yᵢ − f₋ᵢ(xᵢ) = (yᵢ − f(xᵢ))/(1 − hᵢᵢ) = αᵢ/Gᵢᵢ,    H = K·G
//
// where the last form has no 0/0 for a ridge of 0.

import { NotPositiveDefiniteError, OptionError, SingularError } from "../errors.ts";
import type { Runtime } from "../core/runtime.ts";
import type { Kernel } from "../kernels/descriptions.ts";
import { placeKernel, placeProduct } from "../kernels/place.ts";
import { factorizePlaced, solveWith, type Factors } from "../linalg/factorize.ts";
import { pullMatrix, pushEmpty, type Matrix, type MatrixLike, type Placed } from "../linalg/matrix.ts";
import { copyOut } from "../linalg/range.ts";
import {
  addToDiagonal, checkNotNegative, copyOf, isKept, meanSquare, placeProblem, product, unitOf, type Problem, type Targets,
} from "./problem.ts";

export interface SolveFitOptions {
  method?: "solve";
  /** λ ≥ 0, added to the diagonal of K. Default 0: f(xᵢ) = yᵢ. */
  ridge?: number;
  /** Compute info.leaveOneOut as well, at about six times the cost of the factorization. Default false. */
  leaveOneOut?: boolean;
}

export interface SolveFitInfo {
  method: "solve";
  converged: true;
  ridge: number;
  factorization: "cholesky" | "lu";
  /** 1-norm condition number of K + ridge·I (rows and columns scaled by powers of two), estimated from below. */
  condition: number;
  /** ‖Y − (K + ridge·I)·α‖/‖Y‖, Frobenius norms. */
  residual: number;
  /** Mean over all n·L numbers of (yᵢ − f₋ᵢ(xᵢ))², f₋ᵢ the fit to all rows but i. */
  leaveOneOut?: number;
}

/** Columns of the identity solved for at a time. */
const COLUMNS = 128;

export function solveFit(
  rt: Runtime, fn: string, kernel: Kernel, X: MatrixLike, Y: Targets, options: SolveFitOptions,
): { alpha: Matrix<Float64Array>; info: SolveFitInfo } {
  const { ridge = 0, leaveOneOut = false } = options;
  checkNotNegative(fn, "ridge", ridge);
  if (typeof leaveOneOut !== "boolean") throw new OptionError(`${fn}: leaveOneOut is ${String(leaveOneOut)}, expected true or false`);
  return rt.memory.scope(() => {
    const problem = placeProblem(rt, fn, kernel, X, Y);
    const { prepared, X: rows, Y: y } = problem;
    const { rows: n, cols: L } = y;
    const A = placeKernel(rt, fn, prepared, rows);
    addToDiagonal(rt, A, ridge);
    const kept = isKept(n) ? copyOf(rt, fn, A) : undefined;
    const { factors, factorization } = factorizeKernel(rt, fn, problem, A, ridge, leaveOneOut ? Math.max(L, COLUMNS) : L);
    const alpha = copyOf(rt, fn, y);
    solveWith(rt, fn, factors, alpha, false);

    const a = copyOut(rt, alpha).data;
    const given = copyOut(rt, y).data;
    const fitted = copyOut(rt, kept ? product(rt, fn, kept, alpha) : placeProduct(rt, fn, prepared, rows, rows, alpha)).data;
    const missed = given.map((target, e) => target - fitted[e]! - (kept ? 0 : ridge * a[e]!));
    const unit = unitOf(given);
    const size = meanSquare(given.map((target) => target / unit));
    const info: SolveFitInfo = {
      method: "solve",
      converged: true,
      ridge,
      factorization,
      condition: factors.condition,
      residual: size > 0 ? Math.sqrt(meanSquare(missed.map((value) => value / unit)) / size) : 0,
    };
    if (leaveOneOut) {
      const g = inverseDiagonal(rt, fn, n, factors);
      info.leaveOneOut = meanSquare(a.map((value, e) => value / g[Math.floor(e / L)]!));
    }
    return { alpha: pullMatrix(rt, alpha), info };
  });
}

/** The factors of A = K + ridge·I, which they destroy; where it turns out not to be positive definite it is made anew. */
function factorizeKernel(
  rt: Runtime, fn: string, { prepared, X }: Problem, A: Placed, ridge: number, columns: number,
): { factors: Factors; factorization: "cholesky" | "lu" } {
  const name = ridge > 0 ? "K + ridge·I" : "K";
  try {
    try {
      return { factors: factorizePlaced(rt, fn, name, A, "positive-definite", columns, false), factorization: "cholesky" };
    } catch (error) {
      if (!(error instanceof NotPositiveDefiniteError)) throw error;
    }
    const anew = placeKernel(rt, fn, prepared, X);
    addToDiagonal(rt, anew, ridge);
    return { factors: factorizePlaced(rt, fn, name, anew, "general", columns, false), factorization: "lu" };
  } catch (error) {
    if (!(error instanceof SingularError)) throw error;
    throw new SingularError(`${error.message}; ${ridge > 0 ? `add a ridge larger than ${ridge}` : "add a ridge"}`);
  }
}

/** The diagonal of the inverse, a block of columns of the identity at a time. */
function inverseDiagonal(rt: Runtime, fn: string, n: number, { rows, cols, solve }: Factors): Float64Array {
  const diagonal = new Float64Array(n);
  const B = pushEmpty(rt, fn, n, Math.min(n, COLUMNS));
  for (let j0 = 0; j0 < n; j0 += B.cols) {
    const b = Math.min(B.cols, n - j0);
    const unit = rt.memory.f64(B.at, n * B.stride).fill(0);
    for (let j = 0; j < b; j++) unit[(j0 + j) * B.stride + j] = 1;
    solve(B.at, b, B.stride);
    const solved = rt.memory.f64(B.at, n * B.stride);
    for (let j = 0; j < b; j++) diagonal[j0 + j] = solved[(j0 + j) * B.stride + j]! * 2 ** (rows[j0 + j]! + cols[j0 + j]!);
  }
  return diagonal;
}
