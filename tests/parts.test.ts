// Work in parts: bitwise what one thread computes, wherever the cuts fall; and the life of the workers.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Calls } from "../bindings/calls.ts";
import { createRuntime } from "../bindings/core/create.ts";
import { loadModule } from "../bindings/core/load.ts";
import { createMemory } from "../bindings/core/memory.ts";
import { COST, cut, divide, type Gather, type Parts } from "../bindings/core/parts.ts";
import type { Runtime } from "../bindings/core/runtime.ts";
import { spawner, type WorkerHandle } from "../bindings/core/spawn.ts";
import { spawnHost } from "../bindings/crew.ts";
import { CapabilityError, ClosedError, NotFiniteError } from "../bindings/errors.ts";
import { operationAt } from "../bindings/operations.ts";
import { shares, splits } from "../bindings/parts.ts";
import type { Matrix } from "../bindings/linalg/matrix.ts";
import { kernels, networks } from "../bindings/sync.ts";
import { numbers, testEach } from "./harness.ts";

const matrix = (rows: number, cols: number, seed: number): Matrix<Float64Array> => ({ data: numbers(rows * cols, seed), rows, cols });
const inF32 = ({ data, ...shape }: Matrix): Matrix => ({ data: Float32Array.from(data), ...shape });

let other: Runtime;
before(async () => { other = await createRuntime("test", { reproducible: true }, 1); });
after(() => other.close());

/** Runs the operation in `count` parts, all on this thread; `sent`: how many shares there were besides its own. */
function inParts(rt: Runtime, count: number, path: string, ...args: unknown[]): { result: unknown; sent: number } {
  const tasks: (() => unknown)[] = [];
  const parts: Parts = {
    count,
    send(_p, share, ...given) {
      const posted = structuredClone(given) as never[];
      tasks.push(() => structuredClone(shares[share](rt, ...posted)));
    },
  };
  const steps = splits[path](rt, parts, ...(args as never[])) as Gather<unknown>;
  const first = steps.next([]);
  return { result: first.done ? first.value : steps.next(tasks.map((task) => task())).value, sent: tasks.length };
}

/** Splits whatever it is given, as if the copying cost nothing. */
async function eagerly(body: () => void): Promise<void> {
  const saved = { ...COST };
  Object.assign(COST, { copy: 0, add: 0, post: 0 });
  try {
    body();
  } finally {
    Object.assign(COST, saved);
  }
}

function assertSame(rt: Runtime, path: string, ...args: unknown[]): void {
  assertSameIn([2, 3, 4, 7], rt, path, ...args);
}

function assertSameIn(counts: readonly number[], rt: Runtime, path: string, ...args: unknown[]): void {
  const whole = operationAt(path)(rt, ...args);
  for (const count of counts) {
    const { result, sent } = inParts(rt, count, path, ...args);
    assert.deepEqual(result, whole, `${path} in ${count} parts`);
    assert.ok(sent > 0 && sent < count, `${sent} shares of ${count}`);
  }
}

testEach("products in parts are equal to the last bit", (rt) => eagerly(() => {
  const A = matrix(101, 33, 1);
  const B = matrix(33, 47, 2);
  assertSame(rt, "linalg.matmul", A, B);
  assertSame(rt, "linalg.matmul", A, B, { alpha: -3.5 });
  assertSame(rt, "linalg.matmul", A, A, { transA: true });
  assertSame(rt, "linalg.matmul", A, A, { transB: true });
  assertSame(rt, "linalg.matmul", B, A, { transA: true, transB: true });
  assertSame(rt, "linalg.matmul", inF32(A), inF32(B));
  assertSame(rt, "linalg.matmul", inF32(A), B);
  const before = matrix(101, 47, 3);
  for (const { result } of [2, 5].map((count) => inParts(rt, count, "linalg.matmul", A, B, { beta: 0.5, out: before }))) {
    const out = { ...before, data: before.data.slice() };
    assert.deepEqual(result, operationAt("linalg.matmul")(rt, A, B, { beta: 0.5, out }));
  }
  assertSame(rt, "linalg.gram", A);
  assertSame(rt, "linalg.gram", inF32(A));
  assertSame(rt, "linalg.gram", matrix(50, 700, 4)); // more than one block of the inner dimension
}));

testEach("the exact H∞ in parts is too, and its special rows are found across the cuts", (rt) => eagerly(() => {
  const X = matrix(150, 7, 5);
  const row = (i: number) => X.data.subarray(i * 7, (i + 1) * 7);
  for (const [i, j, factor] of [[3, 140, 2], [3, 20, 0.5], [60, 61, 3], [60, 149, 1], [10, 90, -1], [91, 148, -4], [90, 91, 1]]) {
    row(j).set(row(i).map((x) => factor * x));
  }
  row(0).fill(0);
  row(77).fill(0);
  assertSame(rt, "hinf.exact", X);
  assertSame(rt, "hinf.exact", matrix(97, 12, 6));
}));

testEach("kernel matrices in parts are too, whatever their programs know of all rows", (rt) => eagerly(() => {
  const { dense, network, relu, tanh } = networks;
  const layers = [dense({ biasStd: 0.3 }), relu(), dense({}), tanh(), dense({})];
  const far = matrix(90, 7, 3);
  far.data.forEach((x, at) => { far.data[at] = at % 7 < 3 ? x + 1e6 : x; });
  far.data.copyWithin(0, 7 * 40, 7 * 41); // row 0 is row 40
  const all = [2, 3, 4, 7];
  const some = [3]; // every part makes the series of tanh, which takes longer than all else
  for (const [kernel, counts] of [
    [kernels.laplacian({ bandwidth: 2 }), all], [kernels.ntk(network(layers)), some], [kernels.polynomial({ degree: 3 }), all],
  ] as const) {
    assertSameIn(counts, rt, "kernels.matrix", kernel, matrix(101, 5, 1));
    assertSameIn(counts, rt, "kernels.matrix", kernel, far);
    assertSameIn(counts, rt, "kernels.matrix", kernel, far, matrix(31, 7, 2));
    assertSameIn(counts, rt, "kernels.matrix", kernel, matrix(20, 3, 2), matrix(150, 3, 1));
  }
}));

testEach("sampled neurons in parts count the same", (rt) => eagerly(() => {
  for (const [n, d, features] of [[70, 9, 1000], [1, 1, 97], [130, 5, 1009], [3, 11, 5003]]) {
    assertSame(rt, "hinf.monteCarlo", matrix(n, d, n), { features, seed: 7 });
    assertSame(rt, "hinf.coactivations", matrix(n, d, n), { features, seed: 2 ** 32 - 1 });
  }
  const { sent } = inParts(rt, 4, "hinf.monteCarlo", matrix(5, 3, 1), { features: 48 });
  assert.equal(sent, 0); // one pass can't be split
}));

testEach("errors of inputs in parts are those of the whole", (rt) => eagerly(() => {
  const errorOf = (call: () => unknown) => {
    try {
      call();
    } catch (error) {
      return `${(error as Error).name}: ${(error as Error).message}`;
    }
    return "none";
  };
  const spoilt = (rows: number, cols: number, at: number, value: number) => {
    const A = matrix(rows, cols, 8);
    A.data[at] = value;
    return A;
  };
  const A = matrix(60, 20, 9);
  for (const [path, ...args] of [
    ["linalg.matmul", A, A],
    ["linalg.matmul", spoilt(60, 20, 59 * 20 + 3, NaN), A, { transB: true }],
    ["linalg.matmul", spoilt(60, 20, 7, Infinity), A, { transA: true }],
    ["linalg.matmul", A, spoilt(20, 30, 599, -Infinity)],
    ["linalg.matmul", A, matrix(20, 30, 1), { beta: 1, out: spoilt(60, 30, 1700, NaN) }],
    ["linalg.matmul", A, matrix(20, 30, 1), { beta: 1 }],
    ["linalg.matmul", inF32(A), inF32(spoilt(60, 20, 1199, NaN)), { transB: true, alpha: 1e-60 }], // alpha is 0 in f32
    ["linalg.gram", spoilt(60, 20, 1199, NaN)],
    ["hinf.exact", spoilt(60, 20, 1199, NaN)],
    ["hinf.exact", spoilt(60, 20, 1100, 1e200)],
    ["kernels.matrix", kernels.hinf(), spoilt(60, 20, 1199, NaN)],
    ["kernels.matrix", kernels.hinf(), spoilt(60, 20, 1100, 1e200)],
    ["kernels.matrix", kernels.hinf(), A, spoilt(60, 20, 1199, NaN)],
    ["kernels.matrix", kernels.gaussian({ bandwidth: 0 }), A],
    ["kernels.matrix", kernels.hinf(), A, matrix(20, 30, 1)],
    ["hinf.monteCarlo", spoilt(60, 20, 1199, NaN), { features: 500 }],
    ["hinf.monteCarlo", spoilt(60, 20, 1100, 1e200), { features: 500 }],
    ["hinf.monteCarlo", A, { features: 0 }],
    ["hinf.coactivations", matrix(0, 3, 1), { features: 500 }],
  ] as [string, ...unknown[]][]) {
    const expected = errorOf(() => operationAt(path)(rt, ...args));
    assert.notEqual(expected, "none", path);
    assert.equal(errorOf(() => inParts(rt, 3, path, ...args)), expected);
  }
  // an overflow is no error
  const huge = spoilt(60, 20, 0, 1e300);
  assert.deepEqual(inParts(rt, 3, "linalg.gram", huge).result, operationAt("linalg.gram")(rt, huge));
}));

test("little work is not split, much of it in as many parts as pay", () => {
  assert.equal(divide(8, 1e5, () => 0), undefined);
  assert.equal(divide(8, 1e9, () => 9e8), undefined);
  assert.equal(divide(8, 1e9, () => 0)!.length, 9);
  const [zero, own, ...rest] = divide(4, 1e9, (count) => 1e8 * (count - 1))!;
  assert.equal(zero, 0);
  assert.ok(own < rest[0] - own, "part 0, which puts together, has less to do");
  assert.ok(Math.abs(rest.at(-1)! - 1) < 1e-12);
  assert.deepEqual(cut(3, [0, 0.1, 0.2, 0.9, 1]), [0, 1, 3]); // none is empty
});

// An engine as where memory can't be shared; its workers are at hand.

const BIG = matrix(700, 300, 11);
const LONG = { features: 50_000_000 };

interface Started {
  calls: Calls;
  workers: Map<string, WorkerHandle>;
}

async function start(parts: number, failing = ""): Promise<Started> {
  const { module, variant } = await loadModule("test", false, true, undefined);
  const workers = new Map<string, WorkerHandle>();
  const spawn = async (name: string) => {
    if (name === failing) throw new CapabilityError("test: no more workers");
    const worker = await spawner("test", {})(name);
    workers.set(name, worker);
    return worker;
  };
  const binary = { module, variant, ...createMemory(false), threads: 1, parts };
  const { calls } = await Calls.start(binary, spawnHost(false, spawn), false, spawn);
  return { calls, workers };
}

const gramOf = ({ calls }: Started) => calls.call("linalg.gram", [BIG], {});

test("the workers of parts are started by the first call that splits, and end with the engine", async () => {
  const es = await start(3);
  assert.deepEqual([...es.workers.keys()], ["eigenscope-host"]);
  await es.calls.call("linalg.gram", [matrix(5, 5, 1)], {});
  assert.equal(es.workers.size, 1);
  assert.deepEqual(await gramOf(es), operationAt("linalg.gram")(other, BIG));
  assert.deepEqual(await es.calls.call("hinf.exact", [BIG], {}), operationAt("hinf.exact")(other, BIG));
  const sample = [BIG, { features: 20_001, seed: 5 }];
  assert.deepEqual(await es.calls.call("hinf.monteCarlo", sample, {}), operationAt("hinf.monteCarlo")(other, ...sample));
  assert.deepEqual([...es.workers.keys()].sort(), ["eigenscope-host", "eigenscope-part-1", "eigenscope-part-2"]);
  const deaths = [...es.workers.values()].map((worker) => new Promise<void>((resolve) => worker.onDeath(() => resolve())));
  await es.calls.close();
  await Promise.all(deaths);
  await assert.rejects(gramOf(es), ClosedError);
});

test("close rejects a call that its parts are at", async () => {
  const es = await start(2);
  const long = es.calls.call("hinf.monteCarlo", [BIG, LONG], {});
  await new Promise((resolve) => setTimeout(resolve, 200));
  await es.calls.close();
  await assert.rejects(long, ClosedError);
});

test("an abort ends the parts with the host, what was queued is answered, and no late answer disturbs", async () => {
  const es = await start(2);
  await gramOf(es);
  const controller = new AbortController();
  const long = es.calls.call("hinf.monteCarlo", [BIG, LONG], { signal: controller.signal });
  const queued = gramOf(es);
  setTimeout(() => controller.abort(new Error("enough")), 100);
  await assert.rejects(long, /^Error: enough$/);
  assert.deepEqual(await queued, operationAt("linalg.gram")(other, BIG));
  await es.calls.close();
});

test("an error comes through while the parts are still at work, and the next call is answered right", async () => {
  const es = await start(2);
  const bad = { ...BIG, data: BIG.data.slice() };
  bad.data[5] = NaN;
  await assert.rejects(es.calls.call("hinf.exact", [bad], {}), NotFiniteError);
  assert.deepEqual(await gramOf(es), operationAt("linalg.gram")(other, BIG));
  await es.calls.close();
});

test("a part that dies rejects the call in flight, and the next one works", async () => {
  const es = await start(2);
  await gramOf(es);
  const long = es.calls.call("hinf.monteCarlo", [BIG, LONG], {});
  setTimeout(() => es.workers.get("eigenscope-part-1")!.terminate(), 100);
  await assert.rejects(long, (error) => error instanceof CapabilityError && /a worker of the engine died/.test(error.message));
  assert.deepEqual(await gramOf(es), operationAt("linalg.gram")(other, BIG));
  await es.calls.close();
});

test("an onProgress that throws at the end costs its own call alone", async () => {
  const es = await start(2);
  const host = es.workers.get("eigenscope-host");
  const thrown = new Error("thrown at the end");
  const onProgress = ({ fraction }: { fraction: number }) => { if (fraction === 1) throw thrown; };
  const call = es.calls.call("linalg.gram", [BIG], { onProgress });
  const next = gramOf(es);
  await assert.rejects(call, (error) => error === thrown);
  assert.deepEqual(await next, operationAt("linalg.gram")(other, BIG));
  assert.equal(es.workers.get("eigenscope-host"), host);
  await es.calls.close();
});

test("parts that can't be started cost one call; then the host works alone", async () => {
  const es = await start(3, "eigenscope-part-2");
  await assert.rejects(gramOf(es), (error) => error instanceof CapabilityError && /no more workers/.test(error.message));
  assert.deepEqual(await gramOf(es), operationAt("linalg.gram")(other, BIG));
  await es.calls.close();
});
