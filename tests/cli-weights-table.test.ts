// What eigenscope weights prints: a table that fits the terminal, whole lines in a pipe.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { folder, run } from "./command.ts";
import { diagonal, fill, noiseOf, safetensors, type Numbers } from "./weight-files.ts";

const write = (file: string, tensors: Record<string, Numbers>) => writeFile(join(folder, file), safetensors(tensors));

before(() => write("diag.safetensors", { "fc.weight": diagonal, "fc.bias": fill([10], (e) => e), "norm.running_mean": fill([10], (e) => e) }));

test("the table: aligned, within 120 columns, with the metric and what was skipped", async () => {
  const { status, stdout, stderr } = await run(["weights", "diag.safetensors"]);
  assert.equal(status, 0);
  assert.equal(stderr, "");
  const lines = stdout.split("\n");
  const head = lines.find((line) => line.includes("α ± σ"))!;
  const row = lines.find((line) => line.includes("fc.weight"))!;
  for (const word of ["layer", "shape", "Q", "x_min", "D", "n_tail", "λ_max", "st.rank", "spikes", "verdict"]) assert.ok(head.includes(word), word);
  assert.match(row, /fc\.weight +10×10 +1 +2\.84 ± 0\.82 +3\.6 +0\.253 +5 +10 +3\.85 +\d+ +regularized/);
  assert.equal(row.indexOf("2.84 ± 0.82") + 11, head.indexOf("α ± σ") + 5);
  assert.match(stdout, /6\.5411 \(ln\), 2\.8408 \(log₁₀\)/);
  assert.match(stdout, /skipped.*1 \(fc\.bias\)/);
  assert.ok(lines.every((line) => line.length <= 120));
});

/** On a terminal of so many columns. */
const runIn = async (columns: number, ...args: string[]) => {
  process.env["COLUMNS"] = String(columns);
  try {
    return (await run(args)).stdout;
  } finally {
    delete process.env["COLUMNS"];
  }
};

test("into a file or a pipe a line for each layer, with its whole name and all columns", async () => {
  const name = `${"model.encoder.layers.".repeat(6)}11.weight`;
  await write("long.safetensors", { [name]: diagonal, "层.权重": noiseOf(4)([10, 10]) });
  const lines = (await run(["weights", "long.safetensors"])).stdout.split("\n");
  const row = lines.find((line) => line.includes(name))!;
  assert.match(row, /11\.weight +10×10 +1 +2\.84 ± 0\.82 +3\.6 +0\.253 +5 +10 +3\.85 +\d+ +regularized$/);
  // two columns a letter
  assert.equal(lines.find((line) => line.includes("层"))!.indexOf("10×10"), row.indexOf("10×10") - 3);
});

test("on a terminal columns are left out, which is said, before a long name is shortened in its middle", async () => {
  const name = `model.${"encoder.".repeat(2)}layers.11.weight`;
  await write("longer.safetensors", { [name]: diagonal });
  const narrow = await runIn(100, "weights", "longer.safetensors");
  assert.match(narrow, new RegExp(`${name} +10×10 `));
  assert.match(narrow, /without Q, .* in 100 columns/);
  const narrower = await runIn(100, "weights", "long.safetensors");
  assert.match(narrower, /model\.encoder\.[^ ]*…[^ ]*11\.weight/);
  for (const text of [narrow, narrower]) assert.ok(text.split("\n").every((line) => line.length <= 100));
});

test("names that would look the same when shortened have a line of their own", async () => {
  const names = ["0.first", "1.first", "1.second"].map((part) => `transformer.encoder.layers.${"block.".repeat(4)}${part}.attention.output.projection.weight`);
  await write("alike.safetensors", Object.fromEntries(names.map((name) => [name, diagonal])));
  const lines = (await runIn(120, "weights", "alike.safetensors")).split("\n");
  for (const name of names) assert.match(lines[lines.indexOf(`  ${name}`) + 1]!, /^ +10×10 +1 +2\.84 ± 0\.82 /);
});

test("what WeightWatcher warns of is said", async () => {
  await write("steep.safetensors", { "fc.weight": fill([10, 10], (e) => (e % 11 === 0 ? 1 + e / 1100 : 0)) });
  assert.match((await run(["weights", "steep.safetensors"])).stdout, /! fc\.weight: WeightWatcher calls this α under-trained\n/);
});
