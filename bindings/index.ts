/**
 * `import { createEngine } from "eigenscope"`: an engine, which computes in a worker of its own.
 *
 * ```ts
 * const es = await createEngine();
 * try {
 *   const { values, vectors } = await es.linalg.eigh(A, { signal, onProgress });
 * } finally {
 *   await es.close();
 * }
 * ```
 *
 * What it can do is in {@link linalg} (`es.linalg`) and {@link hinf} (`es.hinf`).
 *
 * @module eigenscope
 */

export { createEngine, type Engine, type EngineInfo, type EngineOptions } from "./engine.ts";
export * from "./errors.ts";
export * as kernels from "./kernels/descriptions.ts";
export { fromRows, matrix, type Matrix, type MatrixLike, type MatrixLike64 } from "./linalg/matrix.ts";
export { columns, normalizeRows } from "./linalg/rows.ts";
export * as networks from "./networks/layers.ts";
export type { CallOptions, Progress, Variant, WasmSource, WorkerLike } from "./options.ts";
export type * from "./types.ts";
export { version } from "./version.ts";
export * as weights from "./weights/verdicts.ts";
