// The smallest eigenpair of a positive definite A = L·Lᵀ: Lanczos on A⁻¹ with full reorthogonalization.
//
// Based on: Parlett, The Symmetric Eigenvalue Problem, 1998, ch. 13; Ericsson & Ruhe, The spectral
// transformation Lanczos method, 1980.
//
// The largest eigenvalues ν of A⁻¹ are far apart where the smallest 1/ν of A are close together, so that
// 10 to 20 steps do. Nothing that is certified relies on it: see bindings/linalg/certify.ts.

import { dot } from "../blas/level1";
import { minus, solve_cholesky } from "./triangular";

/** Numbers of a row of the basis, to whole cache lines. */
function row_size(n: i32): i32 {
  return (n + 7) & ~7;
}

/** Seeded numbers in (−1, 1), to length 1: the start has a part of every eigenvector. */
function start(n: i32, v: usize): void {
  let state: u32 = 2463534242; // Marsaglia's xorshift, 2003
  for (let i = 0; i < n; i++) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    store<f64>(v + (usize(i) << 3), f64(i32(state)) / 2147483648.0);
  }
  scale(n, 1 / sqrt(dot(n, v, v)), v);
}

function scale(n: i32, a: f64, x: usize): void {
  for (const end = x + (usize(n) << 3); x < end; x += 8) store<f64>(x, load<f64>(x) * a);
}

/** Whether x − T is positive definite, T (k×k) with diagonal alpha, off-diagonal beta; its pivots go to d. */
function above(k: i32, alpha: usize, beta: usize, x: f64, d: usize): bool {
  let pivot: f64 = x - load<f64>(alpha);
  store<f64>(d, pivot);
  for (let i: usize = 8, end = usize(k) << 3; i < end; i += 8) {
    if (!(pivot > 0)) return false;
    const b = load<f64>(beta + i - 8);
    pivot = x - load<f64>(alpha + i) - b * b / pivot;
    store<f64>(d + i, pivot);
  }
  return pivot > 0;
}

/**
 * The largest eigenvalue of T (k×k, diagonal alpha, off-diagonal beta), at least `low`, and its unit
 * vector y: by bisection, then inverse iteration from just above, which is stable without pivoting.
 */
function largest(k: i32, alpha: usize, beta: usize, low: f64, d: usize, y: usize): f64 {
  let high = low;
  let before: f64 = 0;
  for (let i = 0; i < k; i++) {
    const b = i + 1 < k ? load<f64>(beta + (usize(i) << 3)) : 0;
    high = max(high, load<f64>(alpha + (usize(i) << 3)) + before + b);
    before = b;
  }
  high *= 1 + 1e-15; // so that high − T is positive definite
  for (let step = 0; step < 100; step++) {
    const middle = 0.5 * (low + high);
    if (!(low < middle && middle < high)) break;
    if (above(k, alpha, beta, middle, d)) high = middle;
    else low = middle;
  }
  above(k, alpha, beta, high * (1 + 1e-15), d);
  for (let i = 0; i < k; i++) store<f64>(y + (usize(i) << 3), 1);
  for (let step = 0; step < 3; step++) {
    // (x − T)·y := y, T's off-diagonal being −beta here
    for (let i: usize = 8, end = usize(k) << 3; i < end; i += 8) {
      const ratio = load<f64>(beta + i - 8) / load<f64>(d + i - 8);
      store<f64>(y + i, load<f64>(y + i) + ratio * load<f64>(y + i - 8));
    }
    for (let i = k - 1; i >= 0; i--) {
      const at = usize(i) << 3;
      const next = i + 1 < k ? load<f64>(beta + at) * load<f64>(y + at + 8) : 0;
      store<f64>(y + at, (load<f64>(y + at) + next) / load<f64>(d + at));
    }
    let top: f64 = 0;
    for (let i = 0; i < k; i++) top = max(top, abs(load<f64>(y + (usize(i) << 3))));
    scale(k, 1 / top, y);
  }
  scale(k, 1 / sqrt(dot(k, y, y)), y);
  return high;
}

/** Bytes of workspace for lanczos_inverse. */
export function lanczos_inverse_work_f64(n: i32, steps: i32): f64 {
  return (f64(row_size(n)) * f64(steps + 1) + 4 * f64(steps)) * 8;
}

/**
 * The largest eigenvalue ν of (L·Lᵀ)⁻¹ and its unit vector; opens regions.
 *
 * L (n×n, row stride ldl in elements) lower triangular; vector (n). Stops when the residual is at most
 * tol·ν or after `steps` steps. out: ν, the residual |A⁻¹v − νv|, the steps made (three f64).
 * work: lanczos_inverse_work_f64(n, steps) bytes, 64-byte aligned.
 * Returns 0, 1 if the residual is over tol·ν, INFO_ABORTED.
 */
export function lanczos_inverse_f64(
  n: i32, l: usize, ldl: i32, steps: i32, tol: f64, vector: usize, out: usize, work: usize,
): i32 {
  const size = usize(row_size(n)) << 3;
  const alpha = work + usize(steps + 1) * size;
  const beta = alpha + (usize(steps) << 3);
  const y = beta + (usize(steps) << 3);
  const d = y + (usize(steps) << 3);
  let value: f64 = 0;
  let residual: f64 = 0;
  let converged = false;
  let k = 0;
  start(n, work);
  while (k < min(n, steps) && !converged) {
    const v = work + usize(k) * size;
    const w = v + size;
    memory.copy(w, v, usize(n) << 3);
    const info = solve_cholesky(n, l, ldl, w);
    if (info != 0) return info;
    store<f64>(alpha + (usize(k) << 3), dot(n, v, w));
    for (let pass = 0; pass < 2; pass++) {
      for (let u = work; u <= v; u += size) minus(n, dot(n, u, w), u, w);
    }
    const norm = sqrt(dot(n, w, w));
    store<f64>(beta + (usize(k) << 3), norm);
    k++;
    value = largest(k, alpha, beta, value, d, y);
    residual = norm * abs(load<f64>(y + (usize(k - 1) << 3)));
    converged = residual <= tol * value || k == n;
    if (!converged) scale(n, 1 / norm, w);
  }

  memory.fill(vector, 0, usize(n) << 3);
  for (let i = 0; i < k; i++) minus(n, -load<f64>(y + (usize(i) << 3)), work + usize(i) * size, vector);
  // one inverse iteration more: it also gets small components of graded matrices right, which the sum left at u
  const info = solve_cholesky(n, l, ldl, vector);
  if (info != 0) return info;
  scale(n, 1 / sqrt(dot(n, vector, vector)), vector);
  store<f64>(out, value);
  store<f64>(out, residual, 8);
  store<f64>(out, f64(k), 16);
  return converged ? 0 : 1;
}
