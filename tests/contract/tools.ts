// What the cases share: an engine that is closed in any case, matrices with known spectra, rejections.

import { createEngine, matrix, type Engine, type EngineOptions, type Matrix } from "eigenscope";
import { numbers } from "../numbers.ts";

/** Runs `body` on an engine of its own. */
export async function withEngine<T>(options: EngineOptions, body: (es: Engine) => Promise<T>): Promise<T> {
  const es = await createEngine(options);
  try {
    return await body(es);
  } finally {
    await es.close();
  }
}

/** A seeded m×n matrix. */
export function random(m: number, n: number, seed: number): Matrix<Float64Array> {
  return matrix(m, n, numbers(m * n, seed));
}

/** A seeded symmetric matrix whose smallest eigenvalue is near n. */
export function positive(n: number, seed: number): Matrix<Float64Array> {
  const { data: b } = random(n, n, seed);
  return matrix(n, n, b.map((x, e) => {
    const [i, j] = [Math.floor(e / n), e % n];
    return x + b[j * n + i]! + (i === j ? 3 * n : 0);
  }));
}

/** The second difference with zeros beyond its ends: 2 on the diagonal, −1 beside it. */
export function secondDifference(n: number): Matrix<Float64Array> {
  const A = matrix(n, n);
  for (let i = 0; i < n; i++) {
    A.data[i * n + i] = 2;
    if (i > 0) A.data[i * n + i - 1] = A.data[(i - 1) * n + i] = -1;
  }
  return A;
}

/** Its k-th eigenvalue from below, k from 1: 2 − 2·cos(πk/(n + 1)). */
export const differenceValue = (n: number, k: number) => 4 * Math.sin((Math.PI * k) / (2 * (n + 1))) ** 2;

/** The same matrix by its products. */
export function differenceOperator(n: number) {
  return {
    n,
    apply({ data, rows, cols }: Matrix<Float64Array>): Matrix<Float64Array> {
      const at = (i: number, j: number) => (i < 0 || i >= rows ? 0 : data[i * cols + j]!);
      return matrix(rows, cols, data.map((x, e) => {
        const [i, j] = [Math.floor(e / cols), e % cols];
        return 2 * x - at(i - 1, j) - at(i + 1, j);
      }));
    },
  };
}

/** What a promise is rejected with; that it was resolved is a failure. */
export async function rejection(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  const nothing = Symbol();
  const reason = await promise.then(() => nothing, (error) => error as Error);
  if (reason === nothing) throw new Error("the promise was resolved, it had to be rejected");
  return reason as Error;
}

export const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
