// The engines that the elements of a page share: one for each kind of surroundings, ended when no element
// has computed with it for a moment.

import { createEngine, type Engine } from "../engine.ts";
import { CapabilityError } from "../errors.ts";
import type { Surroundings } from "./settings.ts";

/** How long an engine is kept that nobody uses, in ms. */
const LINGER = 3000;

interface Shared {
  engine: Promise<Engine>;
  users: number;
  /** Settles when all who came before are done: one after the other, the first result is there soonest. */
  turn: Promise<unknown>;
  timer?: ReturnType<typeof setTimeout>;
}

const engines = new Map<string, Shared>();

/** Lets `use` compute on the engine of these surroundings when it is its turn. */
export async function withEngine<T>(surroundings: Surroundings, use: (es: Engine) => Promise<T>): Promise<T> {
  const key = JSON.stringify(surroundings);
  const shared = engines.get(key) ?? start(key, surroundings);
  shared.users++;
  clearTimeout(shared.timer);
  const before = shared.turn;
  const result = (async () => {
    const es = await shared.engine;
    await before;
    return use(es);
  })();
  shared.turn = result.catch(() => {});
  try {
    return await result;
  } catch (error) {
    if (error instanceof CapabilityError) forget(key, shared); // a worker died: who tries again begins afresh
    throw error;
  } finally {
    if (--shared.users === 0) shared.timer = setTimeout(() => end(key, shared), LINGER);
  }
}

function start(key: string, surroundings: Surroundings): Shared {
  const shared: Shared = { engine: createEngine(surroundings), users: 0, turn: Promise.resolve() };
  engines.set(key, shared);
  // the next element tries again
  shared.engine.catch(() => forget(key, shared));
  return shared;
}

function forget(key: string, shared: Shared): void {
  if (engines.get(key) === shared) engines.delete(key);
}

function end(key: string, shared: Shared): void {
  forget(key, shared);
  void shared.engine.then((es) => es.close(), () => {});
}
