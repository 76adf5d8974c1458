// Progress rises, ends at 1 and is told at most 20 times a second.

import { assert } from "chai";
import type { Case } from "./contract.ts";
import { random, withEngine } from "./tools.ts";

export const progress: Case[] = [
  {
    title: "progress rises, ends at 1 and does not flood",
    run: ({ options }) => withEngine(options, async (es) => {
      const told: number[] = [];
      const since = performance.now();
      const onProgress = ({ fraction }: { fraction: number }) => { told.push(fraction); };
      await es.hinf.monteCarlo(random(200, 40, 1), { features: 1_000_000, onProgress });
      const elapsed = performance.now() - since;
      assert.isAtLeast(told.length, 2);
      assert.isAtMost(told.length, 3 + elapsed / 50);
      for (let k = 1; k < told.length; k++) assert.isAbove(told[k]!, told[k - 1]!);
      assert.isAbove(told[0]!, 0);
      assert.equal(told.at(-1), 1);
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
