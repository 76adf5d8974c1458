// matmul and gram in parts (core/parts.ts): rows of the product.

import { cutEvenly, cutTriangle, type Gather, type Parts } from "../core/parts.ts";
import type { Runtime } from "../core/runtime.ts";
import { checkProduct, gram, matmul, placeGram, placeProduct, type MatmulOptions, type Product } from "./blas.ts";
import { pullMatrix, toMatrix, type Matrix, type MatrixLike } from "./matrix.ts";
import { joinTriangle, pullFirstRows, sliceRows, type FirstRows } from "./triangle.ts";

/** matmul, rows of op(A) in parts. */
export function* splitMatmul(
  rt: Runtime, parts: Parts, A: MatrixLike, B: MatrixLike, options: MatmulOptions = {},
): Gather<Matrix> {
  const product = checkProduct(A, B, options);
  const { a, b, m, n, transA, beta, out } = product;
  const inDoubt = beta !== 0 && !out!.data.every(Number.isFinite); // who computes all of it names the place
  if (!worthSplitting(product) || inDoubt) return matmul(rt, A, B, options);
  const cuts = cutEvenly(m, parts.count);
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
  for (let p = 1; p < parts.count; p++) parts.send(p, "multiply", share(p));
  const own = multiply(rt, share(0));
  const data = product.bytes === 8 ? new Float64Array(m * n) : new Float32Array(m * n);
  [own, ...((yield) as Matrix[])].forEach((part, p) => data.set(part.data, cuts[p] * n));
  // as in matmul: the first row and column tell of NaN and infinities in A and B
  for (let j = 0; j < n; j++) if (!Number.isFinite(data[j])) return matmul(rt, A, B, options);
  for (let i = 0; i < m; i++) if (!Number.isFinite(data[i * n])) return matmul(rt, A, B, options);
  return { data, rows: m, cols: n };
}

/** A share of matmul. */
export function multiply(rt: Runtime, product: Product): Matrix {
  return rt.memory.scope(() => pullMatrix(rt, placeProduct(rt, product).pc));
}

function sliceColumns({ data, rows, cols }: Matrix, j0: number, j1: number): Matrix {
  const slice = data.slice(0, rows * (j1 - j0));
  for (let i = 0; i < rows; i++) slice.set(data.subarray(i * cols + j0, i * cols + j1), i * (j1 - j0));
  return { data: slice, rows, cols: j1 - j0 };
}

/** gram, rows in parts. */
export function* splitGram(rt: Runtime, parts: Parts, X: MatrixLike): Gather<Matrix> {
  const x = toMatrix("gram", "X", X);
  const { rows: n, cols: k } = x;
  if (n * n * k < 1) return gram(rt, x);
  const cuts = cutTriangle(n, parts.count);
  for (let p = 1; p < parts.count; p++) parts.send(p, "gramRows", sliceRows(x, cuts[p], n), cuts[p + 1] - cuts[p]);
  const own = gramRows(rt, x, cuts[1]);
  const product = joinTriangle(cuts, [own, ...((yield) as FirstRows[])]);
  // as in gram: the diagonal tells of NaN and infinities in X
  for (let i = 0; i < n; i++) if (!Number.isFinite(product.data[i * (n + 1)])) return gram(rt, x);
  return product;
}

/** A share of gram. */
export function gramRows(rt: Runtime, x: Matrix, rows: number): FirstRows {
  return rt.memory.scope(() => pullFirstRows(rt, "gram", placeGram(rt, x, rows).pc));
}

function worthSplitting({ m, n, k, alpha }: Product): boolean {
  return m * n * k >= 1 && alpha !== 0;
}
