// The Mersenne Twister as NumPy's RandomState(seed) runs it: 32-bit words and 53-bit uniforms, bit for bit.
//
// Based on: Matsumoto & Nishimura, Mersenne Twister, 1998.
//
// The state belongs to the caller, mt19937_bytes() bytes at a 16-byte boundary:
//
//        0 key u32[624]    2496 words u32[624]: the key, tempered
//     4992 next i32: the first word not given out yet
//     4996 cached i32, 5000 gauss f64, 5008 pair f64[2]: the Gaussian kept back, and room for a pair (gauss.ts)

export const WORDS: i32 = 624;
const SHIFT: i32 = 397;
const KEY_BYTES: usize = WORDS * 4;
const NEXT: usize = 2 * KEY_BYTES;

/** Bytes of a generator's state. */
export function mt19937_bytes(): f64 {
  return 5056;
}

/** Starts the generator as init_genrand(seed) does, with no Gaussian kept back. */
export function mt19937_seed(state: usize, seed: u32): void {
  store<u32>(state, seed);
  for (let i = 1; i < WORDS; i++) {
    seed = 1812433253 * (seed ^ (seed >> 30)) + i;
    store<u32>(state + (usize(i) << 2), seed);
  }
  store<i32>(state + NEXT, WORDS);
  store<i32>(state + NEXT, 0, 4);
}

/** Where the words are, how far they are given out. */
// @ts-ignore: decorator
@inline
export function words(state: usize): usize {
  return state + KEY_BYTES;
}

// @ts-ignore: decorator
@inline
export function next(state: usize): i32 {
  return load<i32>(state + NEXT);
}

// @ts-ignore: decorator
@inline
export function set_next(state: usize, i: i32): void {
  store<i32>(state + NEXT, i);
}

/** (upper bit of a, lower bits of b) times the twist matrix, plus c; four words at once. */
// @ts-ignore: decorator
@inline
function twist4(a: v128, b: v128, c: v128): v128 {
  const y = v128.bitselect(a, b, i32x4.splat(0x80000000));
  const odd = i32x4.neg(v128.and(b, i32x4.splat(1)));
  return v128.xor(v128.xor(c, i32x4.shr_u(y, 1)), v128.and(odd, i32x4.splat(0x9908b0df)));
}

function twist(a: u32, b: u32, c: u32): u32 {
  return c ^ (((a & 0x80000000) | (b & 0x7fffffff)) >> 1) ^ ((0 - (b & 1)) & 0x9908b0df);
}

// @ts-ignore: decorator
@inline
function temper4(y: v128): v128 {
  y = v128.xor(y, i32x4.shr_u(y, 11));
  y = v128.xor(y, v128.and(i32x4.shl(y, 7), i32x4.splat(0x9d2c5680)));
  y = v128.xor(y, v128.and(i32x4.shl(y, 15), i32x4.splat(0xefc60000)));
  return v128.xor(y, i32x4.shr_u(y, 18));
}

/** The next 624 words. */
export function refill(state: usize): void {
  const AHEAD: usize = SHIFT * 4;
  const BEHIND: usize = (WORDS - SHIFT) * 4;
  // word i takes from i + 1 and from i + 397 modulo 624: old words up to i = 226, new ones from 227 on
  let p = state;
  for (const end = state + 224 * 4; p < end; p += 16) {
    v128.store(p, twist4(v128.load(p), v128.load(p, 4), v128.load(p, AHEAD)));
  }
  for (const end = state + BEHIND; p < end; p += 4) {
    store<u32>(p, twist(load<u32>(p), load<u32>(p, 4), load<u32>(p, AHEAD)));
  }
  for (const end = state + KEY_BYTES - 4; p < end; p += 16) {
    v128.store(p, twist4(v128.load(p), v128.load(p, 4), v128.load(p - BEHIND)));
  }
  store<u32>(p, twist(load<u32>(p), load<u32>(state), load<u32>(p - BEHIND)));

  for (p = state; p < state + KEY_BYTES; p += 16) v128.store(p, temper4(v128.load(p)), KEY_BYTES);
  set_next(state, 0);
}

function next_word(state: usize): u32 {
  if (next(state) == WORDS) refill(state);
  const i = next(state);
  set_next(state, i + 1);
  return load<u32>(words(state) + (usize(i) << 2));
}

/** 2⁵³ times the next uniform in [0, 1): an integer. */
export function next_uniform(state: usize): f64 {
  const high = f64(next_word(state) >> 5);
  return high * 67108864 + f64(next_word(state) >> 6);
}

/** 2⁵³ times the uniforms that four words make. */
// @ts-ignore: decorator
@inline
export function uniforms(words: v128): v128 {
  const high = i32x4.shr_u(words, 5);
  const low = i32x4.shr_u(words, 6);
  return f64x2.add(
    f64x2.mul(f64x2.convert_low_i32x4_s(v128.shuffle<i32>(high, high, 0, 2, 0, 2)), f64x2.splat(67108864)),
    f64x2.convert_low_i32x4_s(v128.shuffle<i32>(low, low, 1, 3, 1, 3)),
  );
}

/** out[0…n) := the next n uniforms in [0, 1), the doubles of RandomState.random_sample. */
export function mt19937_random_f64(state: usize, n: i32, out: usize): void {
  const end = out + (usize(n) << 3);
  while (out < end) {
    out = given(state, out, end);
    if (out < end) {
      store<f64>(out, next_uniform(state) * 2 ** -53);
      out += 8;
    }
  }
}

/** Two uniforms at a time as long as words and room last; returns the end of what was written. */
function given(state: usize, out: usize, end: usize): usize {
  let i = next(state);
  for (; i + 4 <= WORDS && out + 16 <= end; i += 4) {
    v128.store(out, f64x2.mul(uniforms(v128.load(words(state) + (usize(i) << 2))), f64x2.splat(2 ** -53)));
    out += 16;
  }
  set_next(state, i);
  return out;
}
