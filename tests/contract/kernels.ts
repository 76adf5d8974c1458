// Kernels, infinitely wide networks and regression, wherever the engine runs: descriptions are posted, functions stay.

import { assert } from "chai";
import { kernels, matrix, networks, NotFiniteError, OptionError, ShapeError, SingularError } from "eigenscope";
import { createCore } from "eigenscope/core";
import type { Case } from "./contract.ts";
import { random, rejection, withEngine } from "./tools.ts";

const EPS = Number.EPSILON;
const { dense, network } = networks;

function near(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  assert.equal(actual.length, expected.length, what);
  for (let i = 0; i < expected.length; i++) assert.closeTo(actual[i]!, expected[i]!, tolerance, `${what}, number ${i + 1}`);
}

/** The points 0, 1, …, n − 1 of a line: exp(−|i − j|) has the inverse of a tridiagonal matrix. */
const line = (n: number) => matrix(n, 1, Float64Array.from({ length: n }, (_, i) => i));
const laplacian = kernels.laplacian({ bandwidth: 1 });

export const kernelCases: Case[] = [
  {
    title: "kernel matrices, their diagonals and products are closed forms",
    run: ({ options }) => withEngine(options, async (es) => {
      const n = 60;
      const X = line(n);
      const entry = (e: number) => Math.exp(-Math.abs(Math.floor(e / n) - (e % n)));
      const K = await es.kernels.matrix(laplacian, X);
      near(K.data, Array.from({ length: n * n }, (_, e) => entry(e)), 8 * EPS, "matrix");
      near(await es.kernels.diagonal(laplacian, X), new Float64Array(n).fill(1), 0, "diagonal");
      const cross = await es.kernels.matrix(laplacian, matrix(2, 1, Float64Array.of(0.5, 7)), X);
      near(cross.data.subarray(n), K.data.subarray(7 * n, 8 * n), 0, "cross-matrix");
      const V = random(n, 3, 1);
      const product = await es.linalg.matmul(K, V);
      near((await es.kernels.multiply(laplacian, X, null, V)).data, product.data, 4 * n * EPS, "multiply");
      // 1·1 at 45°: κ₁ and Θ = κ₁ + ρ·κ₀ of ReLU, twice the plain network's
      const pair = [[1, 0], [Math.SQRT1_2, Math.SQRT1_2]];
      const rho = Math.SQRT1_2;
      const kappa1 = (rho * 0.75 * Math.PI + rho) / Math.PI;
      const net = network([dense(), networks.relu(), dense()], { convention: "tutorial" });
      near((await es.kernels.matrix(kernels.nngp(net), pair)).data, [1, kappa1, kappa1, 1], 4 * EPS, "nngp");
      near((await es.kernels.matrix(kernels.ntk(net), pair)).data, [2, kappa1 + rho * 0.75, kappa1 + rho * 0.75, 2], 8 * EPS, "ntk");
    }),
  },
  {
    title: "an operator of a kernel is a matrix to what takes one, and to its caller",
    run: ({ options }) => withEngine(options, async (es) => {
      const X = random(120, 4, 1);
      const K = await es.kernels.matrix(laplacian, X);
      const all = await es.linalg.eigvalsh(K);
      const operator = es.kernels.operator(laplacian, X);
      const { values, info } = await es.linalg.eigsh(operator, { k: 3 });
      assert.isTrue(info.converged);
      near(values, all.slice(-3), 1e-11, "eigsh");
      const V = random(120, 2, 2);
      near((await operator.apply(V) as typeof V).data, (await es.linalg.matmul(K, V)).data, 1e-12, "apply");
    }),
  },
  {
    title: "an activation may be a function of the caller, tabulated where it is made",
    run: ({ options }) => withEngine(options, async (es) => {
      const X = random(20, 5, 1);
      const of = (activation: networks.Activation) => kernels.ntk(network([dense({ weightStd: 2, biasStd: 0.3 }), activation, dense()]));
      const algebraic = networks.activation((x) => x / Math.sqrt(1 + x * x), { name: "x/√(1 + x²)" });
      assert.deepEqual(structuredClone(algebraic), algebraic);
      const own = await es.kernels.matrix(of(networks.activation(Math.tanh)), X);
      const named = await es.kernels.matrix(of(networks.tanh()), X);
      near(own.data, named.data, 1e-11, "tanh");
      const { data } = await es.kernels.matrix(of(algebraic), X);
      assert.isTrue(data.every((x, e) => Number.isFinite(x) && data[(e % 20) * 20 + Math.floor(e / 20)] === x));
    }),
  },
  {
    title: "a fit predicts: what it was given, and between",
    run: ({ options }) => withEngine(options, async (es) => {
      const X = line(30);
      const y = Float64Array.from({ length: 30 }, (_, i) => Math.sin(i));
      const model = await es.regression.fit(laplacian, X, y);
      near((await model.predict(X)).data, y, 1e-13, "fit");
      // half-way between two points each counts sinh ½/sinh 1
      const half = await model.predict([[3.5]]);
      assert.closeTo(half.data[0]!, ((y[3]! + y[4]!) * Math.sinh(0.5)) / Math.sinh(1), 1e-14);
      const ridged = await es.regression.fit(laplacian, X, y, { method: "cg", ridge: 0.1, tol: 1e-13 });
      const solved = await es.regression.fit(laplacian, X, y, { ridge: 0.1 });
      near(ridged.alpha.data, solved.alpha.data, 1e-10, "cg");
    }),
  },
  {
    title: "what is wrong with kernels and targets arrives with class, code and message",
    run: ({ options }) => withEngine(options, async (es) => {
      const X = random(4, 2, 1);
      const bandwidth = await rejection(es.kernels.matrix(kernels.gaussian({ bandwidth: 0 }), X));
      assert.instanceOf(bandwidth, OptionError);
      assert.match(bandwidth.message, /^kernels\.matrix: kernel\.bandwidth is 0, expected/);
      const unknown = await rejection(es.kernels.matrix(kernels.ntk(network([dense(), { kind: "rely" } as never])), X));
      assert.instanceOf(unknown, OptionError);
      assert.match(unknown.message, /relu, .*tanh/);
      assert.instanceOf(await rejection(es.kernels.matrix(laplacian, [[1, NaN]])), NotFiniteError);
      assert.instanceOf(await rejection(es.kernels.matrix(laplacian, X, [[1, 2, 3]])), ShapeError);
      assert.instanceOf(await rejection(es.regression.fit(laplacian, X, [1, 2])), ShapeError);
      assert.instanceOf(await rejection(es.regression.fit(laplacian, X, [1, 2, 3, 4], { ridge: -1 })), OptionError);
      assert.instanceOf(await rejection(es.regression.fit(laplacian, [[1], [1]], [1, 2])), SingularError);
      // functions are not posted
      const posted = await rejection(es.kernels.matrix({ ...laplacian, extra: () => 0 } as never, X));
      assert.instanceOf(posted, OptionError);
      assert.deepEqual([...(await es.kernels.matrix(laplacian, [[3], [3]])).data], [1, 1, 1, 1]);
    }),
  },
  {
    title: "the synchronous core computes the kernels and fits of the engine, to the last bit",
    async run({ options: { worker: _, ...options } }) {
      const X = random(150, 6, 1);
      const X2 = random(40, 6, 2);
      const net = network([dense({ biasStd: 0.2 }), networks.erf(), dense({ biasStd: 0.2 }), networks.relu(), dense()]);
      const hosted = await withEngine(options, async (es) => {
        const model = await es.regression.fit(kernels.ntk(net), X, X.data.subarray(0, 150));
        return [await es.kernels.matrix(kernels.ntk(net), X), await es.kernels.multiply(laplacian, X2, X, model.alpha), await model.predict(X2)];
      });
      const la = await createCore({ ...options, threads: 1 });
      const model = la.regression.fit(kernels.ntk(net), X, X.data.subarray(0, 150));
      const own = [la.kernels.matrix(kernels.ntk(net), X), la.kernels.multiply(laplacian, X2, X, model.alpha), model.predict(X2)];
      la.close();
      assert.deepEqual(own, hosted);
    },
  },
];
