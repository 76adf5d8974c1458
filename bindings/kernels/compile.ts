// A kernel's description, checked, as a program for its entries (assembly/kernel/program.ts).

import { OptionError } from "../errors.ts";
import { emitNetwork } from "../networks/emit.ts";
import type { Kernel, Sum } from "./descriptions.ts";
import { OP, Program } from "./instructions.ts";

/** Instructions of a program at most, and frames that it may need: far beyond what networks have, and no load on memory. */
const MOST_INSTRUCTIONS = 10_000;
const MOST_FRAMES = 32;

/** The program of a kernel over rows of d numbers. */
export function compile(fn: string, kernel: Kernel, d: number): Program {
  const program = new Program();
  emitKernel(fn, program, kernel, d, "kernel");
  const { size, frames } = program;
  if (size > MOST_INSTRUCTIONS) throw new OptionError(`${fn}: kernel has ${size} layers and terms, expected at most ${MOST_INSTRUCTIONS}`);
  if (frames > MOST_FRAMES) throw new OptionError(`${fn}: kernel is nested ${frames} deep, expected at most ${MOST_FRAMES}`);
  return program;
}

/** Leaves a frame with the kernel on the stack. `path` names it in messages. */
function emitKernel(fn: string, program: Program, kernel: Kernel, d: number, path: string): void {
  switch (kernel?.kind) {
    case "gaussian": return program.emit(OP.GAUSSIAN, -0.5 / positive(fn, `${path}.bandwidth`, kernel.bandwidth) ** 2);
    case "laplacian": return program.emit(OP.LAPLACIAN, -1 / positive(fn, `${path}.bandwidth`, kernel.bandwidth));
    case "arccos":
      finite(fn, `${path}.bias`, kernel.bias);
      program.emit(OP.STATE, 1, 0);
      program.emit(OP.DENSE, program.stage(), 1, kernel.bias ** 2, 0, 0, 0);
      return program.emit(OP.RECTIFIER, program.stage(), program.stage(), 0, 1, 2);
    case "hinf":
      program.emit(OP.STATE, 1, 1);
      program.emit(OP.RECTIFIER, program.stage(), program.stage(), 0, 1, 1);
      return program.emit(OP.THETA);
    case "nngp": return emitNetwork(fn, program, kernel.network, d);
    case "ntk":
      emitNetwork(fn, program, kernel.network, d);
      return program.emit(OP.THETA);
    case "sum": return emitSum(fn, program, kernel, d, path);
    case "product":
      return listOf(fn, `${path}.factors`, kernel.factors).forEach((factor, i) => {
        emitKernel(fn, program, factor, d, `${path}.factors[${i}]`);
        if (i > 0) program.emit(OP.MULTIPLY);
      });
    default:
      throw new OptionError(`${fn}: ${path}.kind is ${String((kernel as { kind?: unknown } | undefined)?.kind)}, expected one of ${KINDS.join(", ")}`);
  }
}

function emitSum(fn: string, program: Program, { terms, weights }: Sum, d: number, path: string): void {
  listOf(fn, `${path}.terms`, terms);
  if (weights !== undefined && listOf(fn, `${path}.weights`, weights).length !== terms.length) {
    throw new OptionError(`${fn}: ${path}.weights has ${weights.length} numbers, expected one for each of the ${terms.length} terms`);
  }
  terms.forEach((term, i) => {
    emitKernel(fn, program, term, d, `${path}.terms[${i}]`);
    const weight = finite(fn, `${path}.weights[${i}]`, weights?.[i] ?? 1);
    if (i > 0) program.emit(OP.ADD, weight);
    else if (weight !== 1) program.emit(OP.SCALE, weight);
  });
}

const KINDS: Kernel["kind"][] = [
  "gaussian", "laplacian", "dispersal", "cauchy", "matern", "polynomial", "arccos", "nngp", "ntk", "hinf", "sum", "product",
];

function positive(fn: string, what: string, value: unknown): number {
  if (typeof value === "number" && value > 0 && value < Infinity) return value;
  throw new OptionError(`${fn}: ${what} is ${String(value)}, expected a number above 0`);
}

function finite(fn: string, what: string, value: unknown): number {
  if (Number.isFinite(value)) return value as number;
  throw new OptionError(`${fn}: ${what} is ${String(value)}, expected a finite number`);
}

function listOf<T>(fn: string, what: string, value: T[]): T[] {
  if (Array.isArray(value) && value.length > 0) return value;
  throw new OptionError(`${fn}: ${what} is ${Array.isArray(value) ? "empty" : String(value)}, expected an array`);
}
