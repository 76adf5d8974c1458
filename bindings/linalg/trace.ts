// The trace of a matrix known by its products.
//
// Hutchinson: gᵀ·A·g with random signs g has mean tr(A) and variance 2·(‖A‖²_F − Σ aᵢᵢ²) for symmetric A.
// Hutch++: with Q an orthonormal basis of A·S, S random, tr(A) = tr(QᵀAQ) + tr(PAP) for P = I − QQᵀ; the
// first is computed, the second, which has lost the large eigenvalues, is estimated as above. For A
// positive semidefinite the error falls with the number of products m as 1/m instead of 1/√m.
//
// Based on: Hutchinson, A stochastic estimator of the trace of the influence matrix, 1989; Meyer, Musco,
// Musco & Woodruff, Hutch++: optimal stochastic trace estimation, 2021.
//
// Limits: the standard error is itself an estimate, from few samples of a skew distribution; with a
// third of the products on samples, as in Hutch++, ask for at least 30.

import type { Runtime } from "../core/runtime.ts";
import { NotFiniteError, OptionError } from "../errors.ts";
import { checkCount } from "../options.ts";
import { checkSeed, randomState } from "../random/randomState.ts";
import { matmul } from "./blas.ts";
import { matrix, toSquare, type Matrix, type MatrixLike } from "./matrix.ts";
import { isOperator, product, toSymmetricOperator, type Steps, type SymmetricOperator } from "./operator.ts";
import { qr } from "./qr.ts";

export interface TraceOptions {
  /** Default "hutch++". */
  method?: "hutch++" | "hutchinson";
  /** Vectors that A is applied to, all told. Default 96; "hutch++" takes at least 6. */
  products?: number;
  /** Default 0. */
  seed?: number;
}

export interface TraceResult {
  trace: number;
  /** Of the estimate; 0 where the trace is exact up to rounding. */
  standardError: number;
  info: { converged: true; method: "hutch++" | "hutchinson" | "diagonal"; products: number };
}

/** tr(A) of an operator, which need not be symmetric; of a matrix, the sum of its diagonal. */
export function* trace(rt: Runtime, A: MatrixLike | SymmetricOperator, options: TraceOptions = {}): Steps<TraceResult> {
  const { method = "hutch++", products = 96, seed = 0 } = options;
  if (method !== "hutch++" && method !== "hutchinson") {
    throw new OptionError(`trace: method is ${String(method)}, expected "hutch++" or "hutchinson"`);
  }
  checkCount("trace", "products", products, method === "hutch++" ? 6 : 2);
  checkSeed("trace", seed);
  if (!isOperator(A)) return diagonal(toSquare("trace", "A", A));
  const operator = toSymmetricOperator("trace", "A", A);
  const { n } = operator;
  const random = randomState(rt, seed);
  const signs = (count: number) => matrix(n, count, random.random(n * count).map((u) => (u < 0.5 ? -1 : 1)));

  if (method === "hutchinson") {
    const G = signs(products);
    const { mean, error } = statistics(columnDots(G, yield* apply(operator, G)));
    return { trace: mean, standardError: error, info: { converged: true, method, products } };
  }
  const third = Math.floor(products / 3);
  const rank = Math.min(third, n);
  const { q: Q } = qr(rt, yield* apply(operator, signs(rank)));
  const exact = sum(columnDots(Q, yield* apply(operator, Q)));
  if (rank === n) return { trace: exact, standardError: 0, info: { converged: true, method, products: 2 * rank } };
  const samples = products - 2 * rank;
  const G = signs(samples); // P·G, then
  matmul(rt, Q, matmul(rt, Q, G, { transA: true }), { alpha: -1, beta: 1, out: G });
  const { mean, error } = statistics(columnDots(G, yield* apply(operator, G)));
  return { trace: exact + mean, standardError: error, info: { converged: true, method, products } };
}

/** A·V; V stays ours. */
function* apply(operator: SymmetricOperator, V: Matrix): Steps<Matrix> {
  return yield* product("trace", operator, { ...V, data: Float64Array.from(V.data) });
}

function diagonal({ data, rows: n }: Matrix): TraceResult {
  let total = 0;
  for (let i = 0; i < n; i++) {
    const a = data[i * n + i]!;
    if (!Number.isFinite(a)) throw new NotFiniteError(`trace: A holds ${a} at row ${i + 1}, column ${i + 1}, every number must be finite`);
    total += a;
  }
  return { trace: total, standardError: 0, info: { converged: true, method: "diagonal", products: 0 } };
}

/** xⱼᵀ·yⱼ for every column. */
function columnDots(X: Matrix, Y: Matrix): Float64Array {
  const dots = new Float64Array(X.cols);
  for (let e = 0; e < X.data.length; e++) dots[e % X.cols]! += X.data[e]! * Y.data[e]!;
  return dots;
}

function sum(x: Float64Array): number {
  return x.reduce((total, value) => total + value, 0);
}

/** The mean and its standard error. */
function statistics(x: Float64Array): { mean: number; error: number } {
  const mean = sum(x) / x.length;
  const squares = x.reduce((total, value) => total + (value - mean) ** 2, 0);
  return { mean, error: Math.sqrt(squares / (x.length - 1) / x.length) };
}
