// A head start for one-sided Jacobi: rows of about the same size are made nearly orthogonal by way of an
// eigenproblem of their products, which the tridiagonal method solves in less time than a sweep takes.
//
// Based on: Drmač & Veselić, New fast and accurate Jacobi SVD algorithm I, 2008 (preconditioning); Zhou,
// Higham, Tisseur & Webb, Preconditioned Jacobi with mixed precisions, 2025.
//
// Rows X₁ of one sign:   X₁·X₁ᵀ = V·Λ·Vᵀ,  X₁ := Vᵀ·X₁.
//
// With signs J:   X₁·X₁ᵀ = L·Lᵀ,  Lᵀ·J·L = W·Λ·Wᵀ,  J₁ = sign(Λ);  H = J₁·|Λ|^(−½)·(L·W)ᵀ·J is
// J-orthogonal, H·J·Hᵀ = J₁, to within u·κ, and a step of Newton's method makes it so to within u:
// H −= ½·E·J₁·H, E = H·J·Hᵀ − J₁;  X₁ := H·X₁, whose rows have the signs J₁.
//
// Either costs each row an error of the order u times the largest row of the group: what a small value loses
// is the ratio of their sizes. So groups end where it exceeds 2^RATIO; graded rows need fewer sweeps anyway.

import { gemm, gemm_work } from "../blas/gemm/gemm";
import { at, dot, largest_abs } from "../blas/level1";
import { syrk, syrk_work } from "../blas/syrk";
import { transpose } from "../blas/transpose";
import { INFO_ABORTED } from "../parallel";
import { cholesky_f64, cholesky_work_f64 } from "./cholesky";
import { eigh_f64, eigh_work_f64 } from "./eigh";
import { exponent_of, normalise, power, scale_row } from "./scaling";

/** The largest row of a group is at most 2^RATIO times larger than the smallest, and no |Hᵢⱼ| is more than that. */
const RATIO: i32 = 8;

/** Groups with fewer rows are left to the sweeps. */
const LEAST: i32 = 16;

// @ts-ignore: decorator
@inline
function stride(n: i32): i32 {
  return ((n + 7) & ~7) | 8;
}

/** −1 where row i has that sign, else 1. */
// @ts-ignore: decorator
@inline
function sign_of(negative: usize, i: i32): f64 {
  return load<i32>(negative + (usize(i) << 2)) ? -1 : 1;
}

/** Bytes of workspace of precondition_rows. */
export function precondition_rows_work(count: i32, length: i32): f64 {
  const product = 8 * f64(count) * f64(stride(length)) + f64(gemm_work<f64>(count, max(count, length), count));
  const inner = max(max(product, cholesky_work_f64(count)), max(eigh_work_f64(count), f64(syrk_work<f64>(count, length))));
  return 24 * f64(count) * f64(stride(count) + 1) + 256 + inner;
}

/** 2·log₂ of |2^e·x|, rounded down; x comes to order 1. */
function log_square(length: i32, x: usize, exponent: usize): i32 {
  const e = load<i32>(exponent) + normalise(length, x);
  store<i32>(exponent, e);
  return 2 * e + exponent_of(dot(length, x, x));
}

/**
 * X := H·X, H block diagonal, orthogonal or with signs J-orthogonal, the rows of each group nearly orthogonal;
 * everything as in orthogonalise_rows. Opens regions.
 *
 * X: count rows that are not zero; of `extra` numbers behind them the first `count` are the identity. negative
 * is permuted within groups. work: precondition_rows_work(count, length) bytes, 64-aligned. Returns 0 or
 * INFO_ABORTED.
 */
export function precondition_rows(
  count: i32, length: i32, extra: i32, x: usize, ldx: i32, exponent: usize, negative: usize, work: usize,
): i32 {
  for (let i0 = 0; i0 < count; ) {
    let high = i32.MIN_VALUE;
    let low = i32.MAX_VALUE;
    let i1 = i0;
    for (; i1 < count; i1++) {
      const size = log_square(length, at<f64>(x, ldx, i1, 0), exponent + (usize(i1) << 2));
      high = max(high, size);
      low = min(low, size);
      if (high - low > 2 * RATIO) break;
    }
    if (i1 - i0 >= LEAST) {
      const identity = extra > 0 ? ((length + 7) & ~7) + i0 : 0;
      const offset = usize(i0) << 2;
      const info = rotate_group(i1 - i0, length, at<f64>(x, ldx, i0, 0), ldx, identity, exponent + offset, negative + offset, work);
      if (info != 0) return info;
    }
    i0 = i1;
  }
  return 0;
}

/** One group of k rows at x; `identity`: where in a row its part of the identity begins, or 0. */
function rotate_group(
  k: i32, length: i32, x: usize, ldx: i32, identity: i32, exponent: usize, negative: usize, work: usize,
): i32 {
  const ldg = stride(k);
  const ldy = stride(length);
  const square = usize(k) * ldg << 3;
  const h = work;
  const s = h + square;
  const t = s + square;
  const w = t + square;
  const y = (w + (usize(k) << 3) + 63) & ~63;
  const rest = y + (usize(k) * ldy << 3);
  let top = i32.MIN_VALUE;
  let negatives = 0;
  for (let i = 0; i < k; i++) {
    top = max(top, load<i32>(exponent + (usize(i) << 2)));
    negatives += load<i32>(negative + (usize(i) << 2));
  }
  for (let i = 0; i < k; i++) {
    const e = exponent + (usize(i) << 2);
    scale_row<f64>(length, power(load<i32>(e) - top), at<f64>(x, ldx, i, 0));
    store<i32>(e, top);
  }
  let info = syrk<f64>(k, length, 1, x, ldx, 0, h, ldg, y);
  if (info != 0) return info;
  let q = t; // H or Vᵀ
  if (negatives == 0 || negatives == k) {
    info = eigenvectors(k, h, ldg, w, y);
    if (info == 0) info = transpose<f64>(k, k, h, ldg, s, ldg);
    q = s;
  } else {
    info = hyperbolic(k, negatives, h, s, t, ldg, w, negative, y);
  }
  if (info != 0) return info == INFO_ABORTED ? info : 0; // then there is no head start
  info = gemm<f64>(false, false, k, length, k, 1, q, ldg, x, ldx, 0, y, ldy, rest);
  if (info != 0) return info;
  for (let i = 0; i < k; i++) {
    // eigenvalues ascend, and the larger rows come first; with signs the order does not matter
    const row = at<f64>(x, ldx, q == s ? k - 1 - i : i, 0);
    memory.copy(row, at<f64>(y, ldy, i, 0), usize(length) << 3);
    if (identity > 0) memory.copy(row + (usize(identity) << 3), at<f64>(q, ldg, i, 0), usize(k) << 3);
  }
  return 0;
}

function eigenvectors(k: i32, a: usize, lda: i32, w: usize, work: usize): i32 {
  return eigh_f64(k, a, lda, false, 0, f64(k), w, work, work + 64);
}

/**
 * T := H, J-orthogonal, from the products of the rows in H; all k×k, stride ld. Then `negative` is J₁'s. Returns
 * 0; INFO_ABORTED; another number, and then `negative` is as it was, where there is no such H of moderate size.
 */
function hyperbolic(k: i32, negatives: i32, h: usize, s: usize, t: usize, ld: i32, w: usize, negative: usize, work: usize): i32 {
  let info = cholesky_f64(k, h, ld, 0, 0, work);
  if (info != 0) return info;
  for (let i = 0; i < k; i++) {
    memory.fill(at<f64>(h, ld, i, i + 1), 0, usize(k - i - 1) << 3);
    copy_scaled(k, sign_of(negative, i), at<f64>(h, ld, i, 0), at<f64>(t, ld, i, 0));
  }
  info = gemm<f64>(true, false, k, k, k, 1, h, ld, t, ld, 0, s, ld, work);
  if (info == 0) info = eigenvectors(k, s, ld, w, work);
  if (info == 0) info = gemm<f64>(false, false, k, k, k, 1, h, ld, s, ld, 0, t, ld, work);
  if (info != 0) return info;
  // the inertia must be J's; eigenvalues ascend
  const low = load<f64>(w + (usize(negatives - 1) << 3));
  const high = load<f64>(w + (usize(negatives) << 3));
  if (!(low < 0 && high > 0)) return 1;
  info = transpose<f64>(k, k, t, ld, h, ld);
  if (info != 0) return info;
  let largest: f64 = 0;
  for (let i = 0; i < k; i++) {
    const value = load<f64>(w + (usize(i) << 3));
    scale_row<f64>(k, copysign(1 / sqrt(abs(value)), value), at<f64>(h, ld, i, 0));
    with_signs(k, at<f64>(h, ld, i, 0), negative, at<f64>(h, ld, i, 0));
    largest = max(largest, largest_abs<f64>(k, at<f64>(h, ld, i, 0)));
  }
  if (!(largest <= power(RATIO))) return 1;
  // S := (H·J·Hᵀ − J₁)·J₁
  for (let i = 0; i < k; i++) {
    memory.fill(at<f64>(s, ld, i, 0), 0, usize(k) << 3);
    store<f64>(at<f64>(s, ld, i, i), i < negatives ? 1 : -1);
    with_signs(k, at<f64>(h, ld, i, 0), negative, at<f64>(t, ld, i, 0));
  }
  info = gemm<f64>(false, true, k, k, k, 1, t, ld, h, ld, 1, s, ld, work);
  if (info != 0) return info;
  for (let i = 0; i < k; i++) {
    scale_row<f64>(negatives, -1, at<f64>(s, ld, i, 0));
    memory.copy(at<f64>(t, ld, i, 0), at<f64>(h, ld, i, 0), usize(k) << 3);
  }
  info = gemm<f64>(false, false, k, k, k, -0.5, s, ld, h, ld, 1, t, ld, work);
  if (info != 0) return info;
  for (let i = 0; i < k; i++) store<i32>(negative + (usize(i) << 2), i32(i < negatives));
  return 0;
}

/** y_j := ±x_j, − where negative says so, n numbers. */
function with_signs(n: i32, x: usize, negative: usize, y: usize): void {
  for (const end = x + (usize(n) << 3); x < end; x += 8) {
    const value = load<f64>(x);
    store<f64>(y, load<i32>(negative) ? -value : value);
    negative += 4;
    y += 8;
  }
}

/** y := a·x, n numbers. */
function copy_scaled(n: i32, a: f64, x: usize, y: usize): void {
  for (const end = x + (usize(n) << 3); x < end; x += 8) {
    store<f64>(y, a * load<f64>(x));
    y += 8;
  }
}
