// Likelihood-ratio tests between two distributions of a tail.
//
// Based on: Vuong, Likelihood ratio tests for model selection and non-nested hypotheses, 1989; Clauset, Shalizi & Newman,
// Power-law distributions in empirical data, 2009, app. C.

import type { Runtime } from "../core/runtime.ts";
import { OptionError } from "../errors.ts";
import { checkCompat, checkName, fitFamily, type DistributionName, type DistributionOptions, type DistributionParameters } from "./distribution.ts";
import { areNested } from "./distributions/families.ts";
import { erfc } from "./special/erfc.ts";
import { chooseTail } from "./tail.ts";

export interface CompareOptions extends DistributionOptions {
  /**
   * Whether one of the families is a special case of the other. Default: true for powerLaw and truncatedPowerLaw; exponential and
   * stretchedExponential or (but for compat "1.x") truncatedPowerLaw; lognormalPositive and lognormal.
   */
  nested?: boolean;
  /** Gives R in standard deviations: R/(s·√n). Default false. */
  normalized?: boolean;
}

export interface Comparison {
  /** Above 0 the first family fits better, below 0 the second. */
  R: number;
  /** How probable an |R| this large is if both are equally good: from about 0.1 on the sign says nothing. */
  p: number;
  nested: boolean;
  /** Of the first family and the second. */
  logLikelihoods: [number, number];
  parameters: [DistributionParameters, DistributionParameters];
  xmin: number;
  nTail: number;
}

/**
 * Which of two families fits the values x ≥ xmin better: both are fitted as by {@link distribution}, and with ℓᵢ the differences
 * of the logarithms of the likelihoods of the n values
 *
 *     R = Σ ℓᵢ,   s² = mean (ℓᵢ − mean ℓ)²,   p = erfc(|R|/(s·√(2n)))      (Vuong)
 *     nested:                                  p = P(χ² > 2·|R|), 1 degree of freedom
 *
 * The power law is a limit of stretchedExponential and lognormal too (`limit` of {@link distribution}): where that is their best fit R is 0
 * and p is 1, and R against them is never above 0 but for whole numbers, on which the limit is the rounded power law.
 *
 * `nested: false` is taken as given, in compat too; the Python package powerlaw up to 1.5 takes it for true if the first name is
 * part of the second, by a slip of precedence.
 * Source: Vuong 1989; Clauset, Shalizi & Newman 2009. Errors as of {@link distribution}.
 */
export function compare(
  rt: Runtime, data: ArrayLike<number>, a: DistributionName, b: DistributionName, options: CompareOptions = {},
): Comparison {
  const fn = "weights.compare";
  checkName(fn, "a", a);
  checkName(fn, "b", b);
  checkCompat(fn, options.compat);
  const { nested = areNested(a, b, options.compat === "1.x"), normalized = false } = options;
  for (const [name, value] of Object.entries({ nested, normalized })) {
    if (typeof value !== "boolean") throw new OptionError(`${fn}: ${name} is ${String(value)}, expected true or false`);
  }
  const tail = chooseTail(rt, fn, data, options);
  const first = fitFamily(a, tail, options);
  const second = fitFamily(b, tail, options);
  return {
    ...likelihoodRatio(first.logs, second.logs, nested, normalized),
    nested,
    logLikelihoods: [first.logLikelihood, second.logLikelihood],
    parameters: [first.parameters, second.parameters],
    xmin: tail.xmin,
    nTail: tail.values.length,
  };
}

function likelihoodRatio(first: Float64Array, second: Float64Array, nested: boolean, normalized: boolean): { R: number; p: number } {
  const n = first.length;
  let [sum, size] = [0, 0];
  for (let i = 0; i < n; i++) {
    sum += first[i]! - second[i]!;
    size += Math.abs(first[i]!) + Math.abs(second[i]!);
  }
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (first[i]! - second[i]! - sum / n) ** 2;
  const deviation = Math.sqrt(squares); // s·√n
  // laws that differ by rounding are one law
  const noise = 1e-13 * size;
  if (Math.abs(sum) <= noise && deviation <= noise) return { R: 0, p: 1 };
  const p = nested ? erfc(Math.sqrt(Math.abs(sum))) : erfc(Math.abs(sum) / (Math.SQRT2 * deviation));
  return { R: normalized ? sum / deviation : sum, p };
}
