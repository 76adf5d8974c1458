// PyTorch's files, as torch.save writes them since version 1.6, and TorchScript archives: a zip of
//
//   NAME/data.pkl      the saved object as a pickle, in which a tensor is a view of a storage
//   NAME/data/0 …      the storages' bytes
//   NAME/byteorder     "little" or "big"; little-endian where it is missing
//   NAME/constants.pkl, NAME/constants/0 …   the same of TorchScript's constants: of a frozen module all weights
//
// Based on: torch/serialization.py, torch/csrc/jit/serialization/export_module.cpp.

import { FormatError } from "../errors.ts";
import { decodeTensor, isRowMajor, lazyTensor } from "./decode.ts";
import { dequantized } from "./dequantize.ts";
import { isLegacyPytorch, LEGACY_START, readLegacy } from "./pytorchLegacy.ts";
import { openSource, quoted, readFrom, type FileReader } from "./source.ts";
import type { ModelFile, Source, StoredTensor, Tensor } from "./tensors.ts";
import { savedIn, Storage, TorchHost, type Saved, type StoredView } from "./torchPickle.ts";
import { entryBytes, entryRange, isZip, zipEntries, type ZipEntry } from "./zip.ts";

/** For each tensor a pickle has some 150 bytes. */
const LONGEST_PICKLE = 2 ** 24;

/**
 * The tensors of a file of torch.save, also of a version before 1.6: of a state dict, of dicts and lists that hold some, in
 * which case names say the way ("state_dict.fc.weight", "0.weight"), or of a whole module, by the names of its state dict.
 * The states of optimizers are skipped. TorchScript archives give the parameters and buffers of the module; a frozen one has
 * constants alone ("c0", in no certain order). At first only the archive's directory and the pickle are read.
 *
 * FormatError if the archive or the pickle is damaged, or calls anything but what tensors, dicts and plain values
 * need: its message names that, and nothing was run. Of objects the attributes are read.
 */
export async function parsePytorch(source: Source, name = "parsePytorch"): Promise<ModelFile> {
  const file = openSource(source, name);
  const start = await file.read(0, Math.min(file.size, LEGACY_START), "the start of the file");
  if (isLegacyPytorch(start)) return modelOf(await readLegacy(file), false);
  if (!isZip(start)) throw new FormatError(`${name}: no zip archive, expected a file of torch.save`);
  const entries = new Map((await readFrom(file, zipEntries(file.size, name))).map((entry) => [entry.name, entry]));
  const pickles = [...entries.keys()].filter((path) => /^([^/]*\/)?data\.pkl$/.test(path));
  if (pickles.length !== 1) throw new FormatError(`${name}: the archive holds ${pickles.length} files data.pkl, expected one: a file of torch.save`);
  const folder = pickles[0]!.slice(0, -"data.pkl".length);
  const bigEndian = await isBigEndian(file, entries.get(`${folder}byteorder`), name);
  const saved = await readPickle(file, entries, folder, "data");
  // a scripted module has constants too, but masks and tables, not weights
  const frozen = saved.views.length + saved.skipped.length === 0 && entries.has(`${folder}constants.pkl`);
  return modelOf(frozen ? await readPickle(file, entries, folder, "constants") : saved, bigEndian);
}

async function readPickle(file: FileReader, entries: Map<string, ZipEntry>, folder: string, part: "data" | "constants"): Promise<Saved> {
  const pickle = entries.get(`${folder}${part}.pkl`)!;
  if (pickle.size > LONGEST_PICKLE) throw new FormatError(`${file.name}: ${part}.pkl of ${pickle.size} bytes, expected at most ${LONGEST_PICKLE}`);
  const host = new TorchHost(({ name: type }, key, count) => {
    const entry = entries.get(`${folder}${part}/${key}`);
    if (!entry) throw host.error(`the storage ${part}/${quoted(key)} is missing in the archive`);
    const read = (from: number, to: number) => readFrom(file, entryRange(entry, from, to, file.name));
    return new Storage(type, count, { label: entry.name, size: entry.size, read });
  }, file.name);
  // torch.save can leave checksums out
  const saved = savedIn(await readFrom(file, entryBytes(pickle, file.name, false)), 0, host);
  return part === "data" ? saved : { ...saved, views: saved.views.map(({ path, view }) => ({ path: `c${path}`, view })) }; // as its code has them
}

async function isBigEndian(file: FileReader, entry: ZipEntry | undefined, name: string): Promise<boolean> {
  if (!entry) return false;
  const text = new TextDecoder().decode(await readFrom(file, entryRange(entry, 0, Math.min(entry.size, 20), name)));
  if (text !== "little" && text !== "big") throw new FormatError(`${name}: the byteorder is ${quoted(text)}, expected little or big`);
  return text === "big";
}

const modelOf = ({ views, skipped, warnings }: Saved, bigEndian: boolean): ModelFile =>
  ({ format: "pytorch", tensors: views.map(({ path, view }) => tensorOf(path, view, bigEndian)), skipped, warnings });

function tensorOf(path: string, view: StoredView, bigEndian: boolean): Tensor {
  const { dtype, shape, quantization, channels } = view;
  if (!channels) return lazyTensor({ name: path, shape, dtype, ...(quantization && { quantized: true }) }, () => storedOf(view, bigEndian));
  const numbers = async (list: StoredView) => decodeTensor(await storedOf(list, bigEndian), quoted(path));
  return lazyTensor({ name: path, shape, dtype: "f32" }, async () =>
    dequantized(await storedOf(view, bigEndian), await numbers(channels.scale), await numbers(channels.zero), { axis: channels.axis, block: 0 }));
}

async function storedOf({ dtype, shape, strides, bytes, from, to, quantization }: StoredView, bigEndian: boolean): Promise<StoredTensor> {
  return {
    shape, dtype, bigEndian, ...(isRowMajor(shape, strides) ? {} : { strides }), ...(quantization && { quantization }), bytes: await bytes.read(from, to),
  };
}
