// eigenscope regress: kernel regression from the command line, on the published numbers.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { columns, formatCsv, formatNpy, oneHot, parseMatrix, parseNpy } from "../bindings/io/index.ts";
import { fromRows } from "../bindings/linalg/matrix.ts";
import { assertFails, folder, json, run } from "./command.ts";

const TRAIN = 1500;

before(async () => {
  const bytes = await readFile(new URL("../examples/data/digits.csv.gz", import.meta.url));
  const { matrix } = await parseMatrix(bytes, "digits.csv.gz");
  const X = columns(matrix, 0, -1);
  const labels = columns(matrix, 64, 65);
  const part = ({ data, cols }: typeof X, from: number, to: number) => ({ data: data.slice(from * cols, to * cols), rows: to - from, cols });
  const write = (name: string, content: string | Uint8Array) => writeFile(join(folder, name), content);
  await write("x.npy", formatNpy(part(X, 0, TRAIN)));
  await write("y.csv", formatCsv(part(labels, 0, TRAIN)));
  await write("y.npy", formatNpy(oneHot(part(labels, 0, TRAIN))));
  await write("x2.npy", formatNpy(part(X, TRAIN, 1797)));
  await write("y2.csv", formatCsv(part(labels, TRAIN, 1797)));
  await write("y2.npy", formatNpy(oneHot(part(labels, TRAIN, 1797))));
});

const digits = ["regress", "--train", "x.npy", "--labels", "y.csv", "--test", "x2.npy", "--test-labels", "y2.csv", "--normalize"];
const tutorial = ["--kernel", "ntk", "--convention", "tutorial"];

test("regress on the digits with the tutorial's NTK: NumPy's numbers, and its predictions", async () => {
  const result = await json(...digits, ...tutorial, "--predictions", "f.npy");
  assert.deepEqual(Object.keys(result), ["train", "test", "seconds", "info"]);
  const { train, test: tested, seconds, info } = result;
  assert.ok(train.mse < 1e-22 && train.errors === 0, JSON.stringify(train));
  assert.ok(Math.abs(tested.mse - 0.01215276) < 5e-9, `${tested.mse}`);
  assert.deepEqual([tested.errors, tested.count], [13, 297]);
  assert.ok(seconds > 0 && info.method === "solve" && info.warnings.length === 0);
  const F = parseNpy(await readFile(join(folder, "f.npy")));
  assert.deepEqual([F.rows, F.cols], [297, 10]);
  const first = [-0.0368916, 0.85558946, 0.06679567, 0.20140633, -0.03918198, -0.04087711, -0.00142104, 0.01194417, -0.04268513, 0.02550899];
  first.forEach((f, j) => assert.ok(Math.abs(F.data[j]! - f) < 6e-9, `${F.data[j]}, expected ${f}`));
});

test("regress: targets give the same as labels, the Laplacian NumPy's numbers, a ridge less of a fit", async () => {
  const targets = ["regress", "--train", "x.npy", "--labels", "y.npy", "--test", "x2.npy", "--test-labels", "y2.npy", "--normalize"];
  const laplacian = ["--kernel", "laplacian", "--bandwidth", "10"];
  const [labelled, given] = await Promise.all([json(...digits, ...laplacian), json(...targets, ...laplacian)]);
  assert.deepEqual([labelled.train, labelled.test], [given.train, given.test]);
  assert.ok(Math.abs(given.test.mse - 0.01257648) < 5e-9, `${given.test.mse}`);
  assert.equal(given.test.errors, 13);
  const mixed = ["--train", "x.npy", "--test", "x2.npy", "--normalize", ...laplacian];
  for (const labels of [["--labels", "y.csv", "--test-labels", "y2.npy"], ["--labels", "y.npy", "--test-labels", "y2.csv"]]) {
    assert.deepEqual((await json("regress", ...mixed, ...labels)).test, given.test);
  }
  const ridged = await json(...digits, ...laplacian, "--ridge", "0.5");
  assert.equal(ridged.info.ridge, 0.5);
  assert.ok(ridged.train.mse > 1e-6);
  const cg = await json(...digits, ...laplacian, "--ridge", "0.5", "--method", "cg");
  assert.ok(cg.info.converged && Math.abs(cg.test.mse - ridged.test.mse) < 1e-7);
  assert.ok(Array.isArray(cg.info.residuals));
});

test("regress by EigenPro: nearly what the solution of the same kernel answers", async () => {
  const { train, test: tested, info } = await json(...digits, "--kernel", "laplacian", "--bandwidth", "10", "--method", "eigenpro", "--epochs", "20");
  assert.deepEqual([info.method, train.errors], ["eigenpro", 0]);
  assert.ok(train.mse < 5e-3 && tested.mse < 2e-2 && tested.errors < 25, JSON.stringify(tested));
});

test("regress without test labels counts rows; one column of targets has no errors; lines for people", async () => {
  await writeFile(join(folder, "line.npy"), formatNpy(fromRows([[0], [1], [2]])));
  await writeFile(join(folder, "values.npy"), formatNpy(fromRows([[0.5], [1.5], [-1]])));
  const result = await json("regress", "--train", "line.npy", "--labels", "values.npy", "--test", "line.npy", "--kernel", "laplacian", "--bandwidth", "1");
  assert.deepEqual(result.test, { count: 3 });
  assert.deepEqual(Object.keys(result.train), ["mse"]);
  const { stdout, stderr } = await run([...digits, ...tutorial]);
  assert.equal(stderr, "");
  assert.match(stdout, /train +1,500 rows, mean squared error \S+, 0 errors \(0\.00 %\)\n.*test +297 rows, mean squared error 0\.0121528, 13 errors \(4\.38 %\)/);
  for (const line of stdout.split("\n")) assert.ok([...line].length <= 80, line);
});

test("regress tells what a method took, and writes predictions as text", async () => {
  const fit = (...more: string[]) => run([...digits, "--kernel", "laplacian", "--bandwidth", "10", ...more]);
  const outcomes = await Promise.all([
    fit("--predictions", "f.csv"), fit("--method", "cg", "--ridge", "0.5"), fit("--method", "eigenpro", "--epochs", "1"),
  ]);
  const said = [/solve, condition 4e\+5, /, /cg, \d+ iterations, /, /eigenpro, 1 epoch, /];
  said.forEach((pattern, k) => assert.match(outcomes[k]!.stdout, pattern));
  const { matrix, format } = await parseMatrix(await readFile(join(folder, "f.csv")));
  assert.deepEqual([format, matrix.rows, matrix.cols], ["csv", 297, 10]);
});

test("regress: wrong usage", async () => {
  const cases: [string[], RegExp][] = [
    [["regress", "x.npy"], /x\.npy is one argument too many/],
    [["regress"], /no --train/],
    [["regress", "--train", "x.npy"], /no --labels/],
    [["regress", "--train", "x.npy", "--labels", "y.csv"], /no --test/],
    [digits, /no --kernel, expected one of gaussian/],
    [[...digits, "--kernel", "laplacian"], /--kernel laplacian needs --bandwidth/],
    [[...digits, ...tutorial, "--method", "lu"], /--method: "lu", expected solve, eigenpro or cg/],
    [[...digits, ...tutorial, "--ridge", "-1"], /--ridge: -1, expected a number from 0 on/],
    [[...digits, ...tutorial, "--ridge", "much"], /--ridge: "much", expected a number/],
    [[...digits, ...tutorial, "--method", "eigenpro", "--ridge", "1"], /--ridge is for --method solve or cg/],
    [[...digits, ...tutorial, "--epochs", "5"], /--epochs is for --method eigenpro/],
    [[...digits, ...tutorial, "--method", "eigenpro", "--epochs", "0"], /--epochs: "0", expected a whole number/],
  ];
  const outcomes = await Promise.all(cases.map(([args]) => run(args)));
  for (const [k, [, message]] of cases.entries()) assertFails(outcomes[k]!, "ERR_USAGE", message, 2);
});

test("regress: labels of another length, classes without samples, pixels that are none, a file cut short", async () => {
  const write = (name: string, content: string | Uint8Array) => writeFile(join(folder, name), content);
  await write("rows.csv", "0,1\n1,0\n1,1\n");
  await write("short.csv", "0\n1\n");
  await write("gap.csv", "0\n2\n2\n");
  await write("labels.csv", "0\n1\n1\n");
  await write("third.csv", "0\n1\n2\n");
  await write("nan.csv", "0,1\n1,nan\n1,1\n");
  await write("nines.csv", "9,9,9\n9,9,9\n9,9,9\n");
  await write("wide.csv", "1,2,3\n");
  await write("cut.idx", Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3));
  await write("magic.idx", Uint8Array.of(0, 0, 7, 3, 0, 0, 0, 3));
  const fit = (train: string, labels: string, test = "rows.csv", ...more: string[]) =>
    run(["regress", "--train", train, "--labels", labels, "--test", test, "--kernel", "laplacian", "--bandwidth", "1", "--predictions", "never.npy", ...more]);
  assertFails(await fit("rows.csv", "short.csv"), "ERR_SHAPE", /short\.csv: has 2 rows, rows\.csv has 3: expected one for each/);
  assertFails(await fit("rows.csv", "gap.csv"), "ERR_OPTION", /gap\.csv: class 1 of 0 to 2 has no sample/);
  assertFails(await fit("rows.csv", "labels.csv", "rows.csv", "--test-labels", "third.csv"), "ERR_OPTION", /third\.csv: label 3 is 2, expected it to be below the 2 classes/);
  assertFails(await fit("rows.csv", "labels.csv", "rows.csv", "--test-labels", "short.csv"), "ERR_SHAPE", /short\.csv: has 2 rows/);
  assertFails(await fit("nan.csv", "labels.csv"), "ERR_NOT_FINITE", /nan\.csv: row 2, column 2 holds nan/);
  assertFails(await fit("rows.csv", "labels.csv", "rows.csv", "--test-labels", "nines.csv"), "ERR_SHAPE", /nines\.csv: has 3 columns, expected 2 targets or one of classes/);
  assertFails(await fit("rows.csv", "labels.csv", "wide.csv"), "ERR_SHAPE", /wide\.csv: has 3 columns, rows\.csv has 2: expected as many/);
  assertFails(await fit("cut.idx", "labels.csv"), "ERR_FORMAT", /cut\.idx: truncated: shape 3×1×2 needs 6 bytes.*, the file holds 3/);
  assertFails(await fit("magic.idx", "labels.csv"), "ERR_FORMAT", /magic\.idx: /);
  assertFails(await fit("labels.csv", "labels.csv", "labels.csv"), "ERR_SINGULAR", /ridge/);
  assert.ok(!existsSync(join(folder, "never.npy")));
});
