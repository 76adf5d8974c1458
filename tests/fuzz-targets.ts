// The readers that are fuzzed, by `npm test` a little and by `npm run fuzz` at length.

import { readFileSync } from "node:fs";
import { unzipSync, zipSync, type Zippable } from "fflate";
import {
  parseNpyHeader, parseNpyTensor, parseNpzTensors, parsePytorch, parseSafetensors, parseSafetensorsShards, type ModelFile,
} from "../bindings/io/index.ts";
import { isLegacyPytorch, LEGACY_START } from "../bindings/io/pytorchLegacy.ts";
import { zipEntries } from "../bindings/io/zip.ts";
import { readNow } from "../bindings/io/source.ts";
import { model, onnx, tfjs } from "./fuzz-graphs.ts";
import { joined, mutateBytes, mutateJson, type FuzzTarget, type Random } from "./fuzz.ts";
import { readModel } from "./models.ts";

/** All numbers of a model. */
export async function readAll(model: Promise<ModelFile>): Promise<void> {
  for (const tensor of (await model).tensors) await tensor.data();
}

export const zipDirectory = (bytes: Uint8Array) => readNow(bytes, zipEntries(bytes.length, "fuzz"), "fuzz");

const npy = (name: string) => new Uint8Array(readFileSync(new URL(`./fixtures/npy/${name}.npy`, import.meta.url)));

const safetensors: FuzzTarget = {
  name: "safetensors",
  files: [readModel("kinds.safetensors"), readModel("library.safetensors")],
  parse: (bytes) => readAll(parseSafetensors(bytes, "fuzz")),
  header: (bytes) => JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(safeHeader(bytes))),
  inside(file, random) {
    const old = safeHeader(file);
    const data = file.subarray(8 + old.length);
    const text = new TextDecoder().decode(old);
    const mutant = random.chance(0.8) ? JSON.stringify(mutateJson(JSON.parse(text), random)) : text.replace(/\d+/g, (digits) => (random.chance(0.1) ? `${BigInt(digits) * 2n ** BigInt(random.below(62))}` : digits));
    const header = new TextEncoder().encode(mutant);
    const length = new Uint8Array(new BigUint64Array([BigInt(header.length)]).buffer);
    return joined(length, header, random.chance(0.2) ? mutateBytes(data, random) : data);
  },
};

function safeHeader(bytes: Uint8Array): Uint8Array {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0, true));
  if (!(8 + length <= bytes.length)) throw new Error("the header goes beyond the file");
  return bytes.subarray(8, 8 + length);
}

const NPY = ["f8", "big_f2", "i8", "wide_u8", "bool", "cube_fortran", "scalar", "empty", "objects", "record", "version2", "version3"].map(npy);

const npyTarget: FuzzTarget = {
  name: "npy",
  files: NPY,
  parse: (bytes) => readAll(parseNpyTensor(bytes, "fuzz")),
  header: (bytes) => parseNpyHeader(bytes),
  inside: mutateNpy,
};

/** The dict or the numbers changed; the magic and the length of the dict are right. */
function mutateNpy(file: Uint8Array, random: Random): Uint8Array {
  const { offset } = parseNpyHeader(file);
  const version = file[6]!;
  const start = version === 1 ? 10 : 12;
  const data = file.subarray(offset);
  if (random.chance(0.2)) return joined(file.subarray(0, offset), mutateBytes(data, random));
  let text = new TextDecoder("latin1").decode(file.subarray(start, offset));
  for (let n = random.pick([1, 1, 2]); n > 0; n--) {
    switch (random.below(4)) {
      case 0: text = text.replace(/\(.*\)/, `(${Array.from({ length: random.below(5) }, () => random.pick([0, 1, 2, 3, 4, 12, 2 ** 31, 2 ** 53 - 1, 2 ** 30, "1152921504606846976", -1, "2L", "x"])).join(", ")},)`); break;
      case 1: text = text.replace(/'descr': '[^']*'/, `'descr': '${random.pick("<>=|x".split(""))}${random.pick("fiubcOUSVm".split(""))}${random.pick([0, 1, 2, 4, 8, 16, 99])}'`); break;
      case 2: text = text.replace(/True|False/, random.pick(["True", "False", "None"])); break;
      case 3: text = new TextDecoder("latin1").decode(mutateBytes(new TextEncoder().encode(text), random)); break;
    }
  }
  const dict = Uint8Array.from(text, (c) => c.charCodeAt(0));
  const length = new Uint8Array(new Uint32Array([dict.length]).buffer).subarray(0, start - 8);
  return joined(file.subarray(0, 8), length, dict, data);
}

const npz: FuzzTarget = {
  name: "npz",
  files: [readModel("named.npz"), readModel("compressed.npz")],
  parse: (bytes) => readAll(parseNpzTensors(bytes, "fuzz")),
  header: zipDirectory,
  inside: (file, random) => mutateZip(file, random, (entry) => (random.chance(0.7) ? mutateNpy(entry, random) : mutateBytes(entry, random))),
};

/** One of the files in the archive changed, left out, renamed or doubled, or a field of the directory. */
export function mutateZip(file: Uint8Array, random: Random, mutate: (entry: Uint8Array, name: string) => Uint8Array): Uint8Array {
  if (random.chance(0.15)) return mutateDirectory(file, random);
  const entries = unzipSync(file);
  const name = random.pick(Object.keys(entries));
  const level = random.pick([0, 0, 6] as const);
  switch (random.below(12)) {
    case 0: delete entries[name]; break;
    case 1: entries[`${random.pick(["../", "a/", "", "archive/data/"])}${random.below(9)}${name}`] = entries[name]!; break;
    case 2: entries[name] = random.pick(Object.values(entries)); break;
    default: entries[name] = new Uint8Array(mutate(entries[name]!, name));
  }
  return zipSync(entries as Zippable, { level });
}

/** A field of the directory, of a local header or of the end becomes another number. */
function mutateDirectory(file: Uint8Array, random: Random): Uint8Array {
  const bytes = new Uint8Array(file);
  const signatures: number[] = [];
  for (let at = 0; at + 4 <= bytes.length; at++) if (bytes[at] === 0x50 && bytes[at + 1] === 0x4b && bytes[at + 2]! < 8) signatures.push(at);
  const at = random.pick(signatures);
  const field = at + 4 + random.below(Math.min(44, bytes.length - at - 4));
  bytes.set(mutateBytes(bytes.subarray(field, field + 4), random).subarray(0, bytes.length - field), field);
  return bytes;
}

const SHARDS = [1, 2].map((k) => `model-0000${k}-of-00002.safetensors`).map((name) => ({ name, source: readModel(name) }));

const index: FuzzTarget = {
  name: "safetensors-index",
  files: [readModel("model.safetensors.index.json")],
  parse: (bytes) => readAll(parseSafetensorsShards(bytes, SHARDS, "fuzz")),
  header: (bytes) => JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)),
  inside: (file, random) => new TextEncoder().encode(JSON.stringify(mutateJson(JSON.parse(new TextDecoder().decode(file)), random))),
};

const pytorch: FuzzTarget = {
  name: "pytorch",
  files: ["kinds", "protocol4", "views", "checkpoint", "big_endian", "deflated", "torch2", "script", "frozen", "objects", "calls"].map((name) => readModel(`${name}.pt`)),
  parse: (bytes) => readAll(parsePytorch(bytes, "fuzz")),
  header: zipDirectory,
  inside: (file, random) => (random.chance(0.8) ? mutatePickled(file, random) : mutateZip(file, random, (entry) => mutateBytes(entry, random))),
};

const legacy: FuzzTarget = {
  name: "pytorch-legacy",
  files: ["legacy", "legacy4"].map((name) => readModel(`${name}.pt`)),
  parse: (bytes) => readAll(parsePytorch(bytes, "fuzz")),
  header: (bytes) => {
    if (!isLegacyPytorch(bytes)) throw new Error("another start");
  },
  inside(file, random) {
    const start = random.chance(0.9) ? LEGACY_START : 0;
    const text = random.chance(0.8) ? mutatePickle(file.subarray(start), random) : mutateBytes(file.subarray(start), random);
    return joined(file.subarray(0, start), text);
  },
};

function mutatePickled(file: Uint8Array, random: Random): Uint8Array {
  const entries = unzipSync(file);
  const name = Object.keys(entries).find((path) => path.endsWith("data.pkl"))!;
  entries[name] = mutatePickle(entries[name]!, random);
  return zipSync(entries as Zippable, { level: 0 });
}

const latin1 = (bytes: Uint8Array) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");

/** Numbers, names and opcodes of a pickle changed so that most are pickles still. */
function mutatePickle(pickle: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  let text = latin1(pickle);
  const some = (pattern: RegExp, other: () => string) => text.replace(pattern, (found) => (random.chance(0.1) ? other() : found));
  const opcode = () => random.pick(["K\0", "K\x07", "M\xff\xff", "J\xff\xff\xff\xff", "\x8a\x08\0\0\0\0\0\0\0\x10", "\x8a\x09\0\0\0\0\0\0\0\0\x10", "N", ")", "]", "}", "U\x03abc", "h\0"]);
  for (let n = random.pick([1, 1, 2]); n > 0; n--) {
    switch (random.below(5)) {
      case 0: text = some(/K[^]/g, opcode); break;
      case 1: text = some(/(Float|Double|Half|Long|Char)(?=Storage)/g, () => random.pick(["Double", "BFloat16", "Byte", "QInt8", "Quad"])); break;
      case 2: text = some(/h[^]|N|[\x88\x89]/g, opcode); break;
      case 3: text = some(/[tQRbusae]/g, () => random.pick([..."tQRbusae0(.", "\x85", "\x86", "\x87", "\x81", "\x93", "\x94"])); break;
      case 4: text = latin1(mutateBytes(Uint8Array.from(text, (c) => c.charCodeAt(0)), random)); break;
    }
  }
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

export const TARGETS: FuzzTarget[] = [safetensors, index, npyTarget, npz, pytorch, legacy, onnx, tfjs, model];
