// The report and the plots: numbers rounded to the safe side, nothing from the network, drawn by a real browser.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { hinfReport, spectrumPlot, type HinfSpectra, type HinfSummary } from "../bindings/plot/index.ts";
import { digitsFor, roundDown, roundUp, significant, superscript, typeset } from "../bindings/plot/numbers.ts";
import { uniform } from "./harness.ts";

const n = 300;
/** A falling spectrum; the data's ends in round-off of both signs. */
const falling = (scale: number) => Float64Array.from({ length: n }, (_, k) => scale * Math.exp(-k / 40));
const spectra: HinfSpectra = {
  gram: falling(100).map((value, k) => (k < 8 ? value : (k % 2 ? -1 : 1) * 1e-14)),
  exact: falling(50),
  monteCarlo: [falling(49), falling(50.5)],
};
const summary: HinfSummary = {
  data: { rows: n, cols: 8, source: `</script><script>alert("1")</script> & "more"` },
  engine: { version: "0.1.0", runtime: "Node 24", variant: "relaxed-threads", threads: 2 },
  gram: { lambdaMin: -1e-14, lambdaMax: 100, rank: 8 },
  exact: { lambdaMin: 0.0134605015, lambdaMax: 50, lowerBound: 0.01346050081, upperBound: 0.01346050229, seconds: { matrix: 0.04, spectrum: 0.3, certificate: 0.2 } },
  monteCarlo: [
    { features: 1000, seed: 7, lambdaMin: 0.003, lambdaMax: 49, upperConfidence: 0.01612345678, seconds: { matrix: 0.02, spectrum: 0.3 } },
    { features: 10000, seed: 7, lambdaMin: 0.011, lambdaMax: 50.5, upperConfidence: 0.0135, seconds: { matrix: 0.2, spectrum: 0.3 } },
  ],
  warnings: ["row 3 is <zero>"],
};
const html = hinfReport(summary, spectra, { date: new Date(0) });

test("roundDown and roundUp enclose, and are tight", () => {
  const next = uniform(11);
  for (let k = 0; k < 3000; k++) {
    const x = (k % 2 ? -1 : 1) * (0.5 + next()) * 10 ** Math.floor(20 * next() - 10);
    const digits = 1 + (k % 14);
    const [down, up] = [roundDown(x, digits), roundUp(x, digits)];
    assert.ok(Number(down) <= x && x <= Number(up), `${down} ${x} ${up}`);
    assert.ok(Number(up) - Number(down) <= Math.abs(x) * 10 ** (1 - digits) * 1.0000001 + 1e-15 * Math.abs(x));
    // as many digits as were asked for
    assert.equal(Number(Number(down).toPrecision(digits)), Number(down));
  }
  assert.deepEqual([roundDown(0, 3), roundUp(0, 3), roundUp(-0.5, 1), roundDown(0.25, 3)], ["0.00", "0.00", "-0.5", "0.250"]);
});

test("numbers are set for reading", () => {
  assert.equal(superscript(-12), "⁻¹²");
  assert.equal(significant(0.01346050157, 6), "0.0134605");
  assert.equal(significant(-2.796e-13, 4), "−2.796×10⁻¹³");
  assert.equal(significant(0.000012, 2), "1.2×10⁻⁵");
  assert.equal(typeset("0.0000100"), "1.00×10⁻⁵");
  assert.equal(significant(0, 3), "0.00");
  assert.equal(digitsFor(0.0134605008, 0.0134605023), 9);
  assert.equal(digitsFor(0, 0), 9);
});

test("spectrumPlot labels its axis with the numbers that stand there", () => {
  const { values } = spectrumPlot([{ label: "a", values: [1] }]).options.axes![1]!;
  const texts = (ticks: number[]) => (values as (u: unknown, ticks: number[]) => string[])(undefined, ticks);
  assert.deepEqual(texts([1e-3, 0.1, 1, 20, 100, 1000, 10000]), ["0.001", "0.1", "1", "20", "100", "1000", "10000"]);
  assert.deepEqual(texts([-0.5, 0, 0.25]), ["−0.5", "0", "0.25"]);
  assert.deepEqual(texts([1e-7, 2.5e-7, 1e5]), ["10⁻⁷", "2.5×10⁻⁷", "10⁵"]);
});

test("spectrumPlot sorts downwards, leaves out what is not positive, does not change its input", () => {
  const values = Float64Array.from([1, 3, -1, 0, 2]);
  const { options, data } = spectrumPlot([{ label: "a", values }, { label: "b", values: [5] }], { sync: "key" });
  assert.deepEqual(data, [[1, 2, 3, 4, 5], [3, 2, 1, null, null], [5, null, null, null, null]]);
  assert.deepEqual([...values], [1, 3, -1, 0, 2]);
  assert.deepEqual(options.series.map(({ label }) => label), ["Rank", "a", "b"]);
  assert.equal(options.scales!.y!.distr, 3);
  assert.equal(options.cursor!.sync!.key, "key");
});

test("the report holds all that it shows and asks for nothing else", () => {
  assert.doesNotMatch(html, /\b(src|href|srcset|action)\s*=/i);
  assert.doesNotMatch(html, /https?:|@import|url\(|\bfetch\(|XMLHttpRequest|importScripts/);
  assert.match(html, /Content-Security-Policy" content="default-src 'none'/);
  assert.ok(html.length < 120_000, `${html.length} characters`);
});

test("the report escapes what comes from outside", () => {
  assert.equal(html.match(/<script/g)!.length, 2);
  assert.equal(html.match(/<\/script/g)!.length, 2);
  assert.ok(html.includes("&lt;/script&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp;"));
  assert.ok(html.includes("row 3 is &lt;zero&gt;"));
});

test("the report's data are all spectra", () => {
  const { ranks, panels } = JSON.parse(/<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)![1]!);
  assert.equal(ranks, n);
  assert.deepEqual(panels.map((panel: { spectra: { label: string }[] }) => panel.spectra.map(({ label }) => label)), [
    ["X Xᵀ"],
    ["1,000 neurons", "10,000 neurons", "closed form"],
  ]);
  for (const [k, value] of Array.from(spectra.exact).entries()) {
    assert.ok(Math.abs(panels[1].spectra[2].values[k] - value) <= 1e-6 * value);
  }
});

test("the report's numbers: bounds outward, limits upward", () => {
  assert.ok(html.includes("0.0134605008 ≤ λ<sub>min</sub></span> <span class=\"number\">≤ 0.0134605023"));
  assert.ok(html.includes("0.016124 <small>(95 %)"));
  assert.ok(html.includes("round-off: the rank is 8"));
  assert.ok(html.includes("1970-01-01 00:00 UTC"));
});

test("a report of the closed form alone, of one row", () => {
  const one = hinfReport({ ...summary, data: { rows: 1, cols: 3, source: "x" }, monteCarlo: [], warnings: [] }, { gram: [1], exact: [0.5], monteCarlo: [] });
  assert.match(one, /none in this run/);
  assert.doesNotMatch(one, /undefined|NaN/);
});

const browser = [process.env["CHROMIUM"], "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => path && existsSync(path));
test("a browser draws the report from disk, without a network", { skip: browser ? false : "no Chromium here" }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "eigenscope-report-"));
  try {
    const file = join(folder, "report.html");
    // an uncaught error would leave its mark in the title
    await writeFile(file, html.replace("<head>", `<head><script>addEventListener("error", (e) => document.title = "failed: " + e.message)</script>`));
    const flags = ["--headless", "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-gpu", `--user-data-dir=${join(folder, "profile")}`, "--host-resolver-rules=MAP * ~NOTFOUND"];
    const { stdout } = await promisify(execFile)(browser!, [...flags, "--virtual-time-budget=2000", "--dump-dom", pathToFileURL(file).href], { maxBuffer: 1 << 26 });
    assert.equal(stdout.match(/<canvas/g)?.length, 2);
    assert.equal(stdout.match(/class="u-series"/g)?.length, 2 + 4);
    assert.match(stdout, /<title>Spectrum of H∞/);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
});
