// What the page and its worker say to each other.

import type { EngineInfo } from "eigenscope";
import type { Images } from "../site/images.ts";
import type { Level } from "./experiment.ts";
import type { Noise } from "./noise.ts";
import type { Settings } from "./settings.ts";

export type ToWorker =
  /** Without files, the digits. */
  | { type: "open"; files: File[] }
  /** Supersedes the fit before it. */
  | { type: "fit"; id: number; settings: Settings };

export interface Data {
  /** Names of the files; "digits" without any. */
  source: string;
  rows: number;
  cols: number;
  classes: number[];
  warnings: string[];
  images: Images;
}

/** The first rows of those learnt from, or tried on. */
export interface Shown {
  count: number;
  images: Images;
  /** Positions in `classes`, the true ones. */
  labels: Int32Array;
  /** count × (levels·classes). */
  outputs: Float32Array;
}

export interface Fitted {
  levels: Level[];
  rows: { train: number; test: number };
  train: Shown & { noise: Noise };
  test: Shown;
  /** 1-norm, of the kernel matrix. */
  condition: number;
  seconds: number;
}

export type FromWorker =
  | { type: "engine"; info: EngineInfo }
  | { type: "data"; data: Data }
  | { type: "progress"; id: number; fraction: number }
  | { type: "fitted"; id: number; fitted: Fitted }
  /** Of files that could not be read (id undefined) or a fit. */
  | { type: "failed"; id?: number; message: string };
