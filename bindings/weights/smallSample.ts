// The power law of a small sample as WeightWatcher fits it.
//
//    α = 1 + (n − 1)/Σ ln(x/xmin);   xmin is where D is least, of the tails of n ≥ 8 values
//
// Based on: Martin, WeightWatcher 0.7, 2025. Equal values are points of their own, as for its larger samples. (The
// objective D − 0.868/√n that it computes as well has no say in its result.)

import type { Fit, PowerLawScan } from "./powerLaw.ts";

/** WeightWatcher fits samples below this number of values so. */
export const SMALL_SAMPLE = 20;
const LEAST_TAIL = 8;

/** The fit of ascending positive values, fewer than SMALL_SAMPLE; undefined if they are all but equal. */
export function fitSmallSample(values: Float64Array, scan = false): Fit | undefined {
  const N = values.length;
  const fits: Fit[] = [];
  for (let i = 0; i < Math.max(1, N - LEAST_TAIL + 1); i++) {
    const xmin = values[i]!;
    const tail = values.subarray(i);
    const n = tail.length;
    const sum = tail.reduce((total, x) => total + Math.log(x / xmin), 0);
    if (sum <= 1e-12) continue;
    const beta = (n - 1) / sum;
    const D = tail.reduce((most, x, j) => Math.max(most, Math.abs(1 - (x / xmin) ** -beta - j / n)), 0);
    fits.push({ alpha: 1 + beta, sigma: beta / Math.sqrt(n), xmin, D, noise: false, candidates: N - 1 });
  }
  if (!fits.length) return undefined;
  const fit = fits.reduce((best, other) => (other.D < best.D ? other : best));
  return scan ? { ...fit, scan: table(fits) } : fit;
}

function table(fits: Fit[]): PowerLawScan {
  const column = (name: "xmin" | "alpha" | "sigma" | "D") => Float64Array.from(fits, (fit) => fit[name]);
  return { xmin: column("xmin"), alpha: column("alpha"), sigma: column("sigma"), D: column("D") };
}
