// Power laws of whole numbers: against powerlaw 1.5, against a textbook, and what must hold of them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { createRuntime } from "../bindings/core/create.ts";
import { OptionError } from "../bindings/errors.ts";
import { fitDiscrete } from "../bindings/weights/discrete.ts";
import { powerLaw, type PowerLawOptions } from "../bindings/weights/powerLaw.ts";
import { sample } from "../bindings/weights/sample.ts";
import { hurwitzZeta } from "../bindings/weights/special/zeta.ts";
import { EPS } from "./harness.ts";

interface Run {
  given: number | null;
  xmin: number;
  n: number;
  alpha: number;
  D: number;
  scan?: { xmins: number[]; Ds: number[] };
  exact: { xmin: number; alpha: number; D: number };
}
interface Fixture { samples: { name: string; discrete: boolean; data: number[]; runs: Run[] }[] }
const { samples } = JSON.parse(readFileSync(new URL("fixtures/distributions.json", import.meta.url), "utf8")) as Fixture;
const rt = await createRuntime("discrete", { threads: 1, reproducible: true }, 1);
after(() => rt.close());

/** Of a sum of n numbers that powerlaw adds up in another order. */
const near = (got: number | null, expected: number, tolerance: number) => Math.abs(got! - expected) <= tolerance;

for (const { name, data, runs } of samples.filter(({ discrete }) => discrete)) {
  for (const run of runs) {
    test(`${name} from ${run.given ?? "its best xmin"}: powerlaw 1.5's fit`, () => {
      const xmin = run.given ?? undefined;
      const fit = powerLaw(rt, data, { discrete: true, xmin });
      assert.equal(fit.xmin, run.xmin);
      assert.equal(fit.nTail, run.n);
      assert.ok(near(fit.alpha, run.alpha, 1e-12), `${fit.alpha}, expected ${run.alpha}`);
      assert.ok(near(fit.D, run.D, 1e-12), `${fit.D}, expected ${run.D}`);
      const exact = powerLaw(rt, data, { discrete: true, estimateDiscrete: false, xmin });
      assert.equal(exact.xmin, run.exact.xmin);
      // its optimiser ends within 1e-4
      assert.ok(near(exact.alpha, run.exact.alpha, 1e-4), `${exact.alpha}, expected ${run.exact.alpha}`);
      assert.ok(near(exact.D, run.exact.D, 1e-4), `${exact.D}, expected ${run.exact.D}`);
      if (!run.scan) return;
      const { scan } = powerLaw(rt, data, { discrete: true, scan: true });
      assert.deepEqual([...scan!.xmin], run.scan.xmins);
      run.scan.Ds.forEach((D, k) => {
        // it computes ζ as 1 − (1 − ζ)
        const rounding = (4 * EPS) / hurwitzZeta(scan!.alpha[k]!, scan!.xmin[k]!);
        assert.ok(near(scan!.D[k]!, D, 1e-11 + rounding), `D at ${scan!.xmin[k]}: ${scan!.D[k]}, expected ${D}`);
      });
    });
  }
}

/** ζ(α, q)·q^α, term by term, the rest as an integral to O(α²/N²) of it. */
function zeta(alpha: number, q: number): number {
  const N = 4000;
  let sum = 0;
  for (let k = 0; k < N; k++) sum += (1 + k / q) ** -alpha;
  return sum + (q * (1 + (N - 0.5) / q) ** (1 - alpha)) / (alpha - 1);
}

/** D and the rest from the definitions, one xmin after the other. */
function textbook(data: number[], { ks, distance = "D", xmax = Infinity }: PowerLawOptions) {
  const x = data.filter((t) => t <= xmax).sort((a, b) => a - b);
  const candidates = [...new Set(x)].slice(0, -1);
  const fits = candidates.map((xmin) => {
    const tail = x.filter((t) => t >= xmin);
    const alpha = 1 + tail.length / tail.reduce((sum, t) => sum + Math.log(t / (xmin - 0.5)), 0);
    const all = zeta(alpha, xmin);
    const below = (t: number) => 1 - (zeta(alpha, t) * (t / xmin) ** -alpha) / all;
    const d: number[] = [];
    const P: number[] = [];
    for (const t of new Set(tail)) {
      P.push(below(t));
      d.push(P.at(-1)! - tail.filter((s) => s < t).length / tail.length);
    }
    const sides = ks === "twoSided" ? [...d, ...[...new Set(tail)].map((t) => below(t + 1) - tail.filter((s) => s <= t).length / tail.length)] : d;
    const value = {
      D: Math.max(...sides.map(Math.abs)),
      V: Math.max(...sides) - Math.min(...sides),
      Kappa: 1 + d.reduce((a, b) => a + b, 0) / d.length,
      Asquare: d.slice(1).reduce((sum, t, i) => sum + (t * t) / (P[i + 1]! * (1 - P[i + 1]!) + 1e-12), 0),
    }[distance];
    return { xmin, alpha, D: value, nTail: tail.length };
  });
  return fits.reduce((best, fit) => (fit.D < best.D ? fit : best));
}

const CHOICES: PowerLawOptions[] = [
  {}, { ks: "twoSided" }, { distance: "V" }, { ks: "twoSided", distance: "V" }, { distance: "Kappa" }, { distance: "Asquare" },
];

test("fits are those of the definitions, for every distance", () => {
  for (const seed of [1, 2]) {
    const data = [...sample(rt, "powerLaw", { alpha: 2.2 }, 120, { seed, xmin: 2, discrete: true })].map((x) => Math.min(x, 3000));
    for (const options of CHOICES) {
      const expected = textbook(data, options);
      const fit = powerLaw(rt, data, { ...options, discrete: true });
      assert.equal(fit.xmin, expected.xmin, JSON.stringify(options));
      assert.ok(near(fit.alpha, expected.alpha, 1e-12));
      assert.ok(near(fit.D, expected.D, 1e-6), `${fit.D}, expected ${expected.D}`);
      assert.equal(fit.nTail, expected.nTail);
    }
  }
});

test("the pruned scan finds the first least D of the full one", () => {
  for (const [seed, alpha, xmin] of [[1, 1.6, 1], [2, 2.5, 1], [3, 2.1, 20], [4, 3.2, 1000]] as const) {
    for (const estimateDiscrete of [true, false]) {
      const data = sample(rt, "powerLaw", { alpha }, 1500, { seed, xmin, discrete: true });
      const { scan, ...full } = powerLaw(rt, data, { discrete: true, estimateDiscrete, scan: true });
      assert.deepEqual(powerLaw(rt, data, { discrete: true, estimateDiscrete }), full);
      assert.equal(full.D, Math.min(...scan!.D));
      assert.equal(full.xmin, scan!.xmin[scan!.D.indexOf(full.D!)]);
      const range = powerLaw(rt, data, { discrete: true, estimateDiscrete, xmin: [full.xmin!, full.xmin! + 50] });
      assert.deepEqual(range, full);
    }
  }
});

test("α of a sample is found within its standard error; the exact one without the estimate's bias", () => {
  for (const [alpha, xmin] of [[2.5, 1], [1.7, 3], [3.5, 8]] as const) {
    const data = sample(rt, "powerLaw", { alpha }, 20_000, { seed: 3, xmin, discrete: true });
    const exact = powerLaw(rt, data, { discrete: true, estimateDiscrete: false, xmin });
    assert.ok(Math.abs(exact.alpha! - alpha) < 3.5 * exact.sigma!, `${exact.alpha} ± ${exact.sigma}`);
    const estimate = powerLaw(rt, data, { discrete: true, xmin });
    assert.ok(xmin > 6 ? Math.abs(estimate.alpha! / exact.alpha! - 1) < 0.01 : estimate.alpha !== exact.alpha);
  }
});

test("xmax: the law ends there", () => {
  const all = sample(rt, "powerLaw", { alpha: 1.8 }, 20_000, { seed: 5, xmin: 2, discrete: true });
  const fit = powerLaw(rt, all, { discrete: true, xmin: 2, xmax: 100 });
  assert.ok(Math.abs(fit.alpha! - 1.8) < 0.03, `${fit.alpha}`);
  assert.ok(fit.D! < 0.015);
  assert.equal(fit.nTail, all.length);
  assert.equal(fit.n, all.filter((x) => x <= 100).length);
});

test("what is no sample of whole numbers is refused, or has no fit", () => {
  assert.throws(() => powerLaw(rt, [1, 2, 2.5], { discrete: true }), (e) => e instanceof OptionError && /data holds 2.5/.test(e.message));
  assert.throws(() => powerLaw(rt, [1, 2, 3], { discrete: true, xmin: 1.5 }), (e) => e instanceof OptionError && /xmin is 1.5/.test(e.message));
  assert.throws(() => powerLaw(rt, [1, 2, 3], { discrete: true, compat: "2.x" }), (e) => e instanceof OptionError && /compat "2.x"/.test(e.message));
  assert.throws(() => powerLaw(rt, [1, 2, 3], { discrete: "yes" as never }), (e) => e instanceof OptionError && /discrete is yes/.test(e.message));
  assert.equal(powerLaw(rt, [7, 7, 7, 7], { discrete: true }).alpha, null);
  assert.match(powerLaw(rt, [1, 2, 3, 4], { discrete: true, xmin: 4 }).reason!, /fewer than 2 distinct values/);
  const noise = powerLaw(rt, [1, 2, 3, 4, 9], { discrete: true, sigmaThreshold: 1e-9 });
  assert.ok(noise.noise && noise.alpha !== null);
});

test("whole numbers next to each other far from 0 have the exponential law that they tend to", () => {
  for (const start of [1e6, 1e9, 1e12, 2 ** 53 - 64]) {
    const data = Array.from({ length: 200 }, (_, k) => start + Math.floor(-5 * Math.log(1 - (k + 0.5) / 200)));
    const rate = Math.log1p(200 / data.reduce((sum, x) => sum + (x - start), 0)); // of x^−α ≈ start^−α·e^(−α·(x − start)/start)
    for (const estimateDiscrete of [true, false]) {
      const { alpha } = powerLaw(rt, data, { discrete: true, estimateDiscrete, xmin: start });
      const expected = estimateDiscrete ? start / (1 / Math.expm1(rate) + 0.5) : start * rate;
      assert.ok(Math.abs(alpha! / expected - 1) < 1e-4, `${start}: α ${alpha}, expected ${expected}`);
    }
  }
  for (const estimateDiscrete of [true, false]) {
    assert.ok(powerLaw(rt, [4, 3, 2, 1].map((k) => 2 ** 53 - k), { discrete: true, estimateDiscrete }).alpha! > 1e15);
  }
});

test("a fit looks whether it was aborted in each of its steps, and its progress never falls", () => {
  const data = Float64Array.from({ length: 900 }, (_, k) => k + 5);
  for (const options of [{}, { estimateDiscrete: false }, { xmax: 850 }, { scan: true }, { distance: "V" }] as PowerLawOptions[]) {
    const seen: number[] = [];
    fitDiscrete(data, options, (fraction) => seen.push(fraction));
    assert.ok(seen.every((fraction, k) => fraction >= (seen[k - 1] ?? 0) && fraction < 1), "it rises");
    for (const third of [0, 1]) assert.ok(seen.filter((fraction) => Math.floor(3 * fraction + 1e-9) === third).length > 10, `step ${third + 1}`);
  }
});
