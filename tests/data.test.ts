// Data before it is learnt from: MNIST's files, labels, splits and principal components (tests/fixtures/make_data.py).

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { FormatError, NotFiniteError, OptionError, OutOfMemoryError, ShapeError } from "../bindings/errors.ts";
import {
  argmax, classificationErrors, columns, oneHot, parseMatrix, parseMnist, pca, rescale, subsetPerClass, takeRows, trainTestSplit,
} from "../bindings/io/index.ts";
import { fromRows, matrix, type Matrix } from "../bindings/linalg/matrix.ts";
import { createCore } from "../bindings/sync.ts";
import { numbers } from "./harness.ts";

interface SplitCase {
  n: number; testSize: number; randomState: number; stratify: number[] | "digits" | null; sizes: number[];
  train: number[] | string; test: number[] | string;
}
interface PcaCase { X: number[][]; variance: number[]; mean: number[]; components: number[][]; scores: number[][] }
const fixture = JSON.parse(readFileSync(new URL("fixtures/data.json", import.meta.url), "utf8")) as {
  splits: SplitCase[]; pca: { digits: Omit<PcaCase, "X">; wide: PcaCase };
};
const { matrix: digits } = await parseMatrix(readFileSync(new URL("../examples/data/digits.csv.gz", import.meta.url)));
const digitLabels = columns(digits, 64, 65);

const refused = (run: () => unknown, type: new (message: string) => Error, message: RegExp) =>
  assert.throws(run, (error: Error) => {
    assert.ok(error instanceof type, `${error.name}: ${error.message}`);
    assert.match(error.message, message);
    assert.ok(!error.message.includes("\n"));
    return true;
  });

/** An idx file of bytes. */
const idx = (shape: number[], pixels: number[]) =>
  Uint8Array.from([0, 0, 8, shape.length, ...shape.flatMap((size) => [size >>> 24, size >> 16, size >> 8, size].map((b) => b & 255)), ...pixels]);

const images = idx([3, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255]);
const labels = idx([3], [7, 0, 9]);

test("parseMnist reads images and labels, gzipped too", async () => {
  const expected = { images: matrix(3, 4, Float64Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255)), labels: Int32Array.of(7, 0, 9) };
  assert.deepEqual(await parseMnist(images, labels), expected);
  assert.deepEqual(await parseMnist(gzipSync(images), gzipSync(labels)), expected);
});

test("parseMnist refuses what does not belong together, with the file's name", async () => {
  const names: [string, string] = ["a.idx", "b.idx"];
  const cases: [Uint8Array, Uint8Array, new (m: string) => Error, RegExp][] = [
    [labels, images, FormatError, /^b\.idx: holds 4 numbers for each row, expected one label$/],
    [labels, labels, FormatError, /^a\.idx: holds one number for each row, expected the pixels of an image$/],
    [images, idx([2], [1, 2]), ShapeError, /^parseMnist: a\.idx has 3 images, b\.idx 2 labels$/],
    [images.subarray(0, 20), labels, FormatError, /^a\.idx: truncated: shape 3×2×2 needs 12 bytes from byte 16 on, the file holds 4$/],
    [images, labels.subarray(0, 6), FormatError, /^b\.idx: truncated in the header, which ends at byte 8, the file has 6$/],
    [Uint8Array.of(0, 1, 8, 1), labels, FormatError, /^a\.idx: no idx file, it starts with bytes 0 1, expected the magic number 0 0$/],
    [images, Uint8Array.of(0, 0, 8), FormatError, /^b\.idx: no idx file, it has 3 bytes, expected 4 and more$/],
    [images, Uint8Array.of(0, 0, 10, 1, 0, 0, 0, 1, 5), FormatError, /^b\.idx: unknown type 10 at byte 2, expected 8, 9, 11, 12, 13 or 14$/],
    [Uint8Array.of(...images, 1), labels, FormatError, /^a\.idx: goes on after the array: .*needs 12 bytes .*holds 13$/],
    [images, Uint8Array.of(0, 0, 13, 1, 0, 0, 0, 1, 0x3f, 0, 0, 0), FormatError, /^b\.idx: label 1 is 0\.5, expected a whole number$/],
  ];
  for (const [x, y, type, message] of cases) {
    await assert.rejects(parseMnist(x, y, names), (error: Error) => {
      refused(() => { throw error; }, type, message);
      return true;
    });
  }
});

test("subsetPerClass takes the first of each class, classes as they appear", () => {
  assert.deepEqual([...subsetPerClass([5, 0, 5, 4, 0, 5, 4, 4], 2)], [0, 2, 1, 4, 3, 6]);
  assert.deepEqual([...subsetPerClass(matrix(3, 1, Float64Array.of(-1, 1, -1)), 1)], [0, 1]);
  const rows = subsetPerClass(digitLabels, 100);
  assert.equal(rows.length, 1000);
  assert.equal(new Set(rows).size, 1000);
  refused(() => subsetPerClass([5, 0, 5], 2), OptionError, /^subsetPerClass: class 0 has 1 of the 2 samples that are asked for$/);
  refused(() => subsetPerClass([], 2), ShapeError, /^subsetPerClass: there are no labels$/);
  refused(() => subsetPerClass([1, 0.5], 1), OptionError, /^subsetPerClass: label 2 is 0\.5, expected a whole number$/);
  refused(() => subsetPerClass([NaN], 1), OptionError, /label 1 is NaN/);
  for (const bad of [0, 1.5, NaN, undefined, "3"]) refused(() => subsetPerClass([1], bad as number), OptionError, /^subsetPerClass: perClass is /);
  refused(() => subsetPerClass(matrix(2, 2), 1), ShapeError, /^subsetPerClass: labels are 2×2, expected one column$/);
  refused(() => subsetPerClass(null as never, 1), ShapeError, /^subsetPerClass: labels are null, expected an array of whole numbers$/);
});

test("takeRows copies rows of either type; rescale multiplies", () => {
  const A = fromRows([[1, 2], [3, 4], [5, 6]]);
  assert.deepEqual(takeRows(A, Int32Array.of(2, 0, 2)), fromRows([[5, 6], [1, 2], [5, 6]]));
  assert.ok(takeRows(matrix(2, 1, Float32Array.of(1, 2)), [1]).data instanceof Float32Array);
  assert.deepEqual(takeRows(A, []), { data: new Float64Array(0), rows: 0, cols: 2 });
  for (const bad of [3, -1, 0.5, NaN]) refused(() => takeRows(A, [0, bad]), OptionError, /^takeRows: index 2 is .*, expected a whole number from 0 to 2$/);
  refused(() => takeRows(A, undefined as never), OptionError, /^takeRows: rows is undefined, expected an array of indices$/);
  assert.deepEqual(rescale(A, 1 / 256).data, A.data.map((x) => x / 256));
  refused(() => rescale(A, NaN), OptionError, /^rescale: factor is NaN, expected a finite number$/);
});

test("oneHot encodes labels, refuses what is none and classes without samples", () => {
  assert.deepEqual(oneHot([2, 0, 1, 2]), fromRows([[0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]]));
  assert.deepEqual(oneHot(matrix(1, 1, Float64Array.of(1)), 3), fromRows([[0, 1, 0]]));
  refused(() => oneHot([0, 3, 1]), OptionError, /^oneHot: class 2 of 0 to 3 has no sample;/);
  refused(() => oneHot([0, 3, 1], 3), OptionError, /^oneHot: label 2 is 3, expected it to be below the 3 classes$/);
  refused(() => oneHot([0, -1]), OptionError, /^oneHot: label 2 is -1, expected a whole number from 0$/);
  refused(() => oneHot([0, 0.5]), OptionError, /^oneHot: label 2 is 0\.5, expected a whole number$/);
  refused(() => oneHot([]), ShapeError, /^oneHot: there are no labels$/);
  refused(() => oneHot([0, 1], 1e10), OutOfMemoryError, /^oneHot: a 2×10000000000 matrix needs /);
  refused(() => oneHot([0], 0), OptionError, /^oneHot: classes is 0, expected a whole number from 1$/);
});

test("argmax takes the first maximum; errors are counted by it", () => {
  const Y = fromRows([[0, 2, 2], [-3, -1, -2], [1, 1, 1]]);
  assert.deepEqual([...argmax(Y)], [1, 1, 0]);
  assert.equal(classificationErrors(Y, [1, 2, 0]), 1);
  refused(() => classificationErrors(Y, [1, 2]), ShapeError, /^classificationErrors: 3 predictions, 2 labels$/);
  refused(() => argmax(fromRows([[1], [NaN]])), NotFiniteError, /^argmax: Y holds NaN at row 2, column 1$/);
  refused(() => argmax(matrix(2, 0)), ShapeError, /^argmax: Y is 2×0, it must have a column$/);
});

test("trainTestSplit gives scikit-learn's indices", () => {
  const told = (rows: Int32Array) => rows.length <= 40 ? [...rows] : createHash("sha256").update(new Uint8Array(rows.buffer)).digest("hex");
  for (const { n, testSize, randomState, stratify, sizes, train, test } of fixture.splits) {
    const split = trainTestSplit(n, { testSize, randomState, stratify: stratify === "digits" ? digitLabels : stratify ?? undefined });
    const where = `n ${n}, testSize ${testSize}, seed ${randomState}${stratify ? ", stratified" : ""}`;
    assert.deepEqual([split.train.length, split.test.length], sizes, where);
    assert.deepEqual({ train: told(split.train), test: told(split.test) }, { train, test }, where);
  }
});

test("trainTestSplit refuses sizes that leave nothing, and classes that cannot be divided", () => {
  for (const bad of [0, 1, 0.5, NaN, -3, "9", undefined]) refused(() => trainTestSplit(bad as number), OptionError, /^trainTestSplit: n is /);
  for (const bad of [0, -0.2, 10, 1.5, NaN, "0.2", null]) {
    refused(() => trainTestSplit(10, { testSize: bad as number }), OptionError, /^trainTestSplit: testSize is .*, expected a fraction/);
  }
  refused(() => trainTestSplit(10, { testSize: 0.95 }), OptionError, /leaves none of 10 rows for training$/);
  refused(() => trainTestSplit(10, { randomState: -1 }), OptionError, /seed is -1/);
  refused(() => trainTestSplit(3, { stratify: [1, 1] }), ShapeError, /^trainTestSplit: stratify has 2 labels, there are 3 rows$/);
  refused(() => trainTestSplit(3, { stratify: [1, 1, 2] }), OptionError, /^trainTestSplit: class 2 has one sample/);
  refused(() => trainTestSplit(6, { testSize: 1, stratify: [1, 1, 2, 2, 3, 3] }), OptionError, /: 1 row for testing, expected no fewer than the 3 classes$/);
});

const near = (actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string) => {
  assert.equal(actual.length, expected.length, what);
  for (let k = 0; k < actual.length; k++) {
    assert.ok(Math.abs(actual[k]! - expected[k]!) <= tolerance, `${what} ${k}: ${actual[k]}, expected ${expected[k]}`);
  }
};
const every = ({ data, cols }: Matrix, step: number) => Array.from({ length: data.length / cols / step }, (_, i) => data.slice(i * step * cols, (i * step + 1) * cols));

test("pca gives scikit-learn's components, signs among them", async () => {
  const la = await createCore();
  const { X, ...wide } = fixture.pca.wide;
  const p = await pca(la, fromRows(X), 5);
  const eps = 100 * 2 ** -52;
  near(p.mean, wide.mean, eps, "mean");
  near(p.explainedVariance, wide.variance, eps * 10, "variance");
  near(p.components.data, wide.components.flat(), eps, "components");
  near(p.scores.data, wide.scores.flat(), eps, "scores");

  // singular vectors are known to eps·σ₁/gap, gap the least distance of the first 21 singular values
  const first = columns({ data: digits.data.slice(0, 1250 * 65), rows: 1250, cols: 65 }, 0, 64);
  const q = await pca(la, first, 20);
  const s = q.explainedVariance.map((v) => Math.sqrt(1249 * v));
  const gap = Math.min(...[...s].slice(1).map((x, k) => s[k]! - x));
  const tolerance = (64 * 2 ** -52 * s[0]!) / gap;
  const { variance, mean, components, scores } = fixture.pca.digits;
  near(q.mean.slice(10, 14), mean, 1250 * 2 ** -52 * 16, "mean");
  near(q.explainedVariance, variance, 64 * 2 ** -52 * variance[0]!, "variance");
  near(q.components.data.filter((_, k) => (k % 64) % 9 === 0), components.flat(), tolerance, "components");
  near(every(q.scores, 250).flatMap((row) => [...row]), scores.flat(), tolerance * s[0]!, "scores");
  la.close();
});

test("pca of an engine's kind, and what it refuses", async () => {
  const la = await createCore();
  const X = matrix(7, 4, numbers(28, 3));
  const engine = { linalg: { svd: async (A: Matrix<Float64Array>) => la.svd(A) } };
  assert.deepEqual(await pca(engine as never, X, 2), await pca(la, X, 2));
  for (const k of [0, 5, 1.5, NaN]) await assert.rejects(pca(la, X, k), /^OptionError: pca: k is .*, expected a whole number from 1 to 4$/);
  await assert.rejects(pca(la, matrix(1, 4), 1), /^ShapeError: pca: X is 1×4, expected two rows and more$/);
  await assert.rejects(pca(la, fromRows([[1, 2], [3, NaN]]), 1), /^NotFiniteError: pca: X: row 2, column 2 holds NaN, every number must be finite$/);
  la.close();
});
