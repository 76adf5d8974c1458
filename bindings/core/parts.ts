// Work in parts: where memory can't be shared, some operations split over workers with memories of their own.
//
// Such an operation is a generator: it sends shares to the parts p ≥ 1, does part 0 itself, and yields once,
// to be resumed with what the others gave. Only the host of an engine has parts to offer (host.ts).
// Every number of a result is computed as on one thread, so the results are bitwise equal.

/** The parts of one call. */
export interface Parts {
  /** How many, the caller's own among them: at least 2. */
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

/** Where `count` parts of equal size begin in [0, n), and n. */
export function cutEvenly(n: number, count: number): number[] {
  return Array.from({ length: count + 1 }, (_, p) => Math.round((n * p) / count));
}

/** The same for the rows of an upper triangle: of equal area. */
export function cutTriangle(n: number, count: number): number[] {
  return Array.from({ length: count + 1 }, (_, p) => Math.round(n * (1 - Math.sqrt(1 - p / count))));
}
