// What the page and its worker say to each other.

import type { EngineInfo } from "eigenscope";
import type { Images } from "../site/images.ts";
import type { Finding, Settings } from "./experiment.ts";

export interface RunRequest extends Settings {
  /** The findings carry it: those of a run that was cancelled are told apart. */
  id: number;
  /** The first so many rows. */
  rows: number;
  dropLastColumn: boolean;
}

export type ToWorker =
  /** Without a file, the digits. */
  | { type: "open"; file?: File }
  | ({ type: "run" } & RunRequest)
  | { type: "cancel" };

export interface Data {
  /** Of the file; "digits" without one. */
  source: string;
  rows: number;
  cols: number;
  warnings: string[];
  /** Some rows. */
  images: Images;
}

export type FromWorker =
  | { type: "engine"; info: EngineInfo }
  | { type: "data"; data: Data }
  | { type: "found"; id: number; finding: Finding }
  | { type: "ended"; id: number; cancelled: boolean }
  /** Of a file that could not be read (id undefined) or a run. */
  | { type: "failed"; id?: number; message: string };
