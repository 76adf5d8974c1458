// MNIST and its kin: one idx file of images and one of their labels.

import { FormatError, ShapeError } from "../errors.ts";
import type { Matrix } from "../linalg/matrix.ts";
import { gunzipped } from "./gzip.ts";
import { parseIdx } from "./idx.ts";

export interface LabelledImages {
  /** One row for each image, its pixels row after row, as they are in the file (0 to 255). */
  images: Matrix<Float64Array>;
  /** The class of each image. */
  labels: Int32Array;
}

/**
 * The images and labels of two idx files, each also gzipped: `train-images-idx3-ubyte` and
 * `train-labels-idx1-ubyte` of MNIST, Fashion-MNIST, KMNIST, …
 *
 * ```ts
 * const { images, labels } = await parseMnist(await readFile("train-images-idx3-ubyte"), await readFile("train-labels-idx1-ubyte"));
 * const rows = subsetPerClass(labels, 400);
 * const X = normalizeRows(takeRows(images, rows)), Y = oneHot(rows.map((i) => labels[i]));
 * ```
 *
 * FormatError for a file that is no idx file, is cut short or holds something else (the two swapped, say); ShapeError
 * if there are not as many labels as images. `names` start the messages. 8 bytes a pixel: MNIST's 60,000 take 376 MB.
 */
export async function parseMnist(
  images: Uint8Array, labels: Uint8Array, names: [images: string, labels: string] = ["images", "labels"],
): Promise<LabelledImages> {
  const y = parseIdx(await gunzipped(labels, names[1]), names[1]);
  if (y.cols !== 1) throw new FormatError(`${names[1]}: holds ${y.cols} numbers for each row, expected one label`);
  const bad = y.data.findIndex((label) => label !== (label | 0));
  if (bad >= 0) throw new FormatError(`${names[1]}: label ${bad + 1} is ${y.data[bad]}, expected a whole number`);
  const X = parseIdx(await gunzipped(images, names[0]), names[0]);
  if (X.rows !== y.rows) throw new ShapeError(`parseMnist: ${names[0]} has ${X.rows} images, ${names[1]} ${y.rows} labels`);
  if (X.cols === 1) throw new FormatError(`${names[0]}: holds one number for each row, expected the pixels of an image`);
  return { images: X, labels: Int32Array.from(y.data) };
}
