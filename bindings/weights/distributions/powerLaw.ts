// The power law:  p(x) = (α − 1)/xmin·(x/xmin)^(−α),  x ≥ xmin;  on whole numbers  p(x) = x^(−α)/ζ(α, xmin).
//
// Based on: Clauset, Shalizi & Newman, Power-law distributions in empirical data, 2009, eqs. 2.2-2.4, 3.1, 3.5 and app. D.

import { findRoot } from "../special/optimize.ts";
import { hurwitzZeta, zetaMeanLog } from "../special/zeta.ts";
import { lastBelow, type Family, type Law, type Tail } from "./family.ts";

const { floor, log, exp } = Math;

const valid = { expected: "{ alpha } above 1", isValid: ({ alpha }: { alpha: number }) => alpha > 1 && alpha < Infinity };

export const powerLaw: Family<{ alpha: number }> = {
  ...valid,
  fit: ({ meanLog }) => ({ parameters: { alpha: 1 + 1 / meanLog } }),
  law: ({ alpha }, xmin) => ({
    logDensity: (x) => log((alpha - 1) / xmin) - alpha * log(x / xmin),
    logCcdf: (x) => (1 - alpha) * log(x / xmin),
    quantile: (e) => xmin * exp(e / (alpha - 1)),
  }),
};

/** The best one, to which other families tend. */
export const bestPowerLaw = (tail: Tail): Law => powerLaw.law(powerLaw.fit(tail).parameters, tail.xmin);

/** P(X ≥ x) of so many whole numbers is kept in a table when values are drawn. */
const TABLE = 4096;

export const discretePowerLaw: Family<{ alpha: number }> = {
  ...valid,
  fit: ({ meanLog, xmin }, compat) => ({ parameters: { alpha: compat ? estimatedExponent(meanLog, xmin) : zetaExponent(meanLog, xmin) } }),
  law({ alpha }, xmin) {
    const total = hurwitzZeta(alpha, xmin, xmin);
    const logCcdf = (x: number) => log(hurwitzZeta(alpha, x, xmin) / total);
    let table: Float64Array | undefined;
    return {
      logDensity: (x) => -alpha * log(x / xmin) - log(total),
      logCcdf,
      quantile(e) {
        table ??= Float64Array.from({ length: TABLE }, (_, k) => logCcdf(xmin + k));
        // Clauset, Shalizi & Newman 2009, app. D, is near enough to start from
        const guess = floor((xmin - 0.5) * exp(e / (alpha - 1)) + 0.5);
        return lastBelow((x) => (x - xmin < TABLE ? table![x - xmin]! : logCcdf(x)), e, xmin, guess);
      },
    };
  },
};

/** Close to that for xmin ≥ 6 (Clauset, Shalizi & Newman 2009, eq. 3.7): the integral from xmin − 1/2 on in place of the sum. */
export function estimatedExponent(meanLog: number, xmin: number): number {
  return 1 + 1 / (meanLog - Math.log1p(-0.5 / xmin));
}

/** The α for which the mean of ln(x/xmin) on the whole numbers from xmin on is `meanLog`: the likelihood's maximum. */
export function zetaExponent(meanLog: number, xmin: number): number {
  // in ln(α − 1), where the equation is close to a line; the continuous law's α is an upper bound of α − 1 within a factor of 3
  const difference = (a: number) => log(zetaMeanLog(1 + exp(a), xmin) / meanLog);
  let hi = -log(meanLog);
  while (difference(hi) > 0) hi++;
  let lo = hi - 1;
  while (difference(lo) < 0 && lo > -30) hi = lo--;
  return 1 + exp(findRoot(difference, lo, hi));
}
