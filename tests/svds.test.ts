// svds: the largest singular triplets, from tall and wide matrices and from operators.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createCore } from "eigenscope/core";
import type { Runtime } from "../bindings/core/runtime.ts";
import { matrix, type Matrix, type MatrixLike } from "../bindings/linalg/matrix.ts";
import { runSteps, type LinearOperator } from "../bindings/linalg/operator.ts";
import { svds as steps, type SvdsOptions, type SvdsResult } from "../bindings/linalg/svds.ts";
import { EPS, testEach } from "./harness.ts";
import { fill, graded, transposed, withSingularValues } from "./matrices.ts";

type Dense = Matrix<Float64Array>;

const svds = (rt: Runtime, A: MatrixLike | LinearOperator, options?: SvdsOptions) => runSteps("svds", steps(rt, A, options)) as SvdsResult;

const times = (A: Matrix, V: Matrix) => fill(A.rows, V.cols, (i, j) => {
  let sum = 0;
  for (let k = 0; k < A.cols; k++) sum += A.data[i * A.cols + k]! * V.data[k * V.cols + j]!;
  return sum;
});

const operatorOf = (A: Dense): LinearOperator => {
  const T = transposed(A);
  return { rows: A.rows, cols: A.cols, apply: (V) => times(A, V), applyTranspose: (U) => times(T, U) };
};

/** Both residuals within the bounds that are stated, orthonormal vectors, and these values. */
function check(rt: Runtime, name: string, A: Dense, options: SvdsOptions, sigma: ArrayLike<number>, dense = true): SvdsResult {
  const { rows, cols } = A;
  const result = svds(rt, dense ? A : operatorOf(A), options);
  const { u, s, vt, residuals, info } = result;
  const k = options.k ?? Math.min(6, rows, cols);
  assert.deepEqual([u.rows, u.cols, s.length, vt.rows, vt.cols, residuals.length], [rows, k, k, k, cols, k], name);
  assert.ok(info.converged, name);
  const expected = Float64Array.from(sigma).sort().reverse();
  const top = expected[0]! || 1;
  const slack = 8 * Math.max(rows, cols) * EPS;
  const scaled = { ...A, data: A.data.map((x) => x / top) };
  for (const [left, right, B] of [[u, transposed(vt), scaled], [transposed(vt), u, transposed(scaled)]] as [Dense, Dense, Dense][]) {
    const W = times(B, right);
    for (let j = 0; j < k; j++) {
      let squares = 0;
      for (let i = 0; i < B.rows; i++) squares += (W.data[i * k + j]! - (s[j]! / top) * left.data[i * k + j]!) ** 2;
      if (!(Math.sqrt(squares) <= residuals[j]! / top + slack)) assert.fail(`${name}: residual ${j} is ${Math.sqrt(squares)}, said to be ${residuals[j]! / top}`);
    }
    const G = times(transposed(left), left);
    G.data.forEach((x, at) => { if (!(Math.abs(x - Number(at % (k + 1) === 0)) <= slack)) assert.fail(`${name}: product ${at} of vectors is ${x}`); });
  }
  s.forEach((x, j) => { if (!(Math.abs(x - expected[j]!) / top <= 3 * slack)) assert.fail(`${name}: value ${j} is ${x}, expected ${expected[j]}`); });
  return result;
}

testEach("svds: the smallest matrices, whole spectra among them", (rt) => {
  for (const [m, n] of [[1, 1], [1, 5], [4, 1], [2, 3], [7, 5]] as const) {
    const sigma = graded(Math.min(m, n), 2);
    const A = withSingularValues(m, n, sigma, m + n);
    for (let k = 1; k <= sigma.length; k++) check(rt, `${k} of ${m}×${n}`, A, { k }, sigma);
  }
});

testEach("svds: tall, wide, graded, multiple, of low rank, zero, of every scale", (rt) => {
  const spectra: Record<string, Float64Array> = {
    graded: graded(110, 14),
    slow: Float64Array.from({ length: 110 }, (_, i) => 1 - i / 120),
    multiple: Float64Array.from({ length: 110 }, (_, i) => (i < 4 ? 3 : i < 8 ? 2 : 1 / i)),
    "rank 3": Float64Array.from({ length: 110 }, (_, i) => (i < 3 ? 5 - i : 0)),
    zero: new Float64Array(110),
  };
  for (const [name, sigma] of Object.entries(spectra)) {
    const A = withSingularValues(150, 110, sigma, 3);
    check(rt, name, A, {}, sigma);
    check(rt, `${name}, wide`, transposed(A), { k: 8 }, sigma);
    check(rt, `operator, ${name}`, A, { blockSize: 4 }, sigma, false);
    check(rt, `wide operator, ${name}`, transposed(A), { blockSize: 4 }, sigma, false);
  }
  for (const scale of [1e300, 1e-300]) {
    const sigma = spectra.graded!.map((x) => x * scale);
    const A = withSingularValues(150, 110, spectra.graded!, 3);
    for (const dense of [true, false]) check(rt, `scale ${scale}`, { ...A, data: A.data.map((x) => x * scale) }, {}, sigma, dense);
  }
});

testEach("svds: SciPy's values", (rt) => {
  const { n, d, k, values } = JSON.parse(readFileSync(new URL("./fixtures/eigsh.json", import.meta.url), "utf8"));
  const x = (i: number, j: number) => 3 * Math.sin(7 * i + 13 * j * j + 1);
  const A = fill(n, 90, (i, j) => {
    let squares = 0;
    for (let l = 0; l < d; l++) squares += (x(i, l) - x(j, l)) ** 2;
    return Math.exp(-Math.sqrt(squares) / 10);
  });
  check(rt, "kernel", A, { k }, values.singular);
});

test("svds: what was reached, and bad input", async () => {
  const la = await createCore();
  const A = withSingularValues(200, 150, Float64Array.from({ length: 150 }, (_, i) => 1 - i / 1000), 1);
  const { info } = la.svds(A, { k: 3, maxIterations: 0 });
  assert.deepEqual([info.converged, info.iterations], [false, 0]);
  const fails = (code: string, call: () => unknown) => assert.throws(call, { code });
  for (const k of [0, 4, 1.5]) fails("ERR_OPTION", () => la.svds([[1, 2, 3], [4, 5, 6], [7, 8, 9]], { k }));
  fails("ERR_OPTION", () => la.svds(A, { tol: NaN }));
  fails("ERR_OPTION", () => la.svds(A, { blockSize: 0 }));
  fails("ERR_OPTION", () => la.svds(A, { seed: 0.5 }));
  fails("ERR_SHAPE", () => la.svds(matrix(0, 3)));
  fails("ERR_NOT_FINITE", () => la.svds([[1, NaN]]));
  const apply = (V: Dense) => V;
  fails("ERR_SHAPE", () => la.svds({ rows: 0, cols: 1, apply, applyTranspose: apply }));
  fails("ERR_SHAPE", () => la.svds({ rows: 3, cols: 2, apply, applyTranspose: apply }));
  fails("ERR_NOT_FINITE", () => la.svds({ rows: 2, cols: 2, apply: ({ rows, cols, data }) => ({ rows, cols, data: data.map(() => NaN) }), applyTranspose: apply }));
  la.close();
});
