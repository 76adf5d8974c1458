// eigenscope weights: models of every format from the command line, on the published numbers; what is wrong with a file or a
// layer is said and ends nothing else.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFile, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { formatNpy } from "../bindings/io/index.ts";
import { fromRows } from "../bindings/linalg/matrix.ts";
import { assertFails, folder, json, run } from "./command.ts";
import { diagonal, fill, noiseOf, safetensors } from "./weight-files.ts";

const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

const noise = noiseOf(4);
const bias = fill([10], (e) => e);

/** A network of two layers whose weights grow. */
const checkpoint = (epoch: number) => safetensors({ "fc1.weight": noise([40, 60], epoch), "fc1.bias": bias, "fc2.weight": noise([10, 40], 1), "fc2.bias": bias });

before(async () => {
  const files = {
    "diag.npy": formatNpy(fromRows(Array.from({ length: 10 }, (_, i) => Array.from(diagonal.data).slice(10 * i, 10 * i + 10)))),
    "diag.safetensors": safetensors({ "fc.weight": diagonal, "fc.bias": bias, "norm.running_mean": bias }),
    "conv.safetensors": safetensors({ "conv.weight": noise([8, 4, 3, 3]), "conv.bias": bias, "fc.weight": noise([30, 50]) }),
    "odd.safetensors": safetensors({
      "nan.weight": fill([5, 5], (e) => (e === 7 ? NaN : 1)), "zero.weight": fill([6, 8], () => 0), "row.weight": noise([1, 12]), "column.weight": noise([12, 1]),
      "rank1.weight": fill([7, 9], (e) => (1 + Math.floor(e / 9)) * (1 + (e % 9))), "two.weight": fill([4, 4], (e) => (e % 5 === 0 ? 1 + (e > 7 ? 1 : 0) : 0)), "good.weight": diagonal,
      [`"quoted", <b>é\n\u001b[31m.weight`]: noise([20, 30]),
    }),
    "nan.safetensors": safetensors({ "nan.weight": fill([5, 5], () => NaN), "fc.bias": bias }),
    "empty.safetensors": safetensors({}),
    ...Object.fromEntries([1, 2, 10].map((epoch) => [`epoch-${epoch}.safetensors`, checkpoint(epoch)])),
    "truncated.safetensors": checkpoint(1).subarray(0, -9),
    "text.safetensors": Buffer.from("this is no model"),
  };
  await Promise.all(Object.entries(files).map(([name, bytes]) => writeFile(join(folder, name), bytes)));
});

test("the published layer: every number, the sentence, the metric with both logarithms", async () => {
  for (const file of ["diag.npy", "diag.safetensors"]) {
    const { layers, universalMetric, universalMetricLog10, skipped, warnings, info } = await json("weights", file);
    assert.equal(layers.length, 1);
    const [layer] = layers;
    assert.deepEqual([layer.shape, layer.rows, layer.cols, layer.Q, layer.nTail], [[10, 10], 10, 10, 1, 5]);
    const near = (value: number, expected: number, digits: number) => assert.ok(Math.abs(value - expected) < 10 ** -digits, `${value} ${expected}`);
    near(layer.alpha, 2.84077517926, 11);
    near(layer.sigma, 0.8232196864, 9);
    near(layer.xmin, 3.6, 13);
    near(layer.D, 0.2532378001, 10);
    near(layer.lambdaMax, 10, 13);
    near(layer.stableRank, 3.85, 13);
    near(layer.mu, 3.68155035852, 10);
    near(universalMetric, 6.541126580, 9);
    near(universalMetricLog10, 2.840775179, 9);
    assert.equal(layer.verdict, "regularized and good performance on a test set");
    assert.equal(layer.prediction, "Layer 1 prediction: regularized and good performance on a test set.");
    assert.ok(!("eigenvalues" in layer));
    assert.ok(Array.isArray(warnings) && info.threads >= 1);
    if (file === "diag.safetensors") {
      assert.equal(layer.name, "fc.weight");
      assert.deepEqual(skipped.map(({ name }: { name: string }) => name).sort(), ["fc.bias", "norm.running_mean"]);
      assert.ok(skipped.every(({ reason }: { reason: string }) => reason.length > 3));
    }
  }
});

test("--normalize moves eigenvalues and metric, not α", async () => {
  const [rows, none, longer] = await Promise.all(["rows", "none", "max-dim"].map((scale) => json("weights", "conv.safetensors", "--only", "fc.weight", "--normalize", scale)));
  for (const [other, factor] of [[none, 30], [longer, 30 / 50]] as const) {
    const [a, b] = [rows.layers[0], other.layers[0]];
    assert.ok(Math.abs(b.lambdaMax / (factor * a.lambdaMax) - 1) < 1e-13);
    assert.ok(Math.abs(b.alpha / a.alpha - 1) < 1e-10);
    assert.equal(b.nTail, a.nTail);
    assert.ok(Math.abs(other.universalMetric - rows.universalMetric - a.alpha * Math.log(factor)) < 1e-9);
  }
});

test("--conv, --input-size: three spectra of a convolution, of a dense layer one", async () => {
  const options = [[], ["--conv", "slices"], ["--conv", "fft", "--input-size", "6"], ["--conv", "fft", "--input-size", "6x5"]];
  const models = await Promise.all(options.map((more) => json("weights", "conv.safetensors", "--eigenvalues", ...more)));
  assert.deepEqual(models.map(({ layers }) => layers[0].eigenvalues.length), [8, 9 * 4, 36 * 4, 30 * 4]);
  for (const { layers } of models) assert.deepEqual(layers[1].eigenvalues, models[0].layers[1].eigenvalues);
  // Σλ·rows = ‖W‖² in the first two, and for each frequency in the others
  const sum = (k: number) => models[k].layers[0].eigenvalues.reduce((a: number, b: number) => a + b, 0);
  for (const [k, times] of [[1, 1], [2, 36], [3, 30]] as const) assert.ok(Math.abs(sum(k) / (times * sum(0)) - 1) < 1e-12, `${k}`);
});

test("--ks, --compat: other fits of the same spectrum", async () => {
  const fits = (...more: string[]) => json("weights", "conv.safetensors", ...more).then(({ layers }) => layers);
  const [given, same, both, small] = await Promise.all([
    fits(), fits("--ks", "powerlaw", "--compat", "1.x"), fits("--ks", "two-sided"), fits("--compat", "weightwatcher"),
  ]);
  assert.deepEqual(same, given);
  // the other side of the steps counts too
  assert.ok(both[0].D > given[0].D && both[1].D > given[1].D, `${both[0].D} ${both[1].D}`);
  // WeightWatcher corrects α of fewer than 20 values
  assert.notEqual(small[0].alpha, given[0].alpha);
  assert.equal(small[1].alpha, given[1].alpha);
});

test("--randomize, --bootstrap: the same of the same seed", async () => {
  const args = ["weights", "conv.safetensors", "--only", "fc.*", "--randomize", "--bootstrap", "20", "--seed"];
  const [one, same, other] = await Promise.all(["7", "7", "8"].map((seed) => json(...args, seed)));
  assert.deepEqual(same.layers, one.layers);
  const [layer] = one.layers;
  assert.ok(layer.randomized.lambdaMax > 0);
  assert.notEqual(other.layers[0].randomized.lambdaMax, layer.randomized.lambdaMax);
  const { p, alpha: { interval }, replicas } = layer.bootstrap;
  assert.ok(p >= 0 && p <= 1 && replicas === 20);
  assert.ok(interval[0] <= layer.alpha && layer.alpha <= interval[1]);
  const { distance, lambdaMax, spikes } = layer.randomized;
  const { stdout } = await run([...args, "7", "--csv", "p.csv", "--report", "p.html"]);
  assert.match(stdout, /spikes +p +95 % of α +permuted +verdict\n/);
  const shown = (x: number, decimals: number) => x.toFixed(decimals).replace(".", "\\.");
  assert.match(stdout, new RegExp(` ${p === 0 ? "<0\\.05" : shown(p, 3)} +${shown(interval[0], 2)} to ${shown(interval[1], 2)} +${shown(distance, 3)} `));
  const [head, row] = (await readFile(join(folder, "p.csv"), "utf8")).split("\r\n").map((line) => line.replace(/"[^"]*"/g, "quoted").split(","));
  for (const [column, value] of Object.entries({ p, alphaLower: interval[0], alphaUpper: interval[1], randomizedDistance: distance, randomizedLambdaMax: lambdaMax, randomizedSpikes: spikes })) {
    assert.equal(Number(row![head!.indexOf(column)]), value, column);
  }
  const html = await readFile(join(folder, "p.html"), "utf8");
  assert.match(html, /Bootstrap of 20: p /);
  assert.match(html, /With its entries permuted: λ_max \d/);
});

test("--compare: the law of each tail", async () => {
  const { layers: [layer] } = await json("weights", "conv.safetensors", "--only", "fc.weight", "--compare");
  assert.equal(layer.alternatives.against.length, 4);
  const { stdout } = await run(["weights", "diag.npy", "--compare"]);
  assert.match(stdout, /spikes +law +verdict\n/);
  // five values tell no law from another
  assert.match(stdout, /2\.84 ± 0\.82 .* power law +regularized/);
});

test("--only takes names and patterns", async () => {
  const names = async (only: string) => (await json("weights", "epoch-1.safetensors", "--only", only)).layers.map(({ name }: { name: string }) => name);
  assert.deepEqual(await names("fc2.weight"), ["fc2.weight"]);
  assert.deepEqual(await names("fc*.weight"), ["fc1.weight", "fc2.weight"]);
  assert.deepEqual(await names("fc2.weight,fc1.weight"), ["fc1.weight", "fc2.weight"]);
  assertFails(await run(["weights", "epoch-1.safetensors", "--only", "fc3*"]), "ERR_OPTION", /"fc3\*"/);
});

test("--threads changes no bit", async () => {
  const [one, two] = await Promise.all(["1", "2"].map((threads) => json("weights", "conv.safetensors", "--eigenvalues", "--threads", threads)));
  assert.deepEqual(one.layers, two.layers);
});

test("several models are a series, by their numbers where the names differ in these alone", async () => {
  const files = [10, 1, 2].map((epoch) => `epoch-${epoch}.safetensors`);
  const { models } = await json("weights", ...files);
  assert.deepEqual(models.map(({ file }: { file: string }) => file), [1, 2, 10].map((epoch) => `epoch-${epoch}.safetensors`));
  const single = await json("weights", "epoch-2.safetensors");
  for (const key of ["layers", "universalMetric", "universalMetricLog10", "skipped", "warnings"]) assert.deepEqual(models[1][key], single[key], key);

  const { stdout } = await run(["weights", ...files]);
  assert.match(stdout, /α +epoch-1 +epoch-2 +epoch-10\n/);
  for (const [name, of] of [["fc1\\.weight", 0], ["fc2\\.weight", 1]] as const) {
    const alphas = models.map(({ layers }: { layers: { alpha: number }[] }) => layers[of]!.alpha.toFixed(2)).join(" +");
    assert.match(stdout, new RegExp(`${name} +${alphas}\n`));
  }
  assert.match(stdout, /metric, ln +/);
  assert.match(stdout, /metric, log₁₀ +/);
  // the last in full, whose layers the warnings are of
  assert.match(stdout, /\n {2}epoch-10\.safetensors\n\n {2}layer .*\n {2}fc1\.weight +40×60 /);

  // otherwise in the order given
  await copyFile(join(folder, "epoch-1.safetensors"), join(folder, "init.safetensors"));
  const mixed = await json("weights", "init.safetensors", "epoch-2.safetensors", "epoch-1.safetensors");
  assert.deepEqual(mixed.models.map(({ file }: { file: string }) => file), ["init.safetensors", "epoch-2.safetensors", "epoch-1.safetensors"]);
  // models without a layer in common: a table each
  const apart = (await run(["weights", "conv.safetensors", "epoch-1.safetensors"])).stdout;
  assert.equal(apart.match(/α ± σ/g)!.length, 2);
  assert.equal(apart.match(/\(log₁₀\)/g)!.length, 2);
});

test("--csv and --report write files", async () => {
  const { status, stdout } = await run(["weights", "epoch-1.safetensors", "epoch-2.safetensors", "--csv", "out.csv", "--report", "out.html"]);
  assert.equal(status, 0);
  assert.match(stdout, /out\.csv/);
  const csv = await readFile(join(folder, "out.csv"), "utf8");
  assert.equal(csv.split("\r\n").length, 1 + 4 + 1);
  assert.match(csv, /^file,layer,name,kind,shape,rows,cols,matrices,Q,alpha,sigma,xmin,D,nTail,/);
  const html = await readFile(join(folder, "out.html"), "utf8");
  assert.match(html, /Layer 2 prediction: /);
  assert.match(html, /id="metric"/);
});

test("layers that have no fit: null with the reason, no NaN, the others are there", async () => {
  const { layers, skipped, universalMetric } = await json("weights", "odd.safetensors");
  const of = (name: string) => layers.find((layer: { name: string }) => layer.name === name);
  for (const name of ["zero.weight", "row.weight", "column.weight", "rank1.weight", "two.weight"]) {
    const layer = of(name);
    assert.deepEqual([layer.alpha, layer.sigma, layer.xmin, layer.D, layer.mu], [null, null, null, null, null], name);
    assert.ok(layer.reason.length > 5, name);
    assert.equal(layer.verdict, "very likely not trained and not regularized");
    assert.equal(typeof layer.lambdaMax, "number");
    assert.equal(typeof layer.stableRank, "number");
  }
  assert.match(skipped.find(({ name }: { name: string }) => name === "nan.weight").reason, /NaN/);
  assert.ok(Math.abs(of("good.weight").alpha - 2.84077517926) < 1e-10);
  assert.equal(typeof universalMetric, "number");

  const { status, stdout } = await run(["weights", "odd.safetensors", "--csv", "odd.csv", "--report", "odd.html"]);
  assert.equal(status, 0);
  assert.match(stdout, /zero\.weight +6×8 .*no fit/);
  // a name can't write to the terminal
  assert.ok(!stdout.includes("\u001b") && stdout.includes("é"));
  assert.doesNotMatch(stdout, /undefined|NaN ±/);
  assert.doesNotMatch(await readFile(join(folder, "odd.html"), "utf8"), /<b>é/);
});

test("what was computed is said with every result", async () => {
  const args = ["weights", "conv.safetensors", "--conv", "fft", "--input-size", "6x5", "--ks", "two-sided", "--compat", "2.x", "--only", "conv.*,fc.*", "--seed", "3", "--randomize"];
  const { info } = await json(...args);
  const { normalize, conv, inputSize, ks, compat, only, randomize } = info;
  assert.deepEqual({ normalize, conv, inputSize, ks, compat, only, randomize },
    { normalize: "rows", conv: "fft", inputSize: [6, 5], ks: "twoSided", compat: "2.x", only: ["conv.*", "fc.*"], randomize: 3 });
  const { stdout } = await run([...args, "--report", "how.html"]);
  const how = "σ² ÷ rows of each weight matrix; convolutions: fft on an image of side 6×5; fit as powerlaw 2.x, by the two-sided distance";
  assert.ok(stdout.replace(/\s+/g, " ").includes(`eigenvalues ${how}`), stdout);
  assert.ok((await readFile(join(folder, "how.html"), "utf8")).includes(`Eigenvalues are ${how}.`));
});

test("every format", async () => {
  const files = ["models/library.safetensors", "models/model.safetensors.index.json", "models/torch2.pt", "models/legacy.pt", "models/named.npz", "onnx/convnet.onnx", "onnx/external.onnx"].map(fixture);
  const formats = ["safetensors", "safetensors", "pytorch", "pytorch", "npz", "onnx", "onnx"];
  const { models } = await json("weights", ...files);
  assert.deepEqual(models.map(({ format }: { format: string }) => format), formats);
  for (const { layers } of models) assert.ok(layers.length > 0);
});

test("bad files: one line with its code, nothing on stdout", async () => {
  await mkdir(join(folder, "alone"));
  await copyFile(fixture("onnx/external.onnx"), join(folder, "alone/external.onnx"));
  await copyFile(fixture("models/model.safetensors.index.json"), join(folder, "alone/model.safetensors.index.json"));
  const cases = [
    ["none.safetensors", "ERR_FILE", /none\.safetensors: no such file/],
    ["truncated.safetensors", "ERR_FORMAT", /truncated\.safetensors: /],
    ["text.safetensors", "ERR_FORMAT", /text\.safetensors: /],
    ["alone/external.onnx", "ERR_FILE", /external\.bin.*no such file/],
    ["alone/model.safetensors.index.json", "ERR_FILE", /model-00001-of-00002\.safetensors.*no such file/],
    [fixture("models/calls.pt"), "ERR_FORMAT", /calls\.pt: .*os|posix|system/],
    ["nan.safetensors", "ERR_FORMAT", /nan\.safetensors: no layer has a spectrum.*NaN/],
    ["empty.safetensors", "ERR_FORMAT", /empty\.safetensors: no layer has a spectrum/],
  ] as const;
  await Promise.all(cases.map(async ([file, code, message]) => assertFails(await run(["weights", file, "--json"]), code, message)));
  // the good one before it is not printed
  assertFails(await run(["weights", "diag.npy", "truncated.safetensors"]), "ERR_FORMAT", /truncated/);
  assertFails(await run(["weights", "diag.npy", "--report", "nowhere/out.html"]), "ERR_FILE", /nowhere/);
});

test("a model is not written over, nor one output by the other", async () => {
  const bytes = await readFile(join(folder, "diag.npy"));
  await symlink("diag.npy", join(folder, "link.html"));
  for (const outputs of [["--csv", "./diag.npy"], ["--report", "diag.npy"], ["--report", "link.html"]]) {
    assertFails(await run(["weights", "epoch-1.safetensors", "diag.npy", ...outputs]), "ERR_FILE", /would be written over diag\.npy/);
  }
  assertFails(await run(["weights", "diag.npy", "--csv", "both", "--report", "./both"]), "ERR_FILE", /would be written over both/);
  assertFails(await run(["weights", "diag.npy", "--csv", "-"]), "ERR_FILE", /-: expected the name of a file/);
  assert.deepEqual(await readFile(join(folder, "diag.npy")), bytes);
});

test("a named pipe is refused, and not waited for", { skip: process.platform === "win32" && "has none" }, async () => {
  execFileSync("mkfifo", [join(folder, "pipe.pt")]);
  assertFails(await run(["weights", "pipe.pt"]), "ERR_FILE", /pipe\.pt: is no regular file/);
});

test("wrong usage", async () => {
  const cases: [string[], RegExp][] = [
    [[], /no MODEL/],
    [["diag.npy", "--normalize", "cols"], /--normalize: "cols", expected rows, none or max-dim/],
    [["diag.npy", "--conv", "same"], /--conv/],
    [["diag.npy", "--input-size", "8"], /--input-size is for --conv fft/],
    [["diag.npy", "--conv", "fft", "--input-size", "8x"], /--input-size/],
    [["diag.npy", "--ks", "both"], /--ks/],
    [["diag.npy", "--compat", "3.x"], /--compat/],
    [["diag.npy", "--ks", "two-sided", "--compat", "weightwatcher"], /exclude each other/],
    [["diag.npy", "--bootstrap", "0"], /--bootstrap/],
    [["diag.npy", "--seed", "1"], /--seed is for --randomize or --bootstrap/],
    [["diag.npy", "--eigenvalues"], /--eigenvalues is for --json/],
    [["diag.npy", "--wat"], /--wat/],
    [["diag.npy", "--csv", ""], /--csv: is empty/],
    [[""], /the name of a file is empty/],
  ];
  await Promise.all(cases.map(async ([args, message]) => assertFails(await run(["weights", ...args]), "ERR_USAGE", message, 2)));
  const { status, stdout } = await run(["weights", "--help"]);
  assert.equal(status, 0);
  for (const option of ["--normalize", "--conv", "--input-size", "--ks", "--compat", "--randomize", "--bootstrap", "--compare", "--seed", "--only", "--json", "--csv", "--report", "--threads", "--eigenvalues"]) {
    assert.ok(stdout.includes(option), option);
  }
  assert.ok(stdout.split("\n").every((line) => line.length <= 80));
});
