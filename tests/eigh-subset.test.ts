// Partial spectra: a subset by index or by value is that part of the whole spectrum, whatever the
// spectrum, its vectors are orthonormal, and what means nothing is refused.

import assert from "node:assert/strict";
import { eigh, eigvalsh } from "../bindings/linalg/eig.ts";
import { matrix, type Matrix } from "../bindings/linalg/matrix.ts";
import { EPS, numbers, testEach } from "./harness.ts";

testEach("eigh: options that mean nothing are refused", (rt) => {
  const A: Matrix = matrix(3, 3, Float64Array.of(2, 0, 0, 0, 1, 0, 0, 0, 3));
  const refused: [options: unknown, message: string][] = [
    [{ method: "qr" }, 'method is "qr", expected "auto", "tridiagonal" or "jacobi"'],
    [{ method: "jacobi", dtype: "f32" }, 'dtype is "f32", method "jacobi" computes in f64'],
    [{ dtype: "f16" }, 'dtype is "f16", expected "f64" or "f32"'],
    [{ subset: 3 }, "subset is 3, expected { index: [from, to] } or { value: [lo, hi] }"],
    [{ subset: {} }, "subset is {}, expected { index: [from, to] } or { value: [lo, hi] }"],
    [{ subset: { index: [0, 1], value: [0, 1] } }, 'subset is {"index":[0,1],"value":[0,1]}, expected { index: [from, to] } or { value: [lo, hi] }'],
    [{ subset: { index: [1] } }, "subset.index is [1], expected two numbers"],
    [{ subset: { value: ["0", 1] } }, 'subset.value is ["0",1], expected two numbers'],
    [{ subset: { index: [1, 1] } }, "subset.index is [1, 1], expected integers 0 ≤ from < to"],
    [{ subset: { index: [-1, 1] } }, "subset.index is [-1, 1], expected integers 0 ≤ from < to"],
    [{ subset: { index: [0, 1.5] } }, "subset.index is [0, 1.5], expected integers 0 ≤ from < to"],
    [{ subset: { index: [0, 4] } }, "subset.index is [0, 4], A has 3 eigenvalues"],
    [{ subset: { value: [1, 1] } }, "subset.value is [1, 1], expected lo < hi"],
    [{ subset: { value: [NaN, 1] } }, "subset.value is [NaN, 1], expected lo < hi"],
  ];
  for (const [options, message] of refused) {
    for (const solve of [eigh, eigvalsh]) {
      assert.throws(() => solve(rt, A, options as never), { code: "ERR_OPTION", message: `${solve.name}: ${message}` });
    }
  }
  assert.deepEqual([...eigvalsh(rt, A, { subset: { value: [1, 3] } })], [2, 3]);
  assert.deepEqual([...eigvalsh(rt, A, { subset: { value: [-Infinity, 1] } })], [1]);
  const none = eigh(rt, A, { subset: { value: [5, Infinity] } });
  assert.deepEqual([none.values.length, none.vectors.rows, none.vectors.cols], [0, 3, 0]);
});

const W21 = Array.from({ length: 21 }, (_, i) => Math.abs(i - 10));

/** Copies of W21⁺ side by side, joined by 1e-9: eigenvalues in clusters, eigenvectors that inverse iteration loses. */
function gluedWilkinson(copies: number): Matrix<Float64Array> {
  const n = 21 * copies;
  return symmetric(n, (i, j) => (i === j ? W21[i % 21]! : j > i + 1 ? 0 : j % 21 ? 1 : 1e-9));
}

/** The symmetric matrix with these entries, i ≤ j. */
function symmetric(n: number, entry: (i: number, j: number) => number): Matrix<Float64Array> {
  const A = matrix(n, n);
  for (let i = 0; i < n; i++) for (let j = i; j < n; j++) A.data[i * n + j] = A.data[j * n + i] = entry(i, j);
  return A;
}

function random(n: number, seed: number, scale = 1): Matrix<Float64Array> {
  const x = numbers(n * n, seed);
  return symmetric(n, (i, j) => scale * x[i * n + j]!);
}

/** Columns [from, to). */
function columnsOf({ data, rows, cols }: Matrix<Float64Array>, from: number, to: number): Float64Array {
  const width = to - from;
  return Float64Array.from({ length: rows * width }, (_, e) => data[Math.floor(e / width) * cols + from + (e % width)]!);
}

const equalBits = (a: Float64Array, b: Float64Array) => Buffer.compare(Buffer.from(a.buffer), Buffer.from(b.buffer)) === 0;

testEach("eigh: a subset is that part of the whole, to the last bit", (rt) => {
  const matrices: Record<string, Matrix<Float64Array>> = {
    "1×1": random(1, 1),
    "3×3": random(3, 3),
    "a leaf": random(20, 20),
    "one task": random(101, 101),
    "some merges": random(300, 300),
    "blocks of low rank": random(460, 460),
    "entries of 1e300": random(70, 5, 1e300),
    "entries of 1e-300": random(70, 5, 1e-300),
    zero: matrix(40, 40),
    identity: symmetric(140, (i, j) => Number(i === j)),
    repeated: symmetric(150, (i, j) => (i === j ? i % 3 : 0)),
    "rank 1": symmetric(170, () => 1),
    "glued Wilkinson": gluedWilkinson(12),
  };
  for (const [name, A] of Object.entries(matrices)) {
    const n = A.rows;
    const all = eigh(rt, A);
    const values = eigvalsh(rt, A);
    const third = Math.floor(n / 3);
    const pairs = [[0, 1], [n - 1, n], [0, n], [third, Math.max(third + 1, n - third)], [n >> 1, (n >> 1) + 1]] as const;
    for (const [from, to] of pairs) {
      const what = `${name}: [${from}, ${to})`;
      const part = eigh(rt, A, { subset: { index: [from, to] } });
      assert.deepEqual(part.info, { converged: true, method: "tridiagonal" });
      assert.deepEqual([part.vectors.rows, part.vectors.cols], [n, to - from], what);
      assert.ok(equalBits(part.values, all.values.slice(from, to)), `${what}: values`);
      assert.ok(equalBits(part.vectors.data, columnsOf(all.vectors, from, to)), `${what}: vectors`);
      assert.ok(equalBits(eigvalsh(rt, A, { subset: { index: [from, to] } }), values.slice(from, to)), `${what}: eigvalsh`);
    }
    // by value: (lo, hi] between members, at members, and beyond all
    const low = all.values[third]!;
    const high = all.values[n - 1 - third]!;
    for (const value of [[-Infinity, Infinity], [-Infinity, low], [low, Infinity], [Math.min(low, high) - 1e-20, high]] as const) {
      if (!(value[0] < value[1])) continue;
      const what = `${name}: (${value.join(", ")}]`;
      const part = eigh(rt, A, { subset: { value } });
      const from = all.values.filter((x) => x <= value[0]).length;
      const to = all.values.filter((x) => x <= value[1]).length;
      assert.ok(equalBits(part.values, all.values.slice(from, to)), `${what}: values`);
      assert.ok(equalBits(part.vectors.data, columnsOf(all.vectors, from, to)), `${what}: vectors`);
      const own = eigvalsh(rt, A, { subset: { value } });
      assert.ok(equalBits(own, values.filter((x) => value[0] < x && x <= value[1])), `${what}: eigvalsh`);
    }
  }
});

testEach("eigh: vectors of a subset are orthonormal within clusters of glued Wilkinson matrices", (rt) => {
  const A = gluedWilkinson(16);
  const n = A.rows;
  const { values, vectors: { data: V, cols: k } } = eigh(rt, A, { subset: { index: [n - 40, n] } });
  for (let a = 0; a < k; a++) {
    for (let b = 0; b <= a; b++) {
      let product = a === b ? -1 : 0;
      for (let i = 0; i < n; i++) product += V[i * k + a]! * V[i * k + b]!;
      assert.ok(Math.abs(product) <= 4 * n * EPS, `vectors ${a} and ${b} have the product ${product} too much`);
    }
    for (let i = 0; i < n; i++) {
      let residual = -values[a]! * V[i * k + a]!;
      for (let j = Math.max(0, i - 1); j <= Math.min(n - 1, i + 1); j++) residual += A.data[i * n + j]! * V[j * k + a]!;
      assert.ok(Math.abs(residual) <= 4 * n * EPS * 12, `A·v − λ·v is ${residual} at row ${i} of vector ${a}`);
    }
  }
});

testEach("eigh: a subset is the same to the last bit for any number of threads", (rt) => {
  const part = eigh(rt, random(400, 9), { subset: { index: [150, 190] } });
  const label = `${rt.binary.variant.startsWith("relaxed")}`;
  const before = parts.get(label);
  if (before) assert.ok(equalBits(part.vectors.data, before));
  parts.set(label, part.vectors.data);
});
const parts = new Map<string, Float64Array>();
