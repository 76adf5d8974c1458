// The replicas of a bootstrap of whole numbers: made and fitted here, one after the other, where those of continuous data are the kernel's.

import { RandomState } from "../random/mt19937.ts";
import { fitDiscrete } from "./discrete.ts";
import { discretePowerLaw } from "./distributions/powerLaw.ts";
import { countDistinct, LEAST_DISTINCT, type PowerLawOptions } from "./powerLaw.ts";

/** D of samples of the law; α and xmin of those drawn from the data. NaN for one that has no fit. */
export type Replicas = [Ds: Float64Array, alphas: Float64Array, xmins: Float64Array];

/**
 * Replicas of ascending whole numbers and their fit. Each of the law takes 2·n uniforms of RandomState(seed), each of the data n.
 * `look` is called with what is done.
 */
export function discreteReplicas(
  values: Float64Array, options: PowerLawOptions, alpha: number, xmin: number, replicas: number, seed: number,
  look: (fraction: number) => void,
): Replicas {
  const random = new RandomState(seed);
  const law = discretePowerLaw.law({ alpha }, xmin);
  const share = options.xmax === undefined ? 1 : -Math.expm1(law.logCcdf(Math.floor(options.xmax) + 1));
  const n = values.length;
  const ofTheData = () => random.random(n).map((u) => values[Math.floor(u * n)]!);
  const ofTheLaw = () => {
    const drawn = ofTheData();
    const uniforms = random.random(n);
    return drawn.map((x, i) => (x < xmin ? x : Math.min(law.quantile(-Math.log1p(-uniforms[i]! * share)), options.xmax ?? Number.MAX_VALUE)));
  };
  const refit = (draw: () => Float64Array, done: number) => {
    const sample = draw().sort();
    if (countDistinct(sample) < LEAST_DISTINCT) return undefined;
    return fitDiscrete(sample, { ...options, scan: false }, () => look(done / (2 * replicas)));
  };
  const result: Replicas = [new Float64Array(replicas).fill(NaN), new Float64Array(replicas).fill(NaN), new Float64Array(replicas).fill(NaN)];
  const [Ds, alphas, xmins] = result;
  for (let r = 0; r < replicas; r++) {
    const fit = refit(ofTheLaw, r);
    if (fit) Ds[r] = fit.D;
  }
  for (let r = 0; r < replicas; r++) {
    const fit = refit(ofTheData, replicas + r);
    if (fit) [alphas[r], xmins[r]] = [fit.alpha, fit.xmin];
  }
  return result;
}
