#!/usr/bin/env node
// `eigenscope <verb> [FILE] [options]`. A verb gives back what belongs on stdout, so that after an error
// stdout is empty; an error is one line on stderr with its code. Exit status: 0 done, 1 a run-time
// error, 2 wrong usage, 130 interrupted.

import { EigenscopeError } from "../errors.ts";
import { version } from "../version.ts";
import { UsageError } from "./usage.ts";

interface Verb {
  help: string;
  /** Does the work of the verb; gives the text for stdout. */
  run(args: string[], signal: AbortSignal): Promise<string>;
}

const VERBS: Record<string, () => Promise<Verb>> = {
  hinf: () => import("./hinf.ts"),
  eig: () => import("./eig.ts"),
  svd: () => import("./svd.ts"),
  kernel: () => import("./kernel.ts"),
  regress: () => import("./regress.ts"),
  weights: () => import("./weights.ts"),
  info: () => import("./info.ts"),
};

const HELP = `eigenscope ${version}: the spectrum of a neural network

  eigenscope hinf [FILE]   spectrum of H∞ of a one-hidden-layer ReLU network
  eigenscope eig FILE      eigenvalues of a symmetric matrix, all or some
  eigenscope svd FILE      singular values of a matrix, all or the largest
  eigenscope kernel FILE   a kernel matrix of rows, or its spectrum
  eigenscope regress       kernel regression, tried on rows it has not seen
  eigenscope weights MODEL spectra of a model's layers, a verdict on each
  eigenscope info          what this machine computes with

  --help after a verb tells its options, --json prints one JSON object.
  FILE: .npy, .npz, .idx, .csv (also tabs, semicolons, spaces), or gzipped.
  MODEL: .safetensors, .pt, .pth, .onnx, .npz, .npy, TensorFlow.js's model.json.
`;

async function main(args: string[], signal: AbortSignal): Promise<string> {
  const [name, ...rest] = args;
  if (name === "--help" || name === "-h" || name === "help") return HELP;
  if (name === "--version" || name === "-v") return `${version}\n`;
  const load = Object.hasOwn(VERBS, name ?? "") ? VERBS[name!] : undefined;
  if (!load) {
    const wrong = name === undefined ? "no verb" : name.startsWith("-") ? `${name} before the verb` : `unknown verb ${name}`;
    throw new UsageError(`${wrong}, expected hinf, eig, svd, kernel, regress, weights or info: see eigenscope --help`);
  }
  const verb = await load();
  const own = rest.indexOf("--");
  const asked = (own < 0 ? rest : rest.slice(0, own)).some((arg) => arg === "--help" || arg === "-h");
  return asked ? verb.help : verb.run(rest, signal);
}

/** One line for people, the exit status for programs. */
function report(error: unknown): number {
  let code = "ERR_INTERNAL";
  let message = error instanceof Error ? error.message : String(error);
  if (error instanceof EigenscopeError) code = error.code;
  else if (error instanceof RangeError && /allocation|array length/i.test(message)) {
    code = "ERR_MEMORY";
    message = `${message}: this machine has not enough memory for this input, use fewer rows`;
  }
  // file names and cells may hold anything
  const line = message.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, " ");
  process.stderr.write(`eigenscope: ${line} (${code})\n`);
  return error instanceof UsageError ? 2 : 1;
}

const interrupt = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  const status = name === "SIGINT" ? 130 : 143;
  process.on(name, () => {
    // the second time at once
    if (interrupt.signal.aborted) process.exit(status);
    process.exitCode = status;
    interrupt.abort();
  });
}
// a reader that has seen enough is no error
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

main(process.argv.slice(2), interrupt.signal).then(
  (text) => void process.stdout.write(text),
  (error) => {
    if (!interrupt.signal.aborted) process.exitCode = report(error);
  },
);
