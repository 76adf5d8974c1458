// PyTorch's files, as torch.save writes them since version 1.6, and TorchScript archives: a zip of
//
//   NAME/data.pkl      the saved object as a pickle, in which a tensor is a view of a storage
//   NAME/data/0 …      the storages' bytes
//   NAME/byteorder     "little" or "big"; little-endian where it is missing
//
// Of the pickle only what tensors, containers and plain values need is known. A call of anything else is refused by
// its name, and nothing is ever run.
//
// Based on: torch/serialization.py, torch/_utils.py, torch/_tensor.py (the arguments of _rebuild_tensor_v2 and _v3).

import { FormatError } from "../errors.ts";
import { elementCount, isRowMajor, ITEM_SIZE, lazyTensor } from "./decode.ts";
import { Global, unpickle, type PickleHost } from "./pickle.ts";
import { openSource, quoted, readFrom, type FileReader } from "./source.ts";
import type { ModelFile, Source, Tensor, TensorDtype } from "./tensors.ts";
import { entryBytes, entryRange, isZip, zipEntries, type ZipEntry } from "./zip.ts";

/** For each tensor a pickle has some 150 bytes. */
const LONGEST_PICKLE = 2 ** 24;
const DEEPEST = 64;
const LONGEST_NAME = 4096;
const MOST_VALUES = 2 ** 22;
const MOST_TENSORS = 2 ** 18;
/** How the files of PyTorch before 1.6 begin: a pickled number. */
const LEGACY = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];

/** By the name of the storage without "torch." and "Storage". */
const STORAGES = new Map<string, TensorDtype>(Object.entries({
  Double: "f64", Float: "f32", Half: "f16", BFloat16: "bf16", Long: "i64", Int: "i32", Short: "i16", Char: "i8", Byte: "u8", Bool: "bool",
} as const));
/** What has no storage type of its own, by its dtype. */
const DTYPES = new Map<string, TensorDtype>(Object.entries({
  float64: "f64", float32: "f32", float16: "f16", bfloat16: "bf16", float8_e4m3fn: "f8_e4m3", float8_e5m2: "f8_e5m2",
  int64: "i64", int32: "i32", int16: "i16", int8: "i8", uint64: "u64", uint32: "u32", uint16: "u16", uint8: "u8", bool: "bool",
} as const));

/** Names that are values, or that stand for one when they are called. */
const VALUES = new RegExp(`^(torch\\.(${[...STORAGES.keys()].join("|")}|ComplexFloat|ComplexDouble|QInt8|QUInt8|QInt32)Storage` +
  `|torch\\.(storage\\.UntypedStorage|UntypedStorage|${[...DTYPES.keys()].join("|")}|float8_\\w+|complex(32|64|128)|q?u?int\\d+` +
  "|(per_tensor|per_channel)_\\w+|strided|sparse_\\w+|\\w+_format)|numpy\\.(ndarray|dtype))$");

/** Something of the file that is no tensor of numbers, and why. */
class Unreadable {
  constructor(readonly reason: string) {}
}
/** An object of TorchScript: its attributes. */
class ScriptObject extends Map<unknown, unknown> {}

interface StoredView {
  dtype: TensorDtype;
  shape: number[];
  strides: number[];
  entry: ZipEntry;
  /** Its bytes in the entry. */
  from: number;
  to: number;
}
class View {
  constructor(readonly stored: StoredView) {}
}
class Storage {
  constructor(readonly type: string, readonly count: number, readonly entry: ZipEntry) {}
}

/**
 * The tensors of a file of torch.save: of a state dict, or of dicts and lists that hold some, in which case names say
 * the way ("state_dict.fc.weight", "0.weight"). The states of optimizers are skipped. TorchScript archives give the
 * parameters and buffers of the module. At first only the archive's directory and the pickle are read.
 *
 * FormatError if the archive or the pickle is damaged, or calls anything but what tensors, dicts and plain values
 * need (whole modules do): its message names that, and nothing was run.
 */
export async function parsePytorch(source: Source, name = "parsePytorch"): Promise<ModelFile> {
  const file = openSource(source, name);
  const start = await file.read(0, Math.min(file.size, LEGACY.length), "the start of the file");
  if (LEGACY.every((byte, i) => start[i] === byte)) {
    throw new FormatError(`${name}: a file of PyTorch before 1.6, expected a zip archive: torch.save(torch.load(file), file) with a newer one`);
  }
  if (!isZip(start)) throw new FormatError(`${name}: no zip archive, expected a file of torch.save`);
  const entries = new Map((await readFrom(file, zipEntries(file.size, name))).map((entry) => [entry.name, entry]));
  const pickles = [...entries.keys()].filter((path) => /^([^/]*\/)?data\.pkl$/.test(path));
  if (pickles.length !== 1) throw new FormatError(`${name}: the archive holds ${pickles.length} files data.pkl, expected one: a file of torch.save`);
  const folder = pickles[0]!.slice(0, -"data.pkl".length);
  const pickle = entries.get(pickles[0]!)!;
  if (pickle.size > LONGEST_PICKLE) throw new FormatError(`${name}: data.pkl of ${pickle.size} bytes, expected at most ${LONGEST_PICKLE}`);

  // torch.save can leave checksums out
  const bytes = await readFrom(file, entryBytes(pickle, name, false));
  const saved = unpickle(bytes, new TorchHost(entries, folder, name), name);
  const found = collect(saved, name);
  const bigEndian = await isBigEndian(file, entries.get(`${folder}byteorder`), name);
  const tensors = found.views.map(({ path, view }) => tensorOf(file, path, view, bigEndian));
  return { format: "pytorch", tensors, skipped: found.skipped, warnings: [] };
}

async function isBigEndian(file: FileReader, entry: ZipEntry | undefined, name: string): Promise<boolean> {
  if (!entry) return false;
  const text = new TextDecoder().decode(await readFrom(file, entryRange(entry, 0, Math.min(entry.size, 20), name)));
  if (text !== "little" && text !== "big") throw new FormatError(`${name}: the byteorder is ${quoted(text)}, expected little or big`);
  return text === "big";
}

function tensorOf(file: FileReader, path: string, { dtype, shape, strides, entry, from, to }: StoredView, bigEndian: boolean): Tensor {
  return lazyTensor({ name: path, shape, dtype }, async () => ({
    shape, dtype, bigEndian, ...(isRowMajor(shape, strides) ? {} : { strides }), bytes: await readFrom(file, entryRange(entry, from, to, file.name)),
  }));
}

/** The tensors in what was saved, by the way to them, and what is there else that could be taken for one. */
function collect(saved: unknown, name: string): { views: { path: string; view: StoredView }[]; skipped: ModelFile["skipped"] } {
  const views: { path: string; view: StoredView }[] = [];
  const skipped: ModelFile["skipped"] = [];
  let values = 0;
  const walk = (value: unknown, path: string, depth: number) => {
    const parts: Iterable<[unknown, unknown]> = Array.isArray(value) ? value.entries() : value instanceof Map ? value : [];
    values += Array.isArray(value) ? value.length : value instanceof Map ? value.size : 1;
    // a list may hold itself, or many times a list that holds many times a list …
    if (depth > DEEPEST || values > MOST_VALUES || views.length + skipped.length > MOST_TENSORS) {
      throw new FormatError(`${name}: what was saved is nested too deeply, or in itself, at ${quoted(path)}`);
    }
    if (path.length > LONGEST_NAME) throw new FormatError(`${name}: ${quoted(path)} is a name of ${path.length} characters`);
    if (value instanceof View) views.push({ path: path || "tensor", view: value.stored });
    else if (value instanceof Unreadable) skipped.push({ name: path || "tensor", reason: value.reason });
    else if (value instanceof Map && value.has("state") && value.has("param_groups")) {
      skipped.push({ name: path || "state", reason: "it is the state of an optimizer" });
    } else {
      for (const [key, part] of parts) {
        if (typeof part === "object" && part !== null) walk(part, path === "" ? keyText(key) : `${path}.${keyText(key)}`, depth + 1);
      }
    }
  };
  walk(saved, "", 0);
  return { views, skipped };
}

const keyText = (key: unknown) => (typeof key === "string" || typeof key === "number" ? String(key) : "[…]");

class TorchHost implements PickleHost {
  private readonly script: boolean;

  constructor(private readonly entries: Map<string, ZipEntry>, private readonly folder: string, private readonly name: string) {
    this.script = entries.has(`${folder}constants.pkl`);
  }

  global(name: string): Global {
    if (!Object.hasOwn(CALLS, name) && !VALUES.test(name) && !this.isScript(name)) throw this.refusal(name);
    return new Global(name);
  }

  call({ name }: Global, args: unknown[]): unknown {
    if (this.isScript(name)) return new ScriptObject();
    if (!Object.hasOwn(CALLS, name)) throw this.refusal(name);
    return CALLS[name]!(args, this);
  }

  build(target: unknown, state: unknown): void {
    if (target instanceof ScriptObject) for (const [key, value] of state instanceof Map ? state : [["state", state]]) target.set(key, value);
  }

  persistent(id: unknown): Storage {
    const [kind, type, key, , count] = Array.isArray(id) ? id : [];
    if (kind !== "storage" || !(type instanceof Global) || typeof key !== "string" || !isSize(count)) {
      throw this.error("a reference to what is no storage");
    }
    const entry = this.entries.get(`${this.folder}data/${key}`);
    if (!entry) throw this.error(`the storage data/${quoted(key)} is missing in the archive`);
    return new Storage(type.name, count, entry);
  }

  /** The view of a storage; `dtype`: of one that has none itself. */
  view([storage, offset, size, stride]: unknown[], dtype?: Global): View | Unreadable {
    const isSizes = (list: unknown): list is number[] => Array.isArray(list) && list.every(isSize);
    if (!(storage instanceof Storage) || !isSize(offset) || !isSizes(size) || !isSizes(stride) || size.length !== stride.length) {
      throw this.error("a tensor that is no view of a storage");
    }
    const type = dtype ? dtype.name : storage.type;
    const known = dtype ? DTYPES.get(type.slice("torch.".length)) : STORAGES.get(type.slice("torch.".length, -"Storage".length));
    if (!known) return new Unreadable(`its numbers are ${quoted(type)}`);
    const item = ITEM_SIZE[known];
    const bytes = storage.count * (dtype ? 1 : item);
    const from = offset * item;
    const to = elementCount(size) === 0 ? from : from + size.reduce((last, n, d) => last + (n - 1) * stride[d]!, 1) * item;
    if (!(to <= bytes && bytes <= storage.entry.size)) {
      throw this.error(`a tensor reaches byte ${to} of a storage of ${bytes}, of which ${quoted(storage.entry.name)} holds ${storage.entry.size}`);
    }
    return new View({ dtype: known, shape: size, strides: stride, entry: storage.entry, from, to });
  }

  error(what: string): FormatError {
    return new FormatError(`${this.name}: damaged pickle: ${what}`);
  }

  private isScript(name: string): boolean {
    return this.script && name.startsWith("__torch__.");
  }

  private refusal(name: string): FormatError {
    return new FormatError(`${this.name}: the pickle calls ${quoted(name)}, nothing was run; ` +
      "expected tensors, dicts and plain values only: of a whole module save its state_dict()");
  }
}

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** What a call of a name stands for. */
const CALLS: Record<string, (args: unknown[], host: TorchHost) => unknown> = {
  "torch._utils._rebuild_tensor_v2": (args, host) => host.view(args),
  "torch._utils._rebuild_tensor_v3": (args, host) => {
    if (!(args[6] instanceof Global)) throw host.error("a tensor without a dtype");
    return host.view(args, args[6]);
  },
  "torch._utils._rebuild_parameter": ([tensor]) => tensor,
  "torch._utils._rebuild_parameter_with_state": ([tensor]) => tensor,
  "torch._utils._rebuild_qtensor": () => new Unreadable("it is quantised"),
  "torch._utils._rebuild_sparse_tensor": () => new Unreadable("it is sparse"),
  "torch._utils._rebuild_meta_tensor_no_storage": () => new Unreadable("it is a meta tensor, without numbers"),
  "torch.serialization._get_layout": () => null,
  "torch.Size": ([sizes]) => sizes ?? [],
  "torch.device": () => null,
  "collections.OrderedDict": ([pairs], host) => {
    if (pairs !== undefined && !(Array.isArray(pairs) && pairs.every(Array.isArray))) throw host.error("an OrderedDict of what are no pairs");
    return new Map((pairs ?? []) as [unknown, unknown][]);
  },
  "builtins.set": ([items]) => items ?? [],
  "builtins.frozenset": ([items]) => items ?? [],
  "_codecs.encode": () => null,
  "numpy.dtype": () => null,
  ...Object.fromEntries(["numpy.core.multiarray", "numpy._core.multiarray"].flatMap((module) => [
    [`${module}.scalar`, () => null],
    [`${module}._reconstruct`, () => new Unreadable("it is a NumPy array")],
  ])),
  // what TorchScript says of the types of lists and dicts
  ...Object.fromEntries(["build_intlist", "build_tensorlist", "build_doublelist", "build_boollist", "restore_type_tag"]
    .map((list) => [`torch.jit._pickle.${list}`, ([value]: unknown[]) => value])),
};
