// The normaliser of a power law with an exponential cutoff on the whole numbers, Lerch's transcendent:
//
//    Σ_{k≥0} ((q + k)/q)^(−α)·e^(−λk) = e^(λq)·q^α·Σ_{x≥q} x^(−α)·e^(−λx) = q^α·Φ(e^(−λ), α, q)
//
// By the formula of Euler and Maclaurin (zeta.ts); the integral is an exponential integral (gamma.ts). With f the summand,
// f^(m)(a) = (−1)^m·f(a)·h_m,  h_{m+1} = ((α + m)/a + λ)·h_m − (m·λ/a)·h_{m−1}.  For λ > 1/2 the sum itself ends soon.
//
// Error of the logarithm (relative above 1), measured by tests/special.test.ts: 6e−14.

import { logExpIntegral } from "./gamma.ts";
import { BERNOULLI } from "./zeta.ts";

const { abs, exp, log, log1p, max } = Math;

/** The summand changes by little per step from here on, or from 2·|α| on. */
const START = 20;
const FAST_DECAY = 0.5;

/** ln Σ_{k≥0} ((q + k)/q)^(−α)·e^(−λk), q > 0, λ ≥ 0, α > 1 if λ = 0. */
export function logPowerSum(alpha: number, lambda: number, q: number): number {
  const start = lambda > FAST_DECAY ? Infinity : max(START, 2 * abs(alpha));
  let most = 0; // logarithms are of the sum over e^most: it may overflow for α < 0
  let sum = 0;
  let before = -Infinity;
  let a = q;
  for (let k = 1; a < start; a = q + k++) {
    const term = -alpha * log(a / q) - lambda * (a - q);
    if (term > most + 600) [sum, most] = [sum * exp(most - term), term];
    sum += exp(term - most);
    if (term < before && term - most < log(sum) - 40) return most + log(sum);
    before = term;
  }
  let correction = 0.5;
  let [h, previous] = [1, 0];
  for (let m = 0; m < 2 * BERNOULLI.length - 1; m++) {
    [h, previous] = [((alpha + m) / a + lambda) * h - ((m * lambda) / a) * previous, h];
    if (m % 2 === 0) correction += BERNOULLI[m / 2]! * h;
  }
  const integral = log(a) + lambda * a + logExpIntegral(alpha, lambda * a); // of f/f(a), as a logarithm
  const logTail = integral + log1p(correction * exp(-integral)) - alpha * log(a / q) - lambda * (a - q);
  const logSum = most + log(sum);
  return logSum > logTail ? logSum + log1p(exp(logTail - logSum)) : logTail + log1p(exp(logSum - logTail));
}
