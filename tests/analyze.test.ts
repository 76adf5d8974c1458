// The report of a model: what is wrong with one layer is told, and the others go on.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { createEngine } from "../bindings/index.ts";
import { parseModel } from "../bindings/io/index.ts";
import type { StoredTensor, Tensor, TensorDtype } from "../bindings/io/tensors.ts";
import { createCore } from "../bindings/sync.ts";
import { EPS, numbers } from "./harness.ts";

const es = await createEngine({ threads: 2 });
after(() => es.close());

function tensor(name: string, shape: number[], more: Partial<Tensor> & { data?: never; numbers?: ArrayLike<number> } = {}): Tensor {
  const values = Float32Array.from(more.numbers ?? numbers(shape.reduce((a, b) => a * b, 1), name.length + 1));
  const dtype: TensorDtype = more.dtype ?? "f32";
  const stored: StoredTensor = { shape, dtype, bytes: new Uint8Array(values.buffer) };
  const { numbers: _n, ...rest } = more;
  return { name, shape, dtype, layout: "oi", stored: async () => stored, data: async () => values, ...rest };
}

test("layers in their order, the others skipped with the reason, progress from 0 to 1", async () => {
  const model = [
    tensor("conv1.weight", [6, 3, 5, 5]), tensor("conv1.bias", [6]), tensor("fc1.weight", [40, 30]), tensor("bn.running_mean", [40]),
    tensor("rnn.W", [2, 12, 5], { operator: "LSTM" }), tensor("steps", [1], { dtype: "i64" }),
  ];
  const seen: string[] = [];
  const fractions: number[] = [];
  const report = await es.weights.analyze(model, { onLayer: ({ name }) => seen.push(name), onProgress: ({ fraction }) => fractions.push(fraction) });
  const names = ["conv1.weight", "fc1.weight", "rnn.W[0]", "rnn.W[1]"];
  assert.deepEqual(seen, names);
  assert.deepEqual(report.layers.map(({ name }) => name), names);
  assert.deepEqual(report.layers.map(({ rows, cols }) => [rows, cols]), [[6, 75], [40, 30], [12, 5], [12, 5]]);
  assert.deepEqual(report.layers.map(({ kind }) => kind), ["conv2d", "dense", "recurrent", "recurrent"]);
  assert.deepEqual(report.skipped.map(({ name }) => name), ["conv1.bias", "bn.running_mean", "steps"]);
  assert.ok(fractions.every((f, k) => f >= (fractions[k - 1] ?? 0) && f <= 1 + 1e-15));
  assert.ok(Math.abs(fractions.at(-1)! - 1) < 1e-15);
  // the second direction is the second half of the tensor
  const data = (await model[4]!.data()) as Float32Array;
  assert.deepEqual(report.layers[3]!.eigenvalues, await es.weights.esd({ shape: [12, 5], data: data.slice(60) as Float32Array<ArrayBuffer> }));
  const mean = report.layers.reduce((sum, { alpha, lambdaMax }) => sum + alpha! * Math.log(lambdaMax), 0) / 4;
  assert.ok(Math.abs(report.universalMetric! - mean) < 1e-12 * Math.abs(mean));
  assert.ok(Math.abs(report.universalMetricLog10! - mean / Math.LN10) < 1e-12 * Math.abs(mean));
});

test("one bad layer is skipped with its reason, and the rest is there", async () => {
  const model = [
    tensor("nan.weight", [4, 4], { numbers: [1, 2, 3, NaN, ...new Array(12).fill(1)] }),
    tensor("damaged.weight", [4, 4], { stored: async () => { throw new Error("part 2 of the file is missing"); } }),
    tensor("gone.weight", [4, 4], { stored: () => { throw new Error("no file"); } }),
    tensor("none.weight", [4, 4], { stored: async () => null as never }),
    tensor("short.weight", [4, 4], { stored: async () => ({ shape: [4, 4], dtype: "f32", bytes: new Uint8Array(60) }) }),
    tensor("huge.weight", [2 ** 17, 2 ** 17], { numbers: [] }),
    tensor("zero.weight", [4, 4], { numbers: new Float32Array(16) }),
    tensor("fine.weight", [20, 10]),
  ];
  const { layers, skipped, universalMetric } = await es.weights.analyze(model);
  assert.deepEqual(layers.map(({ name }) => name), ["zero.weight", "fine.weight"]);
  assert.equal(layers[0]!.reason, "all weights are 0");
  assert.ok(Math.abs(universalMetric! - layers[1]!.alpha! * Math.log(layers[1]!.lambdaMax)) < 1e-14);
  const reasons = new Map(skipped.map(({ name, reason }) => [name, reason]));
  assert.equal(reasons.get("nan.weight"), "holds NaN at (1, 4), every number must be finite");
  assert.equal(reasons.get("damaged.weight"), "part 2 of the file is missing");
  assert.equal(reasons.get("gone.weight"), "no file");
  assert.match(reasons.get("none.weight")!, /gives null/);
  assert.match(reasons.get("short.weight")!, /needs 64 bytes, there are 60/);
  assert.match(reasons.get("huge.weight")!, /^too large: 131072×131072 numbers take 128\.0 GiB/);
  // what can be unfolded may still be too much for "fft"
  const conv = [tensor("conv.weight", [4, 3, 3, 3]), tensor("stem.weight", [4, 3, 7, 7])];
  const small = await es.weights.analyze(conv, { conv: "fft", inputSize: 5 });
  assert.deepEqual(small.layers.map(({ name }) => name), ["conv.weight"]);
  assert.match(small.skipped[0]!.reason, /inputSize is 5, expected/);
});

test("wrong options are refused before anything is read", async () => {
  let read = 0;
  const model = [tensor("fc.weight", [4, 4], { stored: async () => { throw read++; } })];
  const refused = (options: object, message: RegExp) => assert.rejects(es.weights.analyze(model, options as never), { code: "ERR_OPTION", message });
  await refused({ normalize: "cols" }, /normalize is "cols"/);
  await refused({ only: ["fc.bias"] }, /only has "fc\.bias", the model has no tensor of that name but fc\.weight$/);
  await refused({ only: "fc.weight" }, /expected a list of names/);
  for (const bad of [null, 5, "model", [null], [{ name: "fc.weight" }], { tensors: 3 }]) {
    await assert.rejects(es.weights.analyze(bad as never), { code: "ERR_OPTION", message: /model is none/ });
  }
  assert.equal(read, 0);
});

test("only some layers; tied weights, names that are there twice, and models without layers are told", async () => {
  const values = numbers(60, 1);
  const model = [
    tensor("wte.weight", [10, 6], { numbers: values }), tensor("h.0.fc.weight", [6, 6]), tensor("h.1.fc.weight", [6, 5]),
    tensor("lm_head.weight", [10, 6], { numbers: values }), tensor("h.1.fc.weight", [6, 5]),
  ];
  const { layers, warnings } = await es.weights.analyze(model, { only: ["wte.weight", "h.*.weight", "lm_head*"] });
  assert.equal(layers.length, 5);
  assert.equal(layers[3]!.warnings[0], "has the numbers of wte.weight (tied weights)");
  assert.deepEqual(warnings, ["2 tensors are called h.1.fc.weight"]);
  const some = await es.weights.analyze(model, { only: ["h.0.*"] });
  assert.deepEqual(some.layers.map(({ name }) => name), ["h.0.fc.weight"]);
  assert.deepEqual(some.skipped, []);
  const none = await es.weights.analyze([tensor("fc.bias", [4])]);
  assert.equal(none.universalMetric, null);
  assert.match(none.warnings[0]!, /no layer/);
});

test("models of face-api: quantised, inputs first, depthwise and pointwise", async () => {
  const open = (name: string) => {
    const read = (file: string) => ({ name: file, source: new Uint8Array(readFileSync(new URL(`../node_modules/@vladmandic/face-api/model/${file}`, import.meta.url))) });
    return parseModel([read(`${name}-weights_manifest.json`), read(`${name}.bin`)]);
  };
  const recognition = await open("face_recognition_model");
  const { layers, skipped, universalMetric } = await es.weights.analyze(recognition);
  assert.deepEqual([layers.length, skipped.length], [30, 87]);
  const [stem, head] = [layers[0]!, layers.at(-1)!];
  assert.deepEqual([stem.name, stem.kind, stem.rows, stem.cols, stem.count], ["conv32_down/conv/filters", "conv2d", 32, 147, 32]);
  assert.deepEqual([head.name, head.kind, head.rows, head.cols], ["fc", "dense", 128, 256]);
  assert.ok(layers.every(({ alpha, lambdaMax }) => alpha! > 1 && lambdaMax > 0));
  assert.ok(Number.isFinite(universalMetric));
  // unfolded by hand: 7×7×3×32 numbers, outputs last
  const data = (await recognition.tensors.find(({ name }) => name === stem.name)!.data()) as Float32Array;
  const rows = Array.from({ length: 32 }, (_, o) => Array.from({ length: 147 }, (_, e) => data[e * 32 + o]!));
  const expected = (await es.linalg.svdvals(rows)).map((s) => (s * s) / 32).reverse();
  const largest = expected.at(-1)!;
  assert.ok(stem.eigenvalues.every((value, k) => Math.abs(value - expected[k]!) <= 147 * EPS * largest));
  const expression = await es.weights.analyze(await open("face_expression_model"));
  const depthwise = expression.layers.find(({ name }) => name === "dense0/conv1/depthwise_filter")!;
  assert.deepEqual([depthwise.matrices, depthwise.rows, depthwise.cols, depthwise.count], [32, 1, 9, 32]);
  assert.equal(expression.layers.length, 32);
});

test("weight-normalised layers have the weights that their directions and lengths make", async () => {
  const V = tensor("conv.weight_v", [6, 4, 3]);
  const W = Float64Array.from(await V.data(), Number);
  for (let o = 0; o < 6; o++) {
    const row = W.subarray(12 * o, 12 * (o + 1));
    const norm = Math.hypot(...row);
    row.forEach((value, e) => { row[e] = ((o + 1) * value) / norm; });
  }
  const g = [1, 2, 3, 4, 5, 6];
  const other = (name: string) => name.replace(/weight_g$/, "parametrizations.weight.original0").replace(/weight_v$/, "parametrizations.weight.original1");
  for (const rename of [(name: string) => name, other]) {
    const report = await es.weights.analyze([{ ...tensor(rename("conv.weight_g"), [6, 1, 1], { numbers: g }) }, { ...V, name: rename(V.name) }]);
    assert.deepEqual(report.layers.map(({ name, kind, rows, cols }) => [name, kind, rows, cols]), [["conv.weight", "conv1d", 6, 12]]);
    assert.deepEqual(report.skipped, [{ name: rename("conv.weight_g"), reason: "lengths of a weight-normalised layer" }]);
    const expected = await es.weights.esd({ shape: [6, 4, 3], data: Float32Array.from(W) });
    report.layers[0]!.eigenvalues.forEach((value, k) => assert.ok(Math.abs(value - expected[k]!) <= 2 ** -20 * expected[0]!));
  }
  const recurrent = await es.weights.analyze([tensor("lstm.weight_ih_l0_g", [6, 1], { numbers: g }), tensor("lstm.weight_ih_l0_v", [6, 4])]);
  assert.deepEqual(recurrent.layers.map(({ name, kind }) => [name, kind]), [["lstm.weight_ih_l0", "recurrent"]]);
  // where the directions are 0 there are none, as in PyTorch
  const none = await es.weights.analyze([tensor("fc.weight_g", [2, 1], { numbers: [1, 1] }), tensor("fc.weight_v", [2, 2], { numbers: [0, 0, 3, 4] })]);
  assert.match(none.skipped[1]!.reason, /holds NaN at \(1, 1\)/);
  // along the inputs, and of the whole; lengths that do not fit
  const of = async (shape: number[], numbers: number[]) => es.weights.analyze([tensor("fc.weight_g", shape, { numbers }), tensor("fc.weight_v", [3, 2], { numbers: [3, 4, 0, 3, 4, 0] })]);
  const trace = async (report: ReturnType<typeof of>) => 3 * (await report).layers[0]!.eigenvalues.reduce((a, b) => a + b, 0);
  assert.ok(Math.abs(await trace(of([1, 2], [2, 5])) - 29) < 1e-4);
  assert.ok(Math.abs(await trace(of([], [7])) - 49) < 1e-4);
  assert.match((await of([2, 1], [1, 1])).skipped[1]!.reason, /directions of a weight-normalised layer without its lengths/);
});

test("very many tensors that a file could not give are all told of", async () => {
  const skipped = Array.from({ length: 2 ** 18 }, (_, k) => ({ name: `t${k}`, reason: "it is sparse" }));
  const report = await es.weights.analyze({ format: "pytorch", tensors: [], skipped, warnings: [] });
  assert.equal(report.skipped.length, 2 ** 18);
});

test("an abort between layers rejects with its reason, and reads no further", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  let read = 0;
  const model = ["a.weight", "b.weight", "c.weight"].map((name) => {
    const { stored, ...rest } = tensor(name, [20, 20]);
    return { ...rest, stored: () => (read++, stored()) };
  });
  const onLayer = ({ name }: { name: string }) => { if (name === "b.weight") controller.abort(reason); };
  await assert.rejects(es.weights.analyze(model, { onLayer, signal: controller.signal }), (error) => error === reason);
  assert.equal(read, 2);
  await assert.rejects(es.weights.analyze(model, { signal: AbortSignal.abort(reason) }), (error) => error === reason);
  await assert.rejects(es.weights.analyze(model, { onLayer: () => { throw reason; } }), (error) => error === reason);
});

test("a core gives the report of an engine", async () => {
  const la = await createCore({ threads: 2 });
  try {
    const model = [tensor("fc1.weight", [40, 30]), tensor("fc1.bias", [40])];
    assert.deepEqual(await la.weights.analyze(model), await es.weights.analyze(model));
  } finally {
    la.close();
  }
});
