// The host's side of an engine: one runtime, one request at a time. A call that splits keeps the host busy
// until its parts have answered.

import { createMemory } from "./core/memory.ts";
import type { Gather } from "./core/parts.ts";
import type { HostRole } from "./core/pool.ts";
import { Aborted, Runtime } from "./core/runtime.ts";
import { isOperator, isSteps, type Steps } from "./linalg/operator.ts";
import { checkCall, runOperation } from "./operations.ts";
import { PartPorts, splits, type PartsOfCall } from "./parts.ts";
import { PROGRESS_INTERVAL, reviveOperator, toRecord, transferables, type Reply, type Request } from "./rpc.ts";

export interface Port {
  postMessage(message: Reply, transfer?: (ArrayBuffer | MessagePort)[]): void;
}

/** Where a call stands: it has a result, waits for its parts, or for a product of its operator. */
type Advance =
  | { step: IteratorResult<unknown>; parts?: undefined; steps?: Steps<unknown> }
  | { step: IteratorResult<undefined, unknown>; parts: PartsOfCall; steps: Gather<unknown> };

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

  const partPorts = role.parts > 1
    ? new PartPorts(role.parts, (number, end) => port.postMessage({ type: "part", number, end }, [end]))
    : undefined;

  /** The operation's first or next step. */
  function advance(request: Request): Advance {
    if ("path" in request) {
      const split = partPorts && splits[request.path];
      if (split) {
        checkCall(request.path, request.args);
        const parts = partPorts.forCall();
        const steps = split(rt, parts, ...(request.args as never[]));
        return { steps, step: steps.next([]), parts };
      }
      const [first, ...rest] = request.args;
      const args = isOperator(first) ? [reviveOperator(first), ...rest] : request.args;
      const result = runOperation(rt, request.path, args);
      return isSteps(result) ? { steps: result, step: result.next() } : { step: { done: true, value: result } };
    }
    const steps = waiting.get(request.id)!;
    waiting.delete(request.id);
    if (request.answer === "product") return { steps, step: steps.next(request.value as never) };
    return { steps, step: steps.throw(request.answer === "aborted" ? new Aborted("aborted") : new Error("the operator failed")) };
  }

  /** Replies with what comes of a step. */
  function reply(id: number, take: () => Advance): void {
    current = id;
    try {
      const { steps, step, parts } = take();
      if (step.done) {
        port.postMessage({ type: "result", id, value: step.value }, transferables(step.value));
      } else if (parts) {
        parts.gathered().then(
          (answers) => reply(id, () => ({ step: steps.next(answers) })),
          (error) => reply(id, () => ({ step: steps.throw(error) })),
        );
      } else {
        waiting.set(id, steps!);
        const { transpose, V } = step.value as { transpose: boolean; V: { data: Float64Array; rows: number; cols: number } };
        port.postMessage({ type: "ask", id, transpose, V }, transferables(V));
      }
    } catch (error) {
      if (error instanceof Aborted) port.postMessage({ type: "aborted", id });
      else port.postMessage({ type: "error", id, error: toRecord(error) });
    }
  }

  return (request) => reply(request.id, () => advance(request));
}
