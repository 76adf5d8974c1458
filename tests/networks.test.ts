// Kernels of infinitely wide networks: neural-tangents, published values, conventions, pairs that nearly coincide.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { OptionError } from "../bindings/errors.ts";
import { errorBound } from "../bindings/kernels/errorBound.ts";
import { diagonal as diagonalOf, matrix } from "../bindings/kernels/matrix.ts";
import { phiOf } from "../bindings/networks/functions.ts";
import type { Activation, Convention, Layer, Network } from "../bindings/networks/layers.ts";
import { kernels, networks } from "../bindings/sync.ts";
import { EPS, numbers, testEach } from "./harness.ts";

const { network, dense, relu, residual } = networks;

type Written = [kind: string, ...rest: unknown[]];
const fixture = JSON.parse(readFileSync(new URL("fixtures/neural_tangents.json", import.meta.url), "utf8")) as {
  x: number[][];
  cases: { convention: Convention; layers: Written[]; nngp: (number | null)[]; ntk: (number | null)[] }[];
};

/** The layers that a fixture writes as calls. */
function layersOf(written: Written[]): Layer[] {
  return written.map(([kind, ...rest]) => {
    if (kind === "residual") return residual(layersOf(rest[0] as Written[]), layersOf(rest[1] as Written[]));
    return (networks as unknown as Record<string, (options: unknown) => Layer>)[kind]!(rest[0]);
  });
}

testEach("ten random networks, as neural-tangents has them", (rt) => {
  const n = fixture.x.length;
  fixture.cases.forEach(({ convention, layers, ...expected }, c) => {
    const net = network(layersOf(layers), { convention });
    const kinked = /elu|abs/i.test(JSON.stringify(layers));
    for (const of of ["nngp", "ntk"] as const) {
      const K = matrix(rt, kernels[of](net), fixture.x).data;
      for (let i = 0; i < n * n; i++) {
        const value = expected[of][i];
        if (value === null || value === undefined) continue;
        const scale = Math.sqrt(K[i - (i % n) + Math.floor(i / n)]! * K[(i % n) * (n + 1)]!);
        const onDiagonal = i % (n + 1) === 0;
        // its own error: see make_neural_tangents.py
        const tolerance = onDiagonal && kinked && of === "ntk" ? 3e-8 : 1e-12;
        assert.ok(Math.abs(K[i]! - value) <= tolerance * scale, `network ${c}, ${of}[${Math.floor(i / n)}, ${i % n}]: ${K[i]}, expected ${value}`);
      }
    }
  });
});

const FOUR = [[1, 0], [0.6, 0.8], [-1, 0.5], [2, 1]];
const upper = (K: Float64Array) => [0, 1, 2, 3].flatMap((i) => [0, 1, 2, 3].filter((j) => j >= i).map((j) => K[4 * i + j]!));
const erf = () => networks.erf();
const deep = network([
  dense({ weightStd: Math.SQRT2, biasStd: 0.1 }), relu(), dense({ weightStd: Math.SQRT2, biasStd: 0.1 }), relu(), dense({ biasStd: 0.1 }),
]);
const shallow = network([dense({ biasStd: 0 }), relu(), dense({ biasStd: 0 })]);
const tutorial = network([dense({ biasStd: 1 }), relu(), dense()], { convention: "tutorial" });

const PUBLISHED: [string, "nngp" | "ntk", Network, number[]][] = [
  ["relu", "nngp", shallow, [0.25, 0.169386891941628, 0.002892831360366, 0.505785662720731, 0.25, 0.065397676052977, 0.505785662720731, 0.3125, 0.04846722985407, 1.25]],
  ["relu", "ntk", shallow, [0.5, 0.275111806646498, -0.034003073052243, 0.931993853895514, 0.5, 0.043260133405412, 0.931993853895514, 0.625, -0.062220483383755, 2.5]],
  ["two layers of relu", "ntk", deep, [1.535, 0.803400619014846, 0.163633118125664, 2.654611655953011, 1.535, 0.322692992424958, 2.654611655953011, 1.91, 0.404184350516221, 7.535]],
  ["two layers of relu", "nngp", deep, [0.52, 0.38628331340742, 0.197333163551867, 1.042078805203532, 0.52, 0.266418230493847, 1.042078805203532, 0.645, 0.465756401890725, 2.52]],
  ["two layers of erf", "ntk", network([dense(), erf(), dense(), erf(), dense()]), [0.846189870326431, 0.459193734475474, -0.761488181817686, 0.869664883513204, 0.846189870326431, -0.134837584732605, 0.869664883513204, 0.926460892105861, -0.541516705467662, 1.454308565335833]],
  ["erf", "ntk", network([dense({ weightStd: 1.5, biasStd: 0.05 }), erf(), dense({ weightStd: 1.5, biasStd: 0.05 })]), [2.474812422422572, 1.273307838110816, -2.169720958485263, 2.597824982072897, 2.474812422422572, -0.361091358571795, 2.597824982072897, 2.758409051174821, -1.546470565674746, 4.994759213809506]],
  ["the tutorial's arc-cosine kernel", "nngp", tutorial, [2, 1.654239439901935, 0.67523723711783, 3.051328895421792, 2, 1.123849149814194, 3.051328895421792, 2.25, 0.930391129315907, 6]],
  ["the tutorial's", "ntk", tutorial, [4, 2.926507016383322, 0.67523723711783, 5.551328895421792, 4, 1.62231859987837, 5.551328895421792, 4.5, 0.702116783500628, 12]],
];

testEach("published kernels of whole networks, to their last digit", (rt) => {
  for (const [name, of, net, expected] of PUBLISHED) {
    const got = upper(matrix(rt, kernels[of](net), FOUR).data);
    got.forEach((value, i) => assert.ok(Math.abs(value - expected[i]!) <= 6e-15 * Math.max(1, Math.abs(expected[i]!)), `${name}, ${of}: ${value}, expected ${expected[i]}`));
  }
});

testEach("the tutorial's network in neural-tangents' convention: weightStd √d before and √2 after each relu", (rt) => {
  const X = { data: numbers(40 * 7, 3), rows: 40, cols: 7 };
  const same = network([dense({ weightStd: Math.sqrt(7), biasStd: 1 }), relu(), dense({ weightStd: Math.SQRT2 })]);
  for (const of of ["nngp", "ntk"] as const) {
    const a = matrix(rt, kernels[of](tutorial), X).data;
    const b = matrix(rt, kernels[of](same), X).data;
    a.forEach((value, i) => assert.ok(Math.abs(value - b[i]!) <= 64 * EPS * Math.max(...a), of));
  }
});

const ALL: Activation[] = [
  networks.identity(), relu(), networks.leakyRelu(), networks.abs(), networks.step(), networks.sign(), erf(), networks.sigmoidLike(), networks.gelu(),
  networks.sin({ c: 0.4 }), networks.cos(), networks.rbf(), networks.exp({ b: 0.3 }), networks.gaussian(), networks.gabor(),
  networks.monomial({ degree: 3 }), networks.rectifiedMonomial({ degree: 2 }), networks.hermite({ degree: 3 }),
  networks.polynomial({ coefficients: [0.2, 0.7, -0.3] }), networks.tanh(), networks.sigmoid(), networks.swish(), networks.softplus(),
  networks.activation((x) => Math.atan(x), { name: "atan" }),
];

testEach("every activation: symmetric, exact for equal rows, |K| ≤ the variances; opposite and nearly equal rows and zero rows", (rt) => {
  const [n, d] = [24, 4];
  const data = numbers(n * d, 9);
  const put = (i: number, row: (k: number) => number) => { for (let k = 0; k < d; k++) data[i * d + k] = row(k); };
  put(1, (k) => data[k]!);
  put(2, (k) => -data[k]!);
  put(3, (k) => data[k]! * (1 + 1e-9 * (k === 0 ? 1 : 0)));
  put(4, () => 0);
  put(5, () => 0);
  put(6, (k) => 2 * data[k]!);
  const X = { data, rows: n, cols: d };
  for (const activation of ALL) {
    const net = network([dense(), activation, dense({ weightStd: 0.9, biasStd: 0.2 }), relu(), dense()]);
    for (const of of ["nngp", "ntk"] as const) {
      const name = `${activation.kind}, ${of}`;
      const K = matrix(rt, kernels[of](net), X).data;
      const own = diagonalOf(rt, kernels[of](net), X);
      for (let i = 0; i < n; i++) {
        assert.equal(K[i * n + i], own[i], name);
        assert.equal(K[i * n], K[i * n + 1], `${name}: row ${i} against a row twice`);
        for (let j = 0; j < n; j++) {
          assert.ok(Math.abs(K[i * n + j]!) <= Math.sqrt(own[i]! * own[j]!) * (1 + 32 * EPS), `${name}[${i}, ${j}]: ${K[i * n + j]}`);
          assert.equal(K[i * n + j], K[j * n + i], name);
        }
      }
      assert.equal(K[1], own[0], name);
      assert.equal(K[4 * n + 5], own[4], name);
      // of angles, √: a kink turns 1e-9 into 1e-9, a step into √1e-9 at most
      assert.ok(Math.abs(K[3]! - own[0]!) <= 1e-4 * own[0]!, `${name}: a row that nearly coincides`);
    }
  }
});

test("constructors give data that JSON keeps", () => {
  for (const activation of ALL) assert.deepEqual(JSON.parse(JSON.stringify(activation)), activation);
});

testEach("what is no network is refused, by name and place", (rt) => {
  const refuse = (layers: unknown, pattern: RegExp, options: object = {}) => {
    const net = { layers, convention: "ntk", ...options } as Network;
    assert.throws(() => matrix(rt, kernels.ntk(net), FOUR), (error: Error) => error instanceof OptionError && pattern.test(error.message), String(pattern));
  };
  refuse([{ kind: "selu" }], /^kernels\.matrix: kernel\.network\.layers\[0\]\.kind is selu, expected .*relu, leakyRelu.*softplus/);
  refuse([dense({ weightStd: NaN })], /layers\[0\]\.weightStd is NaN/);
  refuse([dense({ biasStd: -1 })], /layers\[0\]\.biasStd is -1/);
  refuse([networks.monomial({ degree: 1.5 })], /layers\[0\]\.degree is 1.5/);
  refuse([residual([{ kind: "erf" } as Layer])], /layers\[0\]\.layers\[0\]\.a is undefined/);
  refuse("relu", /network\.layers is relu, expected an array/);
  refuse([relu()], /convention is ours, expected one of ntk, standard, tutorial/, { convention: "ours" });
  refuse([dense({ weightStd: 30 }), networks.exp(), dense({ weightStd: 30 }), networks.exp()], /variance of row 1 of X after kernel\.network\.layers\[1\] \(exp\) is not finite/);
  refuse([networks.gaussian({ b: 0.5 })], /layers\[0\] \(gaussian\) is not finite/);
  refuse([networks.activation(Math.atan, { range: [-2, 2] })], /atan.* is tabulated on \[−2, 2\], row 4 of X brings a variance of 2\.500, for which the option range has to be \[−15, 15\]/);
  refuse([networks.activation((x) => Number(x > 1), { name: "late" })], /\(late\) jumps/);
});

testEach("errorBound counts negative weights of integrated kernels alike, whichever comes first", (rt) => {
  const integrated = kernels.nngp(network([dense(), networks.tanh()]));
  const first = errorBound(rt, kernels.sum([integrated, kernels.hinf()], [-0.1, 1]), FOUR);
  assert.equal(errorBound(rt, kernels.sum([kernels.hinf(), integrated], [1, -0.1]), FOUR), first);
  assert.ok(first > 0 && first < 1e-14, String(first));
  assert.equal(errorBound(rt, kernels.sum([kernels.hinf(), integrated], [1, -9]), FOUR), Infinity);
});

testEach("errorBound: 0 for closed forms, otherwise what holds for a table of an activation that has one", (rt) => {
  const X = { data: numbers(30 * 6, 5), rows: 30, cols: 6 };
  const of = (activation: () => Activation) => network([dense({ weightStd: 1.4, biasStd: 0.2 }), activation(), dense({ weightStd: 1.3 }), activation(), dense()]);
  const pairs: [() => Activation, () => Activation][] = [
    [erf, () => networks.activation(phiOf(erf()).value, { name: "erf" })],
    [networks.gelu, () => networks.activation(phiOf(networks.gelu()).value, { name: "gelu" })],
    [networks.abs, () => networks.activation(Math.abs, { breakpoints: [0] })],
  ];
  for (const [closed, table] of pairs) {
    for (const kind of ["nngp", "ntk"] as const) {
      assert.equal(errorBound(rt, kernels[kind](of(closed)), X), 0);
      const bound = errorBound(rt, kernels[kind](of(table)), X);
      const K = matrix(rt, kernels[kind](of(closed)), X).data;
      const integrated = matrix(rt, kernels[kind](of(table)), X).data;
      let worst = 0;
      for (let i = 0; i < 900; i++) {
        worst = Math.max(worst, Math.abs(integrated[i]! - K[i]!) / Math.sqrt(K[Math.floor(i / 30) * 31]! * K[(i % 30) * 31]!));
      }
      const name = `${closed().kind}, ${kind}: ${worst} ≤ ${bound}`;
      assert.ok(worst <= bound + 1e-12, name);
      if (closed !== networks.abs) assert.ok(bound <= 1e-9, name);
    }
  }
});
