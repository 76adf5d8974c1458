// The row kernels of the tridiagonal reduction: what a step does to one or four rows at a time.
// The reduction itself, and what the letters mean, is in tridiagonal.ts. Rows that are counted in units
// run over whole groups of 4 numbers of type T, zero past their end.

import { at, largest_abs, sum_squares } from "../blas/level1";
import { hsum, madd, nmadd } from "../simd";
import { scale_row } from "./scaling";

/** A row whose squares add up to less is scaled before its norm is taken: above, those that underflow don't count. */
// @ts-ignore: decorator
@inline
function tiny<T>(): f64 {
  return sizeof<T>() == 8 ? 1e-250 : 1e-25;
}

// @ts-ignore: decorator
@inline
export function up4(n: i32): i32 {
  return (n + 3) & ~3;
}

/**
 * H·x = (β, 0, …, 0) with H = I − τ·v·vᵀ, v_0 = 1: x (m ≥ 1) is overwritten by v, β is stored at
 * `beta` (f64), τ ∈ [1, 2] or 0 is returned. |β| = ‖x‖ to within m·u, without harmful underflow.
 */
export function reflector<T>(m: i32, x: usize, beta: usize): f64 {
  const rest = x + sizeof<T>();
  let unit: f64 = 1;
  let tail = sum_squares<T>(m - 1, rest);
  let alpha = f64(load<T>(x));
  if (tail + alpha * alpha < tiny<T>()) {
    const largest = f64(largest_abs<T>(m, x));
    if (largest > 0) {
      unit = 1 / max(largest, sizeof<T>() == 8 ? f64.MIN_NORMAL_VALUE : f64(f32.MIN_NORMAL_VALUE));
      scale_row<T>(m, <T>unit, x);
      tail = sum_squares<T>(m - 1, rest);
      alpha = f64(load<T>(x));
    }
  }
  if (tail == 0) {
    store<f64>(beta, alpha / unit);
    store<T>(x, <T>1);
    memory.fill(rest, 0, usize(m - 1) * sizeof<T>());
    return 0;
  }
  const b = -copysign(sqrt(alpha * alpha + tail), alpha);
  scale_row<T>(m - 1, <T>(1 / (alpha - b)), rest);
  store<T>(x, <T>1);
  store<f64>(beta, b / unit);
  return (b - alpha) / b;
}

/** w := τ·y + α·v and row := row − w − w_1·v over `units` vectors of 4: the pair (v_i, w_i) where v_i has its 1. */
export function newest_pair<T>(units: i32, tau: T, alpha: T, w1: T, y: usize, v: usize, w: usize, row: usize): void {
  const t = v128.splat<T>(tau), al = v128.splat<T>(alpha), wj = v128.splat<T>(w1);
  for (const end = y + usize(units) * (4 * sizeof<T>()); y < end; y += 16) {
    const v0 = v128.load(v);
    const w0 = madd<T>(al, v0, v128.mul<T>(t, v128.load(y)));
    v128.store(w, w0);
    v128.store(row, nmadd<T>(wj, v0, v128.sub<T>(v128.load(row), w0)));
    v += 16;
    w += 16;
    row += 16;
  }
}

/** w := τ·y + α·v over `units` vectors of 4. */
export function newest_w<T>(units: i32, tau: T, alpha: T, y: usize, v: usize, w: usize): void {
  const t = v128.splat<T>(tau), al = v128.splat<T>(alpha);
  for (const end = y + usize(units) * (4 * sizeof<T>()); y < end; y += 16) {
    v128.store(w, madd<T>(al, v128.load(v), v128.mul<T>(t, v128.load(y))));
    v += 16;
    w += 16;
  }
}

/** The diagonal block of symv_rows: m ≤ 4 rows, scalar. */
function symv_corner<T>(m: i32, a: usize, lda: i32, v: usize, y: usize): void {
  for (let i = 0; i < m; i++) {
    const vi = load<T>(v + usize(i) * sizeof<T>());
    const yi = y + usize(i) * sizeof<T>();
    let sum = load<T>(yi) + load<T>(at<T>(a, lda, i, i)) * vi;
    for (let j = i + 1; j < m; j++) {
      const x = load<T>(at<T>(a, lda, i, j));
      const yj = y + usize(j) * sizeof<T>();
      sum += x * load<T>(v + usize(j) * sizeof<T>());
      store<T>(yj, load<T>(yj) + x * vi);
    }
    store<T>(yi, sum);
  }
}

/**
 * y += (the upper part of four rows and its mirror image)·v; a is their diagonal element, m the
 * columns from there (rows past m do not exist; columns up to the next multiple of 4 are zero).
 */
export function symv_rows<T>(m: i32, a: usize, lda: i32, v: usize, y: usize): void {
  symv_corner<T>(min(m, 4), a, lda, v, y);
  if (m <= 4) return;
  const v0 = v128.load_splat<T>(v), v1 = v128.load_splat<T>(v, sizeof<T>());
  const v2 = v128.load_splat<T>(v, 2 * sizeof<T>()), v3 = v128.load_splat<T>(v, 3 * sizeof<T>());
  let s0: v128 = f64x2.splat(0), s1: v128 = f64x2.splat(0), s2: v128 = f64x2.splat(0), s3: v128 = f64x2.splat(0);
  const row = usize(lda) * sizeof<T>();
  let a0 = a + 4 * sizeof<T>();
  let a1 = a0 + row;
  let a2 = a1 + row;
  let a3 = a2 + row;
  const y4 = y;
  const end = y + usize(up4(m)) * sizeof<T>();
  v += 4 * sizeof<T>();
  for (y += 4 * sizeof<T>(); y + 32 <= end; y += 32) {
    let vj = v128.load(v);
    let yj = v128.load(y);
    let x = v128.load(a0);
    yj = madd<T>(x, v0, yj);
    s0 = madd<T>(x, vj, s0);
    x = v128.load(a1);
    yj = madd<T>(x, v1, yj);
    s1 = madd<T>(x, vj, s1);
    x = v128.load(a2);
    yj = madd<T>(x, v2, yj);
    s2 = madd<T>(x, vj, s2);
    x = v128.load(a3);
    yj = madd<T>(x, v3, yj);
    s3 = madd<T>(x, vj, s3);
    v128.store(y, yj);

    vj = v128.load(v, 16);
    yj = v128.load(y, 16);
    x = v128.load(a0, 16);
    yj = madd<T>(x, v0, yj);
    s0 = madd<T>(x, vj, s0);
    x = v128.load(a1, 16);
    yj = madd<T>(x, v1, yj);
    s1 = madd<T>(x, vj, s1);
    x = v128.load(a2, 16);
    yj = madd<T>(x, v2, yj);
    s2 = madd<T>(x, vj, s2);
    x = v128.load(a3, 16);
    yj = madd<T>(x, v3, yj);
    s3 = madd<T>(x, vj, s3);
    v128.store(y, yj, 16);
    v += 32;
    a0 += 32;
    a1 += 32;
    a2 += 32;
    a3 += 32;
  }
  // four numbers of f64 are 32 bytes, of f32 16
  if (sizeof<T>() == 4 && y < end) {
    const vj = v128.load(v);
    let yj = v128.load(y);
    let x = v128.load(a0);
    yj = madd<T>(x, v0, yj);
    s0 = madd<T>(x, vj, s0);
    x = v128.load(a1);
    yj = madd<T>(x, v1, yj);
    s1 = madd<T>(x, vj, s1);
    x = v128.load(a2);
    yj = madd<T>(x, v2, yj);
    s2 = madd<T>(x, vj, s2);
    x = v128.load(a3);
    yj = madd<T>(x, v3, yj);
    s3 = madd<T>(x, vj, s3);
    v128.store(y, yj);
  }
  store<T>(y4, load<T>(y4) + hsum<T>(s0));
  store<T>(y4, load<T>(y4, sizeof<T>()) + hsum<T>(s1), sizeof<T>());
  store<T>(y4, load<T>(y4, 2 * sizeof<T>()) + hsum<T>(s2), 2 * sizeof<T>());
  store<T>(y4, load<T>(y4, 3 * sizeof<T>()) + hsum<T>(s3), 3 * sizeof<T>());
}

/** dots[q] := x_q·v for four rows x_q of stride ld, over `units` vectors of 4. */
export function dot4<T>(units: i32, x: usize, ld: i32, v: usize, dots: usize): void {
  let s0: v128 = f64x2.splat(0), s1: v128 = f64x2.splat(0), s2: v128 = f64x2.splat(0), s3: v128 = f64x2.splat(0);
  const row = usize(ld) * sizeof<T>();
  let x1 = x + row;
  let x2 = x1 + row;
  let x3 = x2 + row;
  for (const end = v + usize(units) * (4 * sizeof<T>()); v < end; v += 16) {
    const vj = v128.load(v);
    s0 = madd<T>(v128.load(x), vj, s0);
    s1 = madd<T>(v128.load(x1), vj, s1);
    s2 = madd<T>(v128.load(x2), vj, s2);
    s3 = madd<T>(v128.load(x3), vj, s3);
    x += 16;
    x1 += 16;
    x2 += 16;
    x3 += 16;
  }
  store<T>(dots, hsum<T>(s0));
  store<T>(dots, hsum<T>(s1), sizeof<T>());
  store<T>(dots, hsum<T>(s2), 2 * sizeof<T>());
  store<T>(dots, hsum<T>(s3), 3 * sizeof<T>());
}

/** y += x over `units` vectors of 4. */
export function add_to<T>(units: i32, x: usize, y: usize): void {
  for (const end = y + usize(units) * (4 * sizeof<T>()); y < end; y += 16) {
    v128.store(y, v128.add<T>(v128.load(y), v128.load(x)));
    x += 16;
  }
}

/** xᵀy over `units` vectors of 4. */
export function dot<T>(units: i32, x: usize, y: usize): T {
  let s0: v128 = f64x2.splat(0), s1: v128 = f64x2.splat(0);
  const end = y + usize(units) * (4 * sizeof<T>());
  for (; y + 32 <= end; y += 32) {
    s0 = madd<T>(v128.load(x), v128.load(y), s0);
    s1 = madd<T>(v128.load(x, 16), v128.load(y, 16), s1);
    x += 32;
  }
  if (sizeof<T>() == 4 && y < end) s0 = madd<T>(v128.load(x), v128.load(y), s0);
  return hsum<T>(v128.add<T>(s0, s1));
}

/** y −= a·v + b·w over `units` vectors of 4. */
export function correct<T>(units: i32, a: T, b: T, v: usize, w: usize, y: usize): void {
  const a1 = v128.splat<T>(a), b1 = v128.splat<T>(b);
  for (const end = y + usize(units) * (4 * sizeof<T>()); y < end; y += 16) {
    v128.store(y, nmadd<T>(b1, v128.load(w), nmadd<T>(a1, v128.load(v), v128.load(y))));
    v += 16;
    w += 16;
  }
}

/** y −= a·v + b·w and row −= c·v + d·w over `units` vectors of 4. */
export function correct_both<T>(units: i32, a: T, b: T, c: T, d: T, v: usize, w: usize, y: usize, row: usize): void {
  const a1 = v128.splat<T>(a), b1 = v128.splat<T>(b), c1 = v128.splat<T>(c), d1 = v128.splat<T>(d);
  for (const end = y + usize(units) * (4 * sizeof<T>()); y < end; y += 16) {
    const v0 = v128.load(v), w0 = v128.load(w);
    v128.store(y, nmadd<T>(b1, w0, nmadd<T>(a1, v0, v128.load(y))));
    v128.store(row, nmadd<T>(d1, w0, nmadd<T>(c1, v0, v128.load(row))));
    v += 16;
    w += 16;
    row += 16;
  }
}
