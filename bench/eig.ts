// The dense symmetric eigenproblem, without and with eigenvectors: of Gaussian matrices, of the digits' H∞;
// in f32; by Jacobi's method; a few eigenvectors.

import { readFileSync } from "node:fs";
import { parseMatrix } from "../bindings/io/index.ts";
import { columns, normalizeRows } from "../bindings/linalg/rows.ts";
import type { Dtype, EighOptions } from "../bindings/linalg/eig.ts";
import { type Core, type Matrix } from "../bindings/sync.ts";
import { gaussian, type Case, type Cases } from "./harness.ts";
import { native, npm } from "./peers.ts";

const file = await parseMatrix(readFileSync(new URL("../examples/data/digits.csv.gz", import.meta.url)));
const digits = normalizeRows(columns(file.matrix, 0, 64));

type Input = (core: Core) => Matrix;

function symmetric(n: number): Matrix {
  const A = gaussian(n, n, 1);
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) A.data[i * n + j] = A.data[j * n + i]!;
  return A;
}

const hinf: Input = (core) => core.hinf.exact(digits).matrix;

/** Flops of the reduction, 4/3·n³, and with vectors those of the back-transform, 2·n³; of all vectors. */
const FLOPS = { eigvalsh: 4 / 3, eigh: 10 / 3 };

function solve(
  op: "eigvalsh" | "eigh", name: string, n: number, threads: number, input: Input, options: EighOptions<Dtype> = {},
): Case {
  const { dtype = "f64", method, subset } = options;
  const plain = dtype === "f64" && method === undefined && subset === undefined;
  return {
    name,
    type: dtype,
    threads,
    ...(method === "jacobi" || subset ? {} : { flops: FLOPS[op] * n ** 3 }),
    input(core) {
      const A = input(core);
      return [dtype === "f64" ? A : { ...A, data: new Float32Array(A.data) }];
    },
    prepare: (core, A) => () => core[op](A!, options as EighOptions<"f64">),
    peers: [native(op, subset && "index" in subset ? { subset: subset.index } : {}), ...(plain ? npm(op, threads) : [])],
  };
}

export const cases: Cases = (tiny) => {
  const both = (name: string, n: number, threads: number, input: Input, options?: EighOptions<Dtype>) =>
    (["eigvalsh", "eigh"] as const).map((op) => solve(op, `${op} ${name}`, n, threads, input, options));
  return [1, 2].flatMap((threads) => [
    ...(tiny ? [40] : [128, 512, 1024, 2048]).flatMap((n) => both(`f64 ${n}×${n}`, n, threads, () => symmetric(n))),
    ...(tiny ? [] : both("f64 of the digits' H∞, 1797×1797", 1797, threads, hinf)),
    ...(tiny ? [40] : [1024, 2048]).flatMap((n) => both(`f32 ${n}×${n}`, n, threads, () => symmetric(n), { dtype: "f32" })),
    ...(tiny ? [40] : [128, 512, 1024]).map((n) =>
      solve("eigh", `eigh f64 by Jacobi ${n}×${n}`, n, threads, () => symmetric(n), { method: "jacobi" })),
    ...(tiny ? [40] : [2048]).map((n) =>
      solve("eigh", `eigh f64 ${n}×${n}, 10 smallest`, n, threads, () => symmetric(n), { subset: { index: [0, 10] } })),
  ]);
};
