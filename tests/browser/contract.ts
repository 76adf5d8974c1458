// The contract, one case after the other, in a page of a place: each a subtest, each skip with its reason.

import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { contract } from "../contract/index.ts";
import type { Outcome, Surroundings } from "../contract/contract.ts";
import type { Place } from "./places.ts";
import { serve } from "./server.ts";
import type { Browser, Tab } from "./drivers.ts";

/** What one case may take on a loaded machine, in ms. */
const CASE_LIMIT = 60_000;

export async function testContract(t: TestContext, browser: Browser, place: Place, url: string): Promise<void> {
  const surroundings: Surroundings = { name: `${browser.name}, ${place.name}`, shared: place.isolated, options: place.options };
  let tab: Tab | undefined;
  await t.test(`the page is ${place.isolated ? "" : "not "}cross-origin isolated`, async () => {
    tab = await browser.open(url);
    assert.equal(await tab.evaluate("crossOriginIsolated"), place.isolated);
  });
  for (const [index, { title }] of contract.entries()) {
    await t.test(title, async (sub) => {
      tab ??= await browser.open(url);
      try {
        const outcome = await withLimit(
          tab.evaluate<Outcome>(`runCase(${index}, ${JSON.stringify(surroundings)})`), CASE_LIMIT, title,
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

/** The contract in every place, in one browser that is ended whatever happens. */
export async function testPlaces(t: TestContext, places: readonly Place[], launch: () => Promise<Browser>): Promise<void> {
  const server = await serve(places);
  try {
    const browser = await launch();
    try {
      for (const place of places) {
        await t.test(`${browser.name}, ${place.name}`, (sub) => testContract(sub, browser, place, server.url(place)));
      }
    } finally {
      await browser.close();
    }
  } finally {
    await server.close();
  }
}
