// Continuous laws on whole numbers: those of the values from xmin − 1/2 on, rounded,
//
//    p(x) = P(X ≥ x − 1/2) − P(X ≥ x + 1/2),   x = xmin, xmin + 1, …
//
// Based on: Alstott, Bullmore & Plenz, powerlaw: a Python package for analysis of heavy-tailed distributions, 2014
// (`discrete_approximation = "round"`).

import { maximize, maximize2 } from "../special/optimize.ts";
import { tailOf, type Family, type Law, type Tail } from "./family.ts";
import { powerLaw } from "./powerLaw.ts";

const { abs, exp, expm1, log, max, round } = Math;

/** Below this share of what is left the density at the middle is the probability to 11 digits, the difference to fewer. */
const NARROW = 1e-5;

/** A law's parameters as two numbers without bounds, and back. */
export interface Coordinates<P> {
  of(parameters: P, xmin: number): [number, number];
  from(a: number, b: number, xmin: number): P;
  /** Whether that is as good as the power law. */
  isPowerLaw(parameters: P, xmin: number): boolean;
}

export function rounded<P extends object>(family: Family<P>, { of, from, isPowerLaw }: Coordinates<P>): Family<P> {
  return {
    ...family,
    law: (parameters, xmin) => roundedLaw(family.law(parameters, xmin - 0.5)),
    limit: bestRounded,
    fit(tail) {
      const edge = tail.xmin - 0.5;
      const likelihood = roundedLikelihood(family, tail);
      // the values, taken for continuous ones, are fitted closely enough to start from
      const start = of(family.fit(tailOf(tail.values, edge)).parameters, edge);
      const [a, b] = maximize2((a, b) => likelihood(from(a, b, edge)), start, [0.1 * max(1, abs(start[0])), 0.3]);
      const parameters = from(a, b, edge);
      return { parameters, ...(isPowerLaw(parameters, edge) && { limit: "powerLaw" as const }) };
    },
  };
}

/** The best continuous power law on whole numbers. */
function bestRounded(tail: Tail): Law {
  const edge = tail.xmin - 0.5;
  const likelihood = roundedLikelihood(powerLaw, tail);
  const of = (t: number) => ({ alpha: 1 + exp(t) });
  const start = -log(tailOf(tail.values, edge).meanLog);
  return roundedLaw(powerLaw.law(of(maximize((t) => likelihood(of(t)), start - 2, start + 2)), edge));
}

/** The log-likelihood of whole numbers, by parameters; −Infinity for those that are no law. */
export function roundedLikelihood<P extends object>(family: Family<P>, tail: Tail): (parameters: P) => number {
  const { distinct, counts } = countDistinct(tail.values);
  return (parameters) => {
    const { logDensity } = roundedLaw(family.law(parameters, tail.xmin - 0.5));
    let sum = 0;
    for (let i = 0; i < distinct.length; i++) sum += counts[i]! * logDensity(distinct[i]!);
    return Number.isNaN(sum) ? -Infinity : sum;
  };
}

function roundedLaw(law: Law): Law {
  return {
    logDensity(x) {
      const left = law.logCcdf(x - 0.5);
      const share = -expm1(law.logCcdf(x + 0.5) - left);
      return share > NARROW ? left + log(share) : law.logDensity(x);
    },
    logCcdf: (x) => law.logCcdf(x - 0.5),
    quantile: (e) => round(law.quantile(e)),
  };
}

function countDistinct(values: Float64Array): { distinct: number[]; counts: number[] } {
  const distinct: number[] = [];
  const counts: number[] = [];
  for (const x of values) {
    if (x !== distinct.at(-1)) {
      distinct.push(x);
      counts.push(0);
    }
    counts[counts.length - 1]++;
  }
  return { distinct, counts };
}
