// regression.fit, method "cg": (K + ridge·I)·α = Y by conjugate gradients, from products alone.
//
// Based on: Hestenes & Stiefel 1952; the preconditioner: Frangella, Tropp & Udell, Randomized Nyström preconditioning,
// 2023. Each column of Y has a recurrence of its own; one product with K serves all of them. With a Nyström approximation
// U·diag(μ)·Uᵀ of K of rank r, whose error is about μᵣ, the smallest of μ,
//
//    M⁻¹ = I + U·diag((μᵣ + ridge)/(μ + ridge) − 1)·Uᵀ
//
// leaves of K + ridge·I a condition number of about the (r + 1)-st eigenvalue over the ridge.
//
// The residual that the recurrence carries leaves the true one by rounding errors. When it is small enough the true one
// is computed, and where that is too large the recurrence starts anew from there, as long as that helps. A column for
// which it made things worse, as where Y is out of reach of a singular K, goes back to where the recurrence had started.

import type { Runtime } from "../core/runtime.ts";
import { NotPositiveDefiniteError, OptionError } from "../errors.ts";
import type { Kernel } from "../kernels/descriptions.ts";
import { placeKernel, placeProduct } from "../kernels/place.ts";
import { pushEmpty, pushMatrix, type Matrix, type MatrixLike } from "../linalg/matrix.ts";
import { nystrom, type NystromResult } from "../linalg/nystrom.ts";
import { runSteps } from "../linalg/operator.ts";
import { copyOut, multiply } from "../linalg/range.ts";
import { checkCount } from "../options.ts";
import { checkNotNegative, isKept, placeProblem, powerOfTwo, product, type Targets } from "./problem.ts";

/** Of the preconditioner: on the digits a third to a sixth of the iterations, and half of the time. */
const RANK = 100;

export interface CgFitOptions {
  method: "cg";
  /** λ ≥ 0, added to the diagonal of K. Default 0. */
  ridge?: number;
  /** Stop where ‖y − (K + ridge·I)·α‖ ≤ tol·‖y‖ in every column. Default 1e-8. */
  tol?: number;
  /** Most iterations, each a product of K with all columns. Default 1000. */
  maxIterations?: number;
  /** Rank of the Nyström preconditioner, 0 for none. It costs a product of K with `rank` + 16 columns. Default 100, or n. */
  rank?: number;
}

export interface CgFitInfo {
  method: "cg";
  /** Whether every column reached `tol`. */
  converged: boolean;
  ridge: number;
  /** Each takes one product of K with all columns. */
  iterations: number;
  /** ‖y − (K + ridge·I)·α‖/‖y‖ of each column. */
  residuals: Float64Array;
}

export function cgFit(
  rt: Runtime, fn: string, kernel: Kernel, X: MatrixLike, Y: Targets, options: CgFitOptions,
): { alpha: Matrix<Float64Array>; info: CgFitInfo } {
  const { ridge = 0, tol = 1e-8, maxIterations = 1000 } = options;
  checkNotNegative(fn, "ridge", ridge);
  if (!(typeof tol === "number" && tol > 0 && tol < 1)) throw new OptionError(`${fn}: tol is ${String(tol)}, expected a number between 0 and 1`);
  checkCount(fn, "maxIterations", maxIterations);
  return rt.memory.scope(() => {
    const { prepared, X: rows, Y: placed } = placeProblem(rt, fn, kernel, X, Y);
    const { rows: n, cols: L } = placed;
    const { rank = Math.min(n, RANK) } = options;
    checkCount(fn, "rank", rank, 0, n);
    const kept = isKept(n) ? placeKernel(rt, fn, prepared, rows) : undefined;
    /** K·V. */
    const apply = (V: Matrix): Matrix<Float64Array> => rt.memory.scope(() => {
      const v = pushMatrix(rt, fn, "V", V);
      return copyOut(rt, kept ? product(rt, fn, kept, v) : placeProduct(rt, fn, prepared, rows, rows, v));
    });
    /** (K + ridge·I)·V. */
    const multiplied = (V: Float64Array): Float64Array => {
      const W = apply({ data: V, rows: n, cols: L }).data;
      for (let e = 0; e < W.length; e++) W[e]! += ridge * V[e]!;
      return W;
    };
    const precondition = rank > 0 ? nystromPreconditioner(rt, fn, n, ridge, rank, apply) : undefined;
    const y = copyOut(rt, placed).data;
    const units = unitsOf(y, L);
    y.forEach((value, e) => { y[e] = value / units[e % L]!; });
    const { solution, ...reached } = conjugateGradients(y, L, multiplied, precondition, tol, maxIterations, (fraction) => rt.tell(fraction));
    solution.forEach((value, e) => { solution[e] = value * units[e % L]!; });
    return { alpha: { data: solution, rows: n, cols: L }, info: { method: "cg", ridge, ...reached } };
  });
}

/** For each of the L columns a power of two near its largest number: in units of these no square overflows or vanishes. */
function unitsOf(y: Float64Array, L: number): Float64Array {
  const largest = new Float64Array(L);
  y.forEach((value, e) => { largest[e % L] = Math.max(largest[e % L]!, Math.abs(value)); });
  return largest.map(powerOfTwo);
}

type Map = (V: Float64Array) => Float64Array;

/** L systems A·x = b at once; b and x are the columns of row-major arrays. A and M⁻¹ are positive definite. */
function conjugateGradients(
  b: Float64Array, L: number, A: Map, precondition: Map | undefined, tol: number, maxIterations: number,
  tell: (fraction: number) => void,
): { solution: Float64Array; iterations: number; converged: boolean; residuals: Float64Array } {
  const x = new Float64Array(b.length);
  const goals = dots(b, b, L).map((square) => tol * tol * square);
  let iterations = 0;
  let before = Infinity;
  let start = { x: x.slice(), r: b, squares: dots(b, b, L) };
  let steepest = 0; // the largest Rayleigh quotient so far
  for (let r = b.slice(); ; ) {
    let squares: Float64Array = dots(r, r, L);
    const worse = squares.map((square, j) => (square <= start.squares[j]! ? 0 : 1));
    for (let e = 0; e < x.length; e++) if (worse[e % L]) [x[e], r[e]] = [start.x[e]!, start.r[e]!];
    squares.forEach((_, j) => { if (worse[j]) squares[j] = start.squares[j]!; });
    start = { x: x.slice(), r: r.slice(), squares: squares.slice() };
    const worst = squares.reduce((most, square, j) => (square === 0 ? most : Math.max(most, square / goals[j]!)), 0);
    if (worst <= 1 || worst > before / 4 || iterations >= maxIterations) {
      const residuals = squares.map((square, j) => (square === 0 ? 0 : tol * Math.sqrt(square / goals[j]!)));
      return { solution: x, iterations, converged: worst <= 1, residuals };
    }
    before = worst;
    const digits = Math.log(tol ** -2);
    const p = new Float64Array(b.length);
    let rz: Float64Array = new Float64Array(L);
    while (iterations < maxIterations && squares.some((square, j) => square > goals[j]!)) {
      const z = precondition ? precondition(r) : r;
      const next = precondition ? dots(r, z, L) : squares;
      // a column that has arrived stands still
      const beta = next.map((value, j) => (squares[j]! > goals[j]! ? (rz[j]! > 0 ? value / rz[j]! : 0) : NaN));
      for (let e = 0; e < p.length; e++) p[e] = beta[e % L]! >= 0 ? z[e]! + beta[e % L]! * p[e]! : 0;
      rz = next;
      const q = A(p);
      iterations++;
      const curvature = dots(p, q, L);
      const lengths = dots(p, p, L);
      steepest = curvature.reduce((most, c, j) => (lengths[j]! > 0 ? Math.max(most, c / lengths[j]!) : most), steepest);
      // along a p of no curvature, to rounding errors, nothing can be solved
      const step = rz.map((value, j) => (curvature[j]! > Number.EPSILON * steepest * lengths[j]! ? value / curvature[j]! : 0));
      if (step.every((s) => s === 0)) break; // A is not positive definite, to rounding errors
      for (let e = 0; e < p.length; e++) {
        x[e]! += step[e % L]! * p[e]!;
        r[e]! -= step[e % L]! * q[e]!;
      }
      squares = dots(r, r, L);
      if (!squares.every(Number.isFinite)) break;
      tell(1 - Math.log(squares.reduce((most, square, j) => Math.max(most, square === 0 ? 1 : square / goals[j]!), 1)) / digits);
    }
    const image = A(x);
    r = b.map((value, e) => value - image[e]!);
  }
}

/** The dot products of the columns of two row-major arrays. */
function dots(u: Float64Array, v: Float64Array, L: number): Float64Array {
  const sums = new Float64Array(L);
  for (let at = 0; at < u.length; at += L) for (let j = 0; j < L; j++) sums[j]! += u[at + j]! * v[at + j]!;
  return sums;
}

function nystromPreconditioner(
  rt: Runtime, fn: string, n: number, ridge: number, rank: number, apply: (V: Matrix) => Matrix<Float64Array>,
): Map {
  let approximation: NystromResult;
  try {
    approximation = runSteps(fn, nystrom(rt, { n, apply }, { rank })) as NystromResult;
  } catch (error) {
    if (!(error instanceof NotPositiveDefiniteError)) throw error;
    throw new NotPositiveDefiniteError(`${fn}: K is not positive semidefinite, as method "cg" needs it: use "solve"`);
  }
  const { values, vectors } = approximation;
  const U = pushMatrix(rt, fn, "U", vectors);
  const least = (values.find((mu) => mu > 0) ?? 0) + ridge;
  const weights = values.map((mu) => (mu > 0 ? least / (mu + ridge) - 1 : 0));
  return (r) => rt.memory.scope(() => {
    const R = pushMatrix(rt, fn, "R", { data: r, rows: n, cols: r.length / n });
    const inner = pushEmpty(rt, fn, rank, R.cols);
    multiply(rt, fn, true, false, 1, U, R, 0, inner);
    const numbers = rt.memory.f64(inner.at, rank * inner.stride);
    for (let e = 0; e < numbers.length; e++) numbers[e]! *= weights[Math.floor(e / inner.stride)]!;
    multiply(rt, fn, false, false, 1, U, inner, 1, R);
    return copyOut(rt, R).data;
  });
}
