// Workers, in Node and in browsers: one small surface over both.

import type { WorkerLike, WorkerSource } from "../options.ts";
import { nodeBuiltin } from "./platform.ts";

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

/** Starts a worker of the given name. */
export type Spawn = (name: string) => Promise<WorkerHandle>;

type NodeWorkerThreads = typeof import("node:worker_threads");
type NodeWorkerOptions = import("node:worker_threads").WorkerOptions;
type NodeWorker = InstanceType<NodeWorkerThreads["Worker"]>;

/** How workers are started: by the caller's own function, from a URL, or from the source inside the package. */
export function spawner({ createWorker, workerUrl }: WorkerSource): Spawn {
  if (createWorker) return async (name) => handle(createWorker(name));
  const threads = nodeBuiltin<NodeWorkerThreads>("node:worker_threads");
  if (threads) return (name) => nodeWorker(threads, name, workerUrl);
  return (name) => browserWorker(name, workerUrl);
}

async function nodeWorker(threads: NodeWorkerThreads, name: string, url?: string | URL): Promise<WorkerHandle> {
  const options: NodeWorkerOptions = { name, execArgv: [], env: threads.SHARE_ENV };
  if (url === undefined) return handle(new threads.Worker(await inlinedSource(), { ...options, eval: true }));
  const file = /^(file|data):/.test(String(url)) ? new URL(url) : url;
  return handle(new threads.Worker(file, options));
}

async function browserWorker(name: string, url?: string | URL): Promise<WorkerHandle> {
  const blob = url === undefined && URL.createObjectURL(new Blob([await inlinedSource()], { type: "text/javascript" }));
  const worker = new Worker(blob || url!, { type: "module", name });
  if (blob) URL.revokeObjectURL(blob);
  return handle(worker);
}

const inlinedSource = async () => (await import("./generated/worker-source.ts")).default;

function handle(worker: WorkerLike): WorkerHandle {
  return "on" in worker ? nodeHandle(worker as NodeWorker) : browserHandle(worker as Worker);
}

function nodeHandle(worker: NodeWorker): WorkerHandle {
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

function browserHandle(worker: Worker): WorkerHandle {
  return {
    post: (message, transfer) => worker.postMessage(message, transfer ?? []),
    onMessage: (listener) => worker.addEventListener("message", (event) => listener(event.data)),
    onDeath: (listener) => worker.addEventListener("error", (event) => listener(event.message), { once: true }),
    ref: () => {},
    terminate: () => worker.terminate(),
  };
}
