// close() ends everything, whatever is going on.

import { assert } from "chai";
import { ClosedError, createEngine } from "eigenscope";
import type { Case } from "./contract.ts";
import { long } from "./long.ts";
import { differenceOperator, rejection, sleep } from "./tools.ts";
import { leftAlive, unwatched, watchingWorkers } from "./workers.ts";

export const close: Case[] = [
  {
    title: "close rejects what is in flight and later calls with ERR_CLOSED, and is idempotent",
    async run({ options }) {
      const es = await createEngine(options);
      const running = rejection(long(es, {}));
      const queued = rejection(es.linalg.gram([[1]]));
      await sleep(30);
      await Promise.all([es.close(), es.close()]);
      await es.close();
      for (const error of [await running, await queued, await rejection(es.linalg.gram([[1]]))]) {
        assert.instanceOf(error, ClosedError);
        assert.equal(error.code, "ERR_CLOSED");
      }
    },
  },
  {
    title: "close while an operator is asked rejects its call, whatever the operator answers later",
    async run({ options }) {
      const es = await createEngine(options);
      const { apply } = differenceOperator(20);
      let asked!: () => void;
      const first = new Promise<void>((resolve) => { asked = resolve; });
      const call = rejection(es.linalg.eigsh({
        n: 20,
        async apply(V) {
          asked();
          await sleep(50);
          return apply(V);
        },
      }, { k: 1 }));
      await first;
      await es.close();
      assert.instanceOf(await call, ClosedError);
      await sleep(80);
    },
  },
  {
    title: "every worker is ended by close: idle, at work, starting anew",
    skip: unwatched,
    run: ({ options }) => watchingWorkers(async (workers) => {
      const idle = await createEngine(options);
      await idle.close();
      const busy = await createEngine(options);
      const call = rejection(long(busy, {}));
      await sleep(20);
      await busy.close();
      assert.instanceOf(await call, ClosedError);
      for (const wait of [0, 1, 20]) { // without shared memory an abort starts the workers anew
        const aborting = await createEngine(options);
        const controller = new AbortController();
        const aborted = rejection(long(aborting, { signal: controller.signal }));
        await sleep(20);
        controller.abort(new Error("enough"));
        if (wait) await sleep(wait);
        await aborting.close();
        assert.equal((await aborted).message, "enough");
      }
      assert.isAtLeast(workers.length, 5);
      assert.deepEqual(await leftAlive(workers), []);
    }),
  },
  {
    title: "an engine that could not be created leaves no worker behind",
    skip: unwatched,
    run: ({ options }) => watchingWorkers(async (workers) => {
      await rejection(createEngine({ ...options, wasmUrl: new Uint8Array([1, 2, 3]) }));
      assert.deepEqual(await leftAlive(workers), []);
    }),
  },
  {
    title: "engines can be opened and closed many times",
    async run({ options, thorough }) {
      for (let k = 0; k < (thorough ? 20 : 6); k++) {
        const es = await createEngine(options);
        if (k % 2) assert.equal((await es.linalg.gram([[3, 4]])).data[0], 25);
        await es.close();
      }
    },
  },
];
