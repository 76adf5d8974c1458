// Singular values and vectors of dense matrices.

import { ConvergenceError, OptionError, ShapeError } from "../errors.ts";
import type { Runtime } from "../core/runtime.ts";
import type { ArrayOf, Dtype } from "./eig.ts";
import { jacobiSvd, type JacobiInfo } from "./jacobi.ts";
import { pullMatrix, pushEmpty, pushMatrix, toMatrix, type Matrix, type MatrixLike, type Placed } from "./matrix.ts";

export interface SvdvalsOptions<D extends Dtype = "f64"> {
  /**
   * How: "auto" chooses the fastest, "golub-kahan". "jacobi" (f64 only) is slower and gets small singular values
   * right to themselves where A determines them, above all those of graded columns or rows. Default "auto".
   */
  method?: "auto" | "golub-kahan" | "jacobi";
  /** What it is computed in; with "f32" the results hold Float32Array. Default "f64". */
  dtype?: D;
}

export interface SvdOptions<D extends Dtype = "f64"> extends SvdvalsOptions<D> {
  /** Square orthogonal u and vt, not only their first min(m, n) columns and rows. Default false. */
  full?: boolean;
}

export interface SvdResult<D extends Dtype = "f64"> {
  /** m×k, k = min(m, n), orthonormal columns; m×m if full. */
  u: Matrix<ArrayOf<D>>;
  /** The k singular values, descending. */
  s: ArrayOf<D>;
  /** k×n, orthonormal rows; n×n if full. */
  vt: Matrix<ArrayOf<D>>;
  info: { converged: true; method: "golub-kahan" } | JacobiInfo;
}

type Bytes = 8 | 4;

/**
 * The min(m, n) singular values of A, descending, each to within a small multiple of max(m, n)·u·‖A‖; u = 2⁻⁵³,
 * with `dtype: "f32"` 2⁻²⁴.
 */
export function svdvals(rt: Runtime, A: MatrixLike, options?: SvdvalsOptions<"f64">): Float64Array;
export function svdvals(rt: Runtime, A: MatrixLike, options: SvdvalsOptions<"f32">): Float32Array;
export function svdvals(rt: Runtime, A: MatrixLike, options: SvdvalsOptions<Dtype> = {}): Float64Array | Float32Array {
  const bytes = checkOptions("svdvals", options);
  const a = door("svdvals", A);
  if (options.method === "jacobi") return rt.memory.scope(() => jacobiSvd(rt, "svdvals", pushMatrix(rt, "svdvals", "A", a), "values").s);
  return values(rt, "svdvals", a, bytes, (kernel) => rt.alone(kernel));
}

/** svdvals of A, which is not empty, as one of many steps of `fn`: it tells no progress. */
export function svdvalsOf(rt: Runtime, fn: string, A: Matrix): Float64Array {
  return values(rt, fn, A, 8, (kernel) => kernel()) as Float64Array;
}

function values(rt: Runtime, fn: string, A: Matrix, bytes: Bytes, run: (kernel: () => number) => number): Float64Array | Float32Array {
  return rt.memory.scope(() => {
    const tall = pushTall(rt, fn, A, bytes);
    const { rows: m, cols: n } = tall;
    const { kernels } = rt;
    const [kernel, workspace] =
      bytes === 8 ? [kernels.svdvals_f64, kernels.svdvals_work_f64] : [kernels.svdvals_f32, kernels.svdvals_work_f32];
    const w = rt.memory.push(bytes * n, `${fn}: ${n} singular values`);
    const work = rt.memory.push(workspace(m, n), `${fn}: workspace for a ${m}×${n} matrix`);
    assertConverged(fn, n, rt.checkAborted(run(() => kernel(m, n, tall.at, tall.stride, w, work))));
    return bytes === 8 ? rt.memory.f64(w, n).slice() : rt.memory.f32(w, n).slice();
  });
}

/**
 * The singular value decomposition A = u·diag(s)·vt of an m×n matrix, k = min(m, n): u (m×k) has orthonormal
 * columns, vt (k×n) orthonormal rows, s descends. ‖A − u·diag(s)·vt‖ is a small multiple of max(m, n)·u·‖A‖, and
 * u and vt are orthonormal to as much, also where singular values are tiny or zero.
 */
export function svd(rt: Runtime, A: MatrixLike, options?: SvdOptions<"f64">): SvdResult<"f64">;
export function svd(rt: Runtime, A: MatrixLike, options: SvdOptions<"f32">): SvdResult<"f32">;
export function svd(rt: Runtime, A: MatrixLike, options: SvdOptions<Dtype> = {}): SvdResult<Dtype> {
  const bytes = checkOptions("svd", options);
  const { full = false } = options;
  if (typeof full !== "boolean") throw new OptionError(`svd: full is ${JSON.stringify(full)}, expected true or false`);
  const a = door("svd", A);
  if (options.method === "jacobi") {
    return rt.memory.scope(() => jacobiSvd(rt, "svd", pushMatrix(rt, "svd", "A", a), full ? "full" : "thin"));
  }
  return rt.memory.scope(() => {
    const tall = pushTall(rt, "svd", a, bytes);
    const { rows: m, cols: n } = tall;
    const c = full ? m : n;
    const { kernels } = rt;
    const [kernel, workspace] =
      bytes === 8 ? [kernels.svd_f64, kernels.svd_work_f64] : [kernels.svd_f32, kernels.svd_work_f32];
    const w = rt.memory.push(bytes * n, `svd: ${n} singular values`);
    const left = pushEmpty(rt, "svd", m, c, bytes);
    const right = pushEmpty(rt, "svd", n, n, bytes);
    const work = rt.memory.push(workspace(m, n, c), `svd: workspace for a ${m}×${n} matrix`);
    const info = kernel(m, n, c, tall.at, tall.stride, w, left.at, left.stride, right.at, right.stride, work);
    assertConverged("svd", n, rt.checkAborted(info));
    const s = bytes === 8 ? rt.memory.f64(w, n).slice() : rt.memory.f32(w, n).slice();
    const isWide = a.rows < a.cols;
    const u = isWide ? pullTransposed(rt, "svd", right) : pullMatrix(rt, left);
    const vt = isWide ? pullTransposed(rt, "svd", left) : pullMatrix(rt, right);
    return { u, s, vt, info: { converged: true, method: "golub-kahan" } };
  });
}

/** Refuses options that mean nothing, whatever A is; the size of a number. */
function checkOptions(fn: string, { method = "auto", dtype = "f64" }: SvdvalsOptions<Dtype>): Bytes {
  if (method !== "auto" && method !== "golub-kahan" && method !== "jacobi") {
    throw new OptionError(`${fn}: method is ${JSON.stringify(method)}, expected "auto", "golub-kahan" or "jacobi"`);
  }
  if (dtype !== "f64" && dtype !== "f32") throw new OptionError(`${fn}: dtype is ${JSON.stringify(dtype)}, expected "f64" or "f32"`);
  if (method === "jacobi" && dtype === "f32") throw new OptionError(`${fn}: dtype is "f32", method "jacobi" computes in f64`);
  return dtype === "f64" ? 8 : 4;
}

function door(fn: string, A: MatrixLike): Matrix {
  const a = toMatrix(fn, "A", A);
  if (a.rows === 0 || a.cols === 0) throw new ShapeError(`${fn}: A is ${a.rows}×${a.cols}, it must have at least one row and column`);
  return a;
}

/** A, or its transpose if that is the taller one. */
function pushTall(rt: Runtime, fn: string, A: Matrix, bytes: Bytes): Placed {
  if (A.rows >= A.cols) return pushMatrix(rt, fn, "A", A, bytes);
  const tall = pushEmpty(rt, fn, A.cols, A.rows, bytes);
  rt.memory.scope(() => transposeInto(rt, pushMatrix(rt, fn, "A", A, bytes), tall));
  return tall;
}

function pullTransposed(rt: Runtime, fn: string, placed: Placed): Matrix {
  return rt.memory.scope(() => {
    const to = pushEmpty(rt, fn, placed.cols, placed.rows, placed.bytes);
    transposeInto(rt, placed, to);
    return pullMatrix(rt, to);
  });
}

function transposeInto(rt: Runtime, from: Placed, to: Placed): void {
  const transpose = from.bytes === 8 ? rt.kernels.transpose_f64 : rt.kernels.transpose_f32;
  rt.checkAborted(transpose(from.rows, from.cols, from.at, from.stride, to.at, to.stride));
}

function assertConverged(fn: string, n: number, info: number): void {
  if (info !== 0) throw new ConvergenceError(`${fn}: the bidiagonal problem did not converge (at ${info} of ${n})`);
}
