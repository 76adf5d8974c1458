// The analysis of a model: spectra, power laws and random-matrix fits of 12 dense layers, f32, noise with some directions
// that were learnt. WeightWatcher does its own analysis, with its defaults, of the same layers.

import type { Matrix } from "../bindings/sync.ts";
import { gaussian, type Case, type Cases } from "./harness.ts";
import { weightwatcher } from "./peers.ts";

const LEARNT = 20;

/** noise/√cols + Σ σ_j·u_j·v_jᵀ with σ_j = 4·j^(−1/2), u and v of about unit length. */
function layer(rows: number, cols: number, seed: number): Matrix<Float32Array> {
  const data = Float32Array.from(gaussian(rows, cols, seed).data, (x) => x / Math.sqrt(cols));
  const u = gaussian(LEARNT, rows, seed + 100).data;
  const v = gaussian(LEARNT, cols, seed + 200).data;
  for (let j = 0; j < LEARNT; j++) {
    const sigma = 4 / Math.sqrt((j + 1) * rows * cols);
    for (let r = 0; r < rows; r++) for (let c = 0; c < cols; c++) data[r * cols + c]! += sigma * u[j * rows + r]! * v[j * cols + c]!;
  }
  return { data, rows, cols };
}

function analyze(count: number, rows: number, cols: number, threads: number): Case {
  return {
    name: `weights.analyze ${count} layers ${rows}×${cols}`,
    type: "f64",
    threads,
    input: () => Array.from({ length: count }, (_, k) => layer(rows, cols, k + 1)),
    prepare: (core, ...layers) => () => layers.map((W) => core.weights.analyzeLayer(W)),
    peers: [weightwatcher()],
  };
}

export const cases: Cases = (tiny) => [1, 2].map((threads) => (tiny ? analyze(2, 40, 30, threads) : analyze(12, 2048, 512, threads)));
