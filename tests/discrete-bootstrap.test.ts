// The bootstrap of power laws of whole numbers.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createRuntime } from "../bindings/core/create.ts";
import { Aborted } from "../bindings/core/runtime.ts";
import { bootstrap } from "../bindings/weights/bootstrap.ts";
import { powerLaw } from "../bindings/weights/powerLaw.ts";
import { sample } from "../bindings/weights/sample.ts";
import { zetaMeanLog } from "../bindings/weights/special/zeta.ts";

const rt = await createRuntime("discrete bootstrap", { threads: 1, reproducible: true }, 1);
after(() => rt.close());

const law = (n: number, seed: number, alpha = 2.4) => sample(rt, "powerLaw", { alpha }, n, { seed, discrete: true });

test("a power law is not ruled out, an exponential law is", () => {
  const options = { discrete: true, estimateDiscrete: false, replicas: 100 };
  assert.ok(bootstrap(rt, law(1000, 3), options).p! > 0.1);
  const exponential = sample(rt, "exponential", { lambda: 0.1 }, 1000, { seed: 4, discrete: true });
  assert.equal(bootstrap(rt, exponential, { ...options, xmin: 1 }).p, 0);
});

test("p is spread evenly over samples of the law", () => {
  const ps = Array.from({ length: 40 }, (_, seed) => bootstrap(rt, law(150, seed), {
    discrete: true, estimateDiscrete: false, xmin: 1, replicas: 50, seed,
  }).p!);
  const mean = ps.reduce((a, b) => a + b, 0) / ps.length;
  // 1/2 ± 1/√(12·40), and 4 of these
  assert.ok(Math.abs(mean - 0.5) < 0.18, `mean p = ${mean}`);
  assert.ok(ps.some((p) => p < 0.25) && ps.some((p) => p > 0.75));
});

test("the standard error of α is that of its information", () => {
  const data = law(2000, 6);
  const { alpha, xmin } = bootstrap(rt, data, { discrete: true, estimateDiscrete: false, xmin: 1, replicas: 400 });
  const fit = powerLaw(rt, data, { discrete: true, estimateDiscrete: false, xmin: 1 });
  assert.equal(alpha!.estimate, fit.alpha);
  const h = 1e-4;
  const information = (zetaMeanLog(fit.alpha! - h, 1) - zetaMeanLog(fit.alpha! + h, 1)) / (2 * h);
  const expected = 1 / Math.sqrt(data.length * information);
  // the standard deviation of 400 numbers is right to 3.5 %
  assert.ok(Math.abs(alpha!.standardError / expected - 1) < 0.15, `${alpha!.standardError}, expected ${expected}`);
  assert.ok(alpha!.interval[0] < fit.alpha! && fit.alpha! < alpha!.interval[1]);
  assert.deepEqual(xmin, { estimate: 1, standardError: 0, bias: 0, interval: [1, 1] });
});

test("the seed decides; replicas end at xmax, and with a call that is aborted", () => {
  const data = law(300, 8, 1.7);
  const options = { discrete: true, replicas: 20, seed: 5 };
  const once = bootstrap(rt, data, options);
  assert.deepEqual(bootstrap(rt, data, options), once);
  assert.notDeepEqual(bootstrap(rt, data, { ...options, seed: 6 }).Ds, once.Ds);
  assert.ok(bootstrap(rt, data, { ...options, xmax: 100, xmin: 1, replicas: 60 }).p! > 0.01);
  const word = rt.memory.i32(rt.kernels.abort_word(), 1);
  word[0] = 1;
  try {
    assert.throws(() => bootstrap(rt, data, options), Aborted);
    assert.throws(() => sample(rt, "powerLaw", { alpha: 2 }, 10), Aborted);
  } finally {
    word[0] = 0;
  }
});
