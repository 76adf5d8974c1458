// Wasm memory as a stack of scratch blocks: a call marks, pushes its operands and workspace, runs,
// copies its results out and releases. Nothing of it is ever visible to users.

import { OutOfMemoryError } from "../errors.ts";
import type { Pointer } from "./kernels.ts";

const PAGE = 65536;
const ALIGN = 64;
const MOST_PAGES = 65536;
const LEAST_PAGES = 1024;
/** What a growing memory begins with. */
const FIRST_PAGES = 32;
/** The size that wasm32 can address. */
export const MEMORY_LIMIT = MOST_PAGES * PAGE;

/** A memory, and the size in bytes that it has or may grow to. */
export interface Reserved {
  memory: WebAssembly.Memory;
  memoryLimit: number;
}

/**
 * The memory of a variant. One that is not shared grows with need. A shared one has its final size from
 * the start: pages cost nothing until they are touched, and no thread has to be told of a growth. Either
 * has 4 GiB, or what the machine grants of it.
 */
export function createMemory(shared: boolean): Reserved {
  for (let pages = MOST_PAGES; ; pages /= 2) {
    try {
      const memory = new WebAssembly.Memory({ initial: shared ? pages : FIRST_PAGES, maximum: pages, shared });
      return { memory, memoryLimit: pages * PAGE };
    } catch (error) {
      if (pages > LEAST_PAGES) continue;
      const what = `${(LEAST_PAGES * PAGE) / 2 ** 20} MiB of ${shared ? "shared memory" : "memory"}`;
      throw new OutOfMemoryError(`not even ${what} can be had (${(error as Error).message}): close other engines, or give the process more address space`);
    }
  }
}

/** Whether threads can share this memory; one that is not shared can't be posted either. */
export function isShared(memory: WebAssembly.Memory): boolean {
  return typeof SharedArrayBuffer !== "undefined" && memory.buffer instanceof SharedArrayBuffer;
}

export class Memory {
  private top: number;

  /** With the stack's first byte, and the most bytes that the memory can have. */
  constructor(readonly wasm: WebAssembly.Memory, base: Pointer, private readonly limit: number) {
    this.top = base;
  }

  /** Runs `body`; whatever it pushed is released when it returns or throws. */
  scope<T>(body: () => T): T {
    const mark = this.mark();
    try {
      return body();
    } finally {
      this.release(mark);
    }
  }

  /** The top of the stack: for generators, which can't yield within a scope. */
  mark(): Pointer {
    return this.top;
  }

  /** Takes off whatever was pushed since the mark. */
  release(mark: Pointer): void {
    this.top = mark;
  }

  /** A block of so many bytes at a 64-byte boundary, contents undefined, good until the scope ends. */
  push(bytes: number, what: string): Pointer {
    const at = this.top;
    const end = at + Math.ceil(bytes / ALIGN) * ALIGN;
    const refuse = (why: string) => new OutOfMemoryError(`${what} needs ${gib(end)} GiB of memory in all, ${why}: use fewer rows`);
    if (!(end <= this.limit)) {
      throw refuse(this.limit === MEMORY_LIMIT ? `WebAssembly can address ${gib(MEMORY_LIMIT)} GiB` : `this machine granted ${gib(this.limit)} GiB`);
    }
    const missing = end - this.wasm.buffer.byteLength;
    if (missing > 0) {
      try {
        this.wasm.grow(Math.ceil(missing / PAGE));
      } catch {
        throw refuse(`this machine did not give more than ${gib(this.wasm.buffer.byteLength)} GiB`);
      }
    }
    this.top = end;
    return at;
  }

  /** A fresh view; never hold one across a call, since memory may grow. */
  f64(at: Pointer, length: number): Float64Array { return new Float64Array(this.wasm.buffer, at, length); }
  f32(at: Pointer, length: number): Float32Array { return new Float32Array(this.wasm.buffer, at, length); }
  i32(at: Pointer, length: number): Int32Array { return new Int32Array(this.wasm.buffer, at, length); }
  u32(at: Pointer, length: number): Uint32Array { return new Uint32Array(this.wasm.buffer, at, length); }
}

/** The error itself, or an OutOfMemoryError where JavaScript could not allocate an array. */
export function orOutOfMemory(error: unknown): unknown {
  const message = error instanceof RangeError ? error.message : error; // Firefox throws a string
  if (typeof message !== "string" || !/allocation failed|out of memory/i.test(message)) return error;
  return new OutOfMemoryError(`there is no memory left for a result of this size (${message}): use fewer rows`);
}

/** For messages. */
export const gib = (bytes: number): string => (bytes / 2 ** 30).toFixed(2);

/**
 * Row stride (in elements) for a matrix of so many columns: an odd number of 64-byte lines, so that
 * a column does not fall into few cache sets, and every row starts at a line.
 */
export function paddedStride(cols: number, bytesPerElement: number): number {
  const lines = Math.ceil((cols * bytesPerElement) / 64) | 1;
  return (lines * 64) / bytesPerElement;
}
