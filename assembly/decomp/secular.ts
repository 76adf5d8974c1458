// The secular equation 1 + Σ wᵢ/(dᵢ − λ) = 0, w = ρ·z² > 0: eigenvalues and eigenvectors of D + ρ·z·zᵀ.
//
// Root j lies between the poles dⱼ and dⱼ₊₁ (the last one before d + Σw). It is kept as a distance from
// the nearer of the two, so that all dᵢ − λⱼ have high relative accuracy. With u that distance,
// counted from the nearer pole (then at 0) into the gap g, the equation reads, up to sign,
//
//     F(u) = ±1 + Σ wᵢ/(qᵢ − u),     qᵢ = ±(dᵢ − anchor),     F increasing on (0, g).
//
// Each pass over the poles gives F without its two nearest terms, to second order. That remainder is
// modelled by C + s/(qₗ − u) + S/(qᵣ − u) at the two next poles (value, slope and curvature agree;
// s, S ≥ 0), the near terms are kept exact, and the zero of the model is the next u: third order, and so
// close that three passes are usual. A bracket guards every step.
//
// The eigenvectors are not those of z, but of the z for which the computed roots are exact: they are
// then orthogonal to working accuracy however close the roots lie.
//
// Based on: Gu & Eisenstat, A divide-and-conquer algorithm for the symmetric tridiagonal eigenproblem,
// 1995; Li, Solving secular equations stably and efficiently, 1993; Borges & Gragg, A parallel divide and
// conquer algorithm for the generalized real symmetric definite tridiagonal eigenproblem, 1993 (the
// interpolation of second order, monotone from any start).

import { hsum, madd } from "../simd";
import { at, get, getInt, Merge, set } from "./merge";

/** Passes allowed for a root; 3 are usual, and halving the bracket ends in this many. */
const PASSES: i32 = 200;

/** Steps allowed within a model; 2 are usual. */
const STEPS: i32 = 12;

/** Relative steps below this leave an error of their cube, which is below rounding. */
const CUBE_ROOT_EPS: f64 = 3e-6;

/** Roots [j0, j1): anchor and tau. */
export function find_roots(m: Merge, j0: i32, j1: i32): void {
  for (let j = j0; j < j1; j++) if (!find_root(m, j)) m.info = j + 1;
}

/** False if root j did not converge; it is then as good as PASSES passes made it. */
function find_root(m: Merge, j: i32): bool {
  const k = m.k;
  const pole = m.pole;
  const toWeight = m.weight - m.pole;
  const last = j == k - 1;
  let anchor = get(pole, j);
  let near = get(m.weight, j);
  let far: f64 = 0;
  let gap: f64 = 0;
  let hi: f64 = 0;
  if (last) {
    // a pole without weight at twice the bound stands for the one that is missing
    for (let i = 0; i < k; i++) hi += get(m.weight, i);
    hi *= 1 + f64(k) * f64.EPSILON;
    gap = 2 * hi;
  } else {
    far = get(m.weight, j + 1);
    gap = get(pole, j + 1) - anchor;
    hi = 0.5 * gap;
  }
  let lo: f64 = 0;
  let u = 0.25 * gap;
  if (!last) u = hi;
  let sign: f64 = 1;
  let left: f64 = 0; // the next poles on both sides, from the anchor
  let right: f64 = 0;
  let converged = false;

  for (let pass = 0; pass < PASSES; pass++) {
    // r = Σ wᵢ/(dᵢ − λ), r1 and r2 with squares and cubes below, over the poles left and right of the gap
    let below: f64 = 0;
    let above: f64 = 0;
    let r1: f64 = 0;
    let r2: f64 = 0;
    const origin = f64x2.splat(anchor);
    const mu = f64x2.splat(sign * u);
    const one = f64x2.splat(1);
    let v1 = f64x2.splat(0);
    let v2 = f64x2.splat(0);
    for (let side = 0; side < 2; side++) {
      let p = side == 0 ? pole : pole + (usize(j + 2) << 3);
      const end = pole + (usize(side == 0 ? j : k) << 3);
      let v0 = f64x2.splat(0);
      for (; p + 16 <= end; p += 16) {
        const inverse = f64x2.div(one, f64x2.sub(f64x2.sub(v128.load(p), origin), mu));
        const t = f64x2.mul(v128.load(p + toWeight), inverse);
        const t1 = f64x2.mul(t, inverse);
        v0 = f64x2.add(v0, t);
        v1 = f64x2.add(v1, t1);
        v2 = madd<f64>(t1, inverse, v2);
      }
      let r0 = hsum<f64>(v0);
      if (p < end) {
        const inverse = 1 / ((load<f64>(p) - anchor) - sign * u);
        const t = load<f64>(p + toWeight) * inverse;
        r0 += t;
        r1 += t * inverse;
        r2 += t * inverse * inverse;
      }
      if (side == 0) below = r0;
      else above = r0;
    }
    r1 += hsum<f64>(v1);
    r2 = sign * (r2 + hsum<f64>(v2));
    let r = sign * (1 + below + above);
    let F = r - near / u + far / (gap - u);
    if (pass == 0) {
      if (F < 0 && !last) {
        // the root is in the right half: count from its pole, to the left
        sign = -1;
        anchor = get(pole, j + 1);
        const w = near;
        near = far;
        far = w;
        r = -r;
        r2 = -r2;
        F = -F;
      }
      const outLeft = j > 0 ? get(pole, j - 1) : anchor - 2 * gap;
      const outRight = j + 2 < k ? get(pole, j + 2) : anchor + 2 * gap;
      left = sign > 0 ? outLeft - anchor : anchor - outRight;
      right = sign > 0 ? outRight - anchor : anchor - outLeft;
    }
    // the tolerance grows with the passes, so that rounding in the sum cannot keep the loop alive
    const size = 1 - below + above + near / u + far / (gap - u);
    if (abs(F) <= f64.EPSILON * f64(1 + pass) * size) {
      converged = true;
      break;
    }

    // the remainder modelled at the poles left and right
    const a = left - u;
    const b = right - u;
    const sLeft = max(0, a * a * a * (b * r2 - r1) / (b - a));
    const sRight = max(0, b * b * b * (r1 - a * r2) / (b - a));
    const start = pass == 0 ? two_pole_zero(r + far / gap, near, far, gap) : u;
    let next = model_zero(u, r, near, far, gap, sLeft, left, sRight, right, start);
    if (F > 0) {
      hi = u;
      next = min(next, u); // past u it is rounding
      if (!(next > lo)) next = middle(lo, hi);
    } else {
      lo = u;
      next = max(next, u);
      if (!(next < hi)) next = middle(lo, hi);
    }
    const step = abs(next - u);
    u = next;
    if (step <= CUBE_ROOT_EPS * min(u, gap - u) || hi - lo <= f64.EPSILON * hi) {
      converged = true;
      break;
    }
  }
  set(m.anchor, j, anchor);
  set(m.tau, j, sign * u);
  return converged;
}

/** The zero in (0, g) of c − s/t + (S/g)·t/(g − t); s, S ≥ 0. */
function two_pole_zero(c: f64, s: f64, S: f64, g: f64): f64 {
  // (c − S/g)·t² − (c·g + s)·t + s·g = 0
  const b = c * g + s;
  const e = c * g - s;
  const root = sqrt(e * e + 4 * s * S);
  return b > 0 ? 2 * s * g / (b + root) : 0.5 * (b - root) / (c - S / g);
}

/**
 * The zero in (0, g) of C − w/t + W/(g − t) + s/(l − t) + S/(r − t), where C is such that the remainder, all but
 * the terms of w and W, is `value` at t = u. Starts from t.
 *
 * The outer terms are put on the poles 0 and g such that value, slope and curvature agree: s/x at x = l − t
 * becomes, with a = −t and b = g − t,
 *
 *     s·((g − l)/g)·(a/x)³ at 0,   s·(l/g)·(b/x)³ at g,   and a constant,
 *
 * and S at r likewise: all of one sign. In a cluster these weights are large and mean little, so terms are
 * taken by their change: the outer ones from u, that of g from 0.
 */
function model_zero(u: f64, value: f64, w: f64, W: f64, g: f64, s: f64, l: f64, S: f64, r: f64, t: f64): f64 {
  const pole = f64x2.replace_lane(f64x2.splat(l), 1, r);
  const weight = f64x2.replace_lane(f64x2.splat(s), 1, S);
  const weightAtU = f64x2.div(weight, f64x2.sub(pole, f64x2.splat(u)));
  const toFar = f64x2.div(f64x2.mul(weight, pole), f64x2.splat(g));
  const toNear = f64x2.sub(weight, toFar);
  const one = f64x2.splat(1);
  for (let step = 0; step < STEPS; step++) {
    const inverse = f64x2.div(one, f64x2.sub(pole, f64x2.splat(t)));
    const cube = f64x2.mul(f64x2.mul(inverse, inverse), inverse);
    const remainder = value + (t - u) * hsum<f64>(f64x2.mul(weightAtU, inverse));
    const b = g - t;
    const near = -t * t * hsum<f64>(f64x2.mul(toNear, cube));
    const far = b * b * hsum<f64>(f64x2.mul(toFar, cube));
    const next = two_pole_zero(remainder + W / g + near - far * (t / g), w + t * near, W + b * far, g);
    const moved = abs(next - t);
    t = next;
    if (moved <= CUBE_ROOT_EPS * min(t, g - t)) break;
  }
  return t;
}

/** Between lo and hi, 0 ≤ lo < hi, by orders of magnitude where they are far apart. */
function middle(lo: f64, hi: f64): f64 {
  if (lo > 0.01 * hi) return 0.5 * (lo + hi);
  return lo > 0 ? sqrt(lo) * sqrt(hi) : hi * 0.0009765625;
}

/**
 * zeta at poles [i0, i1): the z, with its old sign, for which the roots are exact,
 *
 *     ρ·zᵢ² = Π_j (λⱼ − dᵢ) / Π_{j≠i} (dⱼ − dᵢ)     [Löwner; Gu & Eisenstat 1995]
 *
 * but for the factor ρ, which the normalisation of the vectors removes.
 */
export function correct_z(m: Merge, i0: i32, i1: i32): void {
  for (let i = i0; i < i1; i += 4) correct_four(m, i);
}

/** Poles i … i + 3, as many as there are. */
function correct_four(m: Merge, i: i32): void {
  const k = m.k;
  const pole = m.pole;
  const last = k - 1;
  const d0 = f64x2.replace_lane(f64x2.splat(get(pole, i)), 1, get(pole, min(i + 1, last)));
  const d1 = f64x2.replace_lane(f64x2.splat(get(pole, min(i + 2, last))), 1, get(pole, min(i + 3, last)));
  let p0 = f64x2.splat(1);
  let p1 = p0;
  for (let side = 0; side < 2; side++) {
    const end = usize(side == 0 ? i : k) << 3;
    for (let j = usize(side == 0 ? 0 : i + 4) << 3; j < end; j += 8) {
      const anchor = v128.load64_splat(m.anchor + j);
      const tau = v128.load64_splat(m.tau + j);
      const d = v128.load64_splat(pole + j);
      p0 = f64x2.mul(p0, f64x2.div(f64x2.add(f64x2.sub(anchor, d0), tau), f64x2.sub(d, d0)));
      p1 = f64x2.mul(p1, f64x2.div(f64x2.add(f64x2.sub(anchor, d1), tau), f64x2.sub(d, d1)));
    }
  }
  for (let l = i; l < min(i + 4, k); l++) {
    let product = l < i + 2
      ? (l == i ? f64x2.extract_lane(p0, 0) : f64x2.extract_lane(p0, 1))
      : (l == i + 2 ? f64x2.extract_lane(p1, 0) : f64x2.extract_lane(p1, 1));
    const d = get(pole, l);
    for (let j = i; j < min(i + 4, k); j++) {
      product *= (get(m.anchor, j) - d) + get(m.tau, j);
      if (j != l) product /= get(pole, j) - d;
    }
    set(m.zeta, l, copysign<f64>(sqrt(abs(product)), get(m.zeta, l)));
  }
}

/** Gathers poles and corrected z by slot. */
export function fill_slot_values(m: Merge): void {
  for (let p = 0; p < m.k; p++) {
    const i = getInt(m.slot, p);
    set(m.slotPole, p, get(m.pole, i));
    set(m.slotZeta, p, get(m.zeta, i));
  }
}

/** Rows [j0, j1) of S: unit eigenvectors of D + ρ·z·zᵀ, columns by slot. */
export function fill_vectors(m: Merge, j0: i32, j1: i32): void {
  for (let j = j0; j < j1; j++) fill_vector(m, j, at(m.s, m.lds, j, 0));
}

/** sᵢ = ζᵢ/(dᵢ − λ), normalised. */
function fill_vector(m: Merge, j: i32, s: usize): void {
  const anchor = get(m.anchor, j);
  const tau = get(m.tau, j);
  const a = f64x2.splat(anchor);
  const t = f64x2.splat(tau);
  const end = usize(m.k) << 3;
  let squares = f64x2.splat(0);
  let p: usize = 0;
  for (; p + 16 <= end; p += 16) {
    const x = f64x2.div(v128.load(m.slotZeta + p), f64x2.sub(f64x2.sub(v128.load(m.slotPole + p), a), t));
    v128.store(s + p, x);
    squares = madd<f64>(x, x, squares);
  }
  let square = hsum<f64>(squares);
  if (p < end) {
    const x = load<f64>(m.slotZeta + p) / ((load<f64>(m.slotPole + p) - anchor) - tau);
    store<f64>(s + p, x);
    square += x * x;
  }
  const scale = 1 / sqrt(square);
  const c = f64x2.splat(scale);
  for (p = 0; p + 16 <= end; p += 16) v128.store(s + p, f64x2.mul(v128.load(s + p), c));
  if (p < end) store<f64>(s + p, load<f64>(s + p) * scale);
}

/** Rows [j0, j1) of the new n×2 Q: first and last component of the eigenvectors, from those in Q₁ and Q₂. */
export function fill_components(m: Merge, j0: i32, j1: i32): void {
  for (let j = j0; j < j1; j++) fill_component(m, j, at(m.q, m.ldq, j, 0));
}

function fill_component(m: Merge, j: i32, q: usize): void {
  const anchor = get(m.anchor, j);
  const tau = get(m.tau, j);
  let square: f64 = 0;
  let first: f64 = 0;
  let final: f64 = 0;
  const k1 = m.kFirst + m.kBoth;
  for (let p = 0; p < m.k; p++) {
    const x = get(m.slotZeta, p) / ((get(m.slotPole, p) - anchor) - tau);
    square += x * x;
    if (p < k1) first += x * get(m.q1, p);
    if (p >= m.kFirst) final += x * get(m.q2, p - m.kFirst);
  }
  const scale = 1 / sqrt(square);
  store<f64>(q, first * scale);
  store<f64>(q, final * scale, 8);
}
