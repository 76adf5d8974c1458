// Stochastic Lanczos quadrature against closed forms: mass, moments, the semicircle.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createCore } from "eigenscope/core";
import type { Runtime } from "../bindings/core/runtime.ts";
import type { MatrixLike } from "../bindings/linalg/matrix.ts";
import { runSteps, type SymmetricOperator } from "../bindings/linalg/operator.ts";
import { spectralDensity as steps, type SpectralDensity, type SpectralDensityOptions } from "../bindings/linalg/spectralDensity.ts";
import { EPS, numbers, testEach } from "./harness.ts";

const spectralDensity = (rt: Runtime, A: MatrixLike | SymmetricOperator, options?: SpectralDensityOptions) =>
  runSteps("spectralDensity", steps(rt, A, options)) as SpectralDensity;

const integral = ({ grid, density }: SpectralDensity) =>
  density.reduce((sum, y, i) => sum + y * (i === 0 || i === grid.length - 1 ? 0.5 : 1), 0) * (grid[1]! - grid[0]!);

/** The second difference with ends: eigenvalues 2 − 2·cos(kπ/(n + 1)), k = 1 … n. */
const path = (n: number): SymmetricOperator => ({
  n,
  apply({ data, rows, cols }) {
    const out = new Float64Array(data.length);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < cols; j++) {
        const at = (r: number) => (r < 0 || r >= rows ? 0 : data[r * cols + j]!);
        out[i * cols + j] = 2 * at(i) - at(i - 1) - at(i + 1);
      }
    }
    return { data: out, rows, cols };
  },
});

/** A Gaussian orthogonal ensemble's stand-in: uniform entries of variance 1/n, symmetric. */
function wigner(n: number): MatrixLike {
  const data = numbers(n * n, 3).map((u) => u * Math.sqrt(3 / n));
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) data[i * n + j] = data[j * n + i]!;
  return { data, rows: n, cols: n };
}

testEach("density integrates to 1, weights sum to 1, moments are those of the operator", (rt) => {
  const n = 400;
  const result = spectralDensity(rt, path(n), { probes: 20, steps: 30 });
  assert.ok(Math.abs(integral(result) - 1) < 1e-8, `${integral(result)}`);
  const moment = (k: number) => result.nodes.reduce((sum, x, i) => sum + result.weights[i]! * x ** k, 0);
  assert.ok(Math.abs(moment(0) - 1) < 100 * EPS);
  // with random signs vᵀAv = tr(A)/n + the off-diagonal part; E = 2, 6, 20: the central binomial coefficients
  for (const [k, want] of [[1, 2], [2, 6], [3, 20]] as const) assert.ok(Math.abs(moment(k) / want - 1) < 0.05, `moment ${k}: ${moment(k)}`);
  assert.ok(result.nodes.every((x) => x > -1e-12 && x < 4 + 1e-12));
});

testEach("a random matrix has the semicircle, from the matrix and from its operator", (rt) => {
  const n = 500;
  const A = wigner(n) as { data: Float64Array };
  const dense = spectralDensity(rt, A as never, { sigma: 0.1 });
  const mean = dense.grid.reduce((worst, t, i) => {
    const want = Math.abs(t) < 2 ? Math.sqrt(4 - t * t) / (2 * Math.PI) : 0;
    return worst + Math.abs(dense.density[i]! - want) / dense.grid.length;
  }, 0);
  assert.ok(mean < 0.02, `${mean}`);
  const operator: SymmetricOperator = {
    n,
    apply({ data, cols }) {
      const out = new Float64Array(n * cols);
      for (let i = 0; i < n; i++) for (let k = 0; k < n; k++) for (let j = 0; j < cols; j++) out[i * cols + j]! += A.data[i * n + k]! * data[k * cols + j]!;
      return { data: out, rows: n, cols };
    },
  };
  const other = spectralDensity(rt, operator, { sigma: 0.1 });
  const moments = ({ nodes, weights }: SpectralDensity) => [1, 2, 3, 4].map((k) => nodes.reduce((sum, x, i) => sum + weights[i]! * x ** k, 0));
  const [one, two] = [moments(dense), moments(other)];
  one.forEach((m, k) => assert.ok(Math.abs(m - two[k]!) <= 100 * n * EPS, `moment ${k + 1}: ${m} ${two[k]}`));
});

testEach("invariant subspaces end a run: multiples of the identity, zero, n = 1, two eigenvalues", (rt) => {
  for (const c of [3, 0, -1e-300, 1e300]) {
    const { nodes, weights, density } = spectralDensity(rt, [[c, 0, 0], [0, c, 0], [0, 0, c]], { probes: 2 });
    nodes.forEach((x, k) => assert.ok(weights[k]! < 1e-15 || Math.abs(x - c) <= 4 * EPS * Math.abs(c), `${x} of ${c}`));
    assert.ok(density.every(Number.isFinite));
  }
  assert.deepEqual([...spectralDensity(rt, [[7]], { probes: 1 }).nodes], [7]);
  const two = spectralDensity(rt, { n: 50, apply: ({ data, rows, cols }) => ({ data: data.map((x, e) => (e / cols < 25 ? x : 2 * x)), rows, cols }) });
  two.nodes.forEach((x, k) => assert.ok(two.weights[k]! < 1e-12 || Math.min(Math.abs(x - 1), Math.abs(x - 2)) < 1e-12));
});

testEach("matrices and operators of any scale have the same nodes, scaled", (rt) => {
  const plain = spectralDensity(rt, path(60), { probes: 3, steps: 12 });
  const { apply } = path(60);
  const dense = Array.from({ length: 60 }, (_, i) => Array.from({ length: 60 }, (_, j) => [2, -1][Math.abs(i - j)] ?? 0));
  for (const c of [2 ** 1000, 2 ** -1000]) {
    const operator: SymmetricOperator = { n: 60, apply: (V) => {
      const { data, rows, cols } = apply(V) as { data: Float64Array; rows: number; cols: number };
      return { data: data.map((x) => c * x), rows, cols };
    } };
    for (const A of [operator, dense.map((row) => row.map((x) => c * x))]) {
      const { nodes, density } = spectralDensity(rt, A, { probes: 3, steps: 12 });
      nodes.forEach((x, k) => assert.ok(Math.abs(x / c - plain.nodes[k]!) <= 1000 * 60 * EPS, `${x / c} ${plain.nodes[k]}`));
      assert.ok(density.every(Number.isFinite));
    }
  }
});

test("equal bits for any number of threads", async () => {
  const results = await Promise.all([1, 2, 3].map(async (threads) => {
    const la = await createCore({ threads });
    const { nodes, weights } = la.spectralDensity(wigner(120), { steps: 20 });
    la.close();
    return Buffer.from(Float64Array.of(...nodes, ...weights).buffer);
  }));
  for (const other of results.slice(1)) assert.equal(Buffer.compare(results[0]!, other), 0);
});

test("bad input is refused by name", async () => {
  const la = await createCore();
  const cases: [() => unknown, RegExp, string][] = [
    [() => la.spectralDensity([[1, 2]]), /A is 1×2, it must be square/, "ERR_SHAPE"],
    [() => la.spectralDensity([]), /0×0/, "ERR_SHAPE"],
    [() => la.spectralDensity([[1, 2], [3, 1]]), /not symmetric/, "ERR_NOT_SYMMETRIC"],
    [() => la.spectralDensity([[1]], { probes: 0 }), /probes is 0/, "ERR_OPTION"],
    [() => la.spectralDensity([[1]], { steps: 1.5 }), /steps is 1.5/, "ERR_OPTION"],
    [() => la.spectralDensity([[1]], { sigma: -1 }), /sigma is -1/, "ERR_OPTION"],
    [() => la.spectralDensity([[1, 0], [0, 2]], { sigma: 1e-9 }), /too narrow/, "ERR_OPTION"],
    [() => la.spectralDensity({ n: 0, apply: (V) => V }), /A\.n is 0/, "ERR_SHAPE"],
    [() => la.spectralDensity({ n: 2, apply: 3 as never }), /A\.apply is number/, "ERR_OPTION"],
    [() => la.spectralDensity({ n: 2, apply: () => [[1, 2]] }), /apply gave a 1×2 matrix, expected 2×10/, "ERR_SHAPE"],
    [() => la.spectralDensity({ n: 1, apply: () => [[NaN]] }, { probes: 1 }), /apply gave NaN at row 1, column 1/, "ERR_NOT_FINITE"],
    [() => la.spectralDensity({ n: 2, apply: async (V) => V }), /promise.*createEngine/, "ERR_OPTION"],
  ];
  for (const [call, message, code] of cases) {
    assert.throws(call, (error: Error & { code: string }) => message.test(error.message) && error.code === code, String(message));
  }
  assert.throws(() => la.spectralDensity({ n: 2, apply: () => { throw new TypeError("mine"); } }), { name: "TypeError", message: "mine" });
  assert.equal(la.spectralDensity([[1]], { probes: 1 }).nodes[0], 1); // and the core goes on
  la.close();
});
