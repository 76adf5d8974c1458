// What every family of distributions can do on the values from xmin on.

/** By name, e.g. { alpha: 2.5 }. */
export type DistributionParameters = Record<string, number>;

/** The values of a sample from xmin on: xmin·e^y with y ≥ 0. */
export interface Tail {
  /** Ascending. */
  values: Float64Array;
  xmin: number;
  /** ȳ, the mean of ln(x/xmin), and that of its squares. */
  meanLog: number;
  meanLogSquare: number;
  /** The mean of x/xmin. */
  meanRatio: number;
}

export interface Fitted<P> {
  parameters: P;
  /** The likelihood grows towards the power law, a limit of the family: it has no maximum inside. */
  limit?: "powerLaw";
}

/** One law on x ≥ xmin; on whole numbers its density is a probability. Cost: what depends on the parameters alone is done once. */
export interface Law {
  /** ln p(x) */
  logDensity(x: number): number;
  /** ln P(X ≥ x) */
  logCcdf(x: number): number;
  /** The x with P(X ≥ x) = e^(−e); on whole numbers the greatest with P(X ≥ x) ≥ e^(−e). With e exponential, a sample. */
  quantile(e: number): number;
}

export interface Family<P extends object = DistributionParameters> {
  /** What its parameters must be, in words and as a test. */
  readonly expected: string;
  isValid(parameters: P): boolean;
  /** By maximum likelihood. `compat`: as the Python package powerlaw up to 1.5 does it, where that differs. */
  fit(tail: Tail, compat?: boolean): Fitted<P>;
  law(parameters: P, xmin: number): Law;
  /** The power law that `fit` tends to where it has a `limit`; a family whose parameters reach it has none. */
  limit?(tail: Tail): Law;
}

/** The values from xmin on, of ascending ones. */
export function tailOf(values: Float64Array, xmin: number): Tail {
  let from = values.findIndex((x) => x >= xmin);
  if (from < 0) from = values.length;
  const tail = values.subarray(from);
  let [meanLog, meanLogSquare, meanRatio] = [0, 0, 0];
  for (const x of tail) {
    const y = Math.log1p((x - xmin) / xmin);
    meanLog += y;
    meanLogSquare += y * y;
    meanRatio += x / xmin;
  }
  const n = tail.length;
  return { values: tail, xmin, meanLog: meanLog / n, meanLogSquare: meanLogSquare / n, meanRatio: meanRatio / n };
}

/** Whole numbers from here on have no neighbours. */
const MOST_WHOLE = 2 ** 53;

/** The greatest whole x ≥ xmin with ln P(X ≥ x) ≥ −e, looked for from `guess` on. */
export function lastBelow(logCcdf: (x: number) => number, e: number, xmin: number, guess: number): number {
  if (!(guess < MOST_WHOLE)) return guess;
  const inside = (x: number) => logCcdf(x) >= -e;
  let lo = Math.max(xmin, guess);
  let hi = lo + 1;
  for (let step = 1; lo > xmin && !inside(lo); step *= 2) [lo, hi] = [Math.max(xmin, lo - step), lo];
  for (let step = 1; inside(hi) && hi < MOST_WHOLE; step *= 2) [lo, hi] = [hi, hi + step];
  while (hi - lo > 1) {
    const middle = Math.floor((lo + hi) / 2);
    if (inside(middle)) lo = middle;
    else hi = middle;
  }
  return lo;
}
