// A sample made ready for power laws: its distinct values as points, their logarithms and the sums that give every α.
//
//    u_0 < … < u_(r−1),   c_k = #{x < u_k},   y_k = ln(u_k/u_(r−1)),   S_k = Σ_{x ≥ u_k} ln(x/u_k)
//
// Logarithms are taken of the ratios of neighbours only, and added up from the greatest value down. So α keeps its digits where a tail
// is narrow, as it would not by Σ ln x − n·ln xmin.

import { log1p_f64x2, log_f64x2 } from "../kernel/log";

/** What is least for the best xmin, with d = P − S. */
export const enum Distance {
  /** Kolmogorov-Smirnov: max |d|. */
  D,
  /** Kuiper: max d − min d. */
  V,
  /** Anderson-Darling: Σ d²/(P·(1 − P) + 1e−12) over all points but xmin. */
  ASQUARE,
  /** 1 + mean d. */
  KAPPA,
}

/** How a scan is to be done: 12 f64. */
@unmanaged
export class PowerLawOptions {
  /** xmin itself, or 0 to look for it. */
  xmin: f64;
  /** Candidates are the values from `lowest` to `highest`, or to the greatest one, without the last of them. */
  lowest: f64;
  highest: f64;
  /** 1: `highest`, or the greatest value, is not among them to begin with. */
  below: f64;
  /** Where the law ends, or ∞. */
  xmax: f64;
  /** A candidate counts with `alphaAbove` < α < `alphaBelow` and σ < `sigmaBelow`; if none does, all count. */
  alphaAbove: f64;
  alphaBelow: f64;
  sigmaBelow: f64;
  /** An α above this is put down to it. */
  alphaMost: f64;
  distance: f64;
  twoSided: f64;
  /** 1: equal values are one point; 0: each is a point of its own. */
  distinct: f64;
}

/** What a scan finds: 6 f64. */
@unmanaged
export class PowerLawFit {
  xmin: f64;
  alpha: f64;
  sigma: f64;
  distance: f64;
  /** 1: no candidate counted. */
  noise: f64;
  /** How many there are. */
  candidates: f64;
}

/** A sample, made ready by `prepare`. */
@unmanaged
export class Sample {
  n: i32;
  x: usize; // (n), ascending
  options: PowerLawOptions;
  r: i32; // points
  y: usize; // (r): ln(u/u_(r−1))
  c: usize; // (r + 1): #{x < u}; n
  upper: usize; // (r): what the sample's share rises to at u: c, or c from its second number on
  sums: usize; // (r): S
  from: i32; // candidates: points from … to − 1
  to: i32;
  noise: bool; // no candidate counts
  yMax: f64; // ln(xmax/u_(r−1))
  all: usize; // 0, or 3 rows of to − from f64: α, σ, distance
  slots: usize; // a Candidate for each chunk
  grain: i32;
}

/** ln(b/a) for 0 < a ≤ b, relative error under 3 u. */
export function gap(a: f64, b: f64): f64 {
  if (b <= 1.4 * a) return f64x2.extract_lane(log1p_f64x2(f64x2.splat((b - a) / a)), 0);
  const ratio = b / a;
  if (ratio < Infinity) return f64x2.extract_lane(log_f64x2(f64x2.splat(ratio)), 0);
  const scaled = (b * 2 ** -540) / (a * 2 ** 540);
  return f64x2.extract_lane(log_f64x2(f64x2.splat(scaled)), 0) + 1080 * 0.6931471805599453;
}

/** u_i */
// @ts-ignore: decorator
@inline
export function value(s: Sample, i: i32): f64 {
  return load<f64>(s.x + (usize(load<f64>(s.c + (usize(i) << 3))) << 3));
}

// @ts-ignore: decorator
@inline
export function at(array: usize, i: i32): f64 {
  return load<f64>(array + (usize(i) << 3));
}

/** Bytes of workspace for `prepare`. */
export function sample_bytes(n: i32): f64 {
  return 3 * 8 * (f64(n) + 2);
}

/** c and r. */
function find_points(s: Sample, distinct: bool): void {
  let r = 0;
  let last: f64 = -1;
  for (let j = 0; j < s.n; j++) {
    const u = at(s.x, j);
    if (u == last && distinct) continue;
    store<f64>(s.c + (usize(r) << 3), f64(j));
    last = u;
    r++;
  }
  store<f64>(s.c + (usize(r) << 3), f64(s.n));
  s.r = r;
}

/**
 * y and the sums, from the greatest value down: S_k = S_(k+1) + n_(k+1)·ln(u_(k+1)/u_k). All terms are positive and the
 * sums compensated: relative error under 5 u for S, 4 u for y.
 */
function sum_logs(s: Sample): void {
  let y: f64 = 0;
  let yLow: f64 = 0;
  let sum: f64 = 0;
  let sumLow: f64 = 0;
  let i = s.r - 1;
  let u = value(s, i);
  store<f64>(s.y + (usize(i) << 3), 0);
  store<f64>(s.sums + (usize(i) << 3), 0);
  while (--i >= 0) {
    const below = value(s, i);
    const step = gap(below, u);
    const term = (f64(s.n) - at(s.c, i + 1)) * step;
    const y2 = y + step;
    yLow += max(y, step) - y2 + min(y, step);
    const sum2 = sum + term;
    sumLow += max(sum, term) - sum2 + min(sum, term);
    y = y2;
    sum = sum2;
    u = below;
    store<f64>(s.y + (usize(i) << 3), -(y + yLow));
    store<f64>(s.sums + (usize(i) << 3), sum + sumLow);
  }
}

/** The first point ≥ u, or > u. */
export function lower_bound(s: Sample, u: f64, above: bool): i32 {
  let lo = 0;
  let hi = s.r;
  while (lo < hi) {
    const middle = (lo + hi) >> 1;
    const v = value(s, middle);
    if (v < u || (above && v == u)) lo = middle + 1;
    else hi = middle;
  }
  return lo;
}

/** α − 1 of point k. */
// @ts-ignore: decorator
@inline
export function beta(s: Sample, k: i32): f64 {
  return min((f64(s.n) - at(s.c, k)) / at(s.sums, k), s.options.alphaMost - 1);
}

/** Whether a fit with this α − 1 to a tail of so many values meets the limits on α and σ. */
// @ts-ignore: decorator
@inline
export function meets(o: PowerLawOptions, beta: f64, tail: f64): bool {
  return 1 + beta > o.alphaAbove && 1 + beta < o.alphaBelow && beta / sqrt(tail) < o.sigmaBelow;
}

/** Whether candidate k counts. */
export function counts(s: Sample, k: i32): bool {
  return meets(s.options, beta(s, k), f64(s.n) - at(s.c, k));
}

/** Fills the rest of a sample that has n, x and options; work: sample_bytes(n) bytes, 16-byte aligned. */
export function prepare(s: Sample, work: usize): void {
  const o = s.options;
  s.y = work;
  s.sums = work + (usize(s.n) << 3);
  s.c = s.sums + (usize(s.n) << 3);
  s.upper = o.twoSided != 0 ? s.c + 8 : s.c;
  s.all = 0;
  find_points(s, o.distinct != 0);
  sum_logs(s);
  s.yMax = o.xmax < Infinity ? gap(at(s.x, s.n - 1), o.xmax) : Infinity;
  s.from = lower_bound(s, o.lowest, false);
  const highest = o.highest < Infinity ? o.highest : at(s.x, s.n - 1);
  s.to = max(s.from, lower_bound(s, highest, o.below == 0) - 1);
  s.noise = true;
  for (let k = s.from; k < s.to; k++) {
    if (counts(s, k)) {
      s.noise = false;
      break;
    }
  }
}
