// svds: a few of the largest singular triplets of a matrix or operator by block Golub-Kahan-Lanczos
// bidiagonalization with thick restarts (assembly/decomp/golub_kahan.ts).
//
// Limits: what a Krylov space does not see is not missed; of a multiple singular value no more copies are
// sure to be found than blockSize.

import { ConvergenceError, OptionError, ShapeError } from "../errors.ts";
import type { Info } from "../core/kernels.ts";
import type { Runtime } from "../core/runtime.ts";
import { checkCount } from "../options.ts";
import { checkSeed } from "../random/randomState.ts";
import { basisSize, CONVERGED, MORE, pullVectors, pushVectors, STOPPED } from "./lanczos.ts";
import { pushEmpty, pushMatrix, toMatrix, type Matrix, type MatrixLike } from "./matrix.ts";
import { isOperator, product, productTranspose, toLinearOperator, type LinearOperator, type Operator, type Steps } from "./operator.ts";
import { largestOf, powerNear } from "./scale.ts";

export interface SvdsOptions {
  /** How many singular values, the largest ones. Default 6, or min(rows, cols) if that is less. */
  k?: number;
  /** The residual at which a triplet counts as converged, relative to σ. Default 1e-12. */
  tol?: number;
  /** Restarts after which it gives up. Default 1000. */
  maxIterations?: number;
  /** Vectors multiplied at a time. Default 4, for an operator 2. */
  blockSize?: number;
  /** Of the random start. Default 0. */
  seed?: number;
}

export interface SvdsResult {
  /** rows×k, orthonormal columns. */
  u: Matrix<Float64Array>;
  /** The k largest singular values, descending. */
  s: Float64Array;
  /** k×cols, orthonormal rows. */
  vt: Matrix<Float64Array>;
  /** Of each triplet |A·v − σ·u| and |Aᵀ·u − σ·v| at most, by the recurrence and an estimate of rounding: a singular value lies so near. */
  residuals: Float64Array;
  info: {
    /** Whether every residual came below max(tol·σ, 4·√max(rows, cols)·eps·σ₁). */
    converged: boolean;
    method: "golub-kahan-lanczos";
    iterations: number;
    /** Vectors that A and its transpose were multiplied with. */
    products: number;
    blockSize: number;
  };
}

/** The first words of the state, in the order of the class Bidiagonal in assembly/decomp/golub_kahan.ts. */
const FIELDS = [
  "block", "target", "width", "left", "products", "restarts", "converged", "sigma", "residual", "u", "ldu", "v", "ldv",
] as const;

/** Sizes beyond this, or below its inverse, are scaled. */
const EXTREME = 1e100;

/**
 * The k largest singular values of A with their vectors and residuals, by Golub-Kahan-Lanczos bidiagonalization; A is a
 * matrix, or known by its products alone. Where maxIterations does not suffice, what was reached, and info.converged is
 * false.
 */
export function* svds(rt: Runtime, A: MatrixLike | Operator, options: SvdsOptions = {}): Steps<SvdsResult> {
  const operator = isOperator(A) ? toLinearOperator("svds", "A", A) : undefined;
  const given = operator ? undefined : toMatrix("svds", "A", A as MatrixLike);
  const { rows, cols } = operator ?? given!;
  if (rows === 0 || cols === 0) throw new ShapeError(`svds: A is ${rows}×${cols}, it must have rows and columns`);
  const short = Math.min(rows, cols);
  const { k = Math.min(6, short), tol = 1e-12, maxIterations = 1000, blockSize = Math.min(operator ? 2 : 4, short), seed = 0 } = options;
  checkCount("svds", "k", k, 1, short);
  checkCount("svds", "maxIterations", maxIterations, 0);
  checkCount("svds", "blockSize", blockSize, 1, short);
  checkSeed("svds", seed);
  if (!(tol >= 0 && tol < 1)) throw new OptionError(`svds: tol is ${tol}, expected 0 ≤ tol < 1`);

  const { kernels, memory } = rt;
  const wide = cols > rows; // then Aᵀ takes the place of A
  const [m, n] = wide ? [cols, rows] : [rows, cols];
  const mark = memory.mark();
  try {
    const most = basisSize(n, k, blockSize);
    const state = memory.push(kernels.golub_kahan_work_f64(m, n, most, blockSize), `svds: a basis of ${most} vectors`);
    kernels.golub_kahan_begin_f64(m, n, most, blockSize, k, tol, maxIterations, seed, state);
    const get = (field: (typeof FIELDS)[number]) => memory.i32(state, FIELDS.length)[FIELDS.indexOf(field)]!;
    const check = (info: Info) => {
      rt.checkAborted(info);
      if (info < CONVERGED || info > STOPPED) throw new ConvergenceError("svds: the projected problem did not converge");
      return info;
    };

    let by = 0;
    let outcome: Info;
    if (given) {
      const a = pushMatrix(rt, "svds", "A", given);
      const largest = largestOf(given.data);
      by = largest > 1 / EXTREME && largest < EXTREME ? 1 : powerNear(largest);
      if (by !== 1) memory.f64(a.at, a.rows * a.stride).forEach((x, i, view) => { view[i] = x * by; });
      const t = pushEmpty(rt, "svds", cols, rows);
      rt.checkAborted(kernels.transpose_f64(rows, cols, a.at, a.stride, t.at, t.stride));
      const [tall, flat] = wide ? [t, a] : [a, t];
      outcome = check(kernels.golub_kahan_dense_f64(tall.at, tall.stride, flat.at, flat.stride, state));
    } else {
      do {
        const left = (get("left") & 1) === 1;
        const [from, ld, length, to, ldTo] = left
          ? [get("block"), get("ldv"), n, get("target"), get("ldu")]
          : [get("block"), get("ldu"), m, get("target"), get("ldv")];
        const V = pullVectors(rt, length, get("width"), from, ld);
        const W: Matrix = yield* multiply(operator!, left !== wide, V);
        if (by === 0) {
          const largest = largestOf(W.data);
          by = largest > 1 / EXTREME && largest < EXTREME ? 1 : powerNear(largest);
        }
        pushVectors(rt, W, by, to, ldTo);
        outcome = check(kernels.golub_kahan_step_f64(state));
      } while (outcome === MORE);
    }

    const s = memory.f64(get("sigma"), k).slice();
    const rounding = 4 * Math.sqrt(m) * Number.EPSILON * s[0]!;
    const residuals = memory.f64(get("residual"), k).map((r) => (r + rounding) / by);
    const [u, v] = [pullVectors(rt, m, k, get("u"), get("ldu")), pullVectors(rt, n, k, get("v"), get("ldv"))];
    return {
      u: wide ? v : u,
      s: s.map((x) => x / by),
      vt: transposed(wide ? u : v),
      residuals,
      info: {
        converged: outcome === CONVERGED,
        method: "golub-kahan-lanczos",
        iterations: get("restarts"),
        products: get("products"),
        blockSize,
      },
    };
  } finally {
    memory.release(mark);
  }
}

function* multiply(operator: LinearOperator, plain: boolean, V: Matrix<Float64Array>): Steps<Matrix> {
  return plain ? yield* product("svds", operator, V) : yield* productTranspose("svds", operator, V);
}

function transposed({ data, rows, cols }: Matrix<Float64Array>): Matrix<Float64Array> {
  const t = new Float64Array(rows * cols);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) t[j * rows + i] = data[i * cols + j]!;
  return { data: t, rows: cols, cols: rows };
}
