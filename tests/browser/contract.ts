// The contract, one case after the other, in some surroundings: each a subtest, each skip with its reason.

import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { EngineInfo } from "eigenscope";
import { contract } from "../contract/index.ts";
import type { Outcome, Surroundings } from "../contract/contract.ts";
import { bundle } from "./bundle.ts";
import type { Browser, Tab } from "./drivers.ts";
import type { Place } from "./places.ts";
import { ROOT, serve } from "./server.ts";

/** What one case may take on a loaded machine, in ms. */
const CASE_LIMIT = 60_000;

/** `open` gives what page.ts runs in; it is opened anew after a case that failed. */
export async function testContract(t: TestContext, surroundings: Surroundings, open: () => Promise<Tab>): Promise<void> {
  let tab: Tab | undefined;
  for (const [index, { title }] of contract.entries()) {
    await t.test(title, async (sub) => {
      tab ??= await open();
      try {
        const outcome = await withLimit<Outcome>(
          tab.evaluate(`runCase(${index}, ${JSON.stringify(surroundings)})`), CASE_LIMIT, title,
        );
        if (outcome.status === "skipped") sub.skip(outcome.message);
        if (outcome.status === "failed") throw new Error(outcome.message);
      } catch (error) {
        await tab.close().catch(() => {}); // what failed may still be at work
        tab = undefined;
        throw error;
      }
    });
  }
  await tab?.close();
}

/** The contract in some places. */
export async function testPlaces(t: TestContext, browser: Browser, places: readonly Place[]): Promise<void> {
  for (const place of places) {
    const name = `${browser.name}, ${place.name}`;
    await t.test(name, async (sub) => {
      const { url, close } = await servePlace(place);
      sub.after(close);
      const open = () => browser.open(url);
      let shared = false;
      await sub.test(`the page is ${place.isolated ? "" : "not "}cross-origin isolated, and info says it`, async () => {
        const tab = await open();
        assert.equal(await tab.evaluate("crossOriginIsolated"), place.isolated);
        shared = place.isolated && await tab.evaluate("'SharedArrayBuffer' in globalThis"); // WebKitGTK has none
        const info = await tab.evaluate<EngineInfo>(
          `eigenscope.createEngine(${JSON.stringify(place.options)}).then(({ info, close }) => close().then(() => info))`,
        );
        assert.equal(info.threads, shared ? place.options.threads : 1);
        if (!place.isolated) assert.match(info.reason, /one thread, work in 2 parts: .*the page is not cross-origin isolated/);
        else if (!shared) assert.match(info.reason, /one thread, work in 2 parts: .*no SharedArrayBuffer/);
        await tab.close();
      });
      await testContract(sub, { name, shared, thorough: false, options: place.options }, open);
    });
  }
}

const page = (body: string) => ({ body: `<!doctype html><meta charset="utf-8"><title>contract</title>${body}` });

/** Serves a place: the package, and a page that runs the contract against it. */
export async function servePlace({ headers, inWorker, framed }: Place): Promise<{ url: string; close(): Promise<void> }> {
  const { origin, elsewhere, pages, close } = await serve({
    headers,
    folders: [["/dist/", `${ROOT}dist`]],
    pages: {
      "/page.html": page(`<script type="module" src="${inWorker ? "start.js" : "page.js"}"></script>`),
      "/page.js": { body: await bundle("tests/browser/page.ts", "./") },
      "/start.js": { body: `new Worker("page.js", { type: "module" });` },
    },
  });
  if (framed) pages.set("/around.html", page(`<iframe allow="${framed.allow}" src="${origin}/page.html"></iframe>`));
  return { url: framed ? `${elsewhere}/around.html` : `${origin}/page.html`, close };
}

/** The promise, or an error after so many ms. */
export async function withLimit<T>(promise: Promise<T>, limit: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      promise,
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`${what}: no answer within ${limit / 1000} s`)), limit);
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}
