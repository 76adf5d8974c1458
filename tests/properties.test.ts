// Arbitrary shapes and values (fast-check): whatever comes in, what defines a result holds, or the
// error is one of ours; inputs stay as they were. Minimal counterexamples are fast-check's work.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import fc from "fast-check";
import { createCore, EigenscopeError, matrix, type Core, type Matrix } from "eigenscope/core";
import { EPS } from "./harness.ts";

const la: Core = await createCore({ threads: 2 });
after(() => la.close());

type Dense = Matrix<Float64Array>;
const RUNS = { numRuns: 150, seed: 1 };

/** Small integers, zeros, plain and extreme numbers: what matrices of users are made of. */
const number = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -3, max: 3 }) },
  { weight: 4, arbitrary: fc.double({ min: -1, max: 1, noNaN: true }) },
  { weight: 1, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.constantFrom(1e-12, -1e8, 5e-324, 1e-200) },
);
/** One size for the whole matrix, so that its scale is arbitrary too. */
const scale = fc.constantFrom(1, 1, 1, 1e-300, 1e290, 2 ** -1022);

const filled = (rows: number, cols: number): fc.Arbitrary<Dense> =>
  fc.tuple(fc.array(number, { minLength: rows * cols, maxLength: rows * cols, size: "max" }), scale)
    .map(([data, s]) => matrix(rows, cols, Float64Array.from(data, (x) => x * s)));
const rectangular = fc.tuple(fc.integer({ min: 1, max: 14 }), fc.integer({ min: 1, max: 14 })).chain(([m, n]) => filled(m, n));
const square = fc.integer({ min: 1, max: 14 }).chain((n) => filled(n, n));
const symmetric = square.map(({ data, rows: n }) => matrix(n, n, data.map((x, e) => (e % n < Math.floor(e / n) ? data[(e % n) * n + Math.floor(e / n)]! : x))));

const largest = (data: ArrayLike<number>) => {
  let top = 0;
  for (let e = 0; e < data.length; e++) top = Math.max(top, Math.abs(data[e]!));
  return top;
};
/** max |x − y|, NaN if any is. */
const distance = (x: ArrayLike<number>, y: ArrayLike<number>) => {
  assert.equal(x.length, y.length);
  let worst = 0;
  for (let e = 0; e < x.length; e++) worst = Math.abs(x[e]! - y[e]!) <= worst ? worst : Math.abs(x[e]! - y[e]!);
  return worst;
};
const product = (A: Matrix, B: Matrix, transA = false): Dense => {
  const [m, k] = transA ? [A.cols, A.rows] : [A.rows, A.cols];
  const C = matrix(m, B.cols);
  for (let i = 0; i < m; i++) {
    for (let p = 0; p < k; p++) {
      const a = transA ? A.data[p * A.cols + i]! : A.data[i * A.cols + p]!;
      for (let j = 0; j < B.cols; j++) C.data[i * B.cols + j]! += a * B.data[p * B.cols + j]!;
    }
  }
  return C;
};
const identity = (n: number) => matrix(n, n, Float64Array.from({ length: n * n }, (_, e) => (e % (n + 1) === 0 ? 1 : 0)));
const timesDiagonal = (A: Matrix, d: ArrayLike<number>) => matrix(A.rows, A.cols, Float64Array.from(A.data, (x, e) => x * d[e % A.cols]!));
const orthonormal = (Q: Matrix) => assert.ok(distance(product(Q, Q, true).data, identity(Q.cols).data) <= 50 * Math.max(Q.rows, 8) * EPS, "orthonormal columns");
const transpose = (A: Matrix) => matrix(A.cols, A.rows, Float64Array.from(A.data, (_, e) => A.data[(e % A.rows) * A.cols + Math.floor(e / A.rows)]!));
/** c·n·eps·max|A|, and what underflows at the least number. */
const tolerance = (A: Matrix) => 50 * Math.max(A.rows, A.cols, 8) * (EPS * largest(A.data) + Number.MIN_VALUE);

/** Checks a property of a matrix, and that the matrix is not changed. */
function holds(title: string, of: fc.Arbitrary<Dense>, body: (A: Dense) => void): void {
  test(title, () => fc.assert(fc.property(of, (A) => {
    const copy = A.data.slice();
    body(A);
    assert.equal(distance(A.data, copy), 0, "the input has changed");
  }), RUNS));
}

for (const method of ["tridiagonal", "jacobi"] as const) {
  holds(`eigh ${method}: A·V = V·Λ, VᵀV = I, ascending, as eigvalsh and every subset`, symmetric, (A) => {
    const n = A.rows;
    const { values, vectors } = la.eigh(A, { method });
    orthonormal(vectors);
    assert.ok(distance(product(A, vectors).data, timesDiagonal(vectors, values).data) <= n * tolerance(A), "residual");
    for (let k = 1; k < n; k++) assert.ok(values[k - 1]! <= values[k]!);
    assert.ok(distance(la.eigvalsh(A, { method }), values) <= tolerance(A) * n);
    const [from, to] = [Math.floor(n / 3), n];
    assert.ok(distance(la.eigvalsh(A, { method, subset: { index: [from, to] } }), values.subarray(from, to)) <= n * tolerance(A));
  });
}

for (const method of ["golub-kahan", "jacobi"] as const) {
  holds(`svd ${method}: A = U·diag(s)·Vᵀ, orthonormal, descending, as svdvals`, rectangular, (A) => {
    const { u, s, vt } = la.svd(A, { method });
    orthonormal(u);
    orthonormal(transpose(vt));
    assert.ok(distance(product(timesDiagonal(u, s), vt).data, A.data) <= 14 * tolerance(A), "reconstruction");
    for (let k = 1; k < s.length; k++) assert.ok(s[k - 1]! >= s[k]! && s[k]! >= 0);
    assert.ok(distance(la.svdvals(A, { method }), s) <= 14 * tolerance(A));
  });
}

holds("qr: A = Q·R, R triangular", rectangular, (A) => {
  const { q, r } = la.qr(A);
  orthonormal(q);
  assert.ok(distance(product(q, r).data, A.data) <= 14 * tolerance(A));
  for (let i = 0; i < r.rows; i++) for (let j = 0; j < Math.min(i, r.cols); j++) assert.equal(r.data[i * r.cols + j], 0);
});

holds("inertia counts as the eigenvalues do, but for those within rounding of the shift", symmetric, (A) => {
  const values = la.eigvalsh(A);
  const { negative, zero, positive } = la.inertia(A);
  assert.equal(negative + zero + positive, A.rows);
  const margin = A.rows * tolerance(A);
  assert.ok(negative >= values.filter((x) => x < -margin).length);
  assert.ok(positive >= values.filter((x) => x > margin).length);
});

for (const assume of ["general", "symmetric"] as const) {
  holds(`solve ${assume}: a small backward error, or singular`, symmetric, (A) => {
    const n = A.rows;
    const b = Float64Array.from({ length: n }, (_, i) => ((i * 7) % 5) - 2);
    let x: Float64Array;
    try {
      x = la.solve(A, b, { assume }) as Float64Array;
    } catch (error) {
      assert.equal((error as EigenscopeError).code, "ERR_SINGULAR");
      return;
    }
    const residual = distance(product(A, matrix(n, 1, x)).data, b);
    if (Number.isFinite(residual)) assert.ok(residual <= 100 * n * n * EPS * (largest(A.data) * largest(x) + 2), `residual ${residual}`);
  });
}

holds("lstsq: the residual is orthogonal to the columns, x in the rows' space", rectangular, (A) => {
  const b = Float64Array.from({ length: A.rows }, (_, i) => ((i * 7) % 5) - 2);
  const { x, rank, s } = la.lstsq(A, b);
  assert.equal(rank, s.filter((value) => value > Math.max(A.rows, A.cols) * EPS * s[0]!).length);
  const r = product(A, matrix(A.cols, 1, x as Float64Array)).data.map((y, i) => y - b[i]!);
  const size = largest(A.data);
  if (!(size > 1e-290 && size < 1e280)) return; // the checks below would over- or underflow
  const g = largest(product(A, matrix(A.rows, 1, r), true).data);
  assert.ok(g <= 100 * EPS * size * (size * largest(x as Float64Array) + 2) * 14, `gradient ${g}`);
});

holds("eigsh: the ends of the spectrum, with residuals that hold", symmetric, (A) => {
  const n = A.rows;
  const all = la.eigvalsh(A);
  const k = Math.ceil(n / 3);
  for (const [which, want] of [["largest", all.subarray(n - k)], ["smallest", all.subarray(0, k)]] as const) {
    const { values, vectors, residuals, info } = la.eigsh(A, { k, which });
    assert.ok(info.converged);
    orthonormal(vectors);
    assert.ok(distance(values, want) <= 1e-9 * largest(A.data) * n + tolerance(A), `${which}: ${values} ${want}`);
    const R = distance(product(A, vectors).data, timesDiagonal(vectors, values).data);
    assert.ok(R <= Math.max(...residuals) + n * tolerance(A));
  }
});

test("any numbers at all, in any shape: a result or an error of ours, never anything else", () => {
  const anything = fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 6 })).chain(([m, n]) =>
    fc.array(fc.oneof(fc.double(), number), { minLength: m * n, maxLength: m * n }).map((data) => matrix(m, n, Float64Array.from(data))),
  );
  const calls: ((A: Dense) => unknown)[] = [
    (A) => la.matmul(A, A), (A) => la.gram(A), (A) => la.eigh(A), (A) => la.eigh(A, { method: "jacobi" }), (A) => la.cholesky(A),
    (A) => la.qr(A), (A) => la.svd(A), (A) => la.svd(A, { method: "jacobi" }), (A) => la.inertia(A), (A) => la.solve(A, A),
    (A) => la.solve(A, A, { assume: "symmetric" }), (A) => la.solve(A, A, { assume: "positive-definite" }), (A) => la.lstsq(A, A),
    (A) => la.pinv(A), (A) => la.inv(A), (A) => la.slogdet(A), (A) => la.cond(A), (A) => la.norm(A), (A) => la.rank(A),
    (A) => la.eigsh(A, { k: 2 }), (A) => la.svds(A, { k: 2 }), (A) => la.randomizedSvd(A, { rank: 2 }), (A) => la.nystrom(A, { rank: 2 }),
    (A) => la.trace(A), (A) => la.spectralDensity(A, { probes: 2 }),
  ];
  fc.assert(fc.property(anything, fc.constantFrom(...calls), (A, call) => {
    try {
      call(A);
    } catch (error) {
      assert.ok(error instanceof EigenscopeError, `${String(error)} of ${call}`);
      assert.doesNotMatch(error.message, /\n/);
    }
  }), { numRuns: 1500, seed: 2 });
});
