// Philox4x32-10: four random words from a counter of four words and a key of two, with no state. Any number of a
// stream can be had at once, and streams of their own for whoever works in parallel.
//
// Based on: Salmon, Moraes, Dror & Shaw, Parallel random numbers: as easy as 1, 2, 3, 2011.

import { uniforms } from "./mt19937";

/** The words of counter (c0, c1, c2, c3) under key (k0, k1). */
export function philox4x32(c0: u32, c1: u32, c2: u32, c3: u32, k0: u32, k1: u32): v128 {
  const multipliers = i32x4(<i32>0xd2511f53, <i32>0xcd9e8d57, 0, 0);
  const weyl = i32x4(<i32>0x9e3779b9, <i32>0xbb67ae85, 0, 0);
  let even = i32x4(c0, c2, 0, 0);
  let odd = i32x4(c1, c3, 0, 0);
  let key = i32x4(k0, k1, 0, 0);
  for (let round = 0; round < 10; round++) {
    const products = i64x2.extmul_low_i32x4_u(even, multipliers); // low, high of c0·M0, then of c2·M1
    even = v128.xor(v128.xor(v128.shuffle<i32>(products, products, 3, 1, 3, 1), odd), key);
    odd = v128.shuffle<i32>(products, products, 2, 0, 2, 0);
    key = i32x4.add(key, weyl);
  }
  return v128.shuffle<i32>(even, odd, 0, 4, 1, 5);
}

/** Two uniforms in [0, 1) of 53 bits: number `index` of stream `stream` of `seed`, of the kind `kind`. */
// @ts-ignore: decorator
@inline
export function philox_uniforms(index: u32, stream: u32, seed: u32, kind: u32): v128 {
  return f64x2.mul(uniforms(philox4x32(index, stream, 0, 0, seed, kind)), f64x2.splat(2 ** -53));
}
