// npm run bench [-- NAME…] [--json] [--tiny]: the operations named (all without a name), a Markdown
// table on stdout, or with --json one JSON object; --tiny runs each case once on small input, without peers.

import { execFile, execFileSync } from "node:child_process";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { measure, type Cases, type Row } from "./harness.ts";

const OPERATIONS: Record<string, () => Promise<{ cases: Cases }>> = {
  gemm: () => import("./gemm.ts"),
  eig: () => import("./eig.ts"),
  eigsh: () => import("./eigsh.ts"),
  svd: () => import("./svd.ts"),
  randomizedSvd: () => import("./randomizedSvd.ts"),
  hinf: () => import("./hinf.ts"),
  kernels: () => import("./kernels.ts"),
  certify: () => import("./certify.ts"),
  regression: () => import("./regression.ts"),
  eigenpro: () => import("./eigenpro.ts"),
  powerLaw: () => import("./power-law.ts"),
  weights: () => import("./weights.ts"),
};

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean" }, tiny: { type: "boolean" }, case: { type: "string" } },
});
const tiny = options.tiny ?? false;
const names = positionals.length ? positionals : Object.keys(OPERATIONS);
for (const name of names) {
  if (!OPERATIONS[name]) {
    console.error(`bench: there is no ${name}; there are ${Object.keys(OPERATIONS).join(", ")}`);
    process.exit(2);
  }
}

if (options.case !== undefined) {
  // the child: one case, one row
  const { cases } = await OPERATIONS[names[0]!]!();
  console.log(JSON.stringify(await measure(cases(false)[Number(options.case)]!, false)));
} else {
  const rows: Row[] = [];
  for (const name of names) {
    const { cases } = await OPERATIONS[name]!();
    for (const [i, c] of cases(tiny).entries()) {
      if (tiny) {
        rows.push(await measure(c, tiny));
        continue;
      }
      process.stderr.write(`${c.name}, ${c.threads} threads\n`);
      const child = [...process.execArgv, fileURLToPath(import.meta.url), name, "--case", String(i)];
      rows.push(JSON.parse((await promisify(execFile)(process.execPath, child)).stdout) as Row);
    }
  }
  const report = { ...machine(), rows };
  console.log(options.json ? JSON.stringify(report) : markdown(report));
}

function machine() {
  let commit = "";
  try {
    commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8", stdio: "pipe" }).trim();
  } catch {
    // an unpacked archive
  }
  const [cpu] = cpus();
  return { cpu: cpu!.model.trim(), cores: cpus().length, node: process.version, date: new Date().toISOString().slice(0, 10), commit };
}

function markdown({ cpu, cores, node, date, commit, rows }: ReturnType<typeof machine> & { rows: Row[] }): string {
  const peers = [...new Set(rows.flatMap((row) => Object.keys(row.peers)))];
  const head = ["operation", "threads", "cold ms", "warm ms", "GFLOP/s", "% of peak", ...peers.map((p) => `${p} ms (our time / its)`)];
  const body = rows.map((row) => [
    row.name,
    row.threads,
    row.cold.toFixed(1),
    row.warm.toFixed(1),
    row.gflops?.toFixed(1) ?? "",
    row.ofPeak?.toFixed(0) ?? "",
    ...peers.map((name) => {
      const ms = row.peers[name];
      return typeof ms === "number" ? `${ms.toFixed(1)} (${(row.warm / ms).toPrecision(2)})` : (ms ?? "");
    }),
  ]);
  const lines = [head, head.map((_, i) => (i ? "--:" : "---")), ...body].map((cells) => `| ${cells.join(" | ")} |`);
  const about = [
    `${cpu}, ${cores} cores; Node ${node.slice(1)}, ${rows[0]?.variant}; ${date}, ${commit}.`,
    "native: numpy, for eigsh, subsets and regression scipy, for randomizedSvd scikit-learn, with their BLAS and as many threads.",
  ];
  return [...about, "", ...lines].join("\n");
}
