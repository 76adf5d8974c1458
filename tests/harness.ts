// One test body over all wasm variants and thread counts, visibly skipping what this engine lacks;
// and seeded inputs.

import { after, test } from "node:test";
import { relaxedSimd } from "wasm-feature-detect";
import { createRuntime } from "../bindings/core/create.ts";
import type { Runtime } from "../bindings/core/runtime.ts";

export const EPS = Number.EPSILON;

const hasRelaxed = await relaxedSimd();
const CONFIGURATIONS = [
  { label: "base", threads: 1, reproducible: true },
  { label: "threads×2", threads: 2, reproducible: true },
  { label: "relaxed", threads: 1, reproducible: false },
  { label: "relaxed-threads×2", threads: 2, reproducible: false },
  { label: "relaxed-threads×3", threads: 3, reproducible: false },
];

/** Registers `title` once per wasm variant and thread count. */
export function testEach(title: string, body: (rt: Runtime) => void | Promise<void>): void {
  for (const { label, ...options } of CONFIGURATIONS) {
    const skip = !options.reproducible && !hasRelaxed ? "this Node has no relaxed SIMD" : false;
    test(`${title} [${label}]`, { skip }, async () => body(await runtime(label, options)));
  }
}

const open = new Map<string, Promise<Runtime>>();
after(async () => {
  for (const rt of open.values()) (await rt).close();
});

function runtime(label: string, options: { threads: number; reproducible: boolean }): Promise<Runtime> {
  let rt = open.get(label);
  if (!rt) open.set(label, (rt = createRuntime("test", options, 1)));
  return rt;
}

/** Uniform in [0, 1), seeded: mulberry32 by Tommy Ettinger (public domain). */
export function uniform(seed: number): () => number {
  let s = seed | 0;
  return () => {
    s = (s + 0x6d2b79f5) | 0;
    let t = Math.imul(s ^ (s >>> 15), 1 | s);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** n seeded numbers in (−1, 1). */
export function numbers(n: number, seed: number): Float64Array {
  const next = uniform(seed);
  return Float64Array.from({ length: n }, () => 2 * next() - 1);
}

/** ‖A‖ as the largest absolute row sum, an upper bound of the 2-norm for symmetric A. */
export function norm1(rows: number, cols: number, data: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let j = 0; j < cols; j++) sum += Math.abs(data[i * cols + j]!);
    largest = Math.max(largest, sum);
  }
  return largest;
}
