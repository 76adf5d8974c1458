// The built site in Chromium, from a host that sends no headers: what the tests of its pages share.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Browser, Frame, Page } from "puppeteer-core";
import { build } from "vite";
import { testInChromium } from "../browser/browsers.ts";
import { ROOT, serve, type Content } from "../browser/server.ts";

const TIMEOUT = 60_000;

export interface Site {
  browser: Browser;
  /** Where its files are. */
  folder: string;
  url: string;
  /** A visit to a page by somebody new; fails on errors of the page and on requests to anywhere else. */
  visit(path: string, body: (page: Page) => Promise<void>, options?: { phone?: boolean }): Promise<void>;
  /** Runs `body` while the server is away. */
  withoutServer(body: () => Promise<void>): Promise<void>;
}

export function testSite(title: string, body: (t: TestContext, site: Site) => Promise<void>): void {
  testInChromium(title, async (t, { puppeteer: browser }) => {
    const folder = await mkdtemp(join(tmpdir(), "eigenscope-site-"));
    t.after(() => rm(folder, { recursive: true }));
    await build({ configFile: join(ROOT, "examples/vite.config.ts"), logLevel: "warn", build: { outDir: folder } });
    const content = { folders: [["/some/folder/", folder]] } satisfies Content;
    let host = await serve(content);
    t.after(() => host.close());
    const url = `${host.origin}/some/folder/`;
    await body(t, {
      browser,
      folder,
      url,
      visit: (path, body, { phone = false } = {}) => visit(browser, url, path, body, phone),
      async withoutServer(body) {
        await host.close();
        try {
          await body();
        } finally {
          host = await serve(content, host.port);
        }
      },
    });
  });
}

async function visit(browser: Browser, url: string, path: string, body: (page: Page) => Promise<void>, phone: boolean): Promise<void> {
  const context = await browser.createBrowserContext();
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(TIMEOUT);
    const problems: string[] = [];
    page.on("console", (message) => ["error", "warn"].includes(message.type()) && problems.push(message.text()));
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("request", (request) => {
      const asked = request.url();
      if (!/^(blob|data):/.test(asked) && !asked.startsWith(url)) problems.push(`asks ${asked}`);
    });
    if (phone) await page.setViewport({ width: 360, height: 740, deviceScaleFactor: 2, isMobile: true, hasTouch: true });
    await page.evaluateOnNewDocument(watch);
    await page.goto(url + path);
    await page.waitForFunction(() => crossOriginIsolated); // reloaded by the service worker
    await body(page);
    assert.deepEqual(problems, []);
  } finally {
    await context.close();
  }
}

export const text = (page: Page | Frame, id: string) => page.$eval(`#${id}`, (element) => element.textContent!.trim());

/** Waits until the text of an element matches. */
export async function until(page: Page | Frame, id: string, pattern: RegExp): Promise<void> {
  try {
    await page.waitForFunction((name, source) => {
      const element = document.getElementById(name);
      return element && !element.hidden && new RegExp(source).test(element.textContent!.trim());
    }, { timeout: TIMEOUT }, id, pattern.source);
  } catch (error) {
    throw new Error(`#${id} is ${JSON.stringify(await text(page, id))}, expected ${pattern}`, { cause: error });
  }
}

/** The table's cells. */
export const rows = (page: Page) => page.$$eval("#numbers tbody tr", (all) => all.map((row) => Array.from(row.children, (cell) => cell.textContent!)));

/** That a run leaves the page free and in its place. */
export async function assertCalm(t: TestContext, page: Page): Promise<void> {
  const { longest, shift } = await page.evaluate(() => (window as unknown as Watched).watched);
  t.diagnostic(`longest task ${longest.toFixed(0)} ms, layout shift ${shift.toFixed(3)}`);
  assert.ok(shift < 0.02, `layout shift ${shift}`);
  // 50 ms on a machine that does nothing else
  assert.ok(longest < 400, `a task of ${longest} ms`);
}

export interface Watched {
  watched: { longest: number; shift: number; blob?: Blob };
}

/** In the page: the longest task, how far things moved, and what was saved last. */
function watch(): void {
  const watched: Watched["watched"] = { longest: 0, shift: 0 };
  (window as unknown as Watched).watched = watched;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) watched.longest = Math.max(watched.longest, duration);
  }).observe({ type: "longtask", buffered: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) watched.shift += (entry as PerformanceEntry & { value: number }).value;
  }).observe({ type: "layout-shift", buffered: true });
  const create = URL.createObjectURL.bind(URL);
  URL.createObjectURL = (blob) => {
    watched.blob = blob as Blob;
    return create(blob);
  };
}
