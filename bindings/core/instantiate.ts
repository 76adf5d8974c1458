// From a compiled module to an instance. Apart from load.ts, so that workers, which are posted their
// module, do not carry the binaries.

import { instantiateSync } from "@assemblyscript/loader";
import type { Kernels } from "./kernels.ts";

/** An instance on the given memory. `tick` hears of progress where there is no shared word for it. */
export function instantiate(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  tick: (done: number, total: number) => void = () => {},
): Kernels {
  const env: { memory: WebAssembly.Memory } = Object.assign({ memory }, { tick });
  return instantiateSync<Record<string, unknown>>(module, { env }).exports as unknown as Kernels;
}
