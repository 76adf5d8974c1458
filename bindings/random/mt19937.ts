// NumPy's legacy generator, numpy.random.RandomState(seed), without wasm: for the draws whose number is that of
// the rows. Many Gaussians at once come from randomState.ts.
//
// Based on: Matsumoto & Nishimura, Mersenne Twister, 1998; numpy/random (mt19937.c, legacy-distributions.c,
// _bounded_integers.pyx).

import { OptionError } from "../errors.ts";
import { checkSeed } from "./randomState.ts";

const WORDS = 624;
const MIDDLE = 397;

/**
 * The generator of `numpy.random.RandomState(seed)`, or of `numpy.random` after `numpy.random.seed(seed)`: call
 * after call in one stream, each with NumPy's numbers, bit for bit. (`randn` goes through the platform's
 * logarithm: to 1e-15 relative.)
 *
 * ```ts
 * const random = new RandomState(1);
 * random.choice(4000, 2000);   // numpy.random.seed(1); numpy.random.choice(4000, 2000, replace=False)
 * ```
 *
 * Refused with an OptionError: a seed that is no whole number from 0 to 2³² − 1, a count that
 * is none from 0 to 2²⁹ − 1.
 */
export class RandomState {
  #words = new Uint32Array(WORDS);
  #next = WORDS;
  /** The second normal of a pair, which the next call of randn starts with. */
  #gauss: number | null = null;

  constructor(seed: number) {
    this.seed(seed);
  }

  /** Starts the stream of `seed`, as a new RandomState does. */
  seed(seed: number): void {
    checkSeed("RandomState", seed);
    const words = this.#words;
    words[0] = seed;
    for (let k = 1; k < WORDS; k++) words[k] = Math.imul(1812433253, words[k - 1]! ^ (words[k - 1]! >>> 30)) + k;
    this.#next = WORDS;
    this.#gauss = null;
  }

  /** The next 32 bits. */
  uint32(): number {
    if (this.#next === WORDS) this.#refill();
    let y = this.#words[this.#next++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** n numbers uniform in [0, 1), of 53 bits: `random_sample(n)`. */
  random(n: number): Float64Array {
    checkCount("random", "n", n);
    const out = new Float64Array(n);
    for (let i = 0; i < n; i++) out[i] = this.#double();
    return out;
  }

  /** n numbers uniform in [low, high): `uniform(low, high, n)`. */
  uniform(low: number, high: number, n: number): Float64Array {
    const range = high - low;
    if (!Number.isFinite(range)) {
      throw new OptionError(`RandomState.uniform: from ${low} to ${high}, expected finite numbers`);
    }
    return this.random(n).map((u) => low + range * u);
  }

  /** n standard normal numbers: `randn(n)`, by the polar method. */
  randn(n: number): Float64Array {
    checkCount("randn", "n", n);
    const out = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const kept = this.#gauss;
      this.#gauss = null;
      out[i] = kept ?? this.#pair();
    }
    return out;
  }

  /** n whole numbers uniform in [low, high), −2³¹ ≤ low < high ≤ 2³¹: `randint(low, high, n)` of the default type. */
  randint(low: number, high: number, n: number): Int32Array {
    if (!(Number.isInteger(low) && Number.isInteger(high) && -(2 ** 31) <= low && low < high && high <= 2 ** 31)) {
      const expected = "whole numbers with −2³¹ ≤ low < high ≤ 2³¹";
      throw new OptionError(`RandomState.randint: from ${low} to ${high}, expected ${expected}`);
    }
    checkCount("randint", "n", n);
    const out = new Int32Array(n);
    for (let i = 0; i < n; i++) out[i] = low + this.#below(high - low - 1);
    return out;
  }

  /** The numbers 0, …, n − 1 in random order: `permutation(n)`. */
  permutation(n: number): Int32Array {
    checkCount("permutation", "n", n);
    return this.shuffle(Int32Array.from({ length: n }, (_, i) => i));
  }

  /** `items` in random order, in place: `shuffle(items)`. */
  shuffle<T extends { readonly length: number; [index: number]: unknown }>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.#below(i);
      [items[i], items[j]] = [items[j], items[i]];
    }
    return items;
  }

  /** k of the numbers 0, …, n − 1, none twice: `choice(n, k, replace=False)`. With replacement: `randint(0, n, k)`. */
  choice(n: number, k: number): Int32Array {
    checkCount("choice", "n", n);
    checkCount("choice", "k", k);
    if (k > n) throw new OptionError(`RandomState.choice: k is ${k} of n = ${n}, expected no more than there are`);
    return this.permutation(n).slice(0, k);
  }

  #double(): number {
    const high = this.uint32() >>> 5;
    return (high * 2 ** 26 + (this.uint32() >>> 6)) / 2 ** 53;
  }

  /** Uniform in 0, …, max < 2³²: what exceeds max under the mask of its bits is drawn again. */
  #below(max: number): number {
    if (max === 0) return 0;
    const mask = 2 ** (32 - Math.clz32(max)) - 1;
    for (;;) {
      const value = (this.uint32() & mask) >>> 0;
      if (value <= max) return value;
    }
  }

  /** A standard normal; its twin is kept back. */
  #pair(): number {
    for (;;) {
      const x1 = 2 * this.#double() - 1;
      const x2 = 2 * this.#double() - 1;
      const r2 = x1 * x1 + x2 * x2;
      if (r2 === 0 || r2 >= 1) continue;
      const f = Math.sqrt((-2 * Math.log(r2)) / r2);
      this.#gauss = f * x1;
      return f * x2;
    }
  }

  #refill(): void {
    const words = this.#words;
    for (let k = 0; k < WORDS; k++) {
      const y = (words[k]! & 0x80000000) | (words[(k + 1) % WORDS]! & 0x7fffffff);
      words[k] = words[(k + MIDDLE) % WORDS]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.#next = 0;
  }
}

function checkCount(name: string, what: string, n: unknown): void {
  if (!(Number.isInteger(n) && (n as number) >= 0 && (n as number) < 2 ** 29)) {
    throw new OptionError(`RandomState.${name}: ${what} is ${String(n)}, expected a whole number from 0 to 2²⁹ − 1`);
  }
}
