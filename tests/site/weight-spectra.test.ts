// The page of trained weights: its own model, models of the visitor, a large one, files that are damaged.

import assert from "node:assert/strict";
import { copyFile, mkdir, open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ElementHandle, Page } from "puppeteer-core";
import { formatSafetensors } from "../../examples/weight-spectra/safetensors.ts";
import { ROOT } from "../browser/server.ts";
import { numbers } from "../harness.ts";
import { assertCalm, assertFree, rows, testSite, text, until, type Watched } from "./site.ts";

const MODELS = join(ROOT, "node_modules/@vladmandic/face-api/model");
const FACES = "face_expression_model";

testSite("weight-spectra", async (t, { folder, visit, withoutServer }) => {
  const choose = async (page: Page, ...files: string[]) => ((await page.$("#file")) as ElementHandle<HTMLInputElement>).uploadFile(...files);
  const file = async (name: string, bytes: Uint8Array) => {
    await writeFile(join(folder, name), bytes);
    return join(folder, name);
  };

  await t.test("its own model is analysed at three times of its training", (t) => visit("weight-spectra/", async (page) => {
    await until(page, "doing", /^Done: 3 checkpoints$/);
    assert.deepEqual(await series(page), [
      ["α", "untrained", "2 epochs", "100 epochs"],
      ["layers.0.weight", "3.08", "3.04", "2.56"], ["layers.1.weight", "9.11", "3.27", "2.56"], ["layers.2.weight", "3.32", "3.33", "4.88"],
      ["metric, ln", "−11.126", "−5.1443", "−2.9486"], ["metric, log₁₀", "−4.8322", "−2.2341", "−1.2805"],
    ]);
    assert.equal(await page.$$eval("#series canvas", (all) => all.length), 2);
    const trained = await rows(page);
    assert.deepEqual(trained.map(([name]) => name), ["layers.0.weight", "layers.1.weight", "layers.2.weight"]);
    assert.deepEqual(trained.map(([, shape]) => shape), ["100×64", "80×100", "10×80"]);
    assert.match(trained[0]![3]!, /^2\.56 ± 0\.30$/);
    assert.deepEqual(trained.map((row) => row[9]), ["7", "7", "0"]);
    assert.equal(await text(page, "source"), "A network that reads digits");
    assert.match(await text(page, "metric-note"), /^mean of α·ln λₘₐₓ; with log₁₀ −\d/);
    assert.match(await text(page, "announcement"), /^Done\. 3 checkpoints; 100 epochs: 3 layers, 2 regularized · 1 not trained; universal metric −\d/);
    await page.$eval("#multiples", (multiples) => multiples.scrollIntoView());
    await page.waitForFunction(() => document.querySelectorAll("#multiples canvas").length === 3);
    assert.match(await page.$eval("#multiples figure", (figure) => figure.textContent!), /α 2\.56 ± 0\.30, only 27 in the tail.*on a test set\.$/);
    assert.match(await page.$eval("#multiples .esd", (plot) => plot.ariaLabel!), /^layers\.0\.weight: 64 eigenvalues, from .*; power law with exponent 2\.56/);
    assert.match(await text(page, "skipped-list"), /layers\.0\.bias, layers\.1\.bias, layers\.2\.bias$/);
    await assertCalm(t, page);
    await page.select("#shown", "0"); // at once
    const untrained = await rows(page);
    assert.match(untrained[0]![3]!, /^3\.08 ± /);
    assert.deepEqual(untrained.map((row) => row[9]), ["0", "0", "0"], "no spikes without training");
    assert.deepEqual(untrained.map((row) => row[10]), ["somewhat", "not trained", "somewhat"]);
    assert.match(await text(page, "announcement"), /^untrained: 3 layers, 2 somewhat · 1 not trained; /);
    await page.select("#normalize", "none"); // of the one that is shown first
    await page.waitForFunction(() => document.querySelector("#numbers td:nth-child(8)")?.textContent === "8.993"); // 100 rows
  }, { traced: true }));

  await t.test("models of others are read without the server; buttons in the table's head sort it by keyboard; CSV and PNG hold all of it", () => (
    visit("weight-spectra/", async (page) => {
      await until(page, "doing", /^Done: 3 checkpoints$/);
      await until(page, "offline", /kept/);
      const faces = join(folder, "faces");
      await mkdir(faces);
      for (const name of [`${FACES}-weights_manifest.json`, `${FACES}.bin`]) await copyFile(join(MODELS, name), join(faces, name));
      const asked: string[] = [];
      page.on("request", (request) => asked.push(request.url()));
      await withoutServer(async () => {
        await dropped(page, faces);
        await until(page, "doing", /^Done: \d+ layers$/);
        assert.equal(await text(page, "source"), "faces");
        assert.ok(await page.$eval("#series", (series) => (series as HTMLElement).hidden));
        assert.equal(await text(page, "format"), "tfjs");
        const found = await rows(page);
        assert.ok(found.length > 10, `${found.length} layers`);

        await page.focus("#heads th:nth-child(4) button");
        await page.keyboard.press("Enter");
        assert.equal(await page.$eval("#heads th:nth-child(4)", (head) => head.ariaSort), "ascending");
        const alphas = async () => (await rows(page)).map((row) => (row[3] === "–" ? NaN : parseFloat(row[3]!)));
        const sorted = (await alphas()).filter((alpha) => !Number.isNaN(alpha));
        assert.deepEqual(sorted, [...sorted].sort((a, b) => a - b));
        await page.keyboard.press("Space");
        assert.equal(await page.$eval("#heads th:nth-child(4)", (head) => head.ariaSort), "descending");
        const down = await alphas();
        assert.deepEqual(down.slice(0, sorted.length), [...sorted].reverse(), "what has no α stays last");
        assert.match(await text(page, "announcement"), /^Layers sorted by α, descending$/);
        const headings = await page.$$eval("#multiples h3", (all) => all.map((heading) => heading.textContent));
        assert.deepEqual(headings, (await rows(page)).map(([name]) => name), "spectra are in the table's order");

        const largest = async () => (await rows(page)).find(([name]) => name === "dense0/conv0/filters")![7];
        const unfolded = await largest();
        await page.select("#conv", "fft");
        await page.$eval("#input-size", (input) => {
          (input as HTMLInputElement).value = "4";
          input.dispatchEvent(new Event("input", { bubbles: true }));
        });
        await page.waitForFunction((before) => {
          const row = Array.from(document.querySelectorAll("#numbers tbody tr")).find(({ textContent }) => textContent!.startsWith("dense0/conv0/filters"));
          return row && row.children[7]!.textContent !== before;
        }, {}, unfolded);
        await page.$$eval("#multiples h3", (all) => all.find(({ textContent }) => textContent === "dense0/conv0/filters")!.scrollIntoView());
        await page.waitForFunction(() => Array.from(document.querySelectorAll("#multiples .esd")).some(({ ariaLabel }) => ariaLabel?.includes(" 48 eigenvalues"))); // 3·4·4
        await until(page, "doing", /^Done: \d+ layers$/);

        await page.click("#save-csv");
        const csv = (await saved(page)).toString().trimEnd().split("\r\n");
        assert.match(csv[0]!, /^file,layer,name,kind,shape,.*,alpha,sigma,xmin,D,nTail,lambdaMax,/);
        assert.equal(csv.length, 1 + found.length);
        assert.ok(csv.some((line) => line.includes("fc/weights")));
        await page.evaluate(() => { (window as unknown as Watched).watched.blob = undefined; });
        await page.click("#save-png");
        await page.waitForFunction(() => (window as unknown as Watched).watched.blob);
        const png = await saved(page);
        assert.equal(png.toString("latin1", 1, 4), "PNG");
        assert.ok(png.readUInt32BE(16) >= 3 * 400 && png.readUInt32BE(20) > 3 * 298, "wide and high enough for all");
        assert.deepEqual(asked.filter((url) => !url.startsWith("blob:")), [], "nothing is asked for, not even of its own server");
      });
    })));

  await t.test("a damaged file says so in one line, and what was there stays", () => visit("weight-spectra/", async (page) => {
    await until(page, "doing", /^Done: 3 checkpoints$/);
    const before = await rows(page);
    const good = await readFile(new URL("../../examples/data/digits-mlp-epoch-100.safetensors", import.meta.url));
    await choose(page, await file("cut.safetensors", good.subarray(0, 20_000)));
    await until(page, "error", /^cut\.safetensors: .*$/);
    await choose(page, await file("words.txt", Buffer.from("not a model, at all\n")));
    await until(page, "error", /^words\.txt: .*expected.*$/);
    assert.equal(await page.$$eval("#error p", (lines) => lines.length), 1);
    assert.deepEqual(await rows(page), before);
    await choose(page, await file("vector.safetensors", formatSafetensors([{ name: "bias", shape: [3], data: Float64Array.of(1, 2, 3) }], {})));
    await until(page, "doing", /^Done: 0 layers$/);
    assert.match(await text(page, "skipped-list"), /bias$/);
    assert.equal(await text(page, "error"), "");
  }));

  await t.test("checkpoints that are dropped together are a series, in the order of their numbers", () => visit("weight-spectra/", async (page) => {
    await until(page, "doing", /^Done: 3 checkpoints$/);
    const run = join(folder, "run");
    for (const [step, layers] of [[10, 14], [2, 13]] as const) {
      await mkdir(join(run, `step-${step}`), { recursive: true });
      await writeFile(join(run, `step-${step}/model.safetensors`), checkpoint(step, layers));
      await writeFile(join(run, `step-${step}/optimizer.safetensors`), checkpoint(step, 1)); // none of its own, as for the command
    }
    await dropped(page, run);
    await until(page, "doing", /^Done: 2 checkpoints$/);
    assert.equal(await text(page, "source"), "run: 2 checkpoints, step-2/model to step-10/model");
    const [heads, ...lines] = await series(page);
    assert.ok(await page.$eval("#exponents tbody th", (cell) => cell.querySelector("wbr") !== null), "long names break between their words");
    assert.deepEqual(heads, ["α", "step-2/model", "step-10/model"]);
    assert.equal(lines.length, 14 + 2);
    assert.equal(lines[13]![1], "–", "a layer that the first has not");
    assert.equal((await rows(page)).length, 14, "the last is shown");
    assert.match(await text(page, "warnings"), /optimizer\.safetensors.*: left aside/);
    // of many lines the one under the cursor has its name below them
    const { x, y, height } = await page.$eval("#alphas .u-over", (over) => {
      over.scrollIntoView({ block: "center" });
      return over.getBoundingClientRect().toJSON() as DOMRect;
    });
    for (let at = 2; at < height && !(await text(page, "alphas-readout")); at += 4) await page.mouse.move(x + 1, y + at);
    await until(page, "alphas-readout", /^step-2\/model, layer\.\d+\.weight: \d/);
    await page.click("#save-csv");
    const csv = (await saved(page)).toString().trimEnd().split("\r\n").slice(1).map((line) => line.split(",")[0]);
    assert.deepEqual(csv, [...Array(13).fill("run/step-2/model.safetensors"), ...Array(14).fill("run/step-10/model.safetensors")]);

    // one of them is damaged: what was there stays
    await choose(page, join(run, "step-2/model.safetensors"), await file("step-3.safetensors", checkpoint(3, 13).subarray(0, 9000)));
    await until(page, "error", /^step-3\.safetensors: .*$/);
    assert.deepEqual(await series(page), [heads, ...lines]);

    // two that share nothing are no series
    const other = formatSafetensors([{ name: "other", shape: [12, 12], data: numbers(144, 5) }], {});
    await choose(page, join(run, "step-2/model.safetensors"), await file("other.safetensors", other));
    await until(page, "doing", /^Done: 2 models$/);
    assert.ok(await page.$eval("#series", (series) => (series as HTMLElement).hidden));
    assert.equal(await text(page, "shown-kind"), "Model");
    assert.deepEqual(await page.$$eval("#shown option", (all) => all.map((option) => option.textContent)), ["model", "other"]);
    await page.select("#shown", "0");
    assert.equal((await rows(page)).length, 13);
    await page.click("#demo-again");
    await until(page, "doing", /^Done: 3 checkpoints$/);
    assert.equal((await series(page)).length, 6);
  }));

  await t.test("a file of 100 MB leaves the page free, plots are drawn where they are seen, and it can be stopped", (t) => (
    visit("weight-spectra/", async (page) => {
      await until(page, "doing", /^Done: 3 checkpoints$/);
      await choose(page, await largeModel(join(folder, "large.safetensors")));
      await until(page, "doing", /^\d\d layers, the last one/);
      const waited = await page.evaluate(async () => {
        const button = document.querySelector<HTMLButtonElement>("#heads button")!;
        const begun = performance.now();
        await new Promise((resolve) => setTimeout(resolve));
        button.click();
        await new Promise(requestAnimationFrame);
        return performance.now() - begun;
      });
      t.diagnostic(`a click shows after ${waited.toFixed(0)} ms`);
      await page.click("#stop");
      await until(page, "doing", /^Stopped: \d+ layers$/);
      const stopped = (await rows(page)).length;
      await page.select("#normalize", "max-dim");
      await until(page, "doing", /^Done: 82 layers$/);
      assert.ok(stopped < 82, `stopped after ${stopped} layers`);
      assert.equal((await rows(page)).length, 82);
      const drawn = () => page.$$eval("#multiples canvas", (all) => all.length);
      assert.ok((await drawn()) < 30, `${await drawn()} plots are drawn`);
      await page.$eval("#multiples figure:last-child", (figure) => figure.scrollIntoView());
      await page.waitForSelector("#multiples figure:last-child canvas");
      assert.ok((await drawn()) < 30, `${await drawn()} plots are drawn`);
      await assertFree(t, page);
    }, { traced: true })));
});

/** The cells of the table of checkpoints. */
const series = (page: Page) => page.$$eval("#exponents tr", (all) => all.map((row) => Array.from(row.children, (cell) => cell.textContent!)));

/** A model of so many layers, larger from step to step. */
const checkpoint = (step: number, layers: number) => formatSafetensors(
  Array.from({ length: layers }, (_, l) => ({ name: `layer.${l}.weight`, shape: [20, 16], data: numbers(320, 100 * step + l).map((x) => x * step) })), {},
);

/** Drops a file or a folder on the page. */
async function dropped(page: Page, path: string): Promise<void> {
  const session = await page.createCDPSession();
  const data = { items: [], files: [path], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const) await session.send("Input.dispatchDragEvent", { type, x: 200, y: 100, data });
  await session.detach();
}

/** What was saved last. */
async function saved(page: Page): Promise<Buffer> {
  return Buffer.from(await page.evaluate(async () => {
    const { blob } = (window as unknown as Watched).watched;
    const bytes = new Uint8Array(await blob!.arrayBuffer());
    return btoa(bytes.reduce((all, byte) => all + String.fromCharCode(byte), ""));
  }), "base64");
}

/** 105 MB in F32: 80 layers of 512×512, a wide one, an embedding. */
async function largeModel(path: string): Promise<string> {
  const shapes = [...Array.from({ length: 80 }, () => [512, 512]), [128, 4096], [38_000, 128]];
  const header: Record<string, unknown> = {};
  let end = 0;
  for (const [k, shape] of shapes.entries()) {
    const start = end;
    end += 4 * shape[0]! * shape[1]!;
    header[`layer${k}.weight`] = { dtype: "F32", shape, data_offsets: [start, end] };
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  // uniform numbers; layers begin at different ones
  const pool = new Float32Array(2 ** 23);
  let state = 1;
  for (let i = 0; i < pool.length; i++) pool[i] = (state = Math.imul(state, 1664525) + 1013904223 | 0) * 2 ** -31;
  const handle = await open(path, "w");
  try {
    await handle.write(length);
    await handle.write(text);
    for (const [k, [m, n]] of shapes.entries()) await handle.write(new Uint8Array(pool.buffer, 4 * 997 * k, 4 * m! * n!));
  } finally {
    await handle.close();
  }
  return path;
}
