// The entry of every worker: a pool thread runs chunks until told to stop, a host serves an engine,
// a part its host.

import { instantiate } from "./core/instantiate.ts";
import { nodeBuiltin } from "./core/platform.ts";
import type { PoolReply, Role } from "./core/pool.ts";
import type { Binary } from "./core/runtime.ts";
import type { Up } from "./core/spawn.ts";
import { startHost } from "./host.ts";
import { startPart } from "./parts.ts";
import type { Reply, Request } from "./rpc.ts";
import { version } from "./version.ts";

const nodePort = nodeBuiltin<typeof import("node:worker_threads")>("node:worker_threads")?.parentPort;
const port = (nodePort ?? globalThis) as { postMessage(message: Up | PoolReply | Reply, transfer?: (ArrayBuffer | MessagePort)[]): void };

/** Firefox does not hand a module to a worker whose own policy forbids wasm, WebKit does not instantiate it. */
const OWN_POLICY = "its script has a Content-Security-Policy of its own, which has to allow 'wasm-unsafe-eval' in script-src";

let receiveRequest: ((request: Request) => void) | undefined;

function receive(message: unknown): void {
  if (receiveRequest) return receiveRequest(message as Request);
  const role = message as Role;
  try {
    if (role.role === "host") receiveRequest = startHost(role, port);
    else if (role.role === "pool") runPoolThread(role);
    else {
      startPart(role);
      port.postMessage({ type: "ready" });
    }
  } catch (error) {
    port.postMessage({ type: "failed", message: error instanceof WebAssembly.CompileError ? OWN_POLICY : String(error) });
  }
}

function runPoolThread({ module, memory }: Binary): void {
  const kernels = instantiate(module, memory);
  port.postMessage({ type: "ready" });
  try {
    kernels.worker_loop();
  } catch (error) {
    kernels.fail_chunk();
    setTimeout(() => { throw error; }); // uncaught, so that the engine hears of it
  }
}

function receiveUnreadable(): void {
  port.postMessage({ type: "failed", message: receiveRequest ? "it could not read a request" : OWN_POLICY });
}

if (nodePort) {
  nodePort.on("message", receive);
  nodePort.on("messageerror", receiveUnreadable);
} else {
  globalThis.addEventListener("message", (event) => receive((event as MessageEvent).data));
  globalThis.addEventListener("messageerror", receiveUnreadable);
}
void holdLock().then((lock) => port.postMessage({ type: "up", version, lock }));

/** The name of a lock that is held from now on, for who wants to hear of the worker's end (core/spawn.ts). */
function holdLock(): Promise<string | undefined> {
  return new Promise((resolve) => {
    const locks = nodePort ? undefined : globalThis.navigator?.locks;
    if (!locks) return resolve(undefined);
    const name = `eigenscope worker ${crypto.randomUUID()}`;
    const held = locks.request(name, () => {
      resolve(name);
      return new Promise(() => {});
    });
    held.catch(() => resolve(undefined)); // frames of no origin have none
  });
}
