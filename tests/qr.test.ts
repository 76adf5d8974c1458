// QR: ‖A − QR‖ column by column, ‖QᵀQ − I‖, R's shape; the textbook's reflectors; NumPy's signs; every
// panel edge; scales at the ends of the range; the same bits from any number of threads.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createRuntime } from "../bindings/core/create.ts";
import type { Runtime } from "../bindings/core/runtime.ts";
import { qr } from "../bindings/linalg/qr.ts";
import { fromRows, matrix, type Matrix } from "../bindings/linalg/matrix.ts";
import { EPS, numbers, testEach } from "./harness.ts";

type Numbers = Float64Array | Float32Array;

function norm(x: ArrayLike<number>, start: number, step: number, count: number): number {
  let largest = 0;
  for (let i = 0; i < count; i++) largest = Math.max(largest, Math.abs(x[start + i * step]!));
  if (largest === 0) return 0;
  let sum = 0;
  for (let i = 0; i < count; i++) sum += (x[start + i * step]! / largest) ** 2;
  return largest * Math.sqrt(sum);
}

/** Asserts A = Q·R column by column, QᵀQ = I and R upper trapezoidal; `eps` of the type computed in. */
function check(A: Matrix, Q: { data: Numbers; cols: number }, R: { data: Numbers; rows: number }, eps: number, label: string): void {
  const { rows: m, cols: n, data: a } = A;
  const k = Q.cols;
  const tol = 4 * (m + 8) * eps;
  for (let j = 0; j < n; j++) {
    const difference = new Float64Array(m);
    // scaled, so that the sums neither overflow nor underflow
    const size = norm(a, j, n, m) || 1;
    for (let i = 0; i < m; i++) {
      let sum = 0;
      for (let l = 0; l < Math.min(j + 1, R.rows); l++) sum += Q.data[i * k + l]! * (R.data[l * n + j]! / size);
      difference[i] = sum - a[i * n + j]! / size;
    }
    const error = norm(difference, 0, 1, m);
    // what is lost to the spacing of denormal numbers
    if (!(error <= tol + (m * n * 5e-324) / size)) assert.fail(`${label}: column ${j} is off by ${error}, allowed ${tol}`);
  }
  for (let i = 0; i < k; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = i === j ? -1 : 0;
      for (let l = 0; l < m; l++) sum += Q.data[l * k + i]! * Q.data[l * k + j]!;
      if (!(Math.abs(sum) <= tol)) assert.fail(`${label}: QᵀQ − I holds ${sum} at ${i}, ${j}, allowed ${tol}`);
    }
  }
  for (let i = 0; i < R.rows; i++) {
    for (let j = 0; j < Math.min(i, n); j++) assert.equal(R.data[i * n + j], 0, `${label}: r(${i}, ${j})`);
  }
}

/** R by the textbook: Golub & Van Loan, 4th ed., algorithm 5.2.1. */
function textbookR(A: Matrix): Float64Array {
  const { rows: m, cols: n } = A;
  const r = Float64Array.from(A.data);
  for (let j = 0; j < Math.min(m - 1, n); j++) {
    const alpha = r[j * n + j]!;
    const size = norm(r, j * n + j, n, m - j);
    if (norm(r, (j + 1) * n + j, n, m - j - 1) === 0) continue;
    const beta = alpha >= 0 ? -size : size;
    const v = Float64Array.from({ length: m - j }, (_, i) => (i === 0 ? alpha - beta : r[(j + i) * n + j]!));
    const factor = 2 / norm(v, 0, 1, m - j) ** 2;
    for (let c = j; c < n; c++) {
      let dot = 0;
      for (let i = 0; i < m - j; i++) dot += v[i]! * r[(j + i) * n + c]!;
      for (let i = 0; i < m - j; i++) r[(j + i) * n + c]! -= factor * dot * v[i]!;
    }
  }
  return r.subarray(0, Math.min(m, n) * n);
}

const SHAPES = [
  [1, 1], [1, 4], [2, 1], [2, 2], [3, 3], [4, 4], [5, 3], [3, 7], [8, 8], [9, 8], [33, 4], [64, 64], [65, 65], [66, 66],
  [129, 128], [70, 3], [200, 60], [150, 130], [130, 150], [40, 200], [1030, 9],
] as const;

testEach("qr: reconstruction, orthogonality and the textbook's R for every shape, both modes", (rt) => {
  for (const [m, n] of SHAPES) {
    const A = matrix(m, n, numbers(m * n, m + 1000 * n));
    for (const mode of m <= 200 ? (["reduced", "complete"] as const) : (["reduced"] as const)) {
      const { q, r } = qr(rt, A, { mode });
      const k = mode === "complete" ? m : Math.min(m, n);
      assert.deepEqual([q.rows, q.cols, r.rows, r.cols], [m, k, k, n]);
      check(A, q, r, EPS, `${m}×${n} ${mode}`);
      // R of a well-conditioned matrix is itself well-conditioned
      const limit = 1000 * m * EPS * norm(A.data, 0, 1, m * n);
      textbookR(A).forEach((x, e) => {
        if (!(Math.abs(x - r.data[e]!) <= limit)) assert.fail(`${m}×${n}: R's number ${e} is ${r.data[e]}, expected ${x}`);
      });
    }
  }
});

testEach("qr: graded, rank-deficient, zero and extreme matrices", (rt) => {
  const kinds: Record<string, (i: number, j: number, x: number) => number> = {
    "graded columns": (_, j, x) => x * 10 ** (-9 * j),
    "columns of either extreme": (_, j, x) => x * 10 ** (j % 2 ? -140 : 140),
    "graded rows": (i, _, x) => x * 10 ** (-3 * i),
    "equal columns": (i) => 1 / (i + 1),
    "two columns, repeated": (i, j) => (j % 2 ? i : 1),
    "zero": () => 0,
    "zero columns": (_, j, x) => (j % 3 ? x : 0),
    "1e300": (_, __, x) => 1e300 * x,
    "1e-300": (_, __, x) => 1e-300 * x,
    "denormal": (_, __, x) => 1e-310 * x,
    "smallest": (i, j) => 5e-324 * ((i + j) % 3),
    "Hilbert": (i, j) => 1 / (i + j + 1),
    "triangular": (i, j, x) => (i > j ? 0 : x),
  };
  for (const [kind, f] of Object.entries(kinds)) {
    for (const [m, n] of [[1, 1], [2, 2], [3, 2], [12, 9], [9, 12], [90, 70]] as const) {
      const x = numbers(m * n, 5);
      const A = matrix(m, n, x.map((value, e) => f(Math.floor(e / n), e % n, value)));
      const { q, r } = qr(rt, A);
      check(A, q, r, EPS, `${kind} ${m}×${n}`);
    }
  }
});

interface Factored { q: Float32Array; r: Float32Array }

function qr32(rt: Runtime, m: number, n: number, data: Float32Array): Factored {
  const k = Math.min(m, n);
  return rt.memory.scope(() => {
    const at = rt.memory.push(4 * m * n, "A");
    rt.memory.f32(at, m * n).set(data);
    const f = rt.memory.push(rt.kernels.qr_bytes_f32(m, k), "factors");
    const q = rt.memory.push(4 * m * k, "Q");
    const bytes = rt.kernels.qr_work_f32(m, k, n);
    const work = rt.memory.push(bytes + 64, "work");
    const guard = rt.memory.i32(work + Math.ceil(bytes / 4) * 4, 8).fill(0x55);
    assert.equal(rt.kernels.qr_f32(m, n, at, n, f, 0, 1, work), 0);
    assert.equal(rt.kernels.form_q_f32(m, k, k, f, q, k, work), 0);
    assert.ok(guard.every((x) => x === 0x55), "wrote beyond its workspace");
    return { q: rt.memory.f32(q, m * k).slice(), r: rt.memory.f32(at, k * n).slice() };
  });
}

testEach("qr: f32, any scale", (rt) => {
  for (const [m, n] of SHAPES) {
    for (const scale of [1, 1e30, 1e-30]) {
      const data = Float32Array.from(numbers(m * n, 3), (x) => scale * x);
      const { q, r } = qr32(rt, m, n, data);
      const k = Math.min(m, n);
      check(matrix(m, n, data), { data: q, cols: k }, { data: r, rows: k }, 2 ** -23, `f32 ${m}×${n} ${scale}`);
    }
  }
});

testEach("multiply_q: Qᵀ·A = R, and Q brings A back", (rt) => {
  for (const [m, n] of [[1, 1], [7, 5], [5, 7], [130, 70], [66, 130]] as const) {
    const k = Math.min(m, n);
    rt.memory.scope(() => {
      const { kernels, memory } = rt;
      const data = numbers(m * n, 8);
      const a = memory.push(8 * m * n, "A");
      const c = memory.push(8 * m * n, "C");
      memory.f64(a, m * n).set(data);
      memory.f64(c, m * n).set(data);
      const f = memory.push(kernels.qr_bytes_f64(m, k), "factors");
      const work = memory.push(kernels.qr_work_f64(m, k, n), "work");
      assert.equal(kernels.qr_f64(m, n, a, n, f, 0, 1, work), 0);
      const near = (x: number, y: number, at: string) => {
        if (!(Math.abs(x - y) <= 100 * m * EPS)) assert.fail(`${m}×${n}, ${at}: ${x}, expected ${y}`);
      };
      assert.equal(kernels.multiply_q_f64(true, m, k, n, f, c, n, work), 0);
      memory.f64(c, m * n).forEach((x, e) => near(x, e < k * n ? memory.f64(a, m * n)[e]! : 0, `QᵀA at ${e}`));
      assert.equal(kernels.multiply_q_f64(false, m, k, n, f, c, n, work), 0);
      memory.f64(c, m * n).forEach((x, e) => near(x, data[e]!, `Q(QᵀA) at ${e}`));
    });
  }
});

testEach("qr: NumPy's factors, signs and all", (rt) => {
  const cases = JSON.parse(readFileSync(new URL("fixtures/qr.json", import.meta.url), "utf8"));
  for (const { a, q, r } of cases) {
    const got = qr(rt, fromRows(a));
    for (const [x, expected] of [[got.q, fromRows(q)], [got.r, fromRows(r)]] as const) {
      expected.data.forEach((value, e) => assert.ok(Math.abs(x.data[e]! - value) <= 1000 * EPS, JSON.stringify(a)));
    }
  }
});

test("qr: the same bits from any number of threads", async () => {
  for (const reproducible of [false, true]) {
    const seen = new Map<string, Buffer>();
    for (const threads of [1, 2, 3]) {
      const rt = await createRuntime("test", { threads, reproducible }, 1);
      for (const [m, n] of [[2500, 40], [600, 150], [150, 600]] as const) {
        const { q, r } = qr(rt, matrix(m, n, numbers(m * n, 2)));
        const bits = Buffer.concat([Buffer.from(q.data.buffer), Buffer.from(r.data.buffer)]);
        const key = `${m}×${n}`;
        if (!seen.has(key)) seen.set(key, bits);
        assert.equal(Buffer.compare(bits, seen.get(key)!), 0, `${key} on ${threads} threads`);
      }
      rt.close();
    }
  }
});

testEach("qr: what it refuses", (rt) => {
  assert.throws(() => qr(rt, matrix(0, 3)), { code: "ERR_SHAPE", message: /^qr: A is 0×3/ });
  assert.throws(() => qr(rt, matrix(3, 0)), { code: "ERR_SHAPE" });
  assert.throws(() => qr(rt, [[1, NaN]]), { code: "ERR_NOT_FINITE" });
  assert.throws(() => qr(rt, [[1]], { mode: "full" as "reduced" }), { code: "ERR_OPTION", message: /^qr: mode is full/ });
});
