// What went wrong when wasm or a worker could not be had, and what to do: loaded only then.

import { CapabilityError } from "../errors.ts";
import type { WorkerSource } from "../options.ts";

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** `fetch` rejects alike for a dead network, a missing CORS header and a policy. */
export function fetchFailure(fn: string, url: string, error: unknown, blocked: boolean): CapabilityError {
  const cause = blocked
    ? "the page's Content-Security-Policy blocks it: allow it in connect-src"
    : isForeign(resolved(url))
      ? "no network, or its server does not allow this origin: it has to send Access-Control-Allow-Origin"
      : "no network";
  return new CapabilityError(`${fn}: ${resolved(url)} could not be fetched (${messageOf(error)}): ${cause}`);
}

/** Bytes that do not compile are blocked, or no wasm, or too new for this engine, or cut off. */
export async function compileFailure(fn: string, bytes: BufferSource, from: string, error: unknown): Promise<CapabilityError> {
  const all = ArrayBuffer.isView(bytes) ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : new Uint8Array(bytes);
  const head = all.slice(0, 4);
  if (String.fromCharCode(...head) !== "\0asm") {
    const found = all.length
      ? `begins with ${Array.from(head, (b) => b.toString(16).padStart(2, "0")).join(" ")}${head[0] === 0x3c ? ', "<": an HTML page, as servers send for a path that they do not know' : ""}`
      : "is empty";
    return new CapabilityError(`${fn}: ${from} is not WebAssembly, it ${found}: wasmUrl is to be a file or a folder of eigenscope's dist/wasm/`);
  }
  const empty = all.slice(0, 8);
  if (await WebAssembly.compile(empty).then(() => false, () => true)) {
    return new CapabilityError(`${fn}: WebAssembly is blocked here (${messageOf(error)}): the Content-Security-Policy has to allow it, by script-src 'self' 'wasm-unsafe-eval'`);
  }
  const tail = String.fromCharCode(...all.slice(-40));
  const remedy = /eigenscope\S+ relaxed/.test(tail)
    ? "this JavaScript engine may have no relaxed SIMD: give base.wasm or threads.wasm"
    : "the file may be cut off or damaged";
  return new CapabilityError(`${fn}: ${from} could not be compiled (${messageOf(error)}): ${remedy}`);
}

/** Why a worker did not start: browsers fire a bare error event, so its script is fetched and looked at. */
export async function workerFailure(
  fn: string, { workerUrl, createWorker }: WorkerSource, error: unknown, blocked: boolean,
): Promise<CapabilityError> {
  const inPlace = fn === "createEngine" ? "worker: false computes in the caller's thread" : "threads: 1 does without";
  const detail = messageOf(error) || "the browser does not say why";
  const fail = (what: string) => new CapabilityError(`${fn}: ${what}; ${inPlace}`);
  if (createWorker) {
    return fail(`the worker of createWorker did not start (${detail}): it has to run eigenscope's dist/worker.js, a new one at each call`);
  }
  if (/TrustedScriptURL|Sink type mismatch/.test(detail)) return fail("the page demands Trusted Types: give createWorker, which makes the worker's URL by a policy of the page");
  if (workerUrl === undefined) {
    return fail(blocked
      ? "workers from blob: URLs are blocked by the page's Content-Security-Policy (worker-src): serve eigenscope's dist/worker.js and give its URL as workerUrl, or allow worker-src blob:"
      : `no worker could be started (${detail}): serve eigenscope's dist/worker.js and give its URL as workerUrl`);
  }
  const url = resolved(String(workerUrl));
  if (blocked) return fail(`the worker ${url} is blocked by the page's Content-Security-Policy: allow it in worker-src`);
  if (isForeign(url)) {
    return fail(`the worker ${url} is of another origin, which browsers refuse: serve eigenscope's dist/worker.js from the page's own origin, or give createWorker`);
  }
  const fault = globalThis.location && (await lookAt(url));
  return fail(`the worker ${url} did not start (${fault || detail}): workerUrl is to be eigenscope's dist/worker.js`);
}

/** What is wrong with a script as it is served, if that can be seen. */
async function lookAt(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url);
    if (!response.ok) return `it answered ${response.status} ${response.statusText}`.trimEnd();
    const type = response.headers.get("content-type") ?? "none";
    if ((await response.text()).trimStart().startsWith("<")) return "it is an HTML page, as servers send for a path that they do not know";
    if (!/\b(java|ecma)script\b/i.test(type)) return `its Content-Type is ${type}, it has to be text/javascript`;
    if (globalThis.crossOriginIsolated && !response.headers.has("cross-origin-embedder-policy")) {
      return "the page is cross-origin isolated, so its response needs the header Cross-Origin-Embedder-Policy: require-corp too";
    }
  } catch (error) {
    return `it could not be fetched: ${messageOf(error)}`;
  }
  return undefined;
}

/** A URL as the page resolves it, since that is often not what was meant. */
function resolved(url: string): string {
  try {
    return new URL(url, globalThis.document?.baseURI ?? globalThis.location?.href).href;
  } catch {
    return url;
  }
}

/** Of another origin; a sandboxed frame has none, "null". */
function isForeign(url: string): boolean {
  const here = globalThis.origin ?? ""; // location.origin is that of the URL in any case
  return /^(https?:|null$)/.test(here) && /^https?:/.test(url) && new URL(url).origin !== here;
}
