// Jacobi's methods: what every eigensolver and SVD must fulfil, and what only these do: small eigenvalues and
// singular values right to themselves. The fixtures were computed with 2500 digits.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createRuntime } from "../bindings/core/create.ts";
import type { Runtime } from "../bindings/core/runtime.ts";
import { eigh, eigvalsh } from "../bindings/linalg/eig.ts";
import { fromRows, matrix, type Matrix } from "../bindings/linalg/matrix.ts";
import { svd, svdvals } from "../bindings/linalg/svd.ts";
import { EPS, numbers, testEach } from "./harness.ts";
import { diagonal, fill, graded, hilbert, symmetric, transposed, withEigenvalues, withSingularValues } from "./matrices.ts";

type Dense = Matrix<Float64Array>;

/** Twice the smallest number: what the results of denormal matrices are rounded to. */
const DENORMAL = 1e-323;

const jacobi = { method: "jacobi" } as const;
const top = (x: ArrayLike<number>) => Array.from(x).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

function random(n: number, seed: number): Dense {
  const x = numbers(n * n, seed);
  return symmetric(n, (i, j) => x[i * n + j]!);
}

/** X·S·Xᵀ for a seeded X (n×k) and signs S. */
function product(n: number, k: number, sign: (t: number) => number, seed: number): Dense {
  const x = numbers(n * k, seed);
  return symmetric(n, (i, j) => {
    let sum = 0;
    for (let t = 0; t < k; t++) sum += x[i * k + t]! * x[j * k + t]! * sign(t);
    return sum;
  });
}

/** The columns are orthonormal: |XᵀX − I| ≤ c·n·eps. */
function assertOrthonormal(what: string, { rows, cols, data }: Matrix): void {
  for (let i = 0; i < cols; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = i === j ? -1 : 0;
      for (let k = 0; k < rows; k++) sum += data[k * cols + i]! * data[k * cols + j]!;
      if (!(Math.abs(sum) <= 4 * (rows + 4) * EPS)) assert.fail(`${what}: columns ${i} and ${j} have the product ${sum} too much`);
    }
  }
}

function assertClose(what: string, got: ArrayLike<number>, expected: ArrayLike<number>, limit: (k: number) => number): void {
  assert.equal(got.length, expected.length, what);
  for (let k = 0; k < got.length; k++) {
    if (!(Math.abs(got[k]! - expected[k]!) <= limit(k))) {
      assert.fail(`${what}: value ${k} is ${got[k]}, expected ${expected[k]} ± ${limit(k)}`);
    }
  }
}

function checkEigh(rt: Runtime, what: string, A: Dense): Float64Array {
  const n = A.rows;
  const { values, vectors, info } = eigh(rt, A, jacobi);
  assert.equal(info.method, "jacobi", what);
  assert.ok(info.converged);
  assertOrthonormal(what, vectors);
  const scale = top(A.data) || 1;
  const size = (top(values) || 1) / scale;
  for (let k = 0; k < n; k++) {
    if (k > 0) assert.ok(values[k]! >= values[k - 1]!, `${what}: value ${k} is out of order`);
    for (let i = 0; i < n; i++) {
      let sum = -(values[k]! / scale) * vectors.data[i * n + k]!;
      for (let j = 0; j < n; j++) sum += (A.data[i * n + j]! / scale) * vectors.data[j * n + k]!;
      if (!(Math.abs(sum) <= 4 * (n + 4) * EPS * size + DENORMAL / scale)) assert.fail(`${what}: A·v − λ·v is ${sum} at row ${i} of vector ${k}`);
    }
  }
  assertClose(`${what}: eigvalsh`, eigvalsh(rt, A, jacobi), values, () => 0);
  return values;
}

function checkSvd(rt: Runtime, what: string, A: Dense): Float64Array {
  const { rows: m, cols: n } = A;
  const k = Math.min(m, n);
  const scale = top(A.data) || 1;
  let values = new Float64Array();
  for (const want of ["thin", "full"] as const) {
    const { u, s, vt, info } = svd(rt, A, { ...jacobi, full: want === "full" });
    assert.deepEqual([u.rows, u.cols, vt.rows, vt.cols], want === "thin" ? [m, k, k, n] : [m, m, n, n], what);
    assert.equal(info.method, "jacobi");
    assertOrthonormal(`${what}, U ${want}`, u);
    assertOrthonormal(`${what}, V ${want}`, transposed(vt));
    const limit = 4 * (Math.max(m, n) + 4) * EPS * (s[0]! / scale || 1) + DENORMAL / scale;
    for (let t = 0; t < k; t++) assert.ok(s[t]! >= 0 && (t === 0 || s[t]! <= s[t - 1]!), `${what}: value ${t} is ${s[t]}`);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = -A.data[i * n + j]! / scale;
        for (let t = 0; t < k; t++) sum += u.data[i * u.cols + t]! * (s[t]! / scale) * vt.data[t * n + j]!;
        if (!(Math.abs(sum) <= limit)) assert.fail(`${what} ${want}: U·S·Vᵀ − A is ${sum} at (${i}, ${j})`);
      }
    }
    if (values.length) assertClose(`${what}: thin and full`, s, values, () => 0);
    values = s as Float64Array<ArrayBuffer>;
  }
  assertClose(`${what}: values alone`, svdvals(rt, A, jacobi), values, () => 4 * (Math.max(m, n) + 4) * EPS * values[0]!);
  return values;
}

testEach("eigh by Jacobi at all small sizes and block edges", (rt) => {
  for (const n of [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 48, 49, 64, 65]) {
    checkEigh(rt, `random ${n}`, random(n, n));
    checkEigh(rt, `positive definite ${n}`, product(n, 2 * n, () => 1, n));
  }
});

testEach("eigh by Jacobi of spectra that are hard", (rt) => {
  const n = 40;
  const cases: [string, number[] | Float64Array][] = [
    ["repeated", Array.from({ length: n }, (_, i) => i % 3)],
    ["one value", new Float64Array(n).fill(7)],
    ["opposite pairs", Array.from({ length: n }, (_, i) => (i % 2 ? 1 : -1) * (1 + (i >> 1)))],
    ["clustered", Array.from({ length: n }, (_, i) => 1 + (i % 5) * 1e-10 + (i > 20 ? 3 : 0))],
    ["graded", graded(n, 30)],
    ["graded, signs mixed", graded(n, 30).map((x, i) => (i % 3 ? x : -x))],
    ["1e300", graded(n, 3).map((x) => 1e300 * x)],
    ["1e-300", graded(n, 3).map((x) => 1e-300 * x)],
    ["denormal", graded(n, 1).map((x) => 1e-310 * x)],
  ];
  for (const [what, d] of cases) {
    const limit = 8 * n * (EPS * top(d) + DENORMAL);
    assertClose(what, checkEigh(rt, what, withEigenvalues(d, 5)), Float64Array.from(d).sort(), () => limit);
  }
  checkEigh(rt, "Hilbert", hilbert(20));
  checkEigh(rt, "Wilkinson", symmetric(41, (i, j) => (i === j ? Math.abs(i - 20) : j === i + 1 ? 1 : 0)));
  checkEigh(rt, "zero diagonal", symmetric(33, (i, j) => (i === j ? 0 : ((i * 7 + j * 3) % 11) - 5)));
  assert.deepEqual([...checkEigh(rt, "zero", matrix(5, 5))], [0, 0, 0, 0, 0]);
  assert.deepEqual([...checkEigh(rt, "diagonal", diagonal([4, -1, 0, 16]))], [-1, 0, 4, 16]);
  assert.deepEqual([...checkEigh(rt, "the smallest number", diagonal([5e-324, 0]))], [0, 5e-324]);
});

testEach("eigh by Jacobi of rank-deficient matrices: exact zeros, complete bases", (rt) => {
  for (const [n, k] of [[2, 1], [9, 3], [40, 17], [48, 47]] as const) {
    const values = checkEigh(rt, `rank ${k} of ${n}`, product(n, k, () => 1, n));
    for (let i = 0; i < n; i++) assert.equal(values[i]! === 0, i < n - k, `rank ${k} of ${n}: value ${i} is ${values[i]}`);
    checkEigh(rt, `indefinite, rank ${k} of ${n}`, product(n, k, (t) => (t % 2 ? -1 : 1), n));
  }
  assert.deepEqual([...checkEigh(rt, "ones", symmetric(6, () => 1))].map((x) => Math.round(x * 1e12) / 1e12), [0, 0, 0, 0, 0, 6]);
});

testEach("svd by Jacobi: tall, wide, square, thin, full", (rt) => {
  for (const [m, n] of [[1, 1], [1, 6], [6, 1], [2, 2], [3, 2], [2, 3], [8, 8], [17, 16], [16, 33], [33, 32], [48, 48], [65, 20], [20, 65]] as const) {
    const k = Math.min(m, n);
    checkSvd(rt, `random ${m}×${n}`, matrix(m, n, numbers(m * n, m + n)));
    for (const [what, sigma] of [
      ["graded", graded(k, 20)],
      ["repeated", Float64Array.from({ length: k }, (_, i) => (i < k / 2 ? 2 : 1))],
      ["rank-deficient", Float64Array.from({ length: k }, (_, i) => (i < k / 2 ? 1 : 0))],
      ["1e300", graded(k, 2).map((x) => 1e300 * x)],
      ["1e-300", graded(k, 2).map((x) => 1e-300 * x)],
      ["denormal", graded(k, 1).map((x) => 1e-310 * x)],
    ] as const) {
      const s = checkSvd(rt, `${what} ${m}×${n}`, withSingularValues(m, n, sigma, 3));
      assertClose(`${what} ${m}×${n}`, s, Float64Array.from(sigma).sort().reverse(), () => 8 * (m + n) * (EPS * sigma[0]! + DENORMAL));
    }
    assert.deepEqual([...checkSvd(rt, `zero ${m}×${n}`, matrix(m, n))], Array(k).fill(0));
    checkSvd(rt, `equal columns ${m}×${n}`, fill(m, n, (i) => i + 1));
    checkSvd(rt, `zero columns ${m}×${n}`, fill(m, n, (i, j) => (j % 2 ? 0 : Math.sin(i * n + j))));
  }
});

interface Fixture { name: string; a: number[][]; values: number[] }
interface Factors { name: string; b: number[][]; d: number[]; negated: number; values: number[] }
const fixtures: { eigh: Fixture[]; factors: Factors[]; svd: Fixture[] } = JSON.parse(
  readFileSync(new URL("fixtures/jacobi.json", import.meta.url), "utf8"),
);

testEach("eigh by Jacobi gets every eigenvalue of graded matrices right to itself", (rt) => {
  for (const { name, a, values } of fixtures.eigh) {
    const loss = name === "Hilbert" ? 1.5e10 : 4 * a.length; // its condition; that of the others but for D is small
    const got = checkEigh(rt, name, fromRows(a));
    assertClose(name, got, values, (k) => loss * EPS * Math.abs(values[k]!));
  }
});

test("the tridiagonal method does not, so the fixtures can tell", async () => {
  const rt = await createRuntime("test", { threads: 1, reproducible: true }, 1);
  try {
    const { a, values } = fixtures.eigh[0]!;
    const got = eigvalsh(rt, fromRows(a));
    assert.ok(Math.abs(got[0]! - values[0]!) > 1e6 * values[0]!);
  } finally {
    rt.close();
  }
});

testEach("svd by Jacobi gets every singular value of graded matrices right to itself", (rt) => {
  for (const { name, a, values } of fixtures.svd) {
    const got = checkSvd(rt, name, fromRows(a));
    assertClose(name, got, values, (k) => 4 * a.length * EPS * values[k]!);
    assertClose(`${name}, transposed`, svdvals(rt, transposed(fromRows(a)), jacobi), values, (k) => 4 * a.length * EPS * values[k]!);
  }
});

testEach("Jacobi after its head start gets every value right to itself", (rt) => {
  for (const { name, b, d, negated, values } of fixtures.factors) {
    const n = d.length;
    const got = name === "svd"
      ? checkSvd(rt, name, fill(b.length, n, (i, j) => b[i]![j]! * 2 ** d[j]!))
      : checkEigh(rt, name, symmetric(n, (i, j) => {
        const sum = b[i]!.reduce((sum, x, t) => sum + x * b[j]![t]!, 0);
        return (j < negated ? -sum : sum) * 2 ** (d[i]! + d[j]!);
      }));
    assertClose(name, got, values, (k) => 4 * n * EPS * Math.abs(values[k]!));
  }
});

testEach("eigh by Jacobi of a part of the spectrum", (rt) => {
  const A = random(20, 4);
  const all = eigh(rt, A, jacobi);
  const part = eigh(rt, A, { ...jacobi, subset: { index: [3, 7] } });
  assert.deepEqual([...part.values], [...all.values.slice(3, 7)]);
  assert.deepEqual([part.vectors.rows, part.vectors.cols], [20, 4]);
  for (let i = 0; i < 20; i++) for (let k = 0; k < 4; k++) assert.equal(part.vectors.data[i * 4 + k], all.vectors.data[i * 20 + 3 + k]);
  assert.deepEqual([...eigvalsh(rt, A, { ...jacobi, subset: { value: [-1, 1] } })], [...all.values].filter((x) => x > -1 && x <= 1));
});

testEach("Jacobi refuses what it can't do", (rt) => {
  const option = { code: "ERR_OPTION" };
  assert.throws(() => svd(rt, [[1]], { ...jacobi, dtype: "f32" }), { ...option, message: 'svd: dtype is "f32", method "jacobi" computes in f64' });
  assert.throws(() => svdvals(rt, [[1]], { ...jacobi, dtype: "f32" }), option);
  assert.throws(() => eigh(rt, [[1]], { ...jacobi, dtype: "f32" }), option);
  assert.throws(() => eigh(rt, [[1]], { method: "Jacobi" as "jacobi" }), option);
  assert.throws(() => eigh(rt, [[1, 2], [3, 4]], jacobi), { code: "ERR_NOT_SYMMETRIC" });
  assert.throws(() => eigh(rt, [[1, NaN], [NaN, 4]], jacobi), { code: "ERR_NOT_FINITE" });
  assert.throws(() => svd(rt, [], jacobi), { code: "ERR_SHAPE" });
  assert.throws(() => eigh(rt, [], jacobi), { code: "ERR_SHAPE" });
  assert.throws(() => eigh(rt, [[1]], { ...jacobi, subset: { index: [0, 2] } }), option);
});

test("Jacobi stops where it is told to, and gives its memory back", async () => {
  const rt = await createRuntime("test", { threads: 2, reproducible: true }, 1);
  try {
    const A = random(60, 1);
    const expected = eigh(rt, A, jacobi).values;
    svd(rt, A, jacobi);
    const bytes = rt.memory.wasm.buffer.byteLength;
    const word = () => rt.memory.i32(rt.kernels.abort_word(), 1);
    for (let round = 0; round < 20; round++) {
      word()[0] = 1;
      assert.throws(() => eigh(rt, A, jacobi), /aborted/);
      assert.throws(() => svd(rt, A, jacobi), /aborted/);
      word()[0] = 0;
    }
    assert.deepEqual([...eigh(rt, A, jacobi).values], [...expected]);
    svd(rt, A, jacobi);
    assert.equal(rt.memory.wasm.buffer.byteLength, bytes);
  } finally {
    rt.close();
  }
});

test("Jacobi gives the same bits on one thread and on more", async () => {
  const bits = new Map<string, string>();
  for (const threads of [1, 2, 3]) {
    const rt = await createRuntime("test", { threads, reproducible: true }, 1);
    try {
      const E = eigh(rt, random(100, 3), jacobi);
      const P = eigh(rt, product(100, 60, () => 1, 3), jacobi);
      const S = svd(rt, matrix(120, 90, numbers(120 * 90, 3)), { ...jacobi, full: true });
      Object.entries({ E: E.vectors.data, e: E.values, P: P.vectors.data, p: P.values, U: S.u.data, s: S.s, V: S.vt.data }).forEach(([name, data]) => {
        const seen = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64");
        if (!bits.has(name)) bits.set(name, seen);
        else assert.ok(bits.get(name) === seen, `${name} differs on ${threads} threads`);
      });
    } finally {
      rt.close();
    }
  }
});
