// Eigenvalues and eigenvectors of a symmetric matrix by Jacobi's method, small ones accurately.
//
// Based on: Veselić & Hari, A note on a one-sided Jacobi algorithm, 1989; Veselić, A Jacobi eigenreduction
// algorithm for definite matrix pairs, 1993; Slapničar, Componentwise analysis of direct factorization of real
// symmetric and Hermitian matrices, 1998.
//
//   A = Gᵀ·J·G          by complete pivoting, J = diag(±1) (signed_factor.ts)
//   H·G = Σ·Vᵀ          by one-sided Jacobi with H·J·Hᵀ = J (jacobi.ts), so that A·V = V·ΣJΣ
//
// Of a positive semidefinite matrix J = I and H is orthogonal. A = D·B·D with any diagonal D gives eigenvalues
// with errors relative to themselves of the order n·u·κ(B). Null vectors come from a QR factorization of V.
//
// Limits: what is graded in a basis that is not A's own (an orthogonal similarity of a graded matrix) has lost
// its small eigenvalues when it was rounded, and no method finds them again.

import { largest_abs } from "../blas/level1";
import { complete_rows, complete_rows_work } from "./jacobi_qr";
import { orthogonalise_rows, orthogonalise_rows_work } from "./jacobi";
import { precondition_rows, precondition_rows_work } from "./jacobi_precondition";
import { rows_to_columns, sort_ascending } from "./jacobi_order";
import { signed_factor } from "./signed_factor";
import { exponent_of, scaled } from "./scaling";

/** The largest number is scaled to about 2^TOP, so that rows 2^TOP·1e308 times smaller are still exact. */
const TOP: i32 = 900;

// @ts-ignore: decorator
@inline
function stride(n: i32): i32 {
  return ((n + 7) & ~7) | 8;
}

/** Bytes of workspace of eigh_jacobi_f64. */
export function eigh_jacobi_work_f64(n: i32): f64 {
  const inner = max(precondition_rows_work(n, n), max(f64(orthogonalise_rows_work(n)), complete_rows_work(n, n)));
  return 8 * f64(n) * f64(stride(n)) + 32 * f64(n + 16) + inner;
}

/**
 * A·V = V·diag(w), w ascending, the columns of V orthonormal, by Jacobi's method. Opens regions.
 *
 * A (n×n, stride lda; 64-aligned) symmetric, finite; the upper triangle is read; V takes the place of A with
 * `vectors`, else A is destroyed. w (n). sweeps (i32): how many were made. work: eigh_jacobi_work_f64(n)
 * bytes, 64-aligned. Returns 0, INFO_ABORTED, or 1 if the cap of sweeps was met.
 * A = D·B·D positive definite: |ŵ − w| ≤ c·n·u·κ(B)·w for each one   [Demmel & Veselić 1992, §4]; indefinite:
 * the same with the B of |A| = D·B·D, |A| = (A²)^½, if the factor's scaled rows are well conditioned too
 * [Slapničar 1998], and in any case what eigh_f64 gives.
 */
export function eigh_jacobi_f64(n: i32, a: usize, lda: i32, w: usize, vectors: bool, sweeps: usize, work: usize): i32 {
  const ldx = stride(n);
  const x = work;
  const square = x + (usize(n) * ldx << 3);
  const weights = square + (usize(n) << 3);
  const exponent = weights + (usize(n) << 3);
  const negative = exponent + (usize(n) << 2);
  const order = negative + (usize(n) << 2);
  const rest = (order + (usize(n) << 2) + 63) & ~63;
  const ld = usize(lda) << 3;
  store<i32>(sweeps, 0);
  let largest: f64 = 0;
  for (let i = 0; i < n; i++) {
    const at = a + usize(i) * ld + (usize(i) << 3);
    largest = max(largest, largest_abs<f64>(n - i, at));
  }
  const shift = TOP - exponent_of(largest);
  for (let i = 0; i < n; i++) {
    const row = a + usize(i) * ld;
    for (let at = row + (usize(i) << 3), end = row + (usize(n) << 3); at < end; at += 8) {
      store<f64>(at, scaled(load<f64>(at), shift));
    }
  }
  memory.fill(x, 0, usize(n) * ldx << 3);
  memory.fill(exponent, 0, usize(n) << 2);
  const rank = signed_factor(n, a, lda, x, ldx, negative, square, weights);
  if (rank < 0) return rank;
  let info = precondition_rows(rank, n, 0, x, ldx, exponent, negative, rest);
  if (info != 0) return info;
  info = orthogonalise_rows(rank, n, 0, x, ldx, square, exponent, negative, sweeps, rest);
  if (info != 0) return info;

  // weights: the eigenvalues as they come, then what makes the rows unit vectors
  for (let k = 0; k < n; k++) {
    let value: f64 = 0;
    if (k < rank) {
      value = scaled(load<f64>(square + (usize(k) << 3)), 2 * load<i32>(exponent + (usize(k) << 2)) - shift);
      if (load<i32>(negative + (usize(k) << 2))) value = -value;
    }
    store<f64>(weights + (usize(k) << 3), value);
  }
  sort_ascending(n, weights, order);
  for (let k = 0; k < n; k++) {
    const j = usize(load<i32>(order + (usize(k) << 2)));
    store<f64>(w + (usize(k) << 3), load<f64>(weights + (j << 3)));
  }
  if (!vectors) return 0;
  if (rank < n) {
    info = complete_rows(n, rank, x, ldx, rest);
    if (info != 0) return info;
  }
  for (let k = 0; k < n; k++) {
    store<f64>(weights + (usize(k) << 3), k < rank ? 1 / sqrt(load<f64>(square + (usize(k) << 3))) : 1);
  }
  rows_to_columns(n, n, x, ldx, order, weights, a, lda);
  return 0;
}
