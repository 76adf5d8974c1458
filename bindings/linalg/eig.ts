// Eigenvalues and eigenvectors of dense symmetric matrices.

import { ConvergenceError, OptionError, ShapeError } from "../errors.ts";
import type { Pointer } from "../core/kernels.ts";
import type { Runtime } from "../core/runtime.ts";
import { jacobiEigh, type JacobiInfo } from "./jacobi.ts";
import { pullMatrix, pushSymmetric, toSquare, type Matrix, type MatrixLike, type Placed } from "./matrix.ts";

/**
 * Which eigenvalues: by position, the 0-based from, …, to − 1 of the ascending ones, or those in the
 * interval lo < λ ≤ hi, which may be none.
 */
export type Subset = { index: readonly [from: number, to: number] } | { value: readonly [lo: number, hi: number] };

/** The arithmetic of a decomposition. */
export type Dtype = "f64" | "f32";

/** What holds the results. */
export type ArrayOf<D extends Dtype> = D extends "f32" ? Float32Array : Float64Array;

export interface EighOptions<D extends Dtype = "f64"> {
  /**
   * How: "auto" chooses the fastest, "tridiagonal". "jacobi" is slower and gets small eigenvalues right to
   * themselves where A determines them, above all those of a graded positive definite A. Default "auto".
   */
  method?: "auto" | "tridiagonal" | "jacobi";
  /** Only these eigenvalues (and their vectors). Default: all. */
  subset?: Subset;
  /**
   * The arithmetic and the type of the results. "f32" rounds A first and is faster; everything is then right to
   * within a small multiple of n·eps·‖A‖ with eps = 2⁻²³ ≈ 1.2e-7. Default "f64".
   */
  dtype?: D;
}

export interface EighResult<D extends Dtype = "f64"> {
  /** The n eigenvalues, or the k of the subset, ascending. */
  values: ArrayOf<D>;
  /** n×n (n×k); column j is the eigenvector of values[j], the columns are orthonormal. */
  vectors: Matrix<ArrayOf<D>>;
  info: { converged: true; method: "tridiagonal" } | JacobiInfo;
}

/**
 * The eigenvalues of the symmetric matrix A (n×n), ascending, each to within a small multiple of n·eps·‖A‖. About 4n³/3
 * operations. A that is not symmetric (up to rounding) is a NotSymmetricError.
 */
export function eigvalsh(rt: Runtime, A: MatrixLike, options?: EighOptions<"f64">): Float64Array;
export function eigvalsh(rt: Runtime, A: MatrixLike, options: EighOptions<"f32">): Float32Array;
export function eigvalsh(rt: Runtime, A: MatrixLike, options: EighOptions<Dtype> = {}): Float64Array | Float32Array {
  const { method, subset, dtype } = checkOptions("eigvalsh", options);
  if (method === "jacobi") return byJacobi(rt, "eigvalsh", A, subset, false).values;
  const { kernels } = rt;
  const [kernel, workspace] = dtype === "f64"
    ? [kernels.eigvalsh_f64, kernels.eigvalsh_work_f64]
    : [kernels.eigvalsh_f32, kernels.eigvalsh_work_f32];
  return solve(rt, "eigvalsh", A, subset, dtype, workspace, ({ at, rows, stride }, w, work) => {
    const info = kernel(rows, at, stride, w, work);
    return [info, () => {
      const values = ARRAYS[dtype].from(rt.memory.f64(w, rows));
      return values.slice(...range(values, subset));
    }];
  });
}

/**
 * Eigenvalues and eigenvectors of the symmetric matrix A (n×n): A·V = V·diag(values), in every column and
 * VᵀV = I to within a small multiple of n·eps (·‖A‖). About three times the work of `eigvalsh`. A that is not symmetric
 * (up to rounding) is a NotSymmetricError.
 */
export function eigh(rt: Runtime, A: MatrixLike, options?: EighOptions<"f64">): EighResult<"f64">;
export function eigh(rt: Runtime, A: MatrixLike, options: EighOptions<"f32">): EighResult<"f32">;
export function eigh(rt: Runtime, A: MatrixLike, options: EighOptions<Dtype> = {}): EighResult<Dtype> {
  const { method, subset, dtype } = checkOptions("eigh", options);
  if (method === "jacobi") return byJacobi(rt, "eigh", A, subset, true);
  const { kernels } = rt;
  const [kernel, workspace] = dtype === "f64"
    ? [kernels.eigh_f64, kernels.eigh_work_f64]
    : [kernels.eigh_f32, kernels.eigh_work_f32];
  return solve(rt, "eigh", A, subset, dtype, workspace, (placed, w, work) => {
    const { at, rows: n, stride } = placed;
    const where = rt.memory.push(8, "eigh");
    const byValue = subset !== undefined && "value" in subset;
    const [lo, hi] = subset === undefined ? [0, n] : "value" in subset ? subset.value : subset.index;
    const info = kernel(n, at, stride, byValue, lo, hi, w, where, work);
    return [info, () => {
      const [from, to] = rt.memory.i32(where, 2) as unknown as [number, number];
      const values = ARRAYS[dtype].from(rt.memory.f64(w, n).subarray(from, to));
      const vectors = pullMatrix<ArrayOf<Dtype>>(rt, { ...placed, cols: to - from });
      return { values, vectors, info: { converged: true, method: "tridiagonal" } };
    }];
  });
}

const ARRAYS = { f64: Float64Array, f32: Float32Array };

/** The options with their defaults, refused if they mean nothing, whatever A is. */
function checkOptions(fn: string, options: EighOptions<Dtype>) {
  const { method = "auto", subset, dtype = "f64" } = options;
  if (method !== "auto" && method !== "tridiagonal" && method !== "jacobi") {
    throw new OptionError(`${fn}: method is ${JSON.stringify(method)}, expected "auto", "tridiagonal" or "jacobi"`);
  }
  if (dtype !== "f64" && dtype !== "f32") {
    throw new OptionError(`${fn}: dtype is ${JSON.stringify(dtype)}, expected "f64" or "f32"`);
  }
  if (dtype === "f32" && method === "jacobi") {
    throw new OptionError(`${fn}: dtype is "f32", method "jacobi" computes in f64`);
  }
  if (subset !== undefined) checkSubset(fn, subset);
  return { method, subset, dtype };
}

function checkSubset(fn: string, subset: Subset): void {
  const { index, value } = Object(subset) as { index?: unknown; value?: unknown };
  if ((index === undefined) === (value === undefined)) {
    throw new OptionError(`${fn}: subset is ${JSON.stringify(subset)}, expected { index: [from, to] } or { value: [lo, hi] }`);
  }
  const [name, pair] = index === undefined ? ["value", value] : ["index", index];
  if (!Array.isArray(pair) || pair.length !== 2 || !pair.every((x) => typeof x === "number")) {
    throw new OptionError(`${fn}: subset.${name} is ${JSON.stringify(pair)}, expected two numbers`);
  }
  const [low, high] = pair as [number, number];
  if (name === "index" && !(Number.isInteger(low) && Number.isInteger(high) && 0 <= low && low < high)) {
    throw new OptionError(`${fn}: subset.index is [${low}, ${high}], expected integers 0 ≤ from < to`);
  }
  if (!(low < high)) throw new OptionError(`${fn}: subset.value is [${low}, ${high}], expected lo < hi`);
}

/** The positions [from, to) of a subset among all eigenvalues, ascending. */
function range(values: ArrayOf<Dtype>, subset: Subset | undefined): [from: number, to: number] {
  if (subset === undefined) return [0, values.length];
  if ("index" in subset) return [subset.index[0], subset.index[1]];
  const [lo, hi] = subset.value;
  const upTo = (bound: number) => values.filter((value) => value <= bound).length;
  return [upTo(lo), upTo(hi)];
}

function door(fn: string, value: MatrixLike, subset: Subset | undefined): Matrix {
  const A = toSquare(fn, "A", value);
  const n = A.rows;
  if (n === 0) throw new ShapeError(`${fn}: A is 0×0, it must have at least one row`);
  if (subset && "index" in subset && subset.index[1] > n) {
    throw new OptionError(`${fn}: subset.index is [${subset.index.join(", ")}], A has ${n} eigenvalues`);
  }
  return A;
}

/** All eigenvalues by Jacobi's method, and of them those of the subset. */
function byJacobi(
  rt: Runtime, fn: string, value: MatrixLike, subset: Subset | undefined, vectors: boolean,
): EighResult<"f64"> {
  const A = door(fn, value, subset);
  return rt.memory.scope(() => {
    const placed = pushSymmetric(rt, fn, "A", A);
    const { values, info } = jacobiEigh(rt, fn, placed, vectors);
    const [from, to] = range(values, subset);
    return {
      values: values.slice(from, to),
      vectors: pullMatrix(rt, { ...placed, at: placed.at + 8 * from, cols: vectors ? to - from : 0 }),
      info,
    };
  });
}

/** Checks A, runs a kernel on a copy of it, and returns what `pull` then makes of the memory. */
function solve<Result>(
  rt: Runtime, fn: string, value: MatrixLike, subset: Subset | undefined, dtype: Dtype, workspace: (n: number) => number,
  run: (placed: Placed, w: Pointer, work: Pointer) => [info: number, pull: () => Result],
): Result {
  const A = door(fn, value, subset);
  const n = A.rows;
  return rt.memory.scope(() => {
    const placed = pushSymmetric(rt, fn, "A", A, dtype === "f64" ? 8 : 4);
    const w = rt.memory.push(8 * n, `${fn}: ${n} eigenvalues`);
    const work = rt.memory.push(workspace(n), `${fn}: workspace for a ${n}×${n} matrix`);
    const [info, pull] = run(placed, w, work);
    if (rt.checkAborted(info) !== 0) {
      throw new ConvergenceError(`${fn}: the tridiagonal problem did not converge (at ${info} of ${n})`);
    }
    return pull();
  });
}
