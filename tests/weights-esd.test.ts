// Spectra of layers: every layout and mode beside matrices made by hand.

import assert from "node:assert/strict";
import { test } from "node:test";
import { NotFiniteError, OptionError, ShapeError } from "../bindings/errors.ts";
import type { Runtime } from "../bindings/core/runtime.ts";
import { svdvals } from "../bindings/linalg/svd.ts";
import { matrix, type Matrix } from "../bindings/linalg/matrix.ts";
import { RandomState } from "../bindings/random/mt19937.ts";
import { esd } from "../bindings/weights/esd.ts";
import type { LayerHints } from "../bindings/weights/recognise.ts";
import { EPS, numbers, testEach } from "./harness.ts";
import { transposed, withSingularValues } from "./matrices.ts";

/** A convolution by its definition: w(o, i, p) for output o, input i and position p of the kernel. */
interface Convolution { outputs: number; inputs: number; kernel: number[]; w(o: number, i: number, p: number): number }

function convolution(outputs: number, inputs: number, kernel: number[], seed = 1): Convolution {
  const k = product(kernel);
  const all = numbers(outputs * inputs * k, seed);
  return { outputs, inputs, kernel, w: (o, i, p) => all[(o * inputs + i) * k + p]! };
}

const product = (list: readonly number[]) => list.reduce((a, b) => a * b, 1);

/** A tensor with the sides in this order, "k" standing for those of the kernel. */
function tensor({ outputs, inputs, kernel, w }: Convolution, order: "oik" | "kio" | "iok" | "koi") {
  const side = { o: outputs, i: inputs, k: product(kernel) };
  const [a, b, c] = [...order] as ("o" | "i" | "k")[];
  const data = new Float64Array(outputs * inputs * side.k);
  let e = 0;
  for (let x = 0; x < side[a!]; x++) for (let y = 0; y < side[b!]; y++) for (let z = 0; z < side[c!]; z++) {
    const at = { [a!]: x, [b!]: y, [c!]: z } as { o: number; i: number; k: number };
    data[e++] = w(at.o, at.i, at.k);
  }
  const shape = [...order].flatMap((s) => (s === "k" ? kernel : [side[s as "o" | "i"]]));
  const hints: LayerHints = { layout: order[0] === "k" ? "io" : "oi", transposed: order === "iok" || order === "koi" };
  return { shape, data, ...hints };
}

const ORDERS = ["oik", "kio", "iok", "koi"] as const;

/** The m×n matrix of these elements. */
function plain(m: number, n: number, element: (r: number, c: number) => number): Matrix<Float64Array> {
  return matrix(m, n, Float64Array.from({ length: m * n }, (_, e) => element(Math.floor(e / n), e % n)));
}

function squares(rt: Runtime, matrices: Matrix[], divisor: number): Float64Array {
  return Float64Array.from(matrices.flatMap((A) => [...svdvals(rt, A)].map((s) => (s * s) / divisor))).sort();
}

function near(actual: Float64Array, expected: Float64Array, tolerance: number, what: string): void {
  assert.equal(actual.length, expected.length, what);
  const largest = expected.at(-1)!;
  const worst = actual.reduce((most, x, k) => Math.max(most, Math.abs(x - expected[k]!)), 0);
  assert.ok(worst <= tolerance * largest, `${what}: off by ${worst / largest} of the largest`);
}

testEach("singular values of long matrices are right to eps of the largest, by way of the Gram matrix or not", (rt) => {
  const [m, n] = [120, 40];
  const even = Float64Array.from({ length: n }, (_, k) => 3 - k / n);
  const steep = Float64Array.from({ length: n }, (_, k) => 10 ** ((-9 * k) / (n - 1))); // a Gram matrix has no digit of the small ones
  const gap = even.map((sigma, k) => (k < n - 5 ? sigma : 0));
  for (const [what, sigma] of Object.entries({ even, steep, gap })) {
    for (const scale of [1, 2 ** 500, 2 ** -500]) {
      const A = withSingularValues(m, n, sigma.map((s) => s * scale), 7);
      for (const W of [A, transposed(A)]) {
        const found = esd(rt, W, { normalize: "none" }).map((value) => Math.sqrt(value) / scale);
        const zero = m * EPS * sigma[0]!;
        near(found, sigma.map((s) => (s <= zero ? 0 : s)).reverse(), 4 * m * EPS, `${what}, ${W.rows}×${W.cols}, scale ${scale}`);
      }
    }
  }
});

testEach("a matrix has its squared singular values, divided as asked", (rt) => {
  const given = numbers(28, 3);
  const W = plain(7, 4, (r, c) => given[r * 4 + c]!);
  for (const [normalize, divisor] of [["rows", 7], ["none", 1], ["max-dim", 7]] as const) {
    near(esd(rt, W, { normalize }), squares(rt, [W], divisor), 28 * EPS, normalize);
  }
  const transposed = plain(4, 7, (r, c) => W.data[c * 4 + r]!);
  near(esd(rt, transposed), squares(rt, [W], 4), 28 * EPS, "rows are outputs");
  near(esd(rt, { shape: [4, 7], data: transposed.data, layout: "io" }), squares(rt, [W], 7), 28 * EPS, "inputs first");
  near(esd(rt, [[3, 0], [0, 4]]), Float64Array.of(4.5, 8), 4 * EPS, "rows of numbers");
});

testEach("a convolution is unfolded and sliced alike in every layout", (rt) => {
  for (const kernel of [[3], [3, 2], [2, 1, 3]]) {
    const conv = convolution(5, 4, kernel);
    const k = product(kernel);
    const unfolded = squares(rt, [plain(5, 4 * k, (o, c) => conv.w(o, Math.floor(c / k), c % k))], 5);
    const slices = squares(rt, Array.from({ length: k }, (_, p) => plain(5, 4, (o, i) => conv.w(o, i, p))), 5);
    for (const order of ORDERS) {
      const W = tensor(conv, order);
      near(esd(rt, W), unfolded, 5 * 4 * k * EPS, `unfold ${order} ${kernel}`);
      near(esd(rt, W, { conv: "slices" }), slices, 20 * EPS, `slices ${order} ${kernel}`);
    }
  }
});

testEach("groups of a convolution are matrices of their own", (rt) => {
  const [groups, outputs, inputs, kernel] = [3, 6, 2, [2, 2]];
  const conv = convolution(outputs, inputs, kernel);
  const blocks = [0, 1, 2].map((g) => plain(2, 8, (o, c) => conv.w(2 * g + o, Math.floor(c / 4), c % 4)));
  const slices = [0, 1, 2].flatMap((g) => [0, 1, 2, 3].map((p) => plain(2, 2, (o, i) => conv.w(2 * g + o, i, p))));
  for (const order of ["oik", "kio"] as const) {
    near(esd(rt, { ...tensor(conv, order), groups }), squares(rt, blocks, 2), 16 * EPS, `unfold ${order}`);
    near(esd(rt, { ...tensor(conv, order), groups, conv: "slices" } as never, { conv: "slices" }), squares(rt, slices, 2), 16 * EPS, `slices ${order}`);
  }
  // a transposed one: a group of its inputs makes all outputs of the group
  const turned = convolution(2, 6, kernel, 2);
  const turnedBlocks = [0, 1, 2].map((g) => plain(2, 8, (o, c) => turned.w(o, 2 * g + Math.floor(c / 4), c % 4)));
  near(esd(rt, { ...tensor(turned, "iok"), groups }), squares(rt, turnedBlocks, 2), 16 * EPS, "transposed");
  // depthwise: one eigenvalue for each channel, the square of its kernel's length
  const depthwise = convolution(5, 1, [3, 3]);
  const lengths = squares(rt, [0, 1, 2, 3, 4].map((c) => plain(1, 9, (_, p) => depthwise.w(c, 0, p))), 1);
  near(esd(rt, { ...tensor(depthwise, "oik"), groups: 5 }), lengths, 9 * EPS, "depthwise");
  near(esd(rt, { ...tensor(depthwise, "kio"), as: [3, 3, 1, 5], shape: [3, 3, 5, 1], groups: 5 }), lengths, 9 * EPS, "depthwise of Keras");
});

testEach("fft: the singular values of the convolution as the matrix that it is on a periodic input", (rt) => {
  for (const [kernel, size] of [[[3], [5]], [[3, 2], [4, 3]], [[2, 2], [2, 4]], [[2, 1, 2], [2, 3, 2]]] as const) {
    const conv = convolution(3, 2, [...kernel]);
    const N = product(size);
    const coordinates = (index: number, sides: readonly number[]) => sides.map((n, d) => Math.floor(index / product(sides.slice(d + 1))) % n);
    // output o at x is Σ w(o, i, p)·input i at x + p
    const full = matrix(3 * N, 2 * N);
    for (let x = 0; x < N; x++) for (let p = 0; p < product(kernel); p++) {
      const shift = coordinates(p, kernel);
      const y = coordinates(x, size).reduce((index, at, d) => index * size[d]! + ((at + shift[d]!) % size[d]!), 0);
      for (let o = 0; o < 3; o++) for (let i = 0; i < 2; i++) full.data[(o * N + x) * 2 * N + i * N + y]! += conv.w(o, i, p);
    }
    const expected = squares(rt, [full], 3);
    for (const order of ORDERS) {
      near(esd(rt, tensor(conv, order), { conv: "fft", inputSize: size }), expected, 6 * N * EPS, `${kernel} on ${size}, ${order}`);
    }
  }
  const pointwise = convolution(4, 3, [1, 1]);
  const W = tensor(pointwise, "oik");
  const all = esd(rt, W, { conv: "fft", inputSize: 3 });
  near(all.filter((_, k) => k % 9 === 4), esd(rt, W), 12 * EPS, "1×1: the same at each frequency");
});

testEach("eigenvalues that are 0 but for rounding are 0", (rt) => {
  const u = numbers(40, 1);
  const v = numbers(30, 2);
  const values = esd(rt, plain(40, 30, (r, c) => u[r]! * v[c]!));
  assert.deepEqual([...values.subarray(0, 29)], new Array(29).fill(0));
  const norm = (x: Float64Array) => x.reduce((sum, y) => sum + y * y, 0);
  assert.ok(Math.abs(values[29]! - (norm(u) * norm(v)) / 40) <= 70 * EPS * values[29]!);
  assert.deepEqual([...esd(rt, matrix(2, 3))], [0, 0]);
});

testEach("in random order: the permutation of NumPy's RandomState, for every mode", (rt) => {
  const conv = convolution(4, 3, [2, 2]);
  const W = tensor(conv, "oik");
  const order = new RandomState(5).permutation(48);
  const shuffled = { ...W, data: W.data.map((_, e) => W.data[order[e]!]!) };
  for (const mode of ["unfold", "slices", "fft"] as const) {
    const options = { conv: mode, inputSize: 3 };
    near(esd(rt, W, { ...options, randomize: 5 }), esd(rt, shuffled, options), 0, mode);
  }
  assert.notDeepEqual(esd(rt, W, { randomize: 6 }), esd(rt, W, { randomize: 5 }));
});

testEach("what is wrong is said before anything is computed", (rt) => {
  const conv = tensor(convolution(4, 3, [2, 2]), "oik");
  const cases: [() => unknown, new (message: string) => Error, RegExp][] = [
    [() => esd(rt, [[1, NaN], [0, 1]]), NotFiniteError, /^weights\.esd: W holds NaN at \(1, 2\)/],
    [() => esd(rt, { shape: [2, 1, 2], data: Float32Array.of(1, 2, 3, Infinity) }), NotFiniteError, /holds Infinity at \(2, 1, 2\)/],
    [() => esd(rt, { shape: [2, 0], data: new Float32Array(0) }), ShapeError, /W is 2×0/],
    [() => esd(rt, { shape: [5], data: new Float32Array(5) }), ShapeError, /W is 5, expected two to five dimensions/],
    [() => esd(rt, { shape: [2, 2], kind: "conv2d", data: new Float32Array(4) }), ShapeError, /expected 4 \(conv2d\) dimensions/],
    [() => esd(rt, { shape: [2, 2], data: new Float32Array(5) }), ShapeError, /has 5 numbers, its shape 2×2 needs 4/],
    [() => esd(rt, { shape: [2, -2], data: new Float32Array(4) }), ShapeError, /W\.shape is \[2,-2\]/],
    [() => esd(rt, null as never), ShapeError, /W is null/],
    [() => esd(rt, { ...conv, groups: 3 }), OptionError, /W\.groups is 3, expected a divisor of its 4 outputs/],
    [() => esd(rt, { ...conv, layout: "hwio" as never }), OptionError, /W\.layout is "hwio"/],
    [() => esd(rt, [[1]], { normalize: "cols" as never }), OptionError, /normalize is "cols", expected "rows" or "none" or "max-dim"/],
    [() => esd(rt, [[1]], { conv: "fold" as never }), OptionError, /conv is "fold"/],
    [() => esd(rt, [[1]], { inputSize: "8" as never }), OptionError, /inputSize is "8", expected whole numbers/],
    [() => esd(rt, [[1]], { randomize: -1 }), OptionError, /randomize is -1/],
    [() => esd(rt, conv, { conv: "fft", inputSize: 1 }), OptionError, /inputSize is 1, expected .* from the kernel's 2×2 on/],
    [() => esd(rt, conv, { conv: "fft", inputSize: [4] }), OptionError, /inputSize is \[4\]/],
    [() => esd(rt, conv, { conv: "fft", inputSize: 40000 }), OptionError, /inputSize 40000×40000, which takes .*: expected a smaller inputSize/],
  ];
  for (const [call, type, message] of cases) assert.throws(call, (error) => error instanceof type && message.test(error.message) || assert.fail(String(error)));
});

test("a random permutation leaves none out", () => {
  const some = new RandomState(1).shuffle(Float32Array.from({ length: 1000 }, (_, e) => e));
  assert.deepEqual([...some].sort((a, b) => a - b), Array.from({ length: 1000 }, (_, e) => e));
});
