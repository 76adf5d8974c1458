// What is done to rows of data before a spectrum is taken; in f64, the input is left as it is.

import { OptionError } from "../errors.ts";
import { toMatrix, type Matrix, type MatrixLike } from "./matrix.ts";

/** Every row over its Euclidean length; zero rows are left alone. */
export function normalizeRows(X: MatrixLike): Matrix<Float64Array> {
  const { data, rows, cols } = toMatrix("normalizeRows", "X", X);
  const out = new Float64Array(data);
  for (let i = 0; i < rows; i++) {
    const row = out.subarray(i * cols, (i + 1) * cols);
    let squares = dot(row);
    // squares that over- or underflow: scale by the largest entry first
    if (!(squares > 1e-280 && squares < 1e300)) {
      let largest = 0;
      for (const x of row) largest = Math.max(largest, Math.abs(x));
      if (largest === 0) continue;
      for (let j = 0; j < cols; j++) row[j] = row[j]! / largest;
      squares = dot(row);
    }
    const length = Math.sqrt(squares);
    for (let j = 0; j < cols; j++) row[j] = row[j]! / length;
  }
  return { data: out, rows, cols };
}

/** The columns from, …, to − 1 of A (0-based; a negative `to` counts from the end). */
export function columns(A: MatrixLike, from: number, to: number): Matrix<Float64Array> {
  const { data, rows, cols } = toMatrix("columns", "A", A);
  const end = to < 0 ? cols + to : to;
  if (!(Number.isInteger(from) && Number.isInteger(end) && 0 <= from && from < end && end <= cols)) {
    throw new OptionError(`columns: ${from} to ${to} of ${cols} columns, expected 0 ≤ from < to ≤ ${cols}`);
  }
  const width = end - from;
  const out = new Float64Array(rows * width);
  for (let i = 0; i < rows; i++) out.set(data.subarray(i * cols + from, i * cols + end), i * width);
  return { data: out, rows, cols: width };
}

/** The given rows of A (0-based; in any order, any of them more than once) as a matrix of A's type. */
export function takeRows<T extends Float64Array | Float32Array>(A: Matrix<T>, rows: ArrayLike<number>): Matrix<T>;
export function takeRows(A: MatrixLike, rows: ArrayLike<number>): Matrix;
export function takeRows(A: MatrixLike, rows: ArrayLike<number>): Matrix {
  const { data, rows: n, cols } = toMatrix("takeRows", "A", A);
  if (typeof rows?.length !== "number") throw new OptionError(`takeRows: rows is ${String(rows)}, expected an array of indices`);
  const out = new (data instanceof Float32Array ? Float32Array : Float64Array)(rows.length * cols);
  for (let k = 0; k < rows.length; k++) {
    const i = rows[k]!;
    if (!(Number.isInteger(i) && i >= 0 && i < n)) {
      throw new OptionError(`takeRows: index ${k + 1} is ${String(i)}, expected a whole number from 0 to ${n - 1}`);
    }
    out.set(data.subarray(i * cols, (i + 1) * cols), k * cols);
  }
  return { data: out, rows: rows.length, cols };
}

/** `factor` times A, in f64: pixels over 256 are `rescale(images, 1 / 256)`. */
export function rescale(A: MatrixLike, factor: number): Matrix<Float64Array> {
  const { data, rows, cols } = toMatrix("rescale", "A", A);
  if (!Number.isFinite(factor)) throw new OptionError(`rescale: factor is ${String(factor)}, expected a finite number`);
  const out = new Float64Array(data);
  for (let k = 0; k < out.length; k++) out[k]! *= factor;
  return { data: out, rows, cols };
}

function dot(row: Float64Array): number {
  let sum = 0;
  for (const x of row) sum += x * x;
  return sum;
}
