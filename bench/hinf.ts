// H∞ of the digits: the closed form, and sampled neurons with the drawing of their weights.

import { readFileSync } from "node:fs";
import { parseMatrix } from "../bindings/io/index.ts";
import { columns, normalizeRows } from "../bindings/linalg/rows.ts";
import type { Case, Cases } from "./harness.ts";
import { native } from "./peers.ts";

const file = await parseMatrix(readFileSync(new URL("../examples/data/digits.csv.gz", import.meta.url)));
const X = normalizeRows(columns(file.matrix, 0, 64));

const exact = (threads: number): Case => ({
  name: "H∞ of the digits, exact",
  type: "f64",
  threads,
  prepare: (core) => () => core.hinf.exact(X),
  peers: [native("hinf_exact")],
});

const monteCarlo = (features: number, threads: number): Case => ({
  name: `H∞ of the digits, ${features} neurons`,
  type: "f64",
  threads,
  prepare: (core) => () => core.hinf.monteCarlo(X, { features }),
  peers: [native("hinf_monte_carlo", { features })],
});

export const cases: Cases = (tiny) =>
  [1, 2].flatMap((threads) => [
    exact(threads),
    ...(tiny ? [100] : [1000, 10_000, 100_000]).map((features) => monteCarlo(features, threads)),
  ]);
