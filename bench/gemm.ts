// Dense products: matmul of square matrices, and gram of the digits' shape.

import { matrix } from "../bindings/sync.ts";
import { numbers, type Case, type Cases } from "./harness.ts";
import { numpy } from "./peers.ts";

const TYPES = { f64: Float64Array, f32: Float32Array };
type Type = keyof typeof TYPES;

const random = (rows: number, cols: number, type: Type, seed: number) =>
  matrix(rows, cols, new TYPES[type](numbers(rows * cols, seed)));

function matmul(n: number, type: Type, threads: number): Case {
  return {
    name: `matmul ${type} ${n}×${n}`,
    type,
    threads,
    flops: 2 * n ** 3,
    prepare(core) {
      const A = random(n, n, type, 1);
      const B = random(n, n, type, 2);
      return () => core.matmul(A, B);
    },
    peers: [numpy("matmul", { n, type })],
  };
}

function gram(n: number, k: number, type: Type, threads: number): Case {
  return {
    name: `gram ${type} ${n}×${k}`,
    type,
    threads,
    flops: n * (n + 1) * k,
    prepare(core) {
      const X = random(n, k, type, 3);
      return () => core.gram(X);
    },
    peers: [numpy("gram", { n, k, type })],
  };
}

export const cases: Cases = (tiny) =>
  (["f64", "f32"] as const).flatMap((type) => [
    ...[1, 2].map((threads) => matmul(tiny ? 64 : 1024, type, threads)),
    ...[1, 2].map((threads) => gram(tiny ? 60 : 1797, tiny ? 8 : 64, type, threads)),
  ]);
