// The report of trained weights and the table for spreadsheets: all that was found, nothing from the network, a browser
// that draws what is in view and sorts by the keyboard.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { layersCsv, verdictWord, weightsReport, type ReportedLayer, type ReportedModel } from "../bindings/plot/index.ts";
import { alphaLines, isSeries, shortNames } from "../bindings/plot/checkpoints.ts";
import { lawWords } from "../bindings/plot/verdicts.ts";
import { verdict } from "../bindings/weights/verdicts.ts";
import { testInChromium } from "./browser/browsers.ts";
import { uniform } from "./harness.ts";

const next = uniform(9);
const engine = { version: "0.1.0", runtime: "Node 24", variant: "relaxed-threads", threads: 2 };

/** A layer whose spectrum is Pareto's from 1 on; every seventh has no fit. */
function layer(l: number, more: Partial<ReportedLayer> = {}): ReportedLayer {
  const [rows, cols] = [60, 90];
  const exponent = 2 + (l % 4);
  const eigenvalues = Float64Array.from({ length: rows }, () => (1 - next()) ** (-1 / (exponent - 1))).sort();
  const fitted = l % 7 !== 3;
  const alpha = fitted ? exponent + 0.001 * l : null;
  const fit = fitted ? { alpha, sigma: 0.125, xmin: 1, D: 0.0625, nTail: rows, mu: 2 * (alpha! - 1) }
    : { alpha, sigma: null, xmin: null, D: null, nTail: 0, mu: null, reason: "2 distinct eigenvalues, a fit needs 3" };
  return {
    name: `block.${l}.weight`, kind: "dense", shape: [rows, cols], rows, cols, Q: 1.5, eigenvalues, lambdaMax: eigenvalues.at(-1)!, stableRank: 4.5, spikes: 3,
    mp: { lower: 1, upper: 2, bulk: 30 }, training: null, verdict: verdict(alpha), warnings: [], ...fit, ...more,
  };
}

const model = (file: string, layers: number, more: Partial<ReportedModel> = {}): ReportedModel => ({
  file, layers: Array.from({ length: layers }, (_, l) => layer(l)), universalMetric: 6.541126580, universalMetricLog10: 2.8407751793,
  skipped: [{ name: "fc.bias", reason: "a bias" }, { name: "<i>", reason: "whole numbers" }, { name: "conv.bias", reason: "a bias" }], warnings: [], ...more,
});

const attack = `</script><script>alert("1")</script>`;
const one = weightsReport([model("a.npz", 8, { layers: [...model("", 8).layers, layer(8, { name: attack, warnings: [attack] })], warnings: [attack] })], { engine, date: new Date(0) });
const series = weightsReport([1, 2, 10].map((k) => model(`run/epoch-${k}.pt`, k === 1 ? 4 : 5)), { engine, normalize: "none", conv: "slices" });
const dataOf = (html: string) => JSON.parse(/<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)![1]!);

test("the report holds all that it shows and asks for nothing else", () => {
  for (const html of [one, series]) {
    assert.doesNotMatch(html, /\b(src|srcset|action)\s*=|\bhref\s*=\s*"[^#]/i);
    assert.doesNotMatch(html, /https?:|@import|url\(|\bfetch\(|XMLHttpRequest|importScripts/);
    assert.match(html, /Content-Security-Policy" content="default-src 'none'/);
    assert.doesNotMatch(html, /undefined|NaN|\[object/);
  }
});

test("the report escapes what comes from a file", () => {
  assert.equal(one.match(/<script/g)!.length, 2);
  assert.equal(one.match(/<\/script/g)!.length, 2);
  assert.ok(one.includes("&lt;i&gt;"));
});

test("the report has every layer: its numbers, its verdict in full, its spectrum in bins", () => {
  const { panels } = dataOf(one);
  assert.equal(panels.length, 9);
  for (const panel of panels) {
    assert.equal(panel.esd.bins.counts.reduce((a: number, b: number) => a + b), 60);
    assert.ok(one.includes(`id="${panel.id}"`));
  }
  assert.equal(panels[3].esd.fit.alpha, null);
  for (const sentence of [
    "Layer 1 prediction: regularized and good performance on a test set.",
    "Layer 3 prediction: somewhat well regularized and likely has good performance on a test set.",
    "Layer 4 prediction: very likely not trained and not regularized.",
  ]) assert.ok(one.includes(sentence), sentence);
  assert.ok(one.includes("no fit: 2 distinct eigenvalues, a fit needs 3"));
  assert.ok(one.includes("6.5411") && one.includes("2.8408"));
  assert.ok(one.includes("a bias (2): fc.bias, conv.bias"));
});

test("a series: the metric and every α over the checkpoints, null where a layer is not there", () => {
  const [metric, alphas, ...esds] = dataOf(series).panels;
  assert.deepEqual(metric.lines.names, ["epoch-1", "epoch-2", "epoch-10"]);
  assert.deepEqual(metric.lines.lines[0].values, [6.541126580, 6.541126580, 6.541126580]);
  assert.equal(alphas.lines.lines.length, 5);
  assert.deepEqual(alphas.lines.lines[4].values, [null, 2.004, 2.004]);
  assert.equal(esds.length, 4 + 5 + 5);
  assert.equal(series.match(/<details class="model"/g)!.length, 3);
  assert.match(series, /Eigenvalues are σ² of each weight matrix; convolutions: slices/);
});

test("models that share no layer are no checkpoints", () => {
  const html = weightsReport([model("a.pt", 1, { layers: [layer(0, { name: "a" })] }), model("b.pt", 1, { layers: [layer(1, { name: "b" })] })], { engine });
  assert.match(html, /<strong>a, b<\/strong>\. Eigenvalues/);
  assert.doesNotMatch(html, /id="metric"|over the checkpoints/);
  assert.equal(html.match(/<details class="model" open/g)!.length, 2);
});

test("a series is one of models that each share a layer with another", () => {
  const of = (...models: string[]) => isSeries(models.map((names) => ({ layers: [...names].map((name) => ({ name, alpha: null })) })));
  for (const series of [["ab", "ab"], ["ab", "bc", "c"], ["a", "", "a"]]) assert.ok(of(...series), series.join());
  for (const others of [["ab"], ["aa"], ["aa", "b"], ["ab", "ab", "c"], ["", ""], ["a", ""], []]) assert.ok(!of(...others), others.join());
});

test("a model without a layer, and a layer without a name", () => {
  const none = weightsReport([model("x.onnx", 0, { universalMetric: null, universalMetricLog10: null })], { engine });
  assert.match(none, /No layer has a spectrum/);
  assert.doesNotMatch(none, /undefined|NaN/);
  assert.match(weightsReport([model("x", 0, { layers: [layer(0, { name: "", mp: null, spikes: null, training: "over-trained" })] })], { engine }), /\(no name\)/);
});

test("names of a series are told apart", () => {
  assert.deepEqual(shortNames(["run/a/epoch-1.pt", "run/a/epoch-2.pt"]), ["epoch-1", "epoch-2"]);
  assert.deepEqual(shortNames(["a/model.json", "b/model.json"]), ["a/model", "b/model"]);
  assert.deepEqual(shortNames(["/x/model.pt", "/x/model.onnx"]), ["model.pt", "model.onnx"]);
  assert.deepEqual(shortNames(["v1.5", "v1.6"]), ["v1.5", "v1.6"]);
  // long ones without the words that say nothing
  assert.deepEqual(shortNames(["out/checkpoint-500/model.safetensors", "out/checkpoint-1000/model.safetensors"]), ["checkpoint-500", "checkpoint-1000"]);
  assert.deepEqual(shortNames([1, 2].map((k) => `my_network_epoch_${k}-batch_0100.full.pt`)), ["1", "2"]);
  assert.deepEqual(shortNames(["a-rather-long-name.x", "a-rather-long-name-x"]), ["name.x", "name-x"]);
  assert.deepEqual(shortNames(Array(2).fill("a-rather-long-name.pt")), Array(2).fill("a-rather-long-name"));
  assert.deepEqual(alphaLines([{ layers: [{ name: "a", alpha: 1 }] }, { layers: [{ name: "b", alpha: null }, { name: "a", alpha: 2 }] }]),
    [{ label: "a", values: [1, 2] }, { label: "b", values: [null, null] }]);
});

test("the verdict in a word", () => {
  assert.deepEqual([2, 3, 3.5, 4.5, 9, null].map((alpha) => verdictWord({ alpha, verdict: verdict(alpha) })),
    ["regularized", "regularized", "somewhat", "not trained", "not trained", "no fit"]);
  assert.equal(lawWords("truncatedPowerLaw"), "truncated power law");
});

test("no replica worse is a p-value below what they can tell", () => {
  const bootstrap = { p: 0, replicas: 200, confidence: 0.95, alpha: null, xmin: null };
  const html = weightsReport([model("", 0, { layers: [layer(0, { bootstrap }), layer(1, { bootstrap: { ...bootstrap, p: 0.25 } })] })], { engine });
  assert.match(html, /<td data-sort="0">&lt;0\.005<\/td>/);
  assert.match(html, /<td data-sort="0\.25">0\.250<\/td>/);
});

/** The cells of a text as RFC 4180 has them. */
function parse(csv: string): string[][] {
  return csv.split(/\r\n(?=(?:[^"]*"[^"]*")*[^"]*$)/).slice(0, -1)
    .map((line) => [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,"]*))/g)].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain!));
}

test("the table for spreadsheets: a row a layer, quoted where it must be, all digits, empty where there is nothing", () => {
  const names = [`a "quoted", name`, "two\r\nlines", "plain"];
  const layers = names.map((name, l) => layer(l === 1 ? 3 : l, { name, warnings: ["one", "two, three"] }));
  const csv = layersCsv([{ file: "m.pt", layers }, { file: "n.pt", layers: [layer(5)] }]);
  const [header, ...rows] = parse(csv);
  assert.equal(rows.length, 4);
  const column = (name: string) => rows.map((row) => row[header!.indexOf(name)]);
  assert.ok([header!, ...rows].every((row) => row.length === header!.length));
  assert.deepEqual(column("file"), ["m.pt", "m.pt", "m.pt", "n.pt"]);
  assert.deepEqual(column("layer"), ["1", "2", "3", "1"]);
  assert.deepEqual(column("name"), [...names, "block.5.weight"]);
  assert.deepEqual(column("alpha"), ["2", "", "4.002", "3.005"]);
  assert.deepEqual(column("lambdaMax").map(Number), [...layers.map(({ lambdaMax }) => lambdaMax), Number(column("lambdaMax")[3])]);
  assert.deepEqual(column("warnings").slice(0, 3), Array(3).fill("one; two, three"));
  assert.deepEqual(column("shape"), Array(4).fill("60x90"));
  assert.doesNotMatch(csv, /null|undefined|NaN/);
  assert.match(layersCsv([{ file: "m.pt", layers: [layer(0, { name: "=HYPERLINK(A1)" })] }]), /,'=HYPERLINK\(A1\),/);
});

testInChromium("a browser draws what is in view, sorts by the keyboard, and nothing overflows on a phone", async (_, browser) => {
  const folder = await mkdtemp(join(tmpdir(), "eigenscope-report-"));
  const page = await browser.puppeteer.newPage();
  try {
    const failed: unknown[] = [];
    page.on("pageerror", (error) => failed.push(error));
    page.on("request", (request) => { if (!request.url().startsWith("file:")) failed.push(request.url()); });
    const file = join(folder, "many.html");
    await writeFile(file, weightsReport([model("many.safetensors", 200)], { engine }));
    await page.setViewport({ width: 1200, height: 800 });
    await page.goto(pathToFileURL(file).href);
    const canvases = () => page.evaluate("document.querySelectorAll('.esd canvas').length") as Promise<number>;
    // the table alone is longer than the window
    assert.equal(await canvases(), 0);
    await page.evaluate("document.getElementById('layer-0-100').scrollIntoView()");
    await page.waitForSelector("#layer-0-100 canvas");
    assert.ok(await canvases() < 40, `${await canvases()}`);
    await page.evaluate("scrollTo(0, 0)");
    await page.waitForFunction("document.querySelectorAll('.esd canvas').length === 0");

    const names = () => page.$$eval(".layers tbody th", (cells) => cells.map((cell) => cell.textContent!));
    const alphas = () => page.$$eval(".layers tbody tr", (rows) => rows.map((row) => row.cells[3]!.textContent!));
    const given = await names();
    await page.focus(".layers thead th:nth-child(4) button");
    await page.keyboard.press("Enter");
    const numbers = (await alphas()).filter((cell) => cell !== "–").map(Number);
    assert.deepEqual(numbers, [...numbers].sort((a, b) => a - b));
    assert.equal((await alphas()).at(-1), "–");
    assert.equal(await page.$eval("[aria-sort]", (head) => head.getAttribute("aria-sort")), "ascending");
    await page.keyboard.press("Space");
    assert.deepEqual((await alphas()).slice(0, numbers.length).map(Number), numbers.reverse());
    assert.equal((await alphas()).at(-1), "–");
    await page.focus(".layers thead th:first-child button");
    await page.keyboard.press("Enter");
    // by number, as they were given
    assert.deepEqual(await names(), given);

    await writeFile(file, series);
    for (const width of [360, 1200]) {
      await page.setViewport({ width, height: 800 });
      await page.goto(pathToFileURL(file).href);
      assert.equal(await page.evaluate("document.querySelectorAll('#metric canvas, #alphas canvas').length"), 2);
      assert.ok(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"));
    }
    // a section that was closed draws when it opens
    await page.evaluate("document.querySelector('details.model').open = true; document.getElementById('layer-0-0').scrollIntoView()");
    await page.waitForSelector("#layer-0-0 canvas");
    assert.deepEqual(failed, []);
  } finally {
    await page.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
});
