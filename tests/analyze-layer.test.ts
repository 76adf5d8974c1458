// The report of one layer: published numbers, and layers that have no fit.

import assert from "node:assert/strict";
import { test } from "node:test";
import { matrix, type Matrix } from "../bindings/linalg/matrix.ts";
import { analyzeLayer } from "../bindings/weights/analyzeLayer.ts";
import { bootstrap } from "../bindings/weights/bootstrap.ts";
import { training, universalMetric } from "../bindings/weights/verdicts.ts";
import { numbers, testEach } from "./harness.ts";

/** diag(1, …, 10) as f32. */
const diagonal = Float32Array.from({ length: 100 }, (_, e) => (e % 11 === 0 ? e / 11 + 1 : 0));

const close = (actual: number | null, expected: number, tolerance: number, what: string) =>
  assert.ok(Math.abs(actual! - expected) <= tolerance * Math.abs(expected), `${what}: ${actual}, expected ${expected}`);

testEach("diag(1, …, 10), dense or as a 1×1 convolution in either layout, has the published numbers", (rt) => {
  const layers = [
    { shape: [10, 10], data: diagonal },
    { shape: [10, 10, 1, 1], data: diagonal },
    { shape: [1, 1, 10, 10], data: diagonal, layout: "io" as const },
    { shape: [10, 10], dtype: "f32" as const, bytes: new Uint8Array(diagonal.buffer), name: "fc.weight" },
  ];
  for (const W of layers) {
    const report = analyzeLayer(rt, W);
    const what = W.shape.join("×");
    close(report.alpha, 2.84077517926, 1e-10, what);
    close(report.sigma, 1.84077517926 / Math.sqrt(5), 1e-10, what);
    close(report.xmin, 3.6, 1e-14, what);
    close(report.D, 0.2532378001, 1e-9, what);
    close(report.mu, 2 * 1.84077517926, 1e-10, what);
    assert.equal(report.nTail, 5);
    close(universalMetric([report]).ln, 6.541126580, 1e-9, "universal metric");
    assert.deepEqual([report.rows, report.cols, report.matrices, report.Q, report.count, report.rank], [10, 10, 1, 1, 10, 10]);
    assert.equal(report.kind, W.shape.length === 2 ? "dense" : "conv2d");
    assert.deepEqual(report.shape, W.shape);
    // λ = k²/10
    close(report.lambdaMax, 10, 1e-14, "largest");
    close(report.lambdaMin, 0.1, 1e-13, "smallest");
    close(report.stableRank, 3.85, 1e-14, "stable rank");
    close(report.logNorm, Math.log10(38.5), 1e-14, "log norm");
    close(report.alphaWeighted, 2.84077517926, 1e-10, "α·log₁₀ 10");
    assert.match(report.verdict, /^regularized/);
    assert.equal(report.training, null);
    assert.match(report.warnings[0]!, /5/);
  }
});

testEach("α and D are of the shape alone, whatever the eigenvalues are divided by", (rt) => {
  const W = matrix(60, 40, numbers(2400, 1));
  const rows = analyzeLayer(rt, W);
  const none = analyzeLayer(rt, W, { normalize: "none" });
  close(none.alpha, rows.alpha!, 1e-10, "α");
  close(none.D, rows.D!, 1e-10, "D");
  close(none.lambdaMax, 60 * rows.lambdaMax, 1e-14, "λ_max");
  close(none.entropy, rows.entropy, 1e-13, "entropy");
  assert.equal(none.nTail, rows.nTail);
});

testEach("Keras' layout and PyTorch's give one report", (rt) => {
  const all = numbers(8 * 5 * 9, 2);
  const keras = Float64Array.from({ length: 360 }, (_, e) => {
    const [p, i, o] = [Math.floor(e / 40), Math.floor(e / 8) % 5, e % 8];
    return all[(o * 5 + i) * 9 + p]!;
  });
  for (const conv of ["unfold", "slices", "fft"] as const) {
    const torch = analyzeLayer(rt, { shape: [8, 5, 3, 3], data: all }, { conv, inputSize: 4 });
    const other = analyzeLayer(rt, { shape: [3, 3, 5, 8], data: keras, layout: "io" }, { conv, inputSize: 4 });
    for (const key of ["rows", "cols", "matrices", "Q", "count", "rank", "nTail", "verdict"] as const) assert.equal(other[key], torch[key], `${conv} ${key}`);
    for (const key of ["alpha", "D", "xmin", "lambdaMax", "stableRank", "entropy"] as const) close(other[key], torch[key]!, 1e-9, `${conv} ${key}`);
  }
});

testEach("where there is nothing to fit α is null, and the reason is there", (rt) => {
  const zero = analyzeLayer(rt, matrix(6, 4));
  assert.equal(zero.reason, "all weights are 0");
  assert.deepEqual([zero.alpha, zero.mu, zero.logAlphaNorm, zero.logNorm, zero.stableRank, zero.rank, zero.count], [null, null, null, null, 0, 0, 4]);
  const row = analyzeLayer(rt, matrix(1, 5, numbers(5, 1)));
  assert.equal(row.alpha, null);
  assert.match(row.reason!, /^1 distinct/);
  assert.deepEqual([row.Q, row.stableRank, row.entropy], [5, 1, 0]);
  const u = numbers(30, 1);
  const one = analyzeLayer(rt, matrix(30, 20, Float64Array.from({ length: 600 }, (_, e) => u[Math.floor(e / 20)]! * u[e % 20]!)));
  assert.equal(one.alpha, null);
  assert.equal(one.rank, 1);
  assert.match(one.warnings.join(), /19 of 20 eigenvalues are 0/);
  const same = analyzeLayer(rt, matrix(8, 8, Float64Array.from({ length: 64 }, (_, e) => (e % 9 === 0 ? 1 : 0))));
  assert.equal(same.alpha, null);
  for (const report of [zero, row, one, same]) {
    assert.match(report.verdict, /very likely not trained/);
    assert.doesNotMatch(JSON.stringify({ ...report, eigenvalues: [] }), /NaN|Infinity/);
  }
});

testEach("a layer beside its numbers in random order: spikes are gone", (rt) => {
  const n = 80;
  const noise = numbers(n * n, 3);
  const u = numbers(n, 4);
  const W = matrix(n, n, noise.map((x, e) => x + 2 * u[Math.floor(e / n)]! * u[e % n]!));
  const { randomized, lambdaMax, spikes, mp, mpSoftRank } = analyzeLayer(rt, W, { randomize: 7 });
  assert.equal(randomized!.seed, 7);
  assert.ok(randomized!.lambdaMax < lambdaMax / 5);
  assert.equal(spikes, 1);
  assert.equal(randomized!.spikes, 0);
  close(mpSoftRank, mp!.upper / lambdaMax, 1e-14, "soft rank");
  close(mp!.bulk, n - 1, 0, "bulk");
  assert.ok(randomized!.distance > 0.05 && randomized!.distance < 1);
  const again = analyzeLayer(rt, W, { randomize: 7 }).randomized!;
  assert.equal(again.lambdaMax, randomized!.lambdaMax);
  assert.equal(analyzeLayer(rt, matrix(3, 3, new Float64Array(9).fill(1)), { randomize: 1 }).randomized!.distance, 0);
});

testEach("other families on the same tail: the likeliest that is better by more than chance", (rt) => {
  const diag = (values: Float64Array) => matrix(values.length, values.length, Float64Array.from({ length: values.length ** 2 }, (_, e) => (
    e % (values.length + 1) === 0 ? Math.sqrt(values[e / (values.length + 1)]!) : 0)));
  const quantiles = (f: (u: number) => number) => Float64Array.from({ length: 200 }, (_, k) => f((k + 0.5) / 200));
  const of = (W: Matrix, options = {}) => analyzeLayer(rt, W, { compare: true, normalize: "none", ...options }).alternatives!;
  const exponential = of(diag(quantiles((u) => 1 - Math.log(u))), { xmin: 1 });
  const against = new Map(exponential.against.map((a) => [a.name, a]));
  assert.deepEqual([...against.keys()], ["truncatedPowerLaw", "lognormal", "exponential", "stretchedExponential"]);
  assert.ok(against.get("exponential")!.R < 0 && against.get("exponential")!.p < 0.05);
  assert.notEqual(exponential.best, "powerLaw");
  assert.equal(of(diag(quantiles((u) => u ** (-1 / 1.5))), { xmin: 1 }).best, "powerLaw");
  assert.equal(of(matrix(4, 4)), null);
});

testEach("the bootstrap is that of the eigenvalues that were fitted", (rt) => {
  const W = matrix(40, 30, numbers(1200, 6));
  const settings = { replicas: 40, seed: 3, confidence: 0.9 };
  const { bootstrap: found, eigenvalues, alpha } = analyzeLayer(rt, W, { bootstrap: settings, ks: "twoSided" });
  assert.deepEqual(found, bootstrap(rt, eigenvalues, { ...settings, ks: "twoSided" }));
  assert.equal(found!.alpha!.estimate, alpha);
  assert.equal(analyzeLayer(rt, matrix(4, 4), { bootstrap: settings }).bootstrap, null);
  assert.equal(analyzeLayer(rt, matrix(4, 4, numbers(16, 1)), { bootstrap: settings, compat: "weightwatcher" }).bootstrap, null);
  assert.throws(() => analyzeLayer(rt, W, { bootstrap: { replicas: 0 } }), { code: "ERR_OPTION" });
  assert.throws(() => analyzeLayer(rt, W, { bootstrap: 200 as never }), /bootstrap is 200/);
});

test("WeightWatcher's warnings begin below 2 and above 6", () => {
  assert.deepEqual([1.99, 2, 6, 6.01, null].map(training), ["over-trained", null, null, "under-trained", null]);
});

testEach("weights whose squares leave the number range", (rt) => {
  const scaled = (unit: number) => matrix(6, 8, Float64Array.from(numbers(48, 2), (x) => x * unit));
  const { rank, lambdaMax, mp, reason } = analyzeLayer(rt, scaled(1e-200));
  assert.deepEqual([rank, lambdaMax, mp], [0, 0, null]);
  assert.ok(reason);
  assert.throws(() => analyzeLayer(rt, scaled(1e200)), { code: "ERR_NOT_FINITE", message: /weights.analyzeLayer: W has the singular value/ });
  assert.throws(() => analyzeLayer(rt, { shape: [2, 2], data: new Float32Array(4), kind: "other" as never }), { code: "ERR_OPTION" });
  assert.throws(() => analyzeLayer(rt, { shape: [2, 2], dtype: "f32", bytes: null as never }), { code: "ERR_FORMAT" });
});

testEach("eigenvalues that are equal to rounding are one value", (rt) => {
  // a reflection: orthogonal, its singular values 1 to an ulp or so
  for (const n of [2, 3, 8, 40]) {
    const v = Float64Array.from(numbers(n, 9));
    const square = v.reduce((sum, x) => sum + x * x, 0);
    const W = matrix(n, n, Float64Array.from({ length: n * n }, (_, e) => {
      const [i, j] = [Math.floor(e / n), e % n];
      return (i === j ? 1 : 0) - (2 * v[i]! * v[j]!) / square;
    }));
    assert.equal(analyzeLayer(rt, W).reason, "1 distinct positive value, at least 3 are needed");
    const rounded = analyzeLayer(rt, { shape: [n, n], data: Float32Array.from(W.data) });
    assert.equal(rounded.alpha, null);
    assert.match(rounded.reason!, /all eigenvalues are equal, but for the rounding|distinct positive/);
  }
  const { alpha, eigenvalues, warnings } = analyzeLayer(rt, { shape: [16, 1, 3, 3], data: Float32Array.from(numbers(144, 4)), groups: 16 }, { conv: "fft", inputSize: 7 });
  assert.ok(alpha! < 100, `α is ${alpha}`);
  assert.ok(new Set(eigenvalues).size <= 16 * 25, "f and −f have the same");
  assert.match(warnings.join(), /at 49 frequencies are of a kernel with 9 positions/);
});

/** The nearest numbers with so many bits. */
const roundedTo = (bits: number, x: Float64Array) => x.map((w) => {
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(w))) + 1 - bits);
  return w === 0 ? 0 : Math.round(w / unit) * unit;
});

/** Of f32 numbers that have room in 16 bits of it. */
const bf16 = (x: Float64Array) => new Uint8Array(Uint16Array.from(new Uint32Array(Float32Array.from(x).buffer), (bits) => bits >>> 16).buffer);

testEach("layers that are flat but for the precision of their file have no tail; noise in the same precision has one", (rt) => {
  const kinds: [name: string, n: number, weight: (i: number, j: number) => number][] = [
    ["reflection", 60, (i, j) => (i === j ? 1 : 0) - (2 * (i + 1) * (j + 1)) / 73810],
    ["cosine transform", 64, (i, j) => Math.sqrt((i ? 2 : 1) / 64) * Math.cos((Math.PI * i * (2 * j + 1)) / 128)],
    ["rotations", 40, (i, j) => (i >> 1 !== j >> 1 ? 0 : i === j ? Math.cos(1 + (i >> 1)) : (i < j ? 1 : -1) * Math.sin(1 + (i >> 1)))],
  ];
  for (const [name, n, weight] of kinds) {
    for (const pad of [1, 9]) { // columns of zeros between the others, as in a kernel that is orthogonal in its middle
      const exact = Float64Array.from({ length: n * n * pad }, (_, e) => (e % pad ? 0 : weight(Math.floor(e / (n * pad)), (e / pad) % n)));
      const stored = { name, shape: [n, n * pad], dtype: "bf16" as const, bytes: bf16(roundedTo(8, exact)) };
      assert.match(analyzeLayer(rt, stored).reason!, /but for the rounding/, `${name} ${pad}`);
      // numbers of this size that a file of f32 has are meant so
      assert.ok(analyzeLayer(rt, { shape: stored.shape, data: Float32Array.from(roundedTo(8, exact)) }).alpha! > 1, name);
    }
  }
  for (const [rows, cols] of [[60, 60], [20, 900], [3, 40_000]] as const) {
    const W = { shape: [rows, cols], dtype: "bf16" as const, bytes: bf16(roundedTo(8, numbers(rows * cols, rows))) };
    assert.equal(analyzeLayer(rt, W).reason, undefined);
  }
});

testEach("a layer of low rank keeps its rank in the precision of its file", (rt) => {
  for (const [rows, cols] of [[20, 30], [90, 60], [8, 600]] as const) {
    for (const rank of [1, 2, 6]) {
      const [A, B] = [numbers(rows * rank, rank), numbers(rank * cols, rows)];
      const exact = Float64Array.from({ length: rows * cols }, (_, e) => {
        let sum = 0;
        for (let r = 0; r < rank; r++) sum += A[Math.floor(e / cols) * rank + r]! * B[r * cols + (e % cols)]!;
        return sum;
      });
      const shape = [rows, cols];
      const reports = [{ shape, data: exact }, { shape, data: Float32Array.from(exact) }, { shape, dtype: "bf16" as const, bytes: bf16(roundedTo(8, exact)) }].map((W) => analyzeLayer(rt, W));
      assert.deepEqual(reports.map((report) => report.rank), [rank, rank, rank], `${rows}×${cols} of rank ${rank}`);
      if (rank < 3) for (const { alpha, reason } of reports) assert.ok(alpha === null && /at least 3 are needed/.test(reason!));
      else for (const { alpha } of reports) assert.ok(Math.abs(alpha! / reports[0]!.alpha! - 1) < 0.05, `α is ${alpha}, of f64 ${reports[0]!.alpha}`);
    }
  }
  // of a depthwise convolution the channels are rounded each by itself
  const channels = Float64Array.from({ length: 40 * 9 }, (_, e) => 1 + (e % 9)).map((w, e) => w * 2 ** -(e / 9 | 0));
  assert.equal(analyzeLayer(rt, { shape: [40, 1, 3, 3], groups: 40, dtype: "bf16", bytes: bf16(channels) }).rank, 40);
  // noise in the same precision is all there
  const noise = numbers(60 * 90, 5);
  assert.deepEqual([{ shape: [60, 90], data: Float32Array.from(noise) }, { shape: [60, 90], dtype: "bf16" as const, bytes: bf16(roundedTo(8, noise)) }].map((W) => analyzeLayer(rt, W).rank), [60, 60]);
});

testEach("small eigenvalues are no rounding where nothing sets them apart", (rt) => {
  const shape = [200, 200];
  const noise = numbers(200 * 200, 5);
  assert.equal(analyzeLayer(rt, { shape, dtype: "bf16", bytes: bf16(roundedTo(8, noise)) }).rank, 200);
  // few large weights are rounded by much, but in few places
  const heavy = noise.map((w) => w ** -3);
  assert.equal(analyzeLayer(rt, { shape, dtype: "bf16", bytes: bf16(roundedTo(8, heavy)) }).rank, 200);
  // rounding is relative to each weight: rows and columns of little weight are there, as far as f64 goes
  const small = (k: number) => (k % 3 ? 1 : 2 ** -16);
  for (const size of [(i: number) => small(i), (_: number, j: number) => small(j), (i: number, j: number) => small(i) * small(j)]) {
    const graded = noise.map((w, e) => w * size(Math.floor(e / 200), e % 200));
    const exact = analyzeLayer(rt, { shape, data: Float64Array.from(roundedTo(8, graded)) });
    const { rank, alpha, xmin, D, nTail } = analyzeLayer(rt, { shape, dtype: "bf16", bytes: bf16(roundedTo(8, graded)) });
    assert.deepEqual([rank, alpha, xmin, D, nTail], [200, exact.alpha, exact.xmin, exact.D, exact.nTail]);
  }
  // ... and a product of low rank keeps its rank whatever the size of its rows
  const product = Float64Array.from({ length: 200 * 200 }, (_, e) => {
    const [i, j] = [Math.floor(e / 200), e % 200];
    return (noise[i]! * noise[200 + j]! + noise[400 + i]! * noise[600 + j]! + noise[800 + i]! * noise[1000 + j]!) * 2 ** -(i % 4);
  });
  assert.equal(analyzeLayer(rt, { shape, data: Float32Array.from(product) }).rank, 3);
});

testEach("other families are compared at any size of the weights", (rt) => {
  const plain = numbers(600, 8);
  const of = (unit: number) => analyzeLayer(rt, matrix(20, 30, plain.map((w) => w * unit)), { compare: true }).alternatives!;
  const expected = of(1);
  for (const unit of [2 ** -500, 2 ** 500]) {
    const { best, against } = of(unit);
    assert.equal(best, expected.best);
    against.forEach(({ R, p }, k) => {
      close(R, expected.against[k]!.R, 1e-9, `R of ${k}`);
      close(p, expected.against[k]!.p, 1e-9, `p of ${k}`);
    });
  }
});
