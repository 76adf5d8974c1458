// The packed package in the hands of bundlers and without one: every build is free of warnings, opens in
// Chromium and computes a right spectrum.

import assert from "node:assert/strict";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { testInChromium } from "../browser/browsers.ts";
import { CI } from "../browser/programs.ts";
import { serve } from "../browser/server.ts";
import { bundlers, VITE_WAYS, viteServer } from "./bundlers.ts";
import {
  APP, HOME, installBundlers, ISOLATED, makeApp, outcomeOf, pack, PACKAGE, page, POLICY, STRICT, type Outcome,
} from "./tools.ts";

/** The spectrum lies in [0, 4]; the pages measure the largest error of 64 eigenvalues. */
const TOLERANCE = 4 * 64 * Number.EPSILON;
/** What an app pays that only reads tables, gzipped: about half of it is what fflate and protobuf make when they are loaded. */
const IO_BUDGET = 7_000;

function assertRight({ error, info }: Outcome, isolated: boolean): void {
  assert.ok(error < TOLERANCE, `the largest error is ${error}`);
  assert.equal(/threads/.test(info.variant), isolated, info.reason);
}

testInChromium("the packed package", async (t, { puppeteer: browser }) => {
  try {
    await installBundlers();
  } catch (error) {
    if (CI) throw error;
    return t.skip(`the bundlers can't be installed: ${/npm error .*/.exec((error as Error).message)?.[0] ?? (error as Error).message}`);
  }
  await makeApp(await pack(HOME));

  for (const { name, ways, build, tag } of bundlers) {
    await t.test(name, async (t) => {
      const out = join(HOME, "out", name.replaceAll(/\W+/g, "-"));
      await rm(out, { recursive: true, force: true });
      await t.test("builds without a warning", async () => assert.deepEqual(await build(ways, out), []));
      const pages = tag && Object.fromEntries(ways.map((way) => [`/${way}.html`, { body: page(tag(way)) }]));
      for (const way of ways) {
        const inlined = ["inlined", "doors", "own-worker"].includes(way);
        await t.test(`${way}.js computes a right spectrum${inlined ? "" : " under a strict policy"}`, async () => {
          const site = await serve({
            folders: [["/", out], ["/", join(APP, "public")]], headers: inlined ? POLICY : { ...STRICT, ...ISOLATED }, pages,
          });
          try {
            assertRight(await outcomeOf(browser, `${site.origin}/${way}.html`), !inlined);
          } finally {
            await site.close();
          }
        });
      }
      await t.test("leaves the engine out of what reads files only", async () => {
        const alone = `${out}-io`;
        await rm(alone, { recursive: true, force: true });
        assert.deepEqual(await build(["io-only"], alone), []);
        const scripts = (await readdir(alone, { recursive: true })).filter((file) => file.endsWith(".js") && !file.startsWith("eigenscope"));
        const texts = await Promise.all(scripts.map((file) => readFile(join(alone, file))));
        const size = gzipSync(Buffer.concat(texts)).length;
        assert.ok(size < IO_BUDGET, `${size} bytes in ${scripts.join(", ")}`);
      });
    });
  }

  for (const [name, specifier] of [["Vite 8", "vite"], ["Vite 7", "vite-7"]] as const) {
    await t.test(`${name}, development server`, async (t) => {
      const cache = join(HOME, "out", `${specifier}-cache`);
      await rm(cache, { recursive: true, force: true });
      const site = await viteServer(specifier, cache);
      try {
        for (const way of VITE_WAYS) {
          await t.test(`${way}.js computes a right spectrum`, async () => {
            assertRight(await outcomeOf(browser, `${site.origin}/${way}.html`), false);
          });
        }
        assert.deepEqual(site.warnings, []);
      } finally {
        await site.close();
      }
    });
  }

  const pages = (specifier: string, importing = "") => ({ "/page.html": { body: page(`${importing}<script type="module">
    import { createEngine } from "${specifier}";
    const es = await createEngine();
    const values = await es.linalg.eigvalsh([[2, -1, 0], [-1, 2, -1], [0, -1, 2]]);
    globalThis.outcome = { error: Math.max(...[-1, 0, 1].map((k, i) => Math.abs(values[i] - 2 - k * Math.SQRT2))), info: es.info };
  </script>`) } });

  await t.test("from a CDN's origin, to a page with and without isolation", async () => {
    const cdn = await serve({
      folders: [["/", PACKAGE]], headers: { "Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin" },
    });
    const page = { pages: pages(`${cdn.origin}/dist/index.js`) };
    const plain = await serve(page);
    const isolated = await serve({ ...page, headers: ISOLATED });
    try {
      assertRight(await outcomeOf(browser, `${plain.origin}/page.html`), false);
      assertRight(await outcomeOf(browser, `${isolated.origin}/page.html`), true);
    } finally {
      for (const site of [cdn, plain, isolated]) await site.close();
    }
  });

  await t.test("by an import map", async () => {
    const imports = { eigenscope: "/node_modules/eigenscope/dist/index.js" };
    const content = pages("eigenscope", `<script type="importmap">${JSON.stringify({ imports })}</script>`);
    const site = await serve({ folders: [["/", APP]], pages: content });
    try {
      assertRight(await outcomeOf(browser, `${site.origin}/page.html`), false);
    } finally {
      await site.close();
    }
  });
});
