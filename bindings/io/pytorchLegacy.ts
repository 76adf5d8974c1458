// PyTorch's files before version 1.6, which torch.save still writes where it is told to:
//
//   five pickles: a number that marks the format | its version | the writer's type sizes | the saved object | keys of storages
//   for each key: how many elements, i64 | these, little-endian
//
// Where a storage lies is known when the keys are: by the sizes that the object's pickle gives. They are held against the
// file before any number is read.
//
// Based on: torch/serialization.py (_legacy_save, _legacy_load).

import { FormatError } from "../errors.ts";
import { unpickle } from "./pickle.ts";
import { tagOf } from "../options.ts";
import { quoted, type FileReader } from "./source.ts";
import { savedIn, Storage, storageItem, TorchHost, type FindStorage, type Saved, type StorageBytes } from "./torchPickle.ts";

/** LONG1 of 10 bytes, the number, STOP: after the protocol, and the length of a frame in protocols 4 and 5. */
const MAGIC = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];
const MAGIC_AT = [2, 11];
export const LEGACY_START = 11 + MAGIC.length;
/** For the five pickles together. */
const LONGEST_PICKLES = 2 ** 24;
const MOST_STORAGES = 2 ** 16;

export const isLegacyPytorch = (start: Uint8Array) => start[0] === 0x80 && MAGIC_AT.some((at) => MAGIC.every((byte, i) => start[at + i] === byte));

export async function readLegacy(file: FileReader): Promise<Saved> {
  const head = await file.read(0, Math.min(file.size, LONGEST_PICKLES), "the pickles");
  const storages = new Map<string, { storage: Storage; place: Place }>();
  const host = new TorchHost(findIn(storages, file), file.name);
  let at = 0;
  for (let part = 0; part < 3; part++) at = unpickle(head, host, file.name, at).end;
  const saved = savedIn(head, at, host);
  const { value: keys, end } = unpickle(head, host, file.name, saved.end);
  await placeStorages(storages, keys, end, file);
  return saved;
}

/** A storage's bytes, which start at a place of the file that is known when all pickles are read. */
class Place implements StorageBytes {
  start = NaN;
  constructor(readonly label: string, readonly size: number, private readonly file: FileReader) {}
  read(from: number, to: number) { return this.file.read(this.start + from, to - from, this.label); }
}

/** Each key is one storage, however often it is named; PyTorch before 0.4 named parts of them as storages of their own. */
function findIn(storages: Map<string, { storage: Storage; place: Place }>, file: FileReader): FindStorage {
  const damaged = (what: string) => new FormatError(`${file.name}: damaged pickle: ${what}`);
  return ({ name: type }, key, count, view) => {
    const item = storageItem(type);
    if (item === undefined) throw damaged(`storage ${quoted(key)} is a ${quoted(type)}`);
    if (!storages.has(key)) {
      const place = new Place(`storage ${key}`, count * item, file);
      storages.set(key, { storage: new Storage(type, count, place), place });
      if (storages.size > MOST_STORAGES) throw damaged(`more than ${MOST_STORAGES} storages`);
    }
    const { storage, place } = storages.get(key)!;
    if (storage.type !== type || storage.count !== count) throw damaged(`storage ${quoted(key)} has two types or sizes`);
    if (!Array.isArray(view)) return storage;
    const [, offset, length] = view as unknown[];
    if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || !((offset as number) >= 0 && (length as number) >= 0 && (offset as number) + (length as number) <= count)) {
      throw damaged(`a part of storage ${quoted(key)} that is not within it`);
    }
    const start = (offset as number) * item;
    const read = (from: number, to: number) => place.read(start + from, start + to);
    return new Storage(type, length as number, { label: place.label, size: (length as number) * item, read });
  };
}

/** The storages lie one after the other in the order of their keys. */
async function placeStorages(storages: Map<string, { storage: Storage; place: Place }>, keys: unknown, end: number, file: FileReader): Promise<void> {
  if (!Array.isArray(keys) || keys.length !== storages.size || new Set(keys).size !== keys.length) {
    throw new FormatError(`${file.name}: damaged: the list of storages is not that of the ${storages.size} in the pickle`);
  }
  let at = end;
  for (const key of keys as unknown[]) {
    const { storage, place } = storages.get(key as string) ?? {};
    if (!storage || !place) throw new FormatError(`${file.name}: damaged: no tensor has the storage ${typeof key === "string" ? quoted(key) : tagOf(key)}`);
    const length = new DataView((await file.read(at, 8, place.label)).slice().buffer).getBigInt64(0, true);
    if (length !== BigInt(storage.count)) {
      throw new FormatError(`${file.name}: damaged: ${quoted(place.label)} has ${length} elements at byte ${at}, by the pickle ${storage.count}`);
    }
    place.start = at + 8;
    at = place.start + place.size;
    if (!(at <= file.size)) throw new FormatError(`${file.name}: truncated: ${quoted(place.label)} ends at byte ${at}, the file has ${file.size}`);
  }
}
