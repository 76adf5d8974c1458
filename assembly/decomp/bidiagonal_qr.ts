// Singular values and vectors of an upper bidiagonal matrix by implicit QR: for small orders, the leaves
// of divide and conquer.
//
// Based on: Golub & Kahan, Calculating the singular values and pseudo-inverse of a matrix, 1965; Demmel &
// Kahan, Accurate singular values of bidiagonal matrices, 1990 (the sweep without a shift; LAPACK dbdsqr).

import { at, get, set } from "./merge";
import { rotate } from "./tridiagonal_ql";

/** Sweeps allowed per singular value; 2 are usual. */
const SWEEPS: i32 = 60;

/** The rotation (c, s) with c·f + s·g = r, c·g − s·f = 0. */
@unmanaged
class Turn {
  c: f64;
  s: f64;
  r: f64;
}

/** B is scaled to norm 1, and what is below rounding of that may be lost. */
function turn(t: Turn, f: f64, g: f64): void {
  const r = sqrt(f * f + g * g);
  const none = r < 1e-140;
  t.r = none ? 0 : copysign(r, f);
  t.c = none ? 1 : f / t.r;
  t.s = none ? 0 : g / t.r;
}

@unmanaged
class Problem {
  n: i32;
  d: usize;
  e: usize;
  u: usize;
  ldu: i32;
  colsU: i32;
  v: usize;
  ldv: i32;
  colsV: i32;
}

/** Bytes of workspace of bidiagonal_qr. */
export const BIDIAGONAL_QR_WORK: i32 = 128;

/**
 * B = Wᵀ·[0 diag(d)]·Z with d ≥ 0 ascending; U := W·U, V := Z·V.
 *
 * B (n×(n + 1)) has the diagonal d (n) and e (n) right of it, both destroyed; the values go to sigma (n). Rows 1 … n of
 * U (n + 1 × colsU, row stride ldu) belong to the rows of B, row 0 is not touched. Row 0 of V (n + 1 × colsV, ldv) belongs
 * to the last column of B and becomes that of the null vector, rows 1 … n to the others: all go with their values.
 * B has norm about 1: what is up to `negligible` is dropped. If e_{n−1} = 0, row 0 of V stays what it is.
 * Returns 0, or k if value k did not converge in SWEEPS·n sweeps. work: BIDIAGONAL_QR_WORK bytes.
 * Backward stable: B's singular values move by c·n·u·‖B‖.
 */
export function bidiagonal_qr(
  n: i32, d: usize, e: usize, sigma: usize, u: usize, ldu: i32, colsU: i32, v: usize, ldv: i32, colsV: i32, negligible: f64, work: usize,
): i32 {
  const t = changetype<Turn>(work);
  const b = changetype<Problem>(work + 32);
  b.n = n;
  b.d = d;
  b.e = e;
  b.u = at(u, ldu, 1, 0);
  b.ldu = ldu;
  b.colsU = colsU;
  b.v = at(v, ldv, 1, 0);
  b.ldv = ldv;
  b.colsV = colsV;
  clear_last_column(b, v, t);

  let sweeps = 0;
  let m = n - 1;
  while (m > 0) {
    // the last block of B that does not fall apart: rows l … m
    let l = m;
    for (; l > 0; l--) {
      const size = abs(get(e, l - 1));
      if (size <= negligible || size <= 0.5 * f64.EPSILON * (abs(get(d, l - 1)) + abs(get(d, l)))) {
        set(e, l - 1, 0);
        break;
      }
    }
    if (l == m) {
      m--;
      continue;
    }
    if (++sweeps > SWEEPS * n) return m + 1;
    let shift = smaller_value(get(d, m - 1), get(e, m - 1), get(d, m));
    for (let i = l; i <= m; i++) {
      if (abs(get(d, i)) > negligible) continue;
      set(d, i, 0); // which a sweep without a shift brings to the end
      shift = 0;
    }
    const first = get(d, l);
    if (shift * shift <= f64.EPSILON * first * first) sweep(b, l, m, t);
    else shifted_sweep(b, l, m, shift, t);
  }

  for (let i = 0; i < n; i++) {
    const x = get(d, i);
    set(sigma, i, abs(x));
    if (x < 0) for (let j = 0; j < colsV; j++) set(at(b.v, ldv, i, 0), j, -get(at(b.v, ldv, i, 0), j));
  }
  sort(b, sigma);
  return 0;
}

/** e_{n−1} is moved up the last column and out, by rotations of that column with all others. */
function clear_last_column(b: Problem, last: usize, t: Turn): void {
  let x = get(b.e, b.n - 1);
  for (let i = b.n - 1; i >= 0 && x != 0; i--) {
    turn(t, get(b.d, i), x);
    set(b.d, i, t.r);
    rotate(b.colsV, at(b.v, b.ldv, i, 0), last, t.c, t.s);
    if (i == 0) break;
    x = -t.s * get(b.e, i - 1);
    set(b.e, i - 1, t.c * get(b.e, i - 1));
  }
  set(b.e, b.n - 1, 0);
}

/** The smaller singular value of [f g; 0 h]. */
function smaller_value(f: f64, g: f64, h: f64): f64 {
  // both are √((f + h)² + g²) ± √((f − h)² + g²), halved; their product is |f·h|
  const x = abs(f) + abs(h);
  const y = abs(f) - abs(h);
  const larger = 0.5 * (sqrt(x * x + g * g) + sqrt(y * y + g * g));
  return larger > 0 ? abs(f) * (abs(h) / larger) : 0;
}

/** One sweep down rows l … m with the shift. */
function shifted_sweep(b: Problem, l: i32, m: i32, shift: f64, t: Turn): void {
  const d = b.d;
  const e = b.e;
  const first = get(d, l);
  let f = (abs(first) - shift) * (copysign<f64>(1, first) + shift / first);
  let g = get(e, l);
  for (let i = l; i < m; i++) {
    turn(t, f, g);
    if (i > l) set(e, i - 1, t.r);
    f = t.c * get(d, i) + t.s * get(e, i);
    set(e, i, t.c * get(e, i) - t.s * get(d, i));
    g = t.s * get(d, i + 1);
    set(d, i + 1, t.c * get(d, i + 1));
    rotate(b.colsV, at(b.v, b.ldv, i, 0), at(b.v, b.ldv, i + 1, 0), t.c, t.s);
    turn(t, f, g);
    set(d, i, t.r);
    f = t.c * get(e, i) + t.s * get(d, i + 1);
    set(d, i + 1, t.c * get(d, i + 1) - t.s * get(e, i));
    if (i + 1 < m) {
      g = t.s * get(e, i + 1);
      set(e, i + 1, t.c * get(e, i + 1));
    }
    rotate(b.colsU, at(b.u, b.ldu, i, 0), at(b.u, b.ldu, i + 1, 0), t.c, t.s);
  }
  set(e, m - 1, f);
}

/** The same with the shift 0, which keeps small values accurate. */
function sweep(b: Problem, l: i32, m: i32, t: Turn): void {
  const d = b.d;
  const e = b.e;
  let c: f64 = 1;
  let cLeft: f64 = 1;
  let sLeft: f64 = 0;
  for (let i = l; i < m; i++) {
    turn(t, get(d, i) * c, get(e, i));
    c = t.c;
    const s = t.s;
    if (i > l) set(e, i - 1, sLeft * t.r);
    rotate(b.colsV, at(b.v, b.ldv, i, 0), at(b.v, b.ldv, i + 1, 0), c, s);
    turn(t, cLeft * t.r, get(d, i + 1) * s);
    cLeft = t.c;
    sLeft = t.s;
    set(d, i, t.r);
    rotate(b.colsU, at(b.u, b.ldu, i, 0), at(b.u, b.ldu, i + 1, 0), cLeft, sLeft);
  }
  const h = get(d, m) * c;
  set(d, m, h * cLeft);
  set(e, m - 1, h * sLeft);
}

/** Sorts sigma ascending, the rows of U and V with it: by selection, which moves each row once. */
function sort(b: Problem, sigma: usize): void {
  for (let i = 0; i < b.n - 1; i++) {
    let least = i;
    for (let j = i + 1; j < b.n; j++) if (get(sigma, j) < get(sigma, least)) least = j;
    if (least == i) continue;
    const x = get(sigma, i);
    set(sigma, i, get(sigma, least));
    set(sigma, least, x);
    exchange(b.colsU, at(b.u, b.ldu, i, 0), at(b.u, b.ldu, least, 0));
    exchange(b.colsV, at(b.v, b.ldv, i, 0), at(b.v, b.ldv, least, 0));
  }
}

/** Exchanges n numbers. */
function exchange(n: i32, x: usize, y: usize): void {
  for (let j = 0; j < n; j++) {
    const t = get(x, j);
    set(x, j, get(y, j));
    set(y, j, t);
  }
}
