// NumPy's .npy files, versions 1 to 3.
//
//   "\x93NUMPY" major minor | header length: u16 (version 1) or u32 | a Python dict | the numbers
//
// Based on: the NumPy Enhancement Proposal 1, and numpy/lib/format.py.

import { FormatError } from "../errors.ts";
import type { Matrix } from "../linalg/matrix.ts";
import { requireFinite } from "./finite.ts";

export const NPY_MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

export interface NpyHeader {
  /** NumPy's type string, e.g. "<f8". */
  descr: string;
  fortranOrder: boolean;
  shape: number[];
  /** Where the numbers start. */
  offset: number;
}

const TYPED = { f8: Float64Array, f4: Float32Array, i4: Int32Array, u4: Uint32Array, i2: Int16Array, u2: Uint16Array, i1: Int8Array, u1: Uint8Array, b1: Uint8Array };
const KNOWN = /^([<>=|])(f[248]|[iu][1248]|b1)$/;

/** The header alone; says nothing about what follows it. */
export function parseNpyHeader(bytes: Uint8Array, name = "npy"): NpyHeader {
  if (!NPY_MAGIC.every((c, i) => bytes[i] === c)) throw new FormatError(`${name}: no .npy file, expected it to start with \\x93NUMPY`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const major = bytes[6]!;
  const start = major === 1 ? 10 : 12;
  if (bytes.length < start) throw new FormatError(`${name}: truncated in the header, the file has ${bytes.length} bytes`);
  if (major < 1 || major > 3) throw new FormatError(`${name}: .npy version ${major}, expected 1, 2 or 3`);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const offset = start + length;
  if (offset > bytes.length) {
    throw new FormatError(`${name}: truncated in the header, which ends at byte ${offset}, the file has ${bytes.length}`);
  }
  const text = new TextDecoder(major === 3 ? "utf-8" : "latin1").decode(bytes.subarray(start, offset));
  const descr = /'descr'\s*:\s*(?:'([^']*)'|(\[))/.exec(text);
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text);
  const shape = /'shape'\s*:\s*\(([^)]*)\)/.exec(text);
  if (!descr || !order || !shape) throw new FormatError(`${name}: the header at byte ${start} lacks descr, fortran_order or shape`);
  if (descr[2]) throw new FormatError(`${name}: the array has named fields, expected plain numbers`);
  const sizes = shape[1]!.split(",").map((size) => size.trim()).filter((size) => size !== "");
  for (const size of sizes) {
    // Python 2 wrote long integers as 3L
    if (!/^\d+L?$/.test(size) || !Number.isSafeInteger(parseInt(size, 10))) {
      throw new FormatError(`${name}: shape (${sizes.join(", ").slice(0, 60)}) is impossible, expected whole numbers of 0 or more`);
    }
  }
  return { descr: descr[1]!, fortranOrder: order[1] === "True", shape: sizes.map((size) => parseInt(size, 10)), offset };
}

/**
 * The array of a .npy file, in f64: floats of 16 to 64 bits, whole numbers of 8 to 64 bits, bool; either
 * byte order, C or Fortran order. One dimension gives one column; of more than two, all after the first
 * become columns, as numpy's reshape(len(a), -1) does. 64-bit whole numbers beyond 2^53 are rounded to
 * the nearest double, as NumPy's astype does.
 */
export function parseNpy(bytes: Uint8Array, name = "npy"): Matrix<Float64Array> {
  const { descr, fortranOrder, shape, offset } = parseNpyHeader(bytes, name);
  const known = KNOWN.exec(descr);
  if (!known) {
    const what = descr.includes("O") ? "Python objects" : /c\d+$/.test(descr) ? "complex numbers" : `the type ${descr.slice(0, 20)}`;
    throw new FormatError(`${name}: the array holds ${what}, expected real numbers (f2 to f8, i1 to i8, u1 to u8, bool)`);
  }
  const type = known[2]!;
  const size = Number(type[1]);
  if (shape.length === 0) throw new FormatError(`${name}: the array is a single number, expected a matrix`);
  const rows = shape[0]!;
  const cols = shape.slice(1).reduce((a, b) => a * b, 1);
  const count = rows * cols;
  if (count === 0) throw new FormatError(`${name}: the array is empty, its shape is ${shapeText(shape)}`);
  const held = bytes.length - offset;
  if (!(count * size <= held)) {
    throw new FormatError(`${name}: truncated: shape ${shapeText(shape)} of ${descr} needs ${count * size} bytes, the file holds ${held}`);
  }

  // not slice(), which copies nothing of a Node Buffer
  const payload = new Uint8Array(bytes.subarray(offset, offset + count * size));
  if (known[1] === ">") swapBytes(payload, size);
  const flat = decode(payload.buffer, type);
  const result: Matrix<Float64Array> = { data: fortranOrder ? toRowMajor(flat, shape) : flat, rows, cols };
  requireFinite(result, name);
  return result;
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

/** Little-endian elements as f64. */
function decode(buffer: ArrayBuffer, type: string): Float64Array {
  if (type === "f8") return new Float64Array(buffer);
  if (type === "f2") return Float64Array.from(new Uint16Array(buffer), halfToNumber);
  if (type === "i8" || type === "u8") {
    const low = new Uint32Array(buffer);
    const high = type === "i8" ? new Int32Array(buffer) : low;
    // high·2^32 is exact, so that the sum is rounded once
    return Float64Array.from({ length: low.length / 2 }, (_, k) => high[2 * k + 1]! * 4294967296 + low[2 * k]!);
  }
  return new Float64Array(new TYPED[type as keyof typeof TYPED](buffer));
}

function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

function swapBytes(bytes: Uint8Array, size: number): void {
  if (size > 1) for (let i = 0; i < bytes.length; i += size) bytes.subarray(i, i + size).reverse();
}

/** An array in Fortran order as rows of its first index, the other indices in C order. */
function toRowMajor(flat: Float64Array, shape: number[]): Float64Array {
  const rows = shape[0]!;
  const cols = flat.length / rows;
  // where the elements (0, j₂, j₃, …) lie, the last index fastest
  let offsets = [0];
  let stride = rows;
  for (const size of shape.slice(1)) {
    const step = stride;
    offsets = offsets.flatMap((offset) => Array.from({ length: size }, (_, j) => offset + j * step));
    stride *= size;
  }
  const data = new Float64Array(flat.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) data[i * cols + j] = flat[i + offsets[j]!]!;
  }
  return data;
}
