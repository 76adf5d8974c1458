// The same with esbuild: --loader:.wasm=file gives the address of an imported file, and "eigenscope/worker.js" is
// an entry point of its own.

import { measure } from "./spectrum.js";
import base from "eigenscope/wasm/base.wasm";
import threads from "eigenscope/wasm/threads.wasm";
import relaxed from "eigenscope/wasm/relaxed.wasm";
import relaxedThreads from "eigenscope/wasm/relaxed-threads.wasm";

const wasm = { base, threads, relaxed, "relaxed-threads": relaxedThreads };

globalThis.outcome = measure({ wasmUrl: (variant) => wasm[variant], workerUrl: "/eigenscope-worker.js" });
