// All pages of the site: the list leads to them, every control has a name, they work offline and are updated.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SerializedAXNode } from "puppeteer-core";
import { testSite, until } from "./site.ts";

/** A number that each shows on the digits by itself, a phone perhaps of fewer. */
const PAGES: Record<string, { id: string; pattern: RegExp; onPhone?: RegExp; controls: number }> = {
  "hinf-digits/": { id: "exact-value", pattern: /^0\.013460501/, onPhone: /^0\.019039912/, controls: 8 },
  "infinite-width/": { id: "errors-value", pattern: /^13$/, controls: 7 },
  "label-noise/": { id: "test-note", pattern: /^25 of 297$/, controls: 12 },
  "weight-spectra/": { id: "doing", pattern: /^Done: 3 checkpoints$/, controls: 30 },
};

testSite("the site", async (t, { folder, url, visit, withoutServer }) => {
  await t.test("its list leads to every page; after one visit to it all work without the server", () => visit("", async (page) => {
    const links = await page.$$eval(".pages a", (all) => all.map((link) => link.getAttribute("href")));
    assert.deepEqual(links.sort(), Object.keys(PAGES).sort());
    await until(page, "offline", /kept/);
    await withoutServer(async () => {
      for (const [path, { id, pattern }] of Object.entries(PAGES)) {
        await Promise.all([page.waitForNavigation(), page.click(`a[href="${path}"]`)]);
        await until(page, id, pattern);
        assert.ok(await page.evaluate(() => crossOriginIsolated));
        await Promise.all([page.waitForNavigation(), page.click(".up a")]);
        assert.equal(page.url(), url);
      }
    });
  }));

  for (const phone of [false, true]) {
    for (const [path, { controls }] of Object.entries({ "": { controls: 2 }, ...PAGES })) {
      const place = `${path || "the list"}${phone ? ", on a phone" : ""}`;
      await t.test(`every control has a name, nothing is cut off: ${place}`, () => visit(path, async (page) => {
        if (path) { // what a page computes brings controls with it
          const { id, pattern, onPhone } = PAGES[path]!;
          await until(page, id, phone ? onPhone ?? pattern : pattern);
        }
        const nodes = flatten((await page.accessibility.snapshot({ interestingOnly: false }))!);
        const named = /^(button|link|textbox|spinbutton|combobox|slider|checkbox|progressbar|image|img)$/;
        const found = nodes.filter(({ role }) => named.test(role));
        assert.ok(found.length >= controls, found.map(({ role }) => role).join());
        for (const { role, name } of found) assert.ok(name?.trim(), `a ${role} without a name`);
        assert.equal(nodes.some(({ role }) => role === "status"), path !== "");
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(wide, 0);
        if (phone && path) assert.deepEqual(await page.evaluate(pastTheEdge), []);
      }, { phone }));
    }
  }

  await t.test("what changed on the server shows at the next visit", () => visit("hinf-digits/", async (page) => {
    const { id, pattern } = PAGES["hinf-digits/"]!;
    await until(page, "offline", /kept/);
    await withoutServer(async () => {
      await page.reload();
      await until(page, id, pattern);
    });
    const [html, worker] = [join(folder, "hinf-digits/index.html"), join(folder, "sw.js")];
    await writeFile(html, (await readFile(html, "utf8")).replace("<title>", "<title>New: "));
    await writeFile(worker, (await readFile(worker, "utf8")).replace(/const version = "/, '$&new-'));
    await page.reload();
    assert.match(await page.title(), /^New: /);
    await page.waitForFunction(async () => (await caches.keys()).join().includes("new-") && (await caches.keys()).length === 1);
    await until(page, id, pattern);
  }));
});

/** In the page: what goes on to the right of the page's column, and is in no box that scrolls. */
function pastTheEdge(): string[] {
  const main = document.querySelector("main")!;
  const edge = main.getBoundingClientRect().right - parseFloat(getComputedStyle(main).paddingRight);
  const past = Array.from(main.querySelectorAll(":not(.scroll *)")).filter((element) => element.getBoundingClientRect().right > edge + 1);
  return past.map((element) => element.outerHTML.slice(0, 80));
}

function flatten(node: SerializedAXNode): SerializedAXNode[] {
  return [node, ...(node.children ?? []).flatMap(flatten)];
}
