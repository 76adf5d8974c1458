// The page of H∞: clicked, typed at, dropped on, in a frame.

import assert from "node:assert/strict";
import { join } from "node:path";
import type { Page } from "puppeteer-core";
import { ROOT } from "../browser/server.ts";
import { assertCalm, rows, testSite, text, until, type Watched } from "./site.ts";

testSite("hinf-digits", async (t, { browser, url, visit }) => {
  await t.test("the digits converge to the certified value, isolated by the service worker; cancel stops a run", () => visit("hinf-digits/", async (page) => {
    // the run that starts by itself
    await until(page, "exact-value", /^0\.013460501/);
    await startLong(page);
    await page.click("#run");
    await until(page, "doing", /^Cancelled$/);
    assert.equal(await text(page, "run"), "Run");
    assert.equal(await page.$eval("#save-json", (button) => (button as HTMLButtonElement).disabled), true);

    await page.select("#features", "1000");
    await page.click("#run");
    await until(page, "doing", /^Done$/);
    assert.match(await text(page, "exact-note"), /^0\.01346050137 ≤ λ ≤ 0\.01346050158$/);
    // as published
    assert.equal(await text(page, "sample-value"), "0.0030831");
    assert.equal(await text(page, "rank-value"), "61");
    assert.equal((await rows(page)).map(([neurons]) => neurons).join(), "100,200,400,800,1,000,∞, exact");
    assert.match(await text(page, "engine"), /threads, [2-9]\d* threads; this page is cross-origin isolated/);
    assert.equal(await page.$$eval(".plot canvas", (canvases) => canvases.length), 2);

    const summary = JSON.parse(await saved(page, "save-json"));
    assert.ok(summary.exact.lowerBound <= summary.exact.lambdaMin && summary.exact.lambdaMin <= summary.exact.upperBound);
    assert.equal(summary.monteCarlo.length, 5);
    assert.equal((await saved(page, "save-csv")).trimEnd().split("\n").length, 1 + 1797);
    assert.match(await saved(page, "save-report"), /^<!doctype html>[^]*the spectrum of/i);
  }));

  await t.test("a run keeps the page free and in its place", (t) => visit("hinf-digits/", async (page) => {
    await until(page, "doing", /Done|00 neurons/);
    await assertCalm(t, page);
  }, { traced: true }));

  await t.test("a dropped file is read and used; one that is wrong says why and costs nothing", () => visit("hinf-digits/", async (page) => {
    await until(page, "doing", /neurons|^Done$/);
    await page.select("#features", "1000");
    await drop(page, "points.csv", "a,b,label\n1,0,7\n1,1,7\n0,2,8\n-1,1,9\n");
    await until(page, "shape", /^4 × 3$/);
    await until(page, "doing", /^Done$/);
    assert.equal(await text(page, "source"), "points.csv");
    assert.match(await text(page, "warnings"), /line 1 was skipped as a header/);
    assert.equal(await text(page, "rank-value"), "3");

    await page.click("#drop-last");
    await page.click("#run");
    await until(page, "rank-value", /^2$/);
    await until(page, "doing", /^Done$/);
    const exact = await text(page, "exact-value");

    await drop(page, "bad.csv", "1,2\n3,x\n");
    await until(page, "error", /^bad\.csv: row 2, column 2 holds "x", expected a number$/);
    await drop(page, "nan.csv", "1,2\n3,nan\n");
    await until(page, "error", /^nan\.csv: row 2, column 2 holds nan, every number must be finite$/);
    assert.equal(await text(page, "source"), "points.csv");
    assert.equal(await text(page, "exact-value"), exact);

    // two rows in one direction: zero, and why
    await drop(page, "parallel.csv", "1,2\n2,4\n0,1\n");
    await until(page, "exact-value", /^0$/);
    await until(page, "warnings", /rows 1 and 2 are positive multiples of each other: λ_min\(H∞\) = 0/);
    assert.equal(await text(page, "error"), "");

    // chosen, and gzipped
    const input = (await page.$("input"))!;
    await input.uploadFile(join(ROOT, "examples/data/digits.csv.gz"));
    await until(page, "shape", /^1,797 × 65$/);
    await until(page, "rank-value", /^62$/);

    await page.click("#digits");
    await until(page, "exact-value", /^0\.013460501/);
  }));

  await t.test("more rows than memory has room for: the library says how many", () => visit("hinf-digits/", async (page) => {
    await until(page, "doing", /neurons|^Done$/);
    await drop(page, "long.csv", Array.from({ length: 30_000 }, (_, k) => `${k % 7},${k % 11},${k % 13},1`).join("\n"));
    await until(page, "shape", /^30,000 × 4$/);
    await page.$eval("#rows", (input) => { (input as HTMLInputElement).value = "30000"; });
    await page.focus("#rows");
    await page.keyboard.press("Enter");
    await until(page, "error", /GiB/);
    assert.equal(await text(page, "doing"), "Failed");
    assert.equal(await text(page, "run"), "Run");
  }));

  await t.test("it can be used by keyboard alone", () => visit("hinf-digits/", async (page) => {
    await until(page, "doing", /neurons|^Done$/);
    const order: string[] = [];
    for (let k = 0; k < 7; k++) {
      await page.keyboard.press("Tab");
      const { id, outlined } = await page.evaluate(() => {
        const { activeElement: active } = document;
        const shown = active!.closest("label.file") ?? active!;
        return { id: active!.id || active!.tagName, outlined: getComputedStyle(shown).outlineStyle };
      });
      assert.notEqual(outlined, "none", `focus on ${id} can't be seen`);
      order.push(id);
    }
    assert.deepEqual(order, ["A", "A", "file", "rows", "features", "seed", "run"]);
    await startLong(page);
    for (let k = 0; k < 3; k++) await page.keyboard.press("Tab");
    await page.keyboard.press("Space");
    await until(page, "doing", /^Cancelled$/);
    await page.select("#features", "100000");
    await page.keyboard.down("Shift");
    for (let k = 0; k < 3; k++) await page.keyboard.press("Tab");
    await page.keyboard.up("Shift");
    await page.keyboard.type("50");
    await page.keyboard.press("Enter");
    await until(page, "doing", /^Done$/);
    assert.match(await text(page, "rank-note"), /^of 50 rows/);
    assert.match(await text(page, "announcement"), /^Done\. 100,000 neurons: smallest eigenvalue 0\.\d+$/);
  }));

  await t.test("in a frame of a page that is not isolated it runs, and does not reload for ever", async () => {
    const context = await browser.createBrowserContext();
    try {
      const page = await context.newPage();
      let loads = 0;
      page.on("request", (request) => { if (request.isNavigationRequest() && request.url().endsWith("hinf-digits/")) loads++; });
      await page.setContent(`<iframe src="${url}hinf-digits/" width="900" height="900"></iframe>`);
      const frame = page.frames().find((one) => one.url().startsWith(url))!;
      await until(frame, "exact-value", /^0\.013460501/);
      assert.match(await text(frame, "engine"), /work in \d+ parts: no shared memory \(the page is not cross-origin isolated\)/);
      assert.equal(loads, 1);
    } finally {
      await context.close();
    }
  });
});

/** Starts a run anew by the keyboard, one that does not end before it is cancelled; the field of rows has the focus. */
async function startLong(page: Page): Promise<void> {
  await page.select("#features", "1000000");
  await page.focus("#rows");
  await page.keyboard.press("Enter");
  assert.equal(await text(page, "run"), "Cancel");
}

/** Drops a file on the page. */
const drop = (page: Page, name: string, content: string) => page.evaluate((fileName, body) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([body], fileName));
  document.getElementById("controls")!.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
}, name, content);

/** The text of the file that a button saves. */
async function saved(page: Page, id: string): Promise<string> {
  await page.click(`#${id}`);
  return page.evaluate(() => (window as unknown as Watched).watched.blob!.text());
}
