// A browser with a page for each test.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import puppeteer, { type Page } from "puppeteer-core";
import type { Site } from "./server.ts";

export interface Tabs {
  /** A page of the site with this body, and by default with the element's script. */
  open(site: Site, body: string, options?: { module?: boolean; width?: number }): Promise<Page>;
  close(): Promise<void>;
}

/** Notes what a Content-Security-Policy forbids. */
const WATCH = `globalThis.violations = [];
addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => violations.push(violatedDirective + " " + blockedURI));`;

export async function openTabs(browser: "chrome" | "firefox", executablePath: string): Promise<Tabs> {
  const home = await mkdtemp(join(tmpdir(), "eigenscope-element-"));
  const opened = await puppeteer.launch({
    browser,
    executablePath,
    headless: true,
    userDataDir: home,
    env: { ...process.env, HOME: home },
    args: browser === "chrome" ? ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"] : [],
    extraPrefsFirefox: { "app.update.enabled": false, "toolkit.telemetry.enabled": false, "services.settings.server": "http://localhost:1/" },
  });
  let count = 0;
  return {
    async open(site, body, { module = true, width = 1000 } = {}) {
      const path = `/page-${++count}.html`;
      site.pages.set("/watch.js", { body: WATCH, headers: { "Content-Type": "text/javascript" } });
      const scripts = `<script src="/watch.js"></script>${module ? '<script type="module" src="/dist/element.js"></script>' : ""}`;
      site.pages.set(path, { body: `<!doctype html><html lang="en"><meta charset="utf-8"><title>a page</title>${scripts}<body>${body}` });
      const page = await opened.newPage();
      await page.setViewport({ width, height: 700 });
      await page.goto(site.origin + path);
      return page;
    },
    async close() {
      await opened.close().catch(() => opened.process()?.kill("SIGKILL"));
      await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}
