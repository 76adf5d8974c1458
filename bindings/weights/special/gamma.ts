// The logarithm of the gamma function, and incomplete gamma functions of any order in logarithms.
//
//    Γ(s, x) = ∫ₓ^∞ t^(s−1)·e^(−t) dt,   E_p(x) = ∫₁^∞ t^(−p)·e^(−x·t) dt = x^(p−1)·Γ(1 − p, x),   x > 0
//
// E_p is what is computed, since it neither over- nor underflows where a truncated power law needs it:
//   x ≥ 1.5 (or x > s, s = 1 − p ≥ 1/2)  continued fraction
//   s ≥ 1/2   Γ(s) − γ(s, x), with the series of positive terms of γ
//   s < 1/2   Γ(s)·x^(−s) − Σ (−x)ᵏ/(k!·(s + k)); near s = −n, Γ(s) and the term k = n are infinite, and are taken together
//
// Based on: Abramowitz & Stegun, Handbook of Mathematical Functions, 1964, §5.1, 6.1 and 6.5; Gautschi, A computational
// procedure for incomplete gamma functions, 1979. Relative errors, measured by tests/special.test.ts: 4e−15 of ln Γ, 2e−14 of
// ln E_p (absolute below 1).

import { hurwitzZeta } from "./zeta.ts";

const { PI, abs, exp, expm1, log, log1p } = Math;

const EULER = 0.5772156649015329;
/** B₂ₖ/(2k·(2k − 1)) of Stirling's series. */
const STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156];

/** ln Γ(x), x > 0. */
export function logGamma(x: number): number {
  if (abs(x - 1) <= 0.5) return (x - 1) * logGamma1pOver(x - 1);
  if (abs(x - 2) <= 0.5) return (x - 2) * logGamma1pOver(x - 2) + log1p(x - 2);
  let product = 1;
  let z = x;
  for (; z < 10; z++) product *= z;
  const w = 1 / (z * z);
  const series = STIRLING.reduceRight((sum, c) => sum * w + c, 0) / z;
  return (z - 0.5) * log(z) - z + 0.5 * log(2 * PI) + series - log(product);
}

/** ζ(k) − 1, k = 2, …: those of the series below. */
const ZETAS = Float64Array.from({ length: 40 }, (_, k) => hurwitzZeta(k + 2, 2));

/** ln Γ(1 + z)/z, |z| ≤ 1/2: −γ + Σ ζ(k)·(−z)ᵏ/(k·z), the part of ζ(k) = 1 + … summed up to a logarithm. */
function logGamma1pOver(z: number): number {
  let sum = 0;
  for (let k = ZETAS.length - 1; k >= 0; k--) sum = ZETAS[k]! / (k + 2) - z * sum;
  const rest = abs(z) < 1e-5 ? z / 2 - (z * z) / 3 : 1 - log1p(z) / z;
  return z * sum - EULER + rest;
}

/** ln E_p(x), any real p, x ≥ 0. At x = 0 it is −ln(p − 1), and Infinity for p ≤ 1. */
export function logExpIntegral(p: number, x: number): number {
  if (x === 0) return p > 1 ? -log(p - 1) : Infinity;
  const s = 1 - p;
  if (x >= Math.max(1.5, s + 1)) return log(continuedFraction(p, x)) - x;
  if (s >= 0.5) return logGamma(s) - s * log(x) + log1p(-lowerShare(s, x));
  return x >= 1.5 ? log(continuedFraction(p, x)) - x : log(nearPole(p, x));
}

/** e^x·E_p(x) = 1/(x + p − 1·p/(x + p + 2 − 2·(p + 1)/(x + p + 4 − …))), by Lentz's method. */
function continuedFraction(p: number, x: number): number {
  const TINY = 1e-300;
  let b = x + p;
  let value = 1 / (b || TINY);
  let [c, d] = [Infinity, value];
  for (let k = 1; k < 10_000; k++) {
    const a = -k * (p + k - 1);
    b += 2;
    d = 1 / (a * d + b || TINY);
    c = b + a / c || TINY;
    const factor = c * d;
    value *= factor;
    if (abs(factor - 1) <= 1e-16) break;
  }
  return value;
}

/** γ(s, x)/Γ(s) = x^s·e^(−x)/Γ(s + 1)·(1 + x/(s + 1) + x²/((s + 1)(s + 2)) + …) */
function lowerShare(s: number, x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > 1e-17 * sum; k++) sum += term *= x / (s + k);
  return exp(s * log(x) - x - logGamma(s + 1)) * sum;
}

/** E_p(x) for p > 1/2, x < 1.5, with p = n + 1 + ε, |ε| ≤ 1/2: what is infinite at ε = 0 is (1 − e^(ε·L))/ε. */
function nearPole(p: number, x: number): number {
  const n = Math.round(p) - 1;
  const epsilon = p - 1 - n;
  let power = 1; // (−x)ᵏ/k!
  let sum = 0;
  let pair = 0;
  for (let k = 0; k < 40; k++) {
    if (k === n) {
      // L = ln x + (ln Γ(1 − ε) − Σ ln(1 + ε/j))/ε, the logarithm of πε/sin(πε)·x^ε·n!/Γ(n + 1 + ε)
      let L = log(x) - logGamma1pOver(-epsilon);
      for (let j = 1; j <= n; j++) L -= epsilon === 0 ? 1 / j : log1p(epsilon / j) / epsilon;
      pair = -power * (epsilon === 0 ? L : expm1(epsilon * L) / epsilon);
    } else {
      sum -= power / (k - n - epsilon);
    }
    power *= -x / (k + 1);
  }
  return sum + pair;
}
