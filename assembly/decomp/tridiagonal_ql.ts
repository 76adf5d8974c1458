// Symmetric tridiagonal eigenproblem by implicit QL: for small orders, and the leaves of divide and
// conquer.
//
// Based on: Dubrulle, Martin & Wilkinson, The implicit QL algorithm (imtql2), 1968.

import { at, get, set } from "./merge";

/** Sweeps allowed per eigenvalue; 1.7 are usual. */
const SWEEPS: i32 = 60;

/** Squares below this have lost digits; with T scaled to norm 1, what they stand for is nothing. */
const TINY: f64 = 1e-280;

/** x := c·x + s·y, y := c·y − s·x over n numbers. */
export function rotate(n: i32, x: usize, y: usize, c: f64, s: f64): void {
  const cc = f64x2.splat(c);
  const ss = f64x2.splat(s);
  const end = x + (usize(n) << 3);
  for (; x + 16 <= end; x += 16, y += 16) {
    const x1 = v128.load(x);
    const y1 = v128.load(y);
    v128.store(x, f64x2.add(f64x2.mul(cc, x1), f64x2.mul(ss, y1)));
    v128.store(y, f64x2.sub(f64x2.mul(cc, y1), f64x2.mul(ss, x1)));
  }
  if (x < end) {
    const x1 = load<f64>(x);
    const y1 = load<f64>(y);
    store<f64>(x, c * x1 + s * y1);
    store<f64>(y, c * y1 - s * x1);
  }
}

/**
 * T = V·diag(d)·Vᵀ with d ascending; Q := Vᵀ·Q.
 *
 * d (n): diagonal in, eigenvalues out. e (n−1): off-diagonal in, destroyed. Q (n×cols, row stride ldq).
 * T has norm about 1: off-diagonals up to `negligible` are dropped.
 * Returns 0, or k if eigenvalue k did not converge in SWEEPS·n sweeps.
 * Backward stable: Q's rows stay orthonormal and T's eigenvalues move by c·n·u·‖T‖.
 */
export function tridiagonal_ql(n: i32, d: usize, e: usize, q: usize, ldq: i32, cols: i32, negligible: f64): i32 {
  let sweeps = 0;
  for (let l = 0; l < n; l++) {
    while (true) {
      // the first block of T from l on that does not fall apart: rows l … m
      let m = l;
      for (; m < n - 1; m++) {
        const size = abs(get(e, m));
        if (size <= negligible || size <= f64.EPSILON * 0.5 * (abs(get(d, m)) + abs(get(d, m + 1)))) break;
      }
      if (m == l) break;
      if (++sweeps > SWEEPS * n) return l + 1;

      // Wilkinson's shift, from the end that converges
      let g = (get(d, l + 1) - get(d, l)) / (2 * get(e, l));
      g = get(d, m) - get(d, l) + get(e, l) / (g + copysign<f64>(sqrt(g * g + 1), g));
      let s: f64 = 1;
      let c: f64 = 1;
      let p: f64 = 0;
      let i = m - 1;
      for (; i >= l; i--) {
        const f = s * get(e, i);
        const b = c * get(e, i);
        const rr = f * f + g * g;
        const r = rr < TINY ? 0 : sqrt(rr);
        if (i + 1 < m) set(e, i + 1, r);
        if (r == 0) break;
        s = f / r;
        c = g / r;
        g = get(d, i + 1) - p;
        const h = (get(d, i) - g) * s + 2 * c * b;
        p = s * h;
        set(d, i + 1, g + p);
        g = c * h - b;
        rotate(cols, at(q, ldq, i + 1, 0), at(q, ldq, i, 0), c, s);
      }
      if (m < n - 1) set(e, m, 0);
      if (i >= l) {
        // the bulge vanished: T falls apart at i + 1, without a step at the rows before
        set(d, i + 1, get(d, i + 1) - p);
      } else {
        set(d, l, get(d, l) - p);
        set(e, l, g);
      }
    }
  }
  sort(n, d, q, ldq, cols);
  return 0;
}

/** Sorts d ascending, the rows of Q with it: by selection, which moves each row once. */
function sort(n: i32, d: usize, q: usize, ldq: i32, cols: i32): void {
  for (let i = 0; i < n - 1; i++) {
    let least = i;
    for (let j = i + 1; j < n; j++) if (get(d, j) < get(d, least)) least = j;
    if (least == i) continue;
    const x = get(d, i);
    set(d, i, get(d, least));
    set(d, least, x);
    for (let j = 0; j < cols; j++) {
      const y = load<f64>(at(q, ldq, i, j));
      store<f64>(at(q, ldq, i, j), load<f64>(at(q, ldq, least, j)));
      store<f64>(at(q, ldq, least, j), y);
    }
  }
}
