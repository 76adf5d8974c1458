// One row of a left-looking panel: what LU and LDLᵀ with pivoting do n times or more, and all that they
// cannot leave to gemm. Bound by the cache, so it runs on all threads.

import { largest_abs } from "../blas/level1";
import { args, parallelFor } from "../parallel";
import { Task } from "../tasks";
import { minus, minus4 } from "./triangular";

/** Numbers of one chunk: with 40 rows of X (160 KiB) it stays in L2, and lasts several µs. */
const GRAIN: i32 = 512;

@unmanaged
class Row {
  rows: i32; // of X
  coefficients: usize; // (rows)
  x: usize; // (rows, n)
  ldx: i32;
  y: usize; // (n)
  skip: i32; // index that does not count for the largest number
  from: usize; // row and column `skip` of a symmetric matrix, y's first values; or 0
  ldf: i32;
  largest: usize; // index in each chunk (i32)
}

/** Most chunks of a row: n < 2¹⁵, since n² numbers have to fit into memory. */
export const CHUNKS: i32 = (1 << 15) / GRAIN;

/** to[i] := from[i·step], `step` in bytes. */
function gather(n: i32, from: usize, step: usize, to: usize): void {
  for (const end = to + (usize(n) << 3); to < end; to += 8) {
    store<f64>(to, load<f64>(from));
    from += step;
  }
}

/** The first i with |xᵢ| = size, or n. */
function find_abs(n: i32, x: usize, size: f64): i32 {
  let i = 0;
  while (i < n && abs(load<f64>(x + (usize(i) << 3))) != size) i++;
  return i;
}

/** to := x/by over n numbers; `to` may be x. */
export function divide(n: i32, x: usize, by: f64, to: usize): void {
  const s = f64x2.splat(by);
  const end = x + (usize(n) << 3);
  for (; x + 16 <= end; x += 16) {
    v128.store(to, f64x2.div(v128.load(x), s));
    to += 16;
  }
  if (x < end) store<f64>(to, load<f64>(x) / by);
}

/** y −= Σ coefficientₚ·xₚ over n numbers of `rows` rows. */
function subtract(n: i32, rows: i32, coefficients: usize, x: usize, ldx: i32, y: usize): void {
  const ld = usize(ldx) << 3;
  let p = 0;
  for (; p + 4 <= rows; p += 4) {
    minus4(n, coefficients + (usize(p) << 3), x, ld, y);
    x += 4 * ld;
  }
  for (; p < rows; p++) {
    minus(n, load<f64>(coefficients + (usize(p) << 3)), x, y);
    x += ld;
  }
}

/** Indices [i0, i1) of the row, one chunk. */
export function panel_row_task(i0: i32, i1: i32): void {
  const s = args<Row>();
  const n = i1 - i0;
  const y = s.y + (usize(i0) << 3);
  if (s.from != 0) {
    const ld = usize(s.ldf) << 3;
    const above = max(0, min(n, s.skip - i0));
    gather(above, s.from + usize(i0) * ld + (usize(s.skip) << 3), ld, y);
    const i = i0 + above;
    memory.copy(y + (usize(above) << 3), s.from + usize(s.skip) * ld + (usize(i) << 3), usize(n - above) << 3);
  }
  subtract(n, s.rows, s.coefficients, s.x + (usize(i0) << 3), s.ldx, y);

  // the largest on either side of `skip`
  const before = max(0, min(n, s.skip - i0));
  const after = min(n, max(0, s.skip + 1 - i0));
  const rest = y + (usize(after) << 3);
  const size0 = before > 0 ? largest_abs<f64>(before, y) : -1;
  const size1 = after < n ? largest_abs<f64>(n - after, rest) : -1;
  const found = size0 >= size1 ? find_abs(before, y, size0) : after + find_abs(n - after, rest, size1);
  store<i32>(s.largest + (usize(i0 / GRAIN) << 2), i0 + min(n - 1, found));
}

/**
 * y := y − Σₚ coefficientₚ·X(p, ..) and the index of its largest |yᵢ|, i ≠ skip; 0 if n = 1. Opens a region.
 *
 * X (rows×n, row stride ldx), coefficients (rows), y (n) contiguous, not among X's rows. With `from`
 * y's values are not read but taken from row `skip` of the symmetric matrix (n×n, stride ldf) of which
 * `from` holds the upper triangle. largest: CHUNKS i32 of workspace. Returns the index or INFO_ABORTED.
 */
export function panel_row(
  n: i32, rows: i32, coefficients: usize, x: usize, ldx: i32, y: usize, skip: i32, from: usize, ldf: i32, largest: usize,
): i32 {
  const s = args<Row>();
  s.rows = rows;
  s.coefficients = coefficients;
  s.x = x;
  s.ldx = ldx;
  s.y = y;
  s.skip = skip;
  s.from = from;
  s.ldf = ldf;
  s.largest = largest;
  const info = parallelFor(Task.PANEL_ROW, n, GRAIN);
  if (info != 0) return info;
  let best = load<i32>(largest);
  for (let c = 1; c * GRAIN < n; c++) {
    const i = load<i32>(largest + (usize(c) << 2));
    if (i == skip) continue; // a chunk of that one number
    if (best == skip || abs(load<f64>(y + (usize(i) << 3))) > abs(load<f64>(y + (usize(best) << 3)))) best = i;
  }
  return best;
}
