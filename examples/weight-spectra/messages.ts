// What the page and its worker say to each other.

import type { EngineInfo, LayerReport, ModelOptions } from "eigenscope";
import type { NamedSource } from "eigenscope/io";
import type { Demo } from "./demo.ts";

export type Settings = Pick<ModelOptions, "normalize" | "conv" | "inputSize" | "randomize">;

/** A model to be opened: files, or the one that comes with the page. */
export type Model = { name: string; files: NamedSource[] } | { name: string; demo: Demo };

export type ToWorker =
  /** Supersedes the model before it once it could be opened. */
  | { type: "open"; model: Model; settings: Settings }
  /** The same model anew. */
  | { type: "analyze"; settings: Settings }
  | { type: "stop" };

/** How an analysis ended; one that is superseded or stopped says nothing more. */
export interface Ended {
  skipped: { name: string; reason: string }[];
  warnings: string[];
  seconds: number;
}

export type FromWorker =
  | { type: "engine"; info: EngineInfo }
  | { type: "started"; model: Model; format: string }
  | { type: "layer"; report: LayerReport }
  | { type: "progress"; fraction: number }
  | { type: "done"; ended: Ended }
  /** Of files that could not be opened: the analysis that runs goes on. */
  | { type: "refused"; message: string }
  | { type: "failed"; message: string };
