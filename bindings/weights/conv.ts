// The matrices of a layer, whose singular values are pooled.
//
// "unfold": outputs × (inputs · kernel), the product that a convolution does at each position. "slices": outputs × inputs, one for
// each position of the kernel (WeightWatcher's). Groups of a convolution are the blocks of a block-diagonal matrix, each
// a matrix of its own. Which side is which has no influence on singular values, nor has the order along a side: so
// numbers are moved only where a side is not in one piece.

import type { Runtime } from "../core/runtime.ts";
import { pullMatrix, pushEmpty, pushUnchecked, type Matrix } from "../linalg/matrix.ts";
import type { Layer } from "./layers.ts";

/** One of a layer's matrices as outputs × inputs. */
export function shapeOf({ outputs, inputs, kernel, groups, order }: Layer, conv: "unfold" | "slices" | "fft"): { rows: number; cols: number } {
  const [rows, cols] = order === "iok" ? [outputs, inputs / groups] : [outputs / groups, inputs];
  return { rows, cols: conv === "unfold" ? cols * kernel.reduce((a, b) => a * b, 1) : cols };
}

/** The matrices of "unfold" or "slices", one after the other, some of them transposed. */
export function* matricesOf(rt: Runtime, layer: Layer, conv: "unfold" | "slices"): Generator<Matrix> {
  const k = layer.kernel.reduce((a, b) => a * b, 1);
  for (const block of groupsOf(layer)) {
    const { data, order, outputs: o, inputs: i } = block;
    if (conv === "unfold" || k === 1) {
      if (order === "oik") yield { data, rows: o, cols: i * k };
      else if (order === "kio") yield { data, rows: k * i, cols: o };
      else if (order === "iok") yield { data: transposed(rt, data, i * o, k), rows: k * i, cols: o };
      else yield { data: transposed(rt, data, k * o, i), rows: i * k, cols: o };
    } else {
      const all = kernelFirst(rt, block);
      for (let p = 0; p < k; p++) yield { data: all.data.subarray(p * o * i, (p + 1) * o * i), rows: all.rows, cols: all.cols };
    }
  }
}

/** The slices of an ungrouped layer one after the other; each is rows×cols, outputs×inputs or the reverse. */
export function kernelFirst(rt: Runtime, { data, order, outputs: o, inputs: i, kernel }: Layer): Matrix {
  const k = kernel.reduce((a, b) => a * b, 1);
  const [rows, cols] = order === "oik" || order === "koi" ? [o, i] : [i, o];
  return { data: order === "kio" || order === "koi" || k === 1 ? data : transposed(rt, data, o * i, k), rows, cols };
}

/** The groups of a convolution, each as a layer without groups. */
export function* groupsOf(layer: Layer): Generator<Layer> {
  const { data, order, outputs, inputs, groups } = layer;
  const size = data.length / groups;
  for (let g = 0; g < groups; g++) {
    const piece = order === "kio" && groups > 1 ? columns(data, outputs, g * (outputs / groups), outputs / groups) : data.subarray(g * size, (g + 1) * size);
    const own = order === "iok" ? { inputs: inputs / groups } : { outputs: outputs / groups };
    yield { ...layer, ...own, data: piece, groups: 1 };
  }
}

/** `width` columns of a matrix of `cols`, from column j on. */
function columns(data: Layer["data"], cols: number, j: number, width: number): Layer["data"] {
  const rows = data.length / cols;
  const piece = data.slice(0, rows * width);
  for (let r = 0; r < rows; r++) piece.set(data.subarray(r * cols + j, r * cols + j + width), r * width);
  return piece;
}

/** The transpose of the m×n matrix of these numbers. */
function transposed(rt: Runtime, data: Layer["data"], m: number, n: number): Layer["data"] {
  if (m === 1 || n === 1) return data;
  const bytes = data instanceof Float64Array ? 8 : 4;
  const { transpose_f64, transpose_f32 } = rt.kernels;
  return rt.memory.scope(() => {
    const from = pushUnchecked(rt, "weights", { data, rows: m, cols: n }, bytes);
    const to = pushEmpty(rt, "weights", n, m, bytes);
    rt.checkAborted((bytes === 8 ? transpose_f64 : transpose_f32)(m, n, from.at, from.stride, to.at, to.stride));
    return pullMatrix<Layer["data"]>(rt, to).data;
  });
}
