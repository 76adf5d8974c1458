// What differs between Node and browsers, apart from workers.

/** Node's built-in module, without an import that bundlers would see; undefined elsewhere. */
export function nodeBuiltin<T>(name: string): T | undefined {
  return (globalThis as { process?: { getBuiltinModule?(name: string): T } }).process?.getBuiltinModule?.(name);
}

/** Why there can be no shared memory here, or undefined where there can. */
export function sharedMemoryReason(): string | undefined {
  if (typeof SharedArrayBuffer === "undefined") return "no shared memory (the page is not cross-origin isolated)";
  return undefined;
}

/** One per core. */
export function hardwareThreads(): number {
  const os = nodeBuiltin<typeof import("node:os")>("node:os");
  return Math.max(1, Math.min(64, os?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1));
}

