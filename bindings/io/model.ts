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
import type { ModelFile, NamedSource, Source } from "./tensors.ts";
import { isTfjs, parseTfjs, tfjsPaths } from "./tfjs.ts";
import { zipEntries } from "./zip.ts";

/** What a file is to a model: its format, and in which a text of JSON or an archive is. */
type Kind = Exclude<Format, "json" | "zip" | "gzip"> | "tfjs" | "safetensors index" | "PyTorch index" | "npz" | "pytorch" | "gzip";

/** An index of a model in shards, a manifest. */
const LARGEST_JSON = 2 ** 28;

/**
 * The tensors of a model: of one file, or of several, of which one is the model and the others what it needs: the
 * shards of a safetensors or PyTorch index or of TensorFlow.js's model.json, the external data of an ONNX model. Files
 * that are none of this (a README, a tokenizer) are left aside.
 *
 * The content of a file decides what it is, not its name: safetensors, PyTorch's zip archives, .npy, .npz, ONNX,
 * TensorFlow.js, and each of them gzipped. `name` starts the messages, otherwise the model's own name.
 *
 * ```ts
 * const { tensors, skipped } = await parseModel(file);          // a File that was dropped on a page
 * const model = await parseModel(Array.from(input.files, (file) => ({ name: file.name, source: file })));
 * ```
 *
 * FormatError if there is no model or more than one, if a file that it needs is missing, and for formats that are not
 * read: HDF5, GGUF, TensorFlow Lite and SavedModel, bare pickles.
 */
export async function parseModel(files: Source | NamedSource[], name?: string): Promise<ModelFile> {
  if (Array.isArray(files) && !files.every((file) => isRecord(file) && typeof file.name === "string")) {
    throw new OptionError(`${name ?? "parseModel"}: expected a list of { name, source }`);
  }
  const given = Array.isArray(files) ? files : [{ name: name ?? "model", source: files }];
  const { main, kind } = await findMain(given, name ?? "parseModel");
  return parseKind(main.source, kind, besides(main, given), name ?? main.name);
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

/** The one file that is a model and that no other names. */
async function findMain(given: NamedSource[], name: string): Promise<{ main: NamedSource; kind: Kind }> {
  const candidates: { main: NamedSource; kind: Kind }[] = [];
  const errors: FormatError[] = [];
  for (const main of given) {
    try {
      candidates.push({ main, kind: await kindOf(main.source, main.name) });
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      errors.push(error);
    }
  }
  if (candidates.length > 1) {
    const named = new Set<NamedSource>();
    for (const { main, kind } of candidates) for (const file of await companionsOf(main, kind, given)) named.add(file);
    const mains = candidates.filter(({ main }) => !named.has(main));
    if (mains.length !== 1) throw severalModels((mains.length ? mains : candidates).map(({ main }) => main.name), name);
    candidates.splice(0, candidates.length, ...mains);
  }
  const [found] = candidates;
  if (found) return found;
  if (given.length === 1) throw errors[0];
  // of several files the ones that are recognised say most
  const known = errors.find((error) => !/no model file that is known|JSON that is neither/.test(error.message));
  throw known ?? new FormatError(`${name}: none of ${given.length} files is a model, expected ${UNDERSTOOD}`);
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
  const list = names.slice(0, 5).join(", ") + (names.length > 5 ? ", …" : "");
  const shards = names.every((each) => /\d+-of-\d+\.\w+$/.test(each));
  return new FormatError(shards
    ? `${name}: the shards ${list} without their index, expected model.safetensors.index.json with them`
    : `${name}: several models (${list}), expected one and the files that it needs`);
}

/** The other files, by their paths from the folder of `main`. */
function besides(main: NamedSource, given: NamedSource[]): NamedSource[] {
  const folder = main.name.slice(0, main.name.lastIndexOf("/") + 1);
  return given.filter((file) => file !== main)
    .map(({ name, source }) => ({ name: name.startsWith(folder) ? name.slice(folder.length) : name, source }));
}
