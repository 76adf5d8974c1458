// Power laws fitted to the tail of a sample.
//
//    p(x) = (α − 1)/xmin·(x/xmin)^−α,  x ≥ xmin:   α̂ = 1 + n_tail/Σ ln(x/xmin),   σ = (α̂ − 1)/√n_tail
//
// xmin is the value of the sample for which the law is closest to the sample beyond it. All values are tried; the kernel
// passes over those that can't be the best (assembly/stats/power_law.ts).
//
// Based on: Clauset, Shalizi & Newman, Power-law distributions in empirical data, 2009; the conventions are those of
// Alstott, Bullmore & Plenz, powerlaw: a Python package for analysis of heavy-tailed distributions, 2014.

import type { Pointer } from "../core/kernels.ts";
import type { Runtime } from "../core/runtime.ts";
import { NotFiniteError, OptionError, ShapeError } from "../errors.ts";
import { told } from "../options.ts";
import { checkWord } from "./words.ts";
import { fitDiscrete } from "./discrete.ts";
import { fitSmallSample, SMALL_SAMPLE } from "./smallSample.ts";

export interface PowerLawOptions {
  /** xmin itself, or [lo, hi] between which it is looked for; without it all values but the greatest are tried. */
  xmin?: number | readonly [lo: number, hi: number];
  /**
   * Where the law ends: greater values are left out, and the fit is compared with a law that has no more beyond it. α is nevertheless that
   * of a law without an end unless `discrete`, as powerlaw has it: too great where much is cut off.
   */
  xmax?: number;
  /** Whole numbers, from the law x^−α/ζ(α, xmin). Default false. */
  discrete?: boolean;
  /**
   * α of whole numbers by 1 + n_tail/Σ ln(x/(xmin − ½)), as powerlaw has it unless told otherwise: within 1 % from xmin = 6 on, too
   * low by up to 0.5 at xmin = 1. false: by maximum likelihood. Default true; with xmax always maximum likelihood.
   */
  estimateDiscrete?: boolean;
  /**
   * What the sample's distribution function is at one of its values: "powerlaw", the share of smaller ones; "twoSided", that and
   * the share of those up to it, whichever is further from the fit, as Clauset, Shalizi & Newman have it. Default "powerlaw".
   */
  ks?: "powerlaw" | "twoSided";
  /**
   * The distance that is least at xmin, with d the difference of the distribution functions, fit less sample: "D" max |d|
   * (Kolmogorov-Smirnov), "V" max d − min d (Kuiper), "Asquare" Σ d²/(P·(1 − P) + 1e−12) (Anderson-Darling), "Kappa" 1 + mean d.
   * Default "D".
   */
  distance?: "D" | "V" | "Asquare" | "Kappa";
  /**
   * Whose conventions: "1.x", the Python package powerlaw up to 1.5; "2.x", its 2.0.0: the two greatest values are no candidates,
   * and only α below 3 counts; "weightwatcher": equal values count one by one, and below 20 values α and D are corrected for
   * their small number. Default "1.x".
   */
  compat?: "1.x" | "2.x" | "weightwatcher";
  /** Only candidates with a smaller σ count. */
  sigmaThreshold?: number;
  /** Only candidates with lo < α < hi count. Default (1, ∞). */
  alphaRange?: readonly [lo: number, hi: number];
  /** Gives α, σ and D of all candidates too, of a given xmin its own; these are n²/2 powers. Default false. */
  scan?: boolean;
}

/** α, σ and D of every candidate for xmin, ascending. */
export interface PowerLawScan {
  xmin: Float64Array;
  alpha: Float64Array;
  sigma: Float64Array;
  D: Float64Array;
}

/** A power law fitted to the tail of a sample. */
export interface PowerLawFit {
  /** The exponent of p(x) ∝ x^−α, x ≥ xmin; null where there is nothing to fit, as `reason` says. */
  alpha: number | null;
  /** Standard error of α: (α − 1)/√nTail. */
  sigma: number | null;
  xmin: number | null;
  /** The least distance, of the kind that was asked for. */
  D: number | null;
  /** Values from xmin on, with those above xmax. */
  nTail: number;
  /** Values that were fitted: the positive ones, up to xmax. */
  n: number;
  /** No candidate met sigmaThreshold and alphaRange; the best of all is given. */
  noise: boolean;
  warnings: string[];
  /** Why α is null. */
  reason?: string;
  /** With `scan`. */
  scan?: PowerLawScan;
}

/** Samples with fewer distinct values have no fit. */
export const LEAST_DISTINCT = 3;

/** Below so many values of the tail a result comes with a warning. */
const FEW = 50;

/** By the numbers of the kernel. */
const DISTANCES = ["D", "V", "Asquare", "Kappa"] as const;

/** Options with their defaults, checked; what the kernel takes is `kernel`. */
export interface PowerLawSettings {
  compat: "1.x" | "2.x" | "weightwatcher";
  xmin: number | readonly [number, number] | undefined;
  xmax: number;
  kernel: Float64Array;
}

/** The positive values, ascending, up to xmax. */
export interface PositiveSample {
  values: Float64Array;
  /** How many were not positive, how many above xmax. */
  dropped: number;
  above: number;
}

/**
 * The power law that fits the tail of `data` best, by maximum likelihood for α and the least distance for xmin. Values that are not
 * positive are left out, with a warning. α and D don't change when all values are multiplied by the same number.
 *
 * α is null with a reason where there is nothing to fit: fewer than 3 distinct values, or no candidate for xmin.
 * Throws ShapeError if there are no numbers, NotFiniteError on NaN or an infinity. Takes the time of sorting and that of some
 * n·√n powers, at worst of n²/2, as with `scan` and the distances "Asquare" and "Kappa" always.
 */
export function powerLaw(rt: Runtime, data: ArrayLike<number>, options: PowerLawOptions = {}): PowerLawFit {
  return rt.alone(() => powerLawOf(rt, "weights.powerLaw", data, options));
}

/** powerLaw as one of the steps of `fn`: it tells no progress. */
export function powerLawOf(rt: Runtime, fn: string, data: ArrayLike<number>, options: PowerLawOptions): PowerLawFit {
  const settings = checkPowerLaw(fn, options);
  return fitPositive(rt, fn, data, positiveSample(fn, data, settings.xmax), settings, options);
}

/** The fit of what `positiveSample` made of `data`. */
export function fitPositive(
  rt: Runtime, fn: string, data: ArrayLike<number>, { values, dropped, above }: PositiveSample, settings: PowerLawSettings,
  options: PowerLawOptions,
): PowerLawFit {
  if (options.discrete) checkWhole(fn, values);
  const warnings = dropped ? [`${dropped} of ${data.length} values are not positive and were left out`] : [];
  const none = (reason: string): PowerLawFit => ({
    alpha: null, sigma: null, xmin: null, D: null, nTail: 0, n: values.length, noise: true, warnings, reason,
  });
  const distinct = countDistinct(values);
  if (distinct < LEAST_DISTINCT) {
    return none(`${distinct || "no"} distinct positive ${distinct === 1 ? "value" : "values"}, at least ${LEAST_DISTINCT} are needed`);
  }
  const fit = fitSample(rt, fn, values, settings, options);
  if (!fit || (settings.compat === "2.x" && typeof settings.xmin !== "number" && fit.candidates < 2)) return none(noCandidate(settings));

  const { alpha, sigma, xmin, D, noise, scan } = fit;
  const nTail = values.length - values.findIndex((x) => x >= xmin) + above;
  if (nTail < FEW) {
    const error = `(α − 1)/√nTail = ${sigma.toPrecision(2)}`;
    warnings.push(`nTail is ${nTail}: from fewer than ${FEW} values α is uncertain, its standard error is about ${error}`);
  }
  if (noise) warnings.push("no candidate for xmin meets sigmaThreshold and alphaRange: the best of all is given");
  return { alpha, sigma, xmin, D, nTail, n: values.length, noise, warnings, ...(scan && { scan }) };
}

function fitSample(rt: Runtime, fn: string, values: Float64Array, settings: PowerLawSettings, options: PowerLawOptions): Fit | undefined {
  if (options.discrete) return fitDiscrete(values, options, (fraction) => rt.look(fraction));
  if (settings.compat === "weightwatcher" && values.length < SMALL_SAMPLE) return fitSmallSample(values, options.scan);
  return scanSample(rt, fn, values, settings.kernel, options.scan);
}

function noCandidate({ xmin, compat }: PowerLawSettings): string {
  if (typeof xmin === "number") return `fewer than 2 distinct values from xmin = ${xmin} on`;
  if (xmin) return `fewer than 2 distinct values from ${xmin[0]} to ${xmin[1]}, where xmin is looked for`;
  return compat === "2.x" ? "fewer than 4 distinct values, which powerlaw 2.x needs" : "no candidate for xmin";
}

/** What a scan of the kernel, or of `fitSmallSample`, finds. */
export interface Fit {
  alpha: number;
  sigma: number;
  xmin: number;
  D: number;
  noise: boolean;
  candidates: number;
  scan?: PowerLawScan;
}

/** The fit of ascending positive values by the kernel; undefined if there is no candidate. */
function scanSample(rt: Runtime, fn: string, values: Float64Array, settings: Float64Array, scan = false): Fit | undefined {
  const { memory, kernels } = rt;
  const n = values.length;
  return memory.scope(() => {
    const x = pushNumbers(rt, fn, values);
    const options = pushNumbers(rt, fn, settings);
    const out = memory.push(6 * 8, fn);
    const all = scan ? memory.push(4 * 8 * n, `${fn}: ${n} candidates`) : 0;
    const work = memory.push(kernels.power_law_scan_work_f64(n), `${fn}: ${n} values`);
    const info = rt.checkAborted(kernels.power_law_scan_f64(n, x, options, out, all, work));
    if (info !== 0) return undefined;
    const [xmin, alpha, sigma, D, noise, candidates] = memory.f64(out, 6) as unknown as number[];
    const fit: Fit = { alpha: alpha!, sigma: sigma!, xmin: xmin!, D: D!, noise: noise !== 0, candidates: candidates! };
    // with a given xmin the kernel puts down no rows
    if (scan) {
      fit.scan = settings[0]! > 0 ? scanOf(Float64Array.of(xmin!, alpha!, sigma!, D!), 1) : scanOf(memory.f64(all, 4 * candidates!), candidates!);
    }
    return fit;
  });
}

/** Four rows, as the kernel has them. */
function scanOf(rows: Float64Array, count: number): PowerLawScan {
  const [xmin, alpha, sigma, D] = [0, 1, 2, 3].map((row) => rows.slice(row * count, (row + 1) * count));
  return { xmin: xmin!, alpha: alpha!, sigma: sigma!, D: D! };
}

/** Numbers on the stack of the memory. */
export function pushNumbers(rt: Runtime, fn: string, values: Float64Array): Pointer {
  const at = rt.memory.push(8 * values.length, `${fn}: ${values.length} values`);
  rt.memory.f64(at, values.length).set(values);
  return at;
}

/** The options of `powerLaw`, refused by name where they make no sense. */
export function checkPowerLaw(fn: string, options: PowerLawOptions): PowerLawSettings {
  const { xmin, xmax, discrete, estimateDiscrete, ks = "powerlaw", distance = "D", compat = "1.x", sigmaThreshold, alphaRange } = options;
  checkWord(fn, "ks", ks, ["powerlaw", "twoSided"]);
  checkWord(fn, "distance", distance, DISTANCES);
  checkWord(fn, "compat", compat, ["1.x", "2.x", "weightwatcher"]);
  if (xmin !== undefined && !(isPositive(xmin) || isRange(xmin))) {
    throw new OptionError(`${fn}: xmin is ${String(xmin)}, expected a positive number or [lo, hi] with lo ≤ hi`);
  }
  for (const [name, value] of Object.entries({ xmax, sigmaThreshold })) {
    if (value !== undefined && !isPositive(value)) throw new OptionError(`${fn}: ${name} is ${String(value)}, expected a positive number`);
  }
  if (alphaRange !== undefined && !isRange(alphaRange)) {
    throw new OptionError(`${fn}: alphaRange is ${String(alphaRange)}, expected [lo, hi] with lo ≤ hi`);
  }
  if (typeof xmin === "number" && xmax !== undefined && xmax <= xmin) {
    throw new OptionError(`${fn}: xmax is ${xmax}, expected more than xmin = ${xmin}`);
  }
  if (ks === "twoSided" && distance !== "D" && distance !== "V") {
    throw new OptionError(`${fn}: distance is ${distance}, "twoSided" is for "D" and "V" only`);
  }
  if (compat === "2.x" && xmax !== undefined) throw new OptionError(`${fn}: xmax is ${xmax}, it can't be had with compat "2.x"`);
  if (compat === "weightwatcher") {
    const others = Object.entries({ xmin, xmax, sigmaThreshold, alphaRange, ks: options.ks, distance: options.distance });
    const [given] = others.find(([, value]) => value !== undefined) ?? [];
    if (given) throw new OptionError(`${fn}: ${given} can't be had with compat "weightwatcher"`);
  }

  for (const [name, value] of Object.entries({ discrete, estimateDiscrete })) {
    if (value !== undefined && typeof value !== "boolean") throw new OptionError(`${fn}: ${name} is ${String(value)}, expected true or false`);
  }
  if (discrete && compat !== "1.x") throw new OptionError(`${fn}: discrete is true, it can't be had with compat "${compat}"`);
  if (discrete && typeof xmin === "number" && !Number.isInteger(xmin)) {
    throw new OptionError(`${fn}: xmin is ${xmin}, expected a whole number with discrete: true`);
  }
  const two = compat === "2.x";
  const [lowest, highest] = typeof xmin === "object" ? xmin : [0, Infinity];
  const [alphaAbove, alphaBelow] = alphaRange ?? (two ? [0, 3] : [1, Infinity]);
  const kernel = Float64Array.of(
    typeof xmin === "number" ? xmin : 0, lowest, highest, Number(two), xmax ?? Infinity, alphaAbove, alphaBelow, sigmaThreshold ?? Infinity,
    two ? alphaBelow : Infinity, DISTANCES.indexOf(distance), Number(ks === "twoSided"), Number(compat !== "weightwatcher"),
  );
  return { compat, xmin, xmax: xmax ?? Infinity, kernel };
}

function isPositive(value: unknown): value is number {
  return typeof value === "number" && value > 0 && value < Infinity;
}

function isRange(value: unknown): value is [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every((t) => typeof t === "number") && value[0] <= value[1];
}

/** The numbers of `data` that a power law can be of. */
export function positiveSample(fn: string, data: ArrayLike<number>, xmax: number): PositiveSample {
  if (typeof data !== "object" || !Number.isSafeInteger(data?.length) || data.length < 0) {
    throw new ShapeError(`${fn}: data is ${data === null ? "null" : typeof data}, expected an array of numbers`);
  }
  const n = data.length;
  if (n === 0) throw new ShapeError(`${fn}: data is empty, it must hold a number`);
  const values = new Float64Array(n);
  let [count, dropped, above] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const given: unknown = data[i];
    const x = (typeof given === "bigint" ? Number(given) : given) as number;
    if (!Number.isFinite(x)) {
      const wrong = typeof x === "number" ? "every number must be finite" : "which is no number";
      throw new NotFiniteError(`${fn}: data holds ${told(x)} at ${i + 1}, ${wrong}`);
    }
    if (x <= 0) dropped++;
    else if (x > xmax) above++;
    else values[count++] = x;
  }
  return { values: values.subarray(0, count).sort(), dropped, above };
}

export function checkWhole(fn: string, values: Float64Array): void {
  const bad = values.find((x) => !Number.isSafeInteger(x));
  if (bad !== undefined) throw new OptionError(`${fn}: data holds ${bad}, expected whole numbers below 2⁵³ with discrete: true`);
}

/** Distinct ones of ascending values. */
export function countDistinct(values: Float64Array): number {
  let count = 0;
  for (let i = 0; i < values.length; i++) if (i === 0 || values[i] !== values[i - 1]) count++;
  return count;
}
