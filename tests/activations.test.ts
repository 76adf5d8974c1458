// The duals of activations: published values, quadrature in two dimensions, and what holds for all.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { OptionError } from "../bindings/errors.ts";
import { networks } from "../bindings/sync.ts";
import type { Activation } from "../bindings/networks/activations.ts";
import { DUAL } from "../bindings/networks/closedForms.ts";
import { dualActivation } from "../bindings/networks/dualActivation.ts";
import { phiOf } from "../bindings/networks/functions.ts";
import { EPS, testEach } from "./harness.ts";

test("the numbers of the closed forms are those of the core", () => {
  const source = readFileSync(new URL("../assembly/kernel/activation.ts", import.meta.url), "utf8");
  const listed = /enum Dual \{([^}]*)\}/.exec(source)![1]!.replace(/\/\/.*/g, "").split(",").map((name) => name.trim()).filter(Boolean);
  assert.deepEqual(Object.fromEntries(listed.map((name, value) => [name, value])), DUAL);
});

/** (p, q, r) = (1/2, 5/4, 3/10) and (1, 1, −3/5): K, K̇, K, K̇ to 15 digits. */
const TABLE: [string, Activation, number, number, number, number][] = [
  ["relu", networks.relu(), 0.209996023747782, 0.311947396272565, 0.0387737838832563, 0.147583617650433],
  ["leaky relu", networks.leakyRelu({ slope: 0.01 }), 0.208817102875201, 0.31573964308674, 0.0320021855839795, 0.15464670365919],
  ["abs", networks.abs(), 0.539984094991129, 0.247789585090258, 0.755095135533025, -0.409665529398267],
  ["erf", networks.erf(), 0.145638813820395, 0.494112770998144, -0.261979760868909, 0.463072745361904],
  ["sigmoid-like", networks.sigmoidLike(), 0.262776095034027, 0.0426786967944981, 0.225320908601387, 0.0414646872765838],
  ["gelu", networks.gelu(), 0.13859248092821, 0.313396717673709, -0.0374841380275097, 0.137704218089292],
  ["sin", networks.sin(), 0.126942944559468, 0.435761924247488, -0.234211764020492, 0.436108282015147],
  ["cos", networks.cos(), 0.435761924247488, 0.126942944559468, 0.436108282015147, -0.234211764020492],
  ["rbf", networks.rbf({ gamma: 1 }), 0.316636769379053, 0.633273538758107, 0.0407622039783662, 0.0815244079567324],
  ["exp", networks.exp(), 3.23814294383796, 3.23814294383796, 1.49182469764127, 1.49182469764127],
  ["gaussian", networks.gaussian(), 0.388075262853166, 0.0701340836481626, 0.363696483726654, -0.115459201183065],
  ["gabor", networks.gabor(), 0.013085870179274, 0.0517266559427577, -0.0213720747284882, 0.0587700922827402],
  ["sign", networks.sign(), 0.247789585090258, 0, -0.409665529398267, 0],
  ["cube", networks.monomial({ degree: 3 }), 1.8495, 7.245, -6.696, 15.48],
  ["fifth power", networks.monomial({ degree: 5 }), 36.7837875, 194.000625, -273.9312, 950.76],
];

testEach("published values of K and K̇, to their last digit", (rt) => {
  for (const [name, activation, ...expected] of TABLE) {
    const first = dualActivation(rt, activation, [0.3 / Math.sqrt(0.625)], { variances: [0.5, 1.25] });
    const second = dualActivation(rt, activation, [-0.6]);
    const got = [first.value[0]!, first.derivative[0]!, second.value[0]!, second.derivative[0]!];
    got.forEach((value, i) => assert.ok(Math.abs(value - expected[i]!) <= 2e-14 * Math.max(1, Math.abs(expected[i]!)), `${name}: ${got}`));
    assert.equal(first.error, 0, name);
  }
});

/** κ₀, κ₁ at c. */
const ARCCOS = [
  [-1, 0, 0], [-0.9, 0.14356629312870625, 0.009538398844672072], [-0.5, 1 / 3, 0.1089977810442294], [0, 0.5, 0.3183098861837907],
  [0.25, 0.5804306232551663, 0.4533098778445415], [0.5, 2 / 3, 0.6089977810442293], [0.9, 0.8564337068712937, 0.9095383988446721],
  [0.99, 0.9549465863555878, 0.9903002557331542], [0.999999, 0.9995498418044018, 0.9999990003001054], [1, 1, 1],
] as const;

testEach("arc-cosine kernels of order 0 and 1, as duals of step and relu", (rt) => {
  const c = ARCCOS.map(([c]) => c);
  const step = dualActivation(rt, networks.step(), c);
  const relu = dualActivation(rt, networks.relu(), c);
  ARCCOS.forEach(([c, kappa0, kappa1], i) => {
    assert.ok(Math.abs(2 * step.value[i]! - kappa0) <= 4 * EPS, `κ₀(${c})`);
    assert.ok(Math.abs(2 * relu.value[i]! - kappa1) <= 4 * EPS, `κ₁(${c})`);
    assert.ok(Math.abs(2 * relu.derivative[i]! - kappa0) <= 4 * EPS, `κ₀(${c}), by relu`);
  });
});

/** 𝔼 f(u) g(v) by the trapezoidal rule in polar-free form: exact to rounding for smooth functions, slow, obviously right. */
function expectation(f: (x: number) => number, p: number, q: number, xi: number): number {
  const h = 1 / 16;
  let sum = 0;
  for (let x = -9; x <= 9; x += h) {
    for (let y = -9; y <= 9; y += h) {
      sum += f(Math.sqrt(p) * x) * f(Math.sqrt(q) * (xi * x + Math.sqrt(1 - xi * xi) * y)) * Math.exp(-(x * x + y * y) / 2);
    }
  }
  return (sum * h * h) / (2 * Math.PI);
}

const SMOOTH: Activation[] = [
  networks.erf({ a: 1.3, b: 0.7, c: 0.4 }), networks.sigmoidLike(), networks.gelu(), networks.sin({ a: 0.8, b: 1.4, c: 0.3 }),
  networks.cos({ a: 1.2, b: 0.6, c: -0.8 }), networks.rbf({ gamma: 0.4 }), networks.exp({ a: 0.6, b: -0.7 }),
  networks.gaussian({ a: 1.1, b: -0.6 }), networks.gabor(), networks.hermite({ degree: 4 }),
  networks.polynomial({ coefficients: [0.3, -1, 0.5, 0.2] }), networks.tanh(), networks.sigmoid(), networks.swish(), networks.softplus(),
];

testEach("smooth activations agree with quadrature in two dimensions", (rt) => {
  for (const activation of SMOOTH) {
    const { value: phi, slope } = phiOf(activation);
    for (const [p, q, xi] of [[0.6, 1.7, 0.4], [1.2, 0.9, -0.7], [0.8, 0.8, 0.95]] as const) {
      const dual = dualActivation(rt, activation, [xi], { variances: [p, q] });
      const value = expectation(phi, p, q, xi);
      const derivative = expectation(slope, p, q, xi);
      const scale = Math.max(1, Math.abs(value), Math.abs(derivative));
      assert.ok(Math.abs(dual.value[0]! - value) <= 1e-12 * scale, `${activation.kind} at ${p}, ${q}, ${xi}: ${dual.value[0]}, expected ${value}`);
      assert.ok(Math.abs(dual.derivative[0]! - derivative) <= 1e-12 * scale, `${activation.kind}′ at ${p}, ${q}, ${xi}: ${dual.derivative[0]}, expected ${derivative}`);
    }
  }
});

const integrated = JSON.parse(readFileSync(new URL("fixtures/dual_activation.json", import.meta.url), "utf8")) as {
  kind: "tanh" | "sigmoid" | "swish" | "softplus"; variances: [number, number]; correlation: number; value: number; derivative: number;
}[];
const TABULATED = {
  tanh: networks.activation(Math.tanh, { range: [-60, 60] }),
  sigmoid: networks.activation((x) => 1 / (1 + Math.exp(-x)), { range: [-60, 60], name: "sigmoid" }),
  swish: networks.activation((x) => x / (1 + Math.exp(-x)), { range: [-60, 60] }),
  softplus: networks.activation((x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), { range: [-60, 60] }),
};

testEach("tanh, sigmoid, swish, softplus, built in and tabulated: within the error that is stated, which is small", (rt) => {
  const norms = new Map<string, [number, number]>();
  // the coefficients are made by TypeScript and take nearly all of the time; the kernels of other variants only sum them
  const cases = integrated.filter((_, i) => rt.binary.variant === "base" || i % 3 === 0);
  for (const { kind, variances, correlation, ...expected } of cases) {
    for (const activation of [networks[kind](), TABULATED[kind]]) {
      const name = `${activation.kind} ${kind} at ${variances}, ${correlation}`;
      const { value, derivative, error, derivativeError } = dualActivation(rt, activation, [correlation], { variances });
      const [own, other] = variances.map((p) => {
        const key = `${kind} ${p}`;
        if (!norms.has(key)) {
          const dual = dualActivation(rt, networks[kind](), [1], { variances: [p, p] });
          norms.set(key, [dual.value[0]!, dual.derivative[0]!]);
        }
        return norms.get(key)!;
      }) as [[number, number], [number, number]];
      const scale = Math.sqrt(own[0] * other[0]);
      const slopeScale = Math.sqrt(own[1] * other[1]);
      assert.ok(Math.abs(value[0]! - expected.value) <= (error + 16 * EPS) * scale + EPS, `${name}: ${value[0]}, expected ${expected.value} ± ${error}`);
      assert.ok(
        Math.abs(derivative[0]! - expected.derivative) <= (derivativeError + 1e-13) * slopeScale,
        `${name}: K̇ ${derivative[0]}, expected ${expected.derivative} ± ${derivativeError}`,
      );
      const small = Math.max(...variances) <= 2 ? 1e-11 : 1e-2;
      assert.ok(error <= small && derivativeError <= small, `${name}: ${error}, ${derivativeError}`);
    }
  }
});

testEach("Hermite series: those of the sign and of tanh, and Σ a_k² ξᵏ is the dual", (rt) => {
  // 𝔼 sign(z) h_k(z) = √(2/π)·(−1)^j (2j − 1)!!/√k!, k = 2j + 1
  const sign = dualActivation(rt, networks.sign(), [0.5], { terms: 6 }).hermite;
  const c = Math.sqrt(2 / Math.PI);
  [0, c, 0, -c / Math.sqrt(6), 0, (3 * c) / Math.sqrt(120)].forEach((a, k) => assert.ok(Math.abs(sign[k]! - a) <= 8 * EPS, `sign ${k}`));
  for (const activation of SMOOTH) {
    if (activation.kind === "exp" || activation.kind === "polynomial" || activation.kind === "hermite") continue;
    const { hermite, value } = dualActivation(rt, activation, [0.7], { terms: 120 });
    const sum = hermite.reduce((total, a, k) => total + a * a * 0.7 ** k, 0);
    assert.ok(Math.abs(sum - value[0]!) <= 1e-13, `${activation.kind}: ${sum}, ${value[0]}`);
  }
});

testEach("functions with kinks, given or found, keep to their stated error; those that jump have no derivative", (rt) => {
  const xi = [-0.9, -0.2, 0.5, 0.95];
  const exact = dualActivation(rt, networks.leakyRelu({ slope: 0.2 }), xi);
  for (const options of [{}, { breakpoints: [0] }]) {
    const table = networks.activation((x) => (x < 0 ? 0.2 : 1) * x, options);
    const dual = dualActivation(rt, table, xi);
    assert.ok(!table.jumps && dual.error > 0 && dual.error < 1e-3 && dual.derivativeError < 0.1, `${dual.error}, ${dual.derivativeError}`);
    xi.forEach((x, i) => {
      assert.ok(Math.abs(dual.value[i]! - exact.value[i]!) <= dual.error * 0.52, `K(${x})`);
      assert.ok(Math.abs(dual.derivative[i]! - exact.derivative[i]!) <= dual.derivativeError * 0.52, `K̇(${x})`);
    });
  }
  const later = networks.activation((x) => Math.max(x - 1, 0));
  assert.ok(!later.jumps && later.breakpoints.length === 1 && Math.abs(later.breakpoints[0]! - 1) < 1e-8);
  const step = networks.activation((x) => Number(x > 0), { breakpoints: [0] });
  const dual = dualActivation(rt, step, xi);
  const closed = dualActivation(rt, networks.step(), xi);
  assert.ok(step.jumps && dual.derivative.every(Number.isNaN));
  xi.forEach((x, i) => assert.ok(Math.abs(dual.value[i]! - closed.value[i]!) <= dual.error, `step at ${x}`));
});

test("what can't be tabulated is refused", () => {
  const refuse = (body: () => unknown, pattern: RegExp) => assert.throws(body, (error: Error) => error instanceof OptionError && pattern.test(error.message), String(pattern));
  refuse(() => networks.activation(Math.log, { name: "log" }), /^activation: log\(.*\) is NaN, expected a finite number on all of \[-40, 40\]/);
  refuse(() => networks.activation("tanh" as never), /fn is tanh, expected a function/);
  refuse(() => networks.activation(Math.tanh, { range: [1, 2] }), /range is \[1, 2\]/);
  refuse(() => networks.activation((x) => Math.sin(1e6 * x)), /more than 4096 pieces/);
  refuse(() => networks.activation(Math.tanh, { range: 3 as never }), /range is \[undefined, undefined\]/);
  refuse(() => networks.activation(Math.tanh, { breakpoints: [NaN] }), /breakpoints is NaN, expected an array of numbers/);
});

testEach("dualActivation refuses what it can't take", (rt) => {
  const refuse = (body: () => unknown, pattern: RegExp) => assert.throws(body, (error: Error) => error instanceof OptionError && pattern.test(error.message), String(pattern));
  refuse(() => dualActivation(rt, networks.relu(), [1.1]), /correlation 1 is 1\.1/);
  refuse(() => dualActivation(rt, networks.relu(), []), /correlations is empty/);
  refuse(() => dualActivation(rt, networks.relu(), 0.5 as never), /correlations is 0\.5, expected an array/);
  refuse(() => dualActivation(rt, networks.relu(), undefined as never), /correlations is undefined, expected an array/);
  refuse(() => dualActivation(rt, networks.relu(), [0], { variances: 3 as never }), /variances are undefined and undefined/);
  refuse(() => dualActivation(rt, networks.relu(), [0], { variances: [-1, 1] }), /variances are -1 and 1/);
  refuse(() => dualActivation(rt, networks.relu(), [0], { terms: 1000 }), /terms is 1000/);
  refuse(() => dualActivation(rt, { kind: "mish" } as unknown as Activation, [0]), /activation\.kind is mish, expected one of the activations .*relu/);
});

testEach("a table that was changed on its way is refused", (rt) => {
  const table = networks.activation(Math.tanh);
  const { breakpoints, ...rest } = table;
  for (const other of [rest, { ...table, edges: [40, -40] }, { ...table, coefficients: table.coefficients.map(() => 3) }, { ...table, coefficients: table.coefficients.map(() => [NaN]) }]) {
    assert.throws(() => dualActivation(rt, other as Activation, [0]), /activation is a table with other contents, expected what networks\.activation\(fn\) gives/);
  }
  assert.deepEqual(breakpoints, []);
});

testEach("at variance 0 the errors are numbers", (rt) => {
  const { value, derivative, error, derivativeError } = dualActivation(rt, networks.tanh(), [0.5], { variances: [0, 0] });
  assert.equal(value[0], 0);
  assert.ok(Math.abs(derivative[0]! - 1) <= 1e-14);
  assert.ok(error >= 0 && error < 1e-14 && derivativeError >= 0 && derivativeError < 1e-13);
});

testEach("kinks and jumps are found where bisection ends at them", (rt) => {
  const xi = [-1, -0.7, 0, 0.5, 0.99, 1];
  const step = networks.activation((x) => Number(x > 0));
  assert.ok(step.jumps);
  const { value, error } = dualActivation(rt, step, xi);
  dualActivation(rt, networks.step(), xi).value.forEach((expected, i) => assert.ok(Math.abs(value[i]! - expected) <= 0.5 * error + 1e-14, `at ${xi[i]}`));
  assert.ok(error < 0.05);
  for (const at of [0, 1.25, -5]) {
    const relu = networks.activation((x) => Math.max(x - at, 0));
    assert.ok(!relu.jumps && relu.breakpoints.length === 1 && Math.abs(relu.breakpoints[0]! - at) < 1e-12, `${relu.breakpoints}`);
  }
  for (const smooth of [Math.tanh, Math.exp, Math.sin, (x: number) => 1 / (1 + x * x), (x: number) => x ** 3]) {
    assert.deepEqual(networks.activation(smooth).breakpoints, []);
  }
});
