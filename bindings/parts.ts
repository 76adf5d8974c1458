// The parts of an engine without shared memory (core/parts.ts): the host's side, and the worker's.
//
//   host → part   { id, share, args }       over a channel of their own, past the caller's thread
//   part → host   { id, value } or { id, error }
//
// A worker is started when something is sent to it for the first time: many pages never make a call that splits,
// and each worker takes about 10 ms and some MiB. Until it is up its channel keeps what was sent.

import type { Gather, Parts } from "./core/parts.ts";
import type { PartRole } from "./core/pool.ts";
import { createMemory } from "./core/memory.ts";
import { Runtime } from "./core/runtime.ts";
import { exactRows, splitExact } from "./hinf/exactParts.ts";
import { countNeurons, splitCoactivations, splitMonteCarlo } from "./hinf/monteCarlo.ts";
import { kernelRows, kernelTriangle, splitKernel } from "./kernels/matrixParts.ts";
import { gramRows, multiply, splitGram, splitMatmul } from "./linalg/blasParts.ts";
import { fromRecord, toRecord, transferables, type ErrorRecord } from "./rpc.ts";

/** What a part can do. */
export const shares: Record<string, (rt: Runtime, ...args: never[]) => unknown> = {
  multiply, gramRows, exactRows, countNeurons, kernelRows, kernelTriangle,
};

/** The operations that split, by path. */
export const splits: Record<string, (rt: Runtime, parts: Parts, ...args: never[]) => Gather<unknown>> = {
  "linalg.matmul": splitMatmul,
  "linalg.gram": splitGram,
  "hinf.exact": splitExact,
  "kernels.matrix": splitKernel,
  "hinf.monteCarlo": splitMonteCarlo,
  "hinf.coactivations": splitCoactivations,
};

interface Task {
  id: number;
  share: string;
  args: unknown[];
}

type Done = { id: number; value: unknown } | { id: number; error: ErrorRecord };

/** The parts of one call, and what they gave. */
export interface PartsOfCall extends Parts {
  gathered(): Promise<unknown[]>;
}

/** The host's ends of up to `count − 1` channels; `start` is given the other end of the one to a part. */
export class PartPorts {
  private readonly ports: MessagePort[] = [];
  private nextId = 1;
  private readonly waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();

  constructor(private readonly count: number, private readonly start: (number: number, end: MessagePort) => void) {}

  /** For one call; answers that an earlier one did not wait for go nowhere. */
  forCall(): PartsOfCall {
    const answers: Promise<unknown>[] = [];
    return {
      count: this.count,
      send: (p, share, ...args) => {
        const answer = this.ask(p, share, args);
        answer.catch(() => {}); // its call may have failed before
        answers.push(answer);
      },
      gathered: () => Promise.all(answers),
    };
  }

  private ask(p: number, share: string, args: unknown[]): Promise<unknown> {
    while (this.ports.length < p) this.open();
    const id = this.nextId++;
    const task: Task = { id, share, args };
    this.ports[p - 1].postMessage(task, transferables(args));
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
  }

  private open(): void {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => this.receive(data as Done);
    this.start(this.ports.push(port1), port2);
  }

  private receive(done: Done): void {
    const { resolve, reject } = this.waiting.get(done.id)!;
    this.waiting.delete(done.id);
    if ("error" in done) reject(fromRecord(done.error));
    else resolve(done.value);
  }
}

/** Makes this worker a part. */
export function startPart({ port, ...binary }: PartRole): void {
  const rt = new Runtime({ ...binary, ...createMemory(false) });
  port.onmessage = ({ data }) => {
    const { id, share, args } = data as Task;
    try {
      const value = shares[share](rt, ...(args as never[]));
      port.postMessage({ id, value } satisfies Done, transferables(value));
    } catch (error) {
      port.postMessage({ id, error: toRecord(error) } satisfies Done);
    }
  };
}
