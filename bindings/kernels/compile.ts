// A kernel's description, checked, as a program for its entries (assembly/kernel/program.ts).

import { OptionError } from "../errors.ts";
import { emitNetwork } from "../networks/emit.ts";
import type { Kernel } from "./descriptions.ts";
import { OP, Program } from "./instructions.ts";

/** The program of a kernel over rows of d numbers. */
export function compile(fn: string, kernel: Kernel, d: number): Program {
  const program = new Program();
  emitKernel(fn, program, kernel, d, "kernel");
  return program;
}

/** Leaves a frame with the kernel on the stack. `path` names it in messages. */
function emitKernel(fn: string, program: Program, kernel: Kernel, d: number, path: string): void {
  switch (kernel?.kind) {
    case "gaussian": return program.emit(OP.GAUSSIAN, -0.5 / positive(fn, `${path}.bandwidth`, kernel.bandwidth) ** 2);
    case "laplacian": return program.emit(OP.LAPLACIAN, -1 / positive(fn, `${path}.bandwidth`, kernel.bandwidth));
    case "arccos":
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
    case "sum":
      return kernel.terms.forEach((term, i) => {
        emitKernel(fn, program, term, d, `${path}.terms[${i}]`);
        const weight = kernel.weights?.[i] ?? 1;
        if (i > 0) program.emit(OP.ADD, weight);
        else if (weight !== 1) program.emit(OP.SCALE, weight);
      });
    case "product":
      return kernel.factors.forEach((factor, i) => {
        emitKernel(fn, program, factor, d, `${path}.factors[${i}]`);
        if (i > 0) program.emit(OP.MULTIPLY);
      });
    default:
      throw new OptionError(`${fn}: ${path}.kind is ${String((kernel as { kind?: unknown } | undefined)?.kind)}, expected one of ${KINDS.join(", ")}`);
  }
}

const KINDS: Kernel["kind"][] = [
  "gaussian", "laplacian", "dispersal", "cauchy", "matern", "polynomial", "arccos", "nngp", "ntk", "hinf", "sum", "product",
];

function positive(fn: string, what: string, value: unknown): number {
  if (typeof value === "number" && value > 0 && value < Infinity) return value;
  throw new OptionError(`${fn}: ${what} is ${String(value)}, expected a number above 0`);
}
