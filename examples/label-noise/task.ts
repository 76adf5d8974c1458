// What is learnt: rows of data with labels, and targets for them at several levels of noise.

import type { Matrix } from "eigenscope";
import { corrupt, type Noise } from "./noise.ts";

export interface Samples {
  X: Matrix<Float64Array>;
  /** 0, …, classes − 1. */
  labels: Int32Array;
}

export interface Task {
  train: Samples;
  test: Samples;
  classes: number;
}

/** One-hot targets of all levels side by side: n×(levels·k). */
export function targetsOf({ train, classes }: Task, noise: Noise, levels: readonly number[]): Matrix<Float64Array> {
  const n = train.labels.length;
  const cols = levels.length * classes;
  const data = new Float64Array(n * cols);
  levels.forEach((level, l) => {
    corrupt(train.labels, noise, level).forEach((label, i) => { data[i * cols + l * classes + label] = 1; });
  });
  return { data, rows: n, cols };
}
