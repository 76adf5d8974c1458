// The bootstrap of power laws against one in plain TypeScript, known coverage, and itself on other numbers of threads.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createEngine } from "eigenscope";
import { createRuntime } from "../bindings/core/create.ts";
import { bootstrap, type BootstrapResult } from "../bindings/weights/bootstrap.ts";
import { powerLaw, type PowerLawOptions } from "../bindings/weights/powerLaw.ts";
import { sample } from "../bindings/weights/sample.ts";
import { EPS, testEach, uniform } from "./harness.ts";

/** Ten rounds of Philox4x32. */
function philox(counter: number[], key: number[]): number[] {
  let [c0, c1, c2, c3] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
  let [k0, k1] = key.map(BigInt) as [bigint, bigint];
  const low = (x: bigint) => x & 0xffffffffn;
  for (let round = 0; round < 10; round++) {
    const [p, q] = [0xd2511f53n * c0, 0xcd9e8d57n * c2];
    [c0, c1, c2, c3] = [(q >> 32n) ^ c1 ^ k0, low(q), (p >> 32n) ^ c3 ^ k1, low(p)];
    [k0, k1] = [low(k0 + 0x9e3779b9n), low(k1 + 0xbb67ae85n)];
  }
  return [c0, c1, c2, c3].map(Number);
}

/** Two uniforms for value i of replica r. */
function uniforms(i: number, r: number, seed: number, kind: number): [number, number] {
  const [a, b, c, d] = philox([i, r, 0, 0], [seed, kind]) as [number, number, number, number];
  return [((a >>> 5) * 2 ** 26 + (b >>> 6)) / 2 ** 53, ((c >>> 5) * 2 ** 26 + (d >>> 6)) / 2 ** 53];
}

test("the generator here is the published one", () => {
  const hex = (words: number[]) => words.map((w) => w.toString(16).padStart(8, "0")).join(" ");
  assert.equal(hex(philox([0, 0, 0, 0], [0, 0])), "6627e8d5 e169c58d bc57ac4c 9b00dbd8");
});

const pareto = (n: number, seed: number, alpha = 2.5) => {
  const next = uniform(seed);
  return Array.from({ length: n }, () => (1 - next()) ** (-1 / (alpha - 1)));
};

/** Exponential below 2, a power law from there on. */
function mixed(n: number, seed: number): number[] {
  const next = uniform(seed);
  return Array.from({ length: n }, () => (next() < 0.4 ? 2 * next() : 2 * (1 - next()) ** -0.8));
}

testEach("replicas are fits of the samples that the definition gives", (rt) => {
  const data = mixed(150, 1).sort((a, b) => a - b);
  for (const options of [{}, { ks: "twoSided" }, { xmin: 2.5 }, { distance: "Asquare" }, { xmax: 30 }] as PowerLawOptions[]) {
    const { alpha, xmin, D, Ds, p, failed, seed } = bootstrap(rt, data, { replicas: 25, seed: 77, ...options });
    const x = data.filter((v) => v <= (options.xmax ?? Infinity));
    const n = x.length;
    const fit = powerLaw(rt, data, options);
    assert.deepEqual([alpha!.estimate, xmin!.estimate, D, seed, failed], [fit.alpha, fit.xmin, fit.D, 77, 0]);
    const share = options.xmax ? 1 - (options.xmax / fit.xmin!) ** (1 - fit.alpha!) : 1;
    const alphas: number[] = [];
    const xmins: number[] = [];
    for (let r = 0; r < 25; r++) {
      const semi = x.map((_, i) => {
        const [u, v] = uniforms(i, r, 77, 0);
        const drawn = x[Math.floor(u * n)]!;
        return drawn < fit.xmin! ? drawn : fit.xmin! * (1 - v * share) ** (-1 / (fit.alpha! - 1));
      });
      const d = powerLaw(rt, semi, options).D!;
      assert.ok(Math.abs(Ds[r]! - d) < 1e-11 * n * d, `${Ds[r]}, expected ${d}`);
      const again = powerLaw(rt, x.map((_, i) => x[Math.floor(uniforms(i, r, 77, 1)[0] * n)]!), options);
      alphas.push(again.alpha!);
      xmins.push(again.xmin!);
    }
    assert.equal(p, Ds.filter((d) => d >= D!).length / 25);
    for (const [given, values] of [[alpha!, alphas], [xmin!, xmins]] as const) {
      const mean = values.reduce((a, b) => a + b, 0) / 25;
      const deviation = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 24);
      assert.ok(Math.abs(given.bias - (mean - given.estimate)) < 1e3 * EPS * given.estimate);
      assert.ok(Math.abs(given.standardError - deviation) < 1e3 * EPS * given.estimate);
      const sorted = values.sort((a, b) => a - b);
      // the 2.5 % point of 25 numbers is 0.6 of the way from the first to the second
      const lower = sorted[0]! + 0.6 * (sorted[1]! - sorted[0]!);
      assert.ok(Math.abs(given.interval[0] - lower) < 1e3 * EPS * lower, `${given.interval[0]}, expected ${lower}`);
      assert.ok(given.interval[0] <= given.interval[1]);
    }
  }
});

const summary = ({ p, alpha, xmin, Ds }: BootstrapResult) => [p, alpha, xmin, [...Ds]];

test("the bits are those of one thread, for any number of threads, and of one seed", async () => {
  const data = mixed(400, 2);
  const results: unknown[] = [];
  for (const threads of [1, 2, 3]) {
    const rt = await createRuntime("test", { threads }, 1);
    results.push(summary(bootstrap(rt, data, { replicas: 60, seed: 5 })));
    if (threads === 1) assert.notDeepEqual(summary(bootstrap(rt, data, { replicas: 60, seed: 6 })), results[0]);
    rt.close();
  }
  assert.deepEqual(results[1], results[0]);
  assert.deepEqual(results[2], results[0]);
});

test("p is even where the law holds and 0 where it does not; intervals hold α", async () => {
  const rt = await createRuntime("test", { threads: 2 }, 1);
  const ps: number[] = [];
  let held = 0;
  for (let seed = 0; seed < 60; seed++) {
    const { p, alpha } = bootstrap(rt, pareto(300, seed), { replicas: 100, confidence: 0.9 });
    ps.push(p!);
    held += Number(alpha!.interval[0] <= 2.5 && 2.5 <= alpha!.interval[1]);
  }
  const mean = ps.reduce((a, b) => a + b, 0) / ps.length;
  assert.ok(Math.abs(mean - 0.5) < 4 / Math.sqrt(12 * ps.length), `mean p is ${mean}`);
  assert.ok(ps.filter((p) => p < 0.1).length < 14, `${ps}`);
  assert.ok(held >= 42, `${held} of 60 intervals of 90 %`);

  const next = uniform(3);
  const exponential = Array.from({ length: 1000 }, () => 1 - 3 * Math.log(1 - next()));
  assert.ok(bootstrap(rt, exponential, { replicas: 100, xmin: 1 }).p! < 0.02);
  rt.close();
});

testEach("the standard error of α with xmin given is about (α − 1)/√n", (rt) => {
  const { alpha, xmin, failed } = bootstrap(rt, pareto(800, 4), { replicas: 300, xmin: 1 });
  const expected = (alpha!.estimate - 1) / Math.sqrt(800);
  assert.ok(Math.abs(alpha!.standardError / expected - 1) < 0.2, `${alpha!.standardError}, expected ${expected}`);
  assert.deepEqual([xmin!.standardError, xmin!.bias, xmin!.interval, failed], [0, 0, [1, 1], 0]);
});

testEach("ties, few and extreme values", (rt) => {
  for (const data of [[1, 2, 3], [1, 1, 1, 2, 2, 5], [1e-300, 1, 1e300, 1e308], [5e-324, 1e-323, 2e-323, 1], pareto(64, 1).map(Math.round)]) {
    const { p, alpha, Ds, failed, warnings } = bootstrap(rt, data, { replicas: 40 });
    const without = Ds.filter(Number.isNaN).length;
    assert.ok(p === null ? without === 40 : p >= 0 && p <= 1, `${p}`);
    assert.ok(failed >= without && (failed === 0 || warnings.some((line) => line.includes("have no fit"))));
    assert.ok(alpha === null || (alpha.interval[0] > 1 && Number.isFinite(alpha.standardError)));
  }
});

testEach("without a fit there is a reason, and bad input is refused by name", (rt) => {
  const { p, alpha, xmin, D, reason, Ds } = bootstrap(rt, [1, 1, 2]);
  assert.deepEqual([p, alpha, xmin, D, Ds.length], [null, null, null, null, 0]);
  assert.match(reason!, /^2 distinct/);
  const data = pareto(30, 1);
  const cases: [() => unknown, RegExp, string][] = [
    [() => bootstrap(rt, data, { replicas: 0 }), /^weights\.bootstrap: replicas is 0, expected a whole number from 1/, "ERR_OPTION"],
    [() => bootstrap(rt, data, { seed: -1 }), /seed is -1/, "ERR_OPTION"],
    [() => bootstrap(rt, data, { confidence: 95 }), /confidence is 95, expected a number between 0 and 1/, "ERR_OPTION"],
    [() => bootstrap(rt, data.slice(12), { compat: "weightwatcher" }), /needs 20 values or more, data has 18/, "ERR_OPTION"],
    [() => bootstrap(rt, data, { replicas: 1e8 }), /replicas is 100000000, expected a whole number from 1 to 10000000/, "ERR_OPTION"],
    [() => bootstrap(rt, [1, NaN]), /data holds NaN at 2/, "ERR_NOT_FINITE"],
    [() => bootstrap(rt, []), /data is empty/, "ERR_SHAPE"],
  ];
  for (const [call, message, code] of cases) {
    assert.throws(call, (error: Error & { code: string }) => message.test(error.message) && error.code === code, String(message));
  }
});

test("whole numbers: p is even where the law holds and 0 where it does not", async () => {
  const rt = await createRuntime("test", {}, 1);
  const ps: number[] = [];
  for (let seed = 0; seed < 24; seed++) {
    const data = sample(rt, "powerLaw", { alpha: 2.3 }, 150, { seed, xmin: 2, discrete: true });
    const { p, alpha, xmin, D } = bootstrap(rt, data, { replicas: 30, discrete: true, estimateDiscrete: false, seed });
    const fit = powerLaw(rt, data, { discrete: true, estimateDiscrete: false });
    assert.deepEqual([alpha!.estimate, xmin!.estimate, D], [fit.alpha, fit.xmin, fit.D]);
    ps.push(p!);
  }
  const mean = ps.reduce((a, b) => a + b, 0) / ps.length;
  assert.ok(Math.abs(mean - 0.5) < 4 / Math.sqrt(12 * ps.length), `mean p is ${mean}`);
  const next = uniform(8);
  const geometric = Array.from({ length: 600 }, () => 1 + Math.floor(-4 * Math.log(1 - next())));
  const options = { discrete: true, estimateDiscrete: false, xmin: 1, replicas: 40, seed: 3 };
  const result = bootstrap(rt, geometric, options);
  assert.equal(result.p, 0);
  assert.deepEqual(bootstrap(rt, geometric, options), result);
  const bounded = bootstrap(rt, geometric, { ...options, xmax: 20 });
  assert.ok(bounded.alpha!.interval[0] < bounded.alpha!.estimate && bounded.alpha!.estimate < bounded.alpha!.interval[1]);
  rt.close();
});

test("on an engine: progress, and an abort in the middle", async () => {
  const es = await createEngine({ threads: 2 });
  try {
    const data = mixed(500, 3);
    const fractions: number[] = [];
    const { p } = await es.weights.bootstrap(data, { replicas: 200, onProgress: ({ fraction }) => fractions.push(fraction) });
    assert.ok(p! > 0 && p! <= 1);
    assert.equal(fractions.at(-1), 1);
    assert.ok(fractions.every((f, i) => i === 0 || f >= fractions[i - 1]!));
    for (const options of [{}, { discrete: true }]) {
      const controller = new AbortController();
      const call = es.weights.bootstrap(data.map(Math.ceil), { replicas: 1e6, ...options, signal: controller.signal });
      setTimeout(() => controller.abort(new Error("enough")), 60);
      await assert.rejects(call, /enough/);
    }
    const next = uniform(5);
    const controller = new AbortController();
    const scan = es.weights.powerLaw(Float64Array.from({ length: 300_000 }, next), { distance: "Kappa", signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 60);
    await assert.rejects(scan, /enough/);
  } finally {
    await es.close();
  }
});

testEach("errors of xmin at the ends of the number range, and those of a single replica", (rt) => {
  const data = [1, 1.1, 1.2, 1.5, 1.7];
  const plain = bootstrap(rt, data, { replicas: 20 }).xmin!;
  for (const unit of [2 ** 1022, 2 ** -1000]) {
    const scaled = bootstrap(rt, data.map((x) => x * unit), { replicas: 20 }).xmin!;
    assert.deepEqual(scaled, {
      estimate: plain.estimate * unit, standardError: plain.standardError * unit, bias: plain.bias * unit,
      interval: plain.interval.map((x) => x * unit),
    });
  }
  const { p, alpha, xmin } = bootstrap(rt, data, { replicas: 1 });
  assert.ok(p === 0 || p === 1);
  assert.deepEqual([alpha, xmin], [null, null]);
});
