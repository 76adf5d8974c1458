// kernels.matrix, diagonal and multiply: the same entries whichever way, and what holds for every kernel.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { OP } from "../bindings/kernels/instructions.ts";
import { createCore, kernels, networks, type Kernel } from "../bindings/sync.ts";
import { matmul } from "../bindings/linalg/blas.ts";
import { diagonal as diagonalOf, matrix, multiply } from "../bindings/kernels/matrix.ts";
import { placeKernel, placeRows, prepare } from "../bindings/kernels/place.ts";
import { EPS, numbers, testEach } from "./harness.ts";

const { network, dense, relu } = networks;

test("the opcodes are those of the core", () => {
  const source = readFileSync(new URL("../assembly/kernel/program.ts", import.meta.url), "utf8");
  const listed = /enum Op \{([^}]*)\}/.exec(source)![1]!.split(",").map((name) => name.trim()).filter(Boolean);
  assert.deepEqual(Object.fromEntries(listed.map((name, value) => [name, value])), OP);
});

const KERNELS = {
  laplacian: kernels.laplacian({ bandwidth: 2 }),
  ntk: kernels.ntk(network([dense({ biasStd: 0.5 }), relu(), dense({ biasStd: 0.1 }), relu(), dense()])),
  mixed: kernels.sum([kernels.product([kernels.gaussian({ bandwidth: 3 }), kernels.hinf()]), kernels.arccos({ order: 1 })], [0.5, 2]),
};

for (const [name, kernel] of Object.entries(KERNELS)) {
  testEach(`${name}: matrix, cross-matrix, diagonal and product agree; rows that are equal have equal entries`, (rt) => {
    const [n, m, d] = [530, 37, 5];
    const X = { data: numbers(n * d, 1), rows: n, cols: d };
    X.data.copyWithin(11 * d, 3 * d, 4 * d); // row 11 is row 3
    const Z = { data: X.data.slice(0, m * d), rows: m, cols: d };
    const K = matrix(rt, kernel, X);
    const diagonal = diagonalOf(rt, kernel, X);
    for (let i = 0; i < n; i++) {
      assert.equal(K.data[i * n + i], diagonal[i]);
      assert.equal(K.data[i * n + 3], K.data[i * n + 11]);
      for (let j = 0; j < i; j++) assert.equal(K.data[i * n + j], K.data[j * n + i]);
    }
    assert.equal(K.data[11 * n + 3], diagonal[3]);

    const cross = matrix(rt, kernel, X, Z);
    const V = { data: numbers(m * 2, 2), rows: m, cols: 2 };
    const product = multiply(rt, kernel, X, Z, V);
    const expected = matmul(rt, cross, V);
    const last = V.data.filter((_, e) => e % 2 === 1);
    assert.deepEqual(multiply(rt, kernel, X, Z, last), multiply(rt, kernel, X, Z, { data: last, rows: m, cols: 1 }));
    const largest = Math.max(...diagonal);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < m; j++) assert.ok(Math.abs(cross.data[i * m + j]! - K.data[i * n + j]!) <= 32 * d * EPS * largest);
      for (let c = 0; c < 2; c++) assert.ok(Math.abs(product.data[2 * i + c]! - expected.data[2 * i + c]!) <= 2 * m * m * EPS * largest);
    }
  });
}

test("a description that can't be is refused, and says where", async () => {
  const la = await createCore();
  const X = [[1, 2], [3, 4]];
  const nested = (depth: number): Kernel => kernels.sum([kernels.hinf(), depth > 0 ? nested(depth - 1) : kernels.hinf()]);
  function doubled<T>(part: T, times: number, twice: (part: T) => T): T {
    return times > 0 ? doubled(twice(part), times - 1, twice) : part;
  }
  const terms: Kernel[] = [kernels.hinf()];
  const holdsItself = kernels.sum(terms);
  terms.push(holdsItself);
  const cases: [unknown, RegExp][] = [
    [undefined, /kernel\.kind is undefined, expected one of gaussian, laplacian/],
    [{ kind: "rbf" }, /kernel\.kind is rbf/],
    [kernels.gaussian({ bandwidth: 0 }), /kernel\.bandwidth is 0, expected a number above 0/],
    [kernels.laplacian({ bandwidth: NaN }), /kernel\.bandwidth is NaN/],
    [kernels.sum([kernels.hinf(), kernels.gaussian({ bandwidth: -1 })]), /kernel\.terms\[1\]\.bandwidth is -1/],
    [kernels.sum([]), /kernel\.terms is empty/],
    [kernels.sum([kernels.hinf()], [1, 2]), /kernel\.weights has 2 numbers, expected one for each of the 1 terms/],
    [kernels.sum([kernels.hinf()], [Infinity]), /kernel\.weights\[0\] is Infinity/],
    [kernels.product([kernels.product(["x" as never])]), /kernel\.factors\[0\]\.factors\[0\]\.kind is undefined/],
    [nested(40), /kernel is nested 42 deep, expected at most 32/],
    [nested(200), /kernel is nested more than 100 deep/],
    [holdsItself, /kernel is nested more than 100 deep/],
    [doubled<Kernel>(kernels.hinf(), 60, (k) => kernels.product([k, k])), /kernel has more than 10000 layers and terms/],
    [kernels.nngp(network([doubled<networks.Layer>(relu(), 60, (layer) => networks.residual([layer, layer]))])), /kernel has more than 10000 layers/],
    [{ kind: "sum" }, /kernel\.terms is undefined, expected an array/],
    [{ kind: "product", factors: "ab" }, /kernel\.factors is ab, expected an array/],
    [{ kind: "gaussian", bandwidth: 1n }, /kernel\.bandwidth is 1, expected a number above 0/],
    [kernels.ntk(network([dense({ weightStd: 1e200 }), relu()])), /k\(x, x\) of row 1 of X is not finite/],
    [kernels.polynomial({ degree: 5000 }), /k\(x, x\) of row 1 of X is not finite/],
    [kernels.sum([kernels.hinf(), kernels.hinf()], [1e308, 1e308]), /k\(x, x\) of row 1 of X is not finite/],
  ];
  for (const [kernel, message] of cases) {
    assert.throws(() => la.kernels.matrix(kernel as Kernel, X), (error: { code: string; message: string }) => {
      assert.match(error.message, message);
      assert.match(error.message, /^kernels\.matrix: /);
      return error.code === "ERR_OPTION";
    });
  }
  la.close();
});

testEach("rows that are none are refused, by name", (rt) => {
  const laplacian = kernels.laplacian({ bandwidth: 1 });
  const empty = (rows: number, cols: number) => ({ data: new Float64Array(0), rows, cols });
  assert.throws(() => matrix(rt, laplacian, []), /^ShapeError: kernels\.matrix: X is 0×0, it must not be empty/);
  assert.throws(() => diagonalOf(rt, kernels.hinf(), empty(0, 3)), /^ShapeError: kernels\.diagonal: X is 0×3/);
  assert.throws(() => matrix(rt, kernels.hinf(), [[1, 2]], empty(0, 2)), /^ShapeError: kernels\.matrix: Z is 0×2/);
  assert.throws(() => multiply(rt, laplacian, empty(2, 0), null, [[1], [1]]), /^ShapeError: kernels\.multiply: X is 2×0/);
});

testEach("rows of very different lengths keep their angles", (rt) => {
  // with x·z = |x||z|·cos t exactly representable, H∞ is known
  const rows = [1, 1e3, 1e6, 1e9, 2 ** -60].flatMap((s) => [[3 * s, 4 * s], [4 * s, 3 * s], [-4 * s, 3 * s]]);
  const H = matrix(rt, kernels.hinf(), rows);
  for (const [i, x] of rows.entries()) {
    for (const [j, z] of rows.entries()) {
      const norm = Math.hypot(...x) * Math.hypot(...z);
      const angle = Math.abs(Math.atan2(x[0]! * z[1]! - x[1]! * z[0]!, x[0]! * z[0]! + x[1]! * z[1]!));
      const expected = ((x[0]! * z[0]! + x[1]! * z[1]!) * (Math.PI - angle)) / (2 * Math.PI);
      // parallel rows of different lengths: the angle is known to √eps alone
      const tolerance = i % 3 === j % 3 && i !== j ? Math.sqrt(EPS) : 16 * EPS;
      assert.ok(Math.abs(H.data[i * rows.length + j]! - expected) <= tolerance * norm, `${i}, ${j}`);
    }
  }
});

testEach("a product with no columns writes nothing, anywhere", (rt) => {
  const X = { data: numbers(60, 1), rows: 20, cols: 3 };
  rt.memory.scope(() => {
    const K = placeKernel(rt, "test", prepare(rt, "test", kernels.hinf(), 3), placeRows(rt, "test", prepare(rt, "test", kernels.hinf(), 3), "X", X));
    rt.memory.f64(K.at, 20 * K.stride).fill(7); // where kernel_block wrote last
    assert.deepEqual(multiply(rt, kernels.hinf(), X, null, { data: new Float64Array(0), rows: 20, cols: 0 }), { data: new Float64Array(0), rows: 20, cols: 0 });
    assert.ok(rt.memory.f64(K.at, 20 * K.stride).every((x) => x === 7));
  });
});
