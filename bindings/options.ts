// Options that every call of an engine takes, and those of creation; the checks of a record of options and of a count; descriptions.

export type {} from "./ambient.ts";
import { OptionError } from "./errors.ts";

/** Where a long call stands: `fraction` rises from 0 to 1. */
export interface Progress {
  fraction: number;
}

/** What every call on an Engine takes besides its own options. */
export interface CallOptions {
  /** Rejects the call with `signal.reason`; the engine stays usable. */
  signal?: AbortSignal;
  /** Throttled, monotone, ends at 1. What it throws rejects the call. */
  onProgress?: (progress: Progress) => void;
}

/** The four binaries of the package, in `dist/wasm/`: with and without threads, with and without relaxed SIMD. */
export type Variant = "base" | "threads" | "relaxed" | "relaxed-threads";

/** A binary: its URL, or what was made of it already. A URL that ends in "/" is a folder that holds all four. */
export type WasmSource = string | URL | ArrayBuffer | ArrayBufferView<ArrayBuffer> | Response | Promise<Response> | WebAssembly.Module;

/** What this package needs of a worker: a browser's Worker or one of node:worker_threads. */
export interface WorkerLike {
  postMessage(message: any, transfer?: any): void;
  terminate(): unknown;
}

export interface CreateOptions {
  /**
   * Threads to compute with, "auto" for one per core. Default "auto" on an engine, 1 on a core. Where memory can't be
   * shared an engine splits some work in as many parts instead, over workers with memories of their own.
   */
  threads?: number | "auto";
  /** No relaxed SIMD: equal to the last bit on every machine, 20-40 % slower. Default false. */
  reproducible?: boolean;
  /**
   * Where WebAssembly comes from, in place of the binaries inside the package: a file or a folder of `dist/wasm/`
   * on your server, its bytes, a Response, a compiled module, or a function that gives one of these for a variant.
   */
  wasmUrl?: WasmSource | ((variant: Variant) => WasmSource | Promise<WasmSource>);
  /** The URL of `dist/worker.js` on the page's own origin, for pages whose policy refuses workers from blob: URLs. */
  workerUrl?: string | URL;
  /** Starts a worker that runs `dist/worker.js`; takes precedence over `workerUrl`. */
  createWorker?: (name: string) => WorkerLike;
}

/** How workers are to be started. */
export type WorkerSource = Pick<CreateOptions, "workerUrl" | "createWorker">;

/** Refuses what is no whole number from `least` to `most`. */
export function checkCount(fn: string, name: string, value: unknown, least = 1, most = 2 ** 31 - 1): asserts value is number {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return;
  const range = most < 2 ** 31 - 1 ? `from ${least} to ${most}` : `from ${least} on`;
  throw new OptionError(`${fn}: ${name} is ${String(value)}, expected a whole number ${range}`);
}

/** Every option of T by name; of a union those of all its members. */
export type OptionNames<T> = Record<T extends unknown ? keyof T : never, true>;

/** Of which kind a value is, in any realm: "Object", "Array", "Null". */
export const tagOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);

/** An object that is no array, date, map or the like. */
export const isRecord = (value: unknown): value is Record<string, unknown> => tagOf(value) === "Object";

/** A value in a message. */
export const told = (value: unknown) =>
  typeof value === "string" ? JSON.stringify(value) : String(Object(value) === value ? tagOf(value) : value);

/** Refuses what is no record, and names that are not `known`. `path`: where the record stands among the options of `fn`. */
export function checkOptions(fn: string, options: unknown = {}, known: object, path = ""): void {
  const refuse = (what: string, expected: string) => { throw new OptionError(`${fn}: ${what}, expected ${expected}`); };
  if (!isRecord(options)) refuse(`${path || "options"} is ${told(options)}`, "an object");
  for (const name of Object.keys(options as object)) {
    if (!Object.hasOwn(known, name)) refuse(`there is no option ${path && `${path}.`}${name}`, Object.keys(known).join(", ") || "none");
  }
}

/** A description of that kind, of a kernel or a layer: what is not among the options has its default. */
export function describe<T extends { kind: string }>(
  kind: T["kind"], defaults: { [Name in Exclude<keyof T, "kind">]: T[Name] | undefined }, options: object = {},
): T {
  checkOptions(kind, options, defaults);
  const description: Record<string, unknown> = { kind, ...defaults };
  for (const [name, value] of Object.entries(options)) if (value !== undefined) description[name] = value;
  return description as T;
}
