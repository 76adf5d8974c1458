// scikit-learn's train_test_split, index for index.
//
// Based on: scikit-learn 1.9, model_selection/_split.py (ShuffleSplit, StratifiedShuffleSplit) and
// utils/extmath.py (_approximate_mode).

import { OptionError, ShapeError } from "../errors.ts";
import { checkOptions, type OptionNames } from "../options.ts";
import { RandomState } from "../random/mt19937.ts";
import { toLabels, type Labels } from "./labels.ts";

export interface SplitOptions {
  /** A fraction between 0 and 1, of which the number of test rows is rounded up, or that number. Default 0.25. */
  testSize?: number;
  /** The seed: scikit-learn's `random_state`. Default 0. */
  randomState?: number;
  /** Labels of all n rows: each class is divided as all rows are. */
  stratify?: Labels;
}

const splitOptions: OptionNames<SplitOptions> = { testSize: true, randomState: true, stratify: true };

/** Indices of rows, in random order. */
export interface Split {
  train: Int32Array;
  test: Int32Array;
}

/**
 * Divides the rows 0, …, n − 1 at random: the indices of scikit-learn's
 * `train_test_split(range(n), test_size=…, random_state=…, stratify=…)`.
 *
 * ```ts
 * const { train, test } = trainTestSplit(X.rows, { testSize: 0.2, randomState: 42 });
 * const X1 = takeRows(X, train), X2 = takeRows(X, test);
 * ```
 *
 * Refused with an OptionError: sizes that leave no row for training or testing; with `stratify`, a class of one
 * sample, or fewer rows on a side than there are classes. Labels of another number than n are a ShapeError.
 */
export function trainTestSplit(n: number, options: SplitOptions = {}): Split {
  const fn = "trainTestSplit";
  checkOptions(fn, options, splitOptions);
  const { testSize = 0.25, randomState = 0, stratify } = options;
  if (!(Number.isInteger(n) && n >= 2 && n < 2 ** 29)) {
    throw new OptionError(`${fn}: n is ${String(n)}, expected a whole number from 2 to 2²⁹ − 1`);
  }
  const fraction = testSize < 1;
  if (!(typeof testSize === "number" && testSize > 0 && (fraction || (Number.isInteger(testSize) && testSize < n)))) {
    const size = `testSize is ${String(testSize)}`;
    throw new OptionError(`${fn}: ${size}, expected a fraction between 0 and 1 or a whole number from 1 to ${n - 1}`);
  }
  const tests = fraction ? Math.ceil(testSize * n) : testSize;
  if (tests === n) throw new OptionError(`${fn}: a testSize of ${testSize} leaves none of ${n} rows for training`);
  const random = new RandomState(randomState);
  if (stratify !== undefined) return stratified(fn, n, tests, stratify, random);
  const order = random.permutation(n);
  return { train: order.slice(tests), test: order.slice(0, tests) };
}

function stratified(fn: string, n: number, tests: number, stratify: Labels, random: RandomState): Split {
  const labels = toLabels(fn, stratify);
  if (labels.length !== n) throw new ShapeError(`${fn}: stratify has ${labels.length} labels, there are ${n} rows`);
  const rowsOf = new Map<number, number[]>();
  labels.forEach((label, i) => rowsOf.has(label) ? rowsOf.get(label)!.push(i) : rowsOf.set(label, [i]));
  const classes = [...rowsOf].sort(([a], [b]) => a - b);
  for (const [label, { length }] of classes) {
    if (length < 2) throw new OptionError(`${fn}: class ${label} has one sample, expected two and more to be divided`);
  }
  for (const [count, what] of [[n - tests, "training"], [tests, "testing"]] as const) {
    if (count < classes.length) {
      const rows = `${count} ${count === 1 ? "row" : "rows"} for ${what}`;
      throw new OptionError(`${fn}: ${rows}, expected no fewer than the ${classes.length} classes`);
    }
  }
  const sizes = classes.map(([, rows]) => rows.length);
  const trainSizes = apportion(sizes, n - tests, random);
  const testSizes = apportion(sizes.map((size, c) => size - trainSizes[c]!), tests, random);
  const train: number[] = [];
  const test: number[] = [];
  classes.forEach(([, rows], c) => {
    const order = random.permutation(rows.length);
    const [a, b] = [trainSizes[c]!, trainSizes[c]! + testSizes[c]!];
    for (let k = 0; k < b; k++) (k < a ? train : test).push(rows[order[k]!]!);
  });
  return { train: random.shuffle(Int32Array.from(train)), test: random.shuffle(Int32Array.from(test)) };
}

/** How many of `draws` fall to each class by its share, the largest remainders first, ties at random. */
function apportion(sizes: number[], draws: number, random: RandomState): number[] {
  const total = sizes.reduce((a, b) => a + b, 0);
  const shares = sizes.map((size) => (size / total) * draws);
  const out = shares.map(Math.floor);
  let missing = draws - out.reduce((a, b) => a + b, 0);
  const remainders = shares.map((share, c) => share - out[c]!);
  for (const value of [...new Set(remainders)].sort((a, b) => b - a)) {
    if (missing === 0) break;
    const tied = remainders.flatMap((remainder, c) => (remainder === value ? [c] : []));
    const added = Math.min(tied.length, missing);
    for (const k of random.choice(tied.length, added)) out[tied[k]!]!++;
    missing -= added;
  }
  return out;
}
