// Where memory can't be shared, products, kernel matrices and Monte Carlo are split over workers: the results are
// those of one thread, to the last bit.

import { assert } from "chai";
import { kernels, matrix, networks } from "eigenscope";
import type { Case } from "./contract.ts";
import { random, rejection, sleep, withEngine } from "./tools.ts";

const tall = () => random(900, 200, 21);

export const parts: Case[] = [
  {
    title: "info says in how many parts work is split, and why there are no threads",
    run: ({ options, shared }) => withEngine({ ...options, threads: 3 }, async (es) => {
      assert.deepEqual([es.info.threads, es.info.parts], shared ? [3, 1] : [1, 3]);
      if (!shared) assert.match(es.info.reason, /one thread, work in 3 parts: no shared memory/);
    }),
  },
  {
    title: "an engine of many threads or parts computes the bits of one thread",
    run: ({ options }) => withEngine({ ...options, threads: 1 }, (one) => withEngine({ ...options, threads: 3 }, async (many) => {
      const X = tall();
      X.data.copyWithin(200 * 800, 0, 200); // row 801 is row 1
      const T = matrix(200, 900, X.data);
      const S = matrix(900, 200, Float32Array.from(X.data));
      const part = matrix(300, 200, X.data.subarray(100 * 200, 400 * 200));
      const laplacian = kernels.laplacian({ bandwidth: 10 });
      const ntk = kernels.ntk(networks.network([networks.dense({ biasStd: 0.5 }), networks.gelu(), networks.dense()]));
      for (const call of [
        (es: typeof one) => es.linalg.matmul(X, T),
        (es: typeof one) => es.linalg.matmul(X, X, { transB: true, alpha: 2 }),
        (es: typeof one) => es.linalg.matmul(T, T, { transA: true }),
        (es: typeof one) => es.linalg.gram(X),
        (es: typeof one) => es.linalg.gram(S),
        (es: typeof one) => es.hinf.exact(X),
        (es: typeof one) => es.hinf.monteCarlo(X, { features: 3001, seed: 4 }),
        (es: typeof one) => es.hinf.coactivations(X, { features: 3001, seed: 4 }),
        (es: typeof one) => es.kernels.matrix(laplacian, X),
        (es: typeof one) => es.kernels.matrix(ntk, X, part),
        (es: typeof one) => es.kernels.diagonal(ntk, X),
        (es: typeof one) => es.kernels.multiply(laplacian, X, null, matrix(900, 3, X.data.subarray(0, 2700))),
        (es: typeof one) => es.kernels.multiply(ntk, part, X, matrix(900, 3, X.data.subarray(0, 2700))),
        async (es: typeof one) => (await es.regression.fit(laplacian, X, X.data.subarray(0, 900), { ridge: 0.1 })).alpha,
      ]) assert.deepEqual(await call(many), await call(one));
    })),
  },
  {
    title: "a call that fails or is aborted leaves the parts in order",
    run: ({ options }) => withEngine(options, async (es) => {
      const expected = await es.linalg.gram(tall());
      const bad = tall();
      bad.data[200 * 899] = NaN;
      const error = await rejection(es.hinf.exact(bad));
      assert.match(error.message, /^hinf\.exact: X holds NaN at row 900, column 1/);
      const controller = new AbortController();
      const long = rejection(es.hinf.monteCarlo(tall(), { features: 50_000_000, signal: controller.signal }));
      await sleep(100);
      controller.abort(new Error("enough"));
      assert.equal((await long).message, "enough");
      assert.deepEqual(await es.linalg.gram(tall()), expected);
    }),
  },
];
