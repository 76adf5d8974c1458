// Zip archives that lie: bombs, overlaps, paths; and zip64.

import assert from "node:assert/strict";
import { test } from "node:test";
import { zipSync } from "fflate";
import { openSource, readFrom } from "../bindings/io/source.ts";
import { entryBytes, entryHead, entryRange, zipEntries } from "../bindings/io/zip.ts";
import { parseNpzTensors } from "../bindings/io/index.ts";
import { assertRefused, countingBlob } from "./models.ts";
import { numbers } from "./numbers.ts";

const noise = new Uint8Array(numbers(1000, 3).buffer);
const zeros = new Uint8Array(100_000);
const archive = (level: 0 | 6) => zipSync({ "noise": noise, "folder/zeros": zeros, "empty": new Uint8Array(0) }, { level });

async function entries(bytes: Uint8Array | Blob) {
  const file = openSource(bytes, "x.zip");
  return { file, list: await readFrom(file, zipEntries(file.size, "x.zip")) };
}
async function contents(bytes: Uint8Array, k = 0) {
  const { file, list } = await entries(bytes);
  return readFrom(file, entryBytes(list[k]!, "x.zip"));
}

/** The archive with fields of its k-th directory record changed: [offset in the record, width in bytes, value]. */
function changed(bytes: Uint8Array, k: number, ...fields: [number, 2 | 4, number][]): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  let at = view.getUint32(copy.length - 22 + 16, true);
  for (; k > 0; k--) at += 46 + view.getUint16(at + 28, true) + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  for (const [offset, width, value] of fields) {
    if (width === 2) view.setUint16(at + offset, value, true);
    else view.setUint32(at + offset, value, true);
  }
  return copy;
}

for (const level of [0, 6] as const) {
  test(`entries, whole, in part and from their start, ${level ? "deflated" : "stored"}`, async () => {
    const { blob, read } = countingBlob(archive(level) as Uint8Array<ArrayBuffer>);
    const { file, list } = await entries(blob);
    assert.deepEqual(list.map(({ name, size }) => ({ name, size })), [
      { name: "noise", size: 8000 }, { name: "folder/zeros", size: 100_000 }, { name: "empty", size: 0 }]);
    const get = (steps: Parameters<typeof readFrom<Uint8Array>>[1]) => readFrom(file, steps);
    assert.deepEqual(await get(entryBytes(list[0]!, "x")), noise);
    assert.deepEqual(await get(entryBytes(list[1]!, "x")), zeros);
    assert.equal((await get(entryBytes(list[2]!, "x"))).length, 0);
    assert.deepEqual(await get(entryRange(list[0]!, 100, 110, "x")), noise.subarray(100, 110));
    for (const length of [0, 1, 5000, 8000, 9000]) assert.deepEqual(await get(entryHead(list[0]!, length, "x")), noise.subarray(0, length));
    const before = read();
    assert.equal((await get(entryHead(list[1]!, 10, "x"))).length, 10);
    assert.ok(read() - before < 5000);
    await assertRefused(get(entryRange(list[0]!, 7999, 8001, "x")), /bytes 7999 to 8001 of noise, which has 8000/);
  });
}

test("zip64: sizes, offset and the directory's place", async () => {
  const plain = zipSync({ noise }, { level: 0 });
  const view = new DataView(plain.buffer);
  const directory = view.getUint32(plain.length - 6, true);
  const record = plain.slice(directory, plain.length - 22);
  const wide = (...values: number[]) => new Uint8Array(BigUint64Array.from(values, BigInt).buffer);
  const field = new Uint8Array([1, 0, 24, 0, ...wide(noise.length, noise.length, 0)]);
  new DataView(record.buffer).setUint16(30, field.length, true);
  for (const at of [20, 24, 42]) new DataView(record.buffer).setUint32(at, 0xffffffff, true);
  const end64 = new Uint8Array(56);
  end64.set([0x50, 0x4b, 6, 6]);
  end64.set(wide(1, 1, record.length + field.length, directory), 24);
  const locator = new Uint8Array([0x50, 0x4b, 6, 7, 0, 0, 0, 0, ...wide(directory + record.length + field.length), 1, 0, 0, 0]);
  const end = new Uint8Array([0x50, 0x4b, 5, 6, 0, 0, 0, 0, ...new Array<number>(12).fill(0xff), 0, 0]);
  const whole = await new Blob([plain.subarray(0, directory) as Uint8Array<ArrayBuffer>, record, field, end64, locator, end]).arrayBuffer();
  assert.deepEqual(await contents(new Uint8Array(whole)), noise);
});

test("a comment after the archive, and one that looks like an end", async () => {
  const plain = zipSync({ noise }, { level: 6 });
  const comment = new Uint8Array([0x50, 0x4b, 5, 6, ...new Array<number>(40).fill(0xff)]);
  const bytes = new Uint8Array([...plain, ...comment]);
  new DataView(bytes.buffer).setUint16(plain.length - 2, comment.length, true);
  assert.deepEqual(await contents(bytes), noise);
});

test("names are labels only", async () => {
  const odd = ["../../etc/passwd", "/abs.npy", "C:\\x", "a//b", "con\0trol"];
  const { list } = await entries(zipSync(Object.fromEntries(odd.map((name) => [name, new Uint8Array(1)]))));
  assert.deepEqual(list.map(({ name }) => name), odd);
  assert.deepEqual((await parseNpzTensors(zipSync({ "../up.txt": new Uint8Array(3) }))).skipped.map(({ name }) => name), ["../up.txt"]);
});

const stored = archive(0);
const deflated = archive(6);
const damaged: [string, Uint8Array, RegExp, number?][] = [
  ["nothing", new Uint8Array(0), /its end is missing/],
  ["a cut end", stored.subarray(0, -1), /its end is missing/],
  ["a directory elsewhere", stored.map((byte, i) => (i === stored.length - 4 ? byte + 1 : byte)), /the directory takes|no entry 1 of 3/],
  ["a size no deflate reaches", changed(deflated, 1, [24, 4, 0xf0000000]), /folder\/zeros has an impossible size: 4026531840 bytes in/, 1],
  ["a size that is too small", changed(deflated, 1, [24, 4, 50]), /does not inflate to 50 bytes/, 1],
  ["a size that is too large", changed(deflated, 1, [24, 4, 100_001]), /does not inflate to 100001 bytes/, 1],
  ["a stored size that is another", changed(stored, 0, [24, 4, 7999]), /noise has an impossible size: 7999 bytes in 8000/],
  ["an encrypted entry", changed(stored, 0, [8, 2, 1]), /noise is encrypted/],
  ["an unknown method", changed(stored, 0, [10, 2, 93]), /compressed by method 93/],
  ["a wrong checksum", changed(stored, 0, [16, 4, 1]), /its checksum is wrong/],
  ["an entry on another", changed(stored, 1, [42, 4, 5]), /folder\/zeros overlaps another entry/],
  ["an entry beyond the directory", changed(stored, 2, [42, 4, 0x7fffffff]), /empty goes beyond the directory/],
  ["an offset that is no entry's", changed(stored, 0, [42, 4, 1]), /overlaps another|no entry noise at byte 1/],
  ["an entry named twice", zipSync({ ab: noise, ac: noise }).map((byte) => (byte === 0x62 ? 0x63 : byte)), /names an entry twice/],
  ["a damaged stream", deflated.map((byte, i) => (i > 60 && i < 90 ? 0xff : byte)), /noise is damaged/],
];
for (const [what, bytes, message, k] of damaged) {
  test(`refused: ${what}`, () => assertRefused(contents(bytes, k), message));
}

test("entries that share their data, as the densest bombs do, are refused", async () => {
  // a directory of 1000 names for the one entry
  const bomb = zipSync({ k0000: zeros });
  const view = new DataView(bomb.buffer);
  const directory = view.getUint32(bomb.length - 6, true);
  const record = bomb.slice(directory, bomb.length - 22);
  const records = new Uint8Array(1000 * record.length);
  for (let k = 0; k < 1000; k++) {
    records.set(record, k * record.length);
    records.set(new TextEncoder().encode(`k${1000 + k}`), k * record.length + 46);
  }
  const end = bomb.slice(-22);
  const fields = new DataView(end.buffer);
  for (const at of [8, 10]) fields.setUint16(at, 1000, true);
  fields.setUint32(12, records.length, true);
  await assertRefused(entries(new Uint8Array([...bomb.subarray(0, directory), ...records, ...end])), /overlaps another entry/);
});
