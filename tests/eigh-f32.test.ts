// Symmetric eigenproblems in f32: residual, orthogonality and values to within c·n·eps of f32, whatever the
// spectrum and the size; a subset is the same to the last bit, as is the result of any number of threads.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createRuntime } from "../bindings/core/create.ts";
import type { Runtime } from "../bindings/core/runtime.ts";
import { eigh, eigvalsh } from "../bindings/linalg/eig.ts";
import { matrix, type Matrix } from "../bindings/linalg/matrix.ts";
import { norm1, numbers, testEach } from "./harness.ts";

const EPS32 = 2 ** -23;
const dtype = "f32";

/** The symmetric matrix with these entries, i ≤ j, rounded to f32. */
function symmetric(n: number, entry: (i: number, j: number) => number): Matrix<Float32Array> {
  const data = new Float32Array(n * n);
  for (let i = 0; i < n; i++) for (let j = i; j < n; j++) data[i * n + j] = data[j * n + i] = entry(i, j);
  return matrix(n, n, data);
}

function random(n: number, seed: number, scale = 1): Matrix<Float32Array> {
  const x = numbers(n * n, seed);
  return symmetric(n, (i, j) => scale * x[i * n + j]!);
}

/** Residual, orthogonality (of the columns that `step` leaves), order, and the values of f64. */
function check(rt: Runtime, name: string, A: Matrix<Float32Array>, step = 1): void {
  const n = A.rows;
  const { values, vectors, info } = eigh(rt, A, { dtype });
  assert.deepEqual(info, { converged: true, method: "tridiagonal" });
  assert.ok(values instanceof Float32Array && vectors.data instanceof Float32Array);
  assert.deepEqual([values.length, vectors.rows, vectors.cols], [n, n, n]);
  const V = vectors.data;
  const norm = norm1(n, n, A.data) || 1;
  for (let k = 0; k < n; k += step) {
    if (k > 0) assert.ok(values[k]! >= values[k - 1]!, `${name}: values ${k - 1} and ${k} are out of order`);
    for (let i = 0; i < n; i++) {
      let residual = -values[k]! * V[i * n + k]!;
      let product = i === k ? -1 : 0;
      for (let j = 0; j < n; j++) {
        residual += A.data[i * n + j]! * V[j * n + k]!;
        product += V[j * n + i]! * V[j * n + k]!;
      }
      if (!(Math.abs(residual) <= 4 * n * EPS32 * norm)) assert.fail(`${name}: A·v − λ·v is ${residual} at row ${i} of vector ${k}`);
      if (!(Math.abs(product) <= 4 * n * EPS32)) assert.fail(`${name}: vectors ${i} and ${k} have the product ${product} too much`);
    }
  }
  const own = eigvalsh(rt, A, { dtype });
  const right = eigvalsh(rt, A);
  assert.ok(own instanceof Float32Array);
  for (let k = 0; k < n; k++) {
    for (const [what, value] of [["eigh", values[k]!], ["eigvalsh", own[k]!]] as const) {
      const limit = 2 * n * EPS32 * norm;
      if (!(Math.abs(value - right[k]!) <= limit)) assert.fail(`${name}: ${what}'s value ${k} is ${value}, expected ${right[k]} ± ${limit}`);
    }
  }
}

testEach("eigh f32: random matrices of every size around the blocks", (rt) => {
  for (let n = 1; n <= 54; n++) check(rt, `random ${n}`, random(n, n));
  for (const n of [63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 131]) check(rt, `random ${n}`, random(n, n), 3);
  check(rt, "random 257", random(257, 257), 9);
  check(rt, "random 530", random(530, 530), 90);
});

const W21 = Array.from({ length: 21 }, (_, i) => Math.abs(i - 10));

testEach("eigh f32: degenerate and clustered spectra, and entries from 1e-40 to 1e36", (rt) => {
  for (const n of [1, 2, 3, 40]) {
    check(rt, "zero", symmetric(n, () => 0));
    check(rt, "identity", symmetric(n, (i, j) => Number(i === j)));
    check(rt, "ones", symmetric(n, () => 1));
  }
  check(rt, "hilbert", symmetric(30, (i, j) => 1 / (i + j + 1)));
  check(rt, "repeated", symmetric(67, (i, j) => (i === j ? i % 3 : 0)));
  check(rt, "graded", symmetric(50, (i, j) => 10 ** (-(i + j) / 3)));
  check(rt, "glued Wilkinson", symmetric(105, (i, j) => (i === j ? W21[i % 21]! : j > i + 1 ? 0 : j % 21 ? 1 : 1e-5)));
  for (const scale of [1e36, 1e20, 1e-20, 1e-30, 1e-37]) check(rt, `entries of ${scale}`, random(45, 9, scale));
  check(rt, "denormal", random(20, 9, 1e-40));
  check(rt, "a tiny block", symmetric(45, (i, j) => (i === 0 && j === 0 ? 1 : 1e-30 * ((i * j) % 7))));
});

const equalBits = (a: ArrayBufferView, b: ArrayBufferView) => Buffer.compare(Buffer.from(a.buffer), Buffer.from(b.buffer)) === 0;

testEach("eigh f32: a subset is that part of the whole, to the last bit", (rt) => {
  for (const n of [1, 30, 100, 300]) {
    const A = random(n, n);
    const all = eigh(rt, A, { dtype });
    const from = Math.floor(n / 3);
    const to = Math.max(from + 1, Math.floor(n / 2));
    // between two members, and at one
    const lo = from === 0 ? -Infinity : all.values[from - 1]!;
    for (const subset of [{ index: [from, to] }, { value: [lo, all.values[to - 1]!] }] as const) {
      const part = eigh(rt, A, { dtype, subset });
      assert.ok(equalBits(part.values, all.values.slice(from, to)), `${n}: values`);
      const width = to - from;
      const columns = Float32Array.from({ length: n * width }, (_, e) => all.vectors.data[Math.floor(e / width) * n + from + (e % width)]!);
      assert.ok(equalBits(part.vectors.data, columns), `${n}: vectors`);
    }
  }
});

for (const reproducible of [false, true]) {
  test(`eigh f32: the same bits from 1, 2 and 3 threads, reproducible ${reproducible}`, async () => {
    const A = random(530, 4);
    let first: Float32Array | undefined;
    for (const threads of [1, 2, 3]) {
      const rt = await createRuntime("test", { threads, reproducible }, 1);
      try {
        const { vectors } = eigh(rt, A, { dtype });
        first ??= vectors.data;
        assert.ok(equalBits(vectors.data, first), `${threads} threads`);
      } finally {
        rt.close();
      }
    }
  });
}

testEach("eigh f32: what it refuses", (rt) => {
  for (const solve of [eigh, eigvalsh]) {
    const A = matrix(2, 2, Float64Array.of(1, 1e300, 1e300, 1));
    const message = `${solve.name}: A holds 1e+300 at row 1, column 2, which is too large for f32`;
    assert.throws(() => solve(rt, A, { dtype }), { code: "ERR_NOT_FINITE", message });
    solve(rt, matrix(2, 2, Float64Array.of(1, 2, 2 * (1 + EPS32), 1)), { dtype });
    assert.throws(() => solve(rt, matrix(2, 2, Float64Array.of(1, 2, 2.001, 1)), { dtype }), {
      code: "ERR_NOT_SYMMETRIC", message: `${solve.name}: A is not symmetric: (1, 2) is 2, (2, 1) is 2.001, they differ by 0.00100`,
    });
    for (const bad of [NaN, -Infinity]) {
      const A = random(40, 1);
      A.data[39] = bad;
      assert.throws(() => solve(rt, A, { dtype }), { code: "ERR_NOT_FINITE" });
    }
  }
});
