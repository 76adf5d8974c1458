// eigenscope regress: kernel regression, fitted to labelled rows and tried on others.

import { createEngine } from "../engine.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { argmax, classificationErrors, oneHot } from "../io/index.ts";
import type { Matrix } from "../linalg/matrix.ts";
import { normalizeRows } from "../linalg/rows.ts";
import { grouped } from "../plot/numbers.ts";
import type { FitOptions } from "../regression/fit.ts";
import { checkOutput, readMatrix, requireColumns, writeMatrix } from "./files.ts";
import { accuracyOf, KERNEL_HELP, KERNEL_OPTIONS, kernelFrom } from "./kernelOptions.ts";
import { bold, dim, padEnd, Progress, seconds, wrap, yellow } from "./output.ts";
import { choice, decimal, ENGINE_HELP, ENGINE_OPTIONS, engineOptions, parse, UsageError, wholeNumber } from "./usage.ts";

export const help = `eigenscope regress --train X --labels Y --test X2 --kernel K [options]

  Kernel regression: f(x) = Σⱼ k(x, xⱼ)·αⱼ, fitted to the rows of X and tried on
  those of X2. Labels are targets, one row for each row of X, or one column of
  whole numbers from 0: classes, which are one-hot encoded. Errors count rows
  whose largest output (the first of equal ones) is not that of their label.

  --test-labels Y2         tell the mean squared error and the errors on X2
  --predictions out.npy    write f(x) for the rows of X2 (.npy, .csv)

  --method M               solve (default): (K + λI)·α = Y by factorization;
                           cg: by conjugate gradients; eigenpro: EigenPro 2
  --ridge λ                of solve and cg (default: 0)
  --epochs N               of eigenpro (default: 150)

${KERNEL_HELP}
  --normalize              scale each row to length 1 (default: as it is)
  --json                   { train: { mse, errors },
                             test: { mse, errors, count }, seconds, info }
${ENGINE_HELP}`;

const OPTIONS = {
  ...ENGINE_OPTIONS,
  ...KERNEL_OPTIONS,
  train: { type: "string" },
  labels: { type: "string" },
  test: { type: "string" },
  "test-labels": { type: "string" },
  predictions: { type: "string" },
  method: { type: "string", default: "solve" },
  ridge: { type: "string" },
  epochs: { type: "string" },
  normalize: { type: "boolean" },
  json: { type: "boolean" },
} as const;

const METHODS = ["solve", "eigenpro", "cg"] as const;

/** Mean squared error, and how many rows have their largest output elsewhere; of one output there are no such errors. */
interface Score {
  mse: number;
  errors?: number;
}

interface Summary {
  train: Score;
  test: Partial<Score> & { count: number };
  seconds: number;
  info: { method: string; iterations?: number; condition?: number; warnings: string[] };
}

export async function run(args: string[], signal: AbortSignal): Promise<string> {
  const { values: given } = parse("regress", args, OPTIONS, 0);
  for (const option of ["train", "labels", "test"] as const) {
    if (given[option] === undefined) throw new UsageError(`regress: no --${option}: see eigenscope regress --help`);
  }
  const engine = engineOptions(given);
  const kernel = kernelFrom("regress", given);
  const method = choice("--method", given.method, METHODS);
  if (given.ridge !== undefined && method === "eigenpro") throw new UsageError("regress: --ridge is for --method solve or cg");
  if (given.epochs !== undefined && method !== "eigenpro") throw new UsageError("regress: --epochs is for --method eigenpro");
  const ridge = given.ridge === undefined ? undefined : decimal("--ridge", given.ridge);
  if (ridge !== undefined && ridge < 0) throw new UsageError(`--ridge: ${given.ridge}, expected a number from 0 on`);
  const epochs = given.epochs === undefined ? undefined : wholeNumber("--epochs", given.epochs, 1, 1e6);
  if (given.predictions !== undefined) await checkOutput(given.predictions);

  const warnings: string[] = [];
  const read = async (path: string) => {
    const parsed = await readMatrix(path);
    warnings.push(...parsed.warnings);
    return parsed.matrix;
  };
  const rowsOf = async (path: string) => (given.normalize ? normalizeRows(await read(path)) : read(path));
  const [X, labels, X2] = [await rowsOf(given.train!), await read(given.labels!), await rowsOf(given.test!)];
  requireRows(given.labels!, labels, given.train!, X);
  requireColumns(given.test!, X2, given.train!, X);
  const classes = areClasses(labels);
  const Y = classes ? encode(given.labels!, labels) : labels;
  let Y2: Matrix | undefined;
  if (given["test-labels"] !== undefined) {
    const path = given["test-labels"];
    const tested = await read(path);
    requireRows(path, tested, given.test!, X2);
    // one of the two may hold classes and the other their targets
    Y2 = tested.cols === 1 && (classes || Y.cols > 1) ? encode(path, tested, Y.cols) : tested;
    if (Y2.cols !== Y.cols) throw new ShapeError(`${path}: has ${Y2.cols} columns, expected ${Y.cols} targets${classes ? " or one of classes" : ""}`);
  }

  const progress = new Progress(signal);
  const es = await createEngine(engine);
  try {
    const { errorBound, note } = await accuracyOf(es, kernel, X);
    const start = performance.now();
    const options = { method, ...(ridge !== undefined && { ridge }), ...(epochs !== undefined && { epochs }) } as FitOptions;
    const model = await es.regression.fit(kernel, X, Y, { ...options, ...progress.step("fit") });
    const train = score(await model.predict(X, progress.step("training error")), Y);
    const F2 = await model.predict(X2, progress.step("predictions"));
    const took = (performance.now() - start) / 1000;
    progress.clear();
    const test = { ...(Y2 && score(F2, Y2)), count: X2.rows };
    if (given.predictions !== undefined) await writeMatrix(given.predictions, F2);
    const { converged, diverged } = model.info as { converged: boolean; diverged?: boolean };
    // that many epochs are what was asked of eigenpro
    if (diverged || (method === "cg" && !converged)) warnings.push(`${method} has ${diverged ? "diverged" : "not converged"}`);
    const { variant, threads } = es.info;
    const summary = { train, test, seconds: took, info: { ...model.info, ...(errorBound && { errorBound }), variant, threads, warnings } };
    if (!given.json) return present(summary, X, [kernel.kind, ...(note ? [note] : [])], method);
    return `${JSON.stringify(summary, (_, value: unknown) => (ArrayBuffer.isView(value) ? [...(value as Float64Array)] : value))}\n`;
  } finally {
    progress.clear();
    await es.close();
  }
}

function requireRows(path: string, Y: Matrix, of: string, X: Matrix): void {
  if (Y.rows !== X.rows) throw new ShapeError(`${path}: has ${Y.rows} rows, ${of} has ${X.rows}: expected one for each`);
}

/** Whether labels are one column of whole numbers from 0. */
const areClasses = ({ data, cols }: Matrix) => cols === 1 && data.every((label) => Number.isInteger(label) && label >= 0);

/** oneHot, whose errors are the file's. */
function encode(path: string, labels: Matrix, classes?: number): Matrix {
  try {
    return oneHot(labels, classes);
  } catch (error) {
    throw error instanceof OptionError ? new OptionError(error.message.replace("oneHot", path).replace(/;.*/, "")) : error;
  }
}

function score(F: Matrix, Y: Matrix): Score {
  let squares = 0;
  for (let e = 0; e < Y.data.length; e++) squares += (F.data[e]! - Y.data[e]!) ** 2;
  return { mse: squares / Y.data.length, ...(Y.cols > 1 && { errors: classificationErrors(F, argmax(Y)) }) };
}

/** What a method that iterates took, or what the factorization says of the problem. */
const effort = ({ method, iterations, condition }: Summary["info"]) => {
  if (condition !== undefined) return [`condition ${condition.toExponential(0)}`];
  return [`${grouped(iterations!)} ${method === "eigenpro" ? "epoch" : "iteration"}${iterations === 1 ? "" : "s"}`];
};

/** The result for people. */
function present(summary: Summary, X: Matrix, kernel: string[], method: string): string {
  const { train, test, info } = summary;
  const of = ({ mse, errors }: Partial<Score>, rows: number) => [
    ...(mse === undefined ? [] : [`mean squared error ${mse.toPrecision(6)}`]),
    ...(errors === undefined ? [] : [`${grouped(errors)} errors (${((100 * errors) / rows).toFixed(2)} %)`]),
  ];
  const line = (name: string, parts: string[]) => `  ${dim(padEnd(name, 8))}${parts.join(", ")}`;
  return [
    "",
    `  ${bold("Kernel regression")}`,
    "",
    line("kernel", kernel),
    line("method", [method, ...effort(info), seconds(summary.seconds)]),
    line("train", [`${grouped(X.rows)} rows`, ...of(train, X.rows)]),
    line("test", [`${grouped(test.count)} rows`, ...of(test, test.count)]),
    ...info.warnings.flatMap((warning) => wrap(`  ${yellow("!")} `, warning)),
    "",
    "",
  ].join("\n");
}
