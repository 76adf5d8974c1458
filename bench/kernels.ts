// Kernel matrices, and products with them that never form them.

import { readFileSync } from "node:fs";
import { parseMatrix } from "../bindings/io/index.ts";
import { columns } from "../bindings/linalg/rows.ts";
import { kernels, networks } from "../bindings/sync.ts";
import { gaussian, type Case, type Cases } from "./harness.ts";
import { native } from "./peers.ts";

const { network, dense, relu } = networks;
const file = await parseMatrix(readFileSync(new URL("../examples/data/digits.csv.gz", import.meta.url)));
const digits = columns(file.matrix, 0, 64);

/** GFLOP/s are those of the inner products alone. */
const laplacian = (n: number, m: number, d: number, threads: number): Case => ({
  name: `Laplacian kernel ${n}×${m}, d = ${d}`,
  type: "f64",
  threads,
  flops: 2 * n * m * d,
  input: () => [gaussian(n, d, 1), gaussian(m, d, 2)],
  prepare: (core, X, Z) => () => core.kernels.matrix(kernels.laplacian({ bandwidth: 10 }), X!, Z!),
  peers: [native("laplacian_kernel", { bandwidth: 10 })],
});

const ntk = (threads: number): Case => ({
  name: "NTK of the digits, one hidden layer",
  type: "f64",
  threads,
  input: () => [digits],
  prepare: (core, X) => {
    const kernel = kernels.ntk(network([dense({ biasStd: 1 }), relu(), dense()], { convention: "tutorial" }));
    return () => core.kernels.matrix(kernel, X!);
  },
  peers: [native("ntk")],
});

/** GFLOP/s as if all of K were computed: more than the peak is what its symmetry saves. */
const product = (n: number, d: number, k: number, threads: number): Case => ({
  name: `Laplacian kernel times ${k} columns, n = ${n}, d = ${d}`,
  type: "f64",
  threads,
  flops: 2 * n * n * d,
  input: () => [gaussian(n, d, 3), gaussian(n, k, 4)],
  prepare: (core, X, V) => () => core.kernels.multiply(kernels.laplacian({ bandwidth: 10 }), X!, null, V!),
  peers: [native("laplacian_product", { bandwidth: 10 })],
});

export const cases: Cases = (tiny) =>
  [1, 2].flatMap((threads) => (tiny
    ? [laplacian(40, 30, 7, threads), ntk(threads), product(50, 7, 3, threads)]
    : [laplacian(10_000, 4_000, 784, threads), ntk(threads), product(8_000, 784, 10, threads)]));
