// The tarball itself: what it holds, what its package.json promises, and types that compile in a user's project.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { promisify } from "node:util";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import ts from "typescript";
import { HOME, pack, type Tarball } from "./tools.ts";

const run = promisify(execFile);
const PROJECT = join(HOME, "project");
const PACKAGE = join(PROJECT, "node_modules/eigenscope");

interface Manifest {
  exports: Record<string, string | Record<string, string>>;
  sideEffects: string[];
}

let tarball: Tarball;
let manifest: Manifest;
before(async () => {
  tarball = await pack(join(HOME, "package"));
  await rm(PROJECT, { recursive: true, force: true });
  await mkdir(PACKAGE, { recursive: true });
  await run("tar", ["-xzf", tarball.path, "--strip-components=1", "-C", PACKAGE]);
  await writeFile(join(PROJECT, "package.json"), JSON.stringify({ private: true, type: "module" }));
  manifest = JSON.parse(await readFile(join(PACKAGE, "package.json"), "utf8")) as Manifest;
});

test("the tarball holds what is needed and no more", (t) => {
  const allowed = /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|dist\/[\w-]+\.js|dist\/third-party\.txt|dist\/wasm\/[\w-]+\.wasm|dist\/types\/.*\.d\.ts|examples\/data\/[\w.-]+)$/;
  assert.deepEqual(tarball.files.filter((file) => !allowed.test(file)), []);
  for (const file of ["README.md", "LICENSE", "dist/third-party.txt", "dist/worker.js", "dist/wasm/base.wasm"]) assert.ok(tarball.files.includes(file), file);
  t.diagnostic(`${tarball.files.length} files, ${(tarball.size / 1e6).toFixed(2)} MB packed`);
  assert.ok(tarball.size < 1.5e6, `${tarball.size} bytes`);
});

test("the licence of everything that is bundled goes along", async () => {
  const notices = await readFile(join(PACKAGE, "dist/third-party.txt"), "utf8");
  for (const name of ["@assemblyscript/loader", "fflate", "uplot", "wasm-feature-detect"]) {
    assert.match(notices, new RegExp(`^${name} \\d+\\.\\d+\\.\\d+, [\\w.-]+\\n\\n.{300}`, "ms"));
  }
});

test("entry points have names that last, and no condition but types and default", () => {
  assert.deepEqual(Object.keys(manifest.exports), [
    ".", "./core", "./io", "./plot", "./element", "./worker.js", "./wasm/*", "./package.json",
  ]);
  for (const target of Object.values(manifest.exports)) {
    if (typeof target === "object") assert.deepEqual(Object.keys(target), ["types", "default"]);
    const path = typeof target === "object" ? target.default! : target;
    assert.doesNotMatch(path, /-[A-Z0-9]{8}\./);
  }
  assert.deepEqual(manifest.sideEffects, ["./dist/element.js"]);
});

test("no module leaves anything to be found by a bundler", async () => {
  // what has made bundlers and strict pages stumble over the package's peers
  const stumbling = /\bimport\.meta\b|\bnew URL\(\s*["'`]\.|\brequire\(|\beval\(|\bnew Function\b|\bfrom\s*["']node:|\bimport\(\s*["']node:|\bimportScripts\b/;
  const modules = tarball.files.filter((path) => /^dist\/[\w-]+\.js$/.test(path));
  const forNode = await reachable("dist/cli.js");
  const forPages = new Set((await Promise.all(
    Object.values(manifest.exports).map((target) => (typeof target === "string" ? target : target.default!))
      .filter((path) => path.endsWith(".js")).map((path) => reachable(path.slice(2))),
  )).flat());
  assert.deepEqual(modules.filter((path) => !forPages.has(path) && !forNode.includes(path)), [], "modules that nothing imports");
  for (const path of forPages) {
    const found = stumbling.exec(await readFile(join(PACKAGE, path), "utf8"));
    assert.equal(found, null, `${path}: ${found?.[0]}`);
  }
});

/** The modules that one imports, at once or later, itself among them. */
async function reachable(path: string, reached: string[] = []): Promise<string[]> {
  if (reached.includes(path)) return reached;
  reached.push(path);
  const text = await readFile(join(PACKAGE, path), "utf8");
  for (const [, name] of text.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)"\.\/([\w-]+\.js)"/g)) await reachable(`dist/${name!}`, reached);
  return reached;
}

test("Node takes it by import, by require and as a command", async () => {
  const compute = `async ({ createEngine }) => {
    const es = await createEngine();
    console.log(Array.from(await es.linalg.eigvalsh([[2, -1], [-1, 2]]), (value) => value.toFixed(12)).join());
    await es.close();
  }`;
  const printed = async (...args: string[]) => (await run(process.execPath, args, { cwd: PROJECT })).stdout.trim();
  const right = "1.000000000000,3.000000000000";
  assert.equal(await printed("--input-type=module", "-e", `(${compute})(await import("eigenscope"))`), right);
  assert.equal(await printed("--input-type=commonjs", "-e", `(${compute})(require("eigenscope"))`), right);
  assert.match(await printed("node_modules/eigenscope/dist/cli.js", "info", "--json"), /^\{[^]*\}$/);
});

test("publint finds nothing", async () => {
  const { messages, pkg } = await publint({ pkgDir: PACKAGE, level: "suggestion", strict: true, pack: false });
  assert.deepEqual(messages.map((message) => formatMessage(message, pkg)), []);
});

test("@arethetypeswrong/cli finds nothing", async () => {
  const attw = ["node_modules/@arethetypeswrong/cli/dist/index.js", "--profile", "esm-only", "--no-color", tarball.path];
  await run(process.execPath, attw).catch(({ stdout }: { stdout: string }) => assert.fail(stdout));
});

const USER = `
  import {
    createEngine, kernels, matrix, networks, CapabilityError, type AsyncFit, type DualActivation, type EigshOptions, type Engine,
    type EngineOptions, type FitOptions, type GradientFlowResult, type Kernel, type KernelOperator, type Matrix, type Network,
    type Posterior, type RandomizedSvdOptions,
  } from "eigenscope";
  import { createCore, type Core } from "eigenscope/core";
  import { parseMatrix } from "eigenscope/io";
  import * as worker from "eigenscope/worker.js";

  export async function smallest(options: EngineOptions, signal: AbortSignal): Promise<number> {
    const { matrix: A }: { matrix: Matrix } = await parseMatrix(new Uint8Array(3));
    const es: Engine = await createEngine({ wasmUrl: new URL("https://example.org/wasm/"), ...options });
    const values: Float64Array = await es.linalg.eigvalsh(A, { signal, onProgress: ({ fraction }) => fraction.toFixed() });
    const { s }: { s: Float32Array } = await es.linalg.svd(await es.linalg.gram(A), { dtype: "f32" });
    await es[Symbol.asyncDispose]();
    const core: Core = await createCore();
    return values[0]! + s[0]! + core.eigh(matrix(2, 2)).values[0]!;
  }
  const deep = [networks.dense({ biasStd: 0.1 }), networks.residual([networks.relu(), networks.dense()]), networks.gelu()] as const;
  const net: Network = networks.network([...deep, networks.activation(Math.atan), networks.dense()], { convention: "tutorial" });
  const kernel: Kernel = kernels.sum([kernels.ntk(net), kernels.matern({ bandwidth: 2, nu: 1.5 })], [1, 0.5]);
  export async function learnt(es: Engine, core: Core, X: Matrix, Y: number[], signal: AbortSignal) {
    const found: KernelOperator = es.kernels.operator(kernel, X);
    const some: EigshOptions = { k: 3 };
    const many: RandomizedSvdOptions = { rank: 3 };
    const spectra = [(await es.linalg.eigsh(found, some)).values, (await es.linalg.randomizedSvd(found, many)).s];
    const options: FitOptions = { method: "eigenpro", epochs: [1, 5] };
    const fit: AsyncFit = await es.regression.fit(kernel, X, Y, { ...options, signal });
    const epochs = fit.info.method === "eigenpro" ? fit.info.epochs.map(({ train }) => train.mse) : [fit.info.converged];
    const { mean }: Posterior = core.regression.posterior(net, X, Y, X, { of: "nngp", noise: 0.1 });
    const { loss }: GradientFlowResult = core.regression.gradientFlow(kernel, X, Y, { times: [0, Infinity] });
    const dual: DualActivation = core.networks.dualActivation(networks.tanh(), [0.5], { terms: 3 });
    const product: Matrix<Float64Array> = await es.kernels.multiply(kernel, X, null, Y, { signal });
    return [spectra, epochs, mean, loss, dual.hermite, product, core.regression.fit(kernel, X, Y).predict(X), await fit.predict(X, { signal })];
  }
  // @ts-expect-error: a misspelt option
  void createEngine({ thread: 2 });
  // @ts-expect-error: no such kernel of Matérn's
  kernels.matern({ bandwidth: 1, nu: 2 });
  // @ts-expect-error: an option of another method
  export const wrong: FitOptions = { method: "cg", epochs: 3 };
  export { CapabilityError, worker };
`;
const PAGE = `
  import "eigenscope/element";
  import { createEngine } from "eigenscope";
  import { histogramPlot, spectrumReport } from "eigenscope/plot";

  export const es = createEngine({ createWorker: (name) => new Worker(new URL("eigenscope/worker.js", "https://example.org"), { type: "module", name }) });
  document.querySelector("eigenscope-spectrum")!.addEventListener("eigenscope-error", (event) => event.detail);
  export { histogramPlot, spectrumReport };
`;

/** Parsed once for all projects: the libraries are most of the work. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/** What tsc says of a file in the project, library checks included. */
function complaintsOf(source: string, options: ts.CompilerOptions): string[] {
  const complete: ts.CompilerOptions = {
    noEmit: true, strict: true, skipLibCheck: false, skipDefaultLibCheck: true, // what TypeScript brings is not checked
    target: ts.ScriptTarget.ES2022, typeRoots: ["node_modules/@types"], ...options,
  };
  const host = ts.createCompilerHost(complete);
  const { getSourceFile } = host;
  host.getSourceFile = (name, language, ...rest) => {
    const key = JSON.stringify([name, language]);
    if (name.includes("/project/")) return getSourceFile(name, language, ...rest);
    if (!parsed.has(key)) parsed.set(key, getSourceFile(name, language, ...rest));
    return parsed.get(key);
  };
  const diagnostics = ts.getPreEmitDiagnostics(ts.createProgram([source], complete, host));
  return diagnostics.map(({ file, messageText }) => `${file?.fileName ?? ""}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`);
}

const DOM = { lib: ["lib.es2022.d.ts", "lib.dom.d.ts"], types: [] };
const NODE = { lib: ["lib.es2022.d.ts"], types: ["node"] };
const BOTH = { ...DOM, types: ["node"] };
const NODE16 = { module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16 };
const NODENEXT = { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext };
const BUNDLER = { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler };

test("the types compile in a user's project, libraries checked", async (t) => {
  const user = join(PROJECT, "user.ts");
  const page = join(PROJECT, "page.ts");
  await writeFile(user, USER);
  await writeFile(page, PAGE);
  const projects: [string, string, ts.CompilerOptions][] = [
    ["node16, @types/node without lib DOM", user, { ...NODE16, ...NODE }],
    ["nodenext, @types/node and lib DOM", user, { ...NODENEXT, ...BOTH }],
    ["bundler, lib DOM without @types/node", user, { ...BUNDLER, ...DOM }],
    ["bundler, a page with element and plots", page, { ...BUNDLER, ...DOM }],
  ];
  for (const [name, source, options] of projects) {
    await t.test(`moduleResolution ${name}`, () => assert.deepEqual(complaintsOf(source, options), []));
  }
});
