// Spectra in Unicode: a logarithmic plot in braille, whose characters hold 2×4 dots each.

import { superscript } from "../plot/numbers.ts";
import { dim, padStart } from "./output.ts";

export interface Line {
  /** Stands at the right end of the line. */
  label: string;
  /** Largest first. */
  values: ArrayLike<number>;
  paint: (text: string) => string;
}

/** The bit of a dot (column, row) in a braille character. */
const DOTS = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
const AXIS = 5;

/**
 * The lines over their ranks, cut off below `floor`; `columns`×`rows` characters and the labels. Where
 * lines cross, the later one gives the colour.
 */
export function sketch(lines: Line[], floor: number, columns = 56, rows = 11): string[] {
  const ranks = Math.max(...lines.map(({ values }) => values.length));
  const top = Math.log10(Math.max(...lines.map(({ values }) => values[0]!)));
  const bottom = Math.min(Math.log10(floor), top - 1e-3);
  const dotsAcross = 2 * columns;
  const dotsDown = 4 * rows;
  const bits = new Uint8Array(columns * rows);
  const owner = new Int8Array(columns * rows).fill(-1);
  const rowOf = (value: number) => Math.round(((top - Math.log10(value)) / (top - bottom)) * (dotsDown - 1));
  const labels: (string | undefined)[] = Array(rows).fill(undefined);
  // labels of lines that leave the plot, by cell
  const inner = new Map<number, { label: string; paint: Line["paint"] }>();

  lines.forEach(({ label, values, paint }, which) => {
    let last: number | undefined;
    for (let x = 0; x < dotsAcross; x++) {
      const value = values[Math.round((x / (dotsAcross - 1)) * (ranks - 1))];
      if (value === undefined) break;
      const inside = value > 0 && rowOf(value) < dotsDown;
      // a step is drawn as a vertical line, also the one that leaves the plot
      const y = inside ? rowOf(value) : dotsDown - 1;
      if (!inside && last === undefined) break;
      for (let dot = Math.min(y, (last ?? y) + 1); dot <= y; dot++) {
        const cell = (dot >> 2) * columns + (x >> 1);
        bits[cell]! |= DOTS[x & 1]![dot & 3]!;
        owner[cell] = which;
      }
      last = y;
      if (!inside) {
        inner.set((rows - 1) * columns + (x >> 1) + 2, { label, paint });
        last = undefined;
        break;
      }
    }
    if (last !== undefined) {
      // the nearest free row, upwards first
      const wanted = last >> 2;
      const free = Array.from({ length: rows }, (_, k) => k)
        .filter((row) => labels[row] === undefined)
        .sort((a, b) => Math.abs(a - wanted) - Math.abs(b - wanted) || a - b)[0];
      if (free !== undefined) labels[free] = paint(label);
    }
  });

  const ticks: string[] = Array(rows).fill("");
  const step = Math.max(1, Math.ceil((top - bottom) / (rows / 2)));
  for (let exponent = Math.ceil(bottom); exponent <= top; exponent++) {
    if (exponent % step === 0) ticks[rowOf(10 ** exponent) >> 2] = `10${superscript(exponent)}`;
  }
  const out = ticks.map((tick, row) => {
    let text = "";
    for (let column = 0; column < columns; column++) {
      const cell = row * columns + column;
      const note = inner.get(cell);
      if (note && column + note.label.length <= columns) {
        text += note.paint(note.label);
        column += note.label.length - 1;
        continue;
      }
      const character = String.fromCharCode(0x2800 + bits[cell]!);
      text += owner[cell]! < 0 ? character : lines[owner[cell]!]!.paint(character);
    }
    const label = labels[row];
    // blank braille is as wide as the rest in every font, spaces are not
    text = label ? `${text} ${label}` : text.replace(/\u2800+$/, "");
    return `${padStart(tick, AXIS)} ${dim(tick ? "┤" : "│")}${text}`;
  });
  const end = String(ranks);
  out.push(`${" ".repeat(AXIS + 1)}${dim(`└${"─".repeat(columns)}`)}`);
  out.push(`${" ".repeat(AXIS + 2)}1${padStart("eigenvalue rank", (columns + 15) / 2 - 1)}${padStart(end, (columns - 15) / 2)}`);
  return out;
}
