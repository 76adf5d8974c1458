// What an engine gains from the cores in Chromium, with and without cross-origin isolation.
//
//     npm run bench:browser          with chromium on PATH, or CHROMIUM=/path/to/it
//
// In a page without isolation work is split over workers with memories of their own, in an isolated one over
// threads that share a memory; both are compared with one thread there. Engines take turns, of each the fastest
// call counts.

import { cpus } from "node:os";
import { chromium } from "../tests/browser/browsers.ts";
import { launchChromium } from "../tests/browser/drivers.ts";
import { ROOT, serve } from "../tests/browser/server.ts";

const ROUNDS = 3;

/** Runs in the page: the fastest call of each engine in ms, by operation. */
const PROGRAM = `
  import { columns, createEngine, normalizeRows } from "/dist/index.js";
  import { parseMatrix } from "/dist/io.js";
  const file = await parseMatrix(new Uint8Array(await (await fetch("/data/digits.csv.gz")).arrayBuffer()));
  const X = normalizeRows(columns(file.matrix, 0, 64));
  const A = { data: Float64Array.from({ length: 1024 * 1024 }, (_, i) => Math.sin(i)), rows: 1024, cols: 1024 };
  const operations = {
    "H∞ of the digits, 100000 neurons": (es) => es.hinf.monteCarlo(X, { features: 100_000 }),
    "H∞ of the digits, 10000 neurons": (es) => es.hinf.monteCarlo(X, { features: 10_000 }),
    "H∞ of the digits, exact": (es) => es.hinf.exact(X),
    "product of 1024×1024": (es) => es.linalg.matmul(A, A),
    "gram of 1024×1024": (es) => es.linalg.gram(A),
  };
  globalThis.measure = async (rounds) => {
    const engines = [await createEngine({ threads: 1 }), await createEngine()];
    const times = {};
    for (const [name, operation] of Object.entries(operations)) {
      times[name] = [Infinity, Infinity];
      for (let round = 0; round <= rounds; round++) { // the first one is warm-up
        for (const [e, es] of engines.entries()) {
          const since = performance.now();
          await operation(es);
          if (round > 0) times[name][e] = Math.min(times[name][e], performance.now() - since);
        }
      }
    }
    const { info } = engines[1];
    for (const es of engines) await es.close();
    return { info, times };
  };`;

const page = (headers = {}) => ({ headers, body: `<!doctype html><script type="module">${PROGRAM}</script>` });
const server = await serve({
  folders: [["/dist/", `${ROOT}dist`], ["/data/", `${ROOT}examples/data`]],
  pages: {
    "/plain.html": page(),
    "/isolated.html": page({ "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" }),
  },
});
if (!chromium) throw new Error("bench:browser: needs Chromium, as `chromium` on PATH or by the variable CHROMIUM");
const browser = await launchChromium(chromium);
try {
  console.log(`${browser.name}, ${cpus().length} × ${cpus()[0]?.model}; ms, the fastest of ${ROUNDS} calls`);
  for (const place of ["plain", "isolated"]) {
    const page = await browser.puppeteer.newPage();
    await page.goto(`${server.origin}/${place}.html`);
    await page.waitForFunction("globalThis.measure");
    const { info, times } = await page.evaluate(`measure(${ROUNDS})`) as Measured;
    const many = info.parts > 1 ? `${info.parts} parts` : `${info.threads} threads`;
    console.log(`\n${place === "plain" ? "not isolated" : "cross-origin isolated"}`.padEnd(35), "1 thread".padStart(10), many.padStart(10), "ratio".padStart(7));
    for (const [name, [one, all]] of Object.entries(times)) {
      console.log(name.padEnd(34), one.toFixed(1).padStart(10), all.toFixed(1).padStart(10), (one / all).toFixed(2).padStart(7));
    }
    await page.close();
  }
} finally {
  await browser.close();
  await server.close();
}

interface Measured {
  info: { parts: number; threads: number };
  /** One thread, and all there are. */
  times: Record<string, [number, number]>;
}
