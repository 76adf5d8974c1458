// npm run build: assembly/ → four wasm binaries → inlined modules; bindings/ → dist/.
//
//   build/wasm/*.wasm                 the binaries, from one source (asconfig.json)
//   bindings/core/generated/*.ts      each binary, stamped, deflated and base64-encoded; the worker's source
//                                     ("as string": their types would hold them once more)
//   bindings/plot/generated/page.ts   the report's script and style
//   bindings/element/generated/style.ts   the element's style
//   dist/*.js                         bundled entry points, self-contained ESM
//   dist/types/**, dist/wasm/*, dist/worker.js, dist/third-party.txt

import { execFile } from "node:child_process";
import { mkdir, readFile, rm, writeFile, chmod } from "node:fs/promises";
import { promisify } from "node:util";
import { deflateRawSync } from "node:zlib";
import { build } from "esbuild";

const run = promisify(execFile);
const VARIANTS = ["base", "threads", "relaxed", "relaxed-threads"];
const GENERATED = "bindings/core/generated";
const { version } = JSON.parse(await readFile("package.json", "utf8"));
const common = {
  bundle: true,
  format: "esm",
  target: "es2022",
  platform: "neutral",
  mainFields: ["module", "main"],
  legalComments: "none",
  define: { __VERSION__: JSON.stringify(version) },
  logLevel: "warning",
};

/** Bundles, and remembers which packages went in. */
const bundled = new Set();
async function bundle(options) {
  const result = await build({ ...common, metafile: true, ...options });
  for (const input of Object.keys(result.metafile.inputs)) {
    const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
    if (name) bundled.add(name);
  }
  return result;
}

/** Name, version, licence of a package that is bundled, and the text that has to go with it. */
async function licenceOf(name) {
  const manifest = JSON.parse(await readFile(`node_modules/${name}/package.json`, "utf8"));
  const text = await readFile(`node_modules/${name}/LICENSE`, "utf8").catch(() => "");
  return `${name} ${manifest.version}, ${manifest.license}\n\n${text}`.trim();
}

/** A binary with a custom section "eigenscope" at its end that says which version and variant it is. */
function stamped(bytes, variant) {
  const name = "eigenscope";
  const content = Buffer.from(`${String.fromCharCode(name.length)}${name}${version} ${variant}`);
  return Buffer.concat([bytes, Buffer.from([0, content.length]), content]); // id 0; a length below 128 is one byte
}

const only = process.argv.includes("--wasm") ? "wasm" : process.argv.includes("--js") ? "js" : "all";

if (only !== "js") {
  await mkdir("build/wasm", { recursive: true });
  // two at a time: each compilation is one busy process
  const queue = [...VARIANTS];
  const compile = async () => {
    for (let v = queue.shift(); v; v = queue.shift()) {
      try {
        await run(process.execPath, ["node_modules/assemblyscript/bin/asc.js", "--config", "asconfig.json", "--target", v]);
      } catch (error) {
        console.error(error.stdout + error.stderr);
        process.exit(1);
      }
    }
  };
  await Promise.all([compile(), compile()]);
}

if (only !== "wasm") {
  const binaries = new Map(await Promise.all(VARIANTS.map(async (v) => [v, stamped(await readFile(`build/wasm/${v}.wasm`), v)])));
  await mkdir(GENERATED, { recursive: true });
  for (const [v, bytes] of binaries) {
    await writeFile(`${GENERATED}/${v}.ts`, `export default "${deflateRawSync(bytes, { level: 9 }).toString("base64")}" as string;\n`);
  }

  const worker = await bundle({
    format: "iife",
    entryPoints: ["bindings/worker.ts"],
    minify: true,
    write: false,
  });
  await writeFile(`${GENERATED}/worker-source.ts`, `export default ${JSON.stringify(worker.outputFiles[0].text)} as string;\n`);

  // the report's script with uPlot in it, and its style, as text
  const page = await bundle({
    format: "iife",
    entryPoints: ["bindings/plot/page.ts", "bindings/plot/page.css"],
    minify: true,
    outdir: "page",
    write: false,
  });
  const [script, style] = [".js", ".css"].map((ending) => {
    const { text } = page.outputFiles.find(({ path }) => path.endsWith(ending));
    return JSON.stringify(text.trim().replaceAll("</", "<\\/"));
  });
  const notice = JSON.stringify(await licenceOf("uplot"));
  await mkdir("bindings/plot/generated", { recursive: true });
  await writeFile("bindings/plot/generated/page.ts", `export const script: string = ${script};\nexport const style: string = ${style};\nexport const notice: string = ${notice};\n`);

  // the element's style with uPlot's, as text
  const element = await bundle({ entryPoints: ["bindings/element/view.css"], minify: true, write: false });
  await mkdir("bindings/element/generated", { recursive: true });
  await writeFile("bindings/element/generated/style.ts", `export default ${JSON.stringify(element.outputFiles[0].text.trim())} as string;\n`);

  await rm("dist", { recursive: true, force: true });
  await bundle({
    entryPoints: {
      index: "bindings/index.ts",
      core: "bindings/sync.ts",
      io: "bindings/io/index.ts",
      plot: "bindings/plot/index.ts",
      element: "bindings/element/index.ts",
      cli: "bindings/cli/main.ts",
    },
    splitting: true,
    // as a CDN gives them to pages; names stay, for those who read a stack
    minifyWhitespace: true,
    minifySyntax: true,
    outdir: "dist",
    external: ["node:*"],
  });
  await writeFile("dist/worker.js", worker.outputFiles[0].text);
  await chmod("dist/cli.js", 0o755);
  await writeFile("dist/third-party.txt", (await Promise.all([...bundled].sort().map(licenceOf))).join("\n\n\n"));
  await mkdir("dist/wasm", { recursive: true });
  for (const [v, bytes] of binaries) await writeFile(`dist/wasm/${v}.wasm`, bytes);
  try {
    await run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"]);
  } catch (error) {
    console.error(error.stdout + error.stderr);
    process.exit(1);
  }
}
