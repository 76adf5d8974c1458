// eigsh: the wanted end of the spectrum to within the bounds it states, nothing missing, from matrices and
// operators.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createCore } from "eigenscope/core";
import type { Runtime } from "../bindings/core/runtime.ts";
import { eigsh as steps, type EigshOptions, type EigshResult } from "../bindings/linalg/eigsh.ts";
import { matrix, type Matrix, type MatrixLike } from "../bindings/linalg/matrix.ts";
import { runSteps, type SymmetricOperator } from "../bindings/linalg/operator.ts";
import { EPS, numbers, testEach } from "./harness.ts";
import { diagonal, fill, graded, withEigenvalues } from "./matrices.ts";

type Dense = Matrix<Float64Array>;

const eigsh = (rt: Runtime, A: MatrixLike | SymmetricOperator, options?: EigshOptions) =>
  runSteps("eigsh", steps(rt, A, options)) as EigshResult;

const operatorOf = ({ data, rows: n }: Dense): SymmetricOperator => ({
  n,
  apply: (V) => fill(n, V.cols, (i, j) => {
    let sum = 0;
    for (let k = 0; k < n; k++) sum += data[i * n + k]! * V.data[k * V.cols + j]!;
    return sum;
  }),
});

/** The eigenvalues that are meant, ascending. */
function wantedOf(spectrum: ArrayLike<number>, k: number, which: EigshOptions["which"] = "largest"): Float64Array {
  const n = spectrum.length;
  const all = Float64Array.from(spectrum).sort();
  if (which === "magnitude") return all.sort((a, b) => Math.abs(a) - Math.abs(b)).slice(n - k).sort();
  const low = { largest: 0, smallest: k, both: k >> 1 }[which];
  return Float64Array.from([...all.slice(0, low), ...all.slice(n - k + low)]);
}

/** Residuals within the bounds that are stated, orthonormal vectors, ascending values, and these near the spectrum. */
function check(rt: Runtime, name: string, A: Dense, options: EigshOptions, spectrum: ArrayLike<number>, dense = true): EigshResult {
  const n = A.rows;
  const { k = Math.min(6, n), which } = options;
  const result = eigsh(rt, dense ? A : operatorOf(A), options);
  const { values, vectors, residuals, info } = result;
  assert.deepEqual([values.length, residuals.length, vectors.rows, vectors.cols], [k, k, n, k], name);
  assert.equal(info.converged, true, name);
  if (dense) assert.equal(info.complete, true, name);
  const top = Array.from(spectrum).reduce((a, x) => Math.max(a, Math.abs(x)), 0) || 1;
  const expected = wantedOf(spectrum, k, which);
  const V = vectors.data;
  for (let j = 0; j < k; j++) {
    let squares = 0;
    for (let i = 0; i < n; i++) {
      let r = (-values[j]! / top) * V[i * k + j]!;
      for (let l = 0; l < n; l++) r += (A.data[i * n + l]! / top) * V[l * k + j]!;
      squares += r * r;
    }
    const slack = n * (8 * EPS + Number.MIN_VALUE / top);
    if (!(Math.sqrt(squares) <= residuals[j]! / top + slack)) assert.fail(`${name}: residual ${j} is ${Math.sqrt(squares) * top}, said to be ${residuals[j]}`);
    if (!(residuals[j]! <= (1e-11 + slack) * top)) assert.fail(`${name}: bound ${j} is ${residuals[j]}`);
    if (!(Math.abs(values[j]! - expected[j]!) / top <= 3 * slack)) assert.fail(`${name}: value ${j} is ${values[j]}, expected ${expected[j]}`);
    if (j > 0) assert.ok(values[j]! >= values[j - 1]!, `${name}: out of order at ${j}`);
    for (let q = 0; q <= j; q++) {
      let product = q === j ? -1 : 0;
      for (let i = 0; i < n; i++) product += V[i * k + j]! * V[i * k + q]!;
      if (!(Math.abs(product) <= 4 * n * EPS)) assert.fail(`${name}: vectors ${q} and ${j} have the product ${product} too much`);
    }
  }
  return result;
}

const ENDS = ["largest", "smallest", "both", "magnitude"] as const;

testEach("eigsh: every k of the smallest matrices, whole spectra among them", (rt) => {
  for (const n of [1, 2, 3, 5, 8]) {
    const d = numbers(n, 40 + n);
    const A = withEigenvalues(d, n);
    for (let k = 1; k <= n; k++) for (const which of ENDS) check(rt, `${which} ${k} of ${n}`, A, { k, which }, d);
    for (let blockSize = 1; blockSize <= n; blockSize++) check(rt, `blocks of ${blockSize} of ${n}`, A, { k: n, blockSize }, d);
  }
  const d = numbers(90, 7);
  check(rt, "all 90", withEigenvalues(d, 3), { k: 90, which: "both" }, d);
});

const N = 160;
const SPECTRA: Record<string, (i: number) => number> = {
  uniform: (i) => i / N - 0.5,
  "separated ends": (i) => Math.sign(i - N / 2) * Math.abs(i / (N / 2) - 1) ** 3,
  "five copies": (i) => (i < 5 ? 1 : i < 10 ? -1.5 : Math.sin(i) / 3),
  "clusters of 1e-10": (i) => (i < 12 ? 1 + 1e-10 * i : i < 20 ? -2 - 1e-10 * i : i / N),
  "rank 3": (i) => (i < 3 ? i - 5 : 0),
  "all equal": () => -3,
  zero: () => 0,
};

testEach("eigsh: prescribed spectra, multiple and clustered, from every end and with every block", (rt) => {
  for (const [name, entry] of Object.entries(SPECTRA)) {
    const d = Float64Array.from({ length: N }, (_, i) => entry(i));
    const A = withEigenvalues(d, 11);
    for (const which of ENDS) check(rt, `${name}, ${which}`, A, { k: 7, which }, d);
    for (const blockSize of [1, 2, 3, 7]) check(rt, `${name}, blocks of ${blockSize}`, A, { k: 6, which: "both", blockSize }, d);
  }
});

testEach("eigsh: graded spectra, and every scale", (rt) => {
  const d = graded(N, 12);
  const A = withEigenvalues(d, 2);
  check(rt, "graded", A, { k: 5 }, d);
  assert.equal(check(rt, "graded, low end", A, { k: 5, which: "smallest" }, d).info.method, "lanczos-shift-invert");
  assert.equal(check(rt, "graded, negated", matrix(N, N, A.data.map((x) => -x)), { k: 5 }, d.map((x) => -x)).info.method, "lanczos-shift-invert");
  for (const scale of [1e300, 1e-300, 1e-315]) {
    const by = (x: number) => x * scale;
    check(rt, `scale ${scale}`, matrix(N, N, A.data.map(by)), { k: 4 }, d.map(by));
    if (scale > 1e-310) check(rt, `operator of scale ${scale}`, matrix(N, N, A.data.map(by)), { k: 4 }, d.map(by), false);
  }
  for (const n of [1, 2, 30]) check(rt, `zero ${n}`, matrix(n, n), {}, new Float64Array(n));
});

testEach("eigsh: a dense end by shift and invert, with clusters in it", (rt) => {
  const n = 260;
  const d = Float64Array.from({ length: n }, (_, i) => (i < 6 ? 1 : i < 12 ? 1 + 1e-9 * i : i < 220 ? 1 + i / 5000 : i));
  const A = withEigenvalues(d, 4);
  for (const k of [4, 9, 30]) {
    assert.equal(check(rt, `${k} smallest`, A, { k, which: "smallest" }, d).info.method, "lanczos-shift-invert");
    check(rt, `${k} of both ends`, A, { k, which: "both" }, d);
  }
});

testEach("eigsh: those nearest to sigma", (rt) => {
  const d = Float64Array.from({ length: N }, (_, i) => (i < 8 ? 5 : i < 14 ? 5.2 + 1e-10 * i : i - N / 2));
  const A = withEigenvalues(d, 6);
  for (const [sigma, k] of [[5.05, 8], [5.05, 14], [5, 3], [0, 6], [-1e4, 5], [0.3, 50]] as const) {
    const near = Array.from(d).sort((a, b) => Math.abs(a - sigma) - Math.abs(b - sigma)).slice(0, k).sort((a, b) => a - b);
    const { values, info } = eigsh(rt, A, { k, sigma });
    assert.deepEqual([info.converged, info.complete, info.method], [true, true, "lanczos-shift-invert"], `sigma ${sigma}`);
    if (k !== 6) near.forEach((x, j) => assert.ok(Math.abs(values[j]! - x) <= 1e-11, `sigma ${sigma}: ${values[j]}, expected ${x}`));
  }
});

testEach("eigsh: operators", (rt) => {
  const d = Float64Array.from({ length: N }, (_, i) => (i < 4 ? 2 + i : i > N - 3 ? -i / 50 : Math.cos(i)));
  const A = withEigenvalues(d, 5);
  for (const which of ENDS) {
    const { info } = check(rt, `operator, ${which}`, A, { k: 6, which }, d, false);
    assert.equal(info.complete, undefined);
    assert.equal(info.method, "lanczos");
  }
  check(rt, "identity", diagonal(new Float64Array(50).fill(1)), { k: 9 }, new Float64Array(50).fill(1), false);
  check(rt, "n = 1", diagonal([4]), {}, [4], false);
});

testEach("eigsh: the Laplacian of a torus, whose eigenvalues are multiple", (rt) => {
  const m = 18;
  const n = m * m;
  const apply = ({ data, cols }: Dense) => fill(n, cols, (at, j) => {
    const [x, y] = [at % m, Math.floor(at / m)];
    const f = (x: number, y: number) => data[(((y + m) % m) * m + ((x + m) % m)) * cols + j]!;
    return 4 * f(x, y) - f(x + 1, y) - f(x - 1, y) - f(x, y + 1) - f(x, y - 1);
  });
  const angle = (i: number) => 2 - 2 * Math.cos((2 * Math.PI * i) / m);
  const spectrum = Float64Array.from({ length: n }, (_, i) => angle(i % m) + angle(Math.floor(i / m)));
  for (const which of ["largest", "smallest"] as const) {
    const { values, info } = eigsh(rt, { n, apply }, { k: 9, which, blockSize: 5 });
    assert.ok(info.converged);
    wantedOf(spectrum, 9, which).forEach((value, j) => assert.ok(Math.abs(values[j]! - value) <= 1e-12, `${which} ${j}: ${values[j]}, expected ${value}`));
  }
});

const fixture = JSON.parse(readFileSync(new URL("./fixtures/eigsh.json", import.meta.url), "utf8"));

testEach("eigsh: SciPy's values", (rt) => {
  const { n, d, k, values } = fixture;
  const x = (i: number, j: number) => 3 * Math.sin(7 * i + 13 * j * j + 1);
  const A = fill(n, n, (i, j) => {
    let squares = 0;
    for (let l = 0; l < d; l++) squares += (x(i, l) - x(j, l)) ** 2;
    return Math.exp(-Math.sqrt(squares) / 10);
  });
  const options: EigshOptions[] = [...ENDS.map((which) => ({ k, which })), { k, sigma: 0.05 }];
  for (const option of options) {
    const expected = values[option.which ?? "sigma 0.05"];
    eigsh(rt, A, option).values.forEach((value, j) => {
      assert.ok(Math.abs(value - expected[j]) <= 4 * n * EPS * n, `${JSON.stringify(option)}: value ${j} is ${value}, expected ${expected[j]}`);
    });
  }
});

testEach("eigsh: what was reached when there were not enough iterations", (rt) => {
  const d = Float64Array.from({ length: 300 }, (_, i) => i / 300);
  const A = withEigenvalues(d, 9);
  const { values, residuals, info } = eigsh(rt, operatorOf(A), { k: 3, maxIterations: 1 });
  assert.deepEqual([info.converged, info.iterations, info.complete], [false, 1, undefined]);
  values.forEach((value, j) => {
    const off = d.reduce((least, x) => Math.min(least, Math.abs(x - value)), Infinity);
    assert.ok(off <= residuals[j]!, `value ${j} is off by ${off}, bound ${residuals[j]}`);
  });
});

test("eigsh: the same bits from one, two and three threads", async () => {
  const A = withEigenvalues(Float64Array.from({ length: 400 }, (_, i) => Math.sin(i) * i), 1);
  const results = [];
  for (const threads of [1, 2, 3]) {
    const la = await createCore({ threads, reproducible: true });
    results.push(la.eigsh(A, { k: 8, which: "both" }));
    la.close();
  }
  for (const { values, vectors } of results.slice(1)) {
    assert.equal(Buffer.compare(Buffer.from(values.buffer), Buffer.from(results[0]!.values.buffer)), 0);
    assert.equal(Buffer.compare(Buffer.from(vectors.data.buffer), Buffer.from(results[0]!.vectors.data.buffer)), 0);
  }
});

test("eigsh: another seed, the same values", async () => {
  const la = await createCore();
  const A = withEigenvalues(numbers(120, 8), 8);
  const [a, b] = [1, 2].map((seed) => la.eigsh(A, { k: 5, seed }).values);
  assert.notEqual(Buffer.compare(Buffer.from(a!.buffer), Buffer.from(b!.buffer)), 0);
  a!.forEach((x, j) => assert.ok(Math.abs(x - b![j]!) <= 1e-13));
  la.close();
});

test("eigsh: bad input", async () => {
  const la = await createCore();
  const A = diagonal([1, 2, 3]);
  const fails = (code: string, call: () => unknown) => assert.throws(call, { code });
  for (const k of [0, 4, 1.5, NaN]) fails("ERR_OPTION", () => la.eigsh(A, { k }));
  for (const tol of [-1, 1, NaN]) fails("ERR_OPTION", () => la.eigsh(A, { tol }));
  fails("ERR_OPTION", () => la.eigsh(A, { which: "LM" as never }));
  fails("ERR_OPTION", () => la.eigsh(A, { maxIterations: -1 }));
  fails("ERR_OPTION", () => la.eigsh(A, { blockSize: 0 }));
  fails("ERR_OPTION", () => la.eigsh(A, { seed: -1 }));
  fails("ERR_OPTION", () => la.eigsh(A, { sigma: NaN }));
  fails("ERR_OPTION", () => la.eigsh(A, { sigma: 1, which: "largest" }));
  fails("ERR_OPTION", () => la.eigsh({ n: 3, apply: (V) => V }, { sigma: 1 }));
  fails("ERR_SHAPE", () => la.eigsh(matrix(2, 3)));
  fails("ERR_SHAPE", () => la.eigsh(matrix(0, 0)));
  fails("ERR_NOT_SYMMETRIC", () => la.eigsh([[1, 2], [3, 4]]));
  fails("ERR_NOT_FINITE", () => la.eigsh([[1, NaN], [NaN, 4]]));

  const apply = (V: Dense) => V;
  fails("ERR_SHAPE", () => la.eigsh({ n: 0, apply }));
  fails("ERR_OPTION", () => la.eigsh({ n: 3, apply }, { k: 4 }));
  fails("ERR_SHAPE", () => la.eigsh({ n: 3, apply: () => matrix(2, 2) }));
  fails("ERR_NOT_FINITE", () => la.eigsh({ n: 3, apply: ({ rows, cols, data }) => ({ rows, cols, data: data.map(() => NaN) }) }));
  fails("ERR_OPTION", () => la.eigsh({ n: 3, apply: async (V) => V }));
  assert.throws(() => la.eigsh({ n: 3, apply: () => { throw new TypeError("mine"); } }), TypeError);
  assert.ok(Math.abs(la.eigsh(A, { k: 1 }).values[0]! - 3) <= 4 * EPS * 3); // and it still works
  la.close();
});
