// eigenscope svd: singular values of a matrix, all or the largest.

import { createEngine, type Engine } from "../engine.ts";
import type { Matrix } from "../linalg/matrix.ts";
import type { CallOptions } from "../options.ts";
import { checkOutput, readMatrix, writeMatrix } from "./files.ts";
import { Progress } from "./output.ts";
import { present } from "./spectrum.ts";
import { choice, ENGINE_HELP, ENGINE_OPTIONS, engineOptions, parse, UsageError, wholeNumber } from "./usage.ts";

export const help = `eigenscope svd FILE [options]

  Singular values of a matrix, descending, one a line: all of them, or

  --k K                    the K largest; with --method auto by Lanczos

  --method M               auto (default), golub-kahan, randomized, or jacobi,
                           which gets tiny values of scaled columns right
  --oversampling P         columns beyond K of a randomized method (default: 10)
  --power-iterations Q     of a randomized method (default: 2)
  --seed S                 of a randomized method or of Lanczos (default: 0)
  --u out.npy              write the left singular vectors, one a column
  --vt out.npy             write the right singular vectors, one a row
  --report out.html        write a report with plots, one file, readable offline
  --json                   { rows, cols, values, residuals?, info }
${ENGINE_HELP}`;

const OPTIONS = {
  ...ENGINE_OPTIONS,
  k: { type: "string" },
  method: { type: "string", default: "auto" },
  oversampling: { type: "string" },
  "power-iterations": { type: "string" },
  seed: { type: "string" },
  u: { type: "string" },
  vt: { type: "string" },
  report: { type: "string" },
  json: { type: "boolean" },
} as const;

const METHODS = ["auto", "golub-kahan", "jacobi", "randomized"] as const;

interface Found {
  s: Float64Array;
  u?: Matrix;
  vt?: Matrix;
  residuals?: Float64Array;
  info: { method: string; converged: boolean };
}

export async function run(args: string[], signal: AbortSignal): Promise<string> {
  const { values: given, file } = parse("svd", args, OPTIONS, 1);
  if (file === undefined) throw new UsageError("svd: no FILE, expected a matrix: see eigenscope svd --help");
  const engine = engineOptions(given);
  const method = choice("--method", given.method, METHODS);
  const k = given.k === undefined ? undefined : wholeNumber("--k", given.k, 1, 2 ** 31 - 1);
  const seed = wholeNumber("--seed", given.seed ?? "0", 0, 2 ** 32 - 1);
  const oversampling = wholeNumber("--oversampling", given.oversampling ?? "10", 0, 1e6);
  const powerIterations = wholeNumber("--power-iterations", given["power-iterations"] ?? "2", 0, 1e3);
  if (method === "randomized" && k === undefined) throw new UsageError("svd: --method randomized needs --k, the number of singular values");
  for (const option of ["oversampling", "power-iterations"] as const) {
    if (given[option] !== undefined && method !== "randomized") throw new UsageError(`svd: --${option} is for --method randomized`);
  }
  if (given.seed !== undefined && !(method === "randomized" || (method === "auto" && k !== undefined))) {
    throw new UsageError("svd: --seed is for --method randomized, or --k with --method auto");
  }
  for (const path of [given.u, given.vt, given.report]) if (path !== undefined) await checkOutput(path);
  const { matrix: A, warnings } = await readMatrix(file);

  const progress = new Progress(signal);
  const es = await createEngine(engine);
  try {
    const start = performance.now();
    const wantVectors = given.u !== undefined || given.vt !== undefined;
    let found: Found;
    if (method === "randomized") {
      found = await es.linalg.randomizedSvd(A, { rank: k!, oversampling, powerIterations, seed, ...progress.step("range") }) as Found;
    } else if (method === "auto" && k !== undefined) {
      found = await es.linalg.svds(A, { k, seed, ...progress.step(`${k} singular values`) });
    } else {
      found = first(await dense(es, A, wantVectors, method, progress.step("singular values")), k);
    }
    const seconds = (performance.now() - start) / 1000;
    progress.clear();
    const { s: values, u, vt, residuals, info } = found;
    const part = k === undefined ? undefined : `the ${k} largest`;
    if (given.u !== undefined) await writeMatrix(given.u, u!);
    if (given.vt !== undefined) await writeMatrix(given.vt, vt!);
    const data = { rows: A.rows, cols: A.cols, source: file };
    return await present({ kind: "singular values", data, values, part, residuals, info, seconds, warnings }, es, given);
  } finally {
    progress.clear();
    await es.close();
  }
}

/** By a factorization of the whole matrix. */
async function dense(es: Engine, A: Matrix, wantVectors: boolean, method: "auto" | "golub-kahan" | "jacobi", call: CallOptions): Promise<Found> {
  if (wantVectors) return await es.linalg.svd(A, { method, ...call }) as Found;
  const s = await es.linalg.svdvals(A, { method, ...call });
  return { s, info: { converged: true, method: method === "auto" ? "golub-kahan" : method } };
}

/** The k largest of all. */
function first({ s, u, vt, info }: Found, k = s.length): Found {
  const count = s.length;
  if (k > count) throw new UsageError(`--k: ${k}, there are ${count} singular values`);
  const columns = u && {
    data: Float64Array.from({ length: u.rows * k }, (_, e) => u.data[Math.floor(e / k) * u.cols + (e % k)]!),
    rows: u.rows,
    cols: k,
  };
  return { s: s.subarray(0, k), u: columns, vt: vt && { data: vt.data.slice(0, k * vt.cols), rows: k, cols: vt.cols }, info };
}
