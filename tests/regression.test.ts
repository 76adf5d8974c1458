// Regression: every method against elimination in plain TypeScript, leave-one-out by leaving rows out, and the bad input.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createEngine } from "eigenscope";
import { createCore } from "eigenscope/core";
import { createRuntime } from "../bindings/core/create.ts";
import type { Kernel } from "../bindings/kernels/descriptions.ts";
import { matrix as kernelMatrix } from "../bindings/kernels/matrix.ts";
import type { EigenProFitInfo } from "../bindings/regression/eigenproOptions.ts";
import { fit, type FitInfo, type FitOptions } from "../bindings/regression/fit.ts";
import { gradientFlow } from "../bindings/regression/gradientFlow.ts";
import { predict } from "../bindings/regression/predict.ts";
import { ridgePath } from "../bindings/regression/ridgePath.ts";
import { kernels, matrix, networks, NotPositiveDefiniteError, OptionError, ShapeError, SingularError, NotFiniteError, type Matrix } from "../bindings/sync.ts";
import { EPS, numbers, testEach } from "./harness.ts";
import { eliminate, fill } from "./matrices.ts";

type Dense = Matrix<Float64Array>;

const [n, m, d, L] = [150, 40, 6, 3];
const X = matrix(n, d, numbers(n * d, 1));
const X2 = matrix(m, d, numbers(m * d, 2));
const Y = matrix(n, L, numbers(n * L, 3));
const Y2 = matrix(m, L, numbers(m * L, 4));
/** x·z/d, of rank d. */
const linear = kernels.nngp(networks.network([networks.dense()]));
const laplacian = kernels.laplacian({ bandwidth: 2 });

const multiplied = (A: Dense, B: Dense) => fill(A.rows, B.cols, (i, j) => {
  let sum = 0;
  for (let k = 0; k < A.cols; k++) sum += A.data[i * A.cols + k]! * B.data[k * B.cols + j]!;
  return sum;
});

const plusRidge = (K: Dense, ridge: number) => fill(K.rows, K.rows, (i, j) => K.data[i * K.rows + j]! + (i === j ? ridge : 0));
const largest = (values: Iterable<number>) => [...values].reduce((most, x) => Math.max(most, Math.abs(x)), 0);
const meanSquare = (values: Float64Array) => values.reduce((sum, x) => sum + x * x, 0) / values.length;
const without = (A: Dense, i: number) => matrix(A.rows - 1, A.cols, Float64Array.from([...A.data.slice(0, i * A.cols), ...A.data.slice((i + 1) * A.cols)]));
const rowOf = (A: Dense, i: number) => matrix(1, A.cols, A.data.slice(i * A.cols, (i + 1) * A.cols));

function assertNear(found: Dense, expected: Dense, relative: number): void {
  assert.deepEqual([found.rows, found.cols], [expected.rows, expected.cols]);
  const off = largest(found.data.map((x, e) => x - expected.data[e]!)) / largest(expected.data);
  assert.ok(off <= relative, `off by ${off}, allowed ${relative}`);
}

/** Mean of (yᵢ − f₋ᵢ(xᵢ))² by n fits. */
function leftOut(K: Dense, targets: Dense): number {
  const missed = Array.from({ length: K.rows }, (_, i) => {
    const rest = fill(K.rows - 1, K.rows - 1, (p, q) => K.data[(p < i ? p : p + 1) * K.rows + (q < i ? q : q + 1)]!);
    const alpha = eliminate(rest, without(targets, i));
    const k = matrix(1, K.rows - 1, without(matrix(K.rows, 1, rowOf(K, i).data), i).data);
    return multiplied(k, alpha).data.map((f, l) => targets.data[i * targets.cols + l]! - f);
  });
  return meanSquare(Float64Array.from(missed.flatMap((values) => [...values])));
}

for (const ridge of [0, 0.1]) {
  testEach(`solve is what elimination finds, and predict is K(X2, X)·α; ridge ${ridge}`, (rt) => {
    const K = kernelMatrix(rt, laplacian, X);
    const { alpha, info } = fit(rt, laplacian, X, Y, { ridge });
    assert.ok(info.method === "solve");
    const bound = n * EPS * info.condition;
    assertNear(alpha, eliminate(plusRidge(K, ridge), Y), bound);
    assert.ok(info.factorization === "cholesky" && info.converged && info.ridge === ridge);
    assert.ok(info.residual > 0 && info.residual <= n * EPS * Math.sqrt(info.condition), `residual ${info.residual}`);
    assertNear(predict(rt, laplacian, X, alpha, X2), multiplied(kernelMatrix(rt, laplacian, X2, X), alpha), n * EPS * info.condition);
    assertNear(predict(rt, laplacian, X, alpha, X), fill(n, L, (i, l) => Y.data[i * L + l]! - ridge * alpha.data[i * L + l]!), bound);
  });
}

testEach("n numbers are targets of one output", (rt) => {
  const y = Float64Array.from({ length: n }, (_, i) => Y.data[i * L]!);
  const { alpha } = fit(rt, laplacian, X, y);
  assertNear(alpha, fit(rt, laplacian, X, Array.from(y)).alpha, 0);
  assertNear(alpha, fit(rt, laplacian, X, matrix(n, 1, y)).alpha, 0);
  assert.ok(fit(rt, laplacian, X, new Float64Array(n)).alpha.data.every((a) => a === 0));
});

testEach("a kernel with a negative eigenvalue is solved by LU", (rt) => {
  const indefinite = kernels.sum([linear], [-1]);
  const ridge = 0.5;
  const { alpha, info } = fit(rt, indefinite, X, Y, { ridge });
  assert.ok(info.method === "solve" && info.factorization === "lu");
  assertNear(alpha, eliminate(plusRidge(kernelMatrix(rt, indefinite, X), ridge), Y), n * EPS * info.condition);
  assert.ok(info.residual < n * EPS * 10);
});

testEach("a kernel of far apart scales is solved", (rt) => {
  const scaled = matrix(20, d, X.data.slice(0, 20 * d).map((x, e) => x * 100 ** (Math.floor(e / d) % 5)));
  const { info } = fit(rt, kernels.hinf(), scaled, matrix(20, L, Y.data.slice(0, 20 * L)));
  assert.ok(info.method === "solve" && info.factorization === "cholesky" && info.condition < 1e3, JSON.stringify(info));
});

testEach("leave-one-out: n fits without a row each", (rt) => {
  for (const ridge of [0, 0.3]) {
    const some = matrix(40, d, X.data.slice(0, 40 * d));
    const targets = matrix(40, L, Y.data.slice(0, 40 * L));
    const { info } = fit(rt, laplacian, some, targets, { ridge, leaveOneOut: true });
    assert.ok(info.method === "solve");
    const expected = leftOut(plusRidge(kernelMatrix(rt, laplacian, some), ridge), targets);
    assert.ok(Math.abs(info.leaveOneOut! - expected) <= 1000 * EPS * info.condition * expected);
    const path = ridgePath(rt, laplacian, some, targets, [ridge]);
    assert.ok(Math.abs(path.leaveOneOut[0]! - expected) <= 1000 * EPS * info.condition * expected);
  }
});

testEach("conjugate gradients reach the solution, with and without a preconditioner, in fewer steps with", (rt) => {
  const ridge = 0.01;
  const { alpha } = fit(rt, laplacian, X, Y, { ridge });
  const steps = [0, 30].map((rank) => {
    const { alpha: found, info } = fit(rt, laplacian, X, Y, { method: "cg", ridge, tol: 1e-12, rank });
    assert.ok(info.method === "cg" && info.converged);
    assert.equal(info.residuals.length, L);
    assert.ok(largest(info.residuals) <= 1e-12);
    assertNear(found, alpha, 1e-9);
    return info.iterations;
  });
  assert.ok(steps[1]! < steps[0]! / 1.5, `${steps} steps`);
});

testEach("conjugate gradients say what they reached", (rt) => {
  const withZero = matrix(n, 2, Float64Array.from({ length: 2 * n }, (_, e) => (e % 2 ? Y.data[e]! : 0)));
  const { alpha, info } = fit(rt, laplacian, X, withZero, { method: "cg", maxIterations: 3, rank: 0 });
  assert.ok(info.method === "cg" && !info.converged && info.iterations === 3);
  const missed = multiplied(kernelMatrix(rt, laplacian, X), alpha).data.map((f, e) => withZero.data[e]! - f);
  for (const j of [0, 1]) {
    const size = (values: Float64Array) => Math.sqrt(values.reduce((sum, x, e) => sum + (e % 2 === j ? x * x : 0), 0));
    assert.ok(Math.abs(info.residuals[j]! - (j ? size(missed) / size(withZero.data) : 0)) <= 1e-12);
  }
  for (const rank of [0, 3, 20]) {
    const singular = fit(rt, linear, X, Y, { method: "cg", rank }).info;
    assert.ok(singular.method === "cg" && !singular.converged && singular.iterations < 1000);
  }
});

testEach("conjugate gradients out of reach of a singular K give nothing worse than 0", (rt) => {
  const rows = (data: number[], cols: number) => matrix(data.length / cols, cols, Float64Array.from(data));
  const twice = rows([1, 2, 1, 2, 3, 4], 2);
  const zero = rows([0, 0, 0, 1, 1, 0], 2);
  for (const [kernel, some] of [[laplacian, twice], [kernels.hinf(), zero], [kernels.hinf(), rows([0, 0, 0], 1)]] as const) {
    for (const rank of [0, 1, 3]) {
      const { info } = fit(rt, kernel, some, [1, 2, 3], { method: "cg", rank });
      assert.ok(info.method === "cg" && !info.converged);
      assert.ok(info.residuals[0]! <= 1, `${info.residuals[0]}`);
    }
  }
});

testEach("targets whose squares overflow or vanish are learnt like others", (rt) => {
  const [some, targets] = [matrix(20, d, X.data.slice(0, 20 * d)), matrix(20, L, Y.data.slice(0, 20 * L))];
  for (const method of ["solve", "cg", "eigenpro"] as const) {
    const one = fit(rt, laplacian, some, targets, { method });
    for (const unit of [2 ** 700, 2 ** -700]) {
      const other = fit(rt, laplacian, some, matrix(20, L, targets.data.map((y) => y * unit)), { method });
      assert.deepEqual(other.alpha.data, one.alpha.data.map((a) => a * unit), method);
      const { epochs: told, ...info } = one.info as EigenProFitInfo;
      const { epochs: toldToo, ...infoToo } = other.info as EigenProFitInfo;
      assert.deepEqual(infoToo, info);
    }
  }
});

testEach("what is no kernel matrix is not trained", (rt) => {
  const negative = kernels.sum([laplacian], [-1]);
  assert.throws(() => gradientFlow(rt, negative, X, Y, { times: [1] }), (error: Error) => (
    error instanceof NotPositiveDefiniteError && /regression\.gradientFlow: K is not positive semidefinite: its eigenvalues go from -/.test(error.message)
  ));
});

testEach("the ridge path is a fit for each ridge", (rt) => {
  const ridges = [3, 1e-3, 0, 0.2];
  const path = ridgePath(rt, laplacian, X, Y, ridges, { X2, Y2 });
  assert.deepEqual([...path.ridges], ridges);
  ridges.forEach((ridge, k) => {
    const { alpha, info } = fit(rt, laplacian, X, Y, { ridge, leaveOneOut: true });
    assert.ok(info.method === "solve");
    const close = (found: number, expected: number) => assert.ok(Math.abs(found - expected) <= 100 * n * EPS * info.condition, `${found}, ${expected}`);
    close(path.leaveOneOut[k]! / info.leaveOneOut!, 1);
    close(path.train[k]!, meanSquare(predict(rt, laplacian, X, alpha, X).data.map((f, e) => f - Y.data[e]!)));
    close(path.test![k]!, meanSquare(predict(rt, laplacian, X, alpha, X2).data.map((f, e) => f - Y2.data[e]!)));
    if (k === path.best.index) assertNear(path.best.alpha, alpha, 100 * n * EPS * info.condition);
  });
  assert.equal(path.leaveOneOut[path.best.index], Math.min(...path.leaveOneOut));
  assert.equal(path.best.ridge, ridges[path.best.index]);
  assert.equal(path.train[2], 0);
  const trace = path.eigenvalues.reduce((sum, value) => sum + value, 0);
  assert.ok(Math.abs(trace - n) <= n * n * EPS);
  assert.equal(ridgePath(rt, laplacian, X, Y, [1]).test, undefined);
});

test("bad input is refused with its reason", async () => {
  const rt = await createRuntime("test", {}, 1);
  const run = (options: object, kernel: Kernel = laplacian, x: unknown = X, y: unknown = Y) => () =>
    fit(rt, kernel, x as Matrix, y as Matrix, options as FitOptions);
  const path = (ridges: unknown, options: object = {}) => () => ridgePath(rt, laplacian, X, Y, ridges as number[], options);
  const cases: [() => unknown, new (message: string) => Error, RegExp][] = [
    [run({ ridge: -1 }), OptionError, /^regression\.fit: ridge is -1, expected a finite number ≥ 0$/],
    [run({ ridge: NaN }), OptionError, /ridge is NaN/],
    [run({ ridge: "1" }), OptionError, /ridge is 1/],
    [run({ method: "svd" }), OptionError, /^regression\.fit: method is "svd", expected one of solve, cg/],
    [run({ centers: X }), OptionError, /centers are given, method "solve"/],
    [run({ leaveOneOut: 1 }), OptionError, /leaveOneOut is 1, expected true or false/],
    [run({ method: "cg", ridge: -2 }), OptionError, /ridge is -2/],
    [run({ method: "cg", tol: 0 }), OptionError, /tol is 0/],
    [run({ method: "cg", maxIterations: 0 }), OptionError, /maxIterations is 0/],
    [run({ method: "cg", rank: n + 1 }), OptionError, /rank is 151, expected a whole number from 0 to 150/],
    [run({}, kernels.laplacian({ bandwidth: 0 })), OptionError, /^regression\.fit: .*bandwidth/],
    [run({}, laplacian, X, matrix(n - 1, L)), ShapeError, /^regression\.fit: Y has 149 rows, X has 150/],
    [run({}, laplacian, X, [1, 2]), ShapeError, /Y has 2 rows, X has 150/],
    [run({}, laplacian, X, matrix(n, 0)), ShapeError, /Y is 150×0/],
    [run({}, laplacian, matrix(0, d), matrix(0, L)), ShapeError, /X is 0×6, it must not be empty/],
    [run({}, laplacian, X, "labels"), ShapeError, /Y is string/],
    [run({}, laplacian, X, null), ShapeError, /Y is null/],
    [run({}, laplacian, X, matrix(n, 1, Y.data.slice(0, n).fill(NaN, 3, 4))), NotFiniteError, /^regression\.fit: Y holds NaN at row 4/],
    [run({}, laplacian, matrix(n, d, X.data.slice().fill(Infinity, 7, 8))), NotFiniteError, /X holds Infinity at row 2, column 2/],
    [run({}, linear), SingularError, /^regression\.fit: K is singular.*add a ridge$/],
    [run({ ridge: 1e-18 }, linear), SingularError, /K \+ ridge·I is singular.*add a ridge larger than 1e-18$/],
    [run({}, laplacian, [[1, 2], [1, 2]], [0, 1]), SingularError, /add a ridge$/],
    [run({ method: "cg" }, kernels.sum([linear], [-1])), NotPositiveDefiniteError, /^regression\.fit: K is not positive semidefinite/],
    [path([]), OptionError, /ridges is/],
    [path(undefined), OptionError, /ridges is undefined, expected an array of numbers/],
    [path([1, -1]), OptionError, /ridges\[1\] is -1/],
    [path([1], { X2 }), OptionError, /X2 is given, it needs Y2/],
    [path([1], { X2, Y2: Y }), ShapeError, /Y2 has 150 rows, X2 has 40/],
    [path([1], { X2: Y2, Y2 }), ShapeError, /X2 has 3 columns, expected 6/],
    [() => ridgePath(rt, linear, X, Y, [1, 0]), SingularError, /ridges\[1\] = 0.*expected a ridge above/],
    [() => predict(rt, laplacian, X, matrix(n - 1, L), X2), ShapeError, /alpha has 149 rows, centers has 150/],
    [() => predict(rt, laplacian, X, Y, matrix(2, 3)), ShapeError, /^regression\.predict: X2 has 3 columns, expected 6/],
  ];
  const mark = rt.memory.mark();
  for (const [call, Class, message] of cases) {
    assert.throws(call, (error: Error) => {
      assert.ok(error instanceof Class, `${error.name}: ${error.message}`);
      assert.match(error.message, message);
      assert.ok(!error.message.includes("\n"));
      return true;
    }, String(message));
    assert.equal(rt.memory.mark(), mark, String(message));
  }
  rt.close();
});

test("any number of threads gives the same bits", async () => {
  const results = await Promise.all([1, 2, 3].map(async (threads) => {
    const rt = await createRuntime("test", { threads }, 1);
    const [x, y] = [matrix(600, 5, numbers(3000, 5)), matrix(600, 4, numbers(2400, 6))];
    const solved = fit(rt, laplacian, x, y, { ridge: 1e-3, leaveOneOut: true });
    const iterated = fit(rt, laplacian, x, y, { ridge: 1e-3, method: "cg", rank: 20 });
    const path = ridgePath(rt, laplacian, x, y, [0.1, 1]);
    const info = solved.info as FitInfo & { leaveOneOut: number };
    rt.close();
    return [solved.alpha.data, [info.leaveOneOut], iterated.alpha.data, path.best.alpha.data, path.leaveOneOut].flatMap((values) => [...values]);
  }));
  for (const other of results.slice(1)) assert.ok(results[0]!.every((x, e) => x === other[e]));
});

test("a fit predicts, on a core and on an engine, whose calls can be aborted", async () => {
  const la = await createCore({ threads: 2 });
  const es = await createEngine({ threads: 2 });
  try {
    const ours = la.regression.fit(laplacian, X, Y, { ridge: 0.1 });
    const expected: Matrix<Float64Array> = ours.predict(X2);
    assertNear(expected, la.regression.predict(laplacian, X, ours.alpha, X2), 0);
    const theirs = await es.regression.fit(laplacian, X, Y, { ridge: 0.1 });
    assertNear(theirs.alpha, ours.alpha, 0);
    const predicted: Matrix<Float64Array> = await theirs.predict(X2, { onProgress: () => {} });
    assertNear(predicted, expected, 0);
    await assert.rejects(theirs.predict(matrix(2, 3)), { code: "ERR_SHAPE" });
    await assert.rejects(theirs.predict(X2, { signal: AbortSignal.abort(new Error("enough")) }), /enough/);
    await assert.rejects(es.regression.fit(laplacian, X, Y, { ridge: -1 }), { code: "ERR_OPTION" });
    for (const method of ["solve", "cg"] as const) {
      const controller = new AbortController();
      const size = 3000;
      const long = es.regression.fit(laplacian, matrix(size, 50, numbers(size * 50, 7)), numbers(size, 8), {
        method, ...(method === "cg" && { tol: 1e-15, maxIterations: 1e6 }), signal: controller.signal,
      } as FitOptions);
      setTimeout(() => controller.abort(new Error("too long")), 60);
      await assert.rejects(long, /too long/);
      assertNear(await theirs.predict(X2), expected, 0);
    }
  } finally {
    la.close();
    await es.close();
  }
});
