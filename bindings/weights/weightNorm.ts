// Weight normalisation: a file has a layer's directions V and lengths g, and the weights are W = g·V / ‖V‖, where the norm
// is over all dimensions but that of g.
//
// Based on: T. Salimans & D. P. Kingma, Weight normalization, NeurIPS 2016; torch/nn/utils/weight_norm.py.

import { elementCount, lazyTensor } from "../io/decode.ts";
import type { StoredTensor, Tensor } from "../io/tensors.ts";
import { FLOATS } from "./recognise.ts";

/** Names of V, and what they make those of g and of the weights themselves: "weight", or "weight_ih_l0" of an LSTM. */
const NAMES: [directions: RegExp, lengths: string, weight: string][] = [
  [/((?:^|[./])weight\w*)_v$/, "$1_g", "$1"],
  [/(^|[./])parametrizations\.(\w*weight\w*)\.original1$/, "$1parametrizations.$2.original0", "$1$2"],
];

/** The tensors, with the weights in the place of directions whose lengths are there. */
export function withWeightNorms(tensors: readonly Tensor[]): Tensor[] {
  const named = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  return tensors.map((tensor) => {
    const { name, shape, dtype } = tensor;
    for (const [directions, lengths, weight] of NAMES) {
      const norms = directions.test(name) && FLOATS.has(dtype) && named.get(name.replace(directions, lengths));
      const own = name.replace(directions, weight);
      if (norms && !named.has(own) && dimensionOf(shape, norms.shape) !== undefined) return weightsOf(own, tensor, norms);
    }
    return tensor;
  });
}

/** Along which dimension of V the lengths are; −1 for one length of the whole, undefined if they do not fit. */
function dimensionOf(shape: readonly number[], lengths: readonly number[]): number | undefined {
  if (shape.length < 2) return undefined;
  if (elementCount(lengths) === 1) return -1;
  const d = lengths.findIndex((n) => n > 1);
  return lengths.length === shape.length && lengths.every((n, k) => n === (k === d ? shape[d] : 1)) ? d : undefined;
}

function weightsOf(name: string, directions: Tensor, lengths: Tensor): Tensor {
  const { shape, layout } = directions;
  const d = dimensionOf(shape, lengths.shape)!;
  const dtype = directions.dtype === "f64" ? "f64" : "f32";
  return lazyTensor({ name, shape, layout, dtype }, async (): Promise<StoredTensor> => {
    const V = Float64Array.from(await directions.data());
    const g = await lengths.data();
    const inner = d < 0 ? V.length : elementCount(shape.slice(d + 1));
    const index = (e: number) => Math.floor(e / inner) % g.length;
    const squares = new Float64Array(g.length);
    for (let e = 0; e < V.length; e++) squares[index(e)]! += V[e]! ** 2;
    for (let e = 0; e < V.length; e++) V[e]! *= g[index(e)]! / Math.sqrt(squares[index(e)]!);
    return { shape, dtype, bytes: new Uint8Array((dtype === "f64" ? V : Float32Array.from(V)).buffer) };
  });
}
