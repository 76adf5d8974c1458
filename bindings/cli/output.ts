// Words on a terminal: aligned columns, colours where they are wanted, progress on stderr.

import type { CallOptions } from "../options.ts";

const { env, stdout, stderr } = process;

/** https://no-color.org; FORCE_COLOR wins over what stdout is. */
const coloured = !env["NO_COLOR"] && (env["FORCE_COLOR"] ? env["FORCE_COLOR"] !== "0" : stdout.isTTY === true && env["TERM"] !== "dumb");

const style = (on: number, off: number) => (text: string) => (coloured ? `\u001b[${on}m${text}\u001b[${off}m` : text);
export const bold = style(1, 22);
export const dim = style(2, 22);
export const blue = style(34, 39);
export const cyan = style(36, 39);
export const yellow = style(33, 39);

/** How many columns a text takes; all characters we print are one wide. */
export const width = (text: string) => [...text.replace(/\u001b\[\d+m/g, "")].length;

export const padStart = (text: string, to: number) => " ".repeat(Math.max(0, to - width(text))) + text;
export const padEnd = (text: string, to: number) => text + " ".repeat(Math.max(0, to - width(text)));

/** Rows of cells in columns two spaces apart, all to the right. */
export function table(rows: string[][]): string[] {
  const widths = rows[0]!.map((_, j) => Math.max(...rows.map((row) => width(row[j]!))));
  return rows.map((row) => row.map((cell, j) => padStart(cell, widths[j]!)).join("  "));
}

/** `first` and a text in lines of at most 80 columns, later ones indented to where the text starts. */
export function wrap(first: string, text: string): string[] {
  const indent = " ".repeat(width(first));
  const lines: string[] = [];
  let line = first;
  for (const word of text.split(" ")) {
    if (width(line) > width(first) && width(line) + 1 + width(word) > 80) {
      lines.push(line);
      line = indent;
    }
    line += width(line) > width(first) ? ` ${word}` : word;
  }
  return [...lines, line];
}

/**
 * Numbers with their points in one column, the smallest with so many significant digits; in e-notation,
 * which can be pasted, where they differ too much.
 */
export function aligned(values: number[], digits: number): string[] {
  const sizes = values.map(Math.abs).filter((size) => size > 0);
  const smallest = Math.min(...sizes);
  if (sizes.length === 0 || smallest < 1e-4 || Math.max(...sizes) >= 1e7) {
    return values.map((x) => (x === 0 ? "0" : x.toExponential(digits - 1)));
  }
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(smallest)));
  return values.map((x) => x.toFixed(decimals));
}

export const seconds = (s: number) => (s < 9.995 ? `${s.toFixed(2)} s` : `${s.toFixed(1)} s`);

/** A bar on stderr, on a terminal only: one step after another, each with its own fraction. */
export class Progress {
  private readonly shown = stderr.isTTY === true && env["TERM"] !== "dumb";

  constructor(private readonly signal: AbortSignal) {}

  /** The options of the call that does the step. */
  step(label: string): CallOptions {
    this.draw(label, 0);
    return { signal: this.signal, onProgress: ({ fraction }) => this.draw(label, fraction) };
  }

  clear(): void {
    if (this.shown) stderr.write("\r\u001b[K");
  }

  private draw(label: string, fraction: number): void {
    if (!this.shown) return;
    const length = 24;
    const eighths = Math.round(fraction * length * 8);
    const bar = ("█".repeat(eighths >> 3) + (eighths & 7 ? "▏▎▍▌▋▊▉"[(eighths & 7) - 1] : "")).padEnd(length, " ");
    stderr.write(`\r\u001b[K  ${bar}▏${String(Math.round(100 * fraction)).padStart(3)} %  ${label}`);
  }
}
