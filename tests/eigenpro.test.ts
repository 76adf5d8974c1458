// EigenPro: the published run on digits to its digits, every update against the formulas in plain TypeScript, what the
// bound of the step is for, and the bad input.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { createRuntime } from "../bindings/core/create.ts";
import { matrix as kernelMatrix } from "../bindings/kernels/matrix.ts";
import { matmul } from "../bindings/linalg/blas.ts";
import { lstsq } from "../bindings/linalg/lstsq.ts";
import { normalizeRows, takeRows } from "../bindings/linalg/rows.ts";
import { RandomState } from "../bindings/random/mt19937.ts";
import type { EigenProFitInfo, EigenProFitOptions } from "../bindings/regression/eigenproOptions.ts";
import { fit } from "../bindings/regression/fit.ts";
import { predict } from "../bindings/regression/predict.ts";
import { kernels, matrix, networks, NotFiniteError, NotPositiveDefiniteError, OptionError, ShapeError, type Matrix } from "../bindings/sync.ts";
import type { Kernel } from "../bindings/kernels/descriptions.ts";
import type { Runtime } from "../bindings/core/runtime.ts";
import type { MatrixLike } from "../bindings/linalg/matrix.ts";
import type { Targets } from "../bindings/regression/problem.ts";
import { EPS, numbers, testEach } from "./harness.ts";
import { fill } from "./matrices.ts";

type Dense = Matrix<Float64Array>;

function eigenpro(rt: Runtime, kernel: Kernel, X: MatrixLike, Y: Targets, options: Omit<EigenProFitOptions, "method"> = {}) {
  const { alpha, info } = fit(rt, kernel, X, Y, { method: "eigenpro", ...options });
  return { alpha, info: info as EigenProFitInfo };
}

const digits = (() => {
  const text = gunzipSync(readFileSync(new URL("../examples/data/digits.csv.gz", import.meta.url))).toString();
  const rows = text.trim().split("\n").map((line) => line.split(",").map(Number));
  const pixels = fill(rows.length, 64, (i, j) => rows[i]![j]!);
  const targets = fill(rows.length, 10, (i, c) => (rows[i]![64] === c ? 1 : 0));
  const some = (A: Dense, from: number, to: number) => takeRows(A, Array.from({ length: to - from }, (_, i) => from + i));
  return { pixels, X: normalizeRows(pixels), targets, some };
})();

test("digits: the published algorithm's parameters and errors, to their digits", async () => {
  const rt = await createRuntime("test", { threads: 2 }, 1);
  const { X, targets, some } = digits;
  const listed = [1, 2, 5, 10, 50, 150];
  const { alpha, info } = eigenpro(rt, kernels.laplacian({ bandwidth: 10 }), some(X, 0, 1500), some(targets, 0, 1500), {
    epochs: listed, Xval: some(X, 1500, 1797), Yval: some(targets, 1500, 1797), compat: true,
  });
  assert.deepEqual(
    [info.nSubsamples, info.topQ, info.batchSize, info.iterations, info.converged, info.diverged],
    [1500, 21, 1391, 150, false, false],
  );
  const near = (got: number, expected: number, digits: number) => (
    assert.ok(Math.abs(got - expected) <= 1.01 * 10 ** -digits * 10 ** Math.ceil(Math.log10(expected)), `${got}, expected ${expected}`)
  );
  near(info.topEigenvalue, 0.925273622, 9);
  near(info.newTopEigenvalue, 7.1457424e-4, 9);
  near(info.beta, 0.99380874, 8);
  near(info.learningRate, 1399.66569, 10);
  const expected = [
    [26, 2.117516e-2, 28, 3.00734769e-2], [16, 1.278141e-2, 27, 2.37933042e-2], [4, 7.15321e-3, 23, 1.93076375e-2],
    [2, 4.016008e-3, 21, 1.66164088e-2], [0, 3.304103e-4, 14, 1.31654734e-2], [0, 5.801569e-6, 13, 1.26159211e-2],
  ];
  assert.deepEqual(info.epochs.map(({ epoch }) => epoch), listed);
  info.epochs.forEach(({ train, validation }, e) => {
    const [wrong, mse, wrongHeld, mseHeld] = expected[e]! as [number, number, number, number];
    assert.deepEqual([Math.round(train.error! * 1500), Math.round(validation!.error! * 297)], [wrong, wrongHeld]);
    near(train.mse, mse, e === 5 ? 6 : 7);
    near(validation!.mse, mseHeld, 8);
  });
  assert.deepEqual([alpha.rows, alpha.cols], [1500, 10]);
  rt.close();
});

const laplacian = kernels.laplacian({ bandwidth: 3 });
const [n, d, L] = [70, 4, 3];
const X = matrix(n, d, numbers(n * d, 1));
const Y = matrix(n, L, numbers(n * L, 2));

/** Eigenvalues, descending, and eigenvectors as rows, by Jacobi's rotations. */
function eigen(m: number, given: Float64Array): { values: number[]; vectors: Float64Array[] } {
  const a = given.slice();
  const v = Float64Array.from({ length: m * m }, (_, e) => Number(e % (m + 1) === 0));
  for (let sweep = 0; sweep < 12; sweep++) {
    for (let p = 0; p < m; p++) {
      for (let q = p + 1; q < m; q++) {
        const angle = Math.atan2(2 * a[p * m + q]!, a[p * m + p]! - a[q * m + q]!) / 2;
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        const turn = (array: Float64Array, i: number, j: number) => {
          [array[i], array[j]] = [c * array[i]! + s * array[j]!, c * array[j]! - s * array[i]!];
        };
        for (let k = 0; k < m; k++) turn(a, p * m + k, q * m + k);
        for (let k = 0; k < m; k++) turn(a, k * m + p, k * m + q);
        for (let k = 0; k < m; k++) turn(v, p * m + k, q * m + k);
      }
    }
  }
  const order = Array.from({ length: m }, (_, i) => i).sort((i, j) => a[j * m + j]! - a[i * m + i]!);
  return { values: order.map((i) => a[i * m + i]!), vectors: order.map((i) => v.slice(i * m, (i + 1) * m)) };
}

/** EigenPro as published, from K alone, every formula as it stands in the source. */
function textbook(K: Dense, Y: Dense, m: number, d: number, epochs: number, memoryGb: number) {
  const { rows: n } = K;
  const { cols: L } = Y;
  const random = new RandomState(1);
  const sample = [...random.choice(n, m)];
  random.seed(1);
  const kOf = (i: number, j: number) => K.data[i * n + j]!;
  const { values, vectors } = eigen(m, Float64Array.from({ length: m * m }, (_, e) => kOf(sample[Math.floor(e / m)]!, sample[e % m]!) / m));
  const most = Math.min(m - 1, 1000);
  let available = 0;
  for (let b = 0; b < m; b++) if (((d + 3 * L + b + 1) * n + 1000 * m) * 4 < (memoryGb - 1) * 2 ** 30) available++;
  const maxBatch = Math.min(Math.max(m / 5, available), m);
  const q = Math.max(values.slice(0, most).filter((value) => (1 / value) ** 0.95 < maxBatch).length - 1, 5);
  const tail = values[q - 1]!;
  const V = vectors.slice(0, q - 1).map((u) => u.map((x) => x / Math.sqrt(m)));
  const D = V.map((_, j) => (1 - (tail / values[j]!) ** 0.95) / values[j]!);
  const beta = Math.max(...sample.map((_, i) => 1 - m * V.reduce((sum, v) => sum + v[i]! ** 2, 0)));
  const newTop = values[0]! / (values[0]! / tail) ** 0.95;
  const b = Math.min(Math.trunc(beta / newTop + 1), available);
  const eta = b < beta / newTop + 1 ? b / beta : (0.99 * 2 * b) / (beta + (b - 1) * newTop);
  random.choice(n, Math.min(n, 5000));
  const w = new Float64Array(n * L);
  for (let epoch = 0; epoch < epochs; epoch++) {
    const ids = random.choice(n, Math.floor(n / b) * b);
    for (let at = 0; at < ids.length; at += b) {
      const batch = [...ids.slice(at, at + b)];
      for (let l = 0; l < L; l++) {
        const g = batch.map((i) => {
          let f = -Y.data[i * L + l]!;
          for (let j = 0; j < n; j++) f += kOf(i, j) * w[j * L + l]!;
          return f;
        });
        const onSample = sample.map((s) => batch.reduce((sum, i, k) => sum + g[k]! * kOf(i, s), 0));
        const along = V.map((v, j) => D[j]! * v.reduce((sum, x, s) => sum + x * onSample[s]!, 0));
        batch.forEach((i, k) => { w[i * L + l]! -= (eta / b) * g[k]!; });
        sample.forEach((i, s) => { w[i * L + l]! += (eta / b) * V.reduce((sum, v, j) => sum + v[s]! * along[j]!, 0); });
      }
    }
  }
  return { w, q, b, eta, beta };
}

testEach("every update is the published one, with all rows as the sample and with some", (rt) => {
  const K = kernelMatrix(rt, laplacian, X);
  for (const [m, memoryGb] of [[n, 12], [30, 12], [30, 1.000125]] as const) {
    const expected = textbook(K, Y, m, d, 3, memoryGb);
    const { alpha, info } = eigenpro(rt, laplacian, X, Y, { nSubsamples: m, epochs: 3, memoryGb, compat: true, tol: 0 });
    assert.deepEqual([info.topQ, info.batchSize], [expected.q, expected.b]);
    assert.ok(Math.abs(info.learningRate - expected.eta) <= 1e-10 * expected.eta);
    const largest = expected.w.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    alpha.data.forEach((x, e) => {
      // n products and q eigenpairs of relative accuracy n·eps/gap enter; the gaps are above 1e-4
      if (!(Math.abs(x - expected.w[e]!) <= 1e4 * n * EPS * largest)) assert.fail(`m = ${m}: ${x} at ${e}, expected ${expected.w[e]}`);
    });
  }
});

testEach("it converges to K⁻¹·Y, from a kept K and from a streamed one alike", (rt) => {
  const { alpha: exact } = fit(rt, laplacian, X, Y);
  const kept = eigenpro(rt, laplacian, X, Y, { batchSize: 16, epochs: 3000, tol: 1e-11 });
  assert.ok(kept.info.converged && kept.info.iterations < 3000, JSON.stringify(kept.info));
  const off = (alpha: Dense, from: Dense) => alpha.data.reduce((most, x, e) => Math.max(most, Math.abs(x - from.data[e]!)), 0);
  const size = exact.data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  assert.ok(off(kept.alpha, exact) <= 1e-8 * size, `${off(kept.alpha, exact)} of ${size}`);
  const some = eigenpro(rt, laplacian, X, Y, { batchSize: 16, epochs: 5, nSubsamples: 30, Xval: X, Yval: Y });
  const streamed = eigenpro(rt, laplacian, X, Y, { batchSize: 16, epochs: [2, 5], nSubsamples: 30, Xval: X, Yval: Y, memoryGb: 1e-7, topQ: some.info.topQ });
  assert.ok(off(some.alpha, streamed.alpha) <= 1e4 * n * EPS * size);
  assert.ok(Math.abs(some.info.epochs[0]!.validation!.mse - streamed.info.epochs[1]!.validation!.mse) <= 1e-10);
  const f = predict(rt, laplacian, X, some.alpha, X);
  const mse = f.data.reduce((sum, x, e) => sum + (x - Y.data[e]!) ** 2, 0) / f.data.length;
  for (const errors of [some.info.epochs[0]!.train, some.info.epochs[0]!.validation!]) assert.ok(Math.abs(errors.mse - mse) <= 1e-10);
});

test("threads give the same bits", async () => {
  const [one, three] = await Promise.all([1, 3].map(async (threads) => {
    const rt = await createRuntime("test", { threads, reproducible: true }, 1);
    const { X, targets, some } = digits;
    const { alpha } = eigenpro(rt, laplacian, some(X, 0, 300), some(targets, 0, 300), { epochs: 4 });
    rt.close();
    return alpha.data;
  })) as [Float64Array, Float64Array];
  assert.ok(one.every((x, e) => x === three[e]));
});

test("kernels whose diagonal is not 1: the published bound diverges, which is told; the default converges", async () => {
  const rt = await createRuntime("test", { threads: 2 }, 1);
  const { pixels, targets, some } = digits;
  const rows = fill(400, 64, (i, j) => pixels.data[i * 64 + j]! / 16);
  const { network, dense, relu } = networks;
  const ntk = kernels.ntk(network([dense({ biasStd: 1 }), relu(), dense()], { convention: "tutorial" }));
  for (const kernel of [ntk, kernels.polynomial({ degree: 2 })]) {
    const options = { nSubsamples: 100, epochs: 40 };
    const published = eigenpro(rt, kernel, rows, some(targets, 0, 400), { ...options, compat: true });
    assert.deepEqual([published.info.diverged, published.info.converged], [true, false]);
    assert.ok(published.info.iterations < 40 && published.alpha.data.every(Number.isFinite));
    const { alpha, info } = eigenpro(rt, kernel, rows, some(targets, 0, 400), options);
    assert.ok(!info.diverged && info.iterations === 40 && info.residual < 0.2, JSON.stringify(info));
    assert.ok(alpha.data.every(Number.isFinite));
  }
  rt.close();
});

testEach("a kernel times c gives α over c", (rt) => {
  const c = 2 ** -6;
  const one = eigenpro(rt, laplacian, X, Y, { epochs: 4, nSubsamples: 40 });
  const other = eigenpro(rt, kernels.sum([laplacian], [c]), X, Y, { epochs: 4, nSubsamples: 40 });
  assert.deepEqual([other.info.topQ, other.info.batchSize], [one.info.topQ, one.info.batchSize]);
  const largest = one.alpha.data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  one.alpha.data.forEach((x, e) => assert.ok(Math.abs(c * other.alpha.data[e]! - x) <= 1e4 * n * EPS * largest));
});

test("one row, one output, outputs of zero, few rows, equal rows", async () => {
  const rt = await createRuntime("test", {}, 1);
  const single = eigenpro(rt, laplacian, [[1, 2]], [3]);
  assert.deepEqual([single.alpha.data[0], single.info.converged, single.info.topQ], [3, true, 1]);
  const few = eigenpro(rt, laplacian, [[1], [2], [4]], [1, -1, 2], { epochs: 500, tol: 1e-12 });
  assert.ok(few.info.converged && few.info.epochs[0]!.train.error === undefined);
  const zero = eigenpro(rt, laplacian, [[1], [2], [4]], [0, 0, 0]);
  assert.ok(zero.info.converged && zero.alpha.data.every((x) => x === 0));
  const equal = eigenpro(rt, laplacian, fill(20, 2, () => 1), new Float64Array(20).fill(2));
  assert.ok(equal.info.converged && Math.abs(equal.alpha.data.reduce((sum, x) => sum + x, 0) - 2) < 1e-5);
  // of rank 2: five pairs are sought, two are there
  const linear = eigenpro(rt, kernels.polynomial({ degree: 1, offset: 0 }), fill(20, 2, (i, j) => Math.sin(i + 3 * j)), fill(20, 1, (i) => Math.sin(i)), { epochs: 300 });
  assert.ok(linear.info.converged && linear.info.topQ === 2, JSON.stringify(linear.info));
  rt.close();
});

test("bad input is refused before anything is computed", async () => {
  const rt = await createRuntime("test", {}, 1);
  const refused = (options: object, error: new (message: string) => Error, message: RegExp, y: Targets = Y, x: MatrixLike = X) => (
    assert.throws(() => eigenpro(rt, laplacian, x, y, options), (thrown) => thrown instanceof error && message.test(thrown.message) || assert.fail(String(thrown)))
  );
  refused({ epochs: 0 }, OptionError, /epochs is 0/);
  refused({ epochs: [] }, OptionError, /epochs is an empty list/);
  refused({ epochs: [1, 1] }, OptionError, /epochs\[1\] is 1 after 1/);
  refused({ epochs: "many" }, OptionError, /epochs is many/);
  refused({ nSubsamples: n + 1 }, OptionError, /nSubsamples is 71, expected a whole number from 1 to 70/);
  refused({ topQ: 0 }, OptionError, /topQ is 0/);
  refused({ batchSize: n + 1 }, OptionError, /batchSize is 71/);
  refused({ learningRate: -1 }, OptionError, /learningRate is -1/);
  refused({ memoryGb: 1 }, OptionError, /memoryGb is 1, too little/);
  refused({ memoryGb: NaN }, OptionError, /memoryGb is NaN/);
  refused({ seed: -1 }, OptionError, /seed is -1/);
  refused({ tol: 1 }, OptionError, /tol is 1/);
  refused({ ridge: 1 }, OptionError, /ridge is 1, method "eigenpro" has none/);
  refused({ compat: 1 }, OptionError, /compat is 1/);
  refused({ Xval: X }, ShapeError, /Xval was given without Yval/);
  refused({ Yval: Y }, ShapeError, /Yval was given without Xval/);
  refused({ Xval: [[1, 2]], Yval: [1] }, ShapeError, /Xval has 2 columns, expected 4/);
  refused({ Xval: X, Yval: new Float64Array(n) }, ShapeError, /Yval has 1 column/);
  refused({ Xval: X, Yval: new Float64Array(3) }, ShapeError, /Yval has 3 rows/);
  refused({}, ShapeError, /Y has 3 rows/, [1, 2, 3]);
  refused({}, NotFiniteError, /X holds NaN at row 3, column 1/, [1, 2, 3, 4], [[1], [2], [NaN], [3]]);
  refused({}, NotFiniteError, /Y holds NaN at row 2/, [1, NaN], [[1], [2]]);
  refused({ Xval: [[1, 2, 3, Infinity]], Yval: [[1, 2, 3]] }, NotFiniteError, /Xval holds Infinity/);

  // a step above the limit is refused with the limit; at the limit it is not
  const limit = (batchSize: number) => {
    const { info } = eigenpro(rt, laplacian, X, Y, { batchSize, epochs: 1 });
    return (2 * batchSize) / (info.beta + (batchSize - 1) * info.newTopEigenvalue);
  };
  const most = limit(20);
  refused({ batchSize: 20, learningRate: 1.001 * most }, OptionError, new RegExp(`stable up to ${most.toPrecision(4)}`));
  assert.ok(eigenpro(rt, laplacian, X, Y, { batchSize: 20, learningRate: 0.999 * most, epochs: 1 }).info.iterations === 1);
  rt.close();
});

testEach("centers of its own: it converges to least squares, whatever the batch and the sample; streamed too", (rt) => {
  const kernel = kernels.gaussian({ bandwidth: 1 });
  const [n, d, p, L] = [300, 4, 40, 3];
  const [X, Z, Y] = [matrix(n, d, numbers(n * d, 1)), matrix(p, d, numbers(p * d, 2)), matrix(n, L, numbers(n * L, 3))];
  const K = kernelMatrix(rt, kernel, X, Z);
  /** The loss, and the largest number of K(Z, X)·(f(X) − Y): zero for least squares. */
  const lossOf = (alpha: Dense) => {
    const f = matmul(rt, K, alpha);
    const missed = f.data.map((x, e) => x - Y.data[e]!);
    const gradient = matmul(rt, K, matrix(n, L, missed), { transA: true }).data;
    return { mse: missed.reduce((sum, x) => sum + x * x, 0) / missed.length, gradient: gradient.reduce((most, x) => Math.max(most, Math.abs(x)), 0) };
  };
  const best = lossOf(lstsq(rt, K, Y).x as Dense);
  const started = lossOf(matrix(p, L)).gradient;
  for (const options of [{}, { nSubsamples: 60, batchSize: 60 }, { batchSize: n }, { batchSize: 30, memoryGb: 1e-6 }]) {
    const { alpha, info } = eigenpro(rt, kernel, X, Y, { centers: Z, epochs: 1000, tol: 1e-7, ...options });
    assert.ok(info.converged && !info.diverged, JSON.stringify(info));
    const { mse, gradient } = lossOf(alpha);
    assert.ok(Math.abs(mse - best.mse) <= 1e-6 * best.mse, `${mse}, least squares has ${best.mse}`);
    assert.ok(gradient <= 1e-5 * started, `${gradient} of ${started}`);
    assert.ok(Math.abs(info.epochs.at(-1)!.train.mse - mse) <= 1e-9);
  }
});

test("centers that others stand for, or with another number of columns, are refused", async () => {
  const rt = await createRuntime("test", {}, 1);
  assert.throws(() => eigenpro(rt, laplacian, X, Y, { centers: [[1, 2, 3, 4], [1, 2, 3, 4]] }), NotPositiveDefiniteError);
  assert.throws(() => eigenpro(rt, laplacian, X, Y, { centers: [[1, 2]] }), ShapeError);
  assert.throws(() => eigenpro(rt, laplacian, X, Y, { centers: [[1, 2, 3, NaN]] }), NotFiniteError);
  rt.close();
});
