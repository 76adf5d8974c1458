// Kernel regression: an exact fit beside scipy's solution with the kernel matrix given, and the notebook's sweep over
// ten noise levels by one factorization, the kernel matrices of training and test rows included.

import { kernels } from "../bindings/sync.ts";
import { gaussian, type Case, type Cases } from "./harness.ts";
import { native } from "./peers.ts";

const laplacian = kernels.laplacian({ bandwidth: 10 });

const fit = (n: number, threads: number): Case => ({
  name: `regression.fit, ${n} rows (d = 64), 10 outputs; native is given K`,
  type: "f64",
  threads,
  flops: n ** 3 / 3,
  input: (core) => {
    const X = gaussian(n, 64, 1);
    return [X, gaussian(n, 10, 2), core.kernels.matrix(laplacian, X)];
  },
  prepare: (core, X, Y) => () => core.regression.fit(laplacian, X!, Y!),
  peers: [native("kernel_solve")],
});

const sweep = (n: number, tested: number, threads: number): Case => ({
  name: `ten noise levels at once: fit ${n} rows (d = 784), 100 outputs, predict ${tested}`,
  type: "f64",
  threads,
  input: () => [gaussian(n, 784, 1), gaussian(n, 100, 2), gaussian(tested, 784, 3)],
  prepare: (core, X, Y, X2) => () => core.regression.fit(laplacian, X!, Y!).predict(X2!),
  peers: [native("laplacian_regression", { bandwidth: 10 })],
});

const path = (n: number, threads: number): Case => ({
  name: `regression.ridgePath, ${n} rows (d = 64), 10 outputs, 20 ridges`,
  type: "f64",
  threads,
  input: () => [gaussian(n, 64, 1), gaussian(n, 10, 2)],
  prepare: (core, X, Y) => () => core.regression.ridgePath(laplacian, X!, Y!, Array.from({ length: 20 }, (_, k) => 2 ** (k - 15))),
});

export const cases: Cases = (tiny) =>
  [1, 2].flatMap((threads) => [
    fit(tiny ? 40 : 4000, threads),
    path(tiny ? 40 : 1500, threads),
    ...(threads === 2 || tiny ? [sweep(tiny ? 40 : 4000, tiny ? 50 : 10_000, threads)] : []),
  ]);
