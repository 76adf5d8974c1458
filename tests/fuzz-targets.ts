// The readers that are fuzzed, by `npm test` a little and by `npm run fuzz` at length.

import { readFileSync } from "node:fs";
import { unzipSync, zipSync, type Zippable } from "fflate";
import { parseNpyHeader, parseNpyTensor, parseNpzTensors, parseSafetensors, type ModelFile } from "../bindings/io/index.ts";
import { zipEntries } from "../bindings/io/zip.ts";
import { readNow } from "../bindings/io/source.ts";
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

export const TARGETS: FuzzTarget[] = [safetensors, npyTarget, npz];
