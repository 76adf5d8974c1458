// Singular values, without and with vectors, of Gaussian matrices.

import { gaussian, type Case, type Cases } from "./harness.ts";
import { native, npm } from "./peers.ts";

/** `flops`: those of the bidiagonalization, 8/3·n³, and with vectors those of two back-transforms, 4·n³. */
function decompose(op: "svdvals" | "svd", n: number, flops: number, threads: number): Case {
  return {
    name: `${op} f64 ${n}×${n}`,
    type: "f64",
    threads,
    flops: flops * n ** 3,
    input: () => [gaussian(n, n, 1)],
    prepare: (core, A) => () => core[op](A!),
    peers: [native(op), ...npm(op, threads)],
  };
}

export const cases: Cases = (tiny) =>
  (tiny ? [40] : [128, 512, 1000, 2048]).flatMap((n) =>
    [1, 2].flatMap((threads) => [decompose("svdvals", n, 8 / 3, threads), decompose("svd", n, 20 / 3, threads)]),
  );
