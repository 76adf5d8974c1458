// Noise and spikes of a spectrum: on Gaussian matrices with and without spikes, whose σ² and number of spikes are known.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Runtime } from "../bindings/core/runtime.ts";
import { gaussLegendre } from "../bindings/linalg/gaussLegendre.ts";
import { svdvals } from "../bindings/linalg/svd.ts";
import { randomState, type BulkRandom } from "../bindings/random/randomState.ts";
import { marchenkoPastur, type MarchenkoPasturOptions } from "../bindings/weights/marchenkoPastur.ts";
import { marchenkoPasturCdf, marchenkoPasturMedian, marchenkoPasturPdf } from "../bindings/weights/marchenkoPasturLaw.ts";
import { EPS, testEach } from "./harness.ts";

const near = (got: number, expected: number, tolerance: number, what: string) =>
  assert.ok(Math.abs(got - expected) <= tolerance, `${what}: ${got}, expected ${expected} ± ${tolerance}`);

/** Squared singular values, which are those of "none". */
const squares = (rt: Runtime, data: Float64Array, rows: number, cols: number) =>
  svdvals(rt, { data, rows, cols }).map((s) => s * s);

/** Adds Σ height·√N·u·vᵀ with u and v of one constant part each, which makes them orthogonal. */
function plant(data: Float64Array, rows: number, cols: number, heights: number[], sigma = 1): Float64Array {
  const scale = sigma * Math.sqrt(Math.max(rows, cols));
  const [r, c] = [Math.floor(rows / heights.length), Math.floor(cols / heights.length)];
  heights.forEach((height, k) => {
    for (let i = 0; i < r; i++) {
      for (let j = 0; j < c; j++) data[(k * r + i) * cols + k * c + j]! += (height * scale) / Math.sqrt(r * c);
    }
  });
  return data;
}

const noiseOf = (random: BulkRandom, n: number, sigma = 1) => random.randn(n).map((x) => sigma * x);

test("the law: its distribution is the integral of its density, from 0 to 1, for narrow and for square shapes", () => {
  const points = gaussLegendre(40);
  for (const q of [1e-8, 1e-4, 0.01, 0.3, 0.9, 1]) {
    const edges = { lower: 2 * (1 - Math.sqrt(q)) ** 2, upper: 2 * (1 + Math.sqrt(q)) ** 2 };
    const { lower, upper } = edges;
    const tolerance = (32 * EPS) / Math.sqrt(q) + 1e-13;
    // x = lower + width·sin²(t/2) takes the roots at both edges away
    const at = (t: number) => lower + (upper - lower) * Math.sin(t / 2) ** 2;
    for (const end of [0.3, 1, 2, 3, Math.PI]) {
      const integral = points.reduce((sum, [node, weight]) => {
        const t = (end * (node + 1)) / 2;
        return sum + ((end * weight) / 2) * marchenkoPasturPdf(at(t), edges) * ((upper - lower) / 2) * Math.sin(t);
      }, 0);
      near(marchenkoPasturCdf(at(end), edges), integral, q >= 0.9 && q < 1 ? 1e-6 : tolerance, `q = ${q}, F(${at(end)})`);
    }
    assert.equal(marchenkoPasturCdf(lower - 1e-9, edges), 0);
    assert.equal(marchenkoPasturCdf(upper, edges), 1);
    near(marchenkoPasturCdf(marchenkoPasturMedian(edges), edges), 0.5, tolerance, "the median");
  }
});

/** False spikes of pure noise, and (σ̂² − σ²) in standard errors, over many matrices. */
function study(rt: Runtime, rows: number, cols: number, count: number, level: number, random: BulkRandom) {
  let spiked = 0;
  let sum = 0;
  let sumOfSquares = 0;
  for (let i = 0; i < count; i++) {
    const values = squares(rt, noiseOf(random, rows * cols, 0.3), rows, cols);
    const fit = marchenkoPastur(rt, values, { rows, cols, normalize: "none", level });
    if (fit.spikes > 0) spiked++;
    // the standard error scales with the estimate
    const z = ((fit.sigma2 - 0.09) * (fit.sigma2 / 0.09)) / fit.standardError;
    sum += z;
    sumOfSquares += z * z;
  }
  return { spiked, mean: sum / count, deviation: Math.sqrt(sumOfSquares / count) };
}

testEach("pure noise of many shapes: σ² within its standard error, spikes as often as the level says", (rt) => {
  const level = 0.05;
  const random = randomState(rt, 6);
  const shapes: [rows: number, cols: number, count: number][] = [
    [1, 40, 20], [2, 2, 30], [8, 8, 60], [20, 5, 60], [3, 60, 40], [24, 24, 40], [60, 20, 30], [40, 160, 10],
  ];
  let spiked = 0;
  let total = 0;
  for (const [rows, cols, count] of shapes) {
    const { spiked: some, mean, deviation } = study(rt, rows, cols, count, level, random);
    // a false spike takes two standard errors at most: 0.1 in the mean
    near(mean, 0, 0.1 + 4 / Math.sqrt(count), `${rows}×${cols}: mean of z`);
    near(deviation, 1, 0.1 + 4 / Math.sqrt(2 * count), `${rows}×${cols}: deviation of z`);
    if (Math.min(rows, cols) < 5) continue;
    spiked += some;
    total += count;
  }
  // measured with 2000 matrices a shape: 0.040 to 0.047
  near(spiked, level * total, 4 * Math.sqrt(level * (1 - level) * total), "false spikes");
});

testEach("small shapes: the level holds where σ² is hardly known, by the corrections of Ma and of Nadler", (rt) => {
  const random = randomState(rt, 1);
  const spiked = study(rt, 8, 8, 200, 0.1, random).spiked + study(rt, 20, 5, 200, 0.1, random).spiked;
  // 12 without the one, 20 without the other
  near(spiked, 40, 3 * Math.sqrt(0.1 * 0.9 * 400), "false spikes");
});

testEach("spikes near the bulk: σ² has what they hold of the noise given back", (rt) => {
  for (const [rows, cols, heights] of [[80, 80, [1.8, 1.8, 1.9, 2, 2, 2.1, 2.2, 2.3]], [60, 150, [1.4, 1.5, 1.6, 1.7, 1.8, 1.9]]] as const) {
    const random = randomState(rt, 5);
    let [sum, exact] = [0, 0];
    for (let i = 0; i < 40; i++) {
      const values = squares(rt, plant(noiseOf(random, rows * cols), rows, cols, [...heights]), rows, cols);
      const fit = marchenkoPastur(rt, values, { rows, cols, normalize: "none" });
      sum += ((fit.sigma2 - 1) * fit.sigma2) / fit.standardError / 40;
      exact += Number(fit.spikes === heights.length);
    }
    // their mean without: −1.2 standard errors
    near(sum, 0, 4.5 / Math.sqrt(40), `${rows}×${cols}: mean of z`);
    assert.ok(exact >= 37, `${exact} of 40 counted right`);
  }
});

testEach("either orientation and every normalisation: one σ², and edges in the scale of the eigenvalues", (rt) => {
  const [rows, cols] = [40, 90];
  const values = squares(rt, plant(noiseOf(randomState(rt, 1), rows * cols, 0.5), rows, cols, [3], 0.5), rows, cols);
  const fit = (options: Partial<MarchenkoPasturOptions>, divisor: number) =>
    marchenkoPastur(rt, values.map((x) => x / divisor), { rows, cols, ...options });
  const plain = fit({ normalize: "none" }, 1);
  const edge = plain.sigma2 * (Math.sqrt(cols - 1) + Math.sqrt(rows - 1)) ** 2;
  near(plain.upper, edge, 4 * EPS * edge, "upper");
  assert.equal(plain.spikes, 1);
  for (const [options, divisor] of [
    [{}, rows], [{ normalize: "rows", rows: cols, cols: rows }, cols], [{ normalize: "max-dim" }, cols],
    [{ normalize: "max-dim", rows: cols, cols: rows }, cols],
  ] as [Partial<MarchenkoPasturOptions>, number][]) {
    const other = fit(options, divisor);
    for (const key of ["sigma2", "standardError", "D", "softRank"] as const) near(other[key], plain[key], 1e-13, key);
    for (const key of ["lower", "upper", "threshold"] as const) near(other[key] * divisor, plain[key], 1e-12 * edge, key);
    assert.deepEqual([other.spikes, other.bulk], [1, rows - 1]);
  }
});

testEach("planted spikes are counted, σ² does not see them, D stays small", (rt) => {
  const cases: [rows: number, cols: number, heights: number[]][] = [
    [120, 120, [2, 3, 4]], [60, 150, [1.6, 2.5]], [150, 60, [30, 10, 3, 2]], [100, 100, Array(10).fill(6)], [20, 400, [50]],
  ];
  cases.forEach(([rows, cols, heights], seed) => {
    const data = plant(noiseOf(randomState(rt, 30 + seed), rows * cols, 0.1), rows, cols, heights, 0.1);
    const fit = marchenkoPastur(rt, squares(rt, data, rows, cols), { rows, cols, normalize: "none", level: 0.001 });
    assert.equal(fit.spikes, heights.length, `${rows}×${cols}`);
    near(fit.sigma2, 0.01, 4 * fit.standardError, "sigma2");
    assert.ok(fit.D < 3.5 / fit.bulk, `D is ${fit.D} of ${fit.bulk}`);
    assert.ok(fit.softRank < 1 && fit.upper < fit.threshold);
  });
});

testEach("a heavy tail of a third of all eigenvalues leaves σ² near that of the noise", (rt) => {
  const [rows, cols] = [90, 180];
  const heights = Array.from({ length: 30 }, (_, i) => 1.5 * (30 / (i + 1)) ** 0.7);
  const data = plant(noiseOf(randomState(rt, 8), rows * cols), rows, cols, heights);
  const fit = marchenkoPastur(rt, squares(rt, data, rows, cols), { rows, cols, normalize: "none" });
  near(fit.spikes, 30, 2, "spikes");
  near(fit.sigma2, 1, 0.1, "sigma2");
});

testEach("rows that are zero, products of low rank, one eigenvalue", (rt) => {
  const [rows, cols] = [30, 100];
  const data = noiseOf(randomState(rt, 4), rows * cols).fill(0, 20 * cols);
  const values = squares(rt, data, rows, cols);
  const fit = marchenkoPastur(rt, values, { rows, cols, normalize: "none" });
  assert.deepEqual([fit.zeros, fit.bulk, fit.spikes], [10, 20, 0]);
  near(fit.sigma2, 1, 4 * fit.standardError, "of the rows that are not");
  assert.deepEqual(marchenkoPastur(rt, values.filter((x) => x > 1), { rows, cols, normalize: "none" }), { ...fit, zeros: 0 });

  const one = marchenkoPastur(rt, [0, 0, 7], { rows: 3, cols: 5 });
  assert.deepEqual([one.zeros, one.bulk, one.spikes, one.quarterCircle], [2, 1, 0, null]);
  near(one.sigma2, (7 * 3) / 5, 1e-14, "rank one");
});

testEach("square matrices: the quarter circle of the singular values is the law of their squares", (rt) => {
  const n = 80;
  const s = svdvals(rt, { data: noiseOf(randomState(rt, 9), n * n), rows: n, cols: n });
  const { quarterCircle, sigma2, spikes } = marchenkoPastur(rt, s.map((x) => x * x), { rows: n, cols: n, normalize: "none" });
  assert.equal(spikes, 0);
  const radius = 2 * Math.sqrt(sigma2 * n);
  near(quarterCircle!.radius, radius, 1e-13 * radius, "radius");
  let D = 0;
  s.forEach((x, i) => {
    const u = Math.min(1, x / radius);
    const F = (2 / Math.PI) * (u * Math.sqrt(1 - u * u) + Math.asin(u));
    D = Math.max(D, Math.abs(F - (n - i) / n), Math.abs(F - (n - i - 1) / n));
  });
  near(quarterCircle!.D, D, 1e-12, "D");
  const flat = marchenkoPastur(rt, s.map((x) => x * x), { rows: n, cols: n + 1 });
  assert.equal(flat.quarterCircle, null);
});

testEach("slices of a convolution: eigenvalues of several matrices, one level for all", (rt) => {
  const [rows, cols, matrices] = [12, 30, 9];
  const random = randomState(rt, 12);
  let spiked = 0;
  for (let i = 0; i < 60; i++) {
    const pooled = Array.from({ length: matrices }, () => [...squares(rt, random.randn(rows * cols), rows, cols)]).flat();
    const fit = marchenkoPastur(rt, pooled, { rows, cols, matrices, normalize: "none", level: 0.1 });
    if (fit.spikes > 0) spiked++;
    near(fit.sigma2, 1, 4.5 * fit.standardError, "sigma2");
  }
  near(spiked, 6, 4 * Math.sqrt(5.4), "false spikes");
});

testEach("what cannot be fitted is refused", (rt) => {
  const fit = (values: number[], options: object) => () => marchenkoPastur(rt, values, options as MarchenkoPasturOptions);
  assert.throws(fit([1, 2], { rows: 0, cols: 3 }), { code: "ERR_OPTION", message: /rows is 0/ });
  assert.throws(fit([1, 2], undefined as never), { code: "ERR_OPTION", message: /rows is undefined/ });
  assert.throws(fit([1, 2], { rows: 1, cols: 3 }), { code: "ERR_SHAPE", message: /2 eigenvalues are given, 1×3 have 1/ });
  assert.throws(fit(null as never, { rows: 1, cols: 3 }), { code: "ERR_SHAPE", message: /eigenvalues is null/ });
  assert.throws(fit([1, NaN], { rows: 3, cols: 3 }), { code: "ERR_NOT_FINITE", message: /eigenvalue 2 is NaN/ });
  assert.throws(fit([1, -1], { rows: 3, cols: 3 }), { code: "ERR_OPTION", message: /eigenvalue 2 is -1/ });
  assert.throws(fit([0, 0], { rows: 3, cols: 3 }), { code: "ERR_OPTION", message: /all eigenvalues are 0/ });
  assert.throws(fit([], { rows: 3, cols: 3 }), { code: "ERR_OPTION", message: /all eigenvalues are 0/ });
  assert.throws(fit([1], { rows: 3, cols: 3, normalize: "cols" }), { code: "ERR_OPTION", message: /normalize is cols/ });
  assert.throws(fit([1], { rows: 3, cols: 3, level: 0 }), { code: "ERR_OPTION", message: /level is 0/ });
});

testEach("eigenvalues at the ends of the number range are split as others are", (rt) => {
  const plain = [9, 4, 3, 2, 1, 0.5];
  const options = { rows: 6, cols: 9 };
  const { D, spikes, softRank, sigma2 } = marchenkoPastur(rt, plain, options);
  for (const unit of [2 ** 1018, 2 ** -1018]) {
    const fit = marchenkoPastur(rt, plain.map((x) => x * unit), options);
    assert.deepEqual([fit.D, fit.spikes, fit.softRank, fit.sigma2 / unit], [D, spikes, softRank, sigma2]);
  }
});

testEach("σ² of the noise keeps its digits beside spikes of any height", (rt) => {
  const noise = [4, 3.5, 3, 2.5, 2, 1.5, 1.2, 1, 0.8, 0.5, 0.3, 0.1];
  const options = { rows: 14, cols: 20 };
  const [low, high] = [1e8, 1e26].map((height) => marchenkoPastur(rt, [height, 2 * height, ...noise], options));
  assert.deepEqual([low!.spikes, high!.spikes], [2, 2]);
  assert.ok(low!.zeros === 0 && high!.sigma2 > 0);
  // of so high a spike the noise's part is σ²·M/N, but for σ²/height
  assert.ok(Math.abs(high!.sigma2 / low!.sigma2 - 1) < 1e-7, `${high!.sigma2}, beside lower spikes ${low!.sigma2}`);
});
