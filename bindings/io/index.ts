/**
 * `eigenscope/io`: bytes of a file → Matrix, and back; model files → named tensors; what is done to data before it
 * is learnt from. Works on bytes and numbers alone, in Node and browsers.
 *
 * @module eigenscope/io
 */

import { FormatError } from "../errors.ts";
import type { Matrix } from "../linalg/matrix.ts";
import { parseCsv } from "./csv.ts";
import { gunzipped, isGzip } from "./gzip.ts";
import { isIdx, parseIdx } from "./idx.ts";
import { NPY_MAGIC, parseNpy } from "./npy.ts";
import { parseNpz } from "./npz.ts";

export { formatCsv, parseCsv, type Csv } from "./csv.ts";
export { parseIdx } from "./idx.ts";
export { formatNpy, parseNpy, parseNpyHeader, parseNpyTensor, type NpyHeader } from "./npy.ts";
export { parseNpz, parseNpzTensors } from "./npz.ts";
export { parsePytorch } from "./pytorch.ts";
export { parseSafetensors, parseSafetensorsShards } from "./safetensors.ts";
export { decodeTensor } from "./decode.ts";
export type { ModelFile, NamedBlob, NamedModel, NamedSource, Source, StoredTensor, Tensor, TensorData, TensorDtype } from "./tensors.ts";
export { parseModel, parseModels } from "./model.ts";
export { parseOnnx, type OnnxOptions } from "./onnx.ts";
export { parseTfjs } from "./tfjs.ts";
export { parseMnist, type LabelledImages } from "./mnist.ts";
export { columns, normalizeRows, rescale, takeRows } from "../linalg/rows.ts";
export { argmax, classificationErrors, oneHot, subsetPerClass, type Labels } from "./labels.ts";
export { trainTestSplit, type Split, type SplitOptions } from "./split.ts";
export { pca, type Pca, type SvdSolver } from "./pca.ts";
export { RandomState } from "../random/mt19937.ts";

export interface ParsedMatrix {
  matrix: Matrix<Float64Array>;
  format: "csv" | "npy" | "npz" | "idx";
  /** What was read differently from what one may expect, one line each. */
  warnings: string[];
}

/**
 * The matrix of a file: .csv (any text with rows of numbers), .npy, .npz or .idx, each also gzipped. The
 * content decides, not the name; `name` starts the messages of errors.
 */
export async function parseMatrix(bytes: Uint8Array, name = "parseMatrix"): Promise<ParsedMatrix> {
  if (isGzip(bytes)) return parseMatrix(await gunzipped(bytes, name), name);
  if (NPY_MAGIC.every((c, i) => bytes[i] === c)) return { matrix: parseNpy(bytes, name), format: "npy", warnings: [] };
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) return { matrix: parseNpz(bytes, name), format: "npz", warnings: [] };
  if (isIdx(bytes)) return { matrix: parseIdx(bytes, name), format: "idx", warnings: [] };
  const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (!utf16 && bytes.subarray(0, 4096).includes(0)) {
    throw new FormatError(`${name}: neither text nor a known format, expected .npy, .npz, .csv, .csv.gz or .idx`);
  }
  const { matrix, warnings } = parseCsv(bytes, name);
  return { matrix, format: "csv", warnings };
}
