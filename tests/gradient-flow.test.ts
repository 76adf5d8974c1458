// Training in closed form against training step by step, and the Gaussian posteriors of infinitely wide networks
// against their formulas in plain TypeScript.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createRuntime } from "../bindings/core/create.ts";
import { Aborted } from "../bindings/core/runtime.ts";
import { matrix as kernelMatrix } from "../bindings/kernels/matrix.ts";
import { gradientFlow, type GradientFlowOptions } from "../bindings/regression/gradientFlow.ts";
import { posterior, type PosteriorOptions } from "../bindings/regression/posterior.ts";
import { fit } from "../bindings/regression/fit.ts";
import { predict } from "../bindings/regression/predict.ts";
import { ridgePath } from "../bindings/regression/ridgePath.ts";
import { kernels, matrix, networks, OptionError, ShapeError, SingularError, type Matrix } from "../bindings/sync.ts";
import { EPS, numbers, testEach } from "./harness.ts";
import { eliminate, fill, transposed } from "./matrices.ts";

type Dense = Matrix<Float64Array>;

const [n, m, d, L] = [30, 12, 4, 2];
const X = matrix(n, d, numbers(n * d, 1));
const X2 = matrix(m, d, numbers(m * d, 2));
const Y = matrix(n, L, numbers(n * L, 3));
const f0 = matrix(n, L, numbers(n * L, 4));
const f2 = matrix(m, L, numbers(m * L, 5));
const laplacian = kernels.laplacian({ bandwidth: 2 });

const times = (A: Dense, B: Dense) => fill(A.rows, B.cols, (i, j) => {
  let sum = 0;
  for (let k = 0; k < A.cols; k++) sum += A.data[i * A.cols + k]! * B.data[k * B.cols + j]!;
  return sum;
});
const combine = (A: Dense, factor: number, B: Dense): Dense => matrix(A.rows, A.cols, A.data.map((a, e) => a + factor * B.data[e]!));
const distance = (A: Dense, B: Dense) => A.data.reduce((most, a, e) => Math.max(most, Math.abs(a - B.data[e]!)), 0);
const assertNear = (A: Dense, B: Dense, within: number) => assert.ok(distance(A, B) <= within, `off by ${distance(A, B)}, allowed ${within}`);

/** f and f2 after steps of gradient descent on the mean of (f − y)². */
function descend(K: Dense, K2: Dense, steps: number, learningRate: number): [Dense, Dense] {
  let [f, g]: [Dense, Dense] = [f0, f2];
  for (let step = 0; step < steps; step++) {
    const missed = combine(f, -1, Y);
    const factor = (-2 * learningRate) / (n * L);
    [f, g] = [combine(f, factor, times(K, missed)), combine(g, factor, times(K2, missed))];
  }
  return [f, g];
}

testEach("gradient descent is the iteration, for small learning rates and near the limit", (rt) => {
  const K = kernelMatrix(rt, laplacian, X);
  const K2 = kernelMatrix(rt, laplacian, X2, X);
  const { learningRateLimit, eigenvalues } = gradientFlow(rt, laplacian, X, Y, { times: [0] });
  assert.ok(Math.abs((learningRateLimit * eigenvalues[n - 1]!) / (n * L) - 1) <= 4 * EPS);
  for (const learningRate of [1e-3, 0.6 * learningRateLimit, 0.999 * learningRateLimit]) {
    const steps = [0, 1, 2, 7, 100];
    const { train, test: held, loss } = gradientFlow(rt, laplacian, X, Y, { times: steps, learningRate, f0, X2, f2 });
    steps.forEach((step, k) => {
      const [f, g] = descend(K, K2, step, learningRate);
      assertNear(train[k]!, f, 1e3 * n * EPS);
      assertNear(held![k]!, g, 1e3 * n * EPS);
      const mean = f.data.reduce((sum, x, e) => sum + (x - Y.data[e]!) ** 2, 0) / (n * L);
      assert.ok(Math.abs(loss[k]! / mean - 1) <= 1e3 * n * EPS);
    });
  }
});

testEach("the flow is the limit of small steps, starts at f0 and ends in the exact solution", (rt) => {
  const K = kernelMatrix(rt, laplacian, X);
  const K2 = kernelMatrix(rt, laplacian, X2, X);
  const { train, test: held, loss } = gradientFlow(rt, laplacian, X, Y, { times: [0, 1, Infinity], f0, X2, f2 });
  assertNear(train[0]!, f0, 100 * EPS);
  assertNear(held![0]!, f2, 0);
  // Richardson: two step sizes of Euler's method, its error of first order taken off
  const [coarse, fine] = [descend(K, K2, 1000, 1e-3), descend(K, K2, 2000, 5e-4)];
  for (const [k, found] of [train[1]!, held![1]!].entries()) assertNear(found, combine(fine[k]!, 1, combine(fine[k]!, -1, coarse[k]!)), 1e-6);
  assertNear(train[2]!, Y, 0);
  assert.equal(loss[2], 0);
  const { alpha } = fit(rt, laplacian, X, combine(Y, -1, f0));
  assertNear(held![2]!, combine(f2, 1, predict(rt, laplacian, X, alpha, X2)), 1e4 * n * EPS);
  const { test: fromZero } = gradientFlow(rt, laplacian, X, Y, { times: [Infinity], X2 });
  assertNear(fromZero![0]!, predict(rt, laplacian, X, fit(rt, laplacian, X, Y).alpha, X2), 1e4 * n * EPS);
});

testEach("late losses keep their digits", (rt) => {
  const { loss, eigenvalues } = gradientFlow(rt, laplacian, X, Y, { times: [1e4, 2e4] });
  const slowest = Math.exp((-4 / (n * L)) * eigenvalues[0]! * 1e4);
  assert.ok(loss[1]! > 0 && loss[1]! <= loss[0]! * slowest * (1 + 1e-9));
  assert.ok(loss[1]! >= loss[0]! * slowest * 1e-3);
});

testEach("where K is singular its null space never moves", (rt) => {
  const linear = kernels.nngp(networks.network([networks.dense()])); // x·z/d, rank d
  for (const learningRate of [undefined, 1]) {
    const { train, test: held, loss } = gradientFlow(rt, linear, X, Y, { times: [1e9, Infinity], X2, learningRate });
    assertNear(train[0]!, train[1]!, 1e-8);
    assert.ok(loss[1]! > 0.1);
    // least squares: Xᵀ·(f − y) = 0, and f2 the same linear function
    const w = eliminate(times(transposed(X), X), times(transposed(X), Y));
    assertNear(train[1]!, times(X, w), 1e-12);
    assertNear(held![1]!, times(X2, w), 1e-12);
    assertNear(held![0]!, times(X2, w), 1e-8);
  }
});

const { network, dense, relu } = networks;
const net = network([dense({ weightStd: 1.4, biasStd: 0.3 }), relu(), dense({ weightStd: 1.2, biasStd: 0.1 })]);

testEach("posteriors are their formulas", (rt) => {
  for (const noise of [0, 0.2]) {
    const [K, T] = [kernels.nngp(net), kernels.ntk(net)].map((kernel) => ({
      K: kernelMatrix(rt, kernel, X), K2: kernelMatrix(rt, kernel, X2, X), K22: kernelMatrix(rt, kernel, X2),
    })) as [{ K: Dense; K2: Dense; K22: Dense }, { K: Dense; K2: Dense }];
    const noisy = (A: Dense) => fill(n, n, (i, j) => A.data[i * n + j]! + (i === j ? noise : 0));
    const bayes = posterior(rt, net, X, Y, X2, { of: "nngp", noise });
    assertNear(bayes.mean, times(K.K2, eliminate(noisy(K.K), Y)), 1e-11);
    assertNear(bayes.covariance, combine(K.K22, -1, times(K.K2, eliminate(noisy(K.K), transposed(K.K2)))), 1e-11);

    const ensemble = posterior(rt, net, X, Y, X2, { of: "ntk", noise });
    const W = eliminate(noisy(T.K), transposed(T.K2));
    assertNear(ensemble.mean, times(transposed(W), Y), 1e-11);
    const cross = times(K.K2, W);
    const expected = combine(combine(combine(K.K22, -1, cross), -1, transposed(cross)), 1, times(transposed(W), times(K.K, W)));
    assertNear(ensemble.covariance, expected, 1e-11);
    for (const { covariance: { data } } of [bayes, ensemble]) {
      for (let i = 0; i < m; i++) {
        assert.ok(data[i * m + i]! >= 0);
        for (let j = 0; j < i; j++) assert.equal(data[i * m + j], data[j * m + i]);
      }
    }
  }
});

testEach("an ensemble starts as the prior, moves as the flow and ends as it is at once; trained points have no variance", (rt) => {
  const at = (time: number) => posterior(rt, net, X, Y, X2, { of: "ntk", time });
  assert.ok(at(0).mean.data.every((x) => x === 0));
  assertNear(at(0).covariance, kernelMatrix(rt, kernels.nngp(net), X2), 1e-14);
  const flow = gradientFlow(rt, kernels.ntk(net), X, Y, { times: [40], X2 });
  assertNear(at(40).mean, flow.test![0]!, 1e-12);
  const end = posterior(rt, net, X, Y, X2, { of: "ntk" });
  assertNear(at(1e9).mean, end.mean, 1e-10);
  assertNear(at(1e9).covariance, end.covariance, 1e-10);
  for (const of of ["nngp", "ntk"] as const) {
    const { mean, covariance } = posterior(rt, net, X, Y, X, { of });
    assertNear(mean, Y, 1e-10);
    assertNear(covariance, matrix(n, n), 1e-10);
  }
  // a linear model: its NTK is its NNGP kernel, and so are the two posteriors
  const linear = network([dense({ biasStd: 0.5 })]);
  const few = matrix(3, d, X.data.slice(0, 3 * d));
  const [a, b] = (["nngp", "ntk"] as const).map((of) => posterior(rt, linear, few, Y.data.slice(0, 3), X2, { of })) as [Posteriors, Posteriors];
  assertNear(a.mean, b.mean, 1e-13);
  assertNear(a.covariance, b.covariance, 1e-13);
});

const fixture = JSON.parse(readFileSync(new URL("fixtures/posterior.json", import.meta.url), "utf8")) as {
  X: number[][]; Y: number[][]; X2: number[][];
  results: { of: "nngp" | "ntk"; time: number | null; noise: number; mean: number[]; covariance: number[] }[];
};

testEach("posteriors are those of neural-tangents", (rt) => {
  const erf = network([dense({ weightStd: 1.4, biasStd: 0.3 }), networks.erf(), dense({ weightStd: 1.2, biasStd: 0.1 })]);
  for (const { of, time, noise, ...expected } of fixture.results) {
    const { mean, covariance } = posterior(rt, erf, fixture.X, fixture.Y, fixture.X2, { of, noise, time: time ?? Infinity });
    assertNear(mean, matrix(5, 2, Float64Array.from(expected.mean)), 1e-11);
    assertNear(covariance, matrix(5, 5, Float64Array.from(expected.covariance)), 1e-11);
  }
});

test("every operation that finds itself aborted gives its memory back", async () => {
  const rt = await createRuntime("test", { threads: 2 }, 1);
  const large = matrix(300, d, numbers(300 * d, 6));
  const y = numbers(300, 7);
  const calls: Record<string, () => unknown> = {
    solve: () => fit(rt, laplacian, large, y),
    cg: () => fit(rt, laplacian, large, y, { method: "cg" }),
    predict: () => predict(rt, laplacian, large, y, X2),
    path: () => ridgePath(rt, laplacian, large, y, [1], { X2, Y2: numbers(m, 8) }),
    flow: () => gradientFlow(rt, laplacian, large, y, { times: [1], X2 }),
    posterior: () => posterior(rt, net, large, y, X2, { of: "ntk" }),
  };
  const mark = rt.memory.mark();
  for (const [name, call] of Object.entries(calls)) {
    Atomics.store(rt.memory.i32(rt.kernels.abort_word(), 1), 0, 1);
    assert.throws(call, Aborted, name);
    assert.equal(rt.memory.mark(), mark, name);
    Atomics.store(rt.memory.i32(rt.kernels.abort_word(), 1), 0, 0);
    call();
    assert.equal(rt.memory.mark(), mark, name);
  }
  rt.close();
});

type Posteriors = ReturnType<typeof posterior>;

test("bad input is refused with its reason", async () => {
  const rt = await createRuntime("test", {}, 1);
  const flow = (options: object, y: unknown = Y) => () => gradientFlow(rt, laplacian, X, y as Matrix, options as GradientFlowOptions);
  const gaussian = (options: object, x2: Matrix = X2) => () => posterior(rt, net, X, Y, x2, options as PosteriorOptions);
  const { learningRateLimit } = gradientFlow(rt, laplacian, X, Y, { times: [1] });
  const cases: [() => unknown, new (message: string) => Error, RegExp][] = [
    [flow({}), OptionError, /^regression\.gradientFlow: times is undefined, expected an array of numbers$/],
    [flow({ times: [] }), OptionError, /times is/],
    [flow({ times: [1, -2] }), OptionError, /times\[1\] is -2, expected a number ≥ 0 or Infinity/],
    [flow({ times: [NaN] }), OptionError, /times\[0\] is NaN/],
    [flow({ times: [1.5], learningRate: 1 }), OptionError, /times\[0\] is 1\.5, expected a whole number of steps ≥ 0 or Infinity/],
    [flow({ times: [1], learningRate: 0 }), OptionError, /learningRate is 0, expected a number > 0/],
    [flow({ times: [1], learningRate: 1.001 * learningRateLimit }), OptionError,
      new RegExp(`learningRate is [\\d.]+, gradient descent converges below n·L/λmax\\(K\\) = ${learningRateLimit}`)],
    [flow({ times: [1], learningRate: Infinity }), OptionError, /learningRate is Infinity, gradient descent converges below/],
    [flow({ times: [1], f2 }), OptionError, /f2 is given, it needs X2/],
    [flow({ times: [1], f0: f2 }), ShapeError, /f0 has 12 rows, X has 30/],
    [flow({ times: [1], f0: matrix(n, 1) }), ShapeError, /f0 has 1 columns, expected 2/],
    [flow({ times: [1], X2, f2: f0 }), ShapeError, /f2 has 30 rows, X2 has 12/],
    [flow({ times: [1], X2: f2 }), ShapeError, /X2 has 2 columns, expected 4/],
    [flow({ times: [1] }, [1, 2]), ShapeError, /Y has 2 rows, X has 30/],
    [gaussian({}), OptionError, /^regression\.posterior: of is undefined, expected "nngp" or "ntk"$/],
    [gaussian({ of: "ntk", noise: -1 }), OptionError, /noise is -1/],
    [gaussian({ of: "ntk", time: NaN }), OptionError, /time is NaN/],
    [gaussian({ of: "nngp", time: 1 }), OptionError, /time is 1, of "nngp"/],
    [gaussian({ of: "ntk" }, f2), ShapeError, /X2 has 2 columns, expected 4/],
    [() => posterior(rt, network([dense()]), X, Y, X2, { of: "nngp" }), SingularError, /^regression\.posterior: K is .*; add noise$/],
    [() => posterior(rt, network([dense()]), X, Y, X2, { of: "ntk", noise: 1e-20 }), SingularError, /Θ \+ noise·I is .*; add more noise$/],
  ];
  const mark = rt.memory.mark();
  for (const [call, Class, message] of cases) {
    assert.throws(call, (error: Error) => {
      assert.ok(error instanceof Class, `${error.name}: ${error.message}`);
      assert.match(error.message, message);
      return true;
    }, String(message));
    assert.equal(rt.memory.mark(), mark);
  }
  rt.close();
});
