// What EigenPro is told, what it tells, and the checks of the former.

import { OptionError, ShapeError } from "../errors.ts";
import type { Matrix, MatrixLike } from "../linalg/matrix.ts";
import { checkCount } from "../options.ts";
import { checkSeed } from "../random/randomState.ts";
import { toRows, toTargets, type Targets } from "./problem.ts";

export interface EigenProFitOptions {
  method: "eigenpro";
  /** Runs over the data; or the ascending list of those after which the errors are told, the last of which is the end. Default 150. */
  epochs?: number | readonly number[];
  /** Rows that the top of the spectrum is estimated from. Default min(n, 2000), from n = 100,000 on 12,000. */
  nSubsamples?: number;
  /** The eigenvalues before the topQ-th are brought down to about it. Default: as many as a batch can use. */
  topQ?: number;
  /** Rows of a batch. Default: as many as are of use, or as memoryGb allows. */
  batchSize?: number;
  /** η: a step is η/batchSize times the sum over a batch. Default: near the most that is stable. */
  learningRate?: number;
  /** GiB that may be used: bounds the batch as in the published code, and whether kernel matrices are kept. Default 12. */
  memoryGb?: number;
  /** Of NumPy's RandomState, which draws the sample and the batches. Default 1. */
  seed?: number;
  /** Ends early once info.residual is at most this. Default 1e-6. */
  tol?: number;
  /** p rows, p×d, for f(x) = Σ_c k(x, z_c)·α_c near the targets in the least-squares sense. Default: those of X. */
  centers?: MatrixLike;
  /** Rows and targets whose errors are told as well. */
  Xval?: MatrixLike;
  Yval?: Targets;
  /**
   * As published: topQ for k(x, x) = 1, β = max (1 − Σ u²) over the sample, no limit to learningRate, and the generator
   * seeded once more after the sample was drawn. Default false.
   */
  compat?: boolean;
}

/** How a fit does on some rows. */
export interface FitErrors {
  /** Mean over all numbers of (f − y)². */
  mse: number;
  /** Part of the rows whose largest output is not at the largest target (of equal ones the first); none for a single output. */
  error?: number;
}

export interface EigenProFitInfo {
  method: "eigenpro";
  /** Whether `tol` was reached. */
  converged: boolean;
  /** Whether the iteration left all bounds: alpha is then what it was before the last epoch. */
  diverged: boolean;
  /** Epochs run. */
  iterations: number;
  /**
   * ‖Y − f(X)‖/‖Y‖ over the last epoch, each batch before its step. With other centers, which may not reach Y, the norm of
   * K(centers, X)·(f(X) − Y), likewise, over the largest that it was.
   */
  residual: number;
  nSubsamples: number;
  topQ: number;
  /** The largest eigenvalue of K/n as estimated, and what the preconditioner leaves of it. */
  topEigenvalue: number;
  newTopEigenvalue: number;
  beta: number;
  batchSize: number;
  learningRate: number;
  /** The errors after the epochs listed: on 5000 rows of X drawn at random (or all), and on Xval. */
  epochs: { epoch: number; train: FitErrors; validation?: FitErrors }[];
}

/** The options for data of n rows, defaults filled in. */
export interface EigenProSettings {
  /** Ascending; the last is the end. */
  epochs: readonly number[];
  m: number;
  topQ: number | undefined;
  batchSize: number | undefined;
  learningRate: number | undefined;
  /** The largest batch that memoryGb allows. */
  available: number;
  /** Whether a kernel matrix may be kept. */
  kept(rows: number, cols: number): boolean;
  centers: Matrix | undefined;
  seed: number;
  tol: number;
  validation: { X: Matrix; Y: Matrix } | undefined;
  compat: boolean;
}

/** Sample sizes, and from which n on the second holds. */
const SAMPLE = 2000;
const LARGE = 100_000;
const LARGE_SAMPLE = 12_000;

export function checkSettings(
  fn: string, n: number, d: number, L: number, memoryLimit: number, options: EigenProFitOptions,
): EigenProSettings {
  const {
    epochs = 150, nSubsamples: m = n < LARGE ? Math.min(n, SAMPLE) : LARGE_SAMPLE, topQ, batchSize, learningRate,
    memoryGb = 12, seed = 1, tol = 1e-6, Xval, Yval, centers, compat = false,
  } = options;
  checkCount(fn, "nSubsamples", m, 1, n);
  if (topQ !== undefined) checkCount(fn, "topQ", topQ, 1, m);
  if (batchSize !== undefined) checkCount(fn, "batchSize", batchSize, 1, n);
  if (learningRate !== undefined && !(typeof learningRate === "number" && learningRate > 0 && learningRate < Infinity)) {
    throw new OptionError(`${fn}: learningRate is ${String(learningRate)}, expected a number above 0`);
  }
  if (!(typeof memoryGb === "number" && memoryGb > 0)) throw new OptionError(`${fn}: memoryGb is ${String(memoryGb)}, expected a number above 0`);
  checkSeed(fn, seed);
  if (!(typeof tol === "number" && tol >= 0 && tol < 1)) throw new OptionError(`${fn}: tol is ${String(tol)}, expected 0 ≤ tol < 1`);
  if (typeof compat !== "boolean") throw new OptionError(`${fn}: compat is ${String(compat)}, expected true or false`);
  const ridge = (options as { ridge?: unknown }).ridge ?? 0;
  if (ridge !== 0) throw new OptionError(`${fn}: ridge is ${String(ridge)}, method "eigenpro" has none: expected 0`);
  const available = largestBatch(n, d, L, m, memoryGb);
  if (available < 1 && batchSize === undefined) {
    const least = 1 + bytesOf(n, d, L, m, 0) / 2 ** 30;
    const expected = (Math.ceil(least * 1000) / 1000).toFixed(3);
    throw new OptionError(`${fn}: memoryGb is ${memoryGb}, too little for a batch of one row: expected ${expected}, or a batchSize`);
  }
  return {
    epochs: checkEpochs(fn, epochs), m, topQ, batchSize, learningRate, available, seed, tol, compat,
    kept: (rows, cols) => 8 * rows * cols <= Math.min(memoryGb * 2 ** 30, memoryLimit / 2),
    centers: centers === undefined ? undefined : toRows(fn, "centers", centers, d),
    validation: checkValidation(fn, d, L, Xval, Yval),
  };
}

function checkEpochs(fn: string, epochs: unknown): readonly number[] {
  if (!Array.isArray(epochs)) {
    checkCount(fn, "epochs", epochs);
    return [epochs];
  }
  if (epochs.length === 0) throw new OptionError(`${fn}: epochs is an empty list, expected a number of epochs or some`);
  epochs.forEach((epoch: unknown, i) => {
    checkCount(fn, `epochs[${i}]`, epoch);
    if (i > 0 && epoch <= epochs[i - 1]) throw new OptionError(`${fn}: epochs[${i}] is ${epoch} after ${epochs[i - 1]}, expected ascending numbers`);
  });
  return epochs as number[];
}

function checkValidation(fn: string, d: number, L: number, Xval?: MatrixLike, Yval?: Targets): EigenProSettings["validation"] {
  if (Xval === undefined && Yval === undefined) return undefined;
  if (Xval === undefined || Yval === undefined) {
    throw new ShapeError(`${fn}: ${Xval === undefined ? "Yval was given without Xval" : "Xval was given without Yval"}, expected both`);
  }
  const X = toRows(fn, "Xval", Xval, d);
  return { X, Y: toTargets(fn, "Yval", Yval, "Xval", X.rows, L) };
}

/** Bytes of numbers in f32 that the published code counts for a batch of b rows. */
const bytesOf = (n: number, d: number, L: number, m: number, b: number): number => 4 * ((d + 3 * L + b + 1) * n + 1000 * m);

/** Of b = 0, …, m − 1, how many need less than the memory but for a GiB. */
function largestBatch(n: number, d: number, L: number, m: number, memoryGb: number): number {
  const memory = (memoryGb - 1) * 2 ** 30;
  const most = Math.ceil((memory - bytesOf(n, d, L, m, 0)) / (4 * n));
  return Math.max(0, Math.min(m, most));
}
