// Some eigenpairs of a dense matrix: the ends of the spectrum of a Laplacian kernel.

import type { Matrix } from "../bindings/sync.ts";
import { gaussian, type Case, type Cases } from "./harness.ts";
import { native } from "./peers.ts";

/** exp(−‖x − y‖₂/10) of n Gaussian points in 20 dimensions. */
function laplacianKernel(n: number): Matrix<Float64Array> {
  const d = 20;
  const { data: X } = gaussian(n, d, 1);
  const K = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let square = 0;
      for (let c = 0; c < d; c++) square += (X[i * d + c]! - X[j * d + c]!) ** 2;
      K[i * n + j] = K[j * n + i] = Math.exp(-Math.sqrt(square) / 10);
    }
  }
  return { data: K, rows: n, cols: n };
}

const solve = (n: number, which: "largest" | "smallest", threads: number): Case => ({
  name: `eigsh f64 ${n}×${n}, 10 ${which}`,
  type: "f64",
  threads,
  input: () => [laplacianKernel(n)],
  prepare: (core, A) => () => core.eigsh(A!, { k: 10, which }),
  peers: [native("eigsh", { k: 10, which: which === "largest" ? "LA" : "SA" })],
});

export const cases: Cases = (tiny) =>
  (tiny ? [40] : [1024, 2048, 4000]).flatMap((n) =>
    [1, 2].flatMap((threads) => [solve(n, "largest", threads), solve(n, "smallest", threads)]),
  );
