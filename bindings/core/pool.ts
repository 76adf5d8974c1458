// The threads that share a memory. Scheduling is in wasm (assembly/parallel.ts); here they are only
// born and ended.

import { instantiate } from "./instantiate.ts";
import type { Binary } from "./runtime.ts";
import type { Spawn, WorkerHandle } from "./spawn.ts";

/** First message to every worker: what it is to be. A host without shared memory makes its own. */
export type Role = ({ role: "pool" } & Binary) | HostRole;
export type HostRole = { role: "host"; memory?: WebAssembly.Memory } & Omit<Binary, "memory">;

export interface Pool {
  readonly workers: WorkerHandle[];
  close(): void;
}

/** Starts `count` pool workers on the memory of `binary`. They join as they come up; nobody waits for them. */
export async function spawnPool(binary: Binary, count: number, spawn: Spawn): Promise<Pool> {
  const workers = await Promise.all(Array.from({ length: count }, (_, i) => spawn(`eigenscope-pool-${i + 1}`)));
  for (const worker of workers) worker.post({ role: "pool", ...binary } satisfies Role);
  return {
    workers,
    close() {
      instantiate(binary.module, binary.memory).stop_workers();
      for (const worker of workers) worker.terminate();
    },
  };
}
