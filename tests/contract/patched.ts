// Pages that change what every script shares.

import { assert } from "chai";
import type { EngineOptions } from "eigenscope";
import type { Case } from "./contract.ts";
import { secondDifference, withEngine } from "./tools.ts";

/** What old libraries do: enumerable additions, and methods of their own in place of the language's. */
function patch(): () => void {
  const own = ["map", "at", "includes", "find", "flatMap"] as const;
  const originals = own.map((name) => Object.getOwnPropertyDescriptor(Array.prototype, name)!);
  own.forEach((name, i) => {
    const { value } = originals[i]!;
    (Array.prototype as any)[name] = function (...args: unknown[]) { return value.apply(this, args); };
  });
  (Array.prototype as any).foreign = () => "foreign";
  (Object.prototype as any).foreign = () => "foreign";
  return () => {
    own.forEach((name, i) => Object.defineProperty(Array.prototype, name, originals[i]!));
    delete (Array.prototype as any).foreign;
    delete (Object.prototype as any).foreign;
  };
}

export const patched: Case[] = [
  {
    title: "a page may patch Array.prototype and Object.prototype",
    async run({ options }) {
      const compute = (more: EngineOptions) => withEngine({ ...options, ...more }, async (es) => ({
        info: es.info,
        values: await es.linalg.eigvalsh(secondDifference(30)),
        gram: await es.linalg.gram([[3, 4], [4, -3]]),
        counts: await es.hinf.monteCarlo([[1, 0], [0, 1]], { features: 1000 }),
        svd: await es.linalg.svd([[3, 0], [0, 4]]),
        message: await es.linalg.gram([[1, Number.NaN]]).catch((error) => error.message as string),
      }));
      const all = async () => [await compute({}), await compute({ worker: false, threads: 1 })];
      const before = await all();
      const restore = patch();
      let after;
      try {
        after = await all();
      } finally {
        restore();
      }
      assert.deepEqual(after, before);
    },
  },
];
