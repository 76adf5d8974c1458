// What singular values say of a matrix: its condition number and its rank.

import { OptionError, ShapeError, SingularError } from "../errors.ts";
import type { Runtime } from "../core/runtime.ts";
import { toMatrix, type MatrixLike } from "./matrix.ts";
import { norm, type NormOrder } from "./norm.ts";
import { inv } from "./solve.ts";
import { svdvals } from "./svd.ts";

/** In which norm: 2 for σ_max/σ_min, −2 for σ_min/σ_max, or a norm of A times that of its inverse. */
export type CondOrder = 2 | -2 | Exclude<NormOrder, "max">;

/**
 * The condition number of A in the norm p; A must be square for other p than ±2. Infinity where A is
 * singular, or so near that `inv` refuses it.
 */
export function cond(rt: Runtime, A: MatrixLike, p: CondOrder = 2): number {
  const a = toMatrix("cond", "A", A);
  if (!([2, -2, "fro", 1, -1, Infinity, -Infinity] as unknown[]).includes(p)) {
    throw new OptionError(`cond: p is ${String(p)}, expected 2, -2, "fro", 1, -1, Infinity or -Infinity`);
  }
  if (a.rows === 0 || a.cols === 0) throw new ShapeError(`cond: A is ${a.rows}×${a.cols}, it must have at least one row and column`);
  if (p === 2 || p === -2) {
    const s = svdvals(rt, a);
    const [largest, smallest] = [s[0]!, s[s.length - 1]!];
    if (largest === 0) return Infinity;
    return p === 2 ? largest / smallest : smallest / largest;
  }
  if (a.rows !== a.cols) throw new ShapeError(`cond: A is ${a.rows}×${a.cols}, it must be square for p = ${p}`);
  const size = norm(rt, a, p);
  try {
    return size * norm(rt, inv(rt, a), p);
  } catch (error) {
    if (error instanceof SingularError) return Infinity;
    throw error;
  }
}

export interface RankOptions {
  /** Singular values up to this count as zero. Default: max(m, n)·eps·σ_max. */
  tol?: number;
}

/** The number of singular values of A (m×n) above `tol`. */
export function rank(rt: Runtime, A: MatrixLike, options: RankOptions = {}): number {
  const a = toMatrix("rank", "A", A);
  const { tol } = options;
  if (tol !== undefined && !(tol >= 0)) throw new OptionError(`rank: tol is ${tol}, expected a number ≥ 0`);
  if (a.rows === 0 || a.cols === 0) throw new ShapeError(`rank: A is ${a.rows}×${a.cols}, it must have at least one row and column`);
  const s = svdvals(rt, a);
  const zero = tol ?? Math.max(a.rows, a.cols) * Number.EPSILON * s[0]!;
  let count = 0;
  while (count < s.length && s[count]! > zero) count++;
  return count;
}
