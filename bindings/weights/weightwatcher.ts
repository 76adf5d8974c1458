// weights.weightwatcher: a layer as WeightWatcher sees it.
//
// Based on: weightwatcher 0.7.7 (Martin & Hinrichs), whose definitions, where they differ from those of analyzeLayer, are
// kept: eigenvalues are not divided by anything, a convolution is the pool of its slices, α counts eigenvalues above 1e-5.

import type { Runtime } from "../core/runtime.ts";
import { OptionError } from "../errors.ts";
import type { Matrix } from "../linalg/matrix.ts";
import { svdvals } from "../linalg/svd.ts";
import { RandomState } from "../random/mt19937.ts";
import { checkRandomize } from "./esd.ts";
import { toLayer, type Layer, type WeightLike } from "./layers.ts";
import { detX as detXOf, logAlphaNorm, matrixRank, traceOf } from "./metrics.ts";
import { powerLaw } from "./powerLaw.ts";
import { training } from "./verdicts.ts";
import { fitDensity, type DensityFit } from "./weightwatcherFit.ts";

export interface WeightWatcherOptions {
  /** Fit the Marchenko–Pastur law, as WeightWatcher does. Default false. */
  mpFit?: boolean;
  /**
   * A seed: compare with the layer's numbers in random order. The order is that of WeightWatcher after
   * `numpy.random.seed(randomize)` for a model of this layer alone.
   */
  randomize?: number;
  /** Count the eigenvalues of the trace-log condition. Default false. */
  detX?: boolean;
  /** weakRankLoss counts eigenvalues below. Default 1e-6. */
  tolerance?: number;
}

/** The columns that are always there. Numbers that do not exist (WeightWatcher has −1, NaN or −inf) are null. */
export interface WeightWatcherBase {
  /** The longer and the shorter side of the matrix, positions of the kernel (else 1), N/M. */
  N: number;
  M: number;
  rf: number;
  Q: number;
  numEvals: number;
  svMax: number;
  /** The smallest singular value; of the slices of a convolution the largest of the smallest ones. */
  svMin: number;
  rankLoss: number;
  weakRankLoss: number;
  lambdaMax: number;
  alpha: number | null;
  xmin: number | null;
  xmax: number;
  D: number | null;
  sigma: number | null;
  numPlSpikes: number | null;
  status: "success" | "failed";
  warning: "" | "over-trained" | "under-trained";
  norm: number;
  logNorm: number | null;
  spectralNorm: number;
  logSpectralNorm: number | null;
  alphaWeighted: number | null;
  logAlphaNorm: number | null;
  stableRank: number | null;
  matrixRank: number;
  entropy: number | null;
}

export interface WeightWatcherRow extends WeightWatcherBase {
  // with mpFit
  numSpikes?: number | null;
  sigmaMp?: number | null;
  mpSoftrank?: number | null;
  wScale?: number | null;
  bulkMax?: number | null;
  bulkMin?: number | null;
  // with randomize
  maxRandEval?: number;
  randDistance?: number | null;
  wwSoftrank?: number | null;
  wwMaxdist?: number;
  /** Correlation traps: spikes of the randomised spectrum. */
  randNumSpikes?: number | null;
  numTraps?: number | null;
  randSigmaMp?: number | null;
  randMpSoftrank?: number | null;
  randWScale?: number | null;
  randBulkMax?: number | null;
  randBulkMin?: number | null;
  // with detX
  detXNum?: number;
  numErgSpikes?: number;
  ergGap?: number | null;
  detXVal?: number;
  detXValUnrescaled?: number;
}

/** Eigenvalues that a power law is fitted to are above. */
const LEAST_EIGENVALUE = 1e-5;
/** What its entropy adds to each share and to the rank. */
const EPSILON = 1e-10;
/** Below 100 eigenvalues five random orders are pooled. */
const REPLICAS = 5;
const FEW = 100;

/** The matrices whose eigenvalues are pooled: the slices of a convolution in two dimensions, taller than wide, else W. */
function matricesOf({ data, order, outputs, inputs, groups, kernel }: Layer): Matrix[] {
  const k = kernel.reduce((a, b) => a * b, 1);
  const O = order === "iok" ? outputs / groups : outputs;
  if (k === 1 && kernel.length === 0) return [order === "oik" ? { data, rows: O, cols: inputs } : { data, rows: inputs, cols: O }];
  const [stepO, stepI, stepK] = { oik: [inputs * k, k, 1], iok: [k, O * k, 1], kio: [1, O, inputs * O], koi: [inputs, 1, inputs * O] }[order];
  const [rows, cols, stepRow, stepCol] = O >= inputs ? [O, inputs, stepO!, stepI!] : [inputs, O, stepI!, stepO!];
  return Array.from({ length: k }, (_, p) => {
    const slice = new Float64Array(rows * cols);
    for (let r = 0, e = 0; r < rows; r++) {
      for (let c = 0; c < cols; c++, e++) slice[e] = data[r * stepRow + c * stepCol + p * stepK!]!;
    }
    return { data: slice, rows, cols };
  });
}

/** The eigenvalues of matrices, each times `factor`, ascending. */
const pool = (values: Float64Array[], factor: number) =>
  Float64Array.from(values.flatMap((s) => [...s])).map((s) => s * s * factor).sort();

/** The eigenvalues after every matrix is shuffled, `replicas` times. */
function shuffled(rt: Runtime, matrices: Matrix[], random: RandomState, replicas: number, factor: number): Float64Array {
  const values: Float64Array[] = [];
  for (let r = 0; r < replicas; r++) {
    for (const { data, rows, cols } of matrices) {
      values.push(Float64Array.from(svdvals(rt, { data: random.shuffle(data.slice()), rows, cols })));
    }
  }
  return pool(values, factor);
}

/** √JS of two spectra as if each were a distribution on the numbers 1, 2, …. */
function jensenShannon(p: Float64Array, q: Float64Array): number {
  const [totalP, totalQ] = [traceOf(p), traceOf(q)];
  let sum = 0;
  for (let i = 0; i < p.length; i++) {
    const middle = (p[i]! + q[i]!) / (totalP + totalQ);
    for (const share of [p[i]! / totalP, q[i]! / totalQ]) if (share > 0) sum += share * Math.log(share / middle);
  }
  return Math.sqrt(Math.max(0, sum / 2));
}

/** −Σ p·ln p/ln(rank + ε), p = λ/Σλ + ε. */
function entropyOf(eigenvalues: Float64Array, rank: number): number {
  const total = traceOf(eigenvalues);
  return -eigenvalues.reduce((sum, value) => sum + (value / total + EPSILON) * Math.log(value / total + EPSILON), 0) / Math.log(rank + EPSILON);
}

const orNull = (x: number): number | null => (Number.isFinite(x) ? x : null);

const NO_FIT: Record<keyof DensityFit, null> = {
  numSpikes: null, sigmaMp: null, mpSoftrank: null, wScale: null, bulkMax: null, bulkMin: null,
};

const NO_TAIL = { alpha: null, xmin: null, D: null, sigma: null };

/**
 * The row that `WeightWatcher(model).analyze(mp_fit, randomize, detX)` of weightwatcher 0.7.7 has for this layer, names in
 * camelCase:
 *
 * | WeightWatcher | here |
 * |---|---|
 * | `N`, `M`, `rf`, `Q`, `num_evals` | `N`, `M`, `rf`, `Q`, `numEvals` |
 * | `sv_max`, `sv_min`, `rank_loss`, `weak_rank_loss`, `lambda_max` | `svMax`, `svMin`, `rankLoss`, `weakRankLoss`, `lambdaMax` |
 * | `alpha`, `xmin`, `xmax`, `D`, `sigma`, `num_pl_spikes`, `status`, `warning` | `alpha`, `xmin`, `xmax`, `D`, `sigma`, `numPlSpikes`, `status`, `warning` |
 * | `norm`, `log_norm`, `spectral_norm`, `log_spectral_norm` | `norm`, `logNorm`, `spectralNorm`, `logSpectralNorm` |
 * | `alpha_weighted`, `log_alpha_norm`, `stable_rank`, `matrix_rank`, `entropy` | `alphaWeighted`, `logAlphaNorm`, `stableRank`, `matrixRank`, `entropy` |
 * | `num_spikes`, `sigma_mp`, `mp_softrank`, `W_scale`, `bulk_max`, `bulk_min` | `numSpikes`, `sigmaMp`, `mpSoftrank`, `wScale`, `bulkMax`, `bulkMin` |
 * | `max_rand_eval`, `rand_distance`, `ww_softrank`, `ww_maxdist` | `maxRandEval`, `randDistance`, `wwSoftrank`, `wwMaxdist` |
 * | `rand_num_spikes`, `num_traps`, `rand_sigma_mp`, `rand_mp_softrank` | `randNumSpikes`, `numTraps`, `randSigmaMp`, `randMpSoftrank` |
 * | `rand_W_scale`, `rand_bulk_max`, `rand_bulk_min` | `randWScale`, `randBulkMax`, `randBulkMin` |
 * | `detX_num`, `num_ERG_spikes`, `ERG_gap`, `detX_val`, `detX_val_unrescaled` | `detXNum`, `numErgSpikes`, `ergGap`, `detXVal`, `detXValUnrescaled` |
 *
 * As in its code, a convolution in two dimensions is the pool of its kh·kw slices times √½ (its documents say √(kh·kw/2), which
 * it has without pooling), and `rand_distance` compares sorted eigenvalues and no densities. Different here: numbers that do
 * not exist are null; the product of `detX` cannot overflow; weights are taken to f64 before they are scaled; N is the longer
 * side of slices always; no size of layer is skipped; convolutions in one and three dimensions are slices too; α needs three
 * eigenvalues, and σ is that of the α given (its σ is negative for 3 to 7 eigenvalues). Of the fits there is "PL"; a truncated
 * power law above the same xmin is `distribution(data, "truncatedPowerLaw", { xmin })`.
 *
 * W is any layer, its numbers finite. Costs the singular values of W, and with `randomize` those of two to six matrices more.
 */
export function weightwatcher(rt: Runtime, W: WeightLike, options: WeightWatcherOptions = {}): WeightWatcherRow {
  const fn = "weights.weightwatcher";
  const { mpFit = false, randomize, detX = false, tolerance = 1e-6 } = options;
  if (!(tolerance >= 0)) throw new OptionError(`${fn}: tolerance is ${String(tolerance)}, expected a number from 0 on`);
  if (randomize !== undefined) checkRandomize(fn, randomize);
  const layer = toLayer(fn, W);
  const matrices = matricesOf(layer);
  const factor = layer.kernel.length === 2 ? 0.5 : 1;
  const { rows, cols } = matrices[0]!;
  const [N, M] = [Math.max(rows, cols), Math.min(rows, cols)];
  const singular = matrices.map((matrix) => Float64Array.from(svdvals(rt, matrix)));
  const eigenvalues = pool(singular, factor);

  const row: WeightWatcherRow = {
    N, M, rf: matrices.length, Q: N / M, numEvals: eigenvalues.length,
    svMax: Math.sqrt(factor) * Math.max(...singular.map((s) => s[0]!)),
    svMin: Math.sqrt(factor) * Math.max(...singular.map((s) => s[s.length - 1]!)),
    rankLoss: eigenvalues.length - singular.reduce((sum, s) => sum + matrixRank(pool([s], 1), N), 0),
    weakRankLoss: eigenvalues.filter((value) => value < tolerance).length,
    lambdaMax: eigenvalues.at(-1)!,
    ...tailOf(rt, eigenvalues, N),
  };
  if (mpFit) Object.assign(row, fitDensity(eigenvalues, N, M) ?? NO_FIT);
  if (randomize !== undefined) Object.assign(row, randomized(rt, matrices, eigenvalues, N, M, factor, new RandomState(randomize)));
  if (detX) Object.assign(row, traceLog(eigenvalues, row.numPlSpikes));
  return row;
}

function tailOf(rt: Runtime, eigenvalues: Float64Array, N: number) {
  const spectralNorm = eigenvalues.at(-1)!;
  const norm = traceOf(eigenvalues);
  const positive = eigenvalues.filter((value) => value > LEAST_EIGENVALUE);
  const { alpha, xmin, D, sigma } = positive.length > 0 ? powerLaw(rt, positive, { compat: "weightwatcher" }) : NO_TAIL;
  const rank = matrixRank(eigenvalues, N);
  const failed = alpha === null;
  return {
    alpha, xmin, xmax: spectralNorm, D, sigma,
    numPlSpikes: failed ? null : eigenvalues.filter((value) => value >= xmin!).length,
    status: failed ? "failed" : "success",
    warning: training(alpha) ?? "",
    norm, logNorm: orNull(Math.log10(norm)), spectralNorm, logSpectralNorm: orNull(Math.log10(spectralNorm)),
    alphaWeighted: failed ? null : orNull(alpha * Math.log10(spectralNorm)),
    logAlphaNorm: failed ? null : orNull(logAlphaNorm(eigenvalues, alpha)),
    stableRank: orNull(norm / spectralNorm), matrixRank: rank, entropy: orNull(entropyOf(eigenvalues, rank)),
  } as const;
}

function randomized(
  rt: Runtime, matrices: Matrix[], eigenvalues: Float64Array, N: number, M: number, factor: number, random: RandomState,
): Partial<WeightWatcherRow> {
  const several = shuffled(rt, matrices, random, eigenvalues.length < FEW ? REPLICAS : 1, factor);
  const one = shuffled(rt, matrices, random, 1, factor);
  const [largest, expected] = [eigenvalues.at(-1)!, one.at(-1)!];
  const fit = fitDensity(several, N, M) ?? NO_FIT;
  return {
    maxRandEval: several.at(-1)!, randDistance: orNull(jensenShannon(eigenvalues, one)),
    wwSoftrank: orNull(expected / largest), wwMaxdist: largest - expected,
    randNumSpikes: fit.numSpikes, numTraps: fit.numSpikes, randSigmaMp: fit.sigmaMp, randMpSoftrank: fit.mpSoftrank,
    randWScale: fit.wScale, randBulkMax: fit.bulkMax, randBulkMin: fit.bulkMin,
  };
}

function traceLog(eigenvalues: Float64Array, numPlSpikes: number | null): Partial<WeightWatcherRow> {
  const n = eigenvalues.length;
  const { count } = detXOf(eigenvalues);
  const detXVal = eigenvalues[count === 0 ? 0 : Math.max(1, n - count)]!;
  return {
    detXNum: count, numErgSpikes: count, ergGap: numPlSpikes === null ? null : count - numPlSpikes, detXVal,
    detXValUnrescaled: (detXVal * n) / traceOf(eigenvalues),
  };
}
