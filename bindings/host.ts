// The host's side of an engine: one runtime, one request at a time.

import { createMemory } from "./core/memory.ts";
import type { HostRole } from "./core/pool.ts";
import { Aborted, Runtime } from "./core/runtime.ts";
import { isOperator, isSteps, type Steps } from "./linalg/operator.ts";
import { operationAt } from "./operations.ts";
import { PROGRESS_INTERVAL, reviveOperator, toRecord, transferables, type Reply, type Request } from "./rpc.ts";

export interface Port {
  postMessage(message: Reply, transfer?: ArrayBuffer[]): void;
}

/** Sets the host up and returns what takes its requests. */
export function startHost(role: HostRole, port: Port): (request: Request) => void {
  let current = 0;
  let told = -Infinity;
  const tick = (done: number, total: number) => {
    const now = performance.now();
    if (now - told < PROGRESS_INTERVAL) return;
    told = now;
    port.postMessage({ type: "progress", id: current, fraction: done / total });
  };
  const rt = new Runtime({ ...role, ...(role.memory ? { memory: role.memory } : createMemory(false)) }, tick);
  /** The operations that wait for a product. */
  const waiting = new Map<number, Steps<unknown>>();
  port.postMessage({ type: "ready", abortWord: rt.kernels.abort_word(), progressWord: rt.kernels.progress_word() });

  /** The operation's first or next step. */
  function advance(request: Request): { steps?: Steps<unknown>; step: IteratorResult<unknown> } {
    if ("path" in request) {
      const [first, ...rest] = request.args;
      const args = isOperator(first) ? [reviveOperator(first), ...rest] : request.args;
      const result = operationAt(request.path)(rt, ...args);
      return isSteps(result) ? { steps: result, step: result.next() } : { step: { done: true, value: result } };
    }
    const steps = waiting.get(request.id)!;
    waiting.delete(request.id);
    if (request.answer === "product") return { steps, step: steps.next(request.value as never) };
    return { steps, step: steps.throw(request.answer === "aborted" ? new Aborted("aborted") : new Error("the operator failed")) };
  }

  return (request) => {
    const { id } = request;
    current = id;
    try {
      const { steps, step } = advance(request);
      if (step.done) {
        port.postMessage({ type: "result", id, value: step.value }, transferables(step.value));
      } else {
        waiting.set(id, steps!);
        const { transpose, V } = step.value as { transpose: boolean; V: { data: Float64Array; rows: number; cols: number } };
        port.postMessage({ type: "ask", id, transpose, V }, transferables(V));
      }
    } catch (error) {
      if (error instanceof Aborted) port.postMessage({ type: "aborted", id });
      else port.postMessage({ type: "error", id, error: toRecord(error) });
    }
  };
}
