// .npy, .npz and .idx: files that NumPy wrote, and files that lie.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { FormatError, NotFiniteError } from "../bindings/errors.ts";
import { formatNpy, parseIdx, parseMatrix, parseNpy, parseNpz } from "../bindings/io/index.ts";
import { matrix } from "../bindings/linalg/matrix.ts";
import { numbers } from "./harness.ts";

const read = (name: string) => readFileSync(new URL(`./fixtures/npy/${name}`, import.meta.url));

/** What make_npy.py saved. */
const A = Float64Array.from({ length: 12 }, (_, k) => 5 * Math.floor(k / 4) - 3 * (k % 4) + 1);

/** A .npy file of version 1 with the given dict and payload. */
function npy(dict: string, payload: number): Uint8Array {
  const bytes = new Uint8Array(10 + dict.length + payload);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, dict.length & 255, dict.length >> 8]);
  bytes.set(new TextEncoder().encode(dict), 10);
  return bytes;
}
const dict = (descr: string, shape: string) => `{'descr': ${descr}, 'fortran_order': False, 'shape': ${shape}, }\n`;

const same = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "big_f2", "big_f4", "big_f8", "big_i2", "big_i4", "big_i8"];
for (const name of [...same, "fortran", "big_fortran", "version2", "version3"]) {
  test(`parseNpy reads ${name}.npy`, () => {
    assert.deepEqual(parseNpy(read(`${name}.npy`)), { data: A, rows: 3, cols: 4 });
  });
}

test("parseNpy reads unsigned numbers and bool", () => {
  for (const name of ["u1", "u2", "u4", "u8"]) assert.deepEqual(parseNpy(read(`${name}.npy`)).data, A.map(Math.abs));
  assert.deepEqual(parseNpy(read("bool.npy")).data, A.map((a) => (a > 0 ? 1 : 0)));
});

test("parseNpy rounds 64-bit whole numbers to nearest", () => {
  assert.deepEqual([...parseNpy(read("wide_u8.npy")).data], [2n ** 53n + 1n, 2n ** 63n + 1025n, 2n ** 64n - 1n].map(Number));
  assert.deepEqual([...parseNpy(read("wide_i8.npy")).data], [-(2n ** 63n), -(2n ** 53n) - 1n, 2n ** 62n + 1n].map(Number));
});

test("parseNpy reads half precision", () => {
  assert.deepEqual([...parseNpy(read("half.npy")).data], [0.0999755859375, 5.9604644775390625e-8, 65504, -2.5]);
});

test("parseNpy: one dimension is a column, more than two are flattened into columns", () => {
  assert.deepEqual(parseNpy(read("vector.npy")), matrix(5, 1, Float64Array.from([0, 1, 2, 3, 4])));
  const cube = matrix(2, 12, Float64Array.from({ length: 24 }, (_, k) => k));
  assert.deepEqual(parseNpy(read("cube.npy")), cube);
  assert.deepEqual(parseNpy(read("cube_fortran.npy")), cube);
});

test("parseNpy reads from the middle of a buffer and leaves it unchanged", () => {
  const file = read("big_f8.npy");
  const shifted = new Uint8Array(file.length + 3);
  shifted.set(file, 3);
  const before = shifted.slice();
  assert.deepEqual(parseNpy(shifted.subarray(3)).data, A);
  assert.deepEqual(shifted, before);
});

test("formatNpy is read back, also f32 and odd sizes", () => {
  for (const [rows, cols] of [[1, 1], [7, 3], [100, 1]] as const) {
    const X = matrix(rows, cols, numbers(rows * cols, 1));
    assert.deepEqual(parseNpy(formatNpy(X)), X);
    const f32 = matrix(rows, cols, Float32Array.from(X.data));
    assert.deepEqual(parseNpy(formatNpy(f32)).data, Float64Array.from(f32.data));
    assert.equal((formatNpy(X).length - 8 * rows * cols) % 64, 0);
  }
  // byte for byte what NumPy writes
  assert.deepEqual(formatNpy(matrix(3, 4, A)), new Uint8Array(read("f8.npy")));
});

const refused: [string, Uint8Array, RegExp][] = [
  ["objects", read("objects.npy"), /holds Python objects/],
  ["complex numbers", read("complex.npy"), /complex numbers/],
  ["strings", read("text.npy"), /the type <U1/],
  ["named fields", read("record.npy"), /named fields/],
  ["a scalar", read("scalar.npy"), /a single number/],
  ["an empty array", read("empty.npy"), /empty, its shape is 0×5/],
  ["truncated numbers", read("f8.npy").subarray(0, -1), /truncated: shape 3×4 of <f8 needs 96 bytes, the file holds 95/],
  ["a truncated header", read("f8.npy").subarray(0, 40), /truncated in the header/],
  ["a file of the magic only", read("f8.npy").subarray(0, 8), /truncated in the header/],
  ["a negative shape", npy(dict("'<f8'", "(-1, 4)"), 64), /shape \(-1, 4\) is impossible/],
  ["an absurd shape", npy(dict("'<f8'", "(1000000000, 1000000000)"), 64), /truncated: shape 1000000000×1000000000/],
  ["a shape beyond all numbers", npy(dict("'<f8'", "(99999999999999999999, 0)"), 64), /is impossible/],
  ["an unknown version", Uint8Array.from([...read("f8.npy").subarray(0, 6), 9, 0, 0, 0, 0, 0]), /version 9/],
  ["a header without shape", npy("{'descr': '<f8', 'fortran_order': False}", 64), /lacks descr/],
];
for (const [what, bytes, message] of refused) {
  test(`parseNpy refuses ${what}`, () => {
    assert.throws(() => parseNpy(bytes, "x.npy"), (error: Error) => {
      assert.ok(error instanceof FormatError);
      assert.match(error.message, message);
      assert.match(error.message, /^x\.npy: [^\n]+$/);
      return true;
    });
  });
}

test("parseNpy names the place of a NaN", () => {
  assert.throws(() => parseNpy(read("nan.npy"), "x.npy"), (error: Error) => {
    assert.ok(error instanceof NotFiniteError);
    assert.equal(error.message, "x.npy: row 1, column 2 holds NaN, every number must be finite");
    return true;
  });
});

test("parseNpz takes the only matrix, or the one that is named", () => {
  assert.deepEqual(parseNpz(read("one.npz")), matrix(3, 4, A));
  assert.equal(parseNpz(read("deflated.npz")).rows, 60);
  assert.deepEqual(parseNpz(read("deflated.npz")).data.subarray(228), A);
  assert.equal(parseNpz(read("two.npz"), "x.npz", "X_test").rows, 2);
  assert.throws(() => parseNpz(read("two.npz"), "x.npz"), /x\.npz: holds X_train \(3×4\), X_test \(2×4\), expected one matrix/);
  assert.throws(() => parseNpz(read("two.npz"), "x.npz", "Y"), /expected an array Y/);
});

test("parseNpz refuses damaged archives without allocating what they claim", () => {
  const whole = read("deflated.npz");
  for (const cut of [3, 10, 100, whole.length - 30]) {
    assert.throws(() => parseNpz(whole.subarray(0, cut), "x.npz"), FormatError);
  }
  const lying = new Uint8Array(whole);
  const view = new DataView(lying.buffer);
  const directory = whole.lastIndexOf("PK\x01\x02");
  view.setUint32(directory + 24, 0xf0000000, true);
  assert.throws(() => parseNpz(lying, "x.npz"), /impossible size/);
});

test("parseIdx reads images, labels and refuses what is cut off", () => {
  const images = Uint8Array.from([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, ...Array.from({ length: 12 }, (_, k) => 20 * k)]);
  assert.deepEqual(parseIdx(images), matrix(2, 6, Float64Array.from({ length: 12 }, (_, k) => 20 * k)));
  const floats = Uint8Array.from([0, 0, 0x0d, 1, 0, 0, 0, 2, 0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0]);
  assert.deepEqual(parseIdx(floats), matrix(2, 1, Float64Array.from([1, -2])));
  assert.throws(() => parseIdx(images.subarray(0, 27), "x.idx"), /truncated: shape 2×2×3 needs 12 bytes from byte 16 on, the file holds 11/);
  assert.throws(() => parseIdx(Uint8Array.from([0, 0, 8, 2, 255, 255, 255, 255, 255, 255, 255, 255]), "x.idx"), /truncated/);
  assert.throws(() => parseIdx(images.subarray(0, 8), "x.idx"), /truncated in the header/);
});

test("parseMatrix goes by content, through gzip too", async () => {
  for (const [file, format] of [["f4.npy", "npy"], ["one.npz", "npz"]] as const) {
    const parsed = await parseMatrix(read(file), "renamed.csv");
    assert.deepEqual(parsed, { matrix: matrix(3, 4, A), format, warnings: [] });
    assert.deepEqual(await parseMatrix(gzipSync(read(file))), parsed);
  }
  await assert.rejects(parseMatrix(Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 0, 0]), "x"), /neither text nor a known format/);
  await assert.rejects(parseMatrix(gzipSync("1,2\n3,4\n").subarray(0, 20), "x.gz"), /x\.gz: damaged gzip data/);
});
