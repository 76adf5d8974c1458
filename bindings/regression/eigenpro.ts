// regression.fit, method "eigenpro": stochastic gradient descent in the space of the kernel, preconditioned.
//
// Based on: Ma & Belkin, Learning kernels that adapt to GPU, 2019 (EigenPro 2), and its implementation in the
// tutorial of Radhakrishnan, Belkin & Uhler (arXiv 2105.14368): constants and the order of the draws are those.
//
// An epoch runs over the data in random batches of b rows. With g = f(X_b) − Y_b, what f misses there,
//
//    f −= (η/b)·P·Σ_b g_b·k(·, x_b)                        (preconditioner.ts)
//
// where b is as large as is of use, and η near the most that is stable:
//
//    b = ⌊β/λ + 1⌋,   η = b/β if b < β/λ + 1, otherwise 0.99·2b/(β + (b − 1)·λ)
//
// λ the largest eigenvalue of the kernel that P leaves, β the largest number of its diagonal. The expected squared error
// falls in every step if η < 2b/(β + (b − 1)·λ)   [Ma, Bassily & Belkin 2018]; b/β can come as near to that as rounding
// is, so by default it is kept at 0.99 of it.
//
// K(X, X) is formed once where it fits: an epoch then costs n²·L multiply-adds and one reading of K. Where it does
// not fit every batch makes its rows anew, at n²·d multiply-adds an epoch.
//
// Limits: rows that are left over when the data is cut into batches are left out of that epoch. What P leaves is
// estimated from a sample, so a step at the limit can be too long where the sample is small; that is noticed (diverged).

import { OptionError } from "../errors.ts";
import type { Runtime } from "../core/runtime.ts";
import { argmax, classificationErrors } from "../io/labels.ts";
import type { Kernel } from "../kernels/descriptions.ts";
import { kernelDiagonal, placeRows, prepare, type KernelRows } from "../kernels/place.ts";
import { pushMatrix, type Matrix, type MatrixLike } from "../linalg/matrix.ts";
import { takeRows } from "../linalg/rows.ts";
import { RandomState } from "../random/mt19937.ts";
import { modelOfCenters } from "./eigenproCenters.ts";
import { modelOfData, type Model } from "./eigenproData.ts";
import { checkSettings, type EigenProFitInfo, type EigenProFitOptions, type EigenProSettings, type FitErrors } from "./eigenproOptions.ts";
import { largestDiagonal, newTopOf } from "./preconditioner.ts";
import { meanSquare, toRows, toTargets, unitOf, type Targets } from "./problem.ts";

/** Rows of X that the errors are told of. */
const EVALUATED = 5000;

/** A batch with so many times the mean of y² as its mean squared residual is not coming down again. */
const HOPELESS = 1e6;

/** With centers of their own steps go by residuals of earlier batches too, which takes shorter ones: part of the limit. */
const CAUTION = 1 / 2;

/** What the call has come to, by experience, when it starts with the first epoch. */
const PREPARED = 0.6;

export function eigenProFit(
  rt: Runtime, fn: string, kernel: Kernel, X: MatrixLike, Y: Targets, options: EigenProFitOptions,
): { alpha: Matrix<Float64Array>; info: EigenProFitInfo } {
  const x = toRows(fn, "X", X);
  const y = toTargets(fn, "Y", Y, "X", x.rows);
  const { rows: n, cols: d } = x;
  const L = y.cols;
  const settings = checkSettings(fn, n, d, L, rt.binary.memoryLimit, options);
  const { epochs, compat, seed, tol, validation, centers, m } = settings;
  assertFinite(rt, fn, { X: x, Y: y, ...(validation && { Xval: validation.X, Yval: validation.Y }), ...(centers && { centers }) });

  // the rows of the sample come first, wherever they stood
  const random = new RandomState(seed);
  const order = sampleFirst(n, random.choice(n, m));
  const place = new Int32Array(n);
  order.forEach((row, i) => { place[row] = i; });
  const draw = (count: number) => random.choice(n, count).map((row) => place[row]!);
  if (compat) random.seed(seed);
  const data = takeRows(x, order);
  // in units in which no square overflows or vanishes
  const unit = unitOf(y.data);
  const inUnits = (Y: Matrix) => ({ ...Y, data: Y.data.map((value) => value / unit) });
  const targets = inUnits(takeRows(y, order));

  return rt.memory.scope(() => {
    const prepared = prepare(rt, fn, kernel, d);
    const rows = placeRows(rt, fn, prepared, "X", data);
    const plan = { ...settings, prepared, data, X: rows, targets, L };
    const model = centers
      ? modelOfCenters(rt, fn, plan, placeRows(rt, fn, prepared, "centers", centers))
      : modelOfData(rt, fn, plan);
    const { batchSize, learningRate, ...spectrum } = chooseStep(rt, fn, model, rows, settings);
    const evaluated = draw(Math.min(n, EVALUATED));
    const trained = takeRows(targets, evaluated);
    const held = validation && { ...model.rows("Xval", validation.X, epochs.length), targets: inUnits(validation.Y) };
    const evaluate = (epoch: number): EigenProFitInfo["epochs"][number] => ({
      epoch,
      train: errorsOf(model.predict(evaluated), trained, unit),
      ...(held && { validation: errorsOf(held.predict(), held.targets, unit) }),
    });

    const info: EigenProFitInfo = {
      method: "eigenpro", converged: false, diverged: false, iterations: 0, residual: 1, nSubsamples: m, ...spectrum,
      batchSize, learningRate, epochs: [],
    };
    const size = meanSquare(targets.data);
    const last = epochs.at(-1)!;
    let reached = model.coefficients();
    while (info.iterations < last && !info.converged) {
      rt.tell(PREPARED + ((1 - PREPARED) * info.iterations) / last);
      const epoch = ++info.iterations;
      const ids = draw(Math.floor(n / batchSize) * batchSize);
      const missed = runEpoch(model, ids, batchSize, targets, learningRate / batchSize, HOPELESS * size);
      if (missed === undefined) {
        info.diverged = true;
        break;
      }
      info.residual = model.residual(missed);
      info.converged = info.residual <= tol;
      reached = model.coefficients();
      if (info.converged || epochs.includes(epoch)) info.epochs.push(evaluate(epoch));
    }
    reached.data.forEach((value, e) => { reached.data[e] = value * unit; });
    return { alpha: centers ? reached : takeRows(reached, place), info };
  });
}

/** Before rows are put in another order, so that errors name those of the caller. */
function assertFinite(rt: Runtime, fn: string, given: Record<string, Matrix>): void {
  for (const [name, A] of Object.entries(given)) rt.memory.scope(() => pushMatrix(rt, fn, name, A));
}

/** All numbers from 0 to n − 1, those of the sample first. */
function sampleFirst(n: number, sample: Int32Array): Int32Array {
  const drawn = new Uint8Array(n);
  for (const i of sample) drawn[i] = 1;
  const order = new Int32Array(n);
  order.set(sample);
  let at = sample.length;
  for (let i = 0; i < n; i++) if (!drawn[i]) order[at++] = i;
  return order;
}

/** b and η, and what they follow from. */
function chooseStep(rt: Runtime, fn: string, { top, preconditioner }: Model, rows: KernelRows, settings: EigenProSettings) {
  const { available, compat, batchSize, learningRate, centers, m } = settings;
  const newTop = newTopOf(top);
  const beta = compat
    ? publishedBeta(m, top.vectors)
    : Math.max(newTop, largestDiagonal(rt, kernelDiagonal(rt, rows), preconditioner));
  const critical = beta / newTop + 1;
  const b = batchSize ?? Math.min(Math.floor(critical), available);
  const limit = (2 * b) / (beta + (b - 1) * newTop);
  if (learningRate !== undefined && !compat && learningRate > limit) {
    throw new OptionError(`${fn}: learningRate is ${learningRate}, with batches of ${b} rows steps are stable up to ${limit.toPrecision(4)}`);
  }
  const published = b < critical ? b / beta : 0.99 * limit;
  return {
    topQ: top.values.length,
    topEigenvalue: top.values[0]!,
    newTopEigenvalue: newTop,
    beta,
    batchSize: b,
    learningRate: learningRate ?? (compat ? published : Math.min(published, (centers ? CAUTION : 0.99) * limit)),
  };
}

/** max (1 − Σⱼ uₛⱼ²) over the m rows of the sample. */
function publishedBeta(m: number, vectors: Float64Array): number {
  const left = new Float64Array(m).fill(1);
  for (let e = 0; e < vectors.length; e++) left[e % m]! -= vectors[e]! ** 2;
  return left.reduce((largest, x) => Math.max(largest, x));
}

/** Steps from all batches; the mean of the squared residuals that they met, or undefined once it left the bound. */
function runEpoch(
  model: Model, ids: Int32Array, batchSize: number, targets: Matrix, step: number, bound: number,
): number | undefined {
  const L = targets.cols;
  let mean = 0;
  for (let b0 = 0; b0 < ids.length; b0 += batchSize) {
    const batch = ids.subarray(b0, b0 + batchSize);
    const missed = model.predict(batch);
    let squares = 0;
    batch.forEach((id, b) => {
      for (let l = 0; l < L; l++) {
        missed[b * L + l]! -= targets.data[id * L + l]!;
        squares += missed[b * L + l]! ** 2;
      }
    });
    if (!(squares <= bound * missed.length)) return undefined;
    mean += squares / (ids.length * L);
    model.descend(batch, missed, step);
  }
  return mean;
}

/** Of outputs and targets in multiples of `unit`. */
function errorsOf(f: Float64Array, Y: Matrix, unit: number): FitErrors {
  const mse = unit * (unit * meanSquare(f.map((x, e) => x - Y.data[e]!)));
  return { mse, ...(Y.cols > 1 && { error: classificationErrors({ ...Y, data: f }, argmax(Y)) / Y.rows }) };
}
