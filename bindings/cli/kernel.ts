// eigenscope kernel: the kernel matrix of the rows of a file, or its spectrum.

import { createEngine } from "../engine.ts";
import { normalizeRows } from "../linalg/rows.ts";
import { grouped } from "../plot/numbers.ts";
import { checkOutput, readMatrix, requireColumns, withoutLastColumn, writeMatrix } from "./files.ts";
import { accuracyOf, KERNEL_HELP, KERNEL_OPTIONS, kernelFrom } from "./kernelOptions.ts";
import { bold, Progress, seconds } from "./output.ts";
import { present } from "./spectrum.ts";
import { ENGINE_HELP, ENGINE_OPTIONS, engineOptions, parse, UsageError, wholeNumber } from "./usage.ts";

export const help = `eigenscope kernel FILE --kernel K [options]

  The kernel matrix of the rows of FILE, written to a file, or its eigenvalues.

  --out K.npy              write the matrix (.npy, .csv): k(xᵢ, xⱼ) for the rows
                           of FILE, or
  --with Z.npy             k(xᵢ, zⱼ), one row for each row of FILE
  --spectrum               print its eigenvalues, ascending, one a line: all, or
  --k K                    the K largest, by Lanczos, with residuals, without
                           forming the matrix

${KERNEL_HELP}
  --normalize              scale each row to length 1 (default: as it is)
  --drop-last-column       leave out the last column, where labels often are
  --report out.html        with --spectrum: a report, one file, readable offline
  --json                   { n, values, residuals?, info }, with --out
                           { rows, cols, seconds, info }
${ENGINE_HELP}`;

const OPTIONS = {
  ...ENGINE_OPTIONS,
  ...KERNEL_OPTIONS,
  with: { type: "string" },
  out: { type: "string" },
  spectrum: { type: "boolean" },
  k: { type: "string" },
  normalize: { type: "boolean" },
  "drop-last-column": { type: "boolean" },
  report: { type: "string" },
  json: { type: "boolean" },
} as const;

export async function run(args: string[], signal: AbortSignal): Promise<string> {
  const { values: given, file } = parse("kernel", args, OPTIONS, 1);
  if (file === undefined) throw new UsageError("kernel: no FILE, expected one with a sample in each row: see eigenscope kernel --help");
  const engine = engineOptions(given);
  const kernel = kernelFrom("kernel", given);
  const { out, spectrum } = given;
  if ((out === undefined) === !spectrum) throw new UsageError("kernel: expected --out K.npy or --spectrum, one of them");
  if (given.with !== undefined && spectrum) throw new UsageError("kernel: --with is for --out, only K(X, X) has a spectrum");
  for (const option of ["k", "report"] as const) {
    if (given[option] !== undefined && !spectrum) throw new UsageError(`kernel: --${option} needs --spectrum`);
  }
  const k = given.k === undefined ? undefined : wholeNumber("--k", given.k, 1, 2 ** 31 - 1);
  for (const path of [out, given.report]) if (path !== undefined) await checkOutput(path);
  const read = async (path: string) => {
    const parsed = await readMatrix(path);
    const { matrix, warnings } = given["drop-last-column"] ? withoutLastColumn(parsed, path) : parsed;
    return { matrix: given.normalize ? normalizeRows(matrix) : matrix, warnings };
  };
  const { matrix: X, warnings } = await read(file);
  const Z = given.with === undefined ? undefined : await read(given.with);
  if (Z) requireColumns(given.with!, Z.matrix, file, X);

  const progress = new Progress(signal);
  const es = await createEngine(engine);
  try {
    warnings.push(...(Z?.warnings ?? []));
    const { errorBound, note } = await accuracyOf(es, kernel, X);
    const start = performance.now();
    const elapsed = () => (performance.now() - start) / 1000;
    const name = `kernel matrix (${kernel.kind})`;
    if (spectrum) {
      const data = { rows: X.rows, cols: X.rows, source: `the ${name} of ${file}` };
      let found;
      if (k === undefined) {
        const K = await es.kernels.matrix(kernel, X, undefined, progress.step(name));
        const values = await es.linalg.eigvalsh(K, progress.step("eigenvalues"));
        found = { values, info: { method: "tridiagonal", converged: true } };
      } else {
        found = await es.linalg.eigsh(es.kernels.operator(kernel, X), { k, ...progress.step(`${k} eigenvalues`) });
      }
      progress.clear();
      const part = k === undefined ? undefined : `the ${k} largest`;
      const info = { ...found.info, ...(errorBound && { errorBound }) };
      if (note && !given.json) warnings.push(note);
      return await present({ ...found, info, kind: "eigenvalues", data, part, seconds: elapsed(), warnings }, es, given);
    }
    const K = await es.kernels.matrix(kernel, X, Z?.matrix, progress.step(name));
    const took = elapsed();
    progress.clear();
    await writeMatrix(out!, K);
    const { rows, cols } = K;
    if (given.json) {
      const { variant, threads } = es.info;
      return `${JSON.stringify({ rows, cols, seconds: took, info: { variant, threads, ...(errorBound && { errorBound }), warnings } })}\n`;
    }
    const notes = [...warnings, ...(note ? [note] : []), `${out}: the ${grouped(rows)} × ${grouped(cols)} ${name} of ${file}, in ${seconds(took)}`];
    return bold(notes.map((line) => `# ${line}\n`).join(""));
  } finally {
    progress.clear();
    await es.close();
  }
}
