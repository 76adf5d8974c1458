// Leading singular triplets of dense matrices by random projection.

import type { Matrix } from "../bindings/sync.ts";
import { gaussian, type Case, type Cases } from "./harness.ts";
import { native } from "./peers.ts";

/** An n×n matrix with σⱼ = 1/j: diag(1/j) with a few seeded reflections from either side. */
function harmonic(n: number): Matrix<Float64Array> {
  const A = new Float64Array(n * n);
  for (let j = 0; j < n; j++) A[j * n + j] = 1 / (j + 1);
  for (let seed = 1; seed <= 3; seed++) {
    for (const left of [true, false]) {
      const { data: v } = gaussian(n, 1, left ? seed : -seed);
      const beta = 2 / v.reduce((sum, x) => sum + x * x, 0);
      const y = new Float64Array(n);
      for (let i = 0; i < n; i++) {
        const row = A.subarray(i * n, (i + 1) * n);
        if (left) for (let j = 0; j < n; j++) y[j]! += beta * v[i]! * row[j]!;
        else for (let j = 0; j < n; j++) y[i]! += beta * row[j]! * v[j]!;
      }
      for (let i = 0; i < n; i++) {
        const row = A.subarray(i * n, (i + 1) * n);
        for (let j = 0; j < n; j++) row[j]! -= left ? v[i]! * y[j]! : y[i]! * v[j]!;
      }
    }
  }
  return { data: A, rows: n, cols: n };
}

const project = (n: number, rank: number, threads: number): Case => ({
  name: `randomizedSvd f64 ${n}×${n}, rank ${rank}, 2 power iterations`,
  type: "f64",
  threads,
  input: () => [harmonic(n)],
  prepare: (core, A) => () => core.randomizedSvd(A!, { rank, powerIterations: 2 }),
  peers: [native("randomized_svd", { rank, iterations: 2 })],
});

export const cases: Cases = (tiny) =>
  (tiny ? [40] : [512, 1024, 2048, 4000]).flatMap((n) => [1, 2].map((threads) => project(n, tiny ? 5 : 50, threads)));
