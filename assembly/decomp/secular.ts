// The roots of the secular equation 1 + Σ wᵢ/(dᵢ − λ) = 0, w = ρ·z² > 0: the eigenvalues of D + ρ·z·zᵀ.
//
// Root j lies between the poles dⱼ and dⱼ₊₁ (the last one before d + Σw). It is kept as a distance from
// the nearer of the two, so that all dᵢ − λⱼ have high relative accuracy. With u that distance,
// counted from the nearer pole (then at 0) into the gap g, the equation reads, up to sign,
//
//     F(u) = ±1 + Σ wᵢ/(qᵢ − u),     qᵢ = ±(dᵢ − anchor),     F increasing on (0, g).
//
// Each pass over the poles gives F with its slope and curvature. The next u is the zero of
//
//     c − s/u + S/(g − u)
//
// which agrees with F to second order; s and S are never less than the weights at 0 and g. This converges
// monotonically from any start, with third order: 3.5 passes are usual. A bracket guards it from rounding.
//
// Based on: Gu & Eisenstat, A divide-and-conquer algorithm for the symmetric tridiagonal eigenproblem,
// 1995; Li, Solving secular equations stably and efficiently, 1993; Borges & Gragg, A parallel divide and
// conquer algorithm for the generalized real symmetric definite tridiagonal eigenproblem, 1993 (the
// iteration).

import { hsum, madd } from "../simd";
import { at, get, Merge, set } from "./merge";

/** Passes allowed for a root; halving the bracket ends in this many. */
const PASSES: i32 = 200;

/** Relative steps below this leave an error of their cube, which is below rounding. */
const CUBE_ROOT_EPS: f64 = 3e-6;

/** Type arguments: the secular equation is in λ and d, or in σ² and d². */
@unmanaged
export class Plain {}

@unmanaged
export class Squared {
  sign: i32;
}

/** Whether it is in squares. */
// @ts-ignore: decorator
@inline
export function squared<K>(): bool {
  return offsetof<K>() != 0;
}

/** d − λ, or d² − σ², λ being anchor + tau. */
// @ts-ignore: decorator
@inline
export function minus_root<K>(d: f64, anchor: f64, tau: f64): f64 {
  const x = (d - anchor) - tau;
  return squared<K>() ? x * ((d + anchor) + tau) : x;
}

/** The same for two poles or two roots. */
// @ts-ignore: decorator
@inline
export function minus_roots<K>(d: v128, anchor: v128, tau: v128): v128 {
  const x = f64x2.sub(f64x2.sub(d, anchor), tau);
  if (squared<K>()) return f64x2.mul(x, f64x2.add(f64x2.add(d, anchor), tau));
  return x;
}

/** x − y for two poles, or x² − y². */
// @ts-ignore: decorator
@inline
export function between_poles<K>(x: f64, y: f64): f64 {
  return squared<K>() ? (x - y) * (x + y) : x - y;
}

/** λ − μ for two roots as anchor and tau, or λ² − μ². */
// @ts-ignore: decorator
@inline
export function between_roots<K>(anchor: f64, tau: f64, anchor1: f64, tau1: f64): f64 {
  const x = (anchor - anchor1) + (tau - tau1);
  return squared<K>() ? x * ((anchor + anchor1) + (tau + tau1)) : x;
}

/** between_poles for two pairs. */
// @ts-ignore: decorator
@inline
export function apart<K>(x: v128, y: v128): v128 {
  return squared<K>() ? f64x2.mul(f64x2.sub(x, y), f64x2.add(x, y)) : f64x2.sub(x, y);
}

/** How far the root is from its anchor if λ, or σ², is by t. */
// @ts-ignore: decorator
@inline
function distance<K>(anchor: f64, t: f64): f64 {
  return squared<K>() ? t / (anchor + sqrt(anchor * anchor + t)) : t;
}

/** Roots [j0, j1): anchor and tau. */
export function find_roots<K>(m: Merge, j0: i32, j1: i32): void {
  for (let j = j0; j < j1; j++) if (!find_root<K>(m, j)) m.info = j + 1;
}

/** False if root j did not converge; it is then as good as PASSES passes made it. */
function find_root<K>(m: Merge, j: i32): bool {
  const k = m.k;
  const pole = m.pole;
  const toWeight = m.weight - m.pole;
  const last = j == k - 1;
  let anchor = get(pole, j);
  let near = get(m.weight, j);
  let far: f64 = 0;
  let gap: f64 = 0;
  let lo: f64 = 0;
  let hi: f64 = 0;
  let u: f64 = 0;
  if (last) {
    // a pole without weight at twice the bound stands for the one that is missing
    for (let i = 0; i < k; i++) hi += get(m.weight, i);
    hi *= 1 + f64(k) * f64.EPSILON;
    gap = 2 * hi;
    u = 0.5 * hi;
  } else {
    far = get(m.weight, j + 1);
    gap = between_poles<K>(get(pole, j + 1), anchor);
    hi = 0.5 * gap;
    u = hi;
  }
  let sign: f64 = 1;
  let converged = false;
  for (let pass = 0; pass < PASSES; pass++) {
    // Σ wᵢ/(dᵢ − λ) over the poles below and above the gap; r1 and r2 with the square and the cube
    let below: f64 = 0;
    let above: f64 = 0;
    let r1: f64 = 0;
    let r2: f64 = 0;
    const origin = f64x2.splat(anchor);
    const tau = distance<K>(anchor, sign * u);
    const mu = f64x2.splat(tau);
    const one = f64x2.splat(1);
    let v1 = f64x2.splat(0);
    let v2 = f64x2.splat(0);
    for (let side = 0; side < 2; side++) {
      let p = side == 0 ? pole : pole + (usize(j + 2) << 3);
      const end = pole + (usize(side == 0 ? j : k) << 3);
      let v0 = f64x2.splat(0);
      for (; p + 32 <= end; p += 32) {
        const x = minus_roots<K>(v128.load(p), origin, mu);
        const y = minus_roots<K>(v128.load(p, 16), origin, mu);
        const inverse = f64x2.div(one, f64x2.mul(x, y)); // one division for both
        const ix = f64x2.mul(inverse, y);
        const iy = f64x2.mul(inverse, x);
        const tx = f64x2.mul(v128.load(p + toWeight), ix);
        const ty = f64x2.mul(v128.load(p + toWeight, 16), iy);
        v0 = f64x2.add(v0, f64x2.add(tx, ty));
        const tx1 = f64x2.mul(tx, ix);
        const ty1 = f64x2.mul(ty, iy);
        v1 = f64x2.add(v1, f64x2.add(tx1, ty1));
        v2 = f64x2.add(v2, madd<f64>(tx1, ix, f64x2.mul(ty1, iy)));
      }
      let r0 = hsum<f64>(v0);
      for (; p < end; p += 8) {
        const inverse = 1 / minus_root<K>(load<f64>(p), anchor, tau);
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
    if (pass == 0 && F < 0 && !last) {
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
    // the tolerance grows with the passes, so that rounding in the sum cannot keep the loop alive
    const size = 1 - below + above + near / u + far / (gap - u);
    if (abs(F) <= f64.EPSILON * f64(1 + pass) * size) {
      converged = true;
      break;
    }

    // what the other poles add to s and S, as toNear·u and toFar·b; both enter c by what they leave at u
    const b = gap - u;
    const toNear = u * u * max(0, r1 - b * r2) / gap;
    const toFar = b * b * max(0, r1 + u * r2) / gap;
    let next = two_pole_zero(r + far / gap + toNear - toFar * (u / gap), near + u * toNear, far + b * toFar, gap);
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
  set(m.tau, j, distance<K>(anchor, sign * u));
  return converged;
}

/**
 * The zero in (0, g) of c − s/t + (S/g)·t/(g − t); s, S ≥ 0. The pole at g is written so that it is 0 at 0: in a
 * cluster S is large and means little, and must not drown c.
 */
function two_pole_zero(c: f64, s: f64, S: f64, g: f64): f64 {
  // (c − S/g)·t² − (c·g + s)·t + s·g = 0
  const b = c * g + s;
  const e = c * g - s;
  const root = sqrt(e * e + 4 * s * S);
  return b > 0 ? 2 * s * g / (b + root) : 0.5 * (b - root) / (c - S / g);
}

/** Between lo and hi, 0 ≤ lo < hi, by orders of magnitude where they are far apart. */
function middle(lo: f64, hi: f64): f64 {
  if (lo > 0.01 * hi) return 0.5 * (lo + hi);
  return lo > 0 ? sqrt(lo) * sqrt(hi) : hi * 0.0009765625;
}
