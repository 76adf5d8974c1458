/**
 * `import { createCore } from "eigenscope/core"`: the same calls, synchronous, on the caller's own thread. For workers and
 * scripts; a page wants createEngine, which leaves its thread free.
 *
 * @module eigenscope/core
 */

import { createRuntime } from "./core/create.ts";
import { orOutOfMemory } from "./core/memory.ts";
import type { Runtime } from "./core/runtime.ts";
import { addFunctions, type WithFunctions } from "./functions.ts";
import { isSteps, runSteps } from "./linalg/operator.ts";
import { mapNames, names, type Synchronous } from "./names.ts";
import { runOperation, type Operations } from "./operations.ts";
import { checkOptions, type CreateOptions, type OptionNames } from "./options.ts";
import type { AnalyzeLayer } from "./weights/analyze.ts";

export * from "./errors.ts";
export * as kernels from "./kernels/descriptions.ts";
export { fromRows, matrix, type Matrix, type MatrixLike, type MatrixLike64 } from "./linalg/matrix.ts";
export * as networks from "./networks/layers.ts";
export type { CreateOptions, Variant, WasmSource, WorkerLike } from "./options.ts";
export type * from "./types.ts";
export * as weights from "./weights/verdicts.ts";

type Tree = WithFunctions<Synchronous<Operations>>;

/**
 * The calls of {@link linalg} at the top, those of {@link hinf} in a room: `la.eigh(A)`, `la.hinf.exact(X)`. All are
 * synchronous and return their values.
 */
export type Core = Tree["linalg"] & Omit<Tree, "linalg"> & {
  readonly variant: string;
  readonly threads: number;
  /** Ends the threads. Calls after it throw ClosedError. Idempotent. */
  close(): void;
};

const createOptions: OptionNames<CreateOptions> = {
  threads: true, reproducible: true, wasmUrl: true, workerUrl: true, createWorker: true,
};

/** A synchronous core with `threads` threads (default 1), the caller's among them. */
export async function createCore(options: CreateOptions = {}): Promise<Core> {
  checkOptions("createCore", options, createOptions);
  return bind(await createRuntime("createCore", options, 1));
}

/** The operations on a given runtime. @internal */
export function bind(rt: Runtime): Core {
  const call = (path: string) => (...args: unknown[]) => {
    rt.assertOpen(path);
    try {
      const result = runOperation(rt, path, args);
      return isSteps(result) ? runSteps(path, result) : result;
    } catch (error) {
      throw orOutOfMemory(error);
    }
  };
  const calls = mapNames<Synchronous<Operations>>(names, call);
  // within a layer nothing can be heard or told
  const analyzeLayer: AnalyzeLayer = (W, { signal: _signal, onProgress: _onProgress, ...options }) => calls.weights.analyzeLayer(W, options);
  const { linalg, ...rooms } = addFunctions(calls, analyzeLayer);
  return { ...linalg, ...rooms, variant: rt.binary.variant, threads: rt.threads, close: () => rt.close() };
}
