// What an engine computes is right, wherever it runs: every room of it against a closed form.

import { assert } from "chai";
import { fromRows, matrix, type Matrix } from "eigenscope";
import { createCore } from "eigenscope/core";
import { formatCsv, formatNpy, parseCsv, parseMatrix, parseNpy } from "eigenscope/io";
import type { Case } from "./contract.ts";
import { differenceOperator, differenceValue, random, secondDifference, withEngine } from "./tools.ts";

const EPS = Number.EPSILON;

/** 3·a·bᵀ + c·dᵀ for unit vectors with a ⊥ c and b ⊥ d: singular values 3 and 1. */
function rankTwo(m: number, n: number): Matrix<Float64Array> {
  const sine = (size: number, k: number, i: number) => Math.sqrt(2 / (size + 1)) * Math.sin((Math.PI * k * (i + 1)) / (size + 1));
  const A = matrix(m, n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) A.data[i * n + j] = 3 * sine(m, 1, i) * sine(n, 2, j) + sine(m, 3, i) * sine(n, 1, j);
  }
  return A;
}

function near(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  assert.equal(actual.length, expected.length, what);
  for (let i = 0; i < expected.length; i++) assert.closeTo(actual[i]!, expected[i]!, tolerance, `${what}, number ${i + 1}`);
}

export const results: Case[] = [
  {
    title: "info is plain and says what was chosen and why",
    run: ({ shared, options }) => withEngine(options, async ({ info }) => {
      assert.deepEqual(structuredClone(info), info);
      assert.equal(info.variant.endsWith("threads"), shared);
      assert.isAtLeast(info.threads, 1);
      if (!shared) assert.equal(info.threads, 1);
      assert.isTrue(info.worker);
      assert.isNotEmpty(info.runtime);
      assert.isNotEmpty(info.reason);
    }),
  },
  {
    title: "products of whole numbers are exact",
    run: ({ options }) => withEngine(options, async (es) => {
      const [m, k, n] = [37, 29, 41];
      const A = matrix(m, k, Float64Array.from({ length: m * k }, (_, e) => (Math.floor(e / k) + 1) * (e % k)));
      const B = matrix(k, n, Float64Array.from({ length: k * n }, (_, e) => Math.floor(e / n) - (e % n)));
      // Σ_l (i + 1)·l·(l − j) = (i + 1)·(Σl² − j·Σl)
      const [sum, squares] = [(k * (k - 1)) / 2, ((k - 1) * k * (2 * k - 1)) / 6];
      const { data } = await es.linalg.matmul(A, B);
      for (let e = 0; e < m * n; e++) assert.equal(data[e], (Math.floor(e / n) + 1) * (squares - (e % n) * sum));
      const gram = await es.linalg.gram(A);
      for (let e = 0; e < m * m; e++) assert.equal(gram.data[e], (Math.floor(e / m) + 1) * ((e % m) + 1) * squares);
      const single = await es.linalg.gram(matrix(m, k, Float32Array.from(A.data)));
      assert.instanceOf(single.data, Float32Array);
      assert.deepEqual([...single.data.subarray(0, m)], [...gram.data.subarray(0, m)]);
    }),
  },
  {
    title: "eigenvalues and eigenvectors of the second difference are cosines and sines",
    run: ({ options }) => withEngine(options, async (es) => {
      const n = 200;
      const exact = Array.from({ length: n }, (_, k) => differenceValue(n, k + 1));
      near(await es.linalg.eigvalsh(secondDifference(n)), exact, 4 * n * EPS, "eigvalsh");
      const { values, vectors } = await es.linalg.eigh(secondDifference(n));
      near(values, exact, 4 * n * EPS, "eigh");
      for (const k of [1, 2, 100, 200]) {
        const sign = Math.sign(vectors.data[k - 1]!);
        const column = Float64Array.from({ length: n }, (_, i) => sign * vectors.data[i * n + k - 1]!);
        const sine = Float64Array.from({ length: n }, (_, i) => Math.sqrt(2 / (n + 1)) * Math.sin((Math.PI * k * (i + 1)) / (n + 1)));
        near(column, sine, 1e-9, `vector ${k}`);
      }
    }),
  },
  {
    title: "eigsh finds the ends of a spectrum, of a matrix and of an operator that the caller applies",
    run: ({ options }) => withEngine(options, async (es) => {
      const n = 60;
      const largest = [58, 59, 60].map((k) => differenceValue(n, k));
      const ofMatrix = await es.linalg.eigsh(secondDifference(n), { k: 3 });
      near(ofMatrix.values, largest, 1e-11, "matrix");
      assert.isTrue(ofMatrix.info.converged);
      const ofOperator = await es.linalg.eigsh(differenceOperator(n), { k: 3 });
      near(ofOperator.values, largest, 1e-11, "operator");
      const { apply } = differenceOperator(n);
      const promised = await es.linalg.eigsh({ n, apply: async (V) => apply(V) }, { k: 3 });
      assert.deepEqual(promised.values, ofOperator.values);
    }),
  },
  {
    title: "linear systems, determinants and factorizations",
    run: ({ options }) => withEngine(options, async (es) => {
      const n = 50;
      const A = secondDifference(n);
      const x = await es.linalg.solve(A, new Float64Array(n).fill(1));
      near(x, Array.from({ length: n }, (_, i) => ((i + 1) * (n - i)) / 2), 1e-10, "solve");
      const inverse = await es.linalg.inv(A); // min(i, j)·(n + 1 − max(i, j))/(n + 1)
      near(inverse.data.subarray(0, n), Array.from({ length: n }, (_, j) => (n - j) / (n + 1)), 1e-12, "inv");
      const { sign, logabsdet } = await es.linalg.slogdet(A); // det A = n + 1
      assert.equal(sign, 1);
      assert.closeTo(logabsdet, Math.log(n + 1), 1e-12);
      const L = await es.linalg.cholesky(A); // lᵢᵢ² = (i + 1)/i, i from 1
      near(Array.from({ length: n }, (_, i) => L.data[i * (n + 1)]! ** 2), Array.from({ length: n }, (_, i) => (i + 2) / (i + 1)), 1e-13, "cholesky");
      assert.deepEqual(await es.linalg.inertia(A, 2), { negative: n / 2, zero: 0, positive: n / 2 });
      const { r } = await es.linalg.qr(fromRows([[3, 1], [4, 7]]));
      near(Array.from(r.data, Math.abs), [5, 6.2, 0, 3.4], 1e-14, "qr");
      // the line through (0, 1), (1, 3), (2, 5), and one point off it by 1 on either side
      const line = await es.linalg.lstsq([[1, 0], [1, 1], [1, 2], [1, 1], [1, 1]], [1, 3, 5, 4, 2]);
      near(line.x as Float64Array, [1, 2], 1e-13, "lstsq");
      near((await es.linalg.pinv([[3, 4]]) as Matrix).data, [3 / 25, 4 / 25], 1e-15, "pinv");
    }),
  },
  {
    title: "singular values, norms and what is made of them",
    run: ({ options }) => withEngine(options, async (es) => {
      const A = rankTwo(70, 50);
      const { u, s, vt } = await es.linalg.svd(A);
      assert.deepEqual([u.rows, u.cols, vt.rows, vt.cols], [70, 50, 50, 50]);
      near(s.subarray(0, 3), [3, 1, 0], 1e-14, "svd");
      near((await es.linalg.svdvals(A)).subarray(0, 3), [3, 1, 0], 1e-14, "svdvals");
      near((await es.linalg.svds(A, { k: 2 })).s, [3, 1], 1e-13, "svds");
      const sketch = await es.linalg.randomizedSvd(A, { rank: 2 });
      near(sketch.s, [3, 1], 1e-13, "randomizedSvd");
      assert.equal(await es.linalg.rank(A), 2);
      assert.closeTo(await es.linalg.norm(A), Math.sqrt(10), 1e-13);
      assert.closeTo(await es.linalg.cond([[2, 0], [0, 0.5]]), 4, 1e-14);
    }),
  },
  {
    title: "what is estimated from random vectors",
    run: ({ options }) => withEngine(options, async (es) => {
      const n = 60;
      const { trace, standardError } = await es.linalg.trace(differenceOperator(n), { products: 120 });
      assert.closeTo(trace, 2 * n, 6 * standardError + 1e-9);
      assert.equal((await es.linalg.trace(secondDifference(n))).trace, 2 * n);
      const { nodes, weights } = await es.linalg.spectralDensity(secondDifference(n), { probes: 2, steps: 20 });
      assert.isAbove(nodes[0]!, 0);
      assert.isBelow(nodes.at(-1)!, 4);
      assert.closeTo(weights.reduce((sum, w) => sum + w, 0), 1, 1e-12);
      const square = await es.linalg.gram(rankTwo(40, 30));
      near((await es.linalg.nystrom(square, { rank: 2 })).values, [1, 9], 1e-10, "nystrom");
      const { f64, f32 } = await es.linalg.peakGflops();
      assert.isAbove(f64, 0);
      assert.isAbove(f32, 0);
    }),
  },
  {
    title: "λ_min is enclosed",
    run: ({ options }) => withEngine(options, async (es) => {
      const n = 80;
      const { lower, upper } = await es.linalg.certify.lambdaMin(secondDifference(n));
      const exact = differenceValue(n, 1);
      assert.isAtMost(lower, exact * (1 + 4 * EPS));
      assert.isAtLeast(upper, exact * (1 - 4 * EPS));
      assert.isBelow(upper - lower, 1e-11);
      const sixty = await es.hinf.lambdaMin([[1, 0], [0.5, Math.sqrt(0.75)]]);
      assert.closeTo(sixty.lambdaMin, 1 / 3, 1e-14);
      assert.isTrue(sixty.lower <= sixty.lambdaMin && sixty.lambdaMin <= sixty.upper);
    }),
  },
  {
    title: "H∞ of two rows at an angle θ is cos θ·(π − θ)/(2π), and special rows are named",
    run: ({ options }) => withEngine(options, async (es) => {
      const m = 48;
      const X = matrix(m, 2, Float64Array.from({ length: 2 * m }, (_, e) => (e % 2 ? Math.sin : Math.cos)((Math.PI * (e >> 1)) / m)));
      const H = await es.hinf.exact(X);
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < m; j++) {
          const angle = (Math.PI * Math.abs(i - j)) / m;
          assert.closeTo(H.matrix.data[i * m + j]!, (Math.cos(angle) * (Math.PI - angle)) / (2 * Math.PI), 1e-15);
        }
      }
      const { parallelRows, oppositeRows, zeroRows } = await es.hinf.exact([[1, 2], [2, 4], [0, 0], [-1, -2]]);
      assert.deepEqual([parallelRows, oppositeRows, zeroRows], [[[0, 1]], [[0, 3]], [2]]);
    }),
  },
  {
    title: "Monte-Carlo counts are those of NumPy",
    run: ({ options }) => withEngine(options, async (es) => {
      // W = numpy.random.RandomState(0).randn(100000, 2); A = (W @ X.T > 0).astype(int); A.T @ A
      const X = [[1, 0], [0, 1], [1, 1], [-1, 2]];
      const counts = [
        [49952, 25199, 37657, 17681],
        [25199, 50376, 37706, 42858],
        [37657, 37706, 50164, 30188],
        [17681, 42858, 30188, 50123],
      ].flat();
      const features = 100_000;
      const sample = await es.hinf.coactivations(X, { features });
      assert.deepEqual([...sample.matrix.data], counts);
      const estimate = await es.hinf.monteCarlo(X, { features, seed: 0 });
      const product = (e: number) => X[Math.floor(e / 4)]![0]! * X[e % 4]![0]! + X[Math.floor(e / 4)]![1]! * X[e % 4]![1]!;
      near(estimate.matrix.data, counts.map((c, e) => (product(e) * c) / features), 1e-15, "monteCarlo");
      const { mean, upper } = await es.hinf.upperConfidence(X, estimate, [0, 0, 1, 0]);
      assert.closeTo(mean, (2 * 50164) / features, 1e-14); // |x₃|²·C₃₃/m
      assert.isAbove(upper, mean);
    }),
  },
  {
    title: "inputs are never changed or detached, and results belong to the caller",
    run: ({ options }) => withEngine(options, async (es) => {
      const A = random(40, 30, 1);
      const B = random(30, 20, 2);
      const single = matrix(40, 30, Float32Array.from(A.data));
      const part = matrix(10, 30, A.data.subarray(300, 600));
      const vector = random(30, 1, 3).data;
      const before = [A, B, single, part].map(({ data }) => data.slice());
      const S = secondDifference(30);
      const [product, ...grams] = await Promise.all([
        es.linalg.matmul(A, B), es.linalg.gram(A), es.linalg.gram(single), es.linalg.gram(part), es.linalg.solve(S, vector),
        es.hinf.monteCarlo(part, { features: 100 }), es.hinf.exact(part), es.linalg.eigh(S), es.linalg.svd(part),
      ]);
      [A, B, single, part].forEach(({ data }, k) => assert.deepEqual(data, before[k]));
      assert.deepEqual(vector, random(30, 1, 3).data);
      assert.deepEqual(S, secondDifference(30));
      assert.equal(grams.length, 8);
      // `out` gives its shape and, with beta, its numbers: it is an input too
      const out = matrix(40, 20);
      const again = await es.linalg.matmul(A, B, { out });
      assert.deepEqual(again.data, product.data);
      assert.isTrue(out.data.every((x) => x === 0));
      const kept = again.data.slice();
      await es.linalg.matmul(B, matrix(20, 5, random(20, 5, 4).data));
      assert.deepEqual(again.data, kept);
      assert.equal(again.data.buffer.byteLength, again.data.byteLength); // no view of something larger
      again.data.fill(7);
      assert.deepEqual((await es.linalg.matmul(A, B)).data, product.data);
    }),
  },
  {
    title: "matrices go through files: CSV, NPY, gzip",
    async run() {
      const A = random(7, 5, 1);
      assert.deepEqual(parseNpy(formatNpy(A)), A);
      assert.deepEqual(parseCsv(formatCsv(A)).matrix, A);
      const text = new Blob(["a,b\n1,2\n3,4.5\n"]).stream().pipeThrough(new CompressionStream("gzip"));
      const { matrix: read, format } = await parseMatrix(new Uint8Array(await new Response(text).arrayBuffer()), "small.csv.gz");
      assert.equal(format, "csv");
      assert.deepEqual(read, fromRows([[1, 2], [3, 4.5]]));
    },
  },
  {
    title: "the synchronous core and an engine in the caller's thread give the bits of the engine",
    async run({ options: { worker: _, ...options } }) {
      const X = random(150, 20, 1);
      const hosted = await withEngine(options, async (es) => [await es.linalg.gram(X), (await es.hinf.exact(X)).matrix]);
      const near = await withEngine({ ...options, worker: false, threads: 1 }, async (es) => [await es.linalg.gram(X), (await es.hinf.exact(X)).matrix]);
      const la = await createCore({ ...options, threads: 1 });
      const own = [la.gram(X), la.hinf.exact(X).matrix];
      la.close();
      assert.throws(() => la.gram(X), /closed/);
      assert.deepEqual(own, hosted);
      assert.deepEqual(near, hosted);
    },
  },
  {
    title: "a core with two threads computes where a thread may wait",
    skip: ({ shared }) => (!shared ? "needs shared memory" : mayWait() ? undefined : "this thread may not wait"),
    async run({ options: { worker: _, ...options } }) {
      const la = await createCore({ ...options, threads: 2 });
      try {
        assert.equal(la.threads, 2);
        const n = 100;
        near(la.eigvalsh(secondDifference(n)), Array.from({ length: n }, (_, k) => differenceValue(n, k + 1)), 4 * n * EPS, "eigvalsh");
      } finally {
        la.close();
      }
    },
  },
];

/** Whether Atomics.wait is allowed here: not in the main thread of a page. */
function mayWait(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0);
    return true;
  } catch {
    return false;
  }
}
