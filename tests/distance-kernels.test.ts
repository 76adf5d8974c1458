// Kernels of distances and of inner products against their formulas: squared distances and inner products exact, in whole
// numbers, then rounded once.

import assert from "node:assert/strict";
import { NotFiniteError, OptionError } from "../bindings/errors.ts";
import type { Kernel } from "../bindings/kernels/descriptions.ts";
import { diagonal, matrix } from "../bindings/kernels/matrix.ts";
import type { Matrix } from "../bindings/linalg/matrix.ts";
import { kernels } from "../bindings/sync.ts";
import { EPS, numbers, testEach } from "./harness.ts";

/** x·2¹⁰⁷⁴, a whole number. */
function whole(x: number): bigint {
  const [bits] = new BigInt64Array(Float64Array.of(x).buffer);
  const exponent = (bits! >> 52n) & 0x7ffn;
  const fraction = bits! & 0xfffffffffffffn;
  const size = exponent === 0n ? fraction : (fraction | 0x10000000000000n) << (exponent - 1n);
  return x < 0 ? -size : size;
}

/** w·2⁻²¹⁴⁸ to about a unit in the last place. */
function rounded(w: bigint): number {
  const size = w < 0n ? -w : w;
  const shift = Math.max(0, size.toString(16).length * 4 - 64);
  const value = Number(size >> BigInt(shift)) * 2 ** ((shift >> 1) - 1074) * 2 ** (shift - (shift >> 1) - 1074);
  return w < 0n ? -value : value;
}

const sumOf = (d: number, term: (k: number) => bigint) => {
  let sum = 0n;
  for (let k = 0; k < d; k++) sum += term(k);
  return sum;
};
const squared = (x: bigint[], z: bigint[]) => rounded(sumOf(x.length, (k) => (x[k]! - z[k]!) ** 2n));
const inner = (x: bigint[], z: bigint[]) => rounded(sumOf(x.length, (k) => x[k]! * z[k]!));
const rowsOf = ({ data, rows, cols }: Matrix) => Array.from({ length: rows }, (_, i) => Array.from(data.subarray(i * cols, (i + 1) * cols), whole));

/** Kernels of length b, their formulas, and what a relative error of 1 of d² is at most to k. */
const distanceKernels = (b: number): [Kernel, (square: number) => number, (square: number) => number][] => [
  [kernels.gaussian({ bandwidth: b }), (s) => Math.exp(-s / b / b / 2), (s) => s / b / b / 2],
  [kernels.laplacian({ bandwidth: b }), (s) => Math.exp(-Math.sqrt(s) / b), (s) => Math.sqrt(s) / b],
  ...[0.3, 1, 1.7].map((gamma): [Kernel, (square: number) => number, (square: number) => number] => [
    kernels.dispersal({ bandwidth: b ** gamma, gamma }), (s) => Math.exp(-(s ** (gamma / 2)) / b ** gamma), (s) => s ** (gamma / 2) / b ** gamma,
  ]),
  [kernels.cauchy({ bandwidth: b }), (s) => 1 / (1 + s / b / b), () => 1],
  [kernels.matern({ bandwidth: b, nu: 0.5 }), (s) => Math.exp(-Math.sqrt(s) / b), (s) => Math.sqrt(s) / b],
  [kernels.matern({ bandwidth: b, nu: 1.5 }), (s) => (1 + Math.sqrt(3 * s) / b) * Math.exp(-Math.sqrt(3 * s) / b), (s) => Math.sqrt(3 * s) / b],
  [
    kernels.matern({ bandwidth: b, nu: 2.5 }),
    (s) => (1 + Math.sqrt(5 * s) / b + ((5 / 3) * s) / b / b) * Math.exp(-Math.sqrt(5 * s) / b), (s) => Math.sqrt(5 * s) / b,
  ],
];

/** Rows of which some are equal, nearly equal and nearly opposite. */
function rows(n: number, d: number, change: (x: number, i: number, k: number) => number = (x) => x): Matrix<Float64Array> {
  const data = numbers(n * d, n + d);
  const row = (i: number) => data.subarray(i * d, (i + 1) * d);
  row(4).set(row(1));
  row(5).set(row(1).map((x, k) => x * (1 + 1e-9 * (k + 1))));
  row(6).set(row(2).map((x) => -x * (1 + 2 ** -40)));
  row(7).set(row(2).map((x) => 1.2 * x + 0.01));
  row(8).fill(0);
  return { data: data.map((x, at) => change(x, Math.floor(at / d), at % d)), rows: n, cols: d };
}

const CASES: [string, Matrix<Float64Array>, number][] = [
  ["plain rows", rows(23, 17), 2],
  ["one column", rows(300, 1), 0.5],
  ["1e150", rows(12, 5, (x) => x * 1e150), 1e150],
  ["1e-150", rows(12, 5, (x) => x * 1e-150), 1e-150],
  ["a short bandwidth", rows(12, 5), 1e-9],
  ["far from the origin", rows(23, 17, (x) => x + 1e6), 2],
  ["far from the origin but for one row", rows(23, 17, (x, i) => (i === 3 ? x : x + 1e6)), 2],
  ["far from the origin in some columns", rows(23, 18, (x, _, k) => (k % 3 ? x : x - 1e8)), 2],
];

for (const [name, X, bandwidth] of CASES) {
  testEach(`kernels of distances, ${name}`, (rt) => {
    const { rows: n, cols: d } = X;
    const exact = rowsOf(X);
    const squares = exact.map((x, i) => exact.slice(0, i).map((z) => squared(x, z)));
    for (const [kernel, k, sensitivity] of distanceKernels(bandwidth)) {
      const { data } = matrix(rt, kernel, X);
      const what = JSON.stringify(kernel);
      for (let i = 0; i < n; i++) {
        assert.equal(data[i * n + i], 1, what);
        for (let j = 0; j < i; j++) {
          const square = squares[i]![j]!;
          assert.equal(data[i * n + j], data[j * n + i]);
          if (square === 0) assert.equal(data[i * n + j], 1, what);
          const expected = k(square);
          const error = Math.abs(data[i * n + j]! - expected);
          const bound = ((8 * d + 160) * sensitivity(square) + 8) * EPS * expected + 1e-320;
          assert.ok(error <= bound, `${what}, rows ${i} and ${j}: ${data[i * n + j]} is not ${expected}, d² = ${square}`);
        }
      }
    }
  });
}

testEach("rows of Z of another kind than X", (rt) => {
  const [n, d] = [9, 6];
  const X = rows(n, d, (x) => 100 + x);
  const Z = rows(n, d, (x, i, k) => ((i + k) % 3 ? 100 + 60 * x : x)); // outside of what can be subtracted exactly
  const exact = [rowsOf(X), rowsOf(Z)];
  for (const [kernel, k, sensitivity] of distanceKernels(30)) {
    const { data } = matrix(rt, kernel, X, Z);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const square = squared(exact[0]![i]!, exact[1]![j]!);
        const expected = k(square);
        assert.ok(Math.abs(data[i * n + j]! - expected) <= ((8 * d + 160) * sensitivity(square) + 8) * EPS * expected, JSON.stringify(kernel));
      }
    }
  }
});

testEach("kernels of distances do not know the unit of length, however large or small", (rt) => {
  const X = rows(23, 17);
  const K = distanceKernels(2).map(([kernel]) => matrix(rt, kernel, X).data);
  for (const unit of [2 ** -600, 2 ** -100, 2 ** 90, 2 ** 600]) {
    const scaled = { ...X, data: X.data.map((x) => x * unit) };
    distanceKernels(2 * unit).forEach(([kernel], i) => {
      if (kernel.kind !== "dispersal") assert.deepEqual(matrix(rt, kernel, scaled).data, K[i]);
    });
  }
});

testEach("bandwidths beyond all squares, and beside kernels of other lengths", (rt) => {
  const X = { data: Float64Array.of(0, 1, 3), rows: 3, cols: 1 };
  const identity = Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1);
  for (const [kernel] of distanceKernels(1e-300)) {
    const own = kernel.kind === "dispersal" ? { ...kernel, bandwidth: 5e-324 } : kernel;
    assert.deepEqual(matrix(rt, own, X).data, identity, kernel.kind);
  }
  const dispersal = kernels.dispersal({ bandwidth: 2, gamma: 1.5 });
  const alone = matrix(rt, dispersal, X).data;
  const both = matrix(rt, kernels.product([kernels.sum([kernels.gaussian({ bandwidth: 1e-40 }), dispersal]), dispersal]), X).data;
  both.forEach((k, e) => {
    const expected = (identity[e]! + alone[e]!) * alone[e]!;
    assert.ok(Math.abs(k - expected) <= 16 * EPS * expected, `${k} is not ${expected}`);
  });
});

testEach("polynomials of inner products", (rt) => {
  const X = rows(23, 17);
  const exact = rowsOf(X);
  const { rows: n, cols: d } = X;
  for (const [degree, scale, offset] of [[1, 1, 0], [2, 0.5, 1], [3, 1 / d, -2], [7, 2, 0.25], [20, 0.1, 1]]) {
    const kernel = kernels.polynomial({ degree, scale, offset });
    const { data } = matrix(rt, kernel, X);
    const own = diagonal(rt, kernel, X);
    for (let i = 0; i < n; i++) {
      assert.equal(data[i * n + i], own[i]);
      for (let j = 0; j <= i; j++) {
        const base = scale * inner(exact[i]!, exact[j]!) + offset;
        const size = scale * Math.sqrt(inner(exact[i]!, exact[i]!) * inner(exact[j]!, exact[j]!)) + Math.abs(offset);
        const bound = degree * (d + 8) * EPS * size ** degree;
        assert.ok(Math.abs(data[i * n + j]! - base ** degree) <= bound, `degree ${degree}: ${data[i * n + j]} is not ${base ** degree}`);
      }
    }
  }
  const { degree, scale, offset } = kernels.polynomial({ degree: 2 });
  assert.deepEqual([degree, scale, offset], [2, 1, 1]);
});

testEach("what no kernel can be made of", (rt) => {
  const X = rows(10, 3);
  const refused = (kernel: unknown, message: RegExp, data = X) => assert.throws(
    () => matrix(rt, kernel as Kernel, data), (error) => (error instanceof OptionError || error instanceof NotFiniteError) && message.test(error.message),
  );
  for (const bandwidth of [0, -1, NaN, Infinity, undefined, "1"]) {
    for (const kind of ["gaussian", "laplacian", "cauchy", "matern", "dispersal"]) {
      refused({ kind, bandwidth, nu: 1.5, gamma: 1 }, /^kernels\.matrix: kernel\.bandwidth is .*, expected a number above 0$/);
    }
  }
  refused({ kind: "dispersal", bandwidth: 1, gamma: 2.1 }, /kernel\.gamma is 2\.1, expected a number above 0 and up to 2$/);
  refused({ kind: "dispersal", bandwidth: 1 }, /kernel\.gamma is undefined/);
  refused({ kind: "matern", bandwidth: 1, nu: 1 }, /kernel\.nu is 1, expected 0\.5, 1\.5 or 2\.5$/);
  refused({ kind: "polynomial", degree: 1.5, scale: 1, offset: 0 }, /kernel\.degree is 1\.5, expected a whole number/);
  refused({ kind: "polynomial", degree: 2, scale: NaN, offset: 0 }, /kernel\.scale is NaN, expected a finite number$/);
  refused(kernels.hinf(), /the square of row 2 of X overflows$/, rows(10, 3, (x, i) => (i === 1 ? x * 1e200 : x)));
  refused(kernels.cauchy({ bandwidth: 1 }), /the square of row 2 of X overflows, in units of the bandwidth$/, rows(10, 3, (x, i) => (i === 1 ? x * 1e200 : x)));
});
