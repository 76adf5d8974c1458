// The report of a model, layer by layer: made on the caller's side, where the file is; a layer's bytes are decoded where
// its spectrum is computed, and one layer is in memory at a time. What is wrong with one layer is told, and the others go on.

import { FormatError, OptionError } from "../errors.ts";
import { ITEM_SIZE } from "../io/decode.ts";
import { quoted } from "../io/source.ts";
import type { ModelFile, StoredTensor, Tensor } from "../io/tensors.ts";
import { layerOptions } from "../optionNames.ts";
import { checkOptions, tagOf, type CallOptions, type OptionNames } from "../options.ts";
import type { LayerOptions, LayerReport } from "./analyzeLayer.ts";
import type { WeightLike } from "./layers.ts";
import { recognise, type Recognised } from "./recognise.ts";
import { universalMetric } from "./verdicts.ts";
import { withWeightNorms } from "./weightNorm.ts";

export interface ModelOptions extends LayerOptions, CallOptions {
  /** Names of the tensors to take, "*" for any characters: `["encoder.*", "head.weight"]`. Default: all that are layers. */
  only?: readonly string[];
  /** Called with each report as soon as it is there. */
  onLayer?: (report: LayerReport) => void;
}

const modelOptions: OptionNames<ModelOptions> = { ...layerOptions, signal: true, onProgress: true, only: true, onLayer: true };

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

interface Planned {
  tensor: Tensor;
  found: Recognised;
  /** In proportion to the time that its spectrum takes. */
  cost: number;
}

/** Errors of one layer; others end the analysis. */
const OF_A_LAYER = new Set(["ERR_NOT_FINITE", "ERR_SHAPE", "ERR_OPTION", "ERR_FORMAT", "ERR_MEMORY", "ERR_NO_CONVERGENCE"]);
/** What WebAssembly can address, of which a layer in f64 takes a part. */
const MOST_BYTES = 2 ** 32;

/** All layers of a model. */
export async function analyzeModel(
  analyzeLayer: AnalyzeLayer, model: ModelFile | readonly Tensor[], options: ModelOptions = {},
): Promise<ModelReport> {
  checkOptions("weights.analyze", options, modelOptions);
  const file = fileOf(model);
  const { onLayer, onProgress, only, ...rest } = options;
  const { signal } = rest;
  if (signal && typeof signal.throwIfAborted !== "function") throw new OptionError(`weights.analyze: signal is ${tagOf(signal)}, expected an AbortSignal`);
  for (const [name, value] of Object.entries({ onLayer, onProgress })) {
    if (value && typeof value !== "function") throw new OptionError(`weights.analyze: ${name} is ${tagOf(value)}, expected a function`);
  }
  const plans = plan(withWeightNorms(file.tensors), only);
  const { planned } = plans;
  const skipped = [...file.skipped, ...plans.skipped];
  await analyzeLayer([[1]], rest); // refuses options before anything is read
  const layers: LayerReport[] = [];
  const total = planned.reduce((sum, { cost }) => sum + cost, 0);
  let done = 0;
  for (const { tensor, found, cost } of planned) {
    const { name } = tensor;
    const { parts = 1, note, ...hints } = found;
    const skip = (of: string, error: unknown) => skipped.push({ name: of, reason: reasonOf(error) });
    signal?.throwIfAborted();
    let stored: StoredTensor | undefined;
    try {
      stored = await tensor.stored();
      if (!stored) throw new FormatError(`${name}: stored() gives ${String(stored)}, expected a tensor`);
    } catch (error) {
      signal?.throwIfAborted();
      skip(name, error);
    }
    for (let p = 0; stored && p < parts; p++) {
      signal?.throwIfAborted();
      const tell = (fraction: number) => onProgress?.({ fraction: (done + (cost * (p + fraction)) / parts) / total });
      const of = parts > 1 ? `${name}[${p}]` : name;
      try {
        const W = { name: of, ...hints, ...(found.parts ? partOf(stored, p) : stored) };
        const report = await analyzeLayer(W, onProgress ? { ...rest, onProgress: ({ fraction }) => tell(fraction) } : rest);
        if (note) report.warnings.unshift(note);
        const twin = layers.find((other) => sameSpectrum(other, report));
        if (twin) report.warnings.unshift(`has the numbers of ${twin.name} (tied weights)`);
        layers.push(report);
      } catch (error) {
        if (!OF_A_LAYER.has((error as { code?: string } | undefined)?.code ?? "")) throw error;
        skip(of, error);
        continue;
      }
      onLayer?.(layers.at(-1)!);
    }
    done += cost;
    onProgress?.({ fraction: done / total });
  }
  const { ln, log10 } = universalMetric(layers);
  const warnings = [...file.warnings, ...repeatedNames(file.tensors)];
  if (layers.length === 0) warnings.push("no layer has a spectrum: see what was skipped");
  return { layers, universalMetric: ln, universalMetricLog10: log10, skipped, warnings };
}

/** A model, or a list of tensors as one; refuses what is neither. */
function fileOf(model: ModelFile | readonly Tensor[]): Pick<ModelFile, "tensors" | "skipped" | "warnings"> {
  const file = Array.isArray(model) ? { tensors: model as Tensor[], skipped: [], warnings: [] } : (model as ModelFile);
  const isTensor = (t: Tensor) => typeof t?.name === "string" && Array.isArray(t.shape) && typeof t.stored === "function";
  if (Array.isArray(file?.tensors) && file.tensors.every(isTensor)) return file;
  throw new OptionError("weights.analyze: model is none, expected what a reader of eigenscope/io gives, or a list of its tensors");
}

/** The layers that were asked for, and why the other tensors are none. */
function plan(tensors: readonly Tensor[], only: readonly string[] | undefined): { planned: Planned[]; skipped: ModelReport["skipped"] } {
  const planned: Planned[] = [];
  const skipped: ModelReport["skipped"] = [];
  const isAsked = filter(tensors, only);
  let first = true;
  for (const tensor of tensors) {
    const found = recognise(tensor, first);
    if ("kind" in found && found.kind.startsWith("conv")) first = false;
    const { name, shape } = tensor;
    if (!isAsked(name)) continue;
    const size = shape.reduce((a, b) => a * b, 1);
    const bytes = (8 * size) / ("parts" in found ? found.parts! : 1);
    if ("reason" in found) {
      skipped.push({ name, reason: found.reason });
    } else if (bytes > MOST_BYTES) {
      skipped.push({ name, reason: `too large: ${shape.join("×")} numbers take ${(bytes / 2 ** 30).toFixed(1)} GiB in f64, WebAssembly can address 4 GiB` });
    } else {
      const sides = found.as ?? shape;
      planned.push({ tensor, found, cost: size * Math.min(...sides.filter((n) => n > 3), size) });
    }
  }
  return { planned, skipped };
}

/** Whether a name is among those of `only`; each of these has to be there. */
function filter(tensors: readonly Tensor[], only: readonly string[] | undefined): (name: string) => boolean {
  if (only === undefined) return () => true;
  if (!Array.isArray(only) || !only.every((name) => typeof name === "string")) {
    throw new OptionError(`weights.analyze: only is ${JSON.stringify(only)}, expected a list of names`);
  }
  const patterns = (only as string[]).map((name) => new RegExp(`^${name.split("*").map((part) => part.replace(/[^\w]/g, "\\$&")).join(".*")}$`, "s"));
  const missing = patterns.findIndex((pattern) => !tensors.some(({ name }) => pattern.test(name)));
  if (missing >= 0) {
    const some = tensors.slice(0, 3).map(({ name }) => quoted(name)).join(", ");
    throw new OptionError(`weights.analyze: only has ${JSON.stringify(only[missing])}, the model has no tensor of that name but ${some || "none"}${tensors.length > 3 ? ", …" : ""}`);
  }
  return (name) => patterns.some((pattern) => pattern.test(name));
}

/** What is at index p of the first dimension. */
function partOf(stored: StoredTensor, p: number): StoredTensor {
  const [, ...shape] = stored.shape;
  const step = stored.strides?.[0] ?? shape.reduce((a, b) => a * b, 1);
  const { strides, bytes, dtype } = stored;
  const start = p * step * ITEM_SIZE[dtype];
  if (strides) return { ...stored, shape, bytes: bytes.subarray(start), strides: strides.slice(1) };
  return { ...stored, shape, bytes: bytes.subarray(start, start + step * ITEM_SIZE[dtype]) };
}

/** Equal to the last bit: of the same numbers. */
function sameSpectrum(a: LayerReport, b: LayerReport): boolean {
  return a.lambdaMax > 0 && a.count > 1 && a.count === b.count && a.rows === b.rows && a.eigenvalues.every((value, k) => value === b.eigenvalues[k]);
}

/** The message without the function's name and an advice that is not for models. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^weights\.analyzeLayer: (W:? )?/, "").replace(/^svdvals: /, "").replace(/: use fewer rows$/, "");
}

function repeatedNames(tensors: readonly Tensor[]): string[] {
  const seen = new Map<string, number>();
  for (const { name } of tensors) seen.set(name, (seen.get(name) ?? 0) + 1);
  return [...seen].filter(([, count]) => count > 1).map(([name, count]) => `${count} tensors are called ${name}`);
}
