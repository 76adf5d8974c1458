// Progress rises, ends at 1 and is told at most 20 times a second.

import { assert } from "chai";
import type { Case } from "./contract.ts";
import { long, longCalls, type LongCall } from "./long.ts";
import { differenceOperator, random, rejection, withEngine } from "./tools.ts";

export const progress: Case[] = [
  {
    title: "progress rises, ends at 1 and does not flood",
    run: ({ options }) => withEngine(options, async (es) => {
      const told: number[] = [];
      const since = performance.now();
      const onProgress = ({ fraction }: { fraction: number }) => { told.push(fraction); };
      await es.hinf.monteCarlo(random(200, 40, 1), { features: 500_000, onProgress });
      const elapsed = performance.now() - since;
      assert.isAtLeast(told.length, 2);
      assert.isAtMost(told.length, 3 + elapsed / 50);
      for (let k = 1; k < told.length; k++) assert.isAbove(told[k]!, told[k - 1]!);
      assert.isAbove(told[0]!, 0);
      assert.equal(told.at(-1), 1);
    }),
  },
  {
    title: "every long call tells of its progress",
    run: (surroundings) => withEngine(surroundings.options, async (es) => {
      /** Whether a call that took a while told of nothing but its end; the first sign of progress is enough. */
      const isSilent = async (call: LongCall) => {
        const controller = new AbortController();
        const told: number[] = [];
        const since = performance.now();
        await call(es, {
          signal: controller.signal,
          onProgress({ fraction }) {
            told.push(fraction);
            controller.abort(new Error("enough"));
          },
        }).catch((error) => assert.equal(error.message, "enough"));
        return told[0] === 1 && performance.now() - since > 300;
      };
      const silent: string[] = [];
      for (const [name, call] of longCalls(surroundings)) {
        // a busy machine may make any call a long one, but not every time
        let tries = 6;
        while (tries > 0 && await isSilent(call)) tries--;
        if (tries === 0) silent.push(name);
      }
      assert.deepEqual(silent, []);
    }),
  },
  {
    title: "what onProgress throws is what its call rejects with, and the engine goes on",
    run: ({ options }) => withEngine(options, async (es) => {
      const thrown = new Error("thrown by onProgress");
      const onProgress = () => { throw thrown; };
      assert.strictEqual(await rejection(long(es, { onProgress })), thrown);
      assert.strictEqual(await rejection(es.linalg.gram([[1]], { onProgress })), thrown);
      assert.strictEqual(await rejection(es.linalg.eigsh(differenceOperator(50), { k: 2, onProgress })), thrown);
      assert.equal((await es.linalg.gram([[3, 4]])).data[0], 25);
    }),
  },
  {
    title: "a short call tells its end",
    run: ({ options }) => withEngine(options, async (es) => {
      const told: number[] = [];
      await es.linalg.gram([[1]], { onProgress: ({ fraction }) => { told.push(fraction); } });
      assert.deepEqual(told, [1]);
    }),
  },
];
