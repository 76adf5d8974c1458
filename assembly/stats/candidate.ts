// The distances between a sample and a power law from one of its points on, as many of them as are needed.
//
// P and S rise, so that between points a and b
//
//     P(i) − S(i) ≤ P(b) − S(a + 1),    S(i) − P(i) ≤ S(b − 1) − P(a)
//
// and the points between need no look where that is below what is known already.

import { exp_f64x2 } from "../kernel/exp";
import { nmadd } from "../simd";
import { at, beta, Distance, gap, lower_bound, Sample, value } from "./sample";

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
  hint: i32; // where candidates before were beaten: by D the last place and the one before, by V those of max d and max −d
  hint2: i32;
}

/** Bytes of a Candidate, in lines of its own. */
export const CANDIDATE_BYTES: i32 = 128;

/** Makes point k the candidate in hand. */
export function choose(s: Sample, t: Candidate, k: i32): void {
  t.k = k;
  t.first = k;
  t.y = at(s.y, k);
  t.beta = beta(s, k);
  t.below = at(s.c, k);
  t.tail = f64(s.n) - t.below;
  end_at_xmax(s, t);
}

/** Makes the given xmin the candidate in hand; there are points from it on. */
export function choose_given(s: Sample, t: Candidate, xmin: f64): void {
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
export function distance(s: Sample, t: Candidate): f64 {
  if (t.beta == Infinity) return 1;
  switch (i32(s.options.distance)) {
    case Distance.ASQUARE: return mean_distance(s, t, true);
    case Distance.KAPPA: return mean_distance(s, t, false);
  }
  spread(s, t, t.first, s.r);
  return i32(s.options.distance) == Distance.V ? t.plus + t.minus : max(t.plus, t.minus);
}

/** How much d can exceed its bound by rounding, in units of q. */
const SLACK: f64 = 1e-14;

/** Of the bound between two points, what S adds to it: so many of them to the best distance. */
const FINENESS: f64 = 8;

/** Points that are looked at before a tail is searched. */
const LOOKS: i32 = 32;

/** So many points apart a tail is searched. */
function step_of(s: Sample, t: Candidate): i32 {
  return max(4, i32(t.best * f64(s.r - t.first) / FINENESS));
}

/** Whether the candidate in hand is known not to be the new best one, by D or V. */
export function beaten(s: Sample, t: Candidate): bool {
  if (t.beta == Infinity) return true;
  // the first of equal distances is the best
  const limit = t.k > t.bestK ? t.best : reinterpret<f64>(reinterpret<i64>(t.best) + 1);
  const i = max(t.hint, t.first);
  const j = max(t.hint2, t.first);
  const P = law(t, two(s.y, i, j));
  const plus = f64x2.sub(P, share(t, two(s.c, i, j)));
  const minus = f64x2.sub(share(t, two(s.upper, i, j)), P);
  if (i32(s.options.distance) == Distance.V) return f64x2.extract_lane(plus, 0) + f64x2.extract_lane(minus, 1) >= limit;
  if (i64x2.bitmask(f64x2.ge(f64x2.pmax(plus, minus), f64x2.splat(limit)))) return true;
  let place = furthest(s, t, limit);
  if (place < 0) place = search(s, t, limit);
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
    const j = min(i + step, last);
    const d = pair(s, t, i, j);
    const d0 = f64x2.extract_lane(d, 0);
    const d1 = f64x2.extract_lane(d, 1);
    if (max(d0, d1) < limit) continue;
    limit = max(d0, d1);
    place = d0 > d1 ? i : j;
  }
  return f64x2.extract_lane(pair(s, t, last, last), 0) >= limit ? last : place;
}

/** A point between the ends where |d| ≥ limit, −1 if there is none. */
function search(s: Sample, t: Candidate, limit: f64): i32 {
  const last = s.r - 1;
  const step = step_of(s, t);
  for (let i = t.first + step; i < last; i += 2 * step) {
    const j = min(i + step, last);
    const far = i64x2.bitmask(f64x2.ge(pair(s, t, i, j), f64x2.splat(limit)));
    if (far) return far & 1 ? i : j;
  }
  for (let a = t.first; a + 1 < last; a += step) {
    const b = min(a + step, last);
    const bounds = bounds_between(s, t, a, b);
    if (max(f64x2.extract_lane(bounds, 0), f64x2.extract_lane(bounds, 1)) < limit) continue;
    const place = locate(s, t, a + 1, b, limit);
    if (place >= 0) return place;
  }
  return -1;
}

/** No less than d and −d at the points between a and b. */
function bounds_between(s: Sample, t: Candidate, a: i32, b: i32): v128 {
  const P = law(t, two(s.y, b, a));
  const S = share(t, f64x2(at(s.c, a + 1), at(s.upper, b - 1)));
  return f64x2.add(f64x2.mul(f64x2.sub(P, S), f64x2(1, -1)), f64x2.splat(SLACK * t.q));
}

/** D or V of the candidate in hand, from every step-th point and then those between two that may exceed them; leaves hints for V. */
export function extremes(s: Sample, t: Candidate): f64 {
  const last = s.r - 1;
  const step = step_of(s, t);
  let most = f64x2.splat(-Infinity); // d and −d
  let plusAt = last;
  let minusAt = last;
  for (let i = t.first; ; i = min(i + step, last)) {
    const P = law(t, two(s.y, i, i));
    const d = f64x2.mul(f64x2.sub(P, share(t, f64x2(at(s.c, i), at(s.upper, i)))), f64x2(1, -1));
    const further = i64x2.bitmask(f64x2.gt(d, most));
    if (further & 1) plusAt = i;
    if (further & 2) minusAt = i;
    most = f64x2.pmax(most, d);
    if (i == last) break;
  }
  for (let a = t.first; a + 1 < last; a += step) {
    const b = min(a + step, last);
    if (!v128.any_true(f64x2.gt(bounds_between(s, t, a, b), most))) continue;
    spread(s, t, a + 1, b);
    const further = i64x2.bitmask(f64x2.gt(f64x2(t.plus, t.minus), most));
    if (further & 1) plusAt = (a + b) >> 1;
    if (further & 2) minusAt = (a + b) >> 1;
    most = f64x2.pmax(most, f64x2(t.plus, t.minus));
  }
  t.plus = f64x2.extract_lane(most, 0);
  t.minus = f64x2.extract_lane(most, 1);
  if (i32(s.options.distance) == Distance.D) return max(t.plus, t.minus);
  t.hint = plusAt;
  t.hint2 = minusAt;
  return t.plus + t.minus;
}
