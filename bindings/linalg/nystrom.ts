// The leading eigenvalues and eigenvectors of a positive semidefinite matrix from a single product.
//
// Based on: Tropp, Yurtsever, Udell & Cevher, Fixed-rank approximation of a positive-semidefinite matrix
// from streaming data, 2017, algorithm 3.
//
// With Ω an orthonormal random basis and Y = A·Ω, the approximation is Y·(Ωᵀ·Y)⁻¹·Yᵀ. Computed as it
// stands that loses half of the digits, so A + ν·I is approximated instead, ν of the order of the rounding
// errors of Y, by C = chol(ΩᵀY + ν·I), E = (Y + ν·Ω)·C⁻¹, A + ν·I ≈ E·Eᵀ, and ν is taken off the squared
// singular values of E.
//
// Limits: A is seen through Ω only. Negative eigenvalues are noticed where they show there, so as a rule
// if they are not much smaller than the `rank` largest.

import type { Runtime } from "../core/runtime.ts";
import { NotPositiveDefiniteError, ShapeError } from "../errors.ts";
import { checkCount } from "../options.ts";
import { checkSeed, randomState } from "../random/randomState.ts";
import { pullMatrix, pushEmpty, toSquare, type Matrix, type MatrixLike, type Placed } from "./matrix.ts";
import { isOperator, toLinearOperator, toSymmetricOperator, type Steps, type SymmetricOperator } from "./operator.ts";
import {
  columnsOf, copyIn, copyOut, extendBasis, frobeniusNorm, largestColumn, multiply, PROBE_FACTOR, PROBES, Source,
} from "./range.ts";
import { thinSvd, transposed } from "./thinSvd.ts";

export interface NystromOptions {
  /** How many eigenvalues. */
  rank: number;
  /** Columns of the random matrix beyond `rank`. Default 10. */
  oversampling?: number;
  /** Of NumPy's RandomState, which draws the random matrix. Default 0. */
  seed?: number;
}

export interface NystromResult {
  /** The `rank` largest eigenvalues, ascending; each at most that of A, but for rounding errors. */
  values: Float64Array;
  /** n×rank; column k belongs to values[k], the columns are orthonormal. */
  vectors: Matrix<Float64Array>;
  info: {
    converged: true;
    method: "nystrom";
    /** Vectors that A was applied to. */
    products: number;
    /** ‖A − V·diag(values)·Vᵀ‖ (the spectral norm) is at most this, but for a chance of 10⁻⁶ over seeds. */
    error: number;
  };
}

/** How often ν is raised, by so much, before a failing Cholesky is taken to mean that A is indefinite. */
const RAISES = 3;
const RAISE = 8;

/** The eigenvalue decomposition of a rank-`rank` approximation of A, positive semidefinite: a matrix or an operator. */
export function* nystrom(rt: Runtime, A: MatrixLike | SymmetricOperator, options: NystromOptions): Steps<NystromResult> {
  const fn = "nystrom";
  const given = isOperator(A) ? toSymmetricOperator(fn, "A", A) : toSquare(fn, "A", A);
  const n = "n" in given ? given.n : given.rows;
  if (n === 0) throw new ShapeError(`${fn}: A is 0×0, it must have at least one row`);
  const { rank, oversampling = 10, seed = 0 } = Object(options) as NystromOptions;
  checkCount(fn, "rank", rank, 1, n);
  checkCount(fn, "oversampling", oversampling, 0);
  checkSeed(fn, seed);
  const l = Math.min(n, rank + oversampling);

  const { memory } = rt;
  const mark = memory.mark();
  try {
    const source = "n" in given ? Source.operator(rt, fn, toLinearOperator(fn, "A", given), 8) : Source.symmetric(rt, fn, given);
    const random = randomState(rt, seed);
    const X = pushEmpty(rt, fn, n, l + PROBES); // [Ω, probes]
    copyIn(rt, { data: random.randn(n * l), rows: n, cols: l }, columnsOf(X, 0, l));
    copyIn(rt, { data: random.randn(n * PROBES), rows: n, cols: PROBES }, columnsOf(X, l, PROBES));
    extendBasis(rt, fn, columnsOf(X, 0, l), 0, l, 0, 0.5);
    const W = pushEmpty(rt, fn, n, l + PROBES);
    yield* source.apply(false, X, W);

    const Y = columnsOf(W, 0, l);
    const { E, nu } = shifted(rt, fn, columnsOf(X, 0, l), Y);
    const U = pushEmpty(rt, fn, n, l);
    copyIn(rt, copyOut(rt, E), U);
    extendBasis(rt, fn, U, 0, l, 0.5, 1);
    const T = pushEmpty(rt, fn, l, l);
    multiply(rt, fn, true, false, 1, U, E, 0, T);
    const { u, s } = thinSvd(rt, fn, T);
    const V = pushEmpty(rt, fn, n, rank);
    const ascending = pushEmpty(rt, fn, l, rank);
    copyIn(rt, reversedColumns(copyOut(rt, { ...u, cols: rank })), ascending);
    multiply(rt, fn, false, false, 1, U, ascending, 0, V);
    // what is below ν is rounding errors
    const values = s.slice(0, rank).reverse().map((x) => (x * x > 2 * nu ? x * x - nu : 0));

    const inner = pushEmpty(rt, fn, rank, PROBES);
    multiply(rt, fn, true, false, 1, V, columnsOf(X, l, PROBES), 0, inner);
    const weighted = copyOut(rt, inner);
    copyIn(rt, { ...weighted, data: weighted.data.map((x, e) => x * values[Math.floor(e / PROBES)]!) }, inner);
    const residual = columnsOf(W, l, PROBES);
    multiply(rt, fn, false, false, -1, V, inner, 1, residual);
    const error = (PROBE_FACTOR * largestColumn(rt, residual)) / source.scale;
    return {
      values: values.map((x) => x / source.scale),
      vectors: pullMatrix(rt, V),
      info: { converged: true, method: "nystrom", products: source.products, error },
    };
  } finally {
    memory.release(mark);
  }
}

/** E and ν with A + ν·I ≈ E·Eᵀ; E takes the place of Y. */
function shifted(rt: Runtime, fn: string, Omega: Placed, Y: Placed): { E: Placed; nu: number } {
  const { kernels, memory } = rt;
  const { rows: n, cols: l } = Y;
  const size = frobeniusNorm(rt, Y);
  const B = pushEmpty(rt, fn, l, l);
  multiply(rt, fn, true, false, 1, Omega, Y, 0, B);
  const b = copyOut(rt, B).data;
  const C = pushEmpty(rt, fn, l, l);
  let nu = Math.sqrt(n) * Number.EPSILON * (size || 1);
  for (let raises = 0; ; raises++) {
    const symmetric = b.map((x, e) => (x + b[(e % l) * l + Math.floor(e / l)]!) / 2 + (e % (l + 1) === 0 ? nu : 0));
    copyIn(rt, { data: symmetric, rows: l, cols: l }, C);
    const info = memory.scope(() => {
      const work = memory.push(kernels.cholesky_work_f64(l), `${fn}: workspace`);
      return rt.checkAborted(kernels.cholesky_f64(l, C.at, C.stride, 0.5, 0.5, work));
    });
    if (info === 0) break;
    if (raises === RAISES) {
      throw new NotPositiveDefiniteError(
        `${fn}: A is not positive semidefinite: it is indefinite on the random subspace (at ${info} of ${l})`,
      );
    }
    nu *= RAISE;
  }
  const omega = copyOut(rt, Omega).data;
  const y = copyOut(rt, Y).data;
  copyIn(rt, { data: y.map((x, e) => x + nu * omega[e]!), rows: n, cols: l }, Y);
  memory.scope(() => {
    const Et = transposed(rt, Y, pushEmpty(rt, fn, l, n)); // C = Lᵀ: Eᵀ = L⁻¹·Yᵀ
    const work = memory.push(kernels.trsm_work_f64(l, n), `${fn}: workspace`);
    rt.checkAborted(kernels.trsm_f64(l, n, C.at, C.stride, true, false, false, Et.at, Et.stride, work));
    transposed(rt, Et, Y);
  });
  return { E: Y, nu };
}

function reversedColumns({ data, rows, cols }: Matrix<Float64Array>): Matrix<Float64Array> {
  return { data: data.map((_, e) => data[e - (e % cols) + cols - 1 - (e % cols)]!), rows, cols };
}
