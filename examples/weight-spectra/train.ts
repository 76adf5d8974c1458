// Trains the network of the page's demo, 64-100-80-10 with ReLUs, on handwritten digits by stochastic gradient descent with
// momentum, and writes it as it begins, on its way and in the end to ../data/digits-mlp-*.safetensors.
//
// npx tsx examples/weight-spectra/train.ts

import { readFile, writeFile } from "node:fs/promises";
import { createCore, type Matrix } from "eigenscope/core";
import { classificationErrors, columns, oneHot, parseMatrix, RandomState, rescale, takeRows, trainTestSplit } from "eigenscope/io";
import { formatSafetensors } from "./safetensors.ts";

type Matrix64 = Matrix<Float64Array>;

interface Layer {
  /** Outputs × inputs. */
  weight: Matrix64;
  bias: Float64Array;
  /** What is added at a step, momentum included. */
  weightStep: Float64Array;
  biasStep: Float64Array;
}

const WIDTHS = [64, 100, 80, 10];
const SEED = 0;
const BATCH = 16;
/** At first; it falls to zero as a cosine does. */
const RATE = 0.02;
const MOMENTUM = 0.9;
const DECAY = 1e-4;
const EPOCHS = 100;
/** Epochs after which the network is written. */
const KEPT = [0, 2, EPOCHS];

const la = await createCore({ reproducible: true });
const random = new RandomState(SEED);

/** He's initialisation, biases zero. */
function newLayer(inputs: number, outputs: number): Layer {
  const weight = random.randn(outputs * inputs).map((z) => z * Math.sqrt(2 / inputs));
  return {
    weight: { data: weight, rows: outputs, cols: inputs }, bias: new Float64Array(outputs),
    weightStep: new Float64Array(weight.length), biasStep: new Float64Array(outputs),
  };
}

/** What goes into each layer, and the last one's outputs. */
function forward(layers: readonly Layer[], X: Matrix64): Matrix64[] {
  const activations = [X];
  for (const [l, { weight, bias }] of layers.entries()) {
    const Y = la.matmul(activations[l]!, weight, { transB: true }) as Matrix64;
    const last = l === layers.length - 1;
    Y.data.forEach((y, e) => {
      const z = y + bias[e % Y.cols]!;
      Y.data[e] = last ? z : Math.max(0, z);
    });
    activations.push(Y);
  }
  return activations;
}

/** (softmax(F) − Y)/n, the gradient of the mean cross entropy; in place of F. */
function lossGradient(F: Matrix64, Y: Matrix64): Matrix64 {
  for (let i = 0; i < F.rows; i++) {
    const row = F.data.subarray(i * F.cols, (i + 1) * F.cols);
    const most = Math.max(...row);
    const total = row.reduce((sum, f) => sum + Math.exp(f - most), 0);
    row.forEach((f, c) => { row[c] = (Math.exp(f - most) / total - Y.data[i * F.cols + c]!) / F.rows; });
  }
  return F;
}

/** One step downhill: v := momentum·v − rate·gradient, W := W + v. */
function step(layers: readonly Layer[], X: Matrix64, Y: Matrix64, rate: number): void {
  const activations = forward(layers, X);
  let G = lossGradient(activations.pop()!, Y);
  for (let l = layers.length - 1; l >= 0; l--) {
    const { weight, bias, weightStep, biasStep } = layers[l]!;
    const input = activations[l]!;
    const gradient = la.matmul(G, input, { transA: true });
    const below = l > 0 ? la.matmul(G, weight) as Matrix64 : undefined;
    biasStep.forEach((v, o) => { biasStep[o] = MOMENTUM * v; });
    G.data.forEach((g, e) => { biasStep[e % G.cols]! -= rate * g; });
    weightStep.forEach((v, e) => {
      weightStep[e] = MOMENTUM * v - rate * (gradient.data[e]! + DECAY * weight.data[e]!);
      weight.data[e]! += weightStep[e]!;
    });
    bias.forEach((b, o) => { bias[o] = b + biasStep[o]!; });
    if (!below) return;
    input.data.forEach((a, e) => { if (a === 0) below.data[e] = 0; });
    G = below;
  }
}

// any 297 rows are tried on, the others learnt
const file = new URL("../data/digits.csv.gz", import.meta.url);
const { matrix } = await parseMatrix(await readFile(file), "digits.csv.gz");
const X = rescale(columns(matrix, 0, -1), 1 / 16);
const labels = columns(matrix, matrix.cols - 1, matrix.cols).data;
const { train, test } = trainTestSplit(X.rows, { testSize: 297, randomState: SEED });
const part = (rows: Int32Array) => ({ X: takeRows(X, rows), labels: Float64Array.from(rows, (i) => labels[i]!) });
const [learnt, tried] = [part(train), part(test)];
const Y = oneHot(learnt.labels);

const layers = WIDTHS.slice(1).map((outputs, l) => newLayer(WIDTHS[l]!, outputs));
const accuracy = ({ X, labels }: { X: Matrix64; labels: Float64Array }) =>
  1 - classificationErrors(forward(layers, X).pop()!, labels) / labels.length;

for (let epoch = 0; epoch <= EPOCHS; epoch++) {
  if (KEPT.includes(epoch)) {
    const percent = (of: typeof tried) => (100 * accuracy(of)).toFixed(1);
    const tensors = layers.flatMap(({ weight, bias }, l) => [
      { name: `layers.${l}.weight`, shape: [weight.rows, weight.cols], data: weight.data },
      { name: `layers.${l}.bias`, shape: [bias.length], data: bias },
    ]);
    const bytes = formatSafetensors(tensors, { epoch: String(epoch), testAccuracy: percent(tried) });
    const name = `digits-mlp-epoch-${String(epoch).padStart(3, "0")}.safetensors`;
    await writeFile(new URL(`../data/${name}`, import.meta.url), bytes);
    console.log(`epoch ${epoch}: ${percent(learnt)} % of ${train.length} digits learnt, ${percent(tried)} % of ${test.length} others right; ${name}`);
  }
  const rate = RATE * (1 + Math.cos((Math.PI * epoch) / EPOCHS)) / 2;
  const order = random.permutation(train.length);
  for (let at = 0; at + BATCH <= order.length; at += BATCH) {
    const rows = order.subarray(at, at + BATCH);
    step(layers, takeRows(learnt.X, rows), takeRows(Y, rows), rate);
  }
}
la.close();
