// Randomized SVD: orthonormal factors, values from below, errors within a factor of the best and within
// the estimate; exact on low rank and full size; rank found from a tolerance; operators like matrices;
// published numbers; scales; the same bits from any number of threads.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createRuntime } from "../bindings/core/create.ts";
import type { Runtime } from "../bindings/core/runtime.ts";
import { matrix, type Matrix, type MatrixLike } from "../bindings/linalg/matrix.ts";
import { answer, isSteps, runSteps, type LinearOperator, type Operator } from "../bindings/linalg/operator.ts";
import type { Dtype } from "../bindings/linalg/eig.ts";
import { randomizedSvd, type RandomizedSvdOptions, type RandomizedSvdResult } from "../bindings/linalg/randomizedSvd.ts";
import { EPS, testEach } from "./harness.ts";
import { fill, graded, hilbert, transposed, withSingularValues } from "./matrices.ts";

const run = (rt: Runtime, A: MatrixLike | Operator, options: RandomizedSvdOptions<Dtype>) =>
  runSteps("randomizedSvd", randomizedSvd(rt, A, options as RandomizedSvdOptions<"f64">)) as RandomizedSvdResult<Dtype>;

const times = (A: Matrix, B: Matrix): Matrix<Float64Array> =>
  fill(A.rows, B.cols, (i, j) => {
    let sum = 0;
    for (let k = 0; k < A.cols; k++) sum += A.data[i * A.cols + k]! * B.data[k * B.cols + j]!;
    return sum;
  });

/** ‖A‖, from below, by the power method. */
function norm2(A: Matrix): number {
  const T = transposed(A);
  let x = fill(A.cols, 1, (i) => Math.sin(i + 1));
  let size = 0;
  for (let it = 0; it < 60; it++) {
    const y = times(T, times(A, x));
    size = Math.hypot(...y.data);
    if (size === 0) return 0;
    x = fill(A.cols, 1, (i) => y.data[i]! / size);
  }
  return Math.sqrt(size);
}

/** A − U·S·Vᵀ. */
function residual(A: Matrix, { u, s, vt }: RandomizedSvdResult): Matrix {
  const US = fill(u.rows, u.cols, (i, j) => u.data[i * u.cols + j]! * s[j]!);
  const product = times(US, vt);
  return fill(A.rows, A.cols, (i, j) => A.data[i * A.cols + j]! - product.data[i * A.cols + j]!);
}

function assertOrthonormal(Q: Matrix, eps: number): void {
  const G = times(transposed(Q), Q);
  G.data.forEach((x, e) => {
    const off = Math.abs(x - (e % (Q.cols + 1) === 0 ? 1 : 0));
    if (!(off <= 8 * (Q.rows + 8) * eps)) assert.fail(`${Q.rows}×${Q.cols}: QᵀQ − I holds ${off}`);
  });
}

const operatorOf = (A: Matrix): LinearOperator => ({
  rows: A.rows,
  cols: A.cols,
  apply: (V) => times(A, V),
  applyTranspose: (U) => times(transposed(A), U),
});

testEach("randomizedSvd: shapes, orthonormal factors, near the best error, within the estimate", (rt) => {
  for (const [m, n] of [[120, 90], [90, 120], [70, 70]] as const) {
    const sigma = Float64Array.from({ length: Math.min(m, n) }, (_, j) => 1 / (j + 1));
    const A = withSingularValues(m, n, sigma, 3);
    for (const scheme of ["subspace", "krylov"] as const) {
      for (const dtype of ["f64", "f32"] as const) {
        const eps = dtype === "f64" ? EPS : 2 ** -23;
        const result = run(rt, A, { rank: 12, scheme, dtype });
        const { u, s, vt, info } = result;
        assert.deepEqual([u.rows, u.cols, s.length, vt.rows, vt.cols], [m, 12, 12, 12, n]);
        assert.ok(s instanceof (dtype === "f64" ? Float64Array : Float32Array));
        assertOrthonormal(u, eps);
        assertOrthonormal(transposed(vt), eps);
        s.forEach((x, j) => {
          if (!(x <= sigma[j]! + 20 * m * eps)) assert.fail(`s[${j}] = ${x} lies above ${sigma[j]}`);
          if (!(x >= sigma[j]! * (scheme === "krylov" ? 0.999 : 0.97))) assert.fail(`${scheme}: s[${j}] = ${x}, expected ${sigma[j]}`);
        });
        const error = norm2(residual(A, result));
        assert.ok(error <= 1.1 * sigma[12]!, `${scheme}: error ${error}, the best is ${sigma[12]}`);
        assert.ok(error <= info.error && info.error <= 12 * error, `estimate ${info.error} of ${error}`);
        assert.deepEqual({ ...info, error: 0 }, { converged: true, method: "randomized", rank: 12, products: 144, error: 0 });
      }
    }
  }
});

testEach("randomizedSvd: truncate: false gives rank + oversampling values, cut to min(m, n)", (rt) => {
  const A = withSingularValues(100, 80, graded(80, 4), 1);
  const plain = run(rt, A, { rank: 50, powerIterations: 0, truncate: false });
  assert.equal(plain.s.length, 60);
  assert.equal(plain.info.products, 60 + 6 + 60 + 6);
  assert.equal(run(rt, A, { rank: 50, powerIterations: 0 }).s.length, 50);
  // no error but rounding from full size on
  for (const options of [{ rank: 75 }, { rank: 80, oversampling: 0 }, { rank: 80, scheme: "krylov" }] as const) {
    const full = run(rt, A, { ...options, truncate: false });
    assert.equal(full.s.length, 80);
    full.s.forEach((x, j) => assert.ok(Math.abs(x - graded(80, 4)[j]!) <= 1000 * EPS));
    assert.ok(norm2(residual(A, full)) <= 1000 * EPS);
    assert.ok(full.info.error <= 1e5 * EPS, `${full.info.error}`);
  }
});

testEach("randomizedSvd: what NumPy gives for the same random matrix", (rt) => {
  const { m, n, rank, cases } = JSON.parse(readFileSync(new URL("fixtures/randomized_svd.json", import.meta.url), "utf8"));
  const A = fill(m, n, (i, j) => 1 / (1 + Math.abs(i - 1.2 * j)));
  for (const { powerIterations, values } of cases) {
    const { s } = run(rt, A, { rank, powerIterations, truncate: false, seed: 1 });
    assert.equal(s.length, values.length);
    s.forEach((x, j) => assert.ok(Math.abs(x - values[j]) <= 1000 * EPS * values[0], `${powerIterations}: s[${j}] is ${x}, expected ${values[j]}`));
  }
});

testEach("randomizedSvd: low rank, zero and extreme matrices", (rt) => {
  for (const rank of [1, 5]) {
    for (const scale of [1, 1e300, 1e-300, 1e-308]) {
      const sigma = Float64Array.from({ length: 40 }, (_, j) => (j < rank ? scale * (1 + j) : 0)).sort().reverse();
      const A = withSingularValues(50, 40, sigma, 2);
      for (const scheme of ["subspace", "krylov"] as const) {
        const { u, s, vt, info } = run(rt, A, { rank: 8, scheme });
        s.forEach((x, j) => assert.ok(Math.abs(x / scale - sigma[j]! / scale) <= 1000 * EPS + 1e-320 / scale, `${scale}: ${x}, ${sigma[j]}`));
        assertOrthonormal(u, EPS);
        assertOrthonormal(transposed(vt), EPS);
        assert.ok(info.error / scale <= 1e5 * EPS + 1e-318 / scale, `${scale}: ${info.error}`);
      }
    }
  }
  for (const [m, n] of [[1, 1], [3, 1], [1, 3], [2, 2], [9, 7]] as const) {
    const { u, s, vt, info } = run(rt, matrix(m, n), { rank: 1 });
    assert.deepEqual([...s], [0]);
    assert.equal(info.error, 0);
    assertOrthonormal(u, EPS);
    assertOrthonormal(transposed(vt), EPS);
    const one = run(rt, fill(m, n, () => 2), { rank: 1 });
    assert.ok(Math.abs(one.s[0]! - 2 * Math.sqrt(m * n)) <= 100 * EPS);
  }
});

testEach("randomizedSvd: rank from a tolerance", (rt) => {
  const sigma = graded(150, 12);
  const A = withSingularValues(180, 150, sigma, 4);
  for (const scheme of ["subspace", "krylov"] as const) {
    for (const tol of [1e-1, 1e-3, 1e-8]) {
      const result = run(rt, A, { tol, scheme });
      const best = sigma.findIndex((x) => x <= tol);
      assert.ok(result.info.converged);
      assert.ok(norm2(residual(A, result)) <= tol && result.info.error <= tol);
      assert.ok(result.info.rank >= best && result.info.rank <= best + 25, `tol ${tol}: rank ${result.info.rank}, the best is ${best}`);
    }
    // cannot be had: all there is
    const beyond = run(rt, A, { tol: 1e-30, scheme });
    assert.equal(beyond.info.converged, false);
    assert.equal(beyond.info.rank, 150);
    assert.equal(run(rt, A, { tol: 10, scheme }).info.rank, 1);
  }
});

testEach("randomizedSvd: an operator gives what its matrix gives", (rt) => {
  for (const scale of [1, 1e250, 1e-250]) {
    const A = withSingularValues(60, 45, graded(45, 5).map((x) => scale * x), 6);
    for (const options of [{ rank: 6 }, { rank: 6, scheme: "krylov" }, { tol: scale * 1e-3 }] as const) {
      const dense = run(rt, A, options);
      const free = run(rt, operatorOf(A), options);
      assert.equal(free.info.rank, dense.info.rank);
      assert.equal(free.info.products, dense.info.products);
      free.s.forEach((x, j) => assert.ok(Math.abs(x - dense.s[j]!) <= 1e4 * EPS * scale));
    }
  }
  const S = hilbert(30);
  const symmetric = run(rt, { n: 30, apply: (V: Matrix) => times(S, V) }, { rank: 4 });
  assert.ok(norm2(residual(S, symmetric)) <= 2e-3); // σ₅
});

testEach("randomizedSvd: operators that fail, calls that end early, leave no memory taken", (rt) => {
  const A = operatorOf(withSingularValues(20, 15, graded(15, 2), 1));
  const mark = rt.memory.mark();
  const bad = (changes: Partial<LinearOperator>, code: string) =>
    assert.throws(() => run(rt, { ...A, ...changes }, { rank: 3 }), { code });
  bad({ apply: () => matrix(3, 3) }, "ERR_SHAPE");
  bad({ applyTranspose: (U) => fill(15, U.cols, () => NaN) }, "ERR_NOT_FINITE");
  bad({ rows: 0 }, "ERR_SHAPE");
  bad({ applyTranspose: undefined as never }, "ERR_OPTION");
  assert.throws(() => run(rt, { ...A, apply: () => { throw new TypeError("mine"); } }, { rank: 3 }), TypeError);
  const steps = randomizedSvd(rt, A, { rank: 3 });
  const { value } = steps.next();
  steps.next(answer(value as never) as Matrix);
  steps.return(undefined as never);
  assert.equal(rt.memory.mark(), mark);
  assert.ok(isSteps(steps));
});

testEach("randomizedSvd: what it refuses", (rt) => {
  const A = fill(5, 4, (i, j) => i + j);
  const refuses = (options: object | undefined, code = "ERR_OPTION") =>
    assert.throws(() => run(rt, A, options as RandomizedSvdOptions), { code, message: /^randomizedSvd: / });
  refuses(undefined);
  refuses({});
  refuses({ rank: 2, tol: 1 });
  refuses({ rank: 0 });
  refuses({ rank: 5 });
  refuses({ rank: 1.5 });
  refuses({ tol: 0 });
  refuses({ tol: NaN });
  refuses({ rank: 2, oversampling: -1 });
  refuses({ rank: 2, powerIterations: NaN });
  refuses({ rank: 2, scheme: "lanczos" });
  refuses({ rank: 2, dtype: "f16" });
  refuses({ rank: 2, seed: -1 });
  assert.throws(() => run(rt, matrix(0, 3), { rank: 1 }), { code: "ERR_SHAPE" });
  assert.throws(() => run(rt, [[1, Infinity]], { rank: 1 }), { code: "ERR_NOT_FINITE" });
});

test("randomizedSvd: the same bits from any number of threads", async () => {
  const A = withSingularValues(700, 500, graded(500, 6), 9);
  for (const reproducible of [false, true]) {
    let seen: Buffer | undefined;
    for (const threads of [1, 2, 3]) {
      const rt = await createRuntime("test", { threads, reproducible }, 1);
      const { u, s, vt } = run(rt, A, { rank: 20 });
      const bits = Buffer.concat([u.data, s, vt.data].map((x) => Buffer.from(x.buffer)));
      seen ??= bits;
      assert.equal(Buffer.compare(bits, seen), 0, `${threads} threads`);
      rt.close();
    }
  }
});
