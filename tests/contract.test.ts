// The engine's contract in this Node; tests/browser/ runs the same cases in browsers.

import { test } from "node:test";
import { contract } from "./contract/index.ts";
import type { Surroundings } from "./contract/contract.ts";

const surroundings: Surroundings = { name: `Node ${process.versions.node}`, shared: true, thorough: true, options: { threads: 2 } };

for (const { title, skip, run } of contract) {
  test(title, { skip: skip?.(surroundings) ?? false }, () => run(surroundings));
}
