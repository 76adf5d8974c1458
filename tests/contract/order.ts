// Calls are queued in order, whatever an operator calls in the middle of its own.

import { assert } from "chai";
import type { Case } from "./contract.ts";
import { differenceOperator, differenceValue, random, secondDifference, sleep, withEngine } from "./tools.ts";

export const order: Case[] = [
  {
    title: "calls are answered in the order they were made",
    run: ({ options }) => withEngine(options, async (es) => {
      const answered: number[] = [];
      await Promise.all([4, 1, 3, 2].map(async (k) => {
        await es.linalg.gram(random(80 * k, 8, k));
        answered.push(k);
      }));
      assert.deepEqual(answered, [4, 1, 3, 2]);
    }),
  },
  {
    title: "an operator may be made of calls to its own engine, two deep, while others wait",
    run: ({ options }) => withEngine(options, async (es) => {
      const n = 30;
      const A = secondDifference(n);
      let inner = 0;
      const outer = {
        n,
        async apply(V: Parameters<ReturnType<typeof differenceOperator>["apply"]>[0]) {
          const apply = async (W: typeof V) => {
            inner++;
            return es.linalg.matmul(A, W);
          };
          const { values } = await es.linalg.eigsh({ n, apply }, { k: 1 });
          assert.closeTo(values[0]!, differenceValue(n, n), 1e-10);
          return es.linalg.matmul(A, V);
        },
      };
      const first = es.linalg.eigsh(outer, { k: 1, tol: 1e-4 });
      const second = es.linalg.eigsh(differenceOperator(n), { k: 1 });
      const third = es.linalg.gram([[3, 4]]);
      assert.closeTo((await first).values[0]!, differenceValue(n, n), 1e-6);
      assert.closeTo((await second).values[0]!, differenceValue(n, n), 1e-10);
      assert.equal((await third).data[0], 25);
      assert.isAbove(inner, 10);
    }),
  },
  {
    title: "other calls run while an operator makes its product",
    run: ({ options }) => withEngine(options, async (es) => {
      let answers = 0;
      const { apply } = differenceOperator(20);
      const slow = es.linalg.eigsh({
        n: 20,
        async apply(V) {
          if (answers === 0) {
            await es.linalg.gram([[1]]);
            answers++;
          }
          await sleep(1);
          return apply(V);
        },
      }, { k: 1 });
      await slow;
      assert.equal(answers, 1);
    }),
  },
];
