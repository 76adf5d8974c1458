// regression.gradientFlow: training by gradient descent on the squared error, in closed form.
//
// The loss is the mean over all n·L numbers of (f − y)². A model that is linear in its parameters (a kernel machine, or
// a network near its infinite width, K its NTK) then moves by c = 2/(n·L) times
//
//    flow, time t            df/dt = −c·K·(f − y)          f(t) = y + e^(−c·K·t)·(f₀ − y)
//    descent, t steps of η   f ← f − η·c·K·(f − y)         f(t) = y + (I − η·c·K)ᵗ·(f₀ − y)
//
// and so, with K = U·diag(λ)·Uᵀ and g = Uᵀ·(f₀ − y), on X and on other rows X2
//
//    f(t) = y + U·diag(k)·g           k = e^(−c·λ·t)   or   (1 − η·c·λ)ᵗ
//    f2(t) = f2₀ − K2·U·diag((1 − k)/λ)·g
//
// Descent converges for η < 2/(c·λmax) = n·L/λmax. Where λ is zero to n·eps·λmax nothing moves, for all time.
//
// Based on: Jacot, Gabriel & Hongler 2018; Lee, Xiao, Schoenholz et al., Wide neural networks of any depth evolve as
// linear models under gradient descent, 2019, §2.2. neural-tangents' gradient_descent_mse has c = 1/(n·L): its loss has a
// factor ½.

import { OptionError } from "../errors.ts";
import type { Runtime } from "../core/runtime.ts";
import type { Kernel } from "../kernels/descriptions.ts";
import { placeKernel, placeProduct, placeRows } from "../kernels/place.ts";
import { pushMatrix, type Matrix, type MatrixLike } from "../linalg/matrix.ts";
import { copyIn, copyOut } from "../linalg/range.ts";
import { assertSemidefinite, coordinates, decompose, flow, isZero, spectralFunctions, splitColumns, type Decay } from "./decompose.ts";
import { meanSquare, placeProblem, toRows, toTargets, type Targets } from "./problem.ts";

export interface GradientFlowOptions {
  /** Times t ≥ 0, or with `learningRate` numbers of steps; Infinity is the end of training. */
  times: ArrayLike<number>;
  /** η > 0: discrete gradient descent instead of the flow. */
  learningRate?: number;
  /** The outputs on X at t = 0 (n×L). Default 0. */
  f0?: Targets;
  /** Other rows (m×d) to follow the outputs on. */
  X2?: MatrixLike;
  /** The outputs on X2 at t = 0 (m×L). Default 0. */
  f2?: Targets;
}

export interface GradientFlowResult {
  /** The outputs on X at each of the times, n×L. */
  train: Matrix<Float64Array>[];
  /** The outputs on X2, m×L; only where it was given. */
  test?: Matrix<Float64Array>[];
  /** For each of the times the mean of (f − y)² on X. */
  loss: Float64Array;
  /** n·L/λmax(K): gradient descent converges for learning rates below. */
  learningRateLimit: number;
  /** Of K, ascending. */
  eigenvalues: Float64Array;
}

/**
 * The outputs of a model with kernel K under gradient flow on the loss mean (f − y)², or with `learningRate` under gradient
 * descent, at any times at once: df/dt = −(2/(n·L))·K·(f − y). One eigendecomposition of K, then about n²·L multiply-adds
 * a time (and m·n·(d + L) for X2). A learning rate that would not converge is an OptionError that states the limit, an
 * indefinite K a NotPositiveDefiniteError.
 */
export function gradientFlow(
  rt: Runtime, kernel: Kernel, X: MatrixLike, Y: Targets, options: GradientFlowOptions,
): GradientFlowResult {
  const fn = "regression.gradientFlow";
  const { times, learningRate, f0, X2, f2 } = Object(options) as GradientFlowOptions;
  const at = toTimes(fn, times, learningRate !== undefined);
  if (learningRate !== undefined && !(typeof learningRate === "number" && learningRate > 0)) {
    throw new OptionError(`${fn}: learningRate is ${String(learningRate)}, expected a number > 0`);
  }
  if (f2 !== undefined && X2 === undefined) throw new OptionError(`${fn}: f2 is given, it needs X2`);
  return rt.memory.scope(() => {
    const { prepared, X: rows, Y: placed } = placeProblem(rt, fn, kernel, X, Y);
    const { rows: n, cols: L } = placed;
    const y = copyOut(rt, placed).data;
    if (f0 !== undefined) {
      const start = toTargets(fn, "f0", f0, "X", n, L);
      pushMatrix(rt, fn, "f0", start);
      copyIn(rt, { data: y.map((target, e) => target - start.data[e]!), rows: n, cols: L }, placed);
    }
    const x2 = X2 === undefined ? undefined : toRows(fn, "X2", X2, toRows(fn, "X", X).cols);
    const start2 = f2 === undefined ? undefined : toTargets(fn, "f2", f2, "X2", x2!.rows, L);
    if (start2) pushMatrix(rt, fn, "f2", start2);
    const testRows = x2 && placeRows(rt, fn, prepared, "X2", x2);

    const decomposition = decompose(rt, fn, placeKernel(rt, fn, prepared, rows));
    const { values } = decomposition;
    assertSemidefinite(fn, "K", values);
    const c = 2 / (n * L);
    const learningRateLimit = 2 / (c * values[n - 1]!);
    if (learningRate !== undefined && !(learningRate < learningRateLimit)) {
      throw new OptionError(`${fn}: learningRate is ${learningRate}, gradient descent converges below n·L/λmax(K) = ${learningRateLimit}`);
    }
    const decay = (k: number, j: number): Decay => {
      if (isZero(values, j) || at[k] === 0) return { kept: 1, moved: 0 };
      const z = c * values[j]!;
      return learningRate === undefined ? flow(z * at[k]!) : descent(learningRate * z, at[k]!);
    };
    // y − f(t) = U·diag(kept)·Uᵀ·(y − f₀)
    const g = coordinates(rt, fn, decomposition, placed);
    const left = spectralFunctions(rt, fn, decomposition, g, at.length, (k, j) => decay(k, j).kept);
    const missed = splitColumns(copyOut(rt, left), L);
    const result: GradientFlowResult = {
      train: missed.map(({ data }) => ({ data: data.map((miss, e) => y[e]! - miss), rows: n, cols: L })),
      loss: Float64Array.from(missed, ({ data }) => meanSquare(data)),
      learningRateLimit,
      eigenvalues: values,
    };
    if (testRows) {
      const alphas = spectralFunctions(rt, fn, decomposition, g, at.length, (k, j) => {
        const { moved } = decay(k, j);
        return moved === 0 ? 0 : moved / values[j]!;
      });
      result.test = splitColumns(copyOut(rt, placeProduct(rt, fn, prepared, testRows, rows, alphas)), L);
      if (start2) for (const { data } of result.test) for (let e = 0; e < data.length; e++) data[e]! += start2.data[e]!;
    }
    return result;
  });
}

/** (1 − z)ᵗ for 0 < z < 2 and t ≥ 1 steps. */
function descent(z: number, t: number): Decay {
  const logarithm = z < 1 ? Math.log1p(-z) : Math.log1p(z - 2); // ln |1 − z|
  const { kept, moved } = flow(-t * logarithm);
  return z > 1 && t % 2 === 1 ? { kept: -kept, moved: 1 + kept } : { kept, moved };
}

function toTimes(fn: string, times: ArrayLike<number>, whole: boolean): Float64Array {
  if (!(typeof times === "object" && times !== null && times.length >= 1)) {
    throw new OptionError(`${fn}: times is ${String(times)}, expected an array of numbers`);
  }
  return Float64Array.from(times as number[], (t, k) => {
    if (typeof t === "number" && t >= 0 && (!whole || t === Infinity || Number.isInteger(t))) return t;
    throw new OptionError(`${fn}: times[${k}] is ${String(t)}, expected ${whole ? "a whole number of steps" : "a number"} ≥ 0 or Infinity`);
  });
}
