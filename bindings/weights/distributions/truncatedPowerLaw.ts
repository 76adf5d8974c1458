// The power law with exponential cutoff:  p(x) = λ^(1 − α)/Γ(1 − α, λ·xmin)·x^(−α)·e^(−λx),  x ≥ xmin;
// on whole numbers  p(x) = x^(−α)·e^(−λx)/(e^(−λ·xmin)·Φ(e^(−λ), α, xmin)).
//
// With t = x/xmin, κ = λ·xmin and Z(α, κ) the sum or integral of t^(−α)·e^(−κ(t − 1)), the likelihood
//
//    −α·mean ln t − κ·(mean t − 1) − ln Z(α, κ)
//
// depends on two means only and is concave. For given α the best κ is where Z(α − 1, κ)/Z(α, κ) = mean t; what is left, of α, is
// concave too. If mean t is at least that of the best power law, the maximum is at λ = 0, that power law.
//
// Based on: Clauset, Shalizi & Newman 2009, table 2.1. α may have any sign here, and is 0 for the exponential law; in compat it is
// above 1.

import { logExpIntegral } from "../special/gamma.ts";
import { findRoot, maximize } from "../special/optimize.ts";
import { logPowerSum } from "../special/powerSum.ts";
import { lastBelow, type Family, type Fitted, type Law, type Tail } from "./family.ts";
import { discretePowerLaw, powerLaw } from "./powerLaw.ts";

const { exp, floor, log, max } = Math;

type Truncated = { alpha: number; lambda: number };

/** α is from here on: narrower peaks than those of this α aren't fitted. */
const LEAST_ALPHA = -1000;

const valid = {
  expected: `{ alpha, lambda } with alpha from ${LEAST_ALPHA} on and lambda above 0, or lambda 0 and alpha above 1`,
  isValid({ alpha, lambda }: Truncated): boolean {
    return alpha >= LEAST_ALPHA && alpha < Infinity && lambda < Infinity && (lambda > 0 || (lambda === 0 && alpha > 1));
  },
};

export const truncatedPowerLaw: Family<Truncated> = {
  ...valid,
  fit: (tail, compat) => fit(tail, powerLaw.fit(tail).parameters.alpha, logIntegral, compat),
  law({ alpha, lambda }, xmin) {
    const total = logIntegral(alpha, lambda * xmin);
    const logCcdf = (x: number) => (x <= xmin ? 0
      : (1 - alpha) * log(x / xmin) - lambda * (x - xmin) + logIntegral(alpha, lambda * x) - total);
    return {
      logDensity: (x) => -log(xmin) - alpha * log(x / xmin) - lambda * (x - xmin) - total,
      logCcdf,
      quantile(e) {
        if (lambda === 0) return powerLaw.law({ alpha }, xmin).quantile(e);
        // from xmin on P(X ≥ x) falls at least as e^(−λ(x − xmin)), and as a power law, unless α is below 0
        let hi = (1 + max(0, -alpha) + e) / lambda;
        while (logCcdf(xmin + hi) > -e) hi *= 2;
        return xmin + findRoot((d) => logCcdf(xmin + d) + e, 0, hi);
      },
    };
  },
};

export const discreteTruncatedPowerLaw: Family<Truncated> = {
  ...valid,
  fit(tail, compat) {
    const { xmin } = tail;
    return fit(tail, discretePowerLaw.fit(tail).parameters.alpha, (alpha, kappa) => logPowerSum(alpha, kappa / xmin, xmin), compat);
  },
  law({ alpha, lambda }, xmin): Law {
    const total = logPowerSum(alpha, lambda, xmin);
    const logDensity = (x: number) => -alpha * log(x / xmin) - lambda * (x - xmin) - total;
    const logCcdf = (x: number) => logDensity(x) + logPowerSum(alpha, lambda, x);
    const smooth = truncatedPowerLaw.law({ alpha, lambda }, xmin - 0.5);
    return {
      logDensity,
      logCcdf: (x) => (x <= xmin ? 0 : logCcdf(x)),
      quantile: (e) => lastBelow(logCcdf, e, xmin, floor(smooth.quantile(e) + 0.5)),
    };
  },
};

/** ln ∫₁^∞ t^(−α)·e^(−κ(t − 1)) dt */
function logIntegral(alpha: number, kappa: number): number {
  return logExpIntegral(alpha, kappa) + kappa;
}

function fit(
  { meanLog, meanRatio, xmin }: Tail, pure: number, logZ: (alpha: number, kappa: number) => number, compat = false,
): Fitted<Truncated> {
  const meanOf = (alpha: number, kappa: number) => exp(logZ(alpha - 1, kappa) - logZ(alpha, kappa));
  if (pure > 2 && meanRatio >= meanOf(pure, 0)) return { parameters: { alpha: pure, lambda: 0 }, limit: "powerLaw" };
  /** The best κ for α: κ·(mean t − 1) is at most 1 − min(α, 0). */
  const kappaOf = (alpha: number) => {
    const difference = (l: number) => meanOf(alpha, exp(l)) - meanRatio;
    const hi = log((1 + max(0, -alpha)) / (meanRatio - 1)) + 1e-6;
    let lo = hi - 1;
    while (difference(lo) < 0 && lo > hi - 100) lo -= hi - lo;
    return lo > hi - 100 ? exp(findRoot(difference, lo, hi)) : 0;
  };
  const profile = (alpha: number) => {
    const kappa = kappaOf(alpha);
    return -alpha * meanLog - kappa * (meanRatio - 1) - logZ(alpha, kappa);
  };
  const least = compat ? 1 : LEAST_ALPHA;
  // the maximum lies below the power law's α, and above the first lower one that is worse than its neighbour
  let [lo, above] = [pure - 1, pure];
  for (let step = 2; lo > least && profile(lo) > profile((lo + above) / 2); step *= 2) [lo, above] = [lo - step, lo];
  const alpha = max(least, maximize(profile, max(lo, least), Math.max(pure, least)));
  return { parameters: { alpha, lambda: kappaOf(alpha) / xmin } };
}
