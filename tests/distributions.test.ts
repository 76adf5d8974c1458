// Fits of distributions to tails, their comparisons and samples: against powerlaw 1.5, and what must hold of them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { createRuntime } from "../bindings/core/create.ts";
import { NotFiniteError, OptionError, ShapeError } from "../bindings/errors.ts";
import { compare } from "../bindings/weights/compare.ts";
import { distribution, type DistributionFit, type DistributionName, type DistributionParameters } from "../bindings/weights/distribution.ts";
import { distributionNames, familyOf } from "../bindings/weights/distributions/families.ts";
import { powerLaw } from "../bindings/weights/powerLaw.ts";
import { sample } from "../bindings/weights/sample.ts";

interface Run {
  given: number | null;
  xmin: number;
  n: number;
  alpha: number;
  D: number;
  scan?: { xmins: number[]; Ds: number[] };
  exact?: { xmin: number; alpha: number; D: number };
  fits: Record<DistributionName, { parameters: DistributionParameters; logLikelihood: number; D: number }>;
  comparisons: { a: DistributionName; b: DistributionName; R: number; p: number; normalized: number | null }[];
}
interface Fixture {
  samples: { name: string; discrete: boolean; data: number[]; runs: Run[] }[];
  generated: Record<DistributionName, number[]>;
}
const { samples, generated } = JSON.parse(readFileSync(new URL("fixtures/distributions.json", import.meta.url), "utf8")) as Fixture;
const rt = await createRuntime("distributions", { threads: 1, reproducible: true }, 1);
after(() => rt.close());

const close = (got: number, expected: number, tolerance: number, what: string) => {
  assert.ok(Math.abs(got - expected) <= tolerance * Math.max(1, Math.abs(expected)), `${what}: ${got}, expected ${expected}`);
};
const runs = samples.flatMap(({ runs: some, ...one }) => some.map((run) => ({ ...one, run, label: `${one.name} from ${run.given ?? "its best xmin"}` })));

/** Whether powerlaw's optimiser came to the maximum that is found here, so that parameters can be compared. */
function sameMaximum(fit: DistributionFit, expected: Run["fits"][DistributionName]): boolean {
  return !fit.limit && fit.logLikelihood - expected.logLikelihood < 1e-6;
}

for (const { label, data, discrete, run } of runs) {
  const { xmin } = run;
  test(`${label}: every family is fitted at least as well as by powerlaw 1.5, to the same parameters`, () => {
    let same = 0;
    for (const name of distributionNames) {
      const fit = distribution(rt, data, name, { xmin, discrete });
      const expected = run.fits[name];
      assert.equal(fit.nTail, run.n);
      const slack = 1e-12 * Math.abs(expected.logLikelihood);
      assert.ok(fit.logLikelihood >= expected.logLikelihood - slack, `${name}: ${fit.logLikelihood}, powerlaw ${expected.logLikelihood}`);
      if (name === "powerLaw" && !discrete) {
        close(fit.parameters.alpha!, run.alpha, 1e-12, "α");
        close(fit.D, run.D, 1e-11, "D");
      } else if (sameMaximum(fit, expected)) {
        same++;
        for (const [key, value] of Object.entries(expected.parameters)) close(fit.parameters[key]!, value, 1e-3, `${name}: ${key}`);
        if (!discrete) close(fit.D, expected.D, 1e-3, `${name}: D`);
      }
    }
    assert.ok(same >= 2, `${same} families with the same maximum`);
  });

  test(`${label}: comparisons are those of powerlaw 1.5`, () => {
    let same = 0;
    for (const { a, b, R, p, normalized } of run.comparisons) {
      const options = { xmin, discrete, compat: "1.x" } as const;
      // where one of the two is not at its maximum there, R is another
      const [first, second] = [a, b].map((name) => distribution(rt, data, name, options));
      const apart = [first!.logLikelihood - run.fits[a].logLikelihood, second!.logLikelihood - run.fits[b].logLikelihood];
      if (apart.some((difference) => Math.abs(difference) > 1e-5)) continue;
      same++;
      const ours = compare(rt, data, a, b, options);
      close(ours.R, R, 3e-5, `R of ${a} and ${b}`);
      close(ours.p, p, 3e-3, `p of ${a} and ${b}`);
      if (normalized !== null) close(compare(rt, data, a, b, { ...options, normalized: true }).R, normalized, 1e-2, `normalised R of ${a} and ${b}`);
      assert.deepEqual(ours.parameters, [first!.parameters, second!.parameters]);
    }
    assert.ok(same >= 6, `${same} comparisons with the same maxima`);
  });
}

const LAWS: [DistributionName, DistributionParameters, number][] = [
  ["powerLaw", { alpha: 2.4 }, 3], ["truncatedPowerLaw", { alpha: 1.7, lambda: 0.05 }, 2], ["truncatedPowerLaw", { alpha: -0.5, lambda: 0.3 }, 1],
  ["lognormal", { mu: 0.4, sigma: 1.3 }, 2], ["lognormal", { mu: 2.5, sigma: 0.6 }, 1], ["lognormal", { mu: -6, sigma: 2 }, 4],
  ["lognormalPositive", { mu: 1, sigma: 1 }, 1], ["exponential", { lambda: 0.2 }, 5], ["stretchedExponential", { lambda: 0.4, beta: 0.6 }, 1],
  ["stretchedExponential", { lambda: 0.2, beta: 2.5 }, 2],
];

for (const discrete of [false, true]) {
  for (const [name, parameters, xmin] of LAWS) {
    const label = `${discrete ? "discrete " : ""}${name} ${JSON.stringify(parameters)}`;

    test(`${label}: density, distribution function and quantile belong together`, () => {
      const law = familyOf(name, discrete).law(parameters, xmin);
      assert.ok(Math.abs(law.logCcdf(xmin)) < 1e-14);
      for (let k = 0; k < 40; k++) {
        const x = discrete ? xmin + k : xmin * 1.12 ** k;
        const S = Math.exp(law.logCcdf(x));
        if (S < 1e-12) break;
        // P(x ≤ X < next): one value, or Simpson's rule
        const next = discrete ? x + 1 : x * (1 + 2e-4);
        const share = discrete ? Math.exp(law.logDensity(x))
          : ((next - x) / 6) * [1, 4, 1].reduce((sum, w, i) => sum + w * Math.exp(law.logDensity(x + (i * (next - x)) / 2)), 0);
        close(1 - Math.exp(law.logCcdf(next) - law.logCcdf(x)), share / S, 1e-10, `P at ${x}`);
        const e = -law.logCcdf(x);
        if (!discrete) assert.ok(Math.abs(law.quantile(e) / x - 1) < 1e-10, `quantile at ${x}: ${law.quantile(e)}`);
        else if (k > 0) assert.deepEqual([law.quantile(e + 1e-9), law.quantile(e - 1e-9)], [x, x - 1]);
      }
    });

    test(`${label}: a sample is fitted within its standard error, and no family better by chance alone`, () => {
      const n = 4000;
      const data = sample(rt, name, parameters, n, { seed: 7, xmin, discrete });
      assert.ok(data.every((x) => x >= xmin && (!discrete || Number.isInteger(x))));
      const fit = distribution(rt, data, name, { xmin, discrete });
      const law = familyOf(name, discrete).law(parameters, xmin);
      const truth = data.reduce((sum, x) => sum + law.logDensity(x), 0);
      // 2·(ln L̂ − ln L) is χ² of as many degrees as there are parameters: 14 is beyond 99.9 %
      assert.ok(fit.logLikelihood >= truth - 1e-9 * Math.abs(truth), `${fit.logLikelihood} < ${truth}`);
      assert.ok(2 * (fit.logLikelihood - truth) < 14, `${2 * (fit.logLikelihood - truth)}`);
      assert.ok(fit.D < 1.95 / Math.sqrt(n), `D = ${fit.D}`);
      // a maximum: no neighbour is better
      for (const key of Object.keys(fit.parameters)) {
        for (const factor of [0.999, 1.001]) {
          const near = { ...fit.parameters, [key]: fit.parameters[key]! * factor };
          if (!familyOf(name, discrete).isValid(near)) continue;
          const other = familyOf(name, discrete).law(near, xmin);
          assert.ok(data.reduce((sum, x) => sum + other.logDensity(x), 0) <= fit.logLikelihood + 1e-9 * Math.abs(truth), `${key} · ${factor}`);
        }
      }
    });
  }
}

test("samples are the numbers of powerlaw's generate_random", () => {
  const parameters = { powerLaw: { alpha: 2.5 }, exponential: { lambda: 0.7 }, stretchedExponential: { lambda: 0.7, beta: 0.6 } };
  // one stream, five numbers for each in turn
  Object.entries(parameters).forEach(([name, p], k) => {
    const ours = sample(rt, name as DistributionName, p, 5 * (k + 1), { seed: 3, xmin: 2 }).slice(-5);
    generated[name as DistributionName].forEach((x, i) => close(ours[i]!, x, 1e-12, `${name} ${i}`));
  });
});

test("where a family fits best at its limit, the power law, it says so and reaches its likelihood", () => {
  // heavier than any power law: ln x is a mixture of two exponentials
  const data = Float64Array.from({ length: 2000 }, (_, i) => {
    const u = (Math.floor(i / 2) + 0.5) / 1000;
    return (1 - u) ** (i % 2 ? -0.3 : -1.2);
  });
  const pure = distribution(rt, data, "powerLaw", { xmin: 1 });
  for (const name of ["truncatedPowerLaw", "lognormal", "stretchedExponential"] as const) {
    const fit = distribution(rt, data, name, { xmin: 1 });
    assert.equal(fit.limit, "powerLaw", name);
    close(fit.logLikelihood, pure.logLikelihood, 1e-14, name);
    close(fit.D, pure.D, 1e-14, name);
    const { R, p } = compare(rt, data, "powerLaw", name, { xmin: 1 });
    assert.deepEqual({ R, p }, { R: 0, p: 1 }, name);
  }
  // of whole numbers the limit is the rounded power law, of both families
  const whole = data.map((x) => Math.round(20 * x));
  const [one, other] = (["lognormal", "stretchedExponential"] as const).map((name) => distribution(rt, whole, name, { xmin: 20, discrete: true }));
  assert.deepEqual([one!.limit, other!.limit], ["powerLaw", "powerLaw"]);
  assert.equal(one!.logLikelihood, other!.logLikelihood);
});

const NESTED: [DistributionName, DistributionName][] = [
  ["powerLaw", "truncatedPowerLaw"], ["exponential", "truncatedPowerLaw"], ["exponential", "stretchedExponential"],
  ["lognormalPositive", "lognormal"],
];

test("a special case is never better than its family; the order of two only turns the sign", () => {
  for (const { data, discrete, run: { xmin } } of runs) {
    for (const [a, b] of NESTED) {
      const { R, p, nested } = compare(rt, data, a, b, { xmin, discrete });
      assert.ok(nested);
      assert.ok(R <= 1e-6 && p >= 0 && p <= 1, `${a}, ${b}: ${R}`);
      const turned = compare(rt, data, b, a, { xmin, discrete });
      close(turned.R, -R, 1e-9, "R");
      close(turned.p, p, 1e-9, "p");
    }
  }
});

test("compare: nested false is kept, and xmin is the power law's unless given", () => {
  const { data } = samples[0]!;
  const nested = compare(rt, data, "powerLaw", "truncatedPowerLaw");
  const vuong = compare(rt, data, "powerLaw", "truncatedPowerLaw", { nested: false });
  assert.equal(nested.R, vuong.R);
  assert.notEqual(nested.p, vuong.p);
  assert.equal(nested.xmin, powerLaw(rt, data).xmin);
  assert.deepEqual(compare(rt, data, "exponential", "exponential"), {
    ...compare(rt, data, "exponential", "exponential"), R: 0, p: 1,
  });
});

test("scaling the data scales λ and μ and changes no comparison", () => {
  const { data } = samples[1]!;
  const scaled = data.map((x) => 1024 * x);
  for (const name of distributionNames.filter((one) => one !== "lognormalPositive")) {
    const [one, other] = [distribution(rt, data, name, { xmin: 0.5 }), distribution(rt, scaled, name, { xmin: 512 })];
    const expected = Object.fromEntries(Object.entries(one.parameters).map(([key, value]) => [
      key, key === "lambda" ? value / 1024 : key === "mu" ? value + Math.log(1024) : value,
    ]));
    for (const [key, value] of Object.entries(expected)) close(other.parameters[key]! / value, 1, 1e-6, `${name}: ${key}`);
    close(other.D, one.D, 1e-6, "D");
  }
});

test("what can't be fitted is refused by name", () => {
  const good = [1, 2, 3, 4, 5];
  const refused = (body: () => unknown, type: typeof OptionError | typeof ShapeError | typeof NotFiniteError, words: RegExp) => {
    assert.throws(body, (error) => error instanceof type && words.test(error.message), String(words));
  };
  refused(() => distribution(rt, good, "normal" as never), OptionError, /name is normal/);
  refused(() => distribution(rt, [], "powerLaw"), ShapeError, /empty/);
  refused(() => distribution(rt, [1, NaN], "powerLaw"), NotFiniteError, /holds NaN at 2/);
  refused(() => distribution(rt, good, "powerLaw", { xmin: 5 }), OptionError, /1 distinct value from xmin = 5/);
  refused(() => distribution(rt, good, "powerLaw", { xmin: 6 }), OptionError, /no value from xmin = 6/);
  refused(() => distribution(rt, [2, 2, 2], "powerLaw"), OptionError, /expected xmin/);
  refused(() => distribution(rt, good, "powerLaw", { xmin: -1 }), OptionError, /xmin is -1/);
  refused(() => distribution(rt, [1, 2.5, 3], "exponential", { xmin: 1, discrete: true }), OptionError, /data holds 2.5/);
  refused(() => distribution(rt, good, "powerLaw", { xmin: 1, compat: "3" as never }), OptionError, /compat is 3/);
  refused(() => distribution(rt, [1e-300, 1e300], "powerLaw", { xmin: 1e-300 }), OptionError, /1e\+300/);
  refused(() => compare(rt, good, "powerLaw", "exponential", { nested: 1 as never }), OptionError, /nested is 1/);
  refused(() => sample(rt, "powerLaw", { alpha: 1 }, 3), OptionError, /needs \{ alpha \} above 1/);
  refused(() => sample(rt, "truncatedPowerLaw", { alpha: 2 }, 3), OptionError, /lambda/);
  refused(() => sample(rt, "truncatedPowerLaw", { alpha: -1e9, lambda: 1 }, 3, { discrete: true }), OptionError, /from -1000 on/);
  refused(() => sample(rt, "powerLaw", { alpha: 2 }, -1), OptionError, /n is -1/);
});

test("samples at the edges of the number range are fitted without hanging", () => {
  const odd = [
    [1, 1 + 1e-15], [1e-140, 1e140], [1, 2], [1e9, 1e9 + 1], [5, 5, 5, 5, 6], Array.from({ length: 50 }, (_, i) => 1 + 1e-9 * i),
    Array.from({ length: 30 }, (_, i) => 10 ** i), Array.from({ length: 40 }, (_, i) => 1e6 + i), [1, 1, 1, 1, 1, 1, 1, 2 ** 52],
  ];
  for (const data of odd) {
    const discrete = data.every(Number.isSafeInteger);
    for (const name of distributionNames) {
      for (const kind of discrete ? [false, true] : [false]) {
        for (const xmin of [data[0]!, Math.max(1e-300, kind ? Math.ceil(data[0]! / 3) : data[0]! / 3)]) {
          const { parameters, logLikelihood } = distribution(rt, data, name, { xmin, discrete: kind });
          assert.ok(Object.values(parameters).every(Number.isFinite), `${name} of ${data.slice(0, 3)} from ${xmin}: ${JSON.stringify(parameters)}`);
          assert.ok(!Number.isNaN(logLikelihood), `${name} of ${data.slice(0, 3)} from ${xmin}: ${logLikelihood} at ${JSON.stringify(parameters)}`);
        }
      }
    }
  }
});

test("extreme parameters are sampled without hanging", () => {
  const laws: [DistributionName, DistributionParameters][] = [
    ["powerLaw", { alpha: 1.01 }], ["powerLaw", { alpha: 1e6 }], ["truncatedPowerLaw", { alpha: -1000, lambda: 1e-3 }],
    ["truncatedPowerLaw", { alpha: 1e5, lambda: 1e-9 }], ["truncatedPowerLaw", { alpha: 1.001, lambda: 0 }], ["truncatedPowerLaw", { alpha: 0.5, lambda: 1e-12 }],
    ["lognormal", { mu: -1e10, sigma: 1e5 }], ["lognormal", { mu: 30, sigma: 1e-3 }], ["exponential", { lambda: 1e-9 }],
    ["exponential", { lambda: 1e9 }], ["stretchedExponential", { lambda: 1e250, beta: 0.01 }], ["stretchedExponential", { lambda: 1e-3, beta: 40 }],
  ];
  for (const [name, parameters] of laws) {
    for (const discrete of [false, true]) {
      for (const xmin of [1, 1000]) {
        const data = sample(rt, name, parameters, 50, { xmin, discrete });
        assert.ok(data.every((x) => x >= xmin), `${name} ${JSON.stringify(parameters)} ${discrete} from ${xmin}: ${data.find((x) => !(x >= xmin))}`);
      }
    }
  }
});

test("tails that have no parameters in f64 are refused", () => {
  assert.throws(() => distribution(rt, [5e-324, 1e-323, 1e-320], "exponential", { xmin: 5e-324 }), /xmin is 5e-324, .*scale the data/);
  assert.throws(() => distribution(rt, [1e305, 2e305, 5e305], "powerLaw", { xmin: 1e305 }), /scale the data/);
  assert.throws(() => compare(rt, [2 ** 53 - 2, 2 ** 53 - 1], "powerLaw", "exponential", { xmin: 2 ** 53 - 2, discrete: true }), /more than/);
  assert.throws(() => sample(rt, "powerLaw", { alpha: "2" as unknown as number }, 5), /needs \{ alpha \}/);
});
