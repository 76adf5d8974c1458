// What every Krylov method does to its basis. The basis is kept as the ROWS of a matrix, each vector
// contiguous: products with the basis, with its transpose and with a symmetric matrix then read rows only,
// and every row is read once for a whole block of vectors.

import { args, parallelFor } from "../parallel";
import { gemm, gemm_work } from "../blas/gemm/gemm";
import { at, dot } from "../blas/level1";
import { multiply_rows } from "../blas/rows";
import { Task } from "../tasks";
import { minus, minus4 } from "./triangular";

/** Columns of a basis that turn takes at a time. */
const TURN: i32 = 1024;

/** What a step of a Krylov method says. */
export const CONVERGED: i32 = 0;
export const MORE: i32 = 1;
export const STOPPED: i32 = 2;
export const FAILED: i32 = 3;

/** Columns of one chunk of a correction. */
const COLUMNS: i32 = 512;

/** Gram-Schmidt passes over a single vector, after which it counts as dependent. */
const PASSES: i32 = 4;

@unmanaged
class Correction {
  c: i32; // rows of V
  b: i32; // rows of W
  v: usize; // (c, n), stride ldv
  ldv: i32;
  w: usize; // (b, n), stride ldw
  ldw: i32;
  h: usize; // (b, c), stride ldh
  ldh: i32;
}

/** Row stride of vectors of n numbers: an odd number of cache lines. */
export function vector_stride(n: i32): i32 {
  return ((n + 7) & ~7) | 8;
}

/** W −= H·V in columns [j0, j1). */
export function krylov_correct_task(j0: i32, j1: i32): void {
  const s = args<Correction>();
  const ld = usize(s.ldv) << 3;
  const column = usize(j0) << 3;
  for (let r = 0; r < s.b; r++) {
    const w = s.w + (usize(r) * s.ldw << 3) + column;
    let h = s.h + (usize(r) * s.ldh << 3);
    let v = s.v + column;
    let i = 0;
    for (; i + 4 <= s.c; i += 4) {
      minus4(j1 - j0, h, v, ld, w);
      h += 32;
      v += 4 * ld;
    }
    for (; i < s.c; i++) {
      minus(j1 - j0, load<f64>(h), v, w);
      h += 8;
      v += ld;
    }
  }
}

/**
 * W −= H·V: each column of V is read once for all of W, which has few rows; opens a region.
 *
 * V (c×n, row stride ldv), W (b×n, ldw), H (b×c, ldh), strides in elements. Returns 0 or INFO_ABORTED.
 */
export function krylov_correct(c: i32, n: i32, b: i32, v: usize, ldv: i32, w: usize, ldw: i32, h: usize, ldh: i32): i32 {
  const s = args<Correction>();
  s.c = c;
  s.b = b;
  s.v = v;
  s.ldv = ldv;
  s.w = w;
  s.ldw = ldw;
  s.h = h;
  s.ldh = ldh;
  return parallelFor(Task.KRYLOV_CORRECT, n, COLUMNS);
}

/**
 * H := W·Vᵀ, W −= H·V, twice over: classical Gram-Schmidt, after which V·Wᵀ is rounding of what W was.
 *
 * V (c×n, row stride ld) orthonormal rows, W (b×n, ld), H (2·b×c, ldh): its first b rows hold the sum of
 * both passes. Returns 0 or INFO_ABORTED.   [Giraud, Langou, Rozložník & van den Eshof 2005]
 */
export function orthogonalise(c: i32, n: i32, b: i32, v: usize, w: usize, ld: i32, h: usize, ldh: i32): i32 {
  const second = h + (usize(b) * ldh << 3);
  let info = multiply_rows(c, n, b, 0, v, ld, w, ld, h, ldh);
  if (info == 0) info = krylov_correct(c, n, b, v, ld, w, ld, h, ldh);
  if (info == 0) info = multiply_rows(c, n, b, 0, v, ld, w, ld, second, ldh);
  if (info == 0) info = krylov_correct(c, n, b, v, ld, w, ld, second, ldh);
  for (let r = 0; r < b; r++) {
    const row = usize(r) * ldh << 3;
    for (let i = 0; i < c; i++) {
      const at = row + (usize(i) << 3);
      store<f64>(h + at, load<f64>(h + at) + load<f64>(second + at));
    }
  }
  return info;
}

/** x := α·x, n numbers. */
export function scale_vector(n: i32, alpha: f64, x: usize): void {
  for (const end = x + (usize(n) << 3); x < end; x += 8) store<f64>(x, alpha * load<f64>(x));
}

export function norm(n: i32, x: usize): f64 {
  return sqrt(dot(n, x, x));
}

/**
 * Row c of V, whatever it holds, to length 1 and orthogonal to the c rows before it. Returns its length
 * after that and before the scaling, or 0 where nothing but rounding of what it was is left: the row is
 * then of no use. h: (2·c) numbers.
 */
function orthonormalise_row(c: i32, n: i32, v: usize, ld: i32, h: usize): f64 {
  const x = v + (usize(c) * ld << 3);
  const first = norm(n, x);
  let before = first;
  for (let pass = 0; pass < PASSES; pass++) {
    if (c > 0 && orthogonalise(c, n, 1, v, x, ld, h, c) != 0) return 0;
    const after = norm(n, x);
    if (!(after > f64.EPSILON * first)) return 0;
    if (after > 0.5 * before) {
      scale_vector(n, 1 / after, x);
      return after;
    }
    before = after;
  }
  return 0;
}

/** Fills x (n) with seeded numbers in (−1, 1); returns the next state.   [SplitMix64: Steele, Lea & Flood 2014] */
function randomise(n: i32, x: usize, state: u64): u64 {
  for (const end = x + (usize(n) << 3); x < end; x += 8) {
    state += 0x9e3779b97f4a7c15;
    let z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    z ^= z >> 31;
    store<f64>(x, f64(i64(z) >> 11) / 4503599627370496.0);
  }
  return state;
}

/** Row c < n of V := a random unit vector orthogonal to the c rows before it. Returns the next state. */
export function random_row(c: i32, n: i32, v: usize, ld: i32, h: usize, state: u64): u64 {
  const x = v + (usize(c) * ld << 3);
  for (let trial = 0; trial < PASSES; trial++) {
    state = randomise(n, x, state);
    if (orthonormalise_row(c, n, v, ld, h) > 0) break;
  }
  return state;
}

/**
 * W = Rᵀ·Q: rows c … c+b−1 of V, orthogonal to the c before them, become orthonormal.
 *
 * R (b×b, row stride ldr): W_r = Σ_q R(q, r)·Q_q. A row of which not more than `negligible` is left is
 * replaced by a random one, with R(r, r) = 0; there must be room for it (c + b ≤ n). h: (2·(c + b)) numbers.
 * Returns the next state of the random numbers.
 */
export function orthonormalise(
  c: i32, n: i32, b: i32, v: usize, ld: i32, r: usize, ldr: i32, negligible: f64, h: usize, state: u64,
): u64 {
  const w = v + (usize(c) * ld << 3);
  memory.fill(r, 0, usize(b) * ldr << 3);
  for (let i = 0; i < b; i++) {
    const x = w + (usize(i) * ld << 3);
    const before = norm(n, x);
    for (let pass = 0; pass < 2; pass++) {
      for (let q = 0; q < i; q++) {
        const y = w + (usize(q) * ld << 3);
        const at = r + ((usize(q) * ldr + i) << 3);
        const s = dot(n, x, y);
        minus(n, s, y, x);
        store<f64>(at, load<f64>(at) + s);
      }
    }
    let left = norm(n, x);
    // what cancelled within the block leaves rounding errors along the basis
    if (left > negligible && left < 0.1 * before) left = orthonormalise_row(c + i, n, v, ld, h);
    else if (left > negligible) scale_vector(n, 1 / left, x);
    if (left > negligible) store<f64>(r + ((usize(i) * ldr + i) << 3), left);
    else state = random_row(c + i, n, v, ld, h, state);
  }
  return state;
}

/** Bytes of so many f64, rounded up to whole cache lines. */
export function bytes(numbers: f64): f64 {
  return Math.ceil(numbers / 8) * 64;
}

/** Bytes of workspace of turn for a basis of at most `most` vectors. */
export function turn_work(most: i32): f64 {
  return bytes(f64(most) * TURN) + f64(gemm_work<f64>(most, TURN, most));
}

/**
 * The first p rows of X := T·X, what a restart does to a basis; opens regions.
 *
 * X (c×n, row stride ldx), T (p×c, ldt), p ≤ c; strides in elements. work: turn_work(most) bytes, c ≤ most,
 * 64-byte aligned. Returns 0 or INFO_ABORTED.
 */
export function turn(p: i32, c: i32, n: i32, t: usize, ldt: i32, x: usize, ldx: i32, work: usize): i32 {
  const gemmWork = work + usize(bytes(f64(c) * TURN));
  for (let j = 0; j < n; j += TURN) {
    const cols = min(TURN, n - j);
    const info = gemm<f64>(false, false, p, cols, c, 1, t, ldt, at<f64>(x, ldx, 0, j), ldx, 0, work, TURN, gemmWork);
    if (info != 0) return info;
    for (let i = 0; i < p; i++) memory.copy(at<f64>(x, ldx, i, j), at<f64>(work, TURN, i, 0), usize(cols) << 3);
  }
  return 0;
}
