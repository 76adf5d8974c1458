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

/** Chinese, Japanese, Korean and emoji take two columns. */
const WIDE = /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/gu;

/** How many columns a text takes. */
export function width(text: string): number {
  const plain = text.replace(/\u001b\[\d+m/g, "").replace(/[\p{Mn}\p{Me}\u200b-\u200d\ufe0f]/gu, "");
  return [...plain].length + (plain.match(WIDE)?.length ?? 0);
}

/** A name may hold anything: what would move the cursor is left out. */
export const printable = (name: string) => name.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "�");

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
    // a line that is broken into two is not written over by the next one
    const room = Math.max(8, (stderr.columns || 80) - length - 12);
    const letters = [...printable(label)];
    const name = letters.length > room ? `…${letters.slice(1 - room).join("")}` : letters.join("");
    const bar = ("█".repeat(eighths >> 3) + (eighths & 7 ? "▏▎▍▌▋▊▉"[(eighths & 7) - 1] : "")).padEnd(length, " ");
    stderr.write(`\r\u001b[K  ${bar}▏${String(Math.round(100 * fraction)).padStart(3)} %  ${name}`);
  }
}
