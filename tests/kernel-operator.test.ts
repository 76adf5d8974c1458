// kernels.operator: a kernel matrix by its products, in a core and in an engine.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createEngine, kernels } from "../bindings/index.ts";
import { createCore } from "../bindings/sync.ts";
import { EPS, numbers } from "./harness.ts";

const X = { data: numbers(300 * 4, 1), rows: 300, cols: 4 };
const laplacian = kernels.laplacian({ bandwidth: 1 });

for (const worker of [true, false]) {
  test(`eigsh, nystrom and randomizedSvd of a kernel see its matrix [engine, worker: ${worker}]`, async () => {
    const es = await createEngine({ worker, threads: 2 });
    try {
      const operator = es.kernels.operator(laplacian, X);
      const matrix = await es.kernels.matrix(laplacian, X);
      const all = await es.linalg.eigvalsh(matrix);
      const norm = all.at(-1)!;
      const { values, info } = await es.linalg.eigsh(operator, { k: 3, which: "largest" });
      assert.ok(info.converged);
      values.forEach((value, i) => assert.ok(Math.abs(value - all[297 + i]!) <= 16 * 300 * EPS * norm));
      const { s } = await es.linalg.randomizedSvd(operator, { rank: 300 });
      assert.ok(Math.abs(s[0]! - norm) <= 16 * 300 * EPS * norm);

      // it is an operator to the caller as well
      const V = { data: numbers(300, 2), rows: 300, cols: 1 };
      const mine = await operator.apply(V);
      const theirs = await es.linalg.matmul(matrix, V);
      for (let i = 0; i < 300; i++) assert.ok(Math.abs((mine as typeof V).data[i]! - theirs.data[i]!) <= 300 * EPS * norm);
      await assert.rejects(es.linalg.eigsh(es.kernels.operator(kernels.laplacian({ bandwidth: -1 }), X)), { code: "ERR_OPTION" });
    } finally {
      await es.close();
    }
  });
}

test("and in a core, to the same bits", async () => {
  const la = await createCore({ threads: 2 });
  const es = await createEngine({ threads: 1 });
  try {
    const here = la.eigsh(la.kernels.operator(laplacian, X), { k: 2 });
    const there = await es.linalg.eigsh(es.kernels.operator(laplacian, X), { k: 2 });
    assert.equal(Buffer.compare(Buffer.from(here.values.buffer), Buffer.from(there.values.buffer)), 0);
  } finally {
    la.close();
    await es.close();
  }
});
