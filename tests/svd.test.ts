// Singular values and vectors of dense matrices: A = U·diag(s)·Vt with orthonormal U and Vt and the prescribed
// values, whatever the shape, the spectrum and the scale; and the same bits from any number of threads.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { createRuntime } from "../bindings/core/create.ts";
import type { Runtime } from "../bindings/core/runtime.ts";
import { cond, rank } from "../bindings/linalg/cond.ts";
import { fromRows, matrix, type Matrix } from "../bindings/linalg/matrix.ts";
import type { Dtype } from "../bindings/linalg/eig.ts";
import { svd, svdvals, type SvdOptions, type SvdResult } from "../bindings/linalg/svd.ts";
import { EPS, numbers, testEach } from "./harness.ts";
import { fill, graded, hilbert, transposed, withSingularValues } from "./matrices.ts";

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

/** That the columns of Q are orthonormal to within 4·n·u. */
function checkOrthonormal(name: string, Q: Matrix, u: number): void {
  const T = transposed(Q);
  for (let i = 0; i < Q.cols; i++) {
    for (let j = i; j < Q.cols; j++) {
      let dot = i === j ? -1 : 0;
      for (let k = 0; k < Q.rows; k++) dot += T.data[i * Q.rows + k]! * T.data[j * Q.rows + k]!;
      assert.ok(Math.abs(dot) <= 4 * Math.max(8, Q.rows) * u, `${name}: columns ${i} and ${j} are off by ${dot}`);
    }
  }
}

/** That svd decomposes A, agrees with the expected values, and has the shapes that it should have. */
function checkSvd(rt: Runtime, name: string, A: Matrix, expected: ArrayLike<number>, options: SvdOptions<Dtype> = {}): void {
  const { rows: m, cols: n } = A;
  const k = Math.min(m, n);
  const eps = options.dtype === "f32" ? F32 : EPS;
  const { u, s, vt, info } = svd(rt, A, options as SvdOptions<"f64">) as SvdResult<Dtype>;
  assert.deepEqual(info, { converged: true, method: "golub-kahan" });
  const shape = options.full ? [m, m, k, n, n] : [m, k, k, k, n];
  assert.deepEqual([u.rows, u.cols, s.length, vt.rows, vt.cols], shape, name);
  for (const { data } of [u, vt]) assert.equal(data.BYTES_PER_ELEMENT, options.dtype === "f32" ? 4 : 8, name);
  checkValues(name, A, s, expected, eps);
  checkOrthonormal(`${name}: u`, u, eps);
  checkOrthonormal(`${name}: vt`, transposed(vt), eps);
  const V = transposed(vt);
  const top = expected[0]! || 1;
  for (let i = 0; i < m; i++) {
    const row = new Float64Array(n);
    for (let r = 0; r < k; r++) {
      const factor = u.data[i * u.cols + r]! * (s[r]! / top);
      for (let j = 0; j < n; j++) row[j]! += factor * V.data[j * V.cols + r]!;
    }
    for (let j = 0; j < n; j++) {
      const error = Math.abs(row[j]! - A.data[i * n + j]! / top);
      assert.ok(error <= 4 * Math.max(8, m, n) * eps, `${name}: (${i}, ${j}) is off by ${error}`);
    }
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

testEach("svd decomposes any shape, thin and full", (rt) => {
  for (const [m, n] of SHAPES) {
    const sigma = descending(numbers(Math.min(m, n), m + n).map(Math.abs));
    const A = withSingularValues(m, n, sigma, 3);
    checkSvd(rt, `${m}×${n}`, A, sigma);
    if (m * n > 9000) continue;
    checkSvd(rt, `${m}×${n} full`, A, sigma, { full: true });
    checkSvd(rt, `${m}×${n} f32`, A, sigma, { dtype: "f32" });
    checkSvd(rt, `${m}×${n} f32 full`, A, sigma, { dtype: "f32", full: true });
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

testEach("svd decomposes whatever the values: u and vt are orthonormal where they are tiny, equal or zero", (rt) => {
  for (const [name, sigma] of SPECTRA) {
    const n = sigma.length;
    checkSvd(rt, name, withSingularValues(n, n, sigma, 11), sigma);
    checkSvd(rt, `${name}, tall`, withSingularValues(n + 7, n, sigma, 12), sigma);
    checkSvd(rt, `${name}, f32`, withSingularValues(n, n + 3, sigma, 13), sigma, { dtype: "f32" });
  }
});

testEach("svd of several merges, low rank between them", (rt) => {
  const n = 270;
  const sigma = Float64Array.from({ length: n }, (_, i) => (i < 200 ? 1 / (i + 1) : 0));
  checkSvd(rt, "harmonic", withSingularValues(n, n, sigma, 21), sigma);
  const spread = Float64Array.from({ length: n }, (_, i) => n - i);
  checkSvd(rt, "spread", withSingularValues(n, n, spread, 22), spread);
});

testEach("svdvals and svd at any scale, of zeros and of special forms", (rt) => {
  const sigma = descending(numbers(40, 5).map(Math.abs));
  const A = withSingularValues(50, 40, sigma, 5);
  for (const by of [1e300, 1e150, 1e-150, 1e-300]) {
    const scaled = svdvals(rt, matrix(50, 40, A.data.map((x) => x * by)));
    checkValues(`×${by}`, A, scaled.map((x) => x / by), sigma);
    checkSvd(rt, `svd ×${by}`, matrix(50, 40, A.data.map((x) => x * by)), sigma.map((x) => x * by));
  }
  const denormal = svdvals(rt, fill(12, 10, (i, j) => (i === j ? 5e-324 * (10 - i) : 0)));
  for (let i = 0; i < 10; i++) assert.ok(Math.abs(denormal[i]! - 5e-324 * (10 - i)) <= 5e-324, `denormal ${i}: ${denormal[i]}`);
  for (const [m, n] of [[1, 1], [4, 4], [20, 3], [3, 70]] as const) {
    assert.ok(svdvals(rt, matrix(m, n)).every((x) => x === 0), `${m}×${n} zeros`);
    for (const full of [false, true]) checkSvd(rt, `svd of ${m}×${n} zeros`, matrix(m, n), new Float64Array(Math.min(m, n)), { full });
  }
  // σ of the n×n matrix of ones below and on the diagonal: 1/(2·sin((2k − 1)·π/(4n + 2)))
  const n = 80;
  const ones = fill(n, n, (i, j) => (j <= i ? 1 : 0));
  const closed = Float64Array.from({ length: n }, (_, k) => 1 / (2 * Math.sin(((2 * k + 1) * Math.PI) / (4 * n + 2))));
  checkValues("ones", ones, svdvals(rt, ones), closed);
  checkSvd(rt, "svd of ones", ones, closed);
  const H = svdvals(rt, hilbert(12));
  assert.ok(Math.abs(H[0]! - 1.795372059561997) < 48 * EPS && H[11]! < 48 * EPS, `Hilbert: ${H[0]}, ${H[11]}`);
  const diagonal = fill(33, 33, (i, j) => (i === j ? (i % 5) - 2 : 0));
  checkValues("diagonal", diagonal, svdvals(rt, diagonal), descending(Float64Array.from({ length: 33 }, (_, i) => Math.abs((i % 5) - 2))));
});

testEach("svdvals and svd agree with LAPACK", (rt) => {
  const cases = JSON.parse(readFileSync(new URL("fixtures/svd.json", import.meta.url), "utf8")) as { a: number[][]; s: number[] }[];
  for (const [i, { a, s }] of cases.entries()) {
    checkValues(`case ${i}`, fromRows(a), svdvals(rt, a), s);
    checkSvd(rt, `case ${i}`, fromRows(a), s);
  }
});

testEach("svd decomposes any small matrix", (rt) => {
  const shape = fc.record({ m: fc.integer({ min: 1, max: 9 }), n: fc.integer({ min: 1, max: 9 }) });
  const exponent = fc.integer({ min: -320, max: 300 });
  const any = shape.chain(({ m, n }) =>
    fc.array(fc.tuple(fc.integer({ min: -9, max: 9 }), exponent), { minLength: m * n, maxLength: m * n })
      .map((x) => matrix(m, n, Float64Array.from(x, ([digit, power]) => digit * 10 ** power))),
  );
  const property = fc.property(any, fc.boolean(), (A, full) => checkSvd(rt, `${A.rows}×${A.cols}`, A, svdvals(rt, A), { full }));
  fc.assert(property, { numRuns: 50, seed: 1 });
});

testEach("cond and rank", (rt) => {
  const sigma = graded(20, 6);
  for (const [m, n] of [[20, 20], [30, 20], [20, 50]] as const) {
    const A = withSingularValues(m, n, sigma, 2);
    assert.ok(Math.abs(cond(rt, A) / 1e6 - 1) < 1e6 * 100 * EPS, `${m}×${n}: ${cond(rt, A)}`);
    assert.ok(Math.abs(cond(rt, A, -2) * 1e6 - 1) < 1e6 * 100 * EPS, `${m}×${n}: ${cond(rt, A, -2)}`);
    assert.equal(rank(rt, A), 20);
    assert.equal(rank(rt, A, { tol: 1.01e-3 }), 10);
    assert.equal(rank(rt, withSingularValues(m, n, sigma.map((x, i) => (i < 7 ? x : 0)), 2)), 7);
  }
  // [2 1; 1 1] has the inverse [1 −1; −1 2], and eigenvalues (3 ± √5)/2
  const B = [[2, 1], [1, 1]];
  for (const [p, expected] of [[1, 9], [-1, 4], [Infinity, 9], [-Infinity, 4], ["fro", 7], [2, (7 + 3 * Math.sqrt(5)) / 2]] as const) {
    assert.ok(Math.abs(cond(rt, B, p) - expected) < 100 * EPS, `${p}: ${cond(rt, B, p)}`);
  }
  for (const p of [1, "fro", Infinity] as const) assert.equal(cond(rt, [[1, 2], [0, 0]], p), Infinity);
  assert.ok(cond(rt, [[1, 2], [0, 0]]) > 1e15);
  assert.equal(cond(rt, [[0, 0], [0, 0]]), Infinity);
  assert.equal(rank(rt, [[0, 0, 0]]), 0);
  assert.throws(() => cond(rt, [[1, 2]], 1), { code: "ERR_SHAPE" });
  assert.throws(() => cond(rt, [[1]], 3 as 2), { code: "ERR_OPTION" });
  assert.throws(() => cond(rt, [[NaN]]), { code: "ERR_NOT_FINITE" });
  assert.throws(() => rank(rt, [[1]], { tol: NaN }), { code: "ERR_OPTION" });
  assert.throws(() => rank(rt, []), { code: "ERR_SHAPE" });
});

test("svdvals and svd give the same bits for any number of threads", async () => {
  const A = matrix(330, 300, numbers(330 * 300, 8));
  for (const dtype of ["f64", "f32"] as "f64"[]) {
    const bits: Buffer[] = [];
    for (const threads of [1, 2, 3]) {
      const rt = await createRuntime("test", { threads, reproducible: true }, 1);
      const { u, s, vt } = svd(rt, A, { dtype });
      bits.push(Buffer.concat([svdvals(rt, A, { dtype }), s, u.data, vt.data].map((x) => Buffer.from(x.buffer))));
      rt.close();
    }
    assert.ok(bits.every((b) => Buffer.compare(b, bits[0]!) === 0), dtype);
  }
});

test("svdvals and svd refuse what they cannot work with", async () => {
  const rt: Runtime = await createRuntime("test", { threads: 1 }, 1);
  const code = (code: string) => (error: Error & { code?: string }) => error.code === code;
  assert.throws(() => svdvals(rt, matrix(0, 3)), code("ERR_SHAPE"));
  assert.throws(() => svdvals(rt, [[1, NaN]]), { code: "ERR_NOT_FINITE", message: /row 1, column 2/ });
  assert.throws(() => svdvals(rt, [[1]], { method: "qr" as "auto" }), code("ERR_OPTION"));
  assert.throws(() => svdvals(rt, [[1]], { dtype: "f16" as "f32" }), code("ERR_OPTION"));
  assert.throws(() => svd(rt, [[]]), code("ERR_SHAPE"));
  assert.throws(() => svd(rt, [[1], [Infinity]]), { code: "ERR_NOT_FINITE", message: /row 2, column 1/ });
  assert.throws(() => svd(rt, [[1]], { full: 1 as unknown as boolean }), code("ERR_OPTION"));
  rt.close();
});
