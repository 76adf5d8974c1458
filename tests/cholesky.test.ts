// Cholesky: |L·Lᵀ − A| ≤ γ_{n+1}·|L|·|L|ᵀ, which the certificate is built on; failing pivots; the same
// bits from any number of threads.

import assert from "node:assert/strict";
import { cholesky } from "../bindings/linalg/cholesky.ts";
import { matrix } from "../bindings/linalg/matrix.ts";
import type { Runtime } from "../bindings/core/runtime.ts";
import { EPS, numbers, testEach } from "./harness.ts";

const SIZES = [1, 2, 3, 4, 5, 7, 31, 33, 64, 95, 96, 97, 98, 129, 193, 230];

/** B·Bᵀ of n×k numbers, exactly symmetric. */
function gram(n: number, k: number, seed: number) {
  const B = numbers(n * k, seed);
  const A = matrix(n, n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let p = 0; p < k; p++) sum += B[i * k + p]! * B[j * k + p]!;
      A.data[i * n + j] = A.data[j * n + i] = sum;
    }
  }
  return A;
}

const bits = new Map<string, Float64Array>();

testEach("cholesky: residual within the proved bound, zeros above the diagonal, equal bits", (rt) => {
  for (const n of SIZES) {
    const A = gram(n, n + 3, n);
    const before = A.data.slice();
    const { data: l } = cholesky(rt, A);
    assert.deepEqual(A.data, before, "the input is left as it is");
    const gamma = ((n + 1) * EPS) / 2 / (1 - ((n + 1) * EPS) / 2);
    for (let i = 0; i < n; i++) {
      assert.ok(l[i * n + i]! > 0);
      for (let j = 0; j < n; j++) {
        if (j > i) {
          assert.equal(l[i * n + j], 0);
          continue;
        }
        let sum: number = -A.data[i * n + j]!;
        let size = 0;
        for (let k = 0; k <= j; k++) {
          sum += l[i * n + k]! * l[j * n + k]!;
          size += Math.abs(l[i * n + k]! * l[j * n + k]!);
        }
        // the check rounds as much as the factorization
        const limit = 2 * gamma * size;
        if (!(Math.abs(sum) <= limit)) assert.fail(`n = ${n}, (${i}, ${j}): off by ${Math.abs(sum)}, allowed ${limit}`);
      }
    }
    const key = `${rt.binary.variant.startsWith("relaxed")} ${n}`;
    if (!bits.has(key)) bits.set(key, l);
    assert.deepEqual(l, bits.get(key));
  }
});

testEach("cholesky: the pivot that fails, from 1", (rt) => {
  for (const n of [1, 4, 50, 96, 97, 150]) {
    for (const pivot of new Set([1, Math.ceil(n / 2), n])) {
      // L·D·Lᵀ with whole numbers: every step is exact, pivot k is D's element k
      const A = matrix(n, n);
      const d = (k: number) => (k + 1 === pivot ? -1 : 4);
      const l = (i: number, k: number) => (i === k ? 1 : (i * 7 + k * 3) % 3 - 1);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) for (let k = 0; k <= Math.min(i, j); k++) A.data[i * n + j]! += l(i, k) * d(k) * l(j, k);
      }
      assert.throws(() => cholesky(rt, A), { code: "ERR_NOT_POSITIVE_DEFINITE", message: new RegExp(`pivot ${pivot} of ${n} `) });
    }
  }
  assert.throws(() => cholesky(rt, [[0, 0], [0, 1]]), { message: /pivot 1 / });
  assert.throws(() => cholesky(rt, [[1, 1], [1, 1]]), { message: /pivot 2 / });
});

testEach("cholesky: shapes and numbers it refuses", (rt: Runtime) => {
  assert.throws(() => cholesky(rt, matrix(2, 3)), { code: "ERR_SHAPE", message: /^cholesky: A is 2×3/ });
  assert.throws(() => cholesky(rt, [[1, 2], [3, 4]]), { code: "ERR_NOT_SYMMETRIC" });
  assert.throws(() => cholesky(rt, [[1, NaN], [NaN, 4]]), { code: "ERR_NOT_FINITE" });
  assert.deepEqual(cholesky(rt, matrix(0, 0)).data, new Float64Array(0));
});
