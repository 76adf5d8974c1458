// The eigenvectors of D + ρ·z·zᵀ from its eigenvalues, the roots of the secular equation (secular.ts).
//
// They are not those of z, but of the z for which the computed roots are exact: they are then orthogonal to
// working accuracy however close the roots lie.
//
// Based on: Gu & Eisenstat, A stable and efficient algorithm for the rank-one modification of the symmetric
// eigenproblem, 1994.

import { hsum, madd } from "../simd";
import { at, get, getInt, Merge, set } from "./merge";
import { apart, between_poles, minus_root, minus_roots, squared } from "./secular";

/**
 * zeta at poles [i0, i1): the z, with its old sign, for which the roots are exact,
 *
 *     ρ·zᵢ² = Π_j (λⱼ − dᵢ) / Π_{j≠i} (dⱼ − dᵢ)     [Löwner; Gu & Eisenstat 1995]
 *
 * but for the factor ρ, which the normalisation of the vectors removes.
 */
export function correct_z<K>(m: Merge, i0: i32, i1: i32): void {
  for (let i = i0; i < i1; i += 4) correct_four<K>(m, i);
}

/** Poles i … i + 3, as many as there are. */
function correct_four<K>(m: Merge, i: i32): void {
  const k = m.k;
  const pole = m.pole;
  const last = k - 1;
  const d0 = f64x2.replace_lane(f64x2.splat(get(pole, i)), 1, get(pole, min(i + 1, last)));
  const d1 = f64x2.replace_lane(f64x2.splat(get(pole, min(i + 2, last))), 1, get(pole, min(i + 3, last)));
  let p0 = f64x2.splat(1);
  let p1 = p0;
  for (let side = 0; side < 2; side++) {
    const end = usize(side == 0 ? i : k) << 3;
    let j = usize(side == 0 ? 0 : i + 4) << 3;
    for (; j + 16 <= end; j += 16) {
      // two roots at a time: one division for both
      const anchor = v128.load64_splat(m.anchor + j);
      const tau = v128.load64_splat(m.tau + j);
      const d = v128.load64_splat(pole + j);
      const anchorNext = v128.load64_splat(m.anchor + j, 8);
      const tauNext = v128.load64_splat(m.tau + j, 8);
      const dNext = v128.load64_splat(pole + j, 8);
      let above = f64x2.mul(minus_roots<K>(d0, anchor, tau), minus_roots<K>(d0, anchorNext, tauNext));
      p0 = f64x2.mul(p0, f64x2.div(above, f64x2.mul(apart<K>(d0, d), apart<K>(d0, dNext))));
      above = f64x2.mul(minus_roots<K>(d1, anchor, tau), minus_roots<K>(d1, anchorNext, tauNext));
      p1 = f64x2.mul(p1, f64x2.div(above, f64x2.mul(apart<K>(d1, d), apart<K>(d1, dNext))));
    }
    if (j < end) {
      const anchor = v128.load64_splat(m.anchor + j);
      const tau = v128.load64_splat(m.tau + j);
      const d = v128.load64_splat(pole + j);
      p0 = f64x2.mul(p0, f64x2.div(minus_roots<K>(d0, anchor, tau), apart<K>(d0, d)));
      p1 = f64x2.mul(p1, f64x2.div(minus_roots<K>(d1, anchor, tau), apart<K>(d1, d)));
    }
  }
  for (let l = i; l < min(i + 4, k); l++) {
    let product = l < i + 2
      ? (l == i ? f64x2.extract_lane(p0, 0) : f64x2.extract_lane(p0, 1))
      : (l == i + 2 ? f64x2.extract_lane(p1, 0) : f64x2.extract_lane(p1, 1));
    const d = get(pole, l);
    for (let j = i; j < min(i + 4, k); j++) {
      product *= minus_root<K>(d, get(m.anchor, j), get(m.tau, j));
      if (j != l) product /= between_poles<K>(d, get(pole, j));
    }
    const zeta = copysign<f64>(sqrt(abs(product)), get(m.zeta, l));
    set(m.zeta, l, zeta);
    if (squared<K>()) set(m.zetaLeft, l, d * zeta);
  }
}

/**
 * Rows [j0, j1): scale; and where Q has two columns, the new rows: first and last component of the eigenvectors.
 * Of U, all there is to know about the column of the cut.
 */
export function scale_vectors<K>(m: Merge, j0: i32, j1: i32): void {
  for (let j = j0; j < j1; j++) {
    const row = getInt(m.place, j);
    if (m.full) {
      set(m.scale, j, 1 / sqrt(sum_squares<K>(m, m.zeta, j)));
      if (!squared<K>()) continue;
      const scale = 1 / sqrt(1 + sum_squares<K>(m, m.zetaLeft, j));
      set(m.scaleLeft, j, scale);
      store<f64>(at(m.u, m.ldu, row, m.n1 - 1), -scale);
    } else {
      fill_components<K>(m, j, at(m.q, m.ldq, row, 0));
    }
  }
}

/** Σ sᵢ² with sᵢ = ζᵢ/(dᵢ − λⱼ): the eigenvector, not normalised. */
function sum_squares<K>(m: Merge, zeta: usize, j: i32): f64 {
  const anchor = get(m.anchor, j);
  const tau = get(m.tau, j);
  const a = f64x2.splat(anchor);
  const t = f64x2.splat(tau);
  const toZeta = zeta - m.pole;
  const end = m.pole + (usize(m.k) << 3);
  let squares = f64x2.splat(0);
  let p = m.pole;
  for (; p + 32 <= end; p += 32) {
    // two squares over one denominator
    const x = minus_roots<K>(v128.load(p), a, t);
    const y = minus_roots<K>(v128.load(p, 16), a, t);
    const sx = f64x2.mul(v128.load(p + toZeta), y);
    const sy = f64x2.mul(v128.load(p + toZeta, 16), x);
    const xy = f64x2.mul(x, y);
    squares = f64x2.add(squares, f64x2.div(madd<f64>(sx, sx, f64x2.mul(sy, sy)), f64x2.mul(xy, xy)));
  }
  let sum = hsum<f64>(squares);
  for (; p < end; p += 8) {
    const s = load<f64>(p + toZeta) / minus_root<K>(load<f64>(p), anchor, tau);
    sum += s * s;
  }
  return sum;
}

/** q = (Σ sᵢ·fᵢ, Σ sᵢ·lᵢ)/‖s‖ with s as above, f and l the components of the halves' eigenvectors. */
function fill_components<K>(m: Merge, j: i32, q: usize): void {
  const anchor = get(m.anchor, j);
  const tau = get(m.tau, j);
  const a = f64x2.splat(anchor);
  const t = f64x2.splat(tau);
  const one = f64x2.splat(1);
  const toZeta = m.zeta - m.pole;
  const toFirst = m.first.q - m.pole;
  const toFinal = m.second.q - m.pole;
  const end = m.pole + (usize(m.k) << 3);
  let squares = f64x2.splat(0);
  let firsts = f64x2.splat(0);
  let finals = f64x2.splat(0);
  let p = m.pole;
  for (; p + 32 <= end; p += 32) {
    const x = minus_roots<K>(v128.load(p), a, t);
    const y = minus_roots<K>(v128.load(p, 16), a, t);
    const inverse = f64x2.div(one, f64x2.mul(x, y));
    const sx = f64x2.mul(v128.load(p + toZeta), f64x2.mul(inverse, y));
    const sy = f64x2.mul(v128.load(p + toZeta, 16), f64x2.mul(inverse, x));
    squares = f64x2.add(squares, madd<f64>(sx, sx, f64x2.mul(sy, sy)));
    firsts = f64x2.add(firsts, madd<f64>(sx, v128.load(p + toFirst), f64x2.mul(sy, v128.load(p + toFirst, 16))));
    finals = f64x2.add(finals, madd<f64>(sx, v128.load(p + toFinal), f64x2.mul(sy, v128.load(p + toFinal, 16))));
  }
  let square = hsum<f64>(squares);
  let first = hsum<f64>(firsts);
  let final = hsum<f64>(finals);
  for (; p < end; p += 8) {
    const s = load<f64>(p + toZeta) / minus_root<K>(load<f64>(p), anchor, tau);
    square += s * s;
    first += s * load<f64>(p + toFirst);
    final += s * load<f64>(p + toFinal);
  }
  const scale = 1 / sqrt(square);
  store<f64>(q, first * scale);
  store<f64>(q, final * scale, 8);
}
