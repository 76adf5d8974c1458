// <eigenscope-spectrum> on pages that are not ours: policies, colors, sizes, for who can't see it.

import assert from "node:assert/strict";
import { testInChromium } from "../browser/browsers.ts";
import { element, elementSite, n, near, openPage, painted, resultOf, until } from "./tools.ts";

testInChromium("the element's looks", async (t, browser) => {
  const site = await elementSite();
  t.after(site.close);

  await t.test("a strict policy without any style-src, and a worker of the page's own origin", async () => {
    const strict = await elementSite({
      "Content-Security-Policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'",
    });
    const tab = await openPage(browser, strict, element("one", 'src="/x.npy" kind="hinf" worker-url="/dist/worker.js"'));
    assert.equal((await resultOf(tab, "one")).values.length, n);
    assert.deepEqual(await tab.evaluate("violations"), []);
    assert.ok(await painted(tab, "one", [213, 94, 0]) > 50);
    await tab.close();
    await strict.close();
  });

  await t.test("Trusted Types: an engine whose worker's URL a policy of the page made", async () => {
    const trusted = await elementSite({ "Content-Security-Policy": "require-trusted-types-for 'script'" });
    trusted.pages.set("/setup.js", { body: `
      import { createEngine } from "/dist/index.js";
      const policy = trustedTypes.createPolicy("eigenscope", { createScriptURL: (url) => url });
      const createWorker = (name) => new Worker(policy.createScriptURL("/dist/worker.js"), { type: "module", name });
      document.querySelector("#one").engine = await createEngine({ createWorker });` });
    const tab = await openPage(browser, trusted, `${element("one", 'kind="svd"')}<script type="module" src="/setup.js"></script>`);
    await tab.$eval("#one", (one) => { (one as HTMLElementTagNameMap["eigenscope-spectrum"]).data = [[3, 0], [0, 4]]; });
    await tab.waitForFunction(() => (document.getElementById("one") as HTMLElementTagNameMap["eigenscope-spectrum"]).result, { timeout: 30_000 });
    near((await resultOf(tab, "one")).values, [4, 3]);
    assert.ok(await painted(tab, "one", [213, 94, 0]) > 50);
    await tab.close();
    await trusted.close();
  });

  await t.test("colors follow the page's color-scheme and custom properties, also later", async () => {
    const tab = await openPage(browser, site, element("one", 'src="/x.npy" kind="svd"'));
    await resultOf(tab, "one");
    assert.ok(await painted(tab, "one", [213, 94, 0]) > 50);
    await tab.evaluate(() => { document.documentElement.style.colorScheme = "dark"; });
    await until(async () => await painted(tab, "one", [255, 140, 59]) > 50, "the dark color is painted");
    await tab.evaluate(() => document.querySelector<HTMLElement>("#one")!.style.setProperty("--eigenscope-line", "rgb(0, 128, 0)"));
    await until(async () => await painted(tab, "one", [0, 128, 0]) > 50, "the page's color is painted");
    await tab.close();
  });

  await t.test("it fits a narrow column, and follows its width and height", async () => {
    const tab = await openPage(browser, site, element("one", 'src="/x.npy" kind="hinf" features="100"'), { width: 320 });
    await resultOf(tab, "one");
    const sizes = () => tab.$eval("#one", (one) => {
      const canvas = one.shadowRoot!.querySelector("canvas")!;
      const plot = one.shadowRoot!.querySelector(".plot")!;
      return { canvas: canvas.width / devicePixelRatio, plot: plot.clientWidth, page: document.scrollingElement!.scrollWidth, height: one.clientHeight };
    });
    const narrow = await sizes();
    assert.equal(narrow.canvas, narrow.plot);
    assert.ok(narrow.page <= 320);
    await tab.setViewport({ width: 900, height: 700 });
    await tab.$eval("#one", (one) => { (one as HTMLElement).style.height = "500px"; });
    await until(async () => {
      const { canvas, plot, height } = await sizes();
      return plot > 800 && canvas === plot && height === 500;
    }, "the plot follows");
    await tab.close();
  });

  await t.test("for who can't see it: a figure with its title, an image with the numbers, nothing to tab to", async () => {
    const tab = await openPage(browser, site, element("one", 'src="/x.npy" kind="hinf"'));
    await resultOf(tab, "one");
    const found = await tab.$eval("#one", (one) => {
      const root = one.shadowRoot!;
      const figure = root.querySelector("figure")!;
      const image = root.querySelector("[role=img]")!;
      return {
        title: root.getElementById(figure.getAttribute("aria-labelledby")!)!.textContent,
        label: image.getAttribute("aria-label"),
        focusable: root.querySelectorAll("a, button, input, [tabindex]").length,
        status: root.querySelector("[role=status]")!.textContent,
        busy: (root.querySelector("progress") as HTMLElement).hidden,
      };
    });
    assert.equal(found.title, "The spectrum of H∞");
    assert.match(found.label!, /^30 eigenvalues from [\d.]+ down to [\d.]+, on a logarithmic axis over their rank; [\d.]+ ≤ λ min\(H∞\) ≤ [\d.]+$/);
    assert.deepEqual([found.focusable, found.status, found.busy], [0, "", true]);
    await tab.close();
  });
});
