// What the documents say to paste: its TypeScript is of the right types. Its pages: tests/element/documents.test.ts.

import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";
import ts from "typescript";
import { SpectrumElement } from "../bindings/element/index.ts";
import { blocksIn, PAGES, ROOT, textOf, version } from "./documents.ts";

/** What a reader has at hand where a block begins. */
const GIVEN = `
declare const es: import("eigenscope").Engine;
declare const la: import("eigenscope/core").Core;
declare const A: import("eigenscope").Matrix;
declare const B: import("eigenscope").Matrix;
declare const X: import("eigenscope").Matrix;
declare const Y: import("eigenscope").Matrix;
declare const X2: import("eigenscope").Matrix;
declare const n: number;
declare const hessianTimes: (V: import("eigenscope").Matrix) => import("eigenscope").Matrix;
declare const signal: AbortSignal;
declare const onProgress: (progress: import("eigenscope").Progress) => void;
`;

test("the TypeScript of README.md and docs/ has the types of the built package", () => {
  const folder = fileURLToPath(new URL("build/blocks", ROOT));
  after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(folder, { recursive: true });
  const given = join(folder, "given.d.ts");
  writeFileSync(given, GIVEN);
  const files = blocksIn("ts").map(({ code }, k) => {
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
    `${blocksIn("ts")[files.indexOf(file?.fileName ?? "")]?.at ?? file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`);
  assert.deepEqual(wrong, []);
});

test("the JavaScript of docs/ is JavaScript", async () => {
  for (const { at, code } of blocksIn("js", "jsx")) {
    await assert.doesNotReject(transform(code, { loader: "jsx", format: "esm" }), at);
  }
});

test("documents and pages name this version", () => {
  const texts = [...PAGES, "README.md", "docs/embedding.md", "docs/bundlers.md"].map(textOf);
  const named = texts.flatMap((text) => [...text.matchAll(/eigenscope@([^/\s"`]+)/g)].map(([, named]) => named));
  assert.deepEqual([...new Set(named)], [version]);
});

test("every attribute and event of the element is in docs/embedding.md", () => {
  const text = textOf("docs/embedding.md");
  const events = ["progress", "result", "error"].map((name) => `eigenscope-${name}`);
  for (const name of [...SpectrumElement.observedAttributes, ...events]) assert.ok(text.includes(`\`${name}\``), name);
});
