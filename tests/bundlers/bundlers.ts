// The bundlers, each with no more configuration than an ordinary user's, and the ways in which an app can have
// the package's worker and WebAssembly there. docs/bundlers.md tells users what is held here.

import { join } from "node:path";
import { APP, load } from "./tools.ts";

/** A file of app/: how its page gets worker and WebAssembly. */
export type Way = "inlined" | "served" | "queries" | "imported" | "copied" | "doors" | "own-worker" | "io-only";

export interface Bundler {
  name: string;
  ways: Way[];
  /** Builds the entries into a folder; what it warned of. */
  build(entries: Way[], out: string): Promise<string[]>;
  /** The tag that loads an entry, where the build makes no page. */
  tag?(entry: Way): string;
}

interface Vite {
  build(config: object): Promise<unknown>;
  createServer(config: object): Promise<{ listen(): Promise<unknown>; close(): Promise<void>; resolvedUrls: { local: string[] } }>;
}

export const VITE_WAYS = ["inlined", "served", "queries", "copied", "doors", "own-worker"] as const satisfies Way[];

const moduleTag = (entry: Way) => `<script type="module" src="${entry}.js"></script>`;
const sources = (entries: Way[]) => Object.fromEntries(entries.map((entry) => [entry, join(APP, `${entry}.js`)]));

function viteLogger(warnings: string[]) {
  const warn = (message: string) => void warnings.push(message);
  const quiet = () => {};
  return { info: quiet, warn, warnOnce: warn, error: warn, clearScreen: quiet, hasWarned: false, hasErrorLogged: () => false };
}

const vite = (name: string, specifier: string, ways: Way[], config = {}): Bundler => ({
  name,
  ways,
  async build(entries, out) {
    const warnings: string[] = [];
    const { build } = await load<Vite>(specifier);
    const input = entries.map((entry) => join(APP, `${entry}.html`));
    await build({
      root: APP, configFile: false, logLevel: "silent", customLogger: viteLogger(warnings),
      build: { outDir: out, emptyOutDir: true, reportCompressedSize: false, rollupOptions: { input } }, ...config,
    });
    return warnings;
  },
});

/** Vite's development server, with a cold cache. */
export async function viteServer(specifier: string, cacheDir: string): Promise<{ origin: string; warnings: string[]; close(): Promise<void> }> {
  const warnings: string[] = [];
  const { createServer } = await load<Vite>(specifier);
  const server = await createServer({
    root: APP, configFile: false, cacheDir, logLevel: "silent", customLogger: viteLogger(warnings), server: { port: 0, host: "localhost" },
  });
  await server.listen();
  return { origin: server.resolvedUrls.local[0]!.replace(/\/$/, ""), warnings, close: () => server.close() };
}

interface Webpack {
  default(config: object, callback: (error: Error | null, stats?: { toJson(options: object): WebpackReport }) => void): void;
}
interface WebpackReport {
  warnings: { message: string }[];
  errors: { message: string }[];
}

const webpack: Bundler = {
  name: "webpack 5",
  ways: ["inlined", "served", "copied", "doors", "own-worker"],
  async build(entries, out) {
    const { default: webpack } = await load<Webpack>("webpack");
    const report = await new Promise<WebpackReport>((resolve, reject) => {
      // one of the ways imports every door at once, which is more than webpack recommends for a page
      const performance = { maxAssetSize: 400_000, maxEntrypointSize: 400_000 };
      webpack({ mode: "production", context: APP, entry: sources(entries), output: { path: out }, performance }, (error, stats) => {
        if (error) reject(error);
        else resolve(stats!.toJson({ all: false, warnings: true, errors: true }));
      });
    });
    return [...report.errors, ...report.warnings].map(({ message }) => message);
  },
  tag: (entry) => `<script defer src="${entry}.js"></script>`,
};

interface Esbuild {
  build(options: object): Promise<{ warnings: { text: string }[] }>;
}

const esbuild = (name: string, options: object, ways: Way[], tag: Bundler["tag"]): Bundler => ({
  name,
  ways,
  async build(entries, out) {
    const { build } = await load<Esbuild>("esbuild");
    const points = entries.includes("imported") ? { "eigenscope-worker": "eigenscope/worker.js" } : {};
    const { warnings } = await build({
      absWorkingDir: APP, entryPoints: { ...sources(entries), ...points }, outdir: out, bundle: true, minify: true,
      loader: { ".wasm": "file" }, logLevel: "silent", ...options,
    });
    return warnings.map(({ text }) => text);
  },
  tag,
});

interface Rollup {
  rollup(options: object): Promise<{ write(output: object): Promise<unknown>; close(): Promise<void> }>;
}

const rollup: Bundler = {
  name: "Rollup",
  ways: ["inlined", "copied", "doors"],
  async build(entries, out) {
    const warnings: string[] = [];
    const { rollup } = await load<Rollup>("rollup");
    const { nodeResolve } = await load<{ nodeResolve(): object }>("@rollup/plugin-node-resolve");
    const bundle = await rollup({
      input: sources(entries), plugins: [nodeResolve()], onwarn: ({ message }: { message: string }) => warnings.push(message),
    });
    await bundle.write({ dir: out, format: "es" });
    await bundle.close();
    return warnings;
  },
  tag: moduleTag,
};

export const bundlers: Bundler[] = [
  vite("Vite 8", "vite", [...VITE_WAYS]),
  vite("Vite 7", "vite-7", VITE_WAYS.filter((way) => way !== "own-worker")),
  vite("Vite 7, workers as modules", "vite-7", ["own-worker"], { worker: { format: "es" } }),
  webpack,
  esbuild("esbuild, with splitting", { format: "esm", splitting: true }, ["inlined", "imported", "copied", "doors"], moduleTag),
  esbuild("esbuild, into one classic script", {}, ["inlined", "copied", "doors"], (entry) => `<script defer src="${entry}.js"></script>`),
  rollup,
];
