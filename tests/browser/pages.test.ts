// An engine seen from the page that embeds it: the page stays responsive, workers come and go and die, the tab
// is hidden, others have patched what they should not. In Chromium, whose tools show these things.

import assert from "node:assert/strict";
import { testInChromium } from "./browsers.ts";
import { servePlace, withLimit } from "./contract.ts";
import type { PuppeteerTab } from "./drivers.ts";
import { isolated, plain } from "./places.ts";

/** What a main-thread task may take, in ms: longer ones are felt. */
const LONG_TASK = 50;
/** What one answer may take on a loaded machine, in ms. */
const LIMIT = 60_000;

/** Starts an engine and works at the full width of what an engine does, with every long task of the page seen. */
const WATCH_LONG_TASKS = `(async () => {
  const long = [];
  const observer = new PerformanceObserver((list) => long.push(...list.getEntries().map(({ duration }) => duration)));
  observer.observe({ type: "longtask" });
  const n = 1000;
  const A = eigenscope.matrix(n, n);
  for (let i = 0; i < n; i++) {
    A.data[i * n + i] = 2;
    if (i > 0) A.data[i * n + i - 1] = A.data[(i - 1) * n + i] = -1;
  }
  const es = await eigenscope.createEngine({ threads: 2 });
  let told = 0;
  const { values } = await es.linalg.eigh(A, { onProgress: () => told++ });
  const { matrix } = await es.hinf.monteCarlo(A, { features: 20_000 });
  await es.close();
  await new Promise((resolve) => setTimeout(resolve, 100)); // reports come late
  observer.disconnect();
  return { long, told, smallest: values[0], rows: matrix.rows };
})()`;

const START = "eigenscope.createEngine({ threads: 2 }).then((es) => { globalThis.es = es; })";

testInChromium("pages in Chromium", async (t, browser) => {
  for (const place of [isolated, plain]) {
    const { url, close } = await servePlace(place);
    t.after(close);
    const test = (title: string, body: (tab: PuppeteerTab) => Promise<void>) => t.test(`${title}, ${place.name}`, async () => {
      const tab = await browser.open(url);
      await withLimit(body(tab), LIMIT, title).finally(() => tab.close());
    });

    await test(`no task of the page takes ${LONG_TASK} ms while an engine starts and computes`, async (tab) => {
      let long: number[] = [];
      for (let attempt = 0; attempt < 3; attempt++) { // a busy machine makes any task long now and then
        const seen = await tab.evaluate<{ long: number[]; told: number; smallest: number; rows: number }>(WATCH_LONG_TASKS);
        assert.ok(Math.abs(seen.smallest - (2 - 2 * Math.cos(Math.PI / 1001))) < 1e-12);
        assert.equal(seen.rows, 1000);
        assert.ok(seen.told > 1);
        ({ long } = seen);
        if (long.length === 0) break;
      }
      assert.deepEqual(long, []);
    });

    await test("close ends every worker, also after an abort and where creation failed", async (tab) => {
      await tab.evaluate(START);
      assert.ok(tab.page.workers().length >= 1);
      await tab.evaluate(`(async () => {
        const controller = new AbortController();
        const call = es.hinf.monteCarlo(eigenscope.matrix(200, 50), { features: 1e7, signal: controller.signal }).catch(() => {});
        setTimeout(() => controller.abort(), 30);
        await call;
        await es.linalg.gram([[3, 4]]);
        await es.close();
        await eigenscope.createEngine({ wasmUrl: new Uint8Array(4) }).catch(() => {});
        await eigenscope.createEngine({ wasmUrl: "none/" }).catch(() => {});
      })()`);
      await noWorkers(tab);
    });

    for (const when of ["at work", "idle"]) {
      await test(`a worker that is killed ${when} is heard of, and the engine goes on`, async (tab) => {
        // behind the engine's back, as a browser does that wants memory
        const outcome = await tab.evaluate<{ failed: string; next: number }>(`(async () => {
          const started = [];
          const createWorker = (name) => {
            const worker = new Worker("dist/worker.js", { type: "module", name });
            started.push({ name, kill: Worker.prototype.terminate.bind(worker) });
            return worker;
          };
          const es = await eigenscope.createEngine({ threads: 2, createWorker });
          const long = ${when === "at work"} ? es.hinf.monteCarlo(eigenscope.matrix(200, 50), { features: 1e8 }) : Promise.reject(new Error("none"));
          const failed = long.then(() => "computed", ({ name, message }) => name + ": " + message);
          await new Promise((resolve) => setTimeout(resolve, 100));
          started.find(({ name }) => name === "eigenscope-host").kill();
          await failed;
          await new Promise((resolve) => setTimeout(resolve, 100));
          const { data } = await es.linalg.gram([[3, 4]]);
          await es.close();
          return { failed: await failed, next: data[0] };
        })()`);
        if (when === "at work") assert.match(outcome.failed, /^CapabilityError: hinf\.monteCarlo: a worker of the engine died \(it was ended from outside\)/);
        assert.equal(outcome.next, 25);
        await noWorkers(tab);
      });
    }

    await test("a hidden tab computes", async (tab) => {
      await tab.evaluate(START);
      const other = await browser.open(url);
      await other.page.bringToFront();
      assert.equal(await tab.evaluate("document.visibilityState"), "hidden");
      const told = await tab.evaluate<number[]>(`(async () => {
        const told = [];
        await es.hinf.monteCarlo(eigenscope.matrix(100, 50), { features: 200_000, onProgress: ({ fraction }) => told.push(fraction) });
        const { values } = await es.linalg.eigh([[2, 1], [1, 2]]);
        await es.close();
        return [...told, values[0]];
      })()`);
      assert.deepEqual(told.slice(-2).map((x) => Number(x.toFixed(12))), [1, 1]);
      await other.close();
    });
  }

  await t.test("a page whose arrays have more and other methods", async (sub) => {
    const { url, close } = await servePlace(plain);
    sub.after(close);
    const tab = await browser.open(url, PATCH_ARRAYS);
    assert.deepEqual(await tab.evaluate(`(async () => {
      const es = await eigenscope.createEngine({ threads: 2 });
      const { values } = await es.linalg.eigh([[2, 1], [1, 2]]);
      const { matrix } = await es.hinf.monteCarlo(eigenscope.fromRows([[1, 0], [0, 1], [1, 1]]), { features: 100 });
      await es.close();
      return [Math.round(values[0]), Math.round(values[1]), matrix.rows, matrix.cols];
    })()`), [1, 3, 3, 3]);
    await tab.close();
  });
});

/** What old libraries did: more methods, which `for … in` sees, and their own in place of the language's. */
const PATCH_ARRAYS = `
  for (const name of ["each", "clear", "first", "last", "compact", "flatten", "without", "uniq", "inspect", "toJSON"]) {
    Array.prototype[name] = function () { return this; };
  }
  for (const name of ["map", "filter", "some", "every", "indexOf", "includes", "reverse", "concat", "find", "entries"]) {
    const own = Array.prototype[name];
    Array.prototype[name] = function (...args) { return own.apply(this, args); };
  }
`;

/** Waits until the page has no workers. */
async function noWorkers({ page }: PuppeteerTab): Promise<void> {
  const since = Date.now();
  while (page.workers().length > 0) {
    assert.ok(Date.now() - since < 10_000, `${page.workers().length} workers live`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
