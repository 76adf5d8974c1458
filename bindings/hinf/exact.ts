// hinf.exact: H∞ in closed form, and the rows that decide whether it is singular.

import { NotFiniteError } from "../errors.ts";
import type { Runtime } from "../core/runtime.ts";
import { pullMatrix, pushEmpty, pushMatrix, toMatrix, type Matrix, type MatrixLike, type Placed } from "../linalg/matrix.ts";

/** Rows in a special position; indices from 0. */
export interface SpecialRows {
  /**
   * Pairs [i, j], i < j: row j encloses an angle of at most 8·2⁻⁵³ with row i, the first such row: it is a
   * positive multiple of it, as far as rows that were normalised in f64 can show. H∞ is then singular,
   * or as good as.
   */
  parallelRows: [number, number][];
  /** The same with an angle of π. H∞ need not be singular for that. */
  oppositeRows: [number, number][];
  /** Rows of zeros: so are the rows of H∞. */
  zeroRows: number[];
}

export interface ExactHinf extends SpecialRows {
  /** H∞ (n×n). */
  matrix: Matrix<Float64Array>;
}

/**
 * H∞ᵢⱼ = xᵢ·xⱼ (π − θᵢⱼ)/(2π) for the rows of X (n×d), θ the angle of a pair; errors at most
 * (3d/4 + 8)·2⁻⁵³·|xᵢ||xⱼ|, the diagonal |xᵢ|²/2 to 2⁻⁵².
 */
export function exact(rt: Runtime, X: MatrixLike): ExactHinf {
  const given = toMatrix("hinf.exact", "X", X);
  return rt.memory.scope(() => {
    const { placed, special } = placeExact(rt, "hinf.exact", given, 0);
    return { matrix: assertNoOverflow(pullMatrix(rt, placed)), ...special };
  });
}

/** Refuses rows of X whose square overflows: the diagonal tells. */
export function assertNoOverflow<T extends Float64Array | Float32Array>(H: Matrix<T>): Matrix<T> {
  for (let i = 0; i < H.rows; i++) {
    if (H.data[i * H.rows + i] === Infinity) {
      throw new NotFiniteError(`hinf.exact: the square of row ${i + 1} of X overflows; divide X by a power of two`);
    }
  }
  return H;
}

/** 4^(−shift)·H∞, or its first `rows` rows, in wasm memory; special are then pairs whose first row is one of these. */
export function placeExact(
  rt: Runtime, fn: string, X: Matrix, shift: number, rows = X.rows,
): { placed: Placed; special: SpecialRows } {
  const { kernels, memory } = rt;
  const n = X.rows;
  const d = X.cols;
  const placed = pushEmpty(rt, fn, rows, n);
  const special = memory.scope(() => {
    const x = pushMatrix(rt, fn, "X", X);
    const same = memory.push(4 * n, `${fn}: workspace`);
    const opposite = memory.push(4 * n, `${fn}: workspace`);
    const work = memory.push(kernels.hinf_exact_work_f64(n, d), `${fn}: workspace`);
    const kernel = () => kernels.hinf_exact_f64(rows, n, d, x.at, x.stride, shift, placed.at, placed.stride, same, opposite, work);
    rt.checkAborted(fn === "hinf.exact" ? rt.alone(kernel) : kernel());
    return readSpecial(memory.i32(same, n), memory.i32(opposite, n));
  });
  return { placed, special };
}

const ZERO_ROW = -2;

function readSpecial(same: Int32Array, opposite: Int32Array): SpecialRows {
  const special: SpecialRows = { parallelRows: [], oppositeRows: [], zeroRows: [] };
  for (let j = 0; j < same.length; j++) {
    if (same[j] === ZERO_ROW) special.zeroRows.push(j);
    if (same[j]! >= 0) special.parallelRows.push([same[j]!, j]);
    if (opposite[j]! >= 0) special.oppositeRows.push([opposite[j]!, j]);
  }
  return special;
}
