// Label noise on 4000 digits of MNIST: what the tutorial's notebook printed (EigenPro, float32), and the exact solution by
// one factorization of the kernel matrix for all ten levels.
//
// npx tsx examples/label-noise/run.ts [--eigenpro]

import { parseArgs } from "node:util";
import { createEngine, kernels } from "eigenscope";
import { sweep, type FitOptions, type Sweep } from "./experiment.ts";
import { mnistTask } from "./mnist.ts";
import { notebookNoise } from "./noise.ts";
import { LEVELS, PUBLISHED } from "./published.ts";

const { eigenpro } = parseArgs({ options: { eigenpro: { type: "boolean", default: false } } }).values;
const kernel = kernels.laplacian({ bandwidth: 10 });
const task = await mnistTask();
const noise = notebookNoise(task.train.labels.length, task.classes);

const es = await createEngine();
try {
  const methods: { name: string; options: FitOptions }[] = [{ name: "exact", options: { method: "solve" } }];
  if (eigenpro) methods.push({ name: "EigenPro", options: { method: "eigenpro", compat: true } });
  const found: Sweep[] = [];
  for (const { name, options } of methods) {
    const start = performance.now();
    found.push(await sweep(es, kernel, task, noise, LEVELS, options));
    console.log(`${name}: ${((performance.now() - start) / 1000).toFixed(1)} s`, found.at(-1)!.info);
  }

  const line = (...cells: string[]) => console.log(cells.map((cell, k) => cell.padStart(k ? 13 : 5)).join(""));
  console.log("\nlabels drawn anew, test errors in %, mean squared error on the test images");
  const names = methods.map(({ name }) => name);
  line("noise", "notebook", "here", "notebook", ...names, "notebook", ...names);
  LEVELS.forEach((level, l) => {
    const at = found.map(({ levels }) => levels[l]!);
    line(
      level.toFixed(1),
      String(PUBLISHED.corrupted[l]),
      String(at[0]!.corrupted),
      PUBLISHED.testErrors[l]!.toFixed(2),
      ...at.map(({ test }) => ((100 * test.errors) / task.test.labels.length).toFixed(2)),
      PUBLISHED.testMse[l]!.toFixed(4),
      ...at.map(({ test }) => test.mse.toFixed(4)),
    );
  });
  const wrong = found.map(({ levels }) => levels.reduce((sum, { train }) => sum + train.errors, 0));
  console.log(`\nerrors on the training images, all levels together: ${wrong.join(", ")}`);
} finally {
  await es.close();
}
