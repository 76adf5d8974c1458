// The site of examples/: `npm run demo` serves it isolated, `npm run demo:build` makes build/site.
//
// The pages import the built package by its own name (dist/): run `npm run build` after a change in bindings/.

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, type Plugin } from "vite";

const root = import.meta.dirname;
const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/** index.html, and one of each experiment. */
const pages = [".", ...readdirSync(root)].map((name) => join(root, name, "index.html")).filter((page) => existsSync(page));

/** Pages may talk to where they came from and to nobody else. */
const POLICY = [
  "default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "worker-src 'self' blob:", "connect-src 'self'",
  "style-src 'self'", "img-src 'self' data:", "base-uri 'none'", "form-action 'none'",
].join("; ");

const policy: Plugin = {
  name: "content-security-policy",
  apply: "build",
  transformIndexHtml: () => [
    { tag: "meta", attrs: { "http-equiv": "Content-Security-Policy", content: POLICY }, injectTo: "head-prepend" },
  ],
};

/** sw.js with the list of all built files, and their hash as its version. */
const serviceWorker: Plugin = {
  name: "service-worker",
  apply: "build",
  writeBundle({ dir: folder = "" }) {
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((file) => statSync(join(folder, file)).isFile())
      .map((file) => file.replaceAll("\\", "/"))
      .sort();
    const hash = createHash("sha256");
    for (const file of files) hash.update(file).update(readFileSync(join(folder, file)));
    const source = readFileSync(join(root, "site/sw.js"), "utf8")
      .replace('"VERSION"', JSON.stringify(hash.digest("hex").slice(0, 12)))
      .replace('["FILES"]', JSON.stringify(files));
    writeFileSync(join(folder, "sw.js"), source);
  },
};

export default defineConfig({
  root,
  base: "./",
  plugins: [policy, serviceWorker],
  worker: { format: "es" },
  server: { headers },
  preview: { headers },
  build: {
    outDir: join(root, "../build/site"),
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    rolldownOptions: { input: pages },
  },
});
