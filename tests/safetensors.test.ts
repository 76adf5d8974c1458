// safetensors: files that the library wrote, headers that lie, shards.

import assert from "node:assert/strict";
import { test } from "node:test";
import { FileError } from "../bindings/errors.ts";
import { parseSafetensors, parseSafetensorsShards, type NamedSource } from "../bindings/io/index.ts";
import { assertModel, assertRefused, countingBlob, readModel } from "./models.ts";

/** A file of a header, as text or as what is to be JSON, and so many bytes. */
function safetensors(header: unknown, payload: number): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + payload);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}
const tensor = (dtype: string, shape: unknown, from: unknown, to: unknown) => ({ dtype, shape, data_offsets: [from, to] });

test("every dtype", async () => {
  const model = await parseSafetensors(readModel("kinds.safetensors"), "x");
  await assertModel(model, "kinds.safetensors");
  assert.equal(model.format, "safetensors");
  assert.deepEqual(model.skipped, [{ name: "C64", reason: "its dtype is C64" }]);
  assert.ok(model.tensors.every(({ layout }) => layout === "oi"));
  await assertModel(await parseSafetensors(readModel("library.safetensors")), "library.safetensors");
});

test("a Buffer that is a part of a larger one", async () => {
  const bytes = readModel("library.safetensors");
  await assertModel(await parseSafetensors(Buffer.concat([Buffer.alloc(3), bytes]).subarray(3)), "library.safetensors");
});

test("of a Blob the header is read, and each tensor when it is asked for", async () => {
  const payload = 1 << 20;
  const header = { a: tensor("F32", [payload / 8], 0, payload / 2), b: tensor("U8", [payload / 2], payload / 2, payload) };
  const { blob, read } = countingBlob(safetensors(header, payload));
  const model = await parseSafetensors(blob);
  assert.ok(read() < 1000);
  assert.equal((await model.tensors[0]!.data()).length, payload / 8);
  assert.ok(read() < payload / 2 + 1000);
});

test("a Blob that can no longer be read is a FileError", async () => {
  const blob = new Blob([readModel("kinds.safetensors")]);
  blob.slice = () => ({ arrayBuffer: () => Promise.reject(new Error("the file changed")) }) as unknown as Blob;
  await assert.rejects(parseSafetensors(blob, "x"), (error: Error) => {
    assert.ok(error instanceof FileError);
    assert.equal(error.message, "x: bytes 0 to 8 cannot be read (the file changed)");
    return true;
  });
});

test("shards are one model; what the index does not name is skipped", async () => {
  const shards: NamedSource[] = [1, 2].map((k) => `model-0000${k}-of-00002.safetensors`)
    .map((name) => ({ name, source: new Blob([readModel(name)]) }));
  const index = readModel("model.safetensors.index.json");
  await assertModel(await parseSafetensorsShards(index, shards), "library.safetensors");

  const json = JSON.parse(new TextDecoder().decode(index)) as { weight_map: Record<string, string> };
  const parse = (map: unknown, files = shards) =>
    parseSafetensorsShards(new TextEncoder().encode(JSON.stringify({ weight_map: map })), files, "index.json");
  const { "0.bias": _, ...others } = json.weight_map;
  const { tensors, skipped } = await parse(others);
  assert.equal(tensors.length, Object.keys(others).length);
  assert.deepEqual(skipped.map(({ name }) => name), ["0.bias"]);

  await assertRefused(parse(json.weight_map, shards.slice(0, 1)), /index\.json: the file model-00002-of-00002\.safetensors is missing/);
  await assertRefused(parse({ ...json.weight_map, ghost: shards[0]!.name }), /model-00001-of-00002\.safetensors holds no tensor ghost/);
  for (const path of ["../secret", "/etc/passwd", "a/../../b", "C:\\x", "", "a\0"]) {
    await assertRefused(parse({ w: path }, [{ name: path, source: new Uint8Array(8) }]), /expected a path within the model's folder/);
  }
  await assertRefused(parse({ w: 7 }), /weight_map names no file for w/);
  await assertRefused(parse(undefined), /the index has no weight_map/);
  await assertRefused(parseSafetensorsShards(new Uint8Array(3), shards, "index.json"), /the index is no JSON/);
});

test("an empty model, and one with names that objects have by themselves", async () => {
  assert.deepEqual((await parseSafetensors(safetensors({}, 0))).tensors, []);
  const odd = safetensors(`{"__proto__":${JSON.stringify(tensor("U8", [1], 0, 1))},"constructor":${JSON.stringify(tensor("U8", [1], 1, 2))}}  `, 2);
  assert.deepEqual((await parseSafetensors(odd)).tensors.map(({ name }) => name), ["__proto__", "constructor"]);
});

test("a dtype that objects have by themselves is skipped like any other", async () => {
  const { skipped } = await parseSafetensors(safetensors({ a: tensor("constructor", [1], 0, 1), b: tensor("__proto__", [], 1, 1) }, 1));
  assert.deepEqual(skipped.map(({ reason }) => reason), ["its dtype is constructor", "its dtype is __proto__"]);
});

const tooLong = safetensors({}, 0);
new DataView(tooLong.buffer).setBigUint64(0, 100_000_001n, true);
const beyond = safetensors({}, 0);
new DataView(beyond.buffer).setBigUint64(0, 3n, true);
const one = JSON.stringify(tensor("U8", [4], 0, 4));
const refused: [string, Uint8Array, RegExp][] = [
  ["no header", new Uint8Array(7), /truncated: the length of the header takes 8 bytes from byte 0 on, the file has 7/],
  ["a header of more than 100 MB", tooLong, /a header of 100000001 bytes/],
  ["a header beyond the file", beyond, /truncated: the header takes 3 bytes from byte 8 on, the file has 10/],
  ["a header that is no object", safetensors("[1]", 0), /does not start with \{/],
  ["a header that is no JSON", safetensors('{"a":', 0), /the header at byte 8 is no JSON/],
  ["a header that is no UTF-8", safetensors("{}", 0).map((byte, i) => (i === 9 ? 0xff : byte)), /is no JSON/],
  ["a nested header", safetensors('{"a":'.repeat(100_000), 0), /is no JSON/],
  ["a tensor that is no object", safetensors({ a: 1 }, 0), /tensor a, expected \{ dtype, shape/],
  ["2^60 elements", safetensors({ a: tensor("F32", [2 ** 30, 2 ** 30], 0, 4) }, 4), /takes 4611686018427388000 bytes, its data_offsets are 0 to 4/],
  ["2^60 elements that the offsets claim too", safetensors({ a: tensor("U8", [2 ** 50], 0, 2 ** 50) }, 4), /take 1125899906842624 bytes after the header, the file holds 4: truncated/],
  ["a product beyond all numbers", safetensors({ a: tensor("U8", Array(40).fill(2 ** 30), 0, 4) }, 4), /takes Infinity bytes/],
  ["a size of −1", safetensors({ a: tensor("U8", [-1, -4], 0, 4) }, 4), /tensor a, expected/],
  ["half a size", safetensors({ a: tensor("U8", [1.5], 0, 4) }, 4), /tensor a, expected/],
  ["offsets in the wrong order", safetensors({ a: tensor("U8", [0], 4, 0) }, 4), /its data_offsets are 4 to 0/],
  ["a hole", safetensors({ a: tensor("U8", [1], 0, 1), b: tensor("U8", [1], 2, 3) }, 3), /tensor b starts at 2 after the header, the one before ends at 1/],
  ["an overlap", safetensors({ a: tensor("U8", [2], 0, 2), b: tensor("U8", [2], 1, 3) }, 3), /tensor b starts at 1/],
  ["bytes that are no tensor's", safetensors({ a: tensor("U8", [1], 0, 1) }, 3), /take 1 bytes after the header, the file holds 3$/],
  ["a tensor named twice", safetensors(`{"a":${one},"a":${one}}`, 4), /names a tensor twice/],
  ["metadata that is no text", safetensors({ __metadata__: { a: 1 } }, 0), /__metadata__/],
];
for (const [what, bytes, message] of refused) {
  test(`refused: ${what}`, () => assertRefused(parseSafetensors(bytes, "x.safetensors"), message));
}
