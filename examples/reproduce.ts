// npm run reproduce: the published numbers on MNIST beside those of this package. Takes a minute or two; exits with 1 if
// one is off.
//
// Published: A. Radhakrishnan, M. Belkin and C. Uhler, A deep learning theory tutorial, 2021: InterpolationWithNoise.ipynb
// (EigenPro in float32 on a GPU) and DoubleDescentTutorialPart2.ipynb (the infinite width).

import { createEngine, kernels, networks } from "eigenscope";
import { classificationErrors, oneHot } from "eigenscope/io";
import { sweep } from "./label-noise/experiment.ts";
import { mnistTask } from "./label-noise/mnist.ts";
import { notebookNoise } from "./label-noise/noise.ts";
import { LEVELS, PUBLISHED } from "./label-noise/published.ts";

/** Percentage points that the sweep's errors may differ by: EigenPro's batches in float32 are not ours in f64. */
const SWEEP = 0.15;

let off = 0;

/** One line of the table; `tolerance` 0 means equal as printed. */
function compare(what: string, published: string, here: number, tolerance: number, digits = published.split(".")[1]?.length ?? 0): void {
  const printed = published.includes("e") ? here.toExponential(2).replace(/e([+-])(\d)$/, "e$10$2") : here.toFixed(digits);
  const right = tolerance === 0 ? printed === published : Math.abs(here - Number(published)) <= tolerance + 1e-9;
  if (!right) off++;
  console.log([what.padEnd(52), published.padStart(10), printed.padStart(10), right ? "" : "  OFF"].join(" "));
}

const es = await createEngine();
try {
  const task = await mnistTask();
  const { train, test, classes } = task;
  const noise = notebookNoise(train.labels.length, classes);
  const laplacian = kernels.laplacian({ bandwidth: 10 });
  const timed = async <T>(name: string, run: Promise<T>): Promise<T> => {
    const start = performance.now();
    const value = await run;
    console.log(`\n${name}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
    return value;
  };
  console.log(`${"".padEnd(52)} ${"published".padStart(10)} ${"here".padStart(10)}`);

  const percent = (errors: number) => (100 * errors) / test.labels.length;
  const exact = await timed("Label noise, exact solution, ten levels at once", sweep(es, laplacian, task, noise, LEVELS, { method: "solve" }));
  exact.levels.forEach(({ corrupted }, l) => compare(`labels drawn anew, noise ${LEVELS[l]}`, String(PUBLISHED.corrupted[l]), corrupted, 0));
  exact.levels.forEach((level, l) => (
    compare(`test error in %, noise ${LEVELS[l]}`, PUBLISHED.testErrors[l]!.toFixed(2), percent(level.test.errors), SWEEP)
  ));

  // the fits of the notebook draw the same batches at every level, so all levels can be one fit
  const options = { method: "eigenpro" as const, epochs: 150, compat: true, tol: 0 };
  const iterated = await timed("EigenPro, 150 epochs, ten levels at once", sweep(es, laplacian, task, noise, LEVELS, options));
  iterated.levels.forEach((level, l) => (
    compare(`test error in %, noise ${LEVELS[l]}`, PUBLISHED.testErrors[l]!.toFixed(2), percent(level.test.errors), SWEEP)
  ));
  iterated.levels.forEach(({ train: { errors } }, l) => compare(`errors on the training labels, noise ${LEVELS[l]}`, "0", errors, 0));
  const { info } = iterated;
  if (info.method !== "eigenpro") throw new Error(`the fit was made by ${info.method}`);
  compare("n_subsamples", "2000", info.nSubsamples, 0);
  compare("top_q", "36", info.topQ, 0);
  compare("top eigenvalue", "0.90", info.topEigenvalue, 0);
  compare("new top eigenvalue", "5.20e-04", info.newTopEigenvalue, 0);
  compare("beta", "0.99", info.beta, 0);
  compare("batch size", "1905", info.batchSize, 0);
  compare("eta", "1923.82", info.learningRate, 0);

  const { network, dense, relu } = networks;
  const ntk = kernels.ntk(network([dense({ biasStd: 1 }), relu(), dense()], { convention: "tutorial" }));
  const outputs = await timed("The infinite width, 4000 digits", (async () => {
    const fit = await es.regression.fit(ntk, train.X, oneHot(train.labels, classes), { method: "solve" });
    return fit.predict(test.X);
  })());
  compare("test error", "0.04390", classificationErrors(outputs, test.labels) / test.labels.length, 0.0003);
} finally {
  await es.close();
}
console.log(off === 0 ? "\nall as published" : `\n${off} off`);
process.exitCode = off === 0 ? 0 : 1;
