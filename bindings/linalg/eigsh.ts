// eigsh: a few eigenpairs of a symmetric matrix or operator by block Lanczos with thick restarts
// (assembly/decomp/lanczos.ts).
//
// What a Krylov space does not see it does not miss: a converged run may lack members of a cluster or
// copies of a multiple eigenvalue. For a dense matrix the number of eigenvalues beyond those returned is
// therefore counted, and the iteration goes on until it is right (eigshDense.ts, count.ts).
//
// Limits: an end of the spectrum where eigenvalues are dense takes thousands of products; of a dense
// matrix it is sought with the inverse of A − σI instead, of an operator it is not. Of an operator no more
// copies of a multiple eigenvalue are sure to be found than blockSize.

import { OptionError, ShapeError } from "../errors.ts";
import type { Pointer } from "../core/kernels.ts";
import type { Runtime } from "../core/runtime.ts";
import { checkCount } from "../options.ts";
import { checkSeed } from "../random/randomState.ts";
import { solveDense } from "./eigshDense.ts";
import { CONVERGED, Lanczos, MORE, pullVectors, pushVectors, type LanczosSettings, type Pair, type Wanted } from "./lanczos.ts";
import { pushSymmetric, toSquare, type Matrix, type MatrixLike } from "./matrix.ts";
import { isOperator, product, toSymmetricOperator, type Steps, type SymmetricOperator } from "./operator.ts";
import { largestOf, powerNear } from "./scale.ts";

export interface EigshOptions {
  /** How many eigenvalues. Default 6, or n if that is less. */
  k?: number;
  /**
   * Those at one end of the spectrum, half from either end (of an odd number one more from the high end),
   * or those of the largest absolute value. Default "largest".
   */
  which?: "largest" | "smallest" | "both" | "magnitude";
  /** Instead of `which`, for a dense matrix: those nearest to sigma. */
  sigma?: number;
  /** The residual |A·v − θ·v| at which a pair counts as converged, relative to |θ|. Default 1e-12. */
  tol?: number;
  /** Restarts after which it gives up. Default 1000. */
  maxIterations?: number;
  /** Vectors multiplied at a time: up to so many copies of a multiple eigenvalue are found at once. Default 4, for an operator 2. */
  blockSize?: number;
  /** Of the random start. Default 0. */
  seed?: number;
}

export interface EigshResult {
  /** The k eigenvalues, ascending. */
  values: Float64Array;
  /** n×k; column j is the eigenvector of values[j], the columns are orthonormal. */
  vectors: Matrix<Float64Array>;
  /** Of each value a bound δ, rounding included: some eigenvalue lies within it. (The rounding of an operator is an estimate.) */
  residuals: Float64Array;
  info: EigshInfo;
}

export interface EigshInfo {
  /** Whether every residual came below its tolerance: max(tol·|θ|, 4·√n·eps·‖A‖). */
  converged: boolean;
  method: "lanczos" | "lanczos-shift-invert";
  /** Restarts made. */
  iterations: number;
  /** Vectors that A, or the inverse of A − σI, was multiplied with. */
  products: number;
  /** Whether no eigenvalue is missing among those returned; undefined where it was not found out. */
  complete: boolean | undefined;
  blockSize: number;
}

/**
 * The k eigenvalues of the symmetric A at an end of its spectrum, with their vectors; never by a dense
 * eigensolver. A is a matrix, or known by its products alone. Every value comes with a bound on its error. Where
 * maxIterations does not suffice, what was reached, and info.converged is false.
 */
export function* eigsh(rt: Runtime, A: MatrixLike | SymmetricOperator, options: EigshOptions = {}): Steps<EigshResult> {
  if (isOperator(A)) {
    const operator = toSymmetricOperator("eigsh", "A", A);
    if (options.sigma !== undefined) throw new OptionError("eigsh: sigma was given for an operator, it needs a matrix");
    return yield* ofOperator(rt, operator, checkOptions(operator.n, 2, options));
  }
  const given = toSquare("eigsh", "A", A);
  if (given.rows === 0) throw new ShapeError("eigsh: A is 0×0, it must have at least one row");
  return ofMatrix(rt, given, checkOptions(given.rows, 4, options));
}

interface Checked {
  sigma: number | undefined;
  wanted: Wanted;
  settings: LanczosSettings;
}

function checkOptions(n: number, defaultBlock: number, options: EigshOptions): Checked {
  const {
    k = Math.min(6, n), which = "largest", sigma, tol = 1e-12, maxIterations = 1000, blockSize = Math.min(defaultBlock, n), seed = 0,
  } = options;
  checkCount("eigsh", "k", k, 1, n);
  checkCount("eigsh", "maxIterations", maxIterations, 0);
  checkCount("eigsh", "blockSize", blockSize, 1, n);
  checkSeed("eigsh", seed);
  if (!(tol >= 0 && tol < 1)) throw new OptionError(`eigsh: tol is ${tol}, expected 0 ≤ tol < 1`);
  const low = { largest: 0, smallest: k, both: k >> 1, magnitude: 0 }[which];
  if (low === undefined) {
    throw new OptionError(`eigsh: which is ${JSON.stringify(which)}, expected "largest", "smallest", "both" or "magnitude"`);
  }
  if (sigma !== undefined && !Number.isFinite(sigma)) throw new OptionError(`eigsh: sigma is ${sigma}, expected a finite number`);
  if (sigma !== undefined && options.which !== undefined) throw new OptionError("eigsh: which and sigma were given, expected one of them");
  return {
    sigma,
    wanted: { low, high: k - low, magnitude: which === "magnitude" },
    settings: { blockSize, tol, maxRestarts: maxIterations, maxProducts: 2 ** 31 - 1, seed },
  };
}

/** Eigenpairs that are known: vectors as rows in wasm memory. */
export interface Pairs {
  at: Pointer;
  ld: number;
  values: Float64Array;
  residuals: Float64Array;
}

function ofMatrix(rt: Runtime, given: Matrix, { wanted, settings, sigma }: Checked): EigshResult {
  return rt.memory.scope(() => {
    const A = pushSymmetric(rt, "eigsh", "A", given);
    const { pairs, ...info } = solveDense(rt, given, A, wanted, settings, sigma);
    return gather(rt, A.rows, pairs, { ...info, blockSize: settings.blockSize });
  });
}

/** The result: all pairs in ascending order. */
function gather(rt: Runtime, n: number, pairs: Pair[], info: EigshInfo): EigshResult {
  pairs.sort((a, b) => a.value - b.value);
  const k = pairs.length;
  const data = new Float64Array(n * k);
  pairs.forEach(({ at }, j) => {
    const row = rt.memory.f64(at, n);
    for (let i = 0; i < n; i++) data[i * k + j] = row[i]!;
  });
  return {
    values: Float64Array.from(pairs, ({ value }) => value),
    vectors: { data, rows: n, cols: k },
    residuals: Float64Array.from(pairs, ({ residual }) => residual),
    info,
  };
}

function* ofOperator(rt: Runtime, operator: SymmetricOperator, { wanted, settings }: Checked): Steps<EigshResult> {
  const { memory } = rt;
  const { n } = operator;
  const mark = memory.mark();
  try {
    const lanczos = new Lanczos(rt, "eigsh", n, wanted, settings);
    const ld = lanczos.get("ld");
    let by = 0; // what brings the first products near 1, so that no square over- or underflows
    function* multiply(width: number, from: Pointer, to: Pointer): Steps<void> {
      const W = yield* product("eigsh", operator, pullVectors(rt, n, width, from, ld));
      if (by === 0) {
        const largest = largestOf(W.data);
        by = largest > 1 / EXTREME && largest < EXTREME ? 1 : powerNear(largest);
      }
      pushVectors(rt, W, by, to, ld);
    }
    let outcome;
    do {
      yield* multiply(lanczos.get("width"), lanczos.get("block"), lanczos.get("target"));
      outcome = lanczos.step();
    } while (outcome === MORE);

    const { theta } = lanczos.ritz();
    lanczos.finish();
    const k = wanted.low + wanted.high;
    const y = memory.push(8 * k * ld, "eigsh: residuals");
    yield* multiply(k, lanczos.get("block"), y);
    const rounding = Math.sqrt(n) * Number.EPSILON * Math.max(Math.abs(theta[0]!), Math.abs(theta.at(-1)!));
    const info: EigshInfo = {
      converged: outcome === CONVERGED,
      method: "lanczos",
      iterations: lanczos.get("restarts"),
      products: lanczos.get("products") + k,
      complete: theta.length === n ? true : undefined,
      blockSize: settings.blockSize,
    };
    const pairs = lanczos.pairs(y, rounding).map(({ value, residual, at }) => ({ value: value / by, residual: residual / by, at }));
    return gather(rt, n, pairs, info);
  } finally {
    memory.release(mark);
  }
}

/** Products beyond this, or below its inverse, are scaled. */
const EXTREME = 1e100;
