// The browsers and runtimes of this machine, and the tests that need one of them.

import { spawnSync } from "node:child_process";
import { test, type TestContext } from "node:test";

/** Continuous integration has Chromium and Firefox: what is not tested there has failed. */
export const CI = process.env.CI === "true";

/** The path of a program: what the variable of the environment says, or the first of the names on PATH. */
export function findProgram(variable: string, names: readonly string[]): string | undefined {
  const given = process.env[variable];
  if (given) return given;
  for (const name of names) {
    const { status, stdout } = spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" });
    if (status === 0) return stdout.trim();
  }
  return undefined;
}

/** Registers a test that needs a program: without it a visible skip, a failure where it is required. */
export function testWith<P>(
  title: string, program: P | undefined, required: boolean, body: (t: TestContext, program: P) => Promise<void>,
): void {
  const absent = program ? undefined : "this machine does not have it";
  if (absent && required) test(title, () => { throw new Error(absent); });
  else test(title, { skip: absent ?? false }, (t) => body(t, program!));
}
