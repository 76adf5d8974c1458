// What the documents say to paste works: their TypeScript is of the right types, their pages compute.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";
import ts from "typescript";
import { SpectrumElement } from "../bindings/element/index.ts";
import { findProgram, testWith } from "./browser/programs.ts";
import { openTabs } from "./element/browser.ts";
import { startSite } from "./element/server.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
const CDN = "https://cdn.jsdelivr.net/npm/";
const PAGES = ["examples/embed/embed.html", "examples/embed/element.html"];

interface Block {
  /** e.g. "README.md:41" */
  at: string;
  language: string;
  code: string;
}

const blocks = ["README.md", "docs/embedding.md"].flatMap((file): Block[] => {
  const text = readFileSync(join(ROOT, file), "utf8");
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(({ 1: language, 2: code, index }) => ({
    at: `${file}:${text.slice(0, index).split("\n").length}`, language: language!, code: code!,
  }));
});
const of = (...languages: string[]) => blocks.filter(({ language }) => languages.includes(language));

/** What a reader has at hand where a block begins. */
const GIVEN = `
declare const es: import("eigenscope").Engine;
declare const la: import("eigenscope/core").Core;
declare const A: import("eigenscope").Matrix;
declare const B: import("eigenscope").Matrix;
declare const X: import("eigenscope").Matrix;
declare const n: number;
declare const hessianTimes: (V: import("eigenscope").Matrix) => import("eigenscope").Matrix;
declare const signal: AbortSignal;
declare const onProgress: (progress: import("eigenscope").Progress) => void;
`;

test("the TypeScript of README.md and docs/embedding.md has the types of the built package", () => {
  const folder = join(ROOT, "build/blocks");
  after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(folder, { recursive: true });
  const given = join(folder, "given.d.ts");
  writeFileSync(given, GIVEN);
  const files = of("ts").map(({ code }, k) => {
    const file = join(folder, `block-${k}.ts`);
    writeFileSync(file, `${code}\nexport {};\n`);
    return file;
  });
  assert.ok(files.length >= 4);
  const program = ts.createProgram([given, ...files], {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
    types: [],
    strict: true,
    noEmit: true,
  });
  const wrong = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) =>
    `${of("ts")[files.indexOf(file?.fileName ?? "")]?.at ?? file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`);
  assert.deepEqual(wrong, []);
});

test("the JavaScript of docs/embedding.md is JavaScript", async () => {
  for (const { at, code } of of("js", "jsx")) {
    await assert.doesNotReject(transform(code, { loader: "jsx", format: "esm" }), at);
  }
});

test("documents and pages name this version", () => {
  const texts = [...PAGES, "README.md", "docs/embedding.md", "docs/bundlers.md"].map((file) => readFileSync(join(ROOT, file), "utf8"));
  const named = texts.flatMap((text) => [...text.matchAll(/eigenscope@([^/\s"`]+)/g)].map(([, named]) => named));
  assert.deepEqual([...new Set(named)], [version]);
});

test("every attribute and event of the element is in docs/embedding.md", () => {
  const text = readFileSync(join(ROOT, "docs/embedding.md"), "utf8");
  const events = ["progress", "result", "error"].map((name) => `eigenscope-${name}`);
  for (const name of [...SpectrumElement.observedAttributes, ...events]) assert.ok(text.includes(`\`${name}\``), name);
});

testWith("pages as documented, in Chromium", findProgram("CHROMIUM", ["chromium", "chromium-browser", "google-chrome"]), process.env.CI === "true", async (t, path) => {
  const site = await startSite();
  const tabs = await openTabs("chrome", path);
  site.pages.set("/data.csv", { body: "3,4,0\n1,0,2\n0,2,1\n", headers: { "Content-Type": "text/csv" } });
  const pages = [
    ...of("html").map(({ at, code }) => ({ at, code })),
    ...await Promise.all(PAGES.map(async (page) => ({ at: page, code: await readFile(join(ROOT, page), "utf8") }))),
  ];
  try {
    for (const { at, code } of pages) {
      await t.test(at, async () => {
        const wrong: string[] = [];
        const said: string[] = [];
        const tab = await tabs.open(site, "", { module: false });
        tab.on("pageerror", (error) => wrong.push(String(error)));
        tab.on("requestfailed", (request) => wrong.push(request.url()));
        tab.on("console", (message) => said.push(message.text()));
        await tab.setRequestInterception(true);
        tab.on("request", async (request) => {
          if (!request.url().startsWith(`${CDN}eigenscope@${version}/`)) return request.continue();
          const file = request.url().slice(`${CDN}eigenscope@${version}/`.length);
          const type = file.endsWith(".js") ? "text/javascript" : "application/octet-stream";
          await request.respond({ contentType: type, headers: { "Access-Control-Allow-Origin": "*" }, body: await readFile(join(ROOT, file)) });
        });
        site.pages.set("/page.html", { body: `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">${code}` });
        await tab.goto(`${site.origin}/page.html`);
        const prints = code.includes("console.log");
        await tab.waitForFunction((printed) => {
          for (const one of Array.from(document.querySelectorAll("eigenscope-spectrum"))) {
            const failed = one.shadowRoot?.querySelector(".error")?.textContent;
            if (failed) throw new Error(failed);
            one.removeAttribute("loading");
            if (!one.result) return false;
          }
          return document.querySelector("#answer")?.textContent !== "computing…" && printed;
        }, { timeout: 60_000, polling: 100 }, !prints || await until(() => said.length > 0));
        assert.deepEqual(wrong, []);
        await tab.close();
      });
    }
  } finally {
    await tabs.close();
    await site.close();
  }
});

async function until(test: () => boolean): Promise<boolean> {
  for (let tries = 0; tries < 300 && !test(); tries++) await new Promise((resolve) => setTimeout(resolve, 100));
  return test();
}
