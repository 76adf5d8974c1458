// <eigenscope-spectrum> on pages that are not ours: right numbers, changes, removal, errors, policies, looks.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test, type TestContext } from "node:test";
import type { Page as Tab } from "puppeteer-core";
import { createCore } from "../bindings/sync.ts";
import { CapabilityError } from "../bindings/errors.ts";
import { formatNpy, parseMatrix } from "../bindings/io/index.ts";
import { columns, normalizeRows } from "../bindings/linalg/rows.ts";
import { withEngine } from "../bindings/element/engines.ts";
import { readSettings, readSurroundings } from "../bindings/element/settings.ts";
import { findProgram, testWith } from "./browser/programs.ts";
import { openTabs, type Tabs } from "./element/browser.ts";
import { startSite, type Site } from "./element/server.ts";
import { numbers } from "./harness.ts";

const CI = process.env.CI === "true";
const n = 30;
const X = { data: numbers(n * 5, 7), rows: n, cols: 5 };
const la = await createCore();
/** The second difference: eigenvalues 2 − 2cos(πk/(n + 1)). */
const laplacian = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0)));

const attributes = (given: Record<string, string>) => ({
  getAttribute: (name: string) => given[name] ?? null,
  hasAttribute: (name: string) => name in given,
  baseURI: "https://page.example/folder/page.html",
});

test("importing the element on a server defines nothing and does not throw", async () => {
  const { SpectrumElement } = await import("../dist/element.js" as string);
  assert.equal(typeof SpectrumElement, "function");
});

test("attributes that mean nothing are refused, with what was expected", () => {
  const refused = (given: Record<string, string>, message: string) =>
    assert.throws(() => readSettings(attributes(given)), { code: "ERR_OPTION", message: `eigenscope-spectrum: ${message}` });
  refused({}, 'kind is missing, expected "hinf", "gram", "eig" or "svd"');
  refused({ kind: "evd" }, 'kind is "evd", expected "hinf", "gram", "eig" or "svd"');
  refused({ kind: "hinf", features: "-3" }, 'features is "-3", expected a whole number from 1 to 2147483647');
  refused({ kind: "svd", features: "10" }, 'features is for kind "hinf", kind is "svd"');
  refused({ kind: "svd", columns: "1-3" }, 'columns is "1-3", expected two indices as in 0:64, :-1 or 1:');
  assert.deepEqual(readSettings(attributes({ kind: "hinf", columns: ":-1", "unit-rows": "" })), {
    kind: "hinf", unitRows: true, features: undefined, seed: 0, rows: undefined, cols: { text: ":-1", from: undefined, to: -1 },
  });
  assert.deepEqual(readSurroundings(attributes({ threads: "2", "worker-url": "../worker.js", "wasm-url": "/wasm/" })), {
    threads: 2, workerUrl: "https://page.example/worker.js", wasmUrl: "https://page.example/wasm/",
  });
});

test("who tries again after a death of the shared engine gets another one", async () => {
  const surroundings = { threads: 1 };
  const engine = () => withEngine(surroundings, async (es) => es);
  const first = await engine();
  assert.equal(await engine(), first);
  await assert.rejects(withEngine(surroundings, () => Promise.reject(new CapabilityError("died"))), CapabilityError);
  assert.notEqual(await engine(), first);
});

const program = findProgram("CHROMIUM", ["chromium", "chromium-browser", "google-chrome"]);
testWith("the element in Chromium", program, CI, async (t, path) => {
  const site = await startSite();
  const tabs = await openTabs("chrome", path);
  site.pages.set("/x.npy", { body: formatNpy(X) });
  site.pages.set("/laplacian.csv", { body: laplacian.map((row) => row.join()).join("\n") });
  try {
    await computes(t, site, tabs);
    await follows(t, site, tabs);
    await fails(t, site, tabs);
    await looks(t, site, tabs);
  } finally {
    await tabs.close();
    await site.close();
  }
});

testWith("the element in Firefox", findProgram("FIREFOX", ["firefox-esr", "firefox"]), CI, async (t, path) => {
  const site = await startSite();
  const tabs = await openTabs("firefox", path);
  site.pages.set("/x.npy", { body: formatNpy(X) });
  try {
    await t.test("computes and draws", async () => {
      const tab = await tabs.open(site, element("hinf", 'src="/x.npy" kind="hinf"'));
      const { lower, upper } = la.hinf.lambdaMin(X);
      const { certificate } = await resultOf(tab, "hinf");
      assert.ok(certificate.lower <= upper && certificate.upper >= lower);
      assert.ok(await painted(tab, "hinf", [213, 94, 0]) > 50);
      await tab.close();
    });
  } finally {
    await tabs.close();
    await site.close();
  }
});

const element = (id: string, attributes: string) => `<eigenscope-spectrum id="${id}" ${attributes}></eigenscope-spectrum>`;

async function computes(t: TestContext, site: Site, tabs: Tabs): Promise<void> {
  await t.test("every kind gives the numbers of its matrix", async () => {
    const tab = await tabs.open(site, [
      element("hinf", 'src="/x.npy" kind="hinf" unit-rows features="200" seed="3"'),
      element("gram", 'src="/x.npy" kind="gram" rows="1:21"'),
      element("eig", 'src="/laplacian.csv" kind="eig" scale="linear"'),
      element("svd", 'src="/x.npy" kind="svd" columns=":-1"'),
    ].join(""));
    const unit = normalizeRows(X);
    const hinf = await resultOf(tab, "hinf");
    near(hinf.values, la.eigvalsh(la.hinf.exact(unit).matrix));
    const sample = la.hinf.monteCarlo(unit, { features: 200, seed: 3 });
    near(hinf.monteCarlo.values, la.eigvalsh(sample.matrix));
    const { lower, upper, vector } = la.hinf.lambdaMin(unit);
    assert.ok(hinf.certificate.lower <= upper && hinf.certificate.upper >= lower && hinf.certificate.lower > 0);
    const limit = la.hinf.upperConfidence(unit, sample, vector).upper;
    assert.ok(Math.abs(hinf.monteCarlo.upperConfidence - limit) < 1e-6 * limit);

    const some = { data: X.data.slice(5, 21 * 5), rows: 20, cols: 5 };
    const gram = await resultOf(tab, "gram");
    near(gram.values, la.eigvalsh(la.gram(some)));
    assert.deepEqual([gram.rows, gram.cols, gram.rank], [20, 5, 5]);

    const eig = await resultOf(tab, "eig");
    near(eig.values, Array.from({ length: n }, (_, k) => 2 - 2 * Math.cos((Math.PI * (k + 1)) / (n + 1))));
    near((await resultOf(tab, "svd")).values, la.svdvals(columns(X, 0, -1)));
    await tab.close();
  });

  await t.test("the digits as in the README", async () => {
    const tab = await tabs.open(site, element("digits", 'src="/examples/data/digits.csv.gz" columns=":-1" rows=":300" kind="hinf" unit-rows'));
    const digits = (await parseMatrix(await readFile(new URL("../examples/data/digits.csv.gz", import.meta.url)))).matrix;
    const first = normalizeRows({ data: columns(digits, 0, -1).data.slice(0, 300 * 64), rows: 300, cols: 64 });
    const { lower, upper } = la.hinf.lambdaMin(first);
    const { certificate } = await resultOf(tab, "digits");
    assert.ok(certificate.lower <= upper && certificate.upper >= lower);
    await tab.close();
  });

  await t.test("elements share one engine, which ends when they are gone", async () => {
    const tab = await tabs.open(site, element("a", 'src="/x.npy" kind="svd" threads="1"') + element("b", 'src="/x.npy" kind="gram" threads="1"'));
    await resultOf(tab, "a");
    await resultOf(tab, "b");
    assert.equal(tab.workers().length, 1);
    await tab.evaluate(() => document.body.replaceChildren());
    await until(() => tab.workers().length === 0, "the worker ends");
    await tab.close();
  });
}

async function follows(t: TestContext, site: Site, tabs: Tabs): Promise<void> {
  await t.test("properties that were set before the element was defined count", async () => {
    const tab = await tabs.open(site, "", { module: false });
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
    const tab = await tabs.open(site, element("one", 'src="/examples/data/digits.csv.gz" kind="hinf"'));
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
    const tab = await tabs.open(site, "");
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
    const tab = await tabs.open(site, element("one", 'src="/examples/data/digits.csv.gz" kind="hinf"'));
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
    const tab = await tabs.open(site, `<div style="height: 5000px"></div>${element("far", 'src="/x.npy" kind="svd" loading="lazy"')}${element("near", 'src="/x.npy" kind="svd"')}`);
    await resultOf(tab, "near");
    assert.equal(await tab.$eval("#far", (far) => (far as HTMLElementTagNameMap["eigenscope-spectrum"]).result), null);
    await tab.evaluate(() => scrollTo(0, 5000));
    await resultOf(tab, "far");
    await tab.close();
  });
}

async function fails(t: TestContext, site: Site, tabs: Tabs): Promise<void> {
  await t.test("what fails is shown in one line and told with its code", async () => {
    const other = await startSite();
    other.pages.set("/x.npy", { body: formatNpy(X) });
    site.pages.set("/page", { body: "\n<!DOCTYPE html><p>Sign in" });
    site.pages.set("/empty", { body: "" });
    const tab = await tabs.open(site, "");
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
      [{ src: "/page", kind: "svd" }, "ERR_FORMAT", /^\/page: the server answered with an HTML page, expected/],
      [{ src: "/empty", kind: "svd" }, "ERR_FORMAT", /^\/empty: is empty/],
      [{ src: `${other.origin}/x.npy`, kind: "svd" }, "ERR_FILE", /could not be fetched .*http:\/\/127\.0\.0\.1:\d+ must send Access-Control-Allow-Origin/],
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
}

async function looks(t: TestContext, site: Site, tabs: Tabs): Promise<void> {
  await t.test("a strict policy without any style-src, and a worker of the page's own origin", async () => {
    const strict = await startSite({
      "Content-Security-Policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'",
    });
    strict.pages.set("/x.npy", { body: formatNpy(X) });
    const tab = await tabs.open(strict, element("one", 'src="/x.npy" kind="hinf" worker-url="/dist/worker.js"'));
    assert.equal((await resultOf(tab, "one")).values.length, n);
    assert.deepEqual(await tab.evaluate("violations"), []);
    assert.ok(await painted(tab, "one", [213, 94, 0]) > 50);
    await tab.close();
    await strict.close();
  });

  await t.test("Trusted Types: an engine whose worker's URL a policy of the page made", async () => {
    const trusted = await startSite({ "Content-Security-Policy": "require-trusted-types-for 'script'" });
    trusted.pages.set("/setup.js", { headers: { "Content-Type": "text/javascript" }, body: `
      import { createEngine } from "/dist/index.js";
      const policy = trustedTypes.createPolicy("eigenscope", { createScriptURL: (url) => url });
      const createWorker = (name) => new Worker(policy.createScriptURL("/dist/worker.js"), { type: "module", name });
      document.querySelector("#one").engine = await createEngine({ createWorker });` });
    const tab = await tabs.open(trusted, `${element("one", 'kind="svd"')}<script type="module" src="/setup.js"></script>`);
    await tab.$eval("#one", (one) => { (one as HTMLElementTagNameMap["eigenscope-spectrum"]).data = [[3, 0], [0, 4]]; });
    await tab.waitForFunction(() => (document.getElementById("one") as HTMLElementTagNameMap["eigenscope-spectrum"]).result, { timeout: 30_000 });
    near((await resultOf(tab, "one")).values, [4, 3]);
    assert.ok(await painted(tab, "one", [213, 94, 0]) > 50);
    await tab.close();
    await trusted.close();
  });

  await t.test("colors follow the page's color-scheme and custom properties, also later", async () => {
    const tab = await tabs.open(site, element("one", 'src="/x.npy" kind="svd"'));
    await resultOf(tab, "one");
    assert.ok(await painted(tab, "one", [213, 94, 0]) > 50);
    await tab.evaluate(() => { document.documentElement.style.colorScheme = "dark"; });
    await until(async () => await painted(tab, "one", [255, 140, 59]) > 50, "the dark color is painted");
    await tab.evaluate(() => document.querySelector<HTMLElement>("#one")!.style.setProperty("--eigenscope-line", "rgb(0, 128, 0)"));
    await until(async () => await painted(tab, "one", [0, 128, 0]) > 50, "the page's color is painted");
    await tab.close();
  });

  await t.test("it fits a narrow column, and follows its width and height", async () => {
    const tab = await tabs.open(site, element("one", 'src="/x.npy" kind="hinf" features="100"'), { width: 320 });
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
    const tab = await tabs.open(site, element("one", 'src="/x.npy" kind="hinf"'));
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
}

/** The result of an element, its numbers as plain arrays; an error of the element is one of the test. */
async function resultOf(tab: Tab, id: string, kind?: string) {
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

const textOf = (tab: Tab, id: string, selector: string) =>
  tab.$eval(`#${id}`, (one, selector) => one.shadowRoot!.querySelector(selector)!.textContent, selector);

/** How many pixels of the plot have this color. */
const painted = (tab: Tab, id: string, color: number[]) => tab.$eval(`#${id}`, (one, color) => {
  const canvas = one.shadowRoot!.querySelector("canvas");
  if (!canvas) return 0;
  const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let k = 0; k < data.length; k += 4) if (data[k + 3]! > 250 && color.every((c, i) => Math.abs(data[k + i]! - c) < 3)) count++;
  return count;
}, color);

async function until(test: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await test()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`not within 20 s: ${what}`);
}

function near(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  assert.equal(actual.length, expected.length);
  const scale = Math.max(...Array.from(expected, Math.abs));
  for (let k = 0; k < expected.length; k++) {
    assert.ok(Math.abs(actual[k]! - expected[k]!) <= 50 * Number.EPSILON * expected.length * scale, `${k}: ${actual[k]} ${expected[k]}`);
  }
}
