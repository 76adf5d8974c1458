// The built command in a process of its own, for tests.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";

const CLI = fileURLToPath(new URL("../dist/cli.js", import.meta.url));

/** Where commands run: of the tests of one file. */
export const folder = await mkdtemp(join(tmpdir(), "eigenscope-cli-"));
after(() => rm(folder, { recursive: true, force: true }));

export interface Outcome {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the command in `folder`; `meanwhile` may do something to the process. */
export function run(args: string[], meanwhile?: (child: ReturnType<typeof spawn>) => void): Promise<Outcome> {
  const { NO_COLOR: _, FORCE_COLOR: __, ...env } = process.env;
  const child = spawn(process.execPath, [CLI, ...args], { cwd: folder, env });
  const outcome: Outcome = { status: null, stdout: "", stderr: "" };
  child.stdout.on("data", (data) => (outcome.stdout += data));
  child.stderr.on("data", (data) => (outcome.stderr += data));
  meanwhile?.(child);
  return new Promise((resolve) => child.on("close", (status) => resolve({ ...outcome, status })));
}

/** What the command prints with --json. */
export async function json(...args: string[]) {
  const { status, stdout, stderr } = await run([...args, "--json"]);
  assert.equal(stderr, "");
  assert.equal(status, 0);
  return JSON.parse(stdout);
}

/** One line with the code on stderr, nothing on stdout. */
export function assertFails({ status, stdout, stderr }: Outcome, code: string, message: RegExp, expected = 1): void {
  assert.match(stderr, /^eigenscope: [^\n]+\n$/);
  assert.ok(stderr.endsWith(` (${code})\n`), stderr);
  assert.match(stderr, message);
  assert.equal(stdout, "");
  assert.equal(status, expected);
}
