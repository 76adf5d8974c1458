// A symmetric matrix in parts: each computes some rows from the diagonal on, and their mirror image.

import type { Runtime } from "../core/runtime.ts";
import { pullMatrix, pushEmpty, type Matrix, type Placed } from "./matrix.ts";

/** Some rows of a symmetric matrix, from the column of the first one on. */
export interface FirstRows {
  /** (rows, n) */
  right: Matrix;
  /** (n − rows, rows): what of `right` is no square, mirrored */
  below: Matrix;
}

/** Copies the first rows of a symmetric matrix out of wasm memory. */
export function pullFirstRows(rt: Runtime, fn: string, placed: Placed): FirstRows {
  const { rows, cols, at, stride, bytes } = placed;
  const others = cols - rows;
  const below = pushEmpty(rt, fn, others, rows, bytes, rows);
  const transpose = bytes === 8 ? rt.kernels.transpose_f64 : rt.kernels.transpose_f32;
  rt.checkAborted(transpose(rows, others, at + rows * bytes, stride, below.at, below.stride));
  return { right: pullMatrix(rt, placed), below: pullMatrix(rt, below) };
}

/** The n×n matrix whose rows from cuts[p] on are part p. */
export function joinTriangle(cuts: number[], parts: FirstRows[]): Matrix {
  const n = cuts.at(-1)!;
  const data = parts[0].right.data instanceof Float64Array ? new Float64Array(n * n) : new Float32Array(n * n);
  parts.forEach(({ right, below }, p) => {
    const i0 = cuts[p];
    const i1 = cuts[p + 1];
    for (let i = i0; i < i1; i++) data.set(rowOf(right, i - i0), i * n + i0);
    for (let i = i1; i < n; i++) data.set(rowOf(below, i - i1), i * n + i0);
  });
  return { data, rows: n, cols: n };
}

function rowOf({ data, cols }: Matrix, i: number): Float64Array | Float32Array {
  return data.subarray(i * cols, (i + 1) * cols);
}

/** A copy of rows i0 … i1 − 1. */
export function sliceRows({ data, cols }: Matrix, i0: number, i1: number): Matrix {
  return { data: data.slice(i0 * cols, i1 * cols), rows: i1 - i0, cols };
}
