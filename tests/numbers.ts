// Seeded numbers for tests and benchmarks. Nothing of Node: the engine's contract runs in browsers too.

/** Uniform in [0, 1), seeded: mulberry32 by Tommy Ettinger (public domain). */
export function uniform(seed: number): () => number {
  let s = seed | 0;
  return () => {
    s = (s + 0x6d2b79f5) | 0;
    let t = Math.imul(s ^ (s >>> 15), 1 | s);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** n seeded numbers in [−1, 1). */
export function numbers(n: number, seed: number): Float64Array {
  const next = uniform(seed);
  return Float64Array.from({ length: n }, () => 2 * next() - 1);
}
