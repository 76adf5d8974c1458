// H∞ estimated from sampled neurons, on NumPy's random numbers, and what the estimate says of λ_min.
//
// Based on: Du, Zhai, Poczos & Singh, Gradient descent provably optimizes over-parameterized neural
// networks, 2018: H∞ = E_w (xᵢ·xⱼ)·1[w·xᵢ > 0]·1[w·xⱼ > 0], w ~ N(0, I); here the mean over m draws.
//
// Limits: an entry is off by about |xᵢ·xⱼ|·√(p(1 − p)/m), which for the whole matrix is far more than a small
// λ_min; so λ_min of the estimate alone proves nothing of that of H∞.

import type { Pointer } from "../core/kernels.ts";
import { alone, COST, PAYS, type Gather, type Parts } from "../core/parts.ts";
import type { Runtime } from "../core/runtime.ts";
import { NotFiniteError, OptionError, ShapeError } from "../errors.ts";
import { pullMatrix, pushEmpty, pushMatrix, toMatrix, type Matrix, type MatrixLike, type Placed } from "../linalg/matrix.ts";
import { checkSeed } from "../random/randomState.ts";

export interface MonteCarloOptions {
  /** Neurons, m. */
  features: number;
  /** Of the generator; default 0. */
  seed?: number;
  /** Whose numbers: "numpy" draws W = RandomState(seed).randn(features, X.cols). The default, and the only one. */
  rng?: "numpy";
}

export interface MonteCarlo {
  /** (n, n) symmetric */
  matrix: Matrix<Float64Array>;
  features: number;
  seed: number;
}

/** The mean over sampled neurons of (xᵢ·xⱼ)·1[w·xᵢ > 0]·1[w·xⱼ > 0], rows x of X (n×d) as they are. */
export function monteCarlo(rt: Runtime, X: MatrixLike, options: MonteCarloOptions): MonteCarlo {
  return alone(sample(rt, undefined, "hinf.monteCarlo", X, options));
}

/** The same without X·Xᵀ: the number of neurons that both samples activate, exact. */
export function coactivations(rt: Runtime, X: MatrixLike, options: MonteCarloOptions): MonteCarlo {
  return alone(sample(rt, undefined, "hinf.coactivations", X, options));
}

/** Both with their neurons in parts (core/parts.ts): counts are integers, and add up in any order. */
export function splitMonteCarlo(rt: Runtime, parts: Parts, X: MatrixLike, options: MonteCarloOptions): Gather<MonteCarlo> {
  return sample(rt, parts, "hinf.monteCarlo", X, options);
}
export function splitCoactivations(rt: Runtime, parts: Parts, X: MatrixLike, options: MonteCarloOptions): Gather<MonteCarlo> {
  return sample(rt, parts, "hinf.coactivations", X, options);
}

function* sample(
  rt: Runtime, parts: Parts | undefined, fn: "hinf.monteCarlo" | "hinf.coactivations", X: MatrixLike, options: MonteCarloOptions,
): Gather<MonteCarlo> {
  const A = rowsOf(fn, X);
  const { features, seed } = checkOptions(fn, options);
  const { rows: n, cols: d } = A;
  const weighted = fn === "hinf.monteCarlo";
  const cuts = cutNeurons(n, d, features, weighted, parts?.count ?? 1);
  const { kernels, memory } = rt;
  const mark = memory.mark();
  try {
    // all of the memory before any of the work
    const h = pushEmpty(rt, fn, n, n);
    const product = memory.push(weighted ? kernels.syrk_work_f64(n, d) : 0, `${fn}: workspace`);
    const room = pushCounting(rt, fn, A, cuts[1]);
    for (let p = 1; p < cuts.length - 1; p++) {
      parts!.send(p, "countNeurons", fn, { ...A, data: A.data.slice() }, cuts[p], cuts[p + 1], seed);
    }
    const { counts, x } = room;
    count(rt, room, 0, cuts[1], seed);
    if (weighted) rt.checkAborted(kernels.syrk_f64(n, d, 1, x.at, x.stride, 0, h.at, h.stride, product));
    if (cuts.length > 2) {
      for (const others of (yield) as Uint32Array[]) {
        const sum = memory.u32(counts, others.length);
        for (let i = 0; i < sum.length; i++) sum[i] += others[i];
      }
    }
    rt.checkAborted(kernels.hinf_finish_f64(n, counts, weighted ? features : 0, h.at, h.stride));
    const matrix = pullMatrix(rt, h);
    const bad = overflow(matrix);
    if (bad >= 0) {
      throw new NotFiniteError(`${fn}: the square of row ${bad + 1} of X overflows; divide X by a power of two`);
    }
    return { matrix, features, seed };
  } finally {
    memory.release(mark);
  }
}

/** What counting takes of wasm memory. */
interface Counting {
  counts: Pointer;
  work: Pointer;
  x: Placed;
}

/** Room to count m neurons, and X. */
function pushCounting(rt: Runtime, fn: string, X: Matrix, m: number): Counting {
  const { kernels, memory } = rt;
  const counts = memory.push(4 * kernels.hinf_counts_f64(X.rows), `${fn}: ${X.rows} rows`);
  const work = memory.push(kernels.hinf_count_work_f64(X.rows, X.cols, m), `${fn}: ${X.rows} rows`);
  return { counts, work, x: pushMatrix(rt, fn, "X", X) };
}

/** Counts neurons from … to − 1. */
function count(rt: Runtime, { counts, work, x }: Counting, from: number, to: number, seed: number): void {
  rt.checkAborted(rt.kernels.hinf_count_f64(x.rows, x.cols, from, to, seed, x.at, x.stride, counts, work));
}

/** A share of both: the counts of neurons from … to − 1. */
export function countNeurons(rt: Runtime, fn: string, X: Matrix, from: number, to: number, seed: number): Uint32Array {
  return rt.memory.scope(() => {
    const room = pushCounting(rt, fn, X, to - from);
    count(rt, room, from, to, seed);
    return rt.memory.u32(room.counts, rt.kernels.hinf_counts_f64(X.rows)).slice();
  });
}

/** Neurons of a pass of the kernel: shares begin with a multiple of it. */
const PASS = 48;

/**
 * Where the shares of neurons begin, and m. Later parts get fewer, since they draw the weights of all that come
 * before: a neuron costs 1, to be passed over `skip`, so that of K neurons before it a part has time − skip·K to do
 * in the same time. Part 0 also has X·Xᵀ and the adding to do.
 */
function cutNeurons(n: number, d: number, m: number, weighted: boolean, most: number): number[] {
  const cost = d * COST.draw + n * d * COST.sign + n * n / 2 * COST.count;
  const skip = (d * COST.skip) / cost;
  const product = weighted ? (n * n / 2) * d * COST.multiplyAdd[8] / cost : 0;
  let cuts = [0, m];
  let best = PAYS * (m + product);
  for (let count = 2; count <= most; count++) {
    const extra = product + ((count - 1) * (n * n / 2) * COST.add) / cost;
    let time = 0; // sum of (1 − skip)ⁱ, i < count
    for (let p = 0; p < count; p++) time = 1 + (1 - skip) * time;
    time = (m + (1 - skip) ** (count - 1) * extra) / time;
    if (time + COST.post / cost >= best || time <= extra) continue;
    best = time + COST.post / cost;
    cuts = [0, time - extra];
    while (cuts.length < count) cuts.push(cuts.at(-1)! * (1 - skip) + time);
    cuts = [...cuts.map((k) => Math.min(m, Math.round(k / PASS) * PASS)), m];
  }
  return [...new Set(cuts)];
}

/** The first row whose diagonal entry is not finite, −1 if there is none: no entry is larger than two of those. */
function overflow({ data, rows }: Matrix): number {
  for (let i = 0; i < rows; i++) if (!Number.isFinite(data[i * rows + i])) return i;
  return -1;
}

export interface UpperConfidence {
  /** vᵀ·H_m·v for the normalised vector. */
  mean: number;
  /** Of the terms z_k whose mean that is, one for each neuron; NaN if there is only one. */
  standardDeviation: number;
  /** mean + 1.645·standardDeviation/√m: over λ_min(H∞) with probability 95 %. Infinity for one neuron. */
  upper: number;
}

/** The 95 % point of the normal distribution. */
const Z95 = 1.645;
/** Neurons that the standard deviation is taken from: enough for 1 % of it. */
const DEVIATION_FEATURES = 10_000;

/**
 * One-sided 95 % upper confidence limit on λ_min(H∞), from a Monte-Carlo matrix H_m of the same X and any
 * direction v: λ_min(H∞) ≤ vᵀ·H∞·v, of which vᵀ·H_m·v = mean z_k, z_k = ‖Σᵢ vᵢ·1[wₖ·xᵢ > 0]·xᵢ‖², is an
 * unbiased estimate.
 *
 * `vector` must not come from H_m: its minimal eigenvector fits the noise, and the limit is then biased
 * low. The minimal eigenvector of the exact H∞ is the best choice.
 */
export function upperConfidence(
  rt: Runtime, X: MatrixLike, sample: MonteCarlo & Pick<MonteCarloOptions, "rng">, vector: ArrayLike<number>,
): UpperConfidence {
  const fn = "hinf.upperConfidence";
  const A = rowsOf(fn, X);
  const n = A.rows;
  const { features, seed } = checkOptions(fn, sample);
  const H = toMatrix(fn, "matrix", sample.matrix);
  if (H.rows !== n || H.cols !== n) throw new ShapeError(`${fn}: matrix is ${H.rows}×${H.cols}, X has ${n} rows`);
  const v = unit(fn, vector, n);

  const count = Math.min(features, DEVIATION_FEATURES);
  const z = rt.memory.scope(() => {
    const at = rt.memory.push(count * 8, fn);
    const work = rt.memory.push(rt.kernels.hinf_activation_norms_work_f64(n, A.cols, count), `${fn}: ${n} rows`);
    const x = pushMatrix(rt, fn, "X", A);
    const vAt = pushVector(rt, fn, v);
    rt.checkAborted(rt.kernels.hinf_activation_norms_f64(n, A.cols, count, seed, x.at, x.stride, vAt, at, work));
    return rt.memory.f64(at, count).slice();
  });
  const mean = quadraticForm(rt, fn, H, v);
  if (count === 1) return { mean, standardDeviation: NaN, upper: Infinity };
  const zMean = sum(z) / count;
  const standardDeviation = Math.sqrt(sum(z.map((t) => (t - zMean) ** 2)) / (count - 1));
  return { mean, standardDeviation, upper: mean + (Z95 * standardDeviation) / Math.sqrt(features) };
}

/** vᵀ·H·v */
function quadraticForm(rt: Runtime, fn: string, H: Matrix, v: Float64Array): number {
  const n = v.length;
  return rt.memory.scope(() => {
    const h = pushMatrix(rt, fn, "matrix", H);
    const x = pushVector(rt, fn, v);
    const y = pushEmpty(rt, fn, n, 1);
    const work = rt.memory.push(rt.kernels.gemm_work_f64(n, 1, n), fn);
    rt.checkAborted(
      rt.kernels.gemm_f64(false, false, n, 1, n, 1, h.at, h.stride, x, 1, 0, y.at, y.stride, work),
    );
    return sum(pullMatrix(rt, y).data.map((t, i) => t * v[i]!));
  });
}

function pushVector(rt: Runtime, fn: string, v: Float64Array): Pointer {
  const at = rt.memory.push(v.length * 8, fn);
  rt.memory.f64(at, v.length).set(v);
  return at;
}

function rowsOf(fn: string, X: MatrixLike): Matrix {
  const A = toMatrix(fn, "X", X);
  if (A.rows === 0 || A.cols === 0) throw new ShapeError(`${fn}: X is ${A.rows}×${A.cols}, it must hold a number`);
  return A;
}

function checkOptions(fn: string, options: MonteCarloOptions): { features: number; seed: number } {
  const { features, seed = 0, rng = "numpy" } = options ?? {};
  if (!(Number.isInteger(features) && features >= 1 && features < 2 ** 31)) {
    throw new OptionError(`${fn}: features is ${String(features)}, expected a whole number from 1 to 2³¹ − 1`);
  }
  checkSeed(fn, seed);
  if (rng !== "numpy") throw new OptionError(`${fn}: rng is ${String(rng)}, expected "numpy"`);
  return { features, seed };
}

/** v/‖v‖ */
function unit(fn: string, vector: ArrayLike<number>, n: number): Float64Array {
  if (vector.length !== n) throw new ShapeError(`${fn}: vector has ${vector.length} numbers, X has ${n} rows`);
  const v = Float64Array.from(vector);
  const bad = v.findIndex((t) => !Number.isFinite(t));
  if (bad >= 0) throw new NotFiniteError(`${fn}: vector holds ${v[bad]} at ${bad + 1}, every number must be finite`);
  const length = Math.sqrt(sum(v.map((t) => t * t)));
  if (length === 0) throw new OptionError(`${fn}: vector is zero`);
  return v.map((t) => t / length);
}

function sum(v: Float64Array): number {
  let s = 0;
  for (const t of v) s += t;
  return s;
}
