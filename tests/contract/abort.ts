// An abort rejects at once, wherever its call stands, and the engine goes on.

import { assert } from "chai";
import type { Case } from "./contract.ts";
import { long, longCalls } from "./long.ts";
import { differenceOperator, rejection, sleep, withEngine } from "./tools.ts";

/** Rejection and the answer to the next call, in ms: 100 on an idle machine, where there is shared memory. */
const SOON = 2000;

export const abort: Case[] = [
  {
    title: "an abort rejects with the signal's reason, in every long call, and the next call is answered",
    run: (surroundings) => withEngine(surroundings.options, async (es) => {
      const calls = longCalls(surroundings);
      let late = 0;
      for (const [name, call] of calls) {
        const controller = new AbortController();
        const done = Symbol();
        const long = call(es, { signal: controller.signal }).then(() => done, (error) => error as unknown);
        const after = es.linalg.gram([[3, 4]]);
        await sleep(40);
        const since = performance.now();
        const reason = new Error(`enough of ${name}`);
        controller.abort(reason);
        const outcome = await long;
        if (outcome === done) late++;
        else assert.strictEqual(outcome, reason, name);
        const rejected = performance.now() - since;
        assert.equal((await after).data[0], 25);
        const answered = performance.now() - since;
        assert.isBelow(rejected, SOON, `${name}, rejected`);
        assert.isBelow(answered, SOON, `${name}, next call answered`);
      }
      assert.isAtMost(late, Math.round(calls.length / 4), "calls that had come to their end");
    }),
  },
  {
    title: "an aborted signal rejects before anything is sent; a queued call can be aborted",
    run: ({ options }) => withEngine(options, async (es) => {
      const before = new Error("before");
      assert.strictEqual(await rejection(es.linalg.gram([[1]], { signal: AbortSignal.abort(before) })), before);
      const controller = new AbortController();
      const first = es.linalg.gram([[3, 4]]);
      const second = rejection(es.linalg.gram([[1]], { signal: controller.signal }));
      controller.abort(before);
      assert.strictEqual(await second, before);
      assert.equal((await first).data[0], 25);
    }),
  },
  {
    title: "a call whose operator never settles can be aborted",
    run: ({ options }) => withEngine(options, async (es) => {
      const controller = new AbortController();
      const asked = new Promise<void>((resolve) => {
        const apply = () => {
          resolve();
          return new Promise<never>(() => {});
        };
        es.linalg.eigsh({ n: 20, apply }, { k: 1, signal: controller.signal }).catch((error) => assert.strictEqual(error, reason));
      });
      const reason = new Error("enough");
      await asked;
      const other = es.linalg.gram([[3, 4]]);
      assert.equal((await other).data[0], 25); // it does not hold others up
      controller.abort(reason);
      assert.equal((await es.linalg.eigsh(differenceOperator(20), { k: 1 })).values.length, 1);
    }),
  },
  {
    title: "in the caller's own thread an abort ends the wait for an operator, and what is queued",
    run: ({ options }) => withEngine({ ...options, worker: false, threads: 1 }, async (es) => {
      const controller = new AbortController();
      const reason = new Error("enough");
      const waiting = rejection(es.linalg.eigsh({ n: 20, apply: () => new Promise<never>(() => {}) }, { k: 1, signal: controller.signal }));
      await es.linalg.gram([[1]]);
      controller.abort(reason);
      assert.strictEqual(await waiting, reason);
      const running = rejection(es.linalg.gram([[1]], { signal: AbortSignal.abort(reason) }));
      assert.strictEqual(await running, reason);
      assert.equal((await es.linalg.eigsh(differenceOperator(20), { k: 1 })).values.length, 1);
    }),
  },
  {
    title: "calls aborted in quick succession leave the queue in order",
    run: ({ options }) => withEngine(options, async (es) => {
      const reason = new Error("enough");
      const aborted: Promise<unknown>[] = [];
      const kept: Promise<unknown>[] = [];
      for (let k = 0; k < 5; k++) {
        const controller = new AbortController();
        aborted.push(rejection(long(es, { signal: controller.signal })));
        kept.push(es.linalg.gram([[k]]).then(({ data }) => data[0]));
        setTimeout(() => controller.abort(reason), 10 * k);
      }
      assert.isTrue((await Promise.all(aborted)).every((error) => error === reason));
      assert.deepEqual(await Promise.all(kept), [0, 1, 4, 9, 16]);
    }),
  },
];
