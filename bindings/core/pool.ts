// The threads that share a memory. Scheduling is in wasm (assembly/parallel.ts); here they are only
// born and ended.

import { CapabilityError } from "../errors.ts";
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

/** What a pool worker answers to its role. */
export type PoolReply = { type: "ready" } | { type: "failed"; message: string };

/** Starts `count` pool workers on the memory of `binary`, and waits until they have joined. */
export async function spawnPool(binary: Binary, count: number, spawn: Spawn): Promise<Pool> {
  const joining = Array.from({ length: count }, async (_, i) => {
    const worker = await spawn(`eigenscope-pool-${i + 1}`);
    await join(worker, { role: "pool", ...binary });
    return worker;
  });
  const pool = (workers: WorkerHandle[]): Pool => ({
    workers,
    close() {
      instantiate(binary.module, binary.memory).stop_workers();
      for (const worker of workers) worker.terminate();
    },
  });
  try {
    return pool(await Promise.all(joining));
  } catch (error) {
    const all = await Promise.allSettled(joining);
    pool(all.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []))).close();
    throw error;
  }
}

function join(worker: WorkerHandle, role: Role): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const fail = (reason: string) => {
      worker.terminate();
      reject(new CapabilityError(`a thread of the pool could not start: ${reason}`));
    };
    worker.onMessage((message) => {
      const reply = message as PoolReply;
      if (reply.type === "ready") resolve();
      else if (reply.type === "failed") fail(reply.message);
    });
    worker.onDeath(fail);
    worker.ref(true);
    worker.post(role);
  }).finally(() => worker.ref(false));
}
