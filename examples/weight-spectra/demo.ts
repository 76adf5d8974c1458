// The model that comes with the page, at three times of its training (train.ts).

export type Demo = keyof typeof FILES;

const FILES = {
  untrained: new URL("../data/digits-mlp-epoch-000.safetensors", import.meta.url),
  begun: new URL("../data/digits-mlp-epoch-002.safetensors", import.meta.url),
  trained: new URL("../data/digits-mlp-epoch-100.safetensors", import.meta.url),
};

export async function fetchDemo(demo: Demo): Promise<Uint8Array> {
  const response = await fetch(FILES[demo]);
  if (!response.ok) throw new Error(`demo: the server answered ${response.status}, expected a file of weights`);
  return new Uint8Array(await response.arrayBuffer());
}
