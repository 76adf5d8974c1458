// Errors cross from the worker with class, code and message, and the engine goes on after each.

import { assert } from "chai";
import { createEngine, matrix, NotFiniteError, NotSymmetricError, OptionError, OutOfMemoryError, ShapeError } from "eigenscope";
import type { Case } from "./contract.ts";
import { positive, rejection, withEngine } from "./tools.ts";

export const errors: Case[] = [
  {
    title: "errors arrive with class, code and message",
    run: ({ options }) => withEngine(options, async (es) => {
      const shape = await rejection(es.linalg.eigh(matrix(2, 3)));
      assert.instanceOf(shape, ShapeError);
      assert.equal(shape.code, "ERR_SHAPE");
      assert.equal(shape.message, "eigh: A is 2×3, it must be square");
      assert.instanceOf(await rejection(es.linalg.gram([[1, NaN]])), NotFiniteError);
      assert.instanceOf(await rejection(es.linalg.eigvalsh([[1, 2], [3, 4]])), NotSymmetricError);
      assert.instanceOf(await rejection(es.hinf.monteCarlo([[1]], { features: 0 })), OptionError);
      assert.deepEqual([...(await es.linalg.gram([[3, 4]])).data], [25]);
    }),
  },
  {
    title: "options that a call does not have are refused by name",
    run: ({ options }) => withEngine(options, async (es) => {
      const refused = async (call: Promise<unknown>, message: string) => {
        const error = await rejection(call);
        assert.instanceOf(error, OptionError);
        assert.match(error.message, new RegExp(`^${message}$`));
      };
      const X = matrix(4, 2, Float64Array.of(1, 2, 3, 4, 5, 6, 7, 9));
      const onProgress = () => {};
      await refused(es.linalg.eigsh(positive(5, 1), { K: 2, onProgress } as never), "linalg.eigsh: there is no option K, expected k, which, .*");
      await refused(es.weights.powerLaw([1, 2, 3], { xMin: 2 } as never), "weights.powerLaw: there is no option xMin, expected xmin, .*");
      await refused(es.weights.powerLaw([1, 2, 3], null as never), "weights.powerLaw: options is null, expected an object");
      // these two split where memory can't be shared
      await refused(es.hinf.monteCarlo(X, { features: 100, sed: 1 } as never), "hinf.monteCarlo: there is no option sed, .*");
      await refused(es.linalg.gram(X, { transposed: true, onProgress } as never), "linalg.gram: there is no option transposed, expected none");
      await refused(es.weights.analyze([], { normalise: "rows" } as never), "weights.analyze: there is no option normalise, .*");
      await refused(createEngine({ ...options, thread: 2 } as never), "createEngine: there is no option thread, expected threads, .*");
      assert.deepEqual([...(await es.linalg.gram([[3, 4]], { signal: undefined, onProgress })).data], [25]);
    }),
  },
  {
    title: "a request beyond the memory fails before anything is computed",
    run: ({ options }) => withEngine(options, async (es) => {
      const since = performance.now();
      const error = await rejection(es.linalg.gram(matrix(70_000, 1)));
      assert.instanceOf(error, OutOfMemoryError);
      assert.match(error.message, /^gram: .*GiB.*: use fewer rows$/);
      assert.isBelow(performance.now() - since, 10_000);
      assert.deepEqual([...(await es.linalg.gram([[3, 4]])).data], [25]);
    }),
  },
  {
    title: "arguments that can't be posted reject, and the engine goes on",
    run: ({ options }) => withEngine(options, async (es) => {
      const error = await rejection(es.linalg.gram({ ...matrix(1, 1), extra: () => 0 } as never));
      assert.instanceOf(error, OptionError);
      assert.match(error.message, /^linalg\.gram: an argument holds what can't be sent to a worker \(.*\), expected plain data$/);
      assert.deepEqual([...(await es.linalg.gram([[3, 4]])).data], [25]);
    }),
  },
  {
    title: "what an operator throws or rejects with is what the call rejects with, and the engine goes on",
    run: ({ options }) => withEngine(options, async (es) => {
      class Own extends Error {}
      const thrown = new Own("thrown");
      const apply = () => { throw thrown; };
      assert.strictEqual(await rejection(es.linalg.eigsh({ n: 50, apply }, { k: 2 })), thrown);
      assert.strictEqual(await rejection(es.linalg.eigsh({ n: 50, apply: () => Promise.reject(thrown) }, { k: 2 })), thrown);
      const misshapen = await rejection(es.linalg.eigsh({ n: 50, apply: () => [[1]] }, { k: 2 }));
      assert.instanceOf(misshapen, ShapeError);
      assert.equal((await es.linalg.eigvalsh(positive(5, 1))).length, 5);
    }),
  },
  {
    title: "impossible thread counts are refused",
    async run({ options }) {
      for (const threads of [0, -1, 1.5, 1000, "many"]) {
        const error = await rejection(createEngine({ ...options, threads: threads as number }));
        assert.instanceOf(error, OptionError);
        assert.match(error.message, /threads is .*, expected "auto" or a whole number/);
      }
    },
  },
];
