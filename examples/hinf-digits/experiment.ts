// The experiment: H∞ of the rows in closed form, and its estimate from more and more random neurons.

import type { Engine, Matrix } from "eigenscope";
import { grouped, rowWarnings, type HinfSummary } from "eigenscope/plot";

export interface Settings {
  /** Neurons at the end. */
  features: number;
  seed: number;
}

export type Finding =
  | { kind: "progress"; fraction: number; doing: string }
  /** lower ≤ λ_min(H∞) ≤ upper is proved; the rank is that of the data. */
  | {
    kind: "certificate"; lambdaMin: number; lower: number; upper: number; rank: number;
    seconds: number; warnings: string[];
  }
  | { kind: "exact"; values: Matrix["data"]; seconds: { matrix: number; spectrum: number } }
  | { kind: "sample"; sample: HinfSummary["monteCarlo"][number]; values: Matrix["data"] }
  | { kind: "gram"; values: Matrix["data"] };

const FEWEST = 100;

/** 100, 200, 400, … neurons up to as many as asked for: all together cost about twice the last. */
export function schedule(features: number): number[] {
  const sizes = [];
  for (let m = FEWEST; m < features; m *= 2) sizes.push(m);
  return [...sizes, features];
}

/** Tells what it finds as soon as it is known. Rows of X are taken as they are. */
export async function converge(
  es: Engine, X: Matrix, { features, seed }: Settings, signal: AbortSignal, tell: (finding: Finding) => void,
): Promise<void> {
  const n = X.rows;
  const sizes = schedule(features);

  // what each step costs, in multiplications
  const cube = n ** 3;
  const draws = (m: number) => m * n * X.cols;
  const limits = (m: number) => Math.min(m, 10_000) * n * X.cols;
  const total = sizes.reduce((sum, m) => sum + cube + draws(m) + limits(m), 3.4 * cube);
  const step = stepper(total, signal, tell);

  // the certificate needs the most memory: what is too large is refused here, before any work
  const certificate = await timed(es.hinf.lambdaMin(X, step("certificate", cube)));
  const rank = await es.linalg.rank(X, step("rank of the data", 0.2 * cube));
  const { lambdaMin, lower, upper, vector, info } = certificate.value;
  const warnings = rowWarnings(info, upper === 0);
  tell({ kind: "certificate", lambdaMin, lower, upper, rank, seconds: certificate.seconds, warnings });

  const H = await timed(es.hinf.exact(X, step("closed form", 0.2 * cube)));
  const spectrum = await timed(es.linalg.eigvalsh(H.value.matrix, step("closed form: spectrum", cube)));
  tell({ kind: "exact", values: spectrum.value, seconds: { matrix: H.seconds, spectrum: spectrum.seconds } });

  for (const m of sizes) {
    const name = `${grouped(m)} neurons`;
    const sample = await timed(es.hinf.monteCarlo(X, { features: m, seed, ...step(name, draws(m)) }));
    const values = await timed(es.linalg.eigvalsh(sample.value.matrix, step(`${name}: spectrum`, cube)));
    const limit = await es.hinf.upperConfidence(X, sample.value, vector, step(`${name}: limit`, limits(m)));
    tell({
      kind: "sample",
      sample: {
        features: m,
        seed,
        lambdaMin: values.value[0]!,
        lambdaMax: values.value[n - 1]!,
        upperConfidence: limit.upper,
        seconds: { matrix: sample.seconds, spectrum: values.seconds },
      },
      values: values.value,
    });
  }

  // for the report
  const gram = await es.linalg.gram(X, step("data", 0));
  const values = await es.linalg.eigvalsh(gram, step("data: spectrum", cube));
  tell({ kind: "gram", values });
}

/** Options for one call after the other, whose progress is told as one fraction of all. */
function stepper(total: number, signal: AbortSignal, tell: (finding: Finding) => void) {
  let next = 0;
  return (doing: string, cost: number) => {
    const before = next;
    next += cost;
    const onProgress = ({ fraction }: { fraction: number }) =>
      tell({ kind: "progress", fraction: Math.min(1, (before + fraction * cost) / total), doing });
    onProgress({ fraction: 0 });
    return { signal, onProgress };
  };
}

async function timed<T>(call: Promise<T>): Promise<{ value: T; seconds: number }> {
  const start = performance.now();
  const value = await call;
  return { value, seconds: (performance.now() - start) / 1000 };
}
