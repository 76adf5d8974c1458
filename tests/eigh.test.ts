// Dense symmetric eigenproblems: A·V = V·Λ and VᵀV = I whatever the spectrum, LAPACK's values, the
// same bits from any number of threads.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createRuntime } from "../bindings/core/create.ts";
import type { Runtime } from "../bindings/core/runtime.ts";
import { eigh, eigvalsh } from "../bindings/linalg/eig.ts";
import { matrix, type Matrix } from "../bindings/linalg/matrix.ts";
import { EPS, norm1, numbers, testEach } from "./harness.ts";
import { diagonal, symmetric, withEigenvalues } from "./matrices.ts";

type Square = Matrix<Float64Array>;

const tridiagonal = (d: number[], e: number[]) => symmetric(d.length, (i, j) => (i === j ? d[i]! : j === i + 1 ? e[i]! : 0));

function random(n: number, seed: number, scale = 1): Square {
  const x = numbers(n * n, seed);
  return symmetric(n, (i, j) => scale * x[i * n + j]!);
}

const largest = (x: ArrayLike<number>) => Array.from(x).reduce((top, value) => Math.max(top, Math.abs(value)), 0);

/** Residual, orthogonality (of the columns that `step` leaves), order, and that eigvalsh agrees; returns the values. */
function check(rt: Runtime, name: string, A: Square, step = 1): Float64Array {
  const n = A.rows;
  const { values, vectors, info } = eigh(rt, A);
  assert.deepEqual(info, { converged: true, method: "tridiagonal" });
  assert.deepEqual([values.length, vectors.rows, vectors.cols], [n, n, n]);
  const V = vectors.data;
  const top = largest(A.data) || 1; // divided out, since norms of 1e300 overflow
  const norm = norm1(n, n, A.data.map((x) => x / top)) || 1;
  for (let k = 0; k < n; k += step) {
    const lambda = values[k]! / top;
    if (k > 0) assert.ok(values[k]! >= values[k - 1]!, `${name}: values ${k - 1} and ${k} are out of order`);
    for (let i = 0; i < n; i++) {
      let residual = -lambda * V[i * n + k]!;
      let product = i === k ? -1 : 0;
      for (let j = 0; j < n; j++) {
        residual += (A.data[i * n + j]! / top) * V[j * n + k]!;
        product += V[j * n + i]! * V[j * n + k]!;
      }
      if (!(Math.abs(residual) <= 4 * n * EPS * norm)) assert.fail(`${name}: A·v − λ·v is ${residual} at row ${i} of vector ${k}`);
      if (!(Math.abs(product) <= 4 * n * EPS)) assert.fail(`${name}: vectors ${i} and ${k} have the product ${product} too much`);
    }
  }
  close(`${name}: eigvalsh and eigh`, eigvalsh(rt, A), values, 4 * n * EPS * norm * top);
  return values;
}

function close(what: string, got: ArrayLike<number>, expected: ArrayLike<number>, limit: number): void {
  assert.equal(got.length, expected.length, what);
  for (let i = 0; i < got.length; i++) {
    if (!(Math.abs(got[i]! - expected[i]!) <= limit)) assert.fail(`${what}: value ${i} is ${got[i]}, expected ${expected[i]} ± ${limit}`);
  }
}

testEach("eigh: random matrices of every size around the blocks", (rt) => {
  for (let n = 1; n <= 78; n++) check(rt, `random ${n}`, random(n, n));
  check(rt, "random 257", random(257, 257), 5);
});

testEach("eigh: large enough for all chunks and strips, and for two stages", (rt) => {
  check(rt, "random 1003", random(1003, 1003), 100); // its eigenvalues alone by two stages
});

const W21 = Array.from({ length: 21 }, (_, i) => Math.abs(i - 10));
const glued = tridiagonal([...W21, ...W21, ...W21], Array.from({ length: 62 }, (_, i) => (i % 21 === 20 ? 2 ** -30 : 1)));

testEach("eigh: prescribed spectra come out", (rt) => {
  const n = 67;
  const spectrum = (entry: (k: number) => number) => Float64Array.from({ length: n }, (_, k) => entry(k)).sort();
  const spectra = {
    graded: spectrum((k) => 10 ** (-k / 4)),
    repeated: spectrum((k) => k % 3),
    clustered: spectrum((k) => 1 + (k % 5) + 1e-13 * k),
    "rank 5": spectrum((k) => (k < 5 ? k + 1 : 0)),
    "both signs": spectrum((k) => (-1) ** k * 2 ** (k / 10)),
    "one large": spectrum((k) => (k ? 1e-8 * k : 1)),
    "all equal": spectrum(() => -3),
  };
  for (const [name, d] of Object.entries(spectra)) {
    const limit = 20 * n * EPS * largest(d);
    close(name, check(rt, name, withEigenvalues(d, 5)), d, limit);
    close(`diagonal, ${name}`, check(rt, `diagonal, ${name}`, diagonal(numbers(n, 3).map((_, k) => d[(k * 29) % n]!))), d, limit);
  }
});

testEach("eigh: the smallest and the degenerate ones", (rt) => {
  assert.deepEqual([...check(rt, "1×1", diagonal([-7]))], [-7]);
  assert.equal(Math.abs(eigh(rt, [[5]]).vectors.data[0]!), 1);
  const root = Math.sqrt(5);
  close("2×2", check(rt, "2×2", symmetric(2, (i, j) => (i + j === 2 ? 0 : 2 - i - j))), [1 - Math.SQRT2, 1 + Math.SQRT2], 8 * EPS);
  close("golden", check(rt, "golden", tridiagonal([0, 1], [1])), [(1 - root) / 2, (1 + root) / 2], 8 * EPS);
  for (const n of [1, 2, 3, 40]) {
    assert.deepEqual(check(rt, "zero", matrix(n, n)), new Float64Array(n));
    close("identity", check(rt, "identity", diagonal(new Float64Array(n).fill(1))), new Float64Array(n).fill(1), n * EPS);
    close("ones", check(rt, "ones", symmetric(n, () => 1)), new Float64Array(n).fill(n, n - 1), 8 * n * n * EPS);
  }
});

testEach("eigh: entries from 1e-305 to 1e300", (rt) => {
  const n = 45;
  const unit = eigvalsh(rt, random(n, 9));
  for (const scale of [1e300, 1e150, 1e20, 1e-20, 1e-150, 1e-300, 1e-305]) {
    const values = check(rt, `entries of ${scale}`, random(n, 9, scale));
    close(`entries of ${scale}`, values.map((x) => x / scale), unit, 20 * n * EPS * largest(unit));
  }
  check(rt, "a tiny block", symmetric(n, (i, j) => (i === 0 && j === 0 ? 1 : 1e-200 * ((i * j) % 7))));
  check(rt, "entries of all sizes", symmetric(n, (i, j) => 10 ** (150 - 3 * i - 4 * j)));
});

testEach("eigh: LAPACK's values", (rt) => {
  const fixtures = JSON.parse(readFileSync(new URL("fixtures/eigh.json", import.meta.url), "utf8")) as Record<string, number[]>;
  const matrices: Record<string, Square> = {
    modular: symmetric(61, (i, j) => ((i * j * 7 + i + j) % 17) - 8),
    hilbert: symmetric(24, (i, j) => 1 / (i + j + 1)),
    minimum: symmetric(70, (i) => i + 1),
    kac: symmetric(40, (i, j) => 2 ** (i - j)),
    wilkinson: tridiagonal(W21, Array.from({ length: 20 }, () => 1)),
    glued,
  };
  assert.deepEqual(Object.keys(matrices), Object.keys(fixtures));
  for (const [name, A] of Object.entries(matrices)) {
    const expected = fixtures[name]!;
    close(name, check(rt, name, A), expected, 4 * A.rows * EPS * largest(expected));
  }
});

for (const reproducible of [false, true]) {
  test(`eigh: the same bits from 1, 2 and 3 threads, reproducible ${reproducible}`, async () => {
    const A = random(530, 4);
    const results = [];
    for (const threads of [1, 2, 3]) {
      const rt = await createRuntime("test", { threads, reproducible }, 1);
      try {
        results.push([eigh(rt, A), eigvalsh(rt, A)]);
      } finally {
        rt.close();
      }
    }
    assert.deepEqual(results[1], results[0]);
    assert.deepEqual(results[2], results[0]);
  });
}

testEach("eigh: what it refuses, and that A stays as it was", (rt) => {
  for (const [name, solve] of [["eigh", eigh], ["eigvalsh", eigvalsh]] as const) {
    assert.throws(() => solve(rt, matrix(3, 4)), { code: "ERR_SHAPE", message: `${name}: A is 3×4, it must be square` });
    assert.throws(() => solve(rt, []), { code: "ERR_SHAPE" });
    for (const bad of [NaN, Infinity]) {
      for (const n of [1, 2, 3, 70]) {
        for (const [i, j] of [[0, n - 1], [n - 1, 0], [n >> 1, n >> 1]] as const) {
          const A = random(n, 1);
          A.data[i * n + j] = bad;
          const message = `${name}: A holds ${bad} at row ${i + 1}, column ${j + 1}, every number must be finite`;
          assert.throws(() => solve(rt, A), { code: "ERR_NOT_FINITE", message });
        }
      }
    }
    for (const n of [2, 3, 70, 71]) {
      for (const [i, j] of [[1, 0], [n - 1, 0], [n - 1, n - 2]] as const) {
        const A = random(n, 1);
        A.data[i * n + j]! += 1e-12;
        assert.throws(() => solve(rt, A), { code: "ERR_NOT_SYMMETRIC", message: new RegExp(`\\(${j + 1}, ${i + 1}\\) is .*`) });
        A.data[i * n + j] = A.data[j * n + i]! * (1 + EPS);
        solve(rt, A);
      }
    }
    const A = random(20, 1);
    const before = A.data.slice();
    solve(rt, A);
    assert.deepEqual(A.data, before);
  }
});
