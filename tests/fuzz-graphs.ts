// Mutants of ONNX and TensorFlow.js models for tests/fuzz.ts.

import { readFileSync } from "node:fs";
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { parseModel, parseOnnx, parseTfjs, type ModelFile } from "../bindings/io/index.ts";
import { mutateBytes, mutateJson, type FuzzTarget, type Random } from "./fuzz.ts";

const fixture = (name: string) => new Uint8Array(readFileSync(new URL(`./fixtures/onnx/${name}`, import.meta.url)));

async function readAll(model: Promise<ModelFile>): Promise<void> {
  for (const tensor of (await model).tensors) await tensor.data();
}

interface Field { field: number; wireType: WireType; value: Uint8Array }

/** The fields of a message; throws where it is none. */
function fieldsOf(message: Uint8Array): Field[] {
  const reader = new BinaryReader(message);
  const fields: Field[] = [];
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    fields.push({ field, wireType, value: wireType === WireType.LengthDelimited ? reader.bytes() : reader.skip(wireType, field) });
  }
  return fields;
}

function messageOf(fields: Field[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const { field, wireType, value } of fields) {
    writer.tag(field, wireType);
    if (wireType === WireType.LengthDelimited) writer.bytes(value);
    else writer.raw(value);
  }
  return writer.finish();
}

const WHOLE = [0, 1, 2, 3, 7, 10, 16, 17, 21, 22, 99, -1, 2 ** 31, 2 ** 32, 2 ** 53];

/** A message with one of its fields, at some depth, changed; the lengths of what is around it are right. */
function mutateMessage(message: Uint8Array, random: Random, depth = 0): Uint8Array {
  let fields: Field[];
  try {
    fields = fieldsOf(message);
  } catch {
    return mutateBytes(message, random);
  }
  if (fields.length === 0) return mutateBytes(message, random);
  const at = random.below(fields.length);
  const chosen = fields[at]!;
  const other = random.pick(fields);
  if (chosen.wireType === WireType.LengthDelimited && depth < 12 && random.chance(depth < 2 ? 0.95 : 0.7)) {
    fields[at] = { ...chosen, value: mutateMessage(chosen.value, random, depth + 1) };
    return messageOf(fields);
  }
  switch (random.below(5)) {
    case 0: fields.splice(at, 1); break;
    case 1: fields.splice(at, 0, other); break;
    case 2: fields[at] = { ...chosen, field: 1 + random.below(26) }; break;
    case 3: fields[at] = { ...other, field: chosen.field }; break;
    case 4: fields[at] = { ...chosen, wireType: WireType.Varint, value: new BinaryWriter().int64(random.pick(WHOLE)).finish() }; break;
  }
  return messageOf(fields);
}

const external = [{ name: "external.bin", source: fixture("external.bin") }];

export const onnx: FuzzTarget = {
  name: "onnx",
  files: ["mlp", "moves", "sequence", "types", "orientation", "quantized", "nested", "external"].map((name) => fixture(`${name}.onnx`)),
  parse: (bytes) => readAll(parseOnnx(bytes, { name: "fuzz", files: external })),
  header(bytes) {
    if (!fieldsOf(bytes).some(({ field, wireType }) => field === 7 && wireType === WireType.LengthDelimited)) throw new Error("no graph");
  },
  inside: (file, random) => mutateMessage(file, random),
};

// every dtype and quantisation, a topology of layers and one of nodes
const weights = [
  { name: "dense/kernel", shape: [2, 3], dtype: "float32" }, { name: "n", shape: [2], dtype: "int32" },
  { name: "q", shape: [5], dtype: "float32", quantization: { dtype: "uint8", scale: 0.1, min: -1 } },
  { name: "h", shape: [2], dtype: "float32", quantization: { dtype: "float16" } }, { name: "s", shape: [2], dtype: "string" },
  { name: "c", shape: [1], dtype: "complex64" }, { name: "b", shape: [1, 1, 1], dtype: "bool" },
];
const groups = [{ paths: ["one.bin", "two.bin"], weights }, { paths: ["one.bin"], weights: weights.slice(0, 1) }];
const layers = [{ class_name: "Dense", config: { name: "dense", layers: [] } }];
const node = [{ name: "dense/kernel", op: "Const" }, { name: "m", op: "MatMul", input: ["x", "dense/kernel"], attr: { transpose_b: { b: true } } }];
const MANIFESTS = [
  groups, { modelTopology: { model_config: { class_name: "Sequential", config: { layers } } }, weightsManifest: groups },
  { modelTopology: { node }, weightsManifest: groups },
];
const SHARDS = [["one.bin", 24], ["two.bin", 60]].map(([name, size]) => ({ name: String(name), source: new Uint8Array(Number(size)) }));
const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const decode = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));

export const tfjs: FuzzTarget = {
  name: "tfjs",
  files: MANIFESTS.map(encode),
  parse: (bytes) => readAll(parseTfjs(bytes, SHARDS, "fuzz")),
  header: decode,
  inside: (file, random) => encode(mutateJson(decode(file), random)),
};

/** The choice of a reader by the content, with a file beside it that may be what is named. */
export const model: FuzzTarget = {
  name: "model",
  files: [...MANIFESTS.map(encode), fixture("external.onnx"), fixture("mlp.onnx"), encode({ weight_map: { a: "external.bin", b: "one.bin" } })],
  parse: (bytes) => readAll(parseModel([{ name: "fuzz", source: bytes }, ...external, ...SHARDS])),
  header: (bytes) => (bytes[0] === 0x08 ? fieldsOf(bytes) : decode(bytes)),
  inside: (file, random) => (file[0] === 0x08 ? mutateMessage(file, random) : encode(mutateJson(decode(file), random))),
};
