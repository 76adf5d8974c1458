// Samples of distributions, by the inverse of P(X ≥ x).

import type { Runtime } from "../core/runtime.ts";
import { OptionError } from "../errors.ts";
import { checkCount } from "../options.ts";
import { RandomState } from "../random/mt19937.ts";
import { checkSeed } from "../random/randomState.ts";
import { checkName, type DistributionName, type DistributionParameters } from "./distribution.ts";
import { familyOf } from "./distributions/families.ts";
import { checkXmin } from "./tail.ts";

export interface SampleOptions {
  /** Of the generator. Default 0. */
  seed?: number;
  /** Where the distribution begins. Default 1. */
  xmin?: number;
  /** Whole numbers. Default false. */
  discrete?: boolean;
}

/** Numbers between two looks at whether the call was aborted. */
const AT_ONCE = 4096;

/**
 * n numbers of a distribution on x ≥ xmin, with the parameters that {@link distribution} gives: the x with P(X ≥ x) = 1 − u for
 * u = RandomState(seed).random(n), on whole numbers the greatest with P(X ≥ x) ≥ 1 − u. Continuous powerLaw, exponential and
 * stretchedExponential are the numbers of the Python package powerlaw's generate_random, to rounding.
 *
 * O(n); truncatedPowerLaw takes some 10 µs for each number. Throws OptionError on parameters that are none of the family.
 */
export function sample(
  rt: Runtime, name: DistributionName, parameters: DistributionParameters, n: number, options: SampleOptions = {},
): Float64Array {
  const fn = "weights.sample";
  checkName(fn, "name", name);
  const { seed = 0, xmin = 1, discrete = false } = options;
  checkCount(fn, "n", n, 0, 2 ** 29 - 1);
  checkSeed(fn, seed);
  checkXmin(fn, xmin, discrete);
  const family = familyOf(name, discrete);
  if (!(parameters && Object.values(parameters).every((p) => typeof p === "number") && family.isValid(parameters))) {
    throw new OptionError(`${fn}: parameters are ${JSON.stringify(parameters)}, ${name} needs ${family.expected}`);
  }
  const law = family.law(parameters, xmin);
  const out = new RandomState(seed).random(n);
  for (let i = 0; i < n; i++) {
    if (i % AT_ONCE === 0) rt.look(i / n);
    out[i] = law.quantile(-Math.log1p(-out[i]!));
  }
  return out;
}
