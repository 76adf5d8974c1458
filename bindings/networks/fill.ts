// The tables of rows (assembly/kernel/program.ts) where TypeScript has a part in them: Hermite coefficients, and the check
// that variances are numbers.

import { OptionError } from "../errors.ts";
import type { Pointer } from "../core/kernels.ts";
import type { Runtime } from "../core/runtime.ts";
import { WIDTH, type Program, type SeriesPlan } from "../kernels/instructions.ts";
import { fillTable, LEAST_DEVIATIONS } from "./coefficients.ts";
import { phiOf } from "./functions.ts";

interface Table {
  n: number;
  table: Pointer;
  /** Numbers from one stage to the next. */
  stride: number;
  /** Of the rows, for messages. */
  name: string;
}

/** Computes the coefficients of one activation for all rows; where they need more terms than the program uses, it uses more. */
export function fillSeries(rt: Runtime, fn: string, { code }: { code: Pointer }, plan: SeriesPlan, rows: Table): void {
  const { activation, factor, inStage, base, terms, at, what } = plan;
  const { n, table, stride, name } = rows;
  checkStage(rt, fn, { stage: inStage, what: `the layers before ${what}` }, rows);
  const variances = rt.memory.f64(table + 8 * inStage * stride, n).slice();
  const largest = variances.reduce((most, p) => Math.max(most, p), 0);
  const { reach } = phiOf(activation);
  if (largest > 0 && reach < LEAST_DEVIATIONS * Math.sqrt(largest)) {
    const needed = Math.ceil(LEAST_DEVIATIONS * Math.sqrt(largest));
    const worst = variances.indexOf(largest);
    throw new OptionError(
      `${fn}: ${what} is tabulated on [−${reach}, ${reach}], row ${worst + 1} of ${name} brings a variance of ` +
        `${largest.toPrecision(4)}, for which the option range has to be [−${needed}, ${needed}]`,
    );
  }
  const used = fillTable(rt, fn, activation, variances, factor, { at: table + 8 * base * stride, stride, terms });
  const operand = rt.memory.f64(code + 8 * (WIDTH * at + 4), 1);
  operand[0] = Math.max(operand[0]!, used);
}

/** Refuses variances that are no longer numbers. */
export function checkVariances(rt: Runtime, fn: string, { watched }: Program, rows: Table): void {
  for (const stage of watched) checkStage(rt, fn, stage, rows);
}

function checkStage(rt: Runtime, fn: string, { stage, what }: { stage: number; what: string }, { n, table, stride, name }: Table): void {
  const row = rt.memory.f64(table + 8 * stage * stride, n).findIndex((p) => !(p < Infinity));
  if (row >= 0) throw new OptionError(`${fn}: the variance of row ${row + 1} of ${name} after ${what} is not finite, expected smaller rows, weights or parameters`);
}
