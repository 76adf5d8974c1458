// LDLᵀ: P·A·Pᵀ = Uᵀ·D·U within rounding, U bounded, solves backward stable; inertia of known spectra; the
// same bits from any number of threads.

import assert from "node:assert/strict";
import fc from "fast-check";
import { inertia } from "../bindings/linalg/inertia.ts";
import { matrix, pullMatrix, pushSymmetric, type Matrix } from "../bindings/linalg/matrix.ts";
import type { Runtime } from "../bindings/core/runtime.ts";
import { EPS, norm1, numbers, testEach, uniform } from "./harness.ts";

const SIZES = [1, 2, 3, 4, 5, 8, 31, 39, 40, 41, 42, 79, 80, 81, 119, 129, 200];

/** Random symmetric; with `weak` the diagonal is zero, so that no pivot of order 1 is to be had at first. */
function symmetric(n: number, seed: number, weak = false): Matrix<Float64Array> {
  const A = matrix(n, n, numbers(n * n, seed));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) A.data[i * n + j] = A.data[j * n + i]!;
    if (weak) A.data[i * n + i] = 0;
  }
  return A;
}

/** Q·diag(values)·Qᵀ for a product Q of `reflections` random reflections: symmetric to the last bit. */
function withSpectrum(values: ArrayLike<number>, seed: number, reflections = 3): Matrix<Float64Array> {
  const n = values.length;
  const A = matrix(n, n);
  for (let i = 0; i < n; i++) A.data[i * n + i] = values[i]!;
  for (let r = 0; r < reflections; r++) {
    const v = numbers(n, seed + r);
    const square = v.reduce((sum, x) => sum + x * x, 0);
    const w = new Float64Array(n);
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) w[i]! += (2 / square) * A.data[i * n + j]! * v[j]!;
    const half = w.reduce((sum, x, i) => sum + x * v[i]!, 0) / square;
    for (let i = 0; i < n; i++) w[i]! -= half * v[i]!;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) A.data[j * n + i] = A.data[i * n + j]! -= w[i]! * v[j]! + v[i]! * w[j]!;
    }
  }
  return A;
}

interface Factors {
  u: Float64Array;
  d: Float64Array;
  e: Float64Array;
  swaps: Int32Array;
  info: number;
  x: Float64Array;
}

/** The kernel's factors of A, and with them A⁻¹·B for `m` columns of B. */
function factor(rt: Runtime, A: Matrix, B: Float64Array = new Float64Array(0), m = 0): Factors {
  const { kernels, memory } = rt;
  const n = A.rows;
  return memory.scope(() => {
    const a = pushSymmetric(rt, "ldl", "A", A);
    const d = memory.push(8 * n, "d");
    const e = memory.push(8 * n, "e");
    const swaps = memory.push(4 * n, "swaps");
    const b = memory.push(8 * n * m, "B");
    const work = memory.push(Math.max(kernels.ldl_work_f64(n), kernels.ldl_solve_work_f64(n, m)), "work");
    const info = kernels.ldl_f64(n, a.at, a.stride, d, e, swaps, 0, 1, work);
    memory.f64(b, n * m).set(B);
    if (m > 0) assert.equal(kernels.ldl_solve_f64(n, m, a.at, a.stride, d, e, swaps, b, m, work), 0);
    return {
      u: pullMatrix(rt, a).data,
      d: memory.f64(d, n).slice(), e: memory.f64(e, n).slice(), swaps: memory.i32(swaps, n).slice(), info,
      x: memory.f64(b, n * m).slice(),
    };
  });
}

/** max |Uᵀ·D·U − P·A·Pᵀ|, in plain arithmetic. */
function residual(A: Matrix, { u, d, e, swaps }: Factors): number {
  const n = A.rows;
  const order = Array.from({ length: n }, (_, i) => i);
  for (let k = 0; k < n; k++) [order[k], order[swaps[k]!]] = [order[swaps[k]!]!, order[k]!];
  const U = (i: number, j: number) => (i === j ? 1 : i > j ? 0 : u[i * n + j]!);
  let worst = 0;
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) {
      let sum = -A.data[order[i]! * n + order[j]!]!;
      for (let k = 0; k <= Math.min(n - 1, i + 1); k++) {
        sum += U(k, i) * d[k]! * U(k, j);
        if (e[k] !== 0) sum += e[k]! * (U(k, i) * U(k + 1, j) + U(k + 1, i) * U(k, j));
      }
      worst = Math.max(worst, Math.abs(sum));
    }
  }
  return worst;
}

const bits = new Map<string, Factors>();

function sameBits(key: string, rt: Runtime, factors: Factors): void {
  const full = `${rt.binary.variant.startsWith("relaxed")} ${key}`;
  const first = bits.get(full);
  if (!first) bits.set(full, factors);
  else for (const name of ["u", "d", "e", "swaps", "x"] as const) {
    assert.equal(Buffer.compare(Buffer.from(factors[name].buffer), Buffer.from(first[name].buffer)), 0, `${key}: ${name}`);
  }
}

testEach("ldl: factors and solutions of random matrices", (rt) => {
  for (const n of SIZES) {
    for (const weak of [false, true]) {
      if (weak && n === 1) continue;
      const A = symmetric(n, n, weak);
      const size = norm1(n, n, A.data);
      for (const m of n < 100 ? [1, 2, 7] : [1, 40]) {
        const B = numbers(n * m, n + 1);
        const found = factor(rt, A, B, m);
        const limit = 40 * n * EPS * size;
        assert.ok(residual(A, found) <= limit, `n = ${n}, weak = ${weak}: ${residual(A, found)} over ${limit}`);
        for (let i = 0; i < n; i++) {
          for (let j = i + 1; j < n; j++) assert.ok(Math.abs(found.u[i * n + j]!) < 2.79, `n = ${n}: u(${i}, ${j})`);
        }
        // backward stable: the residual is small against ‖A‖·‖x‖
        for (let c = 0; c < m; c++) {
          let largest = 0;
          for (let i = 0; i < n; i++) largest = Math.max(largest, Math.abs(found.x[i * m + c]!));
          for (let i = 0; i < n; i++) {
            let r = -B[i * m + c]!;
            for (let j = 0; j < n; j++) r += A.data[i * n + j]! * found.x[j * m + c]!;
            assert.ok(Math.abs(r) <= limit * largest, `n = ${n}, weak = ${weak}, m = ${m}: residual ${r}`);
          }
        }
        sameBits(`${n} ${weak} ${m}`, rt, found);
      }
    }
  }
});

testEach("ldl: more columns than one chunk of a panel's row", (rt) => {
  const n = 700;
  const A = symmetric(n, 5);
  const B = numbers(n * 9, 6);
  const found = factor(rt, A, B, 9);
  sameBits("chunks", rt, found);
  let worst = 0;
  for (let i = 0; i < n; i++) {
    let r = -B[i * 9 + 4]!;
    for (let j = 0; j < n; j++) r += A.data[i * n + j]! * found.x[j * 9 + 4]!;
    worst = Math.max(worst, Math.abs(r));
  }
  assert.ok(worst <= 10 * n * EPS * norm1(n, n, A.data) * norm1(1, n * 9, found.x), `residual ${worst}`);
});

testEach("ldl: singular matrices are factored to the end", (rt) => {
  assert.deepEqual(factor(rt, matrix(5, 5)).d, new Float64Array(5));
  assert.equal(factor(rt, matrix(5, 5)).info, 1);
  const ones = matrix(80, 80, new Float64Array(6400).fill(1));
  const found = factor(rt, ones);
  assert.equal(found.info, 2);
  assert.equal(residual(ones, found), 0);
});

testEach("inertia: signs of prescribed spectra", (rt) => {
  const next = uniform(3);
  for (const n of [1, 2, 3, 10, 65, 130]) {
    const spectra: Record<string, number[]> = {
      mixed: Array.from({ length: n }, (_, i) => (i % 3 === 0 ? -1 : 1) * (1 + next())),
      graded: Array.from({ length: n }, (_, i) => (i % 2 === 0 ? 1 : -1) * 10 ** ((-9 * i) / n)),
      negative: Array.from({ length: n }, () => -1 - next()),
      repeated: Array.from({ length: n }, (_, i) => (i < n / 2 ? -2 : 3)),
    };
    for (const [name, values] of Object.entries(spectra)) {
      const A = withSpectrum(values, n);
      for (const shift of [0, 0.5, -2.5, 10]) {
        const near = Math.min(...values.map((x) => Math.abs(x - shift)));
        if (near < 1e-11) continue;
        const negative = values.filter((x) => x < shift).length;
        assert.deepEqual(inertia(rt, A, shift), { negative, zero: 0, positive: n - negative }, `${name}, n = ${n}, shift ${shift}`);
      }
    }
  }
});

/**
 * The inertia of a symmetric matrix of whole numbers: its characteristic polynomial (Faddeev-LeVerrier) has real
 * roots only, so that by Descartes' rule as many are positive as its coefficients change sign.
 */
function exactInertia(A: bigint[][]) {
  const n = A.length;
  let M = A.map((row) => row.map(() => 0n));
  const coefficients = [1n];
  for (let k = 1; k <= n; k++) {
    const last = coefficients.at(-1)!;
    const N = M.map((row, i) => row.map((x, j) => (i === j ? x + last : x)));
    M = A.map((row) => N.map((_, j) => row.reduce((sum, a, p) => sum + a * N[p]![j]!, 0n)));
    coefficients.push(-M.reduce((trace, row, i) => trace + row[i]!, 0n) / BigInt(k));
  }
  const signs = coefficients.filter((c) => c !== 0n).map((c) => c > 0n);
  const positive = signs.filter((s, i) => i > 0 && s !== signs[i - 1]).length;
  const zero = n - coefficients.map((c) => c !== 0n).lastIndexOf(true);
  return { negative: n - zero - positive, zero, positive };
}

testEach("inertia: whole numbers, against the characteristic polynomial", (rt) => {
  const entry = fc.integer({ min: -3, max: 3 });
  const rows = fc.integer({ min: 1, max: 9 }).chain((n) => fc.array(fc.array(entry, { minLength: n, maxLength: n }), { minLength: n, maxLength: n }));
  fc.assert(fc.property(rows, (given) => {
    const A = given.map((row, i) => row.map((x, j) => (i <= j ? x : given[j]![i]!)));
    const expected = exactInertia(A.map((row) => row.map(BigInt)));
    const found = inertia(rt, A);
    // eigenvalues that are zero may be counted on any side
    if (expected.zero === 0) assert.deepEqual(found, expected);
    else assert.ok(found.negative >= expected.negative && found.positive >= expected.positive);
  }), { seed: 5, numRuns: 300 });
});

testEach("inertia: exact zeros, extreme sizes", (rt) => {
  assert.deepEqual(inertia(rt, matrix(4, 4)), { negative: 0, zero: 4, positive: 0 });
  assert.deepEqual(inertia(rt, [[0, 1], [1, 0]]), { negative: 1, zero: 0, positive: 1 });
  assert.deepEqual(inertia(rt, [[1, 1], [1, 1]]), { negative: 0, zero: 1, positive: 1 });
  assert.deepEqual(inertia(rt, [[3]], 3), { negative: 0, zero: 1, positive: 0 });
  for (const size of [1e300, 1e-300, 5e-324]) {
    const A = symmetric(70, 1);
    const expected = inertia(rt, { ...A, data: A.data.map((x) => Math.round(x * 8)) });
    assert.deepEqual(inertia(rt, { ...A, data: A.data.map((x) => Math.round(x * 8) * size) }), expected, String(size));
  }
  assert.deepEqual(inertia(rt, [[1e-300, 0], [0, -1e-300]], 1e300), { negative: 2, zero: 0, positive: 0 });
});

testEach("inertia: what it refuses", (rt) => {
  assert.throws(() => inertia(rt, matrix(2, 3)), { code: "ERR_SHAPE", message: /^inertia: A is 2×3/ });
  assert.throws(() => inertia(rt, matrix(0, 0)), { code: "ERR_SHAPE" });
  assert.throws(() => inertia(rt, [[1, 2], [3, 4]]), { code: "ERR_NOT_SYMMETRIC" });
  assert.throws(() => inertia(rt, [[NaN]]), { code: "ERR_NOT_FINITE" });
  assert.throws(() => inertia(rt, [[1]], NaN), { code: "ERR_OPTION" });
});
