// The report of a model, layer by layer: made on the caller's side, where the file is; a layer's bytes are decoded where
// its spectrum is computed, and one layer is in memory at a time.

import type { ModelFile, Tensor } from "../io/tensors.ts";
import type { CallOptions } from "../options.ts";
import type { LayerOptions, LayerReport } from "./analyzeLayer.ts";
import type { WeightLike } from "./layers.ts";
import { recognise } from "./recognise.ts";
import { universalMetric } from "./verdicts.ts";

export interface ModelOptions extends LayerOptions, CallOptions {
  /** Called with each report as soon as it is there. */
  onLayer?: (report: LayerReport) => void;
}

export interface ModelReport {
  layers: LayerReport[];
  /** (1/L)·Σ α·ln λ_max over the layers with a fit; null without one. */
  universalMetric: number | null;
  universalMetricLog10: number | null;
  /** The tensors that have no spectrum, and why. */
  skipped: { name: string; reason: string }[];
  warnings: string[];
}

/** The call that gives the report of one layer. */
export type AnalyzeLayer = (W: WeightLike, options: LayerOptions & CallOptions) => LayerReport | Promise<LayerReport>;

/** All layers of a model. */
export async function analyzeModel(
  analyzeLayer: AnalyzeLayer, model: ModelFile | readonly Tensor[], options: ModelOptions = {},
): Promise<ModelReport> {
  const file: Pick<ModelFile, "tensors" | "skipped" | "warnings"> =
    "tensors" in model ? model : { tensors: [...model], skipped: [], warnings: [] };
  const { onLayer, onProgress, ...rest } = options;
  const layers: LayerReport[] = [];
  const skipped = [...file.skipped];
  for (const [t, tensor] of file.tensors.entries()) {
    const tell = (fraction: number) => onProgress?.({ fraction: (t + fraction) / file.tensors.length });
    const found = recognise(tensor);
    if ("reason" in found) {
      skipped.push({ name: tensor.name, reason: found.reason });
    } else {
      const { name, layout } = tensor;
      const W = { name, layout, kind: found.kind, ...(await tensor.stored()) };
      const report = await analyzeLayer(W, onProgress ? { ...rest, onProgress: ({ fraction }) => tell(fraction) } : rest);
      layers.push(report);
      onLayer?.(report);
    }
    tell(1);
  }
  const { ln, log10 } = universalMetric(layers);
  return { layers, universalMetric: ln, universalMetricLog10: log10, skipped, warnings: [...file.warnings] };
}
