// The engine's contract in Deno and in Bun. (Node's is in tests/contract.test.ts.)

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { bundle } from "./bundle.ts";
import { testContract } from "./contract.ts";
import type { Tab } from "./drivers.ts";
import { findProgram, testWith } from "./programs.ts";
import { ROOT } from "./server.ts";

const runtimes = [
  { name: "Deno", program: findProgram("DENO", ["deno"]), args: ["run", "--allow-all", "--no-prompt"] },
  { name: "Bun", program: findProgram("BUN", ["bun"]), args: ["run"] },
];

for (const { name, program, args } of runtimes) {
  testWith(name, program, false, async (t, path) => {
    const version = execFileSync(path, ["--version"], { encoding: "utf8" }).match(/\d+\.\d+\.\d+/)![0];
    const home = await mkdtemp(join(tmpdir(), "eigenscope-runtime-"));
    try {
      const script = join(home, "process.mjs");
      await writeFile(script, await bundle("tests/browser/process.ts", pathToFileURL(ROOT).href));
      const surroundings = { name: `${name} ${version}`, shared: true, thorough: false, options: { threads: 2 } };
      await t.test(surroundings.name, (sub) => testContract(sub, surroundings, async () => start(path, [...args, script])));
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  });
}

/** A process as a tab: one line in, one line out. */
function start(path: string, args: string[]): Tab {
  const child = spawn(path, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  return {
    async evaluate(expression) {
      const ended = new AbortController();
      child.once("exit", (code, signal) => ended.abort(new Error(`the process ended with ${code ?? signal}`)));
      child.stdin.write(`${expression}\n`);
      const [line] = await once(lines, "line", { signal: ended.signal });
      const { value, error } = JSON.parse(line);
      if (error) throw new Error(error);
      return value;
    },
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}
