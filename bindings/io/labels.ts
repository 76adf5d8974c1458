// Labels of classes: chosen, encoded, compared.

import { NotFiniteError, OptionError, ShapeError } from "../errors.ts";
import { emptyMatrix, toMatrix, type Matrix, type MatrixLike } from "../linalg/matrix.ts";

/** Whole numbers, one for each row of data: an array, or a matrix of one column as files give it. */
export type Labels = ArrayLike<number> | Matrix;

/**
 * The rows of the first `perClass` samples of each class, class after class in the order in which they first appear,
 * as the notebooks of the deep-learning-theory tutorial (Radhakrishnan 2021) choose their 4000 of MNIST:
 * `subsetPerClass(labels, 400)`.
 *
 * A class with fewer samples is an OptionError that names it.
 */
export function subsetPerClass(labels: Labels, perClass: number): Int32Array {
  const fn = "subsetPerClass";
  if (!(Number.isInteger(perClass) && perClass >= 1)) {
    throw new OptionError(`${fn}: perClass is ${String(perClass)}, expected a whole number from 1`);
  }
  const classes = new Map<number, number[]>();
  toLabels(fn, labels).forEach((label, i) => {
    const rows = classes.get(label);
    if (!rows) classes.set(label, [i]);
    else if (rows.length < perClass) rows.push(i);
  });
  for (const [label, { length }] of classes) {
    if (length < perClass) {
      throw new OptionError(`${fn}: class ${label} has ${length} of the ${perClass} samples that are asked for`);
    }
  }
  return Int32Array.from([...classes.values()].flat());
}

/**
 * The n×k matrix with a 1 in column `labels[i]` of row i, 0 elsewhere; labels are 0, …, k − 1.
 *
 * Without `classes`, k is the largest label + 1, and each class up to it must have a sample. With it (the labels of
 * a test set, say) some may have none. Refused with an OptionError: labels that are no whole numbers from 0 or not
 * below `classes`; without `classes`, a class without samples. OutOfMemoryError for more classes than there is room for.
 */
export function oneHot(labels: Labels, classes?: number): Matrix<Float64Array> {
  const y = toLabels("oneHot", labels);
  let largest = 0;
  for (let i = 0; i < y.length; i++) {
    if (y[i]! < 0) throw new OptionError(`oneHot: label ${i + 1} is ${y[i]}, expected a whole number from 0`);
    if (y[i]! > y[largest]!) largest = i;
  }
  const k = classes ?? y[largest]! + 1;
  if (!(Number.isInteger(k) && k >= 1)) {
    throw new OptionError(`oneHot: classes is ${String(k)}, expected a whole number from 1`);
  }
  if (y[largest]! >= k) {
    throw new OptionError(`oneHot: label ${largest + 1} is ${y[largest]}, expected it to be below the ${k} classes`);
  }
  if (classes === undefined) {
    const present = new Set(y);
    for (let c = 0; c < k; c++) {
      if (!present.has(c)) {
        throw new OptionError(`oneHot: class ${c} of 0 to ${k - 1} has no sample; give the number of \`classes\` if that is meant`);
      }
    }
  }
  const Y = emptyMatrix("oneHot", y.length, k, 8) as Matrix<Float64Array>;
  y.forEach((label, i) => { Y.data[i * k + label] = 1; });
  return Y;
}

/** The column of the largest number of each row, the first of equal ones: the class that predictions choose. */
export function argmax(Y: MatrixLike): Int32Array {
  const { data, rows, cols } = toMatrix("argmax", "Y", Y);
  if (cols === 0) throw new ShapeError(`argmax: Y is ${rows}×0, it must have a column`);
  const out = new Int32Array(rows);
  for (let i = 0; i < rows; i++) {
    let best = 0;
    for (let j = 0; j < cols; j++) {
      const y = data[i * cols + j]!;
      if (Number.isNaN(y)) throw new NotFiniteError(`argmax: Y holds NaN at row ${i + 1}, column ${j + 1}`);
      if (y > data[i * cols + best]!) best = j;
    }
    out[i] = best;
  }
  return out;
}

/** In how many rows the largest prediction (n×k) does not stand in the column of the row's label. */
export function classificationErrors(predictions: MatrixLike, labels: Labels): number {
  const fn = "classificationErrors";
  const chosen = argmax(predictions);
  const y = toLabels(fn, labels);
  if (y.length !== chosen.length) throw new ShapeError(`${fn}: ${chosen.length} predictions, ${y.length} labels`);
  return chosen.reduce((errors, label, i) => errors + Number(label !== y[i]), 0);
}

/** Labels as whole numbers. */
export function toLabels(fn: string, labels: Labels): Int32Array {
  const values = columnOf(fn, labels);
  if (values.length === 0) throw new ShapeError(`${fn}: there are no labels`);
  const y = new Int32Array(values.length);
  for (let i = 0; i < y.length; i++) {
    y[i] = values[i]!;
    if (y[i] !== values[i]) throw new OptionError(`${fn}: label ${i + 1} is ${String(values[i])}, expected a whole number`);
  }
  return y;
}

function columnOf(fn: string, labels: Labels): ArrayLike<number> {
  if (labels && typeof labels === "object" && "data" in labels) {
    if (labels.cols !== 1) throw new ShapeError(`${fn}: labels are ${labels.rows}×${labels.cols}, expected one column`);
    return toMatrix(fn, "labels", labels).data;
  }
  if (labels && typeof labels === "object" && typeof labels.length === "number") return labels;
  throw new ShapeError(`${fn}: labels are ${labels === null ? "null" : typeof labels}, expected an array of whole numbers`);
}
