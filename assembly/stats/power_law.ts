// The power law that fits the tail of a sample best: every value is tried as xmin, the one with the least
// distance between the sample and its fit is taken.
//
//     p(x) ∝ x^−α,  x ≥ xmin:    α = 1 + n_k/S_k,   S_k = Σ_{x ≥ u_k} ln(x/u_k),   xmin = u_k
//     P(u) = q·(1 − (u/u_k)^(1 − α)),   S(u) = (#{x < u} − #{x < u_k})/n_k,   D = max |P − S|
//
// over the distinct values u_0 < … < u_(r−1); q = 1 unless the law ends at an xmax. Two-sided, the sample's share
// of x ≤ u counts as well as that of x < u.
//
// Trying all takes r²/2 powers. Most candidates are beaten by what is known already at a single point of
// theirs, mostly at the one that beat the candidate before. Only where no such point is at hand is the tail searched:
// at every g-th point first, then within the gaps that could hide one. P and S rise, so that between points a and b
//
//     P(i) − S(i) ≤ P(b) − S(a + 1),    S(i) − P(i) ≤ S(b − 1) − P(a)
//
// A candidate that is never beaten is the new best; its distance is then taken over all its points. So the result is that of
// trying all, to the last bit.
//
// Based on: Clauset, Shalizi & Newman, Power-law distributions in empirical data, 2009; the conventions are those of
// Alstott, Bullmore & Plenz, powerlaw: a Python package for analysis of heavy-tailed distributions, 2014.
//
// Limits: distances that agree to their last digits may be ordered otherwise than by another program.

import { exp_f64x2 } from "../kernel/exp";
import { log1p_f64x2, log_f64x2 } from "../kernel/log";
import { aborted, alone, args, INFO_ABORTED, parallelFor } from "../parallel";
import { nmadd } from "../simd";
import { Task } from "../tasks";

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

/** What a scan finds: 8 f64. */
@unmanaged
export class PowerLawFit {
  xmin: f64;
  alpha: f64;
  sigma: f64;
  distance: f64;
  /** Values from xmin on. */
  tail: f64;
  /** 1: no candidate counted. */
  noise: f64;
  /** The index of the best candidate, how many there are. */
  index: f64;
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

/** The candidate in hand, and the best one of those before. */
@unmanaged
export class Candidate {
  k: i32; // −1: a given xmin
  first: i32; // its first point
  y: f64; // ln(xmin/u_(r−1))
  beta: f64; // α − 1
  below: f64; // #{x < xmin}
  tail: f64; // n_k
  q: f64;
  plus: f64; // max d, max −d
  minus: f64;
  best: f64;
  bestK: i32;
  hint: i32; // where candidates before were beaten: the last place and the one before
  hint2: i32;
}

/** Bytes of a Candidate, in lines of its own. */
export const CANDIDATE_BYTES: i32 = 128;

/** Chunks of a region, at most. */
const CHUNKS: i32 = 1024;
/** Candidates of a chunk, at most, and points of one where all are looked at: about 10 ms. */
const GRAIN: i32 = 2048;
const GRAIN_POINTS: i32 = 1 << 22;

/** ln(b/a) for 0 < a ≤ b, relative error under 3 u. */
function gap(a: f64, b: f64): f64 {
  if (b <= 1.4 * a) return f64x2.extract_lane(log1p_f64x2(f64x2.splat((b - a) / a)), 0);
  const ratio = b / a;
  if (ratio < Infinity) return f64x2.extract_lane(log_f64x2(f64x2.splat(ratio)), 0);
  const scaled = (b * 2 ** -540) / (a * 2 ** 540);
  return f64x2.extract_lane(log_f64x2(f64x2.splat(scaled)), 0) + 1080 * 0.6931471805599453;
}

/** u_i */
// @ts-ignore: decorator
@inline
function value(s: Sample, i: i32): f64 {
  return load<f64>(s.x + (usize(load<f64>(s.c + (usize(i) << 3))) << 3));
}

// @ts-ignore: decorator
@inline
function at(array: usize, i: i32): f64 {
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
function lower_bound(s: Sample, u: f64, above: bool): i32 {
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
function beta(s: Sample, k: i32): f64 {
  return min((f64(s.n) - at(s.c, k)) / at(s.sums, k), s.options.alphaMost - 1);
}

/** Whether candidate k meets the limits on α and σ. */
// @ts-ignore: decorator
@inline
function counts(s: Sample, k: i32): bool {
  const o = s.options;
  const b = beta(s, k);
  return 1 + b > o.alphaAbove && 1 + b < o.alphaBelow && b / sqrt(f64(s.n) - at(s.c, k)) < o.sigmaBelow;
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

/** Makes point k the candidate in hand. */
function choose(s: Sample, t: Candidate, k: i32): void {
  t.k = k;
  t.first = k;
  t.y = at(s.y, k);
  t.beta = beta(s, k);
  t.below = at(s.c, k);
  t.tail = f64(s.n) - t.below;
  end_at_xmax(s, t);
}

/** Makes the given xmin the candidate in hand; there are points from it on. */
function choose_given(s: Sample, t: Candidate, xmin: f64): void {
  const first = lower_bound(s, xmin, false);
  const step = gap(xmin, value(s, first));
  t.k = -1;
  t.first = first;
  t.y = at(s.y, first) - step;
  t.below = at(s.c, first);
  t.tail = f64(s.n) - t.below;
  t.beta = min(t.tail / (at(s.sums, first) + t.tail * step), s.options.alphaMost - 1);
  end_at_xmax(s, t);
}

function end_at_xmax(s: Sample, t: Candidate): void {
  t.q = 1;
  if (s.yMax == Infinity) return;
  t.q = 1 / (1 - f64x2.extract_lane(exp_f64x2(f64x2.splat(-t.beta * (s.yMax - t.y))), 0));
}

/** P at two points, from their y. */
// @ts-ignore: decorator
@inline
function law(t: Candidate, y: v128): v128 {
  const power = exp_f64x2(f64x2.mul(f64x2.splat(-t.beta), f64x2.sub(y, f64x2.splat(t.y))));
  return nmadd<f64>(f64x2.splat(t.q), power, f64x2.splat(t.q));
}

/** S at two points, from their c. */
// @ts-ignore: decorator
@inline
function share(t: Candidate, c: v128): v128 {
  return f64x2.div(f64x2.sub(c, f64x2.splat(t.below)), f64x2.splat(t.tail));
}

// @ts-ignore: decorator
@inline
function two(array: usize, i: i32, j: i32): v128 {
  return v128.load64_lane(array + (usize(j) << 3), v128.load64_zero(array + (usize(i) << 3)), 1);
}

/** |d| at points i and j. */
function pair(s: Sample, t: Candidate, i: i32, j: i32): v128 {
  const P = law(t, two(s.y, i, j));
  return f64x2.pmax(f64x2.sub(P, share(t, two(s.c, i, j))), f64x2.sub(share(t, two(s.upper, i, j)), P));
}

/** The first of points a … b − 1, or the second, where |d| ≥ limit; −1 if there is none. */
function locate(s: Sample, t: Candidate, a: i32, b: i32, limit: f64): i32 {
  for (let i = a; i < b; i += 2) {
    const far = i64x2.bitmask(f64x2.ge(pair(s, t, i, min(i + 1, b - 1)), f64x2.splat(limit)));
    if (far) return far & 1 ? i : i + 1;
  }
  return -1;
}

/** plus and minus over points a … b − 1, and over a − 1 if that is one point only: it is of the tail too. */
function spread(s: Sample, t: Candidate, a: i32, b: i32): void {
  let plus = f64x2.splat(-Infinity);
  let minus = f64x2.splat(-Infinity);
  for (let i = a; i < b; i += 2) {
    const p = usize(min(i, b - 2)) << 3;
    const P = law(t, v128.load(s.y + p));
    plus = f64x2.pmax(plus, f64x2.sub(P, share(t, v128.load(s.c + p))));
    minus = f64x2.pmax(minus, f64x2.sub(share(t, v128.load(s.upper + p)), P));
  }
  t.plus = max(f64x2.extract_lane(plus, 0), f64x2.extract_lane(plus, 1));
  t.minus = max(f64x2.extract_lane(minus, 0), f64x2.extract_lane(minus, 1));
}

/** Σ d²/(P·(1 − P) + 1e−12) but for the first point, or 1 + mean d. */
function mean_distance(s: Sample, t: Candidate, squares: bool): f64 {
  let sum: f64 = 0;
  for (let i = t.first + i32(squares); i < s.r; i += 2) {
    const j = min(i + 1, s.r - 1);
    const P = law(t, two(s.y, i, j));
    let d = f64x2.sub(P, share(t, two(s.c, i, j)));
    if (squares) {
      const variance = f64x2.add(f64x2.mul(P, f64x2.sub(f64x2.splat(1), P)), f64x2.splat(1e-12));
      d = f64x2.div(f64x2.mul(d, d), variance);
    }
    sum += f64x2.extract_lane(d, 0);
    if (j > i) sum += f64x2.extract_lane(d, 1);
  }
  return squares ? sum : 1 + sum / f64(s.r - t.first);
}

/** The distance of the candidate in hand. Equal values, of which no law is a fit, have the greatest there is. */
function distance(s: Sample, t: Candidate): f64 {
  if (t.beta == Infinity) return 1;
  switch (i32(s.options.distance)) {
    case Distance.ASQUARE: return mean_distance(s, t, true);
    case Distance.KAPPA: return mean_distance(s, t, false);
  }
  spread(s, t, t.first, s.r);
  return i32(s.options.distance) == Distance.V ? t.plus + t.minus : max(t.plus, t.minus);
}

/** How much |d| can exceed its bound by rounding, in units of q. */
const SLACK: f64 = 1e-14;

/** Of the bound between two points, what S adds to it: so many of them to the best distance. */
const FINENESS: f64 = 8;

/** Points that are looked at before a tail is searched. */
const LOOKS: i32 = 32;

/** So many points apart a tail is looked at. */
function step_of(s: Sample, t: Candidate): i32 {
  return max(4, i32(t.best * f64(s.r - t.first) / FINENESS));
}

/** Whether max |d| of the candidate in hand is not the new best. */
function beaten(s: Sample, t: Candidate): bool {
  if (t.beta == Infinity) return true;
  // the first of equal distances is the best
  const limit = t.k > t.bestK ? t.best : reinterpret<f64>(reinterpret<i64>(t.best) + 1);
  const first = t.first;
  const i = max(t.hint, first);
  const j = max(t.hint2, first);
  if (i64x2.bitmask(f64x2.ge(pair(s, t, i, j), f64x2.splat(limit)))) return true;
  let place = furthest(s, t, limit);
  if (place < 0) place = search(s, t, step_of(s, t), limit);
  if (place < 0) return false;
  t.hint2 = t.hint;
  t.hint = place;
  return true;
}

/** The one of both ends and some points between them where |d| is greatest, if that is ≥ limit, otherwise −1. */
function furthest(s: Sample, t: Candidate, limit: f64): i32 {
  const last = s.r - 1;
  const step = max(1, (last - t.first) / LOOKS);
  let place = -1;
  for (let i = t.first; i <= last; i += 2 * step) {
    const j = i + step < last ? i + step : last;
    const d = pair(s, t, i, j);
    const d0 = f64x2.extract_lane(d, 0);
    const d1 = f64x2.extract_lane(d, 1);
    if (max(d0, d1) < limit) continue;
    limit = max(d0, d1);
    place = d0 > d1 ? i : j;
  }
  const end = f64x2.extract_lane(pair(s, t, last, last), 0);
  return end >= limit ? last : place;
}

/** A point between the ends where |d| ≥ limit, −1 if there is none. */
function search(s: Sample, t: Candidate, step: i32, limit: f64): i32 {
  const last = s.r - 1;
  for (let i = t.first + step; i < last; i += 2 * step) {
    const j = min(i + step, last);
    const far = i64x2.bitmask(f64x2.ge(pair(s, t, i, j), f64x2.splat(limit)));
    if (far) return far & 1 ? i : j;
  }
  for (let a = t.first; a + 1 < last; a += step) {
    const b = min(a + step, last);
    if (bound(s, t, a, b) < limit) continue;
    const place = locate(s, t, a + 1, b, limit);
    if (place >= 0) return place;
  }
  return -1;
}

/** max |d|: of every step-th point, then of those between two that may exceed it. */
function greatest(s: Sample, t: Candidate, step: i32): f64 {
  const last = s.r - 1;
  let most = f64x2.extract_lane(pair(s, t, last, last), 0);
  for (let i = t.first; i < last; i += 2 * step) {
    const d = pair(s, t, i, min(i + step, last));
    most = max(most, max(f64x2.extract_lane(d, 0), f64x2.extract_lane(d, 1)));
  }
  for (let a = t.first; a + 1 < last; a += step) {
    const b = min(a + step, last);
    if (bound(s, t, a, b) <= most) continue;
    spread(s, t, a + 1, b);
    most = max(most, max(t.plus, t.minus));
  }
  return most;
}

/** No less than |d| at the points between a and b. */
function bound(s: Sample, t: Candidate, a: i32, b: i32): f64 {
  const P = law(t, two(s.y, a, b));
  const c = share(t, f64x2(at(s.upper, b - 1), at(s.c, a + 1)));
  const plus = f64x2.extract_lane(P, 1) - f64x2.extract_lane(c, 1);
  const minus = f64x2.extract_lane(c, 0) - f64x2.extract_lane(P, 0);
  return max(plus, minus) + SLACK * t.q;
}

/** Takes candidate k for the best one if it is. */
function consider(s: Sample, t: Candidate, k: i32): void {
  const eligible = s.noise || counts(s, k);
  if (!eligible && !s.all) return;
  choose(s, t, k);
  const prune = !s.all && i32(s.options.distance) == Distance.D && t.bestK >= 0;
  if (prune && beaten(s, t)) return;
  const d = prune ? greatest(s, t, step_of(s, t)) : distance(s, t);
  if (s.all) {
    const p = s.all + (usize(k - s.from) << 3);
    const row = usize(s.to - s.from) << 3;
    store<f64>(p, 1 + t.beta);
    store<f64>(p + row, t.beta / sqrt(t.tail));
    store<f64>(p + 2 * row, d);
    if (!eligible) return;
  }
  if (t.bestK < 0 || d < t.best || (d == t.best && k < t.bestK)) {
    t.best = d;
    t.bestK = k;
  }
}

/** Multiples of it modulo 1 are spread evenly and follow no trend, so that few candidates are better than all before. */
const GOLDEN: f64 = 0.6180339887498949;

/** Some candidates, so that a good distance is known; t is then a start for others. */
function begin(s: Sample, t: Candidate): void {
  t.bestK = -1;
  t.hint = 0;
  t.hint2 = 0;
  if (s.all || i32(s.options.distance) != Distance.D) return;
  const count = f64(s.to - s.from);
  let part: f64 = 0;
  for (let j = <i32>sqrt(count); j > 0; j--) {
    part += GOLDEN;
    if (part >= 1) part -= 1;
    consider(s, t, s.from + i32(part * count));
  }
}

/** Candidates k0 … k1 − 1, in order; false after an abort. */
function scan(s: Sample, t: Candidate, k0: i32, k1: i32): bool {
  for (let k = k0; k < k1; k++) {
    if ((k & 63) == 0 && aborted()) return false;
    consider(s, t, k);
  }
  return true;
}

/** Candidates of one chunk. */
export function power_law_scan_task(i0: i32, i1: i32): void {
  const s = args<Sample>();
  const t = changetype<Candidate>(s.slots + usize((i0 / s.grain + 1) * CANDIDATE_BYTES));
  memory.copy(changetype<usize>(t), s.slots, CANDIDATE_BYTES);
  scan(s, t, s.from + i0, s.from + i1);
}

/** Puts down the fit of the candidate in hand. */
function tell(s: Sample, t: Candidate, d: f64, fit: PowerLawFit): void {
  fit.alpha = 1 + t.beta;
  fit.sigma = t.beta / sqrt(t.tail);
  fit.distance = d;
  fit.tail = t.tail;
  fit.noise = f64(s.noise);
  fit.candidates = f64(s.to - s.from);
}

/**
 * The fit of a prepared sample, on one thread. `slot`: CANDIDATE_BYTES bytes. 0, 1 if there is no candidate
 * of which a law could be a fit, or INFO_ABORTED.
 */
export function fit_sample(s: Sample, slot: usize, fit: PowerLawFit): i32 {
  const t = changetype<Candidate>(slot);
  if (s.options.xmin > 0) return fit_given(s, t, fit);
  begin(s, t);
  if (!scan(s, t, s.from, s.to)) return INFO_ABORTED;
  return finish(s, t, fit);
}

function fit_given(s: Sample, t: Candidate, fit: PowerLawFit): i32 {
  const xmin = s.options.xmin;
  if (lower_bound(s, xmin, false) > s.r - 2) return 1;
  choose_given(s, t, xmin);
  const o = s.options;
  s.noise = !(1 + t.beta > o.alphaAbove && 1 + t.beta < o.alphaBelow && t.beta / sqrt(t.tail) < o.sigmaBelow);
  fit.xmin = xmin;
  fit.index = -1;
  tell(s, t, distance(s, t), fit);
  return 0;
}

function finish(s: Sample, t: Candidate, fit: PowerLawFit): i32 {
  if (t.bestK < 0) return 1;
  choose(s, t, t.bestK);
  if (t.beta == Infinity) return 1;
  fit.xmin = value(s, t.bestK);
  fit.index = f64(t.bestK - s.from);
  tell(s, t, t.best, fit);
  return 0;
}

/** Bytes of workspace for power_law_scan_f64. */
export function power_law_scan_work_f64(n: i32): f64 {
  return sample_bytes(n) + f64((CHUNKS + 2) * CANDIDATE_BYTES) + 64;
}

/**
 * The power law that fits the tail of x best; opens regions.
 *
 * x (n ≥ 1), ascending, positive and finite; options: a PowerLawOptions; fit: a PowerLawFit. `all`: 0, or 4·n f64: the xmin,
 * α, σ and distance of every candidate, as four rows of fit.candidates. work: power_law_scan_work_f64(n) bytes, 64-byte
 * aligned. Returns 0, 1 if there is no candidate, or INFO_ABORTED.
 *
 * α − 1 has a relative error below 8 u, P and S absolute ones of some n·u where the whole tail is next to
 * xmin, and of some u elsewhere.   Based on: the header of this file.
 */
export function power_law_scan_f64(n: i32, x: usize, options: usize, fit: usize, all: usize, work: usize): i32 {
  const s = args<Sample>();
  s.n = n;
  s.x = x;
  s.options = changetype<PowerLawOptions>(options);
  s.slots = work;
  prepare(s, work + usize((CHUNKS + 2) * CANDIDATE_BYTES));
  const t = changetype<Candidate>(s.slots);
  const result = changetype<PowerLawFit>(fit);
  result.candidates = f64(s.to - s.from);
  if (s.options.xmin > 0) return fit_given(s, t, result);
  const count = s.to - s.from;
  if (all) {
    for (let k = s.from; k < s.to; k++) store<f64>(all + (usize(k - s.from) << 3), value(s, k));
    s.all = all + (usize(count) << 3);
  }
  begin(s, t);
  const points = s.all || i32(s.options.distance) != Distance.D ? max(1, GRAIN_POINTS / max(1, s.r)) : GRAIN;
  s.grain = max(min(GRAIN, points), (count + CHUNKS - 1) / CHUNKS);
  if (parallelFor(Task.POWER_LAW_SCAN, count, s.grain, alone()) != 0) return INFO_ABORTED;
  for (let c = 0; c * s.grain < count; c++) {
    const other = changetype<Candidate>(s.slots + usize((c + 1) * CANDIDATE_BYTES));
    if (other.bestK < 0) continue;
    if (t.bestK < 0 || other.best < t.best || (other.best == t.best && other.bestK < t.bestK)) {
      t.best = other.best;
      t.bestK = other.bestK;
    }
  }
  return finish(s, t, result);
}
