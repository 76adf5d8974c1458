// The worker side of an engine: one runtime, one call at a time.

import { Aborted, Runtime, type Binary } from "./core/runtime.ts";
import { operationAt } from "./operations.ts";
import { toRecord, transferables, type Call, type Reply } from "./rpc.ts";

export interface Port {
  postMessage(message: Reply, transfer?: ArrayBuffer[]): void;
}

/** Sets the host up and returns what answers its calls. */
export function startHost(binary: Binary, port: Port): (call: Call) => void {
  let current = 0;
  const tick = (done: number, total: number) => port.postMessage({ type: "progress", id: current, fraction: done / total });
  const rt = new Runtime(binary, tick);
  port.postMessage({ type: "ready", abortWord: rt.kernels.abort_word(), progressWord: rt.kernels.progress_word() });

  return ({ id, path, args }) => {
    current = id;
    try {
      const value = operationAt(path)(rt, ...args);
      port.postMessage({ type: "result", id, value }, transferables(value));
    } catch (error) {
      if (error instanceof Aborted) port.postMessage({ type: "aborted", id });
      else port.postMessage({ type: "error", id, error: toRecord(error) });
    }
  };
}
