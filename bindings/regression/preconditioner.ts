// What makes large batches and large steps stable: the top of the kernel's spectrum, pressed down.
//
// Based on: Ma & Belkin, Diving into the shallows, 2017; Learning kernels that adapt to GPU, 2019 (EigenPro 2).
//
// Let w₁ ≥ … ≥ w_q be the top eigenvalues of K(S, S) for a sample S of m rows, uⱼ its eigenvectors. The functions
//
//    eⱼ = Σ_s uₛⱼ·k(·, s)/√wⱼ          unit length, orthogonal in the space of the kernel
//
// are estimates of the eigenfunctions of the kernel's integral operator, λⱼ = wⱼ/m of its eigenvalues, and
//
//    P = I − Σ_{j<q} (1 − (λ_q/λⱼ)^0.95)·eⱼ⊗eⱼ
//
// leaves it λ₁·(λ_q/λ₁)^0.95 for the largest. What P does to a gradient Σ_b g_b·k(·, x_b) takes only ψⱼ(x) = eⱼ(x)
// at the rows of the batch: its part along eⱼ is Σ_b g_b·ψⱼ(x_b).

import { ConvergenceError, NotPositiveDefiniteError } from "../errors.ts";
import type { Runtime } from "../core/runtime.ts";
import { pushEmpty, type Placed } from "../linalg/matrix.ts";
import { copyIn } from "../linalg/range.ts";

/** How much of λⱼ above λ_q is pressed down; less than 1, since λⱼ is an estimate. */
const ALPHA = 0.95;

/** Fewest eigenpairs that are sought by default, and most. */
const FEWEST = 5;
const MOST = 1000;

/** The top of the spectrum of K(S, S)/m. */
export interface Top {
  m: number;
  /** λ₁, …, λ_q, descending, all positive. */
  values: Float64Array;
  /** uⱼ for j < q as rows, (q − 1)×m. */
  vectors: Float64Array;
}

export interface TopOptions {
  unit: number;
  maxBatch: number;
  topQ: number | undefined;
}

/** The eigenfunctions eⱼ, j < q. */
export interface Preconditioner {
  /** 1 − (λ_q/λⱼ)^0.95. */
  weights: Float64Array;
  /** Row j: the coefficients of eⱼ over the first centers, as many as there are columns. */
  functions: Placed;
  /** ψⱼ(xᵢ), n×(q − 1). */
  values: Placed;
}

/**
 * The top of the spectrum of K(S, S), which `fill` writes: the q − 1 eigenpairs that are pressed down, and λ_q. Without
 * `topQ` as many as a batch of `maxBatch` rows can use: one less than there are λ > unit·maxBatch^(−1/0.95), where
 * `unit` is what k(x, x) is.
 */
export function topOfSpectrum(
  rt: Runtime, fn: string, m: number, fill: (M: Placed) => void, { unit, maxBatch, topQ }: TopOptions,
): Top {
  const most = Math.max(1, Math.min(m - 1, MOST));
  const { values, vectors } = rt.memory.scope(() => {
    const M = pushEmpty(rt, fn, m, m);
    const top = (count: number) => {
      fill(M);
      return eigenpairs(rt, fn, M, false, m - count, m);
    };
    if (topQ !== undefined) return top(Math.min(topQ, m));
    fill(M);
    const found = eigenpairs(rt, fn, M, true, m * unit * maxBatch ** (-1 / ALPHA), Number.MAX_VALUE);
    const count = Math.max(Math.min(most, found.values.length) - 1, Math.min(FEWEST, most));
    return found.values.length < count ? top(count) : { ...found, values: found.values.slice(0, count) };
  });
  if (!(values[0]! > 0)) {
    throw new NotPositiveDefiniteError(`${fn}: the largest eigenvalue of the kernel matrix is ${values[0]}, expected a positive number`);
  }
  // to what is rounding of zero nothing can be pressed down
  const q = values.filter((w) => w > m * Number.EPSILON * values[0]!).length;
  return { m, values: values.slice(0, q).map((w) => w / m), vectors: vectors.slice(0, (q - 1) * m) };
}

/** Eigenvalues of M, descending, in (lo, hi] or at the positions [lo, hi) from below; their vectors as rows. */
function eigenpairs(rt: Runtime, fn: string, M: Placed, byValue: boolean, lo: number, hi: number) {
  const { kernels, memory } = rt;
  const m = M.rows;
  return memory.scope(() => {
    const w = memory.push(8 * m, `${fn}: ${m} eigenvalues`);
    const where = memory.push(8, fn);
    const work = memory.push(kernels.eigh_work_f64(m), `${fn}: workspace for a ${m}×${m} matrix`);
    if (rt.checkAborted(kernels.eigh_f64(m, M.at, M.stride, byValue, lo, hi, w, where, work)) !== 0) {
      throw new ConvergenceError(`${fn}: the eigenvalues of a sample of K did not converge`);
    }
    const [from, to] = memory.i32(where, 2) as unknown as [number, number];
    const values = memory.f64(w, m).slice(from, to).reverse();
    const k = to - from;
    const columns = memory.f64(M.at, m * M.stride);
    const vectors = new Float64Array(k * m);
    for (let i = 0; i < m; i++) for (let j = 0; j < k; j++) vectors[j * m + i] = columns[i * M.stride + k - 1 - j]!;
    return { values, vectors };
  });
}

/** 1 − (λ_q/λⱼ)^0.95 for j < q. */
export function weightsOf({ values }: Top): Float64Array {
  const tail = values.at(-1)!;
  return values.slice(0, -1).map((value) => 1 - (tail / value) ** ALPHA);
}

/** The largest eigenvalue that P leaves. */
export function newTopOf({ values }: Top): number {
  return values[0]! * (values.at(-1)! / values[0]!) ** ALPHA;
}

/**
 * max ⟨P·k(·, x), k(·, x)⟩ over the n rows x = xᵢ: k(x, x) − Σⱼ weightⱼ·ψⱼ(x)², what a step from a single row can
 * be multiplied with. It is never below the largest eigenvalue that P leaves.
 */
export function largestDiagonal(rt: Runtime, diagonal: Float64Array, { weights, values }: Preconditioner): number {
  const psi = rt.memory.f64(values.at, values.rows * values.stride);
  return diagonal.reduce((largest, k, i) => {
    const pressed = weights.reduce((sum, weight, j) => sum + weight * psi[i * values.stride + j]! ** 2, 0);
    return Math.max(largest, k - pressed);
  }, -Infinity);
}

/** The most rows of a batch that the choice of q goes by. */
export function maxBatchOf({ m, available }: { m: number; available: number }): number {
  return Math.min(Math.max(m / 5, available), m);
}

/** step·Σ_b g_b·ψⱼ(x_b), L×(q − 1): the parts of a gradient along the eⱼ. g has L numbers for each of the rows `ids`. */
export function partsOf(
  rt: Runtime, fn: string, { values }: Preconditioner, ids: Int32Array, g: Float64Array, L: number, step: number,
): Placed {
  const { kernels, memory } = rt;
  const [b, q] = [ids.length, values.cols];
  const parts = pushEmpty(rt, fn, L, q);
  memory.scope(() => {
    const [G, Psi] = [pushEmpty(rt, fn, b, L), pushEmpty(rt, fn, b, q)];
    const work = memory.push(kernels.gemm_work_f64(L, q, b), `${fn}: workspace`);
    copyIn(rt, { data: g, rows: b, cols: L }, G);
    const from = memory.f64(values.at, values.rows * values.stride);
    const to = memory.f64(Psi.at, b * Psi.stride);
    ids.forEach((id, i) => to.set(from.subarray(id * values.stride, id * values.stride + q), i * Psi.stride));
    rt.checkAborted(kernels.gemm_f64(
      true, false, L, q, b, step, G.at, G.stride, Psi.at, Psi.stride, 0, parts.at, parts.stride, work,
    ));
  });
  return parts;
}

/**
 * W += Σⱼ weightⱼ·partⱼ·eⱼ: what P takes off a step against the gradient is given back. W holds coefficients, L × centers;
 * parts (L×(q − 1)) is destroyed.
 */
export function correct(rt: Runtime, fn: string, { weights, functions }: Preconditioner, parts: Placed, W: Placed): void {
  const { kernels, memory } = rt;
  const { rows: L, cols: q } = parts;
  memory.scope(() => {
    const c = memory.f64(parts.at, L * parts.stride);
    for (let l = 0; l < L; l++) for (let j = 0; j < q; j++) c[l * parts.stride + j]! *= weights[j]!;
    const work = memory.push(kernels.gemm_work_f64(L, functions.cols, q), `${fn}: workspace`);
    rt.checkAborted(kernels.gemm_f64(
      false, false, L, functions.cols, q, 1, parts.at, parts.stride, functions.at, functions.stride, 1, W.at, W.stride, work,
    ));
  });
}
