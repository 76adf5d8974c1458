// The range finder of the randomized methods: an orthonormal basis that grows by blocks.
//
// Based on: Halko, Martinsson & Tropp, Finding structure with randomness, 2011.

import { form_q, qr, qr_bytes, qr_work } from "./qr";

/** Row stride of the copy: an odd number of cache lines. */
function stride<T>(n: i32): i32 {
  return i32((((n * sizeof<T>() + 63) >> 6 | 1) << 6) / sizeof<T>());
}

/** Bytes of workspace of extend_basis. */
function extend_basis_work<T>(m: i32, q: i32, b: i32): f64 {
  const k = q + b;
  return f64(m) * f64(stride<T>(k)) * f64(sizeof<T>()) + qr_bytes<T>(m, k) + qr_work<T>(m, k, k);
}

/**
 * [Q Y] := [Q Y'], Y' orthonormal and orthogonal to Q, the columns of [Q Y] in the range of [Q Y'].
 *
 * x = [Q Y] (m×(q + b), row stride ldx in elements), q + b ≤ m, the first q columns orthonormal. By QR of the whole,
 * which leaves Q as it is up to signs: Y' is orthogonal to it even where the columns of Y are dependent or in
 * Q's range, where Gram-Schmidt would have only rounding errors to normalise.
 * work: extend_basis_work(m, q, b) bytes, 64-byte aligned. Progress is told as going from `from` to `to`.
 * Returns 0 or INFO_ABORTED. ‖[Q Y']ᵀ[Q Y'] − I‖ ≤ c·m·(q + b)·u   [Higham 2002, §19.3]
 */
function extend_basis<T>(m: i32, q: i32, b: i32, x: usize, ldx: i32, from: f64, to: f64, work: usize): i32 {
  const k = q + b;
  const lda = stride<T>(k);
  const a = work;
  const f = a + usize(m) * lda * sizeof<T>();
  const rest = f + usize(qr_bytes<T>(m, k));
  for (let i = 0; i < m; i++) {
    memory.copy(a + usize(i) * lda * sizeof<T>(), x + usize(i) * ldx * sizeof<T>(), usize(k) * sizeof<T>());
  }
  const info = qr<T>(m, k, a, lda, f, from, to, (rest + 63) & ~63);
  if (info != 0) return info;
  return form_q<T>(m, k, q, k, f, x + usize(q) * sizeof<T>(), ldx, (rest + 63) & ~63);
}

export function extend_basis_work_f64(m: i32, q: i32, b: i32): f64 {
  return extend_basis_work<f64>(m, q, b) + 64;
}

export function extend_basis_work_f32(m: i32, q: i32, b: i32): f64 {
  return extend_basis_work<f32>(m, q, b) + 64;
}

export function extend_basis_f64(m: i32, q: i32, b: i32, x: usize, ldx: i32, from: f64, to: f64, work: usize): i32 {
  return extend_basis<f64>(m, q, b, x, ldx, from, to, work);
}

export function extend_basis_f32(m: i32, q: i32, b: i32, x: usize, ldx: i32, from: f64, to: f64, work: usize): i32 {
  return extend_basis<f32>(m, q, b, x, ldx, from, to, work);
}
