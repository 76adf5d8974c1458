// eigenscope eig: eigenvalues of a symmetric matrix, all or some.

import { createEngine, type Engine } from "../engine.ts";
import type { Matrix } from "../linalg/matrix.ts";
import type { CallOptions } from "../options.ts";
import { checkOutput, readMatrix, writeMatrix } from "./files.ts";
import { Progress } from "./output.ts";
import { present } from "./spectrum.ts";
import { choice, ENGINE_HELP, ENGINE_OPTIONS, engineOptions, parse, UsageError, wholeNumber } from "./usage.ts";

export const help = `eigenscope eig FILE [options]

  Eigenvalues of a symmetric matrix, ascending, one a line: all of them, or

  --k K                    K at an end, by Lanczos, with residuals
  --which W                largest (default), smallest, both or magnitude
  --subset a:b             those with indices a to b − 1 of the ascending order,
                           from 0; a or b may be left out, or count from the end

  --method M               auto (default), tridiagonal, lanczos, or jacobi,
                           which gets tiny eigenvalues of graded matrices right
  --seed S                 of the start of Lanczos (default: 0)
  --vectors out.npy        write the eigenvectors, one a column (.npy, .csv)
  --report out.html        write a report with plots, one file, readable offline
  --json                   { n, values, residuals?, info }
${ENGINE_HELP}`;

const OPTIONS = {
  ...ENGINE_OPTIONS,
  k: { type: "string" },
  which: { type: "string" },
  subset: { type: "string" },
  method: { type: "string", default: "auto" },
  seed: { type: "string" },
  vectors: { type: "string" },
  report: { type: "string" },
  json: { type: "boolean" },
} as const;

const METHODS = ["auto", "tridiagonal", "jacobi", "lanczos"] as const;
const ENDS = ["largest", "smallest", "both", "magnitude"] as const;
const PARTS = { largest: "largest", smallest: "smallest", both: "outermost", magnitude: "largest in magnitude" };

interface Found {
  values: Float64Array;
  vectors?: Matrix;
  residuals?: Float64Array;
  info: { method: string; converged: boolean };
}

export async function run(args: string[], signal: AbortSignal): Promise<string> {
  const { values: given, file } = parse("eig", args, OPTIONS, 1);
  if (file === undefined) throw new UsageError("eig: no FILE, expected a symmetric matrix: see eigenscope eig --help");
  const engine = engineOptions(given);
  const method = choice("--method", given.method, METHODS);
  const which = choice("--which", given.which ?? "largest", ENDS);
  const k = given.k === undefined ? undefined : wholeNumber("--k", given.k, 1, 2 ** 31 - 1);
  const seed = wholeNumber("--seed", given.seed ?? "0", 0, 2 ** 32 - 1);
  const lanczos = k !== undefined;
  if (method === "lanczos" && !lanczos) throw new UsageError("eig: --method lanczos needs --k, the number of eigenvalues");
  if (lanczos && method !== "auto" && method !== "lanczos") throw new UsageError(`eig: --k is for --method lanczos, --method ${method} takes --subset`);
  if (lanczos && given.subset !== undefined) throw new UsageError("eig: --k and --subset exclude each other");
  for (const option of ["which", "seed"] as const) {
    if (!lanczos && given[option] !== undefined) throw new UsageError(`eig: --${option} needs --k, the number of eigenvalues`);
  }
  for (const path of [given.vectors, given.report]) if (path !== undefined) await checkOutput(path);
  const { matrix: A, warnings } = await readMatrix(file);
  const subset = given.subset === undefined ? undefined : { index: indices(given.subset, A.rows) };

  const progress = new Progress(signal);
  const es = await createEngine(engine);
  try {
    const start = performance.now();
    let found: Found;
    if (lanczos) {
      found = await es.linalg.eigsh(A, { k, which, seed, ...progress.step(`${k} eigenvalues`) });
    } else {
      const options = { method: method as Exclude<typeof method, "lanczos">, ...(subset && { subset }) };
      found = await dense(es, A, given.vectors !== undefined, options, progress.step("eigenvalues"));
    }
    const seconds = (performance.now() - start) / 1000;
    progress.clear();
    const { values, vectors, residuals, info } = found;
    const part = lanczos ? `the ${k} ${PARTS[which]}` : subset ? `indices ${subset.index[0]} to ${subset.index[1] - 1}` : undefined;
    if (given.vectors !== undefined) await writeMatrix(given.vectors, vectors!);
    const data = { rows: A.rows, cols: A.cols, source: file };
    return await present({ kind: "eigenvalues", data, values, part, residuals, info, seconds, warnings }, es, given);
  } finally {
    progress.clear();
    await es.close();
  }
}

type DenseOptions = { method: "auto" | "tridiagonal" | "jacobi"; subset?: { index: [number, number] } };

/** By a factorization of the whole matrix. */
async function dense(es: Engine, A: Matrix, wantVectors: boolean, options: DenseOptions, call: CallOptions): Promise<Found> {
  if (wantVectors) return await es.linalg.eigh(A, { ...options, ...call }) as Found;
  const values = await es.linalg.eigvalsh(A, { ...options, ...call });
  return { values, info: { converged: true, method: options.method === "auto" ? "tridiagonal" : options.method } };
}

/** `a:b` as half-open indices of n. */
function indices(text: string, n: number): [number, number] {
  const parts = /^(-?\d{1,15})?:(-?\d{1,15})?$/.exec(text);
  if (!parts) throw new UsageError(`--subset: ${JSON.stringify(text)}, expected two indices as in 0:10, -10: or :100`);
  const index = (part: string | undefined, missing: number) => (part === undefined ? missing : part.startsWith("-") ? n + Number(part) : Number(part));
  const [from, to] = [index(parts[1], 0), index(parts[2], n)];
  if (!(from >= 0 && from < to && to <= n)) throw new UsageError(`--subset: ${text} is ${from}:${to} of ${n} eigenvalues, expected 0 ≤ a < b ≤ ${n}`);
  return [from, to];
}
