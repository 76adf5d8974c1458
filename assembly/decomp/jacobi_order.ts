// What Jacobi's methods do at their end: put the values in order, and the rows that belong to them in
// their places.

/** order (n, i32) := the positions of the values (f64), ascending; equal ones as they stand. */
export function sort_ascending(n: i32, values: usize, order: usize): void {
  // by insertion: the values come nearly in order, or in reverse
  const descending = n > 1 && load<f64>(values) > load<f64>(values + (usize(n - 1) << 3));
  for (let k = 0; k < n; k++) {
    const position = descending ? n - 1 - k : k;
    const value = load<f64>(values + (usize(position) << 3));
    let at = order + (usize(k) << 2);
    for (; at > order && load<f64>(values + (usize(load<i32>(at - 4)) << 3)) > value; at -= 4) store<i32>(at, load<i32>(at - 4));
    store<i32>(at, position);
  }
}

/**
 * OUT(i, k) := factor_j·x(j, i), j = order_k.
 *
 * X (rows of n numbers, stride ldx, as many as order needs), order (count, i32), factors (f64, by row of X),
 * OUT (n×count, stride ldo); no overlap.
 */
export function rows_to_columns(count: i32, n: i32, x: usize, ldx: i32, order: usize, factors: usize, out: usize, ldo: i32): void {
  // some rows at a time, whose numbers fill a cache line of OUT
  for (let k0 = 0; k0 < count; k0 += 8) {
    const k1 = min(count, k0 + 8);
    for (let i = 0; i < n; i++) column_piece(k0, k1, x + (usize(i) << 3), ldx, order, factors, out + (usize(i) * ldo << 3));
  }
}

function column_piece(k0: i32, k1: i32, x: usize, ldx: i32, order: usize, factors: usize, out: usize): void {
  for (let k = k0; k < k1; k++) {
    const j = usize(load<i32>(order + (usize(k) << 2)));
    store<f64>(out + (usize(k) << 3), load<f64>(x + (j * ldx << 3)) * load<f64>(factors + (j << 3)));
  }
}

/** OUT(k, i) := factor_j·x(j, i), j = order_k; as rows_to_columns. */
export function rows_to_rows(count: i32, n: i32, x: usize, ldx: i32, order: usize, factors: usize, out: usize, ldo: i32): void {
  for (let k = 0; k < count; k++) {
    const j = usize(load<i32>(order + (usize(k) << 2)));
    scale_to(n, load<f64>(factors + (j << 3)), x + (j * ldx << 3), out + (usize(k) * ldo << 3));
  }
}

function scale_to(n: i32, a: f64, x: usize, y: usize): void {
  for (const end = x + (usize(n) << 3); x < end; x += 8) {
    store<f64>(y, a * load<f64>(x));
    y += 8;
  }
}
