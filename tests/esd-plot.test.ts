// The plot of a layer's spectrum: a histogram that integrates to 1, laws with the mass that they stand for.

import assert from "node:assert/strict";
import { test } from "node:test";
import { esdDescription, esdPlot, type EsdLayer } from "../bindings/plot/index.ts";
import { logTicks } from "../bindings/plot/spectrum.ts";
import { uniform } from "./harness.ts";

const next = uniform(5);
/** Pareto from 2 on with exponent 3, as many values as are wanted. */
const pareto = (n: number) => Float64Array.from({ length: n }, () => 2 * (1 - next()) ** -0.5);
const layer = (eigenvalues: ArrayLike<number>, rest: Partial<EsdLayer> = {}): EsdLayer => ({ name: "fc.weight", eigenvalues, alpha: null, xmin: null, nTail: 0, ...rest });
const yRange = (plot: ReturnType<typeof esdPlot>) => (plot.options.scales!.y!.range as () => [number, number])();

/** ∫ y dx of a line with steps, by trapezia; nulls and what lies below the axis count as 0. */
function area(x: ArrayLike<number>, y: ArrayLike<number | null | undefined>, least: number): number {
  let sum = 0;
  for (let k = 1; k < x.length; k++) {
    const [a, b] = [y[k - 1] ?? 0, y[k] ?? 0].map((v) => (v < least ? 0 : v)) as [number, number];
    sum += ((a + b) / 2) * (x[k]! - x[k - 1]!);
  }
  return sum;
}

test("the histogram's area is the part of the eigenvalues that is drawn", () => {
  for (const [values, part] of [[pareto(2000), 1], [[...pareto(30), ...Array(10).fill(0)], 0.75], [[3, 3, 3], 1], [[1e-30, 1, 2], 2 / 3]] as const) {
    const plot = esdPlot(layer(values));
    const [x, y] = plot.data;
    assert.ok(Math.abs(area(x, y!, yRange(plot)[0]) - part) < 1e-12 * x.length, `${area(x, y!, yRange(plot)[0])}`);
    for (let k = 1; k < x.length; k++) assert.ok(x[k]! >= x[k - 1]!);
  }
});

test("the power law has the tail's mass, a line of slope −α from xmin on", () => {
  const values = pareto(5000);
  const plot = esdPlot(layer(values, { alpha: 3, xmin: 2.5, nTail: values.filter((v) => v >= 2.5).length }));
  const [x, , tail] = plot.data as [number[], unknown, (number | null)[]];
  const from = x.findIndex((at) => at >= 2.5);
  assert.equal(x[from], 2.5);
  assert.ok(tail!.slice(0, from).every((y) => y === null) && tail!.slice(from).every((y) => y !== null));
  const slope = Math.log(tail![from + 9]! / tail![from]!) / Math.log(x[from + 9]! / x[from]!);
  assert.ok(Math.abs(slope + 3) < 1e-12, `${slope}`);
  const mass = area(x, tail!, 0);
  // the part from 2.5 to the largest of 5000 values, by trapezia on 1/16 of an e-fold
  assert.ok(Math.abs(mass - values.filter((v) => v >= 2.5).length / 5000) < 0.01, `${mass}`);
  assert.deepEqual(plot.options.series.map(({ label }) => label), ["λ", "density", "power law"]);
});

test("the bulk has the mass of its eigenvalues between its edges", () => {
  for (const [lower, upper] of [[0.25, 2.25], [1e-4, 4], [0.8, 1.2], [0.003, 1.3]] as const) {
    const values = Float64Array.from({ length: 400 }, (_, k) => lower + ((upper - lower) * k) / 399);
    const plot = esdPlot(layer([lower / 3, ...values, 8, 9], { mp: { lower, upper, bulk: 300 } }));
    const [x, , bulk] = plot.data as [number[], unknown, (number | null)[]];
    assert.ok(Math.abs(area(x, bulk!, yRange(plot)[0]) - 300 / 403) < 0.02, `${lower}: ${area(x, bulk!, yRange(plot)[0])}`);
    assert.ok(x.every((at, k) => (at < lower || at > upper) === (bulk![k] === null)));
    // down to the axis at both edges
    const drawn = bulk!.filter((y) => y !== null);
    for (const y of [drawn[0]!, drawn.at(-1)!]) assert.ok(y < yRange(plot)[0], `${lower}: ${y}`);
  }
});

test("ticks of a small plot over many powers of ten are few", () => {
  const ticks = (min: number, max: number, most: number) => logTicks(min, max, most).length;
  for (const decades of [1, 2, 3, 5, 8, 12, 30]) for (const most of [2, 3, 4, 6]) {
    const found = ticks(0.7, 0.7 * 10 ** decades, most);
    assert.ok(found >= 2 && found <= 7, `${decades} ${most}: ${found}`);
  }
});

test("what there is nothing of is drawn as nothing", () => {
  for (const values of [[], [0, 0, 0], [NaN]]) {
    const plot = esdPlot(layer(values));
    assert.equal(plot.data.length, 2);
    const [low, high] = yRange(plot);
    assert.ok(low > 0 && high > low && plot.data[0].every((at) => at > 0));
  }
  // orthogonal but for rounding: one bar, and an axis that says where
  const flat = esdPlot(layer([0.05, 0.05 * (1 + 1e-7), 0.05 * (1 + 2e-7)]));
  const xs = flat.data[0];
  assert.ok(xs.at(-1)! / xs[0]! > 5);
  assert.equal(esdPlot(layer([1, 2, 3], { mp: null, alpha: 2, xmin: 1, nTail: 3 }), { legend: false, width: 123 }).options.width, 123);
});

test("the plot in words", () => {
  const text = esdDescription(layer([4, 0.5, 1], { alpha: 2.5, sigma: 0.25, xmin: 0.5, nTail: 3, mp: { lower: 0.4, upper: 1.5, bulk: 2, spikes: 1 } }));
  assert.equal(text, "fc.weight: 3 eigenvalues, from 0.500 to 4.00; power law with exponent 2.50 ± 0.25 from 0.500 on, 3 in the tail; Marchenko-Pastur bulk from 0.400 to 1.50, spikes above it: 1");
  assert.equal(esdDescription(layer([])), "fc.weight: 0 eigenvalues; no power law");
});
