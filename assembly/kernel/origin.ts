// Data far from the origin: moved to it without any rounding, for kernels that depend on distances alone.
//
// Of a column whose numbers lie between l and h with l > 0 and h ≤ 1.5·l (or likewise below 0), the middle of l and h is
// subtracted, which is exact: Sterbenz 1974. Such columns are those whose offset is large beside their spread; others are
// left as they are. Numbers z of other data that lie outside of [l, h] may be rounded, but differ so much from the
// numbers x within that the relative error of x − z stays below 6u.

/** The columns of one row: their least and greatest numbers so far. */
function widen(d: i32, x: usize, low: usize, high: usize): void {
  let k: usize = 0;
  for (const end = usize(d & ~1) << 3; k < end; k += 16) {
    const v = v128.load(x + k);
    v128.store(low + k, f64x2.pmin(v128.load(low + k), v));
    v128.store(high + k, f64x2.pmax(v128.load(high + k), v));
  }
  if (d & 1) {
    const v = load<f64>(x + k);
    store<f64>(low + k, min(load<f64>(low + k), v));
    store<f64>(high + k, max(load<f64>(high + k), v));
  }
}

/**
 * origin := what can be subtracted from every row of X (n×d, row stride ldx), n ≥ 1, without rounding.
 * origin (2d) of which the second half is workspace. Returns whether any of it is not 0.
 */
export function kernel_origin_f64(n: i32, d: i32, x: usize, ldx: i32, origin: usize): bool {
  const high = origin + (usize(d) << 3);
  memory.copy(origin, x, usize(d) << 3);
  memory.copy(high, x, usize(d) << 3);
  for (let i = 1; i < n; i++) widen(d, x + ((usize(i) * ldx) << 3), origin, high);
  let any = false;
  for (let k: usize = 0; k < usize(d) << 3; k += 8) {
    const l = load<f64>(origin + k);
    const h = load<f64>(high + k);
    const far = l > 0 ? h <= 1.5 * l : l >= 1.5 * h && h < 0;
    store<f64>(origin + k, far ? l + 0.5 * (h - l) : 0);
    any = any || far;
  }
  return any;
}

/** One row: x := (x − origin)·unit. */
function translate(d: i32, x: usize, origin: usize, unit: f64): void {
  for (const end = x + (usize(d) << 3); x < end; x += 8, origin += 8) {
    store<f64>(x, (load<f64>(x) - load<f64>(origin)) * unit);
  }
}

/** X := (X − origin)·unit for every row of X (n×d, row stride ldx); unit is a power of two. */
export function kernel_translate_f64(n: i32, d: i32, x: usize, ldx: i32, origin: usize, unit: f64): void {
  for (let i = 0; i < n; i++) translate(d, x + ((usize(i) * ldx) << 3), origin, unit);
}
