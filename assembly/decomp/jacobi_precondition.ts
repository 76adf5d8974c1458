// A head start for one-sided Jacobi: rows of about the same size are made nearly orthogonal by the
// eigenvectors of their Gram matrix, which the tridiagonal method finds in less time than a sweep takes.
//
// Based on: Drmač & Veselić, New fast and accurate Jacobi SVD algorithm I, 2008 (preconditioning); Zhou,
// Higham, Tisseur & Webb, Preconditioned Jacobi with mixed precisions, 2025.
//
// X₁ := Vᵀ·X₁ for a group X₁ of rows costs each of them an error of the order u times the largest of the
// group: what is lost of a small singular value is the ratio of their sizes, so that groups are cut where it
// exceeds 2^RATIO. What is less than that is within what n·u leaves. Sweeps then have little to do within
// groups, and graded rows need few anyway.

import { gemm, gemm_work } from "../blas/gemm/gemm";
import { syrk, syrk_work } from "../blas/syrk";
import { INFO_ABORTED } from "../parallel";
import { eigh_f64, eigh_work_f64 } from "./eigh";
import { exponent_of, normalise, power } from "./jacobi";
import { dot } from "./triangular";

/** The largest row of a group is at most 2^RATIO times larger than the smallest. */
const RATIO: i32 = 8;

/** Groups with fewer rows are left to the sweeps. */
const LEAST: i32 = 16;

// @ts-ignore: decorator
@inline
function stride(n: i32): i32 {
  return ((n + 7) & ~7) | 8;
}

/** Bytes of workspace of precondition_rows. */
export function precondition_rows_work(count: i32, length: i32): f64 {
  const product = 8 * f64(count) * f64(stride(length)) + f64(gemm_work<f64>(count, length, count));
  const inner = max(product, max(eigh_work_f64(count), f64(syrk_work<f64>(count, length))));
  return 8 * f64(count) * f64(stride(count) + 1) + 128 + inner;
}

/** 2·log₂ of |2^e·x|, rounded down. */
function log_square(length: i32, x: usize, exponent: usize): i32 {
  const e = load<i32>(exponent) + normalise(length, x);
  store<i32>(exponent, e);
  return 2 * e + exponent_of(dot(length, x, x));
}

/**
 * X := Q·X, Q orthogonal and block diagonal, the rows of each group nearly orthogonal and larger first; as
 * orthogonalise_rows has them. Opens regions.
 *
 * X (count rows that are not zero), of which the first `same` have one sign, and the others the other one.
 * work: precondition_rows_work(count, length) bytes, 64-aligned. Returns 0 or INFO_ABORTED.
 */
export function precondition_rows(
  count: i32, same: i32, length: i32, extra: i32, x: usize, ldx: i32, exponent: usize, work: usize,
): i32 {
  for (let i0 = 0; i0 < count; ) {
    let high = i32.MIN_VALUE;
    let low = i32.MAX_VALUE;
    let i1 = i0;
    for (const end = i0 < same ? same : count; i1 < end; i1++) {
      const size = log_square(length, x + (usize(i1) * ldx << 3), exponent + (usize(i1) << 2));
      high = max(high, size);
      low = min(low, size);
      if (high - low > 2 * RATIO) break;
    }
    if (i1 - i0 >= LEAST) {
      const info = rotate_group(i1 - i0, length, extra, i0, x + (usize(i0) * ldx << 3), ldx, exponent + (usize(i0) << 2), work);
      if (info != 0) return info;
    }
    i0 = i1;
  }
  return 0;
}

function rotate_group(k: i32, length: i32, extra: i32, i0: i32, x: usize, ldx: i32, exponent: usize, work: usize): i32 {
  const ldg = stride(k);
  const ldy = stride(length);
  const g = work;
  const w = g + (usize(k) * ldg << 3);
  const range = w + (usize(k) << 3);
  const y = (range + 8 + 63) & ~63;
  const rest = y + (usize(k) * ldy << 3);
  let top = i32.MIN_VALUE;
  for (let i = 0; i < k; i++) top = max(top, load<i32>(exponent + (usize(i) << 2)));
  for (let i = 0; i < k; i++) {
    const e = exponent + (usize(i) << 2);
    const factor = power(load<i32>(e) - top);
    const row = x + (usize(i) * ldx << 3);
    for (let at = row, end = row + (usize(length) << 3); at < end; at += 8) store<f64>(at, load<f64>(at) * factor);
    store<i32>(e, top);
  }
  let info = syrk<f64>(k, length, 1, x, ldx, 0, g, ldg, y);
  if (info != 0) return info;
  info = eigh_f64(k, g, ldg, false, 0, f64(k), w, range, y);
  if (info != 0) return info == INFO_ABORTED ? info : 0; // no eigenvectors, no head start
  info = gemm<f64>(true, false, k, length, k, 1, g, ldg, x, ldx, 0, y, ldy, rest);
  if (info != 0) return info;
  for (let i = 0; i < k; i++) {
    const row = x + (usize(k - 1 - i) * ldx << 3);
    memory.copy(row, y + (usize(i) * ldy << 3), usize(length) << 3);
    if (extra == 0) continue;
    // the identity so far
    const part = row + (usize(((length + 7) & ~7) + i0) << 3);
    for (let j = 0; j < k; j++) store<f64>(part + (usize(j) << 3), load<f64>(g + ((usize(j) * ldg + i) << 3)));
  }
  return 0;
}
