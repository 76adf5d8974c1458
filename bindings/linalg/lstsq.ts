// Least squares and the pseudo-inverse, by singular values: never by the normal equations, which square
// the condition number.

import type { Runtime } from "../core/runtime.ts";
import { NotFiniteError, OptionError, ShapeError } from "../errors.ts";
import { pullMatrix, pushEmpty, pushMatrix, toMatrix, type Matrix, type MatrixLike, type Placed } from "./matrix.ts";
import { copyIn, copyOut, multiply } from "./range.ts";
import { toColumns } from "./solve.ts";
import { thinSvd } from "./thinSvd.ts";

export interface LstsqOptions {
  /** Singular values up to rcond times the largest count as zero. Default max(m, n)·eps. */
  rcond?: number;
}

export interface LstsqResult {
  /** The solution of least norm: a vector if B was one, otherwise n×p. */
  x: Matrix<Float64Array> | Float64Array;
  /** ‖A·x − b‖² for each column of B; empty, as NumPy's, if rank < n or m ≤ n. */
  residuals: Float64Array;
  rank: number;
  /** The min(m, n) singular values of A, descending. */
  s: Float64Array;
}

export interface PinvOptions {
  /** Singular values up to rcond times the largest count as zero. Default 1e-15, NumPy's of old. */
  rcond?: number;
}

/** A complex matrix, real + i·imag. */
export interface ComplexMatrix {
  real: Matrix<Float64Array>;
  imag: Matrix<Float64Array>;
}

export interface ComplexMatrixLike {
  real: MatrixLike;
  imag: MatrixLike;
}

/**
 * The x of least norm among those that make ‖A·x − b‖ least, for a vector b or for each column of B. By the singular value
 * decomposition: singular values below rcond·σ_max are taken as zero.
 */
export function lstsq(
  rt: Runtime, A: MatrixLike, B: MatrixLike | ArrayLike<number>, options: LstsqOptions = {},
): LstsqResult {
  const a = nonEmpty("lstsq", "A", A);
  const { rows: m, cols: n } = a;
  const { columns: b, isVector } = toColumns("lstsq", "B", B);
  if (b.rows !== m || b.cols === 0) {
    throw new ShapeError(`lstsq: A is ${m}×${n}, B is ${b.rows}×${b.cols} (need A.rows = B.rows, and a column)`);
  }
  const rcond = checkRcond("lstsq", options.rcond ?? Math.max(m, n) * Number.EPSILON);
  return rt.memory.scope(() => {
    const { kernels, memory } = rt;
    let pa = pushMatrix(rt, "lstsq", "A", a);
    const pb = pushMatrix(rt, "lstsq", "B", b);
    if (m > n) { // A = Q·R, B := Qᵀ·B: its rows from n on no x can change
      const factors = memory.push(kernels.qr_bytes_f64(m, n), `lstsq: the reflectors of a ${m}×${n} matrix`);
      memory.scope(() => {
        const work = memory.push(kernels.qr_work_f64(m, n, Math.max(n, b.cols)), "lstsq: workspace");
        rt.checkAborted(kernels.qr_f64(m, n, pa.at, pa.stride, factors, 0, 0.5, work));
        rt.checkAborted(kernels.multiply_q_f64(true, m, n, b.cols, factors, pb.at, pb.stride, work));
      });
      pa = { ...pa, rows: n };
    }
    const { u, s, vt } = thinSvd(rt, "lstsq", pa);
    const rank = s.filter((x) => x > rcond * s[0]!).length;
    const c = pushEmpty(rt, "lstsq", rank, b.cols);
    const x = pushEmpty(rt, "lstsq", n, b.cols);
    multiply(rt, "lstsq", true, false, 1, { ...u, cols: rank }, { ...pb, rows: u.rows }, 0, c);
    divideRows(rt, c, s);
    multiply(rt, "lstsq", true, false, 1, { ...vt, rows: rank }, c, 0, x);
    const residuals = new Float64Array(rank === n && m > n ? b.cols : 0);
    if (residuals.length > 0) {
      const rest = copyOut(rt, { ...pb, at: pb.at + 8 * n * pb.stride, rows: m - n });
      rest.data.forEach((r, e) => { residuals[e % b.cols]! += r * r; });
    }
    const solution = pullMatrix(rt, x);
    return { x: isVector ? solution.data : solution, residuals, rank, s };
  });
}

/** The Moore-Penrose inverse (n×m) of an m×n matrix, real or complex. */
export function pinv(
  rt: Runtime, A: MatrixLike | ComplexMatrixLike, options: PinvOptions = {},
): Matrix<Float64Array> | ComplexMatrix {
  const rcond = checkRcond("pinv", options.rcond ?? 1e-15);
  if (!(typeof A === "object" && A !== null && "real" in A)) {
    const a = nonEmpty("pinv", "A", A);
    const keep = (s: Float64Array) => s.map((x) => (x > rcond * s[0]! ? x : 0));
    return rt.memory.scope(() => pseudoInverse(rt, pushMatrix(rt, "pinv", "A", a), keep));
  }
  return complexPinv(rt, A, rcond);
}

/**
 * By the real matrix [Re −Im; Im Re], whose singular values are those of A, each of them twice, and whose pseudo-inverse
 * is made likewise of that of A: both of a pair are kept or dropped, and what is there twice is averaged.
 */
function complexPinv(rt: Runtime, A: ComplexMatrixLike, rcond: number): ComplexMatrix {
  const re = nonEmpty("pinv", "A.real", A.real);
  const im = nonEmpty("pinv", "A.imag", A.imag);
  const { rows: m, cols: n } = re;
  if (im.rows !== m || im.cols !== n) {
    throw new ShapeError(`pinv: A.real is ${m}×${n}, A.imag is ${im.rows}×${im.cols}, they must be of one shape`);
  }
  const keep = (s: Float64Array) => s.map((x, k) => (s[k - (k % 2)]! + s[k - (k % 2) + 1]! > 2 * rcond * s[0]! ? x : 0));
  const P = rt.memory.scope(() => {
    const whole = pushEmpty(rt, "pinv", 2 * m, 2 * n);
    rt.memory.scope(() => {
      const real = copyOut(rt, pushMatrix(rt, "pinv", "A.real", re));
      const imag = copyOut(rt, pushMatrix(rt, "pinv", "A.imag", im));
      const { at, stride } = whole;
      const block = (i: number, j: number): Placed => ({ ...whole, at: at + 8 * (i * m * stride + j * n), rows: m, cols: n });
      copyIn(rt, real, block(0, 0));
      copyIn(rt, imag, block(0, 1), -1);
      copyIn(rt, imag, block(1, 0));
      copyIn(rt, real, block(1, 1));
    });
    return pseudoInverse(rt, whole, keep);
  });
  const real = new Float64Array(n * m);
  const imag = new Float64Array(n * m);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      const at = (r: number, c: number) => P.data[(i + r * n) * 2 * m + j + c * m]!;
      real[i * m + j] = (at(0, 0) + at(1, 1)) / 2;
      imag[i * m + j] = (at(1, 0) - at(0, 1)) / 2;
    }
  }
  return { real: { data: real, rows: n, cols: m }, imag: { data: imag, rows: n, cols: m } };
}

/** V·S⁻¹·Uᵀ over the singular values that `keep` does not put to zero; it keeps the first ones. A is destroyed. */
function pseudoInverse(rt: Runtime, A: Placed, keep: (s: Float64Array) => Float64Array): Matrix<Float64Array> {
  const { u, s, vt } = thinSvd(rt, "pinv", A);
  const kept = keep(s);
  const rank = kept.filter((x) => x > 0).length;
  const inverse = pushEmpty(rt, "pinv", A.cols, A.rows);
  divideRows(rt, { ...vt, rows: rank }, kept);
  multiply(rt, "pinv", true, true, 1, { ...vt, rows: rank }, { ...u, cols: rank }, 0, inverse);
  const result = pullMatrix(rt, inverse);
  const bad = result.data.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) throw new NotFiniteError(`pinv: the pseudo-inverse overflows: the smallest singular value kept is ${kept[rank - 1]}`);
  return result;
}

/** Row k of X over s[k]. */
function divideRows(rt: Runtime, X: Placed, s: Float64Array): void {
  const { data, rows, cols } = copyOut(rt, X);
  copyIn(rt, { data: data.map((x, e) => x / s[Math.floor(e / cols)]!), rows, cols }, X);
}

function nonEmpty(fn: string, name: string, value: MatrixLike): Matrix {
  const A = toMatrix(fn, name, value);
  if (A.rows === 0 || A.cols === 0) {
    throw new ShapeError(`${fn}: ${name} is ${A.rows}×${A.cols}, it must have at least one row and column`);
  }
  return A;
}

function checkRcond(fn: string, rcond: unknown): number {
  if (typeof rcond === "number" && rcond >= 0 && rcond < 1) return rcond;
  throw new OptionError(`${fn}: rcond is ${String(rcond)}, expected a number from 0 to 1`);
}
