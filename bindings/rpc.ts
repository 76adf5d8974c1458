// What passes between an engine and the host of its operations.
//
//   engine → host   role message (core/pool.ts), then requests: a call, or the answer to an ask
//   host → engine   ready, then for each request progress (only without shared memory) and one reply:
//                   the end of a call, or an ask for a product of its operator; and a channel for each part
//                   when it is needed for the first time (parts.ts)
//
// The host has one request at a time. A call that asks waits in it while others run above it on the
// memory's stack, so answers are given to the youngest of the waiting calls only (calls.ts).

import { orOutOfMemory } from "./core/memory.ts";
import {
  CapabilityError, ClosedError, ConvergenceError, EigenscopeError, FileError, FormatError, NotFiniteError,
  NotPositiveDefiniteError, NotSymmetricError, OptionError, OutOfMemoryError, ShapeError, SingularError,
} from "./errors.ts";
import type { Matrix } from "./linalg/matrix.ts";
import { tagOf } from "./options.ts";

/** How often progress is told at most, in ms. */
export const PROGRESS_INTERVAL = 50;

export interface Call {
  id: number;
  /** e.g. "linalg.eigh" */
  path: string;
  args: unknown[];
}

export type Answer =
  | { id: number; answer: "product"; value: unknown }
  | { id: number; answer: "failed" } // the operator threw: the engine knows what
  | { id: number; answer: "aborted" };

export type Request = Call | Answer;

/** The call `id` waits for A·V, or Aᵀ·V, of the operator in its first argument. */
export interface Ask {
  type: "ask";
  id: number;
  transpose: boolean;
  V: Matrix<Float64Array>;
}

export type Reply =
  | { type: "ready"; abortWord: number; progressWord: number }
  | { type: "failed"; message: string }
  | { type: "part"; number: number; end: MessagePort }
  | { type: "progress"; id: number; fraction: number }
  | Ask
  | { type: "result"; id: number; value: unknown }
  | { type: "error"; id: number; error: ErrorRecord }
  | { type: "aborted"; id: number };

/** An error as data: structured clone would drop its class and code. */
export interface ErrorRecord {
  code?: string;
  message: string;
  stack?: string;
}

export function toRecord(thrown: unknown): ErrorRecord {
  const error = orOutOfMemory(thrown);
  if (error instanceof EigenscopeError) return { code: error.code, message: error.message };
  if (error instanceof Error) return { message: error.message, stack: error.stack };
  return { message: String(error) };
}

/** The classes of errors.ts by their code. */
const CLASSES: Record<string, new (message: string) => EigenscopeError> = {
  ERR_SHAPE: ShapeError,
  ERR_NOT_FINITE: NotFiniteError,
  ERR_NOT_SYMMETRIC: NotSymmetricError,
  ERR_NOT_POSITIVE_DEFINITE: NotPositiveDefiniteError,
  ERR_SINGULAR: SingularError,
  ERR_NO_CONVERGENCE: ConvergenceError,
  ERR_MEMORY: OutOfMemoryError,
  ERR_CAPABILITY: CapabilityError,
  ERR_FORMAT: FormatError,
  ERR_OPTION: OptionError,
  ERR_FILE: FileError,
  ERR_CLOSED: ClosedError,
};

export function fromRecord(record: ErrorRecord): Error {
  const Class = CLASSES[record.code ?? ""];
  if (Class) return new Class(record.message);
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

const { slice } = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array<ArrayBuffer>;

/**
 * The same message, but with a copy in place of every typed array that shows only a part of its buffer: the whole
 * buffer would be posted with it. What was one array stays one.
 */
export function compact<T>(value: T, copies = new Map<unknown, unknown>()): T {
  if (typeof value !== "object" || value === null) return value;
  if (!copies.has(value)) {
    copies.set(value, value);
    copies.set(value, compactObject(value, copies));
  }
  return copies.get(value) as T;
}

function compactObject(value: object, copies: Map<unknown, unknown>): unknown {
  if (ArrayBuffer.isView(value)) {
    const part = value.byteLength < value.buffer.byteLength && tagOf(value.buffer) === "ArrayBuffer"; // not shared memory
    return part && "length" in value ? slice.call(value as Uint8Array<ArrayBuffer>) : value;
  }
  if (Array.isArray(value)) return typeof value[0] === "object" ? value.map((item) => compact(item, copies)) : value;
  if (tagOf(value) !== "Object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, compact(field, copies)]));
}

/** What an operator is made of; its functions stay with the caller, `true` stands for them. */
const OPERATOR_FIELDS = ["n", "rows", "cols", "apply", "applyTranspose"] as const;

/** What the operator of a kernel is made of: the host applies it. */
const KERNEL_OPERATOR_FIELDS = ["n", "kernel", "X"] as const;

/** An operator as data. */
export function describeOperator(operator: object): object {
  const fields = ("kernel" in operator ? KERNEL_OPERATOR_FIELDS : OPERATOR_FIELDS).filter((field) => field in operator);
  return Object.fromEntries(fields.map((field) => {
    const value = (operator as Record<string, unknown>)[field];
    return [field, typeof value === "function" ? true : value];
  }));
}

/** The same on the host's side, where nobody calls the functions. */
export function reviveOperator(description: object): object {
  return Object.fromEntries(Object.entries(description).map(([field, value]) => [field, value === true ? () => {} : value]));
}
