// An abort gives everything back: the stack of scratch memory after every operation, and the process's
// memory after a thousand calls that were ended in the middle.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createEngine, matrix, type Engine } from "eigenscope";
import { createRuntime } from "../bindings/core/create.ts";
import { Aborted, type Runtime } from "../bindings/core/runtime.ts";
import { isSteps, runSteps } from "../bindings/linalg/operator.ts";
import { operations } from "../bindings/operations.ts";
import { numbers } from "./harness.ts";

const n = 200;
const B = matrix(n, n, numbers(n * n, 1));
const A = matrix(n, n, B.data.map((_, e) => {
  const [i, j] = [Math.floor(e / n), e % n];
  return B.data[i * n + j]! + B.data[j * n + i]! + (i === j ? 3 * n : 0);
}));
const operator = { n, apply: (V: { data: Float64Array; rows: number; cols: number }) => V };

/** Operations that open no region on such input: they come to their end. */
const SHORT = new Set(["peakGflops", "norm"]);

test("every operation of linalg that finds itself aborted gives its memory back", async () => {
  const rt = await createRuntime("test", { threads: 2 }, 1);
  const { certify, ...linalg } = operations.linalg;
  const calls = Object.entries(linalg) as [string, (rt: Runtime, ...args: unknown[]) => unknown][];
  const more: Record<string, unknown[]> = { matmul: [A], solve: [A], lstsq: [A], eigsh: [{ k: 3 }], svds: [{ k: 3 }], randomizedSvd: [{ rank: 5 }], nystrom: [{ rank: 5 }] };
  const mark = rt.memory.mark();
  for (const [name, call] of [...calls, ["certify.lambdaMin", certify.lambdaMin] as (typeof calls)[number]]) {
    const argument = name === "trace" ? operator : A;
    const result = () => {
      const value = name === "peakGflops" ? call(rt) : call(rt, argument, ...(more[name] ?? []));
      return isSteps(value) ? runSteps(name, value) : value;
    };
    Atomics.store(rt.memory.i32(rt.kernels.abort_word(), 1), 0, 1);
    if (SHORT.has(name)) result();
    else assert.throws(result, Aborted, name);
    assert.equal(rt.memory.mark(), mark, name);
    Atomics.store(rt.memory.i32(rt.kernels.abort_word(), 1), 0, 0);
    result();
    assert.equal(rt.memory.mark(), mark, name);
  }
  rt.close();
});

test("a thousand aborted calls leave the process as large as it was", { timeout: 120_000 }, async () => {
  const es = await createEngine({ threads: 2 });
  const calls: ((es: Engine, signal: AbortSignal) => Promise<unknown>)[] = [
    (es, signal) => es.linalg.eigh(A, { signal }),
    (es, signal) => es.linalg.eigvalsh(A, { signal }),
    (es, signal) => es.linalg.matmul(A, A, { signal }),
    (es, signal) => es.linalg.svd(A, { signal }),
    (es, signal) => es.linalg.eigsh({ n, apply: (V) => es.linalg.matmul(A, V) }, { k: 4, signal }),
    (es, signal) => es.linalg.randomizedSvd(A, { rank: 10, signal }),
  ];
  let ended = 0;
  const abortOne = async (k: number) => {
    const controller = new AbortController();
    const call = calls[k % calls.length]!(es, controller.signal);
    const timer = setTimeout(() => controller.abort(new Error("enough")), (k * 7) % 5);
    await call.catch((error: Error) => {
      assert.equal(error.message, "enough");
      ended++;
    });
    clearTimeout(timer);
  };
  const megabytes = () => process.memoryUsage().rss / 2 ** 20;
  for (let k = 0; k < 200; k++) await abortOne(k);
  const before = megabytes();
  for (let k = 0; k < 1000; k++) await abortOne(k);
  const after = megabytes();
  assert.ok(ended > 300, `${ended} were aborted in time`);
  assert.ok(after - before < 100, `${before.toFixed(0)} MB before, ${after.toFixed(0)} MB after`);
  assert.equal((await es.linalg.eigvalsh(A)).length, n); // and the engine still computes
  await es.close();
});
