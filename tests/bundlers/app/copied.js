// The same with files copied by hand: works with every bundler and with none.

import { measure } from "./spectrum.js";

globalThis.outcome = measure({
  wasmUrl: new URL("/eigenscope/wasm/", location.href),
  workerUrl: new URL("/eigenscope/worker.js", location.href),
});
