// Zip archives: the list of entries, and each entry's bytes when they are asked for. Names of entries are labels.
//
//   entries: local header | name | extra | data      directory: one record per entry      end: where the directory is
//
// An archive can be small and claim, or inflate to, as much as it likes. So sizes are believed only as far as deflate
// allows, entries must not overlap (else a file of n bytes could hold n²/1032 times as many as an honest one), and what
// inflates to another size, or sums to another checksum, than the directory says is refused.
//
// Based on: PKWARE, APPNOTE.TXT 6.3.10, 4.3-4.5; D. Fifield, A better zip bomb (2019). Inflation is fflate's.

import { Inflate, inflateSync } from "fflate";
import { FormatError } from "../errors.ts";
import { quoted, type Reads } from "./source.ts";

/** No byte of deflate stands for more than this many. */
const LARGEST_RATIO = 1032;
/** Of a deflated entry, what is read at a time for its first bytes. */
const PIECE = 4096;

const LOCAL = 0x04034b50;
const DIRECTORY = 0x02014b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;

export interface ZipEntry {
  name: string;
  /** Of its content, as the directory says. */
  size: number;
  packed: number;
  method: number;
  encrypted: boolean;
  crc: number;
  /** Of its local header. */
  offset: number;
}

/** Whether bytes start as a zip archive does; one without entries has nothing but its end. */
export const isZip = (bytes: Uint8Array) =>
  bytes[0] === 0x50 && bytes[1] === 0x4b && ((bytes[2] === 3 && bytes[3] === 4) || (bytes[2] === 5 && bytes[3] === 6));

/** The files of an archive of `size` bytes. */
export function* zipEntries(size: number, name: string): Reads<ZipEntry[]> {
  const { offset, length, count } = yield* findDirectory(size, name);
  if (count * 46 > length) throw new FormatError(`${name}: the zip directory claims ${count} entries in ${length} bytes`);
  const bytes = yield { offset, length, what: "the zip directory" };
  const entries: ZipEntry[] = [];
  for (let at = 0, k = 0; k < count; k++) {
    if (at + 46 > length || u32(bytes, at) !== DIRECTORY) {
      throw new FormatError(`${name}: damaged zip archive: no entry ${k + 1} of ${count} at byte ${offset + at} of the directory`);
    }
    const [names, extra, comment] = [u16(bytes, at + 28), u16(bytes, at + 30), u16(bytes, at + 32)];
    const next = at + 46 + names + extra + comment;
    if (next > length) throw new FormatError(`${name}: damaged zip archive: entry ${k + 1} of ${count} goes beyond the directory`);
    entries.push(parseEntry(bytes.subarray(at, next)));
    at = next;
  }
  const files = entries.filter((entry) => !entry.name.endsWith("/"));
  requireApart(files, offset, name);
  return files;
}

/** Where the directory is and how many entries it has. */
function* findDirectory(size: number, name: string): Reads<{ offset: number; length: number; count: number }> {
  const start = Math.max(0, size - 22 - 65535 - 20);
  const tail = yield { offset: start, length: size - start, what: "the end of the zip archive" };
  let end = tail.length - 22;
  while (end >= 0 && !(u32(tail, end) === END && end + 22 + u16(tail, end + 20) <= tail.length)) end--;
  if (end < 0) throw new FormatError(`${name}: damaged zip archive: its end is missing`);
  let [count, length, offset] = [u16(tail, end + 10), u32(tail, end + 12), u32(tail, end + 16)];
  let limit = start + end;
  if (end >= 20 && u32(tail, end - 20) === LOCATOR64) {
    const at = u64(tail, end - 20 + 8);
    const record = yield { offset: at, length: 56, what: "the zip64 end of the archive" };
    if (u32(record, 0) !== END64) throw new FormatError(`${name}: damaged zip archive: no zip64 end at byte ${at}`);
    [count, length, offset, limit] = [u64(record, 32), u64(record, 40), u64(record, 48), at];
  }
  if (!(offset + length <= limit)) {
    throw new FormatError(`${name}: damaged zip archive: the directory takes ${length} bytes from byte ${offset} on, it must end by ${limit}`);
  }
  return { offset, length, count };
}

/** A record of the directory. */
function parseEntry(record: Uint8Array): ZipEntry {
  const flags = u16(record, 8);
  const names = u16(record, 28);
  let [packed, size, offset] = [u32(record, 20), u32(record, 24), u32(record, 42)];
  // zip64: those of the three that are all ones follow, in this order, in the extra field 1
  const extra = record.subarray(46 + names, 46 + names + u16(record, 30));
  for (let at = 0; at + 4 <= extra.length; at += 4 + u16(extra, at + 2)) {
    if (u16(extra, at) !== 1) continue;
    let field = at + 4;
    const wide = (value: number) => {
      if (value !== 0xffffffff || field + 8 > Math.min(extra.length, at + 4 + u16(extra, at + 2))) return value;
      field += 8;
      return u64(extra, field - 8);
    };
    [size, packed, offset] = [wide(size), wide(packed), wide(offset)];
  }
  return {
    name: new TextDecoder(flags & 2048 ? "utf-8" : "latin1").decode(record.subarray(46, 46 + names)),
    size, packed, offset, method: u16(record, 10), encrypted: (flags & 1) === 1, crc: u32(record, 16),
  };
}

/** Entries lie before the directory, one after the other, and each name stands for one. */
function requireApart(entries: ZipEntry[], directory: number, name: string): void {
  if (new Set(entries.map((entry) => entry.name)).size < entries.length) throw new FormatError(`${name}: the zip archive names an entry twice`);
  let end = 0;
  for (const entry of [...entries].sort((a, b) => a.offset - b.offset)) {
    if (!(entry.offset >= end)) throw new FormatError(`${name}: damaged zip archive: ${quoted(entry.name)} overlaps another entry`);
    end = entry.offset + 30 + entry.packed;
    if (!(end <= directory)) throw new FormatError(`${name}: damaged zip archive: ${quoted(entry.name)} goes beyond the directory`);
  }
}

/** The bytes of an entry; `checked`: whether its checksum must be right. */
export function* entryBytes(entry: ZipEntry, name: string, checked = true): Reads<Uint8Array> {
  const packed = yield* packedRange(entry, name);
  const data = yield packed;
  const bytes = entry.method === 0 ? data : inflate(data, entry, name);
  if (checked && crc32(bytes) !== entry.crc) throw new FormatError(`${name}: ${quoted(entry.name)} is damaged, its checksum is wrong`);
  return bytes;
}

/** Bytes [from, to) of an entry, of a stored one without reading the others. */
export function* entryRange(entry: ZipEntry, from: number, to: number, name: string): Reads<Uint8Array> {
  if (!(from >= 0 && from <= to && to <= entry.size)) {
    throw new FormatError(`${name}: bytes ${from} to ${to} of ${quoted(entry.name)}, which has ${entry.size}`);
  }
  if (entry.method !== 0) return (yield* entryBytes(entry, name, false)).subarray(from, to);
  const { offset, what } = yield* packedRange(entry, name);
  return yield { offset: offset + from, length: to - from, what };
}

/** The first `length` bytes of an entry, or all if there are fewer, inflating no more than a piece beyond them. */
export function* entryHead(entry: ZipEntry, length: number, name: string): Reads<Uint8Array> {
  if (entry.method === 0) return yield* entryRange(entry, 0, Math.min(length, entry.size), name);
  const packed = yield* packedRange(entry, name);
  const head = new Uint8Array(Math.min(length, entry.size));
  let filled = 0;
  const stream = new Inflate((chunk) => {
    const part = chunk.subarray(0, head.length - filled);
    head.set(part, filled);
    filled += part.length;
  });
  for (let at = 0; filled < head.length && at < packed.length; at += PIECE) {
    const piece = yield { ...packed, offset: packed.offset + at, length: Math.min(PIECE, packed.length - at) };
    try {
      stream.push(piece, at + PIECE >= packed.length);
    } catch (error) {
      throw damaged(entry, name, (error as Error).message);
    }
  }
  if (filled < head.length) throw damaged(entry, name, "it ends early");
  return head;
}

/** Where the data of an entry is, after its local header. */
function* packedRange(entry: ZipEntry, name: string): Reads<{ offset: number; length: number; what: string }> {
  const { size, packed, method, offset } = entry;
  const what = quoted(entry.name);
  if (entry.encrypted) throw new FormatError(`${name}: ${what} is encrypted`);
  if (method !== 0 && method !== 8) throw new FormatError(`${name}: ${what} is compressed by method ${method}, expected stored or deflated`);
  if (method === 0 ? size !== packed : !(size <= LARGEST_RATIO * packed + 64)) {
    throw new FormatError(`${name}: ${what} has an impossible size: ${size} bytes in ${packed}`);
  }
  const header = yield { offset, length: 30, what };
  if (u32(header, 0) !== LOCAL) throw new FormatError(`${name}: damaged zip archive: no entry ${what} at byte ${offset}`);
  return { offset: offset + 30 + u16(header, 26) + u16(header, 28), length: packed, what };
}

function inflate(data: Uint8Array, entry: ZipEntry, name: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    // what goes beyond the claimed size is not kept; the byte more tells
    bytes = inflateSync(data, { out: new Uint8Array(entry.size + 1) });
  } catch (error) {
    throw damaged(entry, name, (error as Error).message);
  }
  if (bytes.length !== entry.size) throw damaged(entry, name, `it does not inflate to ${entry.size} bytes`);
  return bytes;
}

const damaged = (entry: ZipEntry, name: string, why: string) => new FormatError(`${name}: ${quoted(entry.name)} is damaged (${why})`);

const u16 = (bytes: Uint8Array, at: number) => bytes[at]! | (bytes[at + 1]! << 8);
const u32 = (bytes: Uint8Array, at: number) => (u16(bytes, at) | (u16(bytes, at + 2) << 16)) >>> 0;
const u64 = (bytes: Uint8Array, at: number) => u32(bytes, at) + u32(bytes, at + 4) * 4294967296;

let crcTable: Int32Array | undefined;

/** CRC-32 of ISO 3309, by bytes. */
function crc32(bytes: Uint8Array): number {
  const table = (crcTable ??= Int32Array.from({ length: 256 }, (_, n) => {
    for (let k = 0; k < 8; k++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
    return n;
  }));
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) crc = table[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
