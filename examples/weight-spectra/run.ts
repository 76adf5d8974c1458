// The spectra of a small network before it learns handwritten digits, after two epochs and after a hundred (train.ts): exponents of
// their tails, spikes, verdicts.
//
// npx tsx examples/weight-spectra/run.ts

import { readFile } from "node:fs/promises";
import { createEngine } from "eigenscope";
import { parseModel } from "eigenscope/io";
import { significant, verdictWord } from "eigenscope/plot";

const line = (name: string, ...cells: string[]) => console.log(`${name.padEnd(16)}${cells.map((cell) => cell.padStart(13)).join("")}`);

const es = await createEngine();
try {
  for (const epoch of ["000", "002", "100"]) {
    const file = `digits-mlp-epoch-${epoch}.safetensors`;
    const model = await parseModel(await readFile(new URL(`../data/${file}`, import.meta.url)), file);
    const { layers, universalMetric, universalMetricLog10 } = await es.weights.analyze(model);
    console.log(`\n${file}`);
    line("layer", "shape", "α", "tail of", "λ_max", "stable rank", "spikes", "verdict");
    for (const layer of layers) {
      const { name, shape, alpha, sigma, nTail, count, lambdaMax, stableRank, spikes } = layer;
      line(
        name, shape.join("×"), `${significant(alpha!, 3)} ± ${significant(sigma!, 2)}`, `${nTail} of ${count}`, significant(lambdaMax, 4),
        significant(stableRank, 3), String(spikes ?? "–"), verdictWord(layer),
      );
    }
    console.log(`universal metric ${significant(universalMetric!, 5)}, with log10 ${significant(universalMetricLog10!, 5)}`);
  }
} finally {
  await es.close();
}
