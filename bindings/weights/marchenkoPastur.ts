// weights.marchenkoPastur: noise and spikes of a spectrum.
//
// Based on: Tipping & Bishop, Probabilistic principal component analysis, 1999 (σ² of noise by maximum likelihood beside k
// spikes: the mean of what is left); Kritchman & Nadler, Determining the number of components in a factor model from
// limited noisy data, 2008 (its bias, and the test of one spike after another); Ma, 2012 (see tracyWidom.ts); Nadler, On
// the distribution of the ratio of the largest eigenvalue to the trace of a Wishart matrix, 2011.
//
// Model: W is a matrix of few singular values plus independent N(0, σ²) entries. N the longer side, M the shorter, and
// x = λ·d/N the eigenvalues of W·Wᵀ/N (d = rows by default, see `normalize`).
//
// σ² maximises the likelihood of the noise eigenvalues under the law of the matrix, in which they repel each other. That
// is not the product of Marchenko–Pastur densities: as independent draws, eigenvalues a little outside of the edges,
// which every finite matrix has, would be impossible, and σ² would be pulled to them by M^(−2/3) where its standard error
// is 1/√(N·M).
//
//   1. k grows from 0: σ² from the median of all but the k largest, k = how many are above the threshold, until it stays.
//      The median and the spikes that are out do not move with the height of a spike or of a heavy tail.
//   2. σ² by maximum likelihood, then one by one: the largest of the rest is a spike if it is above the threshold of the
//      σ² that counts it as noise; the smallest spike is noise if it is not.
//
// Limits: the standard error and the threshold are those of Gaussian entries. Where the bulk isn't noise, D says so: σ²
// is then a width and no variance. Spikes below σ²·(1 + √(M/N)) before noise is added do not leave the bulk.

import type { Runtime } from "../core/runtime.ts";
import { NotFiniteError, OptionError, ShapeError } from "../errors.ts";
import { checkCount } from "../options.ts";
import { marchenkoPasturCdf, marchenkoPasturMedian, type Edges } from "./marchenkoPasturLaw.ts";
import { matrixRank } from "./metrics.ts";
import { tracyWidomPdf, tracyWidomQuantile } from "./tracyWidom.ts";

export interface MarchenkoPasturOptions {
  /** The shape of the matrix, in either orientation. */
  rows: number;
  cols: number;
  /** What the eigenvalues of W·Wᵀ were divided by: rows (the default), nothing, or the longer side. */
  normalize?: "rows" | "none" | "max-dim";
  /** How often pure noise may show a spike. Default 0.01. */
  level?: number;
  /** How many matrices of this shape the eigenvalues are of, such as the slices of a convolution. Default 1. */
  matrices?: number;
}

export interface MarchenkoPasturFit {
  /** The variance of the entries of the noise, and its standard error σ²·√(2/(N·M)) less the spikes'. */
  sigma2: number;
  standardError: number;
  /** The edges of the law: (N/d)·σ²·(1 ∓ √(M/N))², with N and M less the spikes (and less the zeros). */
  lower: number;
  upper: number;
  /** Kolmogorov–Smirnov distance (two-sided) of the bulk to the law. */
  D: number;
  /** Eigenvalues that are noise, above it, and 0 to rounding. */
  bulk: number;
  spikes: number;
  zeros: number;
  /** Eigenvalues above are spikes: the quantile 1 − level of the largest one of noise. */
  threshold: number;
  level: number;
  /** upper/λ_max. */
  softRank: number;
  /** Square matrices: the singular values √λ of the bulk have the density √(radius² − s²)·4/(π·radius²), 0 ≤ s ≤ radius. */
  quarterCircle: { radius: number; D: number } | null;
}

/** Noise of N×M, m times, of which k spikes take a part each. */
interface Noise {
  N: number;
  M: number;
  m: number;
}

const without = ({ N, M, m }: Noise, k: number): Noise => ({ N: N - k / m, M: M - k / m, m });

/** The edges of W·Wᵀ/N with σ² = 1, for noise that is N×M of what was `N0` columns. */
const edgesOf = ({ N, M }: Noise, N0: number): Edges => ({
  lower: (Math.sqrt(N) - Math.sqrt(M)) ** 2 / N0,
  upper: (Math.sqrt(N) + Math.sqrt(M)) ** 2 / N0,
});

/** A quantile of Tracy–Widom, and F₁″/F₁′ there. */
interface Quantile {
  s: number;
  slope: number;
}

function quantileOf(rt: Runtime, p: number): Quantile {
  const s = tracyWidomQuantile(rt, p);
  const h = 0.01;
  return { s, slope: Math.log(tracyWidomPdf(rt, s + h) / tracyWidomPdf(rt, s - h)) / (2 * h) };
}

/**
 * The quantile of λ_max(WᵀW) divided by σ² as estimated from the same eigenvalues. Their sum is independent of the ratio
 * and has a variance 2/(N·M), by which the law of the ratio is narrower (Nadler, to first order).
 */
function largestOfNoise({ N, M, m }: Noise, { s, slope }: Quantile): number {
  const [n, p] = [Math.sqrt(Math.max(N - 0.5, 0.5)), Math.sqrt(Math.max(M - 0.5, 0.5))];
  const centre = (n + p) ** 2;
  const scale = (n + p) * Math.cbrt(1 / n + 1 / p);
  return centre + scale * (s + (slope * (centre / scale) ** 2) / (N * M * m));
}

/** σ² by maximum likelihood beside the k largest of x (descending), what they hold of the noise given back to it. */
function varianceOf(x: Float64Array, k: number, noise: Noise): number {
  const { N, m } = noise;
  const left = x.length - k;
  let bulk = 0;
  for (let i = x.length - 1; i >= k; i--) bulk += x[i]!;
  let sigma2 = (bulk * N) / (left * without(noise, k).N);
  for (let step = 0; step < 50 && k > 0; step++) {
    let sum = bulk;
    for (let i = 0; i < k; i++) {
      // the eigenvalue ρ of a spike and its noise appears at x = ρ + ρ·g/(ρ − σ²), g = σ²·M/N: above by the noise that it holds
      const g = (sigma2 * (left / m)) / N;
      const b = x[i]! + sigma2 - g;
      const discriminant = b * b - 4 * x[i]! * sigma2;
      const rho = (b + Math.sqrt(discriminant)) / 2;
      sum += discriminant > 0 ? (rho * g) / (rho - sigma2) : x[i]! - Math.sqrt(x[i]! * sigma2);
    }
    const next = sum / left;
    const settled = Math.abs(next - sigma2) <= 4 * Number.EPSILON * sigma2;
    sigma2 = next;
    if (settled) break;
  }
  return sigma2;
}

/** How many of x (descending) are spikes. */
function countSpikes(x: Float64Array, noise: Noise, quantile: Quantile): number {
  const most = x.length - 1;
  const above = (sigma2: number, k: number) => (sigma2 * largestOfNoise(without(noise, k), quantile)) / noise.N;
  let k = 0;
  while (k < most) {
    const middle = (k + x.length - 1) / 2;
    const median = (x[Math.floor(middle)]! + x[Math.ceil(middle)]!) / 2;
    const threshold = above(median / marchenkoPasturMedian(edgesOf(without(noise, k), noise.N)), k);
    let next = k;
    while (next < most && x[next]! > threshold) next++;
    if (next === k) break;
    k = next;
  }
  while (k < most && x[k]! > above(varianceOf(x, k, noise), k)) k++;
  while (k > 0 && x[k - 1]! <= above(varianceOf(x, k - 1, noise), k - 1)) k--;
  return k;
}

/** The largest difference of the empirical distribution of x[k..] (descending) to the law. */
function distance(x: Float64Array, k: number, edges: Edges): number {
  const n = x.length - k;
  let D = 0;
  for (let i = k; i < x.length; i++) {
    const F = marchenkoPasturCdf(x[i]!, edges);
    const below = x.length - 1 - i;
    D = Math.max(D, F - below / n, (below + 1) / n - F);
  }
  return D;
}

/** The positive eigenvalues, descending. */
function positive(fn: string, eigenvalues: ArrayLike<number>, longer: number): Float64Array {
  const sorted = Float64Array.from(eigenvalues).sort();
  for (let i = 0; i < eigenvalues.length; i++) {
    const value = eigenvalues[i]!;
    if (!Number.isFinite(value)) throw new NotFiniteError(`${fn}: eigenvalue ${i + 1} is ${value}, every number must be finite`);
    if (value < 0) throw new OptionError(`${fn}: eigenvalue ${i + 1} is ${value}, eigenvalues of W·Wᵀ are not negative`);
  }
  const rank = matrixRank(sorted, longer);
  return sorted.subarray(sorted.length - rank).reverse();
}

/**
 * Splits the eigenvalues of W·Wᵀ in noise, which follows the Marchenko–Pastur law, and spikes: σ² by maximum likelihood,
 * spikes by Tracy–Widom quantiles, as the head of this file says. Eigenvalues that are 0 to rounding are left out, and the
 * shorter side of the matrix is counted without them.
 *
 * eigenvalues: of W·Wᵀ divided as `normalize` says, in any order; at most min(rows, cols)·matrices of them, those not given
 * are 0. The variance of the entries of W is estimated, so sigma2 does not depend on `normalize`; edges and threshold do.
 * At least one eigenvalue must be positive, else an ERR_OPTION.
 */
export function marchenkoPastur(
  rt: Runtime, eigenvalues: ArrayLike<number>, options: MarchenkoPasturOptions,
): MarchenkoPasturFit {
  const fn = "weights.marchenkoPastur";
  const { rows, cols, normalize = "rows", level = 0.01, matrices: m = 1 } = options ?? {};
  checkCount(fn, "rows", rows);
  checkCount(fn, "cols", cols);
  checkCount(fn, "matrices", m);
  const divisor = new Map<unknown, number>([["rows", rows], ["none", 1], ["max-dim", Math.max(rows, cols)]]).get(normalize);
  if (divisor === undefined) throw new OptionError(`${fn}: normalize is ${String(normalize)}, expected "rows", "none" or "max-dim"`);
  if (!(level >= 1e-6 && level <= 0.5)) throw new OptionError(`${fn}: level is ${String(level)}, expected a number from 1e-6 to 0.5`);
  if (typeof eigenvalues?.length !== "number") throw new ShapeError(`${fn}: eigenvalues is ${String(eigenvalues)}, expected an array of numbers`);
  const [N, sides] = [Math.max(rows, cols), Math.min(rows, cols) * m];
  if (eigenvalues.length > sides) {
    throw new ShapeError(`${fn}: ${eigenvalues.length} eigenvalues are given, ${m > 1 ? `${m} matrices ` : ""}${rows}×${cols} have ${sides}`);
  }
  const given = positive(fn, eigenvalues, N);
  if (given.length === 0) throw new OptionError(`${fn}: all eigenvalues are 0, expected at least one that is not`);

  // x in units of a power of two near the largest, so that no product of them overflows
  const unit = 2 ** Math.floor(Math.log2(given[0]!));
  const scale = (N / divisor) * unit;
  const x = given.map((value) => value / unit / (N / divisor));
  const noise = { N, M: x.length / m, m };
  const quantile = quantileOf(rt, (1 - level) ** (1 / m));
  const spikes = countSpikes(x, noise, quantile);
  const bulk = x.length - spikes;
  const rest = without(noise, spikes);
  const sigma2 = varianceOf(x, spikes, noise);
  const edges = edgesOf(rest, N);
  const D = distance(x, spikes, { lower: sigma2 * edges.lower, upper: sigma2 * edges.upper });
  const upper = scale * sigma2 * edges.upper;
  return {
    sigma2: sigma2 * unit,
    standardError: sigma2 * unit * Math.sqrt(2 / (rest.N * bulk)),
    lower: scale * sigma2 * edges.lower,
    upper,
    D,
    bulk,
    spikes,
    zeros: eigenvalues.length - x.length,
    threshold: (scale * sigma2 * largestOfNoise(rest, quantile)) / N,
    level,
    softRank: upper / (scale * x[0]!),
    quarterCircle: noise.M === N ? { radius: Math.sqrt(upper), D } : null,
  };
}
