// What passes between an engine and the worker that hosts it.
//
//   engine → host   role message (core/pool.ts), then calls, one at a time
//   host → engine   ready, then for each call progress (only without shared memory) and one reply

import { EigenscopeError, errorFromCode } from "./errors.ts";

export interface Call {
  id: number;
  /** e.g. "linalg.eigh" */
  path: string;
  args: unknown[];
}

export type Reply =
  | { type: "ready"; abortWord: number; progressWord: number }
  | { type: "failed"; message: string }
  | { type: "progress"; id: number; fraction: number }
  | { type: "result"; id: number; value: unknown }
  | { type: "error"; id: number; error: ErrorRecord }
  | { type: "aborted"; id: number };

/** An error as data: structured clone would drop its class and code. */
export interface ErrorRecord {
  code?: string;
  message: string;
  stack?: string;
}

export function toRecord(error: unknown): ErrorRecord {
  if (error instanceof EigenscopeError) return { code: error.code, message: error.message };
  if (error instanceof Error) return { message: error.message, stack: error.stack };
  return { message: String(error) };
}

export function fromRecord(record: ErrorRecord): Error {
  if (record.code) return errorFromCode(record.code, record.message);
  const error = new Error(record.message);
  if (record.stack) error.stack = record.stack;
  return error;
}

/** The buffers of all typed arrays in a result, each once: they are moved, not copied. */
export function transferables(value: unknown, found = new Set<ArrayBuffer>()): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer) found.add(value.buffer);
  } else if (value && typeof value === "object") {
    for (const child of Object.values(value)) transferables(child, found);
  }
  return [...found];
}
