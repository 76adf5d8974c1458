// The command line as a user meets it: dist/cli.js in a process of its own. Every error is one line
// with its code on stderr, nothing on stdout, nothing left on disk.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { formatNpy, parseNpy } from "../bindings/io/index.ts";
import { fromRows } from "../bindings/linalg/matrix.ts";
import { assertFails, folder, json, run } from "./command.ts";

const FIXTURES = fileURLToPath(new URL("fixtures/npy/", import.meta.url));

const npyOf = (dict: string) => Buffer.concat([Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, dict.length, 0]), Buffer.from(dict), Buffer.alloc(64)]);
const shaped = (shape: string) => npyOf(`{'descr': '<f8', 'fortran_order': False, 'shape': ${shape}, }\n`);
const fixture = (name: string) => readFile(join(FIXTURES, name));

const bad: [string, "hinf" | "eig", () => Buffer | string | Promise<Buffer>, string, RegExp][] = [
  ["empty.csv", "hinf", () => "", "ERR_FORMAT", /empty\.csv: the file is empty/],
  ["ragged.csv", "hinf", () => "1,2\n3,4,5\n", "ERR_FORMAT", /row 2 has 3 cells, row 1 has 2 cells/],
  ["text.csv", "hinf", () => "1,2\n3,x\n", "ERR_FORMAT", /row 2, column 2 holds "x"/],
  ["nan.csv", "hinf", () => "1,2\nnan,4\n", "ERR_NOT_FINITE", /row 2, column 1 holds nan/],
  ["inf.csv", "eig", () => "1,2\n2,-inf\n", "ERR_NOT_FINITE", /row 2, column 2 holds -inf/],
  ["nan.npy", "hinf", () => fixture("nan.npy"), "ERR_NOT_FINITE", /row 1, column 2 holds NaN/],
  ["truncated.npy", "hinf", async () => (await fixture("f8.npy")).subarray(0, -8), "ERR_FORMAT", /truncated: shape 3×4/],
  ["objects.npy", "hinf", () => fixture("objects.npy"), "ERR_FORMAT", /Python objects/],
  ["negative.npy", "hinf", () => shaped("(-3, 4)"), "ERR_FORMAT", /shape \(-3, 4\) is impossible/],
  ["absurd.npy", "hinf", () => shaped("(1000000000, 1000000000)"), "ERR_FORMAT", /needs 8000000000000000000 bytes/],
  ["binary.csv", "hinf", () => Buffer.from([1, 2, 0, 3]), "ERR_FORMAT", /neither text nor a known format/],
  ["cut.csv.gz", "hinf", () => gzipSync("1,2\n3,4\n").subarray(0, 18), "ERR_FORMAT", /damaged gzip data/],
  ["large.csv", "hinf", () => "1\n2\n".repeat(12000), "ERR_MEMORY", /24000 rows and its factor take 8\.67 GiB, .*: use at most 16200 rows/],
  ["wide.csv", "eig", () => "1,2,3\n4,5,6\n", "ERR_SHAPE", /2×3, it must be square/],
  ["asymmetric.csv", "eig", () => "1,2\n3,4\n", "ERR_NOT_SYMMETRIC", /\(1, 2\) is 2, \(2, 1\) is 3/],
  ["name\nwith \u001b[31mcolour.csv", "hinf", () => "", "ERR_FORMAT", /name with/],
];
for (const [name, verb, content, code, message] of bad) {
  test(`${verb} refuses ${JSON.stringify(name)}`, async () => {
    await writeFile(join(folder, name), await content());
    const outputs = verb === "hinf" ? ["--report", "never.html"] : ["--vectors", "never.npy"];
    assertFails(await run([verb, name, ...outputs]), code, message);
    assert.deepEqual((await readdir(folder)).filter((file) => file.includes("never")), []);
  });
}

test("files that are not there, folders, outputs that cannot be", async () => {
  await mkdir(join(folder, "sub"), { recursive: true });
  await writeFile(join(folder, "some.csv"), "1,2\n2,1\n");
  assertFails(await run(["hinf", "nothing.csv"]), "ERR_FILE", /nothing\.csv: no such file/);
  assertFails(await run(["hinf", "sub"]), "ERR_FILE", /sub: is a folder/);
  assertFails(await run(["hinf", "--report", "no/such/report.html"]), "ERR_FILE", /no such file or folder/);
  assertFails(await run(["hinf", "--report", "some.csv/report.html"]), "ERR_FILE", /is no folder/);
  assertFails(await run(["eig", "some.csv", "--vectors", "sub"]), "ERR_FILE", /sub: is a folder/);
});

test("wrong usage is exit status 2", async () => {
  const wrong: [string[], RegExp][] = [
    [[], /no verb, expected hinf, eig, svd, kernel, regress, weights or info/],
    [["spectrum"], /unknown verb spectrum/],
    [["constructor"], /unknown verb/],
    [["--json", "hinf"], /--json before the verb/],
    [["hinf", "--neurons", "5"], /Unknown option '--neurons'/],
    [["hinf", "--seed"], /argument missing/],
    [["hinf", "--seed", "-1"], /--seed: "-1", expected a whole number/],
    [["hinf", "--seed=4294967296"], /--seed: "4294967296", expected a whole number/],
    [["hinf", "--features", "1000,1e4"], /--features: "1e4"/],
    [["hinf", "--features", "0"], /--features: "0"/],
    [["hinf", "--threads", "0"], /--threads: "0", expected a whole number from 1 to 64/],
    [["hinf", "--drop-last-column"], /needs a FILE/],
    [["hinf", "a.csv", "b.csv"], /b\.csv is one argument too many/],
    [["eig"], /no FILE/],
    [["info", "x"], /x is one argument too many/],
  ];
  const outcomes = await Promise.all(wrong.map(([args]) => run(args)));
  for (const [k, [, message]] of wrong.entries()) assertFails(outcomes[k]!, "ERR_USAGE", message, 2);
});

test("--help and --version, at most 80 columns", async () => {
  for (const args of [["--help"], ["hinf", "--help"], ["eig", "-h"], ["svd", "-h"], ["kernel", "--help"], ["regress", "-h"], ["info", "--help"]]) {
    const { status, stdout, stderr } = await run(args);
    assert.deepEqual([status, stderr], [0, ""]);
    for (const line of stdout.split("\n")) assert.ok([...line].length <= 80, line);
    assert.match(stdout, /^eigenscope/);
  }
  const { version } = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8"));
  assert.equal((await run(["--version"])).stdout, `${version}\n`);
});

test("info --json", async () => {
  const info = await json("info", "--threads", "1");
  assert.deepEqual(Object.keys(info), ["version", "runtime", "variant", "threads", "peakGflops", "gpu"]);
  assert.equal(info.threads, 1);
  assert.equal(info.gpu, null);
  assert.ok(info.peakGflops.f64 > 0.1 && info.peakGflops.f32 > info.peakGflops.f64 * 1.2);
});

test("hinf on the digits: the published numbers, JSON, report", async () => {
  const report = join(folder, "digits.html");
  const result = await json("hinf", "--report", "digits.html");
  assert.deepEqual(Object.keys(result), ["data", "engine", "gram", "exact", "monteCarlo", "warnings"]);
  assert.deepEqual(result.data, { rows: 1797, cols: 64, source: "digits" });
  assert.deepEqual(Object.keys(result.engine), ["version", "runtime", "variant", "threads"]);
  assert.equal(result.gram.rank, 61);
  assert.ok(Math.abs(result.gram.lambdaMin) < 1e-10);
  const { exact, monteCarlo } = result;
  assert.deepEqual(Object.keys(exact), ["lambdaMin", "lambdaMax", "lowerBound", "upperBound", "seconds"]);
  assert.deepEqual(Object.keys(exact.seconds), ["matrix", "spectrum", "certificate"]);
  assert.ok(Math.abs(exact.lambdaMin - 1.34605015e-2) <= 2e-10, `${exact.lambdaMin}`);
  assert.ok(Math.abs(exact.lambdaMax - 468.02948585) <= 1e-8, `${exact.lambdaMax}`);
  assert.ok(exact.lowerBound >= 1.34605e-2 && exact.lowerBound <= exact.lambdaMin && exact.lambdaMin <= exact.upperBound);
  const published = [[1000, 0.003083119205, 463.3133430722], [10000, 0.011119257198, 473.4652146069], [100000, 0.013542090424, 470.2319599105]] as const;
  assert.equal(monteCarlo.length, 3);
  for (const [k, [features, lambdaMin, lambdaMax]] of published.entries()) {
    const row = monteCarlo[k];
    assert.deepEqual(Object.keys(row), ["features", "seed", "lambdaMin", "lambdaMax", "upperConfidence", "seconds"]);
    assert.deepEqual([row.features, row.seed], [features, 0]);
    assert.ok(Math.abs(row.lambdaMin / lambdaMin - 1) < 1e-9, `${row.lambdaMin}`);
    assert.ok(Math.abs(row.lambdaMax / lambdaMax - 1) < 1e-9, `${row.lambdaMax}`);
    assert.ok(row.upperConfidence > row.lambdaMin && row.upperConfidence < 0.03);
  }
  assert.deepEqual(result.warnings, []);
  const html = await readFile(report, "utf8");
  assert.match(html, /^<!doctype html>/);
  assert.match(html, /0\.0134605/);
});

test("hinf for people: at most 80 columns, no colours in a file", async () => {
  const digits = gunzipSync(await readFile(new URL("../examples/data/digits.csv.gz", import.meta.url))).toString();
  await writeFile(join(folder, "some-digits.csv"), digits.split("\n").slice(0, 200).join("\n"));
  const { status, stdout, stderr } = await run(["hinf", "some-digits.csv", "--drop-last-column", "--features", "50,123456"]);
  assert.deepEqual([status, stderr], [0, ""]);
  for (const line of stdout.split("\n")) assert.ok([...line].length <= 80, line);
  assert.doesNotMatch(stdout, /\u001b/);
  for (const expected of ["200 × 64", "rank 5", "123,456 neurons", "≤ λ_min(H∞) ≤", "closed form"]) {
    assert.ok(stdout.includes(expected), expected);
  }
});

test("hinf: one row, more columns than rows, rows that are zero, multiples and opposite", async () => {
  await writeFile(join(folder, "one.csv"), "3,4\n");
  const one = await json("hinf", "one.csv", "--features", "100");
  assert.ok(Math.abs(one.exact.lambdaMin - 0.5) < 1e-15);
  assert.equal(one.monteCarlo.length, 1);
  assert.ok(Math.abs((await json("hinf", "one.csv", "--exact-only", "--no-normalize")).exact.lambdaMin - 12.5) < 1e-13);

  await writeFile(join(folder, "flat.csv"), "x,y,z,w\n1,0,0,0\n0,1,0,0\n");
  const flat = await json("hinf", "flat.csv", "--exact-only");
  assert.ok(Math.abs(flat.exact.lambdaMin - 0.5) < 1e-15);
  assert.match(flat.warnings.join(), /line 1 was skipped as a header/);

  await writeFile(join(folder, "rows.csv"), "1,2\n2,4\n0,0\n-1,-2\n");
  const rows = await json("hinf", "rows.csv", "--exact-only", "--no-normalize");
  assert.match(rows.warnings.join("\n"), /row 3 is zero.*\n.*rows 1 and 2 .*multiples.*\n.*rows 1 and 4.* are opposite/s);
  assert.equal(rows.exact.lowerBound, 0);
  const { stdout } = await run(["hinf", "rows.csv", "--features", "10"]);
  assert.match(stdout, /! row 3 is zero/);

  await writeFile(join(folder, "overflow.csv"), "1e200,2e200\n3e200,-1e200\n");
  assertFails(await run(["hinf", "overflow.csv", "--no-normalize"]), "ERR_NOT_FINITE", /square of row 1 of X overflows/);
});

test("hinf reads every kind of file alike, and drops the last column", async () => {
  for (const name of ["f8.npy", "i2.npy", "f4.npy", "fortran.npy", "big_f8.npy", "version3.npy", "one.npz"]) await copyFile(join(FIXTURES, name), join(folder, name));
  const names = ["f8.npy", "i2.npy", "f4.npy", "fortran.npy", "big_f8.npy", "version3.npy", "one.npz"];
  const results = await Promise.all(names.map((name) => json("hinf", name, "--exact-only")));
  for (const { exact, data } of results) {
    assert.deepEqual([data.rows, data.cols], [3, 4]);
    assert.equal(exact.lambdaMin, results[0].exact.lambdaMin);
  }
  assert.equal((await json("hinf", "f8.npy", "--exact-only", "--drop-last-column")).data.cols, 3);
});

test("eig: values ascending, vectors that satisfy A·V = V·Λ", async () => {
  const A = fromRows([[2, -1, 0], [-1, 2, -1], [0, -1, 2]]);
  await writeFile(join(folder, "a.npy"), formatNpy(A));
  const { n, values, info } = await json("eig", "a.npy", "--vectors", "v.npy");
  assert.equal(n, 3);
  assert.equal(typeof info, "object");
  const expected = [2 - Math.SQRT2, 2, 2 + Math.SQRT2];
  for (const [k, value] of values.entries()) assert.ok(Math.abs(value - expected[k]!) < 1e-14);
  const V = parseNpy(await readFile(join(folder, "v.npy")));
  for (let j = 0; j < 3; j++) {
    for (let i = 0; i < 3; i++) {
      const left = [0, 1, 2].reduce((sum, k) => sum + A.data[3 * i + k]! * V.data[3 * k + j]!, 0);
      assert.ok(Math.abs(left - values[j] * V.data[3 * i + j]!) < 1e-14);
    }
  }
  const { stdout } = await run(["eig", "a.npy"]);
  const lines = stdout.trimEnd().split("\n").filter((line) => !line.startsWith("#"));
  assert.deepEqual(lines.map(Number).map((x) => x.toFixed(12)), expected.map((x) => x.toFixed(12)));
});

/** The second difference: eigenvalues, and singular values, 2 − 2·cos(kπ/(n + 1)). */
async function path(name: string, n: number): Promise<number[]> {
  const data = Float64Array.from({ length: n * n }, (_, e) => [2, -1][Math.abs(Math.floor(e / n) - (e % n))] ?? 0);
  await writeFile(join(folder, name), formatNpy({ data, rows: n, cols: n }));
  return Array.from({ length: n }, (_, k) => 2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1)));
}

const near = (values: number[], expected: number[], tol = 1e-12) => {
  assert.equal(values.length, expected.length);
  values.forEach((x, k) => assert.ok(Math.abs(x - expected[k]!) < tol, `${x} ${expected[k]}`));
};

test("eig: a part of the spectrum, by each method", async () => {
  const all = await path("path.npy", 60);
  const first = await json("eig", "path.npy", "--k", "3", "--which", "smallest", "--vectors", "k.npy");
  near(first.values, all.slice(0, 3));
  assert.equal(first.residuals.length, 3);
  assert.ok(first.residuals.every((r: number) => r < 1e-9));
  assert.match(first.info.method, /lanczos/);
  assert.equal(parseNpy(await readFile(join(folder, "k.npy"))).cols, 3);
  near((await json("eig", "path.npy", "--k", "4", "--which", "both", "--method", "lanczos")).values, [...all.slice(0, 2), ...all.slice(-2)]);
  near((await json("eig", "path.npy", "--k", "2")).values, all.slice(-2));
  near((await json("eig", "path.npy", "--subset", "5:9")).values, all.slice(5, 9));
  near((await json("eig", "path.npy", "--subset=-2:", "--vectors", "two.npy")).values, all.slice(-2));
  assert.equal(parseNpy(await readFile(join(folder, "two.npy"))).cols, 2);
  const jacobi = await json("eig", "path.npy", "--method", "jacobi");
  near(jacobi.values, all);
  assert.equal(jacobi.info.method, "jacobi");
  near((await json("eig", "path.npy", "--method", "tridiagonal")).values, all);
});

test("svd: all and some singular values, by each method, with vectors", async () => {
  const all = (await path("path.npy", 60)).reverse();
  for (const method of ["auto", "golub-kahan", "jacobi"]) {
    const { rows, cols, values, info } = await json("svd", "path.npy", "--method", method);
    assert.deepEqual([rows, cols], [60, 60]);
    near(values, all);
    assert.equal(info.method, method === "auto" ? "golub-kahan" : method);
  }
  const some = await json("svd", "path.npy", "--k", "5");
  near(some.values, all.slice(0, 5));
  assert.equal(some.residuals.length, 5);
  near((await json("svd", "path.npy", "--k", "5", "--method", "golub-kahan")).values, all.slice(0, 5));
  const random = await json("svd", "path.npy", "--k", "20", "--method", "randomized", "--oversampling", "30", "--power-iterations", "6", "--seed", "3");
  near(random.values, all.slice(0, 20), 1e-3);
  assert.equal(random.info.method, "randomized");
  await json("svd", "path.npy", "--k", "2", "--u", "u.npy", "--vt", "vt.npy");
  const [u, vt] = await Promise.all(["u.npy", "vt.npy"].map(async (name) => parseNpy(await readFile(join(folder, name)))));
  assert.deepEqual([u!.rows, u!.cols, vt!.rows, vt!.cols], [60, 2, 2, 60]);
});

test("eig and svd: reports, and lines for people", async () => {
  await path("path.npy", 60);
  for (const args of [["eig", "path.npy"], ["eig", "path.npy", "--k", "2"], ["svd", "path.npy"], ["svd", "path.npy", "--k", "2"]]) {
    const { stdout, stderr, status } = await run([...args, "--report", "spectrum.html"]);
    assert.deepEqual([status, stderr], [0, ""]);
    assert.match(stdout, /^# \d+ (eigen|singular )values of path\.npy, (a|de)scending/);
    const html = await readFile(join(folder, "spectrum.html"), "utf8");
    assert.match(html, /path\.npy/);
    assert.doesNotMatch(html, /undefined|>NaN/);
    await rm(join(folder, "spectrum.html"));
  }
});

test("eig and svd: options that do not go together are wrong usage", async () => {
  await path("path.npy", 6);
  const cases: [string[], RegExp][] = [
    [["eig", "path.npy", "--method", "lanczos"], /needs --k/],
    [["eig", "path.npy", "--k", "2", "--method", "jacobi"], /takes --subset/],
    [["eig", "path.npy", "--k", "2", "--subset", "0:1"], /exclude each other/],
    [["eig", "path.npy", "--which", "both"], /--which needs --k/],
    [["eig", "path.npy", "--k", "2", "--which", "middle"], /expected largest, smallest, both or magnitude/],
    [["eig", "path.npy", "--method", "qr"], /expected auto, tridiagonal, jacobi or lanczos/],
    [["eig", "path.npy", "--subset", "3"], /expected two indices/],
    [["eig", "path.npy", "--subset", "3:9"], /of 6 eigenvalues/],
    [["eig", "path.npy", "--k", "0"], /--k: "0", expected a whole number/],
    [["svd"], /no FILE/],
    [["svd", "path.npy", "--method", "randomized"], /needs --k/],
    [["svd", "path.npy", "--oversampling", "3"], /is for --method randomized/],
    [["svd", "path.npy", "--seed", "3"], /--seed is for/],
    [["svd", "path.npy", "--k", "9", "--method", "jacobi"], /there are 6/],
  ];
  for (const [args, message] of cases) assertFails(await run(args), "ERR_USAGE", message, 2);
  assertFails(await run(["eig", "path.npy", "--k", "7"]), "ERR_OPTION", /k is 7/);
  assertFails(await run(["svd", "path.npy", "--k", "7"]), "ERR_OPTION", /k is 7/);
});

test("an interrupt ends the work: status 130, nothing printed, nothing left", async () => {
  const outcome = await run(["hinf", "--features", "100000000", "--report", "interrupted.html"], (child) => setTimeout(() => child.kill("SIGINT"), 1500));
  assert.deepEqual(outcome, { status: 130, stdout: "", stderr: "" });
  assert.equal(existsSync(join(folder, "interrupted.html")), false);
});

test("a reader that leaves early is no error", async () => {
  await writeFile(join(folder, "two.csv"), "2,1\n1,2\n");
  const outcome = await run(["eig", "two.csv"], (child) => child.stdout!.destroy());
  assert.deepEqual(outcome, { status: 0, stdout: "", stderr: "" });
});
