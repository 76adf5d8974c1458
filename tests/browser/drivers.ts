// Browsers as the tests see them: they open pages and evaluate expressions in them.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import puppeteer, { type Browser as PuppeteersBrowser, type Frame, type LaunchOptions, type Page, type WebWorker } from "puppeteer-core";

export interface Tab {
  /** The value of an expression, or of its promise, where page.ts is: in the tab's page, its frame or its worker. */
  evaluate<T>(expression: string): Promise<T>;
  close(): Promise<void>;
}

export interface Browser {
  /** With its version. */
  name: string;
  open(url: string): Promise<Tab>;
  /** Ends the browser and removes its files. */
  close(): Promise<void>;
}

export interface PuppeteerTab extends Tab {
  page: Page;
}

/** Until a page is there, in ms. */
export const OPEN_LIMIT = 30_000;

/** Until a browser has closed by itself, in ms. */
const CLOSE_LIMIT = 10_000;

export function launchChromium(executablePath: string) {
  return launch({
    executablePath,
    args: ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

export function launchFirefox(executablePath: string) {
  return launch({
    browser: "firefox",
    executablePath,
    extraPrefsFirefox: { "app.update.enabled": false, "toolkit.telemetry.enabled": false, "services.settings.server": "http://localhost:1/" },
  });
}

/** A browser that puppeteer drives. */
export interface PuppeteerBrowser extends Browser {
  puppeteer: PuppeteersBrowser;
  /** `before` is run in the page before all else. */
  open(url: string, before?: string): Promise<PuppeteerTab>;
}

async function launch(options: LaunchOptions): Promise<PuppeteerBrowser> {
  const home = await mkdtemp(join(tmpdir(), "eigenscope-browser-"));
  const browser = await puppeteer.launch({
    headless: true,
    userDataDir: home,
    timeout: OPEN_LIMIT,
    protocolTimeout: 300_000,
    ...options,
    env: { ...process.env, HOME: home },
  });
  return {
    name: (await browser.version()).replace("/", " "),
    puppeteer: browser,
    async open(url, before) {
      const page = await browser.newPage();
      if (before) await page.evaluateOnNewDocument(before);
      await page.goto(url, { timeout: OPEN_LIMIT });
      const place = (): Frame | WebWorker => page.workers().find((worker) => worker.url().endsWith("/page.js")) ?? page.frames().at(-1)!;
      for (const since = Date.now(); !(await place().evaluate("'runCase' in globalThis")); await sleep(20)) {
        if (Date.now() - since > OPEN_LIMIT) throw new Error(`${url}: its script did not run`);
      }
      return { page, evaluate: (expression) => place().evaluate(expression) as Promise<never>, close: () => page.close() };
    },
    async close() {
      const ended = sleep(CLOSE_LIMIT, undefined, { ref: false });
      await Promise.race([browser.close().catch(() => {}), ended]);
      // Firefox may stay on after it said that it closes, and would be waited for
      browser.process()?.kill("SIGKILL");
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
