// npm run size: what a page pays for each door of the package, minified and gzipped: what is loaded with the
// import itself, and each part that is loaded when it is needed. Fails over budget.

import { build } from "esbuild";
import { gzipSync } from "node:zlib";

/** In kB (1000 bytes) of gzip. A page that computes loads the first, the worker and one binary. */
const DOORS = [
  { code: 'import { createEngine } from "eigenscope"', budget: 15 },
  { code: 'import { createEngine, kernels, networks } from "eigenscope"', budget: 15 },
  { code: 'import { createCore } from "eigenscope/core"', budget: 76 },
  { code: 'import { parseMatrix } from "eigenscope/io"', budget: 12 },
  { code: 'import { parseModel } from "eigenscope/io"', budget: 28 },
  { code: 'import { spectrumPlot } from "eigenscope/plot"', budget: 10 },
  { code: 'import "eigenscope/element"', budget: 60 },
];
const WORKER_AND_BINARY = 150;
const BINARIES = ["base", "threads", "relaxed", "relaxed-threads"];

const gzipped = (contents) => gzipSync(contents, { level: 9 }).length / 1000;
const show = (title, size, note = "") => console.log(`${title.padEnd(48)} ${size.toFixed(1).padStart(6)}  ${note}`);
let failed = false;

/** Says how a size stands to its budget. */
function judge(size, budget) {
  if (size <= budget) return `of ${budget}`;
  failed = true;
  return `OVER ITS BUDGET of ${budget}`;
}

/** What is loaded at once with an import, and each part that may be loaded later, by name. */
async function measure(code) {
  const { outputFiles, metafile } = await build({
    // an import nobody uses would be left out
    stdin: { contents: code.replace(/^import \{ ([\w, ]+) \}/, "export { $1 }"), resolveDir: "." },
    bundle: true, minify: true, splitting: true, format: "esm", outdir: "/", entryNames: "entry", chunkNames: "[name]-[hash]",
    metafile: true, write: false, logLevel: "error",
  });
  const sizes = new Map(outputFiles.map(({ path, contents }) => [path.slice(1), gzipped(contents)]));
  const outputs = Object.fromEntries(Object.entries(metafile.outputs).map(([path, output]) => [path.split("/").at(-1), output]));
  const reach = (name, reached = new Set()) => {
    if (reached.has(name)) return reached;
    reached.add(name);
    for (const { path, kind } of outputs[name].imports) if (kind === "import-statement") reach(path.split("/").at(-1), reached);
    return reached;
  };
  const total = (names) => [...names].reduce((sum, name) => sum + sizes.get(name), 0);
  const first = reach("entry.js");
  const parts = Object.entries(outputs).flatMap(([name, { entryPoint }]) => {
    if (name === "entry.js" || !entryPoint) return [];
    return [[name.replace(/(-[A-Z0-9]{8})+\.js$/, ""), total([...reach(name)].filter((file) => !first.has(file)))]];
  });
  return { first: total(first), parts: new Map(parts) };
}

console.log(`${"kB, minified and gzipped".padEnd(48)} ${"".padStart(6)}  budget`);
for (const { code, budget } of DOORS) {
  const { first, parts } = await measure(code);
  show(code, first, judge(first, budget));
  for (const [name, size] of [...parts].filter(([name]) => !BINARIES.includes(name))) show(`  later: ${name}`, size);
  if (code !== DOORS[0].code) continue;
  const binary = Math.max(...BINARIES.map((name) => parts.get(name)));
  show("  later: one of the four binaries, at most", binary);
  const both = parts.get("worker-source") + binary;
  show("  worker and one binary", both, judge(both, WORKER_AND_BINARY));
}
if (failed) process.exit(1);
