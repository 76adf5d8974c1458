// decodeTensor against the definitions: every code of the small floats, both byte orders, any strides.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FormatError } from "../bindings/errors.ts";
import { decodeTensor, type StoredTensor, type TensorDtype } from "../bindings/io/index.ts";

const bytesOf = (view: ArrayBufferView) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

function assertSame(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < expected.length; i++) {
    if (!Object.is(actual[i], expected[i])) assert.fail(`element ${i} is ${actual[i]}, expected ${expected[i]}`);
  }
}

/** A float of `exponentBits` and `mantissaBits` by its definition; `infinities`: whether the largest exponent is special. */
function small(code: number, exponentBits: number, mantissaBits: number, infinities: boolean): number {
  const fraction = code % 2 ** mantissaBits;
  const exponent = Math.floor(code / 2 ** mantissaBits) % 2 ** exponentBits;
  const sign = code >= 2 ** (exponentBits + mantissaBits) ? -1 : 1;
  const last = exponent === 2 ** exponentBits - 1;
  if (infinities && last) return fraction ? NaN : sign * Infinity;
  if (!infinities && last && fraction === 2 ** mantissaBits - 1) return NaN;
  const bias = 2 ** (exponentBits - 1) - 1;
  return exponent === 0 ? sign * fraction * 2 ** (1 - bias - mantissaBits)
    : sign * (1 + fraction / 2 ** mantissaBits) * 2 ** (exponent - bias);
}

test("every code of f16, bf16 and f8", () => {
  const codes16 = Uint16Array.from({ length: 65536 }, (_, k) => k);
  const codes8 = Uint8Array.from({ length: 256 }, (_, k) => k);
  const each = (codes: Uint8Array | Uint16Array, dtype: TensorDtype) => {
    const data = decodeTensor({ shape: [codes.length], dtype, bytes: bytesOf(codes) });
    assert.ok(data instanceof Float32Array);
    return data;
  };
  assertSame(each(codes16, "f16"), Array.from(codes16, (code) => small(code, 5, 10, true)));
  assertSame(each(codes16, "bf16"), Array.from(codes16, (code) => small(code, 8, 7, true)));
  assertSame(each(codes8, "f8_e4m3"), Array.from(codes8, (code) => small(code, 4, 3, false)));
  assertSame(each(codes8, "f8_e5m2"), Array.from(codes8, (code) => small(code, 5, 2, true)));
});

const SAMPLES: [TensorDtype, ArrayBufferView, ArrayLike<number>, Function][] = ([
  ["f64", Float64Array.of(Math.PI, -0, NaN, -Infinity, 5e-324)],
  ["f32", Float32Array.of(0.1, -0, NaN, Infinity, 1e-45)],
  ["i32", Int32Array.of(-(2 ** 31), 2 ** 31 - 1, 7)],
  ["i16", Int16Array.of(-32768, 32767, 258)],
  ["i8", Int8Array.of(-128, 127)],
  ["u32", Uint32Array.of(4294967295, 66051)],
  ["u16", Uint16Array.of(65535, 258)],
  ["u8", Uint8Array.of(255, 0, 128)],
  ["bool", Uint8Array.of(1, 0, 1)],
] as [TensorDtype, Float64Array][]).map(([dtype, view]) => [dtype, view, view, view.constructor]);
const i64 = BigInt64Array.of(-(2n ** 63n), -(2n ** 53n) - 1n, 2n ** 62n + 1n, -1n, 4294967296n);
const u64 = BigUint64Array.of(2n ** 64n - 1n, 2n ** 53n + 1n, 2n ** 63n + 1025n, 0n);
SAMPLES.push(["i64", i64, Array.from(i64, Number), Float64Array], ["u64", u64, Array.from(u64, Number), Float64Array]);

for (const [dtype, view, values, type] of SAMPLES) {
  test(`${dtype}, in either byte order, from an odd address, into memory of its own`, () => {
    const little = bytesOf(view);
    const size = little.length / values.length;
    const big = little.map((_, i) => little[i - (i % size) + size - 1 - (i % size)]!);
    for (const [bytes, bigEndian] of [[little, false], [big, true]] as const) {
      const odd = new Uint8Array(bytes.length + 5);
      odd.set(bytes, 1);
      const before = odd.slice();
      const data = decodeTensor({ shape: [values.length], dtype, bytes: odd.subarray(1), bigEndian });
      assert.equal(data.constructor, type);
      assertSame(data, values);
      data.fill(1);
      assert.deepEqual(odd, before);
    }
  });
}

test("any strides are those of the definition", () => {
  const dimension = fc.record({ size: fc.integer({ min: 0, max: 5 }), stride: fc.integer({ min: 0, max: 9 }) });
  fc.assert(fc.property(fc.array(dimension, { maxLength: 4 }), fc.boolean(), (dimensions, bigEndian) => {
    const shape = dimensions.map(({ size }) => size);
    const strides = dimensions.map(({ stride }) => stride);
    const expected: number[] = [];
    const walk = (d: number, at: number) => {
      if (d === shape.length) expected.push(at);
      else for (let i = 0; i < shape[d]!; i++) walk(d + 1, at + i * strides[d]!);
    };
    walk(0, 0);
    const reach = expected.reduce((most, at) => Math.max(most, at + 1), 0);
    const bytes = new Uint8Array(2 * reach);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < reach; i++) view.setUint16(2 * i, i, !bigEndian);
    const stored: StoredTensor = { shape, dtype: "u16", bytes, strides, bigEndian };
    assertSame(decodeTensor(stored), expected);
    if (reach) assert.throws(() => decodeTensor({ ...stored, bytes: bytes.subarray(1) }, "W"), FormatError);
  }), { seed: 1, numRuns: 300 });
});

test("quantised numbers are scale·q + min in f32", () => {
  const data = decodeTensor({ shape: [2, 2], dtype: "u8", bytes: Uint8Array.of(0, 1, 128, 255), quantization: { scale: 0.1, min: -3 } });
  assertSame(data, Float32Array.of(-3, 0.1 - 3, 12.8 - 3, 25.5 - 3));
  const transposed = { shape: [2, 2], strides: [1, 2], dtype: "i8", bytes: Uint8Array.of(1, 2, 3, 255), quantization: { scale: 2, min: 1 } } as const;
  assertSame(decodeTensor({ ...transposed, shape: [2, 2], strides: [1, 2] }), Float32Array.of(3, 7, 5, -1));
});

test("scalars and empty tensors", () => {
  assertSame(decodeTensor({ shape: [], dtype: "f32", bytes: bytesOf(Float32Array.of(2.5)) }), [2.5]);
  for (const shape of [[0], [3, 0], [0, 2 ** 50, 2 ** 50]]) {
    assert.equal(decodeTensor({ shape, dtype: "f16", bytes: new Uint8Array(0) }).length, 0);
  }
});

const bytes = new Uint8Array(64);
const refused: [string, StoredTensor, RegExp][] = [
  ["2^60 elements", { shape: [2 ** 30, 2 ** 30], dtype: "f32", bytes }, /needs 4611686018427388000 bytes, there are 64/],
  ["a product beyond all numbers", { shape: Array(40).fill(2 ** 30), dtype: "u8", bytes }, /needs Infinity bytes/],
  ["2^60 elements that are all the same one", { shape: [2 ** 30, 2 ** 30], dtype: "f32", bytes, strides: [0, 0] }, /repeats 1 elements/],
  ["strides beyond the bytes", { shape: [4, 4], dtype: "f32", bytes, strides: [5, 1] }, /needs 76 bytes, there are 64/],
  ["a negative stride", { shape: [4], dtype: "f32", bytes, strides: [-1] }, /strides \(-1\), expected 1 whole numbers/],
  ["strides of another length", { shape: [4], dtype: "f32", bytes, strides: [1, 1] }, /strides \(1, 1\)/],
  ["a negative size", { shape: [-1], dtype: "f32", bytes }, /shape \(-1\), expected whole numbers/],
  ["a size that is no number", { shape: [NaN], dtype: "f32", bytes }, /shape \(NaN\)/],
  ["an unknown dtype", { shape: [1], dtype: "c64" as TensorDtype, bytes }, /dtype c64, expected one of f64/],
  ["a dtype that objects have by themselves", { shape: [1], dtype: "toString" as TensorDtype, bytes }, /dtype toString, expected one of f64/],
];
for (const [what, stored, message] of refused) {
  test(`refused: ${what}`, () => {
    assert.throws(() => decodeTensor(stored, "W"), (error: Error) => {
      assert.ok(error instanceof FormatError);
      assert.match(error.message, message);
      assert.match(error.message, /^W: [^\n]+$/);
      return true;
    });
  });
}
