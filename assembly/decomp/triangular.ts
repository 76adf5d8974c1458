// Solving with the factor of Cholesky, one right-hand side. L is read once from memory for L and once
// for Lᵀ, rows only, and that is what it costs.

import { args, parallelFor } from "../parallel";
import { hsum, madd, nmadd } from "../simd";
import { Task } from "../tasks";

/** Rows of a block: its triangle is solved on one thread, the rest of its rows in parallel. */
const NB: i32 = 64;

/** Rows of a block that one chunk multiplies. */
const ROWS: i32 = 8;

/** Columns that one chunk of the transposed product updates: 2 KiB of b. */
const COLUMNS: i32 = 256;

@unmanaged
class Triangular {
  k: i32; // inner dimension of the product
  l: usize; // its first row, stride ldl
  ldl: i32;
  x: usize; // what L is multiplied with
  b: usize; // what is updated
}

/** Σ xₖ·yₖ over k < n, in eight running sums: at most ⌈n/8⌉ + 4 roundings to each product. */
export function dot(n: i32, x: usize, y: usize): f64 {
  let s0: v128 = f64x2.splat(0), s1: v128 = f64x2.splat(0), s2: v128 = f64x2.splat(0), s3: v128 = f64x2.splat(0);
  for (const end = x + (usize(n & ~7) << 3); x < end; x += 64) {
    s0 = madd<f64>(v128.load(x), v128.load(y), s0);
    s1 = madd<f64>(v128.load(x, 16), v128.load(y, 16), s1);
    s2 = madd<f64>(v128.load(x, 32), v128.load(y, 32), s2);
    s3 = madd<f64>(v128.load(x, 48), v128.load(y, 48), s3);
    y += 64;
  }
  // what is left, up to seven, goes to the same sums
  if (n & 4) {
    s0 = madd<f64>(v128.load(x), v128.load(y), s0);
    s1 = madd<f64>(v128.load(x, 16), v128.load(y, 16), s1);
    x += 32;
    y += 32;
  }
  if (n & 2) {
    s2 = madd<f64>(v128.load(x), v128.load(y), s2);
    x += 16;
    y += 16;
  }
  if (n & 1) s3 = madd<f64>(v128.load64_zero(x), v128.load64_zero(y), s3);
  return hsum<f64>(f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3)));
}

/** y −= a0·x0 + a1·x1 + a2·x2 + a3·x3 over n numbers; row r of x is r·ld bytes further on. */
function minus4(n: i32, a: usize, x: usize, ld: usize, y: usize): void {
  const a0 = v128.load64_splat(a);
  const a1 = v128.load64_splat(a, 8);
  const a2 = v128.load64_splat(a, 16);
  const a3 = v128.load64_splat(a, 24);
  const ld2 = ld + ld;
  const ld3 = ld + ld2;
  const end = y + (usize(n) << 3);
  for (; y + 16 <= end; y += 16) {
    let t = nmadd<f64>(a0, v128.load(x), v128.load(y));
    t = nmadd<f64>(a1, v128.load(x + ld), t);
    t = nmadd<f64>(a2, v128.load(x + ld2), t);
    v128.store(y, nmadd<f64>(a3, v128.load(x + ld3), t));
    x += 16;
  }
  if (y < end) {
    let t = nmadd<f64>(a0, v128.load64_zero(x), v128.load64_zero(y));
    t = nmadd<f64>(a1, v128.load64_zero(x + ld), t);
    t = nmadd<f64>(a2, v128.load64_zero(x + ld2), t);
    store<f64>(y, f64x2.extract_lane(nmadd<f64>(a3, v128.load64_zero(x + ld3), t), 0));
  }
}

/** y −= a·x over n numbers. */
export function minus(n: i32, a: f64, x: usize, y: usize): void {
  const s = f64x2.splat(a);
  const end = y + (usize(n) << 3);
  for (; y + 16 <= end; y += 16) {
    v128.store(y, nmadd<f64>(s, v128.load(x), v128.load(y)));
    x += 16;
  }
  if (y < end) store<f64>(y, f64x2.extract_lane(nmadd<f64>(s, v128.load64_zero(x), v128.load64_zero(y)), 0));
}

/** bᵢ −= L(i, ..k)·x for rows [i0, i1) of the block. */
export function lower_rows_task(i0: i32, i1: i32): void {
  const s = args<Triangular>();
  for (let i = i0; i < i1; i++) {
    const b = s.b + (usize(i) << 3);
    store<f64>(b, load<f64>(b) - dot(s.k, s.l + ((usize(i) * s.ldl) << 3), s.x));
  }
}

/** bⱼ −= Σₖ L(k, j)·xₖ for columns [j0, j1). */
export function lower_columns_task(j0: i32, j1: i32): void {
  const s = args<Triangular>();
  const b = s.b + (usize(j0) << 3);
  const ld = usize(s.ldl) << 3;
  let l = s.l + (usize(j0) << 3);
  let k = 0;
  for (; k + 4 <= s.k; k += 4) {
    minus4(j1 - j0, s.x + (usize(k) << 3), l, ld, b);
    l += 4 * ld;
  }
  for (; k < s.k; k++) {
    minus(j1 - j0, load<f64>(s.x + (usize(k) << 3)), l, b);
    l += ld;
  }
}

/**
 * b := (L·Lᵀ)⁻¹·b; opens regions.
 *
 * L (n×n, row stride ldl in elements) lower triangular, b (n) contiguous. Returns 0 or INFO_ABORTED.
 */
export function solve_cholesky(n: i32, l: usize, ldl: i32, b: usize): i32 {
  const s = args<Triangular>();
  const ld = usize(ldl) << 3;
  for (let j0 = 0; j0 < n; j0 += NB) {
    const j1 = min(n, j0 + NB);
    const row = l + usize(j0) * ld;
    s.k = j0;
    s.l = row;
    s.ldl = ldl;
    s.x = b;
    s.b = b + (usize(j0) << 3);
    const info = parallelFor(Task.LOWER_ROWS, j0 == 0 ? 0 : j1 - j0, ROWS);
    if (info != 0) return info;
    const corner = row + (usize(j0) << 3);
    for (let i = 0; i < j1 - j0; i++) {
      const at = s.b + (usize(i) << 3);
      const li = corner + usize(i) * ld;
      store<f64>(at, (load<f64>(at) - dot(i, li, s.b)) / load<f64>(li + (usize(i) << 3)));
    }
  }
  for (let j0 = (n - 1) / NB * NB; j0 >= 0; j0 -= NB) {
    const j1 = min(n, j0 + NB);
    const row = l + usize(j0) * ld;
    const b1 = b + (usize(j0) << 3);
    for (let i = j1 - 1; i >= j0; i--) {
      const at = b + (usize(i) << 3);
      const li = l + usize(i) * ld;
      const x = load<f64>(at) / load<f64>(li + (usize(i) << 3));
      store<f64>(at, x);
      minus(i - j0, x, li + (usize(j0) << 3), b1);
    }
    s.k = j1 - j0;
    s.l = row;
    s.ldl = ldl;
    s.x = b1;
    s.b = b;
    const info = parallelFor(Task.LOWER_COLUMNS, j0, COLUMNS);
    if (info != 0) return info;
  }
  return 0;
}
