// close() ends everything, whatever is going on.

import { assert } from "chai";
import { ClosedError, createEngine } from "eigenscope";
import type { Case } from "./contract.ts";
import { longCalls } from "./long.ts";
import { differenceOperator, rejection, sleep } from "./tools.ts";

export const close: Case[] = [
  {
    title: "close rejects what is in flight and later calls with ERR_CLOSED, and is idempotent",
    async run({ options }) {
      const es = await createEngine(options);
      const [, long] = longCalls.find(([name]) => name === "hinf.monteCarlo")!;
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
    title: "engines can be opened and closed many times",
    async run({ options }) {
      for (let k = 0; k < 20; k++) {
        const es = await createEngine(options);
        if (k % 2) assert.equal((await es.linalg.gram([[3, 4]])).data[0], 25);
        await es.close();
      }
    },
  },
];
