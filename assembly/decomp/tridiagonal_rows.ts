// The row kernels of the tridiagonal reduction: what a step does to one or four rows at a time.
// The reduction itself, and what the letters mean, is in tridiagonal.ts. Rows that are counted in units
// run over whole groups of 4 numbers, zero past their end.

import { hsum, madd, nmadd } from "../simd";

/** A row whose squares add up to less is scaled before its norm is taken: above, those that underflow don't count. */
const TINY: f64 = 1e-250;

// @ts-ignore: decorator
@inline
export function at(base: usize, ld: i32, i: i32, j: i32): usize {
  return base + ((usize(i) * ld + j) << 3);
}

// @ts-ignore: decorator
@inline
export function up4(n: i32): i32 {
  return (n + 3) & ~3;
}

/**
 * H·x = (β, 0, …, 0) with H = I − τ·v·vᵀ, v_0 = 1: x (m ≥ 1) is overwritten by v, β is stored at
 * `beta`, τ ∈ [1, 2] or 0 is returned. |β| = ‖x‖ to within m·u, without harmful underflow.
 */
export function reflector(m: i32, x: usize, beta: usize): f64 {
  let scale: f64 = 1;
  let tail = sum_squares(m - 1, x + 8);
  let alpha = load<f64>(x);
  if (tail + alpha * alpha < TINY) {
    let largest: f64 = 0;
    for (let k = 0; k < m; k++) largest = max(largest, abs(load<f64>(x + (usize(k) << 3))));
    if (largest > 0) {
      scale = 1 / max(largest, f64.MIN_NORMAL_VALUE);
      for (let k = 0; k < m; k++) {
        const q = x + (usize(k) << 3);
        store<f64>(q, load<f64>(q) * scale);
      }
      tail = sum_squares(m - 1, x + 8);
      alpha = load<f64>(x);
    }
  }
  if (tail == 0) {
    store<f64>(beta, alpha / scale);
    store<f64>(x, 1);
    memory.fill(x + 8, 0, usize(m - 1) << 3);
    return 0;
  }
  const b = -copysign(sqrt(alpha * alpha + tail), alpha);
  scale_vector(m - 1, 1 / (alpha - b), x + 8);
  store<f64>(x, 1);
  store<f64>(beta, b / scale);
  return (b - alpha) / b;
}

/** Σ x_k², k < m. */
function sum_squares(m: i32, x: usize): f64 {
  let s0: v128 = f64x2.splat(0), s1: v128 = f64x2.splat(0);
  const end = x + (usize(m) << 3);
  for (; x + 32 <= end; x += 32) {
    const x0 = v128.load(x), x1 = v128.load(x, 16);
    s0 = madd<f64>(x0, x0, s0);
    s1 = madd<f64>(x1, x1, s1);
  }
  let sum = hsum<f64>(v128.add<f64>(s0, s1));
  for (; x < end; x += 8) sum += load<f64>(x) * load<f64>(x);
  return sum;
}

/** x := α·x, m numbers. */
function scale_vector(m: i32, alpha: f64, x: usize): void {
  const al = f64x2.splat(alpha);
  const end = x + (usize(m) << 3);
  for (; x + 16 <= end; x += 16) v128.store(x, v128.mul<f64>(al, v128.load(x)));
  if (x < end) store<f64>(x, alpha * load<f64>(x));
}

/** w := τ·y + α·v and row := row − w − w_1·v over `units` vectors of 4: the pair (v_i, w_i) where v_i has its 1. */
export function newest_pair(units: i32, tau: f64, alpha: f64, w1: f64, y: usize, v: usize, w: usize, row: usize): void {
  const t = f64x2.splat(tau), al = f64x2.splat(alpha), wj = f64x2.splat(w1);
  for (const end = y + (usize(units) << 5); y < end; y += 16) {
    const v0 = v128.load(v);
    const w0 = madd<f64>(al, v0, v128.mul<f64>(t, v128.load(y)));
    v128.store(w, w0);
    v128.store(row, nmadd<f64>(wj, v0, v128.sub<f64>(v128.load(row), w0)));
    v += 16;
    w += 16;
    row += 16;
  }
}

/** w := τ·y + α·v over `units` vectors of 4. */
export function newest_w(units: i32, tau: f64, alpha: f64, y: usize, v: usize, w: usize): void {
  const t = f64x2.splat(tau), al = f64x2.splat(alpha);
  for (const end = y + (usize(units) << 5); y < end; y += 16) {
    v128.store(w, madd<f64>(al, v128.load(v), v128.mul<f64>(t, v128.load(y))));
    v += 16;
    w += 16;
  }
}

/** The diagonal block of symv_rows: m ≤ 4 rows, scalar. */
function symv_corner(m: i32, a: usize, lda: i32, v: usize, y: usize): void {
  for (let i = 0; i < m; i++) {
    const vi = load<f64>(v + (usize(i) << 3));
    const yi = y + (usize(i) << 3);
    let sum = load<f64>(yi) + load<f64>(at(a, lda, i, i)) * vi;
    for (let j = i + 1; j < m; j++) {
      const x = load<f64>(at(a, lda, i, j));
      const yj = y + (usize(j) << 3);
      sum += x * load<f64>(v + (usize(j) << 3));
      store<f64>(yj, load<f64>(yj) + x * vi);
    }
    store<f64>(yi, sum);
  }
}

/**
 * y += (the upper part of four rows and its mirror image)·v; a is their diagonal element, m the
 * columns from there (rows past m do not exist; columns up to the next multiple of 4 are zero).
 */
export function symv_rows(m: i32, a: usize, lda: i32, v: usize, y: usize): void {
  symv_corner(min(m, 4), a, lda, v, y);
  if (m <= 4) return;
  const v0 = v128.load64_splat(v), v1 = v128.load64_splat(v, 8);
  const v2 = v128.load64_splat(v, 16), v3 = v128.load64_splat(v, 24);
  let s0: v128 = f64x2.splat(0), s1: v128 = f64x2.splat(0), s2: v128 = f64x2.splat(0), s3: v128 = f64x2.splat(0);
  let a0 = a + 32;
  let a1 = a0 + (usize(lda) << 3);
  let a2 = a1 + (usize(lda) << 3);
  let a3 = a2 + (usize(lda) << 3);
  const y4 = y;
  const end = y + (usize(up4(m)) << 3);
  v += 32;
  for (y += 32; y < end; y += 32) {
    let vj = v128.load(v);
    let yj = v128.load(y);
    let x = v128.load(a0);
    yj = madd<f64>(x, v0, yj);
    s0 = madd<f64>(x, vj, s0);
    x = v128.load(a1);
    yj = madd<f64>(x, v1, yj);
    s1 = madd<f64>(x, vj, s1);
    x = v128.load(a2);
    yj = madd<f64>(x, v2, yj);
    s2 = madd<f64>(x, vj, s2);
    x = v128.load(a3);
    yj = madd<f64>(x, v3, yj);
    s3 = madd<f64>(x, vj, s3);
    v128.store(y, yj);

    vj = v128.load(v, 16);
    yj = v128.load(y, 16);
    x = v128.load(a0, 16);
    yj = madd<f64>(x, v0, yj);
    s0 = madd<f64>(x, vj, s0);
    x = v128.load(a1, 16);
    yj = madd<f64>(x, v1, yj);
    s1 = madd<f64>(x, vj, s1);
    x = v128.load(a2, 16);
    yj = madd<f64>(x, v2, yj);
    s2 = madd<f64>(x, vj, s2);
    x = v128.load(a3, 16);
    yj = madd<f64>(x, v3, yj);
    s3 = madd<f64>(x, vj, s3);
    v128.store(y, yj, 16);
    v += 32;
    a0 += 32;
    a1 += 32;
    a2 += 32;
    a3 += 32;
  }
  store<f64>(y4, load<f64>(y4) + hsum<f64>(s0));
  store<f64>(y4, load<f64>(y4, 8) + hsum<f64>(s1), 8);
  store<f64>(y4, load<f64>(y4, 16) + hsum<f64>(s2), 16);
  store<f64>(y4, load<f64>(y4, 24) + hsum<f64>(s3), 24);
}

/** dots[q] := x_q·v for four rows x_q of stride ld, over `units` vectors of 4. */
export function dot4(units: i32, x: usize, ld: i32, v: usize, dots: usize): void {
  let s0: v128 = f64x2.splat(0), s1: v128 = f64x2.splat(0), s2: v128 = f64x2.splat(0), s3: v128 = f64x2.splat(0);
  let x1 = x + (usize(ld) << 3);
  let x2 = x1 + (usize(ld) << 3);
  let x3 = x2 + (usize(ld) << 3);
  for (const end = v + (usize(units) << 5); v < end; v += 16) {
    const vj = v128.load(v);
    s0 = madd<f64>(v128.load(x), vj, s0);
    s1 = madd<f64>(v128.load(x1), vj, s1);
    s2 = madd<f64>(v128.load(x2), vj, s2);
    s3 = madd<f64>(v128.load(x3), vj, s3);
    x += 16;
    x1 += 16;
    x2 += 16;
    x3 += 16;
  }
  store<f64>(dots, hsum<f64>(s0));
  store<f64>(dots, hsum<f64>(s1), 8);
  store<f64>(dots, hsum<f64>(s2), 16);
  store<f64>(dots, hsum<f64>(s3), 24);
}

/** y += x over `units` vectors of 4. */
export function add_to(units: i32, x: usize, y: usize): void {
  for (const end = y + (usize(units) << 5); y < end; y += 16) {
    v128.store(y, v128.add<f64>(v128.load(y), v128.load(x)));
    x += 16;
  }
}

/** xᵀy over `units` vectors of 4. */
export function dot(units: i32, x: usize, y: usize): f64 {
  let s0: v128 = f64x2.splat(0), s1: v128 = f64x2.splat(0);
  for (const end = y + (usize(units) << 5); y < end; y += 32) {
    s0 = madd<f64>(v128.load(x), v128.load(y), s0);
    s1 = madd<f64>(v128.load(x, 16), v128.load(y, 16), s1);
    x += 32;
  }
  return hsum<f64>(v128.add<f64>(s0, s1));
}

/** y −= a·v + b·w over `units` vectors of 4. */
export function correct(units: i32, a: f64, b: f64, v: usize, w: usize, y: usize): void {
  const a1 = f64x2.splat(a), b1 = f64x2.splat(b);
  for (const end = y + (usize(units) << 5); y < end; y += 16) {
    v128.store(y, nmadd<f64>(b1, v128.load(w), nmadd<f64>(a1, v128.load(v), v128.load(y))));
    v += 16;
    w += 16;
  }
}

/** y −= a·v + b·w and row −= c·v + d·w over `units` vectors of 4. */
export function correct_both(units: i32, a: f64, b: f64, c: f64, d: f64, v: usize, w: usize, y: usize, row: usize): void {
  const a1 = f64x2.splat(a), b1 = f64x2.splat(b), c1 = f64x2.splat(c), d1 = f64x2.splat(d);
  for (const end = y + (usize(units) << 5); y < end; y += 16) {
    const v0 = v128.load(v), w0 = v128.load(w);
    v128.store(y, nmadd<f64>(b1, w0, nmadd<f64>(a1, v0, v128.load(y))));
    v128.store(row, nmadd<f64>(d1, w0, nmadd<f64>(c1, v0, v128.load(row))));
    v += 16;
    w += 16;
    row += 16;
  }
}
