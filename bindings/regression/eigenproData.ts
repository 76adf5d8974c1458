// The function that EigenPro trains, f = Σ_c α_c·k(·, z_c), and the case that the centers are the rows of the data: the
// gradient of a batch, Σ_b g_b·k(·, x_b), is then a function of that form, and a step is α_b −= step·g_b.
//
// The rows of the data stand in an order of their own, those of the sample S first: K(S, ·) is then a block of K(X, ·).
// Coefficients are kept transposed (L × centers), so that a row of K meets contiguous numbers.

import type { Runtime } from "../core/runtime.ts";
import { kernelDiagonal, placeBlock, placeKernel, placeProduct, placeRows, type KernelRows, type Prepared } from "../kernels/place.ts";
import { pushEmpty, type Matrix, type Placed } from "../linalg/matrix.ts";
import { copyIn, copyOut } from "../linalg/range.ts";
import { takeRows } from "../linalg/rows.ts";
import { transposed } from "../linalg/thinSvd.ts";
import { correct, maxBatchOf, partsOf, topOfSpectrum, weightsOf, type Preconditioner, type Top } from "./preconditioner.ts";
import { meanSquare } from "./problem.ts";

/** What a model is made from. */
export interface Plan {
  prepared: Prepared;
  /** n×d, the first m rows are S; and the same in wasm memory. */
  data: Matrix;
  X: KernelRows;
  /** n×L, in the same order. */
  targets: Matrix;
  m: number;
  L: number;
  /** The most rows of a batch. */
  available: number;
  topQ: number | undefined;
  compat: boolean;
  /** Whether a kernel matrix may be kept. */
  kept(rows: number, cols: number): boolean;
}

/** A function of given centers. */
export interface Expansion {
  /** K(X, Z), if it is kept. */
  K: Placed | undefined;
  /** α, transposed: L × centers. */
  W: Placed;
  /** α, one row for each center. */
  coefficients(): Matrix<Float64Array>;
  /** f(xᵢ) for rows of the data: L numbers for each. */
  predict(ids: Int32Array): Float64Array;
  /** Other rows, to be predicted so many times. */
  rows(name: string, X: Matrix, times: number): { predict(): Float64Array };
}

/** One that is trained batch by batch. */
export interface Model extends Expansion {
  top: Top;
  preconditioner: Preconditioner;
  /** f −= step·P·Σ g_b·k(·, x_b) for rows of the data, g as predict gives it. */
  descend(ids: Int32Array, g: Float64Array, step: number): void;
  /** How far it is from the solution, relative to f = 0; given the mean of g² over an epoch. */
  residual(meanSquare: number): number;
}

/** f = 0, with the rows of Z as centers. */
export function expansion(rt: Runtime, fn: string, { prepared, data, L, kept }: Plan, Z: KernelRows, K: Placed | undefined): Expansion {
  const { kernels, memory } = rt;
  const p = Z.n;
  const W = pushEmpty(rt, fn, L, p);
  memory.f64(W.at, L * W.stride).fill(0);
  const everyRow = (rows: number) => Int32Array.from({ length: rows }, (_, i) => i);
  const columns = () => transposed(rt, W, pushEmpty(rt, fn, p, L));
  /** Rows `ids` of A, times α. */
  const multiplyRows = (A: Placed, ids: Int32Array) => memory.scope(() => {
    const at = memory.push(4 * ids.length, `${fn}: the rows of a batch`);
    memory.i32(at, ids.length).set(ids);
    const F = pushEmpty(rt, fn, L, ids.length);
    rt.checkAborted(kernels.multiply_rows_f64(ids.length, p, L, at, A.at, A.stride, W.at, W.stride, F.at, F.stride));
    return copyOut(rt, transposed(rt, F, pushEmpty(rt, fn, ids.length, L))).data;
  });
  const multiplyKernel = (rows: KernelRows) => memory.scope(() => (
    copyOut(rt, placeProduct(rt, fn, prepared, rows, Z, columns())).data
  ));
  return {
    K,
    W,
    coefficients: () => memory.scope(() => copyOut(rt, columns())),
    predict: (ids) => K ? multiplyRows(K, ids) : memory.scope(() => (
      multiplyKernel(placeRows(rt, fn, prepared, "X", takeRows(data, ids)))
    )),
    rows(name, other, times) {
      const rows = placeRows(rt, fn, prepared, name, other);
      if (times === 1 || !kept(rows.n, p)) return { predict: () => multiplyKernel(rows) };
      const A = placeKernel(rt, fn, prepared, rows, Z);
      return { predict: () => multiplyRows(A, everyRow(rows.n)) };
    },
  };
}

/** The centers are the rows of the data. */
export function modelOfData(rt: Runtime, fn: string, plan: Plan): Model {
  const { prepared, X, L, kept, targets } = plan;
  const f = expansion(rt, fn, plan, X, kept(X.n, X.n) ? placeKernel(rt, fn, prepared, X) : undefined);
  const { K, W } = f;
  const { top, preconditioner } = precondition(rt, fn, plan, K);
  const size = meanSquare(targets.data);
  return {
    ...f,
    top,
    preconditioner,
    descend: (ids, g, step) => rt.memory.scope(() => {
      if (preconditioner.weights.length > 0) correct(rt, fn, preconditioner, partsOf(rt, fn, preconditioner, ids, g, L, step), W);
      const w = rt.memory.f64(W.at, L * W.stride);
      for (let l = 0; l < L; l++) for (let b = 0; b < ids.length; b++) w[l * W.stride + ids[b]!]! -= step * g[b * L + l]!;
    }),
    residual: (missed) => size > 0 ? Math.sqrt(missed / size) : 0,
  };
}

/** The top of the spectrum of K(S, S), and its eigenfunctions: eⱼ = Σ_s uₛⱼ·k(·, s)/√wⱼ. */
function precondition(
  rt: Runtime, fn: string, plan: Plan, K: Placed | undefined,
): { top: Top; preconditioner: Preconditioner } {
  const { prepared, X, m, topQ, compat } = plan;
  const { kernels, memory } = rt;
  const n = X.n;
  const S = firstRows(X, m);
  const top = topOfSpectrum(rt, fn, m, (M) => {
    if (!K) return placeBlock(rt, fn, prepared, S, 0, m, S, 0, m, M);
    const from = memory.f64(K.at, m * K.stride);
    const to = memory.f64(M.at, m * M.stride);
    for (let i = 0; i < m; i++) to.set(from.subarray(i * K.stride, i * K.stride + m), i * M.stride);
  }, { unit: compat ? 1 : meanOf(kernelDiagonal(rt, S)), maxBatch: maxBatchOf(plan), topQ });

  const q = top.values.length - 1;
  const functions = pushEmpty(rt, fn, q, m);
  copyIn(rt, { data: top.vectors.map((x, e) => x / Math.sqrt(m * top.values[Math.floor(e / m)]!)), rows: q, cols: m }, functions);
  const values = pushEmpty(rt, fn, n, q);
  if (q > 0) memory.scope(() => {
    if (K) {
      const work = memory.push(kernels.gemm_work_f64(n, q, m), `${fn}: workspace`);
      rt.checkAborted(kernels.gemm_f64(
        false, true, n, q, m, 1, K.at, K.stride, functions.at, functions.stride, 0, values.at, values.stride, work,
      ));
    } else {
      const streamed = placeProduct(rt, fn, prepared, X, S, transposed(rt, functions, pushEmpty(rt, fn, m, q)));
      copyIn(rt, copyOut(rt, streamed), values);
    }
  });
  return { top, preconditioner: { weights: weightsOf(top), functions, values } };
}

/** The first m rows. */
export function firstRows(X: KernelRows, m: number): KernelRows {
  return { ...X, n: m, placed: { ...X.placed, rows: m } };
}

export const meanOf = (values: Float64Array): number => values.reduce((sum, x) => sum + x, 0) / values.length;
