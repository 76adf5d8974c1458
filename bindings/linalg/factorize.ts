// What solve and inv share: a factorization of the equilibrated matrix, the check that it says anything,
// and solving with it.
//
//    A' = 2^R·A·2^C     exactly; its largest number in each row and column is about 1
//    A·X = B            ⇔   A'·(2^−C·X) = 2^R·B

import { NotPositiveDefiniteError, SingularError } from "../errors.ts";
import type { Pointer } from "../core/kernels.ts";
import type { Runtime } from "../core/runtime.ts";
import { inverseNorm1 } from "./condition.ts";
import { pushEmpty, pushMatrix, pushSymmetric, type Matrix, type Placed } from "./matrix.ts";
import { Norm } from "./norm.ts";
import { extremeExponent, timesPowerOfTwo } from "./scale.ts";

/** What is known of a matrix, and so which factorization it gets. */
export const ASSUMPTIONS = ["general", "symmetric", "positive-definite"] as const;
export type Assumption = (typeof ASSUMPTIONS)[number];

export interface Factors {
  /** A', if it was to be kept. */
  scaled: Placed;
  /** R and C. */
  rows: Int32Array;
  cols: Int32Array;
  /** ‖A'‖₁·‖A'⁻¹‖₁, estimated from below. */
  condition: number;
  /** B := A'⁻¹·B for m columns at `b`, or A'⁻ᵀ·B. */
  solve(b: Pointer, m: number, ldb: number, transposed?: boolean): void;
}

/**
 * A' and its factors in wasm memory, in the caller's scope, for right-hand sides of up to `columns` columns.
 *
 * Throws where a pivot is zero, where the matrix is not positive definite, and where the condition number
 * of A' is estimated at 1/eps or more: then not one digit of a solution is known.
 */
export function factorize(rt: Runtime, fn: string, A: Matrix, assume: Assumption, columns: number, keep: boolean): Factors {
  const placed = assume === "general" ? pushMatrix(rt, fn, "A", A) : pushSymmetric(rt, fn, "A", A);
  return factorizePlaced(rt, fn, "A", placed, assume, columns, keep);
}

/** The same of a matrix `name` that is in wasm memory already; its factors take its place. */
export function factorizePlaced(
  rt: Runtime, fn: string, name: string, placed: Placed, assume: Assumption, columns: number, keep: boolean,
): Factors {
  const { kernels, memory } = rt;
  const n = placed.rows;
  const rowsAt = memory.push(4 * n, `${fn}: workspace`);
  const colsAt = memory.push(4 * n, `${fn}: workspace`);
  const equilibrateWork = memory.push(kernels.equilibrate_work_f64(n), `${fn}: workspace`);
  const normWork = memory.push(kernels.norm_work_f64(n), `${fn}: workspace`);
  kernels.equilibrate_f64(n, placed.at, placed.stride, assume !== "general", rowsAt, colsAt, equilibrateWork);
  const size = kernels.norm_f64(n, n, placed.at, placed.stride, Norm.COLUMNS_MAX, normWork);
  const scaled = keep ? pushEmpty(rt, fn, n, n) : placed;
  if (keep) memory.f64(scaled.at, n * scaled.stride).set(memory.f64(placed.at, n * placed.stride));

  const solve = FACTORIZATIONS[assume](rt, fn, name, placed, columns);
  const vector = memory.push(8 * n, `${fn}: workspace`);
  const condition = size * inverseNorm1(
    () => memory.f64(vector, n),
    (transposed) => solve(vector, 1, 1, transposed),
  );
  if (!(condition < 1 / Number.EPSILON)) {
    const about = Number.isFinite(condition) ? condition.toExponential(1) : "infinity";
    throw new SingularError(
      `${fn}: ${name} is singular to working precision: its condition number (1-norm, rows and columns scaled) is about ${about}, ` +
        `expected less than ${(1 / Number.EPSILON).toExponential(1)}`,
    );
  }
  return { scaled, rows: memory.i32(rowsAt, n).slice(), cols: memory.i32(colsAt, n).slice(), condition, solve };
}

type Solve = Factors["solve"];
type Factorization = (rt: Runtime, fn: string, name: string, placed: Placed, columns: number) => Solve;

const lu: Factorization = (rt, fn, name, { at, rows: n, stride }, columns) => {
  const { kernels, memory } = rt;
  const swaps = memory.push(4 * n, `${fn}: workspace`);
  const work = memory.push(
    Math.max(kernels.lu_work_f64(n), kernels.lu_solve_work_f64(n, columns)), `${fn}: workspace for a ${n}×${n} matrix`,
  );
  assertPivots(fn, name, n, rt.checkAborted(kernels.lu_f64(n, at, stride, swaps, 0, 1, work)));
  return (b, m, ldb, transposed = false) => {
    rt.checkAborted(kernels.lu_solve_f64(n, m, transposed, at, stride, swaps, b, ldb, work));
  };
};

const ldl: Factorization = (rt, fn, name, { at, rows: n, stride }, columns) => {
  const { kernels, memory } = rt;
  const [d, e, swaps] = [8, 8, 4].map((bytes) => memory.push(bytes * n, `${fn}: workspace`)) as [Pointer, Pointer, Pointer];
  const work = memory.push(
    Math.max(kernels.ldl_work_f64(n), kernels.ldl_solve_work_f64(n, columns)), `${fn}: workspace for a ${n}×${n} matrix`,
  );
  assertPivots(fn, name, n, rt.checkAborted(kernels.ldl_f64(n, at, stride, d, e, swaps, 0, 1, work)));
  return (b, m, ldb) => {
    rt.checkAborted(kernels.ldl_solve_f64(n, m, at, stride, d, e, swaps, b, ldb, work));
  };
};

const cholesky: Factorization = (rt, fn, name, { at, rows: n, stride }, columns) => {
  const { kernels, memory } = rt;
  const work = memory.push(
    Math.max(kernels.cholesky_work_f64(n), kernels.cholesky_solve_work_f64(n, columns)), `${fn}: workspace for a ${n}×${n} matrix`,
  );
  const info = rt.checkAborted(kernels.cholesky_f64(n, at, stride, 0, 1, work));
  if (info > 0) {
    throw new NotPositiveDefiniteError(`${fn}: ${name} is not positive definite: pivot ${info} of ${n} is not positive`);
  }
  return (b, m, ldb) => {
    rt.checkAborted(kernels.cholesky_solve_f64(n, m, at, stride, b, ldb, work));
  };
};

const FACTORIZATIONS: Record<Assumption, Factorization> = { general: lu, symmetric: ldl, "positive-definite": cholesky };

function assertPivots(fn: string, name: string, n: number, info: number): void {
  if (info > 0) throw new SingularError(`${fn}: ${name} is singular: pivot ${info} of ${n} is zero, its condition number infinite`);
}

/** Most steps of refinement: the correction shrinks at least by half with each. */
const STEPS = 30;

/**
 * B := A⁻¹·B in wasm memory. With `refine` (and the matrix kept) each column is corrected with residuals
 * in doubled precision until the correction is below eps, or shrinks no more.   [Higham 2002, §12.1]
 */
export function solveWith(rt: Runtime, fn: string, factors: Factors, B: Placed, refine: boolean): void {
  const { rows, cols } = factors;
  const n = B.rows;
  // a column's largest number goes near 1 as well, so that 2^R·B stays within range
  const given = rt.memory.f64(B.at, n * B.stride);
  let largest = 0;
  eachNumber(B, (at) => { largest = Math.max(largest, Math.abs(given[at]!)); });
  const even = rows.every((e) => e === 0) && cols.every((e) => e === 0) && extremeExponent(largest) === 0;
  const exponents = new Int32Array(B.cols);
  if (!even) {
    exponents.fill(-10_000);
    eachNumber(B, (at, i, j) => {
      const e = given[at] === 0 ? -10_000 : Math.floor(Math.log2(Math.abs(given[at]!))) + rows[i]!;
      exponents[j] = Math.max(exponents[j]!, e);
    });
    eachNumber(B, (at, i, j) => { given[at] = timesPowerOfTwo(given[at]!, rows[i]! - exponents[j]!); });
  }

  if (refine) solveRefined(rt, fn, factors, B);
  else factors.solve(B.at, B.cols, B.stride);

  if (even) return;
  const solved = rt.memory.f64(B.at, n * B.stride);
  eachNumber(B, (at, i, j) => { solved[at] = timesPowerOfTwo(solved[at]!, cols[i]! + exponents[j]!); });
}

function eachNumber({ rows, cols, stride }: Placed, see: (at: number, i: number, j: number) => void): void {
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) see(i * stride + j, i, j);
}

function solveRefined(rt: Runtime, fn: string, { scaled, solve }: Factors, B: Placed): void {
  const { kernels, memory } = rt;
  const n = B.rows;
  const m = B.cols;
  const X = pushEmpty(rt, fn, n, m);
  const R = pushEmpty(rt, fn, n, m);
  const work = memory.push(kernels.residual_work_f64(n), `${fn}: workspace`);
  const [b, x, r] = [B, X, R].map(({ at, stride }) => memory.f64(at, n * stride)) as [Float64Array, Float64Array, Float64Array];
  x.set(b);
  solve(X.at, m, X.stride);
  const before = new Float64Array(m).fill(Infinity);
  const done = new Uint8Array(m);
  for (let step = 0; step < STEPS && done.includes(0); step++) {
    rt.checkAborted(kernels.residual_f64(
      n, m, scaled.at, scaled.stride, X.at, X.stride, B.at, B.stride, R.at, R.stride, work,
    ));
    solve(R.at, m, R.stride);
    const sizes = new Float64Array(m);
    const corrections = new Float64Array(m);
    eachNumber(B, (at, _, j) => {
      sizes[j] = Math.max(sizes[j]!, Math.abs(x[at]!));
      corrections[j] = Math.max(corrections[j]!, Math.abs(r[at]!));
    });
    for (let j = 0; j < m; j++) if (!(corrections[j]! <= before[j]! / 2)) done[j] = 1;
    eachNumber(B, (at, _, j) => { if (!done[j]) x[at]! += r[at]!; });
    for (let j = 0; j < m; j++) if (corrections[j]! <= (Number.EPSILON / 2) * sizes[j]!) done[j] = 1;
    before.set(corrections);
  }
  b.set(x);
}
