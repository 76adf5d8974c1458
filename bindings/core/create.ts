// From options to a runtime.

import type { CreateOptions } from "../options.ts";
import { spawnPool } from "./pool.ts";
import { prepareBinary } from "./prepare.ts";
import { Runtime } from "./runtime.ts";
import { spawner } from "./spawn.ts";

/** A runtime on the caller's own thread, with `threads − 1` pool workers. */
export async function createRuntime(name: string, options: CreateOptions, fallbackThreads: number | "auto"): Promise<Runtime> {
  const binary = await prepareBinary(name, options, fallbackThreads);
  const pool = binary.threads > 1 ? await spawnPool(binary, binary.threads - 1, spawner(name, options)) : undefined;
  return new Runtime(binary, undefined, pool);
}
