// The pages that the documents say to paste compute, with the package where a CDN would have it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { testInChromium } from "../browser/browsers.ts";
import { serve } from "../browser/server.ts";
import { blocksIn, PAGES, ROOT, textOf, version } from "../documents.ts";
import { until } from "./tools.ts";

const CDN = `https://cdn.jsdelivr.net/npm/eigenscope@${version}/`;

testInChromium("pages as documented", async (t, { puppeteer }) => {
  const site = await serve({
    folders: [["/dist/", fileURLToPath(new URL("dist", ROOT))]],
    pages: { "/data.csv": { body: "3,4,0\n1,0,2\n0,2,1\n", headers: { "Content-Type": "text/csv" } } },
  });
  t.after(site.close);
  for (const { at, code } of [...blocksIn("html"), ...PAGES.map((page) => ({ at: page, code: textOf(page) }))]) {
    await t.test(at, async () => {
      const wrong: string[] = [];
      const said: string[] = [];
      const tab = await puppeteer.newPage();
      tab.on("pageerror", (error) => wrong.push(String(error)));
      tab.on("requestfailed", (request) => wrong.push(request.url()));
      tab.on("console", (message) => said.push(message.text()));
      await tab.setRequestInterception(true);
      tab.on("request", async (request) => {
        if (!request.url().startsWith(CDN)) return request.continue();
        const file = request.url().slice(CDN.length);
        const type = file.endsWith(".js") ? "text/javascript" : "application/octet-stream";
        await request.respond({ contentType: type, headers: { "Access-Control-Allow-Origin": "*" }, body: await readFile(new URL(file, ROOT)) });
      });
      site.pages.set("/page.html", { body: `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">${code}` });
      await tab.goto(`${site.origin}/page.html`);
      if (code.includes("console.log")) await until(() => said.length > 0, "it prints");
      await tab.waitForFunction(() => {
        for (const one of Array.from(document.querySelectorAll("eigenscope-spectrum"))) {
          const failed = one.shadowRoot?.querySelector(".error")?.textContent;
          if (failed) throw new Error(failed);
          one.removeAttribute("loading");
          if (!one.result) return false;
        }
        return document.querySelector("#answer")?.textContent !== "computing…";
      }, { timeout: 60_000, polling: 100 });
      assert.deepEqual(wrong, []);
      await tab.close();
    });
  }
});
