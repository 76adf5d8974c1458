// Which labels are replaced at which level of noise, and by which: the draws of the tutorial's notebook.
//
// Based on: A. Radhakrishnan, deep_learning_theory_tutorial, 2021, InterpolationWithNoise.ipynb.

import { RandomState } from "eigenscope/io";

/** Row i has label `by[i]` instead of its own at every level above `threshold[i]`. */
export interface Noise {
  threshold: Float64Array;
  by: Int32Array;
}

/** The epochs of each fit of the notebook. */
const EPOCHS = 150;

/**
 * The notebook's noise for n rows and k classes, levels 0, 0.1, …, 0.9.
 *
 * It replaces labels in place, level after level, each time where a new uniform number of a row is below the level.
 * Those numbers are the same at all levels from the second on: the fit before seeds NumPy's generator with 1 and
 * draws a permutation for its evaluation and one for each epoch. So the noise is nested: what is replaced at one level
 * stays so at all above it. A label may be replaced by itself.
 */
export function notebookNoise(n: number, k: number): Noise {
  const by = new RandomState(2134).randint(0, k, n);
  const random = new RandomState(1);
  for (let draw = 0; draw < 1 + EPOCHS; draw++) random.permutation(n);
  return { threshold: random.random(n), by };
}

/** The labels at a level of noise. */
export const corrupt = (labels: Int32Array, { threshold, by }: Noise, level: number) =>
  labels.map((label, i) => (threshold[i]! < level ? by[i]! : label));

/** How many labels are drawn anew at a level, as the notebook counts them. */
export const corruptedCount = ({ threshold }: Noise, level: number) =>
  threshold.reduce((count, t) => count + Number(t < level), 0);
