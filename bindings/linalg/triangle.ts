// A symmetric matrix of the rows of X in parts (core/parts.ts): each computes some of its rows from the
// diagonal on, and their mirror image.
//
//      ┌───────────┐
//      │ 0  right  │     part 0: the first rows, whole, and the columns below them;
//      │   ┌───────┤     part 1: the same of what is left, and so on
//      │ b │ 1     │
//      └───┴───────┘

import { COST, cut, divide, type Gather, type Parts } from "../core/parts.ts";
import type { Runtime } from "../core/runtime.ts";
import { emptyMatrix, pushEmpty, viewOf, type Matrix, type Placed } from "./matrix.ts";

/** First rows of such a matrix in wasm memory, and what else came of them. */
export interface PlacedRows<Note> {
  placed: Placed;
  note: Note;
}

type Rows = { data: Float64Array | Float32Array; stride: number };

/** What a part gives. */
export interface Share<Note> {
  right: Rows;
  below: Rows;
  note: Note;
}

/**
 * The symmetric n×n matrix of X (n×d), whose first rows `place` computes; undefined where splitting does not pay.
 * `entry`: what an entry takes besides d multiply-adds, in ns.
 * `argumentsFor`: what a share of rows i0 … i1 − 1 is given.
 */
export function* splitTriangle<Note>(
  rt: Runtime, parts: Parts, fn: string, share: string, X: Matrix, bytes: 8 | 4, entry: number,
  place: (rows: number) => PlacedRows<Note>,
  argumentsFor = (i0: number, i1: number): unknown[] => [sliceRows(X, i0, X.rows), i1 - i0],
): Gather<{ matrix: Matrix; cuts: number[]; notes: Note[] } | undefined> {
  const { rows: n, cols: d } = X;
  const copying = n * n * bytes * COST.copy;
  const work = ((n * n) / 2) * (d * COST.multiplyAdd[bytes] + entry) + copying;
  const sending = n * d * X.data.BYTES_PER_ELEMENT * COST.copy;
  const fractions = divide(parts.count, work, (count) => (1 - 1 / count) * copying + (count - 1) * sending);
  if (!fractions) return undefined;
  const matrix = emptyMatrix(fn, n, n, bytes);
  // what takes time is the area on and above the diagonal
  const cuts = cut(n, fractions, (area) => 1 - Math.sqrt(1 - area));
  for (let p = 1; p < cuts.length - 1; p++) parts.send(p, share, ...argumentsFor(cuts[p], cuts[p + 1]));

  const { data } = matrix;
  const join = (p: number, { right, below, note }: Share<Note>) => {
    const [i0, i1] = [cuts[p], cuts[p + 1]];
    for (let i = i0; i < i1; i++) data.set(rowOf(right, i - i0, n - i0), i * n + i0);
    for (let i = i1; i < n; i++) data.set(rowOf(below, i - i1, i1 - i0), i * n + i0);
    return note;
  };
  const own = rt.memory.scope(() => join(0, shareOf(rt, place(cuts[1]))));
  const others = (yield) as Share<Note>[];
  return { matrix, cuts, notes: [own, ...others.map((other, p) => join(p + 1, other))] };
}

/** The share of a part: that of `place`, out of wasm memory. */
export function pullShare<Note>(rt: Runtime, place: () => PlacedRows<Note>): Share<Note> {
  return rt.memory.scope(() => {
    const { right, below, note } = shareOf(rt, place());
    return { right: { ...right, data: right.data.slice() }, below: { ...below, data: below.data.slice() }, note };
  });
}

/** Views of wasm memory: the rows, and the mirror image of what is right of their square. */
function shareOf<Note>(rt: Runtime, { placed, note }: PlacedRows<Note>): Share<Note> {
  const { rows, cols, at, stride, bytes } = placed;
  const below = pushEmpty(rt, "a mirror image", cols - rows, rows, bytes);
  const transpose = bytes === 8 ? rt.kernels.transpose_f64 : rt.kernels.transpose_f32;
  rt.checkAborted(transpose(rows, cols - rows, at + rows * bytes, stride, below.at, below.stride));
  const view = (place: Placed): Rows => ({ data: viewOf(rt, place), stride: place.stride });
  return { right: view(placed), below: view(below), note };
}

function rowOf({ data, stride }: Rows, i: number, length: number): Float64Array | Float32Array {
  return data.subarray(i * stride, i * stride + length);
}

/** A copy of rows i0 … i1 − 1. */
export function sliceRows({ data, cols }: Matrix, i0: number, i1: number): Matrix {
  return { data: data.slice(i0 * cols, i1 * cols), rows: i1 - i0, cols };
}
