// The power law that fits the tail of a sample best: every value is tried as xmin, the one with the least
// distance between the sample and its fit is taken.
//
//     p(x) ∝ x^−α,  x ≥ xmin:    α = 1 + n_k/S_k,   S_k = Σ_{x ≥ u_k} ln(x/u_k),   xmin = u_k
//     P(u) = q·(1 − (u/u_k)^(1 − α)),   S(u) = (#{x < u} − #{x < u_k})/n_k,   D = max |P − S|
//
// over the distinct values u_0 < … < u_(r−1); q = 1 unless the law ends at an xmax. Two-sided, the sample's share
// of x ≤ u counts as well as that of x < u.
//
// Trying all takes r²/2 powers. Most candidates are beaten at a single point, where they are further off already than the best of
// those before: mostly the one that beat the candidate before. Only where no such point is at hand is the tail searched, at every
// g-th point first and then within the gaps that could hide one (candidate.ts). A candidate that is not beaten is the new best. So
// the result is that of trying all, to the last bit.
//
// Based on: Clauset, Shalizi & Newman, Power-law distributions in empirical data, 2009; the conventions are those of
// Alstott, Bullmore & Plenz, powerlaw: a Python package for analysis of heavy-tailed distributions, 2014.
//
// Limits: distances that agree to their last digits may be ordered otherwise than by another program.

import { aborted, alone, args, INFO_ABORTED, parallelFor } from "../parallel";
import { Task } from "../tasks";
import { beaten, Candidate, CANDIDATE_BYTES, choose, choose_given, distance, extremes } from "./candidate";
import { counts, Distance, lower_bound, meets, PowerLawFit, PowerLawOptions, prepare, Sample, sample_bytes, value } from "./sample";

/** Chunks of a region, at most. */
const CHUNKS: i32 = 1024;
/** Candidates of a chunk, at most, and points of one where all are looked at: about 10 ms. */
const GRAIN: i32 = 2048;
const GRAIN_POINTS: i32 = 1 << 22;

/** Whether candidates are beaten by less than all of their points. */
function prunes(s: Sample): bool {
  return !s.all && i32(s.options.distance) <= Distance.V;
}

/** Takes candidate k for the best one if it is. */
function consider(s: Sample, t: Candidate, k: i32): void {
  const eligible = s.noise || counts(s, k);
  if (!eligible && !s.all) return;
  choose(s, t, k);
  const prune = prunes(s) && t.bestK >= 0;
  if (prune && beaten(s, t)) return;
  const d = prune ? extremes(s, t) : distance(s, t);
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
  if (!prunes(s)) return;
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
  s.noise = !meets(s.options, t.beta, t.tail);
  fit.xmin = xmin;
  tell(s, t, distance(s, t), fit);
  return 0;
}

function finish(s: Sample, t: Candidate, fit: PowerLawFit): i32 {
  if (t.bestK < 0) return 1;
  choose(s, t, t.bestK);
  if (t.beta == Infinity) return 1;
  fit.xmin = value(s, t.bestK);
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
  const points = prunes(s) ? GRAIN : max(1, GRAIN_POINTS / max(1, s.r));
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
