// regression.ridgePath: kernel ridge regression for many ridges from one eigendecomposition.
//
//    K = U·diag(λ)·Uᵀ      α(ρ) = U·diag(1/(λ + ρ))·Uᵀ·Y       yᵢ − f(xᵢ) = ρ·αᵢ
//    Gᵢᵢ(ρ) = Σⱼ Uᵢⱼ²/(λⱼ + ρ)                               yᵢ − f₋ᵢ(xᵢ) = αᵢ/Gᵢᵢ       (see solve.ts)

import { OptionError, SingularError } from "../errors.ts";
import type { Runtime } from "../core/runtime.ts";
import type { Kernel } from "../kernels/descriptions.ts";
import { placeKernel, placeProduct, placeRows } from "../kernels/place.ts";
import { pushEmpty, type Matrix, type MatrixLike } from "../linalg/matrix.ts";
import { copyOut, multiply } from "../linalg/range.ts";
import { coordinates, decompose, spectralFunctions, splitColumns, type Decomposition } from "./decompose.ts";
import { checkNotNegative, meanSquare, placeProblem, toRows, toTargets, type Targets } from "./problem.ts";

export interface RidgePathOptions {
  /** Rows to test on (m×d), with their targets Y2. */
  X2?: MatrixLike;
  /** m×L. */
  Y2?: Targets;
}

export interface RidgePathResult {
  ridges: Float64Array;
  /** For each ridge the mean over all n·L numbers of (yᵢ − f(xᵢ))². */
  train: Float64Array;
  /** For each ridge the mean of (yᵢ − f₋ᵢ(xᵢ))², f₋ᵢ the fit to all rows but i. */
  leaveOneOut: Float64Array;
  /** For each ridge the mean of (y − f(x))² over the m·L numbers of Y2; only where X2 and Y2 were given. */
  test?: Float64Array;
  /** The ridge of least leave-one-out error, its position, and its α (n×L), for regression.predict. */
  best: { ridge: number; index: number; alpha: Matrix<Float64Array> };
  /** Of K, ascending. */
  eigenvalues: Float64Array;
}

/**
 * Training, leave-one-out and test errors of (K + ridge·I)·α = Y for every one of `ridges`, and the best of them. One
 * eigendecomposition of K, then about n²·L multiply-adds a ridge (and m·n·(d + L) in all for the test). Where
 * K + ridge·I is singular to n·eps, that is a SingularError that names the ridge.
 */
export function ridgePath(
  rt: Runtime, kernel: Kernel, X: MatrixLike, Y: Targets, ridges: ArrayLike<number>, options: RidgePathOptions = {},
): RidgePathResult {
  const fn = "regression.ridgePath";
  const all = toRidges(fn, ridges);
  const { X2, Y2 } = Object(options) as RidgePathOptions;
  if ((X2 === undefined) !== (Y2 === undefined)) {
    throw new OptionError(`${fn}: ${X2 === undefined ? "Y2" : "X2"} is given, it needs ${X2 === undefined ? "X2" : "Y2"}`);
  }
  return rt.memory.scope(() => {
    const { prepared, X: rows, Y: placed } = placeProblem(rt, fn, kernel, X, Y);
    const L = placed.cols;
    const x2 = X2 === undefined ? undefined : toRows(fn, "X2", X2, toRows(fn, "X", X).cols);
    const y2 = Y2 === undefined ? undefined : toTargets(fn, "Y2", Y2, "X2", x2!.rows, L);
    const testRows = x2 && placeRows(rt, fn, prepared, "X2", x2);

    const decomposition = decompose(rt, fn, placeKernel(rt, fn, prepared, rows));
    const { values } = decomposition;
    assertRegular(fn, values, all);
    const factor = (k: number, j: number) => 1 / (values[j]! + all[k]!);
    const alphas = spectralFunctions(rt, fn, decomposition, coordinates(rt, fn, decomposition, placed), all.length, factor);
    const parts = splitColumns(copyOut(rt, alphas), L);
    const G = inverseDiagonals(rt, fn, decomposition, all.length, factor);
    const leaveOneOut = Float64Array.from(parts, ({ data }, k) => (
      meanSquare(data.map((a, e) => a / G[Math.floor(e / L) * all.length + k]!))
    ));
    let index = 0;
    for (let k = 1; k < all.length; k++) if (leaveOneOut[k]! < leaveOneOut[index]!) index = k;
    const result: RidgePathResult = {
      ridges: all,
      train: Float64Array.from(parts, ({ data }, k) => meanSquare(data.map((a) => all[k]! * a))),
      leaveOneOut,
      best: { ridge: all[index]!, index, alpha: parts[index]! },
      eigenvalues: values,
    };
    if (testRows) {
      const predicted = splitColumns(copyOut(rt, placeProduct(rt, fn, prepared, testRows, rows, alphas)), L);
      result.test = Float64Array.from(predicted, ({ data }) => meanSquare(data.map((f, e) => f - y2!.data[e]!)));
    }
    return result;
  });
}

function toRidges(fn: string, ridges: ArrayLike<number>): Float64Array {
  const { length } = Object(ridges) as ArrayLike<number>;
  if (!(typeof ridges === "object" && length >= 1)) throw new OptionError(`${fn}: ridges is ${String(ridges)}, expected an array of numbers`);
  const all = Array.from(ridges);
  all.forEach((ridge, k) => checkNotNegative(fn, `ridges[${k}]`, ridge));
  return Float64Array.from(all);
}

function assertRegular(fn: string, values: Float64Array, ridges: Float64Array): void {
  ridges.forEach((ridge, k) => {
    let least = Infinity;
    let most = 0;
    for (const value of values) {
      least = Math.min(least, Math.abs(value + ridge));
      most = Math.max(most, Math.abs(value + ridge));
    }
    const limit = values.length * Number.EPSILON * most;
    if (least > limit) return;
    throw new SingularError(
      `${fn}: K + ridge·I is singular to working precision for ridges[${k}] = ${ridge}: its eigenvalues go from ${least.toExponential(1)} ` +
        `to ${most.toExponential(1)}; expected a ridge above ${(limit - Math.min(0, values[0]!)).toExponential(1)}`,
    );
  });
}

/** Rows of U that are squared at a time. */
const ROWS = 128;

/** Σⱼ Uᵢⱼ²·factor(k, j) at i·count + k. */
function inverseDiagonals(
  rt: Runtime, fn: string, { U }: Decomposition, count: number, factor: (k: number, j: number) => number,
): Float64Array {
  const { rows: n, stride } = U;
  return rt.memory.scope(() => {
    const factors = pushEmpty(rt, fn, n, count);
    const numbers = rt.memory.f64(factors.at, n * factors.stride);
    for (let j = 0; j < n; j++) for (let k = 0; k < count; k++) numbers[j * factors.stride + k] = factor(k, j);
    const squares = { ...pushEmpty(rt, fn, Math.min(n, ROWS), n), stride };
    const G = pushEmpty(rt, fn, n, count);
    for (let i = 0; i < n; i += ROWS) {
      const some = Math.min(ROWS, n - i);
      const u = rt.memory.f64(U.at + 8 * i * stride, some * stride);
      const squared = rt.memory.f64(squares.at, some * stride);
      for (let e = 0; e < u.length; e++) squared[e] = u[e]! * u[e]!;
      multiply(rt, fn, false, false, 1, { ...squares, rows: some }, factors, 0, { ...G, at: G.at + 8 * i * G.stride, rows: some });
    }
    return copyOut(rt, G).data;
  });
}
