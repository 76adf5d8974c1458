// From a variant's name to a compiled module and its memory.
//
// Each variant is a generated module of its own: the binary, deflated and base64-encoded, imported
// only when it is chosen.

import { relaxedSimd, simd } from "wasm-feature-detect";
import { CapabilityError } from "../errors.ts";
import type { CreateOptions, Variant } from "../options.ts";
import { nodeBuiltin } from "./platform.ts";

/** The best variant that this engine has, and why a better one was not taken. */
export async function chooseVariant(shared: boolean, reproducible: boolean): Promise<{ variant: Variant; reason: string }> {
  if (typeof WebAssembly === "undefined" || !(await simd())) {
    throw new CapabilityError("createEngine: this JavaScript engine has no WebAssembly SIMD: use Node 20 or a browser of 2023 or newer");
  }
  const relaxed = !reproducible && (await relaxedSimd());
  const reason = relaxed
    ? "relaxed SIMD"
    : reproducible
      ? "reproducible: relaxed SIMD is turned off"
      : "this JavaScript engine has no relaxed SIMD";
  const variant: Variant = relaxed ? (shared ? "relaxed-threads" : "relaxed") : shared ? "threads" : "base";
  return { variant, reason };
}

const SOURCES: Record<Variant, () => Promise<{ default: string }>> = {
  base: () => import("./generated/base.ts"),
  threads: () => import("./generated/threads.ts"),
  relaxed: () => import("./generated/relaxed.ts"),
  "relaxed-threads": () => import("./generated/relaxed-threads.ts"),
};

/** The compiled module of a variant. */
export async function loadModule(variant: Variant, source: CreateOptions["wasmUrl"]): Promise<WebAssembly.Module> {
  const given = typeof source === "function" ? await source(variant) : await source;
  if (given instanceof WebAssembly.Module) return given;
  return compile(given === undefined ? await inlined(variant) : await bytesOf(given, variant));
}

async function compile(bytes: BufferSource): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    throw new CapabilityError(`createEngine: WebAssembly could not be compiled (${(error as Error).message}): a Content-Security-Policy needs script-src 'wasm-unsafe-eval'`);
  }
}

async function bytesOf(source: string | URL | BufferSource | Response, variant: Variant): Promise<BufferSource> {
  if (ArrayBuffer.isView(source) || source instanceof ArrayBuffer) return source;
  if (source instanceof Response) return source.arrayBuffer();
  return (await fetch(String(source).endsWith("/") ? `${source}${variant}.wasm` : source)).arrayBuffer();
}

async function inlined(variant: Variant): Promise<BufferSource> {
  const deflated = (await SOURCES[variant]()).default;
  return inflate(Uint8Array.from(atob(deflated), (c) => c.charCodeAt(0)));
}

/** The inverse of deflate. Node's zlib where there is one: loading its web streams takes 40 ms. */
async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<BufferSource> {
  const zlib = nodeBuiltin<typeof import("node:zlib")>("node:zlib");
  if (zlib) return zlib.inflateRawSync(bytes) as Uint8Array<ArrayBuffer>;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Response(stream).arrayBuffer();
}
