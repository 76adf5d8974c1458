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

function dot(row: Float64Array): number {
  let sum = 0;
  for (const x of row) sum += x * x;
  return sum;
}
