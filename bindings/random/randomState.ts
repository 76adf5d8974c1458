// NumPy's legacy generator in wasm: many uniforms or Gaussians at once. Every other draw of RandomState is
// in mt19937.ts, in TypeScript.

import type { Runtime } from "../core/runtime.ts";
import { OptionError } from "../errors.ts";

/** Draws the numbers of NumPy's RandomState, call after call in one stream. */
export interface BulkRandom {
  /** Uniform in [0, 1): the doubles of `random_sample(n)`, bit for bit. */
  random(n: number): Float64Array;
  /** Standard normal: those of `randn(n)`, to 1e-15 relative. */
  randn(n: number): Float64Array;
}

/** The generator of `RandomState(seed)`. */
export function randomState(rt: Runtime, seed: number): BulkRandom {
  checkSeed("randomState", seed);
  const bytes = rt.kernels.mt19937_bytes();
  let state = rt.memory.scope(() => {
    const at = rt.memory.push(bytes, "randomState");
    rt.kernels.mt19937_seed(at, seed);
    return rt.memory.u32(at, bytes / 4).slice();
  });

  const draw = (name: "random" | "randn", n: number) => {
    if (!(Number.isInteger(n) && n >= 0 && n < 2 ** 29)) {
      throw new OptionError(`RandomState.${name}: n is ${String(n)}, expected a whole number from 0 to 2²⁹ − 1`);
    }
    return rt.memory.scope(() => {
      const at = rt.memory.push(bytes, `RandomState.${name}`);
      const out = rt.memory.push(n * 8, `RandomState.${name}: ${n} numbers`);
      rt.memory.u32(at, state.length).set(state);
      rt.kernels[`mt19937_${name}_f64`](at, n, out);
      state = rt.memory.u32(at, state.length).slice();
      return rt.memory.f64(out, n).slice();
    });
  };
  return { random: (n) => draw("random", n), randn: (n) => draw("randn", n) };
}

/** Seeds are what RandomState takes as one. */
export function checkSeed(fn: string, seed: unknown): asserts seed is number {
  if (!(Number.isInteger(seed) && (seed as number) >= 0 && (seed as number) < 2 ** 32)) {
    throw new OptionError(`${fn}: seed is ${String(seed)}, expected a whole number from 0 to 2³² − 1`);
  }
}
