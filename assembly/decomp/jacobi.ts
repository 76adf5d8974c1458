// One-sided Jacobi: rows are rotated in pairs until all of them are orthogonal to each other.
//
// Based on: Hestenes, Inversion of matrices by biorthogonalization, 1958; de Rijk, A one-sided Jacobi
// algorithm on a vector computer, 1989 (larger row first); Demmel & Veselić, Jacobi's method is more
// accurate than QR, 1992; Veselić, A Jacobi eigenreduction algorithm for definite matrix pairs, 1993
// (hyperbolic rotations); Drmač & Veselić, New fast and accurate Jacobi SVD algorithm I, II, 2008.
//
// Row k stands for 2^e_k·x_k with |x_k|² within [LEAST, 1/LEAST]: no dot product over- or underflows,
// and what decides is relative to the two rows at hand, |x_p·x_q| ≤ tol·|x_p|·|x_q|. That, and rows
// that are graded from the start (a pivoted triangular factor), make small singular values accurate.
//
// A sweep takes every pair once. Rows are cut into N blocks of BLOCK; the pairs within blocks come
// first, then N − 1 rounds of a tournament in which every block meets another one:
//
//     round 0   0 7   1 6   2 5   3 4        the last one stays, the others move on by one place
//     round 1   1 7   2 0   3 6   4 5        a round is one region, its pairs of blocks the chunks
//
// A pair of blocks stays in L2, the row at hand in L1.

import { dot } from "../blas/level1";
import { args, parallelFor, progress } from "../parallel";
import { Task } from "../tasks";
import { madd } from "../simd";
import { normalise, power } from "./scaling";
import { minus } from "./triangular";

/** Rows of a block: two blocks fit into L2 up to rows of 4096 numbers, a chunk takes 20 µs to 1 ms. */
const BLOCK: i32 = 16;

/** Sweeps at most. After a head start (jacobi_precondition.ts) 3 to 6 do, without one 8 to 14. */
const SWEEPS: i32 = 30;

/** How much of the whole what comes before the sweeps counts as, where progress is told. */
export const HEAD: f64 = 0.3;

/** Rotations in a sweep, over count², up to which the next one looks at tiles first. */
const FEW: f64 = 0.1;

/** Rows whose squares add up to less, or to more than the inverse, are scaled again. */
const LEAST: f64 = 1e-30;

/** Beyond this difference of exponents the larger row of a pair does not change: 2^−2·FAR is below u. */
const FAR: i32 = 32;

@unmanaged
class Sweep {
  count: i32; // rows x_k
  length: i32; // numbers of a row, zero up to a multiple of 8, …
  extra: i32; // … and of the row w_k behind it, which is rotated along and has no scale
  ldx: i32;
  x: usize;
  square: usize; // |x_k|² (f64)
  exponent: usize; // e_k (i32)
  negative: usize; // 1 where x_k counts with the sign −1 (i32)
  tolerance: f64; // squared
  blocks: i32; // even, the last one may be empty
  round: i32;
  few: bool; // most pairs are expected to be orthogonal already: they are looked at in tiles
  rotations: usize; // by chunk (i32)
}

/**
 * u := x + a·(y + b·x), v := y + c·(x + d·y) over n numbers, n a multiple of 4; u and v are x and y in either
 * order. The changes are small where the angle is, so that rounding does not make the rotation shrink or grow.
 */
function rotate(n: i32, x: usize, y: usize, u: usize, v: usize, a: f64, b: f64, c: f64, d: f64): void {
  const va = f64x2.splat(a);
  const vb = f64x2.splat(b);
  const vc = f64x2.splat(c);
  const vd = f64x2.splat(d);
  for (const end = x + (usize(n) << 3); x < end; x += 32) {
    const x0 = v128.load(x);
    const y0 = v128.load(y);
    const x1 = v128.load(x, 16);
    const y1 = v128.load(y, 16);
    v128.store(u, madd<f64>(va, madd<f64>(vb, x0, y0), x0));
    v128.store(v, madd<f64>(vc, madd<f64>(vd, y0, x0), y0));
    v128.store(u, madd<f64>(va, madd<f64>(vb, x1, y1), x1), 16);
    v128.store(v, madd<f64>(vc, madd<f64>(vd, y1, x1), y1), 16);
    y += 32;
    u += 32;
    v += 32;
  }
}

/** Computes |x_k|², after bringing the row back to order 1 if need be. */
function measure(s: Sweep, k: i32): void {
  const x = s.x + (usize(k) * s.ldx << 3);
  let square = dot(s.length, x, x);
  if (!(square >= LEAST && square <= 1 / LEAST)) {
    const e = s.exponent + (usize(k) << 2);
    store<i32>(e, load<i32>(e) + normalise(s.length, x));
    square = dot(s.length, x, x);
  }
  store<f64>(s.square + (usize(k) << 3), square);
}

/**
 * Makes rows p and q orthogonal, unless they are; 1 if it had to.
 *
 * With α, β, γ the products p·p, q·q, p·q in the scale of both, 2^(e_p + e_q): a rotation by t = tan φ,
 * the smaller root of t² + 2ζt − 1, ζ = (β − α)/2γ; the larger of the new rows becomes row p. Rows of
 * opposite sign: t = tanh φ, the smaller root of t² − 2ζt + 1, ζ = −(α + β)/2γ; row p stays p.
 */
function orthogonalise(s: Sweep, p: i32, q: i32): i32 {
  const x = s.x + (usize(p) * s.ldx << 3);
  const y = s.x + (usize(q) * s.ldx << 3);
  const gamma = dot(s.length, x, y);
  const atP = s.square + (usize(p) << 3);
  const atQ = s.square + (usize(q) << 3);
  const squareP = load<f64>(atP);
  const squareQ = load<f64>(atQ);
  if (!(gamma * gamma > s.tolerance * squareP * squareQ)) return 0;

  const exponentP = s.exponent + (usize(p) << 2);
  const exponentQ = s.exponent + (usize(q) << 2);
  const difference = load<i32>(exponentP) - load<i32>(exponentQ);
  const hyperbolic = load<i32>(s.negative + (usize(p) << 2)) != load<i32>(s.negative + (usize(q) << 2));
  let newP = squareP;
  let newQ = squareQ;
  let swap = false;
  let sin: f64; // of p and q in true scale
  let half: f64 = 0; // tan φ/2
  if (difference > FAR) {
    const a = -gamma / squareP;
    newQ += a * gamma;
    sin = a * power(-difference);
    minus(s.length, -a, x, y);
  } else if (difference < -FAR) {
    const a = -gamma / squareQ;
    newP += a * gamma;
    sin = -a * power(difference);
    minus(s.length, -a, y, x);
  } else {
    const up = power(difference);
    const down = power(-difference);
    const alpha = squareP * up;
    const beta = squareQ * down;
    const sign: f64 = hyperbolic ? 1 : -1;
    let t: f64;
    let cos: f64;
    if (hyperbolic) {
      const zeta = -0.5 * (alpha + beta) / gamma;
      const size = max(abs(zeta), 1 + 1e-8); // parallel rows, to within rounding
      t = copysign(1 / (size + sqrt(size * size - 1)), zeta);
      cos = 1 / sqrt(1 - t * t);
    } else {
      const zeta = 0.5 * (beta - alpha) / gamma;
      t = copysign(1 / (abs(zeta) + sqrt(1 + zeta * zeta)), zeta);
      cos = 1 / sqrt(1 + t * t);
    }
    sin = t * cos;
    half = sin / (1 + cos);
    newP += sign * t * gamma * down;
    newQ += t * gamma * up;
    swap = !hyperbolic && alpha < beta;
    rotate(s.length, x, y, swap ? y : x, swap ? x : y, sign * sin * down, half * up, sin * up, sign * half * down);
  }

  if (s.extra > 0) { // all rows have one sign then
    const v = x + (usize(s.length) << 3);
    const w = y + (usize(s.length) << 3);
    rotate(s.extra, v, w, swap ? w : v, swap ? v : w, -sin, half, sin, -half);
  }
  store<f64>(atP, swap ? newQ : newP);
  store<f64>(atQ, swap ? newP : newQ);
  if (swap) {
    store<i32>(exponentP, load<i32>(exponentP) - difference);
    store<i32>(exponentQ, load<i32>(exponentQ) + difference);
  }
  // what is left after cancellation is measured
  if (newP < 0.1 * squareP) measure(s, swap ? q : p);
  if (newQ < 0.1 * squareQ) measure(s, swap ? p : q);
  return 1;
}

/**
 * Whether rows p, p + 1 are orthogonal to rows q … q + 3 already; about twice as fast as one by one, since each
 * number is loaded for several products.
 */
function tile_is_done(s: Sweep, p: i32, q: i32): bool {
  const ld = usize(s.ldx) << 3;
  const ld2 = ld + ld;
  const ld3 = ld2 + ld;
  let x = s.x + usize(p) * ld;
  let y = s.x + usize(q) * ld;
  let a0: v128 = f64x2.splat(0), a1: v128 = f64x2.splat(0), a2: v128 = f64x2.splat(0), a3: v128 = f64x2.splat(0);
  let b0: v128 = f64x2.splat(0), b1: v128 = f64x2.splat(0), b2: v128 = f64x2.splat(0), b3: v128 = f64x2.splat(0);
  for (const end = x + (usize(s.length) << 3); x < end; x += 16) {
    const xa = v128.load(x);
    const xb = v128.load(x + ld);
    let z = v128.load(y);
    a0 = madd<f64>(xa, z, a0);
    b0 = madd<f64>(xb, z, b0);
    z = v128.load(y + ld);
    a1 = madd<f64>(xa, z, a1);
    b1 = madd<f64>(xb, z, b1);
    z = v128.load(y + ld2);
    a2 = madd<f64>(xa, z, a2);
    b2 = madd<f64>(xb, z, b2);
    z = v128.load(y + ld3);
    a3 = madd<f64>(xa, z, a3);
    b3 = madd<f64>(xb, z, b3);
    y += 16;
  }
  const tolerance = f64x2.splat(s.tolerance);
  const atQ = s.square + (usize(q) << 3);
  const limit0 = f64x2.mul(tolerance, v128.load(atQ));
  const limit1 = f64x2.mul(tolerance, v128.load(atQ, 16));
  const atP = s.square + (usize(p) << 3);
  const squareP = v128.load64_splat(atP);
  const squareP1 = v128.load64_splat(atP, 8);
  const above = v128.or(
    v128.or(exceeds(a0, a1, f64x2.mul(squareP, limit0)), exceeds(a2, a3, f64x2.mul(squareP, limit1))),
    v128.or(exceeds(b0, b1, f64x2.mul(squareP1, limit0)), exceeds(b2, b3, f64x2.mul(squareP1, limit1))),
  );
  return !v128.any_true(above);
}

/** Lane by lane: whether the squares of the sums of a's lanes and of b's lanes are more than the limit's. */
// @ts-ignore: decorator
@inline
function exceeds(a: v128, b: v128, limit: v128): v128 {
  const sums = f64x2.add(v128.shuffle<f64>(a, b, 0, 2), v128.shuffle<f64>(a, b, 1, 3));
  return f64x2.gt(f64x2.mul(sums, sums), limit);
}

/** Rows [p0, p1) of one block against [q0, q1) of another, which comes later. */
function across(s: Sweep, p0: i32, p1: i32, q0: i32, q1: i32): i32 {
  let rotations = 0;
  const p2 = s.few ? p0 + (p1 - p0 & ~1) : p0;
  const q4 = q0 + (q1 - q0 & ~3);
  for (let p = p0; p < p2; p += 2) {
    for (let q = q0; q < q4; q += 4) {
      if (!tile_is_done(s, p, q)) rotations += pairs(s, p, p + 2, q, q + 4);
    }
    rotations += pairs(s, p, p + 2, q4, q1);
  }
  return rotations + pairs(s, p2, p1, q0, q1);
}

function pairs(s: Sweep, p0: i32, p1: i32, q0: i32, q1: i32): i32 {
  let rotations = 0;
  for (let p = p0; p < p1; p++) {
    for (let q = q0; q < q1; q++) rotations += orthogonalise(s, p, q);
  }
  return rotations;
}

/** The pairs within blocks [b0, b1), one chunk each. */
export function jacobi_blocks_task(b0: i32, b1: i32): void {
  const s = args<Sweep>();
  for (let b = b0; b < b1; b++) {
    const p1 = min(s.count, (b + 1) * BLOCK);
    let rotations = 0;
    for (let p = b * BLOCK; p < p1; p++) measure(s, p);
    for (let p = b * BLOCK; p < p1; p++) rotations += pairs(s, p, p + 1, p + 1, p1);
    store<i32>(s.rotations + (usize(b) << 2), rotations);
  }
}

/** Pairs of blocks [c0, c1) of a round, one chunk each. */
export function jacobi_round_task(c0: i32, c1: i32): void {
  const s = args<Sweep>();
  const ring = s.blocks - 1;
  for (let c = c0; c < c1; c++) {
    const i = (s.round + c) % ring;
    const j = c == 0 ? ring : (s.round + ring - c) % ring;
    const p = min(i, j) * BLOCK;
    const q = max(i, j) * BLOCK;
    const q1 = max(q, min(s.count, q + BLOCK)); // the last block may be empty
    store<i32>(s.rotations + (usize(c) << 2), across(s, p, p + BLOCK, q, q1));
  }
}

/** Σ rotations of `chunks` chunks. */
function rotated(s: Sweep, chunks: i32): i32 {
  let sum = 0;
  for (let c = 0; c < chunks; c++) sum += load<i32>(s.rotations + (usize(c) << 2));
  return sum;
}

/** Bytes of workspace of orthogonalise_rows. */
export function orthogonalise_rows_work(count: i32): usize {
  return (usize(count / BLOCK + 2) * 4 + 63) & ~63;
}

/**
 * Makes the rows of X orthogonal: X := Q·X with Q orthogonal, or J-orthogonal (Qᵀ·J·Q = J, J the signs).
 * Opens regions.
 *
 * X (count rows, stride ldx, a multiple of 8; 64-aligned): `length` numbers, zeros up to a multiple of 8,
 * then `extra` (a multiple of 8) numbers that undergo Q too, only without signs. square (count, f64):
 * |x_k|² at the end. exponent (count, i32): row k is 2^exponent·x_k; changes with x_k. negative (count,
 * i32): 1 for the sign −1. sweeps (i32): how many were made.
 * work: orthogonalise_rows_work(count) bytes. Returns 0, 1 if SWEEPS sweeps did not do, INFO_ABORTED.
 * At the end |x_p·x_q| ≤ tol·|x_p|·|x_q|, tol = u·max(8, √length). Row k's backward error is a multiple of
 * u·|x_k|, whatever the other rows are.   [Demmel & Veselić 1992, thm 4.1; Drmač & Veselić 2008, I §2]
 */
export function orthogonalise_rows(
  count: i32, length: i32, extra: i32, x: usize, ldx: i32, square: usize, exponent: usize, negative: usize,
  sweeps: usize, work: usize,
): i32 {
  const s = args<Sweep>();
  const blocks = ((count + BLOCK - 1) / BLOCK + 1) & ~1;
  s.count = count;
  s.length = (length + 7) & ~7;
  s.extra = extra;
  s.ldx = ldx;
  s.x = x;
  s.square = square;
  s.exponent = exponent;
  s.negative = negative;
  s.tolerance = f64(max(64, length)) * (0.25 * f64.EPSILON * f64.EPSILON);
  s.blocks = blocks;
  s.few = true; // after a head start
  s.rotations = work;
  for (let sweep = 1; sweep <= SWEEPS; sweep++) {
    store<i32>(sweeps, sweep);
    let info = parallelFor(Task.JACOBI_BLOCKS, blocks, 1);
    if (info != 0) return info;
    let rotations = rotated(s, blocks);
    for (let round = 0; round < blocks - 1; round++) {
      s.round = round;
      info = parallelFor(Task.JACOBI_ROUND, blocks / 2, 1);
      if (info != 0) return info;
      rotations += rotated(s, blocks / 2);
      const made = f64(sweep - 1) + f64(round) / f64(blocks);
      progress(HEAD + (1 - HEAD) * made / (made + 2), 1); // nobody knows how many there will be
    }
    if (rotations == 0) return 0;
    s.few = f64(rotations) < FEW * f64(count) * f64(count);
  }
  return 1;
}
