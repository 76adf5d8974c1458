// Bootstrap of power-law fits: what the fit gives on samples like the one at hand.
//
// Two kinds of replicas, each fitted as the sample was, xmin and all:
//   semi-parametric: each value is, as likely as the sample has them below xmin, one of those, otherwise a new one of the fitted law.
//     The share of replicas that are further from their fit than the sample from its is the p-value of the law.
//   of the sample: n values drawn from it with replacement. Their spread is that of α and xmin.
//
// Value i of replica r is made of number i of the replica's own random stream: the result does not depend on the number
// of threads.
//
// Based on: Clauset, Shalizi & Newman, Power-law distributions in empirical data, 2009, §4.1; Efron, Bootstrap methods, 1979.

import { exp_f64x2 } from "../kernel/exp";
import { log_f64x2 } from "../kernel/log";
import { aborted, alone, args, claimBit, parallelFor, releaseBit } from "../parallel";
import { philox_uniforms } from "../random/philox";
import { Task } from "../tasks";
import { CANDIDATE_BYTES } from "./candidate";
import { fit_sample } from "./power_law";
import { PowerLawFit, PowerLawOptions, prepare, Sample, sample_bytes } from "./sample";
import { sort, sort_bytes } from "./sort";

@unmanaged
class Bootstrap {
  n: i32;
  x: usize; // (n), ascending
  options: PowerLawOptions;
  below: i32; // values below xmin
  xmin: f64;
  exponent: f64; // 1/(α − 1)
  share: f64; // what the law has up to xmax: 1 if it has no end
  replicas: i32;
  seed: u32;
  out: usize; // rows of replicas: D of semi-parametric ones, α and xmin of those of the sample
  claims: usize; // a bit for each workspace in use
  workspaces: i32;
  work: usize;
  bytes: usize; // of one workspace
}

const SEMI_PARAMETRIC: u32 = 0;
const OF_THE_SAMPLE: u32 = 1;

/** Workspaces at most: there are as many bits in a word. */
const WORKSPACES: i32 = 32;

/** What comes first in a workspace: a Sample, at FIT a PowerLawFit, at SLOT a Candidate. */
const FIT: usize = 256;
const SLOT: usize = 320;
const HEAD: usize = SLOT + CANDIDATE_BYTES;

/** Distinct values of a sample that can be fitted, at least. */
const LEAST: i32 = 3;

/** Bytes of one workspace: head, values, room to sort them, logarithms. */
function workspace_bytes(n: i32): f64 {
  return ceil((f64(HEAD) + f64(n) * 8 + sort_bytes(n) + sample_bytes(n)) / 64) * 64;
}

/** Draws n values from the sample into counts; those of the law, with replicas of that kind, to `tail`. Returns how many these are. */
function draw(s: Bootstrap, kind: u32, replica: u32, counts: usize, tail: usize): i32 {
  const n = s.n;
  memory.fill(counts, 0, usize(n) << 2);
  const start = tail;
  for (let i = 0; i < n; i++) {
    const u = philox_uniforms(i, replica, s.seed, kind);
    const j = i32(f64x2.extract_lane(u, 0) * f64(n));
    if (kind == SEMI_PARAMETRIC && j >= s.below) {
      store<f64>(tail, 1 - f64x2.extract_lane(u, 1) * s.share);
      tail += 8;
    } else {
      const p = counts + (usize(j) << 2);
      store<i32>(p, load<i32>(p) + 1);
    }
  }
  return i32((tail - start) >> 3);
}

/** Values of the law from their probabilities 1 − P at x: xmin·(1 − P)^(−1/(α − 1)), none beyond the finite or xmax. */
function to_law(s: Bootstrap, count: i32, x: usize): void {
  const most = f64x2.splat(min(s.options.xmax, f64.MAX_VALUE));
  for (let i = 0; i < count; i += 2) {
    const p = x + (usize(max(0, min(i, count - 2))) << 3);
    const q = count > 1 ? v128.load(p) : v128.load64_splat(p);
    // an odd count has its last pair overlap the one before: that one's second value is in place already
    const power = exp_f64x2(f64x2.mul(log_f64x2(q), f64x2.splat(-s.exponent)));
    const value = f64x2.pmin(f64x2.mul(f64x2.splat(s.xmin), power), most);
    if (i == count - 1) store<f64>(x + (usize(i) << 3), f64x2.extract_lane(value, 1));
    else v128.store(p, value);
  }
}

/** The values that were counted, in their order, at x; returns their end. */
function spell_out(s: Bootstrap, counts: usize, x: usize): usize {
  for (let j = 0; j < s.n; j++) {
    const value = load<f64>(s.x + (usize(j) << 3));
    for (let times = load<i32>(counts + (usize(j) << 2)); times > 0; times--) {
      store<f64>(x, value);
      x += 8;
    }
  }
  return x;
}

/** Makes and fits a replica; false where it has no fit. */
function refit(s: Bootstrap, kind: u32, replica: u32, head: usize, fit: PowerLawFit): bool {
  const x = head + HEAD;
  const counts = x + (usize(s.n) << 3); // they are spelled out before there is anything to sort
  const work = counts + <usize>sort_bytes(s.n);
  // the law's values are drawn to where they end up: above those of the sample, which are all below xmin
  const drawn = work;
  const tail = draw(s, kind, replica, counts, drawn);
  const end = spell_out(s, counts, x);
  memory.copy(end, drawn, usize(tail) << 3);
  to_law(s, tail, end);
  sort(tail, end, counts);

  const sample = changetype<Sample>(head);
  sample.n = s.n;
  sample.x = x;
  sample.options = s.options;
  prepare(sample, work);
  return sample.r >= LEAST && fit_sample(sample, head + SLOT, fit) == 0;
}

/** Replicas: those for p, then those of the sample. */
export function bootstrap_task(i0: i32, i1: i32): void {
  const s = args<Bootstrap>();
  let workspace = 0;
  while (!claimBit(s.claims, workspace)) workspace = (workspace + 1) % s.workspaces;
  const head = s.work + usize(workspace) * s.bytes;
  const fit = changetype<PowerLawFit>(head + FIT);
  for (let i = i0; i < i1 && !aborted(); i++) {
    const kind = i < s.replicas ? SEMI_PARAMETRIC : OF_THE_SAMPLE;
    const fitted = refit(s, kind, i % s.replicas, head, fit);
    const p = s.out + (usize(i) << 3);
    if (kind == SEMI_PARAMETRIC) {
      store<f64>(p, fitted ? fit.distance : NaN);
    } else {
      store<f64>(p, fitted ? fit.alpha : NaN);
      store<f64>(p + (usize(s.replicas) << 3), fitted ? fit.xmin : NaN);
    }
  }
  releaseBit(s.claims, workspace);
}

/** Bytes of workspace for bootstrap_f64. */
export function bootstrap_work_f64(n: i32, threads: i32): f64 {
  return 64 + f64(min(threads, WORKSPACES)) * workspace_bytes(n);
}

/**
 * Fits `replicas` samples of each kind; opens a region.
 *
 * x (n), ascending, positive and finite; options: a PowerLawOptions; the fit of x: xmin, 1/(α − 1), and the share of the
 * law up to xmax. out: three rows of `replicas` f64, D of the semi-parametric ones, α and xmin of those drawn from the sample; NaN where a
 * replica has no fit. work: bootstrap_work_f64(n, threads) bytes, 64-byte aligned. Returns 0 or INFO_ABORTED.
 */
export function bootstrap_f64(
  n: i32, x: usize, options: usize, below: i32, xmin: f64, exponent: f64, share: f64, replicas: i32, seed: u32, threads: i32,
  out: usize, work: usize,
): i32 {
  const s = args<Bootstrap>();
  s.n = n;
  s.x = x;
  s.options = changetype<PowerLawOptions>(options);
  s.below = below;
  s.xmin = xmin;
  s.exponent = exponent;
  s.share = share;
  s.replicas = replicas;
  s.seed = seed;
  s.out = out;
  s.claims = work;
  s.workspaces = min(threads, WORKSPACES);
  s.work = work + 64;
  s.bytes = <usize>workspace_bytes(n);
  store<i32>(s.claims, 0);
  return parallelFor(Task.BOOTSTRAP, 2 * replicas, 1, alone());
}
