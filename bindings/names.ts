// The names of all operations, without their code: what the engine's thin client and the core are
// built from; and the types that make a tree of calls out of the tree of operations.

import type { Runtime } from "./core/runtime.ts";
import type { Steps } from "./linalg/operator.ts";
import type { Operations } from "./operations.ts";
import type { CallOptions } from "./options.ts";

/** Held equal to the tree in operations.ts by the compiler. */
export const names: Names<Operations> = {
  linalg: {
    matmul: true,
    gram: true,
    peakGflops: true,
    cholesky: true,
    inertia: true,
    solve: true,
    inv: true,
    slogdet: true,
    norm: true,
    eigvalsh: true,
    eigh: true,
    eigsh: true,
    spectralDensity: true,
    trace: true,
    qr: true,
    randomizedSvd: true,
    nystrom: true,
    lstsq: true,
    pinv: true,
    svdvals: true,
    svds: true,
    svd: true,
    cond: true,
    rank: true,
    certify: { lambdaMin: true },
  },
  hinf: {
    exact: true,
    monteCarlo: true,
    coactivations: true,
    upperConfidence: true,
    lambdaMin: true,
  },
  kernels: {
    matrix: true,
    diagonal: true,
    multiply: true,
    errorBound: true,
  },
  regression: {
    fit: true,
    predict: true,
    ridgePath: true,
    gradientFlow: true,
    posterior: true,
  },
  networks: {
    dualActivation: true,
  },
  weights: {
    esd: true,
    marchenkoPastur: true,
    powerLaw: true,
    tracyWidomCdf: true,
    tracyWidomQuantile: true,
    bootstrap: true,
    distribution: true,
    compare: true,
    sample: true,
    weightwatcher: true,
    analyzeLayer: true,
  },
};

/** A tree of operations without their first argument, the runtime. */
export type Synchronous<T> = {
  [K in keyof T]: T[K] extends Overloaded<infer A, infer R, infer B, infer S>
    ? unknown extends R ? (...args: B) => Result<S> : { (...args: A): Result<R>; (...args: B): Result<S> }
    : T[K] extends (rt: Runtime, ...args: infer A) => infer R ? (...args: A) => Result<R> : Synchronous<T[K]>;
};

/** The same with promises, and CallOptions in the last argument. */
export type Asynchronous<T> = {
  [K in keyof T]: T[K] extends Overloaded<infer A, infer R, infer B, infer S>
    ? unknown extends R
      ? (...args: WithCallOptions<B>) => Promise<Result<S>>
      : { (...args: WithCallOptions<A>): Promise<Result<R>>; (...args: WithCallOptions<B>): Promise<Result<S>> }
    : T[K] extends (rt: Runtime, ...args: infer A) => infer R
      ? (...args: WithCallOptions<A>) => Promise<Result<R>>
      : Asynchronous<T[K]>;
};

/** An operation with two signatures. One with a single signature and no more arguments fits as well: R is then unknown. */
interface Overloaded<A extends unknown[], R, B extends unknown[], S> {
  (rt: Runtime, ...args: A): R;
  (rt: Runtime, ...args: B): S;
}

/** What a call gives in the end. */
type Result<R> = R extends Steps<infer Value> ? Value : R;

/** A tree of the same names whose leaves are `true`. */
export type Names<T> = { [K in keyof T]: T[K] extends (...args: never[]) => unknown ? true : Names<T[K]> };

/** An options record at the end takes signal and onProgress too; after data it is added. */
type WithCallOptions<A extends unknown[]> =
  Required<A> extends [...infer Head, infer Last]
    ? [Last] extends [ArrayLike<unknown> | { data: unknown } | number]
      ? [...A, options?: CallOptions]
      : A extends [...Head, Last]
        ? [...Head, options: Last & CallOptions]
        : [...Head, options?: Last & CallOptions]
    : [options?: CallOptions];

/** The tree of names with every leaf replaced by what `leaf` makes of its path. */
export function mapNames<Tree>(names: object, leaf: (path: string) => unknown, prefix = ""): Tree {
  const entries = Object.entries(names).map(([name, child]) => {
    const path = prefix ? `${prefix}.${name}` : name;
    return [name, child === true ? leaf(path) : mapNames(child as object, leaf, path)];
  });
  return Object.fromEntries(entries) as Tree;
}
