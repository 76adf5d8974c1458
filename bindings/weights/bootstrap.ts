// How far a fitted power law is to be believed: by fitting samples like the one at hand, many times.
//
// Based on: Clauset, Shalizi & Newman, Power-law distributions in empirical data, 2009, §3.2 and 4.1; Efron & Tibshirani,
// An introduction to the bootstrap, 1993. The replicas are made and fitted by assembly/stats/bootstrap.ts; those of whole
// numbers by discreteBootstrap.ts.
//
// Limits: intervals are percentiles; xmin is chosen among few values of the sample, so that its interval is a rough one.

import type { Runtime } from "../core/runtime.ts";
import { OptionError } from "../errors.ts";
import { checkCount } from "../options.ts";
import { checkSeed } from "../random/randomState.ts";
import { discreteReplicas, type Replicas } from "./discreteBootstrap.ts";
import { checkPowerLaw, fitPositive, positiveSample, pushNumbers, type PowerLawOptions, type PowerLawSettings } from "./powerLaw.ts";
import { SMALL_SAMPLE } from "./smallSample.ts";

/** Their results are kept. */
const MOST_REPLICAS = 1e7;

export interface BootstrapOptions extends Omit<PowerLawOptions, "scan"> {
  /** Samples of each of the two kinds. p is right to about ½/√replicas, so that 2500 give it to 0.01. Default 1000. */
  replicas?: number;
  /** Of the random numbers: Philox4x32-10, for whole numbers NumPy's RandomState. Default 0. */
  seed?: number;
  /** Of the intervals, between 0 and 1. Default 0.95. */
  confidence?: number;
}

/** A parameter of the fit, and how it varies over samples like the one at hand. */
export interface BootstrapEstimate {
  estimate: number;
  standardError: number;
  /** The mean of the replicas less the estimate. */
  bias: number;
  interval: [lower: number, upper: number];
}

export interface BootstrapResult {
  /**
   * The share of samples of the law that are further from their fit than the data from its: below 0.1 Clauset, Shalizi & Newman
   * rule the law out. It is no probability that the law is true. null where there is no fit, as `reason` says.
   */
  p: number | null;
  /** null where fewer than 2 replicas have a fit. */
  alpha: BootstrapEstimate | null;
  xmin: BootstrapEstimate | null;
  /** Of the data; then those of the samples of the law, NaN for one that has no fit. */
  D: number | null;
  Ds: Float64Array;
  nTail: number;
  n: number;
  replicas: number;
  /** Samples of either kind that have no fit; they count for nothing. */
  failed: number;
  seed: number;
  confidence: number;
  warnings: string[];
  reason?: string;
}

/**
 * The p-value of the power law that `powerLaw` fits to `data`, and standard errors, biases and intervals of α and xmin; every
 * replica is fitted with its own xmin, as the data are.
 *
 * For p each value is drawn, as likely as the data have it below xmin, from the data there, otherwise from the fitted law; for the
 * intervals all are drawn from the data with replacement. The same seed gives the same result for any number of threads.
 * Takes 2·replicas times the time of `powerLaw`, by all threads unless the data are `discrete`.
 */
export function bootstrap(rt: Runtime, data: ArrayLike<number>, options: BootstrapOptions = {}): BootstrapResult {
  const fn = "weights.bootstrap";
  const { replicas = 1000, seed = 0, confidence = 0.95 } = options;
  checkCount(fn, "replicas", replicas, 1, MOST_REPLICAS);
  checkSeed(fn, seed);
  if (!(typeof confidence === "number" && confidence > 0 && confidence < 1)) {
    throw new OptionError(`${fn}: confidence is ${String(confidence)}, expected a number between 0 and 1`);
  }
  const settings = checkPowerLaw(fn, options);
  const sample = positiveSample(fn, data, settings.xmax);
  const { values } = sample;
  if (settings.compat === "weightwatcher" && values.length < SMALL_SAMPLE) {
    throw new OptionError(`${fn}: compat is weightwatcher, which needs ${SMALL_SAMPLE} values or more, data has ${values.length}`);
  }
  const { alpha, xmin, D, nTail, n, warnings, reason } = fitPositive(rt, fn, data, sample, settings, options);
  const common = { D, nTail, n, replicas, seed, confidence, warnings };
  if (alpha === null || xmin === null || D === null) {
    return { p: null, alpha: null, xmin: null, ...common, Ds: new Float64Array(0), failed: 0, reason: reason! };
  }

  const [Ds, alphas, xmins] = options.discrete
    ? discreteReplicas(values, options, alpha, xmin, replicas, seed, (fraction) => rt.look(fraction))
    : kernelReplicas(rt, fn, values, settings, alpha, xmin, replicas, seed);
  const distances = Ds.filter((d) => !Number.isNaN(d));
  const fitted = alphas.filter((a) => !Number.isNaN(a));
  const failed = 2 * replicas - distances.length - fitted.length;
  if (failed > 0) warnings.push(`${failed} of ${2 * replicas} replicas have no fit and count for nothing`);
  return {
    p: distances.length ? distances.filter((d) => d >= D).length / distances.length : null,
    alpha: estimate(alpha, fitted, confidence),
    xmin: estimate(xmin, xmins.filter((x) => !Number.isNaN(x)), confidence),
    ...common, Ds, failed,
  };
}

/** Replicas of ascending values and their fit. */
function kernelReplicas(
  rt: Runtime, fn: string, values: Float64Array, settings: PowerLawSettings, alpha: number, xmin: number, replicas: number, seed: number,
): Replicas {
  const { memory, kernels, threads } = rt;
  const n = values.length;
  const below = values.findIndex((x) => x >= xmin);
  const share = -Math.expm1((1 - alpha) * Math.log(settings.xmax / xmin));
  return memory.scope(() => {
    const x = pushNumbers(rt, fn, values);
    const options = pushNumbers(rt, fn, settings.kernel);
    const out = memory.push(3 * 8 * replicas, `${fn}: ${replicas} replicas`);
    const work = memory.push(kernels.bootstrap_work_f64(n, threads), `${fn}: ${n} values on ${threads} threads`);
    rt.checkAborted(rt.alone(() => kernels.bootstrap_f64(
      n, x, options, below, xmin, 1 / (alpha - 1), share, replicas, seed, threads, out, work,
    )));
    return [0, 1, 2].map((row) => memory.f64(out + 8 * row * replicas, replicas).slice()) as Replicas;
  });
}

/** What replicas say of an estimate. */
function estimate(value: number, replicas: Float64Array, confidence: number): BootstrapEstimate | null {
  const count = replicas.length;
  if (count < 2) return null;
  const sorted = replicas.sort();
  // taken from the estimate on, so that what does not vary has no error
  const mean = sorted.reduce((sum, x) => sum + (x - value) / count, 0);
  const deviations = sorted.map((x) => x - value - mean);
  const scale = deviations.reduce((most, d) => Math.max(most, Math.abs(d)), 0);
  const squares = deviations.reduce((sum, d) => sum + (d / (scale || 1)) ** 2, 0);
  return {
    estimate: value, standardError: scale * Math.sqrt(squares / (count - 1)), bias: mean,
    interval: [quantile(sorted, (1 - confidence) / 2), quantile(sorted, (1 + confidence) / 2)],
  };
}

/** The q-quantile of ascending numbers, interpolated between the two nearest. */
function quantile(sorted: Float64Array, q: number): number {
  const place = q * (sorted.length - 1);
  const low = sorted[Math.floor(place)]!;
  const high = sorted[Math.ceil(place)]!;
  return low + (place - Math.floor(place)) * (high - low);
}
