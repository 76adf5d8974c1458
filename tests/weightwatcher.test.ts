// WeightWatcher's columns: those of weightwatcher 0.7.7 for the same layers (fixtures/make_weightwatcher.py), and what it has no
// number for.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { Runtime } from "../bindings/core/runtime.ts";
import { parseSafetensors } from "../bindings/io/safetensors.ts";
import { randomState } from "../bindings/random/randomState.ts";
import { weightwatcher } from "../bindings/weights/weightwatcher.ts";
import { EPS, numbers, testEach } from "./harness.ts";

interface Recipe {
  name: string;
  shape: number[];
  seed: number;
  scale: number;
  rank: number;
  power: number;
}
type About = Recipe | { name: string; file: string; tensor: string };

const fixture = JSON.parse(readFileSync(new URL("fixtures/weightwatcher.json", import.meta.url), "utf8")) as {
  layers: { about: About; randomize: number; row: Record<string, number | string> }[];
};

/** The layer as the script made it. */
async function layerOf(rt: Runtime, about: About): Promise<{ shape: number[]; data: Float32Array | Float64Array }> {
  if ("file" in about) {
    const bytes = readFileSync(new URL(`../examples/data/${about.file}`, import.meta.url));
    const { tensors } = await parseSafetensors(bytes);
    const tensor = tensors.find(({ name }) => name === about.tensor)!;
    return { shape: tensor.shape, data: (await tensor.data()) as Float32Array };
  }
  const { shape, seed, scale, rank, power } = about;
  const random = randomState(rt, seed);
  const cols = shape.reduce((a, b) => a * b, 1) / shape[0]!;
  const data = random.randn(shape[0]! * cols).map((z) => scale * Math.sign(z) * Math.abs(z) ** power);
  for (let k = 0; k < rank; k++) {
    const [u, v] = [random.randn(shape[0]!), random.randn(cols)];
    for (let e = 0; e < data.length; e++) data[e]! += (scale * 0.5 / (k + 1)) * u[Math.floor(e / cols)]! * v[e % cols]!;
  }
  return { shape, data: Float32Array.from(data) };
}

/** W_scale → wScale, num_ERG_spikes → numErgSpikes. */
const camel = (name: string) =>
  name.replace("ERG", "erg").replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()).replace(/^(W)(?=[A-Z])/, "w");

for (const { about, randomize, row } of fixture.layers) {
  testEach(`weightwatcher 0.7.7: ${about.name}`, async (rt) => {
    const ours = weightwatcher(rt, await layerOf(rt, about), { mpFit: true, randomize, detX: true }) as unknown as Record<string, unknown>;
    assert.deepEqual(Object.keys(ours).sort(), Object.keys(row).map(camel).sort());
    // it scales the slices of a convolution in f32
    const tolerance = row.rf === 1 ? 1e-9 : 1e-6;
    for (const [name, theirs] of Object.entries(row)) {
      const value = ours[camel(name)];
      if (typeof theirs === "string") assert.equal(value, theirs, name);
      else {
        const difference = Math.abs((value as number) - theirs);
        assert.ok(difference <= tolerance * Math.abs(theirs), `${name}: ${String(value)}, theirs ${theirs}`);
      }
    }
  });
}

testEach("weightwatcher: without options the columns of analyze() alone", (rt) => {
  const row = weightwatcher(rt, { data: numbers(600, 1), rows: 20, cols: 30 });
  for (const name of ["sigmaMp", "maxRandEval", "detXNum"]) assert.ok(!(name in row), name);
  assert.deepEqual([row.N, row.M, row.rf, row.Q, row.numEvals], [30, 20, 1, 1.5, 20]);
});

testEach("weightwatcher: the layout of a convolution has no influence, nor has which side is longer", (rt) => {
  const [o, i, k] = [7, 12, 9];
  const oik = numbers(o * i * k, 2);
  const kio = new Float64Array(oik.length);
  const iok = new Float64Array(oik.length);
  for (let a = 0; a < o; a++) {
    for (let b = 0; b < i; b++) {
      for (let p = 0; p < k; p++) kio[(p * i + b) * o + a] = iok[(b * o + a) * k + p] = oik[(a * i + b) * k + p]!;
    }
  }
  const options = { mpFit: true, randomize: 3, detX: true };
  const expected = weightwatcher(rt, { shape: [o, i, 3, 3], data: oik }, options);
  assert.deepEqual([expected.N, expected.M, expected.rf, expected.numEvals], [12, 7, 9, 63]);
  assert.deepEqual(weightwatcher(rt, { shape: [3, 3, i, o], data: kio, layout: "io" }, options), expected);
  assert.deepEqual(weightwatcher(rt, { shape: [i, o, 3, 3], data: iok, kind: "conv2d", transposed: true }, options), expected);
  // its slices, each with a weight of a half
  let norm = 0;
  for (const w of oik) norm += (w * w) / 2;
  assert.ok(Math.abs(expected.norm - norm) <= 63 * EPS * norm);
});

testEach("weightwatcher: the same numbers in random order keep norm and scale, and lose what was learned", (rt) => {
  const data = numbers(60 * 40, 3).map((x, e) => 0.1 * x + (e % 40 < 20 === e < 1200 ? 0.1 : -0.1));
  const row = weightwatcher(rt, { data, rows: 60, cols: 40 }, { mpFit: true, randomize: 0 });
  assert.ok(Math.abs(row.randWScale! / row.wScale! - 1) <= 1e-13);
  assert.ok(row.wwSoftrank! < 0.5 && row.wwMaxdist! > 0 && row.numSpikes! >= 1);
  const other = weightwatcher(rt, { data, rows: 60, cols: 40 }, { randomize: 1 });
  assert.notEqual(other.maxRandEval, row.maxRandEval);
});

testEach("weightwatcher: layers that have no tail, no rank or no numbers", (rt) => {
  const options = { mpFit: true, randomize: 0, detX: true };
  const zero = weightwatcher(rt, { data: new Float64Array(60), rows: 6, cols: 10 }, options);
  assert.deepEqual([zero.status, zero.alpha, zero.alphaWeighted, zero.logNorm, zero.stableRank, zero.entropy], ["failed", null, null, null, null, null]);
  assert.deepEqual([zero.matrixRank, zero.rankLoss, zero.weakRankLoss, zero.sigmaMp, zero.randDistance], [0, 6, 6, null, 0]);
  const row = weightwatcher(rt, { data: Float64Array.of(3, 4), rows: 1, cols: 2 }, options);
  assert.deepEqual([row.status, row.numEvals, row.detXNum, row.ergGap], ["failed", 1, 0, null]);
  assert.ok(Math.abs(row.norm - 25) <= 25 * 4 * EPS && row.stableRank === 1);
  const one = weightwatcher(rt, { data: new Float64Array(1000).fill(1), rows: 20, cols: 50 }, options);
  assert.deepEqual([one.matrixRank, one.rankLoss, one.weakRankLoss], [1, 19, 19]);
  for (const value of Object.values({ ...zero, ...row, ...one })) assert.ok(typeof value !== "number" || Number.isFinite(value));
});

testEach("weightwatcher: bad input is refused in its name", (rt) => {
  const W = { data: numbers(6, 1), rows: 2, cols: 3 };
  assert.throws(() => weightwatcher(rt, W, { randomize: -1 }), { code: "ERR_OPTION", message: /^weights\.weightwatcher: randomize is -1/ });
  assert.throws(() => weightwatcher(rt, W, { tolerance: NaN }), { code: "ERR_OPTION", message: /tolerance is NaN/ });
  assert.throws(() => weightwatcher(rt, { ...W, data: W.data.fill(NaN, 4) }), { code: "ERR_NOT_FINITE", message: /^weights\.weightwatcher: W holds NaN/ });
});
