// The machine's SIMD128 peak, which products are measured against.

import { hsum, madd } from "../simd";

/**
 * Runs `rounds` rounds of x := x·a + a on 12 vectors held in registers: 24·lanes·rounds operations of
 * type T. Returns a sum of them all, so that none can be left out.
 */
function peak<T>(rounds: i32): T {
  // a is no constant, which V8 would load again at each use; the chains differ, of equal ones it keeps one
  const a = v128.splat<T>(<T>1 - <T>1 / <T>rounds);
  let x0 = v128.splat<T>(<T>0), x1 = v128.splat<T>(<T>1), x2 = v128.splat<T>(<T>2), x3 = v128.splat<T>(<T>3);
  let x4 = v128.splat<T>(<T>4), x5 = v128.splat<T>(<T>5), x6 = v128.splat<T>(<T>6), x7 = v128.splat<T>(<T>7);
  let x8 = v128.splat<T>(<T>8), x9 = v128.splat<T>(<T>9), x10 = v128.splat<T>(<T>10), x11 = v128.splat<T>(<T>11);
  do {
    x0 = madd<T>(x0, a, a);
    x1 = madd<T>(x1, a, a);
    x2 = madd<T>(x2, a, a);
    x3 = madd<T>(x3, a, a);
    x4 = madd<T>(x4, a, a);
    x5 = madd<T>(x5, a, a);
    x6 = madd<T>(x6, a, a);
    x7 = madd<T>(x7, a, a);
    x8 = madd<T>(x8, a, a);
    x9 = madd<T>(x9, a, a);
    x10 = madd<T>(x10, a, a);
    x11 = madd<T>(x11, a, a);
  } while (--rounds); // tested at the end: V8 11 (Node 20) is twice as slow with a test in front
  x0 = v128.add<T>(v128.add<T>(v128.add<T>(x0, x1), v128.add<T>(x2, x3)), v128.add<T>(x4, x5));
  x6 = v128.add<T>(v128.add<T>(v128.add<T>(x6, x7), v128.add<T>(x8, x9)), v128.add<T>(x10, x11));
  return hsum<T>(v128.add<T>(x0, x6));
}

export function peak_f64(rounds: i32): f64 {
  return peak<f64>(rounds);
}

export function peak_f32(rounds: i32): f32 {
  return peak<f32>(rounds);
}
