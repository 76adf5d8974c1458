// The report of one layer.

import type { Runtime } from "../core/runtime.ts";
import { OptionError } from "../errors.ts";
import { checkOptions, type OptionNames } from "../options.ts";
import { alternatives, type Alternatives } from "./alternatives.ts";
import { bootstrap, type BootstrapOptions, type BootstrapResult } from "./bootstrap.ts";
import { checkRandomize, checkSpectrum, permuted, spectrum, type Part, type Spectrum, type SpectrumOptions } from "./esd.ts";
import { toLayer, type WeightLike } from "./layers.ts";
import { marchenkoPastur, type MarchenkoPasturFit } from "./marchenkoPastur.ts";
import { logAlphaNorm, matrixEntropy, stableRank, traceOf } from "./metrics.ts";
import { checkPowerLaw, powerLawOf, type PowerLawFit, type PowerLawOptions } from "./powerLaw.ts";
import { compareSpectra, type Randomized } from "./randomized.ts";
import type { LayerKind } from "./recognise.ts";
import { isFlat } from "./rounding.ts";
import { SMALL_SAMPLE } from "./smallSample.ts";
import { mu, training, verdict, type Training, type Verdict } from "./verdicts.ts";

export interface LayerOptions extends SpectrumOptions, Omit<PowerLawOptions, "discrete" | "scan"> {
  /** A seed: compares with the spectrum of the same numbers in random order, as `esd` has it. */
  randomize?: number;
  /** Tests the power law against other families on the same tail. Default false. */
  compare?: boolean;
  /** The p-value of the power law, standard errors and intervals; of the options of `bootstrap` those that are not of the fit. */
  bootstrap?: Pick<BootstrapOptions, "replicas" | "seed" | "confidence">;
}

const bootstrapOptions: OptionNames<LayerOptions["bootstrap"] & {}> = { replicas: true, seed: true, confidence: true };

export interface LayerReport extends Omit<PowerLawFit, "n" | "scan"> {
  name: string;
  kind: LayerKind;
  /** Of the tensor. */
  shape: number[];
  /** Of the matrix: outputs, and inputs times what they are unfolded by. */
  rows: number;
  cols: number;
  /** How many matrices of these sides there are: groups, slices or frequencies of a convolution; else 1. */
  matrices: number;
  /** The longer side divided by the shorter. */
  Q: number;
  /** Eigenvalues of all matrices, ascending. */
  eigenvalues: Float64Array;
  /** How many there are, and how many of them are not 0. */
  count: number;
  rank: number;
  lambdaMax: number;
  lambdaMin: number;
  /** Σλ/λ_max; 0 if all are 0. */
  stableRank: number;
  /** −Σ p·ln p/ln rank with p = λ/Σλ. */
  entropy: number;
  /** log₁₀ Σλ, the squared Frobenius norm; null if that is 0. */
  logNorm: number | null;
  logSpectralNorm: number | null;
  /** α·log₁₀ λ_max */
  alphaWeighted: number | null;
  /** log₁₀ Σλ^α */
  logAlphaNorm: number | null;
  mu: number | null;
  verdict: Verdict;
  /** What WeightWatcher says of α. */
  training: Training | null;
  /**
   * The bulk that noise would have, by the Marchenko-Pastur law; null where all weights are 0, and for "fft", whose matrices are not
   * independent of each other.
   */
  mp: MarchenkoPasturFit | null;
  /** Eigenvalues above what noise has at most, and the bulk's edge divided by λ_max: those of `mp`. */
  spikes: number | null;
  mpSoftRank: number | null;
  /** With `randomize`. */
  randomized?: Randomized;
  /** With `compare`; null where there is no fit. */
  alternatives?: Alternatives | null;
  /** With `bootstrap`; null where all weights are 0 or all eigenvalues equal, and with compat "weightwatcher" below 20 eigenvalues. */
  bootstrap?: BootstrapResult | null;
}

/** The part of a call that its spectra take if there is a bootstrap. */
const BEFORE_BOOTSTRAP = 0.1;

const NO_FIT: PowerLawFit = {
  alpha: null, sigma: null, xmin: null, D: null, nTail: 0, n: 0, noise: true, warnings: [], reason: "all weights are 0",
};

/**
 * Spectrum of a layer, the power law in its tail, and what that says. Eigenvalues that are 0 (see `esd`) are no part of the fit. α and all that
 * comes of it is null with a `reason` where there is nothing to fit: fewer than 3 distinct eigenvalues.
 *
 * Errors and cost are those of `esd` and `powerLaw`.
 */
export function analyzeLayer(rt: Runtime, W: WeightLike, options: LayerOptions = {}): LayerReport {
  const fn = "weights.analyzeLayer";
  checkSpectrum(fn, options);
  checkPowerLaw(fn, options);
  const { randomize, compare = false } = options;
  if (randomize !== undefined) checkRandomize(fn, randomize);
  if (typeof compare !== "boolean") throw new OptionError(`${fn}: compare is ${JSON.stringify(compare)}, expected true or false`);
  checkOptions(fn, options.bootstrap, bootstrapOptions, "bootstrap");
  const layer = toLayer(fn, W);
  const { name, kind, shape } = layer;
  const spectra = options.bootstrap ? BEFORE_BOOTSTRAP : 1;
  const [first, second]: Part[] = randomize === undefined ? [[0, spectra]] : [[0, spectra / 2], [spectra / 2, spectra]];
  const found = spectrum(rt, fn, layer, options, first!);
  const { rows, cols, matrices, eigenvalues, zeros } = found;
  const count = eigenvalues.length;
  const rank = count - zeros;
  const lambdaMax = eigenvalues[count - 1]!;
  const flat = isFlat(layer, found);
  const none = flat ? { ...NO_FIT, reason: "all eigenvalues are equal, but for the rounding of the weights" } : NO_FIT;
  const sample = eigenvalues.subarray(zeros);
  const { n: _n, ...fit } = rank > 0 && !flat ? powerLawOf(rt, fn, sample, options) : none;
  const { alpha } = fit;
  const warnings = [...fit.warnings];
  if (zeros > 0 && rank > 0) warnings.push(`${zeros} of ${count} eigenvalues are 0 but for rounding and were left out of the fit`);
  const isFourier = options.conv === "fft" && layer.kernel.length > 0;
  if (isFourier && alpha !== null) {
    const [frequencies, positions] = [matrices / layer.groups, layer.kernel.reduce((a, b) => a * b, 1)];
    const draws = `the eigenvalues at ${frequencies} frequencies are of a kernel with ${positions} positions, no independent draws`;
    warnings.push(`${draws}: the error of α is larger than σ and a bootstrap say`);
  }
  const bulkOf = (of: Spectrum) => (isFourier || rank === 0 ? null : marchenkoPastur(rt, of.eigenvalues, { rows, cols, matrices, normalize: options.normalize }));
  const mp = bulkOf(found);
  const log10 = (x: number) => (x > 0 ? Math.log10(x) : null);
  const report: LayerReport = {
    name, kind, shape, rows, cols, matrices, Q: Math.max(rows, cols) / Math.min(rows, cols), count, rank, ...fit, warnings,
    lambdaMax, lambdaMin: eigenvalues[0]!,
    stableRank: rank === 0 ? 0 : stableRank(eigenvalues),
    entropy: matrixEntropy(eigenvalues, rank),
    logNorm: log10(traceOf(eigenvalues)), logSpectralNorm: log10(lambdaMax),
    alphaWeighted: alpha === null ? null : alpha * Math.log10(lambdaMax),
    logAlphaNorm: alpha === null ? null : logAlphaNorm(eigenvalues, alpha),
    mu: alpha === null ? null : mu(alpha), verdict: verdict(alpha), training: training(alpha),
    mp, spikes: mp && mp.spikes, mpSoftRank: mp && mp.softRank, eigenvalues,
  };
  if (compare) report.alternatives = fit.xmin === null ? null : alternatives(rt, sample, fit.xmin);
  if (randomize !== undefined) {
    const other = spectrum(rt, fn, permuted(layer, randomize), options, second!);
    report.randomized = { seed: randomize, ...compareSpectra(eigenvalues, other.eigenvalues), spikes: bulkOf(other)?.spikes ?? null };
  }
  if (options.bootstrap) {
    const isSmall = options.compat === "weightwatcher" && rank < SMALL_SAMPLE;
    report.bootstrap = rank === 0 || flat || isSmall ? null : bootstrap(rt, sample, { ...options, ...options.bootstrap });
  }
  return report;
}
