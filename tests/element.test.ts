// <eigenscope-spectrum> where there is no page. In pages: tests/element/.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CapabilityError } from "../bindings/errors.ts";
import { withEngine } from "../bindings/element/engines.ts";
import { readSettings, readSurroundings } from "../bindings/element/settings.ts";

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
