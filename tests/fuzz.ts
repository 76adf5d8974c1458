// Fuzzing of readers: mutants of good files must end in success or in an error of ours, soon, and without taking
// memory beyond what a file of their size may stand for. Seeded: a case is named by its seed and number.

import { EigenscopeError } from "../bindings/errors.ts";
import { uniform } from "./numbers.ts";

/** A reader, and how mutants for it are made. */
export interface FuzzTarget {
  name: string;
  /** Good files. */
  files: Uint8Array[];
  /** Reads all that is in a file, its numbers too. */
  parse(bytes: Uint8Array): Promise<unknown>;
  /** Throws if a file does not even have the outermost form: JSON of the length that it says, a zip directory, …. */
  header(bytes: Uint8Array): unknown;
  /** A mutant that mostly has that form: the inside is changed, what wraps it is made anew. */
  inside(file: Uint8Array, random: Random): Uint8Array;
}

export interface FuzzResult {
  cases: number;
  /** Mutants that were read to the end. */
  read: number;
  /** Mutants whose header is right, read to the end or not. */
  passedHeader: number;
  slowestMs: number;
  /** Memory of typed arrays that one case took at most, in bytes. */
  mostBytes: number;
}

/** A reader that takes so long hangs: mutants are small. */
const LONGEST_MS = 10_000;
/** What a case may take: its bytes 1032 times over by deflate, read and decoded, and views that repeat elements. */
const mostBytes = (size: number) => 2 ** 27 + 4 * 1032 * size;

export async function fuzz(target: FuzzTarget, cases: number, seed: number, first = 0): Promise<FuzzResult> {
  const result: FuzzResult = { cases, read: 0, passedHeader: 0, slowestMs: 0, mostBytes: 0 };
  for (let k = first; k < first + cases; k++) {
    const random = new Random(Math.imul(seed, 0x9e3779b1) + k);
    const file = random.pick(target.files);
    let mutant = random.chance(0.75) ? target.inside(file, random) : mutateBytes(file, random);
    if (random.chance(0.02)) mutant = mutateBytes(mutant, random);
    if (passes(() => target.header(mutant))) result.passedHeader++;

    const memory = process.memoryUsage().arrayBuffers;
    const start = performance.now();
    const where = `${target.name}: case ${k} of seed ${seed}`;
    try {
      await target.parse(mutant);
      result.read++;
    } catch (error) {
      if (!(error instanceof EigenscopeError)) throw new Error(`${where}: ${(error as Error).stack}`, { cause: error });
      if (/[\n\r]/.test(error.message)) throw new Error(`${where}: a message of several lines: ${error.message}`);
      if (error.message.length > 2000) throw new Error(`${where}: a message of ${error.message.length} characters`);
    }
    const ms = performance.now() - start;
    const bytes = process.memoryUsage().arrayBuffers - memory;
    if (ms > LONGEST_MS) throw new Error(`${where}: took ${ms.toFixed(0)} ms`);
    if (bytes > mostBytes(mutant.length)) throw new Error(`${where}: took ${bytes} bytes for a file of ${mutant.length}`);
    result.slowestMs = Math.max(result.slowestMs, ms);
    result.mostBytes = Math.max(result.mostBytes, bytes);
  }
  return result;
}

function passes(header: () => unknown): boolean {
  try {
    header();
    return true;
  } catch {
    return false;
  }
}

export class Random {
  private next: () => number;
  constructor(seed: number) { this.next = uniform(seed); }
  /** A whole number of 0 … n − 1. */
  below(n: number) { return Math.floor(this.next() * n); }
  chance(p: number) { return this.next() < p; }
  pick<T>(list: readonly T[]): T { return list[this.below(list.length)]!; }
}

/** Numbers at which readers break. */
const EDGES = [0, 1, -1, 2, 127, 128, 255, 256, 65535, 65536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53, 2 ** 60, 2 ** 63];

/** Some bytes changed, anywhere: bits, bytes, numbers, digits; a part cut off, doubled, moved, taken out. */
export function mutateBytes(file: Uint8Array, random: Random): Uint8Array {
  let bytes = new Uint8Array(file);
  for (let n = random.pick([1, 1, 1, 2, 4, 16]); n > 0 && bytes.length > 0; n--) {
    const at = random.below(bytes.length);
    const length = Math.min(1 + random.below(random.pick([4, 16, 256, 65536])), bytes.length - at);
    switch (random.below(8)) {
      case 0: bytes[at]! ^= 1 << random.below(8); break;
      case 1: bytes[at] = random.below(256); break;
      case 2: bytes = writeNumber(bytes, at, random); break;
      case 3: bytes = writeDigits(bytes, at, random); break;
      case 4: bytes = bytes.slice(0, at); break;
      case 5: bytes = joined(bytes.subarray(0, at), bytes.subarray(at + length)); break;
      case 6: bytes = joined(bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at)); break;
      case 7: bytes.copyWithin(at, random.below(bytes.length), random.below(bytes.length)); break;
    }
  }
  return bytes;
}

function writeNumber(bytes: Uint8Array<ArrayBuffer>, at: number, random: Random): Uint8Array<ArrayBuffer> {
  const edge = new DataView(new ArrayBuffer(8));
  const littleEndian = random.chance(0.7);
  const width = random.pick([1, 2, 4, 8]);
  edge.setBigInt64(0, BigInt.asIntN(64, BigInt(random.pick(EDGES)) + BigInt(random.below(3) - 1)), littleEndian);
  const kept = new Uint8Array(edge.buffer, littleEndian ? 0 : 8 - width, width);
  bytes.set(kept.subarray(0, bytes.length - at), at);
  return bytes;
}

/** The decimal number from `at` on, if there is one soon, becomes another. */
function writeDigits(bytes: Uint8Array<ArrayBuffer>, at: number, random: Random): Uint8Array<ArrayBuffer> {
  const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39;
  while (at < bytes.length && !isDigit(bytes[at]!)) at++;
  let end = at;
  while (end < bytes.length && isDigit(bytes[end]!)) end++;
  const text = new TextEncoder().encode(BigInt(random.pick(EDGES)).toString());
  return joined(bytes.subarray(0, at), random.chance(0.5) ? text : text.subarray(0, end - at), bytes.subarray(end));
}

export function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A JSON value with one to three of its parts replaced, left out, doubled or renamed. */
export function mutateJson(value: unknown, random: Random): unknown {
  let root = structuredClone(value) as Json;
  for (let n = 1 + random.below(3); n > 0; n--) {
    const places: { holder: Json[] | { [key: string]: Json }; key: string | number }[] = [];
    const walk = (node: Json) => {
      if (typeof node !== "object" || node === null) return;
      for (const key of Object.keys(node)) {
        places.push({ holder: node, key });
        walk((node as { [key: string]: Json })[key]!);
      }
    };
    walk(root);
    if (places.length === 0) return random.pick<Json>([null, [], {}, 0, ""]);
    const { holder, key } = random.pick(places);
    const at = holder as { [key: string]: Json };
    const other = random.pick(places);
    switch (random.below(6)) {
      case 0: case 1: at[key] = random.pick<Json>([...EDGES, 0.5, 1e308, -3, null, true, "", "x", "F32", [], {}, [1], "../x"]); break;
      case 2: if (Array.isArray(holder)) holder.splice(Number(key), 1); else delete at[key]; break;
      case 3: if (Array.isArray(holder)) holder.push(holder[Number(key)]!); else at[`${key}'`] = structuredClone(at[key]!); break;
      case 4: at[key] = structuredClone((other.holder as { [key: string]: Json })[other.key]!); break;
      case 5: if (typeof at[key] === "number") at[key] += random.pick([-1, 1, 4, -8]); break;
    }
    root = structuredClone(root);
  }
  return root;
}
