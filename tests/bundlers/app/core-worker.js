// The worker of own-worker.js.

import { createCore } from "eigenscope/core";
import { errorOf } from "./spectrum.js";

async function compute() {
  const la = await createCore();
  const error = await errorOf(la.eigvalsh);
  la.close();
  postMessage({ error, info: { variant: la.variant, threads: la.threads, reason: "" } });
}

void compute();
