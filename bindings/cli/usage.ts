// Reading the command line; whatever is wrong with it is a UsageError, exit status 2.

import { parseArgs, type ParseArgsConfig } from "node:util";
import { EigenscopeError } from "../errors.ts";

export class UsageError extends EigenscopeError {
  constructor(message: string) { super(message, "ERR_USAGE"); }
}

/** What createEngine takes, on every verb. */
export const ENGINE_OPTIONS = { threads: { type: "string" }, reproducible: { type: "boolean" } } as const;
export const ENGINE_HELP = `  --threads N              threads to compute with (default: one per core)
  --reproducible           the same bits on every machine, slower
`;

type Options = NonNullable<ParseArgsConfig["options"]>;
interface Parsed<T extends Options> {
  values: ReturnType<typeof parseArgs<{ options: T; allowPositionals: true; strict: true }>>["values"];
  /** The first of `files`. */
  file: string | undefined;
  files: string[];
}

/** The options of a verb, and its FILEs, of which it takes at most so many. */
export function parse<T extends Options>(verb: string, args: string[], options: T, files: number): Parsed<T> {
  let parsed;
  try {
    parsed = parseArgs({ args: joinNumbers(args, options), options, allowPositionals: true, strict: true });
  } catch (error) {
    // Node's messages go on with advice after the first sentence
    const [first] = (error as Error).message.split(/\.\s|\n/, 1);
    throw new UsageError(`${verb}: ${first!.replace(/\.$/, "")}: see eigenscope ${verb} --help`);
  }
  const { values, positionals } = parsed;
  const empty = Object.keys(values).find((name) => values[name as keyof typeof values] === "");
  // as of a variable of the shell that is not set
  if (empty !== undefined) throw new UsageError(`--${empty}: is empty, expected a value`);
  if (positionals.includes("")) throw new UsageError(`${verb}: the name of a file is empty`);
  if (positionals.length > files) {
    throw new UsageError(`${verb}: ${positionals[files]} is one argument too many: see eigenscope ${verb} --help`);
  }
  return { values, file: positionals[0], files: positionals };
}

/** `--offset -1` as `--offset=-1`: parseArgs takes a value that starts with a dash for an option. */
function joinNumbers(args: string[], options: Options): string[] {
  const joined: string[] = [];
  for (const [i, arg] of args.entries()) {
    if (arg === "--") return [...joined, ...args.slice(i)];
    const before = joined.at(-1);
    const takes = before?.startsWith("--") && Object.hasOwn(options, before.slice(2)) && options[before.slice(2)]!.type === "string";
    if (takes && /^-[\d.]/.test(arg)) joined[joined.length - 1] = `${before}=${arg}`;
    else joined.push(arg);
  }
  return joined;
}

/** A whole number from the command line. */
export function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (!(value >= least && value <= most)) throw new UsageError(`${option}: ${JSON.stringify(text)}, expected a whole number from ${least} to ${most}`);
  return value;
}

/** A number from the command line, finite. */
export function decimal(option: string, text: string): number {
  const value = text.trim() === "" ? NaN : Number(text);
  if (!Number.isFinite(value)) throw new UsageError(`${option}: ${JSON.stringify(text)}, expected a number`);
  return value;
}

/** One of some words from the command line. */
export function choice<T extends string>(option: string, text: string, words: readonly T[]): T {
  if ((words as readonly string[]).includes(text)) return text as T;
  throw new UsageError(`${option}: ${JSON.stringify(text)}, expected ${words.slice(0, -1).join(", ")} or ${words.at(-1)}`);
}

export function engineOptions(values: { threads?: string; reproducible?: boolean }) {
  return {
    threads: values.threads === undefined ? ("auto" as const) : wholeNumber("--threads", values.threads, 1, 64),
    reproducible: values.reproducible ?? false,
  };
}
