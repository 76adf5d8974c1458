// Trace estimators against matrices whose trace and variance are known.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createCore, type Core, type Matrix, type SymmetricOperator } from "eigenscope/core";
import { EPS } from "./harness.ts";

const la: Core = await createCore();

/** diag(d) turned by a Hadamard matrix: dense, with the trace and norms of d. n is a power of two. */
function turned(d: (i: number) => number, n: number): SymmetricOperator & { trace: number } {
  const transform = (data: Float64Array, cols: number) => {
    for (let h = 1; h < n; h *= 2) {
      for (let i = 0; i < n; i++) {
        if (i & h) continue;
        for (let j = 0; j < cols; j++) {
          const [x, y] = [data[i * cols + j]!, data[(i + h) * cols + j]!];
          data[i * cols + j] = (x + y) / Math.SQRT2;
          data[(i + h) * cols + j] = (x - y) / Math.SQRT2;
        }
      }
    }
    return data;
  };
  const apply = ({ data, rows, cols }: Matrix<Float64Array>) => {
    const y = transform(data, cols).map((x, e) => x * d(Math.floor(e / cols)));
    return { data: transform(y, cols), rows, cols };
  };
  return { n, apply, trace: Array.from({ length: n }, (_, i) => d(i)).reduce((a, b) => a + b, 0) };
}

const flat = turned((i) => 1 + (i % 2), 256);
const falling = turned((i) => 1 / (i + 1) ** 2, 256);
const indefinite = turned((i) => Math.cos(i), 128);

for (const method of ["hutchinson", "hutch++"] as const) {
  test(`${method}: the error is what its standard error says, over many seeds`, () => {
    for (const operator of [flat, falling, indefinite]) {
      const scores = Array.from({ length: 60 }, (_, seed) => {
        const { trace, standardError } = la.trace(operator, { method, products: 60, seed });
        return (trace - operator.trace) / standardError;
      });
      const mean = scores.reduce((a, b) => a + b, 0) / scores.length;
      const within = scores.filter((z) => Math.abs(z) < 2).length / scores.length;
      assert.ok(Math.abs(mean) < 0.6, `bias of ${mean} standard errors`);
      assert.ok(within > 0.8, `${within} within two standard errors`);
    }
  });
}

test("Hutch++ is the better one where the spectrum falls off", () => {
  const error = (method: "hutchinson" | "hutch++") => Math.abs(la.trace(falling, { method, products: 90 }).trace - falling.trace);
  assert.ok(error("hutch++") < 0.1 * error("hutchinson"), `${error("hutch++")} ${error("hutchinson")}`);
});

test("the trace is exact where the sketch spans everything, for multiples of I, and of a matrix given as such", () => {
  const small = turned((i) => i - 2.5, 8);
  const { trace, standardError, info } = la.trace(small, { products: 24 });
  assert.ok(Math.abs(trace - small.trace) < 100 * EPS * 20, `${trace}`);
  assert.equal(standardError, 0);
  assert.deepEqual(info, { converged: true, method: "hutch++", products: 16 });
  const three = { n: 50, apply: ({ data, rows, cols }: Matrix<Float64Array>) => ({ data: data.map((x) => 3 * x), rows, cols }) };
  const result = la.trace(three, { method: "hutchinson", products: 12 });
  assert.ok(Math.abs(result.trace - 150) < 1e-11 && result.standardError < 1e-11, `${result.trace} ± ${result.standardError}`);
  assert.deepEqual(la.trace([[1, 9], [2, 4]]), { trace: 5, standardError: 0, info: { converged: true, method: "diagonal", products: 0 } });
  assert.equal(la.trace({ n: 1, apply: () => [[7, 7, 7]] }, { method: "hutchinson", products: 3 }).info.products, 3);
});

test("the same seed gives the same bits, another one others", () => {
  const once = (seed: number) => la.trace(flat, { method: "hutchinson", products: 5, seed }).trace;
  assert.equal(once(1), once(1));
  assert.notEqual(once(1), once(2));
});

test("bad input is refused by name", () => {
  const cases: [() => unknown, RegExp, string][] = [
    [() => la.trace(flat, { products: 5 }), /products is 5, expected a whole number from 6 on/, "ERR_OPTION"],
    [() => la.trace(flat, { method: "exact" as never }), /method is exact/, "ERR_OPTION"],
    [() => la.trace(flat, { seed: -1 }), /seed is -1/, "ERR_OPTION"],
    [() => la.trace([[1, 2]]), /A is 1×2, it must be square/, "ERR_SHAPE"],
    [() => la.trace([[1, 0], [0, NaN]]), /NaN at row 2, column 2/, "ERR_NOT_FINITE"],
    [() => la.trace({ n: 4, apply: () => [[1]] }), /apply gave a 1×1 matrix, expected 4×4/, "ERR_SHAPE"],
    [() => la.trace({ rows: 4, cols: 4, apply: (V: unknown) => V } as never), /has no n/, "ERR_SHAPE"],
  ];
  for (const [call, message, code] of cases) {
    assert.throws(call, (error: Error & { code: string }) => message.test(error.message) && error.code === code, String(message));
  }
});
