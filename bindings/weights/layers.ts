// The matrix of a layer, from whatever its weights are given as.

import { ShapeError } from "../errors.ts";
import { decodeTensor } from "../io/decode.ts";
import type { StoredTensor, TensorData } from "../io/tensors.ts";
import { toMatrix, type Matrix, type MatrixLike } from "../linalg/matrix.ts";
import type { LayerHints, LayerKind } from "./recognise.ts";

/** The weights of a layer: a matrix (outputs × inputs), numbers with a shape, or a tensor as a file holds it. */
export type WeightLike = MatrixLike | (LayerHints & StoredTensor) | (LayerHints & { shape: number[]; data: TensorData });

/** A layer's weights as outputs × (inputs · kernel). */
export interface LayerMatrix {
  name: string;
  kind: LayerKind;
  shape: number[];
  matrix: Matrix;
}

/** The matrix of one layer. */
export function toLayer(fn: string, W: WeightLike): LayerMatrix {
  if (!("shape" in W)) {
    const matrix = toMatrix(fn, "W", W as MatrixLike);
    return { name: "", kind: "dense", shape: [matrix.rows, matrix.cols], matrix };
  }
  const { name = "", kind = W.shape.length === 4 ? "conv2d" : "dense", shape } = W;
  const numbers = "bytes" in W ? decodeTensor(W) : W.data;
  const data = numbers instanceof Float32Array || numbers instanceof Float64Array ? numbers : Float64Array.from(numbers);
  const rows = shape[0]!;
  if (shape.length < 2) throw new ShapeError(`${fn}: W has shape (${shape.join(", ")}), expected two or more dimensions`);
  return { name, kind, shape, matrix: toMatrix(fn, "W", { data, rows, cols: data.length / rows }) };
}
