// The public API: `import { createEngine } from "eigenscope"`.

export { createEngine, type Engine, type EngineInfo, type EngineOptions } from "./engine.ts";
export * from "./errors.ts";
export { fromRows, matrix, type Matrix, type MatrixLike } from "./linalg/matrix.ts";
export { columns, normalizeRows } from "./linalg/rows.ts";
export type { CallOptions, Progress, Variant, WasmSource, WorkerLike } from "./options.ts";
export type * from "./types.ts";
export { version } from "./version.ts";
