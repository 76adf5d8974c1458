// The workers that help a host: threads that share its memory, or parts with memories of their own. Threads
// are scheduled in wasm (assembly/parallel.ts), parts by the host (parts.ts); here they are only born and ended.

import { CapabilityError } from "../errors.ts";
import type { Kernels } from "./kernels.ts";
import type { Binary } from "./runtime.ts";
import type { Spawn, WorkerHandle } from "./spawn.ts";

/** First message to every worker: what it is to be. A host without shared memory makes its own. */
export type Role = PoolRole | PartRole | HostRole;
export type PoolRole = { role: "pool" } & Binary;
/** `port` is a channel to the host. */
export type PartRole = { role: "part"; port: MessagePort } & Omit<Binary, "memory" | "memoryLimit">;
export type HostRole = { role: "host"; memory?: WebAssembly.Memory } & Omit<Binary, "memory">;

export interface Pool {
  readonly workers: WorkerHandle[];
  close(): void;
}

/** What these workers answer to their role. */
export type PoolReply = { type: "ready" } | { type: "failed"; message: string };

/** Starts `count` threads on the memory of `binary`, and waits until they have joined. */
export async function spawnPool(binary: Binary, count: number, spawn: Spawn): Promise<Pool> {
  // without the loader, which a page's thread has no other use for, and not at once: it may not be on such a thread
  const { exports } = await WebAssembly.instantiate(binary.module, { env: { memory: binary.memory, tick: () => {} } });
  const { stop_workers } = exports as unknown as Kernels;
  const joining = Array.from({ length: count }, (_, i) => start(spawn, `eigenscope-pool-${i + 1}`, { role: "pool", ...binary }));
  const pool = (workers: WorkerHandle[]): Pool => ({
    workers,
    close() {
      stop_workers();
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

/** Starts part `number`, with its end of a channel to the host, and waits until it is ready. */
export function spawnPart(
  { memory, memoryLimit, ...binary }: Binary, number: number, port: MessagePort, spawn: Spawn,
): Promise<WorkerHandle> {
  return start(spawn, `eigenscope-part-${number}`, { role: "part", port, ...binary });
}

async function start(spawn: Spawn, name: string, role: PoolRole | PartRole): Promise<WorkerHandle> {
  const worker = await spawn(name);
  return new Promise<WorkerHandle>((resolve, reject) => {
    const fail = (reason: string) => {
      worker.terminate();
      reject(new CapabilityError(`${name} could not start: ${reason}`));
    };
    worker.onMessage((message) => {
      const reply = message as PoolReply;
      if (reply.type === "ready") resolve(worker);
      else if (reply.type === "failed") fail(reply.message);
    });
    worker.onDeath(fail);
    worker.ref(true);
    worker.post(role, role.role === "part" ? [role.port] : []);
  }).finally(() => worker.ref(false));
}
