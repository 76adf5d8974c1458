// The weights of a layer, from whatever they are given as, and how they make matrices.

import { NotFiniteError, OptionError, ShapeError } from "../errors.ts";
import { decodeTensor } from "../io/decode.ts";
import type { StoredTensor, TensorData, TensorDtype } from "../io/tensors.ts";
import { toMatrix, type MatrixLike } from "../linalg/matrix.ts";
import { checkWord } from "./words.ts";
import type { LayerHints, LayerKind } from "./recognise.ts";

/**
 * The weights of a layer: a matrix (outputs × inputs), numbers with a shape, or a tensor as a file holds it, which is what
 * `await tensor.stored()` gives of a model's. For `weights.analyze` the tensor itself will do: `analyze([tensor])`.
 */
export type WeightLike = MatrixLike | (LayerHints & StoredTensor) | (LayerHints & WeightData);

export interface WeightData {
  shape: number[];
  /** In C order: the last index runs fastest. */
  data: TensorData | Float64Array | Float32Array;
}

/**
 * A layer's weights, three sides in one of four orders: o outputs, i inputs, k the positions of a convolution's kernel. The inputs are
 * those of one group; of a transposed convolution in groups ("iok") it is the outputs that are one group's.
 */
export interface Layer {
  name: string;
  kind: LayerKind;
  /** Of the tensor. */
  shape: number[];
  data: Float64Array | Float32Array;
  /** How far the numbers are from those that were to be stored, relative to each, at most; 0 where they are f64 or whole numbers. */
  rounding: number;
  order: "oik" | "kio" | "iok" | "koi";
  outputs: number;
  inputs: number;
  /** Sides of a convolution's kernel; none for other layers. */
  kernel: number[];
  groups: number;
}

/** Dimensions of the kernel. */
const KERNELS: Record<LayerKind, number> = { dense: 0, attention: 0, embedding: 0, recurrent: 0, conv1d: 1, conv2d: 2, conv3d: 3 };
/** Half a unit in the last place of 1 … 2. */
const ROUNDING: Partial<Record<TensorDtype, number>> = { f32: 2 ** -24, f16: 2 ** -11, bf16: 2 ** -8, f8_e4m3: 2 ** -4, f8_e5m2: 2 ** -3 };
const BY_DIMENSIONS: (LayerKind | undefined)[] = [undefined, undefined, "dense", "conv1d", "conv2d", "conv3d"];

/** The weights of one layer, checked: finite, of a shape that its kind has. */
export function toLayer(fn: string, W: WeightLike): Layer {
  if (!W || typeof W !== "object" || !("shape" in W)) {
    const { data, rows, cols } = toMatrix(fn, "W", W as MatrixLike);
    requireSome(fn, [rows, cols]);
    requireFinite(fn, data, [rows, cols]);
    return { name: "", kind: "dense", shape: [rows, cols], data, rounding: roundingOf(data), order: "oik", outputs: rows, inputs: cols, kernel: [], groups: 1 };
  }
  const { name = "", layout = "oi", groups = 1, transposed = false } = W;
  checkWord(fn, "W.layout", layout, ["oi", "io"]);
  const own = whole(fn, "shape", W.shape);
  const shape = W.as ? whole(fn, "as", W.as) : own;
  const kind = W.kind ?? BY_DIMENSIONS[shape.length];
  if (kind !== undefined && !Object.hasOwn(KERNELS, kind)) {
    throw new OptionError(`${fn}: W.kind is ${JSON.stringify(kind)}, expected one of ${Object.keys(KERNELS).join(", ")}`);
  }
  const d = kind && KERNELS[kind];
  if (kind === undefined || d === undefined || shape.length !== d + 2) {
    const what = kind === undefined ? "two to five" : `${d! + 2} (${kind})`;
    throw new ShapeError(`${fn}: W is ${shape.join("×") || "a single number"}, expected ${what} dimensions`);
  }
  requireSome(fn, shape);
  const data = numbersOf(fn, W, shape.reduce((a, b) => a * b, 1));
  const [first, second] = layout === "oi" ? [shape[0]!, shape[1]!] : [shape[d + 1]!, shape[d]!];
  const [outputs, inputs] = transposed ? [second, first] : [first, second];
  const kernel = layout === "oi" ? shape.slice(2) : shape.slice(0, d);
  const order = layout === "oi" ? (transposed ? "iok" : "oik") : transposed ? "koi" : "kio";
  const split = transposed ? inputs : outputs;
  if (!Number.isInteger(groups) || groups < 1 || split % groups !== 0) {
    throw new OptionError(`${fn}: W.groups is ${String(groups)}, expected a divisor of its ${split} ${transposed ? "inputs" : "outputs"}`);
  }
  if (groups > 1 && order === "koi") throw new OptionError(`${fn}: W.groups is ${groups}, a transposed convolution of layout "io" has one`);
  requireFinite(fn, data, shape);
  const rounding = ("bytes" in W ? ROUNDING[W.dtype] : undefined) ?? roundingOf(data);
  return { name, kind, shape: own, data, rounding, order, outputs, inputs, kernel, groups };
}

function whole(fn: string, what: string, shape: number[]): number[] {
  if (Array.isArray(shape) && shape.every((n) => Number.isSafeInteger(n) && n >= 0)) return shape;
  throw new ShapeError(`${fn}: W.${what} is ${JSON.stringify(shape)}, expected a list of whole numbers`);
}

function requireSome(fn: string, shape: number[]): void {
  if (shape.includes(0)) throw new ShapeError(`${fn}: W is ${shape.join("×")}, it must have at least one row and column`);
}

/** The numbers of the tensor, `size` of them. */
function numbersOf(fn: string, W: LayerHints & (StoredTensor | WeightData), size: number): Layer["data"] {
  const data = "bytes" in W ? decodeTensor(W, `${fn}: W`) : W.data;
  if (!ArrayBuffer.isView(data)) throw new ShapeError(`${fn}: W.data is ${typeof data}, expected a typed array`);
  if (data.length !== size) {
    throw new ShapeError(`${fn}: W has ${data.length} numbers, its shape ${(W.as ?? W.shape).join("×")} needs ${size}`);
  }
  return data instanceof Float64Array || data instanceof Float32Array ? data : Float64Array.from(data, Number);
}

/** Of numbers that no file has rounded further; whole ones that stand for others are made in f32. */
const roundingOf = (data: Layer["data"]) => (data instanceof Float32Array ? ROUNDING.f32! : 0);

function requireFinite(fn: string, data: Layer["data"], shape: number[]): void {
  for (let e = 0; e < data.length; e++) {
    if (Number.isFinite(data[e])) continue;
    const at = shape.map((n, d) => Math.floor(e / shape.slice(d + 1).reduce((a, b) => a * b, 1)) % n + 1);
    throw new NotFiniteError(`${fn}: W holds ${data[e]} at (${at.join(", ")}), every number must be finite`);
  }
}
