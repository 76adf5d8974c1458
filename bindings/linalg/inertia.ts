// inertia: how many eigenvalues lie on either side of a shift, without computing one.

import { OptionError, ShapeError } from "../errors.ts";
import type { Runtime } from "../core/runtime.ts";
import { pushSymmetric, toSquare, type MatrixLike } from "./matrix.ts";
import { extremeExponent, largestOf, scalePlaced, timesPowerOfTwo } from "./scale.ts";

export interface Inertia {
  /** Eigenvalues of A below the shift. */
  negative: number;
  /** Eigenvalues equal to the shift: pivots that are exactly zero. */
  zero: number;
  /** Eigenvalues above the shift. */
  positive: number;
}

/**
 * The signs of the eigenvalues of A − shift·I, A symmetric: by Sylvester's law those of D in its
 * factorization Uᵀ·D·U with rook pivoting. Costs a sixth of the product A·A.
 *
 * The counts are exact for a matrix within c·n·eps·(‖A‖ + |shift|) of A, c of order 1. They are those of
 * A if no eigenvalue is that near to the shift; one that is may be counted on either side, and seldom
 * as zero.
 */
export function inertia(rt: Runtime, A: MatrixLike, shift = 0): Inertia {
  const given = toSquare("inertia", "A", A);
  if (!Number.isFinite(shift)) throw new OptionError(`inertia: shift is ${shift}, expected a finite number`);
  const n = given.rows;
  if (n === 0) throw new ShapeError("inertia: A is 0×0, it must have at least one row");
  return rt.memory.scope(() => {
    const { kernels, memory } = rt;
    const placed = pushSymmetric(rt, "inertia", "A", given);
    const e = extremeExponent(Math.max(largestOf(given.data), Math.abs(shift)));
    scalePlaced(rt, placed, -e);
    const scaledShift = timesPowerOfTwo(shift, -e);
    const view = memory.f64(placed.at, n * placed.stride);
    for (let i = 0; i < n; i++) view[i * (placed.stride + 1)]! -= scaledShift;
    const d = memory.push(8 * n, "inertia: workspace");
    const beside = memory.push(8 * n, "inertia: workspace");
    const swaps = memory.push(4 * n, "inertia: workspace");
    const counts = memory.push(12, "inertia: workspace");
    const work = memory.push(kernels.ldl_work_f64(n), "inertia: workspace");
    rt.checkAborted(kernels.ldl_f64(n, placed.at, placed.stride, d, beside, swaps, 0, 1, work));
    kernels.ldl_inertia_f64(n, d, beside, counts);
    const [negative, zero, positive] = memory.i32(counts, 3) as unknown as [number, number, number];
    return { negative, zero, positive };
  });
}
