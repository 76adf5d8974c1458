// <eigenscope-spectrum> shows the right numbers.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createCore } from "../../bindings/sync.ts";
import { parseMatrix } from "../../bindings/io/index.ts";
import { columns, normalizeRows } from "../../bindings/linalg/rows.ts";
import { testInChromium, testInFirefox } from "../browser/browsers.ts";
import { element, elementSite, n, near, openPage, painted, resultOf, until, X } from "./tools.ts";

const la = await createCore();

testInChromium("the element's numbers", async (t, browser) => {
  const site = await elementSite();
  t.after(site.close);

  await t.test("every kind gives the numbers of its matrix", async () => {
    const tab = await openPage(browser, site, [
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
    const tab = await openPage(browser, site, element("digits", 'src="/examples/data/digits.csv.gz" columns=":-1" rows=":300" kind="hinf" unit-rows'));
    const digits = (await parseMatrix(await readFile(new URL("../../examples/data/digits.csv.gz", import.meta.url)))).matrix;
    const first = normalizeRows({ data: columns(digits, 0, -1).data.slice(0, 300 * 64), rows: 300, cols: 64 });
    const { lower, upper } = la.hinf.lambdaMin(first);
    const { certificate } = await resultOf(tab, "digits");
    assert.ok(certificate.lower <= upper && certificate.upper >= lower);
    await tab.close();
  });

  await t.test("elements share one engine, which ends when they are gone", async () => {
    const tab = await openPage(browser, site, element("a", 'src="/x.npy" kind="svd" threads="1"') + element("b", 'src="/x.npy" kind="gram" threads="1"'));
    await resultOf(tab, "a");
    await resultOf(tab, "b");
    assert.equal(tab.workers().length, 1);
    await tab.evaluate(() => document.body.replaceChildren());
    await until(() => tab.workers().length === 0, "the worker ends");
    await tab.close();
  });
});

testInFirefox("the element's numbers in Firefox", async (t, browser) => {
  const site = await elementSite();
  t.after(site.close);
  const tab = await openPage(browser, site, element("hinf", 'src="/x.npy" kind="hinf"'));
  const { lower, upper } = la.hinf.lambdaMin(X);
  const { certificate } = await resultOf(tab, "hinf");
  assert.ok(certificate.lower <= upper && certificate.upper >= lower);
  assert.ok(await painted(tab, "hinf", [213, 94, 0]) > 50);
  await tab.close();
});
