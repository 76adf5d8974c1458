// The idx files of MNIST and its kin.
//
//   0 0 type dimensions | one big-endian u32 for each dimension | the numbers, big-endian, in C order
//
// Based on: Y. LeCun, C. Cortes, C. Burges, The MNIST database, 1998.

import { FormatError } from "../errors.ts";
import type { Matrix } from "../linalg/matrix.ts";
import { requireFinite } from "./finite.ts";
import { shapeText } from "./npy.ts";

/** Types of the numbers by the third byte of the file. */
const TYPES: Record<number, { size: number; read: (view: DataView, at: number) => number }> = {
  0x08: { size: 1, read: (view, at) => view.getUint8(at) },
  0x09: { size: 1, read: (view, at) => view.getInt8(at) },
  0x0b: { size: 2, read: (view, at) => view.getInt16(at) },
  0x0c: { size: 4, read: (view, at) => view.getInt32(at) },
  0x0d: { size: 4, read: (view, at) => view.getFloat32(at) },
  0x0e: { size: 8, read: (view, at) => view.getFloat64(at) },
};

export function isIdx(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[0] === 0 && bytes[1] === 0 && bytes[2]! in TYPES;
}

/**
 * The array of an idx file, in f64, one row for each first index: images are flattened, labels are one column.
 *
 * A file that does not start with 0 0 and a known type, that is cut short or that goes on after the array is a
 * FormatError with the place and what was expected there.
 */
export function parseIdx(bytes: Uint8Array, name = "idx"): Matrix<Float64Array> {
  const { shape, offset, size, read } = parseHeader(bytes, name);
  const rows = shape[0]!;
  const cols = shape.slice(1).reduce((a, b) => a * b, 1);
  const count = rows * cols;
  if (count === 0) throw new FormatError(`${name}: the array is empty, its shape is ${shapeText(shape)}`);
  const held = bytes.length - offset;
  const needs = `shape ${shapeText(shape)} needs ${count * size} bytes from byte ${offset} on, the file holds ${held}`;
  if (!(count * size <= held)) throw new FormatError(`${name}: truncated: ${needs}`);
  if (count * size < held) throw new FormatError(`${name}: goes on after the array: ${needs}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data = new Float64Array(count);
  for (let k = 0; k < count; k++) data[k] = read(view, offset + k * size);
  const result = { data, rows, cols };
  requireFinite(result, name);
  return result;
}

function parseHeader(bytes: Uint8Array, name: string) {
  if (bytes.length < 4) throw new FormatError(`${name}: no idx file, it has ${bytes.length} bytes, expected 4 and more`);
  if (bytes[0] !== 0 || bytes[1] !== 0) {
    throw new FormatError(`${name}: no idx file, it starts with bytes ${bytes[0]} ${bytes[1]}, expected the magic number 0 0`);
  }
  const type = TYPES[bytes[2]!];
  if (!type) throw new FormatError(`${name}: unknown type ${bytes[2]} at byte 2, expected 8, 9, 11, 12, 13 or 14`);
  const dimensions = bytes[3]!;
  if (dimensions === 0) throw new FormatError(`${name}: the array is a single number, expected a matrix`);
  const offset = 4 + 4 * dimensions;
  if (bytes.length < offset) {
    throw new FormatError(`${name}: truncated in the header, which ends at byte ${offset}, the file has ${bytes.length}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { shape: Array.from({ length: dimensions }, (_, k) => view.getUint32(4 + 4 * k)), offset, ...type };
}
