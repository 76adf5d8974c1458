// eigenscope hinf: the spectrum of H∞ as published (Du et al. 2018), and in closed form.

import { MEMORY_LIMIT } from "../core/memory.ts";
import { createEngine, type Engine } from "../engine.ts";
import { OutOfMemoryError } from "../errors.ts";
import type { Matrix } from "../linalg/matrix.ts";
import { normalizeRows } from "../linalg/rows.ts";
import { digitsFor, grouped, roundDown, roundUp } from "../plot/numbers.ts";
import { hinfReport, type HinfSpectra, type HinfSummary } from "../plot/hinfReport.ts";
import { rowWarnings } from "../plot/rowWarnings.ts";
import { checkOutput, readDigits, readMatrix, withoutLastColumn, writeOutput } from "./files.ts";
import { aligned, blue, bold, cyan, dim, padEnd, Progress, seconds, table, wrap, yellow } from "./output.ts";
import { sketch } from "./sketch.ts";
import { ENGINE_HELP, ENGINE_OPTIONS, engineOptions, parse, UsageError, wholeNumber } from "./usage.ts";

export const help = `eigenscope hinf [FILE] [options]

  The spectrum of H∞, the Gram matrix of an infinitely wide one-hidden-layer
  ReLU network on the rows of FILE (default: 1797 handwritten digits): with
  random neurons, and in closed form with a certificate.

  --features M,M,...       numbers of neurons (default: 1000,10000,100000)
  --seed S                 of the neurons: NumPy's RandomState(S) (default: 0)
  --exact-only             the closed form alone
  --no-normalize           rows as they are, not scaled to length 1
  --drop-last-column       leave out the last column, where labels often are
  --report out.html        write a report with plots, one file, readable offline
  --json                   print one JSON object
${ENGINE_HELP}`;

const OPTIONS = {
  ...ENGINE_OPTIONS,
  features: { type: "string", default: "1000,10000,100000" },
  seed: { type: "string", default: "0" },
  "exact-only": { type: "boolean" },
  "no-normalize": { type: "boolean" },
  "drop-last-column": { type: "boolean" },
  report: { type: "string" },
  json: { type: "boolean" },
} as const;

/** Bytes for each row that the factorization and Lanczos' vectors need at most. */
const WORKSPACE = 4096;

export async function run(args: string[], signal: AbortSignal): Promise<string> {
  const { values, file } = parse("hinf", args, OPTIONS, 1);
  const engine = engineOptions(values);
  const seed = wholeNumber("--seed", values.seed, 0, 2 ** 32 - 1);
  const features = values["exact-only"] ? [] : values.features.split(",").map((m) => wholeNumber("--features", m.trim(), 1, 1e9));
  if (values["drop-last-column"] && file === undefined) {
    throw new UsageError("hinf: --drop-last-column needs a FILE, the built-in digits have no labels");
  }
  if (values.report !== undefined) await checkOutput(values.report);

  let parsed = file === undefined ? await readDigits() : await readMatrix(file);
  if (values["drop-last-column"]) parsed = withoutLastColumn(parsed, file!);
  const normalized = !values["no-normalize"];
  const X = normalized ? normalizeRows(parsed.matrix) : parsed.matrix;
  const source = file ?? "digits";
  requireRoom(X.rows, source);

  const progress = new Progress(signal);
  const es = await createEngine(engine);
  let result;
  try {
    result = await compute(es, X, features, seed, progress);
  } finally {
    progress.clear();
    await es.close();
  }
  result.summary.data.source = source;
  result.summary.warnings.unshift(...parsed.warnings);
  if (values.report !== undefined) await writeOutput(values.report, hinfReport(result.summary, result.spectra, { normalized }));
  if (values.json) return `${JSON.stringify(result.summary)}\n`;
  return present(result.summary, result.spectra, normalized, values.report);
}

/** H∞ and its Cholesky factor, which the certificate needs, must fit in memory: said before anything is computed. */
function requireRoom(n: number, source: string): void {
  const bytes = (rows: number) => 16 * rows * rows + WORKSPACE * rows;
  if (bytes(n) <= MEMORY_LIMIT) return;
  const gib = (b: number) => (b / 2 ** 30).toFixed(2);
  let most = Math.floor(Math.sqrt(MEMORY_LIMIT / 16) / 100) * 100;
  while (bytes(most) > MEMORY_LIMIT) most -= 100;
  throw new OutOfMemoryError(
    `${source}: H∞ of ${n} rows and its factor take ${gib(bytes(n))} GiB, WebAssembly can address ${gib(MEMORY_LIMIT)} GiB: use at most ${most} rows`,
  );
}

async function compute(es: Engine, X: Matrix, features: number[], seed: number, progress: Progress): Promise<{ summary: HinfSummary; spectra: HinfSpectra }> {
  const n = X.rows;
  const exact = await timed(es.hinf.exact(X, progress.step("closed form")));
  const spectrum = await timed(es.linalg.eigvalsh(exact.value.matrix, progress.step("closed form: spectrum")));
  const certificate = await timed(es.hinf.lambdaMin(X, progress.step("closed form: certificate")));

  const gram = await es.linalg.eigvalsh(await es.linalg.gram(X, progress.step("data")), progress.step("data: spectrum"));
  const largest = gram[n - 1]!;

  const monteCarlo = [];
  const sampled = [];
  for (const m of features) {
    const name = neurons(m);
    const sample = await timed(es.hinf.monteCarlo(X, { features: m, seed, ...progress.step(name) }));
    const values = await timed(es.linalg.eigvalsh(sample.value.matrix, progress.step(`${name}: spectrum`)));
    const { upper } = await es.hinf.upperConfidence(X, sample.value, certificate.value.vector, progress.step(`${name}: limit`));
    sampled.push(values.value);
    monteCarlo.push({
      features: m,
      seed,
      lambdaMin: values.value[0]!,
      lambdaMax: values.value[n - 1]!,
      upperConfidence: upper,
      seconds: { matrix: sample.seconds, spectrum: values.seconds },
    });
  }

  const { version, runtime, variant, threads } = es.info;
  const { lambdaMin, lower, upper } = certificate.value;
  return {
    summary: {
      data: { rows: n, cols: X.cols, source: "" },
      engine: { version, runtime, variant, threads },
      // NumPy's rule for the rank of the Gram matrix
      gram: { lambdaMin: gram[0]!, lambdaMax: largest, rank: gram.filter((value) => value > n * Number.EPSILON * largest).length },
      exact: {
        lambdaMin,
        lambdaMax: spectrum.value[n - 1]!,
        lowerBound: lower,
        upperBound: upper,
        seconds: { matrix: exact.seconds, spectrum: spectrum.seconds, certificate: certificate.seconds },
      },
      monteCarlo,
      warnings: rowWarnings(exact.value, upper === 0),
    },
    spectra: { gram, exact: spectrum.value, monteCarlo: sampled },
  };
}

async function timed<T>(call: Promise<T>): Promise<{ value: T; seconds: number }> {
  const start = performance.now();
  const value = await call;
  return { value, seconds: (performance.now() - start) / 1000 };
}

/** The result for people, at most 80 columns wide. */
function present({ data, engine, gram, exact, monteCarlo, warnings }: HinfSummary, spectra: HinfSpectra, normalized: boolean, report?: string): string {
  const fact = (name: string, text: string) => wrap(`  ${dim(padEnd(name, 9))}`, text);
  const threads = `${engine.threads} ${engine.threads === 1 ? "thread" : "threads"}`;
  const [lambdaMax, lambdaMin] = [gram.lambdaMax, gram.lambdaMin].map((x) => aligned([x], 4)[0]!);

  const matrices = [...monteCarlo, exact];
  const smallest = aligned(matrices.map((m) => m.lambdaMin), 7);
  const largest = aligned(matrices.map((m) => m.lambdaMax), 7);
  const limit = (m: (typeof matrices)[number]) => ("features" in m && Number.isFinite(m.upperConfidence) ? `≤ ${bound(m.upperConfidence, 5, roundUp)}` : "");
  const rows = table([
    ["", "λ_min", ...(monteCarlo.length ? ["95 % limit"] : []), "λ_max", "matrix", "spectrum"].map(dim),
    ...matrices.map((m, k) => [
      "features" in m ? neurons(m.features) : "closed form",
      smallest[k]!,
      ...(monteCarlo.length ? [limit(m)] : []),
      largest[k]!,
      seconds(m.seconds.matrix),
      seconds(m.seconds.spectrum),
    ]),
  ]);
  rows[rows.length - 1] = bold(rows.at(-1)!);
  const digits = digitsFor(exact.lowerBound, exact.upperBound);
  const interval = `${bound(exact.lowerBound, digits, roundDown)} ≤ λ_min(H∞) ≤ ${bound(exact.upperBound, digits, roundUp)}`;

  const blocks = [
    [`  ${bold("The spectrum of H∞")}`],
    [
      ...fact("data", `${data.source}: ${grouped(data.rows)} × ${grouped(data.cols)}, ${normalized ? "each row scaled to length 1" : "rows as given"}`),
      ...fact("X·Xᵀ", `rank ${grouped(gram.rank)}, λ_max ${lambdaMax}, λ_min ${lambdaMin}${gram.rank < data.rows && gram.lambdaMin !== 0 ? " (0 but for round-off)" : ""}`),
      ...fact("engine", `eigenscope ${engine.version}, ${engine.runtime}, ${engine.variant}, ${threads}`),
    ],
    rows.map((row) => `  ${row}`),
    [`  ${bold(interval)}`, dim(`  proved for these rows in ${seconds(exact.seconds.certificate)}, every rounding counted`)],
    plot(spectra, monteCarlo),
    warnings.flatMap((warning) => wrap(`  ${yellow("!")} `, warning)),
    report === undefined ? [] : [`  ${dim("report")}   ${report}`],
  ];
  return `\n${blocks.filter((block) => block.length).map((block) => block.join("\n")).join("\n\n")}\n\n`;
}

const bound = (x: number, digits: number, round: typeof roundUp) => (x === 0 ? "0" : round(x, digits));

const neurons = (m: number) => `${grouped(m)} ${m === 1 ? "neuron" : "neurons"}`;

/** The data, the fewest neurons and the closed form; what is smaller than all of H∞ is cut off. */
function plot(spectra: HinfSpectra, monteCarlo: HinfSummary["monteCarlo"]): string[] {
  const descending = (values: ArrayLike<number>) => Float64Array.from(values).sort().reverse();
  const fewest = monteCarlo.reduce((best, m, k) => (m.features < (monteCarlo[best]?.features ?? Infinity) ? k : best), 0);
  const exact = descending(spectra.exact);
  const lines = [
    { label: "X·Xᵀ", values: descending(spectra.gram), paint: dim },
    ...(monteCarlo.length ? [{ label: neurons(monteCarlo[fewest]!.features), values: descending(spectra.monteCarlo[fewest]!), paint: blue }] : []),
    { label: "closed form", values: exact, paint: cyan },
  ];
  const shown = lines.slice(1).flatMap(({ values }) => [...values].filter((value) => value > 1e-12 * exact[0]!));
  if (shown.length === 0) return [];
  return sketch(lines, shown.reduce((a, b) => Math.min(a, b)) / 1.5);
}
