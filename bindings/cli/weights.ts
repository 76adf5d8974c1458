// eigenscope weights: the spectra of a model's layers, or of a series of checkpoints.

import { createEngine } from "../engine.ts";
import { FormatError } from "../errors.ts";
import type { ModelFile } from "../io/tensors.ts";
import { layersCsv } from "../plot/layersCsv.ts";
import { groupSkipped, prediction } from "../plot/verdicts.ts";
import { weightsReport } from "../plot/weightsReport.ts";
import type { ModelOptions, ModelReport } from "../weights/analyze.ts";
import { checkOutput, writeOutput } from "./files.ts";
import { readModel } from "./modelFiles.ts";
import { Progress } from "./output.ts";
import { choice, ENGINE_HELP, ENGINE_OPTIONS, engineOptions, parse, UsageError, wholeNumber } from "./usage.ts";
import { presentWeights } from "./weightsText.ts";

export const help = `eigenscope weights MODEL... [options]

  The spectra of a model's trained weights, layer by layer: the power law in
  their tail, the random bulk below it, and what they say of the training.
  MODEL: .safetensors or its index.json, .pt, .pth, .bin or .ckpt of PyTorch,
  .onnx, model.json of TensorFlow.js, .npz or .npy, gzipped too, or a folder
  with one of them. Several MODELs are checkpoints of one training, side by
  side: in the order given, or in that of their numbers where the names differ
  in these alone.

  --only NAME,NAME,...     these tensors alone; a * stands for anything
  --normalize N            σ² ÷ rows (default), none, or ÷ max-dim, the longer
                           side of the matrix
  --conv C                 convolutions: unfold (default) to out × in·kh·kw,
                           slices, one matrix for each position of the kernel,
                           or fft, the operator on an image of --input-size
  --input-size N           sides of that image, as 32 (default) or 224x160
  --ks K                   distance of the fit: powerlaw (default) or two-sided
  --compat C               fit as powerlaw 1.x (default), 2.x or weightwatcher
  --randomize              also the spectrum of each layer with its entries
                           permuted
  --compare                test the power law against other laws of the tail
  --bootstrap N            p-value of the power law and 95 % intervals of α and
                           x_min, from N samples
  --seed S                 of --randomize and --bootstrap (default: 0)
  --csv out.csv            write a table, one row a layer
  --report out.html        write a report with plots, one file, readable offline
  --json                   { layers, universalMetric, universalMetricLog10,
                           skipped, warnings, … }; of several MODELs
                           { models: [{ file, … as of one }, …] }
  --eigenvalues            in the JSON each layer's eigenvalues too, and the
                           distances of all replicas
${ENGINE_HELP}`;

const OPTIONS = {
  ...ENGINE_OPTIONS,
  only: { type: "string" },
  normalize: { type: "string", default: "rows" },
  conv: { type: "string", default: "unfold" },
  "input-size": { type: "string" },
  ks: { type: "string" },
  compat: { type: "string" },
  randomize: { type: "boolean" },
  compare: { type: "boolean" },
  bootstrap: { type: "string" },
  seed: { type: "string" },
  csv: { type: "string" },
  report: { type: "string" },
  json: { type: "boolean" },
  eigenvalues: { type: "boolean" },
} as const;

/** A model of a file, analysed. */
export interface Analyzed extends ModelReport {
  file: string;
  format: ModelFile["format"];
  seconds: number;
}

export async function run(args: string[], signal: AbortSignal): Promise<string> {
  const { values: given, files } = parse("weights", args, OPTIONS, Infinity);
  if (files.length === 0) throw new UsageError("weights: no MODEL, expected a model file: see eigenscope weights --help");
  const engine = engineOptions(given);
  const normalize = choice("--normalize", given.normalize, ["rows", "none", "max-dim"] as const);
  const conv = choice("--conv", given.conv, ["unfold", "slices", "fft"] as const);
  const ks = given.ks === undefined ? undefined : choice("--ks", given.ks, ["powerlaw", "two-sided"] as const);
  const compat = given.compat === undefined ? undefined : choice("--compat", given.compat, ["1.x", "2.x", "weightwatcher"] as const);
  const inputSize = given["input-size"]?.split("x").map((side) => wholeNumber("--input-size", side, 1, 4096));
  const replicas = given.bootstrap === undefined ? undefined : wholeNumber("--bootstrap", given.bootstrap, 1, 1e6);
  const seed = wholeNumber("--seed", given.seed ?? "0", 0, 2 ** 32 - 1);
  if (conv !== "fft" && inputSize !== undefined) throw new UsageError("weights: --input-size is for --conv fft");
  if (ks !== undefined && compat === "weightwatcher") throw new UsageError("weights: --ks and --compat weightwatcher exclude each other");
  if (given.seed !== undefined && !given.randomize && replicas === undefined) throw new UsageError("weights: --seed is for --randomize or --bootstrap");
  if (given.eigenvalues && !given.json) throw new UsageError("weights: --eigenvalues is for --json");
  if (given.csv !== undefined) await checkOutput(given.csv, files);
  if (given.report !== undefined) await checkOutput(given.report, given.csv === undefined ? files : [...files, given.csv]);
  const options: ModelOptions = {
    normalize, conv,
    ...(given.only !== undefined && { only: given.only.split(",") }),
    ...(compat && { compat }),
    ...(ks && { ks: ks === "two-sided" ? "twoSided" : ks }),
    ...(inputSize && { inputSize: inputSize.length === 1 ? inputSize[0]! : inputSize }),
    ...(given.randomize && { randomize: seed }),
    ...(given.compare && { compare: true }),
    ...(replicas !== undefined && { bootstrap: { replicas, seed } }),
  };

  const models: { file: string; model: ModelFile }[] = [];
  for (const file of inOrder(files)) models.push({ file, model: await readModel(file) });

  const progress = new Progress(signal);
  const es = await createEngine(engine);
  const analyzed: Analyzed[] = [];
  try {
    for (const { file, model } of models) {
      const start = performance.now();
      const report = await es.weights.analyze(model, { ...options, ...progress.step(file) });
      analyzed.push({ file, format: model.format, ...report, seconds: (performance.now() - start) / 1000 });
    }
  } finally {
    progress.clear();
    await es.close();
  }
  if (analyzed.every(({ layers }) => layers.length === 0)) throw new FormatError(nothing(analyzed[0]!));
  const { version, runtime, variant, threads } = es.info;
  const made = { version, runtime, variant, threads };
  const how = { ...options, engine: made };
  if (given.csv !== undefined) await writeOutput(given.csv, layersCsv(analyzed));
  if (given.report !== undefined) await writeOutput(given.report, weightsReport(analyzed, how));
  if (given.json) return toJson(analyzed, { ...options, ...made }, given.eigenvalues ?? false);
  return presentWeights(analyzed, how, given);
}

/** Files as given; those whose names differ in their numbers only in the order of these, as epoch-2 before epoch-10. */
function inOrder(files: string[]): string[] {
  const words = new Set(files.map((file) => file.replace(/\d+/g, "#")));
  return words.size > 1 ? files : [...files].sort(new Intl.Collator("en", { numeric: true }).compare);
}

/** Why there is nothing to show. */
function nothing({ file, skipped }: Analyzed): string {
  const groups = groupSkipped(skipped).map(({ reason, names }) => `${names.length === 1 ? names[0] : `${names.length} tensors`}: ${reason}`);
  return `${file}: no layer has a spectrum${groups.length ? ` (${groups.slice(0, 3).join("; ")}${groups.length > 3 ? "; …" : ""})` : ": the file has no tensors"}`;
}

function toJson(models: Analyzed[], info: object, eigenvalues: boolean): string {
  const plain = models.map(({ file, format, layers, ...model }) => ({
    file, format, layers: layers.map((layer, l) => ({ ...layer, prediction: prediction(l + 1, layer) })), ...model,
  }));
  const result = plain.length === 1 ? { ...plain[0], info } : { models: plain, info };
  return `${JSON.stringify(result, (key, value: unknown) => {
    if ((key === "eigenvalues" || key === "Ds") && !eigenvalues) return undefined;
    return ArrayBuffer.isView(value) ? Array.from(value as Float64Array) : value;
  })}\n`;
}
