// The workers that engines start, seen from outside: which live, and the death of one.

import { sleep } from "./tools.ts";

type Started = { name: string; ended: boolean; kill(): void };

interface WorkerClass {
  new (source: string | URL, options?: { name?: string }): { terminate(): unknown; dispatchEvent?(event: Event): boolean };
}

/** Where the package finds the class: Node's and those like it have a module, browsers a global. */
function home(): { Worker: WorkerClass } | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): { Worker: WorkerClass } } };
  const place = process?.getBuiltinModule?.("node:worker_threads") ?? (globalThis as unknown as { Worker: WorkerClass });
  const descriptor = Object.getOwnPropertyDescriptor(place, "Worker");
  return descriptor && (descriptor.writable || descriptor.set) ? place : undefined;
}

/** Why workers can't be watched here. */
export const unwatched = () => (home() ? undefined : "the class of workers can't be replaced here");

/** Runs `body` with a record of the workers that are started meanwhile. */
export async function watchingWorkers(body: (workers: Started[]) => Promise<void>): Promise<void> {
  const place = home()!;
  const { Worker } = place;
  const workers: Started[] = [];
  place.Worker = class extends Worker {
    constructor(source: string | URL, options?: { name?: string }) {
      super(source, options);
      workers.push({
        name: options?.name ?? "",
        ended: false,
        // a browser tells of a worker that ran out of memory, or threw, by an event; Node of its end in any case
        kill: () => {
          super.terminate();
          this.dispatchEvent?.(new ErrorEvent("error", { message: "killed by the test" }));
        },
      });
      this.#record = workers.at(-1)!;
    }

    #record: Started;

    override terminate() {
      this.#record.ended = true;
      return super.terminate();
    }
  };
  try {
    await body(workers);
  } finally {
    place.Worker = Worker;
  }
}

/** Waits until every worker was ended; gives the names of those that were not within a while. */
export async function leftAlive(workers: Started[]): Promise<string[]> {
  const alive = () => workers.filter(({ ended }) => !ended).map(({ name }) => name);
  for (let k = 0; k < 100 && alive().length > 0; k++) await sleep(50);
  return alive();
}

/** Ends the engine's newest host behind its back. */
export function killHost(workers: Started[]): void {
  const host = workers.filter(({ name }) => name === "eigenscope-host").at(-1)!;
  host.ended = true;
  host.kill();
}
