// What of the engine's life only Node can test: processes that end. The rest is tests/contract/.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

test("a process that never closes its engine exits by itself", () => {
  const program = `
    import { createEngine } from "eigenscope";
    const es = await createEngine({ threads: 2 });
    const { data } = await es.linalg.gram([[3, 4]]);
    console.log(data[0]);`;
  const { stdout, status } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8", timeout: 20_000 });
  assert.equal(stdout.trim(), "25");
  assert.equal(status, 0);
});
