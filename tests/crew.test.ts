// The workers of an engine as they start: what becomes of the start when one of them dies meanwhile.

import assert from "node:assert/strict";
import { test } from "node:test";
import { loadModule } from "../bindings/core/load.ts";
import { createMemory } from "../bindings/core/memory.ts";
import type { WorkerHandle } from "../bindings/core/spawn.ts";
import { Crew } from "../bindings/crew.ts";

/** A worker of a browser, which says nothing of its own end; `answer` is what it says to its role. */
function worker(answer?: object): WorkerHandle & { die(): void } {
  let listen = (_: unknown) => {};
  const deaths: ((reason: string) => void)[] = [];
  return {
    post: () => { if (answer) queueMicrotask(() => listen(answer)); },
    onMessage: (listener) => { listen = listener; },
    onDeath: (listener) => { deaths.push(listener); },
    ref() {},
    terminate() {},
    die() { for (const death of deaths) death("killed"); },
  };
}

test("a thread that dies before the host is ready is told, and the start comes to its end", { timeout: 20_000 }, async () => {
  const { module, variant } = await loadModule("test", true, true, undefined);
  const thread = worker({ type: "ready" });
  const reasons: string[] = [];
  const binary = { module, variant, ...createMemory(true), threads: 2, parts: 1 };
  const crew = new Crew(binary, async () => thread, { onReply() {}, onDeath: (reason) => { reasons.push(reason); } });
  const started = crew.start(Promise.resolve(worker()));
  await new Promise((resolve) => setTimeout(resolve, 200));
  thread.die();
  await started;
  assert.deepEqual(reasons, ["killed"]);
});
