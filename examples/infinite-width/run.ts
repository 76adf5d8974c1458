// Kernel regression with the tangent kernels of infinitely wide networks on 1797 handwritten digits: 1500 to learn from, 297 to
// be tried on; over depths and activations, the published numbers of one hidden ReLU layer beside ours.
//
// npx tsx examples/infinite-width/run.ts

import { readFile } from "node:fs/promises";
import { createEngine } from "eigenscope";
import { parseMatrix } from "eigenscope/io";
import { measure, split, type Settings } from "./experiment.ts";

/** NumPy's, in f64, of the tutorial's kernel. */
const NUMPY = { smallest: 4.05613578e-2, largest: 4.68020829e3, mse: 0.01215276, errors: 13 };

const file = new URL("../data/digits.csv.gz", import.meta.url);
const digits = split((await parseMatrix(await readFile(file), "digits.csv.gz")).matrix);

const es = await createEngine();
try {
  const tutorial = await measure(es, { activation: "relu", depth: 1, weightStd: 1, biasStd: 1 }, digits);
  console.log("one hidden layer of ReLUs      NumPy        here");
  const beside = (name: string, theirs: number, ours: number, digits: number) =>
    console.log(`  ${name.padEnd(22)} ${theirs.toPrecision(digits).padStart(12)} ${ours.toPrecision(digits).padStart(12)}`);
  beside("smallest eigenvalue", NUMPY.smallest, tutorial.values[0]!, 9);
  beside("largest eigenvalue", NUMPY.largest, tutorial.values.at(-1)!, 9);
  beside("mean squared error", NUMPY.mse, tutorial.mse, 7);
  beside(`errors of ${digits.X2.rows}`, NUMPY.errors, tutorial.errors, 2);

  for (const activation of ["relu", "erf", "tanh"] as const satisfies Settings["activation"][]) {
    console.log(`\n${activation.padEnd(9)} λ_min      λ_max    condition  errors   seconds`);
    for (const depth of [1, 2, 3, 5, 10]) {
      const { values, errors, seconds } = await measure(es, { activation, depth, weightStd: 1, biasStd: 1 }, digits);
      const [smallest, largest] = [values[0]!, values.at(-1)!];
      const numbers = [smallest, largest, largest / smallest].map((x) => x.toExponential(3).padStart(10));
      console.log(`${String(depth).padStart(5)} ${numbers.join(" ")} ${String(errors).padStart(6)} ${seconds.toFixed(2).padStart(9)}`);
    }
  }
} finally {
  await es.close();
}
