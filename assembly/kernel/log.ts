// The logarithm, two numbers at a time.
//
//    ln x = k·ln 2 + ln(1 + f),   x = 2ᵏ·(1 + f),   √½ ≤ 1 + f < √2
//    ln(1 + f) = f − (f²/2 − s·(f²/2 + R(s²))),   s = f/(2 + f)
//
// Based on: FDLIBM's e_log.c, Sun Microsystems, 1993.

/** k·ln 2 + ln(1 + f) for whole k and √½ ≤ 1 + f ≤ √2. */
// @ts-ignore: decorator
@inline
function reduced_log(k: v128, f: v128): v128 {
  const s = f64x2.div(f, f64x2.add(f64x2.splat(2), f));
  const z = f64x2.mul(s, s);
  const w = f64x2.mul(z, z);
  let even = f64x2.splat(1.531383769920937332e-1);
  even = f64x2.add(f64x2.mul(even, w), f64x2.splat(2.222219843214978396e-1));
  even = f64x2.mul(w, f64x2.add(f64x2.mul(even, w), f64x2.splat(3.999999999940941908e-1)));
  let odd = f64x2.splat(1.479819860511658591e-1);
  odd = f64x2.add(f64x2.mul(odd, w), f64x2.splat(1.818357216161805012e-1));
  odd = f64x2.add(f64x2.mul(odd, w), f64x2.splat(2.857142874366239149e-1));
  odd = f64x2.mul(z, f64x2.add(f64x2.mul(odd, w), f64x2.splat(6.666666666666735130e-1)));
  const half = f64x2.mul(f64x2.mul(f64x2.splat(0.5), f), f);
  // k·ln 2 in two parts, the larger one exact
  const large = f64x2.mul(k, f64x2.splat(6.93147180369123816490e-1));
  const small = f64x2.mul(k, f64x2.splat(1.90821492927058770002e-10));
  const tail = f64x2.add(f64x2.mul(s, f64x2.add(half, f64x2.add(even, odd))), small);
  return f64x2.add(large, f64x2.add(f64x2.sub(tail, half), f));
}

/** ln x of two normal numbers, error under 1 ulp. */
// @ts-ignore: decorator
@inline
export function log_f64x2(x: v128): v128 {
  const SQRT_HALF: i64 = 0x3fe6a09e00000000;
  const bits = i64x2.add(x, i64x2.splat(0x3ff0000000000000 - SQRT_HALF));
  const exponents = i64x2.sub(i64x2.shr_u(bits, 52), i64x2.splat(0x3ff));
  const k = f64x2.convert_low_i32x4_s(v128.shuffle<i32>(exponents, exponents, 0, 2, 0, 2));
  const m = i64x2.add(v128.and(bits, i64x2.splat(0x000fffffffffffff)), i64x2.splat(SQRT_HALF));
  return reduced_log(k, f64x2.sub(m, f64x2.splat(1)));
}

/** ln(1 + f) of two numbers with √½ ≤ 1 + f ≤ √2, error under 1 ulp. */
// @ts-ignore: decorator
@inline
export function log1p_f64x2(f: v128): v128 {
  return reduced_log(f64x2.splat(0), f);
}
