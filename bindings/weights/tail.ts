// The part of a sample that distributions are fitted to: the values from xmin on.

import type { Runtime } from "../core/runtime.ts";
import { OptionError } from "../errors.ts";
import { tailOf, type Tail } from "./distributions/family.ts";
import { checkWhole, positiveSample, powerLaw } from "./powerLaw.ts";

export interface TailOptions {
  /** Where the fit begins. Default: where that of `powerLaw` does. */
  xmin?: number;
  /** Whole numbers. Default false. */
  discrete?: boolean;
}

/** Sums of ratios to xmin stay numbers, and so do parameters in units of xmin. */
const MOST_RATIO = 1e290;
/** Of whole numbers: nearer to xmin halves are lost in rounding. */
const LEAST_WHOLE_RATIO = 1 + 1e-10;
const MOST_XMIN = 1e200;

/** Refuses data with fewer than 2 distinct values from xmin on, which no parameters follow from. */
export function chooseTail(rt: Runtime, fn: string, data: ArrayLike<number>, { xmin, discrete = false }: TailOptions): Tail {
  if (typeof discrete !== "boolean") throw new OptionError(`${fn}: discrete is ${String(discrete)}, expected true or false`);
  if (xmin !== undefined) checkXmin(fn, xmin, discrete);
  const { values } = positiveSample(fn, data, Infinity);
  if (discrete) checkWhole(fn, values);
  const tail = tailOf(values, xmin ?? bestXmin(rt, fn, data, discrete));
  if (!(tail.values[0]! < tail.values.at(-1)!)) {
    throw new OptionError(`${fn}: ${tail.values.length ? "1 distinct value" : "no value"} from xmin = ${tail.xmin} on, expected at least 2`);
  }
  const greatest = tail.values.at(-1)!;
  if (!(greatest / tail.xmin < MOST_RATIO)) {
    throw new OptionError(`${fn}: data goes up to ${greatest} from xmin = ${tail.xmin} on, expected less than ${MOST_RATIO} times xmin`);
  }
  if (discrete && !(greatest / tail.xmin > LEAST_WHOLE_RATIO)) {
    throw new OptionError(`${fn}: data goes up to ${greatest} from xmin = ${tail.xmin} on, expected more than ${LEAST_WHOLE_RATIO} times xmin`);
  }
  if (!(tail.xmin > 1 / MOST_XMIN && tail.xmin < MOST_XMIN)) {
    throw new OptionError(`${fn}: xmin is ${tail.xmin}, expected a number from ${1 / MOST_XMIN} to ${MOST_XMIN}: scale the data`);
  }
  return tail;
}

function bestXmin(rt: Runtime, fn: string, data: ArrayLike<number>, discrete: boolean): number {
  const { xmin, reason } = powerLaw(rt, data, { discrete });
  if (xmin === null) throw new OptionError(`${fn}: no power law fits to find xmin by (${reason}), expected xmin`);
  return xmin;
}

export function checkXmin(fn: string, xmin: unknown, discrete: boolean): void {
  if (typeof xmin === "number" && xmin > 0 && xmin < Infinity && (!discrete || Number.isInteger(xmin))) return;
  throw new OptionError(`${fn}: xmin is ${String(xmin)}, expected a positive ${discrete ? "whole " : ""}number`);
}
