// NumPy's .npy files, versions 1 to 3.
//
//   "\x93NUMPY" major minor | header length: u16 (version 1) or u32 | a Python dict | the numbers
//
// Based on: the NumPy Enhancement Proposal 1, and numpy/lib/format.py.

import { FormatError } from "../errors.ts";
import type { Matrix } from "../linalg/matrix.ts";
import { columnMajorStrides, decodeTensor, elementCount, ITEM_SIZE, lazyTensor } from "./decode.ts";
import { requireFinite } from "./finite.ts";
import { openSource, quoted } from "./source.ts";
import type { ModelFile, Source, StoredTensor, TensorDtype } from "./tensors.ts";

export const NPY_MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

export interface NpyHeader {
  /** NumPy's type string, e.g. "<f8"; "record" for named fields. */
  descr: string;
  fortranOrder: boolean;
  shape: number[];
  /** Where the numbers start. */
  offset: number;
}

const RECORD = "record";

const DTYPES = new Map<string, TensorDtype>(Object.entries({
  f8: "f64", f4: "f32", f2: "f16", i8: "i64", i4: "i32", i2: "i16", i1: "i8", u8: "u64", u4: "u32", u2: "u16", u1: "u8", b1: "bool",
} as const));

/** NumPy itself takes no more than 10,000 unless it is told to. */
const LONGEST_HEADER = 65535;

/** Bytes that tell how long the header is. */
const NPY_START = 12;

/** Where the header ends and the numbers start, by the first NPY_START bytes of a file (or all, if it has fewer). */
export function npyHeaderEnd(bytes: Uint8Array, name: string): number {
  if (!NPY_MAGIC.every((c, i) => bytes[i] === c)) throw new FormatError(`${name}: no .npy file, expected it to start with \\x93NUMPY`);
  const major = bytes[6]!;
  const start = major === 1 ? 10 : 12;
  if (bytes.length < start) throw new FormatError(`${name}: truncated in the header, the file has ${bytes.length} bytes`);
  if (major < 1 || major > 3) throw new FormatError(`${name}: .npy version ${major}, expected 1, 2 or 3`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > LONGEST_HEADER) throw new FormatError(`${name}: a header of ${length} bytes, expected at most ${LONGEST_HEADER}`);
  return start + length;
}

/** The header alone; says nothing about what follows it. */
export function parseNpyHeader(bytes: Uint8Array, name = "npy"): NpyHeader {
  const offset = npyHeaderEnd(bytes, name);
  if (offset > bytes.length) {
    throw new FormatError(`${name}: truncated in the header, which ends at byte ${offset}, the file has ${bytes.length}`);
  }
  const major = bytes[6]!;
  const start = major === 1 ? 10 : 12;
  const text = new TextDecoder(major === 3 ? "utf-8" : "latin1").decode(bytes.subarray(start, offset));
  const descr = /'descr'\s*:\s*(?:'([^']*)'|(\[))/.exec(text);
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text);
  const shape = /'shape'\s*:\s*\(([^)]*)\)/.exec(text);
  if (!descr || !order || !shape) throw new FormatError(`${name}: the header at byte ${start} lacks descr, fortran_order or shape`);
  const sizes = shape[1]!.split(",").map((size) => size.trim()).filter((size) => size !== "");
  for (const size of sizes) {
    // Python 2 wrote long integers as 3L
    if (!/^\d+L?$/.test(size) || !Number.isSafeInteger(parseInt(size, 10))) {
      throw new FormatError(`${name}: shape (${quoted(sizes.join(", "))}) is impossible, expected whole numbers of 0 or more`);
    }
  }
  return { descr: descr[1] ?? RECORD, fortranOrder: order[1] === "True", shape: sizes.map((size) => parseInt(size, 10)), offset };
}

/**
 * The array of a .npy file, in f64: floats of 16 to 64 bits, whole numbers of 8 to 64 bits, bool; either
 * byte order, C or Fortran order. One dimension gives one column; of more than two, all after the first
 * become columns, as numpy's reshape(len(a), -1) does. 64-bit whole numbers beyond 2^53 are rounded to
 * the nearest double, as NumPy's astype does.
 */
export function parseNpy(bytes: Uint8Array, name = "npy"): Matrix<Float64Array> {
  const header = parseNpyHeader(bytes, name);
  const { shape } = header;
  const type = npyType(header.descr);
  if ("reason" in type) throw new FormatError(`${name}: the array holds ${type.reason}, expected real numbers (f2 to f8, i1 to i8, u1 to u8, bool)`);
  if (shape.length === 0) throw new FormatError(`${name}: the array is a single number, expected a matrix`);
  if (elementCount(shape) === 0) throw new FormatError(`${name}: the array is empty, its shape is ${shapeText(shape)}`);
  const numbers = decodeTensor(npyStored(bytes, header, type, name));
  const data = numbers instanceof Float64Array ? numbers : new Float64Array(numbers);
  const result = { data, rows: shape[0]!, cols: data.length / shape[0]! };
  requireFinite(result, name);
  return result;
}

export interface NpyType {
  dtype: TensorDtype;
  bigEndian: boolean;
}

/** The dtype that a type string of NumPy stands for, or what its array holds instead of real numbers. */
export function npyType(descr: string): NpyType | { reason: string } {
  const dtype = /^[<>=|]/.test(descr) ? DTYPES.get(descr.slice(1)) : undefined;
  if (dtype) return { dtype, bigEndian: descr[0] === ">" };
  if (descr === RECORD) return { reason: "named fields" };
  if (descr.includes("O")) return { reason: "Python objects" };
  return { reason: /c\d+$/.test(descr) ? "complex numbers" : `the type ${quoted(descr)}` };
}

/** The bytes that the numbers take; FormatError if fewer are held. */
export function npyLength({ shape, descr }: NpyHeader, dtype: TensorDtype, held: number, name: string): number {
  const needed = elementCount(shape) * ITEM_SIZE[dtype];
  if (!(needed <= held)) {
    throw new FormatError(`${name}: truncated: shape ${shapeText(shape)} of ${descr} needs ${needed} bytes, the file holds ${held}`);
  }
  return needed;
}

/** The array of a .npy file as it is stored; FormatError if the file does not hold all of it. */
export function npyStored(bytes: Uint8Array, header: NpyHeader, { dtype, bigEndian }: NpyType, name: string): StoredTensor {
  const { shape, fortranOrder, offset } = header;
  const length = npyLength(header, dtype, bytes.length - offset, name);
  const strides = fortranOrder ? { strides: columnMajorStrides(shape) } : {};
  return { shape, dtype, bigEndian, ...strides, bytes: bytes.subarray(offset, offset + length) };
}

/** The array of a .npy file as the one tensor of a model, called "array". Only its header is read at first. */
export async function parseNpyTensor(source: Source, name = "parseNpyTensor"): Promise<ModelFile> {
  const file = openSource(source, name);
  const end = npyHeaderEnd(await file.read(0, Math.min(NPY_START, file.size), "the header"), name);
  const header = parseNpyHeader(await file.read(0, end, "the header"), name);
  const type = npyType(header.descr);
  const model: ModelFile = { format: "npy", tensors: [], skipped: [], warnings: [] };
  if ("reason" in type) model.skipped.push({ name: "array", reason: `the array holds ${type.reason}` });
  else {
    const { shape } = header;
    const length = npyLength(header, type.dtype, file.size - end, name);
    const stored = async () => npyStored(await file.read(0, end + length, "the array"), header, type, name);
    model.tensors.push(lazyTensor({ name: "array", shape, dtype: type.dtype }, stored));
  }
  return model;
}

/** A matrix as a .npy file of version 1, '<f8' or '<f4' after its data, C order. */
export function formatNpy(A: Matrix): Uint8Array {
  const descr = A.data instanceof Float32Array ? "<f4" : "<f8";
  const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${A.rows}, ${A.cols}), }`;
  const start = Math.ceil((10 + dict.length + 1) / 64) * 64;
  const bytes = new Uint8Array(start + A.data.byteLength);
  bytes.set([...NPY_MAGIC, 1, 0, (start - 10) & 255, (start - 10) >> 8]);
  bytes.set(new TextEncoder().encode(dict.padEnd(start - 11) + "\n"), 10);
  bytes.set(new Uint8Array(A.data.buffer, A.data.byteOffset, A.data.byteLength), start);
  return bytes;
}

/** (3, 4) as 3×4. */
export const shapeText = (shape: number[]) => shape.join("×") || "()";
