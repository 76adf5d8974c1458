// NumPy's .npz files: a zip archive, stored or deflated, of .npy files.

import { FormatError } from "../errors.ts";
import type { Matrix } from "../linalg/matrix.ts";
import { lazyTensor } from "./decode.ts";
import {
  npyHeaderEnd, npyLength, npyStored, npyType, parseNpy, parseNpyHeader, shapeText, type NpyHeader,
} from "./npy.ts";
import { openSource, quoted, readFrom, readNow, type Reads } from "./source.ts";
import type { ModelFile, Source } from "./tensors.ts";
import { entryBytes, entryHead, zipEntries, type ZipEntry } from "./zip.ts";

/** Most headers take no more bytes. */
const USUAL_HEADER = 256;

interface NpzArray {
  label: string;
  entry: ZipEntry;
  header: NpyHeader;
}

/** One array of a .npz file: the one called `array`, otherwise the only one with two dimensions, otherwise the only one. */
export function parseNpz(bytes: Uint8Array, name = "npz", array?: string): Matrix<Float64Array> {
  const { arrays } = readNow(bytes, npzArrays(bytes.length, name), name);
  if (arrays.length === 0) throw new FormatError(`${name}: there is no .npy file in the archive`);
  const flat = arrays.filter(({ header }) => header.shape.length === 2);
  const wanted = array !== undefined ? arrays.filter(({ label }) => label === array) : flat.length ? flat : arrays;
  if (wanted.length !== 1) {
    const list = arrays.map(({ label, header }) => `${quoted(label)} (${shapeText(header.shape)})`).join(", ");
    throw new FormatError(`${name}: holds ${list}, expected ${array === undefined ? "one matrix" : `an array ${array}`}`);
  }
  const [{ label, entry }] = wanted as [NpzArray];
  return parseNpy(readNow(bytes, entryBytes(entry, name), name), `${name}[${quoted(label)}]`);
}

/**
 * The arrays of a .npz file. At first only the archive's directory and the arrays' headers are read; an array's
 * checksum is held when its numbers are. What are no real numbers is skipped. FormatError if the archive or a header
 * is damaged, or claims more than there is.
 */
export async function parseNpzTensors(source: Source, name = "parseNpzTensors"): Promise<ModelFile> {
  const file = openSource(source, name);
  const { arrays, others } = await readFrom(file, npzArrays(file.size, name));
  const model: ModelFile = { format: "npz", tensors: [], skipped: [], warnings: [] };
  for (const { label, entry, header } of arrays) {
    const type = npyType(header.descr);
    if ("reason" in type) model.skipped.push({ name: label, reason: `the array holds ${type.reason}` });
    else {
      npyLength(header, type.dtype, entry.size - header.offset, `${name}[${quoted(label)}]`);
      const stored = async () => npyStored(await readFrom(file, entryBytes(entry, name)), header, type, `${name}[${quoted(label)}]`);
      model.tensors.push(lazyTensor({ name: label, shape: header.shape, dtype: type.dtype }, stored));
    }
  }
  model.skipped.push(...others.map((other) => ({ name: other, reason: "it is no .npy file" })));
  return model;
}

/** The arrays of an archive, by their headers, and the names of what else it holds. */
function* npzArrays(size: number, name: string): Reads<{ arrays: NpzArray[]; others: string[] }> {
  const entries = yield* zipEntries(size, name);
  const arrays: NpzArray[] = [];
  for (const entry of entries.filter((file) => file.name.endsWith(".npy"))) {
    const label = entry.name.slice(0, -".npy".length);
    const header = yield* npyHeader(entry, `${name}[${quoted(label)}]`, name);
    arrays.push({ label, entry, header });
  }
  return { arrays, others: entries.filter((file) => !file.name.endsWith(".npy")).map((file) => file.name) };
}

function* npyHeader(entry: ZipEntry, label: string, name: string): Reads<NpyHeader> {
  const start = yield* entryHead(entry, USUAL_HEADER, name);
  const end = npyHeaderEnd(start, label);
  return parseNpyHeader(end <= start.length ? start : yield* entryHead(entry, end, name), label);
}
