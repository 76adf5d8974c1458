// The report of one layer.

import type { Runtime } from "../core/runtime.ts";
import { spectrum, type EsdOptions } from "./esd.ts";
import { toLayer, type WeightLike } from "./layers.ts";
import { powerLaw, type PowerLawFit } from "./powerLaw.ts";
import type { LayerKind } from "./recognise.ts";
import { mu, verdict, type Verdict } from "./verdicts.ts";

export interface LayerOptions extends EsdOptions {}

export interface LayerReport extends Omit<PowerLawFit, "n"> {
  name: string;
  kind: LayerKind;
  /** Of the tensor. */
  shape: number[];
  /** Of the matrix: outputs, and inputs times what they are unfolded by. */
  rows: number;
  cols: number;
  /** The longer side divided by the shorter. */
  Q: number;
  /** Eigenvalues, ascending. */
  eigenvalues: Float64Array;
  lambdaMax: number;
  /** Σλ/λ_max */
  stableRank: number;
  mu: number | null;
  verdict: Verdict;
}

/** Spectrum, power-law tail and verdict of one layer. */
export function analyzeLayer(rt: Runtime, W: WeightLike, options: LayerOptions = {}): LayerReport {
  const { name, kind, shape, matrix } = toLayer("weights.analyzeLayer", W);
  const eigenvalues = spectrum(rt, matrix, options);
  const { n: _n, ...fit } = powerLaw(rt, eigenvalues);
  const { rows, cols } = matrix;
  const lambdaMax = eigenvalues.at(-1)!;
  return {
    name, kind, shape, rows, cols, Q: Math.max(rows, cols) / Math.min(rows, cols), ...fit, lambdaMax,
    stableRank: eigenvalues.reduce((sum, value) => sum + value, 0) / lambdaMax,
    mu: fit.alpha === null ? null : mu(fit.alpha), verdict: verdict(fit.alpha), eigenvalues,
  };
}
