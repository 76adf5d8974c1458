// The certified smallest eigenvalue of H∞ of the digits, given the matrix and given the rows, beside
// numpy's eigvalsh, which proves nothing; and the factorization that it is made of.

import { readFileSync } from "node:fs";
import { parseMatrix } from "../bindings/io/index.ts";
import { columns, normalizeRows } from "../bindings/linalg/rows.ts";
import { matrix } from "../bindings/sync.ts";
import type { Case, Cases } from "./harness.ts";
import { native } from "./peers.ts";

const file = await parseMatrix(readFileSync(new URL("../examples/data/digits.csv.gz", import.meta.url)));
const digits = normalizeRows(columns(file.matrix, 0, 64));
const firstRows = (n: number) => matrix(n, 64, digits.data.slice(0, n * 64));

const cholesky = (n: number, threads: number): Case => ({
  name: `cholesky f64 ${n}×${n}`,
  type: "f64",
  threads,
  flops: n ** 3 / 3,
  input: (core) => [core.hinf.exact(firstRows(n)).matrix],
  prepare: (core, H) => () => core.cholesky(H!),
  peers: [native("cholesky")],
});

const ofMatrix = (n: number, threads: number): Case => ({
  name: `λ_min certified, H∞ given, ${n}×${n}`,
  type: "f64",
  threads,
  input: (core) => [core.hinf.exact(firstRows(n)).matrix],
  prepare: (core, H) => () => core.certify.lambdaMin(H!),
  peers: [native("eigvalsh")],
});

const ofRows = (n: number, threads: number): Case => ({
  name: `λ_min of H∞ certified, from ${n} rows`,
  type: "f64",
  threads,
  prepare: (core) => () => core.hinf.lambdaMin(firstRows(n)),
});

export const cases: Cases = (tiny) =>
  [1, 2].flatMap((threads) => [cholesky, ofMatrix, ofRows].map((of) => of(tiny ? 40 : 1797, threads)));
