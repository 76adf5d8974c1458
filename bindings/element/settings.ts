// The attributes of the element as what they mean, refused in one line where they mean nothing.

import { OptionError } from "../errors.ts";

/** Of which matrix the spectrum is: H∞ of the rows, X·Xᵀ, the data as a symmetric matrix, or singular values. */
export type SpectrumKind = "hinf" | "gram" | "eig" | "svd";

const KINDS: readonly SpectrumKind[] = ["hinf", "gram", "eig", "svd"];
const SCALES = ["log", "linear"] as const;

/** Half-open, from 0; negative indices count from the end. */
export interface Range {
  text: string;
  from?: number;
  to?: number;
}

/** What decides the numbers. */
export interface Settings {
  kind: SpectrumKind;
  unitRows: boolean;
  features?: number;
  seed: number;
  rows?: Range;
  cols?: Range;
}

/** What decides the engine; elements of equal surroundings share one. */
export interface Surroundings {
  threads: number | "auto";
  wasmUrl?: string;
  workerUrl?: string;
}

type Attributes = Pick<Element, "getAttribute" | "hasAttribute" | "baseURI">;

export function readSettings(element: Attributes): Settings {
  const settings: Settings = {
    kind: choice(element, "kind", KINDS),
    unitRows: element.hasAttribute("unit-rows"),
    features: whole(element, "features", 1, 2 ** 31 - 1),
    seed: whole(element, "seed", 0, 2 ** 32 - 1) ?? 0,
    rows: range(element, "rows"),
    cols: range(element, "columns"),
  };
  if (settings.features !== undefined && settings.kind !== "hinf") {
    throw new OptionError(`eigenscope-spectrum: features is for kind "hinf", kind is "${settings.kind}"`);
  }
  return settings;
}

export function readSurroundings(element: Attributes): Surroundings {
  const threads = element.getAttribute("threads") === "auto" ? "auto" : whole(element, "threads", 1, 64) ?? "auto";
  const url = (name: string) => {
    const value = element.getAttribute(name);
    return value === null ? undefined : absolute(name, value, element.baseURI);
  };
  return { threads, wasmUrl: url("wasm-url"), workerUrl: url("worker-url") };
}

export const readScale = (element: Attributes) => (element.hasAttribute("scale") ? choice(element, "scale", SCALES) : "log");

/** A URL as the page means it. */
export function absolute(name: string, url: string, base: string): string {
  try {
    return new URL(url, base).href;
  } catch {
    throw new OptionError(`eigenscope-spectrum: ${name} is "${url}", expected a URL`);
  }
}

function choice<T extends string>(element: Attributes, name: string, choices: readonly T[]): T {
  const given = element.getAttribute(name);
  if (choices.includes(given as T)) return given as T;
  const expected = choices.map((one) => `"${one}"`).join(", ").replace(/, ([^,]*)$/, " or $1");
  throw new OptionError(`eigenscope-spectrum: ${name} is ${given === null ? "missing" : `"${given}"`}, expected ${expected}`);
}

function whole(element: Attributes, name: string, least: number, most: number): number | undefined {
  const given = element.getAttribute(name);
  if (given === null) return undefined;
  const value = /^\s*\d+\s*$/.test(given) ? Number(given) : NaN;
  if (value >= least && value <= most) return value;
  throw new OptionError(`eigenscope-spectrum: ${name} is "${given}", expected a whole number from ${least} to ${most}`);
}

function range(element: Attributes, name: string): Range | undefined {
  const text = element.getAttribute(name);
  if (text === null) return undefined;
  const parts = /^\s*(-?\d{1,15})?:(-?\d{1,15})?\s*$/.exec(text);
  if (!parts) throw new OptionError(`eigenscope-spectrum: ${name} is "${text}", expected two indices as in 0:64, :-1 or 1:`);
  const index = (part: string | undefined) => (part === undefined ? undefined : Number(part));
  return { text: text.trim(), from: index(parts[1]), to: index(parts[2]) };
}
