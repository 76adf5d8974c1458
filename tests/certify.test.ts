// Certificates against exact arithmetic: every f64 is a whole number times a power of two, so whether
// A − sI is positive definite is decided by leading minors in BigInt (Bareiss). The true λ_min must lie
// in [lower, upper], always.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createRuntime } from "../bindings/core/create.ts";
import { exact } from "../bindings/hinf/exact.ts";
import { lambdaMin as hinfLambdaMin } from "../bindings/hinf/lambdaMin.ts";
import { parseMatrix } from "../bindings/io/index.ts";
import { lambdaMin } from "../bindings/linalg/certify.ts";
import { matrix } from "../bindings/linalg/matrix.ts";
import { columns, normalizeRows } from "../bindings/linalg/rows.ts";
import { EPS, testEach, uniform } from "./harness.ts";

/** x·2^bits, which must be whole. */
function integer(x: number, bits: number): bigint {
  let value = x;
  let left = bits;
  while (!Number.isInteger(value)) {
    value *= 2;
    left--;
  }
  assert.ok(left >= 0, `${x} needs more than ${bits} bits`);
  return BigInt(value) << BigInt(left);
}

/** Whether the symmetric matrix is positive definite: all leading minors are. */
function positiveDefinite(A: bigint[][]): boolean {
  const M = A.map((row) => row.slice());
  let previous = 1n;
  for (let k = 0; k < M.length; k++) {
    const pivot = M[k]![k]!;
    if (pivot <= 0n) return false;
    for (let i = k + 1; i < M.length; i++) {
      for (let j = k + 1; j < M.length; j++) M[i]![j] = (M[i]![j]! * pivot - M[i]![k]! * M[k]![j]!) / previous;
    }
    previous = pivot;
  }
  return true;
}

/** Asserts lower ≤ λ_min(numerators/denominator) ≤ upper, to 2^−bits. */
function assertEnclosed(numerators: number[][], denominator: number, { lower, upper }: { lower: number; upper: number }, bits = 1074): void {
  const shifted = (s: number, nudge: bigint) => numerators.map((row, i) => row.map((x, j) =>
    2n * integer(x, bits) - (i === j ? BigInt(denominator) * (2n * integer(s, bits) + nudge) : 0n)));
  assert.ok(positiveDefinite(shifted(lower, -1n)), `λ_min is below lower = ${lower}`);
  assert.ok(!positiveDefinite(shifted(upper, 1n)), `λ_min is above upper = ${upper}`);
}

/** Whole numbers from −size to size. */
function wholes(count: number, size: number, seed: number): number[] {
  const next = uniform(seed);
  return Array.from({ length: count }, () => Math.floor((2 * size + 1) * next()) - size);
}

/** B·Bᵀ for whole numbers B (n×k). */
function wholeGram(n: number, k: number, seed: number): number[][] {
  const B = wholes(n * k, 3, seed);
  return Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => {
    let sum = 0;
    for (let p = 0; p < k; p++) sum += B[i * k + p]! * B[j * k + p]!;
    return sum;
  }));
}

const trace = (A: number[][]) => A.reduce((sum, row, i) => sum + row[i]!, 0);

testEach("certify.lambdaMin: Gram matrices of whole numbers, of full rank and less", (rt) => {
  for (let seed = 1; seed <= 120; seed++) {
    const n = 1 + seed % 9;
    const k = seed % 3 === 0 ? Math.max(1, n - 1) : n + seed % 4;
    const A = wholeGram(n, k, seed);
    const found = lambdaMin(rt, A);
    assertEnclosed(A, 1, found);
    assert.ok(found.lower <= found.lambdaMin && found.lambdaMin <= found.upper);
    assert.ok(found.upper - found.lower <= 8 * n * (n + 12) * EPS * (trace(A) + 1), `n = ${n}: ${found.lower} to ${found.upper}`);
    if (k < n) assert.ok(found.lower <= 0 && found.upper >= 0, "singular");
  }
});

testEach("certify.lambdaMin: indefinite and negative matrices", (rt) => {
  for (let seed = 1; seed <= 60; seed++) {
    const n = 1 + seed % 8;
    const numbers = wholes(n * n, seed % 7, seed + 500);
    const A = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => numbers[Math.max(i, j) * n + Math.min(i, j)]!));
    if (seed % 5 === 0) A.forEach((row, i) => { row[i]! -= 20; });
    const found = lambdaMin(rt, A);
    assertEnclosed(A, 1, found);
    assert.ok(found.upper - found.lower <= 100 * n * (n + 12) * EPS * (1 + A.flat().reduce((s, x) => s + Math.abs(x), 0)), `${found.lower} to ${found.upper}`);
  }
});

testEach("certify.lambdaMin: matrices on the edge of singular", (rt) => {
  const e = 2 ** -53;
  const cases: number[][][] = [
    [[0]],
    [[5e-324]],
    [[-3]],
    [[0, 0], [0, 0]],
    [[0, 0], [0, 1]],
    [[1, 0, 0], [0, 0, 0], [0, 0, -1e-20]],
    [[1, 1], [1, 1]],
    [[1, 1 - e], [1 - e, 1]],
    [[1 - e, 1], [1, 1 - e]],
    [[1, 0], [0, 2 ** -60]],
    [[1, 0], [0, -(2 ** -60)]],
    [[2 ** -200, 0], [0, 1]],
    [[1, 2 ** -30], [2 ** -30, 2 ** -60]],
    [[1, 2 ** -30], [2 ** -30, 2 ** -60 * (1 + 2 * e)]],
    [[0, 1], [1, 0]],
    [[2 ** 400, 2 ** 400], [2 ** 400, 2 ** 400]],
    [[2 ** -400, 2 ** -401], [2 ** -401, 2 ** -400]],
    [[2 ** 900, 1, 0], [1, 2 ** 900, 0], [0, 0, 2 ** 899]],
    [[2 ** -1000, 0], [0, 2 ** -1060]],
    [[2 ** -1000, 0], [0, 1]],
    [[2 ** -1000, 0, 0], [0, 1, 1], [0, 1, 1]],
    [[1, 2 ** -520], [2 ** -520, 2 ** -1040]],
    [[4, 2, 2], [2, 1, 1], [2, 1, 1]],
  ];
  for (const A of cases) {
    const found = lambdaMin(rt, A);
    assertEnclosed(A, 1, found);
    assert.ok(Number.isFinite(found.lower) && Number.isFinite(found.upper), JSON.stringify(A));
  }
  // the certificate sees a small λ_min where the diagonal is graded
  assert.ok(lambdaMin(rt, [[2 ** -200, 0], [0, 1]]).lower > 0);
  assert.ok(lambdaMin(rt, [[2 ** -60, 2 ** -31], [2 ** -31, 1]]).lower > 0);
});

testEach("certify.lambdaMin: Hilbert matrices times whole numbers", (rt) => {
  for (let n = 2; n <= 13; n++) {
    let multiple = 1;
    const gcd = (a: number, b: number): number => (b ? gcd(b, a % b) : a);
    for (let k = 2; k < 2 * n; k++) multiple *= k / gcd(multiple, k);
    const A = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => multiple / (i + j + 1)));
    const found = lambdaMin(rt, A);
    assertEnclosed(A, 1, found);
    // conditions of 10² to 10¹⁸; the damping is relative to each diagonal element
    if (n <= 10) assert.ok(found.lower > 0, `n = ${n}`);
  }
});

testEach("certify.lambdaMin: a clustered spectrum, and a vector that fits", (rt) => {
  const n = 60;
  const next = uniform(9);
  // I + 10⁻⁶·(random symmetric): Lanczos on the inverse meets 60 eigenvalues within 10⁻⁵
  const A = matrix(n, n);
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) A.data[i * n + j] = A.data[j * n + i] = (i === j ? 1 : 0) + 1e-6 * (next() - 0.5);
  const { lower, upper, lambdaMin: value, vector } = lambdaMin(rt, A);
  assert.ok(upper - lower < 1e-12);
  let residual = 0;
  let length = 0;
  for (let i = 0; i < n; i++) {
    let sum = -value * vector[i]!;
    for (let j = 0; j < n; j++) sum += A.data[i * n + j]! * vector[j]!;
    residual += sum * sum;
    length += vector[i]! ** 2;
  }
  assert.ok(Math.abs(length - 1) < n * EPS);
  assert.ok(Math.sqrt(residual) < 1e-7);
});

testEach("certify.lambdaMin: what it refuses", (rt) => {
  assert.throws(() => lambdaMin(rt, matrix(2, 3)), { code: "ERR_SHAPE", message: /^certify\.lambdaMin: A is 2×3/ });
  assert.throws(() => lambdaMin(rt, matrix(0, 0)), { code: "ERR_SHAPE" });
  assert.throws(() => lambdaMin(rt, [[1, 2], [3, 4]]), { code: "ERR_NOT_SYMMETRIC" });
  assert.throws(() => lambdaMin(rt, [[1, Infinity], [Infinity, 4]]), { code: "ERR_NOT_FINITE" });
});

/** Vectors of root systems: all angles are multiples of 45° or of 30°, so that 24·H∞ is whole. */
function roots(d: number): number[][] {
  const all: number[][] = [];
  const unit = (i: number, s: number) => Array.from({ length: d }, (_, k) => (k === i ? s : 0));
  for (let i = 0; i < d; i++) {
    for (const s of [1, -1]) {
      all.push(unit(i, s));
      for (let j = 0; j < i; j++) for (const t of [1, -1]) all.push(unit(i, s).map((x, k) => x + unit(j, t)[k]!));
    }
  }
  return all;
}

/** 24·H∞ exactly: cos²θ = 0, 1/4, 1/2, 1 ⇒ (π − θ)/(2π) in 24ths. */
function wholeHinf(X: number[][]): number[][] {
  const dot = (x: number[], y: number[]) => x.reduce((s, v, k) => s + v * y[k]!, 0);
  const weights = new Map([[0, 6], [1, 8], [2, 9], [4, 12], [-1, 4], [-2, 3], [-4, 0]]);
  return X.map((x) => X.map((y) => {
    const r = dot(x, y);
    if (r === 0) return 0;
    return r * weights.get(Math.sign(r) * ((4 * r * r) / (dot(x, x) * dot(y, y))))!;
  }));
}

testEach("hinf.lambdaMin: rows whose H∞ is rational", (rt) => {
  for (let seed = 1; seed <= 100; seed++) {
    const next = uniform(seed + 77);
    const d = 2 + seed % 3;
    const all = roots(d);
    const n = 1 + seed % Math.min(9, 2 * d + 1);
    const X: number[][] = [];
    while (X.length < n) {
      const i = Math.floor(next() * all.length);
      // some seeds allow the same direction twice
      const direction = seed % 4 === 0 ? all[i]! : all.splice(i, 1)[0]!;
      const factor = seed % 3 === 0 ? 2 ** Math.floor(20 * next() - 10) * (1 + Math.floor(3 * next())) : 1;
      X.push(direction.map((x) => x * factor));
    }
    const H = wholeHinf(X);
    const found = hinfLambdaMin(rt, X);
    assertEnclosed(H, 24, found);
    assert.ok(found.lower >= 0 && found.lower <= found.lambdaMin && found.lambdaMin <= found.upper);
    assert.ok(found.upper - found.lower <= 60 * n * EPS * trace(H), `${found.lower} to ${found.upper}`);
    assert.equal(found.info.parallelRows.length > 0, X.some((x, j) => X.slice(0, j).some((y) => isMultiple(x, y))));
    if (found.info.parallelRows.length > 0) assert.deepEqual([found.lower, found.upper], [0, 0]);
  }
});

function isMultiple(x: number[], y: number[]): boolean {
  const k = y.findIndex((v) => v !== 0);
  const c = x[k]! / y[k]!;
  return c > 0 && x.every((v, i) => v === c * y[i]!);
}

testEach("hinf.lambdaMin: long rows, whose inner products round the same way over and over", (rt) => {
  // (1, 1, 0)⊗w and (1, 0, 1)⊗w enclose 60°: H∞ = |w|²·[[1, 1/3], [1/3, 1]], λ_min = |w|²·2/3
  const m = 256;
  const next = uniform(12);
  for (let k = 0; k < 40; k++) {
    const c = Math.fround(0.5 + next() / 2); // |w|² = 256·c² is exact
    const w = Array.from({ length: m }, () => c);
    const zero = w.map(() => 0);
    const found = hinfLambdaMin(rt, [[...w, ...w, ...zero], [...w, ...zero, ...w]]);
    assertEnclosed([[3 * m * c * c, m * c * c], [m * c * c, 3 * m * c * c]], 3, found);
    assert.ok(found.upper - found.lower <= 16 * 3 * m * EPS * found.upper);
  }
});

testEach("hinf.lambdaMin: singular rows are named, and their vector is null", (rt) => {
  const zero = hinfLambdaMin(rt, [[1, 2], [0, 0]]);
  assert.deepEqual([zero.lower, zero.lambdaMin, zero.upper, zero.info.zeroRows], [0, 0, 0, [1]]);
  assert.deepEqual(zero.vector, Float64Array.of(0, 1));

  const X = [[1, 2], [0.1, -3], [1e-300, 2e-300], [-1, -2], [0.30000000000000004, -9]];
  const found = hinfLambdaMin(rt, X);
  assert.deepEqual([found.lower, found.lambdaMin, found.upper], [0, 0, 0]);
  assert.deepEqual(found.info.parallelRows, [[0, 2], [1, 4]]);
  assert.deepEqual(found.info.oppositeRows, [[0, 3]]);

  // 3·(0.1, −3) rounded: parallel as far as f64 shows, but not exactly, so nothing is claimed
  const rounded = hinfLambdaMin(rt, [[0.1, -3], [0.30000000000000004, -9]]);
  assert.deepEqual(rounded.info.parallelRows, [[0, 1]]);
  assert.equal(rounded.lower, 0);
  assert.ok(rounded.upper > 0 && rounded.upper < 1e-12);

  const opposite = hinfLambdaMin(rt, [[3, 4], [-3, -4]]);
  assert.ok(opposite.lower > 12.4999 && opposite.upper >= 12.5, "H∞ = 12.5·I");
});

testEach("hinf.lambdaMin: rows of any length", (rt) => {
  for (const e of [-1000, -530, -300, 0, 300, 505]) {
    const { lower, upper } = hinfLambdaMin(rt, [[3 * 2 ** e, 0], [3 * 2 ** e, 3 * 2 ** e]]);
    // [[9/2, 27/8], [27/8, 9]]·4ᵉ
    const value = (27 - Math.sqrt(9 * 9 + 27 * 27 / 4)) / 4;
    const scaled = value * 2 ** e * 2 ** e;
    assert.ok(lower <= scaled && scaled <= upper, `${e}: ${lower} ≤ ${scaled} ≤ ${upper}`);
    if (e >= -500) assert.ok(upper - lower <= 1e-13 * scaled);
  }
  const far = hinfLambdaMin(rt, [[2 ** 700, 0], [0, 2 ** 700]]);
  assert.deepEqual([far.lower, far.upper], [Number.MAX_VALUE, Infinity]);
  // graded: the bound is relative to each row
  const wide = hinfLambdaMin(rt, [[1, 0], [0, 1e-160], [1e-170, 1e-170]]);
  assert.ok(wide.lower >= 0 && wide.lower <= wide.upper && wide.upper < 1e-260);
  const graded = hinfLambdaMin(rt, [[1, 0, 0], [1e-9, 1e-9, 0], [0, 1e-14, 1e-14]]);
  assert.ok(graded.lower > 0.99 * graded.upper);
});

test("hinf.lambdaMin: the digits", async () => {
  const file = readFileSync(new URL("../examples/data/digits.csv.gz", import.meta.url));
  const X = normalizeRows(columns((await parseMatrix(file)).matrix, 0, 64));
  const rt = await createRuntime("test", { threads: 2 }, 1);
  const { lambdaMin: value, lower, upper, info } = hinfLambdaMin(rt, X);
  const { matrix: H } = exact(rt, X);
  rt.close();
  assert.ok(Math.abs(value - 1.34605015e-2) <= 2e-10, `λ_min = ${value}`);
  assert.ok(lower >= 1.34605e-2, `lower = ${lower}`);
  assert.ok(lower <= value && value <= upper && upper - lower <= 3e-10);
  assert.deepEqual([info.parallelRows, info.oppositeRows, info.zeroRows], [[], [], []]);
  let sum = 0;
  for (let i = 0; i < H.rows; i++) sum += H.data[i * H.rows + i]!;
  assert.ok(Math.abs(sum - 898.5) <= H.rows * EPS * 898.5);
});

const results = new Map<boolean, unknown>();
testEach("certificates: the same bits from any number of threads", (rt) => {
  const next = uniform(4);
  const X = matrix(200, 9, Float64Array.from({ length: 1800 }, next));
  const relaxed = rt.binary.variant.startsWith("relaxed");
  const found = hinfLambdaMin(rt, X);
  if (!results.has(relaxed)) results.set(relaxed, found);
  assert.deepEqual(found, results.get(relaxed));
  assert.ok(found.lower > 0);
});
