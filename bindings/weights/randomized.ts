// A spectrum beside that of the same numbers in random order: what is left of it is owed to the order of the weights.

export interface Randomized {
  seed: number;
  /** Of the permuted weights, ascending. */
  eigenvalues: Float64Array;
  lambdaMax: number;
  /** max |F − G| of the two spectra's distribution functions (Kolmogorov-Smirnov), from 0 to 1. */
  distance: number;
  /** Those of the permuted weights above what noise has at most: WeightWatcher's correlation traps; null where `mp` is. */
  spikes: number | null;
}

export function compareSpectra(eigenvalues: Float64Array, permuted: Float64Array): Omit<Randomized, "seed" | "spikes"> {
  return { eigenvalues: permuted, lambdaMax: permuted.at(-1)!, distance: kolmogorovSmirnov(eigenvalues, permuted) };
}

/** max |F − G| over all x; of ascending numbers. */
function kolmogorovSmirnov(a: Float64Array, b: Float64Array): number {
  let largest = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const x = Math.min(a[i]!, b[j]!);
    while (i < a.length && a[i] === x) i++;
    while (j < b.length && b[j] === x) j++;
    largest = Math.max(largest, Math.abs(i / a.length - j / b.length));
  }
  return largest;
}
