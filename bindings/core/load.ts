// From a variant's name to a compiled module: out of the package, or from where the caller says.
//
// In the package each variant is a generated module of its own: the binary, deflated and base64-encoded,
// imported only when it is chosen. Every binary ends with a custom section "eigenscope", which says its
// version and variant, so that what comes from elsewhere can be known for what it is.

import { relaxedSimd, simd } from "wasm-feature-detect";
import { CapabilityError, OptionError } from "../errors.ts";
import { tagOf, type CreateOptions, type Variant, type WasmSource } from "../options.ts";
import { version } from "../version.ts";
import { nodeBuiltin, watchPolicy } from "./platform.ts";

/** What was loaded, and why not something better. */
export interface Loaded {
  module: WebAssembly.Module;
  variant: Variant;
  reason: string;
}

/** Compiles the best variant that this JavaScript engine has, or what `wasmUrl` gives in its place. */
export async function loadModule(
  fn: string, shared: boolean, reproducible: boolean, wasmUrl: CreateOptions["wasmUrl"],
): Promise<Loaded> {
  if (typeof WebAssembly === "undefined" || !(await simd())) {
    throw new CapabilityError(`${fn}: this JavaScript engine has no WebAssembly SIMD: use Node 20 or a browser of 2023 or newer`);
  }
  const relaxed = !reproducible && (await relaxedSimd());
  const best: Variant = relaxed ? (shared ? "relaxed-threads" : "relaxed") : shared ? "threads" : "base";
  const reason = relaxed
    ? "relaxed SIMD"
    : reproducible
      ? "reproducible: relaxed SIMD is turned off"
      : "this JavaScript engine has no relaxed SIMD";
  if (wasmUrl === undefined) return { module: await compile(fn, await inlined(best), "the binary in the package"), variant: best, reason };

  const source = await (typeof wasmUrl === "function" ? wasmUrl(best) : wasmUrl);
  const { module, from } = await obtain(fn, source, best);
  const variant = variantOf(fn, module, from);
  if (reproducible && variant.startsWith("relaxed")) {
    throw new CapabilityError(`${fn}: ${from} is the binary ${variant}, which is not reproducible: give ${variant === "relaxed" ? "base" : "threads"}.wasm`);
  }
  return { module, variant, reason: variant.startsWith("relaxed") === relaxed ? reason : `wasmUrl gave the binary ${variant}` };
}

const INLINED: Record<Variant, () => Promise<{ default: string }>> = {
  base: () => import("./generated/base.ts"),
  threads: () => import("./generated/threads.ts"),
  relaxed: () => import("./generated/relaxed.ts"),
  "relaxed-threads": () => import("./generated/relaxed-threads.ts"),
};

async function inlined(variant: Variant): Promise<BufferSource> {
  const deflated = (await INLINED[variant]()).default;
  return inflate(Uint8Array.from(atob(deflated), (c) => c.charCodeAt(0)));
}

/** The inverse of deflate. Node's zlib where there is one: loading its web streams takes 40 ms. */
async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<BufferSource> {
  const zlib = nodeBuiltin<typeof import("node:zlib")>("node:zlib");
  if (zlib) return zlib.inflateRawSync(bytes) as Uint8Array<ArrayBuffer>;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Response(stream).arrayBuffer();
}

/** A module out of any of the forms that `wasmUrl` has, and what to call it in messages. */
async function obtain(fn: string, source: Awaited<WasmSource>, best: Variant): Promise<{ module: WebAssembly.Module; from: string }> {
  // by tag: objects of another frame are no instances of this one's classes
  const kind = tagOf(source);
  if (kind === "WebAssembly.Module") return { module: source as WebAssembly.Module, from: "the module of wasmUrl" };
  if (kind === "Response") return fromResponse(fn, source as Response, (source as Response).url || "the Response of wasmUrl");
  if (kind === "String" || kind === "URL") {
    const from = String(source).endsWith("/") ? `${String(source)}${best}.wasm` : String(source);
    const read = fileReader(from);
    if (!read) {
      const response = await fetched(fn, from);
      return fromResponse(fn, response, response.url);
    }
    const bytes = await read().catch((error: Error) => {
      throw new CapabilityError(`${fn}: ${from} could not be read (${error.message}): wasmUrl is to be a file or a folder of eigenscope's dist/wasm/`);
    });
    return { module: await compile(fn, bytes, from), from };
  }
  if (ArrayBuffer.isView(source) || kind.endsWith("ArrayBuffer")) {
    const from = "what wasmUrl gave";
    // V8 takes no DataView
    const bytes = ArrayBuffer.isView(source) ? new Uint8Array(source.buffer as ArrayBuffer, source.byteOffset, source.byteLength) : source as ArrayBuffer;
    return { module: await compile(fn, bytes, from), from };
  }
  throw new OptionError(`${fn}: wasmUrl gave ${kind}, expected a URL, bytes, a Response or a WebAssembly.Module`);
}

/** In Node, what is no URL of a network is a file. */
function fileReader(from: string): (() => Promise<BufferSource>) | undefined {
  if (/^(?!file:)[a-z][a-z0-9+.-]+:/i.test(from)) return undefined;
  const fs = nodeBuiltin<typeof import("node:fs/promises")>("node:fs/promises");
  return fs && (async () => await fs.readFile(from.startsWith("file:") ? new URL(from) : from) as BufferSource);
}

async function fetched(fn: string, url: string): Promise<Response> {
  const policy = watchPolicy("connect-src");
  try {
    return await fetch(url);
  } catch (error) {
    throw (await import("./diagnose.ts")).fetchFailure(fn, url, error, await policy.blocked());
  } finally {
    policy.stop();
  }
}

/** Compiled while it arrives, if it is declared as what it is. */
async function fromResponse(fn: string, response: Response, from: string): Promise<{ module: WebAssembly.Module; from: string }> {
  if (!response.ok) {
    throw new CapabilityError(`${fn}: ${from} answered ${response.status} ${response.statusText}`.trimEnd() + ": wasmUrl is to be a file or a folder of eigenscope's dist/wasm/");
  }
  let bytes: () => Promise<ArrayBuffer> = () => response.arrayBuffer();
  try {
    const declared = /^application\/wasm\b/i.test(response.headers.get("content-type") ?? "");
    if (declared && typeof WebAssembly.compileStreaming === "function") {
      const copy = response.clone();
      bytes = () => copy.arrayBuffer();
      return { module: await WebAssembly.compileStreaming(response), from };
    }
  } catch {
    // the bytes say why
  }
  const received = await bytes().catch((error: Error) => {
    throw new CapabilityError(`${fn}: ${from} could not be read to its end (${error.message}): try again`);
  });
  return { module: await compile(fn, received, from), from };
}

async function compile(fn: string, bytes: BufferSource, from: string): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    throw await (await import("./diagnose.ts")).compileFailure(fn, bytes, from, error);
  }
}

/** What the stamp of a binary says, which must be of this version. */
function variantOf(fn: string, module: WebAssembly.Module, from: string): Variant {
  const [section] = WebAssembly.Module.customSections(module, "eigenscope");
  if (!section) {
    throw new CapabilityError(`${fn}: ${from} is WebAssembly, but not eigenscope's: wasmUrl is to be a file or a folder of its dist/wasm/, unchanged`);
  }
  const [found, variant] = String.fromCharCode(...new Uint8Array(section)).split(" ");
  if (found !== version && version !== "dev") {
    throw new CapabilityError(`${fn}: ${from} is of eigenscope ${found}, this is ${version}: serve the dist/wasm/ of the version that you import`);
  }
  return variant as Variant;
}
