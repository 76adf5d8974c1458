// EigenPro on the notebook's subset of MNIST, beside the published algorithm in torch on the CPU, float32 as there: it computes
// the kernel of every batch anew. "K kept" is the same with K computed once, as here.

import { mnistTask } from "../examples/label-noise/mnist.ts";
import { oneHot } from "../bindings/io/index.ts";
import { kernels, type Matrix } from "../bindings/sync.ts";
import { gaussian, type Case, type Cases } from "./harness.ts";
import { torch } from "./peers.ts";

const { train, classes } = await mnistTask();
const laplacian = kernels.laplacian({ bandwidth: 10 });

const fit = (what: string, epochs: number, threads: number, input: () => Matrix[]): Case => ({
  name: `EigenPro, ${what}, ${epochs} epochs`,
  type: "f64",
  threads,
  input,
  prepare: (core, X, Y) => () => core.regression.fit(laplacian, X!, Y!, { method: "eigenpro", epochs, compat: true, tol: 0 }),
  peers: [
    torch("eigenpro", { epochs, kept: false }, "torch, as published"),
    torch("eigenpro", { epochs, kept: true }, "torch, K kept"),
  ],
});

export const cases: Cases = (tiny) => (
  tiny
    ? [fit("30×5, 3 outputs", 2, 1, () => [gaussian(30, 5, 1), gaussian(30, 3, 2)])]
    : [fit("4000×784, 10 outputs", 150, 2, () => [train.X, oneHot(train.labels, classes)])]
);
