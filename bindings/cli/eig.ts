// eigenscope eig: the eigenvalues of a symmetric matrix.

import { createEngine } from "../engine.ts";
import { formatNpy } from "../io/index.ts";
import { checkOutput, readMatrix, writeOutput } from "./files.ts";
import { bold, Progress } from "./output.ts";
import { ENGINE_HELP, ENGINE_OPTIONS, engineOptions, parse, UsageError } from "./usage.ts";

export const help = `eigenscope eig FILE [options]

  All eigenvalues of a symmetric matrix, ascending, one a line.

  --vectors out.npy        write the eigenvectors, one a column, in that order
  --json                   { n, values, info }
${ENGINE_HELP}`;

export async function run(args: string[], signal: AbortSignal): Promise<string> {
  const { values: given, file } = parse("eig", args, { ...ENGINE_OPTIONS, vectors: { type: "string" }, json: { type: "boolean" } }, 1);
  if (file === undefined) throw new UsageError("eig: no FILE, expected a symmetric matrix: see eigenscope eig --help");
  const engine = engineOptions(given);
  if (given.vectors !== undefined) await checkOutput(given.vectors);
  const { matrix: A, warnings } = await readMatrix(file);

  const progress = new Progress(signal);
  const es = await createEngine(engine);
  try {
    let values: Float64Array | Float32Array;
    let info = {};
    if (given.vectors === undefined) {
      values = await es.linalg.eigvalsh(A, progress.step("eigenvalues"));
    } else {
      const result = await es.linalg.eigh(A, progress.step("eigenvalues and vectors"));
      await writeOutput(given.vectors, formatNpy(result.vectors));
      ({ values, info } = result);
    }
    progress.clear();
    const { variant, threads } = es.info;
    if (given.json) return `${JSON.stringify({ n: A.rows, values: [...values], info: { ...info, variant, threads, warnings } })}\n`;
    const notes = [...warnings, `${A.rows} eigenvalues of ${file}, ascending`].map((line) => `# ${line}\n`);
    return bold(notes.join("")) + values.join("\n") + "\n";
  } finally {
    progress.clear();
    await es.close();
  }
}
