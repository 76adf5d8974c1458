// hinf.exact in parts (core/parts.ts): rows of H∞ from the diagonal on.

import { COST, type Gather, type Parts } from "../core/parts.ts";
import type { Runtime } from "../core/runtime.ts";
import { toMatrix, type Matrix, type MatrixLike } from "../linalg/matrix.ts";
import { pullShare, splitTriangle, type PlacedRows, type Share } from "../linalg/triangle.ts";
import { assertNoOverflow, exact, placeExact, type ExactHinf, type SpecialRows } from "./exact.ts";

/** hinf.exact in parts. Part 0 sees all of X, and refuses what can't be. */
export function* splitExact(rt: Runtime, parts: Parts, X: MatrixLike): Gather<ExactHinf> {
  const given = toMatrix("hinf.exact", "X", X);
  const split = yield* splitTriangle(
    rt, parts, "hinf.exact", "exactRows", given, 8, COST.map, (rows) => placeRows(rt, given, rows),
  );
  if (!split) return exact(rt, given);
  const { cuts, notes } = split;
  return {
    matrix: assertNoOverflow(split.matrix as Matrix<Float64Array>),
    parallelRows: joinPairs(cuts, notes.map(({ parallelRows }) => parallelRows)),
    oppositeRows: joinPairs(cuts, notes.map(({ oppositeRows }) => oppositeRows)),
    zeroRows: notes[0].zeroRows,
  };
}

/** A share of hinf.exact. */
export function exactRows(rt: Runtime, X: Matrix, rows: number): Share<SpecialRows> {
  return pullShare(rt, () => placeRows(rt, X, rows));
}

function placeRows(rt: Runtime, X: Matrix, rows: number): PlacedRows<SpecialRows> {
  const { placed, special } = placeExact(rt, "hinf.exact", X, 0, rows);
  return { placed, note: special };
}

/** Of each row j the pair with the first row i, in the order of j; part p counts rows from cuts[p] on. */
function joinPairs(cuts: number[], parts: [number, number][][]): [number, number][] {
  const first = new Map<number, number>();
  parts.forEach((pairs, p) => {
    for (const [i, j] of pairs) if (!first.has(j + cuts[p])) first.set(j + cuts[p], i + cuts[p]);
  });
  return [...first].map(([j, i]): [number, number] => [i, j]).sort(([, j], [, k]) => j - k);
}
