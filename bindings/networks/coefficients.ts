// The Hermite coefficients of an activation at the variances of the rows: what the instruction SERIES works with
// (assembly/kernel/series.ts), by Gauss–Legendre quadrature on panels, or exactly for polynomials.

import type { Activation } from "./activations.ts";
import { phiOf, powersOf, type Phi } from "./functions.ts";

/** Coefficients that are computed at most. */
export const TERMS = 256;

/** Standard deviations of the normal distribution that are integrated over at least, and at most. */
export const LEAST_DEVIATIONS = 9;
const MOST_DEVIATIONS = 13;

const MOST_PANELS = 512;

/** Series end where what follows is this share of 𝔼 φ′², or is not to be told from rounding errors. */
const NEGLIGIBLE = 1e-17;

/** The series of φ at one variance p, with b_k = 𝔼 φ′(√p·z) h_k(z): then 𝔼 φ(√p·z) h_{k+1}(z) = √(p/(k + 1))·b_k. */
export interface Series {
  /** 𝔼 φ */
  mean: number;
  /** 𝔼 φ² */
  square: number;
  /** 𝔼 φ′² */
  slopeSquare: number;
  b: Float64Array;
  /** The share of 𝔼 φ² that the series leaves out, with the errors of the quadrature. */
  error: number;
  /** The share of 𝔼 φ′². */
  slopeError: number;
}

/** What gives the series of an activation at any variance up to `largest`, with as many coefficients as it needs, or `least`. */
export function seriesOf(activation: Activation, largest: number): (variance: number, least?: number) => Series {
  switch (activation.kind) {
    case "monomial": case "hermite": case "polynomial": {
      const powers = powersOf(activation);
      return (p) => polynomialSeries(powers, p);
    }
    default: return quadrature(phiOf(activation), largest);
  }
}

/** Σ c_j x^j at √p·z:  b_k = p^(k/2) Σ_i c′_{2i+k} (2i + k)!/(2ⁱ i! √k!) pⁱ, c′ the coefficients of the derivative. */
function polynomialSeries(c: readonly number[], p: number): Series {
  const moments = (powers: readonly number[], k: number) => {
    let sum = 0;
    let factor = 1; // (2i + k)!/(2ⁱ i! √k!) pⁱ
    for (let j = 2; j <= k; j++) factor *= Math.sqrt(j);
    for (let i = 0; 2 * i + k < powers.length; i++) {
      sum += powers[2 * i + k]! * factor;
      factor *= ((2 * i + k + 1) * (2 * i + k + 2) * p) / (2 * (i + 1));
    }
    return sum;
  };
  const slope = c.slice(1).map((value, i) => value * (i + 1));
  const b = Float64Array.from(slope, (_, k) => moments(slope, k) * p ** (k / 2));
  const mean = moments(c, 0);
  const slopeSquare = b.reduce((sum, x) => sum + x * x, 0);
  const square = b.reduce((sum, x, k) => sum + (p * x * x) / (k + 1), mean * mean);
  return { mean, square, slopeSquare, b, error: 0, slopeError: 0 };
}

function quadrature(phi: Phi, largest: number): (variance: number, least?: number) => Series {
  const reach = Math.min(MOST_DEVIATIONS, phi.reach / Math.sqrt(largest));
  const panels = Math.min(MOST_PANELS, Math.ceil(2 * reach * Math.max(1, Math.sqrt(largest) / (2 * phi.scale))));
  const kinks = phi.breakpoints.filter((x) => x !== 0);
  const edges = (count: number, p: number) => {
    const regular = Array.from({ length: 2 * count + 1 }, (_, i) => reach * (i / count - 1)); // 0 is one of them
    const own = kinks.map((x) => x / Math.sqrt(p)).filter((z) => Math.abs(z) < reach);
    return own.length ? [...regular, ...own].sort((a, b) => a - b) : regular;
  };
  const shared = new Rule(edges(panels, largest));
  const ruleAt = (p: number) => (kinks.length ? new Rule(edges(panels, p)) : shared);
  // what twice as many panels change, and what lies beyond them, where φ² is hardest to integrate
  const p = largest;
  const square = moment(phi, ruleAt(p), p);
  const beyond = (phi.value(reach * Math.sqrt(p)) ** 2 + phi.value(-reach * Math.sqrt(p)) ** 2) * Math.exp((-reach * reach) / 2);
  const change = Math.abs(moment(phi, new Rule(edges(2 * panels, p)), p) - square) + beyond;
  const quadratureError = (square > 0 ? change / square : 0) + 2 * phi.error;
  let enough = 0;
  return (variance, least = 0) => {
    const rule = ruleAt(variance);
    const f = rule.z.map((z) => phi.value(Math.sqrt(variance) * z));
    const g = rule.z.map((z) => phi.slope(Math.sqrt(variance) * z));
    const mean = rule.integrate(f, 0);
    const square = rule.mean((m) => f[m]! * f[m]!);
    const slopeSquare = rule.mean((m) => g[m]! * g[m]!);
    const b = new Float64Array(Math.max(TERMS, least));
    let rest = slopeSquare;
    let used = 0;
    const more = (until: number) => {
      for (; used < until; used++) {
        const k = used;
        // a jump is not in φ′
        b[k] = phi.jumps ? (variance > 0 ? rule.integrate(f, k + 1) * Math.sqrt((k + 1) / variance) : 0) : rule.integrate(g, k);
        rest -= b[k]! * b[k]!;
      }
    };
    more(Math.max(enough, least));
    // the largest variance comes first and needs most; rest itself holds rounding errors
    const last = used > 0 ? b[used - 1]! ** 2 + (b[used - 2] ?? 0) ** 2 : Infinity;
    if (phi.jumps || last > NEGLIGIBLE * slopeSquare || rest > 1e-13 * slopeSquare) {
      more(TERMS);
      let terms = TERMS;
      for (let tail = 0; terms > 0 && (tail += b[terms - 1]! ** 2) <= NEGLIGIBLE * slopeSquare;) terms--;
      terms = Math.min(TERMS, terms + 2); // of an odd or even φ′ every other coefficient is 0
      enough = Math.max(enough, terms);
      used = Math.max(terms, least);
    }
    const kept = b.subarray(0, used);
    const left = kept.reduce((sum, x, k) => sum - (variance * x * x) / (k + 1), square - mean * mean);
    const left1 = kept.reduce((sum, x) => sum - x * x, slopeSquare);
    return {
      mean, square, slopeSquare, b: kept,
      error: square > 0 ? Math.max(0, left) / square + quadratureError : 0,
      slopeError: slopeSquare > 0 ? Math.max(0, left1) / slopeSquare + quadratureError : 0,
    };
  };
}

function moment(phi: Phi, rule: Rule, p: number): number {
  return rule.mean((m) => phi.value(Math.sqrt(p) * rule.z[m]!) ** 2);
}

/** Gauss–Legendre on panels, for integrals with the density of N(0, 1) and Hermite polynomials. */
class Rule {
  readonly z: Float64Array;
  /** Rows k: weights times h_k. */
  private readonly weighted: Float64Array[] = [];

  constructor(edges: number[]) {
    const z: number[] = [];
    const w: number[] = [];
    for (let i = 1; i < edges.length; i++) {
      const half = (edges[i]! - edges[i - 1]!) / 2;
      const middle = (edges[i]! + edges[i - 1]!) / 2;
      LEGENDRE.forEach(([x, weight]) => {
        z.push(middle + half * x);
        w.push((half * weight * Math.exp(-0.5 * (middle + half * x) ** 2)) / Math.sqrt(2 * Math.PI));
      });
    }
    this.z = Float64Array.from(z);
    this.weighted.push(Float64Array.from(w));
  }

  /** 𝔼 f·h_k of the values f at the points z. */
  integrate(f: Float64Array, k: number): number {
    const w = this.row(k);
    let sum = 0;
    for (let m = 0; m < w.length; m++) sum += w[m]! * f[m]!;
    return sum;
  }

  mean(f: (m: number) => number): number {
    return this.weighted[0]!.reduce((sum, w, m) => sum + w * f(m), 0);
  }

  /** √(k + 1)·h_{k+1} = z·h_k − √k·h_{k−1} */
  private row(k: number): Float64Array {
    const { weighted, z } = this;
    for (let j = weighted.length; j <= k; j++) {
      const last = weighted[j - 1]!;
      const before = weighted[j - 2];
      weighted.push(z.map((x, m) => (x * last[m]! - (before ? Math.sqrt(j - 1) * before[m]! : 0)) / Math.sqrt(j)));
    }
    return weighted[k]!;
  }
}

/** Points and weights of Gauss–Legendre with 16 points on [−1, 1], by Newton's iteration. */
const LEGENDRE: [number, number][] = Array.from({ length: 16 }, (_, i) => {
  let x = Math.cos((Math.PI * (i + 0.75)) / 16.5);
  for (let step = 0; ; step++) {
    let p = 1;
    let before = 0;
    for (let k = 0; k < 16; k++) [p, before] = [((2 * k + 1) * x * p - k * before) / (k + 1), p];
    const slope = (16 * (x * p - before)) / (x * x - 1);
    if (step === 8) return [x, 2 / ((1 - x * x) * slope * slope)];
    x -= p / slope;
  }
});
