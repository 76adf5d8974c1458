// What a file is, by its first bytes. Endings lie; they only break ties.

import { FormatError } from "../errors.ts";
import { isGzip } from "./gzip.ts";
import { NPY_MAGIC } from "./npy.ts";
import { isLegacyPytorch } from "./pytorchLegacy.ts";
import type { FileReader } from "./source.ts";
import { isZip } from "./zip.ts";

export type Format = "safetensors" | "pytorch" | "npy" | "zip" | "onnx" | "gzip" | "json";

export const UNDERSTOOD = "safetensors, PyTorch's .pt or .pth, .npy, .npz, ONNX or TensorFlow.js's model.json";

/** A file's format. FormatError that says what it is, where that is known, and what to do. */
export async function formatOf({ name, size, read }: FileReader): Promise<Format> {
  if (size === 0) throw new FormatError(`${name}: the file is empty`);
  const head = await read(0, Math.min(size, 512), "its first bytes");
  if (isSafetensors(head)) return "safetensors";
  if (isLegacyPytorch(head)) return "pytorch";
  const foreign = FOREIGN.find(({ test }) => test(head));
  if (foreign) throw new FormatError(`${name}: ${foreign.is}, which is not read; ${foreign.instead}`);
  if (NPY_MAGIC.every((c, i) => head[i] === c)) return "npy";
  if (isZip(head)) return "zip";
  if (isGzip(head)) return "gzip";
  if (isJson(head)) return "json";
  if (head[8] === 0x7b) return "safetensors"; // of an impossible length, which its reader tells
  if (isOnnx(head, name)) return "onnx";
  throw new FormatError(`${name}: no model file that is known, expected ${UNDERSTOOD}`);
}

interface Foreign { is: string; test(head: Uint8Array): boolean; instead: string }

const text = (head: Uint8Array, start: number, length: number) => String.fromCharCode(...head.subarray(start, start + length));
const KERAS = "save the weights with numpy.savez, or convert the model with tensorflowjs_converter or tf2onnx";
const ORIGINAL = "take the model that it was made from";

/** Formats that people have and that are not read. */
const FOREIGN: Foreign[] = [
  { is: "HDF5, as Keras writes .h5", test: (head) => text(head, 0, 8) === "\x89HDF\r\n\x1a\n", instead: KERAS },
  { is: "GGUF, whose weights are quantised in blocks", test: (head) => text(head, 0, 4) === "GGUF", instead: ORIGINAL },
  { is: "TensorFlow Lite", test: (head) => text(head, 4, 4) === "TFL3", instead: ORIGINAL },
  { is: "ONNX Runtime's .ort", test: (head) => text(head, 4, 4) === "ORTM", instead: "take the .onnx file that it was made from" },
  {
    is: "a pickle, and no file of torch.save",
    test: (head) => head[0] === 0x80 && head[1]! >= 2 && head[1]! <= 5,
    instead: "loading a pickle runs the code in it: where it is from, save its state_dict with torch.save or safetensors",
  },
  {
    // schema version 1, then a graph, whose first field is its description; ONNX has its producer's name there
    is: "TensorFlow's SavedModel", test: (head) => text(head, 0, 3) === "\x08\x01\x12" && head.subarray(4, 8).includes(0x0a),
    instead: "convert its folder with tf2onnx or tensorflowjs_converter",
  },
  { is: "a tar archive", test: (head) => text(head, 257, 5) === "ustar", instead: "unpack it first" },
  { is: "a pointer of Git LFS, not the file", test: (head) => text(head, 0, 23) === "version https://git-lfs", instead: "fetch it with git lfs pull" },
  { is: "a web page", test: (head) => /^\s*<(!doctype|html|\?xml)/i.test(text(head, 0, 64)), instead: "download the file itself" },
];

/** How people save what a zip archive with an HDF5 file is for. */
export const kerasArchive = (name: string) => new FormatError(`${name}: Keras's .keras, whose weights are HDF5, which is not read; ${KERAS}`);

/**
 * The length of a header, a u64 below 2^40, and the header, which is JSON. Before all others: such a length may look like
 * the start of a pickle (640) or of gzip. GGUF has the number of its tensors where the header starts.
 */
const isSafetensors = (head: Uint8Array) =>
  head[8] === 0x7b && head.subarray(5, 8).every((byte) => byte === 0) && text(head, 0, 4) !== "GGUF";

/** Text that starts with { or [, after the mark of byte order and spaces. */
function isJson(head: Uint8Array): boolean {
  const start = /^(?:\xef\xbb\xbf)?\s*[{[]/.exec(text(head, 0, 64));
  return start !== null && !head.subarray(0, 8).includes(0);
}

/**
 * A protobuf whose first field is one of ModelProto's, with its type. Mostly it is the version; where another comes
 * first, which text may look like too, the name has to say so.
 */
function isOnnx(head: Uint8Array, name: string): boolean {
  if (head[0] === 0x08 && head[1]! < 64) return true;
  return [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42, 0x72].includes(head[0]!) && /\.onnx$/i.test(name);
}
