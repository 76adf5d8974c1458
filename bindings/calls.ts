// The calls of an engine on their way to the host and back.
//
// The caller's thread keeps the queue, and starts the host and the pool, so that it hears of their deaths:
// a queued call can be dropped, and after a death or a restart nothing else is lost.
//
// `running` is a stack: all but its last call wait for a product of their operator. While the last
// one waits too, the next call of the queue may run above it (the operator itself may be made of calls
// to the engine); an answer is held back until its call is the last again.

import { CapabilityError, ClosedError } from "./errors.ts";
import { createMemory, isShared } from "./core/memory.ts";
import { spawnParts, spawnPool, type HostRole, type Pool } from "./core/pool.ts";
import type { Binary } from "./core/runtime.ts";
import type { Spawn, WorkerHandle } from "./core/spawn.ts";
import { answer, isOperator, type Operator } from "./linalg/operator.ts";
import type { CallOptions } from "./options.ts";
import { describeOperator, fromRecord, PROGRESS_INTERVAL, type Answer, type Ask, type Call, type Reply, type Request } from "./rpc.ts";

interface Pending {
  call: Call;
  resolve(value: unknown): void;
  reject(reason: unknown): void;
  options: CallOptions;
  operator?: Operator;
  /** The product that the operator was asked for. */
  asked?: Ask;
  /** What came of it, until the host can have it. */
  answer?: Answer;
  /** What the operator threw. */
  thrown?: { error: unknown };
  /** Tells onProgress of a larger fraction than before, below 1. */
  tell(fraction: number): void;
  /** Forgets timers and listeners. */
  settle(): void;
}

export class Calls {
  private readonly queue: Pending[] = [];
  private readonly running: Pending[] = [];
  /** Whose request the host is at. */
  private busy?: Pending;
  private nextId = 1;
  private ready = false;
  private closed = false;
  private host?: WorkerHandle;
  private pool?: Pool;
  /** Why there is no pool although there should be one. */
  poolFailure?: string;
  private words?: { abort: Int32Array; progress: Float64Array };

  private constructor(private binary: Binary, private readonly local: boolean, private readonly spawn: Spawn) {}

  /** With `host`, which spawnHost gave, and the way to start more workers. */
  static async start(binary: Binary, host: Promise<WorkerHandle>, local: boolean, spawn: Spawn): Promise<Calls> {
    const calls = new Calls(binary, local, spawn);
    await calls.boot(host);
    return calls;
  }

  call(path: string, args: unknown[], options: CallOptions): Promise<unknown> {
    if (this.closed) return Promise.reject(new ClosedError(`${path}: the engine is closed`));
    const { signal } = options;
    if (signal?.aborted) return Promise.reject(signal.reason);
    const [operator, ...rest] = args;
    return new Promise((resolve, reject) => {
      const onAbort = () => this.abort(pending);
      const pending: Pending = {
        call: { id: this.nextId++, path, args: isOperator(operator) ? [describeOperator(operator), ...rest] : args },
        resolve,
        reject,
        options,
        operator: isOperator(operator) ? operator : undefined,
        tell: rising(options.onProgress),
        settle: () => signal?.removeEventListener("abort", onAbort),
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.queue.push(pending);
      this.pump();
    });
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    for (const pending of this.all()) {
      pending.settle();
      pending.reject(new ClosedError(`${pending.call.path}: the engine was closed`));
    }
    this.end();
  }

  /** Starts the pool beside the host, and waits until they are ready. */
  private async boot(spawning: Promise<WorkerHandle>): Promise<void> {
    const joining = this.startPool();
    let host: WorkerHandle;
    try {
      host = await spawning;
      await this.assign(host);
    } catch (error) {
      void joining.then((pool) => pool?.close());
      throw error;
    }
    this.adopt(host, await joining);
    if (host !== this.host) return;
    this.ready = true;
    this.pump();
  }

  /** Gives the host its role and waits until it is ready. */
  private assign(host: WorkerHandle): Promise<void> {
    this.host = host;
    host.ref(true);
    return new Promise<void>((resolve, reject) => {
      let ready = false;
      const fail = (reason: string) => {
        host.terminate();
        reject(new CapabilityError(`createEngine: the worker could not start: ${reason}`));
      };
      host.onMessage((message) => {
        if (host !== this.host) return;
        const reply = message as Reply;
        if (reply.type === "ready") {
          ready = true;
          this.words = sharedWords(this.binary.memory, reply);
          resolve();
        } else if (reply.type === "failed") {
          fail(reply.message);
        } else if (reply.type === "parts") {
          void this.startParts(host, reply.ends);
        } else {
          this.receive(reply);
        }
      });
      host.onDeath((reason) => (ready ? this.died(host, reason) : fail(reason)));
      const { memory, ...binary } = this.binary;
      host.post({ role: "host", ...binary, ...(isShared(memory) && { memory }) } satisfies HostRole);
    });
  }

  /** A pool that can't start leaves the host to do the work alone. */
  private async startPool(): Promise<Pool | undefined> {
    const { binary } = this;
    this.poolFailure = undefined;
    if (binary.threads === 1) return undefined;
    try {
      return await spawnPool(binary, binary.threads - 1, this.spawn);
    } catch (error) {
      this.poolFailure = (error as Error).message;
      return undefined;
    }
  }

  /** Parts that can't start cost the calls in flight; the next host does without. */
  private async startParts(host: WorkerHandle, ends: MessagePort[]): Promise<void> {
    try {
      this.adopt(host, await spawnParts(this.binary, ends, this.spawn));
    } catch (error) {
      if (host === this.host) this.binary = { ...this.binary, parts: 1 };
      this.died(host, (error as Error).message);
    }
  }

  /** Hears of deaths in the pool, and ends it with its host. */
  private adopt(host: WorkerHandle, pool?: Pool): void {
    if (host !== this.host || this.closed) return pool?.close();
    this.pool = pool;
    for (const worker of pool?.workers ?? []) worker.onDeath((reason) => this.died(host, reason));
  }

  /** Gives the host something to do, if it is free and there is something. */
  private pump(): void {
    if (this.busy || !this.ready || this.closed) return;
    const last = this.running.at(-1);
    if (last?.answer) {
      const { answer: request } = last;
      last.answer = undefined;
      this.post(last, request);
    } else if (this.queue.length) {
      const next = this.queue.shift()!;
      this.running.push(next);
      this.watchProgress(next);
      this.post(next, next.call);
    } else {
      this.host!.ref(last !== undefined);
    }
  }

  private post(pending: Pending, request: Request): void {
    this.busy = pending;
    if (this.words) {
      Atomics.store(this.words.abort, 0, 0);
      this.words.progress[0] = 0;
    }
    this.host!.ref(true);
    try {
      this.host!.post(request);
    } catch (error) { // what can't be cloned
      if ("path" in request) {
        this.finish(pending, () => pending.reject(error));
      } else {
        pending.thrown = { error };
        this.post(pending, { id: request.id, answer: "failed" });
      }
    }
  }

  private watchProgress(pending: Pending): void {
    if (!pending.options.onProgress || !this.words) return;
    const timer = setInterval(() => {
      if (this.busy === pending) pending.tell(this.words?.progress[0] ?? 0);
    }, PROGRESS_INTERVAL);
    const { settle } = pending;
    pending.settle = () => {
      clearInterval(timer);
      settle();
    };
  }

  private receive(reply: Exclude<Reply, { type: "ready" | "failed" | "parts" }>): void {
    const pending = this.busy;
    if (!pending || pending.call.id !== reply.id) return;
    const { options, thrown } = pending;
    if (reply.type === "progress") {
      pending.tell(reply.fraction);
    } else if (reply.type === "ask") {
      this.busy = undefined;
      void this.ask(pending, reply);
      this.pump();
    } else {
      this.finish(pending, () => {
        if (reply.type === "result") {
          options.onProgress?.({ fraction: 1 });
          pending.resolve(reply.value);
        } else if (reply.type === "aborted") pending.reject(options.signal?.reason);
        else pending.reject(thrown ? thrown.error : fromRecord(reply.error));
      });
    }
  }

  /** Lets the operator of a call make the product that the call waits for. */
  private async ask(pending: Pending, asked: Ask): Promise<void> {
    const { id, transpose, V } = asked;
    pending.asked = asked;
    let product: Answer;
    if (pending.options.signal?.aborted) {
      product = { id, answer: "aborted" };
    } else {
      try {
        product = { id, answer: "product", value: await answer({ operator: pending.operator!, transpose, V }) };
      } catch (error) {
        if (pending.asked === asked) pending.thrown = { error };
        product = { id, answer: "failed" };
      }
    }
    if (pending.asked !== asked) return; // aborted, or begun anew, in the meantime
    pending.asked = undefined;
    pending.answer = product;
    this.pump();
  }

  /** Takes the call that the host is at off the stack, settles it and goes on. */
  private finish(pending: Pending, settle: () => void): void {
    this.busy = undefined;
    this.running.pop();
    pending.settle();
    settle();
    this.pump();
  }

  private abort(pending: Pending): void {
    const { signal } = pending.options;
    const queued = this.queue.indexOf(pending);
    if (queued >= 0) {
      this.queue.splice(queued, 1);
      pending.settle();
      pending.reject(signal!.reason);
    } else if (pending !== this.busy) { // it waits for its operator
      pending.reject(signal!.reason);
      pending.asked = undefined;
      pending.answer = { id: pending.call.id, answer: "aborted" };
      this.pump();
    } else if (this.words) {
      Atomics.store(this.words.abort, 0, 1);
    } else {
      pending.reject(signal!.reason);
      if (this.local) return; // it has done its work by then
      pending.settle();
      this.running.pop();
      this.restart();
    }
  }

  /** A worker ended that nobody ended: its calls are lost, the queue is not. */
  private died(host: WorkerHandle, reason: string): void {
    if (host !== this.host || this.closed) return;
    for (const lost of this.running.splice(0)) {
      lost.settle();
      lost.reject(new CapabilityError(`${lost.call.path}: a worker of the engine died (${reason}); the engine was started anew`));
    }
    this.restart();
  }

  /** Ends the host and starts another; what ran begins anew. */
  private restart(): void {
    this.end();
    this.host = this.words = this.busy = undefined;
    this.ready = false;
    for (const pending of this.running) pending.asked = pending.answer = undefined;
    this.queue.unshift(...this.running.splice(0));
    this.binary = { ...this.binary, ...createMemory(this.binary.variant.endsWith("threads")) };
    this.boot(spawnHost(this.local, this.spawn))
      .then(
        () => { if (this.closed) this.end(); },
        (error) => {
          for (const pending of this.all()) {
            pending.settle();
            pending.reject(error);
          }
          this.closed = true;
        },
      );
  }

  /** Every unsettled call, taken off queue and stack. */
  private all(): Pending[] {
    return [...this.running.splice(0), ...this.queue.splice(0)];
  }

  private end(): void {
    this.host?.terminate();
    this.pool?.close();
    this.pool = undefined;
  }
}

/** A worker to become the host, or the caller's own thread behind the same surface. */
export function spawnHost(local: boolean, spawn: Spawn): Promise<WorkerHandle> {
  return local ? localHost() : spawn("eigenscope-host");
}

async function localHost(): Promise<WorkerHandle> {
  const { startHost } = await import("./host.ts");
  let receive: ((request: Request) => void) | undefined;
  let listen: (message: unknown) => void;
  return {
    post(message) {
      if (receive) queueMicrotask(() => receive!(message as Request)); // the caller's own code first
      else receive = startHost(message as HostRole, { postMessage: (reply) => queueMicrotask(() => listen(reply)) });
    },
    onMessage: (listener) => { listen = listener; },
    onDeath: () => {},
    ref: () => {},
    terminate: () => {},
  };
}

/** The abort and progress words, where memory is shared. */
function sharedWords(memory: WebAssembly.Memory, at: { abortWord: number; progressWord: number }) {
  if (!isShared(memory)) return undefined;
  return {
    abort: new Int32Array(memory.buffer, at.abortWord, 1),
    progress: new Float64Array(memory.buffer, at.progressWord, 1),
  };
}

/** Tells rising fractions below 1; the last one, 1, comes with the result. */
function rising(onProgress: CallOptions["onProgress"]): (fraction: number) => void {
  let told = 0;
  return (fraction) => {
    if (fraction > told && fraction < 1) onProgress?.({ fraction: (told = fraction) });
  };
}
