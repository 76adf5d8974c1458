// Options that every call of an engine takes, and those of creation; the check of a count.

import { OptionError } from "./errors.ts";

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

/** Refuses what is no whole number from `least` to `most`. */
export function checkCount(fn: string, name: string, value: unknown, least = 1, most = 2 ** 31 - 1): asserts value is number {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return;
  const range = most < 2 ** 31 - 1 ? `from ${least} to ${most}` : `from ${least} on`;
  throw new OptionError(`${fn}: ${name} is ${String(value)}, expected a whole number ${range}`);
}
