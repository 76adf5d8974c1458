// TensorFlow.js: the weights of a layers or graph model.
//
//   model.json = { modelTopology, weightsManifest }, or the manifest alone, as face-api has it
//   manifest   = [{ paths: ["group1-shard1of2.bin", …], weights: [{ name, shape, dtype, quantization? }, …] }, …]
//
// The files of a group, one after the other, hold its weights, one after the other, little-endian.
//
// Based on: tfjs-core/src/io/types.ts and io_utils.ts (decodeWeights).

import { FormatError } from "../errors.ts";
import { companion, innerPath } from "./companions.ts";
import { Concatenation } from "./concatenation.ts";
import { elementCount, ITEM_SIZE, lazyTensor } from "./decode.ts";
import { isRecord, openSource, parseJson, quoted, shown } from "./source.ts";
import type { ModelFile, NamedSource, Source, StoredTensor, Tensor, TensorDtype } from "./tensors.ts";
import { weightUses, type Use } from "./tfjsTopology.ts";

const DTYPES = new Map<unknown, TensorDtype>([["float32", "f32"], ["int32", "i32"], ["uint8", "u8"], ["bool", "bool"], ["float16", "f16"]]);
const CODES = new Map<unknown, TensorDtype>([["uint8", "u8"], ["uint16", "u16"]]);

interface Group { paths: unknown[]; weights: unknown[] }

/** A weight as the manifest has it, checked; `reason` says why it can't be given as numbers. */
interface Weight {
  name: string;
  shape: number[];
  dtype: TensorDtype;
  /** Bytes in the file. */
  size: number;
  quantization?: { scale: number; min: number };
  reason?: string;
  /** Elements of varying length. */
  strings?: boolean;
}

/**
 * The weights of a TensorFlow.js model: `manifest` is its model.json (a layers or a graph model), or a list of groups
 * of weights alone; `files` are the shards that it names, by their paths within its folder.
 *
 * Kernels are as Keras has them, inputs before outputs (layout "io"); where the model's topology is given, each has the
 * operator that takes it in: the class of its layer ("Dense"), or the op of its node ("MatMul", which may transpose it).
 * Quantised weights (uint8 or uint16, scale and min) are in f32, those stored as float16 exactly. Strings and complex
 * numbers are skipped. Shards that are Blobs are read tensor by tensor.
 *
 * FormatError, before any number is read, if the manifest is not one, names a file outside its folder or one that is
 * not in `files`, or claims more bytes than these have. `name` starts the messages.
 */
export async function parseTfjs(manifest: Source, files: NamedSource[], name = "model.json"): Promise<ModelFile> {
  const { size, read } = openSource(manifest, name);
  const json = parseJson(await read(0, size, "the manifest"), name, "the manifest");
  const useOf = weightUses(json);
  const model: ModelFile = { format: "tfjs", tensors: [], skipped: [], warnings: [] };
  for (const [g, { paths, weights }] of groupsOf(json, name).entries()) {
    const group = `${name}: group ${g + 1}`;
    const inner = paths.map((path) => innerPath(path, group));
    if (new Set(inner).size < inner.length) throw new FormatError(`${group}: names a file twice`);
    const shards = new Concatenation(inner.map((path) => companion(files, path, group)));
    let bytes: Uint8Array | undefined;
    let start = 0;
    for (const weight of weights.map((value, w) => checkWeight(value, `${group}, weight ${w + 1}`))) {
      if (weight.strings) {
        bytes ??= await shards.read(0, shards.size, weight.name);
        weight.size = sizeOfStrings(bytes, start, elementCount(weight.shape), `${name}: ${weight.name}`);
      }
      const end = start + weight.size;
      if (!(end <= shards.size)) {
        throw new FormatError(
          `${name}: ${weight.name} ends at byte ${end} of group ${g + 1}, whose files hold ${shards.size} (${shards.names})`,
        );
      }
      if (weight.reason) model.skipped.push({ name: weight.name, reason: weight.reason });
      else model.tensors.push(tensorOf(weight, shards, start, useOf(weight.name)));
      start = end;
    }
    if (start < shards.size) model.warnings.push(`${group}: ${shards.size - start} bytes after its last weight are not used`);
  }
  return model;
}

/** The paths of the files that a manifest names. */
export function tfjsPaths(json: unknown, name: string): string[] {
  return groupsOf(json, name).flatMap(({ paths }) => paths.map((path) => innerPath(path, name)));
}

/** Whether JSON is a TensorFlow.js model or manifest. */
export const isTfjs = (json: unknown) =>
  Array.isArray(json) ? json.length > 0 && json.every(isGroup) : isRecord(json) && "weightsManifest" in json;

function groupsOf(json: unknown, name: string): Group[] {
  const groups = Array.isArray(json) ? json : isRecord(json) ? json.weightsManifest : undefined;
  if (!Array.isArray(groups) || !groups.every(isGroup)) {
    throw new FormatError(`${name}: no weights manifest of TensorFlow.js, expected a list of { paths, weights }`);
  }
  return groups;
}

const isGroup = (value: unknown): value is Group => isRecord(value) && Array.isArray(value.paths) && Array.isArray(value.weights);

function checkWeight(value: unknown, where: string): Weight {
  const { name, shape, dtype, quantization } = (isRecord(value) ? value : {}) as Record<string, unknown>;
  if (typeof name !== "string") throw new FormatError(`${where}: has no name`);
  const at = `${where} (${quoted(name)})`;
  if (!Array.isArray(shape) || !shape.every((n) => Number.isSafeInteger(n) && n >= 0)) {
    throw new FormatError(`${at}: shape ${shown(shape)}, expected whole numbers of 0 or more`);
  }
  const count = elementCount(shape);
  if (isRecord(quantization)) return checkQuantized(name, shape, count, dtype, quantization, at);
  const base = { name, shape, dtype: "u8" as const };
  if (dtype === "string") return { ...base, size: NaN, strings: true, reason: "strings, not numbers" };
  if (dtype === "complex64") return { ...base, size: 8 * count, reason: "complex numbers" };
  const known = DTYPES.get(dtype);
  if (!known) throw new FormatError(`${at}: dtype ${shown(dtype)}, expected one of ${[...DTYPES.keys()].join(", ")}`);
  return { name, shape, dtype: known, size: count * ITEM_SIZE[known] };
}

function checkQuantized(
  name: string, shape: number[], count: number, dtype: unknown, quantization: Record<string, unknown>, at: string,
): Weight {
  const { dtype: codes, scale, min } = quantization;
  if (codes === "float16") return { name, shape, dtype: "f16", size: 2 * count };
  const stored = CODES.get(codes);
  if (!stored) throw new FormatError(`${at}: quantised in ${shown(codes)}, expected uint8, uint16 or float16`);
  if (!Number.isFinite(scale) || !Number.isFinite(min)) {
    throw new FormatError(`${at}: quantised with scale ${shown(scale)} and min ${shown(min)}, expected finite numbers`);
  }
  const weight: Weight = { name, shape, dtype: stored, size: count * ITEM_SIZE[stored] };
  // TensorFlow.js rounds what stands for whole numbers
  if (dtype !== "float32") return { ...weight, reason: `${typeof dtype === "string" ? quoted(dtype) : shown(dtype)} quantised in ${codes}, expected float32` };
  return { ...weight, quantization: { scale: scale as number, min: min as number } };
}

function tensorOf({ name, shape, dtype, size, quantization }: Weight, shards: Concatenation, start: number, use?: Use): Tensor {
  return lazyTensor({ name, shape, dtype, layout: "io", ...use, ...(quantization && { quantized: true }) }, async () => {
    const stored: StoredTensor = { shape, dtype, bytes: await shards.read(start, start + size, name) };
    return quantization ? { ...stored, quantization } : stored;
  });
}

/**
 * Bytes of `count` strings from `start`: each is its length, a u32, and as many bytes. Where the next weight lies can
 * only be found by walking over them.
 */
function sizeOfStrings(bytes: Uint8Array, start: number, count: number, name: string): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = start;
  for (let s = 0; s < count; s++) {
    if (at + 4 > bytes.length) throw new FormatError(`${name}: ${count} strings, the files hold ${s}`);
    at += 4 + view.getUint32(at, true);
  }
  return at - start;
}
