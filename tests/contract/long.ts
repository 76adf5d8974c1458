// One call of every operation that can take seconds, on input that makes it take them.

import { kernels, matrix, networks, type CallOptions, type Engine } from "eigenscope";
import type { Surroundings } from "./contract.ts";
import { differenceOperator, positive, random } from "./tools.ts";

export type LongCall = (es: Engine, options: CallOptions) => Promise<unknown>;

/** Where not every call is tried these stand for the others: split or not, of one kernel or more, asking the caller. */
const REPRESENTATIVES = ["matmul", "eigh", "solve", "eigsh of an operator", "certify.lambdaMin", "hinf.exact", "hinf.monteCarlo", "kernels.multiply"];

const n = 1600;
let cached: ReturnType<typeof positive> | undefined;
const square = () => (cached ??= positive(n, 1));
let wide: ReturnType<typeof random> | undefined;
const rows = () => (wide ??= random(3000, 64, 2));

/** For calls of which a few passes, or a part, take as long as others do at all. */
const smaller = () => positive(1000, 1);
const fewer = () => matrix(2000, 64, rows().data.subarray(0, 2000 * 64));

const { dense, relu } = networks;
const deep = kernels.ntk(networks.network([dense(), relu(), dense(), relu(), dense()]));

const all: [name: string, call: LongCall][] = [
  ["matmul", (es, options) => es.linalg.matmul(square(), square(), options)],
  ["gram", (es, options) => es.linalg.gram(square(), options)],
  ["eigvalsh", (es, options) => es.linalg.eigvalsh(square(), options)],
  ["eigh", (es, options) => es.linalg.eigh(square(), options)],
  ["eigh by Jacobi", (es, options) => es.linalg.eigh(square(), { method: "jacobi", ...options })],
  ["svdvals", (es, options) => es.linalg.svdvals(square(), options)],
  ["svd", (es, options) => es.linalg.svd(square(), options)],
  ["cholesky", (es, options) => es.linalg.cholesky(square(), options)],
  ["qr", (es, options) => es.linalg.qr(square(), options)],
  ["solve", (es, options) => es.linalg.solve(square(), square(), options)],
  ["inv", (es, options) => es.linalg.inv(square(), options)],
  ["pinv", (es, options) => es.linalg.pinv(square(), options)],
  ["inertia", (es, options) => es.linalg.inertia(square(), 1, options)],
  ["randomizedSvd", (es, options) => es.linalg.randomizedSvd(square(), { rank: 200, powerIterations: 8, ...options })],
  ["eigsh", (es, options) => es.linalg.eigsh(square(), { k: 20, ...options })],
  ["svds", (es, options) => es.linalg.svds(square(), { k: 20, ...options })],
  ["eigsh of an operator", (es, options) => es.linalg.eigsh(differenceOperator(2000), { k: 4, ...options })],
  ["certify.lambdaMin", (es, options) => es.linalg.certify.lambdaMin(square(), options)],
  ["hinf.exact", (es, options) => es.hinf.exact(rows(), options)],
  ["hinf.lambdaMin", (es, options) => es.hinf.lambdaMin(rows(), options)],
  ["hinf.monteCarlo", (es, options) => es.hinf.monteCarlo(matrix(300, 64, rows().data.subarray(0, 300 * 64)), { features: 2_000_000, ...options })],
  ["kernels.matrix", (es, options) => es.kernels.matrix(deep, rows(), undefined, options)],
  ["kernels.multiply", (es, options) => es.kernels.multiply(deep, rows(), null, random(3000, 10, 3), options)],
  ["eigsh of a kernel", (es, options) => es.linalg.eigsh(es.kernels.operator(deep, fewer()), { k: 4, ...options })],
  ["weights.esd by fft", (es, options) => (
    es.weights.esd({ shape: [64, 64, 3, 3], data: random(64, 576, 4).data }, { conv: "fft", inputSize: 64, ...options })
  )],
  ["weights.analyzeLayer", (es, options) => es.weights.analyzeLayer(smaller(), { randomize: 1, ...options })],
  ["regression.fit", (es, options) => es.regression.fit(deep, rows(), random(3000, 10, 3), options)],
  ["regression.fit by cg", (es, options) => es.regression.fit(deep, rows(), random(3000, 10, 3), { method: "cg", ...options })],
];

export const longCalls = ({ thorough }: Surroundings) =>
  all.filter(([name]) => thorough || REPRESENTATIVES.includes(name));

/** The one that takes longest and needs the least input. */
export const [, long] = all.find(([name]) => name === "hinf.monteCarlo")!;
