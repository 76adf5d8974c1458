// The contract, one case after the other, in some surroundings: each a subtest, each skip with its reason.

import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { contract } from "../contract/index.ts";
import type { Outcome, Surroundings } from "../contract/contract.ts";
import type { Browser, Tab } from "./drivers.ts";
import type { Place } from "./places.ts";
import { serve } from "./server.ts";

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

/** The contract in every place, in one browser that is ended whatever happens. */
export async function testPlaces(t: TestContext, places: readonly Place[], launch: () => Promise<Browser>): Promise<void> {
  const server = await serve(places);
  try {
    const browser = await launch();
    try {
      for (const place of places) {
        const name = `${browser.name}, ${place.name}`;
        await t.test(name, async (sub) => {
          await sub.test(`the page is ${place.isolated ? "" : "not "}cross-origin isolated`, async () => {
            const tab = await browser.open(server.url(place));
            assert.equal(await tab.evaluate("crossOriginIsolated"), place.isolated);
            await tab.close();
          });
          await testContract(sub, { name, shared: place.isolated, options: place.options }, () => browser.open(server.url(place)));
        });
      }
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
