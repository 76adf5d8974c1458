// The thread pool under stress: 120,000 regions of changing size, every item counted.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createRuntime } from "../bindings/core/create.ts";
import { gram } from "../bindings/linalg/blas.ts";

const REGIONS = 120_000;
const ITEMS = 48;

for (const threads of [1, 2, 3, 4]) {
  test(`no chunk is lost, doubled or late in ${REGIONS} regions on ${threads} threads`, async () => {
    const rt = await createRuntime("test", { threads }, 1);
    try {
      // let the workers arrive, so that they take part from the first region
      await new Promise((resolve) => setTimeout(resolve, 100));
      const wrong = rt.memory.scope(() => {
        const out = rt.memory.push(4 * ITEMS, "items");
        rt.memory.i32(out, ITEMS).fill(0);
        return rt.kernels.pool_stress(REGIONS, ITEMS, 3, out);
      });
      assert.equal(wrong, 0);
    } finally {
      rt.close();
    }
  });
}

test("a chunk that failed ends its call with an error instead of a wait without end", async () => {
  const rt = await createRuntime("test", { threads: 2 }, 1);
  try {
    rt.kernels.fail_chunk();
    assert.throws(() => gram(rt, [[1, 2], [3, 4]]), /a thread of the pool failed/);
  } finally {
    rt.close();
  }
});
