// A site with data for the element, pages of it, and what an element in a page says and shows.

import assert from "node:assert/strict";
import type { Page } from "puppeteer-core";
import { formatNpy } from "../../bindings/io/index.ts";
import type { PuppeteerBrowser } from "../browser/drivers.ts";
import { ROOT, serve, type Site } from "../browser/server.ts";
import { numbers } from "../harness.ts";

export const n = 30;
export const X = { data: numbers(n * 5, 7), rows: n, cols: 5 };
/** The second difference: eigenvalues 2 − 2cos(πk/(n + 1)). */
export const laplacian = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0)));

/** Notes what a Content-Security-Policy forbids. */
const WATCH = `globalThis.violations = [];
addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => violations.push(violatedDirective + " " + blockedURI));`;

/** The package, the examples' data and the matrices above; `headers` go with every file. */
export const elementSite = (headers?: Record<string, string>) => serve({
  folders: [["/dist/", `${ROOT}dist`], ["/examples/", `${ROOT}examples`]],
  headers,
  pages: {
    "/watch.js": { body: WATCH },
    "/x.npy": { body: formatNpy(X) },
    "/laplacian.csv": { body: laplacian.map((row) => row.join()).join("\n") },
  },
});

export const element = (id: string, attributes: string) => `<eigenscope-spectrum id="${id}" ${attributes}></eigenscope-spectrum>`;

/** A new page of the site with this body, and by default with the element's script. */
export async function openPage(
  { puppeteer }: PuppeteerBrowser, site: Site, body: string, { module = true, width = 1000 } = {},
): Promise<Page> {
  const path = `/page-${site.pages.size}.html`;
  const scripts = `<script src="/watch.js"></script>${module ? '<script type="module" src="/dist/element.js"></script>' : ""}`;
  site.pages.set(path, { body: `<!doctype html><html lang="en"><meta charset="utf-8"><title>a page</title>${scripts}<body>${body}` });
  const page = await puppeteer.newPage();
  await page.setViewport({ width, height: 700 });
  await page.goto(site.origin + path);
  return page;
}

/** The result of an element, its numbers as plain arrays; an error of the element is one of the test. */
export async function resultOf(tab: Page, id: string, kind?: string) {
  const handle = await tab.waitForFunction((id, kind) => {
    const one = document.getElementById(id) as HTMLElementTagNameMap["eigenscope-spectrum"] | null;
    const failed = one?.shadowRoot?.querySelector(".error")?.textContent;
    if (failed) return { failed };
    const result = one?.result;
    if (!result || (kind && result.kind !== kind)) return undefined;
    const { values, monteCarlo, certificate, rows, cols, rank } = result;
    return { values: [...values], certificate, rows, cols, rank, monteCarlo: monteCarlo && { ...monteCarlo, values: [...monteCarlo.values] } };
  }, { timeout: 60_000, polling: 50 }, id, kind);
  const result = await handle.jsonValue();
  if (!result || "failed" in result) throw new Error(result?.failed);
  return { ...result, certificate: result.certificate!, monteCarlo: result.monteCarlo! };
}

export const textOf = (tab: Page, id: string, selector: string) =>
  tab.$eval(`#${id}`, (one, selector) => one.shadowRoot!.querySelector(selector)!.textContent, selector);

/** How many pixels of the plot have this color. */
export const painted = (tab: Page, id: string, color: number[]) => tab.$eval(`#${id}`, (one, color) => {
  const canvas = one.shadowRoot!.querySelector("canvas");
  if (!canvas) return 0;
  const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let k = 0; k < data.length; k += 4) if (data[k + 3]! > 250 && color.every((c, i) => Math.abs(data[k + i]! - c) < 3)) count++;
  return count;
}, color);

export async function until(test: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await test()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`not within 20 s: ${what}`);
}

export function near(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  assert.equal(actual.length, expected.length);
  const scale = Math.max(...Array.from(expected, Math.abs));
  for (let k = 0; k < expected.length; k++) {
    assert.ok(Math.abs(actual[k]! - expected[k]!) <= 50 * Number.EPSILON * expected.length * scale, `${k}: ${actual[k]} ${expected[k]}`);
  }
}
