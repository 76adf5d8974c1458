// The options of every operation by name: what a call is held to before anything is computed (checkCall of operations.ts).
// Without code, so that the analysis of a model can look into it on the caller's side.

import type { Operations } from "./operations.ts";
import type { OptionNames } from "./options.ts";
import type { LayerOptions } from "./weights/analyzeLayer.ts";

/** How many arguments there are before the options, and the names of these; the number alone where there are none. */
type Place<A extends unknown[]> = Required<A> extends [...infer Head, infer Last]
  ? [Last] extends [ArrayLike<unknown> | { data: unknown } | number]
    ? Required<A>["length"]
    : [after: Head["length"], names: OptionNames<Last>]
  : 0;

type Places<T> = { [K in keyof T]: T[K] extends (rt: never, ...args: infer A) => unknown ? Place<A> : Places<T[K]> };

export const layerOptions: OptionNames<LayerOptions> = {
  normalize: true, conv: true, inputSize: true, randomize: true, compare: true, bootstrap: true, xmin: true, xmax: true,
  estimateDiscrete: true, ks: true, distance: true, compat: true, sigmaThreshold: true, alphaRange: true,
};

/** Held equal to the types of the options by the compiler. */
export const optionNames: Places<Operations> = {
  linalg: {
    matmul: [2, { transA: true, transB: true, alpha: true, beta: true, out: true }],
    gram: 1,
    peakGflops: 0,
    cholesky: 1,
    inertia: 2,
    solve: [2, { assume: true, refine: true }],
    inv: 1,
    slogdet: 1,
    norm: 2,
    eigvalsh: [1, { method: true, subset: true, dtype: true }],
    eigh: [1, { method: true, subset: true, dtype: true }],
    eigsh: [1, { k: true, which: true, sigma: true, tol: true, maxIterations: true, blockSize: true, seed: true }],
    spectralDensity: [1, { probes: true, steps: true, sigma: true, points: true, seed: true }],
    trace: [1, { method: true, products: true, seed: true }],
    qr: [1, { mode: true }],
    randomizedSvd: [1, {
      rank: true, tol: true, oversampling: true, powerIterations: true, scheme: true, truncate: true, seed: true, dtype: true,
    }],
    nystrom: [1, { rank: true, oversampling: true, seed: true }],
    lstsq: [2, { rcond: true }],
    pinv: [1, { rcond: true }],
    svdvals: [1, { method: true, dtype: true }],
    svds: [1, { k: true, tol: true, maxIterations: true, blockSize: true, seed: true }],
    svd: [1, { full: true, method: true, dtype: true }],
    cond: 2,
    rank: [1, { tol: true }],
    certify: { lambdaMin: 1 },
  },
  hinf: {
    exact: 1,
    monteCarlo: [1, { features: true, seed: true, rng: true }],
    coactivations: [1, { features: true, seed: true, rng: true }],
    upperConfidence: 3,
    lambdaMin: 1,
  },
  kernels: {
    matrix: 3,
    diagonal: 2,
    multiply: 4,
    errorBound: 2,
  },
  regression: {
    fit: [3, {
      method: true, ridge: true, leaveOneOut: true, tol: true, maxIterations: true, rank: true, epochs: true, nSubsamples: true,
      topQ: true, batchSize: true, learningRate: true, memoryGb: true, seed: true, centers: true, Xval: true, Yval: true, compat: true,
    }],
    predict: 4,
    ridgePath: [4, { X2: true, Y2: true }],
    gradientFlow: [3, { times: true, learningRate: true, f0: true, X2: true, f2: true }],
    posterior: [4, { of: true, noise: true, time: true }],
  },
  networks: {
    dualActivation: [2, { variances: true, terms: true }],
  },
  weights: {
    esd: [1, { normalize: true, conv: true, inputSize: true, randomize: true }],
    marchenkoPastur: [1, { rows: true, cols: true, normalize: true, level: true, matrices: true }],
    powerLaw: [1, {
      xmin: true, xmax: true, discrete: true, estimateDiscrete: true, ks: true, distance: true, compat: true, sigmaThreshold: true,
      alphaRange: true, scan: true,
    }],
    tracyWidomCdf: 1,
    tracyWidomQuantile: 1,
    bootstrap: [1, {
      xmin: true, xmax: true, discrete: true, estimateDiscrete: true, ks: true, distance: true, compat: true, sigmaThreshold: true,
      alphaRange: true, replicas: true, seed: true, confidence: true,
    }],
    distribution: [2, { xmin: true, discrete: true, compat: true }],
    compare: [3, { xmin: true, discrete: true, compat: true, nested: true, normalized: true }],
    sample: [3, { seed: true, xmin: true, discrete: true }],
    weightwatcher: [1, { mpFit: true, randomize: true, detX: true, tolerance: true }],
    analyzeLayer: [1, layerOptions],
  },
};
