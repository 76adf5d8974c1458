// The experiment: regression with the tangent kernel of an infinitely wide network, on handwritten digits.

import { columns, kernels, networks, normalizeRows, type CallOptions, type Engine, type Matrix } from "eigenscope";
import { classificationErrors, oneHot } from "eigenscope/io";

export interface Settings {
  activation: "relu" | "leakyRelu" | "abs" | "erf" | "gelu" | "tanh" | "swish" | "softplus" | "sin";
  /** Hidden layers. */
  depth: number;
  /** Standard deviations: of the weights, times √fan-in, and of the hidden layers' biases. */
  weightStd: number;
  biasStd: number;
}

/** The double-descent tutorial's network has one hidden layer of ReLUs, both deviations 1, and a readout without bias. */
export function kernelOf({ activation, depth, weightStd, biasStd }: Settings) {
  const hidden = [networks.dense({ weightStd, biasStd }), networks[activation]()];
  const layers = Array.from({ length: depth }, () => hidden).flat();
  return kernels.ntk(networks.network([...layers, networks.dense({ weightStd })], { convention: "tutorial" }));
}

export interface Digits {
  X: Matrix<Float64Array>;
  Y: Matrix<Float64Array>;
  X2: Matrix<Float64Array>;
  Y2: Matrix<Float64Array>;
  /** Of the rows of X2. */
  labels2: Float64Array;
}

const TRAIN = 1500;

/** Rows of unit length with one-hot labels: the first 1500 to learn from, the others to be tried on. */
export function split(digits: Matrix<Float64Array>): Digits {
  const { rows, cols } = digits;
  const X = normalizeRows(columns(digits, 0, -1));
  const labels = columns(digits, cols - 1, cols).data;
  const part = (from: number, to: number) => ({ data: X.data.subarray(from * X.cols, to * X.cols), rows: to - from, cols: X.cols });
  return {
    X: part(0, TRAIN),
    Y: oneHot(labels.subarray(0, TRAIN)),
    X2: part(TRAIN, rows),
    Y2: oneHot(labels.subarray(TRAIN), 10),
    labels2: labels.subarray(TRAIN),
  };
}

export interface Measured {
  /** Of the kernel of the rows to learn from, ascending. */
  values: Float64Array;
  /** Rows of X2 whose largest output is not that of their label. */
  errors: number;
  /** Mean of (f − y)² over the rows of X2 and their ten outputs. */
  mse: number;
  seconds: number;
}

/** `step` gives the options of each call, whose work it names. */
export async function measure(
  es: Engine, settings: Settings, { X, Y, X2, Y2, labels2 }: Digits, step: (doing: string) => CallOptions = () => ({}),
): Promise<Measured> {
  const start = performance.now();
  const kernel = kernelOf(settings);
  const K = await es.kernels.matrix(kernel, X, undefined, step("kernel"));
  const values = await es.linalg.eigvalsh(K, step("spectrum"));
  // es.regression.fit would compute K once more
  const alpha = await es.linalg.solve(K, Y, { assume: "positive-definite", ...step("regression") });
  const F = await es.kernels.multiply(kernel, X2, X, alpha, step("predictions"));
  return { values, errors: classificationErrors(F, labels2), mse: meanSquare(F, Y2), seconds: (performance.now() - start) / 1000 };
}

function meanSquare({ data }: Matrix<Float64Array>, Y: Matrix<Float64Array>): number {
  return data.reduce((sum, f, e) => sum + (f - Y.data[e]!) ** 2, 0) / data.length;
}
