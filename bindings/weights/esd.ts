// The empirical spectral density of a layer: the eigenvalues of W·Wᵀ.

import type { Runtime } from "../core/runtime.ts";
import { NotFiniteError, OptionError } from "../errors.ts";
import { checkCount } from "../options.ts";
import { svdvals, svdvalsOf } from "../linalg/svd.ts";
import { RandomState } from "../random/mt19937.ts";
import { checkWord } from "./words.ts";
import { matricesOf, shapeOf } from "./conv.ts";
import { fourierValues } from "./fourier.ts";
import { gramValues } from "./gramValues.ts";
import { toLayer, type Layer, type WeightLike } from "./layers.ts";
import { withoutRounding } from "./rounding.ts";

export interface SpectrumOptions {
  /** What σ² is divided by: the matrix's number of rows (outputs), nothing, or its longer side. Default "rows". */
  normalize?: "rows" | "none" | "max-dim";
  /**
   * The matrices of a convolution: "unfold", outputs × (inputs · kernel); "slices", outputs × inputs for each position of the kernel, pooled, as
   * WeightWatcher has them; "fft", outputs × inputs for each frequency of a periodic input, whose singular values are those of
   * the convolution as a linear map. Default "unfold".
   */
  conv?: "unfold" | "slices" | "fft";
  /** For "fft": positions of the input along each side, or of each side. Default 32, or the kernel's size if that is larger. */
  inputSize?: number | readonly number[];
}

export interface EsdOptions extends SpectrumOptions {
  /**
   * A seed: the spectrum of the same numbers in random order, none twice and none left out, that of
   * `numpy.random.RandomState(seed).permutation`.
   */
  randomize?: number;
}

/** Eigenvalues, and what they are of. */
export interface Spectrum {
  /** Of each matrix: outputs × inputs. */
  rows: number;
  cols: number;
  /** How many there are. */
  matrices: number;
  /** Ascending. */
  eigenvalues: Float64Array;
  /** How many of them are 0. */
  zeros: number;
}

/** Singular values no further apart than so many times the bound of zeros are one value, several times. */
const EQUAL = 4;

const NORMALIZATIONS = ["rows", "none", "max-dim"] as const;
const CONVOLUTIONS = ["unfold", "slices", "fft"] as const;

/**
 * The eigenvalues of W·Wᵀ, divided as `normalize` says, ascending: the min(m, n) squared singular values σ² of an m×n matrix;
 * for a convolution in groups, or other than "unfold", those of all its matrices. Computed in f64; σ is right to within a small multiple of
 * max(m, n)·eps·σ_max, and where it is below max(m, n)·eps·σ_max, NumPy's bound of rank, σ² is 0;
 * those that differ by at most 4 times that are taken for equal. Of weights in f32 or shorter σ² is also 0 where σ is no
 * more than their rounding makes of 0, with a gap above, as in a product of low rank (but for "fft"); small rows or columns do not count as such.
 *
 * With m ≥ n about m·n² + 4n³/3 operations for each matrix, or 2·m·n² + 2n³ where it is nearly square or singular; "fft" takes 8 times as
 * many for each of half the input's positions, and is refused with an OptionError where that is more than 10¹³. W that is not finite is a NotFiniteError.
 */
export function esd(rt: Runtime, W: WeightLike, options: EsdOptions = {}): Float64Array {
  const fn = "weights.esd";
  checkSpectrum(fn, options);
  const { randomize } = options;
  if (randomize !== undefined) checkRandomize(fn, randomize);
  const layer = toLayer(fn, W);
  return spectrum(rt, fn, randomize === undefined ? layer : permuted(layer, randomize), options, WHOLE).eigenvalues;
}

/** Refuses options that mean nothing. */
export function checkSpectrum(fn: string, { normalize = "rows", conv = "unfold", inputSize = 1 }: SpectrumOptions): void {
  checkWord(fn, "normalize", normalize, NORMALIZATIONS);
  checkWord(fn, "conv", conv, CONVOLUTIONS);
  if (![inputSize].flat().every((n) => Number.isInteger(n) && n >= 1)) {
    throw new OptionError(`${fn}: inputSize is ${JSON.stringify(inputSize)}, expected whole numbers from 1 on`);
  }
}

export function checkRandomize(fn: string, seed: number): void {
  checkCount(fn, "randomize", seed, 0, 2 ** 32 - 1);
}

/** The layer with its numbers in the order of a random permutation. */
export function permuted(layer: Layer, seed: number): Layer {
  return { ...layer, data: new RandomState(seed).shuffle(layer.data.slice()) };
}

/** The part [from, to] of a call's progress. */
export type Part = readonly [from: number, to: number];

export const WHOLE: Part = [0, 1];

/** The spectrum of a layer, which is that part of the call. */
export function spectrum(
  rt: Runtime, fn: string, layer: Layer, { normalize = "rows", conv = "unfold", inputSize }: SpectrumOptions, [from, to]: Part,
): Spectrum {
  const how = layer.kernel.length > 0 ? conv : "unfold";
  const { rows, cols } = shapeOf(layer, how);
  const tell = (fraction: number) => rt.tell(from + (to - from) * fraction);
  tell(0); // what was done before may have told its own
  const sigma = how === "fft" ? fourierValues(rt, fn, layer, inputSize, tell) : pooled(rt, fn, layer, how, to - from === 1, tell);
  sigma.sort();
  const zero = Math.max(rows, cols) * Number.EPSILON * sigma.at(-1)!;
  const divisor = normalize === "rows" ? rows : normalize === "none" ? 1 : Math.max(rows, cols);
  let zeros = 0;
  while (zeros < sigma.length && (sigma[zeros]! <= zero || sigma[zeros]! ** 2 / divisor === 0)) zeros++;
  // equal to rounding is equal: tails of values an ulp apart would have an α of 1e16
  for (let k = zeros + 1, first = zeros; k < sigma.length; k++) {
    if (sigma[k]! - sigma[first]! <= EQUAL * zero) sigma[k] = sigma[first]!;
    else first = k;
  }
  const eigenvalues = sigma.map((s, k) => (k < zeros ? 0 : (s * s) / divisor));
  if (eigenvalues.at(-1) === Infinity) throw new NotFiniteError(`${fn}: W has the singular value ${sigma.at(-1)}, whose square is beyond f64`);
  return { rows, cols, matrices: sigma.length / Math.min(rows, cols), eigenvalues, zeros };
}

/** The singular values of all matrices; an SVD that is the whole call tells its own progress. */
function pooled(
  rt: Runtime, fn: string, layer: Layer, conv: "unfold" | "slices", isWhole: boolean, tell: (fraction: number) => void,
): Float64Array {
  const { rows, cols } = shapeOf(layer, conv);
  const size = Math.min(rows, cols);
  const all = new Float64Array(size * (layer.data.length / (rows * cols)));
  let at = 0;
  for (const matrix of matricesOf(rt, layer, conv)) {
    const found = gramValues(rt, fn, matrix, (fraction) => tell((at + fraction * size) / all.length))
      ?? (isWhole && size === all.length ? svdvals(rt, matrix) : svdvalsOf(rt, fn, matrix));
    all.set(withoutRounding(layer, matrix, found, (A) => svdvalsOf(rt, fn, A)), at);
    at += size;
    tell(at / all.length);
  }
  return all;
}
