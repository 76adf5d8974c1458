// Where wasm and workers come from in Node, what is said when they can't be had, and the limits of memory.
// Pages: tests/browser/loading.test.ts.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { CapabilityError, createEngine, OptionError, type EngineInfo, type EngineOptions } from "eigenscope";
import { createCore } from "eigenscope/core";
import { serve } from "./browser/server.ts";

const folder = new URL("../dist/wasm/", import.meta.url);
const workerFile = new URL("../dist/worker.js", import.meta.url);
const bytesOf = (variant: string) => readFile(new URL(`${variant}.wasm`, folder));

/** What info says of an engine that computes. */
async function infoWith(options: EngineOptions): Promise<EngineInfo> {
  const es = await createEngine(options);
  try {
    assert.deepEqual([...await es.linalg.eigvalsh([[2, 1], [1, 2]])].map(Math.round), [1, 3]);
    return es.info;
  } finally {
    await es.close();
  }
}

const refuses = (options: EngineOptions, message: RegExp) =>
  assert.rejects(createEngine(options), (error: Error) => {
    assert.ok(error instanceof CapabilityError, String(error));
    assert.match(error.message, message);
    return true;
  });

const { origin, close } = await serve({
  folders: [["/wasm/", fileURLToPath(folder)]],
  pages: { "/page": { body: "<!doctype html>", headers: { "Content-Type": "text/html" } } },
});
after(close);

test("wasm comes from a folder, by URL, path or network", async () => {
  for (const wasmUrl of [folder, fileURLToPath(folder), `${origin}/wasm/`]) {
    assert.match((await infoWith({ threads: 2, wasmUrl })).variant, /threads$/);
  }
});

test("wasm comes as a file, bytes, a Response, a module, or what a function gives of these", async () => {
  const bytes = await bytesOf("base");
  const forms: EngineOptions["wasmUrl"][] = [
    new URL("base.wasm", folder), `${origin}/wasm/base.wasm`, bytes, new Uint8Array(bytes).buffer, new DataView(new Uint8Array(bytes).buffer),
    fetch(`${origin}/wasm/base.wasm`), new Response(bytes), new WebAssembly.Module(bytes), () => bytes, async () => fetch(`${origin}/wasm/base.wasm`),
  ];
  for (const wasmUrl of forms) {
    const info = await infoWith({ threads: 2, wasmUrl });
    assert.equal(info.variant, "base");
    assert.equal(info.threads, 1);
    assert.match(info.reason, /one thread.*: wasmUrl gave the binary base/);
  }
});

test("a core takes the same, and binaries with threads for one thread too", async () => {
  const la = await createCore({ wasmUrl: new URL("threads.wasm", folder), threads: 2, workerUrl: workerFile });
  assert.deepEqual([la.variant, la.threads], ["threads", 2]);
  la.close();
  const one = await createCore({ wasmUrl: await bytesOf("threads") });
  assert.deepEqual([one.variant, one.threads], ["threads", 1]);
  one.close();
});

test("what is no binary of this package is refused with what came and what to do", async () => {
  const base = await bytesOf("base");
  const stale = Buffer.from(base.toString("latin1").replace(/eigenscope\d/, "eigenscope9"), "latin1");
  await refuses({ wasmUrl: new URL("none/", folder) }, /none\/\S+\.wasm could not be read \(ENOENT.*dist\/wasm\//);
  await refuses({ wasmUrl: `${origin}/none.wasm` }, /\/none\.wasm answered 404 Not Found: .*dist\/wasm\//);
  await refuses({ wasmUrl: `${origin}/page` }, /\/page is not WebAssembly, it begins with 3c 21 64 6f, "<": an HTML page/);
  await refuses({ wasmUrl: "http://127.0.0.1:9/base.wasm" }, /127\.0\.0\.1:9\/base\.wasm could not be fetched \(fetch failed\): no network/);
  await refuses({ wasmUrl: new Uint8Array() }, /is empty/);
  await refuses({ wasmUrl: base.subarray(0, 9999) }, /may be cut off or damaged/);
  await refuses({ wasmUrl: Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0) }, /is WebAssembly, but not eigenscope's/);
  await refuses({ wasmUrl: stale }, /is of eigenscope 9\S+, this is 0\..*: serve the dist\/wasm\/ of the version that you import/);
  await assert.rejects(createEngine({ wasmUrl: 5 as never }), OptionError);
  await assert.rejects(createEngine({ wasmUrl: () => undefined as never }), OptionError);
});

test("a binary with relaxed SIMD is refused where it would break a promise, or the engine lacks it", async () => {
  const relaxed = await bytesOf("relaxed-threads");
  if (WebAssembly.validate(relaxed)) await refuses({ wasmUrl: relaxed, reproducible: true }, /relaxed-threads, which is not reproducible: give threads\.wasm/);
  else await refuses({ wasmUrl: relaxed }, /may have no relaxed SIMD: give base\.wasm or threads\.wasm/);
});

test("workers come from a file or from the caller's function", async () => {
  const createWorker = (name: string) => new Worker(workerFile, { name });
  for (const source of [{ workerUrl: workerFile }, { workerUrl: fileURLToPath(workerFile) }, { createWorker }]) {
    assert.equal((await infoWith({ threads: 2, ...source })).threads, 2);
  }
});

test("a worker that can't start is refused with why, and leaves no process hanging", async () => {
  const script = (source: string) => `data:text/javascript,${encodeURIComponent(source)}`;
  await refuses({ workerUrl: new URL("none.js", workerFile) }, /the worker file:.*none\.js did not start \(.*none\.js.*\): workerUrl is to be eigenscope's dist\/worker\.js; worker: false/);
  await refuses({ workerUrl: script("<!doctype html>") }, /Unexpected token '<'/);
  await refuses({ workerUrl: script("0") }, /did not start \(exit code 0\)/);
  await refuses({ createWorker() { throw new Error("no more"); } }, /the worker of createWorker did not start \(no more\)/);
  await refuses({ createWorker: () => ({}) as never }, /the worker of createWorker did not start \(it gave Object, expected a Worker\)/);
  await assert.rejects(createCore({ threads: 2, workerUrl: script("0") }), /createCore: the worker .* did not start/);
  const info = await infoWith({ worker: false, threads: 2, workerUrl: script("0") });
  assert.equal(info.threads, 1);
  assert.match(info.reason, /one thread.*: .*did not start \(exit code 0\)/);
});

/** Runs a program in a process of its own, and gives the JSON that it prints. */
function inProcess(program: string, { node = [], limit }: { node?: string[]; limit?: number } = {}): any {
  const imports = `import { createEngine, matrix } from "eigenscope";\nimport { createCore } from "eigenscope/core";\n`;
  const args = [...node, "--input-type=module", "-e", imports + program];
  const options = { encoding: "utf8", timeout: 60_000, cwd: fileURLToPath(new URL("..", import.meta.url)) } as const;
  const { status, stdout, stderr } = limit
    ? spawnSync("sh", ["-c", `ulimit -v ${limit}; exec "$0" "$@"`, process.execPath, ...args], options)
    : spawnSync(process.execPath, args, options);
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

test("nothing is made from strings of code", () => {
  const threads = inProcess(`
    const es = await createEngine({ threads: 2 });
    await es.linalg.eigvalsh([[2, 1], [1, 2]]);
    console.log(es.info.threads);
    await es.close();
  `, { node: ["--disallow-code-generation-from-strings"] });
  assert.equal(threads, 2);
});

/** Lets WebAssembly.Memory refuse what `refused` says of its type. */
const stub = (refused: string) => `
  const { Memory } = WebAssembly;
  WebAssembly.Memory = function (type) { if (${refused}) throw new RangeError("refused"); return new Memory(type); };
`;

test("a shared reservation that is refused is tried with less, and info says so", () => {
  const { info, error, sum } = inProcess(`${stub("type.initial > 2000")}
    const es = await createEngine({ threads: 2 });
    const error = await es.linalg.gram(matrix(4000, 1)).catch(({ code, message }) => ({ code, message }));
    const { data } = await es.linalg.gram([[3, 4]]);
    console.log(JSON.stringify({ info: es.info, error, sum: data[0] }));
    await es.close();
  `);
  assert.equal(info.memoryLimit, 1024 * 65536);
  assert.equal(info.threads, 2);
  assert.match(info.reason, /0\.06 GiB of memory: this machine did not grant more/);
  assert.equal(error.code, "ERR_MEMORY");
  assert.match(error.message, /gram: .*needs 0\.1\d GiB of memory in all, this machine granted 0\.06 GiB/);
  assert.equal(sum, 25);
});

test("where no shared memory is granted at all, the engine does without", () => {
  const info = inProcess(`${stub("type.shared")}
    const es = await createEngine({ threads: 2 });
    await es.linalg.eigvalsh([[2, 1], [1, 2]]);
    console.log(JSON.stringify(es.info));
    await es.close();
  `);
  assert.equal(info.threads, 1);
  assert.doesNotMatch(info.variant, /threads/);
  assert.match(info.reason, /no shared memory \(not even 64 MiB of shared memory can be had \(refused\)/);
});

test("a memory that can't grow is an error, and the core goes on", () => {
  const { error, sum } = inProcess(`
    WebAssembly.Memory.prototype.grow = () => { throw new RangeError("no"); };
    const la = await createCore();
    let error;
    try { la.gram(matrix(1000, 1)); } catch ({ code, message }) { error = { code, message }; }
    console.log(JSON.stringify({ error, sum: la.gram([[3, 4]]).data[0] }));
    la.close();
  `);
  assert.equal(error.code, "ERR_MEMORY");
  assert.match(error.message, /gram: .* needs 0\.01 GiB of memory in all, this machine did not give more than 0\.00 GiB/);
  assert.equal(sum, 25);
});

test("a result that JavaScript can't allocate is an error of memory, in a core and in an engine", () => {
  const codes = inProcess(`
    Float64Array.prototype.slice = () => { throw new RangeError("Array buffer allocation failed"); };
    const X = matrix(40, 1);
    const la = await createCore();
    const es = await createEngine({ worker: false });
    const codes = [];
    try { la.gram(X); } catch ({ code }) { codes.push(code); }
    await es.linalg.gram(X).catch(({ code }) => codes.push(code));
    console.log(JSON.stringify(codes));
    la.close();
    await es.close();
  `);
  assert.deepEqual(codes, ["ERR_MEMORY", "ERR_MEMORY"]);
});

const canLimit = process.platform === "linux" && spawnSync("sh", ["-c", "ulimit -v 5000000"]).status === 0;
test("a process with little address space computes in what it gets, or says that it can't", { skip: !canLimit && "there is no ulimit -v here" }, () => {
  const { error, sum } = inProcess(`
    let error, sum = 25;
    try {
      const la = await createCore();
      try {
        la.gram(matrix(30000, 1));
      } finally {
        sum = la.gram([[3, 4]]).data[0];
        la.close();
      }
    } catch ({ code, message }) {
      error = { code, message };
    }
    console.log(JSON.stringify({ error, sum }));
  `, { limit: 5_000_000 });
  assert.equal(error.code, "ERR_MEMORY");
  assert.match(error.message, /^(gram: .* needs \d\.\d\d GiB of memory in all, |createCore: not even 64 MiB of memory can be had)/);
  assert.equal(sum, 25);
});
