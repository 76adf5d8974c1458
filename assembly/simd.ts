// The SIMD floor: the few vector idioms that every kernel shares, and the only place that knows
// whether multiply-add is fused. A v128 holds lanes<T>() numbers of type T (2 of f64, 4 of f32).

/** Numbers of type T in one v128. */
// @ts-ignore: decorator
@inline
export function lanes<T>(): i32 {
  return 16 / sizeof<T>();
}

/** Whether madd and nmadd are single instructions. */
export const FUSED: bool = ASC_FEATURE_RELAXED_SIMD;

/**
 * a·b + c in each lane. Fused (one rounding) where the build has relaxed SIMD and the machine has
 * FMA, otherwise a product rounded and then a sum rounded.
 */
// @ts-ignore: decorator
@inline
export function madd<T>(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_madd<T>(a, b, c);
  return v128.add<T>(v128.mul<T>(a, b), c);
}

/** c − a·b in each lane, fused as madd is. */
// @ts-ignore: decorator
@inline
export function nmadd<T>(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_nmadd<T>(a, b, c);
  return v128.sub<T>(c, v128.mul<T>(a, b));
}

/** The sum of the lanes: (l0 + l2) + (l1 + l3) in f32, l0 + l1 in f64. */
// @ts-ignore: decorator
@inline
export function hsum<T>(v: v128): T {
  if (sizeof<T>() == 8) {
    // @ts-ignore: T is f64 here
    return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
  } else {
    const w = v128.add<f32>(v, v128.shuffle<i32>(v, v, 2, 3, 0, 1));
    // @ts-ignore: T is f32 here
    return f32x4.extract_lane(w, 0) + f32x4.extract_lane(w, 1);
  }
}
