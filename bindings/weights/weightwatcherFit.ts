// WeightWatcher's own fit of the Marchenko–Pastur law, by its definitions: `mp_fit` of weightwatcher 0.7.7.
//
// A density of the eigenvalues, scaled to mean 1, by triangles of half width 0.1 on 1000 points; σ that makes the squared
// differences to the law least, by a grid and scipy's simplex from its best point; spikes by a margin of its own. What
// it is compared with has its quirks, which are kept: a square matrix is fitted by a quarter circle that ends at 2 for
// every σ, and the margin is a square root of the Tracy–Widom scale. For σ² with a standard error and spikes at a known
// level there is `marchenkoPastur`.

import { traceOf } from "./metrics.ts";

const BANDWIDTH = 0.1;
const POINTS = 1000;
/** Where the density is no larger, the fit does not look. */
const THRESHOLD = 0.01;
/** A residual of 1000 at each point. */
const PENALTY = 1e6;

export interface DensityFit {
  numSpikes: number;
  sigmaMp: number;
  mpSoftrank: number;
  wScale: number;
  bulkMax: number;
  bulkMin: number;
}

const { abs, sqrt } = Math;

/** The points where the density of x (ascending) is above the threshold, the density there, and where it is largest. */
function density(x: Float64Array) {
  const end = x[x.length - 1]! + 0.5;
  const at: number[] = [];
  const height: number[] = [];
  let mode = 0;
  let first = 0;
  for (let g = 0; g < POINTS; g++) {
    const t = (g * end) / (POINTS - 1);
    while (first < x.length && x[first]! <= t - BANDWIDTH) first++;
    let sum = 0;
    for (let i = first; i < x.length && x[i]! < t + BANDWIDTH; i++) sum += 1 - abs(x[i]! - t) / BANDWIDTH;
    const value = sum / (x.length * BANDWIDTH);
    if (!(value > THRESHOLD)) continue;
    at.push(t);
    height.push(value);
    if (value > height[mode]!) mode = height.length - 1;
  }
  return { at: Float64Array.from(at), height: Float64Array.from(height), mode: at[mode] };
}

/** The sum of squared differences of the density to the law with variance σ². */
function residual({ at, height, mode }: ReturnType<typeof density>, Q: number, sigma: number): number {
  const v = sigma * sigma;
  const b = v * (1 + sqrt(1 / Q)) ** 2;
  const a = v * (1 - sqrt(1 / Q)) ** 2;
  if (Q !== 1 && (b < mode! || b > at[at.length - 1]! || a > mode!)) return PENALTY * height.length;
  let sum = 0;
  for (let i = 0; i < at.length; i++) {
    const x = at[i]!;
    const law = Q === 1 ? sqrt(4 - x * x) / (Math.PI * v) : (sqrt((b - x) * (x - a)) * Q) / (2 * Math.PI * v * x);
    sum += ((law > 0 ? law : 0) - height[i]!) ** 2;
  }
  return sum;
}

/** scipy's `fmin` (Nelder & Mead) for one number, with its steps and tolerances. */
function simplex(f: (x: number) => number, start: number): number {
  const at = (x: number) => ({ x, value: f(x) });
  let [best, worst] = [at(start), at(1.05 * start)];
  const swap = () => { if (worst.value < best.value) [best, worst] = [worst, best]; };
  swap();
  for (let step = 1; step < 200; step++) {
    if (abs(worst.x - best.x) <= 1e-4 && abs(worst.value - best.value) <= 1e-4) break;
    const mirrored = at(2 * best.x - worst.x);
    if (mirrored.value < best.value) {
      const further = at(3 * best.x - 2 * worst.x);
      worst = further.value < mirrored.value ? further : mirrored;
    } else {
      const outside = mirrored.value < worst.value;
      const nearer = at(outside ? 1.5 * best.x - 0.5 * worst.x : 0.5 * best.x + 0.5 * worst.x);
      const better = outside ? nearer.value <= mirrored.value : nearer.value < worst.value;
      worst = better ? nearer : at(best.x + 0.5 * (worst.x - best.x));
    }
    swap();
  }
  return best.x;
}

/** The fit of eigenvalues (ascending) of N×M matrices, N ≥ M; null where there is no density to fit. */
export function fitDensity(eigenvalues: Float64Array, N: number, M: number): DensityFit | null {
  const Q = N / M;
  const wScale = sqrt(eigenvalues.length / traceOf(eigenvalues));
  const x = eigenvalues.map((value) => value * wScale * wScale);
  const largest = x[x.length - 1]!;
  const curve = density(Q === 1 ? x.map(sqrt) : x);
  if (!(largest > 0) || curve.at.length === 0) return null;

  const unit = sqrt(largest / (1 + 1 / sqrt(Q)) ** 2);
  const [from, to, step] = [0.05 * unit, 2 * unit, 0.01 * unit];
  const sum = (sigma: number) => residual(curve, Q, sigma);
  let start = from;
  let least = Infinity;
  for (let i = 0; i < Math.ceil((to - from) / step); i++) {
    const value = sum(from + i * step);
    if (value < least) [start, least] = [from + i * step, value];
  }
  const sigmaMp = simplex(sum, start);

  const bulkMax = (sigmaMp * (1 + 1 / sqrt(Q))) ** 2;
  const bulkMin = (sigmaMp * (1 - 1 / sqrt(Q))) ** 2;
  const edge = bulkMax + sqrt((1 / sqrt(Q)) * Math.cbrt((bulkMax / M) ** 2));
  return {
    numSpikes: x.reduce((count, value) => count + Number(value > edge), 0), sigmaMp, mpSoftrank: bulkMax / largest, wScale,
    bulkMax: bulkMax / (wScale * wScale), bulkMin: bulkMin / (wScale * wScale),
  };
}
