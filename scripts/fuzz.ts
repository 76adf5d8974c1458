// Mutants for the readers of model files, as many as wanted: npm run fuzz -- --cases 100000 [--seed N] [--only npz] [--first N]

import { parseArgs } from "node:util";
import { fuzz } from "../tests/fuzz.ts";
import { TARGETS } from "../tests/fuzz-targets.ts";

const { values } = parseArgs({
  options: { cases: { type: "string", default: "10000" }, seed: { type: "string" }, only: { type: "string" }, first: { type: "string", default: "0" } },
});
const cases = Number(values.cases);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const targets = TARGETS.filter(({ name }) => !values.only || name === values.only);
console.log(`seed ${seed}, ${cases} cases a reader`);
for (const target of targets) {
  const start = performance.now();
  const { read, passedHeader, slowestMs, mostBytes } = await fuzz(target, cases, seed, Number(values.first));
  const percent = (n: number) => `${((100 * n) / cases).toFixed(1)} %`;
  console.log(`${target.name}: ${percent(passedHeader)} passed the header, ${percent(read)} were read; slowest ${slowestMs.toFixed(1)} ms, ` +
    `most memory ${(mostBytes / 2 ** 20).toFixed(1)} MB, rss ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MB; ${((performance.now() - start) / 1000).toFixed(0)} s`);
  if (passedHeader < cases / 2) throw new Error(`${target.name}: fewer than half of the mutants passed the header`);
}
