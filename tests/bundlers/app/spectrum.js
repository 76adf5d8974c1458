// What every page of the fixtures does: a spectrum that is known in closed form, and how far from it the engine came.

import { createEngine, matrix, ShapeError } from "eigenscope";

const n = 64;

/** The second difference: its eigenvalues are 2 − 2cos(πk/(n + 1)). */
function secondDifference() {
  const A = matrix(n, n);
  for (let i = 0; i < n; i++) {
    A.data[i * n + i] = 2;
    if (i > 0) A.data[i * n + i - 1] = A.data[(i - 1) * n + i] = -1;
  }
  return A;
}

/** The largest error of `eigvalsh`, which may be a promise's. */
export async function errorOf(eigvalsh) {
  const values = await eigvalsh(secondDifference());
  return Math.max(...Array.from(values, (value, k) => Math.abs(value - 2 + 2 * Math.cos((Math.PI * (k + 1)) / (n + 1)))));
}

/** What a page has to show: the error, and what the engine chose. Errors keep class and name, minified or not. */
export async function measure(options) {
  const es = await createEngine(options);
  try {
    const refusal = await es.linalg.eigh(matrix(2, 3)).catch((error) => error);
    if (!(refusal instanceof ShapeError && refusal.name === "ShapeError")) throw new Error(`eigh of 2×3 gave ${refusal}`);
    return { error: await errorOf(es.linalg.eigvalsh), info: es.info };
  } finally {
    await es.close();
  }
}
