// One wasm instance with its memory and, where there are threads, its pool: what every operation
// runs on. The same class serves the synchronous core and the worker that hosts an engine.

import { CapabilityError, ClosedError } from "../errors.ts";
import { instantiate } from "./instantiate.ts";
import { CHUNK_FAILED, INFO_ABORTED, type Kernels } from "./kernels.ts";
import type { Variant } from "../options.ts";
import { Memory } from "./memory.ts";
import type { Pool } from "./pool.ts";

/** Thrown inside a call that was aborted; the engine turns it into `signal.reason`. */
export class Aborted extends Error {}

/** What a runtime needs to exist: posted to the worker that hosts an engine. */
export interface Binary {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  /** The most bytes that the memory can have. */
  memoryLimit: number;
  variant: Variant;
  threads: number;
  /** In how many parts the host of an engine splits its work (parts.ts); 1 with shared memory. */
  parts: number;
}

export class Runtime {
  readonly kernels: Kernels;
  readonly memory: Memory;
  private closed = false;

  constructor(
    readonly binary: Binary,
    tick?: (done: number, total: number) => void,
    private readonly pool?: Pool,
  ) {
    this.kernels = instantiate(binary.module, binary.memory, tick);
    this.memory = new Memory(binary.memory, this.kernels.heap_base(), binary.memoryLimit);
  }

  get threads(): number {
    return this.binary.threads;
  }

  /** Refuses to go on after close(). */
  assertOpen(name: string): void {
    if (this.closed) throw new ClosedError(`${name}: the core is closed`);
  }

  /** Runs the kernel that is all of a call: it then tells its own progress as that of the call. */
  alone<T>(kernel: () => T): T {
    const set = (whether: number) => { this.memory.i32(this.kernels.alone_word(), 1)[0] = whether; };
    set(1);
    try {
      return kernel();
    } finally {
      set(0);
    }
  }

  /** Tells how far a call of many kernels has come, from 0 to 1. */
  tell(fraction: number): void {
    this.kernels.tell_progress(fraction, 1);
  }

  /** Ends a call that was aborted, and tells how far it has come: for long loops of TypeScript; kernels look themselves. */
  look(fraction: number): void {
    if (this.memory.i32(this.kernels.abort_word(), 1)[0] !== 0) this.checkAborted(INFO_ABORTED);
    this.tell(fraction);
  }

  /** Passes a kernel's info through, unless the call was aborted. */
  checkAborted(info: number): number {
    if (info !== INFO_ABORTED) return info;
    if (this.memory.i32(this.kernels.abort_word(), 1)[0] === CHUNK_FAILED) {
      throw new CapabilityError("a thread of the pool failed, which is a bug of eigenscope: please report it; a new engine or core works again");
    }
    throw new Aborted("aborted");
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.pool?.close();
  }
}
