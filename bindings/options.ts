// Options that every call of an engine takes, and those of creation.

/** Where a long call stands: `fraction` rises from 0 to 1. */
export interface Progress {
  fraction: number;
}

/** What every call on an Engine takes besides its own options. */
export interface CallOptions {
  /** Rejects the call with `signal.reason`; the engine stays usable. */
  signal?: AbortSignal;
  /** Throttled, monotone, ends at 1. */
  onProgress?: (progress: Progress) => void;
}

export interface CreateOptions {
  /** Threads to compute with, "auto" for one per core. Default "auto" on an engine, 1 on a core. */
  threads?: number | "auto";
  /** No relaxed SIMD: equal to the last bit on every machine, 20-40 % slower. Default false. */
  reproducible?: boolean;
}
