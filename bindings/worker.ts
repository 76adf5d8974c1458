// The entry of every worker: a pool thread runs chunks until told to stop, a host serves an engine.

import { instantiate } from "./core/instantiate.ts";
import { nodeBuiltin } from "./core/platform.ts";
import type { Role } from "./core/pool.ts";
import { startHost, type Port } from "./host.ts";
import type { Call } from "./rpc.ts";

const nodePort = nodeBuiltin<typeof import("node:worker_threads")>("node:worker_threads")?.parentPort;
const port = (nodePort ?? globalThis) as Port;

let answer: ((call: Call) => void) | undefined;

function receive(message: unknown): void {
  if (answer) return answer(message as Call);
  const role = message as Role;
  try {
    if (role.role === "host") answer = startHost(role, port);
    else instantiate(role.module, role.memory).worker_loop();
  } catch (error) {
    port.postMessage({ type: "failed", message: String(error) });
  }
}

if (nodePort) nodePort.on("message", receive);
else globalThis.addEventListener("message", (event) => receive((event as MessageEvent).data));
