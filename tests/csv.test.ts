// Text tables: every shape that people write, every way to be wrong, each error with its place.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readFileSync } from "node:fs";
import { FormatError, NotFiniteError } from "../bindings/errors.ts";
import { formatCsv, parseCsv, parseMatrix } from "../bindings/io/index.ts";
import { fromRows, matrix } from "../bindings/linalg/matrix.ts";
import { columns, normalizeRows } from "../bindings/linalg/rows.ts";
import { numbers } from "./harness.ts";

const M = fromRows([[1, -2.5, 3e4], [4, 5, 0.006]]);
const good: [string, string][] = [
  ["commas", "1,-2.5,3e4\n4,5,.006\n"],
  ["no newline at the end", "1,-2.5,3e4\n4,5,6e-3"],
  ["CRLF", "1,-2.5,3e4\r\n4,5,.006\r\n"],
  ["CR alone", "1,-2.5,3e4\r4,5,.006\r"],
  ["a byte order mark", "\ufeff1,-2.5,3e4\n4,5,.006\n"],
  ["semicolons", "1;-2.5;30000.0\n4;5;.006\n"],
  ["tabs", "1\t-2.5\t3E4\n4\t5\t.006\n"],
  ["spaces", "  1  -2.5 \t 3e4  \n 4 5 .006\n".replace("\t", "")],
  ["spaces around commas", " 1 , -2.5 ,\t3e4 \n4,5 , .006\n".replace("\t", "")],
  ["comments and empty lines", "# numbers\n\n1,-2.5,3e4 # first\n   \n# more\n4,5,.006\n\n"],
  ["quotes", '"1","-2.5","3e4"\n4,"5",".006"\n'],
  ["signs and points", "+1,-2.50,3.e+4\n4.,+5,6.0e-03\n"],
  ["long digits", "1.000000000000000000e+00,-2.500000000000000000e+00,3.000000000000000000e+04\n4,5,6.000000000000000125e-03\n"],
];
for (const [what, text] of good) test(`parseCsv reads ${what}`, () => assert.deepEqual(parseCsv(text).matrix, M));

test("parseCsv reads one row, one column, one number", () => {
  assert.deepEqual(parseCsv("1,2,3").matrix, fromRows([[1, 2, 3]]));
  assert.deepEqual(parseCsv("1\n2\n3\n").matrix, fromRows([[1], [2], [3]]));
  assert.deepEqual(parseCsv("7").matrix, fromRows([[7]]));
});

test("parseCsv reads UTF-16 with a byte order mark", () => {
  assert.deepEqual(parseCsv(Buffer.from("\ufeff1\t-2.5\t3e4\n4\t5\t.006\n", "utf16le")).matrix, M);
});

test("parseCsv skips a header of text alone, and says so", () => {
  const { matrix: read, header, warnings } = parseCsv('id,"pixel 1, left",c\n1,-2.5,3e4\n4,5,.006\n', "x.csv");
  assert.deepEqual(read, M);
  assert.deepEqual(header, ["id", "pixel 1, left", "c"]);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /^x\.csv: line 1 was skipped as a header: [^\n]+$/);
  assert.equal(parseCsv("1,2\n3,4\n").header, null);
});

test("parseCsv rounds as Number does, to the last bit", () => {
  const special = ["0.1", "1e22", "1e23", "9007199254740993", "4.9e-324", "2.2250738585072014e-308", "1.7976931348623157e308", "123456789012345", ".000000000000000000000001", "-0", "1e-400"];
  const random = [...numbers(2000, 5)].map((x, k) => (k % 2 ? String(x * 10 ** ((k % 60) - 30)) : x.toFixed(k % 18)));
  const texts = [...special, ...random];
  assert.deepEqual([...parseCsv(texts.join("\n")).matrix.data], texts.map(Number));
});

const bad: [string, string | Uint8Array, RegExp][] = [
  ["an empty file", "", /^x: the file is empty/],
  ["comments alone", "# nothing\n\n  \n", /^x: the file is empty/],
  ["a header alone", "a,b\n", /^x: there is no number/],
  ["a short row", "1,2,3\n4,5\n", /^x: row 2 has 2 cells, row 1 has 3 cells$/],
  ["a long row", "1,2\n\n4,5,6\n", /^x: row 2 \(line 3\) has 3 cells, row 1 has 2 cells$/],
  ["a text cell", "1,2\n3,four\n", /^x: row 2, column 2 holds "four", expected a number$/],
  ["text in the first row", "1,two\n3,4\n", /^x: row 1, column 2 holds "two"/],
  ["text below a header", "a,b\n1,2\n3,4x\n", /^x: row 2 \(line 3\), column 2 holds "4x"/],
  ["an empty cell", "1,,3\n", /^x: row 1, column 2 is empty/],
  ["a trailing comma", "1,2,\n", /^x: row 1, column 3 is empty/],
  ["decimal commas", "1,5;2,5\n3,5;4,5\n", /^x: row 1 \(line 2\), column 1 holds "3,5"/],
  ["hexadecimal", "0x10\n2\n0x10\n".slice(5), /^x: row 2, column 1 holds "0x10"/],
  ["two points", "1.2.3,4\n5,6", /^x: row 1, column 1 holds "1\.2\.3"/],
  ["control characters, on one line", "1,2\n3,\u0007\u001b[31m\"a\n", /^x: row 2, column 2 holds "\\u0007/],
  ["bytes that are no text", Uint8Array.from([0x31, 0x2c, 0xff, 0xfd, 0x0a]), /^x: row 1, column 2 holds/],
];
for (const [what, text, message] of bad) {
  test(`parseCsv refuses ${what}`, () => {
    assert.throws(() => parseCsv(text, "x"), (error: Error) => {
      assert.ok(error instanceof FormatError);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
  });
}

for (const text of ["nan", "NaN", "inf", "-Infinity", "1e999"]) {
  test(`parseCsv names the place of ${text}`, () => {
    assert.throws(() => parseCsv(`1,2\n3,${text}\n`, "x"), (error: Error) => {
      assert.ok(error instanceof NotFiniteError);
      assert.match(error.message, /^x: row 2, column 2 holds /);
      return true;
    });
  });
}

test("formatCsv is read back exactly", () => {
  const X = matrix(40, 7, numbers(280, 3).map((x, k) => x * 10 ** ((k % 40) - 20)));
  assert.deepEqual(parseCsv(formatCsv(X)).matrix, X);
});

test("the built-in digits are 1797 rows of 64 pixels and a label", async () => {
  const { matrix: digits, format, warnings } = await parseMatrix(readFileSync(new URL("../examples/data/digits.csv.gz", import.meta.url)));
  assert.deepEqual([digits.rows, digits.cols, format, warnings.length], [1797, 65, "csv", 0]);
  const X = columns(digits, 0, -1);
  assert.equal(X.cols, 64);
  // np.load_digits().data.sum(), and its labels' sum
  assert.equal(X.data.reduce((a, b) => a + b), 561718);
  assert.equal(columns(digits, 64, 65).data.reduce((a, b) => a + b), 8070);
});

test("normalizeRows gives rows of length 1, leaves zero rows, bears any scale", () => {
  const X = fromRows([[3, 4], [0, 0], [3e300, 4e300], [3e-300, -4e-300], [1e-320, 0]]);
  const Y = normalizeRows(X);
  for (const [k, y] of [0.6, 0.8, 0, 0, 0.6, 0.8, 0.6, -0.8, 1, 0].entries()) {
    assert.ok(Math.abs(Y.data[k]! - y) <= 2 * Number.EPSILON, `entry ${k}: ${Y.data[k]}`);
  }
  assert.equal(X.data[0], 3);
});
