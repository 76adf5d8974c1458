// eigsh: a few eigenpairs of a symmetric matrix or operator by block Lanczos with thick restarts
// (assembly/decomp/lanczos.ts).
//
// What a Krylov space does not see it does not miss: a converged run may lack members of a cluster or
// copies of a multiple eigenvalue. For a dense matrix the number of eigenvalues beyond those returned is
// therefore counted, and the iteration goes on until it is right (count.ts).
//
// Limits: an end of the spectrum where eigenvalues are dense takes thousands of products; of a dense
// matrix it is sought with the inverse of A − σI instead (shiftInvert.ts), of an operator it is not.

import { OptionError, ShapeError } from "../errors.ts";
import type { Pointer } from "../core/kernels.ts";
import type { Runtime } from "../core/runtime.ts";
import { checkCount } from "../options.ts";
import { checkSeed } from "../random/randomState.ts";
import { isComplete, type Moments } from "./count.ts";
import { CONVERGED, Lanczos, MORE, type LanczosSettings, type Wanted } from "./lanczos.ts";
import { pushSymmetric, toSquare, type Matrix, type MatrixLike, type Placed } from "./matrix.ts";
import { isOperator, product, toSymmetricOperator, type Steps, type SymmetricOperator } from "./operator.ts";
import { largestOf } from "./scale.ts";

export interface EigshOptions {
  /** How many eigenvalues. Default 6, or n if that is less. */
  k?: number;
  /**
   * Those at one end of the spectrum, half from either end (of an odd number one more from the high end),
   * or those of the largest absolute value. Default "largest".
   */
  which?: "largest" | "smallest" | "both" | "magnitude";
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
 * eigensolver. Where maxIterations does not suffice, what was reached, and info.converged is false.
 */
export function* eigsh(rt: Runtime, A: MatrixLike | SymmetricOperator, options: EigshOptions = {}): Steps<EigshResult> {
  if (isOperator(A)) {
    const operator = toSymmetricOperator("eigsh", "A", A);
    return yield* ofOperator(rt, operator, checkOptions(operator.n, 2, options));
  }
  const given = toSquare("eigsh", "A", A);
  if (given.rows === 0) throw new ShapeError("eigsh: A is 0×0, it must have at least one row");
  return ofMatrix(rt, given, checkOptions(given.rows, 4, options));
}

interface Checked {
  wanted: Wanted;
  settings: LanczosSettings;
}

function checkOptions(n: number, defaultBlock: number, options: EigshOptions): Checked {
  const {
    k = Math.min(6, n), which = "largest", tol = 1e-12, maxIterations = 1000, blockSize = Math.min(defaultBlock, n), seed = 0,
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
  return {
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

function ofMatrix(rt: Runtime, given: Matrix, { wanted, settings }: Checked): EigshResult {
  return rt.memory.scope(() => {
    const A = pushSymmetric(rt, "eigsh", "A", given);
    const moments = measure(rt, A, given);
    const lanczos = new Lanczos(rt, "eigsh", A.rows, wanted, settings);
    let outcome = lanczos.symmetric(A.at, A.stride);
    let complete: boolean | undefined;
    let found: Pairs;
    for (let trial = 0; ; trial++) {
      const ritz = lanczos.ritz();
      lanczos.finish();
      found = rayleigh(rt, A, moments, lanczos);
      complete = outcome === CONVERGED ? isComplete(rt, A, moments, wanted, found, ritz) : undefined;
      if (complete !== false || trial === TRIALS) break;
      if (lanczos.refresh() !== CONVERGED) outcome = lanczos.symmetric(A.at, A.stride);
    }
    const info: EigshInfo = {
      converged: outcome === CONVERGED,
      method: "lanczos",
      iterations: lanczos.get("restarts"),
      products: lanczos.get("products"),
      complete,
      blockSize: settings.blockSize,
    };
    return gather(rt, A.rows, [found], 1 / moments.by, info);
  });
}

/** Random blocks that are tried for eigenvalues that are missing. */
const TRIALS = 8;

/** Sums of squares in this range come from numbers that need no scaling. */
const SAFE = 1e200;

/** Brings A to order 1 where it is extreme, and takes its moments. */
function measure(rt: Runtime, A: Placed, given: Matrix): Moments {
  const { kernels, memory } = rt;
  return memory.scope(() => {
    const out = memory.push(16, "eigsh: workspace");
    const work = memory.push(kernels.moments_work_f64(A.rows), "eigsh: workspace");
    const moments = (by: number) => {
      rt.checkAborted(kernels.moments_f64(A.rows, A.at, A.stride, by, out, work));
      const [trace, squares] = memory.f64(out, 2) as unknown as [number, number];
      return { by, trace, squares };
    };
    const first = moments(1);
    if (first.squares > 1 / SAFE && first.squares < SAFE) return first;
    return moments(powerNear(largestOf(given.data)));
  });
}

/** The power of two that brings x near 1, and whose inverse is a number too; 1 for 0. */
function powerNear(x: number): number {
  if (x === 0) return 1;
  return 2 ** -Math.max(-1022, Math.min(1022, Math.floor(Math.log2(x))));
}

/** The vectors that Lanczos ended with, their Rayleigh quotients, and how far these can be off, by one more product. */
function rayleigh(rt: Runtime, A: Placed, { squares }: Moments, lanczos: Lanczos): Pairs {
  const { kernels, memory } = rt;
  const n = A.rows;
  const k = lanczos.get("low") + lanczos.get("high");
  const at = lanczos.get("block");
  const ld = lanczos.get("ld");
  const found = memory.scope(() => {
    const y = memory.push(8 * k * ld, "eigsh: residuals");
    rt.checkAborted(kernels.krylov_product_f64(n, n, k, A.at, A.stride, at, ld, y, ld));
    return quotients(rt, n, k, at, y, ld);
  });
  // rounding of the product: γ·|A|·|x|, and ‖|A|‖ ≤ ‖A‖_F
  const rounding = (n / 2 + n / 1024 + 8) * (Number.EPSILON / 2) * Math.sqrt(squares);
  return { at, ld, values: found.values, residuals: found.residuals.map((r) => r + rounding) };
}

/** Rayleigh quotients and residuals of the k rows at x, given their products at y. */
function quotients(rt: Runtime, n: number, k: number, x: Pointer, y: Pointer, ld: number): Pick<Pairs, "values" | "residuals"> {
  const { kernels, memory } = rt;
  return memory.scope(() => {
    const theta = memory.push(8 * k, "eigsh: values");
    const residual = memory.push(8 * k, "eigsh: residuals");
    kernels.lanczos_residuals_f64(n, k, x, ld, y, ld, theta, residual);
    return { values: memory.f64(theta, k).slice(), residuals: memory.f64(residual, k).slice() };
  });
}

/** The result: all pairs in ascending order, their values times `scale`. */
function gather(rt: Runtime, n: number, parts: Pairs[], scale: number, info: EigshInfo): EigshResult {
  const order = parts
    .flatMap((part) => Array.from(part.values, (value, i) => ({ value, residual: part.residuals[i]!, at: part.at + 8 * part.ld * i })))
    .sort((a, b) => a.value - b.value);
  const k = order.length;
  const data = new Float64Array(n * k);
  order.forEach(({ at }, j) => {
    const row = rt.memory.f64(at, n);
    for (let i = 0; i < n; i++) data[i * k + j] = row[i]!;
  });
  return {
    values: Float64Array.from(order, ({ value }) => value * scale),
    vectors: { data, rows: n, cols: k },
    residuals: Float64Array.from(order, ({ residual }) => residual * scale),
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
      const W = yield* product("eigsh", operator, pullColumns(rt, n, width, from, ld));
      if (by === 0) {
        const largest = largestOf(W.data);
        by = largest > 0 && largest < 1 / EXTREME || largest > EXTREME ? powerNear(largest) : 1;
      }
      pushColumns(rt, W, by, to, ld);
    }
    let outcome;
    do {
      yield* multiply(lanczos.get("width"), lanczos.get("block"), lanczos.get("target"));
      outcome = lanczos.step();
    } while (outcome === MORE);

    const { theta } = lanczos.ritz();
    lanczos.finish();
    const k = wanted.low + wanted.high;
    const at = lanczos.get("block");
    const y = memory.push(8 * k * ld, "eigsh: residuals");
    yield* multiply(k, at, y);
    const { values, residuals } = quotients(rt, n, k, at, y, ld);
    const rounding = Math.sqrt(n) * Number.EPSILON * Math.max(Math.abs(theta[0]!), Math.abs(theta.at(-1)!));
    const info: EigshInfo = {
      converged: outcome === CONVERGED,
      method: "lanczos",
      iterations: lanczos.get("restarts"),
      products: lanczos.get("products") + k,
      complete: theta.length === n ? true : undefined,
      blockSize: settings.blockSize,
    };
    return gather(rt, n, [{ at, ld, values, residuals: residuals.map((r) => r + rounding) }], 1 / by, info);
  } finally {
    memory.release(mark);
  }
}

/** Products beyond this, or below its inverse, are scaled. */
const EXTREME = 1e100;

/** The rows at `at` as the columns of a matrix. */
function pullColumns(rt: Runtime, n: number, width: number, at: Pointer, ld: number): Matrix<Float64Array> {
  const data = new Float64Array(n * width);
  const rows = rt.memory.f64(at, width * ld);
  for (let i = 0; i < n; i++) for (let r = 0; r < width; r++) data[i * width + r] = rows[r * ld + i]!;
  return { data, rows: n, cols: width };
}

/** The columns of W, times `by`, as rows at `at`. */
function pushColumns(rt: Runtime, { data, rows: n, cols }: Matrix, by: number, at: Pointer, ld: number): void {
  const rows = rt.memory.f64(at, cols * ld);
  for (let i = 0; i < n; i++) for (let r = 0; r < cols; r++) rows[r * ld + i] = data[i * cols + r]! * by;
}
