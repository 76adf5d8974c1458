// How the spectra of a report were computed, in words.

import type { LayerOptions } from "../weights/analyzeLayer.ts";

/** The options of `weights.analyze` that another one has to know to get the same numbers. */
export type Conventions = Pick<LayerOptions, "normalize" | "conv" | "inputSize" | "ks" | "compat">;

const SCALES = { rows: "σ² ÷ rows", none: "σ²", "max-dim": "σ² ÷ the longer side" };
const FITS = { "1.x": undefined, "2.x": "as powerlaw 2.x", weightwatcher: "as WeightWatcher" };

/** The scale of the eigenvalues, what is done with convolutions, and the fit where it is not the default one. */
export function conventions({ normalize = "rows", conv = "unfold", inputSize, ks = "powerlaw", compat = "1.x" }: Conventions): string {
  const image = inputSize === undefined ? "" : ` on an image of side ${[inputSize].flat().join("×")}`;
  const fit = [FITS[compat], ks === "twoSided" ? "by the two-sided distance" : undefined].filter(Boolean);
  return `${SCALES[normalize]} of each weight matrix; convolutions: ${conv}${image}${fit.length ? `; fit ${fit.join(", ")}` : ""}`;
}
