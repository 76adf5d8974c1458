// Singular values of dense matrices: those prescribed, whatever the shape, the spectrum and the scale; and
// the same bits from any number of threads.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createRuntime } from "../bindings/core/create.ts";
import type { Runtime } from "../bindings/core/runtime.ts";
import { matrix, type Matrix } from "../bindings/linalg/matrix.ts";
import { svdvals } from "../bindings/linalg/svd.ts";
import { EPS, numbers, testEach } from "./harness.ts";
import { fill, graded, hilbert, withSingularValues } from "./matrices.ts";

const F32 = 2 ** -24;

const descending = (x: ArrayLike<number>) => Float64Array.from(x).sort((a, b) => b - a);

/** That s descends and is `expected` to within c·max(m, n)·u·‖A‖. */
function checkValues(name: string, A: Matrix, s: Float64Array | Float32Array, expected: ArrayLike<number>, u = EPS): void {
  const size = Math.max(A.rows, A.cols);
  assert.equal(s.length, Math.min(A.rows, A.cols), name);
  for (let i = 0; i < s.length; i++) {
    assert.ok(s[i]! >= 0 && (i === 0 || s[i]! <= s[i - 1]!), `${name}: value ${i} is ${s[i]} after ${s[i - 1]}`);
    const error = Math.abs(s[i]! - expected[i]!);
    assert.ok(error <= 4 * size * u * expected[0]!, `${name}: value ${i} is ${s[i]}, expected ${expected[i]}`);
  }
}

// around the units of 8, the panels of 16, the parts and chunks
const SHAPES = [
  [1, 1], [2, 1], [1, 3], [2, 2], [3, 2], [3, 3], [5, 4], [7, 8], [8, 8], [9, 8], [15, 15], [16, 16], [17, 17], [16, 18], [31, 33],
  [40, 5], [5, 40], [64, 64], [65, 63], [130, 100], [257, 129], [200, 300],
] as const;

testEach("svdvals finds prescribed values in any shape", (rt) => {
  for (const [m, n] of SHAPES) {
    const sigma = descending(numbers(Math.min(m, n), m + n).map(Math.abs));
    const A = withSingularValues(m, n, sigma, 3);
    checkValues(`${m}×${n}`, A, svdvals(rt, A), sigma);
    checkValues(`${m}×${n} f32`, A, svdvals(rt, A, { dtype: "f32" }), sigma, F32);
  }
});

const SPECTRA: [name: string, sigma: ArrayLike<number>][] = [
  ["graded", graded(90, 20)],
  ["graded to denormals", graded(60, 310)],
  ["repeated", Float64Array.from({ length: 90 }, (_, i) => 3 - Math.floor(i / 30))],
  ["clustered", Float64Array.from({ length: 90 }, (_, i) => 1 + (90 - i) * 1e-14)],
  ["all equal", new Float64Array(70).fill(2)],
  ["rank one", Float64Array.from({ length: 50 }, (_, i) => (i === 0 ? 5 : 0))],
  ["rank-deficient", Float64Array.from({ length: 90 }, (_, i) => Math.max(0, 60 - i))],
  ["one small", Float64Array.from({ length: 40 }, (_, i) => (i < 39 ? 1 : 1e-15))],
];

testEach("svdvals finds graded, repeated, clustered and missing values", (rt) => {
  for (const [name, sigma] of SPECTRA) {
    const n = sigma.length;
    for (const m of [n, n + 7, 2 * n]) {
      const A = withSingularValues(m, n, sigma, 11);
      checkValues(`${name}, ${m}`, A, svdvals(rt, A), sigma);
      checkValues(`${name}, ${m} f32`, A, svdvals(rt, A, { dtype: "f32" }), sigma, F32);
    }
  }
});

testEach("svdvals at any scale, of zeros and of special forms", (rt) => {
  const sigma = descending(numbers(40, 5).map(Math.abs));
  const A = withSingularValues(50, 40, sigma, 5);
  for (const by of [1e300, 1e150, 1e-150, 1e-300]) {
    const scaled = svdvals(rt, matrix(50, 40, A.data.map((x) => x * by)));
    checkValues(`×${by}`, A, scaled.map((x) => x / by), sigma);
  }
  const denormal = svdvals(rt, fill(12, 10, (i, j) => (i === j ? 5e-324 * (10 - i) : 0)));
  for (let i = 0; i < 10; i++) assert.ok(Math.abs(denormal[i]! - 5e-324 * (10 - i)) <= 5e-324, `denormal ${i}: ${denormal[i]}`);
  for (const [m, n] of [[1, 1], [4, 4], [20, 3], [3, 70]] as const) {
    assert.ok(svdvals(rt, matrix(m, n)).every((x) => x === 0), `${m}×${n} zeros`);
  }
  // σ of the n×n matrix of ones below and on the diagonal: 1/(2·sin((2k − 1)·π/(4n + 2)))
  const n = 80;
  const ones = fill(n, n, (i, j) => (j <= i ? 1 : 0));
  const closed = Float64Array.from({ length: n }, (_, k) => 1 / (2 * Math.sin(((2 * k + 1) * Math.PI) / (4 * n + 2))));
  checkValues("ones", ones, svdvals(rt, ones), closed);
  const H = svdvals(rt, hilbert(12));
  assert.ok(Math.abs(H[0]! - 1.795372059561997) < 48 * EPS && H[11]! < 48 * EPS, `Hilbert: ${H[0]}, ${H[11]}`);
  const diagonal = fill(33, 33, (i, j) => (i === j ? (i % 5) - 2 : 0));
  checkValues("diagonal", diagonal, svdvals(rt, diagonal), descending(Float64Array.from({ length: 33 }, (_, i) => Math.abs((i % 5) - 2))));
});

test("svdvals gives the same bits for any number of threads", async () => {
  const A = matrix(330, 300, numbers(330 * 300, 8));
  for (const dtype of ["f64", "f32"] as const) {
    const bits: Buffer[] = [];
    for (const threads of [1, 2, 3]) {
      const rt = await createRuntime("test", { threads, reproducible: true }, 1);
      bits.push(Buffer.from(svdvals(rt, A, { dtype }).buffer));
      rt.close();
    }
    assert.ok(bits.every((b) => Buffer.compare(b, bits[0]!) === 0), dtype);
  }
});

test("svdvals refuses what it cannot work with", async () => {
  const rt: Runtime = await createRuntime("test", { threads: 1 }, 1);
  const code = (code: string) => (error: Error & { code?: string }) => error.code === code;
  assert.throws(() => svdvals(rt, matrix(0, 3)), code("ERR_SHAPE"));
  assert.throws(() => svdvals(rt, [[1, NaN]]), { code: "ERR_NOT_FINITE", message: /row 1, column 2/ });
  assert.throws(() => svdvals(rt, [[1]], { method: "qr" as "auto" }), code("ERR_OPTION"));
  assert.throws(() => svdvals(rt, [[1]], { dtype: "f16" as "f32" }), code("ERR_OPTION"));
  rt.close();
});
