// Workers, in Node and in browsers: one small surface over both. A worker counts as started when it has
// said so, with its version: until then a blocked, missing or foreign script shows in no other way.

import { CapabilityError } from "../errors.ts";
import { tagOf, type WorkerLike, type WorkerSource } from "../options.ts";
import { version } from "../version.ts";
import { nodeBuiltin, watchPolicy } from "./platform.ts";

/** How long a worker may take to start, in ms: a foreign script says nothing at all. */
const START_LIMIT = 30_000;

/** What this package needs of a worker, the same in Node and in a browser. */
export interface WorkerHandle {
  post(message: unknown, transfer?: (ArrayBuffer | MessagePort)[]): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once when the worker dies: with what is known of why. */
  onDeath(listener: (reason: string) => void): void;
  /** Keeps the process alive (or not) while the worker lives; no-op in browsers. */
  ref(alive: boolean): void;
  terminate(): void;
}

/** Starts a worker of the given name; rejects with a CapabilityError that says why it could not start. */
export type Spawn = (name: string) => Promise<WorkerHandle>;

/**
 * The first message of every worker. A browser says nothing of a worker that is killed, but frees its locks: where
 * there are any, every worker holds one for life, and its death is heard by who waits for that.
 */
export interface Up {
  type: "up";
  version: string;
  lock?: string;
}

type NodeWorkerThreads = typeof import("node:worker_threads");
type NodeWorkerOptions = import("node:worker_threads").WorkerOptions;
type NodeWorker = InstanceType<NodeWorkerThreads["Worker"]>;

/** How workers are started: by the caller's own function, from a URL, or from the source in the package. */
export function spawner(fn: string, source: WorkerSource): Spawn {
  return async (name) => {
    const policy = watchPolicy("worker-src");
    let worker: WorkerHandle | undefined;
    try {
      worker = source.createWorker ? given(source.createWorker(name)) : handleOf(await create(name, source.workerUrl));
      await started(worker);
      return worker;
    } catch (error) {
      worker?.terminate();
      if (error instanceof VersionSkew) throw new CapabilityError(`${fn}: ${error.message}`);
      throw await (await import("./diagnose.ts")).workerFailure(fn, source, error, await policy.blocked());
    } finally {
      policy.stop();
    }
  };
}

async function create(name: string, url?: string | URL): Promise<WorkerLike> {
  const threads = nodeBuiltin<NodeWorkerThreads>("node:worker_threads");
  if (threads) {
    const options: NodeWorkerOptions = { name, execArgv: [], env: threads.SHARE_ENV };
    if (url === undefined) return new threads.Worker(await inlined(), { ...options, eval: true });
    return new threads.Worker(/^(file|data):/.test(String(url)) ? new URL(url) : url, options);
  }
  if (url !== undefined) return new Worker(url, { type: "module", name });
  const blob = URL.createObjectURL(new Blob([await inlined()], { type: "text/javascript" }));
  try {
    return new Worker(blob, { name }); // no module: a frame of no origin may not load one from here
  } finally {
    URL.revokeObjectURL(blob);
  }
}

const inlined = async () => (await import("./generated/worker-source.ts")).default;

class VersionSkew extends Error {}

/** Waits for a worker's first message. */
function started(worker: WorkerHandle): Promise<void> {
  worker.ref(true);
  return new Promise<void>((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error(`it said nothing in ${START_LIMIT / 1000} s`)), START_LIMIT);
    worker.onDeath((reason) => {
      clearTimeout(limit);
      reject(new Error(reason));
    });
    worker.onMessage((message) => {
      clearTimeout(limit);
      const up = message as Up | undefined;
      if (up?.type !== "up") reject(new Error("its first message is not that of eigenscope's worker.js"));
      else if (up.version !== version && version !== "dev") {
        reject(new VersionSkew(`the worker is of eigenscope ${up.version}, this is ${version}: serve the worker.js of the version that you import`));
      } else resolve();
    });
  }).finally(() => worker.ref(false));
}

function given(worker: WorkerLike): WorkerHandle {
  if (typeof worker?.postMessage === "function" && typeof worker.terminate === "function") return handleOf(worker);
  throw new Error(`it gave ${tagOf(worker)}, expected a Worker`);
}

function handleOf(worker: WorkerLike): WorkerHandle {
  return "on" in worker ? nodeHandle(worker as NodeWorker) : browserHandle(worker as Worker);
}

/** The call that a message belongs to would wait for ever. */
const UNREADABLE = "a message of it could not be read";

function nodeHandle(worker: NodeWorker): WorkerHandle {
  let reason = "";
  worker.on("error", (error: Error) => { reason = error.message; });
  worker.on("messageerror", () => {
    reason = UNREADABLE;
    void worker.terminate();
  });
  return {
    // Node's types have a MessagePort of their own
    post: (message, transfer) => worker.postMessage(message, transfer as ArrayBuffer[]),
    onMessage: (listener) => void worker.on("message", listener),
    onDeath: (listener) => void worker.on("exit", (code) => listener(reason || `exit code ${code}`)),
    ref: (alive) => (alive ? worker.ref() : worker.unref()),
    terminate: () => void worker.terminate(),
  };
}

function browserHandle(worker: Worker): WorkerHandle {
  const listeners: ((reason: string) => void)[] = [];
  const died = (reason: string) => {
    for (const listener of listeners.splice(0)) listener(reason);
  };
  const ended = new AbortController();
  worker.addEventListener("error", (event) => {
    event.preventDefault(); // told to the caller, not to the console
    died(event.message ?? "");
  });
  worker.addEventListener("messageerror", () => died(UNREADABLE));
  worker.addEventListener("message", ({ data }: MessageEvent<Up | null>) => {
    const lock = data?.lock;
    if (lock) navigator.locks.request(lock, { signal: ended.signal }, () => died("it was ended from outside")).catch(() => {});
  }, { once: true });
  return {
    post: (message, transfer) => worker.postMessage(message, transfer ?? []),
    onMessage: (listener) => worker.addEventListener("message", (event) => listener(event.data)),
    onDeath: (listener) => void listeners.push(listener),
    ref: () => {},
    terminate() {
      ended.abort();
      worker.terminate();
    },
  };
}
