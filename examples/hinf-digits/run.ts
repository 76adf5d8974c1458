// λ_min(H∞) of a one-hidden-layer ReLU network on 1797 handwritten digits: by Monte Carlo as published
// (Du, Zhai, Póczos and Singh 2018), and in closed form with a certificate.
//
// npx tsx examples/hinf-digits/run.ts

import { readFile } from "node:fs/promises";
import { columns, createEngine, normalizeRows } from "eigenscope";
import { parseMatrix } from "eigenscope/io";

const file = new URL("../data/digits.csv.gz", import.meta.url);
const { matrix } = await parseMatrix(await readFile(file), "digits.csv.gz");
const X = normalizeRows(columns(matrix, 0, -1)); // the last column is the label

const es = await createEngine();
try {
  const exact = await es.hinf.lambdaMin(X);

  for (const features of [1000, 10_000, 100_000]) {
    const start = performance.now();
    const sample = await es.hinf.monteCarlo(X, { features, seed: 0 });
    const seconds = (performance.now() - start) / 1000;
    const [lambdaMin] = await es.linalg.eigvalsh(sample.matrix);
    const { upper } = await es.hinf.upperConfidence(X, sample, exact.vector);
    console.log(
      `${String(features).padStart(7)} neurons: λ_min = ${lambdaMin!.toFixed(12)}, ` +
        `λ_min(H∞) ≤ ${upper.toFixed(6)} (95 %), matrix in ${seconds.toFixed(2)} s`,
    );
  }

  console.log(`    closed form: λ_min = ${exact.lambdaMin.toFixed(12)}`);
  console.log(`      certified: ${exact.lower.toFixed(12)} ≤ λ_min(H∞) ≤ ${exact.upper.toFixed(12)}`);
} finally {
  await es.close();
}
