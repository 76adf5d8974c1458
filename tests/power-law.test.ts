// Power laws against trying every xmin in plain TypeScript, and against the Python packages.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createRuntime } from "../bindings/core/create.ts";
import type { Runtime } from "../bindings/core/runtime.ts";
import { powerLaw, type PowerLawFit, type PowerLawOptions } from "../bindings/weights/powerLaw.ts";
import { EPS, testEach, uniform } from "./harness.ts";

type Fitted = Required<Pick<PowerLawFit, "nTail" | "noise">> & { alpha: number; sigma: number; xmin: number; D: number };

interface Recorded extends Fitted { options: PowerLawOptions }
type Sets<T> = Record<string, { fits: Recorded[] } & T>;
const read = (name: string) => JSON.parse(readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), "utf8"));
const version1: Sets<{ data: number[]; scan?: Record<"xmin" | "alpha" | "sigma" | "D", number[]>; weightwatcher: Fitted }> = read("powerlaw1");
const version2: Sets<unknown> = read("powerlaw2");

const close = (actual: number | null, expected: number, tolerance: number, what: string) =>
  assert.ok(actual !== null && Math.abs(actual - expected) <= tolerance * Math.abs(expected), `${what}: ${actual}, expected ${expected}`);

function same(actual: PowerLawFit, expected: Fitted, tolerance: number, what: string): void {
  close(actual.xmin, expected.xmin, EPS, `${what} xmin`);
  for (const name of ["alpha", "sigma", "D"] as const) close(actual[name], expected[name], tolerance, `${what} ${name}`);
  assert.deepEqual([actual.nTail, actual.noise], [expected.nTail, expected.noise], what);
}

testEach("what powerlaw 1.5, 2.0 and weightwatcher find", (rt) => {
  for (const [name, { data, fits, scan, weightwatcher }] of Object.entries(version1)) {
    for (const { options, ...expected } of fits) {
      // with an xmax powerlaw looks for α numerically, to four digits
      const tolerance = options.xmax ? 1e-4 : 1e-9;
      same(powerLaw(rt, data, options), expected, tolerance, `${name} ${JSON.stringify(options)}`);
    }
    for (const { options, ...expected } of version2[name]!.fits) {
      same(powerLaw(rt, data, { ...options, compat: "2.x" }), expected, 1e-9, `2.x ${name} ${JSON.stringify(options)}`);
    }
    same(powerLaw(rt, data, { compat: "weightwatcher" }), weightwatcher, 1e-9, `weightwatcher ${name}`);
    if (!scan) continue;
    const all = powerLaw(rt, data, { scan: true }).scan!;
    for (const column of ["xmin", "alpha", "sigma", "D"] as const) {
      assert.equal(all[column].length, scan[column].length);
      scan[column].forEach((expected, k) => close(all[column][k]!, expected, 1e-9, `${name} ${column}[${k}]`));
    }
  }
});

testEach("k²/10 for k to 10, in both precisions", (rt) => {
  const squares = Float64Array.from({ length: 10 }, (_, i) => (i + 1) ** 2 / 10);
  const { alpha, xmin, D, nTail, n, sigma } = powerLaw(rt, squares);
  assert.deepEqual([xmin, nTail, n], [3.6, 5, 10]);
  close(alpha, 2.84077517926, 1e-12, "α");
  close(sigma, 0.8232196864, 1e-9, "σ");
  close(D, 0.2532378001, 1e-9, "D");
  // eigenvalues that came through f32, as the published figure did
  close(powerLaw(rt, Float32Array.from(squares)).alpha, 2.840775052, 1e-7, "α from f32");
});

/** Of each distinct value but the greatest: α, and D by the definition. */
function textbook(data: number[], { ks, xmax = Infinity }: PowerLawOptions): { xmin: number; alpha: number; D: number }[] {
  const x = data.filter((t) => t <= xmax).sort((a, b) => a - b);
  const values = [...new Set(x)];
  return values.slice(0, -1).map((xmin) => {
    const tail = x.filter((t) => t >= xmin);
    const alpha = 1 + tail.length / tail.reduce((sum, t) => sum + logRatio(t, xmin), 0);
    const cdf = (u: number) => -Math.expm1((1 - alpha) * logRatio(u, xmin));
    const end = xmax < Infinity ? cdf(xmax) : 1;
    let D = 0;
    for (const u of values.filter((t) => t >= xmin)) {
      const P = cdf(u) / end;
      D = Math.max(D, Math.abs(P - tail.filter((t) => t < u).length / tail.length));
      if (ks === "twoSided") D = Math.max(D, Math.abs(P - tail.filter((t) => t <= u).length / tail.length));
    }
    return { xmin, alpha, D };
  });
}

/** ln(b/a), also where the quotient overflows. */
const logRatio = (b: number, a: number) => (b / a < Infinity ? Math.log1p((b - a) / a) : Math.log(b) - Math.log(a));

/** Samples of many kinds. */
function sample(seed: number): number[] {
  const next = uniform(seed);
  const n = 3 + Math.floor(next() * 80);
  const kinds: (() => number)[] = [
    () => (1 - next()) ** -2,
    () => -Math.log(1 - next()),
    () => Math.ceil(3 * (1 - next()) ** -1.2), // heavy ties
    () => 1 + Math.floor(4 * next()), // four values
    () => 10 ** (600 * next() - 300),
    () => 1 + 1e-9 * next(),
    () => 2 ** Math.floor(20 * next() - 10),
    () => 5e-324 * Math.ceil(1000 * next() ** 4),
    () => 1e308 * next() ** 8 + 1e292,
    () => (next() < 0.5 ? 1e-300 : 1e300) * (1 + next()),
  ];
  const kind = kinds[seed % kinds.length]!;
  return Array.from({ length: n }, kind);
}

testEach("the scan is the textbook's, on samples of every kind", (rt) => {
  for (let seed = 0; seed < 200; seed++) {
    const data = sample(seed);
    for (const options of [{}, { ks: "twoSided" }, { xmax: Math.min(2 * data[0]!, 1.7e308) }] as PowerLawOptions[]) {
      const expected = textbook(data, options);
      const { scan, D, xmin, reason } = powerLaw(rt, data, { ...options, scan: true });
      if (expected.length < 2) {
        assert.match(reason!, /^(1|2|no) distinct/);
        continue;
      }
      assert.deepEqual([...scan!.xmin], expected.map((fit) => fit.xmin));
      // α − 1 from exact gaps on both sides, but for Math.log and the textbook's plain sum
      const n = data.length;
      expected.forEach((fit, k) => {
        close(scan!.alpha[k]! - 1, fit.alpha - 1, 10 * n * EPS + 2 * EPS / (fit.alpha - 1), `${seed} α of ${fit.xmin}`);
        assert.ok(Math.abs(scan!.D[k]! - fit.D) < 40 * n * EPS, `${seed} D of ${fit.xmin}: ${scan!.D[k]}, expected ${fit.D}`);
      });
      assert.equal(D, Math.min(...scan!.D));
      assert.equal(xmin, scan!.xmin[scan!.D.indexOf(D)]);
    }
  }
});

/** The result without the table and the words. */
const bits = ({ alpha, sigma, xmin, D, nTail, noise }: PowerLawFit) => [alpha, sigma, xmin, D, nTail, noise];

testEach("pruning changes no bit", (rt) => {
  const check = (data: number[], options: PowerLawOptions, what: string) =>
    assert.deepEqual(bits(powerLaw(rt, data, options)), bits(powerLaw(rt, data, { ...options, scan: true })), what);
  for (let seed = 0; seed < 600; seed++) {
    const data = sample(seed);
    check(data, {}, `${seed}`);
    check(data, { ks: "twoSided", distance: seed & 1 ? "D" : "V" }, `${seed} two-sided`);
    check(data, { distance: "V" }, `${seed} V`);
    check(data, { xmax: Math.min(3 * data[0]!, 1.7e308), sigmaThreshold: 0.3 }, `${seed} xmax`);
    check(data, { compat: "2.x", alphaRange: [1.5, 2.5] }, `${seed} 2.x`);
    if (data.length >= 20) check(data, { compat: "weightwatcher" }, `${seed} weightwatcher`);
  }
  const next = uniform(9);
  const pareto = Array.from({ length: 4000 }, () => (1 - next()) ** (-1 / 1.5));
  for (const data of [
    pareto,
    pareto.map(() => -Math.log(1 - next())),
    pareto.map((_, i) => ((i + 0.5) / 4000) ** -0.7), // exact quantiles: all distances are 1/n
    pareto.map((x) => Math.round(40 * x)),
    pareto.map((x, i) => (i % 3 ? x : 2)),
  ]) {
    check(data, {}, "large");
    check(data, { ks: "twoSided" }, "large, two-sided");
    check(data, { distance: "V" }, "large, V");
  }
});

testEach("of equal distances the first one counts", (rt) => {
  for (const length of [5, 9, 16]) {
    // of each value there are as many as of all that are greater: two-sided, every candidate is ½ away
    const data = Array.from({ length }, (_, k) => Array<number>(2 ** Math.max(0, length - 2 - k)).fill(2 ** k)).flat();
    const { xmin, D } = powerLaw(rt, data, { ks: "twoSided" });
    assert.deepEqual([xmin, D], [1, 0.5]);
    assert.deepEqual(new Set(powerLaw(rt, data, { ks: "twoSided", scan: true }).scan!.D), new Set([0.5]));
  }
});

test("the bits are those of one thread, for any number of threads", async () => {
  const next = uniform(4);
  const data = Array.from({ length: 9000 }, () => (1 - next()) ** -0.8);
  const results: unknown[] = [];
  for (const threads of [1, 2, 3]) {
    const rt: Runtime = await createRuntime("test", { threads }, 1);
    results.push((["D", "V", "Asquare", "Kappa"] as const).map((distance) => {
      const some = data.slice(distance === "Asquare" || distance === "Kappa" ? 6000 : 0);
      return bits(powerLaw(rt, some, { distance }));
    }));
    rt.close();
  }
  assert.deepEqual(results[1], results[0]);
  assert.deepEqual(results[2], results[0]);
});

testEach("other distances are least where the table says", (rt) => {
  for (let seed = 0; seed < 60; seed++) {
    for (const distance of ["V", "Asquare", "Kappa"] as const) {
      const { scan, D, xmin, reason } = powerLaw(rt, sample(seed), { distance, scan: true });
      if (reason) continue;
      const least = Math.min(...scan!.D);
      assert.equal(D, least);
      assert.equal(xmin, scan!.xmin[scan!.D.indexOf(least)]);
    }
  }
});

testEach("α and D are those of the sample in any unit", (rt) => {
  for (let seed = 0; seed < 20; seed++) {
    const next = uniform(seed);
    const data = Array.from({ length: 300 }, () => (1 - next()) ** -0.6);
    const { alpha, xmin, D, nTail } = powerLaw(rt, data);
    for (const unit of [2 ** -900, 1e-7, 3, 2 ** 800]) {
      const scaled = powerLaw(rt, data.map((x) => x * unit));
      close(scaled.alpha, alpha!, 100 * 300 * EPS, "α");
      close(scaled.D, D!, 100 * 300 * EPS, "D");
      assert.deepEqual([scaled.xmin, scaled.nTail], [xmin! * unit, nTail]);
    }
  }
});

testEach("samples of a power law give its exponent within its standard errors", (rt) => {
  for (const [alpha, seed] of [[1.5, 1], [2, 2], [2.5, 3], [3.5, 4]] as const) {
    const next = uniform(seed);
    const data = Array.from({ length: 20_000 }, () => 0.3 * (1 - next()) ** (-1 / (alpha - 1)));
    const fit = powerLaw(rt, data);
    assert.ok(Math.abs(fit.alpha! - alpha) < 4 * fit.sigma!, `${fit.alpha} ± ${fit.sigma}, drawn with ${alpha}`);
    assert.ok(fit.nTail > 1000 && fit.D! < 1.5 / Math.sqrt(fit.nTail), `${fit.D}`);
  }
});

testEach("what can't be fitted is null with the reason", (rt) => {
  const cases: [number[], PowerLawOptions, RegExp][] = [
    [[1], {}, /^1 distinct positive value, at least 3 are needed/],
    [[2, 2, 2, 5, 5], {}, /^2 distinct/],
    [[0, -1], {}, /^no distinct/],
    [[1, 2, 3], { xmin: 3 }, /fewer than 2 distinct values from xmin = 3 on/],
    [[1, 2, 3], { xmin: 9 }, /fewer than 2 distinct values from xmin = 9 on/],
    [[1, 2, 3, 4], { xmin: [2.5, 3.5] }, /from 2.5 to 3.5/],
    [[1, 2, 3], { compat: "2.x" }, /fewer than 4/],
    [[1, 2, 3, 4], { xmax: 2.5 }, /^2 distinct/],
  ];
  for (const [data, options, reason] of cases) {
    const fit = powerLaw(rt, data, options);
    assert.match(fit.reason!, reason);
    assert.deepEqual([fit.alpha, fit.sigma, fit.xmin, fit.D, fit.nTail], [null, null, null, null, 0]);
  }
});

testEach("few or dropped values come with a warning", (rt) => {
  const { warnings } = powerLaw(rt, [0, -3, 1, 2, 4, 8]);
  assert.match(warnings[0]!, /^2 of 6 values are not positive/);
  assert.match(warnings[1]!, /^nTail is 4: .*about \(α − 1\)\/√nTail = 0\.\d/);
  assert.match(powerLaw(rt, [1, 2, 4, 8], { alphaRange: [50, 60] }).warnings[1]!, /no candidate for xmin meets/);
  const next = uniform(1);
  assert.deepEqual(powerLaw(rt, Array.from({ length: 300 }, () => (1 - next()) ** -1)).warnings, []);
});

testEach("bad input is refused by name", (rt) => {
  const one = [1, 2, 3];
  const cases: [() => unknown, RegExp, string][] = [
    [() => powerLaw(rt, []), /^weights\.powerLaw: data is empty/, "ERR_SHAPE"],
    [() => powerLaw(rt, null as never), /data is null/, "ERR_SHAPE"],
    [() => powerLaw(rt, [1, NaN]), /data holds NaN at 2/, "ERR_NOT_FINITE"],
    [() => powerLaw(rt, [1, 2, "3"] as never), /data holds "3" at 3, which is no number$/, "ERR_NOT_FINITE"],
    [() => powerLaw(rt, [1, Object.create(null)]), /data holds Object at 2, which is no number$/, "ERR_NOT_FINITE"],
    [() => powerLaw(rt, [Infinity]), /data holds Infinity at 1/, "ERR_NOT_FINITE"],
    [() => powerLaw(rt, one, { xmin: 0 }), /xmin is 0/, "ERR_OPTION"],
    [() => powerLaw(rt, one, { xmin: [3, 1] }), /xmin is 3,1, expected a positive number or \[lo, hi\]/, "ERR_OPTION"],
    [() => powerLaw(rt, one, { xmax: NaN }), /xmax is NaN/, "ERR_OPTION"],
    [() => powerLaw(rt, one, { xmin: 2, xmax: 1 }), /xmax is 1, expected more than xmin = 2/, "ERR_OPTION"],
    [() => powerLaw(rt, one, { ks: "both" as never }), /ks is "both", expected "powerlaw" or "twoSided"/, "ERR_OPTION"],
    [() => powerLaw(rt, one, { distance: "E" as never }), /distance is "E"/, "ERR_OPTION"],
    [() => powerLaw(rt, one, { ks: "twoSided", distance: "Kappa" }), /distance is Kappa/, "ERR_OPTION"],
    [() => powerLaw(rt, one, { compat: "3.x" as never }), /compat is "3.x"/, "ERR_OPTION"],
    [() => powerLaw(rt, one, { compat: "2.x", xmax: 2 }), /xmax is 2, it can't be had/, "ERR_OPTION"],
    [() => powerLaw(rt, one, { compat: "weightwatcher", distance: "V" }), /distance can't be had with compat "weightwatcher"/, "ERR_OPTION"],
    [() => powerLaw(rt, one, { sigmaThreshold: -1 }), /sigmaThreshold is -1/, "ERR_OPTION"],
    [() => powerLaw(rt, one, { alphaRange: [2] as never }), /alphaRange is 2/, "ERR_OPTION"],
  ];
  for (const [call, message, code] of cases) {
    assert.throws(call, (error: Error & { code: string }) => message.test(error.message) && error.code === code, String(message));
  }
});

testEach("the scan of a given xmin is its one fit", (rt) => {
  const { alpha, sigma, xmin, D, scan } = powerLaw(rt, [1, 2, 3, 4, 5, 9], { xmin: 2, scan: true });
  assert.deepEqual(Object.values(scan!).map((column) => [...column]), [[xmin], [alpha], [sigma], [D]]);
});

testEach("what is no number is no value", (rt) => {
  for (const bad of [["1", "2", "3"], [1, null, 3], [[1], [2], [3]]]) {
    assert.throws(() => powerLaw(rt, bad as unknown as number[]), { code: "ERR_NOT_FINITE" });
  }
  for (const bad of ["123", { length: -1 }, { length: NaN }]) {
    assert.throws(() => powerLaw(rt, bad as unknown as number[]), { code: "ERR_SHAPE" });
  }
  assert.equal(powerLaw(rt, BigInt64Array.of(1n, 2n, 3n, 4n) as unknown as number[]).alpha, powerLaw(rt, [1, 2, 3, 4]).alpha);
});
