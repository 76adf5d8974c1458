// One family of distributions fitted to the tail of a sample.
//
// Based on: Clauset, Shalizi & Newman, Power-law distributions in empirical data, 2009; Alstott, Bullmore & Plenz, powerlaw:
// a Python package for analysis of heavy-tailed distributions, 2014.

import type { Runtime } from "../core/runtime.ts";
import { OptionError } from "../errors.ts";
import { distributionNames, familyOf, type DistributionName } from "./distributions/families.ts";
import type { Law, DistributionParameters, Tail } from "./distributions/family.ts";
import { chooseTail, type TailOptions } from "./tail.ts";

export type { DistributionName } from "./distributions/families.ts";
export type { DistributionParameters } from "./distributions/family.ts";

export interface DistributionOptions extends TailOptions {
  /**
   * "1.x": as the Python package powerlaw up to 1.5 has it: α of the truncated power law is not below 1, that of the power law of
   * whole numbers is estimated (`estimateDiscrete` of powerLaw), and no likelihood of a value is below 10⁻³⁰⁷. Default: α of the
   * truncated power law may be any number, all are by maximum likelihood, and likelihoods are what they are.
   */
  compat?: "1.x";
}

export interface DistributionFit {
  name: DistributionName;
  /** By name: alpha; alpha, lambda; mu, sigma; lambda; lambda, beta. */
  parameters: DistributionParameters;
  logLikelihood: number;
  /** Kolmogorov and Smirnov's distance, with the share of smaller values as the sample's distribution function. */
  D: number;
  xmin: number;
  /** Values from xmin on. */
  nTail: number;
  /**
   * "powerLaw": the likelihood grows without end towards the power law, a limit of the family, of which logLikelihood and D are; the
   * parameters are a far point on the way, and say no more than that the power law fits better.
   */
  limit?: "powerLaw";
}

/**
 * Fits a family to the values x ≥ xmin by maximum likelihood:
 *
 *     powerLaw              (α − 1)/xmin·(x/xmin)^(−α)
 *     truncatedPowerLaw     λ^(1 − α)/Γ(1 − α, λ·xmin)·x^(−α)·e^(−λx)
 *     lognormal             √(2/π)/(σ·erfc((ln xmin − μ)/(√2·σ)))·x^(−1)·e^(−(ln x − μ)²/(2σ²))
 *     lognormalPositive     the same, μ not below 0
 *     exponential           λ·e^(−λ(x − xmin))
 *     stretchedExponential  β·λ·(λx)^(β − 1)·e^((λ·xmin)^β − (λx)^β)
 *
 * `discrete`: on whole numbers powerLaw, truncatedPowerLaw and exponential are those divided by their sum from xmin on; the others are
 * the laws from xmin − 1/2 on, rounded. The maximum is found by its equations, each with one solution; only those rounded laws are climbed
 * (Nelder & Mead). O(n) time; of stretchedExponential and the rounded laws some 100 times that.
 *
 * Source: Clauset, Shalizi & Newman 2009. Throws ShapeError without numbers, NotFiniteError on NaN or an infinity,
 * OptionError on an unknown name and on fewer than 2 distinct values from xmin on.
 */
export function distribution(rt: Runtime, data: ArrayLike<number>, name: DistributionName, options: DistributionOptions = {}): DistributionFit {
  const fn = "weights.distribution";
  checkName(fn, "name", name);
  checkCompat(fn, options.compat);
  const tail = chooseTail(rt, fn, data, options);
  const { logs, law, ...fit } = fitFamily(name, tail, options);
  return { name, ...fit, D: distance(tail, law), xmin: tail.xmin, nTail: tail.values.length };
}

/** ln p of each value at most so far below, in compat. */
const FLOOR = Math.log(1e-307);

/** A family's fit, with the logarithms of the likelihoods of the values of the tail. */
export function fitFamily(name: DistributionName, tail: Tail, { discrete = false, compat }: DistributionOptions) {
  const family = familyOf(name, discrete);
  const fit = family.fit(tail, compat === "1.x");
  const law = (fit.limit && family.limit?.(tail)) ?? family.law(fit.parameters, tail.xmin);
  const logs = tail.values.map((x) => law.logDensity(x));
  if (compat === "1.x") for (let i = 0; i < logs.length; i++) logs[i] = Math.max(logs[i]!, FLOOR);
  return { ...fit, logLikelihood: logs.reduce((sum, t) => sum + t, 0), logs, law };
}

/** max |P(X < x) − #{values < x}/n| */
function distance({ values }: Tail, law: Law): number {
  let D = 0;
  for (let i = 0; i < values.length; i++) {
    if (i === 0 || values[i] !== values[i - 1]) D = Math.max(D, Math.abs(-Math.expm1(law.logCcdf(values[i]!)) - i / values.length));
  }
  return D;
}

export function checkName(fn: string, what: string, name: unknown): void {
  if (distributionNames.includes(name as DistributionName)) return;
  throw new OptionError(`${fn}: ${what} is ${String(name)}, expected one of ${distributionNames.join(", ")}`);
}

export function checkCompat(fn: string, compat: unknown): void {
  if (compat !== undefined && compat !== "1.x") throw new OptionError(`${fn}: compat is ${String(compat)}, expected "1.x" or none`);
}
