// Spectra of trained weights, wherever the engine runs: bytes are posted and decoded in the worker.

import { assert } from "chai";
import { matrix, NotFiniteError, weights } from "eigenscope";
import type { Tensor } from "eigenscope/io";
import type { Case } from "./contract.ts";
import { random, rejection, withEngine } from "./tools.ts";

/** diag(1, …, 10), in f32: deep_data_profiler's test of a layer whose numbers are known. */
const diagonal = Float32Array.from({ length: 100 }, (_, e) => (e % 11 === 0 ? e / 11 + 1 : 0));

/** A tensor as a reader of files gives it. */
function tensor(name: string, shape: number[], numbers: Float32Array<ArrayBuffer>): Tensor {
  const stored = { shape, dtype: "f32" as const, bytes: new Uint8Array(numbers.buffer) };
  return { name, shape, dtype: "f32", layout: "oi", stored: async () => stored, data: async () => numbers };
}

export const weightCases: Case[] = [
  {
    title: "the spectrum of a layer and the power law in its tail are the published numbers",
    run: ({ options }) => withEngine(options, async (es) => {
      const report = await es.weights.analyzeLayer(matrix(10, 10, diagonal));
      assert.closeTo(report.alpha!, 2.84077517926, 1e-11);
      assert.closeTo(report.sigma!, 1.84077517926 / Math.sqrt(5), 1e-11);
      assert.closeTo(report.D!, 0.2532378001, 1e-10);
      assert.closeTo(report.xmin!, 3.6, 1e-14);
      assert.equal(report.nTail, 5);
      assert.closeTo(report.lambdaMax, 10, 1e-14);
      assert.equal(report.verdict, weights.verdict(report.alpha));
      const fit = await es.weights.powerLaw(await es.weights.esd(matrix(10, 10, diagonal)));
      assert.equal(fit.alpha, report.alpha);
      assert.instanceOf(await rejection(es.weights.esd([[1, NaN], [0, 1]])), NotFiniteError);
    }),
  },
  {
    title: "samples of a distribution are fitted and compared",
    run: ({ options }) => withEngine(options, async (es) => {
      const sample = await es.weights.sample("truncatedPowerLaw", { alpha: 1.5, lambda: 0.1 }, 2000, { seed: 2 });
      const fit = await es.weights.distribution(sample, "truncatedPowerLaw", { xmin: 1 });
      assert.closeTo(fit.parameters.alpha!, 1.5, 0.2);
      const { R, p, nested } = await es.weights.compare(sample, "powerLaw", "truncatedPowerLaw", { xmin: 1 });
      assert.isTrue(nested && R < 0 && p < 1e-6);
      assert.instanceOf(await rejection(es.weights.distribution([1, NaN], "powerLaw")), NotFiniteError);
    }),
  },
  {
    title: "a model is analysed layer by layer, and what is no layer is listed with its reason",
    run: ({ options }) => withEngine(options, async (es) => {
      const model = [tensor("fc.weight", [10, 10], diagonal), tensor("fc.bias", [10], diagonal.slice(0, 10))];
      const seen: string[] = [];
      const report = await es.weights.analyze(model, { onLayer: ({ name }) => seen.push(name) });
      assert.deepEqual(seen, ["fc.weight"]);
      assert.closeTo(report.universalMetric!, 6.541126580, 1e-6);
      assert.closeTo(report.universalMetricLog10!, 6.541126580 / Math.LN10, 1e-6);
      assert.deepEqual(report.skipped.map(({ name }) => name), ["fc.bias"]);
    }),
  },
  {
    title: "a convolution is posted as its bytes; the progress of all its frequencies is one",
    run: ({ options }) => withEngine(options, async (es) => {
      const numbers = Float32Array.from(random(24, 24 * 9, 1).data);
      const W = { name: "conv.weight", shape: [24, 24, 3, 3], dtype: "f32" as const, bytes: new Uint8Array(numbers.buffer) };
      const fractions: number[] = [];
      const report = await es.weights.analyzeLayer(W, { conv: "fft", inputSize: 12, onProgress: ({ fraction }) => fractions.push(fraction) });
      assert.equal(numbers.length, 24 * 24 * 9, "not detached");
      assert.deepEqual([report.rows, report.cols, report.matrices, report.count], [24, 24, 144, 24 * 144]);
      assert.equal(report.eigenvalues.length, 24 * 144);
      assert.isTrue(fractions.every((f, k) => f > (fractions[k - 1] ?? -1) && f <= 1));
      assert.equal(fractions.at(-1), 1);
    }),
  },
];
