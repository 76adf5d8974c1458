// Power laws: the scan of xmin on samples of a Pareto law, and the bootstrap. The Python package powerlaw fits the same sample;
// it has no bootstrap.

import { uniform } from "../tests/numbers.ts";
import type { Matrix } from "../bindings/sync.ts";
import type { Case, Cases } from "./harness.ts";
import { powerlaw } from "./peers.ts";

/** n numbers with p(x) ∝ x^−2.5, x ≥ 1. */
function pareto(n: number): Matrix<Float64Array> {
  const next = uniform(1);
  return { data: Float64Array.from({ length: n }, () => (1 - next()) ** (-1 / 1.5)), rows: 1, cols: n };
}

/** powerlaw takes n²: beyond so many numbers it is left out. */
const MOST_FOR_PEER = 50_000;

const fit = (n: number, threads: number): Case => ({
  name: `weights.powerLaw of ${n} numbers`,
  type: "f64",
  threads,
  input: () => [pareto(n)],
  prepare: (core, x) => () => core.weights.powerLaw(x!.data),
  peers: n <= MOST_FOR_PEER ? [powerlaw()] : [],
});

const bootstrap = (n: number, replicas: number, threads: number): Case => ({
  name: `weights.bootstrap of ${n} numbers, ${replicas} replicas`,
  type: "f64",
  threads,
  input: () => [pareto(n)],
  prepare: (core, x) => () => core.weights.bootstrap(x!.data, { replicas }),
});

export const cases: Cases = (tiny) =>
  [1, 2].flatMap((threads) => [
    ...(tiny ? [100] : [2000, 20_000, 1_000_000]).map((n) => fit(n, threads)),
    tiny ? bootstrap(50, 5, threads) : bootstrap(2000, 1000, threads),
  ]);
