// Workers, in Node and in browsers: one small surface over both, and the pool of threads that
// share a memory. Scheduling is in wasm (assembly/parallel.ts); here they are only born and ended.

import { instantiate } from "./instantiate.ts";
import { nodeBuiltin } from "./platform.ts";
import type { Binary } from "./runtime.ts";

/** What this package needs of a worker, the same in Node and in a browser. */
export interface WorkerHandle {
  post(message: unknown, transfer?: ArrayBuffer[]): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once when the worker dies, or can't be started: with what is known of why. */
  onDeath(listener: (reason: string) => void): void;
  /** Keeps the process alive (or not) while the worker lives; no-op in browsers. */
  ref(alive: boolean): void;
  terminate(): void;
}

type NodeWorkerThreads = typeof import("node:worker_threads");

/** Starts a worker from the inlined source. */
export async function spawnWorker(name: string): Promise<WorkerHandle> {
  const source = (await import("./generated/worker-source.ts")).default;
  const threads = nodeBuiltin<NodeWorkerThreads>("node:worker_threads");
  return threads ? nodeWorker(threads, source, name) : browserWorker(source, name);
}

function nodeWorker(threads: NodeWorkerThreads, source: string, name: string): WorkerHandle {
  const worker = new threads.Worker(source, { eval: true, name, execArgv: [], env: threads.SHARE_ENV });
  worker.unref();
  let reason = "";
  worker.on("error", (error: Error) => { reason = error.message; });
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    onMessage: (listener) => void worker.on("message", listener),
    onDeath: (listener) => void worker.on("exit", (code) => listener(reason || `exit code ${code}`)),
    ref: (alive) => (alive ? worker.ref() : worker.unref()),
    terminate: () => void worker.terminate(),
  };
}

function browserWorker(source: string, name: string): WorkerHandle {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module", name });
  URL.revokeObjectURL(url);
  return {
    post: (message, transfer) => worker.postMessage(message, transfer ?? []),
    onMessage: (listener) => worker.addEventListener("message", (event) => listener(event.data)),
    onDeath: (listener) => worker.addEventListener("error", (event) => listener(event.message), { once: true }),
    ref: () => {},
    terminate: () => worker.terminate(),
  };
}

/** First message to every worker: what it is to be. A host without shared memory makes its own. */
export type Role = ({ role: "pool" } & Binary) | HostRole;
export type HostRole = { role: "host"; memory?: WebAssembly.Memory } & Omit<Binary, "memory">;

export interface Pool {
  readonly workers: WorkerHandle[];
  close(): void;
}

/** Starts `count` pool workers on the memory of `binary`. They join as they come up; nobody waits for them. */
export async function spawnPool(binary: Binary, count: number): Promise<Pool> {
  const workers = await Promise.all(Array.from({ length: count }, (_, i) => spawnWorker(`eigenscope-pool-${i + 1}`)));
  for (const worker of workers) worker.post({ role: "pool", ...binary } satisfies Role);
  return {
    workers,
    close() {
      instantiate(binary.module, binary.memory).stop_workers();
      for (const worker of workers) worker.terminate();
    },
  };
}
