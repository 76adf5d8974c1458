// An engine: the operations, asynchronous, hosted in a worker.

import { prepareBinary } from "./core/prepare.ts";
import { runtimeName } from "./core/platform.ts";
import { spawner } from "./core/spawn.ts";
import { Calls } from "./calls.ts";
import { spawnHost } from "./crew.ts";
import { addFunctions, type WithFunctions } from "./functions.ts";
import { mapNames, names, type Asynchronous } from "./names.ts";
import type { Operations } from "./operations.ts";
import { checkOptions, type CallOptions, type CreateOptions, type OptionNames } from "./options.ts";
import { version } from "./version.ts";

export interface EngineOptions extends CreateOptions {
  /** false: in the caller's thread; no abort or progress within a call. Default true. */
  worker?: boolean;
}

const engineOptions: OptionNames<EngineOptions> = {
  threads: true, reproducible: true, wasmUrl: true, workerUrl: true, createWorker: true, worker: true,
};

/** What was chosen at creation, and why. */
export interface EngineInfo {
  version: string;
  /** e.g. "Node 24.21.0" */
  runtime: string;
  variant: string;
  /** On shared memory. */
  threads: number;
  /**
   * In how many pieces products, kernel matrices and Monte Carlo are split over workers with memories of their
   * own, where there is no shared memory; otherwise 1.
   */
  parts: number;
  worker: boolean;
  /** The most that one call may use, in bytes: at most the 4 GiB of WebAssembly. */
  memoryLimit: number;
  gpu: null;
  /** Every "why" of the above, joined by "; ". */
  reason: string;
}

/**
 * The calls of {@link linalg} and {@link hinf}, as `es.linalg.eigh(A)` and `es.hinf.exact(X)`: each returns a promise, takes
 * {@link CallOptions} among its options, and waits until those before it are done. What it is given is read when it
 * begins, and again if the workers have to be started anew: leave it unchanged until the promise is settled.
 */
export interface Engine extends WithFunctions<Asynchronous<Operations>> {
  readonly info: EngineInfo;
  /** Ends the workers; calls in flight and later ones reject with ClosedError. Idempotent. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts an engine. Nothing is fetched unless `wasmUrl` or `workerUrl` says so; the process may exit while it is idle. */
export async function createEngine(options: EngineOptions = {}): Promise<Engine> {
  checkOptions("createEngine", options, engineOptions);
  const { worker = true } = options;
  const spawn = spawner("createEngine", options);
  const spawning = spawnHost(!worker, spawn);
  spawning.catch(() => {}); // looked at when the binary is there
  let binary;
  try {
    binary = await prepareBinary("createEngine", options, "auto", worker);
  } catch (error) {
    void spawning.then((host) => host.terminate(), () => {});
    throw error;
  }
  const { calls, poolFailure } = await Calls.start(binary, spawning, !worker, spawn);
  const info: EngineInfo = {
    version,
    runtime: runtimeName(),
    variant: binary.variant,
    threads: poolFailure ? 1 : binary.threads,
    parts: binary.parts,
    worker,
    memoryLimit: binary.memoryLimit,
    gpu: null,
    reason: poolFailure ? `${binary.reason}; one thread: ${poolFailure}` : binary.reason,
  };
  const call = (path: string) => (...args: unknown[]) => {
    const last = args.at(-1);
    let callOptions: CallOptions = {};
    if (last && typeof last === "object" && ("signal" in last || "onProgress" in last)) {
      const { signal, onProgress, ...rest } = last as CallOptions & object;
      callOptions = { signal, onProgress };
      args = [...args.slice(0, -1), rest];
    }
    return calls.call(path, args, callOptions);
  };
  const close = () => calls.close();
  const engine = { ...addFunctions(mapNames<Asynchronous<Operations>>(names, call)), info, close } as Engine;
  // Symbol.asyncDispose is missing in older browsers
  if (Symbol.asyncDispose) engine[Symbol.asyncDispose] = close;
  return engine;
}
