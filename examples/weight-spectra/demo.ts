// The model that comes with the page, at three times of its training (train.ts).

import type { NamedSource } from "eigenscope/io";

const FILES = {
  untrained: new URL("../data/digits-mlp-epoch-000.safetensors", import.meta.url),
  "2 epochs": new URL("../data/digits-mlp-epoch-002.safetensors", import.meta.url),
  "100 epochs": new URL("../data/digits-mlp-epoch-100.safetensors", import.meta.url),
};

/** In the order of the training. */
export const fetchDemo = (): Promise<NamedSource[]> => Promise.all(Object.entries(FILES).map(async ([name, url]) => {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`demo: the server answered ${response.status}, expected a file of weights`);
  return { name, source: new Uint8Array(await response.arrayBuffer()) };
}));
