// The dense symmetric eigenproblem of H∞, without and with eigenvectors.

import { matrix, type Core, type Matrix } from "../bindings/sync.ts";
import { numbers, type Case, type Cases } from "./harness.ts";
import { numpy } from "./peers.ts";

/** H∞ of n rows like the digits': 64 pixels from 0 to 16, normalised. */
function hinf(core: Core, n: number): Matrix {
  const x = numbers(n * 64, 1).map((u) => Math.floor((u + 1) * 8.5));
  for (let i = 0; i < n; i++) {
    const row = x.subarray(i * 64, (i + 1) * 64);
    const norm = Math.hypot(...row);
    row.forEach((value, j) => { row[j] = value / norm; });
  }
  const G = core.gram(matrix(n, 64, x));
  G.data.forEach((g, e) => {
    const cosine = Math.max(-1, Math.min(1, g));
    G.data[e] = (cosine * (Math.PI - Math.acos(cosine))) / (2 * Math.PI);
  });
  return G;
}

/** `flops`: those of the reduction, 4/3·n³, and with vectors those of the back-transform, 2·n³. */
function solve(op: "eigvalsh" | "eigh", n: number, flops: number, threads: number): Case {
  return {
    name: `${op} f64 ${n}×${n}`,
    type: "f64",
    threads,
    flops: flops * n ** 3,
    prepare(core) {
      const A = hinf(core, n);
      return () => core[op](A);
    },
    peers: [numpy(op, { n })],
  };
}

export const cases: Cases = (tiny) =>
  (tiny ? [40] : [512, 1024, 1797]).flatMap((n) =>
    [1, 2].flatMap((threads) => [solve("eigvalsh", n, 4 / 3, threads), solve("eigh", n, 10 / 3, threads)]),
  );
