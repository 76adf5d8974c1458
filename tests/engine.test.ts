// What of the engine's life only Node can test: processes that end, memory over hundreds of engines. The
// rest is tests/contract/.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { createEngine } from "eigenscope";

/** Runs a program until it ends by itself. */
function run(program: string): { stdout: string; status: number | null; stderr: string } {
  const options = { encoding: "utf8", timeout: 60_000 } as const;
  const { stdout, status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], options);
  return { stdout: stdout.trim(), status, stderr };
}

const EXITS: [what: string, program: string, stdout: string][] = [
  ["whose calls are settled", `
    const es = await createEngine({ threads: 2 });
    console.log((await es.linalg.gram([[3, 4]])).data[0]);`, "25"],
  ["in its own thread", `
    const es = await createEngine({ threads: 2, worker: false });
    console.log((await es.linalg.gram([[3, 4]])).data[0]);`, "25"],
  ["that it never waited for", `
    createEngine({ threads: 2 });
    console.log("made");`, "made"],
  ["whose call was aborted", `
    const es = await createEngine({ threads: 2 });
    const signal = AbortSignal.timeout(30);
    await es.hinf.monteCarlo([[1, 2], [3, 4]], { features: 100_000_000, signal }).catch(({ name }) => console.log(name));`, "TimeoutError"],
  ["that waits for an operator which never answers", `
    const es = await createEngine({ threads: 2 });
    const asked = new Promise((resolve) => {
      const apply = () => { resolve(); return new Promise(() => {}); };
      es.linalg.eigsh({ n: 20, apply }, { k: 1, onProgress() {} });
    });
    await asked;
    console.log("asked");`, "asked"],
  ["that works on while nothing else does", `
    const es = await createEngine({ threads: 2 });
    es.hinf.monteCarlo([[1, 2], [3, 4]], { features: 1000 }).then(({ features }) => console.log(features));`, "1000"],
];

for (const [what, program, expected] of EXITS) {
  test(`a process exits by itself without closing an engine ${what}`, () => {
    const { stdout, status, stderr } = run(`import { createEngine } from "eigenscope";${program}`);
    assert.equal(stdout, expected, stderr);
    assert.equal(status, 0, stderr);
  });
}

test("many calls may share a signal without a warning", () => {
  const { stdout, stderr } = run(`
    import { createEngine } from "eigenscope";
    const es = await createEngine({ threads: 1 });
    const controller = new AbortController();
    const calls = Array.from({ length: 30 }, () => es.linalg.gram([[3, 4]], { signal: controller.signal }));
    controller.abort(new Error("enough"));
    const outcomes = await Promise.allSettled(calls);
    console.log(outcomes.filter(({ reason }) => reason?.message === "enough").length);`);
  assert.equal(stdout, "30");
  assert.equal(stderr, "");
});

/** Each takes 0.1 s. The process grows by up to 30 MB between the 50th and the 250th; a worker that stays is some MB. */
const ENGINES = process.env.CI === "true" ? 200 : 100;
const old = Number(process.versions.node.split(".")[0]) < 24 ? "tested on Node 24" : false;
test(`${ENGINES} engines, opened and closed, leave the process as large as it was`, { skip: old, timeout: 600_000 }, async () => {
  const megabytes = () => process.memoryUsage().rss / 2 ** 20;
  let before = 0;
  for (let k = 0; k < ENGINES; k++) {
    const es = await createEngine({ threads: 2 });
    assert.equal(es.info.memoryLimit, 2 ** 32, `engine ${k + 1}`);
    if (k % 5 === 0) await es.linalg.gram([[3, 4]]);
    await es.close();
    if (k === 50) before = megabytes();
  }
  const after = megabytes();
  assert.ok(after - before < 60, `${before.toFixed(0)} MB after 50, ${after.toFixed(0)} MB in the end`);
  for (let k = 0; k < 100 && process.getActiveResourcesInfo().includes("MessagePort"); k++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.ok(!process.getActiveResourcesInfo().includes("MessagePort"), "every worker has ended");
});
