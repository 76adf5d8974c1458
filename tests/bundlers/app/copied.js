// The same with files copied by hand: works with every bundler and with none.

import { measure } from "./spectrum.js";

globalThis.outcome = measure({
  wasmUrl: "/eigenscope/wasm/",
  workerUrl: "/eigenscope/worker.js",
});
