// Power laws fitted to the tail of whole numbers.
//
//    p(x) = x^(−α)/ζ(α, xmin),  x = xmin, xmin + 1, …     P(X < x) = 1 − ζ(α, x)/ζ(α, xmin)
//    α̂ = 1 + n_tail/Σ ln(x/(xmin − 1/2)), or where −ζ′(α, xmin)/ζ(α, xmin) = mean ln x
//
// xmin is the value for which the distance to the sample's distribution function, the share of smaller values, is least. Candidates
// are compared at a few values first and taken up from the closest on, each only until it is further off than the best.
//
// Based on: Clauset, Shalizi & Newman, Power-law distributions in empirical data, 2009, eqs. 3.5, 3.7 and app. B; the conventions are
// those of Alstott, Bullmore & Plenz, powerlaw, 2014. Two of its roundings are not copied: where ζ(α, xmin) is below 1e−16 it takes
// the law for 1 throughout, and with xmax it compares with ζ(α, xmin) − ζ(α, xmax), which leaves xmax itself out.

import { estimatedExponent, zetaExponent } from "./distributions/powerLaw.ts";
import type { Fit, PowerLawOptions } from "./powerLaw.ts";
import { maximize } from "./special/optimize.ts";
import { hurwitzZeta } from "./special/zeta.ts";

const { abs, log, log1p, max, sqrt } = Math;

/** Values of a candidate's tail at which it is looked at first. */
const PROBES = 24;
/** Candidates between two looks at whether the call was aborted. */
const AT_ONCE = 16;

/** The distinct values of a sample, ascending. */
interface Distinct {
  n: number;
  values: Float64Array;
  /** How many of the sample are smaller. */
  below: Float64Array;
  /** Σ ln(x/x₁) of those that are not, x₁ the smallest of all. */
  logs: Float64Array;
}

/** One xmin with its α; `from` is the first of the distinct values in the tail. */
interface Candidate {
  xmin: number;
  from: number;
  count: number;
  alpha: number;
  sigma: number;
  D: number;
}

/**
 * The fit of ascending positive whole numbers; undefined if there is no candidate. `look` is called now and then with what is done.
 * O(r²) for r distinct values, of which most is passed over for distance "D" without `scan`.
 */
export function fitDiscrete(sample: Float64Array, options: PowerLawOptions, look: (fraction: number) => void): Fit | undefined {
  const { xmin, alphaRange = [1, Infinity], sigmaThreshold = Infinity, distance = "D", scan = false } = options;
  const data = distinctOf(sample);
  const fixed = typeof xmin === "number";
  const candidates = fixed ? [xmin] : candidatesOf(data.values, xmin);
  const fits = candidates.map((value, k) => {
    if (k % AT_ONCE === 0) look(k / candidates.length / 3);
    return exponentAt(data, value, options);
  }).filter((fit) => fit !== undefined);
  if (fits.length === 0) return undefined;
  const good = fits.filter(({ alpha, sigma }) => alpha > alphaRange[0] && alpha < alphaRange[1] && sigma < sigmaThreshold);
  const noise = !fixed && good.length === 0;
  const pruned = distance === "D" && !scan;
  if (!pruned) {
    fits.forEach((fit, k) => {
      if (k % AT_ONCE === 0) look((1 + (2 * k) / fits.length) / 3);
      fit.D = distanceOf(data, fit, options, Infinity, 1);
    });
  }
  const eligible = noise || fixed ? fits : good;
  const best = pruned ? closest(data, eligible, options, look) : eligible.reduce((a, b) => (b.D < a.D ? b : a));
  const column = (name: "xmin" | "alpha" | "sigma" | "D") => Float64Array.from(fits, (fit) => fit[name]);
  return {
    alpha: best.alpha, sigma: best.sigma, xmin: best.xmin, D: best.D, noise, candidates: fits.length,
    ...(scan && { scan: { xmin: column("xmin"), alpha: column("alpha"), sigma: column("sigma"), D: column("D") } }),
  };
}

/** The first of the candidates with the least D. */
function closest(data: Distinct, fits: Candidate[], options: PowerLawOptions, look: (fraction: number) => void): Candidate {
  const order = fits.map((fit, k) => {
    if (k % AT_ONCE === 0) look((1 + k / fits.length) / 3);
    const tail = data.values.length - fit.from;
    return { fit, k, bound: distanceOf(data, fit, options, Infinity, Math.ceil(tail / PROBES)) };
  }).sort((a, b) => a.bound - b.bound || a.k - b.k);
  let [best, bestAt] = [order[0]!.fit, Infinity];
  best.D = Infinity;
  for (let i = 0; i < order.length && order[i]!.bound <= best.D; i++) {
    if (i % AT_ONCE === 0) look((2 + i / order.length) / 3);
    const { fit, k } = order[i]!;
    const D = distanceOf(data, fit, options, best.D, 1);
    if (D < best.D || (D === best.D && k < bestAt)) [best, bestAt] = [Object.assign(fit, { D }), k];
  }
  return best;
}

/** Those that can be xmin: all but the greatest, of all values or of those from lo to hi. */
function candidatesOf(values: Float64Array, range: readonly [number, number] | undefined): number[] {
  const inside = range ? values.filter((x) => x >= range[0] && x <= range[1]) : values;
  return [...inside.subarray(0, -1)];
}

/** The best α for xmin; undefined if fewer than 2 distinct values are left. */
function exponentAt({ n, values, below, logs }: Distinct, xmin: number, options: PowerLawOptions): Candidate | undefined {
  const { estimateDiscrete = true, xmax } = options;
  const from = firstFrom(values, xmin);
  if (values.length - from < 2) return undefined;
  const count = n - below[from]!;
  const meanLog = logs[from]! / count - logRatio(xmin, values[0]!);
  let alpha: number;
  if (xmax !== undefined) alpha = boundedExponent(meanLog, xmin, xmax);
  else if (estimateDiscrete) alpha = estimatedExponent(meanLog, xmin);
  else alpha = zetaExponent(meanLog, xmin);
  return { xmin, from, count, alpha, sigma: (alpha - 1) / sqrt(count), D: NaN };
}

/** The α of the law that ends at xmax. */
function boundedExponent(meanLog: number, xmin: number, xmax: number): number {
  const likelihood = (alpha: number) => -alpha * meanLog - log(massOf(alpha, xmin, xmax));
  // without its end the law would need a greater α
  return maximize(likelihood, 1 + 1e-9, zetaExponent(meanLog, xmin));
}

/** Σ (x/xmin)^(−α) from xmin to xmax. */
function massOf(alpha: number, xmin: number, xmax = Infinity): number {
  const all = hurwitzZeta(alpha, xmin, xmin);
  return xmax === Infinity ? all : all - hurwitzZeta(alpha, Math.floor(xmax) + 1, xmin);
}

/** The distance between law and sample at every `stride`-th distinct value; it ends where that exceeds `enough`, for "D". */
function distanceOf(
  { n, values, below }: Distinct, { xmin, from, count, alpha }: Candidate, { distance = "D", ks, xmax }: PowerLawOptions,
  enough: number, stride: number,
): number {
  const all = hurwitzZeta(alpha, xmin, xmin);
  const mass = massOf(alpha, xmin, xmax);
  const twoSided = ks === "twoSided";
  let [most, least, sum, squares] = [-Infinity, Infinity, 0, 0];
  for (let j = from; j < values.length; j += stride) {
    const rest = hurwitzZeta(alpha, values[j]!, xmin);
    const P = (all - rest) / mass;
    const d = P - (below[j]! - below[from]!) / count;
    most = max(most, d);
    least = Math.min(least, d);
    if (twoSided) {
      const upTo = P + (values[j]! / xmin) ** -alpha / mass - ((below[j + 1] ?? n) - below[from]!) / count;
      most = max(most, upTo);
      least = Math.min(least, upTo);
    }
    sum += d;
    if (j > from) squares += (d * d) / (P * (1 - P) + 1e-12);
    if (most > enough || -least > enough) break;
  }
  switch (distance) {
    case "V": return most - least;
    case "Kappa": return 1 + sum / (values.length - from);
    case "Asquare": return squares;
    default: return max(abs(most), abs(least));
  }
}

function distinctOf(sample: Float64Array): Distinct {
  const n = sample.length;
  const starts: number[] = [];
  for (let i = 0; i < n; i++) if (i === 0 || sample[i] !== sample[i - 1]) starts.push(i);
  const values = Float64Array.from(starts, (i) => sample[i]!);
  const logs = new Float64Array(starts.length);
  for (let k = starts.length - 1, sum = 0; k >= 0; k--) logs[k] = sum += ((starts[k + 1] ?? n) - starts[k]!) * logRatio(values[k]!, values[0]!);
  return { n, values, below: Float64Array.from(starts), logs };
}

/** ln(x/y), also where these are close to each other. */
const logRatio = (x: number, y: number) => log1p((x - y) / y);

/** The first of ascending values that is not below x. */
function firstFrom(values: Float64Array, x: number): number {
  let [lo, hi] = [0, values.length];
  while (lo < hi) {
    const middle = (lo + hi) >> 1;
    if (values[middle]! < x) lo = middle + 1;
    else hi = middle;
  }
  return lo;
}
