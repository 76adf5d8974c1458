// Exchanges of rows and columns.

import { args, parallelFor } from "../parallel";
import { Task } from "../tasks";

/** Columns of one chunk: 2 KiB of each row. */
const COLUMNS: i32 = 256;

@unmanaged
class Swaps {
  x: usize; // (.., m), stride ldx
  ldx: i32;
  swaps: usize; // i32
  k0: i32;
  k1: i32;
  backward: bool;
}

// @ts-ignore: decorator
@inline
export function swap(x: usize, y: usize): void {
  const t = load<f64>(x);
  store<f64>(x, load<f64>(y));
  store<f64>(y, t);
}

/** Exchanges n numbers at x and y, dx and dy bytes apart. */
export function swap_strided(n: i32, x: usize, dx: usize, y: usize, dy: usize): void {
  for (; n > 0; n--) {
    swap(x, y);
    x += dx;
    y += dy;
  }
}

/** Exchanges n numbers at x and y. */
function swap_contiguous(n: i32, x: usize, y: usize): void {
  const end = x + (usize(n) << 3);
  for (; x + 16 <= end; x += 16) {
    const t = v128.load(x);
    v128.store(x, v128.load(y));
    v128.store(y, t);
    y += 16;
  }
  if (x < end) swap(x, y);
}

/** Columns [j0, j1). */
export function swap_rows_task(j0: i32, j1: i32): void {
  const s = args<Swaps>();
  const ld = usize(s.ldx) << 3;
  const x = s.x + (usize(j0) << 3);
  const count = s.k1 - s.k0;
  for (let q = 0; q < count; q++) {
    const k = s.backward ? s.k1 - 1 - q : s.k0 + q;
    const other = load<i32>(s.swaps + (usize(k) << 2));
    if (other != k) swap_contiguous(j1 - j0, x + usize(k) * ld, x + usize(other) * ld);
  }
}

/**
 * Rows k and swaps[k] of X are exchanged for k = k0 … k1−1, `backward` in the opposite order.
 *
 * X (any rows × m, row stride ldx in elements), swaps (i32). Opens a region. Returns 0 or INFO_ABORTED.
 */
export function swap_rows(m: i32, x: usize, ldx: i32, swaps: usize, k0: i32, k1: i32, backward: bool): i32 {
  const s = args<Swaps>();
  s.x = x;
  s.ldx = ldx;
  s.swaps = swaps;
  s.k0 = k0;
  s.k1 = k1;
  s.backward = backward;
  return parallelFor(Task.SWAP_ROWS, m, COLUMNS);
}
