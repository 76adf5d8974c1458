// The published figures on the digits, through the public door.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { createCore, matrix, type Core, type Matrix } from "eigenscope/core";
import { parseMatrix } from "eigenscope/io";

// RandomState(0), rows of length 1: features → λ_min, λ_max
const PUBLISHED: [number, number, number][] = [
  [1_000, 0.003083119205, 463.3133430722],
  [10_000, 0.011119257198, 473.4652146069],
  [100_000, 0.013542090424, 470.2319599105],
];

let la: Core;
let X: Matrix;

before(async () => {
  la = await createCore({ threads: 2 });
  X = await digits();
});
after(() => la.close());

async function digits(): Promise<Matrix> {
  const file = await readFile(new URL("../examples/data/digits.csv.gz", import.meta.url));
  const { matrix: all } = await parseMatrix(file, "digits.csv.gz");
  const rows = matrix(all.rows, all.cols - 1);
  for (let i = 0; i < rows.rows; i++) {
    const row = all.data.subarray(i * all.cols, (i + 1) * all.cols - 1); // the last column is the label
    const length = Math.hypot(...row);
    rows.data.set(row.map((x) => x / length), i * rows.cols);
  }
  return rows;
}

const trace = ({ data, rows }: Matrix) => Array.from({ length: rows }, (_, i) => data[i * rows + i]!).reduce((a, b) => a + b);
const near = (actual: number, expected: number, relative: number) =>
  assert.ok(Math.abs(actual - expected) <= relative * Math.abs(expected), `${actual} is not ${expected} to ${relative}`);

for (const [features, lambdaMin, lambdaMax] of PUBLISHED) {
  test(`${features} neurons give the published λ_min and λ_max`, () => {
    const values = la.eigvalsh(la.hinf.monteCarlo(X, { features, seed: 0 }).matrix);
    near(values[0]!, lambdaMin, 1e-9);
    near(values.at(-1)!, lambdaMax, 1e-9);
  });
}

test("the closed form has the published spectrum", () => {
  const { matrix: H, parallelRows, oppositeRows, zeroRows } = la.hinf.exact(X);
  const values = la.eigvalsh(H);
  assert.ok(Math.abs(values[0]! - 1.34605015e-2) <= 2e-10, `${values[0]}`);
  near(values.at(-1)!, 468.02948585, 1e-10);
  near(trace(H), 898.5, 1e-13);
  assert.deepEqual([parallelRows, oppositeRows, zeroRows], [[], [], []]);
});

test("the certificate holds λ_min and is as tight as published", () => {
  const { lambdaMin, lower, upper } = la.hinf.lambdaMin(X);
  assert.ok(lower >= 1.3460500e-2, `${lower}`);
  assert.ok(lower <= lambdaMin && lambdaMin <= upper, `${lower} ${lambdaMin} ${upper}`);
  assert.ok(upper - lower <= 2e-9, `${upper - lower}`);
});

test("the data's Gram matrix has rank 61", () => {
  const values = la.eigvalsh(la.gram(X));
  const tolerance = X.rows * Number.EPSILON * values.at(-1)!;
  assert.equal(values.filter((v) => v > tolerance).length, 61);
  near(values.at(-1)!, 1240.97, 1e-5);
});

test("the confidence limit comes from the closed form's eigenvector", () => {
  const sample = la.hinf.monteCarlo(X, { features: 10_000, seed: 0 });
  const { vector } = la.hinf.lambdaMin(X);
  const { mean, upper } = la.hinf.upperConfidence(X, sample, vector);
  near(mean, 1.3326e-2, 1e-3); // vᵀ·H_m·v, published
  assert.ok(upper > mean);
});
