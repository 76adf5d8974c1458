// Operators on an engine: the caller's functions, asked from the host's worker.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createEngine, matrix, ShapeError, type Engine, type Matrix } from "eigenscope";
import { createCore } from "eigenscope/core";
import { numbers } from "./harness.ts";

const N = 60;
const symmetric = (n: number) => {
  const data = numbers(n * n, 5);
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) data[i * n + j] = data[j * n + i]!;
  return matrix(n, n, data);
};
const A = symmetric(N);
const OPTIONS = { probes: 2, steps: 8 };
/** Half of every vector. */
const half = { n: N, apply: ({ data, rows, cols }: Matrix<Float64Array>) => ({ data: data.map((x) => x / 2), rows, cols }) };
/** What is never answered. */
const silent = { n: N, apply: () => new Promise<never>(() => {}) };

for (const worker of [true, false]) {
  const label = worker ? "in a worker" : "in the caller's thread";
  let es: Engine;
  before(async () => { es = await createEngine({ threads: 2, worker }); });
  after(() => es.close());

  test(`an operator may be made of calls to the engine itself, ${label}`, { timeout: 20_000 }, async () => {
    const operator = { n: N, apply: (V: Matrix<Float64Array>) => es.linalg.matmul(A, V) };
    const nested = { n: N, apply: async (V: Matrix<Float64Array>) => {
      await es.linalg.spectralDensity(operator, OPTIONS);
      return es.linalg.matmul(A, V);
    } };
    const [plain, deep, dense] = await Promise.all([
      es.linalg.spectralDensity(operator, OPTIONS),
      es.linalg.spectralDensity(nested, OPTIONS),
      es.linalg.spectralDensity(A, OPTIONS),
    ]);
    plain.nodes.forEach((x, k) => assert.ok(Math.abs(x - dense.nodes[k]!) < 1e-10));
    assert.equal(Buffer.compare(Buffer.from(plain.nodes.buffer), Buffer.from(deep.nodes.buffer)), 0);
  });

  test(`other calls run while an operator is at work, ${label}`, { timeout: 20_000 }, async () => {
    const slow = { n: N, apply: async (V: Matrix<Float64Array>) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return half.apply(V);
    } };
    const both = [es.linalg.spectralDensity(slow, OPTIONS), es.linalg.spectralDensity(slow, OPTIONS)];
    assert.equal((await es.linalg.gram(A)).rows, N);
    for (const { nodes } of await Promise.all(both)) assert.ok(Math.abs(nodes.at(-1)! - 0.5) < 1e-14);
  });

  test(`an operator's own error comes back as it is, ${label}`, async () => {
    const mine = new TypeError("mine");
    await assert.rejects(es.linalg.spectralDensity({ n: N, apply: () => { throw mine; } }, OPTIONS), (error) => error === mine);
    await assert.rejects(es.linalg.spectralDensity({ n: N, apply: async () => { throw mine; } }, OPTIONS), (error) => error === mine);
    await assert.rejects(es.linalg.spectralDensity({ n: N, apply: () => matrix(2, 2) }, OPTIONS), ShapeError);
    await assert.rejects(es.linalg.spectralDensity({ n: N, apply: () => (() => 0) as never }, OPTIONS), Error);
    await assert.rejects(es.linalg.spectralDensity({ n: N } as never, OPTIONS), ShapeError);
    await assert.rejects(es.linalg.spectralDensity({ n: 2.5, apply: half.apply }, OPTIONS), /A\.n is 2\.5/);
    assert.ok((await es.linalg.spectralDensity(half, OPTIONS)).nodes.length > 0);
  });

  test(`an abort ends a call whose operator does not answer, ${label}`, { timeout: 20_000 }, async () => {
    const controller = new AbortController();
    const outer = es.linalg.spectralDensity(silent, { ...OPTIONS, signal: controller.signal });
    const inner = es.linalg.spectralDensity(half, OPTIONS); // above it
    setTimeout(() => controller.abort(new Error("enough")), 30);
    await assert.rejects(outer, /^Error: enough$/);
    await inner;
    const late = new AbortController();
    const operator = { n: N, apply: (V: Matrix<Float64Array>) => {
      late.abort(new Error("within"));
      return V;
    } };
    await assert.rejects(es.linalg.spectralDensity(operator, { ...OPTIONS, signal: late.signal }), /within/);
    assert.equal((await es.linalg.gram(A)).rows, N);
  });
}

test("close rejects a call that waits for its operator", async () => {
  const es = await createEngine({ threads: 1 });
  const waiting = es.linalg.spectralDensity(silent, OPTIONS);
  await new Promise((resolve) => setTimeout(resolve, 30));
  await es.close();
  await assert.rejects(waiting, /closed/);
});

test("a symmetric operator of the synchronous core may call the core", async () => {
  const la = await createCore();
  const { nodes } = la.spectralDensity({ n: N, apply: (V) => la.matmul(A, V) }, OPTIONS);
  const dense = la.spectralDensity(A, OPTIONS);
  nodes.forEach((x, k) => assert.ok(Math.abs(x - dense.nodes[k]!) < 1e-10));
  la.close();
});
