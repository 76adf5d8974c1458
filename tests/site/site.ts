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
  /** A visit to a page by somebody new; fails on errors of the page and on requests to anywhere else; `traced` for `assertFree`. */
  visit(path: string, body: (page: Page) => Promise<void>, options?: VisitOptions): Promise<void>;
  /** Runs `body` while the server is away. */
  withoutServer(body: () => Promise<void>): Promise<void>;
}

interface VisitOptions {
  phone?: boolean;
  traced?: boolean;
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
      visit: (path, body, options = {}) => visit(browser, url, path, body, options),
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

async function visit(browser: Browser, url: string, path: string, body: (page: Page) => Promise<void>, { phone, traced }: VisitOptions): Promise<void> {
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
    // reloaded by the service worker; a page that did not wait for it, on a machine that is busy, is isolated when it is loaded again
    const isolated = (timeout: number) => page.waitForFunction(() => crossOriginIsolated, { timeout });
    await isolated(TIMEOUT / 4).catch(() => page.reload().then(() => isolated(TIMEOUT)));
    if (traced) { // from the beginning of a load that stays
      await page.tracing.start({ categories: ["disabled-by-default-devtools.timeline"] });
      await page.reload();
    }
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

/** That a run, of a visit that is traced, leaves the page free and in its place. */
export async function assertCalm(t: TestContext, page: Page): Promise<void> {
  const shift = await page.evaluate(() => (window as unknown as Watched).watched.shift);
  t.diagnostic(`layout shift ${shift.toFixed(3)}`);
  assert.ok(shift < 0.02, `layout shift ${shift}`);
  await assertFree(t, page);
}

/** That no task of a visit that is traced holds the page up: they take 20 to 40 ms, and computing or reading a large file there would take seconds. */
export async function assertFree(t: TestContext, page: Page): Promise<void> {
  const longest = await longestTask(page);
  t.diagnostic(`longest task ${longest.toFixed(0)} ms`);
  assert.ok(longest < 200, `a task of ${longest} ms`);
}

interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  args: { name?: string };
  /** Of its thread on a processor, in μs: not what it waits for others on a machine that is busy. */
  tdur?: number;
}

/** In ms, on the page's own thread since the visit began. */
async function longestTask(page: Page): Promise<number> {
  const { traceEvents } = JSON.parse(Buffer.from((await page.tracing.stop())!).toString()) as { traceEvents: TraceEvent[] };
  const thread = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`;
  const own = new Set(traceEvents.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain").map(thread));
  const tasks = traceEvents.filter((event) => event.name === "RunTask" && event.tdur !== undefined && own.has(thread(event)));
  assert.ok(tasks.length > 10, `${tasks.length} tasks`);
  return tasks.reduce((most, { tdur }) => Math.max(most, tdur! / 1000), 0);
}

export interface Watched {
  watched: { shift: number; blob?: Blob };
}

/** In the page: how far things moved, and what was saved last. */
function watch(): void {
  const watched: Watched["watched"] = { shift: 0 };
  (window as unknown as Watched).watched = watched;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) watched.shift += (entry as PerformanceEntry & { value: number }).value;
  }).observe({ type: "layout-shift", buffered: true });
  const create = URL.createObjectURL.bind(URL);
  URL.createObjectURL = (blob) => {
    watched.blob = blob as Blob;
    return create(blob);
  };
}
