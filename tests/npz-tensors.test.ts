// .npz and .npy as named tensors.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { zipSync } from "fflate";
import { formatNpy, parseNpyTensor, parseNpzTensors } from "../bindings/io/index.ts";
import { matrix } from "../bindings/linalg/matrix.ts";
import { assertModel, assertRefused, countingBlob, readModel } from "./models.ts";
import { numbers } from "./numbers.ts";

const npy = (name: string) => new Uint8Array(readFileSync(new URL(`./fixtures/npy/${name}`, import.meta.url)));

test("all arrays of a .npz file, stored or deflated; what are no numbers is skipped", async () => {
  const model = await parseNpzTensors(readModel("named.npz"));
  await assertModel(model, "named.npz");
  assert.deepEqual(model.skipped, [
    { name: "text", reason: "the array holds the type <U1" },
    { name: "objects", reason: "the array holds Python objects" },
    { name: "complex", reason: "the array holds complex numbers" },
  ]);
  await assertModel(await parseNpzTensors(new Blob([readModel("compressed.npz")])), "compressed.npz");
});

test("of a Blob the directory and headers are read, and each array when it is asked for", async () => {
  const size = 300;
  const array = formatNpy(matrix(size, size, numbers(size * size, 1)));
  for (const level of [0, 6] as const) {
    const { blob, read } = countingBlob(zipSync({ "a.npy": array, "b.npy": array, "c.txt": new Uint8Array(9) }, { level }) as Uint8Array<ArrayBuffer>);
    const model = await parseNpzTensors(blob);
    assert.deepEqual(model.skipped, [{ name: "c.txt", reason: "it is no .npy file" }]);
    assert.ok(read() < 90_000, `${read()} bytes read`); // the end of an archive is sought in its last 64 KB
    assert.deepEqual((await model.tensors[1]!.data()).subarray(0, 9), numbers(9, 1));
    assert.ok(read() < 90_000 + array.length);
  }
});

test("the array of a .npy file, of any shape", async () => {
  const cube = await parseNpyTensor(new Blob([npy("cube_fortran.npy")]));
  assert.deepEqual(cube.tensors.map(({ name, shape, dtype }) => ({ name, shape, dtype })), [{ name: "array", shape: [2, 3, 4], dtype: "f64" }]);
  assert.deepEqual([...(await cube.tensors[0]!.data())], Array.from({ length: 24 }, (_, k) => k));
  assert.deepEqual([...(await (await parseNpyTensor(npy("scalar.npy"))).tensors[0]!.data())], [3]);
  assert.equal((await (await parseNpyTensor(npy("empty.npy"))).tensors[0]!.data()).length, 0);
  assert.deepEqual((await parseNpyTensor(npy("objects.npy"))).skipped, [{ name: "array", reason: "the array holds Python objects" }]);
});

test("what claims more than it holds is refused before it is read", async () => {
  const array = npy("f8.npy");
  await assertRefused(parseNpyTensor(array.subarray(0, -1), "x.npy"), /x\.npy: truncated: shape 3×4 of <f8 needs 96 bytes, the file holds 95/);
  await assertRefused(parseNpyTensor(array.subarray(0, 9), "x.npy"), /truncated in the header/);
  await assertRefused(parseNpyTensor(array.subarray(0, 40), "x.npy"), /truncated: the header takes 128 bytes from byte 0 on, the file has 40/);
  const huge = array.slice();
  huge.set(new TextEncoder().encode("(1152921504606846976,)"), new TextDecoder("latin1").decode(array).indexOf("(3, 4)"));
  await assertRefused(parseNpyTensor(huge, "x.npy"), /needs 9223372036854776000 bytes|impossible/);
  await assertRefused(parseNpzTensors(zipSync({ "w.npy": huge }), "x.npz"), /^x\.npz\[w\]: (truncated: shape|shape \()/);
  await assertRefused(parseNpzTensors(array, "x.npz"), /damaged zip archive: its end is missing/);
});
