// solve, inv, slogdet, norm: small residuals for every assumption; with refinement, solutions right to the
// last digits against exact arithmetic; what is singular, and what only looks so; the same bits from any
// number of threads.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createEngine } from "../bindings/engine.ts";
import { matrix, type Matrix } from "../bindings/linalg/matrix.ts";
import { norm, type NormOrder } from "../bindings/linalg/norm.ts";
import { inv, slogdet, solve } from "../bindings/linalg/solve.ts";
import type { Runtime } from "../bindings/core/runtime.ts";
import { EPS, norm1, numbers, testEach, uniform } from "./harness.ts";

const SIZES = [1, 2, 3, 4, 5, 15, 16, 17, 33, 95, 96, 97, 130, 200];
const ASSUMPTIONS = ["general", "symmetric", "positive-definite"] as const;

/** Random and fit for the assumption. */
function suited(n: number, assume: (typeof ASSUMPTIONS)[number], seed: number): Matrix<Float64Array> {
  const A = matrix(n, n, numbers(n * n, seed));
  if (assume === "general") return A;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) A.data[i * n + j] = A.data[j * n + i]!;
    if (assume === "positive-definite") A.data[i * n + i]! += n;
  }
  return A;
}

/** max |B − A·X| over column c, in plain arithmetic. */
function residual(A: Matrix, X: Float64Array, B: Float64Array, m: number): number {
  const n = A.rows;
  let worst = 0;
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < m; c++) {
      let r = -B[i * m + c]!;
      for (let j = 0; j < n; j++) r += A.data[i * n + j]! * X[j * m + c]!;
      worst = Math.max(worst, Math.abs(r));
    }
  }
  return worst;
}

const largest = (x: Float64Array) => x.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const bits = new Map<string, Float64Array>();

function sameBits(rt: Runtime, key: string, x: Float64Array): void {
  const full = `${rt.binary.variant.startsWith("relaxed")} ${key}`;
  const first = bits.get(full);
  if (!first) bits.set(full, x);
  else assert.equal(Buffer.compare(Buffer.from(x.buffer), Buffer.from(first.buffer)), 0, key);
}

testEach("solve: small residuals, vectors and matrices, every assumption", (rt) => {
  for (const n of SIZES) {
    for (const assume of ASSUMPTIONS) {
      const A = suited(n, assume, n);
      const before = A.data.slice();
      for (const m of n < 100 ? [1, 3, 6, 35] : [4, 70]) {
        const B = matrix(n, m, numbers(n * m, n + m));
        const X = solve(rt, A, B, { assume });
        assert.deepEqual([X.rows, X.cols], [n, m]);
        const limit = 10 * n * EPS * norm1(n, n, A.data) * largest(X.data);
        const off = residual(A, X.data, B.data, m);
        assert.ok(off <= limit, `${assume}, n = ${n}, m = ${m}: ${off} over ${limit}`);
        sameBits(rt, `${assume} ${n} ${m}`, X.data);
      }
      const b = numbers(n, 9);
      const x = solve(rt, A, b, { assume });
      assert.ok(x instanceof Float64Array);
      assert.ok(residual(A, x, b, 1) <= 10 * n * EPS * norm1(n, n, A.data) * largest(x));
      assert.deepEqual(solve(rt, A, Array.from(b), { assume }), x);
      assert.deepEqual(A.data, before, "the input is left as it is");
    }
  }
});

testEach("solve: more than one chunk of everything", (rt) => {
  const n = 1100;
  const A = matrix(n, n, numbers(n * n, 2));
  const b = numbers(n, 3);
  const x = solve(rt, A, b);
  sameBits(rt, "large", x);
  assert.ok(residual(A, x, b, 1) <= n * EPS * norm1(n, n, A.data) * largest(x));
});

/** The solution of A·x = b for whole numbers, or undefined if A is singular: Bareiss' elimination, without fractions. */
function exactly(A: bigint[][], b: bigint[]): number[] | undefined {
  const n = b.length;
  const M = A.map((row, i) => [...row, b[i]!]);
  let last = 1n;
  for (let k = 0; k < n; k++) {
    const p = M.findIndex((row, i) => i >= k && row[k] !== 0n);
    if (p < 0) return undefined;
    [M[k], M[p]] = [M[p]!, M[k]!];
    const pivot = M[k]![k]!;
    for (let i = 0; i < n; i++) {
      if (i === k) continue;
      const factor = M[i]![k]!;
      for (let j = 0; j <= n; j++) M[i]![j] = (M[i]![j]! * pivot - factor * M[k]![j]!) / last;
    }
    last = pivot;
  }
  return M.map((row) => quotient(row[n]!, last));
}

/** p/q to within 2⁻⁶⁰ before the last rounding. */
function quotient(p: bigint, q: bigint): number {
  const shift = BigInt(Math.max(0, q.toString(2).length - p.toString(2).length + 64));
  return Number((p << shift) / q) / 2 ** Number(shift);
}

const lcm = (n: number) => {
  const gcd = (a: bigint, b: bigint): bigint => (b === 0n ? a : gcd(b, a % b));
  return Array.from({ length: n }, (_, i) => BigInt(i + 1)).reduce((a, b) => (a / gcd(a, b)) * b);
};

testEach("solve: refined, ill-conditioned systems are right to the last digits", (rt) => {
  const next = uniform(11);
  for (const n of [3, 6, 9, 10]) {
    const whole = lcm(2 * n - 1);
    const hilbert = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => whole / BigInt(i + j + 1)));
    // rows graded by powers of ten
    const graded = hilbert.map((row, i) => row.map((x) => (i % 2 === 0 ? x : x * 1000n)));
    const vandermonde = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => BigInt(i + 1) ** BigInt(j)));
    for (const [name, W] of Object.entries({ hilbert, graded, vandermonde })) {
      const A = W.map((row) => row.map(Number));
      const b = Array.from({ length: n }, () => Math.round(2000 * (next() - 0.5)));
      const expected = exactly(W, b.map(BigInt))!;
      const size = largest(Float64Array.from(expected));
      const assumptions = name === "hilbert" ? ASSUMPTIONS : ["general" as const];
      for (const assume of assumptions) {
        const x = solve(rt, A, b, { assume, refine: true });
        for (let i = 0; i < n; i++) {
          assert.ok(Math.abs(x[i]! - expected[i]!) <= 2 * EPS * size, `${name}, ${assume}, n = ${n}: x[${i}] is ${x[i]}, not ${expected[i]}`);
        }
      }
      if (name === "hilbert" && n === 10) {
        const plain = solve(rt, A, b);
        assert.ok(plain.some((x, i) => Math.abs(x - expected[i]!) > 1e-8 * size), "which it is not without");
      }
    }
  }
});

testEach("solve: whole numbers, against exact arithmetic, singular or not", (rt) => {
  const entry = fc.integer({ min: -4, max: 4 });
  const system = fc.integer({ min: 1, max: 7 }).chain((n) =>
    fc.record({ A: fc.array(fc.array(entry, { minLength: n, maxLength: n }), { minLength: n, maxLength: n }), b: fc.array(entry, { minLength: n, maxLength: n }) }));
  fc.assert(fc.property(system, ({ A, b }) => {
    const expected = exactly(A.map((row) => row.map(BigInt)), b.map(BigInt));
    if (!expected) return assert.throws(() => solve(rt, A, b), { code: "ERR_SINGULAR" });
    const x = solve(rt, A, b, { refine: true });
    const size = largest(Float64Array.from(expected));
    for (let i = 0; i < b.length; i++) assert.ok(Math.abs(x[i]! - expected[i]!) <= 2 * EPS * size);
  }), { seed: 3, numRuns: 300 });
});

testEach("solve: several columns are refined as one is", (rt) => {
  const n = 40;
  const A = suited(n, "general", 4);
  const B = matrix(n, 7, numbers(n * 7, 5));
  const X = solve(rt, A, B, { refine: true });
  for (let c = 0; c < 7; c++) {
    const x = solve(rt, A, B.data.filter((_, at) => at % 7 === c), { refine: true });
    for (let i = 0; i < n; i++) assert.ok(Math.abs(X.data[i * 7 + c]! - x[i]!) <= 2 * EPS * largest(x));
  }
});

testEach("solve: units of rows and columns do not matter", (rt) => {
  const n = 12;
  const next = uniform(8);
  for (const assume of ASSUMPTIONS) {
    const A = suited(n, assume, 6);
    const b = numbers(n, 7);
    const expected = solve(rt, A, b, { assume, refine: true });
    const cols = Array.from({ length: n }, () => Math.round(400 * (next() - 0.5)));
    const rows = assume === "general" ? Array.from({ length: n }, () => Math.round(400 * (next() - 0.5))) : cols;
    for (const shift of [0, 500, -500]) {
      const scaled = matrix(n, n, A.data.map((x, at) => x * 2 ** (rows[Math.floor(at / n)]! + cols[at % n]! + shift)));
      const x = solve(rt, scaled, b.map((value, i) => value * 2 ** rows[i]!), { assume, refine: true });
      const back = x.map((value, i) => value * 2 ** (cols[i]! + shift / 2) * 2 ** (shift / 2));
      for (let i = 0; i < n; i++) assert.ok(Math.abs(back[i]! - expected[i]!) <= 4 * EPS * largest(expected), `${assume}, ${shift}`);
    }
  }
  for (const size of [1e300, 1e-300, 1e-310]) {
    const x = solve(rt, [[2 * size, size], [size, 3 * size]], [3 * size, 4 * size]);
    assert.ok(Math.abs(x[0]! - 1) < 1e-11 && Math.abs(x[1]! - 1) < 1e-11, `${size}: ${x}`);
  }
  const [x, y] = solve(rt, [[1, 0], [0, 1e-200]], [1e-250, 1e-250]) as unknown as [number, number];
  assert.ok(x === 1e-250 && Math.abs(y - 1e-50) <= 4 * EPS * 1e-50);
  assert.deepEqual(solve(rt, [[5]], [0]), Float64Array.of(0));
});

testEach("solve: singular, nearly singular, indefinite", (rt) => {
  const singular = { code: "ERR_SINGULAR" };
  for (const assume of ["general", "symmetric"] as const) {
    assert.throws(() => solve(rt, [[1, 2], [2, 4]], [1, 1], { assume }), { ...singular, message: /pivot 2 of 2 is zero/ });
    assert.throws(() => solve(rt, matrix(3, 3), [1, 1, 1], { assume }), { ...singular, message: /pivot 1 of 3/ });
  }
  // Hilbert: the condition number is 1.8e16 at n = 12 and grows
  for (const assume of ["general", "symmetric"] as const) {
    const H = Array.from({ length: 14 }, (_, i) => Array.from({ length: 14 }, (_, j) => 1 / (i + j + 1)));
    assert.throws(() => solve(rt, H, H[0]!, { assume }), { ...singular, message: /condition number .* is about \d\.\de\+1[6-9]/ });
  }
  // the estimate: within a factor of 3 of the truth for a matrix whose inverse is known
  const small = [[1, 1], [1, 1 + 2 ** -51]];
  assert.throws(() => solve(rt, small, [1, 1]), { ...singular, message: /is about 9\.0e\+15/ });
  assert.throws(() => inv(rt, small), { ...singular, message: /^inv: / });
  assert.throws(() => solve(rt, [[1, 2], [2, 1]], [1, 1], { assume: "positive-definite" }), {
    code: "ERR_NOT_POSITIVE_DEFINITE", message: /^solve: .*pivot 2 of 2/,
  });
  // diagonal, so well-conditioned in any units
  assert.deepEqual(solve(rt, [[1e20, 0], [0, 1e-20]], [1e20, 1e-20]), Float64Array.of(1, 1));
});

testEach("solve: what it refuses", (rt) => {
  const I = [[1, 0], [0, 1]];
  assert.throws(() => solve(rt, matrix(2, 3), [1, 2]), { code: "ERR_SHAPE", message: /^solve: A is 2×3/ });
  assert.throws(() => solve(rt, I, [1, 2, 3]), { code: "ERR_SHAPE", message: /B has 3 numbers/ });
  assert.throws(() => solve(rt, I, matrix(3, 2)), { code: "ERR_SHAPE", message: /B is 3×2/ });
  assert.throws(() => solve(rt, I, matrix(2, 0)), { code: "ERR_SHAPE" });
  assert.throws(() => solve(rt, matrix(0, 0), []), { code: "ERR_SHAPE" });
  assert.throws(() => solve(rt, I, [1, NaN]), { code: "ERR_NOT_FINITE", message: /B holds NaN/ });
  assert.throws(() => solve(rt, [[1, Infinity], [0, 1]], [1, 1]), { code: "ERR_NOT_FINITE" });
  assert.throws(() => solve(rt, [[1, 2], [3, 4]], [1, 1], { assume: "symmetric" }), { code: "ERR_NOT_SYMMETRIC" });
  assert.throws(() => solve(rt, I, [1, 1], { assume: "spd" as "general" }), { code: "ERR_OPTION" });
  assert.throws(() => solve(rt, I, [1, 1], { refine: 1 as unknown as boolean }), { code: "ERR_OPTION" });
  assert.throws(() => inv(rt, matrix(2, 3)), { code: "ERR_SHAPE" });
  assert.throws(() => slogdet(rt, matrix(0, 0)), { code: "ERR_SHAPE" });
  assert.throws(() => norm(rt, matrix(0, 2)), { code: "ERR_SHAPE" });
  assert.throws(() => norm(rt, I, 3 as NormOrder), { code: "ERR_OPTION", message: /^norm: ord is 3/ });
});

testEach("inv: A·A⁻¹ = I", (rt) => {
  for (const n of [1, 2, 5, 16, 60, 97, 150]) {
    const A = suited(n, "general", n + 1);
    const X = inv(rt, A);
    const identity = matrix(n, n);
    for (let i = 0; i < n; i++) identity.data[i * (n + 1)] = 1;
    const limit = 10 * n * EPS * norm1(n, n, A.data) * largest(X.data);
    assert.ok(residual(A, X.data, identity.data, n) <= limit, `n = ${n}`);
    sameBits(rt, `inv ${n}`, X.data);
  }
  assert.deepEqual(inv(rt, [[0, 4], [1e-200, 0]]).data, Float64Array.of(0, 1e200, 0.25, 0));
});

testEach("slogdet: known determinants, no overflow", (rt) => {
  const near = (found: number, expected: number, n: number) =>
    assert.ok(Math.abs(found - expected) <= 8 * n * EPS * Math.max(1, Math.abs(expected)), `${found}, not ${expected}`);
  assert.deepEqual(slogdet(rt, [[1, 2], [2, 4]]), { sign: 0, logabsdet: -Infinity });
  assert.deepEqual(slogdet(rt, [[0, 1], [1, 0]]), { sign: -1, logabsdet: 0 });
  assert.deepEqual(slogdet(rt, [[-1]]), { sign: -1, logabsdet: 0 });
  for (const size of [1e300, 1, 1e-300]) {
    const n = 90;
    // L·D·Lᵀ, L with ones on and below the diagonal: the determinant is that of D
    const L = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (j === i || j === i - 1 ? 1 : 0)));
    const A = matrix(n, n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        for (let k = 0; k <= Math.min(i, j); k++) A.data[i * n + j]! += L[i]![k]! * (k % 3 === 0 ? -2 : 1) * L[j]![k]!;
        A.data[i * n + j]! *= size;
      }
    }
    const found = slogdet(rt, A);
    assert.equal(found.sign, 1);
    assert.ok(Math.abs(found.logabsdet - (30 * Math.log(2) + n * Math.log(size))) <= 1e-13 * (1 + Math.abs(found.logabsdet)) * n, `${found.logabsdet}`);
  }
  near(slogdet(rt, [[1e300, 0], [0, 1e-300]]).logabsdet, 0, 100);
});

testEach("norm: every kind, extreme sizes", (rt) => {
  const A = [[1, -2, 3], [-4, 5, -6]];
  const expected: [NormOrder, number][] = [["max", 6], [1, 9], [-1, 5], [Infinity, 15], [-Infinity, 6], ["fro", Math.sqrt(91)]];
  for (const [ord, value] of expected) {
    for (const size of [1, 2 ** 1000, 2 ** -1000, 2 ** -1074]) {
      const found = norm(rt, A.map((row) => row.map((x) => x * size)), ord);
      assert.ok(Math.abs(found - value * size) <= 4 * EPS * value * size + (ord === "fro" ? 2 ** -1074 : 0), `${ord} at ${size}: ${found}`);
    }
  }
  // orthogonal columns of lengths 3 and 4, turned
  const turned = [[3 * 0.6, -4 * 0.8], [3 * 0.8, 4 * 0.6], [0, 0]];
  for (const [ord, value] of [[2, 4], [-2, 3], ["nuc", 7]] as [NormOrder, number][]) {
    for (const size of [1, 1e300, 1e-300]) {
      const found = norm(rt, turned.map((row) => row.map((x) => x * size)), ord);
      assert.ok(Math.abs(found / size - value) <= 8 * EPS * value, `${ord} at ${size}: ${found}`);
    }
  }
  assert.throws(() => norm(rt, [[NaN]], 2), { code: "ERR_NOT_FINITE", message: /^norm: / });
  assert.equal(norm(rt, A), norm(rt, A, "fro"));
  assert.equal(norm(rt, matrix(3, 2)), 0);
  assert.ok(Math.abs(norm(rt, matrix(20, 50, new Float64Array(1000).fill(1e300))) / 1e300 - Math.sqrt(1000)) < 1e-12);
  const m = 37;
  const B = matrix(m, 2 * m, numbers(2 * m * m, 1));
  assert.ok(Math.abs(norm(rt, B, Infinity) - norm1(m, 2 * m, B.data)) <= m * EPS * m);
});

test("solve: through an engine, with a result like its right-hand side", async () => {
  const es = await createEngine({ threads: 1 });
  try {
    const { signal } = new AbortController();
    const x: Float64Array = await es.linalg.solve([[2, 0], [0, 4]], [2, 4], { refine: true, signal });
    assert.deepEqual(x, Float64Array.of(1, 1));
    const X: Matrix<Float64Array> = await es.linalg.solve([[2]], [[2, 4]]);
    assert.deepEqual(X, { data: Float64Array.of(1, 2), rows: 1, cols: 2 });
    assert.equal((await es.linalg.inertia([[2]], 3, { signal })).negative, 1);
    assert.equal(await es.linalg.norm([[3], [4]], "fro", { signal }), 5);
    await assert.rejects(es.linalg.solve([[0]], [1]), { code: "ERR_SINGULAR", name: "SingularError" });
  } finally {
    await es.close();
  }
});
