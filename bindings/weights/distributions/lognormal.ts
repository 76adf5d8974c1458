// The lognormal law of the values from xmin on:
//
//    p(x) = √(2/π)/(σ·x·erfc(z/√2))·e^(−(ln x − μ)²/(2σ²)),   z = (ln xmin − μ)/σ,   x ≥ xmin
//
// y = ln(x/xmin) is then a normal number cut off at 0: e^(−η·y − τ·y²/2) with η = z/σ, τ = 1/σ². The likelihood is concave in
// (η, τ), with one maximum. With h(z) = φ(z)/Q(z) it solves (Cohen)
//
//    mean y = σ·(h − z),   mean y² = σ²·(1 − z·(h − z)),   so that mean y²/(mean y)² = r(z), which rises from 1 to 2
//
// From 2 on the maximum is at τ = 0, the power law with α = 1 + η.
//
// Based on: Cohen, Estimating the mean and variance of normal populations from singly truncated samples, 1950;
// Clauset, Shalizi & Newman 2009, table 2.1.

import { erfcx, inverseLogErfc, logErfc } from "../special/erfc.ts";
import { findRoot, maximize } from "../special/optimize.ts";
import { tailOf, type Family, type Tail } from "./family.ts";
import { bestPowerLaw } from "./powerLaw.ts";
import { rounded, roundedLikelihood } from "./rounded.ts";

const { PI, SQRT2, exp, log, max, min, sinh, sqrt } = Math;

type Lognormal = { mu: number; sigma: number };

/** z at which the power law is taken for reached: the densities differ by a factor 1 + O(1/z²). */
const FAR = 1e5;
/** The same where the maximum is climbed to, and z there to start from at most. */
const FAR_ROUNDED = 1e3;
const START = 10;

export const lognormal: Family<Lognormal> = {
  expected: "{ mu, sigma } with sigma above 0",
  isValid: ({ mu, sigma }) => Number.isFinite(mu) && sigma > 0 && sigma < Infinity,
  fit({ xmin, meanLog, meanLogSquare }) {
    const ratio = meanLogSquare / meanLog ** 2;
    // z = sinh t, to look for it at any distance; a sample that is not cut off has z = −1/√(ratio − 1)
    const z = ratio < spread(FAR) ? sinh(findRoot((t) => spread(sinh(t)) - ratio, Math.asinh(-FAR), Math.asinh(FAR))) : FAR;
    const sigma = meanLog / excess(z);
    return { parameters: { mu: log(xmin) - z * sigma, sigma }, ...(z >= FAR && { limit: "powerLaw" }) };
  },
  law({ mu, sigma }, xmin) {
    const z = (log(xmin) - mu) / sigma;
    const logTail = z > -1 ? log(erfcx(z / SQRT2)) : logErfc(z / SQRT2) + (z * z) / 2;
    const constant = 0.5 * log(2 / PI) - log(sigma) - logTail;
    return {
      logDensity(x) {
        const u = log(x / xmin) / sigma;
        return constant - log(x) - u * (u / 2 + z);
      },
      logCcdf(x) {
        const u = log(x / xmin) / sigma;
        return z + u > -1 ? log(erfcx((z + u) / SQRT2)) - logTail - u * (u / 2 + z) : logErfc((z + u) / SQRT2) - logErfc(z / SQRT2);
      },
      // for large z the difference of the two is lost: there the law is e^(−z·u) but for 1/z²
      quantile: (e) => xmin * exp(sigma * (z > 1e3 ? e / z : SQRT2 * inverseLogErfc(logErfc(z / SQRT2) - e) - z)),
    };
  },
  limit: bestPowerLaw,
};

/** With μ > 0. On its edge, μ = 0, σ solves mean (y − m)² = σ²·(1 + z·h), m = −ln xmin. */
export const lognormalPositive: Family<Lognormal> = {
  expected: "{ mu, sigma } with mu not below 0 and sigma above 0",
  isValid: (parameters) => lognormal.isValid(parameters) && parameters.mu >= 0,
  fit(tail) {
    const free = lognormal.fit(tail);
    if (free.parameters.mu > 0) return free;
    const m = -log(tail.xmin);
    const square = edgeSquare(tail, m);
    const difference = (t: number) => {
      const z = -m / exp(t);
      return exp(2 * t) * (1 + z * (z + excess(z))) - square;
    };
    const middle = 0.5 * log(square);
    return { parameters: { mu: 0, sigma: exp(findRoot(difference, middle - 20, middle + 20)) } };
  },
  law: lognormal.law,
  limit: bestPowerLaw,
};

/** The mean of (y − m)². */
function edgeSquare({ meanLog, meanLogSquare }: Tail, m: number): number {
  return meanLogSquare - 2 * m * meanLog + m * m;
}

/** h(z) − z, the mean of what a standard normal number is above z, given that it is. */
function excess(z: number): number {
  return z < 2 ? sqrt(2 / PI) / erfcx(z / SQRT2) - z : 1 / (z + second(z));
}

/** r(z) */
function spread(z: number): number {
  if (z >= 2) {
    const g = second(z);
    return g * (z + g);
  }
  const g = excess(z);
  return (1 - z * g) / g ** 2;
}

/** 2/(z + 3/(z + 4/(z + …))): Laplace's continued fraction of Mills' ratio from its second step on, z ≥ 2. */
function second(z: number): number {
  let value = 0;
  for (let k = min(200, 20 + Math.ceil(600 / (z * z))); k >= 2; k--) value = k / (z + value);
  return value;
}

/** η and ln τ: towards the power law ln τ falls without bounds, to less and less effect. */
export const discreteLognormal = rounded(lognormal, {
  of({ mu, sigma }, xmin) {
    const eta = (log(xmin) - mu) / sigma ** 2;
    return [eta, log(max(1 / sigma ** 2, eta > 0 ? (eta / START) ** 2 : 0))];
  },
  from(eta, logTau, xmin) {
    const variance = exp(-logTau);
    return { mu: log(xmin) - eta * variance, sigma: sqrt(variance) };
  },
  isPowerLaw: ({ mu, sigma }, xmin) => log(xmin) - mu > FAR_ROUNDED * sigma,
});

export const discreteLognormalPositive: Family<Lognormal> = {
  ...lognormalPositive,
  fit(tail) {
    const free = discreteLognormal.fit(tail);
    if (free.parameters.mu > 0) return free;
    const likelihood = roundedLikelihood(lognormal, tail);
    const middle = log(lognormalPositive.fit(tailOf(tail.values, tail.xmin - 0.5)).parameters.sigma);
    return { parameters: { mu: 0, sigma: exp(maximize((t) => likelihood({ mu: 0, sigma: exp(t) }), middle - 2, middle + 2)) } };
  },
  law: discreteLognormal.law,
  limit: discreteLognormal.limit!,
};
