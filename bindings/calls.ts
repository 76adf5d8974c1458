// The calls of an engine on their way to the host and back.
//
// The caller's thread keeps the queue, so a queued call can be dropped, and after a death or a restart
// nothing else is lost.
//
// `running` is a stack: all but its last call wait for a product of their operator. While the last
// one waits too, the next call of the queue may run above it (the operator itself may be made of calls
// to the engine); an answer is held back until its call is the last again.
//
// Nothing here needs a timer to come to its end: those of a hidden tab hardly run.

import { CapabilityError, ClosedError, OptionError } from "./errors.ts";
import { createMemory } from "./core/memory.ts";
import type { Binary } from "./core/runtime.ts";
import type { Spawn, WorkerHandle } from "./core/spawn.ts";
import { Crew, spawnHost, type HostReply } from "./crew.ts";
import { answer, isOperator, type Operator } from "./linalg/operator.ts";
import { tagOf, type CallOptions } from "./options.ts";
import { compact, describeOperator, fromRecord, PROGRESS_INTERVAL, type Answer, type Ask, type Call, type Request } from "./rpc.ts";

/** How long the host may take to notice an abort, in ms; then it is ended. Kernels look at the word every 10 ms. */
const ABORT_LIMIT = 1000;
/** Deaths without an answered call between them after which the workers are not started anew. */
const MOST_DEATHS = 3;

interface Pending {
  call: Call;
  resolve(value: unknown): void;
  reject(reason: unknown): void;
  operator?: Operator;
  /** The product that the operator was asked for. */
  asked?: Ask;
  /** What came of it, until the host can have it. */
  answer?: Answer;
  /** What the operator threw. */
  thrown?: { error: unknown };
  /** The promise has its outcome; the host may not know yet. */
  settled: boolean;
  /** Tells onProgress of a fraction. */
  tell(fraction: number): void;
  /** Looks at the progress word from time to time. */
  timer?: ReturnType<typeof setInterval>;
  /** Gives the promise its outcome and forgets timer and listener. */
  settle(outcome: () => void): void;
}

export class Calls {
  private readonly queue: Pending[] = [];
  private readonly running: Pending[] = [];
  /** Whose request the host is at. */
  private busy?: Pending;
  private nextId = 1;
  private crew?: Crew;
  private ready = false;
  private deaths = 0;
  /** Why no call is taken any more. */
  private over?: (path: string) => Error;

  private constructor(
    private binary: Omit<Binary, "memory" | "memoryLimit">, private readonly local: boolean, private readonly spawn: Spawn,
  ) {}

  /** With `host`, which spawnHost gave, and the way to start more workers. `poolFailure` says why there is no pool. */
  static async start(
    { memory, memoryLimit, ...binary }: Binary, host: Promise<WorkerHandle>, local: boolean, spawn: Spawn,
  ): Promise<{ calls: Calls; poolFailure?: string }> {
    const calls = new Calls(binary, local, spawn);
    const { poolFailure } = await calls.boot({ ...binary, memory, memoryLimit }, host);
    if (poolFailure) calls.binary = { ...binary, threads: 1 };
    return { calls, poolFailure };
  }

  call(path: string, args: unknown[], { signal, onProgress }: CallOptions): Promise<unknown> {
    if (this.over) return Promise.reject(this.over(path));
    if (signal && typeof signal.addEventListener !== "function") {
      return Promise.reject(new OptionError(`${path}: signal is ${kindOf(signal)}, expected an AbortSignal`));
    }
    if (onProgress && typeof onProgress !== "function") {
      return Promise.reject(new OptionError(`${path}: onProgress is ${kindOf(onProgress)}, expected a function`));
    }
    if (signal?.aborted) return Promise.reject(signal.reason);
    const [operator, ...rest] = args;
    return new Promise((resolve, reject) => {
      const forget = signal && whenAborted(signal, () => this.abort(pending, signal.reason));
      const pending: Pending = {
        call: { id: this.nextId++, path, args: isOperator(operator) ? [describeOperator(operator), ...rest] : args },
        resolve,
        reject,
        operator: isOperator(operator) ? operator : undefined,
        settled: false,
        tell: onProgress ? rising(onProgress, (error) => this.abort(pending, error)) : () => {},
        settle(outcome) {
          if (pending.settled) return;
          pending.settled = true;
          pending.tell = () => {};
          clearInterval(pending.timer);
          forget?.();
          outcome();
        },
      };
      if (onProgress) pending.timer = unref(setInterval(() => this.look(pending), PROGRESS_INTERVAL));
      this.queue.push(pending);
      this.pump();
    });
  }

  async close(): Promise<void> {
    this.stop((path) => new ClosedError(`${path}: the engine is closed`));
  }

  private async boot(binary: Binary, host: Promise<WorkerHandle>): Promise<Crew> {
    const crew: Crew = new Crew(binary, this.spawn, {
      onReply: (reply) => this.receive(reply),
      onDeath: (reason) => this.died(reason),
    });
    this.crew = crew;
    await crew.start(host);
    if (crew === this.crew) {
      this.ready = true;
      this.pump();
    }
    return crew;
  }

  /** Gives the host something to do, if it is free and there is something. */
  private pump(): void {
    if (!this.crew && this.queue.length) return this.restart(); // the last one died at rest
    if (this.busy || !this.ready) return;
    const last = this.running.at(-1);
    if (last?.answer) {
      const { answer: request } = last;
      last.answer = undefined;
      this.post(last, request);
    } else if (this.queue.length) {
      const next = this.queue.shift()!;
      this.running.push(next);
      this.post(next, next.call);
    } else {
      this.crew!.ref(false);
    }
  }

  private post(pending: Pending, request: Request): void {
    const { words } = this.crew!;
    this.busy = pending;
    if (words) {
      Atomics.store(words.abort, 0, 0);
      words.progress[0] = 0;
    }
    this.crew!.ref(true);
    try {
      this.crew!.post(this.local ? request : compact(request));
    } catch (error) { // what can't be cloned
      if ("path" in request) {
        this.finish(() => pending.settle(() => pending.reject(asOptionError(request.path, error))));
      } else {
        pending.thrown = { error };
        this.post(pending, { id: request.id, answer: "failed" });
      }
    }
  }

  private look(pending: Pending): void {
    const words = this.crew?.words;
    if (words && this.busy === pending) tellPart(pending, words.progress[0]!);
  }

  private receive(reply: HostReply): void {
    const pending = this.busy;
    if (!pending || pending.call.id !== reply.id) return;
    if (reply.type === "progress") {
      tellPart(pending, reply.fraction);
    } else if (reply.type === "ask") {
      this.look(pending);
      this.busy = undefined;
      void this.ask(pending, reply);
      this.pump();
    } else {
      this.deaths = 0;
      this.finish(() => {
        if (reply.type === "result") pending.tell(1);
        pending.settle(() => {
          if (reply.type === "result") pending.resolve(reply.value);
          else if (reply.type === "error") pending.reject(pending.thrown ? pending.thrown.error : fromRecord(reply.error));
        });
      });
    }
  }

  /** Lets the operator of a call make the product that the call waits for. */
  private async ask(pending: Pending, asked: Ask): Promise<void> {
    const { id, transpose, V } = asked;
    pending.asked = asked;
    let product: Answer;
    if (pending.settled) {
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
  private finish(settle: () => void): void {
    this.busy = undefined;
    this.running.pop();
    settle();
    this.pump();
  }

  /** Rejects a call at once, and sees that the host gives up what it has of it. */
  private abort(pending: Pending, reason: unknown): void {
    pending.settle(() => pending.reject(reason));
    const queued = this.queue.indexOf(pending);
    if (queued >= 0) {
      this.queue.splice(queued, 1);
    } else if (pending === this.busy) {
      const { words } = this.crew!;
      if (words) Atomics.store(words.abort, 0, 1);
      if (this.local) return;
      if (words) unref(setTimeout(() => { if (this.busy === pending) this.drop(pending); }, ABORT_LIMIT));
      else this.drop(pending);
    } else if (this.running.includes(pending)) { // it waits for its operator
      pending.asked = undefined;
      pending.answer = { id: pending.call.id, answer: "aborted" };
      this.pump();
    }
  }

  /** Ends the host because of the call that it is at. */
  private drop(pending: Pending): void {
    this.running.splice(this.running.indexOf(pending), 1);
    this.restart();
  }

  /**
   * A worker ended that nobody ended: its calls are lost, the queue is not. Workers at rest are started anew by the
   * next call: a browser that ends them wants their memory.
   */
  private died(reason: string): void {
    if (this.crew!.withoutParts) this.binary = { ...this.binary, parts: 1 };
    if (!this.running.length && !this.queue.length) {
      this.crew = undefined;
      this.ready = false;
      return;
    }
    const last = ++this.deaths === MOST_DEATHS;
    const what = last ? `${MOST_DEATHS} times in a row, create another engine` : "the workers were started anew";
    const error = (path: string) => new CapabilityError(`${path}: a worker of the engine died (${reason}); ${what}`);
    if (last) return this.stop(error);
    for (const lost of this.running.splice(0)) lost.settle(() => lost.reject(error(lost.call.path)));
    this.restart();
  }

  /** Ends the workers and starts others; what ran begins anew. */
  private restart(): void {
    this.crew?.end();
    this.ready = false;
    this.busy = undefined;
    for (const pending of this.running) pending.asked = pending.answer = undefined;
    this.queue.unshift(...this.running.splice(0));
    this.reboot().catch((error: Error) => {
      if (!this.over) this.stop((path) => new CapabilityError(`${path}: the workers of the engine ended and could not be started anew (${error.message})`));
    });
  }

  private async reboot(): Promise<void> {
    const { binary, local, spawn } = this;
    const { poolFailure } = await this.boot({ ...binary, ...createMemory(binary.variant.endsWith("threads")) }, spawnHost(local, spawn));
    if (poolFailure) throw new Error(poolFailure);
  }

  /** Takes no more calls, rejects those there are and ends the workers. */
  private stop(over: (path: string) => Error): void {
    this.over = over;
    this.crew?.end();
    this.crew = this.busy = undefined;
    this.ready = false;
    for (const pending of [...this.running.splice(0), ...this.queue.splice(0)]) {
      pending.settle(() => pending.reject(over(pending.call.path)));
    }
  }
}

/** Only a result is the whole. */
function tellPart(pending: Pending, fraction: number): void {
  if (fraction < 1) pending.tell(fraction);
}

/** Browsers' own message has the source of a function in it, and does not say of which call. */
function asOptionError(path: string, error: unknown): unknown {
  if ((error as Error | undefined)?.name !== "DataCloneError") return error;
  return new OptionError(`${path}: an argument holds what can't be sent to a worker (a function, a promise, a proxy as Vue's reactive()), expected plain data`);
}

/** For messages: "object AbortController". */
const kindOf = (value: unknown) => `${typeof value} ${tagOf(value)}`;

const listeners = new WeakMap<AbortSignal, Set<() => void>>();

/** Adds to the one listener that all calls of a signal share: Node warns of more than ten. Returns how to take it off. */
function whenAborted(signal: AbortSignal, listener: () => void): () => void {
  let all = listeners.get(signal);
  if (!all) {
    const shared = (all = new Set<() => void>());
    listeners.set(signal, shared);
    signal.addEventListener("abort", () => { for (const each of [...shared]) each(); }, { once: true });
  }
  all.add(listener);
  return () => all.delete(listener);
}

/** Lets the process end although the timer runs. */
function unref<T>(timer: T): T {
  (timer as { unref?(): void }).unref?.();
  return timer;
}

/** Passes rising fractions on, not too often, and 1 in any case; what onProgress throws goes to `failed`. */
function rising(onProgress: NonNullable<CallOptions["onProgress"]>, failed: (error: unknown) => void): (fraction: number) => void {
  let told = 0;
  let at = -Infinity;
  return (fraction) => {
    const now = performance.now();
    if (fraction < 1 && (fraction <= told || now - at < PROGRESS_INTERVAL)) return;
    told = fraction;
    at = now;
    try {
      onProgress({ fraction });
    } catch (error) {
      failed(error);
    }
  };
}
