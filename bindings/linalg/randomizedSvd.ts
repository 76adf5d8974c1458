// The leading singular values and vectors of a large matrix by random projection.

import type { Runtime } from "../core/runtime.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { checkCount } from "../options.ts";
import { checkSeed } from "../random/randomState.ts";
import type { ArrayOf, Dtype } from "./eig.ts";
import { pullMatrix, pushEmpty, toMatrix, type Matrix, type MatrixLike, type Placed } from "./matrix.ts";
import { isOperator, toLinearOperator, type LinearOperator, type Steps, type SymmetricOperator } from "./operator.ts";
import { copyIn, copyOut, extendBasis, findRange, multiply, Source, type RangePlan } from "./range.ts";
import { thinSvd } from "./thinSvd.ts";

export interface RandomizedSvdOptions<D extends Dtype = "f64"> {
  /** How many singular values; give it or `tol`. */
  rank?: number;
  /** Take as many as bring `info.error` down to this: an absolute bound of ‖A − U·S·Vᵀ‖. */
  tol?: number;
  /** Columns of the random matrix beyond `rank`. Default 10. */
  oversampling?: number;
  /** Products with A·Aᵀ: the more slowly the singular values decay, the more are needed. Default 2. */
  powerIterations?: number;
  /**
   * "subspace" (the default) keeps what the last iteration gave; "krylov" keeps all of them, which is much more
   * accurate for as many products and costs powerIterations + 1 times the memory.
   */
  scheme?: "subspace" | "krylov";
  /** Return no more than `rank` values, or than `tol` needs. Default true; false: all that were computed. */
  truncate?: boolean;
  /** Of NumPy's RandomState, which draws the random matrix. Default 0. */
  seed?: number;
  /** What it is computed in; with "f32" the results hold Float32Array. Default "f64". */
  dtype?: D;
}

export interface RandomizedSvdResult<D extends Dtype = "f64"> {
  /** m×k, orthonormal columns. */
  u: Matrix<ArrayOf<D>>;
  /** k values, descending; each at most the singular value of A that it stands for, but for rounding errors. */
  s: ArrayOf<D>;
  /** k×n, orthonormal rows. */
  vt: Matrix<ArrayOf<D>>;
  info: {
    /** Whether error ≤ tol; true without tol. */
    converged: boolean;
    method: "randomized";
    rank: number;
    /** Vectors that A or Aᵀ was applied to. */
    products: number;
    /**
     * ‖A − U·S·Vᵀ‖ (the spectral norm) is at most this, but for a chance of 2·10⁻⁶ over seeds; typically it is 3 to
     * 10 times smaller, unless what was truncated makes up most of it.
     */
    error: number;
  };
}

/**
 * A ≈ U·diag(s)·Vᵀ for a matrix or an operator, in 2·powerIterations + 2 products with rank + oversampling columns.
 *
 * With powerIterations = 0 and truncate = false it is the plain method: rank 50 gives 60 values. rank + oversampling
 * is cut to min(m, n), where the result is exact but for rounding errors.
 */
export function randomizedSvd(
  rt: Runtime, A: MatrixLike | LinearOperator | SymmetricOperator, options: RandomizedSvdOptions<"f64">,
): Steps<RandomizedSvdResult<"f64">>;
export function randomizedSvd(
  rt: Runtime, A: MatrixLike | LinearOperator | SymmetricOperator, options: RandomizedSvdOptions<"f32">,
): Steps<RandomizedSvdResult<"f32">>;
export function* randomizedSvd(
  rt: Runtime, A: MatrixLike | LinearOperator | SymmetricOperator, options: RandomizedSvdOptions<Dtype>,
): Steps<RandomizedSvdResult<Dtype>> {
  const fn = "randomizedSvd";
  const given = isOperator(A) ? toLinearOperator(fn, "A", A) : toMatrix(fn, "A", A);
  const { rows: m, cols: n } = given;
  if (m === 0 || n === 0) throw new ShapeError(`${fn}: A is ${m}×${n}, it must have at least one row and column`);
  const { truncate = true, bytes, rank, plan } = checkOptions(fn, options, Math.min(m, n));

  const { memory } = rt;
  const mark = memory.mark();
  try {
    const source = "data" in given ? Source.dense(rt, fn, given, bytes) : Source.operator(rt, fn, given, bytes);
    const { Q, Bt, scale, error, products } = yield* findRange(rt, fn, source, plan);
    const l = Q.cols;

    // Bᵀ = P·T, T = X·S·Yᵀ: A ≈ Q·B = (Q·Y)·S·(P·X)ᵀ
    const P = pushEmpty(rt, fn, n, l, bytes);
    copyIn(rt, copyOut(rt, Bt), P);
    extendBasis(rt, fn, P, 0, l);
    const T = pushEmpty(rt, fn, l, l, bytes);
    multiply(rt, fn, true, false, 1, P, Bt, 0, T);
    const small = thinSvd(rt, fn, inF64(rt, fn, T));

    const beyond = (k: number) => Math.hypot(error, small.s[k] ?? 0);
    let k = rank ?? l;
    if (plan.tol !== undefined) while (k > 1 && beyond(k - 1) <= plan.tol * scale) k--;
    if (!truncate) k = l;
    const s = small.s.slice(0, k).map((x) => x / scale);

    const [X, Yt] = bytes === 8 ? [small.u, small.vt] : [inF32(rt, fn, small.u), inF32(rt, fn, small.vt)];
    const u = pushEmpty(rt, fn, m, k, bytes);
    const vt = pushEmpty(rt, fn, k, n, bytes);
    multiply(rt, fn, false, true, 1, Q, { ...Yt, rows: k }, 0, u);
    multiply(rt, fn, true, true, 1, { ...X, cols: k }, P, 0, vt);
    const reached = beyond(k) / scale;
    const converged = plan.tol === undefined || reached <= plan.tol;
    return {
      u: pullMatrix(rt, u),
      s: bytes === 8 ? Float64Array.from(s) : Float32Array.from(s),
      vt: pullMatrix(rt, vt),
      info: { converged, method: "randomized", rank: k, products, error: reached },
    };
  } finally {
    memory.release(mark);
  }
}

/** X itself, or a copy in f64. */
function inF64(rt: Runtime, fn: string, X: Placed): Placed {
  if (X.bytes === 8) return X;
  const copy = pushEmpty(rt, fn, X.rows, X.cols);
  copyIn(rt, copyOut(rt, X), copy);
  return copy;
}

/** A copy in f32. */
function inF32(rt: Runtime, fn: string, X: Placed): Placed {
  const copy = pushEmpty(rt, fn, X.rows, X.cols, 4);
  copyIn(rt, copyOut(rt, X), copy);
  return copy;
}

function checkOptions(fn: string, options: RandomizedSvdOptions<Dtype>, most: number) {
  const { rank, tol, oversampling = 10, powerIterations = 2, scheme = "subspace", seed = 0, dtype = "f64" } = Object(options);
  if ((rank === undefined) === (tol === undefined)) throw new OptionError(`${fn}: expected either rank or tol`);
  if (rank !== undefined) checkCount(fn, "rank", rank, 1, most);
  if (tol !== undefined && !(tol > 0 && Number.isFinite(tol))) {
    throw new OptionError(`${fn}: tol is ${String(tol)}, expected a positive number`);
  }
  checkCount(fn, "oversampling", oversampling, 0);
  checkCount(fn, "powerIterations", powerIterations, 0, 1000);
  checkSeed(fn, seed);
  if (scheme !== "subspace" && scheme !== "krylov") {
    throw new OptionError(`${fn}: scheme is ${JSON.stringify(scheme)}, expected "subspace" or "krylov"`);
  }
  if (dtype !== "f64" && dtype !== "f32") {
    throw new OptionError(`${fn}: dtype is ${JSON.stringify(dtype)}, expected "f64" or "f32"`);
  }
  const size = rank === undefined ? undefined : Math.min(most, rank + oversampling);
  const plan: RangePlan = { size, tol, powerIterations, krylov: scheme === "krylov", seed };
  return { truncate: options.truncate, bytes: dtype === "f64" ? 8 : 4, rank, plan } as const;
}
