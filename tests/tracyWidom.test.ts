// Airy's function and the Tracy–Widom law: against Painlevé II with 70 digits, published values, and their own integrals.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gaussLegendre } from "../bindings/linalg/gaussLegendre.ts";
import { airyAi } from "../bindings/weights/airy.ts";
import { tracyWidomCdf, tracyWidomPdf, tracyWidomQuantile } from "../bindings/weights/tracyWidom.ts";
import { testEach } from "./harness.ts";

const fixture = JSON.parse(readFileSync(new URL("fixtures/tracy_widom.json", import.meta.url), "utf8")) as {
  airy: [x: number, ai: number][];
  f1: [s: number, cdf: number, pdf: number][];
  mean: number;
  variance: number;
};

const near = (got: number, expected: number, tolerance: number, what: string) =>
  assert.ok(Math.abs(got - expected) <= tolerance, `${what}: ${got}, expected ${expected}`);

test("Ai: absolute error 2e-15, relative 2e-14 right of 0", () => {
  for (const [x, ai] of fixture.airy) near(airyAi(x), ai, Math.min(2e-15, x > 0 ? 2e-14 * ai : 1), `Ai(${x})`);
});

test("Gauss–Legendre with n points is exact for polynomials of degree 2n − 1", () => {
  for (const n of [1, 2, 5, 16, 40]) {
    for (const degree of [0, 1, 2 * n - 2, 2 * n - 1]) {
      const sum = gaussLegendre(n).reduce((total, [x, weight]) => total + weight * x ** degree, 0);
      near(sum, degree % 2 ? 0 : 2 / (degree + 1), 4e-15, `n = ${n}, degree ${degree}`);
    }
  }
});

testEach("F₁ and its density on [−10, 6]: those of Painlevé II", (rt) => {
  for (const [s, cdf, pdf] of fixture.f1) {
    near(tracyWidomCdf(rt, s), cdf, 2e-14, `F₁(${s})`);
    near(tracyWidomPdf(rt, s), pdf, 1e-13, `F₁′(${s})`);
  }
});

testEach("F₁ far out is 0 and 1, and rises", (rt) => {
  assert.equal(tracyWidomCdf(rt, -Infinity), 0);
  assert.equal(tracyWidomCdf(rt, Infinity), 1);
  assert.equal(tracyWidomPdf(rt, 40), 0);
  near(tracyWidomCdf(rt, -11.9), 0, 1e-15, "F₁(−11.9)");
  near(tracyWidomCdf(rt, 12.9), 1, 1e-14, "F₁(12.9)");
  assert.throws(() => tracyWidomCdf(rt, NaN), { code: "ERR_OPTION", message: /s is NaN/ });
});

testEach("quantiles: published ones, and F₁ of them", (rt) => {
  near(tracyWidomQuantile(rt, 0.95), 0.97931605, 5e-9, "95 %");
  near(tracyWidomQuantile(rt, 0.99), 2.02344928, 5e-9, "99 %");
  for (const p of [1e-10, 1e-4, 0.05, 0.5, 0.9, 1 - 1e-6, 1 - 1e-10]) {
    near(tracyWidomCdf(rt, tracyWidomQuantile(rt, p)), p, 2e-14, `F₁ of the quantile of ${p}`);
  }
  for (const p of [0, 1, NaN, -1]) assert.throws(() => tracyWidomQuantile(rt, p), { code: "ERR_OPTION" });
});

testEach("moments: published ones", (rt) => {
  near(fixture.mean, -1.206533574582, 1e-12, "mean of the fixture");
  near(fixture.variance, 1.607781034581, 1e-12, "variance of the fixture");
  // the density decays like a Gaussian to the left: 80 points on [−11, 12] are exact to rounding
  const points = gaussLegendre(80).map(([x, weight]) => ({ s: 11.5 * x + 0.5, mass: 11.5 * weight * tracyWidomPdf(rt, 11.5 * x + 0.5) }));
  const moment = (f: (s: number) => number) => points.reduce((sum, { s, mass }) => sum + mass * f(s), 0);
  near(moment(() => 1), 1, 1e-12, "mass");
  near(moment((s) => s), fixture.mean, 1e-11, "mean");
  near(moment((s) => (s - fixture.mean) ** 2), fixture.variance, 1e-10, "variance");
});
