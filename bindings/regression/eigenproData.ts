// The function that EigenPro trains, f = Σᵢ αᵢ·k(·, xᵢ), with the rows of the data as centers: the gradient of a batch,
// Σ_b g_b·k(·, x_b), is a function of that form, and a step is α_b −= step·g_b.
//
// The rows of the data stand in an order of their own, those of the sample S first: K(S, ·) is then a block of K(X, ·).
// Coefficients are kept transposed (L × centers), so that a row of K meets contiguous numbers.

import type { Runtime } from "../core/runtime.ts";
import { kernelDiagonal, placeBlock, placeKernel, placeProduct, placeRows, type KernelRows, type Prepared } from "../kernels/place.ts";
import { pushEmpty, type Matrix, type Placed } from "../linalg/matrix.ts";
import { copyIn, copyOut } from "../linalg/range.ts";
import { takeRows } from "../linalg/rows.ts";
import { transposed } from "../linalg/thinSvd.ts";
import { correct, topOfSpectrum, weightsOf, type Preconditioner, type Top } from "./preconditioner.ts";

/** What a model is made from. */
export interface Plan {
  prepared: Prepared;
  /** n×d, the first m rows are S; and the same in wasm memory. */
  data: Matrix;
  X: KernelRows;
  m: number;
  L: number;
  /** The most rows of a batch. */
  available: number;
  topQ: number | undefined;
  compat: boolean;
  /** Bytes that a kernel matrix may have to be kept. */
  room: number;
}

/** A function that is trained batch by batch. */
export interface Model {
  top: Top;
  preconditioner: Preconditioner;
  /** α, one row for each center. */
  coefficients(): Matrix<Float64Array>;
  /** f(xᵢ) for rows of the data: L numbers for each. */
  predict(ids: Int32Array): Float64Array;
  /** Other rows, to be predicted so many times. */
  rows(name: string, X: Matrix, times: number): { predict(): Float64Array };
  /** f −= step·P·Σ g_b·k(·, x_b) for rows of the data, g as predict gives it. */
  descend(ids: Int32Array, g: Float64Array, step: number): void;
}

/** multiply_rows takes so many rows of coefficients at a time. */
const WIDE = 5;

export function modelOfData(rt: Runtime, fn: string, plan: Plan): Model {
  const { prepared, data, X, L } = plan;
  const { kernels, memory } = rt;
  const n = X.n;
  const W = zeros(rt, fn, Math.ceil(L / WIDE) * WIDE, n);
  const kept = (rows: number) => 8 * rows * n <= Math.min(plan.room, rt.binary.memoryLimit / 2);
  const K = kept(n) ? placeKernel(rt, fn, prepared, X) : undefined;
  const { top, preconditioner } = precondition(rt, fn, plan, K);

  const coefficients = () => transposed(rt, { ...W, rows: L }, pushEmpty(rt, fn, n, L));
  const everyRow = (rows: number) => Int32Array.from({ length: rows }, (_, i) => i);
  /** Rows `ids` of A, times α. */
  const multiplyRows = (A: Placed, ids: Int32Array) => memory.scope(() => {
    const at = memory.push(4 * ids.length, `${fn}: the rows of a batch`);
    memory.i32(at, ids.length).set(ids);
    const F = pushEmpty(rt, fn, ids.length, W.rows);
    rt.checkAborted(kernels.multiply_rows_f64(ids.length, W.rows, n, at, A.at, A.stride, W.at, W.stride, F.at, F.stride));
    return copyOut(rt, { ...F, cols: L }).data;
  });
  const multiplyKernel = (rows: KernelRows) => memory.scope(() => (
    copyOut(rt, placeProduct(rt, fn, prepared, rows, X, coefficients())).data
  ));

  return {
    top,
    preconditioner,
    coefficients: () => memory.scope(() => copyOut(rt, coefficients())),
    predict: (ids) => K ? multiplyRows(K, ids) : memory.scope(() => (
      multiplyKernel(placeRows(rt, fn, prepared, "X", takeRows(data, ids)))
    )),
    rows(name, other, times) {
      const rows = placeRows(rt, fn, prepared, name, other);
      if (times === 1 || !kept(rows.n)) return { predict: () => multiplyKernel(rows) };
      const A = placeKernel(rt, fn, prepared, rows, X);
      return { predict: () => multiplyRows(A, everyRow(rows.n)) };
    },
    descend(ids, g, step) {
      correct(rt, fn, preconditioner, ids, g, step, { ...W, rows: L });
      const w = memory.f64(W.at, L * W.stride);
      for (let l = 0; l < L; l++) for (let b = 0; b < ids.length; b++) w[l * W.stride + ids[b]!]! -= step * g[b * L + l]!;
    },
  };
}

/** The top of the spectrum of K(S, S), and its eigenfunctions: eⱼ = Σ_s uₛⱼ·k(·, s)/√wⱼ. */
function precondition(
  rt: Runtime, fn: string, { prepared, X, m, available, topQ, compat }: Plan, K: Placed | undefined,
): { top: Top; preconditioner: Preconditioner } {
  const { kernels, memory } = rt;
  const n = X.n;
  const S = { ...X, n: m, placed: { ...X.placed, rows: m } };
  const top = topOfSpectrum(rt, fn, m, (M) => {
    if (!K) return placeBlock(rt, fn, prepared, S, 0, m, S, 0, m, M);
    const from = memory.f64(K.at, m * K.stride);
    const to = memory.f64(M.at, m * M.stride);
    for (let i = 0; i < m; i++) to.set(from.subarray(i * K.stride, i * K.stride + m), i * M.stride);
  }, { unit: compat ? 1 : meanOf(kernelDiagonal(rt, S)), maxBatch: Math.min(Math.max(m / 5, available), m), topQ });

  const q = top.values.length - 1;
  const functions = pushEmpty(rt, fn, q, m);
  const u = memory.f64(functions.at, q * functions.stride);
  for (let j = 0; j < q; j++) {
    const scale = 1 / Math.sqrt(m * top.values[j]!);
    for (let s = 0; s < m; s++) u[j * functions.stride + s] = scale * top.vectors[j * m + s]!;
  }
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

function zeros(rt: Runtime, fn: string, rows: number, cols: number): Placed {
  const placed = pushEmpty(rt, fn, rows, cols);
  rt.memory.f64(placed.at, rows * placed.stride).fill(0);
  return placed;
}

const meanOf = (values: Float64Array): number => values.reduce((sum, x) => sum + x, 0) / values.length;
