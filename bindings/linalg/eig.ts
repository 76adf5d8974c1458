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

export interface EighOptions {
  /**
   * How: "auto" chooses the fastest, "tridiagonal". "jacobi" is slower and gets small eigenvalues right to
   * themselves where A determines them, above all those of a graded positive definite A. Default "auto".
   */
  method?: "auto" | "tridiagonal" | "jacobi";
  /** Only these eigenvalues (and their vectors). Default: all. */
  subset?: Subset;
}

export interface EighResult {
  /** The n eigenvalues, or the k of the subset, ascending. */
  values: Float64Array;
  /** n×n (n×k); column j is the eigenvector of values[j], the columns are orthonormal. */
  vectors: Matrix<Float64Array>;
  info: { converged: true; method: "tridiagonal" } | JacobiInfo;
}

/** The eigenvalues of the symmetric matrix A, ascending, each to within a small multiple of n·eps·‖A‖. */
export function eigvalsh(rt: Runtime, A: MatrixLike, options: EighOptions = {}): Float64Array {
  const { method, subset } = checkOptions("eigvalsh", options);
  if (method === "jacobi") return byJacobi(rt, "eigvalsh", A, subset, false).values;
  return solve(rt, "eigvalsh", A, subset, rt.kernels.eigvalsh_work_f64, ({ at, rows, stride }, w, work) => {
    const info = rt.kernels.eigvalsh_f64(rows, at, stride, w, work);
    return [info, () => {
      const values = rt.memory.f64(w, rows);
      return values.slice(...range(values, subset));
    }];
  });
}

/** Eigenvalues and eigenvectors of the symmetric matrix A: A·V = V·diag(values). */
export function eigh(rt: Runtime, A: MatrixLike, options: EighOptions = {}): EighResult {
  const { method, subset } = checkOptions("eigh", options);
  if (method === "jacobi") return byJacobi(rt, "eigh", A, subset, true);
  return solve(rt, "eigh", A, subset, rt.kernels.eigh_work_f64, (placed, w, work) => {
    const { at, rows: n, stride } = placed;
    const where = rt.memory.push(8, "eigh");
    const byValue = subset !== undefined && "value" in subset;
    const [lo, hi] = subset === undefined ? [0, n] : "value" in subset ? subset.value : subset.index;
    const info = rt.kernels.eigh_f64(n, at, stride, byValue, lo, hi, w, where, work);
    return [info, () => {
      const [from, to] = rt.memory.i32(where, 2) as unknown as [number, number];
      const values = rt.memory.f64(w, n).slice(from, to);
      const vectors = pullMatrix(rt, { ...placed, cols: to - from });
      return { values, vectors, info: { converged: true, method: "tridiagonal" } };
    }];
  });
}

/** Refuses options that mean nothing, whatever A is. */
function checkOptions(fn: string, options: EighOptions): EighOptions {
  const { method = "auto", subset } = options;
  if (method !== "auto" && method !== "tridiagonal" && method !== "jacobi") {
    throw new OptionError(`${fn}: method is ${JSON.stringify(method)}, expected "auto", "tridiagonal" or "jacobi"`);
  }
  if (subset !== undefined) checkSubset(fn, subset);
  return { method, subset };
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
function range(values: Float64Array, subset: Subset | undefined): [from: number, to: number] {
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
function byJacobi(rt: Runtime, fn: string, value: MatrixLike, subset: Subset | undefined, vectors: boolean): EighResult {
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
  rt: Runtime, fn: string, value: MatrixLike, subset: Subset | undefined, workspace: (n: number) => number,
  run: (placed: Placed, w: Pointer, work: Pointer) => [info: number, pull: () => Result],
): Result {
  const A = door(fn, value, subset);
  const n = A.rows;
  return rt.memory.scope(() => {
    const placed = pushSymmetric(rt, fn, "A", A);
    const w = rt.memory.push(8 * n, `${fn}: ${n} eigenvalues`);
    const work = rt.memory.push(workspace(n), `${fn}: workspace for a ${n}×${n} matrix`);
    const [info, pull] = run(placed, w, work);
    if (rt.checkAborted(info) !== 0) {
      throw new ConvergenceError(`${fn}: the tridiagonal problem did not converge (at ${info} of ${n})`);
    }
    return pull();
  });
}
