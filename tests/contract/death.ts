// A worker that dies costs the calls in flight and no more; one that dies again and again, the engine.

import { assert } from "chai";
import { CapabilityError, ClosedError, createEngine } from "eigenscope";
import type { Case } from "./contract.ts";
import { long } from "./long.ts";
import { differenceOperator, rejection, sleep, withEngine } from "./tools.ts";
import { killHost, leftAlive, unwatched, watchingWorkers } from "./workers.ts";


export const death: Case[] = [
  {
    title: "a worker that dies rejects the call in flight, the queued ones and the next are answered",
    skip: unwatched,
    run: ({ options }) => watchingWorkers((workers) => withEngine(options, async (es) => {
      const inFlight = rejection(long(es, {}));
      const queued = es.linalg.gram([[3, 4]]);
      await sleep(50);
      killHost(workers);
      const error = await inFlight;
      assert.instanceOf(error, CapabilityError);
      assert.match(error.message, /^hinf\.monteCarlo: a worker of the engine died \(.+\); the workers were started anew$/);
      assert.equal((await queued).data[0], 25);
      assert.equal((await es.linalg.eigsh(differenceOperator(20), { k: 1 })).values.length, 1);
      await es.close();
      assert.deepEqual(await leftAlive(workers), []);
    })),
  },
  {
    title: "an idle worker that dies costs nothing, and is started anew by the next call",
    skip: unwatched,
    run: ({ options }) => watchingWorkers((workers) => withEngine(options, async (es) => {
      for (let k = 0; k < 5; k++) { // more often than in a row is borne
        const started = workers.length;
        killHost(workers);
        await sleep(100);
        assert.equal(workers.length, started);
        assert.deepEqual((await Promise.all([es.linalg.gram([[3, 4]]), es.linalg.gram([[1, 2]])])).map(({ data }) => data[0]), [25, 5]);
      }
      killHost(workers);
      await sleep(100);
      await es.close();
      assert.instanceOf(await rejection(es.linalg.gram([[1]])), ClosedError);
      assert.deepEqual(await leftAlive(workers), []);
    })),
  },
  {
    title: "after three deaths in a row the engine says that it can't",
    skip: unwatched,
    run: ({ options }) => watchingWorkers(async (workers) => {
      const es = await createEngine(options);
      const calls = [1, 2, 3, 4].map(() => {
        let begun!: () => void;
        const beginning = new Promise<void>((resolve) => { begun = resolve; });
        return { beginning, error: rejection(long(es, { onProgress: begun })) };
      });
      for (const { beginning, error } of calls.slice(0, 3)) {
        await beginning;
        killHost(workers);
        assert.instanceOf(await error, CapabilityError);
      }
      for (const error of [await calls[2]!.error, await calls[3]!.error, await rejection(es.linalg.gram([[1]]))]) {
        assert.instanceOf(error, CapabilityError);
        assert.match(error.message, /3 times in a row, create another engine$/);
      }
      await es.close();
      assert.instanceOf(await rejection(es.linalg.gram([[1]])), ClosedError);
      assert.deepEqual(await leftAlive(workers), []);
    }),
  },
];
