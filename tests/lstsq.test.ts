// lstsq: normal equations of the residual, least norm, NumPy's results; pinv: the four Penrose equations,
// NumPy's results real and complex, what is dropped; extreme scales; bad input.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createRuntime } from "../bindings/core/create.ts";
import { lstsq, pinv, type ComplexMatrix } from "../bindings/linalg/lstsq.ts";
import { fromRows, matrix, type Matrix } from "../bindings/linalg/matrix.ts";
import { EPS, numbers, testEach } from "./harness.ts";
import { fill, graded, transposed, withSingularValues } from "./matrices.ts";

const FIXTURES = JSON.parse(readFileSync(new URL("fixtures/lstsq.json", import.meta.url), "utf8"));

const times = (A: Matrix, B: Matrix): Matrix<Float64Array> =>
  fill(A.rows, B.cols, (i, j) => {
    let sum = 0;
    for (let k = 0; k < A.cols; k++) sum += A.data[i * A.cols + k]! * B.data[k * B.cols + j]!;
    return sum;
  });
const largest = (A: ArrayLike<number>) => Array.from(A).reduce((top, x) => Math.max(top, Math.abs(x)), 0);

function assertNear(got: Matrix, expected: Matrix, tol: number, label: string): void {
  assert.deepEqual([got.rows, got.cols], [expected.rows, expected.cols], label);
  expected.data.forEach((x, e) => {
    if (!(Math.abs(got.data[e]! - x) <= tol)) assert.fail(`${label}: number ${e} is ${got.data[e]}, expected ${x}, allowed ${tol}`);
  });
}

testEach("lstsq: what NumPy gives", (rt) => {
  for (const { a, b, x, residuals, rank, s } of FIXTURES.lstsq) {
    const A = fromRows(a);
    const label = `${A.rows}×${A.cols} of rank ${rank}`;
    const got = lstsq(rt, A, b);
    assertNear(got.x as Matrix, fromRows(x), 1000 * EPS, label);
    assert.equal(got.rank, rank);
    assert.equal(got.residuals.length, residuals.length);
    residuals.forEach((r: number, k: number) => assert.ok(Math.abs(got.residuals[k]! - r) <= 1000 * EPS));
    s.forEach((value: number, k: number) => assert.ok(Math.abs(got.s[k]! - value) <= 100 * EPS * s[0]));
    // a vector for a vector
    const one = lstsq(rt, A, b.map((row: number[]) => row[0]));
    assert.ok(one.x instanceof Float64Array);
    x.forEach((row: number[], i: number) => assert.ok(Math.abs((one.x as Float64Array)[i]! - row[0]!) <= 1000 * EPS));
  }
});

testEach("lstsq: Aᵀ(b − Ax) = 0 and least norm, graded, deficient, extreme", (rt) => {
  for (const [m, n] of [[1, 1], [40, 7], [7, 40], [30, 30], [200, 70], [3, 1], [1, 3]] as const) {
    const k = Math.min(m, n);
    const B = matrix(m, 2, numbers(2 * m, 9));
    for (const scale of [1, 1e200, 1e-200]) {
      for (const rank of new Set([k, Math.ceil(k / 2)])) {
        const sigma = graded(k, 2).map((x, j) => (j < rank ? scale * x : 0));
        const A = withSingularValues(m, n, sigma, 5);
        const { x, residuals, rank: found } = lstsq(rt, A, B) as { x: Matrix; residuals: Float64Array; rank: number };
        const label = `${m}×${n} rank ${rank} scale ${scale}`;
        assert.equal(found, rank, label);
        const unit = fill(m, n, (i, j) => A.data[i * n + j]! / scale);
        const solution = fill(n, 2, (i, j) => x.data[i * 2 + j]! * scale);
        const fitted = times(unit, solution);
        const rest = fill(m, 2, (i, j) => B.data[i * 2 + j]! - fitted.data[i * 2 + j]!);
        const size = largest(solution.data) + 1;
        assert.ok(largest(times(transposed(unit), rest).data) <= 100 * (m + n) * EPS * size, label);
        // least norm: x is in the range of Aᵀ, so the projector V·Vᵀ = A⁺·A leaves it
        const projected = times(pinv(rt, unit, { rcond: 1e-10 }) as Matrix, fitted);
        assertNear(projected, solution, 1e4 * (m + n) * EPS * size, label);
        assert.equal(residuals.length, rank === n && m > n ? 2 : 0);
        residuals.forEach((r, j) => {
          const square = rest.data.reduce((sum, y, e) => (e % 2 === j ? sum + y * y : sum), 0);
          assert.ok(Math.abs(r - square) <= 1000 * m * EPS);
        });
      }
    }
  }
});

testEach("lstsq: does not square the condition number", (rt) => {
  // κ = 1e10: the normal equations would give nothing
  const A = withSingularValues(60, 12, graded(12, 10), 3);
  const x = fill(12, 1, (i) => (i % 3) - 1);
  const got = lstsq(rt, A, times(A, x).data).x as Float64Array;
  got.forEach((value, i) => assert.ok(Math.abs(value - x.data[i]!) <= 1e10 * 100 * EPS));
});

testEach("pinv: the four Penrose equations", (rt) => {
  for (const [m, n] of [[1, 1], [3, 1], [1, 3], [12, 12], [50, 20], [20, 50]] as const) {
    const k = Math.min(m, n);
    for (const scale of [1, 1e300, 1e-300]) {
      const sigma = graded(k, 3).map((x, j) => (j < Math.max(1, k - 2) ? scale * x : 0));
      const A = withSingularValues(m, n, sigma, 7);
      const P = pinv(rt, A, { rcond: 1e-8 }) as Matrix;
      const unit = fill(m, n, (i, j) => A.data[i * n + j]! / scale);
      const inverse = fill(n, m, (i, j) => P.data[i * m + j]! * scale);
      const AP = times(unit, inverse);
      const PA = times(inverse, unit);
      const tol = 10 * (m + n) * 1e3 * EPS; // κ = 1e3
      assertNear(times(AP, unit), unit, tol, `A·P·A, ${m}×${n}`);
      assertNear(times(PA, inverse), inverse, tol * 1e3, `P·A·P, ${m}×${n}`);
      assertNear(transposed(AP), AP, tol, `A·P, ${m}×${n}`);
      assertNear(transposed(PA), PA, tol, `P·A, ${m}×${n}`);
    }
  }
  assert.deepEqual([...(pinv(rt, matrix(3, 2)) as Matrix).data], [0, 0, 0, 0, 0, 0]);
});

testEach("pinv: what NumPy gives, real and complex", (rt) => {
  for (const { a, pinv: expected, rcond } of FIXTURES.pinv) {
    assertNear(pinv(rt, a, { rcond }) as Matrix, fromRows(expected), 1000 * EPS, JSON.stringify(a));
  }
  for (const { a, pinv: expected, rcond } of FIXTURES.complex) {
    const got = pinv(rt, a, { rcond }) as ComplexMatrix;
    // κ = 3e6, and numbers of 1e6, where the small singular value is kept
    const tol = 100 * EPS * (rcond === 1e-9 ? 3e6 * 1e6 : 1);
    assertNear(got.real, fromRows(expected.real), tol, JSON.stringify(a));
    assertNear(got.imag, fromRows(expected.imag), tol, JSON.stringify(a));
  }
});

testEach("lstsq, pinv: what they refuse", (rt) => {
  assert.throws(() => lstsq(rt, [[1, 2], [3, 4]], [1, 2, 3]), { code: "ERR_SHAPE", message: /^lstsq: A is 2×2, B is 3×1/ });
  assert.throws(() => lstsq(rt, [[1]], matrix(1, 0)), { code: "ERR_SHAPE" });
  assert.throws(() => lstsq(rt, matrix(0, 2), []), { code: "ERR_SHAPE" });
  assert.throws(() => lstsq(rt, [[NaN]], [1]), { code: "ERR_NOT_FINITE" });
  assert.throws(() => lstsq(rt, [[1]], [Infinity]), { code: "ERR_NOT_FINITE" });
  for (const rcond of [-1, 1, NaN, "1"] as number[]) {
    assert.throws(() => lstsq(rt, [[1]], [1], { rcond }), { code: "ERR_OPTION" });
    assert.throws(() => pinv(rt, [[1]], { rcond }), { code: "ERR_OPTION", message: /^pinv: rcond/ });
  }
  assert.throws(() => pinv(rt, matrix(2, 0)), { code: "ERR_SHAPE" });
  assert.throws(() => pinv(rt, { real: [[1]], imag: [[1, 2]] }), { code: "ERR_SHAPE" });
  assert.throws(() => pinv(rt, { real: [[1]], imag: [[NaN]] }), { code: "ERR_NOT_FINITE", message: /A\.imag/ });
  assert.throws(() => pinv(rt, [[1e-310]]), { code: "ERR_NOT_FINITE", message: /overflows/ });
});

test("lstsq, pinv: the same bits from any number of threads", async () => {
  const A = matrix(700, 150, numbers(700 * 150, 1));
  const B = matrix(700, 3, numbers(700 * 3, 2));
  let seen: Buffer | undefined;
  for (const threads of [1, 2, 3]) {
    const rt = await createRuntime("test", { threads }, 1);
    const x = lstsq(rt, A, B).x as Matrix;
    const P = pinv(rt, A) as Matrix;
    const bits = Buffer.concat([Buffer.from(x.data.buffer), Buffer.from(P.data.buffer)]);
    seen ??= bits;
    assert.equal(Buffer.compare(bits, seen), 0, `${threads} threads`);
    rt.close();
  }
});
