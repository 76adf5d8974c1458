// <eigenscope-spectrum> follows what the page does with it, and says what is wrong.

import assert from "node:assert/strict";
import { testInChromium } from "../browser/browsers.ts";
import { element, elementSite, laplacian, n, openPage, resultOf, textOf, until } from "./tools.ts";

testInChromium("the element's changes", async (t, browser) => {
  const site = await elementSite();
  t.after(site.close);

  await t.test("properties that were set before the element was defined count", async () => {
    const tab = await openPage(browser, site, "", { module: false });
    await tab.evaluate(async (rows) => {
      const early = Object.assign(document.createElement("eigenscope-spectrum"), { id: "early", data: rows, kind: "eig", label: "Mine" });
      document.body.append(early);
      await import(`${location.origin}/dist/element.js`);
    }, laplacian);
    assert.equal((await resultOf(tab, "early")).values.length, n);
    assert.equal(await textOf(tab, "early", "figcaption"), "Mine");
    assert.equal(await tab.$eval("#early", (early) => early.getAttribute("kind")), "eig");
    await tab.close();
  });

  await t.test("a change of attributes computes anew, once, and gives up what it was at", async () => {
    const tab = await openPage(browser, site, element("one", 'src="/examples/data/digits.csv.gz" kind="hinf"'));
    await tab.evaluate(async () => {
      const one = document.querySelector("eigenscope-spectrum")!;
      const told: string[] = [];
      Object.assign(globalThis, { told });
      for (const name of ["result", "error"]) document.addEventListener(`eigenscope-${name}`, (event) => told.push(`${name} ${(event as CustomEvent).detail.kind}`));
      await new Promise((resolve) => one.addEventListener("eigenscope-progress", resolve, { once: true }));
      one.kind = "gram";
      one.src = "/x.npy";
      one.kind = "svd";
    });
    assert.equal((await resultOf(tab, "one", "svd")).values.length, 5);
    await tab.$eval("#one", (one) => one.setAttribute("scale", "linear"));
    assert.deepEqual(await tab.evaluate("told"), ["result svd"]);
    await tab.close();
  });

  await t.test("progress rises to 1", async () => {
    const tab = await openPage(browser, site, "");
    const told = await tab.evaluate(async () => {
      const one = document.createElement("eigenscope-spectrum");
      const fractions: number[] = [];
      one.addEventListener("eigenscope-progress", ({ detail }) => fractions.push(detail.fraction));
      Object.assign(one, { src: "/x.npy", kind: "hinf", features: 100 });
      const result = new Promise((resolve) => one.addEventListener("eigenscope-result", resolve));
      document.body.append(one);
      await result;
      return fractions;
    });
    assert.deepEqual(told, [...told].sort((a, b) => a - b));
    assert.equal(told.at(-1), 1);
    await tab.close();
  });

  await t.test("removal ends the work, a move does not, return begins anew", async () => {
    const readings = () => site.asked.filter((path) => path.endsWith("digits.csv.gz")).length;
    const before = readings();
    const tab = await openPage(browser, site, element("one", 'src="/examples/data/digits.csv.gz" kind="hinf"'));
    await tab.evaluate(async () => {
      const one = document.querySelector("eigenscope-spectrum")!;
      const told: string[] = [];
      Object.assign(globalThis, { told, one });
      one.addEventListener("eigenscope-result", () => told.push("result"));
      one.addEventListener("eigenscope-error", () => told.push("error"));
      await new Promise((resolve) => one.addEventListener("eigenscope-progress", resolve, { once: true }));
      document.body.append(document.createElement("div"), one); // a move
      await new Promise((resolve) => one.addEventListener("eigenscope-progress", resolve, { once: true }));
      one.remove();
    });
    assert.equal(readings() - before, 1);
    await until(() => tab.workers().length === 0, "the worker ends");
    assert.deepEqual(await tab.evaluate("told"), []);
    await tab.evaluate("one.src = '/x.npy'; document.body.append(one)");
    await resultOf(tab, "one");
    assert.deepEqual(await tab.evaluate("told"), ["result"]);
    await tab.close();
  });

  await t.test("a lazy element waits until it is near the screen", async () => {
    const tab = await openPage(browser, site, `<div style="height: 5000px"></div>${element("far", 'src="/x.npy" kind="svd" loading="lazy"')}${element("near", 'src="/x.npy" kind="svd"')}`);
    await resultOf(tab, "near");
    assert.equal(await tab.$eval("#far", (far) => (far as HTMLElementTagNameMap["eigenscope-spectrum"]).result), null);
    await tab.evaluate(() => scrollTo(0, 5000));
    await resultOf(tab, "far");
    await tab.close();
  });
});

testInChromium("the element's errors", async (t, browser) => {
  const site = await elementSite();
  t.after(site.close);

  await t.test("what fails is shown in one line and told with its code", async () => {
    const other = await elementSite();
    site.pages.set("/page.html", { body: "\n<!DOCTYPE html><p>Sign in" });
    site.pages.set("/empty", { body: "" });
    const tab = await openPage(browser, site, "");
    const failure = (attributes: Record<string, string>) => tab.evaluate(async (given) => {
      const one = document.createElement("eigenscope-spectrum");
      for (const [name, value] of Object.entries(given)) one.setAttribute(name, value);
      const failed = new Promise<CustomEvent>((resolve) => document.addEventListener("eigenscope-error", resolve, { once: true }));
      document.body.append(one);
      const { detail } = await failed;
      const shown = one.shadowRoot!.querySelector(".error")!.textContent;
      one.remove();
      return { code: detail.code, shown, message: detail.message };
    }, attributes);
    const cases: [Record<string, string>, string, RegExp][] = [
      [{ src: "/gone.csv", kind: "svd" }, "ERR_FILE", /^\/gone\.csv: the server answered 404 Not Found$/],
      [{ src: "/page.html", kind: "svd" }, "ERR_FORMAT", /^\/page\.html: the server answered with an HTML page, expected/],
      [{ src: "/empty", kind: "svd" }, "ERR_FORMAT", /^\/empty: is empty/],
      [{ src: `${other.origin}/x.npy`, kind: "svd" }, "ERR_FILE", /could not be fetched .*http:\/\/localhost:\d+ must send Access-Control-Allow-Origin/],
      [{ src: "http://[/x.npy", kind: "svd" }, "ERR_OPTION", /src is "http:\/\/\[\/x\.npy", expected a URL/],
      [{ src: "/x.npy", kind: "eig" }, "ERR_SHAPE", /30×5, it must be square/],
      [{ src: "/x.npy", kind: "svd", columns: "2:9" }, "ERR_OPTION", /columns is "2:9", the data have 5 columns/],
      [{ src: "/laplacian.csv", kind: "eig", "unit-rows": "" }, "ERR_OPTION", /unit-rows is not for kind "eig"/],
      [{ src: "/x.npy", kind: "svd", scale: "cubic" }, "ERR_OPTION", /scale is "cubic", expected "log" or "linear"/],
    ];
    const empty = await tab.evaluate(async () => {
      const one = Object.assign(document.createElement("eigenscope-spectrum"), { kind: "svd", data: [] });
      const failed = new Promise<CustomEvent>((resolve) => one.addEventListener("eigenscope-error", resolve, { once: true }));
      document.body.append(one);
      return (await failed).detail.message;
    });
    assert.equal(empty, "eigenscope-spectrum: data are 0×0, they must hold a number");
    for (const [attributes, code, message] of cases) {
      const found = await failure(attributes);
      assert.equal(found.code, code, found.message);
      assert.match(found.shown!, message);
      assert.doesNotMatch(found.shown!, /\n/);
    }
    await tab.close();
    await other.close();
  });
});
