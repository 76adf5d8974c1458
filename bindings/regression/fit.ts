// regression.fit: coefficients α with f(x) = Σᵢ k(x, xᵢ)·αᵢ near the targets, by one of several methods.

import { OptionError } from "../errors.ts";
import type { Runtime } from "../core/runtime.ts";
import type { Kernel } from "../kernels/descriptions.ts";
import type { Matrix, MatrixLike } from "../linalg/matrix.ts";
import type { CallOptions } from "../options.ts";
import { cgFit, type CgFitInfo, type CgFitOptions } from "./cg.ts";
import { eigenProFit } from "./eigenpro.ts";
import type { EigenProFitInfo, EigenProFitOptions } from "./eigenproOptions.ts";
import type { Targets } from "./problem.ts";
import { solveFit, type SolveFitInfo, type SolveFitOptions } from "./solve.ts";

export type FitOptions = SolveFitOptions | CgFitOptions | EigenProFitOptions;
export type FitInfo = SolveFitInfo | CgFitInfo | EigenProFitInfo;

/** What was learnt. */
export interface Coefficients {
  /** n×L; f(x) = Σᵢ k(x, xᵢ)·alphaᵢ. */
  alpha: Matrix<Float64Array>;
  /** How, and how well; `info.method` tells which. */
  info: FitInfo;
}

/** What fit gives on a core. */
export interface Fit extends Coefficients {
  /** f on the rows of X2 (m×d), m×L: regression.predict with the kernel and the rows that were given, which it keeps. */
  predict(X2: MatrixLike): Matrix<Float64Array>;
}

/** What fit gives on an engine. */
export interface AsyncFit extends Coefficients {
  /** f on the rows of X2 (m×d), m×L: regression.predict with the kernel and the rows that were given, which it keeps. */
  predict(X2: MatrixLike, options?: CallOptions): Promise<Matrix<Float64Array>>;
}

const METHODS = { solve: solveFit, cg: cgFit, eigenpro: eigenProFit };

/**
 * α (n×L) with (K + ridge·I)·α = Y for the kernel matrix K of the rows of X (n×d) and the targets Y (n×L, or n numbers),
 * and with it predict(X2), which is K(X2, X)·α.
 *
 * "solve" (the default): exact, by a factorization; n³/3 operations, 8·n² bytes. "cg": iterative, with products only;
 * for n too large for that, or a large ridge; it returns what it reached, with info.converged. "eigenpro": preconditioned
 * stochastic gradient descent with no ridge, n²·L multiply-adds for each run over the data; with `centers` (p×d) alpha is
 * p×L, and f near Y in the least-squares sense. See docs/regression.md.
 *
 * Y of another length is a ShapeError; a singular K + ridge·I a SingularError, which a ridge prevents.
 */
export function fit(rt: Runtime, kernel: Kernel, X: MatrixLike, Y: Targets, options: FitOptions = {}): Coefficients {
  const fn = "regression.fit";
  const { method = "solve" } = Object(options) as FitOptions;
  if (!Object.hasOwn(METHODS, method)) {
    throw new OptionError(`${fn}: method is ${JSON.stringify(method)}, expected one of ${Object.keys(METHODS).join(", ")}`);
  }
  if (method !== "eigenpro" && (Object(options) as EigenProFitOptions).centers !== undefined) {
    throw new OptionError(`${fn}: centers are given, method ${JSON.stringify(method)} has the rows of X as centers: expected "eigenpro"`);
  }
  const solver: (rt: Runtime, fn: string, kernel: Kernel, X: MatrixLike, Y: Targets, options: never) => Coefficients = METHODS[method];
  return solver(rt, fn, kernel, X, Y, Object(options) as never);
}
