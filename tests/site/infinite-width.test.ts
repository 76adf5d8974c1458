// The page of infinitely wide networks: published numbers, sliders that supersede what is being computed.

import assert from "node:assert/strict";
import type { Page } from "puppeteer-core";
import { assertCalm, rows, testSite, text, until } from "./site.ts";

testSite("infinite-width", async (t, { visit }) => {
  await t.test("one hidden layer of ReLUs gives the published numbers, then every depth is computed", (t) => visit("infinite-width/", async (page) => {
    await until(page, "errors-value", /^13$/);
    assert.equal(await text(page, "smallest-value"), "0.040561");
    assert.match(await text(page, "errors-note"), /^4\.4 %; mean squared error 0\.01215$/);
    assert.match(await text(page, "smallest-note"), /^largest 4680\.2$/);
    await until(page, "doing", /^Done$/);
    const cells = await rows(page);
    assert.deepEqual(cells.map(([depth]) => Number(depth)), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    assert.ok(cells.every((row) => row.every((cell) => cell !== "–")));
    assert.match(await text(page, "announcement"), /^Done\. 1 hidden layer: 13 errors, smallest eigenvalue 0\.040561$/);
    assert.equal(await page.$$eval(".plot canvas", (canvases) => canvases.length), 2);
    await assertCalm(t, page);
  }, { traced: true }));

  await t.test("a slider supersedes what is being computed; what is known is shown at once", () => visit("infinite-width/", async (page) => {
    await until(page, "errors-value", /^13$/);
    for (const value of [2, 5, 7]) await slide(page, "depth", value);
    await until(page, "this-depth", /^7 hidden layers$/);
    await until(page, "smallest-value", /^1\.2962$/);
    await slide(page, "depth", 1);
    assert.equal(await text(page, "smallest-value"), "0.040561");
    await slide(page, "bias-std", 0.5);
    assert.equal(await text(page, "errors-value"), "–");
    assert.equal(await text(page, "bias-std-value"), "0.5");
    await until(page, "errors-value", /^\d+$/);
    await page.select("#activation", "abs");
    await slide(page, "bias-std", 1);
    await until(page, "smallest-value", /^0\.0811/);
    assert.equal(await text(page, "error"), "");
  }));

  await t.test("it can be used by keyboard alone", () => visit("infinite-width/", async (page) => {
    await until(page, "errors-value", /^13$/);
    const order = [];
    for (let k = 0; k < 6; k++) {
      await page.keyboard.press("Tab");
      const { id, outline } = await page.evaluate(() => {
        const { activeElement: active } = document;
        return { id: active!.id || active!.tagName, outline: getComputedStyle(active!).outlineStyle };
      });
      assert.notEqual(outline, "none", `focus on ${id} can't be seen`);
      order.push(id);
    }
    assert.deepEqual(order, ["A", "A", "activation", "depth", "weight-std", "bias-std"]);
    await page.keyboard.down("Shift");
    for (let k = 0; k < 2; k++) await page.keyboard.press("Tab");
    await page.keyboard.up("Shift");
    await page.keyboard.press("ArrowRight");
    assert.equal(await text(page, "depth-value"), "2");
    await until(page, "smallest-value", /^0\.12310$/);
  }));
});

/** Moves a slider. */
const slide = (page: Page, id: string, value: number) => page.$eval(`#${id}`, (input, to) => {
  (input as HTMLInputElement).value = String(to);
  input.dispatchEvent(new Event("input", { bubbles: true }));
}, value);
