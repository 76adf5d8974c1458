// Wasm memory as a stack of scratch blocks: a call marks, pushes its operands and workspace, runs,
// copies its results out and releases. Nothing of it is ever visible to users.

import { OutOfMemoryError } from "../errors.ts";
import type { Pointer } from "./kernels.ts";

const PAGE = 65536;
const ALIGN = 64;
const MOST_PAGES = 65536;
/** The size that wasm32 can address. */
export const MEMORY_LIMIT = MOST_PAGES * PAGE;

/**
 * The memory of a variant. One that is not shared grows with need. A shared one has its final size from
 * the start, 4 GiB or what the machine grants: pages cost nothing until they are touched, and no
 * thread has to be told of a growth.
 */
export function createMemory(shared: boolean): { memory: WebAssembly.Memory; memoryLimit: number } {
  if (!shared) return { memory: new WebAssembly.Memory({ initial: 32, maximum: MOST_PAGES }), memoryLimit: MEMORY_LIMIT };
  for (let pages = MOST_PAGES; ; pages /= 2) {
    try {
      return { memory: new WebAssembly.Memory({ initial: pages, maximum: pages, shared }), memoryLimit: pages * PAGE };
    } catch (error) {
      if (pages <= 1024) throw new OutOfMemoryError(`createEngine: not even 64 MiB of shared memory can be had (${(error as Error).message})`);
    }
  }
}

/** Whether threads can share this memory; one that is not shared can't be posted either. */
export function isShared(memory: WebAssembly.Memory): boolean {
  return typeof SharedArrayBuffer !== "undefined" && memory.buffer instanceof SharedArrayBuffer;
}

export class Memory {
  private top: number;

  constructor(readonly wasm: WebAssembly.Memory, base: Pointer) {
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
    if (!(end <= MEMORY_LIMIT)) {
      throw new OutOfMemoryError(
        `${what} needs ${gib(end)} GiB of memory in all, WebAssembly can address ${gib(MEMORY_LIMIT)} GiB: use fewer rows`,
      );
    }
    const missing = end - this.wasm.buffer.byteLength;
    if (missing > 0) {
      try {
        this.wasm.grow(Math.ceil(missing / PAGE));
      } catch {
        throw new OutOfMemoryError(`${what} needs ${gib(end)} GiB of memory in all, this machine did not give it: use fewer rows`);
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

const gib = (bytes: number) => (bytes / 2 ** 30).toFixed(2);

/**
 * Row stride (in elements) for a matrix of so many columns: an odd number of 64-byte lines, so that
 * a column does not fall into few cache sets, and every row starts at a line.
 */
export function paddedStride(cols: number, bytesPerElement: number): number {
  const lines = Math.ceil((cols * bytesPerElement) / 64) | 1;
  return (lines * 64) / bytesPerElement;
}
