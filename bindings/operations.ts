// Every operation once: the synchronous core binds this tree to a runtime, the engine's host looks
// up in it by path, the engine's client mirrors its names (names.ts).

import type { Runtime } from "./core/runtime.ts";
import * as hinf from "./hinf/operations.ts";
import * as kernels from "./kernels/operations.ts";
import { isKernelOperator, placeOperator } from "./kernels/operator.ts";
import * as linalg from "./linalg/operations.ts";
import { isSteps, runSteps } from "./linalg/operator.ts";
import * as networks from "./networks/operations.ts";
import * as regression from "./regression/operations.ts";
import * as weights from "./weights/operations.ts";

export const operations = { linalg, hinf, kernels, networks, regression, weights };

export type Operations = typeof operations;

type Node = { [name: string]: Node | ((rt: Runtime, ...args: unknown[]) => unknown) };

/** The operation at a path such as "linalg.eigh". */
export function operationAt(path: string): (rt: Runtime, ...args: unknown[]) => unknown {
  let node: Node | ((rt: Runtime, ...args: unknown[]) => unknown) = operations as unknown as Node;
  for (const name of path.split(".")) node = (node as Node)[name]!;
  return node as (rt: Runtime, ...args: unknown[]) => unknown;
}

/**
 * Runs the operation at a path: its result, or steps. The operator of a kernel in first place is
 * applied here, step by step.
 */
export function runOperation(rt: Runtime, path: string, args: unknown[]): unknown {
  const operation = operationAt(path);
  const [first, ...rest] = args;
  if (!isKernelOperator(first)) return operation(rt, ...args);
  return rt.memory.scope(() => {
    const result = operation(rt, placeOperator(rt, path, first), ...rest);
    return isSteps(result) ? runSteps(path, result) : result;
  });
}
