// A JS function as data: Chebyshev polynomials on pieces, made on the caller's side, since functions can't be posted.
//
// Based on: Trefethen, Approximation theory and approximation practice, 2013 (chapters 3 and 8).

import { OptionError } from "../errors.ts";
import { checkOptions, type OptionNames } from "../options.ts";

/** φ on [edges[0], edges[last]]: on each piece Σ c_k T_k(t), t from −1 to 1. */
export interface Tabulation {
  kind: "tabulated";
  name: string;
  /** Ascending. */
  edges: number[];
  /** One row of each piece. */
  coefficients: number[][];
  /** Where φ or φ′ is not continuous, as given or found. */
  breakpoints: number[];
  /** Whether φ itself jumps somewhere: it then has no NTK. */
  jumps: boolean;
  /** What the pieces leave out, relative to |φ| on them and near 0. */
  error: number;
}

export interface TabulationOptions {
  /** Where the function is tabulated: to 9 standard deviations of what comes in. Default [−40, 40]. */
  range?: [number, number];
  /** Where the function or its derivative jumps, if anywhere. */
  breakpoints?: number[];
  /** For messages. */
  name?: string;
}

const tabulationOptions: OptionNames<TabulationOptions> = { range: true, breakpoints: true, name: true };

const DEGREE = 24;
const TOLERANCE = 1e-14;
const MOST_PIECES = 4096;
/** A piece of this share of the range that is not smooth holds a kink or a jump. */
const SMALLEST = 1e-11;

export function tabulate(fn: (x: number) => number, options: TabulationOptions): Tabulation {
  if (typeof fn !== "function") throw new OptionError(`activation: fn is ${String(fn)}, expected a function of one number`);
  checkOptions("activation", options, tabulationOptions);
  const { range = [-40, 40], breakpoints = [], name = fn.name || "φ" } = options;
  const { 0: low, 1: high } = Object(range) as [number, number];
  const inside = (x: number) => x > low && x < high;
  if (!(low < high && high - low < Infinity && low <= 0 && high >= 0)) {
    throw new OptionError(`activation: range is [${low}, ${high}], expected an interval around 0`);
  }
  if (!(Array.isArray(breakpoints) && breakpoints.every(Number.isFinite))) {
    throw new OptionError(`activation: breakpoints is ${String(breakpoints)}, expected an array of numbers`);
  }
  const value = (x: number) => {
    const y = fn(x);
    if (Number.isFinite(y)) return y;
    throw new OptionError(`activation: ${name}(${x}) is ${String(y)}, expected a finite number on all of [${low}, ${high}] (option range)`);
  };
  const kinks = [...new Set(breakpoints.filter(inside))].sort((a, b) => a - b);
  // what is lost against φ near 0, where the weight is, is not worth pieces
  const typical = [-3, -2, -1, 1, 2, 3].reduce((sum, x) => sum + (inside(x) ? Math.abs(value(x)) / 6 : 0), 0);
  const edges = [low];
  const coefficients: number[][] = [];
  let error = 0;
  const open = [low, ...kinks, high].map((x, i, all) => [x, all[i + 1]!] as const).slice(0, -1).reverse();
  while (open.length > 0) {
    const [a, b] = open.pop()!;
    const c = interpolant(value, a, b);
    const size = Math.max(...c.map(Math.abs));
    const last = Math.max(...c.slice(-3).map(Math.abs));
    // x is known to so many digits only, and so is φ(x) where it is steep
    const spread = c.slice(1).reduce((sum, x) => sum + Math.abs(x), 0);
    const blur = (8 * Number.EPSILON * Math.max(Math.abs(a), Math.abs(b)) * spread) / (b - a);
    const smooth = last <= TOLERANCE * size + blur + 24 * Number.EPSILON * typical;
    const middle = (a + b) / 2;
    if (!smooth && b - a > SMALLEST * (high - low)) {
      if (coefficients.length + open.length > MOST_PIECES) {
        throw new OptionError(`activation: ${name} takes more than ${MOST_PIECES} pieces, expected a function that is smooth between its breakpoints`);
      }
      open.push([middle, b], [a, middle]);
      continue;
    }
    if (smooth) error = Math.max(error, last / (size + typical || 1));
    else kinks.push(middle);
    edges.push(b);
    // where no polynomial follows, the chord: that piece is no wider than the rounding errors of what comes in
    coefficients.push(smooth ? c : [(value(a) + value(b)) / 2, (value(b) - value(a)) / 2]);
  }
  const known = (x: number) => kinks.some((kink) => Math.abs(x - kink) < 1e-6 * (high - low));
  for (let i = 1; i < coefficients.length; i++) if (!known(edges[i]!) && breaks(edges, coefficients, i)) kinks.push(edges[i]!);
  const near = SMALLEST * (high - low) * 4;
  const jumps = kinks.some((x) => {
    const across = (e: number) => Math.abs(fn(x + e) - fn(x - e)); // of a kink it shrinks with e
    return across(near) > Math.max(0.5 * across(16 * near), 1e-13 * Math.abs(fn(x + near)));
  });
  return { kind: "tabulated", name, edges, coefficients, breakpoints: merge(kinks, 1e-9 * (high - low)), jumps, error };
}

/** Chebyshev coefficients of the interpolant in points that leave out the ends, where a jump may have either value. */
function interpolant(fn: (x: number) => number, a: number, b: number): number[] {
  const n = DEGREE;
  const values = Array.from({ length: n + 1 }, (_, i) => fn((a + b) / 2 + ((b - a) / 2) * Math.cos((Math.PI * (i + 0.5)) / (n + 1))));
  return Array.from({ length: n + 1 }, (_, k) => {
    let sum = 0;
    for (let i = 0; i <= n; i++) sum += values[i]! * Math.cos((Math.PI * k * (i + 0.5)) / (n + 1));
    return (sum * (k === 0 ? 1 : 2)) / (n + 1);
  });
}

/** Whether the pieces that meet at edge i differ there by more than their errors, in value or slope: bisection can end at a kink. */
function breaks(edges: number[], coefficients: number[][], i: number): boolean {
  const [left, right] = [coefficients[i - 1]!, coefficients[i]!];
  const size = Math.max(...left.map(Math.abs), ...right.map(Math.abs));
  const [a, b] = [edges[i]! - edges[i - 1]!, edges[i + 1]! - edges[i]!];
  // T_k(±1) = (±1)ᵏ, T_k′(±1) = ±(±1)ᵏ·k²
  const sum = (c: number[], sign: number, weight: (k: number) => number) => c.reduce((total, x, k) => total + x * sign ** k * weight(k), 0);
  const step = sum(left, 1, () => 1) - sum(right, -1, () => 1);
  const turn = (2 / a) * sum(left, 1, (k) => k * k) + (2 / b) * sum(right, -1, (k) => k * k);
  return Math.abs(step) > 1e-10 * size || Math.abs(turn) > 1e-8 * (size / Math.min(a, b));
}

/** One of each cluster of points. */
function merge(points: number[], apart: number): number[] {
  return points.sort((a, b) => a - b).filter((x, i, all) => i === 0 || x - all[i - 1]! > apart);
}
