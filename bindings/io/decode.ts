// The bytes of a stored tensor → numbers in C order.
//
// Based on: IEEE 754-2019 (binary16 to binary64); Micikevicius et al., FP8 Formats for Deep Learning (2022), for
// E4M3 (no infinities; all exponent and mantissa bits set is NaN) and E5M2 (the upper byte of a binary16).

import { FormatError } from "../errors.ts";
import { quoted } from "./source.ts";
import type { StoredTensor, Tensor, TensorData, TensorDtype } from "./tensors.ts";

/** Bytes per element. */
export const ITEM_SIZE: Record<TensorDtype, number> = {
  f64: 8, f32: 4, f16: 2, bf16: 2, f8_e4m3: 1, f8_e5m2: 1,
  i64: 8, i32: 4, i16: 2, i8: 1, u64: 8, u32: 4, u16: 2, u8: 1, bool: 1,
};

/** A view that repeats its elements (a stride of 0) may have this many, however few are stored. */
const MOST_REPEATED = 2 ** 22;

/** The product of the sizes. Beyond 2^53 it is not exact, but never below what it stands for by more than rounding. */
export const elementCount = (shape: readonly number[]) => (shape.includes(0) ? 0 : shape.reduce((a, b) => a * b, 1));

/** Elements from one index to the next when the last index runs fastest. */
const rowMajorStrides = (shape: readonly number[]) => {
  const strides = shape.map(() => 1);
  for (let d = shape.length - 2; d >= 0; d--) strides[d] = strides[d + 1]! * shape[d + 1]!;
  return strides;
};

/** The same when the first index runs fastest, as in Fortran. */
export const columnMajorStrides = (shape: readonly number[]) => rowMajorStrides([...shape].reverse()).reverse();

/**
 * The numbers of a stored tensor in C order, in memory of their own: f16, bf16 and f8 in f32, whole numbers of 64
 * bits in f64 (rounded to nearest beyond 2^53), quantised numbers q as f32(scale·q + min), all else as it is stored.
 * Bytes after the last element are ignored.
 *
 * FormatError, before anything is allocated, if the shape or strides reach beyond the bytes.
 */
export function decodeTensor(stored: StoredTensor, name = "decodeTensor"): TensorData {
  const { shape, dtype, bytes, quantization } = stored;
  if (!Object.hasOwn(ITEM_SIZE, dtype)) {
    throw new FormatError(`${name}: dtype ${String(dtype).slice(0, 40)}, expected one of ${Object.keys(ITEM_SIZE).join(", ")}`);
  }
  if (!(bytes instanceof Uint8Array)) throw new FormatError(`${name}: bytes are ${bytes === null ? "null" : typeof bytes}, expected a Uint8Array`);
  const size = ITEM_SIZE[dtype];
  const reach = requireWithin(stored, size, name);
  const flat = decodeFlat(bytes.subarray(0, reach * size), dtype, size, stored.bigEndian ?? false);
  const ordered = !stored.strides || isRowMajor(shape, stored.strides) ? flat : gather(flat, shape, stored.strides);
  return quantization ? dequantize(ordered, quantization.scale, quantization.min) : ordered;
}

/** A tensor whose bytes are read when they are asked for. */
export function lazyTensor(
  known: Pick<Tensor, "name" | "shape" | "dtype"> & Partial<Pick<Tensor, "layout" | "operator" | "groups" | "quantized">>,
  stored: () => Promise<StoredTensor>,
): Tensor {
  return { layout: "oi", ...known, stored, data: async () => decodeTensor(await stored(), quoted(known.name)) };
}

/** One past the last element that shape and strides reach. */
function requireWithin({ shape, dtype, bytes, strides }: StoredTensor, size: number, name: string): number {
  const whole = (numbers: number[]) => numbers.every((n) => Number.isSafeInteger(n) && n >= 0);
  const listed = (numbers: number[]) => `(${numbers.slice(0, 8).join(", ")}${numbers.length > 8 ? ", …" : ""})`;
  if (!whole(shape)) throw new FormatError(`${name}: shape ${listed(shape)}, expected whole numbers of 0 or more`);
  const count = elementCount(shape);
  if (count === 0) return 0;
  if (strides && !(strides.length === shape.length && whole(strides))) {
    throw new FormatError(`${name}: strides ${listed(strides)}, expected ${shape.length} whole numbers of 0 or more`);
  }
  const reach = strides ? shape.reduce((last, n, d) => last + (n - 1) * strides[d]!, 1) : count;
  if (!(reach * size <= bytes.length)) {
    throw new FormatError(`${name}: shape ${listed(shape)} of ${dtype} needs ${reach * size} bytes, there are ${bytes.length}`);
  }
  if (count > Math.max(reach, MOST_REPEATED)) {
    throw new FormatError(`${name}: shape ${listed(shape)} repeats ${reach} elements ${count} times, expected at most ${MOST_REPEATED}`);
  }
  return reach;
}

/** Whether the elements lie as C order has them; a dimension of size 1 may have any stride. */
export function isRowMajor(shape: number[], strides: number[]): boolean {
  if (elementCount(shape) === 0) return true;
  const expected = rowMajorStrides(shape);
  return shape.every((n, d) => n === 1 || strides[d] === expected[d]);
}

function decodeFlat(bytes: Uint8Array, dtype: TensorDtype, size: number, bigEndian: boolean): TensorData {
  // what is widened may be read where it lies
  const widened = ["f16", "bf16", "f8_e4m3", "f8_e5m2", "i64", "u64"].includes(dtype);
  const inPlace = widened && !bigEndian && bytes.byteOffset % Math.min(size, 4) === 0;
  // not slice(), which copies nothing of a Node Buffer
  const { buffer, byteOffset, byteLength } = inPlace ? bytes : new Uint8Array(bytes);
  if (bigEndian) swapBytes(new Uint8Array(buffer), size);
  const view = <T>(Type: new (buffer: ArrayBufferLike, start: number, length: number) => T, bytesEach: number) =>
    new Type(buffer, byteOffset, byteLength / bytesEach);
  switch (dtype) {
    case "f16": return lookUp(view(Uint16Array, 2), (halfTable ??= Float32Array.from({ length: 65536 }, (_, b) => half(b))));
    case "bf16": return widenBfloat(view(Uint16Array, 2));
    case "f8_e4m3": return lookUp(view(Uint8Array, 1), (e4m3Table ??= Float32Array.from({ length: 256 }, (_, b) => e4m3(b))));
    case "f8_e5m2": return lookUp(view(Uint8Array, 1), (e5m2Table ??= Float32Array.from({ length: 256 }, (_, b) => half(b << 8))));
    case "i64": return wideWhole(view(Uint32Array, 4), view(Int32Array, 4));
    case "u64": return wideWhole(view(Uint32Array, 4), view(Uint32Array, 4));
    default: return new PLAIN[dtype](buffer as ArrayBuffer);
  }
}

const PLAIN = {
  f64: Float64Array, f32: Float32Array, i32: Int32Array, i16: Int16Array, i8: Int8Array,
  u32: Uint32Array, u16: Uint16Array, u8: Uint8Array, bool: Uint8Array,
};

let halfTable: Float32Array | undefined;
let e5m2Table: Float32Array | undefined;
let e4m3Table: Float32Array | undefined;

function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

function e4m3(bits: number): number {
  const sign = bits & 0x80 ? -1 : 1;
  const exponent = (bits >> 3) & 15;
  const fraction = bits & 7;
  if (exponent === 0) return sign * fraction * 2 ** -9;
  if (exponent === 15 && fraction === 7) return NaN;
  return sign * (8 + fraction) * 2 ** (exponent - 10);
}

function lookUp(codes: Uint8Array | Uint16Array, table: Float32Array): Float32Array<ArrayBuffer> {
  const values = new Float32Array(codes.length);
  for (let i = 0; i < codes.length; i++) values[i] = table[codes[i]!]!;
  return values;
}

/** bfloat16 is the upper half of a binary32. */
function widenBfloat(codes: Uint16Array): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(codes.length);
  for (let i = 0; i < codes.length; i++) bits[i] = codes[i]! << 16;
  return new Float32Array(bits.buffer);
}

function wideWhole(low: Uint32Array, high: Int32Array | Uint32Array): Float64Array<ArrayBuffer> {
  const values = new Float64Array(low.length / 2);
  // high·2^32 is exact, so that the sum is rounded once
  for (let i = 0; i < values.length; i++) values[i] = high[2 * i + 1]! * 4294967296 + low[2 * i]!;
  return values;
}

function dequantize(codes: TensorData, scale: number, min: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(codes.length);
  for (let i = 0; i < values.length; i++) values[i] = scale * codes[i]! + min;
  return values;
}

function swapBytes(bytes: Uint8Array, size: number): void {
  for (let start = 0; start < bytes.length; start += size) {
    for (let a = start, b = start + size - 1; a < b; a++, b--) {
      const byte = bytes[a]!;
      bytes[a] = bytes[b]!;
      bytes[b] = byte;
    }
  }
}

/** The elements in C order; the index of the last dimension runs in the inner loop, the others count like an odometer. */
function gather<T extends TensorData>(flat: T, shape: number[], strides: number[]): T {
  const ordered = new (flat.constructor as new (length: number) => T)(elementCount(shape));
  const inner = shape.at(-1)!;
  const step = strides.at(-1)!;
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < ordered.length; to += inner) {
    copyStrided(flat, from, step, ordered, to, inner);
    for (let d = shape.length - 2; d >= 0; d--) {
      from += strides[d]!;
      if (++index[d]! < shape[d]!) break;
      from -= shape[d]! * strides[d]!;
      index[d] = 0;
    }
  }
  return ordered;
}

function copyStrided(source: TensorData, from: number, step: number, target: TensorData, to: number, count: number): void {
  for (let i = 0, at = from; i < count; i++, at += step) target[to + i] = source[at]!;
}
