// Eigenvalues and eigenvectors of dense symmetric matrices.

import { ConvergenceError, OptionError, ShapeError } from "../errors.ts";
import type { Pointer } from "../core/kernels.ts";
import type { Runtime } from "../core/runtime.ts";
import { pullMatrix, pushSymmetric, toSquare, type Matrix, type MatrixLike, type Placed } from "./matrix.ts";

/**
 * Which eigenvalues: by position, the 0-based from, …, to − 1 of the ascending ones, or those in the
 * interval lo < λ ≤ hi, which may be none.
 */
export type Subset = { index: readonly [from: number, to: number] } | { value: readonly [lo: number, hi: number] };

export interface EighOptions {
  /** How: "auto" chooses. Default "auto". */
  method?: "auto" | "tridiagonal";
  /** Only these eigenvalues (and their vectors). Default: all. */
  subset?: Subset;
}

export interface EighResult {
  /** The n eigenvalues, or the k of the subset, ascending. */
  values: Float64Array;
  /** n×n (n×k); column j is the eigenvector of values[j], the columns are orthonormal. */
  vectors: Matrix<Float64Array>;
  info: { converged: true; method: "tridiagonal" };
}

/** The eigenvalues of the symmetric matrix A, ascending, each to within a small multiple of n·eps·‖A‖. */
export function eigvalsh(rt: Runtime, A: MatrixLike, options: EighOptions = {}): Float64Array {
  const { subset } = checkOptions("eigvalsh", options);
  const values = solve(rt, "eigvalsh", A, subset, rt.kernels.eigvalsh_work_f64, rt.kernels.eigvalsh_f64, () => {});
  return values.slice(...range(values, subset));
}

/** Eigenvalues and eigenvectors of the symmetric matrix A: A·V = V·diag(values). */
export function eigh(rt: Runtime, A: MatrixLike, options: EighOptions = {}): EighResult {
  const { subset } = checkOptions("eigh", options);
  let vectors: Matrix<Float64Array>;
  const values = solve(rt, "eigh", A, subset, rt.kernels.eigh_work_f64, rt.kernels.eigh_f64, (placed, values) => {
    const [from, to] = range(values, subset);
    vectors = pullMatrix(rt, { ...placed, at: placed.at + 8 * from, cols: to - from });
  });
  return { values: values.slice(...range(values, subset)), vectors: vectors!, info: { converged: true, method: "tridiagonal" } };
}

/** Refuses options that mean nothing, whatever A is. */
function checkOptions(fn: string, options: EighOptions): EighOptions {
  const { method = "auto", subset } = options;
  if (method !== "auto" && method !== "tridiagonal") {
    throw new OptionError(`${fn}: method is ${JSON.stringify(method)}, expected "auto" or "tridiagonal"`);
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
  const upTo = (bound: number) => values.reduce((count, value) => count + Number(value <= bound), 0);
  return [upTo(lo), upTo(hi)];
}

type Kernel = (n: number, a: Pointer, lda: number, w: Pointer, work: Pointer) => number;

/** Checks A, runs the kernel on a copy, shows what became of the copy to `see`, and returns w. */
function solve(
  rt: Runtime, fn: string, value: MatrixLike, subset: Subset | undefined, workspace: (n: number) => number, kernel: Kernel,
  see: (placed: Placed, values: Float64Array) => void,
): Float64Array {
  const A = toSquare(fn, "A", value);
  const n = A.rows;
  if (n === 0) throw new ShapeError(`${fn}: A is 0×0, it must have at least one row`);
  if (subset && "index" in subset && subset.index[1] > n) {
    throw new OptionError(`${fn}: subset.index is [${subset.index.join(", ")}], A has ${n} eigenvalues`);
  }
  return rt.memory.scope(() => {
    const placed = pushSymmetric(rt, fn, "A", A);
    const w = rt.memory.push(8 * n, `${fn}: ${n} eigenvalues`);
    const work = rt.memory.push(workspace(n), `${fn}: workspace for a ${n}×${n} matrix`);
    const info = rt.checkAborted(kernel(n, placed.at, placed.stride, w, work));
    if (info !== 0) throw new ConvergenceError(`${fn}: the tridiagonal problem did not converge (at ${info} of ${n})`);
    const values = rt.memory.f64(w, n).slice();
    see(placed, values);
    return values;
  });
}
