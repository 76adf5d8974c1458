// An engine: the operations, asynchronous, hosted in a worker. The caller's thread starts the host
// and the pool, so that it hears of their deaths, and keeps the queue: the host has one call at a
// time, so a queued call can be dropped, and after a death or a restart nothing else is lost.

import { CapabilityError, ClosedError } from "./errors.ts";
import { prepareBinary } from "./core/create.ts";
import { Aborted, Runtime, type Binary } from "./core/runtime.ts";
import { createMemory } from "./core/load.ts";
import { runtimeName } from "./core/platform.ts";
import { spawnPool, spawnWorker, type Pool, type Role, type WorkerHandle } from "./core/pool.ts";
import { mapNames, names, type Asynchronous } from "./names.ts";
import type { Operations } from "./operations.ts";
import type { CallOptions, CreateOptions } from "./options.ts";
import { fromRecord, type Call, type Reply } from "./rpc.ts";
import { version } from "./version.ts";

export interface EngineOptions extends CreateOptions {
  /** false: in the caller's thread; no abort or progress within a call. Default true. */
  worker?: boolean;
}

/** What was chosen at creation, and why. */
export interface EngineInfo {
  version: string;
  /** e.g. "Node 24.21.0" */
  runtime: string;
  variant: string;
  threads: number;
  worker: boolean;
  gpu: null;
  /** Why this variant and this number of threads. */
  reason: string;
}

export interface Engine extends Asynchronous<Operations> {
  readonly info: EngineInfo;
  /** Ends the workers; calls in flight and later ones reject with ClosedError. Idempotent. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How often progress is looked at and told, in ms. */
const PROGRESS_INTERVAL = 50;

interface Pending {
  call: Call;
  resolve(value: unknown): void;
  reject(reason: unknown): void;
  options: CallOptions;
  /** Forgets timers and listeners. */
  settle(): void;
}

/** Starts an engine. Nothing is fetched; the process may exit while it is idle. */
export async function createEngine(options: EngineOptions = {}): Promise<Engine> {
  const { worker = true } = options;
  const spawning = worker ? spawnWorker("eigenscope-host") : undefined;
  let binary;
  try {
    binary = await prepareBinary("createEngine", options, "auto", worker);
  } catch (error) {
    void spawning?.then((host) => host.terminate());
    throw error;
  }
  const info: EngineInfo = {
    version,
    runtime: runtimeName(),
    variant: binary.variant,
    threads: binary.threads,
    worker,
    gpu: null,
    reason: binary.reason,
  };
  const backend = spawning ? await HostedCalls.start(binary, await spawning) : await InProcessCalls.start(binary);
  const call = (path: string) => (...args: unknown[]) => {
    const last = args.at(-1);
    let callOptions: CallOptions = {};
    if (last && typeof last === "object" && ("signal" in last || "onProgress" in last)) {
      const { signal, onProgress, ...rest } = last as CallOptions & object;
      callOptions = { signal, onProgress };
      args = [...args.slice(0, -1), rest];
    }
    return backend.call(path, args, callOptions);
  };
  const close = () => backend.close();
  const engine = { ...mapNames<Asynchronous<Operations>>(names, call), info, close } as Engine;
  // Symbol.asyncDispose is missing in older browsers
  if (Symbol.asyncDispose) engine[Symbol.asyncDispose] = close;
  return engine;
}

/** Calls that a worker answers. */
class HostedCalls {
  private queue: Pending[] = []; // queue[0] is with the host
  private nextId = 1;
  private closed = false;
  private host!: WorkerHandle;
  private pool?: Pool;
  private words?: { abort: Int32Array; progress: Float64Array };

  private constructor(private binary: Binary) {}

  static async start(binary: Binary, host: WorkerHandle): Promise<HostedCalls> {
    const calls = new HostedCalls(binary);
    await calls.boot(host);
    return calls;
  }

  call(path: string, args: unknown[], options: CallOptions): Promise<unknown> {
    if (this.closed) return Promise.reject(new ClosedError(`${path}: the engine is closed`));
    const { signal } = options;
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const onAbort = () => this.abort(pending);
      const pending: Pending = {
        call: { id: this.nextId++, path, args },
        resolve,
        reject,
        options,
        settle: () => signal?.removeEventListener("abort", onAbort),
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.queue.push(pending);
      if (this.queue.length === 1) this.send();
    });
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    for (const pending of this.queue.splice(0)) {
      pending.settle();
      pending.reject(new ClosedError(`${pending.call.path}: the engine was closed`));
    }
    this.end();
  }

  /** Gives the host its role and waits until it is ready; pool workers join when they are up. */
  private boot(host: WorkerHandle): Promise<void> {
    this.host = host;
    host.ref(true);
    const started = new Promise<void>((resolve, reject) => {
      let ready = false;
      const fail = (reason: string) => reject(new CapabilityError(`createEngine: the worker could not start: ${reason}`));
      host.onMessage((message) => {
        if (host !== this.host) return;
        const reply = message as Reply;
        if (reply.type === "ready") {
          ready = true;
          this.words = sharedWords(this.binary.memory, reply);
          host.ref(this.queue.length > 0);
          resolve();
        } else if (reply.type === "failed") {
          fail(reply.message);
        } else {
          this.receive(reply);
        }
      });
      host.onDeath((reason) => (ready ? this.died(host, reason) : fail(reason)));
    });
    host.post({ role: "host", ...this.binary } satisfies Role);
    if (this.binary.threads > 1) {
      spawnPool(this.binary, this.binary.threads - 1).then((pool) => {
        if (host !== this.host || this.closed) return pool.close();
        this.pool = pool;
        for (const worker of pool.workers) worker.onDeath((reason) => this.died(host, reason));
      }, () => {}); // a pool that can't start leaves the host to do the work alone
    }
    return started;
  }

  private send(): void {
    const pending = this.queue[0]!;
    if (this.words) {
      Atomics.store(this.words.abort, 0, 0);
      this.words.progress[0] = 0;
    }
    this.host.ref(true);
    try {
      this.host.post(pending.call);
    } catch (error) {
      this.finish(pending, () => pending.reject(error)); // arguments that can't be cloned
      return;
    }
    const { onProgress } = pending.options;
    const { words } = this;
    if (onProgress && words) {
      const report = monotone(onProgress);
      const timer = setInterval(() => report(words.progress[0]!), PROGRESS_INTERVAL);
      const { settle } = pending;
      pending.settle = () => {
        clearInterval(timer);
        settle();
      };
    }
  }

  private receive(reply: Exclude<Reply, { type: "ready" | "failed" }>): void {
    const pending = this.queue[0];
    if (!pending || pending.call.id !== reply.id) return;
    if (reply.type === "progress") {
      if (reply.fraction < 1) pending.options.onProgress?.({ fraction: reply.fraction });
      return;
    }
    this.finish(pending, () => {
      if (reply.type === "result") {
        pending.options.onProgress?.({ fraction: 1 });
        pending.resolve(reply.value);
      } else if (reply.type === "error") pending.reject(fromRecord(reply.error));
      else pending.reject(pending.options.signal?.reason);
    });
  }

  /** Takes the call off the queue, settles it and sends the next. */
  private finish(pending: Pending, settle: () => void): void {
    pending.settle();
    this.queue.splice(this.queue.indexOf(pending), 1);
    settle();
    if (this.queue.length) this.send();
    else this.host.ref(false);
  }

  private abort(pending: Pending): void {
    if (pending !== this.queue[0]) {
      pending.settle();
      this.queue.splice(this.queue.indexOf(pending), 1);
      pending.reject(pending.options.signal!.reason);
    } else if (this.words) {
      Atomics.store(this.words.abort, 0, 1);
    } else {
      this.queue.shift();
      pending.settle();
      pending.reject(pending.options.signal!.reason);
      this.restart();
    }
  }

  /** A worker ended that nobody ended: its call is lost, the queue is not. */
  private died(host: WorkerHandle, reason: string): void {
    if (host !== this.host || this.closed) return;
    const lost = this.queue.shift();
    lost?.settle();
    lost?.reject(new CapabilityError(`${lost.call.path}: a worker of the engine died (${reason}); the engine was started anew`));
    this.restart();
  }

  private restart(): void {
    this.end();
    this.words = undefined;
    this.binary = { ...this.binary, memory: createMemory(this.binary.variant.endsWith("threads")) };
    spawnWorker("eigenscope-host")
      .then((host) => this.boot(host))
      .then(
        () => {
          if (this.closed) this.end();
          else if (this.queue.length) this.send();
        },
        (error) => {
          for (const pending of this.queue.splice(0)) {
            pending.settle();
            pending.reject(error);
          }
          this.closed = true;
        },
      );
  }

  private end(): void {
    this.host.terminate();
    this.pool?.close();
    this.pool = undefined;
  }
}

/** Calls in the caller's thread, in order. */
class InProcessCalls {
  private closed = false;
  private constructor(private readonly rt: Runtime, private readonly operationAt: typeof import("./operations.ts").operationAt) {}

  static async start(binary: Binary): Promise<InProcessCalls> {
    const { operationAt } = await import("./operations.ts");
    const pool = binary.threads > 1 ? await spawnPool(binary, binary.threads - 1) : undefined;
    return new InProcessCalls(new Runtime(binary, undefined, pool), operationAt);
  }

  async call(path: string, args: unknown[], { signal, onProgress }: CallOptions): Promise<unknown> {
    if (this.closed) throw new ClosedError(`${path}: the engine is closed`);
    await undefined; // the caller's own code first, as with a worker
    if (signal?.aborted) throw signal.reason;
    try {
      const result = this.operationAt(path)(this.rt, ...args);
      onProgress?.({ fraction: 1 });
      return result;
    } catch (error) {
      throw error instanceof Aborted ? signal?.reason : error;
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    this.rt.close();
  }
}

/** The abort and progress words, where memory is shared. */
function sharedWords(memory: WebAssembly.Memory, at: { abortWord: number; progressWord: number }) {
  if (typeof SharedArrayBuffer === "undefined" || !(memory.buffer instanceof SharedArrayBuffer)) return undefined;
  return {
    abort: new Int32Array(memory.buffer, at.abortWord, 1),
    progress: new Float64Array(memory.buffer, at.progressWord, 1),
  };
}

/** Tells rising fractions below 1; the last one, 1, comes with the result. */
function monotone(onProgress: NonNullable<CallOptions["onProgress"]>): (fraction: number) => void {
  let told = 0;
  return (fraction) => {
    if (fraction > told && fraction < 1) onProgress({ fraction: (told = fraction) });
  };
}
