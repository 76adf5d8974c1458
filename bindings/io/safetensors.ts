// safetensors: one file, or shards with a model.safetensors.index.json.
//
//   header length: u64 | header: JSON { name: { dtype, shape, data_offsets: [from, to) } } | the numbers
//
// What is accepted is what the reference implementation accepts: the tensors' ranges, in order, are the rest of the
// file without holes or overlaps.
//
// Based on: huggingface/safetensors, README ("Format") and safetensors/src/tensor.rs.

import { FormatError } from "../errors.ts";
import { elementCount, ITEM_SIZE, lazyTensor } from "./decode.ts";
import { isRecord, openSource, parseJson, quoted, type FileReader } from "./source.ts";
import { parseShards } from "./shards.ts";
import type { ModelFile, NamedSource, Source, Tensor, TensorDtype } from "./tensors.ts";

const LONGEST_HEADER = 100_000_000;

const DTYPES = new Map<string, TensorDtype>(Object.entries({
  F64: "f64", F32: "f32", F16: "f16", BF16: "bf16", F8_E4M3: "f8_e4m3", F8_E5M2: "f8_e5m2",
  I64: "i64", I32: "i32", I16: "i16", I8: "i8", U64: "u64", U32: "u32", U16: "u16", U8: "u8", BOOL: "bool",
} as const));

/** A tensor's line of the header; offsets from the end of the header on. */
interface Entry {
  name: string;
  dtype: string;
  shape: number[];
  from: number;
  to: number;
}

/**
 * The tensors of a safetensors file. Only the header is read at first. Dtypes without numbers of their own here (F4,
 * C64, …) are skipped. FormatError if the header is not what the file holds.
 */
export async function parseSafetensors(source: Source, name = "parseSafetensors"): Promise<ModelFile> {
  const file = openSource(source, name);
  const length = new DataView((await file.read(0, 8, "the length of the header")).slice().buffer).getBigUint64(0, true);
  if (length > BigInt(LONGEST_HEADER)) {
    throw new FormatError(`${name}: a header of ${length} bytes, expected at most ${LONGEST_HEADER}; this is no safetensors file`);
  }
  const start = 8 + Number(length);
  const header = await file.read(8, Number(length), "the header");
  const entries = parseHeader(header, name);
  requireContiguous(entries, file.size - start, name);

  const tensors: Tensor[] = [];
  const skipped: ModelFile["skipped"] = [];
  for (const entry of entries) {
    const dtype = DTYPES.get(entry.dtype);
    if (dtype) tensors.push(tensorOf(file, start, entry, dtype));
    else skipped.push({ name: entry.name, reason: `its dtype is ${quoted(entry.dtype)}` });
  }
  return { format: "safetensors", tensors, skipped, warnings: [] };
}

/**
 * The tensors of a model in shards: `index` is its model.safetensors.index.json, which says for each tensor in which
 * of the `shards` it is. Of each shard that it names only the header is read at first. FormatError if a shard is
 * missing, lacks a tensor or would lie outside of the model's folder.
 */
export async function parseSafetensorsShards(
  index: Source, shards: readonly NamedSource[], name = "parseSafetensorsShards",
): Promise<ModelFile> {
  return parseShards(index, shards, name, "safetensors", parseSafetensors);
}

/** The entries, in the order of their numbers. */
function parseHeader(bytes: Uint8Array, name: string): Entry[] {
  if (bytes[0] !== 0x7b) throw new FormatError(`${name}: the header at byte 8 does not start with {, this is no safetensors file`);
  const json = parseJson(bytes, name, "the header at byte 8") as Record<string, unknown>;
  const entries: Entry[] = [];
  for (const [tensor, value] of Object.entries(json)) {
    if (tensor === "__metadata__") {
      if (!isRecord(value) || !Object.values(value).every((text) => typeof text === "string")) {
        throw new FormatError(`${name}: __metadata__ of the header, expected an object of strings`);
      }
    } else entries.push(parseEntry(tensor, value, name));
  }
  // JSON.parse keeps the last of equal names; in a valid header each of these keys is one tensor's
  const listed = new TextDecoder().decode(bytes).match(/"data_offsets"\s*:\s*\[/g)?.length ?? 0;
  if (listed > entries.length) throw new FormatError(`${name}: the header names a tensor twice`);
  return entries.sort((a, b) => a.from - b.from || a.to - b.to);
}

function parseEntry(tensor: string, value: unknown, name: string): Entry {
  const { dtype, shape, data_offsets: offsets } = isRecord(value) ? value : {};
  const whole = (list: unknown): list is number[] => Array.isArray(list) && list.every((n) => Number.isSafeInteger(n) && n >= 0);
  if (typeof dtype !== "string" || !whole(shape) || !whole(offsets) || offsets.length !== 2) {
    throw new FormatError(`${name}: tensor ${quoted(tensor)}, expected { dtype, shape: [sizes], data_offsets: [from, to] }`);
  }
  const [from, to] = offsets as [number, number];
  const known = DTYPES.get(dtype);
  const needed = known ? elementCount(shape) * ITEM_SIZE[known] : to - from;
  if (needed !== to - from || to < from) {
    throw new FormatError(`${name}: tensor ${quoted(tensor)}: shape ${shape.slice(0, 8).join("×")} of ${quoted(dtype)} ` +
      `takes ${needed} bytes, its data_offsets are ${from} to ${to}`);
  }
  return { name: tensor, dtype, shape, from, to };
}

/** From the end of the header to that of the file each byte is one tensor's. */
function requireContiguous(entries: Entry[], size: number, name: string): void {
  let end = 0;
  for (const { name: tensor, from, to } of entries) {
    if (from !== end) throw new FormatError(`${name}: tensor ${quoted(tensor)} starts at ${from} after the header, the one before ends at ${end}`);
    end = to;
  }
  if (end !== size) throw new FormatError(`${name}: the tensors take ${end} bytes after the header, the file holds ${size}${end > size ? ": truncated" : ""}`);
}

function tensorOf(file: FileReader, start: number, { name, shape, from, to }: Entry, dtype: TensorDtype): Tensor {
  return lazyTensor({ name, shape, dtype }, async () => ({ shape, dtype, bytes: await file.read(start + from, to - from, `tensor ${quoted(name)}`) }));
}
