// The Monte-Carlo H∞: exact counts against a textbook triple loop and NumPy's, products, confidence.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createRuntime } from "../bindings/core/create.ts";
import type { Runtime } from "../bindings/core/runtime.ts";
import { NotFiniteError, OptionError, OutOfMemoryError, ShapeError } from "../bindings/errors.ts";
import { coactivations, monteCarlo, upperConfidence } from "../bindings/hinf/monteCarlo.ts";
import { parseMatrix } from "../bindings/io/index.ts";
import { fromRows, matrix, type Matrix } from "../bindings/linalg/matrix.ts";
import { columns, normalizeRows } from "../bindings/linalg/rows.ts";
import { randomState } from "../bindings/random/randomState.ts";
import { EPS, numbers, testEach } from "./harness.ts";

const digits = await parseMatrix(readFileSync(new URL("../examples/data/digits.csv.gz", import.meta.url)));
const X = normalizeRows(columns(digits.matrix, 0, 64));

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j]! * b[j]!;
  return sum;
};
const row = ({ data, cols }: Matrix, i: number) => data.subarray(i * cols, (i + 1) * cols);

/** active[k][i] = 1[wₖ·xᵢ > 0] */
function activations(rt: Runtime, A: Matrix, features: number, seed: number): boolean[][] {
  const W = matrix(features, A.cols, randomState(rt, seed).randn(features * A.cols));
  const active = (k: number) => Array.from({ length: A.rows }, (_, i) => dot(row(W, k), row(A, i)) > 0);
  return Array.from({ length: features }, (_, k) => active(k));
}

function textbookCounts(rt: Runtime, A: Matrix, features: number, seed: number): number[] {
  const C = new Array<number>(A.rows ** 2).fill(0);
  for (const active of activations(rt, A, features, seed)) {
    for (let i = 0; i < A.rows; i++) {
      for (let j = 0; j < A.rows; j++) C[i * A.rows + j]! += Number(active[i] && active[j]);
    }
  }
  return C;
}

const random = (n: number, d: number, seed = n * 1000 + d) => matrix(n, d, numbers(n * d, seed));

/** Rows without direction, of all sizes, opposite, almost at right angles to many neurons. */
function awkward(): Matrix {
  const A = random(11, 5).data;
  A.fill(0, 0, 5);
  A.fill(0, 35, 40);
  for (let j = 0; j < 5; j++) {
    A[10 + j]! *= 1e150;
    A[15 + j]! *= 1e-150;
    A[20 + j] = -A[5 + j]!;
    A[25 + j]! *= 1e-310; // below the smallest normal number
    A[30 + j] = j === 0 ? 1 : 1e-12;
  }
  return matrix(11, 5, A);
}

const small: [string, Matrix, number][] = [
  ["one row, one column", fromRows([[-2]]), 7],
  ["one column", random(9, 1), 50],
  ["two columns", random(5, 2), 48],
  ["odd columns, odd features", random(13, 3), 97],
  ["more columns than rows", random(6, 131), 60],
  ["several panels", random(130, 6), 145],
  ["a row more than a panel", random(65, 7), 49],
  ["one feature", random(10, 4), 1],
  ["more than one batch", random(3, 5), 4000],
  ["awkward rows", awkward(), 500],
];

testEach("co-activations are those of the triple loop", (rt) => {
  for (const [what, A, features] of small) {
    const C = coactivations(rt, A, { features, seed: 3 }).matrix;
    assert.deepEqual([...C.data], textbookCounts(rt, A, features, 3), what);
  }
});

testEach("the workspace of as many neurons as there can be is that of many", ({ kernels }) => {
  assert.equal(kernels.hinf_count_work_f64(70, 9, 2 ** 31 - 1), kernels.hinf_count_work_f64(70, 9, 1_000_000));
  // even of one row of 2 GiB
  assert.ok(kernels.hinf_count_work_f64(1, 2 ** 28, 100) > 2 ** 32);
});

testEach("entries are (xᵢ·xⱼ)·C/m, symmetric to the last bit", (rt) => {
  for (const [what, A, features] of small) {
    const { data } = monteCarlo(rt, A, { features, seed: 3 }).matrix;
    const C = textbookCounts(rt, A, features, 3);
    for (let i = 0; i < A.rows; i++) {
      for (let j = 0; j < A.rows; j++) {
        const [x, y] = [row(A, i), row(A, j)];
        const share = C[i * A.rows + j]! / features;
        const size = dot(x.map(Math.abs), y.map(Math.abs));
        const error = Math.abs(data[i * A.rows + j]! - dot(x, y) * share);
        // below the normal numbers a rounding is half the smallest number
        assert.ok(error <= (A.cols + 3) * (EPS * size + Number.MIN_VALUE), `${what}: (${i}, ${j}) is off by ${error}`);
        assert.equal(data[i * A.rows + j], data[j * A.rows + i]);
      }
    }
  }
});

testEach("the digits' counts are NumPy's", (rt) => {
  const { data } = coactivations(rt, X, { features: 1000 }).matrix;
  assert.equal(data[0 * 1797 + 1], 331);
  assert.equal(data[17 * 1797 + 1203], 385);
  assert.equal(data.reduce((sum, c) => sum + c), 1190316086);
});

test("the digits' counts are NumPy's for 100,000 neurons", async () => {
  const rt = await createRuntime("test", { threads: 2 }, 1);
  const { data } = coactivations(rt, X, { features: 100_000, seed: 0, rng: "numpy" }).matrix;
  assert.equal(data[0 * 1797 + 1], 33932);
  assert.equal(data[17 * 1797 + 1203], 39894);
  assert.equal(data.reduce((sum, c) => sum + c), 120888424391);
  rt.close();
});

test("matrices are equal to the last bit for any number of threads", async () => {
  const A = random(300, 17);
  const matrices = [];
  for (const threads of [1, 2, 3]) {
    const rt = await createRuntime("test", { threads }, 1);
    matrices.push(monteCarlo(rt, A, { features: 5001, seed: 1 }).matrix.data);
    rt.close();
  }
  assert.deepEqual(matrices[1], matrices[0]);
  assert.deepEqual(matrices[2], matrices[0]);
});

testEach("the confidence limit is taken from the neurons' own terms", (rt) => {
  for (const [what, A, features] of small) {
    if (features < 2 || what.startsWith("awkward")) continue;
    const n = A.rows;
    const vector = numbers(n, 5);
    const length = Math.sqrt(dot(vector, vector));
    const z = activations(rt, A, features, 3).map((active) => {
      const sum = new Float64Array(A.cols);
      active.forEach((on, i) => {
        if (on) for (let j = 0; j < A.cols; j++) sum[j]! += (vector[i]! / length) * row(A, i)[j]!;
      });
      return dot(sum, sum);
    });
    const mean = z.reduce((a, b) => a + b) / features;
    const deviation = Math.sqrt(z.reduce((a, b) => a + (b - mean) ** 2, 0) / (features - 1));
    const got = upperConfidence(rt, A, monteCarlo(rt, A, { features, seed: 3 }), vector);
    const tolerance = 100 * n * A.cols * EPS * Math.max(...z);
    assert.ok(Math.abs(got.mean - mean) <= tolerance, `${what}: mean ${got.mean}, expected ${mean}`);
    assert.ok(Math.abs(got.standardDeviation - deviation) <= tolerance, what);
    assert.equal(got.upper, got.mean + (1.645 * got.standardDeviation) / Math.sqrt(features));
  }
});

test("what can't be computed is refused", async () => {
  const rt = await createRuntime("test", {}, 1);
  const A = random(4, 3);
  for (const features of [0, -1, 1.5, 2 ** 31, NaN]) assert.throws(() => monteCarlo(rt, A, { features }), OptionError);
  for (const seed of [-1, 2 ** 32, 0.5]) assert.throws(() => monteCarlo(rt, A, { features: 9, seed }), OptionError);
  assert.throws(() => monteCarlo(rt, A, { features: 9, rng: "pcg64" as "numpy" }), OptionError);
  assert.throws(() => monteCarlo(rt, A, undefined as never), OptionError);
  assert.throws(() => monteCarlo(rt, matrix(0, 3), { features: 9 }), ShapeError);
  assert.throws(() => monteCarlo(rt, fromRows([[1], [NaN]]), { features: 9 }), NotFiniteError);
  assert.throws(() => monteCarlo(rt, fromRows([[1], [1e200]]), { features: 9 }), NotFiniteError);
  assert.throws(() => monteCarlo(rt, matrix(40_000, 1), { features: 9 }), OutOfMemoryError);

  const sample = monteCarlo(rt, A, { features: 9 });
  assert.throws(() => upperConfidence(rt, A, sample, [1, 2, 3]), ShapeError);
  assert.throws(() => upperConfidence(rt, random(5, 3), sample, [1, 2, 3, 4, 5]), ShapeError);
  assert.throws(() => upperConfidence(rt, A, sample, [1, 2, Infinity, 4]), NotFiniteError);
  assert.throws(() => upperConfidence(rt, A, sample, [0, 0, 0, 0]), OptionError);
  assert.equal(upperConfidence(rt, A, monteCarlo(rt, A, { features: 1 }), [1, 2, 3, 4]).upper, Infinity);
});
