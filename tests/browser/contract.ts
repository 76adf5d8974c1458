// The contract, one case after the other, in some surroundings: each a subtest, each skip with its reason.

import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { EngineInfo } from "eigenscope";
import { contract } from "../contract/index.ts";
import type { Outcome, Surroundings } from "../contract/contract.ts";
import type { Browser, Tab } from "./drivers.ts";
import type { Place } from "./places.ts";
import { serve, type Server } from "./server.ts";

/** What one case may take on a loaded machine, in ms. */
const CASE_LIMIT = 60_000;

export interface Site<B extends Browser = Browser> {
  browser: B;
  server: Server;
}

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
export async function testPlaces(t: TestContext, { browser, server }: Site, places: readonly Place[]): Promise<void> {
  for (const place of places) {
    const name = `${browser.name}, ${place.name}`;
    const open = () => browser.open(server.url(place));
    await t.test(name, async (sub) => {
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
      await testContract(sub, { name, shared, options: place.options }, open);
    });
  }
}

/** Runs the tests of a browser, which is ended whatever happens. */
export async function withBrowser<B extends Browser>(
  launch: () => Promise<B>, tests: (site: Site<B>) => Promise<void>,
): Promise<void> {
  const server = await serve();
  try {
    const browser = await launch();
    try {
      await tests({ browser, server });
    } finally {
      await browser.close();
    }
  } finally {
    await server.close();
  }
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
