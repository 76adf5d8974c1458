// Two engines do not know of each other.

import { assert } from "chai";
import { createEngine } from "eigenscope";
import type { Case } from "./contract.ts";
import { long } from "./long.ts";
import { differenceOperator, random, rejection, sleep } from "./tools.ts";

export const sideBySide: Case[] = [
  {
    title: "two engines compute side by side; an abort or the end of one leaves the other alone",
    async run({ options }) {
      const [one, two] = await Promise.all([createEngine(options), createEngine(options)]);
      const X = random(120, 30, 1);
      const [a, b] = await Promise.all([one.linalg.gram(X), two.linalg.gram(X)]);
      assert.deepEqual(a, b);

      const controller = new AbortController();
      const aborted = rejection(long(one, { signal: controller.signal }));
      const sample = two.hinf.monteCarlo(X, { features: 150_000 });
      await sleep(40);
      controller.abort(new Error("enough"));
      assert.equal((await aborted).message, "enough");
      assert.deepEqual((await one.hinf.monteCarlo(X, { features: 150_000 })).matrix, (await sample).matrix);

      // each an operator of the other
      const { apply } = differenceOperator(20);
      const { values } = await one.linalg.eigsh({
        n: 20,
        async apply(V) {
          await two.linalg.gram(V);
          return apply(V);
        },
      }, { k: 1 });
      assert.equal(values.length, 1);
      await one.close();
      assert.equal((await two.linalg.gram([[3, 4]])).data[0], 25);
      await two.close();
    },
  },
];
