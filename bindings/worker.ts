// The entry of every worker: a pool thread runs chunks until told to stop, a host serves an engine.

import { instantiate } from "./core/instantiate.ts";
import { nodeBuiltin } from "./core/platform.ts";
import type { Role } from "./core/pool.ts";

const port = nodeBuiltin<typeof import("node:worker_threads")>("node:worker_threads")?.parentPort;

function start(message: Role): void {
  instantiate(message.module, message.memory).worker_loop();
}

if (port) port.once("message", start);
else globalThis.addEventListener("message", (event) => start((event as MessageEvent<Role>).data), { once: true });
