// The same with Vite's imports by query.

import { measure } from "./spectrum.js";
import base from "eigenscope/wasm/base.wasm?url";
import threads from "eigenscope/wasm/threads.wasm?url";
import relaxed from "eigenscope/wasm/relaxed.wasm?url";
import relaxedThreads from "eigenscope/wasm/relaxed-threads.wasm?url";
import EigenscopeWorker from "eigenscope/worker.js?worker";
import workerUrl from "eigenscope/worker.js?worker&url";

const wasm = { base, threads, relaxed, "relaxed-threads": relaxedThreads };
const wasmUrl = (variant) => wasm[variant];

globalThis.outcome = measure({ wasmUrl, workerUrl }).then(() => measure({ wasmUrl, createWorker: (name) => new EigenscopeWorker({ name }) }));
