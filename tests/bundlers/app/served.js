// Under a strict Content-Security-Policy: worker and WebAssembly are files of the page's own origin.

import { measure } from "./spectrum.js";

const wasm = {
  base: new URL("eigenscope/wasm/base.wasm", import.meta.url),
  threads: new URL("eigenscope/wasm/threads.wasm", import.meta.url),
  relaxed: new URL("eigenscope/wasm/relaxed.wasm", import.meta.url),
  "relaxed-threads": new URL("eigenscope/wasm/relaxed-threads.wasm", import.meta.url),
};

globalThis.outcome = measure({
  wasmUrl: (variant) => wasm[variant],
  createWorker: (name) => new Worker(new URL("eigenscope/worker.js", import.meta.url), { type: "module", name }),
});
