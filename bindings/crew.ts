// The workers of an engine, from their start to their end: the host, and the threads or
// parts that help it. The caller's thread starts them all, so that it hears of their deaths.

import { CapabilityError } from "./errors.ts";
import { isShared } from "./core/memory.ts";
import { spawnPart, spawnPool, type HostRole, type Pool } from "./core/pool.ts";
import type { Binary } from "./core/runtime.ts";
import type { Spawn, WorkerHandle } from "./core/spawn.ts";
import type { Reply, Request } from "./rpc.ts";

/** What the host says once it is ready. */
export type HostReply = Exclude<Reply, { type: "ready" | "failed" | "part" }>;

export interface CrewListener {
  onReply(reply: HostReply): void;
  /** A worker ended that nobody ended, and the others were ended with it. */
  onDeath(reason: string): void;
}

export class Crew {
  /** The abort and progress words, where memory is shared. */
  words?: { abort: Int32Array; progress: Float64Array };
  /** Why there is no pool although there should be one: the host then does the work alone. */
  poolFailure?: string;
  /** A part could not start, which cost the calls in flight: the next crew has to do without. */
  withoutParts = false;
  private host?: WorkerHandle;
  /** The pool, or each part. */
  private readonly pools: Pool[] = [];
  private ended = false;
  /** Ends the wait for the host. */
  private giveUp?: () => void;

  constructor(private readonly binary: Binary, private readonly spawn: Spawn, private readonly listener: CrewListener) {}

  /** Resolves when the host takes requests and the pool has joined, or when they were ended before. `spawning` is the host, from spawnHost. */
  async start(spawning: Promise<WorkerHandle>): Promise<void> {
    const joining = this.startPool();
    try {
      const host = await spawning;
      if (this.ended) return host.terminate();
      this.host = host;
      await this.assign(host);
      await joining;
    } catch (error) {
      this.end();
      throw error;
    }
  }

  /** Throws if the request can't be cloned. */
  post(request: Request): void {
    this.host!.post(request);
  }

  /** Keeps the process alive, or not. */
  ref(alive: boolean): void {
    this.host?.ref(alive);
  }

  /** Ends the workers, those too that are still to come, and lets go of their memory. */
  end(): void {
    this.ended = true;
    this.host?.terminate();
    for (const pool of this.pools.splice(0)) pool.close();
    this.host = this.words = undefined;
    this.giveUp?.();
  }

  /** Gives the host its role and waits until it is ready. */
  private assign(host: WorkerHandle): Promise<void> {
    const { memory, ...binary } = this.binary;
    return new Promise<void>((resolve, reject) => {
      let ready = false;
      this.giveUp = resolve; // a browser says nothing of a worker's end
      const fail = (reason: string) => {
        if (ready) this.died(reason);
        else reject(new CapabilityError(`createEngine: the worker could not start: ${reason}`));
      };
      host.onMessage((message) => {
        if (this.ended) return;
        const reply = message as Reply;
        if (reply.type === "ready") {
          ready = true;
          if (isShared(memory)) {
            this.words = {
              abort: new Int32Array(memory.buffer, reply.abortWord, 1),
              progress: new Float64Array(memory.buffer, reply.progressWord, 1),
            };
          }
          resolve();
        } else if (reply.type === "failed") {
          fail(reply.message);
        } else if (reply.type === "part") {
          void this.startPart(reply.number, reply.end);
        } else {
          this.listener.onReply(reply);
        }
      });
      host.onDeath(fail);
      host.ref(true);
      host.post({ role: "host", ...binary, ...(isShared(memory) && { memory }) } satisfies HostRole);
    });
  }

  private async startPool(): Promise<void> {
    const { threads } = this.binary;
    if (threads === 1) return;
    try {
      this.adopt(await spawnPool(this.binary, threads - 1, this.spawn));
    } catch (error) {
      this.poolFailure = (error as Error).message;
    }
  }

  private async startPart(number: number, end: MessagePort): Promise<void> {
    try {
      const part = await spawnPart(this.binary, number, end, this.spawn);
      this.adopt({ workers: [part], close: () => part.terminate() });
    } catch (error) {
      this.withoutParts = true;
      this.died((error as Error).message);
    }
  }

  private adopt(pool: Pool): void {
    if (this.ended) return pool.close();
    this.pools.push(pool);
    for (const worker of pool.workers) worker.onDeath((reason) => this.died(reason));
  }

  private died(reason: string): void {
    if (this.ended) return;
    this.end();
    this.listener.onDeath(reason);
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
