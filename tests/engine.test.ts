// The engine's contract: order, errors, abort, progress, death, close. Through the public door.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, test } from "node:test";
import { ClosedError, createEngine, matrix, NotFiniteError, ShapeError, type Engine } from "eigenscope";
import { createCore } from "eigenscope/core";
import { numbers } from "./harness.ts";

const X = matrix(300, 20, numbers(300 * 20, 1));
/** Takes seconds: what abort and close interrupt. */
const LONG = { features: 20_000_000 };

let es: Engine;
before(async () => { es = await createEngine({ threads: 2 }); });
after(() => es.close());

test("info is plain and says what was chosen and why", () => {
  assert.match(es.info.runtime, /^Node \d+/);
  assert.match(es.info.variant, /threads$/);
  assert.equal(es.info.threads, 2);
  assert.ok(es.info.reason.length > 0);
  assert.deepEqual(structuredClone(es.info), es.info);
});

test("engine and synchronous core give equal bits, and inputs stay as they were", async () => {
  const la = await createCore({ threads: 1 });
  const copy = X.data.slice();
  const hosted = await es.linalg.gram(X);
  assert.deepEqual(hosted.data, la.gram(X).data);
  assert.deepEqual(X.data, copy);
  la.close();
});

test("calls are answered in the order they were made", async () => {
  const order: number[] = [];
  await Promise.all([3, 1, 2].map(async (k) => {
    await es.linalg.gram(matrix(100 * k, 8, numbers(800 * k, k)));
    order.push(k);
  }));
  assert.deepEqual(order, [3, 1, 2]);
});

test("errors arrive with class, code and message", async () => {
  await assert.rejects(es.linalg.eigh(matrix(2, 3)), (error: Error & { code: string }) => {
    assert.ok(error instanceof ShapeError);
    assert.equal(error.code, "ERR_SHAPE");
    assert.equal(error.message, "eigh: A is 2×3, it must be square");
    return true;
  });
  await assert.rejects(es.linalg.gram([[1, Number.NaN]]), NotFiniteError);
  await es.linalg.gram(X); // and the engine goes on
});

test("arguments that can't be posted reject, and the engine goes on", async () => {
  await assert.rejects(es.linalg.gram({ ...X, extra: () => 0 } as never), /could not be cloned/);
  await es.linalg.gram(X);
});

test("an abort rejects with the signal's reason within 100 ms, and the engine stays usable", async () => {
  const controller = new AbortController();
  const long = es.hinf.monteCarlo(X, { ...LONG, signal: controller.signal });
  const queued = es.linalg.gram(X);
  await new Promise((resolve) => setTimeout(resolve, 150));
  const since = performance.now();
  controller.abort(new Error("enough"));
  await assert.rejects(long, /^Error: enough$/);
  const waited = performance.now() - since;
  assert.ok(waited < 1000, `${waited} ms`); // 100 ms on an idle machine
  assert.equal((await queued).rows, 300);
});

test("an aborted signal rejects before anything is sent; a queued call can be aborted", async () => {
  await assert.rejects(es.linalg.gram(X, { signal: AbortSignal.abort(new Error("before")) }), /before/);
  const controller = new AbortController();
  const first = es.linalg.gram(X);
  const second = es.linalg.gram(X, { signal: controller.signal });
  controller.abort(new Error("queued"));
  await assert.rejects(second, /queued/);
  await first;
});

test("progress rises and ends at 1", async () => {
  const told: number[] = [];
  await es.hinf.monteCarlo(X, { features: 2_000_000, onProgress: ({ fraction }) => told.push(fraction) });
  assert.ok(told.length >= 2, `told ${told.length} times`);
  for (let i = 1; i < told.length; i++) assert.ok(told[i]! > told[i - 1]!, told.join(" "));
  assert.equal(told.at(-1), 1);
});

test("close rejects what is in flight and later calls, and is idempotent", async () => {
  const other = await createEngine({ threads: 2 });
  const call = other.hinf.monteCarlo(X, LONG);
  await other.close();
  await other.close();
  await assert.rejects(call, ClosedError);
  await assert.rejects(other.linalg.gram(X), (error: ClosedError) => error.code === "ERR_CLOSED");
});

test("worker: false gives the same results in the caller's thread", async () => {
  const near = await createEngine({ worker: false, threads: 2 });
  assert.equal(near.info.worker, false);
  assert.deepEqual((await near.linalg.gram(X)).data, (await es.linalg.gram(X)).data);
  await near.close();
  await assert.rejects(near.linalg.gram(X), ClosedError);
});

test("impossible thread counts are refused", async () => {
  for (const threads of [0, -1, 1.5, 1000, "many"]) {
    await assert.rejects(createEngine({ threads: threads as number }), /threads is .*, expected "auto" or a whole number/);
  }
});

test("a process that never closes its engine exits by itself", () => {
  const program = `
    import { createEngine } from "eigenscope";
    const es = await createEngine({ threads: 2 });
    const { data } = await es.linalg.gram([[3, 4]]);
    console.log(data[0]);`;
  const { stdout, status } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8", timeout: 20_000 });
  assert.equal(stdout.trim(), "25");
  assert.equal(status, 0);
});

/** Older workers of Node need the SharedArrayBuffer that this test takes away. */
const old = Number(process.versions.node.split(".")[0]) < 24 ? "needs Node 24" : false;
test("without shared memory an engine has one thread, and still aborts and asks operators", { skip: old }, () => {
  const program = `
    delete globalThis.SharedArrayBuffer; // as in a page that is not cross-origin isolated
    const { createEngine } = await import("eigenscope");
    for (const worker of [true, false]) {
      const es = await createEngine({ threads: 2, worker });
      const { values } = await es.linalg.eigsh({ n: 9, apply: ({ data, rows, cols }) => ({ data: data.map((x, e) => x * Math.floor(e / cols)), rows, cols }) }, { k: 1 });
      const controller = new AbortController();
      const long = es.hinf.monteCarlo({ data: new Float64Array(6000).fill(1), rows: 300, cols: 20 }, { features: worker ? 20_000_000 : 10, signal: controller.signal });
      if (worker) setTimeout(() => controller.abort(new Error("enough")), 100);
      const outcome = await long.then(() => "done", (error) => error.message);
      const { data } = await es.linalg.gram([[3, 4]]);
      console.log(es.info.threads, Math.round(values[0] * 1e9) / 1e9, outcome, data[0]);
      await es.close();
    }`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8", timeout: 30_000 });
  assert.deepEqual(stdout.trim().split("\n"), ["1 8 enough 25", "1 8 done 25"], stderr);
});
