// A model from a file or several, whatever their format.

import { FormatError, OptionError } from "../errors.ts";
import { companion } from "./companions.ts";
import { formatOf, kerasArchive, UNDERSTOOD, type Format } from "./formats.ts";
import { gunzippedModel } from "./gzip.ts";
import { parseNpyTensor } from "./npy.ts";
import { parseNpzTensors } from "./npz.ts";
import { onnxPaths, parseOnnx } from "./onnx.ts";
import { parsePytorch } from "./pytorch.ts";
import { parseSafetensors } from "./safetensors.ts";
import { parseShards, shardPaths } from "./shards.ts";
import { isRecord, openSource, parseJson, readFrom } from "./source.ts";
import type { ModelFile, NamedBlob, NamedModel, NamedSource, Source } from "./tensors.ts";
import { isTfjs, parseTfjs, tfjsPaths } from "./tfjs.ts";
import { zipEntries } from "./zip.ts";

/** What a file is to a model: its format, and in which a text of JSON or an archive is. */
type Kind = Exclude<Format, "json" | "zip" | "gzip"> | "tfjs" | "safetensors index" | "PyTorch index" | "npz" | "gzip";

/** An index of a model in shards, a manifest. */
const LARGEST_JSON = 2 ** 28;

/**
 * The tensors of a model: of one file, or of several, of which one is the model and the others what it needs: the
 * shards of a safetensors or PyTorch index or of TensorFlow.js's model.json, the external data of an ONNX model. Files
 * that are none of this (a README, a tokenizer) are left aside, and so are models beside one that has the name which
 * libraries give to it (optimizer.pt beside model.safetensors), with a warning.
 *
 * The content of a file decides what it is, not its name: safetensors, PyTorch's zip archives, .npy, .npz, ONNX,
 * TensorFlow.js, and each of them gzipped. `name` starts the messages, otherwise the model's own name.
 *
 * ```ts
 * const { tensors, skipped } = await parseModel(file);          // a File that was dropped on a page
 * const model = await parseModel(input.files);                  // those of a folder
 * const same = await parseModel([{ name: "model.json", source: bytes }, { name: "group1-shard1of1.bin", source: blob }]);
 * ```
 *
 * FormatError if there is no model or more than one, if a file that it needs is missing, and for formats that are not
 * read: HDF5, GGUF, TensorFlow Lite and SavedModel, bare pickles.
 */
export async function parseModel(files: Source | ArrayLike<NamedSource | NamedBlob>, name?: string): Promise<ModelFile> {
  const given = isList(files) ? named(files, name ?? "parseModel") : [{ name: name ?? ((files as Partial<NamedBlob> | undefined)?.name || "model"), source: files }];
  const { mains, warnings } = await findMains(given, name ?? "parseModel");
  if (mains.length > 1) throw severalModels(mains.map(({ main }) => main.name), name ?? "parseModel");
  const { main, kind } = mains[0]!;
  const model = await parseKind(main.source, kind, besides(main, given), name ?? main.name);
  model.warnings.push(...warnings);
  return model;
}

/**
 * All models among files, in the order of these, each as {@link parseModel} opens one: checkpoints of a training, for
 * example. In a folder where one file has a name that libraries give to the model (model.safetensors), it is the one, and
 * what lies beside it (optimizer.pt) is left aside, with a warning. Of several folders each has the files of its own models.
 *
 * ```ts
 * for (const { name, tensors } of await parseModels(input.files)) …
 * ```
 *
 * FormatError if there is no model, if one of them cannot be opened, and for shards without their index.
 */
export async function parseModels(files: ArrayLike<NamedSource | NamedBlob>): Promise<NamedModel[]> {
  const given = named(files, "parseModels");
  const { mains, warnings, rejected } = await findMains(given, "parseModels");
  const shards = mains.filter(({ main }) => SHARD.test(main.name));
  if (shards.length > 1) throw severalModels(shards.map(({ main }) => main.name), "parseModels");
  // among several, a file that should be a model and is none would be missed by nobody
  const damaged = rejected.find(({ file }) => MODEL_ENDING.test(file.name) && !hasUsual(file, mains));
  if (damaged) throw damaged.error;
  const models: NamedModel[] = [];
  for (const { main, kind } of mains) {
    const own = mains.length > 1 ? given.filter(({ name }) => name.startsWith(folderOf(main.name))) : given;
    models.push({ name: main.name, ...(await parseKind(main.source, kind, besides(main, own), main.name)) });
  }
  models[0]!.warnings.push(...warnings);
  return models;
}

/** Names that libraries give to a model's file, the one that is preferred first. */
export const USUAL_NAMES = [
  "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
  "model.json", "model.onnx",
];
/** Of a file that is most likely a model, and of one of its shards. */
export const MODEL_ENDING = /(\.safetensors|\.onnx|\.pt|\.pth|\.ckpt|\.npz|\.npy|\.index\.json|weights_manifest\.json)$/i;
export const SHARD = /-\d+-of-\d+\.\w+$/;

/** An array, the FileList of a page; no bytes. */
const isList = (files: unknown): files is ArrayLike<NamedSource | NamedBlob> =>
  typeof files === "object" && files !== null && "length" in files && !ArrayBuffer.isView(files);

function named(files: ArrayLike<NamedSource | NamedBlob>, name: string): NamedSource[] {
  const given = isList(files) && Array.from(files, (file) => (file instanceof Blob ? { name: file.webkitRelativePath || file.name, source: file } : file));
  if (given && given.every((file) => isRecord(file) && typeof file.name === "string")) return given;
  throw new OptionError(`${name}: expected a list of { name, source } or of files that have a name`);
}

/** The files that one of a model names, by their paths within its folder. */
export async function neededFiles(file: NamedSource): Promise<string[]> {
  return pathsOf(file.source, await kindOf(file.source, file.name), file.name);
}

async function parseKind(source: Source, kind: Kind, files: NamedSource[], name: string): Promise<ModelFile> {
  switch (kind) {
    case "safetensors": return parseSafetensors(source, name);
    case "npy": return parseNpyTensor(source, name);
    case "npz": return parseNpzTensors(source, name);
    case "pytorch": return parsePytorch(source, name);
    case "PyTorch index": return parseShards(source, files, name, "pytorch", parsePytorch);
    case "onnx": return parseOnnx(source, { name, files });
    case "tfjs": return parseTfjs(source, files, name);
    case "safetensors index": return parseShards(source, files, name, "safetensors", parseSafetensors);
    case "gzip": {
      const inflated = await gunzippedModel(source, name);
      const inner = await kindOf(inflated, name);
      if (inner === "gzip") throw new FormatError(`${name}: gzipped twice, expected a model file`);
      return parseKind(inflated, inner, files, name);
    }
  }
}

async function pathsOf(source: Source, kind: Kind, name: string): Promise<string[]> {
  if (kind === "onnx") return onnxPaths(source, name);
  if (kind === "tfjs") return tfjsPaths(await jsonOf(source, name), name);
  return kind === "safetensors index" || kind === "PyTorch index" ? shardPaths(await jsonOf(source, name), name) : [];
}

async function kindOf(source: Source, name: string): Promise<Kind> {
  const file = openSource(source, name);
  const format = await formatOf(file);
  if (format === "json") {
    const json = await jsonOf(source, name);
    if (isTfjs(json)) return "tfjs";
    if (!isRecord(json) || !isRecord(json.weight_map)) {
      throw new FormatError(`${name}: JSON that is neither TensorFlow.js's model.json nor an index of shards, expected ${UNDERSTOOD}`);
    }
    return shardPaths(json, name).some((path) => path.endsWith(".safetensors")) ? "safetensors index" : "PyTorch index";
  }
  if (format !== "zip") return format;
  const entries = (await readFrom(file, zipEntries(file.size, name))).map((entry) => entry.name);
  if (entries.some((entry) => /(^|\/)data\.pkl$/.test(entry))) return "pytorch";
  if (entries.some((entry) => entry.endsWith(".npy"))) return "npz";
  if (entries.some((entry) => entry.endsWith(".h5"))) throw kerasArchive(name);
  throw new FormatError(`${name}: a zip archive without data.pkl (PyTorch) or .npy files, expected ${UNDERSTOOD}`);
}

async function jsonOf(source: Source, name: string): Promise<unknown> {
  const { size, read } = openSource(source, name);
  if (size > LARGEST_JSON) throw new FormatError(`${name}: ${size} bytes of JSON, expected at most ${LARGEST_JSON}`);
  return parseJson(await read(0, size, "the text"), name, "the text");
}

/** A file that is a model, and what it is. */
interface Main {
  main: NamedSource;
  kind: Kind;
}

/** The files that are models and that no other names, one at least; and those that are none, and why. */
async function findMains(given: NamedSource[], name: string) {
  let mains: Main[] = [];
  let rejected: { file: NamedSource; error: FormatError }[] = [];
  for (const main of given) {
    try {
      mains.push({ main, kind: await kindOf(main.source, main.name) });
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      rejected.push({ file: main, error });
    }
  }
  if (mains.length > 1 || rejected.some(({ file }) => MODEL_ENDING.test(file.name))) {
    const named = new Set<NamedSource>();
    for (const { main, kind } of mains) for (const file of await companionsOf(main, kind, given)) named.add(file);
    const unnamed = mains.filter(({ main }) => !named.has(main));
    if (unnamed.length) mains = unnamed; // otherwise they name each other
    rejected = rejected.filter(({ file }) => !named.has(file));
  }
  if (mains.length === 0) {
    // of several files the ones that are recognised say most
    const known = rejected.find(({ error }) => !/no model file that is known|JSON that is neither/.test(error.message));
    if (known) throw known.error;
    if (given.length === 1) throw rejected[0]!.error;
    throw new FormatError(`${name}: none of ${given.length} files is a model, expected ${UNDERSTOOD}`);
  }
  const beside = mains.filter(({ main }) => hasUsual(main, mains));
  const warnings = beside.length ? [`${listed(beside.map(({ main }) => main.name))}: left aside beside the model of the folder`] : [];
  return { mains: mains.filter((one) => !beside.includes(one)), rejected, warnings };
}

/** Whether another model in the folder of a file has the name that libraries would prefer to its own. Of files without folders each was meant. */
function hasUsual(file: NamedSource, mains: readonly Main[]): boolean {
  if (folderOf(file.name) === "") return false;
  const rank = (name: string) => {
    const at = USUAL_NAMES.indexOf(name.slice(folderOf(name).length));
    return at < 0 ? Infinity : at;
  };
  return mains.some(({ main }) => folderOf(main.name) === folderOf(file.name) && rank(main.name) < rank(file.name));
}

/** Those of the files that a model names. What is missing, or wrong, is said when it is read. */
async function companionsOf(main: NamedSource, kind: Kind, given: NamedSource[]): Promise<NamedSource[]> {
  const files = besides(main, given);
  const unless = <T>(error: unknown, otherwise: T) => {
    if (error instanceof FormatError) return otherwise;
    throw error;
  };
  const paths = await pathsOf(main.source, kind, main.name).catch((error: unknown) => unless(error, []));
  const sources = paths.map((path) => {
    try {
      return companion(files, path, main.name).source;
    } catch (error) {
      return unless(error, undefined);
    }
  });
  return given.filter(({ source }) => sources.includes(source));
}

function severalModels(names: string[], name: string): FormatError {
  return new FormatError(names.every((each) => SHARD.test(each))
    ? `${name}: the shards ${listed(names)} without their index, expected model.safetensors.index.json with them`
    : `${name}: several models (${listed(names)}), expected one and the files that it needs (parseModels opens them all)`);
}

const listed = (names: string[]) => names.slice(0, 5).join(", ") + (names.length > 5 ? ", …" : "");

/** With the slash after it; of a file alone nothing. */
const folderOf = (name: string) => name.slice(0, name.lastIndexOf("/") + 1);

/** The other files, by their paths from the folder of `main`. */
function besides(main: NamedSource, given: NamedSource[]): NamedSource[] {
  const folder = folderOf(main.name);
  return given.filter((file) => file !== main)
    .map(({ name, source }) => ({ name: name.startsWith(folder) ? name.slice(folder.length) : name, source }));
}
