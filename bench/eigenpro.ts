// EigenPro on the notebook's subset of MNIST, beside the published algorithm in NumPy, float32 as there: it computes the
// kernel of every batch anew. "kept" is the same with K computed once, as here. 150 epochs of the published one take longer
// than a peer may.

import { mnistTask } from "../examples/label-noise/mnist.ts";
import { oneHot } from "../bindings/io/index.ts";
import { kernels, type Matrix } from "../bindings/sync.ts";
import { gaussian, type Case, type Cases } from "./harness.ts";
import { native } from "./peers.ts";

const { train, classes } = await mnistTask();
const laplacian = kernels.laplacian({ bandwidth: 10 });

const fit = (what: string, epochs: number, threads: number, input: () => Matrix[]): Case => ({
  name: `EigenPro, ${what}, ${epochs} epochs`,
  type: "f64",
  threads,
  input,
  prepare: (core, X, Y) => () => core.regression.fit(laplacian, X!, Y!, { method: "eigenpro", epochs, compat: true, tol: 0 }),
  peers: [
    ...(epochs < 100 ? [native("eigenpro", { epochs, kept: false }, "published")] : []),
    native("eigenpro", { epochs, kept: true }, "published, K kept"),
  ],
});

export const cases: Cases = (tiny) => (
  tiny
    ? [fit("30×5, 3 outputs", 2, 1, () => [gaussian(30, 5, 1), gaussian(30, 3, 2)])]
    : [10, 150].map((epochs) => fit("4000×784, 10 outputs", epochs, 2, () => [train.X, oneHot(train.labels, classes)]))
);
