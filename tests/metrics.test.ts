// Numbers of a spectrum, on closed forms and against sums written out.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { detX, logAlphaNorm, matrixEntropy, matrixRank, stableRank } from "../bindings/weights/metrics.ts";
import { EPS } from "./harness.ts";

const near = (got: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(got - expected) <= tolerance * Math.max(1, Math.abs(expected)), `${got}, expected ${expected}`);

test("equal eigenvalues: stable rank and rank are n, entropy 1, no eigenvalue meets det X", () => {
  const equal = new Float64Array(7).fill(0.3);
  near(stableRank(equal), 7, 7 * EPS);
  assert.equal(matrixRank(equal, 20), 7);
  near(matrixEntropy(equal, 7), 1, 7 * EPS);
  assert.deepEqual(detX(equal), { count: 0, value: 0.3 });
});

test("rank one: stable rank 1, entropy 0; nothing: rank 0", () => {
  const one = Float64Array.of(0, 0, 1e-40, 4);
  assert.equal(stableRank(one), 1);
  assert.equal(matrixRank(one, 10), 1);
  assert.equal(matrixEntropy(one, 1), 0);
  assert.equal(matrixRank(new Float64Array(3), 10), 0);
  assert.equal(matrixRank([], 10), 0);
  assert.ok(Number.isNaN(stableRank(new Float64Array(3))));
});

test("rank: singular values at longer·eps·σ_max are none, those above are", () => {
  const tolerance = 50 * EPS * 2;
  assert.equal(matrixRank([(0.99 * tolerance) ** 2, (1.01 * tolerance) ** 2, 1, 4], 50), 3);
});

test("log₁₀ Σλ^α, also where λ^α is no number", () => {
  near(logAlphaNorm([1, 2, 3], 2), Math.log10(14), 4 * EPS);
  near(logAlphaNorm([1e-200, 1e200], 3), 600, 4 * EPS);
});

test("det X: the first product from the top that is below 1", () => {
  const ascending = fc.array(fc.double({ min: 0.01, max: 100, noNaN: true }), { minLength: 2, maxLength: 30 })
    .map((values) => values.sort((a, b) => a - b)).filter((values) => values[0]! < values.at(-1)!);
  fc.assert(fc.property(ascending, (values) => {
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    const product = (count: number) => values.slice(values.length - count).reduce((p, x) => p * (x / mean), 1);
    const { count, value } = detX(values);
    assert.equal(value, values[values.length - count]);
    assert.ok(product(count) < 1 + 1e-12);
    for (let fewer = 1; fewer < count; fewer++) assert.ok(product(fewer) >= 1 - 1e-12);
  }), { seed: 1 });
});

test("det X of thousands of eigenvalues, whose product no f64 holds", () => {
  const values = Float64Array.from({ length: 8000 }, (_, i) => (i < 4000 ? 1e-6 : 2));
  const { count } = detX(values);
  // 2/mean = 2, and the lower half falls by 1e-6 a step: 4000·ln 2/ln 1e6 = 200.7 of them
  assert.equal(count, 4201);
});
