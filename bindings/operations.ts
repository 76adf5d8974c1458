// Every operation once: the synchronous core binds this tree to a runtime, the engine's host looks
// up in it by path, the engine's client mirrors its names (names.ts).

import type { Runtime } from "./core/runtime.ts";
import * as hinf from "./hinf/operations.ts";
import * as kernels from "./kernels/operations.ts";
import { isKernelOperator, placeOperator } from "./kernels/operator.ts";
import * as linalg from "./linalg/operations.ts";
import { isSteps, runSteps } from "./linalg/operator.ts";
import * as networks from "./networks/operations.ts";
import { optionNames } from "./optionNames.ts";
import { checkOptions, isRecord } from "./options.ts";
import * as regression from "./regression/operations.ts";
import * as weights from "./weights/operations.ts";

export const operations = { linalg, hinf, kernels, networks, regression, weights };

export type Operations = typeof operations;

/** What stands at a path such as "linalg.eigh" in a tree of the same names. */
const find = (tree: object, path: string): unknown =>
  path.split(".").reduce((node, name) => (node as Record<string, unknown>)[name], tree as unknown);

/** The operation at a path such as "linalg.eigh". */
export function operationAt(path: string): (rt: Runtime, ...args: unknown[]) => unknown {
  return find(operations, path) as (rt: Runtime, ...args: unknown[]) => unknown;
}

/** Refuses options that the operation at a path does not have. */
export function checkCall(path: string, args: unknown[]): void {
  const place = find(optionNames, path) as number | [after: number, names: Record<string, true>];
  if (typeof place !== "number") checkOptions(path, args[place[0]], place[1]);
  else if (isRecord(args[place])) checkOptions(path, args[place], {}); // Array.prototype.map gives more arguments too
}

/**
 * Runs the operation at a path: its result, or steps. The operator of a kernel in first place is
 * applied here, step by step.
 */
export function runOperation(rt: Runtime, path: string, args: unknown[]): unknown {
  checkCall(path, args);
  const operation = operationAt(path);
  const [first, ...rest] = args;
  if (!isKernelOperator(first)) return operation(rt, ...args);
  return rt.memory.scope(() => {
    const result = operation(rt, placeOperator(rt, path, first), ...rest);
    return isSteps(result) ? runSteps(path, result) : result;
  });
}
