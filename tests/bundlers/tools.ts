// What the tests of the packed package share: the tarball, an app that has installed it, and how a page is looked at.
//
// Everything lies in build/bundlers/: the bundlers' node_modules, installed from the lock file here, and the
// app, whose node_modules hold nothing but the package.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { Browser } from "puppeteer-core";

const run = promisify(execFile);
const SOURCES = "tests/bundlers";
export const HOME = resolve("build/bundlers");
export const APP = join(HOME, "app");
/** The package as the app has it. */
export const PACKAGE = join(APP, "node_modules/eigenscope");

export interface Tarball {
  path: string;
  files: string[];
  /** In bytes. */
  size: number;
}

/** Packs dist as it is, without the build that `prepare` would run. */
export async function pack(folder: string): Promise<Tarball> {
  await mkdir(folder, { recursive: true });
  const { stdout } = await run("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", folder]);
  const [packed] = JSON.parse(stdout) as [{ filename: string; size: number; files: { path: string }[] }];
  return { path: join(folder, packed.filename), size: packed.size, files: packed.files.map(({ path }) => path) };
}

/** Installs the bundlers, unless they are there. */
export async function installBundlers(): Promise<void> {
  const lock = await readFile(`${SOURCES}/package-lock.json`, "utf8");
  const stamp = join(HOME, "node_modules/.installed");
  if (existsSync(stamp) && (await readFile(stamp, "utf8")) === lock) return;
  await mkdir(HOME, { recursive: true });
  for (const file of ["package.json", "package-lock.json"]) await cp(`${SOURCES}/${file}`, join(HOME, file));
  await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"], { cwd: HOME });
  await writeFile(stamp, lock);
}

/** A module of the bundlers' node_modules, or of the root's. */
export async function load<T>(name: string): Promise<T> {
  const { resolve } = createRequire(join(HOME, "package.json"));
  return (await import(pathToFileURL(resolve(name)).href)) as T;
}

export const page = (script: string) =>
  `<!doctype html><meta charset="utf-8"><title>eigenscope</title><link rel="icon" href="data:,">${script}\n`;

/** A fresh app: the fixtures, a page for each, the tarball installed, and the package's own files in public/ as a site may serve them. */
export async function makeApp(tarball: Tarball): Promise<void> {
  await rm(APP, { recursive: true, force: true });
  await cp(`${SOURCES}/app`, APP, { recursive: true });
  for (const file of await readdir(APP)) {
    const entry = file.slice(0, -3);
    await writeFile(join(APP, `${entry}.html`), page(`<script type="module" src="./${entry}.js"></script>`));
  }
  await writeFile(join(APP, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await run("npm", ["install", "--offline", "--ignore-scripts", "--no-audit", "--no-fund", tarball.path], { cwd: APP });
  for (const path of ["worker.js", "wasm"]) await cp(join(PACKAGE, "dist", path), join(APP, "public/eigenscope", path), { recursive: true });
}

export const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};
const policy = (rest: string) => ({ "Content-Security-Policy": `default-src 'none'; img-src data:; script-src 'self' 'wasm-unsafe-eval'; ${rest}` });
/** What worker and WebAssembly inside the package need. */
export const POLICY = policy("worker-src 'self' blob:");
/** What they need as files of the page's own origin. */
export const STRICT = policy("worker-src 'self'; connect-src 'self'");

/** What a page of the app left in `globalThis.outcome`. */
export interface Outcome {
  error: number;
  info: { variant: string; threads: number; reason: string };
}

/** Opens a page, waits for its outcome and closes it; whatever the browser complains of is an error. */
export async function outcomeOf(browser: Browser, url: string): Promise<Outcome> {
  const tab = await browser.newPage();
  const complaints: string[] = [];
  tab.on("console", (message) => {
    if (["warn", "error"].includes(message.type())) complaints.push(message.text());
  });
  tab.on("pageerror", (error) => complaints.push(String(error)));
  tab.on("requestfailed", (request) => complaints.push(`${request.url()}: ${request.failure()?.errorText}`));
  try {
    await tab.goto(url, { timeout: 30_000 });
    await tab.waitForFunction("'outcome' in globalThis", { timeout: 30_000 });
    const outcome = (await tab.evaluate("outcome")) as Outcome;
    if (complaints.length === 0) return outcome;
  } catch (error) {
    complaints.push(String(error));
  } finally {
    await tab.close();
  }
  throw new Error(`${url}: ${complaints.join("\n")}`);
}
