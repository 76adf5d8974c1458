// TensorFlow.js: the models of face-api, topologies, quantisation, and manifests that lie.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { FormatError } from "../bindings/errors.ts";
import { parseTfjs } from "../bindings/io/index.ts";
import type { NamedSource } from "../bindings/io/tensors.ts";

const FOLDER = new URL("../node_modules/@vladmandic/face-api/model/", import.meta.url);
const shards: NamedSource[] = readdirSync(FOLDER).filter((name) => name.endsWith(".bin"))
  .map((name) => ({ name, source: new Blob([readFileSync(new URL(name, FOLDER))]) }));
const manifests = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));

for (const name of manifests) {
  test(`face-api's ${name} is read whole`, async () => {
    const model = await parseTfjs(readFileSync(new URL(name, FOLDER)), shards, name);
    assert.deepEqual(model.warnings, []);
    assert.ok(model.skipped.every(({ reason }) => reason === "int32 quantised in uint8, expected float32"));
    assert.ok(model.tensors.length >= 19);
    for (const tensor of model.tensors) {
      const data = await tensor.data();
      assert.ok(data instanceof Float32Array && data.every(Number.isFinite));
      assert.equal(data.length, tensor.shape.reduce((a, b) => a * b, 1));
      assert.equal(tensor.layout, "io");
      assert.equal(tensor.quantized ?? false, tensor.dtype !== "f32");
    }
  });
}

test("the numbers of a quantised model are numpy's to the last bit", async () => {
  const expected = JSON.parse(readFileSync(new URL("./fixtures/tfjs.json", import.meta.url), "utf8"));
  const model = await parseTfjs(readFileSync(new URL("face_expression_model-weights_manifest.json", FOLDER)), shards);
  const found = await Promise.all(model.tensors.map(async ({ name, shape, data }) => {
    const digest = createHash("sha256").update(new Uint8Array((await data()).buffer)).digest("hex").slice(0, 16);
    return [name, [shape, digest]];
  }));
  assert.deepEqual(Object.fromEntries(found), expected);
});

// ---- models of a few numbers ----

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const bytesOf = (data: { buffer: ArrayBuffer }) => new Uint8Array(data.buffer);
const weight = (name: string, shape: number[], rest: object = {}) => ({ name, shape, dtype: "float32", ...rest });
const parse = (manifest: unknown, ...sources: Uint8Array[]) =>
  parseTfjs(json(manifest), sources.map((source, s) => ({ name: `s${s}.bin`, source })), "m.json");
const paths = ["s0.bin"];

test("a tensor may lie across shards, and groups begin anew", async () => {
  const numbers = Float32Array.from({ length: 10 }, (_, k) => k + 0.5);
  const bytes = bytesOf(numbers);
  const { tensors } = await parse([
    { paths: ["./s0.bin", "s1.bin", "s2.bin"], weights: [weight("a", [2, 3]), weight("b", [1]), weight("c", [3])] },
    { paths: ["s0.bin"], weights: [weight("d", [1])] },
  ], bytes.slice(0, 7), bytes.slice(7, 9), bytes.slice(9));
  const found = await Promise.all(tensors.map(async ({ data }) => [...await data()]));
  assert.deepEqual(found, [[...numbers.slice(0, 6)], [6.5], [7.5, 8.5, 9.5], [0.5]]);
});

test("every dtype and quantisation", async () => {
  const parts: [object, Uint8Array, number[]][] = [
    [weight("f", [2]), bytesOf(Float32Array.of(1.5, -2)), [1.5, -2]],
    [weight("i", [2], { dtype: "int32" }), bytesOf(Int32Array.of(-7, 2 ** 30)), [-7, 2 ** 30]],
    [weight("t", [3], { dtype: "string" }), Uint8Array.of(1, 0, 0, 0, 97, 0, 0, 0, 0, 2, 0, 0, 0, 98, 99), []],
    [weight("b", [3], { dtype: "bool" }), Uint8Array.of(1, 0, 1), [1, 0, 1]],
    [weight("z", [1], { dtype: "complex64" }), new Uint8Array(8), []],
    [weight("u", [2], { dtype: "uint8" }), Uint8Array.of(0, 255), [0, 255]],
    [weight("q8", [3], { quantization: { dtype: "uint8", scale: 0.1, min: -1 } }), Uint8Array.of(0, 1, 255),
      [-1, 1 * 0.1 - 1, 255 * 0.1 - 1].map(Math.fround)],
    [weight("q16", [2], { quantization: { dtype: "uint16", scale: 0.001, min: 3 } }), bytesOf(Uint16Array.of(5, 65535)),
      [5 * 0.001 + 3, 65535 * 0.001 + 3].map(Math.fround)],
    [weight("q16f", [2], { quantization: { dtype: "float16" } }), bytesOf(Uint16Array.of(0x3c00, 0xc200)), [1, -3]],
    [weight("qi", [1], { dtype: "int32", quantization: { dtype: "uint8", scale: 1, min: 0 } }), Uint8Array.of(9), []],
  ];
  const { tensors, skipped, warnings } = await parse([{ paths, weights: parts.map(([entry]) => entry) }],
    Uint8Array.from([...parts.flatMap(([, bytes]) => [...bytes]), 0, 0]));
  assert.deepEqual(await Promise.all(tensors.map(async ({ data }) => [...await data()])), parts.map(([, , numbers]) => numbers).filter((n) => n.length));
  assert.deepEqual(skipped.map(({ name, reason }) => `${name}: ${reason}`),
    ["t: strings, not numbers", "z: complex numbers", "qi: int32 quantised in uint8, expected float32"]);
  assert.deepEqual(warnings, ["m.json: group 1: 2 bytes after its last weight are not used"]);
});

test("the layers of a Keras model say what takes a weight in", async () => {
  const layer = (class_name: string, name: string, rest: object = {}) => ({ class_name, config: { name, ...rest } });
  const layers = [
    layer("Dense", "dense_1"), layer("Bidirectional", "both", { layer: layer("LSTM", "lstm") }),
    layer("Functional", "inner", { layers: [layer("Conv2D", "conv", { kernel_initializer: layer("GlorotUniform", "g") })] }),
  ];
  const names = ["dense_1/kernel", "both/lstm/kernel", "inner/conv/kernel", "unknown/kernel"];
  const { tensors } = await parse({
    modelTopology: { model_config: { class_name: "Sequential", config: { name: "net", layers } } },
    weightsManifest: [{ paths, weights: names.map((name) => weight(name, [1])) }],
  }, new Uint8Array(16));
  assert.deepEqual(tensors.map(({ operator }) => operator), ["Dense", "LSTM", "Conv2D", undefined]);
});

test("the nodes of a graph model say what takes a weight in, and turned how", async () => {
  const node = (op: string, input: string[], attr: object = {}, name = op) => ({ op, input, attr, name });
  const { tensors } = await parse({
    modelTopology: { node: [
      node("Const", [], {}, "w"), node("Identity", ["v"], {}, "v/read"), node("MatMul", ["x", "w:0"]),
      node("BatchMatMulV2", ["x", "v/read"], { adj_y: { b: true } }), node("Conv2D", ["x", "k", "^w"]), node("MatMul", ["l", "x"]),
      node("_FusedConv2D", ["x", "y", "bias", "slopes"]),
    ] },
    weightsManifest: [{ paths, weights: ["w", "v", "k", "l", "slopes", "unused"].map((name) => weight(name, [1])) }],
  }, new Uint8Array(24));
  assert.deepEqual(tensors.map(({ operator, layout }) => `${operator} ${layout}`),
    ["MatMul io", "BatchMatMulV2 oi", "Conv2D io", "MatMul oi", "_FusedConv2D.3 io", "undefined io"]);
});

// ---- manifests that lie ----

const rejects = (manifest: Uint8Array | unknown, says: RegExp, ...sources: Uint8Array[]) => {
  const parsed = manifest instanceof Uint8Array ? parseTfjs(manifest, [], "m.json") : parse(manifest, ...sources);
  return assert.rejects(parsed, (error: Error) => {
    assert.ok(error instanceof FormatError, String(error.stack));
    assert.match(error.message, /^m\.json[^\n]*$/);
    assert.match(error.message, says);
    return true;
  });
};

test("what is no manifest is refused", async () => {
  const text = json([{ paths, weights: [weight("a", [1])] }]);
  for (let length = 0; length < text.length; length++) await rejects(text.slice(0, length), /no JSON|no weights manifest/);
  for (const other of [[], {}, null, 3, [3], [{}], [{ paths: 3, weights: [] }], { weightsManifest: {} }, { weightsManifest: [null] }]) {
    if (!(Array.isArray(other) && other.length === 0)) await rejects(other, /no weights manifest/);
  }
});

test("weights beyond the shards are refused before anything is allocated", async () => {
  for (const shape of [[2 ** 53 - 1], [2 ** 50, 2 ** 50, 2 ** 50], [3], [-1], [0.5], ["3"], null]) {
    await rejects([{ paths, weights: [weight("a", shape as number[])] }], /\ba\b.*(ends at byte|shape)/, new Uint8Array(8));
  }
  await rejects([{ paths, weights: [weight("a", [2 ** 50], { dtype: "string" })] }], /strings/, new Uint8Array(64));
  await rejects([{ paths, weights: [weight("a", [1], { dtype: "string" })] }], /ends at byte/, new Uint8Array(8).fill(255));
});

test("what a weight says of itself is checked", async () => {
  const bad = [
    {}, { name: 3 }, weight("a", [1], { dtype: "float64" }), weight("a", [1], { dtype: "constructor" }), weight("a", [1], { dtype: null }),
    weight("a", [1], { quantization: { dtype: "int4", scale: 1, min: 0 } }), weight("a", [1], { quantization: { dtype: "uint8", scale: "1", min: 0 } }),
    weight("a", [1], { quantization: { dtype: "uint8", scale: 1 } }), null, 7,
  ];
  for (const entry of bad) await rejects([{ paths, weights: [entry] }], /expected|has no name/, new Uint8Array(8));
});

test("a group has each file once", async () => {
  await rejects([{ paths: ["s0.bin", "./s0.bin"], weights: [weight("a", [4])] }], /twice/, new Uint8Array(8));
});

test("shards that are missing or outside the folder are named", async () => {
  await rejects([{ paths: ["s0.bin", "gone.bin"], weights: [] }], /gone\.bin.*missing/, new Uint8Array(8));
  for (const path of ["../s0.bin", "/s0.bin", "a/../../s0.bin", "C:/s0.bin", "..\\s0.bin", "https://x/s0.bin", "%2e%2e/s0.bin", 3, "", null]) {
    await rejects([{ paths: [path], weights: [] }], /folder|expected a path/, new Uint8Array(8));
  }
});

test("JSON that is nested without end, or has objects in the place of text", async () => {
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  const noText = '{"toString":1,"valueOf":2}';
  for (const odd of [deep, noText]) {
    const refused = (text: string) => assert.rejects(parseTfjs(new TextEncoder().encode(text), [{ name: "a", source: new Uint8Array(8) }]), FormatError);
    await refused(`[{"paths":[${odd}],"weights":[]}]`);
    await refused(`[{"paths":["a"],"weights":[{"name":"x","shape":${odd},"dtype":"float32"}]}]`);
    await refused(`[{"paths":["a"],"weights":[{"name":"x","shape":[1],"dtype":${odd}}]}]`);
    await refused(`[{"paths":["a"],"weights":[{"name":"x","shape":[1],"dtype":"float32","quantization":{"dtype":"uint8","scale":${odd},"min":0}}]}]`);
    const nodes = `{"op":"MatMul","name":${odd},"input":[${odd},"x"]},{"op":"Identity","name":${odd},"input":[${odd}]}`;
    const weights = `{"name":"x","shape":[2],"dtype":"float32"},{"name":"q","shape":[0],"dtype":${odd},"quantization":{"dtype":"uint8","scale":1,"min":0}}`;
    const text = `{"modelTopology":{"node":[${nodes}]},"weightsManifest":[{"paths":["a"],"weights":[${weights}]}]}`;
    const { tensors, skipped } = await parseTfjs(new TextEncoder().encode(text), [{ name: "a", source: new Uint8Array(8) }]);
    assert.deepEqual([tensors[0]!.operator, skipped.length], ["MatMul", 1]);
  }
});
