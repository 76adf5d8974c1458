// ONNX: models that torch and onnx wrote, and files that lie.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { FormatError } from "../bindings/errors.ts";
import { parseOnnx } from "../bindings/io/index.ts";
import type { NamedSource } from "../bindings/io/tensors.ts";
import { recognise } from "../bindings/weights/recognise.ts";

const read = (name: string) => new Uint8Array(readFileSync(new URL(`./fixtures/onnx/${name}`, import.meta.url)));

interface Expected { shape: number[]; operator: string | null; layout: string; values: number[] }
const expected: Record<string, Record<string, Expected>> = JSON.parse(new TextDecoder().decode(read("values.json")));
const files: NamedSource[] = [{ name: "external.bin", source: read("external.bin") }];

for (const [file, tensors] of Object.entries(expected)) {
  for (const form of ["bytes", "Blob"]) {
    test(`${file}, of ${form}, gives the tensors that Python wrote`, async () => {
      const source = form === "Blob" ? new Blob([read(file)]) : read(file);
      const model = await parseOnnx(source, { name: file, files });
      assert.equal(model.format, "onnx");
      for (const [name, { shape, operator, layout, values }] of Object.entries(tensors)) {
        const tensor = model.tensors.find((each) => each.name === name);
        assert.ok(tensor, `${name} is among ${model.tensors.map((each) => each.name)}`);
        assert.deepEqual(tensor.shape, shape, name);
        assert.equal(tensor.operator ?? null, operator, `${name}'s operator`);
        assert.equal(tensor.layout, layout, `${name}'s layout`);
        const stored = await tensor.stored();
        assert.equal(stored.dtype, tensor.dtype, `${name}'s dtype`);
        assert.equal(stored.quantization !== undefined, tensor.quantized ?? false, `${name} quantised`);
        assert.deepEqual([...await tensor.data()], values, name);
      }
    });
  }
}

test("what cannot be given is skipped with the reason", async () => {
  const skipped = async (file: string) =>
    Object.fromEntries((await parseOnnx(read(file))).skipped.map(({ name, reason }) => [name, reason]));
  assert.deepEqual(await skipped("types.onnx"), { text: "strings, expected numbers", complex: "complex numbers, expected numbers" });
  assert.deepEqual(await skipped("nested.onnx"), { thin: "sparse" });
  assert.deepEqual(await skipped("quantized.onnx"), {
    q_computed: "quantised for DequantizeLinear, by a scale or zero point that is no constant",
    q_packed: "packed for MatMulNBits",
  });
});

test("a convolution's groups are told", async () => {
  const { tensors } = await parseOnnx(read("orientation.onnx"));
  const groups = Object.fromEntries(tensors.map((tensor) => [tensor.name, tensor.groups]));
  assert.deepEqual([groups.grouped, groups.kernel, groups.gemm_b], [2, 1, undefined]);
});

test("a Constant node of sizes is no weight", async () => {
  const { tensors } = await parseOnnx(read("orientation.onnx"));
  assert.ok(!tensors.some(({ name }) => name === "sizes"));
});

// ---- graphs written by hand ----

type Field = [number, Uint8Array | number | string];
/** A message of length-delimited and varint fields. */
function message(...fields: Field[]): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  for (const [field, value] of fields) {
    if (typeof value === "number") writer.tag(field, 0).int64(value);
    else if (typeof value === "string") writer.tag(field, 2).string(value);
    else writer.tag(field, 2).bytes(value);
  }
  return writer.finish();
}
const each = (field: number, values: Field[1][]) => values.map((value): Field => [field, value]);
const initializer = (name: string, dims: number[], type: number, raw: Uint8Array) => message(...each(1, dims), [2, type], [8, name], [9, raw]);
const floats = (name: string, dims: number[]) => initializer(name, dims, 1, new Uint8Array(4 * dims.reduce((a, b) => a * b, 1)));
const list = (name: string, dims: number[], values: number[]) => initializer(name, dims, 7, new Uint8Array(BigInt64Array.from(values, BigInt).buffer));
const attribute = (name: string, value: number | number[] | string) =>
  message([1, name], ...(Array.isArray(value) ? each(8, value) : each(typeof value === "number" ? 3 : 4, [value])));
const node = (op: string, inputs: string[], output: string, attributes: Record<string, number | number[] | string> = {}) => message(
  ...each(1, inputs), [2, output], [4, op], ...each(5, Object.entries(attributes).map(([name, value]) => attribute(name, value))));
const graphOf = (nodes: Uint8Array[], initializers: Uint8Array[]) => message([1, 8], [7, message(...each(1, nodes), ...each(5, initializers))]);

/** How the layers of the constant W come to be, when W goes through these nodes. */
async function found(dims: number[], nodes: Uint8Array[], constants: Uint8Array[] = []) {
  const { tensors } = await parseOnnx(graphOf(nodes, [floats("W", dims), ...constants]));
  return recognise(tensors.find(({ name }) => name === "W")!);
}

test("a list of one index looks up a token, an index alone takes a part of a stack", async () => {
  const picked = (dims: number[], index: number[]) =>
    found(dims, [node("Gather", ["W", "at"], "part"), node("MatMul", ["x", "part"], "y")], [list("at", index, [1])]);
  assert.deepEqual(await picked([9, 6], [1]), { kind: "embedding", layout: "oi" });
  assert.deepEqual(await picked([3, 5, 7], []), { kind: "dense", layout: "io", parts: 3 });
});

test("what a product takes of a stack whose matrices do not lie in one piece is no layer", async () => {
  const last = [node("Gather", ["W", "at"], "part", { axis: 2 }), node("MatMul", ["x", "part"], "y")];
  const middle = [node("Transpose", ["W"], "turned", { perm: [1, 0, 2] }), node("MatMul", ["x", "turned"], "y")];
  for (const nodes of [last, middle]) {
    assert.deepEqual(await found([5, 3, 7], nodes, [list("at", [], [1])]), { reason: "goes into Transpose with 3 dimensions, which make no matrix that is known" });
  }
});

test("dimensions of size 1 that go before a product are none of its matrix", async () => {
  const squeezed = (dims: number[], axes: number[], op: string, attributes = {}) =>
    found(dims, [node("Squeeze", ["W", "axes"], "matrix"), node(op, ["x", "matrix"], "y", attributes)], [list("axes", [axes.length], axes)]);
  assert.deepEqual(await squeezed([6, 4, 1, 1], [2, 3], "Gemm", { transB: 1 }), { kind: "dense", layout: "oi", as: [6, 4] });
  assert.deepEqual(await squeezed([6, 1, 4], [1], "MatMul"), { kind: "dense", layout: "io", as: [6, 4] });
});

test("the equation of an Einsum holds for a part of a stack as for all of it", async () => {
  const nodes = [node("Gather", ["W", "at"], "part"), node("Einsum", ["x", "part"], "y", { equation: "bi,io->bo" })];
  const { tensors } = await parseOnnx(graphOf(nodes, [floats("W", [3, 5, 7]), list("at", [], [1])]));
  assert.equal(tensors[0]!.layout, "io");
});

// ---- files that lie ----

const modelOf = (...graph: [number, Uint8Array][]) => message([1, 8], [7, message(...graph)]);
const withTensor = (...fields: [number, Uint8Array | number | string][]) => modelOf([5, message(...fields)]);
const entry = (key: string, value: string) => message([1, key], [2, value]);

const rejects = (source: Uint8Array<ArrayBuffer>, says: RegExp, given: NamedSource[] = []) =>
  assert.rejects(parseOnnx(source, { name: "m.onnx", files: given }), (error: Error) => {
    assert.ok(error instanceof FormatError, String(error.stack));
    assert.match(error.message, /^m\.onnx: [^\n]+$/);
    assert.match(error.message, says);
    return true;
  });

test("a truncated file is refused at every length", async () => {
  const whole = read("sequence.onnx");
  for (let length = 0; length < whole.length; length += 97) await rejects(whole.slice(0, length), /truncated|damaged|no graph/);
});

test("shapes that the bytes do not fill are refused before anything is allocated", async () => {
  for (const dims of [[2 ** 60], [-1], [2 ** 31, 2 ** 31, 2 ** 31], [3]]) {
    const shape = dims.map((n): [number, number] => [1, n]);
    await rejects(withTensor(...shape, [2, 1], [8, "W"], [9, new Uint8Array(8)]), /W.*shape/);
    await rejects(withTensor(...shape, [2, 1], [8, "W"], [4, new Uint8Array(8)]), /W.*shape/);
    await rejects(withTensor(...shape, [2, 6], [8, "W"], [5, new Uint8Array(8)]), /W.*shape/);
  }
  await rejects(withTensor([1, 1], [2, 1], [8, "W"]), /needs 4 bytes, the file holds 0/);
});

test("numbers that are cut off or too long are refused", async () => {
  for (const numbers of [[1, 128], [128], Array(11).fill(128).concat(1)]) {
    await rejects(withTensor([1, 2], [2, 6], [8, "W"], [5, Uint8Array.from(numbers)]), /damaged|needs 2 numbers/);
  }
  await rejects(withTensor([1, 1], [2, 1], [8, "W"], [4, new Uint8Array(6)]), /needs 1 numbers, the file holds 1\.5/);
});

test("graphs in graphs are followed to a limit, and more nodes than a model has are refused", async () => {
  let graph = message();
  for (let depth = 0; depth < 100; depth++) graph = message([1, message([5, message([6, graph])])]);
  await rejects(message([7, graph]), /more than 32 deep/);
  const lists = (bytes: number) => new Uint8Array(bytes).map((_, k) => (k & 1 ? 0 : 0x0a));
  await rejects(message([7, lists(2 ** 21)]), /more than 524288 nodes/);
  await rejects(message([7, message([1, lists(2 ** 22 + 2)])]), /more than 2097152 inputs and outputs/);
});

test("external data that is missing, short or outside the folder is named", async () => {
  await rejects(read("external.onnx"), /near.*"?external\.bin"?.*missing/);
  await rejects(read("external.onnx"), /far.*holds 40|near.*holds|which has 40/, [{ name: "external.bin", source: new Uint8Array(40) }]);
  const external = (location: string, ...more: Uint8Array[]) => withTensor(
    [1, 1], [2, 1], [8, "W"], [14, 1], [13, entry("location", location)], ...more.map((e): [number, Uint8Array] => [13, e]));
  const outside = [
    "../x", "a/../../x", "/etc/passwd", "C:\\x", "c:x", "..\\x", "file:///x", "%2e%2e/x", "%2Fx", "a\0", "", "..", ".",
  ];
  for (const location of outside) await rejects(external(location), /within the model's folder|expected a path/);
  const source = new Uint8Array(8);
  for (const path of ["./a/w.bin", "a//w.bin", "w.bin"]) {
    const { tensors } = await parseOnnx(external(path, entry("length", "4")), { files: [{ name: "a/w.bin", source }] });
    assert.equal((await tensors[0]!.data()).length, 1);
  }
  for (const [key, value] of [["offset", "-1"], ["offset", "9"], ["length", "1e3"], ["offset", "9".repeat(30)], ["length", "9"]]) {
    await rejects(external("w.bin", entry(key!, value!)), /expected bytes|which has 8/, [{ name: "w.bin", source }]);
  }
});
