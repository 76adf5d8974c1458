// H∞ in closed form: rational angles exactly known, hard rows against 60 digits (fixtures/make_hinf.py),
// the proved bounds of docs/certificate.md §2, and rows in special positions.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { exact } from "../bindings/hinf/exact.ts";
import { fromRows, matrix } from "../bindings/linalg/matrix.ts";
import { EPS, numbers, testEach } from "./harness.ts";

const U = EPS / 2;
const cases: { name: string; rows: number[][]; h: number[] }[] = JSON.parse(
  readFileSync(new URL("fixtures/hinf.json", import.meta.url), "utf8"),
);

for (const { name, rows, h } of cases) {
  testEach(`hinf.exact: ${name}, errors within the proved bounds`, (rt) => {
    const n = rows.length;
    const d = rows[0]!.length;
    const got = exact(rt, fromRows(rows)).matrix.data;
    const norms = Array.from({ length: n }, (_, i) => Math.sqrt(2 * h[(i * (i + 3)) / 2]!));
    for (let i = 0, e = 0; i < n; i++) {
      for (let j = 0; j <= i; j++, e++) {
        const value = got[i * n + j]!;
        assert.equal(value, got[j * n + i], `(${i}, ${j}) and its mirror image`);
        const error = Math.abs(value - h[e]!);
        const size = norms[i]! * norms[j]!;
        // cos θ/2π·(π − θ) is below 0.4178 for cos θ = 7/8; one rounding in the reference, one unit of underflow
        const near = i !== j && (h[e]! > 0.38 * size || (h[e]! < 0 && rows[i]!.reduce((s, x, k) => s + (x / norms[i]!) * (rows[j]![k]! / norms[j]!), 0) < -0.88));
        const bound = i === j ? 2 * h[e]! : near ? (1.75 * d + 12) * Math.abs(h[e]!) : (0.75 * d + 8) * size;
        const limit = U * (bound + Math.abs(h[e]!)) + Number.MIN_VALUE;
        if (!(error <= limit)) assert.fail(`(${i}, ${j}) is ${value}, exact ${h[e]}: off by ${error}, allowed ${limit}`);
      }
    }
  });
}

testEach("hinf.exact: whole-number rows at 45°, 60°, 90°, 120°, 135°, 180°", (rt) => {
  const rows = [[1, 0, 0], [1, 1, 0], [1, 0, 1], [0, 0, 2], [-1, 0, 1], [-1, 0, 0]];
  const H = exact(rt, rows).matrix;
  const expected = [
    [1 / 2, 3 / 8, 3 / 8, 0, -1 / 8, 0],
    [3 / 8, 1, 1 / 3, 0, -1 / 6, -1 / 8],
    [3 / 8, 1 / 3, 1, 3 / 4, 0, -1 / 8],
    [0, 0, 3 / 4, 2, 3 / 4, 0],
    [-1 / 8, -1 / 6, 0, 3 / 4, 1, 3 / 8],
    [0, -1 / 8, -1 / 8, 0, 3 / 8, 1 / 2],
  ];
  expected.forEach((row, i) => row.forEach((h, j) => {
    const value = H.data[i * 6 + j]!;
    assert.ok(Math.abs(value - h) <= 4 * EPS * Math.abs(h), `(${i}, ${j}) is ${value}, expected ${h}`);
  }));
});

testEach("hinf.exact: names zero rows, positive multiples and opposite rows", (rt) => {
  const x = [3, -1, 0.5, 7];
  const y = [1, 1, 1, 1e-3];
  const scaled = (row: number[], c: number) => row.map((v) => v * c);
  const unit = (row: number[]) => scaled(row, 1 / Math.hypot(...row));
  const rows = [x, y, [0, 0, 0, 0], scaled(x, 1e-140), scaled(x, -1 / 3), unit(x), scaled(y, -1e100), [3, -1, 0.5, 7 + 1e-13], scaled(y, 2)];
  const { parallelRows, oppositeRows, zeroRows } = exact(rt, rows);
  assert.deepEqual(zeroRows, [2]);
  assert.deepEqual(parallelRows, [[0, 3], [0, 5], [1, 8]]);
  assert.deepEqual(oppositeRows, [[0, 4], [4, 5], [1, 6], [6, 8]]);
});

const bits = new Map<boolean, Float64Array>();
testEach("hinf.exact: the same bits from any number of threads", (rt) => {
  const H = exact(rt, matrix(150, 17, numbers(150 * 17, 3))).matrix.data;
  const relaxed = rt.binary.variant.startsWith("relaxed");
  if (!bits.has(relaxed)) bits.set(relaxed, H);
  assert.deepEqual(H, bits.get(relaxed));
});

testEach("hinf.exact: empty shapes, and what overflows", (rt) => {
  assert.deepEqual(exact(rt, matrix(0, 3)).matrix, matrix(0, 0));
  assert.deepEqual(exact(rt, matrix(2, 0)).zeroRows, [0, 1]);
  assert.deepEqual(exact(rt, [[5e-324]]).matrix.data, Float64Array.of(0));
  assert.throws(() => exact(rt, [[1], [1e200]]), { code: "ERR_NOT_FINITE", message: /row 2 of X overflows/ });
  assert.throws(() => exact(rt, [[1, NaN]]), { code: "ERR_NOT_FINITE", message: /row 1, column 2/ });
});

test("the largest rows that do not overflow", async () => {
  const { createRuntime } = await import("../bindings/core/create.ts");
  const rt = await createRuntime("test", { threads: 1 }, 1);
  const H = exact(rt, [[1e154, 0], [1e-154, 1e-154], [-1e154, 1e150]]).matrix.data;
  rt.close();
  assert.ok(Math.abs(H[0]! / 5e307 - 1) < 4 * EPS);
  assert.ok(Math.abs(H[1]! / 0.375 - 1) < 8 * EPS);
  assert.ok(H.every(Number.isFinite));
});
