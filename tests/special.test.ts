// The special functions of bindings/weights/special against mpmath's, and what must hold between them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { erf, erfc, erfcx, inverseLogErfc, logErfc } from "../bindings/weights/special/erfc.ts";
import { logExpIntegral, logGamma } from "../bindings/weights/special/gamma.ts";
import { findRoot, maximize, maximize2 } from "../bindings/weights/special/optimize.ts";
import { logPowerSum } from "../bindings/weights/special/powerSum.ts";
import { hurwitzZeta, zetaMeanLog } from "../bindings/weights/special/zeta.ts";

/** ln Γ(s, x) */
const logUpperGamma = (s: number, x: number) => s * Math.log(x) + logExpIntegral(1 - s, x);

type Rows = Record<"erfc" | "logGamma" | "expIntegral" | "zeta" | "powerSum", number[][]>;
const rows = JSON.parse(readFileSync(new URL("fixtures/special.json", import.meta.url), "utf8")) as Rows;

/** The worst error over the rows, with the row. */
function worst(table: number[][], error: (row: number[]) => number): { error: number; row: number[] } {
  return table.reduce((most, row) => {
    const e = error(row);
    return e <= most.error ? most : { error: e, row };
  }, { error: 0, row: [] as number[] });
}

function within(table: number[][], bound: number, error: (row: number[]) => number): void {
  const { error: e, row } = worst(table, error);
  assert.ok(e <= bound, `${e} at ${row}`);
}

const relative = (got: number, expected: number) => (got === expected ? 0 : Math.abs(got / expected - 1));
/** Of a logarithm: relative, absolute below 1, which is relative of the function itself. */
const ofLog = (got: number, expected: number) => (got === expected ? 0 : Math.abs(got - expected) / Math.max(1, Math.abs(expected)));

test("erfc, erfcx and their logarithm are mpmath's", () => {
  within(rows.erfc, 2e-15, ([x, scaled]) => relative(erfcx(x!), scaled!));
  within(rows.erfc, 2e-15, ([x, , logarithm]) => ofLog(logErfc(x!), logarithm!));
  within(rows.erfc.filter(([, , , value]) => value! > 1e-300), 2e-15, ([x, , , value]) => relative(erfc(x!), value!));
  within(rows.erfc, 2e-15, ([x]) => Math.abs(erf(x!) + erfc(x!) - 1));
});

test("inverseLogErfc inverts logErfc", () => {
  for (const x of [-5, -2, -0.3, 0, 0.2, 1, 3, 20, 500, 1e6]) {
    const y = logErfc(x);
    // y near ln 2 holds few digits of x
    const condition = 1e-15 * (Math.abs(x) + Math.max(1, Math.abs(y)) * erfcx(x));
    assert.ok(Math.abs(inverseLogErfc(y) - x) <= 20 * condition, `${x}: ${inverseLogErfc(y)}`);
  }
});

test("logGamma is mpmath's", () => {
  within(rows.logGamma, 4e-15, ([x, value]) => ofLog(logGamma(x!), value!));
  // next to its zeros too
  for (const e of [1e-3, 1e-8, -1e-8]) {
    assert.ok(relative(logGamma(1 + e) / (1 + e - 1), logGamma(1 + 2 * e) / (1 + 2 * e - 1)) < 4 * Math.abs(e));
  }
});

test("exponential integrals of any order are mpmath's, and so are incomplete gamma functions", () => {
  within(rows.expIntegral, 2e-14, ([p, x, value]) => ofLog(logExpIntegral(p!, x!), value!));
  within(rows.expIntegral.filter(([p]) => p === 1), 3e-14, ([, x, value]) => ofLog(logUpperGamma(0, x!), value!));
  // Γ(s + 1, x) = s·Γ(s, x) + x^s·e^(−x)
  for (const s of [-3.5, -2, -0.7, 0, 0.4, 2.5]) {
    for (const x of [1e-3, 0.2, 1, 1.6, 9]) {
      const [left, a, b] = [Math.exp(logUpperGamma(s + 1, x)), s * Math.exp(logUpperGamma(s, x)), x ** s * Math.exp(-x)];
      assert.ok(Math.abs(left - a - b) <= 4e-14 * (Math.abs(a) + Math.abs(b)), `s = ${s}, x = ${x}`);
    }
  }
  assert.equal(logExpIntegral(3, 0), -Math.log(2));
  assert.equal(logExpIntegral(1, 0), Infinity);
});

test("Hurwitz's zeta and the mean logarithm are mpmath's", () => {
  within(rows.zeta, 2e-15, ([s, q, value]) => relative(hurwitzZeta(s!, q!), value!));
  within(rows.zeta, 1e-14, ([s, q, , mean]) => relative(zetaMeanLog(s!, q!), mean!));
  assert.ok(relative(hurwitzZeta(2, 1), Math.PI ** 2 / 6) < 4e-16);
  // in units of q, where the powers themselves underflow
  assert.ok(relative(hurwitzZeta(400, 1000, 1000), 1 / (1 - Math.exp(-0.4))) < 1e-2);
});

test("sums of powers with a cutoff are mpmath's, and zeta's without", () => {
  within(rows.powerSum, 6e-14, ([alpha, lambda, q, value]) => ofLog(logPowerSum(alpha!, lambda!, q!), value!));
  for (const [s, q] of [[1.5, 1], [2.5, 3], [4, 100]] as const) {
    assert.ok(Math.abs(logPowerSum(s, 0, q) - Math.log(hurwitzZeta(s, q, q))) < 1e-14);
  }
  // α = 0: a geometric series
  for (const lambda of [0.01, 0.3, 0.6, 5]) {
    assert.ok(Math.abs(logPowerSum(0, lambda, 7) + Math.log(-Math.expm1(-lambda))) < 2e-14);
  }
  // a sum that overflows
  const expected = logGamma(301) - 301 * Math.log(0.01);
  assert.ok(relative(logPowerSum(-300, 0.01, 1) - 0.01, expected) < 1e-12);
});

test("roots and maxima are found to the digits that are promised", () => {
  assert.ok(relative(findRoot((x) => x * x - 2, 0, 2), Math.SQRT2) <= 4e-16);
  assert.ok(relative(findRoot((x) => 1e-9 - Math.exp(-x), 0, 700), 9 * Math.LN10) <= 4e-16);
  assert.ok(Math.abs(findRoot((x) => (x - 1) ** 9, 0, 3) - 1) <= 1e-15);
  assert.equal(findRoot((x) => x + 1, 0, 3), 0, "no change of sign: the nearer end");
  assert.ok(Math.abs(maximize((x) => -((x - 0.3) ** 2), -5, 40) - 0.3) < 1e-8);
  assert.ok(Math.abs(maximize((x) => Math.log(x) - x, 1e-9, 50) - 1) < 1e-7);
  assert.ok(Math.abs(maximize((x) => x, 2, 3) - 3) < 1e-7, "at an end");
  // Rosenbrock's valley
  const [x, y] = maximize2((a, b) => -((1 - a) ** 2) - 100 * (b - a * a) ** 2, [-1.2, 1], [0.5, 0.5]);
  assert.ok(Math.abs(x - 1) < 1e-6 && Math.abs(y - 1) < 1e-6, `${x}, ${y}`);
  const [c] = maximize2((a, b) => (a < 0 ? -Infinity : -a - b * b), [1, 1], [0.1, 0.1]);
  assert.ok(c >= 0 && c < 1e-6, `${c}`);
});
