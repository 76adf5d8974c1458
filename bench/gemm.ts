// Dense products: matmul of square matrices, gram of square ones and of the digits' shape.

import { matrix, type Matrix } from "../bindings/sync.ts";
import { gaussian, type Case, type Cases } from "./harness.ts";
import { native, npm } from "./peers.ts";

type Type = "f64" | "f32";

const PEERS = { f64: ["ml-matrix", "numpy-ts", "emlapack"], f32: ["tfjs-wasm", "ml-matrix", "numpy-ts", "emlapack"] };

function random(rows: number, cols: number, type: Type, seed: number): Matrix {
  const { data } = gaussian(rows, cols, seed);
  return type === "f64" ? matrix(rows, cols, data) : matrix(rows, cols, new Float32Array(data));
}

function matmul(n: number, type: Type, threads: number): Case {
  return {
    name: `matmul ${type} ${n}×${n}`,
    type,
    threads,
    flops: 2 * n ** 3,
    input: () => [random(n, n, type, 1), random(n, n, type, 2)],
    prepare: (core, A, B) => () => core.matmul(A!, B!),
    peers: [native("matmul"), ...npm("matmul", threads, PEERS[type])],
  };
}

function gram(n: number, k: number, type: Type, threads: number): Case {
  return {
    name: `gram ${type} ${n}×${k}`,
    type,
    threads,
    flops: n * (n + 1) * k,
    input: () => [random(n, k, type, 3)],
    prepare: (core, X) => () => core.gram(X!),
    peers: [native("gram"), ...npm("gram", threads, PEERS[type])],
  };
}

export const cases: Cases = (tiny) =>
  (["f64", "f32"] as const).flatMap((type) =>
    [1, 2].flatMap((threads) => [
      ...(tiny ? [64] : [128, 512, 1024, 2048]).flatMap((n) => [matmul(n, type, threads), gram(n, n, type, threads)]),
      gram(tiny ? 60 : 1797, tiny ? 8 : 64, type, threads),
    ]),
  );
