// A kernel's description, checked, as a program for its entries (assembly/kernel/program.ts).

import { OptionError } from "../errors.ts";
import { checkCount, checkOptions, type OptionNames } from "../options.ts";
import { DUAL } from "../networks/closedForms.ts";
import { emitNetwork } from "../networks/emit.ts";
import type { Kernel, Sum } from "./descriptions.ts";
import { OP, Program } from "./instructions.ts";

/** Parts of a description at most, and one within the other; frames that a program may need: far beyond what networks have. */
const MOST_PARTS = 10_000;
const MOST_DEPTH = 100;
const MOST_FRAMES = 32;

/** The program of a kernel over rows of d numbers. */
export function compile(fn: string, kernel: Kernel, d: number): Program {
  checkSize(fn, kernel);
  const program = new Program();
  emitKernel(fn, program, kernel, d, "kernel");
  const { frames } = program;
  if (frames > MOST_FRAMES) throw new OptionError(`${fn}: kernel is nested ${frames} deep, expected at most ${MOST_FRAMES}`);
  const bandwidth = leastBandwidth(kernel);
  if (bandwidth === undefined) return program;
  const scaled = new Program();
  scaled.unit = unitOf(bandwidth);
  emitKernel(fn, scaled, kernel, d, "kernel");
  return scaled;
}

/** Refuses what is too large to be walked through, as a description that holds itself is. */
function checkSize(fn: string, kernel: Kernel): void {
  const open: [part: any, depth: number][] = [[kernel, 1]];
  for (let size = 1; open.length > 0;) {
    const [part, depth] = open.pop()!;
    if (depth > MOST_DEPTH) throw new OptionError(`${fn}: kernel is nested more than ${MOST_DEPTH} deep, expected less`);
    for (const list of [part?.terms, part?.factors, part?.network?.layers, part?.layers, part?.shortcut]) {
      if (!Array.isArray(list)) continue;
      size += list.length;
      if (size > MOST_PARTS) throw new OptionError(`${fn}: kernel has more than ${MOST_PARTS} layers and terms, expected less`);
      for (const inner of list) open.push([inner, depth + 1]);
    }
  }
}

/** Leaves a frame with the kernel on the stack. `path` names it in messages. */
function emitKernel(fn: string, program: Program, kernel: Kernel, d: number, path: string): void {
  const bandwidth = (of: { bandwidth: number }) => positive(fn, `${path}.bandwidth`, of.bandwidth) * (program.unit ?? 1);
  switch (kernel?.kind) {
    case "gaussian": return program.emit(OP.GAUSSIAN, bounded(-0.5 / bandwidth(kernel) ** 2));
    case "laplacian": return program.emit(OP.LAPLACIAN, -1 / bandwidth(kernel));
    case "dispersal": {
      const { gamma } = kernel;
      if (!(gamma > 0 && gamma <= 2)) throw new OptionError(`${fn}: ${path}.gamma is ${String(gamma)}, expected a number above 0 and up to 2`);
      const high = Math.fround(gamma / 2);
      const scaled = positive(fn, `${path}.bandwidth`, kernel.bandwidth) * (program.unit ?? 1) ** gamma;
      return program.emit(OP.DISPERSAL, bounded(-1 / scaled), high, gamma / 2 - high);
    }
    case "cauchy": return program.emit(OP.CAUCHY, bounded(1 / bandwidth(kernel) ** 2));
    case "matern": {
      const { nu } = kernel;
      if (nu === 0.5) return program.emit(OP.LAPLACIAN, -1 / bandwidth(kernel));
      if (nu !== 1.5 && nu !== 2.5) throw new OptionError(`${fn}: ${path}.nu is ${String(nu)}, expected 0.5, 1.5 or 2.5`);
      return program.emit(OP.MATERN, Math.sqrt(2 * nu) / bandwidth(kernel), nu === 1.5 ? 0 : 1 / 3);
    }
    case "polynomial": {
      const { degree, scale, offset } = kernel;
      checkCount(fn, `${path}.degree`, degree);
      for (const [name, value] of [["scale", scale], ["offset", offset]] as const) {
        if (!Number.isFinite(value)) throw new OptionError(`${fn}: ${path}.${name} is ${String(value)}, expected a finite number`);
      }
      return program.emit(OP.POLYNOMIAL, scale, offset, degree);
    }
    case "arccos":
      finite(fn, `${path}.bias`, kernel.bias);
      program.emit(OP.STATE, 1, 0);
      if (![0, 1, 2].includes(kernel.order)) throw new OptionError(`${fn}: ${path}.order is ${String(kernel.order)}, expected 0, 1 or 2`);
      program.emit(OP.DENSE, program.stage(), 1, kernel.bias ** 2, 0, 0, 0);
      if (kernel.order === 1) return program.emit(OP.RECTIFIER, program.stage(), program.stage(), 0, 1, 2);
      return program.emit(OP.ACTIVATION, program.stage(), program.stage(), 2, kernel.order === 0 ? DUAL.STEP : DUAL.RECTIFIED_SQUARE);
    case "hinf":
      program.emit(OP.STATE, 1, 1);
      program.emit(OP.RECTIFIER, program.stage(), program.stage(), 0, 1, 1);
      return program.emit(OP.THETA);
    case "nngp": return emitNetwork(fn, program, kernel.network, d, false, `${path}.network`);
    case "ntk":
      emitNetwork(fn, program, kernel.network, d, true, `${path}.network`);
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

const sumNames: OptionNames<Sum> = { kind: true, terms: true, weights: true };

function emitSum(fn: string, program: Program, sum: Sum, d: number, path: string): void {
  checkOptions(fn, sum, sumNames, path); // weights may be absent, so misspelt they would be
  const { terms, weights } = sum;
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

/** Finite, so that its product with a distance of 0 is 0. */
const bounded = (x: number) => Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, x));

/** Of a kernel of distances alone, checked: the least length that its distances are measured in. Otherwise undefined. */
function leastBandwidth(kernel: Kernel): number | undefined {
  switch (kernel.kind) {
    case "gaussian": case "laplacian": case "cauchy": case "matern": return kernel.bandwidth;
    case "dispersal": return 1; // its bandwidth is no length
    case "sum": case "product": {
      const parts = (kernel.kind === "sum" ? kernel.terms : kernel.factors).map(leastBandwidth);
      return parts.every((part) => part !== undefined) ? Math.min(...parts) : undefined;
    }
    default: return undefined;
  }
}

/**
 * What to multiply rows by: 1, or where the bandwidth is so far from it that squares could overflow or vanish a power of
 * two that brings it near 1. Bounded, so that the rows themselves do neither.
 */
function unitOf(bandwidth: number): number {
  const exponent = Math.floor(Math.log2(bandwidth));
  return Math.abs(exponent) < 100 ? 1 : 2 ** -Math.max(-400, Math.min(400, exponent));
}

function positive(fn: string, what: string, value: unknown): number {
  if (typeof value === "number" && value > 0 && value < Infinity) return value;
  throw new OptionError(`${fn}: ${what} is ${String(value)}, expected a number above 0`);
}

function finite(fn: string, what: string, value: unknown): number {
  if (Number.isFinite(value)) return value as number;
  throw new OptionError(`${fn}: ${what} is ${String(value)}, expected a finite number`);
}

function listOf<T>(fn: string, what: string, value: readonly T[]): readonly T[] {
  if (Array.isArray(value) && value.length > 0) return value;
  throw new OptionError(`${fn}: ${what} is ${Array.isArray(value) ? "empty" : String(value)}, expected an array`);
}
