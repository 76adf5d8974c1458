// The two O(n²) pieces of a certified eigenvalue whose roundings docs/certificate.md counts.

import { dot } from "../blas/level1";
import { args, parallelFor } from "../parallel";
import { hsum, madd } from "../simd";
import { Task } from "../tasks";

/** Rows of one chunk, and the most terms in a chunk's sum. */
const ROWS: i32 = 32;

@unmanaged
class Shift {
  a: usize; // (n, n), stride lda
  lda: i32;
  keep: f64;
  s: f64;
  damp: f64;
  b: usize; // (n, n), stride ldb
  ldb: i32;
}

@unmanaged
class Quotient {
  a: usize; // (n, n), stride lda
  lda: i32;
  v: usize; // (n)
  sums: usize; // two numbers for each chunk
}

export function shift_task(i0: i32, i1: i32): void {
  const s = args<Shift>();
  for (let i = i0; i < i1; i++) {
    const a = s.a + ((usize(i) * s.lda) << 3);
    const b = s.b + ((usize(i) * s.ldb) << 3);
    memory.copy(b, a, usize(i) << 3);
    store<f64>(b + (usize(i) << 3), (load<f64>(a + (usize(i) << 3)) * s.keep - s.s) * s.damp);
  }
}

/**
 * Lower triangle of B := that of A, but bᵢᵢ = ((aᵢᵢ·keep) − s)·damp, each operation rounded once.
 *
 * A (n×n, row stride lda), B (n×n, ldb), strides in elements; B may be A. Returns 0 or INFO_ABORTED.
 */
export function shift_diagonal_f64(
  n: i32, a: usize, lda: i32, keep: f64, s: f64, damp: f64, b: usize, ldb: i32,
): i32 {
  const t = args<Shift>();
  t.a = a;
  t.lda = lda;
  t.keep = keep;
  t.s = s;
  t.damp = damp;
  t.b = b;
  t.ldb = ldb;
  return parallelFor(Task.SHIFT, n, ROWS);
}

/** Σ |xₖ|·|yₖ| over k < n, in the order of dot. */
function dot_abs(n: i32, x: usize, y: usize): f64 {
  let s0: v128 = f64x2.splat(0), s1: v128 = f64x2.splat(0), s2: v128 = f64x2.splat(0), s3: v128 = f64x2.splat(0);
  for (const end = x + (usize(n & ~7) << 3); x < end; x += 64) {
    s0 = f64x2.add(s0, f64x2.abs(f64x2.mul(v128.load(x), v128.load(y))));
    s1 = f64x2.add(s1, f64x2.abs(f64x2.mul(v128.load(x, 16), v128.load(y, 16))));
    s2 = f64x2.add(s2, f64x2.abs(f64x2.mul(v128.load(x, 32), v128.load(y, 32))));
    s3 = f64x2.add(s3, f64x2.abs(f64x2.mul(v128.load(x, 48), v128.load(y, 48))));
    y += 64;
  }
  let tail: f64 = 0;
  for (const end = x + (usize(n & 7) << 3); x < end; x += 8) {
    tail += abs(load<f64>(x) * load<f64>(y));
    y += 8;
  }
  return hsum<f64>(f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3))) + tail;
}

export function quotient_task(i0: i32, i1: i32): void {
  const s = args<Quotient>();
  let sum: f64 = 0;
  let size: f64 = 0;
  for (let i = i0; i < i1; i++) {
    const a = s.a + ((usize(i) * s.lda) << 3);
    const x = load<f64>(s.v + (usize(i) << 3));
    const own = load<f64>(a + (usize(i) << 3)) * x;
    sum += x * (own + 2 * dot(i, a, s.v));
    size += abs(x) * (abs(own) + 2 * dot_abs(i, a, s.v));
  }
  const out = s.sums + (usize(i0 / ROWS) << 4);
  store<f64>(out, sum);
  store<f64>(out, size, 8);
}

/** Bytes of workspace for quadratic_form. */
export function quadratic_form_work_f64(n: i32): f64 {
  return f64(n / ROWS + 1) * 16;
}

/**
 * out: vᵀ·A·v, |v|ᵀ·|A|·|v|, vᵀ·v (three f64), of which no product meets more than K roundings,
 * K = ⌈n/8⌉ + ⌈n/32⌉ + 48: the relative error of the last two, and that of the first relative to the
 * second, is at most γ_K.
 *
 * A (n×n, row stride lda in elements), its lower triangle is read; v (n).
 * work: quadratic_form_work_f64(n) bytes. Returns 0 or INFO_ABORTED.
 */
export function quadratic_form_f64(n: i32, a: usize, lda: i32, v: usize, out: usize, work: usize): i32 {
  const s = args<Quotient>();
  s.a = a;
  s.lda = lda;
  s.v = v;
  s.sums = work;
  const info = parallelFor(Task.QUADRATIC_FORM, n, ROWS);
  if (info != 0) return info;
  let sum: f64 = 0;
  let size: f64 = 0;
  for (let c = 0; c * ROWS < n; c++) {
    sum += load<f64>(work + (usize(c) << 4));
    size += load<f64>(work + (usize(c) << 4), 8);
  }
  store<f64>(out, sum);
  store<f64>(out, size, 8);
  store<f64>(out, dot(n, v, v), 16);
  return 0;
}
