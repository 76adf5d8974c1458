// A reporter for node --test: a line for each file with how long it took, what tests say of themselves, why some
// were skipped, and at the end, whole, every test that failed.

import { relative, resolve } from "node:path";
import { inspect } from "node:util";

/** After so many ms a file that runs is named, in case it never ends. */
const LONG = 5 * 60_000;

export default async function* report(events) {
  const files = new Map();
  const skipped = new Map();
  const failures = [];
  /** Titles of the tests around the one that is told of, which come in order. */
  const around = [];
  let tests = 0;
  for await (const { type, data } of events) {
    if (!data.file) continue;
    // a test's own file may be one of helpers, where it was registered
    const isFile = data.name !== undefined && resolve(data.name) === data.file;
    const name = relative(".", data.file);
    if (type === "test:dequeue" && isFile) {
      const timer = setTimeout(() => console.error(`… ${name} has been running for ${LONG / 60_000} min`), LONG).unref();
      files.set(name, { timer, printed: "" });
    } else if (type === "test:start") {
      around.splice(data.nesting, Infinity, data.name);
    } else if (type === "test:pass" || type === "test:fail") {
      const { skip, details: { error } } = data;
      if (!isFile) tests++;
      if (skip !== undefined) skipped.set(skip, (skipped.get(skip) ?? 0) + 1);
      // one that fails because of a test within says nothing new
      if (type === "test:fail" && error?.failureType !== "subtestsFailed") {
        const where = isFile ? `${name}\n${files.get(name)?.printed ?? ""}` : `${[...around.slice(0, data.nesting), data.name].join(" › ")} (${name})\n`;
        failures.push(where + describe(error));
      }
    } else if (type === "test:diagnostic") {
      yield `   ${around.at(-1)}: ${data.message}\n`;
    } else if (type === "test:stderr" || type === "test:stdout") {
      if (files.has(name)) files.get(name).printed += data.message;
      yield data.message;
    } else if (type === "test:complete" && isFile) {
      clearTimeout(files.get(name)?.timer);
      yield `${data.details.passed === false ? "✖" : "✔"} ${name.padEnd(44)} ${(data.details.duration_ms / 1000).toFixed(1).padStart(6)} s\n`;
    }
  }
  for (const [reason, count] of skipped) yield `${count} skipped: ${reason === true ? "" : reason}\n`;
  yield `${tests} tests in ${files.size} files, ${failures.length} failed\n`;
  for (const failure of failures) yield `\n✖ ${failure}\n`;
}

const describe = (error) => inspect(error?.cause ?? error).split("\n").map((line) => `  ${line}`).join("\n");
