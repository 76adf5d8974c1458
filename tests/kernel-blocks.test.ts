// Kernel matrices and products of more than one block, tile and pass: the same entries and sums as anywhere else.

import assert from "node:assert/strict";
import type { Kernel } from "../bindings/kernels/descriptions.ts";
import { matrix, multiply } from "../bindings/kernels/matrix.ts";
import { matmul } from "../bindings/linalg/blas.ts";
import type { Matrix } from "../bindings/linalg/matrix.ts";
import type { Runtime } from "../bindings/core/runtime.ts";
import { kernels } from "../bindings/sync.ts";
import { EPS, numbers, testEach } from "./harness.ts";

const random = (rows: number, cols: number, seed: number): Matrix<Float64Array> => ({ data: numbers(rows * cols, seed), rows, cols });
const laplacian = kernels.laplacian({ bandwidth: 2 });

function assertEqual(A: Float64Array, B: Float64Array, what: string): void {
  assert.equal(A.length, B.length);
  assert.equal(A.findIndex((a, i) => a !== B[i]), -1, what);
}

const seen = new Map<string, Float64Array>();
/** Threads make no difference, nor does anything else but fused multiply-adds. */
function assertSameAsBefore(rt: Runtime, what: string, { data }: Matrix<Float64Array>): void {
  const key = `${what} ${/relaxed/.test(rt.binary.variant)}`;
  const before = seen.get(key);
  if (before) assertEqual(data, before, `${what} differs between numbers of threads`);
  else seen.set(key, data);
}

for (const [n, d, kernel] of [
  [2100, 3, laplacian],
  [101, 2600, kernels.gaussian({ bandwidth: 60 })],
  [500, 1, kernels.arccos({ order: 1, bias: 1 })],
  [1, 4, laplacian],
] as [number, number, Kernel][]) {
  testEach(`${kernel.kind} of ${n}×${d}: rows, columns and the whole have the same entries`, (rt) => {
    const X = random(n, d, 1);
    const K = matrix(rt, kernel, X);
    assertSameAsBefore(rt, `matrix ${n}×${d}`, K);
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) if (K.data[i * n + j] !== K.data[j * n + i]) assert.fail(`${i}, ${j}`);
    const few = Math.min(n, 31);
    const Z = { data: X.data.slice((n - few) * d), rows: few, cols: d };
    const right = matrix(rt, kernel, X, Z);
    const below = matrix(rt, kernel, Z, X);
    for (let i = 0; i < n; i++) {
      const row = K.data.subarray((i + 1) * n - few, (i + 1) * n);
      // the diagonal block may differ in the last places: its entries are those of the other triangle
      const alike = (a: number, b: number) => (i < n - few ? a === b : Math.abs(a - b) <= 64 * EPS * Math.abs(a));
      assert.ok(right.data.subarray(i * few, (i + 1) * few).every((x, j) => alike(x, row[j]!)), `row ${i}`);
      for (let j = 0; j < few; j++) assert.ok(Math.abs(below.data[j * n + i]! - row[j]!) <= (d + 64) * EPS * Math.abs(row[j]!));
    }
  });

  testEach(`${kernel.kind} of ${n}×${d}: products with one and more columns`, (rt) => {
    const X = random(n, d, 1);
    const Z = random(777, d, 2);
    const K = matrix(rt, kernel, X);
    const cross = matrix(rt, kernel, X, Z);
    const largest = Math.max(...K.data.subarray(0, n * n).filter((_, i) => i % (n + 1) === 0));
    for (const columns of [1, 9]) {
      const V = random(n, columns, 3);
      const W = random(777, columns, 4);
      for (const [product, expected, size] of [
        [multiply(rt, kernel, X, null, V), matmul(rt, K, V), n], [multiply(rt, kernel, X, Z, W), matmul(rt, cross, W), 777],
      ] as [Matrix<Float64Array>, Matrix<Float64Array>, number][]) {
        assertSameAsBefore(rt, `product ${n}×${d}×${columns}, ${size}`, product);
        const bound = (size + d) * EPS * size * largest;
        assert.ok(product.data.every((x, i) => Math.abs(x - expected.data[i]!) <= bound));
      }
    }
  });
}

testEach("a product with very many columns", (rt) => {
  const [n, columns] = [250, 12_000];
  const X = random(n, 2, 5);
  const V = random(n, columns, 6);
  const product = multiply(rt, laplacian, X, null, V);
  const expected = matmul(rt, matrix(rt, laplacian, X), V);
  assert.ok(product.data.every((x, i) => Math.abs(x - expected.data[i]!) <= n * n * EPS));
});
