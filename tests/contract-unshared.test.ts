// The engine's contract where memory cannot be shared, as in a page that is not cross-origin isolated.

import { test } from "node:test";
import type { Surroundings } from "./contract/contract.ts";
import { contract } from "./contract/index.ts";

/** Older workers of Node need the SharedArrayBuffer that is taken away here. */
const old = Number(process.versions.node.split(".")[0]) < 24 ? "needs Node 24" : false;
const surroundings: Surroundings = { name: `Node ${process.versions.node}, no shared memory`, shared: false, thorough: true, options: { threads: 2 } };

if (!old) Reflect.deleteProperty(globalThis, "SharedArrayBuffer");
for (const { title, skip, run } of contract) {
  test(title, { skip: old || (skip?.(surroundings) ?? false) }, () => run(surroundings));
}
