// R := B − A·X in doubled precision: what lets iterative refinement reach the last digits.
//
// Based on: Ogita, Rump & Oishi, Accurate sum and dot product, SIAM J. Sci. Comput. 26, 2005 (Dot2);
// Dekker's splitting, so that no fused multiply-add is needed and every machine gives the same bits.

import { args, parallelFor } from "../parallel";
import { Task } from "../tasks";

/** Rows of one chunk. */
const ROWS: i32 = 8;

/** 2²⁷ + 1: x·SPLIT cuts x into two halves of 26 bits. */
const SPLIT: f64 = 134217729;

@unmanaged
class Residual {
  n: i32;
  a: usize; // (n, n), stride lda
  lda: i32;
  high: usize; // (n) upper halves of x …
  low: usize; // … and lower
  b: usize; // (n), stride ldb
  ldb: i32;
  r: usize; // (n), stride ldr
  ldr: i32;
}

/** β − Σ aₖ·(highₖ + lowₖ), as if computed with 106 bits and rounded. */
function dot2(n: i32, beta: f64, a: usize, high: usize, low: usize): f64 {
  const split = f64x2.splat(SPLIT);
  let s0: v128 = f64x2.splat(0), s1: v128 = f64x2.splat(0);
  let e0: v128 = f64x2.splat(0), e1: v128 = f64x2.splat(0);
  const end = a + (usize(n) << 3);
  for (; a + 32 <= end; a += 32) {
    const x = v128.load(a), y = v128.load(a, 16);
    const xh = v128.load(high), yh = v128.load(high, 16);
    const xl = v128.load(low), yl = v128.load(low, 16);
    let t = f64x2.mul(x, split), u = f64x2.mul(y, split);
    const h0 = f64x2.sub(t, f64x2.sub(t, x)), h1 = f64x2.sub(u, f64x2.sub(u, y));
    const l0 = f64x2.sub(x, h0), l1 = f64x2.sub(y, h1);
    const p0 = f64x2.mul(x, f64x2.add(xh, xl)), p1 = f64x2.mul(y, f64x2.add(yh, yl));
    // what the products lost
    t = f64x2.add(f64x2.add(f64x2.add(f64x2.sub(f64x2.mul(h0, xh), p0), f64x2.mul(h0, xl)), f64x2.mul(l0, xh)), f64x2.mul(l0, xl));
    u = f64x2.add(f64x2.add(f64x2.add(f64x2.sub(f64x2.mul(h1, yh), p1), f64x2.mul(h1, yl)), f64x2.mul(l1, yh)), f64x2.mul(l1, yl));
    // and what the sums lose: TwoSum
    const w0 = f64x2.add(s0, p0), w1 = f64x2.add(s1, p1);
    const z0 = f64x2.sub(w0, s0), z1 = f64x2.sub(w1, s1);
    e0 = f64x2.add(e0, f64x2.add(t, f64x2.add(f64x2.sub(s0, f64x2.sub(w0, z0)), f64x2.sub(p0, z0))));
    e1 = f64x2.add(e1, f64x2.add(u, f64x2.add(f64x2.sub(s1, f64x2.sub(w1, z1)), f64x2.sub(p1, z1))));
    s0 = w0;
    s1 = w1;
    high += 32;
    low += 32;
  }
  let sum = beta, lost: f64 = 0;
  for (; a < end; a += 8) {
    const x = load<f64>(a), xh = load<f64>(high), xl = load<f64>(low);
    const t = x * SPLIT;
    const h = t - (t - x);
    const l = x - h;
    const p = x * (xh + xl);
    lost -= (((h * xh - p) + h * xl) + l * xh) + l * xl;
    const w = sum - p;
    const z = w - sum;
    lost += (sum - (w - z)) - (p + z);
    sum = w;
    high += 8;
    low += 8;
  }
  lost -= f64x2.extract_lane(e0, 0) + f64x2.extract_lane(e0, 1) + f64x2.extract_lane(e1, 0) + f64x2.extract_lane(e1, 1);
  for (let lane = 0; lane < 4; lane++) {
    const p = lane == 0 ? f64x2.extract_lane(s0, 0) : lane == 1 ? f64x2.extract_lane(s0, 1)
      : lane == 2 ? f64x2.extract_lane(s1, 0) : f64x2.extract_lane(s1, 1);
    const w = sum - p;
    const z = w - sum;
    lost += (sum - (w - z)) - (p + z);
    sum = w;
  }
  return sum + lost;
}

export function residual_task(i0: i32, i1: i32): void {
  const s = args<Residual>();
  for (let i = i0; i < i1; i++) {
    const beta = load<f64>(s.b + ((usize(i) * s.ldb) << 3));
    const r = dot2(s.n, beta, s.a + ((usize(i) * s.lda) << 3), s.high, s.low);
    store<f64>(s.r + ((usize(i) * s.ldr) << 3), r);
  }
}

/** Bytes of workspace for residual. */
export function residual_work_f64(n: i32): f64 {
  return 16 * f64(n);
}

/**
 * R := B − A·X, every number as if computed in doubled precision and then rounded.
 *
 * A (n×n, row stride lda), X, B, R (n×m, ldx, ldb, ldr); strides in elements. R may be B or X.
 * work: residual_work_f64(n) bytes. Opens regions. Returns 0 or INFO_ABORTED.
 * |R̂ − R| ≤ u·|R| + γₙ²·|A|·|X| elementwise, if |A|·|X| stays within 10^±280   [Ogita et al. 2005, Prop. 5.5]
 */
export function residual_f64(
  n: i32, m: i32, a: usize, lda: i32, x: usize, ldx: i32, b: usize, ldb: i32, r: usize, ldr: i32, work: usize,
): i32 {
  const s = args<Residual>();
  s.n = n;
  s.a = a;
  s.lda = lda;
  s.high = work;
  s.low = work + (usize(n) << 3);
  s.ldb = ldb;
  s.ldr = ldr;
  for (let j = 0; j < m; j++) {
    for (let i = 0; i < n; i++) {
      const value = load<f64>(x + (((usize(i) * ldx) + j) << 3));
      const t = value * SPLIT;
      const high = t - (t - value);
      store<f64>(s.high + (usize(i) << 3), high);
      store<f64>(s.low + (usize(i) << 3), value - high);
    }
    s.b = b + (usize(j) << 3);
    s.r = r + (usize(j) << 3);
    const info = parallelFor(Task.RESIDUAL, n, ROWS);
    if (info != 0) return info;
  }
  return 0;
}
