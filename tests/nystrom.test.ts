// Nyström: exact on low rank, close to the best elsewhere, values from below, within the estimate; operators;
// indefinite input; scales.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createRuntime } from "../bindings/core/create.ts";
import type { Runtime } from "../bindings/core/runtime.ts";
import { matrix, type Matrix, type MatrixLike } from "../bindings/linalg/matrix.ts";
import { nystrom, type NystromOptions, type NystromResult } from "../bindings/linalg/nystrom.ts";
import { runSteps, type SymmetricOperator } from "../bindings/linalg/operator.ts";
import { EPS, testEach } from "./harness.ts";
import { fill, graded, transposed, withSingularValues } from "./matrices.ts";

const run = (rt: Runtime, A: MatrixLike | SymmetricOperator, options: NystromOptions) =>
  runSteps("nystrom", nystrom(rt, A, options)) as NystromResult;

const times = (A: Matrix, B: Matrix): Matrix<Float64Array> =>
  fill(A.rows, B.cols, (i, j) => {
    let sum = 0;
    for (let k = 0; k < A.cols; k++) sum += A.data[i * A.cols + k]! * B.data[k * B.cols + j]!;
    return sum;
  });

/** A symmetric matrix with these eigenvalues. */
function withEigenvalues(lambda: ArrayLike<number>, seed: number): Matrix<Float64Array> {
  const n = lambda.length;
  const Q = withSingularValues(n, n, new Float64Array(n).fill(1), seed);
  const A = times(fill(n, n, (i, j) => Q.data[i * n + j]! * lambda[j]!), transposed(Q));
  return fill(n, n, (i, j) => (A.data[i * n + j]! + A.data[j * n + i]!) / 2);
}

/** The largest |element|, and so at most the norm, of A − V·diag(values)·Vᵀ; and V's columns are orthonormal. */
function check(A: Matrix, { values, vectors: V }: NystromResult): number {
  const k = values.length;
  assert.deepEqual([V.rows, V.cols], [A.rows, k]);
  values.forEach((x, j) => assert.ok(x >= 0 && (j === 0 || x >= values[j - 1]!), "ascending"));
  times(transposed(V), V).data.forEach((x, e) => assert.ok(Math.abs(x - (e % (k + 1) === 0 ? 1 : 0)) <= 100 * A.rows * EPS));
  const scaled = fill(V.rows, k, (i, j) => V.data[i * k + j]! * values[j]!);
  const B = times(scaled, transposed(V));
  return B.data.reduce((top, x, e) => Math.max(top, Math.abs(x - A.data[e]!)), 0);
}

testEach("nystrom: low rank to working precision, at any scale", (rt) => {
  for (const scale of [1, 1e200, 1e-200]) {
    for (const [n, rank] of [[1, 1], [2, 1], [3, 3], [60, 5], [130, 12]] as const) {
      const lambda = Float64Array.from({ length: n }, (_, j) => (j < rank ? (scale * (rank + j)) / rank : 0));
      const A = withEigenvalues(lambda, 3);
      const result = run(rt, A, { rank });
      const label = `n = ${n}, rank ${rank}, scale ${scale}`;
      assert.ok(check(A, result) <= 1e4 * n * EPS * scale, label);
      result.values.forEach((x, j) => assert.ok(Math.abs(x - lambda[j]!) <= 1e4 * n * EPS * scale, label));
      assert.ok(result.info.error <= 1e6 * n * EPS * scale, label);
    }
  }
});

testEach("nystrom: full size is exact, zero is zero", (rt) => {
  const lambda = graded(40, 6);
  const A = withEigenvalues(lambda, 4);
  const all = run(rt, A, { rank: 40 });
  assert.ok(check(A, all) <= 1e4 * 40 * EPS);
  const zero = run(rt, matrix(7, 7), { rank: 3 });
  assert.equal(check(matrix(7, 7), zero), 0);
  assert.equal(zero.info.error, 0);
});

testEach("nystrom: close to the best, from below, within the estimate; an operator like its matrix", (rt) => {
  const lambda = Float64Array.from({ length: 150 }, (_, j) => (j + 1) ** -2);
  const A = withEigenvalues(lambda, 5);
  for (const rank of [5, 20]) {
    const result = run(rt, A, { rank });
    result.values.forEach((x, j) => {
      const exact = lambda[rank - 1 - j]!;
      assert.ok(x <= exact + 1000 * EPS && x >= exact - 2 * lambda[rank]!, `${x}, expected ${exact}`);
    });
    const error = check(A, result);
    assert.ok(error <= 3 * lambda[rank]! && error <= result.info.error && result.info.error <= 100 * lambda[rank]!);
    assert.equal(result.info.products, rank + 10 + 6);
    const free = run(rt, { n: 150, apply: (V) => times(A, V) }, { rank });
    free.values.forEach((x, j) => assert.ok(Math.abs(x - result.values[j]!) <= 1e5 * EPS));
    assert.equal(free.info.products, result.info.products);
  }
});

testEach("nystrom: what it refuses", (rt) => {
  const lambda = graded(30, 1).map((x, j) => (j % 2 ? -x : x));
  const mark = rt.memory.mark();
  assert.throws(() => run(rt, withEigenvalues(lambda, 6), { rank: 5 }), { code: "ERR_NOT_POSITIVE_DEFINITE", message: /^nystrom: A is not/ });
  assert.throws(() => run(rt, matrix(2, 3), { rank: 1 }), { code: "ERR_SHAPE" });
  assert.throws(() => run(rt, matrix(0, 0), { rank: 1 }), { code: "ERR_SHAPE" });
  assert.throws(() => run(rt, [[1, 2], [3, 4]], { rank: 1 }), { code: "ERR_NOT_SYMMETRIC" });
  assert.throws(() => run(rt, [[1, NaN], [NaN, 4]], { rank: 1 }), { code: "ERR_NOT_FINITE" });
  for (const options of [undefined, {}, { rank: 0 }, { rank: 3 }, { rank: 1, oversampling: 0.5 }, { rank: 1, seed: NaN }]) {
    assert.throws(() => run(rt, [[1, 0], [0, 1]], options as NystromOptions), { code: "ERR_OPTION" });
  }
  assert.throws(() => run(rt, { n: 3, apply: () => matrix(2, 2) }, { rank: 1 }), { code: "ERR_SHAPE" });
  assert.equal(rt.memory.mark(), mark);
});

test("nystrom: the same bits from any number of threads", async () => {
  const A = withEigenvalues(graded(300, 5), 8);
  let seen: Buffer | undefined;
  for (const threads of [1, 2, 3]) {
    const rt = await createRuntime("test", { threads }, 1);
    const { values, vectors } = run(rt, A, { rank: 30 });
    const bits = Buffer.concat([Buffer.from(values.buffer), Buffer.from(vectors.data.buffer)]);
    seen ??= bits;
    assert.equal(Buffer.compare(bits, seen), 0, `${threads} threads`);
    rt.close();
  }
});
