// The experiment: a kernel machine that fits labels exactly, the more of them wrong the worse on new data.
//
// What is fitted does not enter the kernel matrix: one factorization serves all levels of noise, whose targets stand
// side by side as columns.

import { columns, type Engine, type Matrix } from "eigenscope";
import { classificationErrors, oneHot } from "eigenscope/io";
import { corrupt, corruptedCount, type Noise } from "./noise.ts";
import { targetsOf, type Task } from "./task.ts";

export interface Score {
  /** Rows whose largest output is not that of their label. */
  errors: number;
  /** Mean of (output − target)² over all outputs of all rows. */
  mse: number;
}

export interface Level {
  noise: number;
  /** Labels drawn anew. */
  corrupted: number;
  /** Those of them that are not the true ones. */
  wrong: number;
  /** To the labels with noise. */
  train: Score;
  /** To the true labels. */
  test: Score;
}

export interface Sweep {
  levels: Level[];
  /** Outputs on the training and the test rows, k columns for each level. */
  outputs: { train: Matrix<Float64Array>; test: Matrix<Float64Array> };
  /** What the fit says of itself. */
  info: Awaited<ReturnType<Engine["regression"]["fit"]>>["info"];
}

type Kernel = Parameters<Engine["regression"]["fit"]>[0];
export type FitOptions = Parameters<Engine["regression"]["fit"]>[3];

/** The outputs of level number l among those of all. */
const outputsAt = (outputs: Matrix<Float64Array>, l: number, classes: number) =>
  columns(outputs, l * classes, (l + 1) * classes);

/** Fits all levels at once and scores each; `options` are those of regression.fit, signal and onProgress among them. */
export async function sweep(
  es: Engine, kernel: Kernel, task: Task, noise: Noise, levels: readonly number[], options: FitOptions = {},
): Promise<Sweep> {
  const { train, test, classes } = task;
  const { signal } = options;
  const fit = await es.regression.fit(kernel, train.X, targetsOf(task, noise, levels), options);
  const outputs = { train: await fit.predict(train.X, { signal }), test: await fit.predict(test.X, { signal }) };
  return {
    levels: levels.map((level, l) => {
      const given = corrupt(train.labels, noise, level);
      return {
        noise: level,
        corrupted: corruptedCount(noise, level),
        wrong: given.reduce((count, label, i) => count + Number(label !== train.labels[i]), 0),
        train: score(outputsAt(outputs.train, l, classes), given),
        test: score(outputsAt(outputs.test, l, classes), test.labels),
      };
    }),
    outputs,
    info: fit.info,
  };
}

function score(outputs: Matrix<Float64Array>, labels: Int32Array): Score {
  const targets = oneHot(labels, outputs.cols).data;
  const squares = outputs.data.reduce((sum, y, p) => sum + (y - targets[p]!) ** 2, 0);
  return { errors: classificationErrors(outputs, labels), mse: squares / outputs.data.length };
}
