// parseModel and the command line's way to a model's files: the content decides, companions are found or named.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { zipSync } from "fflate";
import { FileBlob } from "../bindings/cli/fileBlob.ts";
import { openModelFiles, readModel } from "../bindings/cli/modelFiles.ts";
import { FileError, FormatError, OptionError } from "../bindings/errors.ts";
import { formatNpy, parseModel, parseModels, type NamedSource } from "../bindings/io/index.ts";
import { matrix } from "../bindings/linalg/matrix.ts";

const text = (value: string) => new TextEncoder().encode(value);
const npy = formatNpy(matrix(2, 2, Float64Array.of(1, 2, 3, 4)));
const onnx = new Uint8Array(await readFile(new URL("./fixtures/onnx/mlp.onnx", import.meta.url)));
const external = new Uint8Array(await readFile(new URL("./fixtures/onnx/external.onnx", import.meta.url)));
const torch = new Uint8Array(await readFile(new URL("./fixtures/models/tensor.pt", import.meta.url)));
const kinds = new Uint8Array(await readFile(new URL("./fixtures/models/kinds.pt", import.meta.url)));
const externalData = new Uint8Array(await readFile(new URL("./fixtures/onnx/external.bin", import.meta.url)));

/** A safetensors file of one tensor of four f32. */
function safetensors(tensor: string): Uint8Array {
  const header = text(JSON.stringify({ [tensor]: { dtype: "F32", shape: [2, 2], data_offsets: [0, 16] } }));
  const bytes = new Uint8Array(8 + header.length + 16);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, 8);
  return bytes;
}
const index = text(JSON.stringify({ weight_map: { a: "model-00001-of-00002.safetensors", b: "model-00002-of-00002.safetensors" } }));
const shards: NamedSource[] = ["a", "b"].map((tensor, k) =>
  ({ name: `model-0000${k + 1}-of-00002.safetensors`, source: safetensors(tensor) }));
const tfjs = text(JSON.stringify({ weightsManifest: [{ paths: ["group1-shard1of1.bin"], weights: [{ name: "w", shape: [4], dtype: "float32" }] }] }));
const names = async (files: Parameters<typeof parseModel>[0]) => {
  const { format, tensors } = await parseModel(files, "m");
  return `${format}: ${tensors.map((tensor) => tensor.name)}`;
};

test("the content of a file decides what it is", async () => {
  const files: [Uint8Array, string][] = [
    [npy, "npy: "], [onnx, "onnx: 0.weight,0.bias,2.weight,2.bias"], [safetensors("W"), "safetensors: W"],
    [zipSync({ "x.npy": npy }), "npz: x"], [torch, "pytorch: "],
  ];
  for (const [bytes, expected] of files) {
    for (const source of [bytes, new Blob([bytes as Uint8Array<ArrayBuffer>]), gzipSync(bytes)]) {
      assert.ok((await names(source)).startsWith(expected), `${await names(source)}, expected ${expected}`);
    }
  }
});

test("a safetensors file may start like another format", async () => {
  const whole = safetensors("W");
  for (const [length, looks] of [[0x0280, "a pickle"], [0x0480, "a pickle"], [0x088b1f, "gzip"], [0x120108, "SavedModel"], [0x0708, "ONNX"], [0x207b, "JSON"]] as const) {
    const bytes = new Uint8Array(8 + length + 16).fill(0x20);
    bytes.set(whole.subarray(0, whole.length - 16));
    bytes.set(whole.subarray(whole.length - 16), 8 + length);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
    assert.equal(await names(bytes), "safetensors: W", `of a header that looks like ${looks}`);
  }
});

test("of several files one is the model, the others what it needs", async () => {
  const readme = { name: "README.md", source: text("# A model") };
  const config = { name: "config.json", source: text("{\"layers\": 3}") };
  const indexed = { name: "model.safetensors.index.json", source: index };
  assert.equal(await names([readme, config, ...shards, indexed]), "safetensors: a,b");
  const shard = { name: "net/group1-shard1of1.bin", source: new Uint8Array(16) };
  assert.equal(await names([shard, { name: "net/model.json", source: tfjs }, readme]), "tfjs: w");
  const held = (await names([{ name: "x.pt", source: kinds }])).split(": ")[1]!.split(",")[0]!;
  const map = text(JSON.stringify({ weight_map: { [held]: "s-1.bin" } }));
  assert.equal(await names([{ name: "s-1.bin", source: kinds }, { name: "i.index.json", source: map }]), `pytorch: ${held}`);
  // a page may not know the folders
  assert.equal(await names([{ ...shard, name: "group1-shard1of1.bin" }, { name: "net/model.json", source: tfjs }]), "tfjs: w");
  // external data that looks like a model itself
  const looks = new Uint8Array(externalData);
  looks.set(npy.subarray(0, 16));
  assert.equal(await names([{ name: "external.bin", source: looks }, { name: "m.onnx", source: external }]), "onnx: near,far");
});

const refuses = (files: Parameters<typeof parseModel>[0], says: RegExp) =>
  assert.rejects(parseModel(files, "m"), (error: Error) => {
    assert.ok(error instanceof FormatError, String(error.stack));
    assert.match(error.message, /^[^\n]+$/);
    assert.match(error.message, says);
    return true;
  });

test("files of a page have their names", async () => {
  const file = (name: string, bytes: Uint8Array, path?: string) =>
    Object.assign(new File([bytes as Uint8Array<ArrayBuffer>], name), path && { webkitRelativePath: `${path}/${name}` });
  const net = [file("group1-shard1of1.bin", new Uint8Array(16), "net"), file("model.json", tfjs, "net"), file("README.md", text("#"), "net")];
  // a FileList is no array
  for (const files of [net, { ...net, length: 3 }]) assert.equal(await names(files), "tfjs: w");
  assert.deepEqual((await parseModels([file("a.npy", npy), file("b.npy", npy)])).map(({ name }) => name), ["a.npy", "b.npy"]);
  assert.deepEqual((await parseModels(net)).map(({ name }) => name), ["net/model.json"]);
  await assert.rejects(parseModel(file("x.safetensors", safetensors("W").subarray(0, 30))), /^FormatError: x\.safetensors: truncated/);
});

test("what is no bytes is an OptionError", async () => {
  for (const source of ["model.onnx", new ArrayBuffer(8), null, undefined, 3, ["a"], [npy], [{ name: "a" }], [{ source: npy }], Object.create(null)]) {
    await assert.rejects(parseModel(source as never), (error: Error) => {
      assert.ok(error instanceof OptionError, String(error.stack));
      return /expected a (Uint8Array or a Blob|list of)/.test(error.message);
    });
  }
});

test("what is missing, or one too many, is named", async () => {
  await refuses([], /expected safetensors/);
  await refuses([{ name: "model.safetensors.index.json", source: index }, shards[0]!], /model-00002-of-00002\.safetensors is missing/);
  await refuses(shards, /without their index/);
  await refuses([{ name: "a.npy", source: npy }, { name: "b.onnx", source: onnx }], /several models \(a\.npy, b\.onnx\)/);
  await refuses([{ name: "model.json", source: tfjs }], /group1-shard1of1\.bin is missing/);
  await refuses([{ name: "a.txt", source: text("a") }, { name: "b.txt", source: text("b") }], /none of 2 files is a model/);
  await refuses([{ name: "a.txt", source: text("a") }, { name: "m.h5", source: Uint8Array.from("\x89HDF\r\n\x1a\n", (c) => c.charCodeAt(0)) }], /^m\.h5: HDF5/);
});

test("several models among files, each with its own, in their order; what is none is left aside", async () => {
  const open = async (files: NamedSource[]) => (await parseModels(files)).map(({ name, tensors }) => `${name}: ${tensors.map((tensor) => tensor.name)}`);
  const readme = { name: "README.md", source: text("# Models") };
  assert.deepEqual(await open([readme, { name: "b.npy", source: npy }, { name: "a.safetensors", source: safetensors("W") }]), ["b.npy: array", "a.safetensors: W"]);
  // shards of two checkpoints have the same names; a shard that one lacks is not taken from the other
  const checkpoint = (folder: string) => [{ name: `${folder}/model.safetensors.index.json`, source: index }, ...shards.map(({ name, source }) => ({ name: `${folder}/${name}`, source }))];
  assert.deepEqual(await open([...checkpoint("step-1"), ...checkpoint("step-2"), readme]), ["step-1/model.safetensors.index.json: a,b", "step-2/model.safetensors.index.json: a,b"]);
  await assert.rejects(parseModels([...checkpoint("step-1").slice(0, 2), ...checkpoint("step-2")]), /model-00002-of-00002\.safetensors is missing/);
  // one model of several files, alone and beside another
  const net = [{ name: "group1-shard1of1.bin", source: new Uint8Array(16) }, { name: "model.json", source: tfjs }];
  assert.deepEqual(await open(net), ["model.json: w"]);
  assert.deepEqual(await open([...net, { name: "m.onnx", source: external }, { name: "external.bin", source: externalData }]), ["model.json: w", "m.onnx: near,far"]);
  await assert.rejects(parseModels([...shards, { name: "b.npy", source: npy }]), /without their index/);
  await assert.rejects(parseModels([]), FormatError);
  for (const wrong of [npy, [npy], undefined, [{ name: "a" }]]) await assert.rejects(parseModels(wrong as never), OptionError);
});

test("what should be a model and is none is not passed over among others", async () => {
  const [a, broken] = [{ name: "step-1.pt", source: kinds }, { name: "step-2.pt", source: text("no model at all") }];
  await assert.rejects(parseModels([a, broken]), /^FormatError: step-2\.pt: no model file that is known/);
  await assert.rejects(parseModels([a, { name: "step-2.safetensors", source: safetensors("W").subarray(0, 30) }]), /^FormatError: step-2\.safetensors: truncated/);
  // unless it belongs to one of them
  assert.equal((await parseModels([{ name: "m.onnx", source: external }, { name: "external.bin", source: externalData }]))[0]!.name, "m.onnx");
});

test("a folder's model has the name that libraries give it; of files without folders each was meant", async () => {
  const usual = { name: "ckpt-5/model.safetensors", source: safetensors("W") };
  const others = [{ name: "ckpt-5/optimizer.pt", source: kinds }, { name: "ckpt-5/pytorch_model.bin", source: kinds }, { name: "ckpt-5/old.pt", source: text("no model") }];
  for (const [one] of [[await parseModel([...others, usual])], await parseModels([...others, usual])] as const) {
    assert.deepEqual(one!.tensors.map(({ name }) => name), ["W"]);
    assert.deepEqual(one!.warnings, ["ckpt-5/optimizer.pt, ckpt-5/pytorch_model.bin: left aside beside the model of the folder"]);
  }
  const next = [usual, ...others].map(({ name, source }) => ({ name: name.replace("5", "10"), source }));
  assert.deepEqual((await parseModels([usual, ...others, ...next])).map(({ name }) => name), ["ckpt-5/model.safetensors", "ckpt-10/model.safetensors"]);
  assert.equal((await parseModels([{ name: "model.safetensors", source: safetensors("W") }, { name: "a.pt", source: kinds }])).length, 2);
});

test("formats that are not read are refused by name, with what to do", async () => {
  const bytes = (latin1: string) => Uint8Array.from(latin1.padEnd(600, "\0"), (c) => c.charCodeAt(0));
  const foreign: [Uint8Array, RegExp][] = [
    [bytes("\x89HDF\r\n\x1a\n"), /HDF5.*numpy\.savez/], [bytes("GGUF\x03"), /GGUF/], [bytes("GGUF\x03\0\0\0{"), /GGUF/], [bytes("\x1c\0\0\0TFL3"), /TensorFlow Lite/],
    [bytes("\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."), /damaged pickle/], [bytes("\x80\x04\x95"), /a pickle, and no file of torch\.save/],
    [bytes("\x08\x01\x12\x90\x10\x0a\x05"), /SavedModel/], [bytes("x".repeat(257) + "ustar"), /tar archive/],
    [bytes("version https://git-lfs.github.com/spec/v1\n"), /git lfs pull/], [bytes("\n<!DOCTYPE html>"), /web page/],
    [zipSync({ "model.weights.h5": text("x") }), /Keras/], [zipSync({ "readme.txt": text("x") }), /zip archive without/],
    [new Uint8Array(0), /empty/], [bytes("hello"), /expected safetensors/], [text("[1, 2]"), /neither TensorFlow\.js/],
    [gzipSync(gzipSync(npy)), /gzipped twice/], [gzipSync(npy).subarray(0, 40), /damaged gzip/],
    [gzipSync(new Uint8Array(2 ** 26 + 2 ** 16)), /inflates to more than/],
    [Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 15, 0x7b, 0x7d), /header/],
  ];
  for (const [source, says] of foreign) await refuses(source, says);
});

// ---- files on disk ----

const folder = await mkdtemp(join(tmpdir(), "eigenscope-"));
after(() => rm(folder, { recursive: true }));
async function write(files: Record<string, Uint8Array>): Promise<string> {
  const home = await mkdtemp(join(folder, "m"));
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(home, name)), { recursive: true });
    await writeFile(join(home, name), bytes);
  }
  return home;
}
const sharded = { "model.safetensors.index.json": index, ...Object.fromEntries(shards.map(({ name, source }) => [name, source as Uint8Array])) };

test("a file brings what it names, a folder its model", async () => {
  const home = await write({ ...sharded, "config.json": text("{}") });
  for (const path of [home, join(home, "model.safetensors.index.json")]) {
    assert.deepEqual((await readModel(path)).tensors.map(({ name }) => name), ["a", "b"]);
  }
  assert.deepEqual((await readModel(join(home, shards[0]!.name))).tensors.map(({ name }) => name), ["a"]);
  const renamed = await write({ ...sharded, "net.safetensors.index.json": index, "model.safetensors.index.json": text("x") });
  await rm(join(renamed, "model.safetensors.index.json"));
  assert.equal((await readModel(renamed)).tensors.length, 2);
  const one = await write({ "sub/external.onnx": external, "sub/external.bin": externalData });
  assert.deepEqual((await openModelFiles(join(one, "sub"))).map(({ name }) => name), ["external.onnx", "external.bin"]);
  assert.equal((await (await readModel(join(one, "sub"))).tensors[0]!.data()).length, 12);
  const packed = join(await write({ "a.npy.gz": gzipSync(npy) }), "a.npy.gz");
  assert.deepEqual([...await (await readModel(packed)).tensors[0]!.data()], [1, 2, 3, 4]);
});

const fails = (path: string, says: RegExp) =>
  assert.rejects(readModel(path), (error: Error) => {
    assert.ok(error instanceof FileError || error instanceof FormatError, String(error.stack));
    assert.match(error.message, says);
    return true;
  });

test("what cannot be found or read is a FileError that names it", async () => {
  await fails(join(folder, "nothing"), /nothing: no such file/);
  await fails(await write({}), /without a model.*nothing/);
  await fails(await write({ "a.txt": text("a") }), /without a model.*a\.txt/);
  await fails(await write({ "a.npy": npy, "b.npy": npy }), /2 models.*a\.npy, b\.npy/);
  await fails(await write(Object.fromEntries(Object.entries(sharded).slice(1))), /shards, but no index/);
  await fails(await write({ "model.json": tfjs }), /group1-shard1of1\.bin: needed by .*no such file/);
  await fails(await write({ "model.json": tfjs, "group1-shard1of1.bin/x": text("") }), /no regular file/);
});

test("a model reads nothing outside its folder", async () => {
  const secret = join(await write({ "secret.bin": new Uint8Array(16) }), "secret.bin");
  const linked = await write({ "model.json": tfjs });
  await symlink(secret, join(linked, "group1-shard1of1.bin"));
  await fails(linked, /outside the folder/);
  const up = text(new TextDecoder().decode(tfjs).replace("group1-shard1of1.bin", "../secret.bin"));
  await fails(await write({ "model.json": up }), /within the model's folder/);
});

test("a cache that links all files of a model to one folder is read", async () => {
  const home = await write(Object.fromEntries(Object.entries(sharded).map(([name, bytes]) => [`blobs/${name}.blob`, bytes])));
  await mkdir(join(home, "snapshot"));
  for (const name of Object.keys(sharded)) await symlink(`../blobs/${name}.blob`, join(home, "snapshot", name));
  assert.equal((await readModel(join(home, "snapshot"))).tensors.length, 2);
});

test("a file of more than 4 GiB is read where it is asked for", async () => {
  const path = join(folder, "large");
  await writeFile(path, npy);
  await truncate(path, 5 * 2 ** 30 + 3);
  const blob = await FileBlob.open(path);
  assert.equal(blob.size, 5 * 2 ** 30 + 3);
  assert.equal((await blob.slice(4 * 2 ** 30, -3).slice(2 ** 30 - 10).arrayBuffer()).byteLength, 10);
  assert.deepEqual(new Uint8Array(await blob.slice(1, 6).arrayBuffer()), npy.slice(1, 6));
  assert.deepEqual(new Uint8Array(await blob.slice(1).slice(2, 6).arrayBuffer()), npy.slice(3, 7));
  assert.equal(blob.slice(10, 5).size, 0);
  assert.equal(blob.slice(-3).size, 3);
});

test("an ONNX file beyond what a protobuf can have is refused unread", async () => {
  const path = join(folder, "huge.onnx");
  await writeFile(path, onnx);
  await truncate(path, 2 ** 31 + 1);
  await fails(path, /huge\.onnx: 2147483649 bytes, a protobuf has at most 2 GiB/);
});

test("a file that changes while it is open is an error", async () => {
  const path = join(await write({ "a.npy": npy }), "a.npy");
  const { tensors } = await readModel(path);
  await truncate(path, 20);
  await assert.rejects(tensors[0]!.data(), { name: "FileError", message: `${path}: changed while it was read` });
});
