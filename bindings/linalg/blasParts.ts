// matmul and gram in parts (core/parts.ts): rows of the product.

import { COST, cut, divide, type Gather, type Parts } from "../core/parts.ts";
import type { Runtime } from "../core/runtime.ts";
import { checkProduct, gram, matmul, placeGram, placeProduct, type MatmulOptions, type Product } from "./blas.ts";
import { emptyMatrix, pullMatrix, toMatrix, type Matrix, type MatrixLike } from "./matrix.ts";
import { pullShare, sliceRows, splitTriangle, type PlacedRows, type Share } from "./triangle.ts";

/** matmul, rows of op(A) in parts. */
export function* splitMatmul(
  rt: Runtime, parts: Parts, A: MatrixLike, B: MatrixLike, options: MatmulOptions = {},
): Gather<Matrix> {
  const product = checkProduct(A, B, options);
  const { a, b, m, n, transA, beta, out } = product;
  const fractions = worth(product, parts.count);
  const inDoubt = beta !== 0 && !out!.data.every(Number.isFinite); // who computes all of it names the place
  if (!fractions || inDoubt) return matmul(rt, A, B, options);
  const result = emptyMatrix("matmul", m, n, product.bytes);
  const cuts = cut(m, fractions);
  const share = (p: number): Product => {
    const [i0, i1] = [cuts[p], cuts[p + 1]];
    return {
      ...product,
      a: transA ? sliceColumns(a, i0, i1) : sliceRows(a, i0, i1),
      b: p === 0 ? b : { ...b, data: b.data.slice() },
      m: i1 - i0,
      out: beta === 0 ? undefined : sliceRows(out!, i0, i1),
    };
  };
  for (let p = 1; p < cuts.length - 1; p++) parts.send(p, "multiply", share(p));
  const { data } = result;
  multiply(rt, share(0), data.subarray(0, cuts[1] * n));
  const others = (yield) as Matrix[];
  others.forEach((other, p) => data.set(other.data, cuts[p + 1] * n));
  // as in matmul: the first row and column tell of NaN and infinities in A and B
  for (let j = 0; j < n; j++) if (!Number.isFinite(data[j])) return matmul(rt, A, B, options);
  for (let i = 0; i < m; i++) if (!Number.isFinite(data[i * n])) return matmul(rt, A, B, options);
  return result;
}

/** The cuts of op(A), as fractions of its rows. */
function worth({ a, b, m, n, k, alpha, beta, bytes }: Product, most: number): number[] | undefined {
  if ((bytes === 8 ? alpha : Math.fround(alpha)) === 0) return undefined; // A and B then have to be looked at
  const work = m * n * (k * COST.multiplyAdd[bytes] + bytes * COST.copy);
  const rows = a.data.byteLength + m * n * bytes * (beta === 0 ? 1 : 2);
  return divide(most, work, (count) => ((1 - 1 / count) * rows + (count - 1) * b.data.byteLength) * COST.copy);
}

/** A share of matmul; into `data` if given. */
export function multiply(rt: Runtime, product: Product, data?: Float64Array | Float32Array): Matrix {
  return rt.memory.scope(() => {
    const { pc } = placeProduct(rt, product);
    return pullMatrix(rt, pc, data && { data, rows: pc.rows, cols: pc.cols });
  });
}

function sliceColumns({ data, rows, cols }: Matrix, j0: number, j1: number): Matrix {
  const slice = data.slice(0, rows * (j1 - j0));
  for (let i = 0; i < rows; i++) slice.set(data.subarray(i * cols + j0, i * cols + j1), i * (j1 - j0));
  return { data: slice, rows, cols: j1 - j0 };
}

/** gram, rows in parts. */
export function* splitGram(rt: Runtime, parts: Parts, X: MatrixLike): Gather<Matrix> {
  const x = toMatrix("gram", "X", X);
  const bytes = x.data instanceof Float32Array ? 4 : 8;
  const split = yield* splitTriangle(rt, parts, "gram", "gramRows", x, bytes, 0, (rows) => placeRows(rt, x, rows));
  if (!split) return gram(rt, x);
  const { data } = split.matrix;
  // as in gram: the diagonal tells of NaN and infinities in X
  for (let i = 0; i < data.length; i += x.rows + 1) if (!Number.isFinite(data[i])) return gram(rt, x);
  return split.matrix;
}

/** A share of gram. */
export function gramRows(rt: Runtime, x: Matrix, rows: number): Share<undefined> {
  return pullShare(rt, () => placeRows(rt, x, rows));
}

function placeRows(rt: Runtime, x: Matrix, rows: number): PlacedRows<undefined> {
  return { placed: placeGram(rt, x, rows).pc, note: undefined };
}
