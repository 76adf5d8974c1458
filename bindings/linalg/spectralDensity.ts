// The spectral density of a symmetric matrix by stochastic Lanczos quadrature.
//
// Based on: Lin, Saad & Yang, Approximating spectral densities of large matrices, 2016; Ubaru, Chen & Saad,
// Fast estimation of tr(f(A)) via stochastic Lanczos quadrature, 2017.
//
// The density φ(t) = (1/n)·Σ δ(t − λᵢ) is the mean of the spectral measures of random unit vectors. Lanczos
// from such a vector gives the Gauss quadrature of its measure: nodes θ and weights τ², which sum to 1.
// With a Gaussian of width σ on every node the density is smooth and integrates to 1.
//
// Limits: between well-separated eigenvalues in the bulk the nodes do not tell how many there are; a
// spike of one eigenvalue among n carries a weight of 1/n, below the noise of few probes.

import type { Runtime } from "../core/runtime.ts";
import { ConvergenceError, OptionError, ShapeError } from "../errors.ts";
import { checkCount } from "../options.ts";
import { checkSeed, randomState } from "../random/randomState.ts";
import { pushEmpty, pushSymmetric, toSquare, type Matrix, type MatrixLike, type Placed } from "./matrix.ts";
import { isOperator, product, toSymmetricOperator, type Steps, type SymmetricOperator } from "./operator.ts";
import { extremeExponent, largestOf, scalePlaced, timesPowerOfTwo } from "./scale.ts";

export interface SpectralDensityOptions {
  /** Random vectors. Default 10. */
  probes?: number;
  /** Lanczos steps from each, at most n. Default 80. */
  steps?: number;
  /** Width of the Gaussians. Default 1 % of the range of the nodes. */
  sigma?: number;
  /** Points of the grid. Default 1000, more if sigma asks for it: two to a sigma. */
  points?: number;
  /** Default 0. */
  seed?: number;
}

export interface SpectralDensity {
  /** Equally spaced, to 6 σ beyond the outermost nodes. */
  grid: Float64Array;
  /** φ on the grid; its integral is 1. */
  density: Float64Array;
  sigma: number;
  /** All Gauss nodes, ascending, and their weights, which sum to 1. */
  nodes: Float64Array;
  weights: Float64Array;
  /** products: vectors that A was applied to. */
  info: { converged: true; method: "stochastic-lanczos-quadrature"; probes: number; steps: number; products: number };
}

/** How far the grid goes beyond the nodes, in σ: a Gaussian has 1e-9 of its mass further out on one side. */
const REACH = 6;

/** Points of a grid at most. */
const MOST_POINTS = 1_000_000;

/**
 * The density of the eigenvalues of a symmetric matrix or operator, estimated by stochastic Lanczos quadrature. Costs
 * probes·steps products with a vector, and n·probes·steps numbers of memory.
 */
export function* spectralDensity(
  rt: Runtime, A: MatrixLike | SymmetricOperator, options: SpectralDensityOptions = {},
): Steps<SpectralDensity> {
  const fn = "spectralDensity";
  const given = isOperator(A) ? toSymmetricOperator(fn, "A", A) : toSquare(fn, "A", A);
  const n = "n" in given ? given.n : given.rows;
  const { probes = 10, seed = 0, points = 1000, sigma } = options;
  if (n === 0) throw new ShapeError(`${fn}: A is 0×0, it must have at least one row`);
  checkCount(fn, "probes", probes);
  checkCount(fn, "steps", options.steps ?? 80);
  checkCount(fn, "points", points, 2, MOST_POINTS);
  checkSeed(fn, seed);
  if (sigma !== undefined && !(sigma > 0 && Number.isFinite(sigma))) throw new OptionError(`${fn}: sigma is ${sigma}, expected a positive number`);
  const steps = Math.min(options.steps ?? 80, n);

  const { alpha, beta } = yield* lanczos(rt, fn, given, n, probes, steps, seed);
  const { nodes, weights } = quadrature(rt, fn, alpha, beta, probes, steps);
  const info = { converged: true, method: "stochastic-lanczos-quadrature", probes, steps, products: probes * steps } as const;
  return { ...broaden(fn, nodes, weights, sigma, points), nodes, weights, info };
}

/** The tridiagonal matrices of all probes, row after row. */
function* lanczos(
  rt: Runtime, fn: string, A: Matrix | SymmetricOperator, n: number, probes: number, steps: number, seed: number,
): Steps<{ alpha: Float64Array; beta: Float64Array }> {
  const { memory, kernels } = rt;
  const mark = memory.mark();
  try {
    const a = "n" in A ? undefined : pushSymmetric(rt, fn, "A", A);
    const v = pushEmpty(rt, fn, probes * (steps + 1), n);
    const w = pushEmpty(rt, fn, probes, n);
    const at = memory.push(16 * probes * steps, `${fn}: coefficients`);
    const gemmWork = a ? memory.push(kernels.gemm_work_f64(probes, n, n), `${fn}: workspace`) : 0;
    // powers of two keep squares in range: a matrix is scaled at once, the products of an operator as the first one asks for
    let exponent = "n" in A ? 0 : extremeExponent(largestOf(A.data));
    if (a) scalePlaced(rt, a, -exponent);
    const random = randomState(rt, seed).random(probes * n);
    for (let p = 0; p < probes; p++) {
      const z = memory.f64(v.at + 8 * p * (steps + 1) * v.stride, n);
      for (let i = 0; i < n; i++) z[i] = (random[p * n + i]! < 0.5 ? -1 : 1) / Math.sqrt(n);
    }
    for (let j = 0; j < steps; j++) {
      const lead = (steps + 1) * v.stride; // from one probe's vj to the next one's
      const vj = v.at + 8 * j * v.stride;
      if (a) {
        rt.checkAborted(kernels.gemm_f64(false, false, probes, n, n, 1, vj, lead, a.at, a.stride, 0, w.at, w.stride, gemmWork));
      } else {
        const V = columnsOf(memory.f64(vj, (probes - 1) * lead + n), probes, n, lead);
        const { data } = yield* product(fn, A as SymmetricOperator, V);
        if (j === 0) exponent = extremeExponent(largestOf(data));
        rowsOf(data, probes, n, memory.f64(w.at, probes * w.stride), w.stride);
        scalePlaced(rt, w, -exponent);
      }
      rt.checkAborted(kernels.lanczos_probes_f64(n, probes, steps, j, v.at, v.stride, w.at, w.stride, at, at + 8 * probes * steps));
    }
    const [alpha, beta] = [at, at + 8 * probes * steps].map((from) => memory.f64(from, probes * steps).map((x) => timesPowerOfTwo(x, exponent)));
    return { alpha: alpha!, beta: beta! };
  } finally {
    memory.release(mark);
  }
}

/** Rows of length n, `stride` apart, as the columns of a new matrix. */
function columnsOf(rows: Float64Array, count: number, n: number, stride: number): Matrix<Float64Array> {
  const data = new Float64Array(n * count);
  for (let p = 0; p < count; p++) for (let i = 0; i < n; i++) data[i * count + p] = rows[p * stride + i]!;
  return { data, rows: n, cols: count };
}

/** The columns of a matrix as rows of length n, `stride` apart. */
function rowsOf(data: ArrayLike<number>, count: number, n: number, rows: Float64Array, stride: number): void {
  for (let p = 0; p < count; p++) for (let i = 0; i < n; i++) rows[p * stride + i] = data[i * count + p]!;
}

/** The Gauss quadratures of all probes as one, nodes ascending. */
function quadrature(rt: Runtime, fn: string, alpha: Float64Array, beta: Float64Array, probes: number, steps: number) {
  const found: [node: number, weight: number][] = [];
  rt.memory.scope(() => {
    const { memory, kernels } = rt;
    const d = memory.push(8 * steps, fn);
    const e = memory.push(8 * steps, fn);
    const q: Placed = pushEmpty(rt, fn, steps, steps);
    const work = memory.push(kernels.tridiagonal_vectors_work_f64(steps), `${fn}: workspace`);
    for (let p = 0; p < probes; p++) {
      memory.f64(d, steps).set(alpha.subarray(p * steps, (p + 1) * steps));
      memory.f64(e, steps).set(beta.subarray(p * steps, (p + 1) * steps));
      const info = rt.checkAborted(kernels.tridiagonal_vectors_f64(steps, d, e, q.at, q.stride, work));
      if (info !== 0) throw new ConvergenceError(`${fn}: the tridiagonal problem did not converge (at ${info} of ${steps})`);
      const theta = memory.f64(d, steps);
      const vectors = memory.f64(q.at, steps * q.stride);
      for (let k = 0; k < steps; k++) found.push([theta[k]!, vectors[k * q.stride]! ** 2 / probes]);
    }
  });
  found.sort(([x], [y]) => x - y);
  return { nodes: Float64Array.from(found, ([node]) => node), weights: Float64Array.from(found, ([, weight]) => weight) };
}

/** A Gaussian on every node. */
function broaden(fn: string, nodes: Float64Array, weights: Float64Array, width: number | undefined, least: number) {
  const low = nodes[0]!;
  const high = nodes.at(-1)!;
  // all nodes in one place: any width will do
  const range = high - low > 1e-12 * Math.max(Math.abs(low), Math.abs(high)) ? high - low : Math.abs(high) || 1;
  const sigma = width ?? 0.01 * range;
  const span = high - low + 2 * REACH * sigma;
  const points = Math.max(least, Math.ceil((2 * span) / sigma) + 1);
  if (!(points <= MOST_POINTS)) {
    throw new OptionError(`${fn}: sigma is ${sigma}, too narrow for nodes from ${low} to ${high}: expected at least ${(2 * span) / MOST_POINTS}`);
  }
  const step = span / (points - 1);
  const grid = Float64Array.from({ length: points }, (_, i) => low - REACH * sigma + i * step);
  const density = new Float64Array(points);
  const reach = Math.ceil((9 * sigma) / step); // beyond, exp(−40) adds nothing
  for (let k = 0; k < nodes.length; k++) {
    const weight = weights[k]! / (sigma * Math.sqrt(2 * Math.PI));
    if (weight === 0) continue;
    const middle = Math.round((nodes[k]! - grid[0]!) / step);
    for (let i = Math.max(0, middle - reach); i <= Math.min(points - 1, middle + reach); i++) {
      density[i]! += weight * Math.exp(-0.5 * ((grid[i]! - nodes[k]!) / sigma) ** 2);
    }
  }
  return { grid, density, sigma };
}
