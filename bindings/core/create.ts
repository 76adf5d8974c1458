// From options to a runtime: which variant, how many threads, and why.

import { OptionError } from "../errors.ts";
import type { CreateOptions } from "../options.ts";
import { chooseVariant, loadModule } from "./load.ts";
import { createMemory } from "./memory.ts";
import { hardwareThreads, sharedMemoryReason } from "./platform.ts";
import { spawnPool } from "./pool.ts";
import { Runtime, type Binary } from "./runtime.ts";
import { spawner } from "./spawn.ts";

/** Chooses a variant and compiles it. More than one thread needs shared memory, whose lack is said in `reason`. */
export async function prepareBinary(
  name: string,
  options: CreateOptions,
  fallbackThreads: number | "auto",
  shareAlways = false,
): Promise<Binary & { reason: string }> {
  const wanted = options.threads ?? fallbackThreads;
  if (wanted !== "auto" && !(Number.isInteger(wanted) && wanted >= 1 && wanted <= 64)) {
    throw new OptionError(`${name}: threads is ${String(wanted)}, expected "auto" or a whole number from 1 to 64`);
  }
  const count = wanted === "auto" ? hardwareThreads() : wanted;
  const missing = sharedMemoryReason();
  const shared = !missing && (count > 1 || shareAlways);
  const { variant, reason } = await chooseVariant(shared, options.reproducible ?? false);
  return {
    module: await loadModule(variant, options.wasmUrl),
    ...createMemory(shared),
    variant,
    threads: shared ? count : 1,
    reason: missing && count > 1 ? `${reason}; one thread: ${missing}` : reason,
  };
}

/** A runtime on the caller's own thread, with `threads − 1` pool workers. */
export async function createRuntime(name: string, options: CreateOptions, fallbackThreads: number | "auto"): Promise<Runtime> {
  const binary = await prepareBinary(name, options, fallbackThreads);
  const pool = binary.threads > 1 ? await spawnPool(binary, binary.threads - 1, spawner(options)) : undefined;
  return new Runtime(binary, undefined, pool);
}
