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


/** The name and version of the JavaScript host, e.g. "Node 24.21.0". */
export function runtimeName(): string {
  const host = globalThis as { Bun?: { version: string }; Deno?: { version: { deno: string } }; process?: { versions?: { node?: string } } };
  if (host.Bun) return `Bun ${host.Bun.version}`;
  if (host.Deno) return `Deno ${host.Deno.version.deno}`;
  if (host.process?.versions?.node) return `Node ${host.process.versions.node}`;
  return globalThis.navigator?.userAgent ?? "unknown";
}
