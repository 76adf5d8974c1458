// An engine: the operations, asynchronous, hosted in a worker.

import { prepareBinary } from "./core/create.ts";
import { runtimeName } from "./core/platform.ts";
import { Calls, spawnHost } from "./calls.ts";
import { mapNames, names, type Asynchronous } from "./names.ts";
import type { Operations } from "./operations.ts";
import type { CallOptions, CreateOptions } from "./options.ts";
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

/** Starts an engine. Nothing is fetched; the process may exit while it is idle. */
export async function createEngine(options: EngineOptions = {}): Promise<Engine> {
  const { worker = true } = options;
  const spawning = spawnHost(!worker);
  let binary;
  try {
    binary = await prepareBinary("createEngine", options, "auto", worker);
  } catch (error) {
    void spawning.then((host) => host.terminate());
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
  const calls = await Calls.start(binary, await spawning, !worker);
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
  const engine = { ...mapNames<Asynchronous<Operations>>(names, call), info, close } as Engine;
  // Symbol.asyncDispose is missing in older browsers
  if (Symbol.asyncDispose) engine[Symbol.asyncDispose] = close;
  return engine;
}
