// Kernels of integrated activations: what one row's numbers may depend on, kinks, aborts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createEngine } from "eigenscope";
import { Aborted } from "../bindings/core/runtime.ts";
import { errorBound } from "../bindings/kernels/errorBound.ts";
import { diagonal, matrix } from "../bindings/kernels/matrix.ts";
import { dualActivation } from "../bindings/networks/dualActivation.ts";
import { phiOf } from "../bindings/networks/functions.ts";
import type { Activation } from "../bindings/networks/activations.ts";
import type { Matrix } from "../bindings/linalg/matrix.ts";
import { kernels, networks } from "../bindings/sync.ts";
import { EPS, numbers, testEach } from "./harness.ts";

const { network, dense } = networks;
const ntk = (activation: Activation, weightStd = 1) => kernels.ntk(network([dense({ weightStd, biasStd: 0.2 }), activation, dense()]));
const rowsOf = ({ data, cols }: Matrix<Float64Array>, i0: number, i1: number): Matrix<Float64Array> =>
  ({ data: data.slice(i0 * cols, i1 * cols), rows: i1 - i0, cols });

/** max(x − 1/2, 0)·e^(−x): a kink away from 0. */
const late = networks.activation((x) => Math.max(x - 0.5, 0) * Math.exp(-Math.abs(x) / 8), { breakpoints: [0.5, 0], name: "late" });
const INTEGRATED = [networks.tanh(), networks.softplus(), networks.activation(Math.atan), late];

testEach("equal rows have equal numbers in whatever block of coefficients they fall", (rt) => {
  const [n, d] = [301, 6];
  const data = numbers(n * d, 11);
  const twins = [[0, 300], [1, 128], [5, 6], [127, 256], [2, 299]] as const;
  for (const [i, j] of twins) data.copyWithin(j * d, i * d, (i + 1) * d);
  for (const activation of INTEGRATED) {
    const K = matrix(rt, ntk(activation), { data, rows: n, cols: d }).data;
    for (const [i, j] of twins) {
      for (let l = 0; l < n; l++) assert.equal(K[i * n + l], K[j * n + l], `${activation.kind}: rows ${i} and ${j}, column ${l}`);
    }
  }
});

testEach("the same bits with fewer rows, if the largest is among them", (rt) => {
  const [n, d] = [140, 5];
  const X = { data: numbers(n * d, 12), rows: n, cols: d };
  X.data.fill(1.5, 0, d);
  const few = rowsOf(X, 0, 3);
  for (const activation of INTEGRATED) {
    const K = matrix(rt, ntk(activation), X, few).data;
    assert.deepEqual(matrix(rt, ntk(activation), few, few).data, K.slice(0, 9), activation.kind);
  }
});

testEach("small rows against large ones are as accurate as all together", (rt) => {
  const [n, m, d] = [30, 20, 4];
  const data = numbers((n + m) * d, 13);
  data.subarray(n * d).forEach((x, at) => { data[n * d + at] = 6 * x; });
  const all = { data, rows: n + m, cols: d };
  for (const activation of [networks.tanh(), networks.softplus()]) {
    const together = matrix(rt, ntk(activation), all).data;
    const apart = matrix(rt, ntk(activation), rowsOf(all, 0, n), rowsOf(all, n, n + m)).data;
    const own = diagonal(rt, ntk(activation), all);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < m; j++) {
        const difference = Math.abs(apart[i * m + j]! - together[i * (n + m) + n + j]!);
        assert.ok(difference <= 256 * EPS * Math.sqrt(own[i]! * own[n + j]!), `${activation.kind}[${i}, ${j}]: ${difference}`);
      }
    }
  }
});

testEach("the symmetry of an activation leaves its series out nothing: against tables, which know of none", (rt) => {
  const xi = [-1, -0.9, -0.3, 0, 0.4, 0.8, 0.99, 1];
  for (const activation of [networks.tanh(), networks.sigmoid(), networks.swish(), networks.softplus()]) {
    const table = networks.activation(phiOf(activation).value, { name: activation.kind });
    const named = dualActivation(rt, activation, xi, { variances: [0.7, 1.6], terms: 80 });
    const plain = dualActivation(rt, table, xi, { variances: [0.7, 1.6], terms: 80 });
    for (const of of ["value", "derivative", "hermite"] as const) {
      named[of].forEach((x, i) => assert.ok(Math.abs(x - plain[of][i]!) <= 1e-13, `${activation.kind}, ${of} ${i}: ${x}, ${plain[of][i]}`));
    }
  }
});

testEach("a kink away from 0: the dual of max(x − c, 0) is that of its integral", (rt) => {
  // 𝔼 φ′(u) φ′(v) = P(u > c, v > c) = Φ(−c)² + ∫₀^ρ exp(−c²/(1 + t))/(2π√(1 − t²)) dt at variances 1
  const c = 0.8;
  const tail = 0.5 * (1 - phiOf(networks.erf()).value(c / Math.SQRT2));
  const both = (rho: number) => {
    let sum = 0; // in the angle: t = sin s
    const steps = 2000;
    const h = Math.asin(rho) / steps;
    for (let l = 0; l < steps; l++) sum += Math.exp((-c * c) / (1 + Math.sin((l + 0.5) * h)));
    return tail * tail + (h * sum) / (2 * Math.PI);
  };
  const activation = networks.activation((x) => Math.max(x - c, 0), { breakpoints: [c] });
  const xi = [-0.5, 0.1, 0.6];
  const { derivative, derivativeError } = dualActivation(rt, activation, xi);
  assert.ok(derivativeError < 0.1);
  xi.forEach((rho, i) => assert.ok(Math.abs(derivative[i]! - both(rho)) <= 1e-8, `${rho}: ${derivative[i]}, expected ${both(rho)}`));
});

testEach("errorBound of sums, with weights below 0 too, and of products holds against closed forms", (rt) => {
  const X = { data: numbers(30 * 6, 5), rows: 30, cols: 6 };
  for (let k = 0; k < 6; k++) X.data[6 + k] = X.data[k]! + 0.03 * X.data[12 + k]!; // where kinks are felt
  const table = () => networks.activation(phiOf(networks.abs()).value, { breakpoints: [0], name: "abs" });
  const relu = kernels.ntk(network([dense(), networks.relu(), dense()]));
  for (const weights of [[1, 2], [0.5, -0.1], [-0.1, 1]]) {
    const of = (activation: Activation) => kernels.product([kernels.sum([ntk(activation), relu], weights), relu]);
    const bound = errorBound(rt, of(table()), X);
    const K = matrix(rt, of(networks.abs()), X).data;
    const integrated = matrix(rt, of(table()), X).data;
    const worst = K.reduce((most, x, at) => {
      const [i, j] = [Math.floor(at / 30), at % 30];
      return Math.max(most, Math.abs(integrated[at]! - x) / Math.sqrt(K[31 * i]! * K[31 * j]!));
    }, 0);
    assert.ok(worst > 1e-9 && worst <= bound && bound < 1, `${weights}: ${worst} ≤ ${bound}`);
    assert.equal(errorBound(rt, of(networks.abs()), X), 0);
  }
  assert.equal(errorBound(rt, kernels.sum([ntk(table()), relu], [1, -100]), X), Infinity);
});

testEach("coefficients look at the abort word, and give their memory back", (rt) => {
  const X = { data: numbers(300 * 3, 7), rows: 300, cols: 3 };
  const mark = rt.memory.mark();
  if (rt.threads === 1) return; // there an engine ends its worker
  for (const activation of INTEGRATED) {
    const abort = rt.memory.i32(rt.kernels.abort_word(), 1);
    Atomics.store(abort, 0, 1);
    assert.throws(() => diagonal(rt, ntk(activation), X), Aborted, activation.kind);
    assert.throws(() => errorBound(rt, ntk(activation), X), Aborted, activation.kind);
    Atomics.store(abort, 0, 0);
    assert.equal(rt.memory.mark(), mark);
  }
});

test("an engine aborts a call of many rows, and goes on", async () => {
  const es = await createEngine({ threads: 2 });
  const X = { data: numbers(30_000 * 2, 3), rows: 30_000, cols: 2 };
  const controller = new AbortController();
  const call = es.kernels.diagonal(ntk(networks.tanh()), X, { signal: controller.signal });
  setTimeout(() => controller.abort(new Error("enough")), 50);
  await assert.rejects(call, /^Error: enough$/);
  assert.equal((await es.kernels.diagonal(ntk(networks.tanh()), { ...X, data: X.data.slice(0, 20), rows: 10 })).length, 10);
  await es.close();
});
