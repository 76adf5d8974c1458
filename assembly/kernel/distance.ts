// Kernels of the distance of two rows.

import { ARRAY, Strip, variance, variances } from "./strip";

/** |x − z|² of pair j of the strip. */
// @ts-ignore: decorator
@inline
function squared(s: Strip, p: f64, q: usize, j: i32): f64 {
  const at = usize(j) << 3;
  const D = load<f64>(s.base + at, ARRAY);
  const r = load<f64>(s.base + at);
  return r < 0 ? p + load<f64>(q + at) - 2 * r : D;
}

/** K := exp(a·|x − z|²), or exp(a·|x − z|) with `root`. Operand: a. */
export function exponential(s: Strip, operands: usize, f: usize, root: bool): void {
  const a = load<f64>(operands);
  const p = variance(s, 0);
  const q = variances(s, 0);
  for (let j = 0; j < s.width; j++) {
    const D = squared(s, p, q, j);
    store<f64>(f + (usize(j) << 3), NativeMath.exp(a * (root ? sqrt(D) : D)));
  }
}
