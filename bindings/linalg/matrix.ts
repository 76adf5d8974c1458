// The Matrix record, how one is made, and the door that every matrix of a caller passes.

import { NotFiniteError, NotSymmetricError, OutOfMemoryError, ShapeError } from "../errors.ts";
import { gib, MEMORY_LIMIT, paddedStride } from "../core/memory.ts";
import type { Pointer } from "../core/kernels.ts";
import type { Runtime } from "../core/runtime.ts";

/** A dense matrix, row-major: element (i, j) is data[i·cols + j]. */
export interface Matrix<T extends Float64Array | Float32Array = Float64Array | Float32Array> {
  readonly data: T;
  readonly rows: number;
  readonly cols: number;
}

/** Anything that a matrix can be read from: a Matrix, or rows of numbers. */
export type MatrixLike = Matrix | ArrayLike<ArrayLike<number>>;

/** One that is computed with in f64 in any case. */
export type MatrixLike64 = Matrix<Float64Array> | ArrayLike<ArrayLike<number>>;

/** A rows×cols matrix over `data` (row-major, not copied); zeros without it. */
export function matrix(rows: number, cols: number): Matrix<Float64Array>;
export function matrix<T extends Float64Array | Float32Array>(rows: number, cols: number, data: T): Matrix<T>;
export function matrix(rows: number, cols: number, data: Float64Array | Float32Array = new Float64Array(rows * cols)): Matrix {
  if (data.length !== rows * cols) throw new ShapeError(`matrix: data has ${data.length} numbers, ${rows}×${cols} needs ${rows * cols}`);
  return { data, rows, cols };
}

/** The matrix of the given rows, in f64. */
export function fromRows(rows: ArrayLike<ArrayLike<number>>): Matrix<Float64Array> {
  const cols = rows.length ? rows[0]!.length : 0;
  if (typeof cols !== "number") {
    throw new ShapeError(`fromRows: row 1 is ${typeof rows[0]}, expected an array of numbers; numbers in one array are matrix(rows, cols, data)`);
  }
  const data = new Float64Array(rows.length * cols);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    if (row.length !== cols) throw new ShapeError(`fromRows: row ${i + 1} has ${row.length} numbers, row 1 has ${cols}`);
    data.set(row, i * cols);
  }
  return { data, rows: rows.length, cols };
}

/** The argument `name` of function `fn` as a Matrix of consistent shape; its numbers are not looked at. */
export function toMatrix(fn: string, name: string, value: MatrixLike): Matrix {
  if (value && typeof value === "object" && "data" in value) {
    const { rows, cols } = value;
    const data = floats(value.data);
    if (!data) throw new ShapeError(`${fn}: ${name}.data is no Float64Array or Float32Array`);
    if (!Number.isInteger(rows) || !Number.isInteger(cols) || rows < 0 || cols < 0 || data.length !== rows * cols) {
      throw new ShapeError(`${fn}: ${name} has ${data.length} numbers, its shape ${rows}×${cols} needs ${rows * cols}`);
    }
    return data === value.data ? value : { data, rows, cols };
  }
  if (value && typeof value === "object" && typeof value.length === "number") return fromRows(value);
  throw new ShapeError(`${fn}: ${name} is ${value === null ? "null" : typeof value}, expected { data, rows, cols } or an array of rows`);
}

/** An array of this realm's classes: one of another frame, or of Jest's, is seen through one of these. */
function floats(data: unknown): Float64Array | Float32Array | undefined {
  if (data instanceof Float64Array || data instanceof Float32Array) return data;
  if (!ArrayBuffer.isView(data)) return undefined;
  const { buffer, byteOffset, length } = data as Float64Array;
  const tag = Object.prototype.toString.call(data);
  if (tag === "[object Float64Array]") return new Float64Array(buffer, byteOffset, length);
  if (tag === "[object Float32Array]") return new Float32Array(buffer, byteOffset, length);
  return undefined;
}

/** toMatrix, and it must be square. */
export function toSquare(fn: string, name: string, value: MatrixLike): Matrix {
  const A = toMatrix(fn, name, value);
  if (A.rows !== A.cols) throw new ShapeError(`${fn}: ${name} is ${A.rows}×${A.cols}, it must be square`);
  return A;
}

/** A matrix in wasm memory: f64 or f32 elements, `stride` elements from row to row. */
export interface Placed {
  at: Pointer;
  rows: number;
  cols: number;
  stride: number;
  bytes: 8 | 4;
}

/** Room for a rows×cols matrix of f64 (or f32), by default with padded rows, contents undefined. */
export function pushEmpty(
  rt: Runtime, fn: string, rows: number, cols: number, bytes: 8 | 4 = 8, stride = paddedStride(cols, bytes),
): Placed {
  return { at: rt.memory.push(rows * stride * bytes, `${fn}: a ${rows}×${cols} matrix`), rows, cols, stride, bytes };
}

/** A rows×cols matrix of zeros outside wasm memory, which has the same limit. */
export function emptyMatrix(fn: string, rows: number, cols: number, bytes: 8 | 4): Matrix {
  const size = rows * cols * bytes;
  try {
    if (size > MEMORY_LIMIT) throw new RangeError(`${gib(MEMORY_LIMIT)} GiB is the most`);
    return { data: bytes === 8 ? new Float64Array(rows * cols) : new Float32Array(rows * cols), rows, cols };
  } catch (error) {
    throw new OutOfMemoryError(`${fn}: a ${rows}×${cols} matrix needs ${gib(size)} GiB (${(error as Error).message}): use fewer rows`);
  }
}

/** The numbers of a placed matrix with the padding of its rows. */
export function viewOf(rt: Runtime, { at, rows, stride, bytes }: Placed): Float64Array | Float32Array {
  return bytes === 8 ? rt.memory.f64(at, rows * stride) : rt.memory.f32(at, rows * stride);
}

/** Bytes that stay in a cache near the core. */
const CACHED = 1 << 17;

/** Copies A into wasm memory as f64 (or f32) and checks that every number is finite. */
export function pushMatrix(rt: Runtime, fn: string, name: string, A: Matrix, bytes: 8 | 4 = 8): Placed {
  const placed = pushEmpty(rt, fn, A.rows, A.cols, bytes);
  // some rows at a time, so that they are still in the cache when they are looked at
  const some = Math.max(1, Math.floor(CACHED / (placed.stride * bytes)));
  for (let i = 0; i < A.rows; i += some) {
    const end = Math.min(A.rows, i + some);
    copyRows(rt, A, placed, i, end);
    assertFinite(rt, fn, name, A, placed, i, end);
  }
  return placed;
}

/** pushMatrix without the check: for a caller who can tell from the result (see matmul). */
export function pushUnchecked(rt: Runtime, fn: string, A: Matrix, bytes: 8 | 4): Placed {
  const placed = pushEmpty(rt, fn, A.rows, A.cols, bytes);
  copyRows(rt, A, placed, 0, A.rows);
  return placed;
}

/**
 * pushMatrix for a symmetric matrix: |aᵢⱼ − aⱼᵢ| ≤ 8·eps·n·max|a| (what products leave; eps of the type
 * that it is copied to), otherwise an error that names the worst pair.
 */
export function pushSymmetric(rt: Runtime, fn: string, name: string, A: Matrix, bytes: 8 | 4 = 8): Placed {
  const placed = pushEmpty(rt, fn, A.rows, A.cols, bytes);
  copyRows(rt, A, placed, 0, A.rows);
  const n = A.rows;
  const { find_asymmetry_f64, find_asymmetry_f32 } = rt.kernels;
  const [find, eps] = bytes === 8 ? [find_asymmetry_f64, Number.EPSILON] : [find_asymmetry_f32, 2 ** -23];
  const worst = find(n, placed.at, placed.stride, 8 * n * eps);
  if (worst >= 0) {
    const i = Math.floor(worst / n);
    const j = worst % n;
    const [x, y] = [A.data[i * n + j]!, A.data[j * n + i]!];
    const pair = `(${i + 1}, ${j + 1}) is ${x}, (${j + 1}, ${i + 1}) is ${y}`;
    throw new NotSymmetricError(`${fn}: ${name} is not symmetric: ${pair}, they differ by ${Math.abs(x - y).toPrecision(3)}`);
  }
  if (worst === NOT_FINITE) assertFinite(rt, fn, name, A, placed, 0, n);
  return placed;
}

/** What find_asymmetry answers when it met NaN or an infinity. */
const NOT_FINITE = -2;

/** Copies rows [i0, i1) of A to their place. */
function copyRows(rt: Runtime, A: Matrix, placed: Placed, i0: number, i1: number): void {
  const { cols, stride } = placed;
  const view = viewOf(rt, placed);
  for (let i = i0; i < i1; i++) view.set(A.data.subarray(i * cols, (i + 1) * cols), i * stride);
}

/** Where the first NaN or infinity of a placed matrix is, row·cols + column; −1 if all is finite. */
export function findNotFinite(rt: Runtime, { at, rows, cols, stride, bytes }: Placed): number {
  const find = bytes === 8 ? rt.kernels.find_not_finite_f64 : rt.kernels.find_not_finite_f32;
  return find(rows, cols, at, stride);
}

/** Refuses NaN and infinities in rows [i0, i1) of A. */
export function assertFinite(
  rt: Runtime, fn: string, name: string, A: Matrix, placed: Placed, i0 = 0, i1 = placed.rows,
): void {
  const { at, cols, stride, bytes } = placed;
  const bad = findNotFinite(rt, { ...placed, at: at + i0 * stride * bytes, rows: i1 - i0 });
  if (bad < 0) return;
  const i = i0 + Math.floor(bad / cols);
  const j = bad % cols;
  const held = A.data[i * cols + j]!;
  const expected = Number.isFinite(held) ? "which is too large for f32" : "every number must be finite";
  throw new NotFiniteError(`${fn}: ${name} holds ${held} at row ${i + 1}, column ${j + 1}, ${expected}`);
}

/** Copies a matrix out of wasm memory, rows closed up; into `out` if given, which has its shape and type. */
export function pullMatrix<T extends Float64Array | Float32Array = Float64Array>(
  rt: Runtime, placed: Placed, out?: Matrix<T>,
): Matrix<T> {
  const { rows, cols, stride, bytes } = placed;
  const view = viewOf(rt, placed);
  if (!out && stride === cols) return { data: view.slice() as T, rows, cols };
  const data = out?.data ?? (bytes === 8 ? new Float64Array(rows * cols) : new Float32Array(rows * cols));
  if (stride === cols) data.set(view);
  else for (let i = 0; i < rows; i++) data.set(view.subarray(i * stride, i * stride + cols), i * cols);
  return out ?? { data: data as T, rows, cols };
}
