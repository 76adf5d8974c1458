// One block row of the band reduction: Householder QR of its transpose, and the compact form of Q.

import { hsum, madd } from "../simd";
import { micro_dots, micro_outer } from "./band_micro";
import { BAND, BAND_STRIDE } from "./bulge_fold";

const HALF: i32 = 12;

/** Squared norms below this are dropped: their roots are 1e-140, and ‖A‖ is about 1. */
const TINY: f64 = 1e-280;

/**
 * Factors the block row [D R] at a (w rows; D w×w, R w×m; row stride lda): Rᵀ = Q·[L; 0]ᵀ…, that is
 * R·Q = [Lᵀ…] lower trapezoidal, Q = I − V·T·Vᵀ.
 *
 * On return the upper triangle of D and the lower trapezoid of R·Q are in the band, the rows of R are
 * Vᵀ, unit trapezoidal with zeros written out, and U = V·T is at u in six panels of m×4 (columns from
 * w on are zero). w ≤ 24; m is a multiple of 24, 0 allowed.
 * work: 4 squares of 24×24 and 64 numbers. Backward error O(m·u)·‖R‖   [Higham 2002, §19.3]
 * Compact WY after Schreiber & Van Loan 1989.
 */
export function factor_panel(w: i32, m: i32, a: usize, lda: i32, band: usize, u: usize, work: usize): void {
  const s = usize(lda) * 8;
  for (let i = 0; i < w; i++) {
    memory.copy(band + usize(i) * (BAND_STRIDE + 8), a + usize(i) * (s + 8), usize(w - i) * 8);
  }
  if (m == 0) return;
  const v = a + usize(w) * 8;
  band += usize(w) * 8;
  const t = work; // T (24×24), upper triangular
  const g = t + 4608; // V·Vᵀ (24×24), upper triangle
  const x = g + 4608; // small products
  const tau = x + 4608;
  memory.fill(t, 0, 4608);
  if (w < BAND) {
    factor_rows(0, w, m, v, lda, tau);
    store_band(0, w, v, s, band, tau);
    build_t(0, w, m, v, lda, t, g, tau);
  } else {
    factor_rows(0, HALF, m, v, lda, tau);
    store_band(0, HALF, v, s, band, tau);
    build_t(0, HALF, m, v, lda, t, g, tau);
    apply_half(m, v, lda, t, g, x);
    factor_rows(HALF, BAND, m, v, lda, tau);
    store_band(HALF, BAND, v, s, band, tau);
    build_t(HALF, BAND, m, v, lda, t, g, tau);
  }
  for (let q: usize = 0; q < 6; q++) {
    for (let k: usize = 0; k < 24; k++) {
      v128.store(x + q * 768 + k * 32, v128.load(t + k * 192 + q * 32));
      v128.store(x + q * 768 + k * 32, v128.load(t + k * 192 + q * 32, 16), 16);
    }
  }
  memory.fill(u, 0, usize(m) * 192);
  for (let i = 0; i < m; i += 6) {
    let uq = u + usize(i) * 32;
    for (let q = 0; q < 6; q++) {
      micro_outer(min(w, 4 * q + 4), v + usize(i) * 8, lda, x + usize(q) * 768, 4, uq, 4);
      uq += usize(m) * 32;
    }
  }
}

/**
 * Reflectors i0…i1−1 from rows i0…i1−1 of v, each applied to the rows after it up to i1. Row i then holds
 * the i entries of the band, and from place i on the reflector with its leading 1; at tau: (τ, β) of each.
 */
function factor_rows(i0: i32, i1: i32, m: i32, v: usize, lda: i32, tau: usize): void {
  const s = usize(lda) * 8;
  for (let i = i0; i < i1; i++) {
    const x = v + usize(i) * (s + 8);
    const t = reflector(m - i, x, tau + usize(i) * 16);
    for (let j = i + 1; j < i1; j++) {
      const y = x + usize(j - i) * s;
      axpy(m - i, -t * dot(m - i, x, y), x, y);
    }
  }
}

/** x (n) := v with v₀ = 1 and (I − τ·v·vᵀ)·x = β·e₀; stores τ and β at out, returns τ. */
function reflector(n: i32, x: usize, out: usize): f64 {
  const alpha = load<f64>(x);
  store<f64>(x, 0);
  const tail = dot(n, x, x);
  let tau: f64 = 0;
  let beta = alpha;
  let scale: f64 = 0;
  if (tail >= TINY) {
    beta = -Math.sqrt(alpha * alpha + tail);
    if (alpha < 0) beta = -beta;
    tau = (beta - alpha) / beta;
    scale = 1 / (alpha - beta);
  }
  scal(n, scale, x);
  store<f64>(x, 1);
  store<f64>(out, tau);
  store<f64>(out, beta, 8);
  return tau;
}

/** Rows i0…i1−1 of v: their leading entries and β to the band, zeros in their place. */
function store_band(i0: i32, i1: i32, v: usize, s: usize, band: usize, tau: usize): void {
  for (let i = i0; i < i1; i++) {
    const to = band + usize(i) * BAND_STRIDE;
    memory.copy(to, v + usize(i) * s, usize(i) * 8);
    store<f64>(to + usize(i) * 8, load<f64>(tau + usize(i) * 16, 8));
    memory.fill(v + usize(i) * s, 0, usize(i) * 8);
  }
}

/** Columns i0…i1−1 of T: T[0:i, i] = −τᵢ·T·(V₀…V_{i−1}·vᵢ), and V·Vᵀ on the way. */
function build_t(i0: i32, i1: i32, m: i32, v: usize, lda: i32, t: usize, g: usize, tau: usize): void {
  const s = usize(lda) * 8;
  for (let j = i0; j < i1; j += 4) {
    for (let i = 0; i < min(j + 4, i1); i += 3) {
      micro_dots(m, v + usize(i) * s, v + usize(j) * s, lda, g + usize(i * 24 + j) * 8, 24);
    }
  }
  for (let i = i0; i < i1; i++) {
    const ti = load<f64>(tau + usize(i) * 16);
    for (let r = 0; r < i; r++) {
      let sum: f64 = 0;
      for (let k = r; k < i; k++) sum += load<f64>(t + usize(r * 24 + k) * 8) * load<f64>(g + usize(k * 24 + i) * 8);
      store<f64>(t + usize(r * 24 + i) * 8, -ti * sum);
    }
    store<f64>(t + usize(i * 25) * 8, ti);
  }
}

/** Rows 12…23 of R times the first 12 reflectors: R₂ := R₂ − (R₂·V₁·T₁)·V₁ᵀ. */
function apply_half(m: i32, v: usize, lda: i32, t: usize, d: usize, x: usize): void {
  const s = usize(lda) * 8;
  const r = v + usize(HALF) * s;
  // d is the half of g that is not needed yet
  d += 12 * 192;
  for (let i = 0; i < HALF; i += 3) {
    for (let j = 0; j < HALF; j += 4) {
      micro_dots(m, r + usize(i) * s, v + usize(j) * s, lda, d + usize(i * 24 + j) * 8, 24);
    }
  }
  // x := −d·T₁ in two panels of 12×6
  for (let i = 0; i < HALF; i++) {
    for (let k = 0; k < HALF; k++) {
      let sum: f64 = 0;
      for (let l = 0; l <= k; l++) sum += load<f64>(d + usize(i * 24 + l) * 8) * load<f64>(t + usize(l * 24 + k) * 8);
      store<f64>(x + usize(i / 6 * 72 + k * 6 + i % 6) * 8, -sum);
    }
  }
  for (let j: usize = 0; j < usize(m) * 8; j += 32) {
    micro_outer(HALF, x, 6, v + j, lda, r + j, lda);
    micro_outer(HALF, x + 576, 6, v + j, lda, r + 6 * s + j, lda);
  }
}

function dot(n: i32, x: usize, y: usize): f64 {
  let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0;
  const end = x + (usize(n) << 3);
  for (; x + 64 <= end; x += 64, y += 64) {
    s0 = madd<f64>(v128.load(x), v128.load(y), s0);
    s1 = madd<f64>(v128.load(x, 16), v128.load(y, 16), s1);
    s2 = madd<f64>(v128.load(x, 32), v128.load(y, 32), s2);
    s3 = madd<f64>(v128.load(x, 48), v128.load(y, 48), s3);
  }
  let sum = hsum<f64>(f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3)));
  for (; x < end; x += 8, y += 8) sum += load<f64>(x) * load<f64>(y);
  return sum;
}

function axpy(n: i32, alpha: f64, x: usize, y: usize): void {
  const s = f64x2.splat(alpha);
  const end = x + (usize(n) << 3);
  for (; x + 32 <= end; x += 32, y += 32) {
    v128.store(y, madd<f64>(s, v128.load(x), v128.load(y)));
    v128.store(y, madd<f64>(s, v128.load(x, 16), v128.load(y, 16)), 16);
  }
  for (; x < end; x += 8, y += 8) store<f64>(y, load<f64>(y) + alpha * load<f64>(x));
}

function scal(n: i32, alpha: f64, x: usize): void {
  const s = f64x2.splat(alpha);
  const end = x + (usize(n) << 3);
  for (; x + 16 <= end; x += 16) v128.store(x, f64x2.mul(s, v128.load(x)));
  if (x < end) store<f64>(x, alpha * load<f64>(x));
}
