// The verdict on a layer, long and short.

import type { LayerReport } from "../weights/analyzeLayer.ts";
import type { DistributionName } from "../weights/distribution.ts";

/** The verdict in a word or two, for tables. */
export function verdictWord({ alpha, verdict }: Pick<LayerReport, "alpha" | "verdict">): "regularized" | "somewhat" | "not trained" | "no fit" {
  if (alpha === null) return "no fit";
  return verdict.startsWith("regularized") ? "regularized" : verdict.startsWith("somewhat") ? "somewhat" : "not trained";
}

/** The verdict as the published analysis prints it of its l-th layer, counted from 1. */
export const prediction = (l: number, { verdict }: Pick<LayerReport, "verdict">) => `Layer ${l} prediction: ${verdict}.`;

/** How many layers have which verdict, in words. */
export function verdictCounts(layers: readonly Pick<LayerReport, "alpha" | "verdict">[]): string {
  const counts = new Map<string, number>();
  for (const layer of layers) counts.set(verdictWord(layer), (counts.get(verdictWord(layer)) ?? 0) + 1);
  return ["regularized", "somewhat", "not trained", "no fit"].filter((word) => counts.has(word)).map((word) => `${counts.get(word)} ${word}`).join(" · ");
}

/** What was skipped, by reason; reasons in the order in which they first appear. */
export function groupSkipped(skipped: readonly { name: string; reason: string }[]): { reason: string; names: string[] }[] {
  const groups = new Map<string, string[]>();
  for (const { name, reason } of skipped) groups.set(reason, [...(groups.get(reason) ?? []), name]);
  return [...groups].map(([reason, names]) => ({ reason, names }));
}

/** The name of a law in words: truncated power law. */
export const lawWords = (name: DistributionName) => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
