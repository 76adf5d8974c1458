// The pickles in files of torch.save and in TorchScript archives: tensors are views of storages, which are in the file
// beside the pickle; modules and other objects are their attributes.
//
// What is called, and is not one of the few that make tensors, dicts and plain values, is refused by its name. A class
// alone, and an object that is made of one without a call, are data: nothing is ever run.
//
// Based on: torch/_utils.py, torch/_tensor.py (the arguments of _rebuild_tensor_v2 and _v3), torch/nn/modules/module.py.

import { FormatError } from "../errors.ts";
import { elementCount, ITEM_SIZE } from "./decode.ts";
import { Global, unpickle, type PickleHost } from "./pickle.ts";
import { quoted } from "./source.ts";
import type { ModelFile, StoredTensor, TensorDtype } from "./tensors.ts";

const DEEPEST = 64;
const LONGEST_NAME = 4096;
const MOST_VALUES = 2 ** 22;
const MOST_TENSORS = 2 ** 18;

/** By the name of the storage without "torch." and "Storage". */
const STORAGES = new Map<string, TensorDtype>(Object.entries({
  Double: "f64", Float: "f32", Half: "f16", BFloat16: "bf16", Long: "i64", Int: "i32", Short: "i16", Char: "i8", Byte: "u8", Bool: "bool",
} as const));
/** What has no storage type of its own, by its dtype. */
const DTYPES = new Map<string, TensorDtype>(Object.entries({
  float64: "f64", float32: "f32", float16: "f16", bfloat16: "bf16", float8_e4m3fn: "f8_e4m3", float8_e5m2: "f8_e5m2",
  int64: "i64", int32: "i32", int16: "i16", int8: "i8", uint64: "u64", uint32: "u32", uint16: "u16", uint8: "u8", bool: "bool",
} as const));
/** Whole numbers that stand for others. */
const QUANTIZED = new Map<string, TensorDtype>([["QInt8", "i8"], ["QUInt8", "u8"], ["QInt32", "i32"]]);
/** Bytes of an element. */
const COMPLEX = new Map([["ComplexFloat", 8], ["ComplexDouble", 16]]);

const storageKind = (type: string) => /^torch\.(?:cuda\.)?(\w+)Storage$/.exec(type)?.[1] ?? "";

/** Bytes of an element of a storage; undefined if the name is that of no storage. Of an untyped one bytes are counted. */
export function storageItem(type: string): number | undefined {
  if (/^torch\.(storage\.)?UntypedStorage$/.test(type)) return 1;
  const kind = storageKind(type);
  const dtype = STORAGES.get(kind) ?? QUANTIZED.get(kind);
  return dtype ? ITEM_SIZE[dtype] : COMPLEX.get(kind);
}

/** A storage's bytes in the file. */
export interface StorageBytes {
  /** For messages. */
  label: string;
  size: number;
  read(from: number, to: number): Promise<Uint8Array>;
}

export class Storage {
  constructor(readonly type: string, readonly count: number, readonly bytes: StorageBytes) {}
}

export interface StoredView {
  dtype: TensorDtype;
  shape: number[];
  strides: number[];
  bytes: StorageBytes;
  /** Its own of these bytes. */
  from: number;
  to: number;
  quantization?: StoredTensor["quantization"];
  /** Scales and zero points of whole numbers, one for each index along the axis. */
  channels?: { scale: StoredView; zero: StoredView; axis: number };
}
class View {
  constructor(readonly stored: StoredView) {}
}
/** Something of the file that is no tensor of numbers, and why. */
class Unreadable {
  constructor(readonly reason: string) {}
}
/** An object, of which only the attributes are known. */
class Attributes extends Map<unknown, unknown> {}
/** The weights of a quantised layer, in the order of its kernels: what a state_dict has in its place. */
class Packed extends Attributes {
  items(): unknown[] {
    const state = this.get("state");
    return Array.isArray(state) && Array.isArray(state[0]) ? state[0] : [];
  }
}

/** Finds a storage by what the pickle says of it besides its type: [key, device, number of elements, …]. */
export type FindStorage = (type: Global, key: string, count: number, view: unknown) => Storage;

export class TorchHost implements PickleHost {
  /** Names of the classes of objects. */
  readonly classes = new Set<string>();

  constructor(private readonly find: FindStorage, readonly name: string) {}

  global(name: string): Global {
    return new Global(name);
  }

  call({ name }: Global, args: unknown[]): unknown {
    if (Object.hasOwn(CALLS, name)) return CALLS[name]!(args, this);
    if (name.startsWith("__torch__.")) return args.length ? args : new Attributes(); // TorchScript's own classes
    throw this.refusal(name);
  }

  create(type: Global, args: unknown[]): unknown {
    const { name } = type;
    if (args.length > 0 || Object.hasOwn(CALLS, name) || name.startsWith("__torch__.")) return this.call(type, args);
    if (this.classes.size < 1000) this.classes.add(name);
    return name === "torch.ScriptObject" ? new Packed() : new Attributes();
  }

  build(target: unknown, state: unknown): void {
    if (target instanceof Attributes) for (const [key, value] of state instanceof Map ? state : [["state", state]]) target.set(key, value);
  }

  persistent(id: unknown): unknown {
    const [kind, type, key, , count, view] = Array.isArray(id) ? id : [];
    if (kind === "module" && type instanceof Global) return type; // with its source, before 1.6
    if (kind !== "storage" || !(type instanceof Global) || typeof key !== "string" || !isSize(count)) {
      throw this.error("a reference to what is no storage");
    }
    return this.find(type, key, count, view);
  }

  /** The view of a storage; `dtype`: of one that has none itself. */
  view([storage, offset, size, stride]: unknown[], dtype?: Global, quantized?: Pick<StoredView, "quantization" | "channels">): View | Unreadable {
    const isSizes = (list: unknown): list is number[] => Array.isArray(list) && list.every(isSize);
    if (!(storage instanceof Storage) || !isSize(offset) || !isSizes(size) || !isSizes(stride) || size.length !== stride.length) {
      throw this.error("a tensor that is no view of a storage");
    }
    const type = dtype ? dtype.name : storage.type;
    const known = dtype ? DTYPES.get(type.slice("torch.".length)) : (quantized ? QUANTIZED : STORAGES).get(storageKind(type));
    if (!known) return new Unreadable(`its numbers are ${quoted(type)}`);
    const item = ITEM_SIZE[known];
    const held = storage.count * (dtype ? 1 : item);
    const from = offset * item;
    const to = elementCount(size) === 0 ? from : from + size.reduce((last, n, d) => last + (n - 1) * stride[d]!, 1) * item;
    if (!(to <= held && held <= storage.bytes.size)) {
      throw this.error(`a tensor reaches byte ${to} of a storage of ${held}, of which ${quoted(storage.bytes.label)} holds ${storage.bytes.size}`);
    }
    return new View({ dtype: known, shape: size, strides: stride, bytes: storage.bytes, from, to, ...quantized });
  }

  error(what: string): FormatError {
    return new FormatError(`${this.name}: damaged pickle: ${what}`);
  }

  private refusal(name: string): FormatError {
    return new FormatError(`${this.name}: the pickle calls ${quoted(name)}, nothing was run; ` +
      "expected tensors, dicts, plain values and modules only: save the state_dict() alone");
  }
}

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** By what PyTorch says of a tensor besides its view. */
const isNegated = (about: unknown) => about instanceof Map && about.get("neg") === true;

/** What a call of a name stands for. */
const CALLS: Record<string, (args: unknown[], host: TorchHost) => unknown> = {
  "torch._utils._rebuild_tensor": (args, host) => host.view(args),
  "torch._utils._rebuild_tensor_v2": (args, host) => (isNegated(args[6]) ? new Unreadable("its numbers are stored negated") : host.view(args)),
  "torch._utils._rebuild_tensor_v3": (args, host) => {
    if (!(args[6] instanceof Global)) throw host.error("a tensor without a dtype");
    return isNegated(args[7]) ? new Unreadable("its numbers are stored negated") : host.view(args, args[6]);
  },
  "torch._utils._rebuild_parameter": ([tensor]) => tensor,
  "torch._utils._rebuild_parameter_with_state": ([tensor]) => tensor,
  // a tensor with attributes, or of a class of its own: what makes it, the class, its arguments, the attributes
  "torch._tensor._rebuild_from_type_v2": ([callee, , args], host) => {
    if (!(callee instanceof Global) || !Array.isArray(args) || /from_type/.test(callee.name)) throw host.error("a tensor that nothing makes");
    return host.call(callee, args);
  },
  "torch._utils._rebuild_qtensor": ([storage, offset, size, stride, quantizer], host) => {
    const [scheme, scale, zero, axis] = Array.isArray(quantizer) ? quantizer : [];
    if (!(scheme instanceof Global)) throw host.error("a quantised tensor without a scheme");
    if (/^torch\.per_channel_affine(_float_qparams)?$/.test(scheme.name)) {
      const length = Array.isArray(size) && isSize(axis) ? size[axis] : undefined;
      const isList = (list: unknown): list is View => list instanceof View && list.stored.shape.length === 1 && list.stored.shape[0] === length;
      if (!isList(scale) || !isList(zero)) throw host.error("a tensor quantised along an axis without a scale and a zero point for each index");
      return host.view([storage, offset, size, stride], undefined, { channels: { scale: scale.stored, zero: zero.stored, axis } });
    }
    if (scheme.name !== "torch.per_tensor_affine") return new Unreadable(`it is quantised by ${quoted(scheme.name)}`);
    if (!Number.isFinite(scale) || !Number.isFinite(zero)) throw host.error("a quantised tensor without a scale and a zero point");
    return host.view([storage, offset, size, stride], undefined, { quantization: { scale: scale as number, min: -(scale as number) * (zero as number) } });
  },
  "torch._utils._rebuild_sparse_tensor": () => new Unreadable("it is sparse"),
  "torch._utils._rebuild_sparse_csr_tensor": () => new Unreadable("it is sparse"),
  "torch._utils._rebuild_nested_tensor": () => new Unreadable("it is a nested tensor"),
  "torch._utils._rebuild_wrapper_subclass": () => new Unreadable("it is a tensor of another class"),
  "torch._utils._rebuild_meta_tensor_no_storage": () => new Unreadable("it is a meta tensor, without numbers"),
  "torch._utils._rebuild_device_tensor_from_numpy": () => new Unreadable("it is a NumPy array"),
  "torch.serialization._get_layout": () => null,
  "torch.Size": ([sizes]) => sizes ?? [],
  "collections.OrderedDict": ([pairs], host) => {
    if (pairs !== undefined && !(Array.isArray(pairs) && pairs.every(Array.isArray))) throw host.error("an OrderedDict of what are no pairs");
    return new Map((pairs ?? []) as [unknown, unknown][]);
  },
  "collections.defaultdict": () => new Map(),
  "collections.Counter": ([counts]) => (counts instanceof Map ? counts : new Map()),
  ...Object.fromEntries(["builtins.set", "builtins.frozenset", "builtins.list", "builtins.tuple", "collections.deque"]
    .map((list) => [list, ([items]: unknown[]) => (Array.isArray(items) ? items : [])])),
  ...Object.fromEntries(["numpy.core.multiarray", "numpy._core.multiarray"].flatMap((module) => [
    [`${module}.scalar`, () => null],
    [`${module}._reconstruct`, () => new Unreadable("it is a NumPy array")],
  ])),
  // plain values that are of no use here
  ...Object.fromEntries([
    "torch.device", "torch.torch_version.TorchVersion", "_codecs.encode", "builtins.complex", "builtins.slice", "builtins.range", "numpy.dtype",
    "pathlib.Path", "pathlib.PosixPath", "pathlib.WindowsPath", "pathlib.PurePosixPath", "pathlib.PureWindowsPath",
    "functools.partial", "datetime.datetime", "datetime.date", "datetime.timedelta",
  ].map((value) => [value, () => null])),
  // what TorchScript says of the types of lists and dicts
  ...Object.fromEntries(["build_intlist", "build_tensorlist", "build_doublelist", "build_boollist", "restore_type_tag"]
    .map((list) => [`torch.jit._pickle.${list}`, ([value]: unknown[]) => value])),
};

/** Attributes of a module whose items its state_dict() has, by their own names. */
const OF_MODULES = ["_parameters", "_buffers", "_modules"];
/** Those that it has where they are packed. */
const PACKED = ["_packed_params", "param"];

/** What holds the parts of a value: itself, or of a module what its state_dict() has. */
function holdersOf(value: unknown): (unknown[] | Map<unknown, unknown>)[] {
  if (value instanceof Packed) return [value.items()];
  if (value instanceof Attributes && value.get("_parameters") instanceof Map) {
    const packed = PACKED.filter((name) => value.get(name) instanceof Packed).map((name) => [name, value.get(name)] as const);
    const own = OF_MODULES.map((each) => (each === "_buffers" ? persistentBuffers(value) : value.get(each)));
    return [...own.filter((each) => each instanceof Map), new Map<unknown, unknown>(packed)];
  }
  return Array.isArray(value) || value instanceof Map ? [value] : [];
}

/** The buffers without those that the module says are not to be saved, which are some of them. */
function persistentBuffers(module: Attributes): unknown {
  const [buffers, others] = ["_buffers", "_non_persistent_buffers_set"].map((each) => module.get(each));
  if (!(buffers instanceof Map) || !Array.isArray(others) || others.length === 0 || others.length > buffers.size) return buffers;
  const left = new Set(others);
  return new Map([...buffers].filter(([name]) => !left.has(name)));
}

export interface Saved {
  views: { path: string; view: StoredView }[];
  skipped: ModelFile["skipped"];
  warnings: string[];
}

/** The tensors in a pickle, by the way to them, and what is there else that could be taken for one; `end`: of the pickle. */
export function savedIn(pickle: Uint8Array, start: number, host: TorchHost): Saved & { end: number } {
  const { value, end } = unpickle(pickle, host, host.name, start);
  const [first = "", ...others] = host.classes;
  const objects = `of objects (${quoted(first)}${others.length ? `, … ${host.classes.size} classes` : ""}) the attributes were read, nothing was run`;
  return { ...collect(value, host.name), warnings: host.classes.size ? [objects] : [], end };
}

function collect(saved: unknown, name: string): Pick<Saved, "views" | "skipped"> {
  const views: Saved["views"] = [];
  const skipped: ModelFile["skipped"] = [];
  let values = 0;
  const walk = (value: unknown, path: string, depth: number) => {
    const holders = holdersOf(value);
    values += holders.reduce((sum, each) => sum + (Array.isArray(each) ? each.length : each.size), 1);
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
      for (const holder of holders) for (const [key, part] of holder.entries()) {
        if (typeof part === "object" && part !== null) walk(part, path === "" ? keyText(key) : `${path}.${keyText(key)}`, depth + 1);
      }
    }
  };
  walk(saved, "", 0);
  return { views, skipped };
}

const keyText = (key: unknown) => (typeof key === "string" || typeof key === "number" ? String(key) : "[…]");
