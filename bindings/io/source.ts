// Files in pieces: a range is checked against the size of the file before it is read.

import { EigenscopeError, FileError, FormatError, OptionError } from "../errors.ts";
import type { Source } from "./tensors.ts";

/** A file of known size, and the name that its errors start with. */
export interface FileReader {
  name: string;
  size: number;
  /** Bytes [offset, offset + length). FormatError if they are not all there; `what` says for what they are wanted. */
  read(offset: number, length: number, what: string): Promise<Uint8Array>;
}

/** Of bytes in memory the reader gives views, of a Blob copies of the range alone. */
export function openSource(source: Source, name: string): FileReader {
  if (source instanceof Uint8Array) {
    return { name, size: source.length, read: async (offset, length, what) => rangeOf(source, offset, length, what, name) };
  }
  if (!(source instanceof Blob)) throw new OptionError(`${name}: the source is ${describe(source)}, expected a Uint8Array or a Blob`);
  return {
    name,
    size: source.size,
    async read(offset, length, what) {
      requireRange(source.size, offset, length, what, name);
      try {
        return new Uint8Array(await source.slice(offset, offset + length).arrayBuffer());
      } catch (error) {
        if (error instanceof EigenscopeError) throw error;
        throw new FileError(`${name}: bytes ${offset} to ${offset + length} cannot be read (${(error as Error).message})`);
      }
    },
  };
}

const describe = (value: unknown) =>
  typeof value === "object" && value !== null ? `of type ${value.constructor?.name ?? "Object"}` : value == null ? String(value) : `a ${typeof value}`;

/**
 * What a reader does, parted from how it gets at the bytes: a generator that yields the range it wants next, is given its bytes and returns the result. Run by
 * `readFrom` over any file and by `readNow`, without waiting, over bytes in memory.
 */
export type Reads<T> = Generator<{ offset: number; length: number; what: string }, T, Uint8Array>;

export async function readFrom<T>(file: FileReader, reads: Reads<T>): Promise<T> {
  let step = reads.next();
  while (!step.done) step = reads.next(await file.read(step.value.offset, step.value.length, step.value.what));
  return step.value;
}

export function readNow<T>(bytes: Uint8Array, reads: Reads<T>, name: string): T {
  let step = reads.next();
  while (!step.done) step = reads.next(rangeOf(bytes, step.value.offset, step.value.length, step.value.what, name));
  return step.value;
}

function rangeOf(bytes: Uint8Array, offset: number, length: number, what: string, name: string): Uint8Array {
  requireRange(bytes.length, offset, length, what, name);
  // not subarray: that of Node's Buffer is a Buffer, whose slice() is no copy
  return new Uint8Array(bytes.buffer, bytes.byteOffset + offset, length);
}

function requireRange(size: number, offset: number, length: number, what: string, name: string): void {
  if (!(offset >= 0 && length >= 0 && offset + length <= size)) {
    throw new FormatError(`${name}: truncated: ${what} takes ${length} bytes from byte ${offset} on, the file has ${size}`);
  }
}

/** Text of a file for a message: short and on one line. */
export const quoted = (text: string) =>
  (text.length > 80 ? `${text.slice(0, 80)}…` : text).replace(/[\p{Cc}\u2028\u2029]/gu, "?");

/** A value of JSON for a message. */
export function shown(value: unknown): string {
  try {
    return quoted(JSON.stringify(value) ?? "missing");
  } catch {
    return "nested too deeply"; // the stack ends before the file does
  }
}

/** The value of JSON text in UTF-8. */
export function parseJson(bytes: Uint8Array, name: string, what: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new FormatError(`${name}: ${what} is no JSON (${quoted((error as Error).message)})`);
  }
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
