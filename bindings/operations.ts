// Every operation once: the synchronous core binds this tree to a runtime, the engine's host looks
// up in it by path, the engine's client mirrors its names (names.ts).

import type { Runtime } from "./core/runtime.ts";
import * as hinf from "./hinf/operations.ts";
import * as kernels from "./kernels/operations.ts";
import * as linalg from "./linalg/operations.ts";

export const operations = { linalg, hinf, kernels };

export type Operations = typeof operations;

type Node = { [name: string]: Node | ((rt: Runtime, ...args: unknown[]) => unknown) };

/** The operation at a path such as "linalg.eigh". */
export function operationAt(path: string): (rt: Runtime, ...args: unknown[]) => unknown {
  let node: Node | ((rt: Runtime, ...args: unknown[]) => unknown) = operations as unknown as Node;
  for (const name of path.split(".")) node = (node as Node)[name]!;
  return node as (rt: Runtime, ...args: unknown[]) => unknown;
}
