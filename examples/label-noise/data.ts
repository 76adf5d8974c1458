// Rows with labels: the digits, or files of the visitor.

import { columns, normalizeRows, type Matrix } from "eigenscope";
import { parseMatrix, RandomState, takeRows } from "eigenscope/io";
import { fetchDigits } from "../site/digits.ts";
import type { Task } from "./task.ts";

export interface Labelled {
  /** Names of the files; "digits" without any. */
  source: string;
  X: Matrix<Float64Array>;
  /** 0, …, k − 1: positions in `classes`. */
  labels: Int32Array;
  /** The labels of the file, ascending. */
  classes: number[];
  /** The rows in the order in which they are used. */
  order: Int32Array;
  warnings: string[];
}

/** More different numbers than these are no labels. */
const MOST_CLASSES = 64;
/** Rows to be tried on. */
const MOST_TESTED = 2000;

/** One file with the labels in its last column, or two, of which one holds the labels alone. */
export async function readLabelled(files: File[] = []): Promise<Labelled> {
  if (files.length > 2) throw new Error(`${files.length} files, expected one, or one of data and one of its labels`);
  const parsed = files.length
    ? await Promise.all(files.map(async (file) => parseMatrix(new Uint8Array(await file.arrayBuffer()), file.name)))
    : [await parseMatrix(await fetchDigits(), "digits")];
  const source = files.map(({ name }) => name).join(" and ") || "digits";
  const [data, labels] = apart(source, parsed.map(({ matrix }) => matrix));
  const classes = [...new Set(labels)].sort((a, b) => a - b);
  if (classes.length < 2 || classes.length > MOST_CLASSES || !classes.every(Number.isInteger)) {
    const odd = classes.find((c) => !Number.isInteger(c));
    const what = odd === undefined ? `${classes.length} different labels` : `labels such as ${odd}`;
    const where = "in the last column or in a file of their own";
    throw new Error(`${source}: ${what}, expected 2 to ${MOST_CLASSES} whole numbers ${where}`);
  }
  const position = new Map(classes.map((label, c) => [label, c]));
  return {
    source,
    X: data,
    labels: Int32Array.from(labels, (label) => position.get(label)!),
    classes,
    // files are often sorted by class; the digits are used as they come, as everybody does
    order: files.length ? new RandomState(0).permutation(data.rows) : Int32Array.from(labels, (_, i) => i),
    warnings: parsed.flatMap(({ warnings }) => warnings),
  };
}

/** The data, and the labels of its rows. */
function apart(source: string, [A, B]: Matrix<Float64Array>[]): [Matrix<Float64Array>, Float64Array] {
  if (!B) {
    if (A!.cols < 2) throw new Error(`${source}: one column, expected data and their labels; choose both files at once`);
    return [columns(A!, 0, -1), columns(A!, A!.cols - 1, A!.cols).data];
  }
  const [data, labels] = A!.cols === 1 ? [B, A!] : [A!, B];
  if (labels.cols !== 1) {
    throw new Error(`${source}: ${A!.cols} and ${B.cols} columns, expected one of the files to have one, the labels`);
  }
  if (labels.rows !== data.rows) throw new Error(`${source}: ${data.rows} rows and ${labels.rows} labels, expected as many`);
  return [data, labels.data];
}

/** The first `rows` to learn from and those after them to be tried on, scaled to length 1. */
export function taskOf({ X, labels, classes, order }: Labelled, rows: number): Task {
  const samples = (chosen: Int32Array) => ({ X: normalizeRows(takeRows(X, chosen)), labels: chosen.map((i) => labels[i]!) });
  return {
    train: samples(order.subarray(0, rows)),
    test: samples(order.subarray(rows, rows + MOST_TESTED)),
    classes: classes.length,
  };
}
