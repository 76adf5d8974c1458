// The empirical spectral density of a layer: the eigenvalues of W·Wᵀ.

import type { Runtime } from "../core/runtime.ts";
import { svdvals } from "../linalg/svd.ts";
import type { Matrix } from "../linalg/matrix.ts";
import { toLayer, type WeightLike } from "./layers.ts";

export interface EsdOptions {
  /** What σ² is divided by: the number of rows (outputs), nothing, or the longer side. Default "rows". */
  normalize?: "rows" | "none" | "max-dim";
}

/** The min(m, n) eigenvalues of W·Wᵀ, divided as `normalize` says, ascending. */
export function esd(rt: Runtime, W: WeightLike, options: EsdOptions = {}): Float64Array {
  return spectrum(rt, toLayer("weights.esd", W).matrix, options);
}

export function spectrum(rt: Runtime, W: Matrix, { normalize = "rows" }: EsdOptions): Float64Array {
  const divisor = normalize === "rows" ? W.rows : normalize === "none" ? 1 : Math.max(W.rows, W.cols);
  return svdvals(rt, W).map((sigma) => (sigma * sigma) / divisor).reverse();
}
