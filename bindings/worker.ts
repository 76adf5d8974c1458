// The entry of every worker: a pool thread runs chunks until told to stop, a host serves an engine.

import { instantiate } from "./core/instantiate.ts";
import { nodeBuiltin } from "./core/platform.ts";
import type { Role } from "./core/pool.ts";
import type { Binary } from "./core/runtime.ts";
import { startHost, type Port } from "./host.ts";
import type { Request } from "./rpc.ts";

const nodePort = nodeBuiltin<typeof import("node:worker_threads")>("node:worker_threads")?.parentPort;
const port = (nodePort ?? globalThis) as Port;

let receiveRequest: ((request: Request) => void) | undefined;

function receive(message: unknown): void {
  if (receiveRequest) return receiveRequest(message as Request);
  const role = message as Role;
  try {
    if (role.role === "host") receiveRequest = startHost(role, port);
    else runPoolThread(role);
  } catch (error) {
    port.postMessage({ type: "failed", message: String(error) });
  }
}

function runPoolThread({ module, memory }: Binary): void {
  const kernels = instantiate(module, memory);
  try {
    kernels.worker_loop();
  } catch (error) {
    kernels.fail_chunk();
    throw error;
  }
}

if (nodePort) nodePort.on("message", receive);
else globalThis.addEventListener("message", (event) => receive((event as MessageEvent).data));
