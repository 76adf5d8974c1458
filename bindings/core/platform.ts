// What differs between Node and browsers, apart from workers.

/** Node's built-in module, without an import that bundlers would see; undefined elsewhere. */
export function nodeBuiltin<T>(name: string): T | undefined {
  return (globalThis as { process?: { getBuiltinModule?(name: string): T } }).process?.getBuiltinModule?.(name);
}

/** Why there can be no shared memory here, or undefined where there can. */
export function sharedMemoryReason(): string | undefined {
  // some browsers have the class but can't post it, WebKitGTK lacks it even in an isolated page
  if (globalThis.crossOriginIsolated === false) return "no shared memory (the page is not cross-origin isolated)";
  if (typeof SharedArrayBuffer === "undefined") return "no shared memory (this JavaScript engine has no SharedArrayBuffer)";
  return undefined;
}

/** Why this thread can't share its work with others although it shares their memory, or undefined where it can. */
export function loneThreadReason(): string | undefined {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1); // returns at once, as the value is not 1
    return undefined;
  } catch {
    return "the page's own thread may not wait for others";
  }
}

/** One per core. */
export function hardwareThreads(): number {
  const os = nodeBuiltin<typeof import("node:os")>("node:os");
  const cores = Math.floor(os?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1);
  return cores >= 1 ? Math.min(64, cores) : 1;
}

/** The name and version of the JavaScript host, e.g. "Node 24.21.0". */
export function runtimeName(): string {
  const host = globalThis as { Bun?: { version: string }; Deno?: { version: { deno: string } }; process?: { versions?: { node?: string } } };
  if (host.Bun) return `Bun ${host.Bun.version}`;
  if (host.Deno) return `Deno ${host.Deno.version.deno}`;
  if (host.process?.versions?.node) return `Node ${host.process.versions.node}`;
  return globalThis.navigator?.userAgent ?? "unknown";
}

/**
 * Hears whether a Content-Security-Policy blocks something of the given directive until stopped: the errors
 * that a page gets do not say so.
 */
export function watchPolicy(directive: string): { blocked(): Promise<boolean>; stop(): void } {
  const target: EventTarget | undefined = globalThis.document ?? globalThis;
  let heard = false;
  const listen = (event: Event) => { heard ||= (event as SecurityPolicyViolationEvent).effectiveDirective === directive; };
  target.addEventListener?.("securitypolicyviolation", listen);
  return {
    async blocked() {
      if (!heard) await new Promise((resolve) => setTimeout(resolve, 20)); // the event may come after the error
      return heard;
    },
    stop: () => target.removeEventListener?.("securitypolicyviolation", listen),
  };
}
