// One test body over all wasm variants and thread counts, visibly skipping what this engine lacks.

import { after, test } from "node:test";
import { relaxedSimd } from "wasm-feature-detect";
import { createRuntime } from "../bindings/core/create.ts";
import type { Runtime } from "../bindings/core/runtime.ts";

export { numbers, uniform } from "./numbers.ts";

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
