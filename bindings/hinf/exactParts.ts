// hinf.exact in parts (core/parts.ts): rows of H∞ from the diagonal on.

import { cutTriangle, type Gather, type Parts } from "../core/parts.ts";
import type { Runtime } from "../core/runtime.ts";
import { toMatrix, type Matrix, type MatrixLike } from "../linalg/matrix.ts";
import { joinTriangle, pullFirstRows, sliceRows, type FirstRows } from "../linalg/triangle.ts";
import { assertNoOverflow, exact, placeExact, type ExactHinf, type SpecialRows } from "./exact.ts";

interface Share {
  rows: FirstRows;
  special: SpecialRows;
}

/** hinf.exact in parts. Part 0 sees all of X, and refuses what can't be. */
export function* splitExact(rt: Runtime, parts: Parts, X: MatrixLike): Gather<ExactHinf> {
  const given = toMatrix("hinf.exact", "X", X);
  const { rows: n, cols: d } = given;
  if (n * n * d < 1) return exact(rt, X);
  const cuts = cutTriangle(n, parts.count);
  for (let p = 1; p < parts.count; p++) parts.send(p, "firstRows", sliceRows(given, cuts[p], n), cuts[p + 1] - cuts[p]);
  const own = firstRows(rt, given, cuts[1]);
  const shares = [own, ...((yield) as Share[])];
  const matrix = joinTriangle(cuts, shares.map(({ rows }) => rows)) as Matrix<Float64Array>;
  return {
    matrix: assertNoOverflow(matrix),
    parallelRows: joinPairs(cuts, shares.map(({ special }) => special.parallelRows)),
    oppositeRows: joinPairs(cuts, shares.map(({ special }) => special.oppositeRows)),
    zeroRows: own.special.zeroRows,
  };
}

/** A share of hinf.exact: the first `rows` rows of H∞ of X. */
export function firstRows(rt: Runtime, X: Matrix, rows: number): Share {
  return rt.memory.scope(() => {
    const { placed, special } = placeExact(rt, "hinf.exact", X, 0, rows);
    return { rows: pullFirstRows(rt, "hinf.exact", placed), special };
  });
}

/** Of each row j the pair with the first row i, in the order of j. */
function joinPairs(cuts: number[], parts: [number, number][][]): [number, number][] {
  const first = new Map<number, number>();
  parts.forEach((pairs, p) => {
    for (const [i, j] of pairs) if (!first.has(j + cuts[p])) first.set(j + cuts[p], i + cuts[p]);
  });
  return [...first].map(([j, i]): [number, number] => [i, j]).sort(([, j], [, k]) => j - k);
}
