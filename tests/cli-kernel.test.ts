// eigenscope kernel: matrices and spectra of kernels from the command line, on closed forms and the published numbers.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { formatNpy, parseMatrix, parseNpy } from "../bindings/io/index.ts";
import { fromRows } from "../bindings/linalg/matrix.ts";
import { assertFails, folder, json, run } from "./command.ts";

const DIGITS = fileURLToPath(new URL("../examples/data/digits.csv.gz", import.meta.url));
const X = [[1, 0], [0.6, 0.8], [-1, 0.5], [2, 1]];
const Z = [[0, 1], [1, 1]];
const EPS = Number.EPSILON;

before(async () => {
  await writeFile(join(folder, "x.npy"), formatNpy(fromRows(X)));
  await writeFile(join(folder, "z.npy"), formatNpy(fromRows(Z)));
});

/** The matrix that the command writes. */
async function matrixOf(...args: string[]) {
  const { rows, cols, seconds, info } = await json("kernel", "x.npy", ...args, "--out", "k.npy");
  const K = parseNpy(await readFile(join(folder, "k.npy")));
  assert.deepEqual([rows, cols], [K.rows, K.cols]);
  assert.ok(seconds >= 0 && info.threads >= 1 && info.warnings.length === 0);
  return K;
}

function assertNear(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  assert.equal(actual.length, expected.length);
  for (let e = 0; e < expected.length; e++) assert.ok(Math.abs(actual[e]! - expected[e]!) <= tolerance, `${e}: ${actual[e]}, expected ${expected[e]}`);
}

const dot = (x: number[], z: number[]) => x[0]! * z[0]! + x[1]! * z[1]!;
const distance = (x: number[], z: number[]) => Math.hypot(x[0]! - z[0]!, x[1]! - z[1]!);

const closed: [args: string[], k: (x: number[], z: number[]) => number][] = [
  [["gaussian", "--bandwidth", "1.5"], (x, z) => Math.exp(-(distance(x, z) ** 2) / 4.5)],
  [["laplacian", "--bandwidth", "1.5"], (x, z) => Math.exp(-distance(x, z) / 1.5)],
  [["dispersal", "--bandwidth", "2", "--gamma", "1.5"], (x, z) => Math.exp(-(distance(x, z) ** 1.5) / 2)],
  [["cauchy", "--bandwidth", "2"], (x, z) => 1 / (1 + distance(x, z) ** 2 / 4)],
  [["matern", "--bandwidth", "2", "--nu", "1.5"], (x, z) => {
    const s = (Math.sqrt(3) * distance(x, z)) / 2;
    return (1 + s) * Math.exp(-s);
  }],
  [["polynomial", "--degree", "3", "--scale", "0.5", "--offset", "2"], (x, z) => (0.5 * dot(x, z) + 2) ** 3],
  [["arccos", "--order", "1"], (x, z) => {
    const norms = Math.sqrt(dot(x, x) * dot(z, z));
    const angle = Math.atan2(x[0]! * z[1]! - x[1]! * z[0]!, dot(x, z));
    return (norms * (Math.abs(Math.sin(angle)) + (Math.PI - Math.abs(angle)) * Math.cos(angle))) / Math.PI;
  }],
];
for (const [args, k] of closed) {
  test(`kernel --kernel ${args[0]} writes the closed form, of one file and of two`, async () => {
    const own = await matrixOf("--kernel", ...args);
    assertNear(own.data, X.flatMap((x) => X.map((z) => k(x, z))), 40 * EPS);
    const cross = await matrixOf("--kernel", ...args, "--with", "z.npy");
    assert.deepEqual([cross.rows, cross.cols], [4, 2]);
    assertNear(cross.data, X.flatMap((x) => Z.map((z) => k(x, z))), 40 * EPS);
  });
}

test("kernel --kernel ntk: the tutorial's, neural-tangents', of two layers with biases", async () => {
  const upper = ({ data }: { data: Float64Array }) => [0, 1, 2, 3, 5, 6, 7, 10, 11, 15].map((e) => data[e]!);
  const tutorial = [
    4, 2.926507016383322, 0.67523723711783, 5.551328895421792, 4, 1.62231859987837, 5.551328895421792, 4.5, 0.702116783500628, 12,
  ];
  assertNear(upper(await matrixOf("--kernel", "ntk", "--convention", "tutorial")), tutorial, 1e-13);
  const plain = [
    0.5, 0.275111806646498, -0.034003073052243, 0.931993853895514, 0.5, 0.043260133405412, 0.931993853895514, 0.625, -0.062220483383755, 2.5,
  ];
  assertNear(upper(await matrixOf("--kernel", "ntk")), plain, 1e-13);
  // the NNGP kernel of Dense(√2, .1)-ReLU-Dense(√2, .1)-ReLU-Dense(√2, .1): twice that with a readout of 1 and .1, but for the bias
  const { data } = await matrixOf("--kernel", "nngp", "--depth", "2", "--weight-std", String(Math.SQRT2), "--bias-std", "0.1");
  assert.ok(Math.abs(data[0]! - (2 * (0.52 - 0.01) + 0.01)) < 1e-13, `${data[0]}`);
  assert.ok(Math.abs(data[1]! - (2 * (0.38628331340742 - 0.01) + 0.01)) < 1e-13, `${data[1]}`);
  // (Dense-Erf)*2-Dense
  const erf = await matrixOf("--kernel", "ntk", "--depth", "2", "--activation", "erf");
  assertNear(erf.data.slice(0, 4), [0.846189870326431, 0.459193734475474, -0.761488181817686, 0.869664883513204], 1e-13);
  // by quadrature, and that is said
  const tanh = ["kernel", "x.npy", "--kernel", "ntk", "--activation", "tanh", "--spectrum"];
  const { info } = await json(...tanh);
  assert.ok(info.errorBound > 0 && info.errorBound < 1e-11, `${info.errorBound}`);
  assert.match((await run(tanh)).stdout, /^# quadrature: k\(x, z\) within \de-1\d·/);
  const wide = await matrixOf("--kernel", "ntk", "--convention", "standard", "--width", "3");
  assert.ok(wide.data[0]! > plain[0]!);
});

test("kernel --spectrum of the digits: NumPy's numbers, by Lanczos too", async () => {
  const args = ["kernel", DIGITS, "--drop-last-column", "--normalize", "--kernel", "ntk", "--convention", "tutorial", "--spectrum"];
  const all = await json(...args, "--report", "kernel.html");
  assert.equal(all.n, 1797);
  assert.equal(all.values.length, 1797);
  assert.ok(Math.abs(all.values.reduce((a: number, b: number) => a + b) - 4 * 1797) < 1e-8); // the trace: a diagonal of 4
  const some = await json(...args, "--k", "3");
  assertNear(some.values, all.values.slice(-3), 1e-8);
  assert.equal(some.residuals.length, 3);
  assert.match(some.info.method, /lanczos/);
  assert.match(await readFile(join(folder, "kernel.html"), "utf8"), /^<!doctype html>[^]*the kernel matrix \(ntk\)/);
});

test("kernel for people", async () => {
  const spectrum = await run(["kernel", "x.npy", "--kernel", "hinf", "--spectrum"]);
  assert.equal(spectrum.stderr, "");
  const lines = spectrum.stdout.trimEnd().split("\n");
  assert.equal(lines[0], "# 4 eigenvalues of the kernel matrix (hinf) of x.npy, ascending");
  assert.equal(lines.length, 5);
  assert.ok(Math.abs(lines.slice(1).map(Number).reduce((a, b) => a + b) - (1 + 1 + 1.25 + 5) / 2) < 1e-13);
  const written = await run(["kernel", "x.npy", "--kernel", "hinf", "--with", "z.npy", "--out", "h.npy"]);
  assert.match(written.stdout, /^# h\.npy: the 4 × 2 kernel matrix \(hinf\) of x\.npy, in \d\.\d\d s\n$/);
  const named = await run(["kernel", "x.npy", "--kernel", "hinf", "--normalize", "--out", "unit.npy"]);
  assert.equal(named.status, 0);
  assertNear(parseNpy(await readFile(join(folder, "unit.npy"))).data.filter((_, e) => e % 5 === 0), [0.5, 0.5, 0.5, 0.5], 2 * EPS);
});

test("kernel: numbers below zero, a matrix as text", async () => {
  const { data } = await matrixOf("--kernel", "polynomial", "--degree", "2", "--scale", "-.5", "--offset", "-1");
  assertNear(data, X.flatMap((x) => X.map((z) => (-0.5 * dot(x, z) - 1) ** 2)), 40 * EPS);
  await json("kernel", "x.npy", "--kernel", "hinf", "--out", "k.csv");
  const { matrix, format } = await parseMatrix(await readFile(join(folder, "k.csv")));
  assert.equal(format, "csv");
  assert.deepEqual(matrix, await matrixOf("--kernel", "hinf"));
});

test("kernel: wrong usage", async () => {
  const gaussian = ["kernel", "x.npy", "--kernel", "gaussian", "--bandwidth", "1"];
  const cases: [string[], RegExp][] = [
    [["kernel"], /no FILE/],
    [["kernel", "x.npy", "--spectrum"], /no --kernel, expected one of gaussian, laplacian, .*, hinf/],
    [["kernel", "x.npy", "--kernel", "rbf", "--spectrum"], /--kernel: "rbf", expected gaussian, laplacian, .* or hinf/],
    [["kernel", "x.npy", "--kernel", "gaussian", "--spectrum"], /--kernel gaussian needs --bandwidth/],
    [["kernel", "x.npy", "--kernel", "matern", "--bandwidth", "1", "--spectrum"], /--kernel matern needs --nu/],
    [[...gaussian, "--nu", "0.5", "--spectrum"], /--kernel gaussian takes --bandwidth, not --nu/],
    [["kernel", "x.npy", "--kernel", "hinf", "--depth", "2", "--spectrum"], /--kernel hinf takes no options, not --depth/],
    [["kernel", "x.npy", "--kernel", "ntk", "--bias", "2", "--spectrum"], /--kernel ntk takes --depth, --activation, .*, not --bias/],
    [["kernel", "x.npy", "--kernel", "gaussian", "--bandwidth", "0", "--spectrum"], /--bandwidth: 0, expected a number above 0/],
    [["kernel", "x.npy", "--kernel", "gaussian", "--bandwidth", "-2", "--spectrum"], /--bandwidth: -2, expected/],
    [["kernel", "x.npy", "--kernel", "gaussian", "--bandwidth", "wide", "--spectrum"], /--bandwidth: "wide", expected a number/],
    [["kernel", "x.npy", "--kernel", "ntk", "--activation", "rely", "--spectrum"], /--activation: "rely", expected relu, leakyRelu, .*, gelu, .*, tanh, /],
    [["kernel", "x.npy", "--kernel", "ntk", "--convention", "nt", "--spectrum"], /expected ntk, standard or tutorial/],
    [["kernel", "x.npy", "--kernel", "ntk", "--depth", "0", "--spectrum"], /--depth: "0", expected a whole number/],
    [["kernel", "x.npy", "--kernel", "nngp", "--weight-std", "-1", "--spectrum"], /--weight-std: -1, expected a number from 0 on/],
    [["kernel", "x.npy", "--kernel", "matern", "--bandwidth", "1", "--nu", "2", "--spectrum"], /--nu: 2, expected 0\.5, 1\.5 or 2\.5/],
    [["kernel", "x.npy", "--kernel", "ntk", "--width", "9", "--spectrum"], /--width: is for --convention standard/],
    [gaussian, /expected --out K\.npy or --spectrum, one of them/],
    [[...gaussian, "--out", "k.npy", "--spectrum"], /expected --out K\.npy or --spectrum, one of them/],
    [[...gaussian, "--with", "z.npy", "--spectrum"], /--with is for --out/],
    [[...gaussian, "--out", "k.npy", "--k", "2"], /--k needs --spectrum/],
  ];
  const outcomes = await Promise.all(cases.map(([args]) => run(args)));
  for (const [k, [, message]] of cases.entries()) assertFails(outcomes[k]!, "ERR_USAGE", message, 2);
});

test("kernel: files that do not fit, numbers that are none; nothing is written", async () => {
  await writeFile(join(folder, "wide.csv"), "1,2,3\n");
  await writeFile(join(folder, "nan.csv"), "1,nan\n");
  const kernel = ["--kernel", "laplacian", "--bandwidth", "1"];
  const out = ["--out", "never.npy"];
  assertFails(await run(["kernel", "x.npy", ...kernel, "--with", "wide.csv", ...out]), "ERR_SHAPE", /wide\.csv: has 3 columns, x\.npy has 2/);
  assertFails(await run(["kernel", "nan.csv", ...kernel, ...out]), "ERR_NOT_FINITE", /row 1, column 2 holds nan/);
  assertFails(await run(["kernel", "none.npy", ...kernel, ...out]), "ERR_FILE", /no such file/);
  assertFails(await run(["kernel", "x.npy", ...kernel, "--out", "no/k.npy"]), "ERR_FILE", /no such file or folder/);
  assertFails(await run(["kernel", "x.npy", ...kernel, "--spectrum", "--k", "5"]), "ERR_OPTION", /k is 5/);
  assert.ok(!existsSync(join(folder, "never.npy")));
});
