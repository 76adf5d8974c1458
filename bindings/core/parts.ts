// Work in parts: where memory can't be shared, some operations split over workers with memories of their own.
//
// Such an operation is a generator: it sends shares to the parts p ≥ 1, does part 0 itself, and yields once,
// to be resumed with what the others gave. Only the host of an engine has parts to offer (host.ts).
// Every number of a result is computed as on one thread, so the results are bitwise equal.

/** The parts of one call. */
export interface Parts {
  /** How many there are, the caller's own among them: at least 2. */
  readonly count: number;
  /** Has part p ≥ 1 do a share (bindings/parts.ts) of the call. Buffers in `args` are given away. */
  send(p: number, share: string, ...args: unknown[]): void;
}

/** An operation that waits for its parts once, or not at all: what they gave, in the order it was sent. */
export type Gather<R> = Generator<undefined, R, unknown[]>;

/** The result of one that has no parts to wait for. */
export function alone<R>(steps: Gather<R>): R {
  return steps.next().value as R;
}

/**
 * What things take, in ns, on one core of a Xeon with AVX-512, in Node 24: only the proportions matter, to shares
 * that end together and to what is worth a share at all.
 */
export const COST = {
  /** A multiply-add of a product, by the bytes of its numbers. */
  multiplyAdd: { 8: 0.08, 4: 0.04 },
  /** To copy a byte to memory that was not touched before. */
  copy: 0.4,
  /** To make an entry of H∞ of an inner product. */
  map: 12,
  /** Of a random neuron, each weight drawn, or only passed over; its product with a number of X; its share in a count. */
  draw: 11,
  skip: 3.8,
  sign: 0.03,
  count: 0.0022,
  /** To add a count of another part to one's own. */
  add: 1.5,
  /** To post a share, to be woken by it, and the same for its result. */
  post: 300_000,
};

/** Splitting pays if it takes at most so much of the time that one thread takes. */
export const PAYS = 0.8;

/**
 * Cuts `work` (in ns) for the most parts that pay: of all work, part p does that from fractions[p] to
 * fractions[p + 1]. Part 0 is also to do what only splitting makes necessary, `extra` ns for so many parts:
 * it gets less, so that all end together. Undefined if no splitting pays.
 */
export function divide(most: number, work: number, extra: (count: number) => number): number[] | undefined {
  let fractions: number[] | undefined;
  let best = PAYS * work;
  for (let count = 2; count <= most; count++) {
    const time = (work + extra(count)) / count;
    if (time + COST.post >= best || time <= extra(count)) continue;
    best = time + COST.post;
    fractions = Array.from({ length: count + 1 }, (_, p) => (p === 0 ? 0 : 1 - ((count - p) * time) / work));
  }
  return fractions;
}

/** Whole numbers from 0 to n near `at` of each fraction, each once. */
export function cut(n: number, fractions: number[], at = (fraction: number) => fraction): number[] {
  return [...new Set(fractions.map((fraction) => Math.round(n * at(fraction))))];
}
