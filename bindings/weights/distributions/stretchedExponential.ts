// The stretched exponential (Weibull) law of the values from xmin on:
//
//    p(x) = β·λ·(λx)^(β − 1)·e^((λ·xmin)^β − (λx)^β),   x ≥ xmin
//
// With y = ln(x/xmin), P(X ≥ x) = e^(−c·(e^(βy) − 1)/β), c = β·(λ·xmin)^β. For given β the best c is 1/M(β), M the mean of
// (e^(βy) − 1)/β, and the likelihood is β·ȳ − ln M(β) and what does not depend on β: concave, since M is a mixture of e^(βu),
// with one maximum, where M′/M = ȳ. If mean y² ≥ 2·ȳ² it is at β = 0, the power law with α = 1 + c.
//
// Based on: Clauset, Shalizi & Newman 2009, table 2.1.

import { findRoot } from "../special/optimize.ts";
import type { Family } from "./family.ts";
import { bestPowerLaw } from "./powerLaw.ts";
import { rounded } from "./rounded.ts";

const { exp, expm1, log, log1p, max } = Math;

type Stretched = { lambda: number; beta: number };

/** λ grows without bounds as β falls to 0: it ends at e^690·the scale of the data. */
const MOST_LOG_LAMBDA = 690;
/** Where the maximum is climbed to: a ln λ that is as good as those, and β to start from at least. */
const FAR = 600;
const START = 0.05;

export const stretchedExponential: Family<Stretched> = {
  expected: "{ lambda, beta } above 0",
  isValid: ({ lambda, beta }) => lambda > 0 && lambda < Infinity && beta > 0 && beta < Infinity,
  fit(tail) {
    const { values, xmin, meanLog, meanLogSquare } = tail;
    const y = values.map((x) => log(x / xmin));
    const scale = 1 / y.at(-1)!; // β in units in which e^(βy) can't overflow
    const slope = (b: number) => meanLog - slopeOfLog(y, b * scale);
    let beta = 0;
    if (meanLogSquare < 2 * meanLog ** 2) {
      let hi = 1;
      while (slope(hi) > 0 && hi < 500) hi *= 2;
      beta = scale * findRoot(slope, 0, hi);
    }
    const logLambda = (b: number) => log(rateOf(y, b) / b) / b - log(xmin);
    if (beta > 0 && logLambda(beta) < MOST_LOG_LAMBDA) return { parameters: { lambda: exp(logLambda(beta)), beta } };
    // the least β whose λ is a number
    let most = max(beta, 1);
    while (logLambda(most) > MOST_LOG_LAMBDA) most *= 2;
    const least = findRoot((b) => logLambda(b) - MOST_LOG_LAMBDA, max(beta, 1e-6), most);
    return { parameters: { lambda: exp(logLambda(least)), beta: least }, limit: "powerLaw" };
  },
  law({ lambda, beta }, xmin) {
    const logScale = beta * (log(lambda) + log(xmin)); // of (λ·xmin)^β
    const hazard = (y: number) => exp(logScale) * expm1(beta * y);
    const constant = log(beta) + logScale;
    return {
      logDensity: (x) => constant - log(x) + beta * log(x / xmin) - hazard(log(x / xmin)),
      logCcdf: (x) => -hazard(log(x / xmin)),
      quantile: (e) => xmin * exp(log1p(e * exp(-logScale)) / beta),
    };
  },
  limit: bestPowerLaw,
};

/** ln c and ln β: towards the power law ln β falls, as far as λ is a number. */
export const discreteStretchedExponential = rounded(stretchedExponential, {
  of({ lambda, beta }, xmin) {
    const b = max(beta, START);
    return [log(beta) + beta * (log(lambda) + log(xmin)), log(b)];
  },
  from(logRate, logBeta, xmin) {
    const beta = exp(logBeta);
    return { lambda: exp((logRate - logBeta) / beta - log(xmin)), beta };
  },
  isPowerLaw: ({ lambda }) => log(lambda) > FAR,
});

/** c for a given β. */
function rateOf(y: Float64Array, beta: number): number {
  let sum = 0;
  for (const t of y) sum += expm1(beta * t);
  return (beta * y.length) / sum;
}

/** M′(β)/M(β): the sums of (βy·e^(βy) − e^(βy) + 1)/β² and (e^(βy) − 1)/β. */
function slopeOfLog(y: Float64Array, beta: number): number {
  let [above, below] = [0, 0];
  for (const t of y) {
    const b = beta * t;
    const e = expm1(b);
    // (b·e^b − e^b + 1)/b²: 1/2 + b/3 + b²/8 + … where it cancels
    const k = b < 1e-3 ? 0.5 + b * (1 / 3 + b * (1 / 8 + b / 30)) : (b * (e + 1) - e) / (b * b);
    above += k * t * t;
    below += b === 0 ? t : (e / b) * t;
  }
  return above / below;
}
