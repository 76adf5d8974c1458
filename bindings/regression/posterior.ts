// regression.posterior: infinitely wide networks as Gaussian processes.
//
// Before training the outputs on any rows are Gaussian with covariance K, the NNGP kernel, independent of each other.
//
//    nngp   their distribution given f(X) + √noise·ε = Y (Bayes; training of the last layer alone ends in it)
//              mean  K₂·A⁻¹·Y                covariance  K₂₂ − K₂·A⁻¹·K₂ᵀ           A = K + noise·I
//    ntk    the distribution of the trained networks, each from its own random start by gradient flow to t = ∞
//              mean  Θ₂·A⁻¹·Y = Wᵀ·Y         covariance  K₂₂ − WᵀK₂ᵀ − K₂W + WᵀKW     A = Θ + noise·I
//           after a time t  Θ₂·A⁻¹·(I − e^(−c·A·t)) =: Wᵀ in place of Θ₂·A⁻¹, c = 2/(n·L) (see gradientFlow.ts)
//
// for K = K(X, X), K₂ = K(X2, X), K₂₂ = K(X2, X2), and Θ the NTK likewise.
//
// Based on: Lee, Bahri, Novak et al., Deep neural networks as Gaussian processes, 2018; Lee, Xiao, Schoenholz et al.,
// Wide neural networks of any depth evolve as linear models under gradient descent, 2019, eq. 16.

import { NotPositiveDefiniteError, OptionError, SingularError } from "../errors.ts";
import type { Runtime } from "../core/runtime.ts";
import { nngp, ntk, type Kernel } from "../kernels/descriptions.ts";
import { placeKernel, placeRows, prepare } from "../kernels/place.ts";
import { factorizePlaced, solveWith } from "../linalg/factorize.ts";
import { pullMatrix, pushEmpty, pushMatrix, type Matrix, type MatrixLike, type Placed } from "../linalg/matrix.ts";
import { copyIn, copyOut, multiply } from "../linalg/range.ts";
import type { Network } from "../networks/layers.ts";
import { assertSemidefinite, coordinates, decompose, flow, isZero, spectralFunctions } from "./decompose.ts";
import { addToDiagonal, checkNotNegative, copyOf, toRows, toTargets, type Targets } from "./problem.ts";

export interface PosteriorOptions {
  /** Which: "nngp" Bayesian, "ntk" an ensemble of trained networks. */
  of: "nngp" | "ntk";
  /** Variance of the noise in Y for "nngp", what is added to the diagonal of Θ for "ntk"; ≥ 0. Default 0. */
  noise?: number;
  /** For "ntk": how long the networks were trained, by gradient flow on the mean of (f − y)²; ≥ 0. Default Infinity. */
  time?: number;
}

export interface Posterior {
  /** m×L. */
  mean: Matrix<Float64Array>;
  /** m×m, of each of the L outputs, without noise; symmetric to the last bit, no variance negative. */
  covariance: Matrix<Float64Array>;
}

/**
 * Mean and covariance on the rows of X2 (m×d) of infinitely wide networks that have learnt Y (n×L) on X (n×d). About
 * n³/3 + n²·(L + m) + n·m² multiply-adds, for "ntk" n²·m and n·m² more. Where K (or Θ) + noise·I is singular or not positive
 * definite, to rounding errors, that is a SingularError.
 */
export function posterior(
  rt: Runtime, network: Network, X: MatrixLike, Y: Targets, X2: MatrixLike, options: PosteriorOptions,
): Posterior {
  const fn = "regression.posterior";
  const { of, noise = 0, time = Infinity } = Object(options) as PosteriorOptions;
  if (of !== "nngp" && of !== "ntk") throw new OptionError(`${fn}: of is ${JSON.stringify(of)}, expected "nngp" or "ntk"`);
  checkNotNegative(fn, "noise", noise);
  if (time !== Infinity) checkNotNegative(fn, "time", time);
  if (time !== Infinity && of === "nngp") throw new OptionError(`${fn}: time is ${time}, of "nngp" is the end of training: expected Infinity`);
  const x = toRows(fn, "X", X);
  const y = toTargets(fn, "Y", Y, "X", x.rows);
  const x2 = toRows(fn, "X2", X2, x.cols);
  return rt.memory.scope(() => {
    const place = (kernel: Kernel) => {
      const prepared = prepare(rt, fn, kernel, x.cols);
      const rows = placeRows(rt, fn, prepared, "X", x);
      const rows2 = placeRows(rt, fn, prepared, "X2", x2);
      /** k(X, X), k(X, X2) and k(X2, X2). */
      return {
        K: placeKernel(rt, fn, prepared, rows),
        K2t: placeKernel(rt, fn, prepared, rows, rows2),
        K22: () => placeKernel(rt, fn, prepared, rows2),
      };
    };
    const targets = pushMatrix(rt, fn, "Y", y);
    const prior = place(nngp(network));
    const covariance = prior.K22();
    const { K: A, K2t: W } = of === "ntk" ? place(ntk(network)) : { K: prior.K, K2t: copyOf(rt, fn, prior.K2t) };
    addToDiagonal(rt, A, noise);
    if (time === Infinity) solveInPlace(rt, fn, of, noise, A, W);
    else copyIn(rt, copyOut(rt, flowed(rt, fn, A, W, (2 * time) / y.data.length)), W);

    const mean = pushEmpty(rt, fn, x2.rows, y.cols);
    multiply(rt, fn, true, false, 1, W, targets, 0, mean);
    multiply(rt, fn, true, false, -1, prior.K2t, W, 1, covariance);
    if (of === "ntk") {
      multiply(rt, fn, false, false, 1, prior.K, W, -1, prior.K2t);
      multiply(rt, fn, true, false, 1, W, prior.K2t, 1, covariance);
    }
    return { mean: pullMatrix(rt, mean), covariance: toCovariance(pullMatrix(rt, covariance)) };
  });
}

/** W := A⁻¹·W. */
function solveInPlace(rt: Runtime, fn: string, of: "nngp" | "ntk", noise: number, A: Placed, W: Placed): void {
  try {
    const name = `${of === "ntk" ? "Θ" : "K"}${noise > 0 ? " + noise·I" : ""}`;
    solveWith(rt, fn, factorizePlaced(rt, fn, name, A, "positive-definite", W.cols, false), W, false);
  } catch (error) {
    if (!(error instanceof NotPositiveDefiniteError || error instanceof SingularError)) throw error;
    throw new SingularError(`${error.message}; add ${noise > 0 ? "more " : ""}noise`);
  }
}

/** A⁻¹·(I − e^(−A·t))·W. */
function flowed(rt: Runtime, fn: string, A: Placed, W: Placed, t: number): Placed {
  const decomposition = decompose(rt, fn, A);
  const { values } = decomposition;
  assertSemidefinite(fn, "Θ + noise·I", values);
  return spectralFunctions(rt, fn, decomposition, coordinates(rt, fn, decomposition, W), 1, (_, j) => (
    isZero(values, j) ? 0 : flow(values[j]! * t).moved / values[j]!
  ));
}

/** Symmetric, and no variance negative, which both hold but for rounding errors. */
function toCovariance(C: Matrix<Float64Array>): Matrix<Float64Array> {
  const { data, rows: m } = C;
  for (let i = 0; i < m; i++) {
    data[i * (m + 1)] = Math.max(0, data[i * (m + 1)]!);
    for (let j = 0; j < i; j++) data[i * m + j] = data[j * m + i] = (data[i * m + j]! + data[j * m + i]!) / 2;
  }
  return C;
}
