// Tables of numbers as text: cells apart by comma, semicolon, tab or white space; `#` starts a comment.

import { FormatError, NotFiniteError } from "../errors.ts";
import type { Matrix } from "../linalg/matrix.ts";

export interface Csv {
  matrix: Matrix<Float64Array>;
  /** The cells of the header row, if there was one: a first row without a single number. */
  header: string[] | null;
  warnings: string[];
}

const TAB = 9;
const LF = 10;
const CR = 13;
const SPACE = 32;
const QUOTE = 34;
const HASH = 35;
const PLUS = 43;
const COMMA = 44;
const MINUS = 45;
const DOT = 46;
const ZERO = 48;
const SEMICOLON = 59;
const LETTER_E = 101;

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const NOT_FINITE = /^[+-]?(nan|inf|infinity)$/i;
/** The powers of ten that are exact doubles. */
const POW10 = Float64Array.from({ length: 23 }, (_, k) => Number(`1e${k}`));

/**
 * The numbers of a text. `name` starts the messages of errors; rows and columns in them count from 1,
 * rows without header, comments and empty lines. Numbers are read correctly rounded.
 */
export function parseCsv(input: Uint8Array | string, name = "csv"): Csv {
  const bytes = toUtf8(input);
  const end = bytes.length;
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  let line = 1;

  const nextLine = () => {
    while (at < end && bytes[at] !== LF && bytes[at] !== CR) at++;
    if (bytes[at] === CR && bytes[at + 1] === LF) at++;
    at++;
    line++;
  };
  /** To the first cell of the next row: over empty lines and comments. */
  const nextRow = () => {
    for (; at < end; nextLine()) {
      let p = at;
      while (bytes[p] === SPACE || bytes[p] === TAB) p++;
      if (p < end && bytes[p] !== LF && bytes[p] !== CR && bytes[p] !== HASH) return;
    }
  };

  // a text that is decoded in large pieces, one character for each byte
  let piece = "";
  let pieceAt = 0;
  const window = (from: number, to: number) => {
    if (from < pieceAt || to > pieceAt + piece.length) {
      pieceAt = from;
      piece = latin1.decode(bytes.subarray(from, Math.max(to, from + 65536)));
    }
    return piece.slice(from - pieceAt, to - pieceAt);
  };

  nextRow();
  if (at >= end) throw new FormatError(`${name}: the file is empty, expected rows of numbers`);
  const delimiter = findDelimiter(bytes, at);
  const spaced = delimiter === SPACE;
  const warnings: string[] = [];
  const header = readHeader(bytes, at, delimiter);
  if (header) {
    warnings.push(`${name}: line ${line} was skipped as a header: ${quote(header.join(", "))}`);
    nextLine();
    nextRow();
    if (at >= end) throw new FormatError(`${name}: there is no number in the file, expected rows of numbers`);
  }

  let values = new Float64Array(4096);
  let count = 0;
  let rows = 0;
  let cols = 0;
  const place = (column: number) => `row ${rows + 1}${line === rows + 1 ? "" : ` (line ${line})`}, column ${column}`;

  for (; at < end; nextRow()) {
    const first = count;
    for (;;) {
      while (bytes[at] === SPACE || (bytes[at] === TAB && delimiter !== TAB)) at++;
      if (spaced && count > first && endsRow(bytes, at)) break;

      // a plain number is scanned here, everything else (quotes, nan, text) is a text cell
      const from = at;
      let p = at;
      if (bytes[p] === MINUS || bytes[p] === PLUS) p++;
      let mantissa = 0;
      const integer = p;
      let d = bytes[p]! - ZERO;
      for (; d >= 0 && d <= 9; d = bytes[++p]! - ZERO) mantissa = mantissa * 10 + d;
      let digits = p - integer;
      let exponent = 0;
      if (bytes[p] === DOT) {
        const fraction = ++p;
        d = bytes[p]! - ZERO;
        for (; d >= 0 && d <= 9; d = bytes[++p]! - ZERO) mantissa = mantissa * 10 + d;
        exponent = fraction - p;
        digits += p - fraction;
      }
      if (digits > 0 && (bytes[p]! | 32) === LETTER_E) {
        const sign = bytes[++p];
        if (sign === MINUS || sign === PLUS) p++;
        const power = p;
        let e = 0;
        d = bytes[p]! - ZERO;
        for (; d >= 0 && d <= 9; d = bytes[++p]! - ZERO) e = e * 10 + d;
        exponent += sign === MINUS ? -e : e;
        if (p === power) digits = 0;
      }
      const to = p;
      while (bytes[p] === SPACE && !spaced) p++;

      let value: number;
      if (digits > 0 && endsCell(bytes, p, delimiter)) {
        at = p;
        // Clinger's fast path: an integer below 2^53 times or over an exact power of ten is rounded once
        if (digits <= 15 && exponent >= -22 && exponent <= 22) {
          value = exponent < 0 ? mantissa / POW10[-exponent]! : mantissa * POW10[exponent]!;
          if (bytes[from] === MINUS) value = -value;
        } else {
          value = Number(window(from, to));
        }
      } else {
        at = cellEnd(bytes, at, delimiter);
        value = toNumber(cellText(bytes, from, at));
      }
      if (!Number.isFinite(value)) {
        const text = cellText(bytes, from, at);
        const where = `${name}: ${place(count - first + 1)}`;
        if (text === "") throw new FormatError(`${where} is empty, expected a number`);
        if (NUMBER.test(text)) throw new NotFiniteError(`${where} holds ${quote(text)}, which no double can hold`);
        if (NOT_FINITE.test(text)) throw new NotFiniteError(`${where} holds ${text}, every number must be finite`);
        throw new FormatError(`${where} holds ${quote(text)}, expected a number`);
      }
      if (count === values.length) {
        const grown = new Float64Array(2 * count);
        grown.set(values);
        values = grown;
      }
      values[count++] = value;
      if (bytes[at] === delimiter && !spaced) at++;
      else if (endsRow(bytes, at)) break;
    }
    const width = count - first;
    if (rows === 0) cols = width;
    else if (width !== cols) {
      const where = `row ${rows + 1}${line === rows + 1 ? "" : ` (line ${line})`}`;
      throw new FormatError(`${name}: ${where} has ${cells(width)}, row 1 has ${cells(cols)}`);
    }
    rows++;
    nextLine();
  }
  return { matrix: { data: values.slice(0, count), rows, cols }, header, warnings };
}

/** A matrix as text: cells apart by commas, one line a row, numbers as short as they read back equal. */
export function formatCsv(A: Matrix): string {
  const lines: string[] = [];
  for (let i = 0; i < A.rows; i++) lines.push(A.data.subarray(i * A.cols, (i + 1) * A.cols).join(",") + "\n");
  return lines.join("");
}

/** UTF-8 bytes; UTF-16 with a byte order mark (Excel's "Unicode text") is decoded. */
function toUtf8(input: Uint8Array | string): Uint8Array {
  if (typeof input === "string") return new TextEncoder().encode(input);
  const utf16 = input[0] === 0xff && input[1] === 0xfe ? "utf-16le" : input[0] === 0xfe && input[1] === 0xff ? "utf-16be" : "";
  return utf16 ? new TextEncoder().encode(new TextDecoder(utf16).decode(input)) : input;
}

/** The first of tab, semicolon, comma that stands outside quotes in the row at `at`; white space without one. */
function findDelimiter(bytes: Uint8Array, at: number): number {
  let found = SPACE;
  let quoted = false;
  for (; at < bytes.length && bytes[at] !== LF && bytes[at] !== CR; at++) {
    const c = bytes[at];
    if (c === QUOTE) quoted = !quoted;
    if (quoted) continue;
    if (c === HASH) break;
    if (c === TAB) return TAB;
    if (c === SEMICOLON) found = SEMICOLON;
    if (c === COMMA && found === SPACE) found = COMMA;
  }
  return found;
}

/** The cells of the row at `at` if none of them is a number. */
function readHeader(bytes: Uint8Array, at: number, delimiter: number): string[] | null {
  const texts: string[] = [];
  for (;;) {
    while (bytes[at] === SPACE) at++;
    const from = at;
    at = cellEnd(bytes, at, delimiter);
    const text = cellText(bytes, from, at);
    if (NUMBER.test(text) || NOT_FINITE.test(text)) return null;
    if (text !== "" || delimiter !== SPACE) texts.push(text);
    if (endsRow(bytes, at)) return texts;
    at++;
  }
}

function endsRow(bytes: Uint8Array, at: number): boolean {
  const c = bytes[at];
  return c === LF || c === CR || c === HASH || at >= bytes.length;
}

function endsCell(bytes: Uint8Array, at: number, delimiter: number): boolean {
  const c = bytes[at];
  return c === delimiter || (delimiter === SPACE && c === TAB) || endsRow(bytes, at);
}

/** Where the cell that starts at `at` ends; a quoted one may hold delimiters. */
function cellEnd(bytes: Uint8Array, at: number, delimiter: number): number {
  let quoted = false;
  for (; at < bytes.length; at++) {
    if (bytes[at] === QUOTE) quoted = !quoted;
    else if (quoted ? bytes[at] === LF : endsCell(bytes, at, delimiter)) break;
  }
  return at;
}

const utf8 = new TextDecoder();
const latin1 = new TextDecoder("latin1");

function cellText(bytes: Uint8Array, from: number, to: number): string {
  const text = utf8.decode(bytes.subarray(from, to)).trim();
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1).replaceAll('""', '"').trim() : text;
}

const toNumber = (text: string) => (NUMBER.test(text) ? Number(text) : NaN);

const cells = (count: number) => `${count} ${count === 1 ? "cell" : "cells"}`;

/** On one line and not long, whatever the text holds. */
function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 39)}…` : text);
}
