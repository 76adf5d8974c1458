// Files of torch.save: what torch 1.13 wrote, in both byte orders and all protocols; pickles that call.

import assert from "node:assert/strict";
import { test } from "node:test";
import { unzipSync, zipSync } from "fflate";
import { parsePytorch } from "../bindings/io/index.ts";
import { assertModel, assertRefused, countingBlob, readModel } from "./models.ts";

for (const file of ["kinds", "protocol4", "protocol5", "views", "tensor", "big_endian", "deflated", "torch2", "script", "frozen", "legacy4"]) {
  test(`${file}.pt`, async () => {
    const model = await parsePytorch(readModel(`${file}.pt`));
    await assertModel(model, `${file}.pt`);
    assert.deepEqual(model.skipped, []);
    assert.deepEqual([model.format, model.warnings], ["pytorch", []]);
    await assertModel(await parsePytorch(new Blob([readModel(`${file}.pt`)])), `${file}.pt`);
  });
}

test("a checkpoint: nested dicts and lists, parameters, plain values; what is no numbers is skipped", async () => {
  const model = await parsePytorch(readModel("checkpoint.pt"));
  await assertModel(model, "checkpoint.pt");
  assert.deepEqual(model.skipped, [
    { name: "optimizer", reason: "it is the state of an optimizer" },
    { name: "array", reason: "it is a NumPy array" },
    { name: "complex", reason: "its numbers are torch.ComplexFloatStorage" },
    { name: "sparse", reason: "it is sparse" },
  ]);
});

test("a tensor has the dtype and strides of its storage", async () => {
  const { tensors } = await parsePytorch(readModel("views.pt"));
  const stored = Object.fromEntries(await Promise.all(tensors.map(async (tensor) => [tensor.name, await tensor.stored()] as const)));
  assert.deepEqual([stored.transposed!.strides, stored.transposed!.bytes.length], [[1, 6], 96]);
  assert.deepEqual([stored.rows!.strides, stored.rows!.bytes.length], [undefined, 48]);
  assert.deepEqual([stored.columns!.strides, stored.columns!.bytes.length], [[6, 2], 4 * (18 + 2 + 1)]);
  assert.ok(tensors.every(({ dtype, layout }) => dtype === "f32" && layout === "oi"));
});

test("of a Blob the directory and the pickle are read, and each tensor when it is asked for", async () => {
  const files = unzipSync(readModel("views.pt"));
  files["archive/padding"] = new Uint8Array(1 << 20);
  const { blob, read } = countingBlob(zipSync(files, { level: 0 }) as Uint8Array<ArrayBuffer>);
  const { tensors } = await parsePytorch(blob);
  const before = read();
  assert.ok(before < 100_000);
  await tensors.find(({ name }) => name === "row")!.data();
  assert.equal(read() - before, 30 + 24);
});

test("before 1.6: views of the same storage, and others between them", async () => {
  for (const source of [readModel("legacy.pt"), new Blob([readModel("legacy.pt")])]) {
    const model = await parsePytorch(source);
    await assertModel(model, "legacy.pt");
    assert.deepEqual(model.skipped, [{ name: "complex", reason: "its numbers are torch.ComplexFloatStorage" }]);
    assert.ok(model.tensors.find(({ name }) => name === "quantised")!.quantized);
  }
});

test("whole modules by the names of their state dicts; other objects by their attributes; tensors with attributes", async () => {
  const model = await parsePytorch(readModel("module.pt"));
  await assertModel(model, "module.pt");
  assert.deepEqual(model.warnings, ["of objects (torch.nn.modules.container.Sequential, … 3 classes) the attributes were read, nothing was run"]);
  await assertModel(await parsePytorch(readModel("objects.pt")), "objects.pt");
});

/** A module's pickle: each attribute an opcode text. */
const moduleOf = (attributes: Record<string, string>) =>
  `cnet\nNet\n)\x81}(${Object.entries(attributes).map(([name, value]) => `U${String.fromCharCode(name.length)}${name}${value}`).join("")}ub`;

test("of a module's buffers those that its state dict has; weights that a quantised layer packed", async () => {
  const values = tensor("K\0", "K\x04\x85", "K\x01\x85").slice(0, -1);
  const buffers = moduleOf({ _parameters: "}", _buffers: `}(U\x01a${values}U\x01b${values}u`, _non_persistent_buffers_set: "](U\x01ae", other: values });
  const names = async (pickle: string) => (await parsePytorch(file(`${pickle}.`))).tensors.map(({ name }) => name);
  assert.deepEqual(await names(buffers), ["b"]);
  const packed = moduleOf({ _parameters: "}", _packed_params: `ctorch\nScriptObject\n)\x81${values}N\x86U\x01T\x86b` });
  assert.deepEqual(await names(moduleOf({ _parameters: "}", _modules: `}U\x02fc${packed}s` })), ["fc._packed_params.0"]);
});

test("numbers quantised along an axis have a scale and a zero point for each index", async () => {
  const list = (type: string, key: string, length: string) =>
    `ctorch._utils\n_rebuild_tensor_v2\n((U\x07storagectorch\n${type}Storage\nU\x01${key}U\x03cpu${length}tQK\0${length}\x85K\x01\x85\x89}tR`;
  const quantised = (axis: string, zeros = "K\x02") => "ctorch._utils\n_rebuild_qtensor\n((U\x07storagectorch\nQInt8Storage\nU\x010U\x03cpuK\x04tQK\0K\x02K\x02\x86K\x02K\x01\x86" +
    `(ctorch\nper_channel_affine\n${list("Double", "1", "K\x02")}${list("Long", "2", zeros)}${axis}t\x89}tR.`;
  const parts = {
    "a/data/0": Uint8Array.of(1, 2, 3, 0xfc), "a/data/1": new Uint8Array(Float64Array.of(0.5, 2).buffer), "a/data/2": new Uint8Array(BigInt64Array.of(1n, -1n).buffer),
  };
  for (const [axis, expected] of [["K\0", [0, 0.5, 8, -6]], ["K\x01", [0, 6, 1, -6]]] as const) {
    const { tensors: [only] } = await parsePytorch(file(quantised(axis), parts));
    assert.deepEqual([only!.dtype, [...(await only!.data())]], ["f32", expected]);
  }
  for (const [axis, zeros] of [["K\x02"], ["U\x06length"], ["K\0", "K\x01"]] as const) {
    await assertRefused(parsePytorch(file(quantised(axis, zeros), parts), "x.pt"), /x\.pt: damaged pickle: a tensor quantised along an axis without a scale/);
  }
});

test("refused by name: functions and classes that are called; nothing is run", async () => {
  await assertRefused(parsePytorch(readModel("calls.pt"), "x.pt"), /^x\.pt: the pickle calls (posix|os)\.system, nothing was run; expected tensors/);
});

const ascii = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));
/** A file of a pickle in latin1, with a storage of 16 bytes. */
const file = (pickle: string, others: Record<string, Uint8Array> = {}) =>
  zipSync({ "a/data.pkl": ascii(`\x80\x02${pickle}`), "a/data/0": new Uint8Array(16), ...others }, { level: 0 });

/** The pickle of a tensor of so many f32 in storage 0, by the opcodes of offset, shape and strides. */
const tensor = (offset: string, shape: string, strides: string, count = "K\x04", storage = "0") =>
  `ctorch._utils\n_rebuild_tensor_v2\n((U\x07storagectorch\nFloatStorage\nU\x01${storage}U\x03cpu${count}tQ${offset}${shape}${strides}\x89}tR.`;
const wide = (hex: string) => `\x8a${String.fromCharCode(hex.length / 2)}${String.fromCharCode(...hex.match(/../g)!.map((byte) => parseInt(byte, 16)))}`;
/** A file from before 1.6: its object, the keys of its storages, and their bytes with what they claim to be. */
const legacy = (pickle: string, keys: string, storages: [count: number, bytes: number][]) => ascii(
  "\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}." +
  `\x80\x02${pickle}\x80\x02](${keys.replace(/./g, "U\x01$&")}e.${storages.map(([count, bytes]) => `${String.fromCharCode(count)}${"\0".repeat(7)}${"\0\0\x80?".repeat(bytes / 4)}`).join("")}`);
const TWO_TO_60 = wide("0000000000000010");

test("a tensor written by hand is read", async () => {
  const { tensors } = await parsePytorch(file(tensor("K\x01", "K\x03\x85", "K\x01\x85")));
  assert.deepEqual(tensors.map(({ name, shape }) => [name, shape]), [["tensor", [3]]]);
  assert.equal((await tensors[0]!.data()).length, 3);
});

test("before 0.4: a tensor of a part of a storage, rebuilt in the old way, after a module's class and source", async () => {
  const part = "(U\x06moduleca.b\nNet\nU\x01fU\x01stQ0ctorch._utils\n_rebuild_tensor\n((U\x07storagectorch.cuda\nFloatStorage\nU\x010U\x03cpuK\x04(U\x017K\x01K\x03ttQK\x01K\x02\x85K\x01\x85tR.";
  const { tensors } = await parsePytorch(legacy(part, "0", [[4, 16]]));
  assert.deepEqual([tensors.map(({ shape }) => shape), [...(await tensors[0]!.data())]], [[[2]], [1, 1]]);
  assert.deepEqual((await tensors[0]!.stored()).bytes.length, 8);
});

test("a tensor whose numbers are stored negated is skipped", async () => {
  const negated = tensor("K\0", "K\x04\x85", "K\x01\x85").replace("\x89}t", "\x89}}U\x03neg\x88st");
  assert.deepEqual((await parsePytorch(file(negated))).skipped, [{ name: "tensor", reason: "its numbers are stored negated" }]);
});

test("an OrderedDict of pairs, as Python 2 wrote it", async () => {
  const view = tensor("K\0", "K\x02\x85", "K\x01\x85").slice(0, -1);
  const { tensors } = await parsePytorch(file(`ccollections\nOrderedDict\n(]]U\x01wa${view}aatR.`));
  assert.deepEqual(tensors.map(({ name, shape }) => [name, shape]), [["w", [2]]]);
});

const refused: [string, string | Uint8Array, RegExp][] = [
  ["builtins by their old name", "c__builtin__\neval\n(U\x031+1tR.", /the pickle calls builtins\.eval, nothing was run/],
  ["a call without arguments", "\x80\x02cposix\nabort\n)R.", /the pickle calls posix\.abort, nothing was run/],
  ["an object that is made with arguments", "\x80\x02csubprocess\nPopen\nU\x02ls\x85\x81.", /the pickle calls subprocess\.Popen, nothing was run/],
  ["a name with a line break in protocol 4", "\x8c\x02os\x8c\x07sys\ntem\x93N\x85R.", /the pickle calls os\.sys\?tem, nothing was run/],
  ["a value that is called", "ctorch\nFloatStorage\nN\x85R.", /the pickle calls torch\.FloatStorage/],
  ["a name that objects have by themselves", "cconstructor\nconstructor\nN\x85R.", /calls constructor\.constructor/],
  ["an object that is made of something", "cm\nNet\nK\x01\x85\x81.", /calls m\.Net/],
  ["a tensor that a function makes of itself", "ctorch._tensor\n_rebuild_from_type_v2\n(cos\nsystem\nNU\x01x\x85NtR.", /calls os\.system, nothing was run/],
  ["a tensor that is made as it is made", "ctorch._tensor\n_rebuild_from_type_v2\n]q\0(h\x01Nh\0eR.".replace("h\x01", "ctorch._tensor\n_rebuild_from_type_v2\n"), /a tensor that nothing makes/],
  ["a quantised tensor of no scale", "ctorch._utils\n_rebuild_qtensor\n(NK\0))(ctorch\nper_tensor_affine\nNK\0ttR.", /a quantised tensor without a scale/],
  ["a module in itself", "cm\nNet\n)\x81q\0}(U\x0b_parameters}U\x08_modules}U\x01ah\0sub.", /nested too deeply, or in itself, at a\.a/],
  ["opcodes that torch does not write", "(ios\nsystem\n.", /opcode 0x69 at byte 3, which torch\.save does not write/],
  ["an empty stack", ".", /it takes from an empty stack/],
  ["a missing mark", "t.", /it lacks a mark/],
  ["a key without a value", "}(K\x01u.", /a key without a value/],
  ["items of a number", "K\x01K\x02a.", /appends to what is no list/],
  ["a memo that is empty", "h\x05.", /recalls 5, which it did not put there/],
  ["no end", "]", /truncated: it takes 1 bytes from byte 3 on, it has 3/],
  ["a text beyond the end", "X\xff\xff\xff\xff.", /takes 4294967295 bytes from byte 7/],
  ["a text of 2^63 bytes", "\x8d\0\0\0\0\0\0\0\x80.", /takes 9223372036854776000 bytes/],
  ["an integer of a megabyte", "\x8b\0\0\x10\0.", /an integer of 1048576 bytes/],
  ["a list in itself", "]q\0h\0a.", /nested too deeply, or in itself, at 0\.0/],
  ["lists of the same list, 40 levels deep", `]${"q\0(h\0h\0h\0h\0l".repeat(40)}.`, /nested too deeply/],
  ["100,000 lists in each other", `${"]".repeat(100_000)}${"a".repeat(99_999)}.`, /nested too deeply/],
  ["100,000 marks", `${"(".repeat(100_000)}.`, /it takes from an empty stack/],
  ["millions of objects", "}".repeat(2_100_000), /more than 2097152 objects/],
  ["a long list for very many calls", `](${"]".repeat(1000)}eq\0${"ccollections\nOrderedDict\nh\0\x85R0".repeat(10_000)}.`, /more than 2097152 objects/],
  ["a long list very many times", `](${"N".repeat(10_000)}lq\0(${"h\0".repeat(10_000)}l.`, /nested too deeply/],
  ["a tensor very many times", `${tensor("K\0", "K\x02\x85", "K\x01\x85").slice(0, -1)}q\0(${"h\0".repeat(300_000)}l.`, /nested too deeply/],
  ["a storage that is missing", tensor("K\0", "K\x04\x85", "K\x01\x85", "K\x04", "7"), /the storage data\/7 is missing/],
  ["a path as the storage", tensor("K\0", "K\x04\x85", "K\x01\x85", "K\x04", "/"), /the storage data\/\/ is missing/],
  ["a storage that claims more than is there", tensor("K\0", "K\x05\x85", "K\x01\x85", "K\x05"), /reaches byte 20 of a storage of 20, of which a\/data\/0 holds 16/],
  ["an offset beyond the storage", tensor("K\x02", "K\x03\x85", "K\x01\x85"), /reaches byte 20 of a storage of 16/],
  ["strides beyond the storage", tensor("K\0", "K\x02K\x02\x86", "K\x03K\x01\x86"), /reaches byte 20/],
  ["2^60 elements", tensor("K\0", `${TWO_TO_60}\x85`, "K\x01\x85"), /no view of a storage|reaches byte/],
  ["2^60 elements of stride 2^40", tensor("K\0", `${wide("00000040")}\x85`, `${wide("000000000001")}\x85`), /reaches byte 4\.72\d+e\+21/],
  ["a negative size", tensor("K\0", "J\xff\xff\xff\xff\x85", "K\x01\x85"), /no view of a storage/],
  ["fewer strides than sizes", tensor("K\0", "K\x02K\x02\x86", "K\x01\x85"), /no view of a storage/],
  ["a tensor of nothing", "ctorch._utils\n_rebuild_tensor_v2\n)R.", /no view of a storage/],
  ["a reference to a number", "K\x01Q.", /a reference to what is no storage/],
  ["an unknown byte order", file("}.", { "a/byteorder": ascii("middle") }), /the byteorder is middle/],
  ["two pickles", file("}.", { "b/data.pkl": ascii("}.") }), /holds 2 files data\.pkl/],
  ["an archive of something else", zipSync({ "a.txt": ascii("a") }), /holds 0 files data\.pkl/],
  ["a list of other storages", legacy(tensor("K\0", "K\x04\x85", "K\x01\x85"), "1", [[4, 16]]), /no tensor has the storage 1/],
  ["a list of no storages", legacy(tensor("K\0", "K\x04\x85", "K\x01\x85"), "", [[4, 16]]), /the list of storages is not that of the 1 in the pickle/],
  ["a storage of another size", legacy(tensor("K\0", "K\x04\x85", "K\x01\x85"), "0", [[5, 20]]), /storage 0 has 5 elements at byte \d+, by the pickle 4/],
  ["a storage that ends early", legacy(tensor("K\0", "K\x04\x85", "K\x01\x85"), "0", [[4, 12]]), /truncated: storage 0 ends at byte \d+/],
  ["a storage of two sizes", legacy(`(${tensor("K\0", "K\x04\x85", "K\x01\x85").slice(0, -1)}${tensor("K\0", "K\x04\x85", "K\x01\x85", "K\x05").slice(0, -1)}l.`, "0", [[4, 16]]), /storage 0 has two types or sizes/],
  ["a storage of what is none", legacy(tensor("K\0", "K\x04\x85", "K\x01\x85").replace("FloatStorage", "QuadStorage"), "0", [[4, 16]]), /storage 0 is a torch\.QuadStorage/],
  ["2^60 elements in an old file", legacy(tensor("K\0", "K\x04\x85", "K\x01\x85", wide("000000000001")), "0", [[4, 16]]), /storage 0 has 4 elements at byte \d+, by the pickle 1099511627776/],
  ["an old file that ends after its pickles", legacy(tensor("K\0", "K\x04\x85", "K\x01\x85"), "0", []), /truncated: storage 0 takes 8 bytes/],
  ["no archive", ascii("hello"), /no zip archive, expected a file of torch\.save/],
];
for (const [what, pickle, message] of refused) {
  test(`refused: ${what}`, () => assertRefused(parsePytorch(typeof pickle === "string" ? file(pickle) : pickle, "x.pt"), message));
}

test("a view that repeats few elements very often is refused when it is decoded", async () => {
  const size = wide("0000004000");
  const { tensors } = await parsePytorch(file(tensor("K\0", `${size}\x85`, "K\0\x85")));
  await assertRefused(tensors[0]!.data(), /repeats 1 elements 1073741824 times/);
});
