// What the page and its worker say to each other. Of several models each is named by its position.

import type { EngineInfo, LayerReport, ModelOptions } from "eigenscope";
import type { NamedSource } from "eigenscope/io";

export type Settings = Pick<ModelOptions, "normalize" | "conv" | "inputSize" | "randomize">;

/** Of one model or of several, and the folder that all are in, if there is one. */
export interface Files {
  files: NamedSource[];
  folder?: string;
}

/** What is to be opened. */
export type Chosen = Files | "demo";

export type ToWorker =
  /** Supersedes the models before once these could be opened. */
  | { type: "open"; chosen: Chosen; settings: Settings }
  /** The same models anew, that at `first` before the others. */
  | { type: "analyze"; settings: Settings; first: number }
  | { type: "stop" };

/** Models that could be opened, in natural order: epoch-2 before epoch-10. */
export interface Opened {
  models: { name: string; format: string }[];
  /** Whether they share tensors by name, as checkpoints of one training do. */
  series: boolean;
  demo: boolean;
  folder?: string;
}

/** How the analysis of a model ended. */
export interface Ended {
  skipped: { name: string; reason: string }[];
  warnings: string[];
}

/** An analysis that is superseded or stopped says nothing more. */
export type FromWorker =
  | { type: "engine"; info: EngineInfo }
  | { type: "started"; opened: Opened; first: number }
  | { type: "layer"; model: number; report: LayerReport }
  | { type: "ended"; model: number; ended: Ended }
  | { type: "progress"; fraction: number }
  | { type: "done"; seconds: number }
  /** Of files that could not be opened: the analysis that runs goes on. */
  | { type: "refused"; message: string }
  | { type: "failed"; message: string };
