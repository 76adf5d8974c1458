// From options to what a runtime needs: which variant, how many threads, and why. Apart from create.ts, so that
// the thin client of an engine does not carry a runtime.

import { CapabilityError, OptionError, OutOfMemoryError } from "../errors.ts";
import type { CreateOptions, Variant } from "../options.ts";
import { loadModule } from "./load.ts";
import { createMemory, gib, MEMORY_LIMIT, type Reserved } from "./memory.ts";
import { hardwareThreads, loneThreadReason, sharedMemoryReason } from "./platform.ts";
import type { Binary } from "./runtime.ts";

/**
 * Chooses a variant and compiles it. More than one thread needs shared memory, whose lack is said in `reason`:
 * an engine in a worker (`hosted`) then has parts instead.
 */
export async function prepareBinary(
  name: string,
  options: CreateOptions,
  fallbackThreads: number | "auto",
  hosted = false,
): Promise<Binary & { reason: string }> {
  const wanted = options.threads ?? fallbackThreads;
  if (wanted !== "auto" && !(Number.isInteger(wanted) && wanted >= 1 && wanted <= 64)) {
    throw new OptionError(`${name}: threads is ${String(wanted)}, expected "auto" or a whole number from 1 to 64`);
  }
  let count = wanted === "auto" ? hardwareThreads() : wanted;
  let missing = sharedMemoryReason();
  const alone = !missing && !hosted && count > 1 ? loneThreadReason() : undefined;
  if (alone) count = 1;
  let reserved: Reserved | undefined;
  if (!missing && (count > 1 || hosted)) {
    try {
      reserved = createMemory(true);
    } catch (error) {
      missing = `no shared memory (${(error as Error).message})`;
    }
  }
  const { module, variant, reason } = await loadModule(name, reserved !== undefined, options.reproducible ?? false, options.wasmUrl);
  const shared = variant.endsWith("threads");
  if (shared && missing) {
    throw new CapabilityError(`${name}: wasmUrl gave the binary ${variant}, and here there is ${missing}: give ${unshared(variant)}.wasm, or the folder of all`);
  }
  const { memory, memoryLimit } = (shared && reserved) || reserve(name, shared);
  const reasons = [reason];
  if (alone) reasons.push(`one thread: ${alone}`);
  const parts = hosted && !shared ? count : 1;
  if (count > 1 && !shared) reasons.push(`one thread${parts > 1 ? `, work in ${parts} parts` : ""}: ${missing ?? `wasmUrl gave the binary ${variant}`}`);
  if (memoryLimit < MEMORY_LIMIT) reasons.push(`${gib(memoryLimit)} GiB of memory: this machine did not grant more`);
  return { module, memory, memoryLimit, variant, threads: shared ? count : 1, parts, reason: reasons.join("; ") };
}

function reserve(name: string, shared: boolean): Reserved {
  try {
    return createMemory(shared);
  } catch (error) {
    throw new OutOfMemoryError(`${name}: ${(error as Error).message}`);
  }
}

const unshared = (variant: Variant) => (variant === "threads" ? "base" : "relaxed");
