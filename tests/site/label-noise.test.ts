// The page of label noise: published numbers, a slider that shows what is known, files of the visitor.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ElementHandle, Page } from "puppeteer-core";
import { assertCalm, rows, testSite, text, until } from "./site.ts";

testSite("label-noise", async (t, { folder, visit }) => {
  await t.test("labels are reproduced at every noise, the errors on new digits are the published ones without it", (t) =>
    visit("label-noise/", async (page) => {
      await until(page, "doing", /^Done: 91 levels/);
      const cells = await rows(page);
      assert.deepEqual(cells.map(([noise]) => Number(noise)), [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]);
      assert.deepEqual(cells[0]!.slice(1, 4), ["13 (4.4 %)", "0", "0.01258"]);
      for (const [, , learnt] of cells) assert.equal(learnt, "0");
      await slide(page, 0);
      assert.equal(await text(page, "test-note"), "13 of 297");
      assert.equal(await text(page, "wrong-value"), "0.0 %");
      assert.equal(await page.$$eval("#learnt .wrong-one", (all) => all.length), 0);
      await slide(page, 0.9);
      assert.equal(await text(page, "noise-value"), "90 %");
      assert.equal(await text(page, "train-value"), "0.0 %");
      assert.ok((await page.$$eval("#learnt .wrong-one", (all) => all.length)) > 12);
      await page.click("#new li:nth-child(5) button");
      assert.match(await text(page, "asked"), /^row 5, /);
      await assertCalm(t, page);
    }, { traced: true }));

  await t.test("another kernel, a bandwidth, a ridge fit anew; a matrix that is singular says so", () => visit("label-noise/", async (page) => {
    await until(page, "doing", /^Done/);
    await page.select("#kernel", "gaussian");
    assert.equal(await page.$eval("#bandwidth", (input) => (input as HTMLInputElement).value), "0.5");
    await until(page, "doing", /^Done/);
    await type(page, "bandwidth", "10000");
    await until(page, "error", /singular.*ridge/);
    await type(page, "ridge", "1");
    await until(page, "doing", /^Done/);
    assert.equal(await text(page, "error"), "");
    assert.notEqual(await text(page, "train-value"), "0.0 %");
  }));

  await t.test("a file with labels is used, two files are; one without labels says what is missing", () => visit("label-noise/", async (page) => {
    await until(page, "doing", /^Done/);
    const file = async (name: string, lines: string[]) => {
      await writeFile(join(folder, name), lines.join("\n"));
      return join(folder, name);
    };
    const angles = Array.from({ length: 80 }, (_, i) => 0.31 * i);
    const points = angles.map((a) => `${Math.cos(a).toFixed(6)},${Math.sin(a).toFixed(6)}`);
    const labels = angles.map((a) => String(Math.cos(a) > 0 ? 3 : -1));
    const field = (await page.$("#file")) as ElementHandle<HTMLInputElement>;
    await field.uploadFile(await file("both.csv", points.map((point, i) => `${point},${labels[i]}`)));
    await until(page, "shape", /^80 × 2, 2 classes$/);
    await until(page, "doing", /^Done/);
    assert.deepEqual(new Set(await page.$$eval("#learnt span", (all) => all.map((span) => span.textContent))), new Set(["-1", "3"]));
    await field.uploadFile(await file("labels.csv", labels), await file("points.csv", points));
    await until(page, "source", /^labels\.csv and points\.csv$/);
    await until(page, "doing", /^Done/);
    await field.uploadFile(await file("points.csv", points));
    await until(page, "error", /^points\.csv: labels such as .*, expected 2 to 64 whole numbers in the last column or in a file of their own$/);
    assert.equal(await text(page, "source"), "labels.csv and points.csv");
  }));
});

const slide = (page: Page, value: number) => page.$eval("#noise", (input, to) => {
  (input as HTMLInputElement).value = String(to);
  input.dispatchEvent(new Event("input", { bubbles: true }));
}, value);

async function type(page: Page, id: string, value: string): Promise<void> {
  await page.$eval(`#${id}`, (input) => (input as HTMLInputElement).select());
  await page.type(`#${id}`, value);
}
