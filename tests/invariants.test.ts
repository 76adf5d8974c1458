// What the four binaries must be: kernels without state, so that any number of instances can share
// one memory.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { exact } from "../bindings/hinf/exact.ts";
import { lambdaMin } from "../bindings/hinf/lambdaMin.ts";
import { monteCarlo } from "../bindings/hinf/monteCarlo.ts";
import { gram } from "../bindings/linalg/blas.ts";
import { eigh, eigvalsh } from "../bindings/linalg/eig.ts";
import { matrix } from "../bindings/linalg/matrix.ts";
import { numbers, testEach } from "./harness.ts";

const VARIANTS = ["base", "threads", "relaxed", "relaxed-threads"];
const SIZE_BUDGET = 208 * 1024;
const Section = { table: 4, global: 6, start: 8, element: 9, data: 11 };

/** Section id → its bytes. Format: WebAssembly core specification, §5.5. */
function sections(bytes: Uint8Array): Map<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  let at = 8;
  while (at < bytes.length) {
    const id = bytes[at++]!;
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      size |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    found.set(id, bytes.subarray(at, at + size));
    at += size;
  }
  return found;
}

/** True if every segment is active in memory 0 at a constant address. */
function segmentsAreConstant(data: Uint8Array): boolean {
  const I32_CONST = 0x41;
  let at = 0;
  const leb = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = data[at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  for (let count = leb(); count > 0; count--) {
    if (leb() !== 0 || data[at++] !== I32_CONST) return false;
    leb(); // address
    at++; // end
    const length = leb();
    at += length;
  }
  return at === data.length;
}

const binaries = VARIANTS.map((variant) => {
  const bytes = readFileSync(new URL(`../build/wasm/${variant}.wasm`, import.meta.url));
  return { variant, bytes, sections: sections(bytes) };
});

for (const { variant, bytes, sections: found } of binaries) {
  test(`${variant} has no mutable state, start function or table`, () => {
    assert.ok(!found.has(Section.global), "globals");
    assert.ok(!found.has(Section.start), "a start function");
    assert.ok(!found.has(Section.table), "a table");
    assert.ok(!found.has(Section.element), "elements");
    const data = found.get(Section.data);
    if (data) assert.ok(segmentsAreConstant(data), "data segments at constant addresses");
  });

  test(`${variant} stays within ${SIZE_BUDGET} bytes`, () => {
    assert.ok(bytes.length <= SIZE_BUDGET, `${bytes.length} bytes`);
  });

  test(`${variant} imports its memory and at most one tick`, { skip: !WebAssembly.validate(bytes) && "this Node can't compile it" }, () => {
    const imports = WebAssembly.Module.imports(new WebAssembly.Module(bytes)).map(({ module, name }) => `${module}.${name}`);
    assert.ok(imports.includes("env.memory"));
    for (const name of imports) assert.ok(["env.memory", "env.tick"].includes(name), name);
  });
}

test("the binaries export the same names, and kernels.ts declares them all", () => {
  const compiled = binaries.filter(({ bytes }) => WebAssembly.validate(bytes));
  const exported = compiled.map(({ bytes }) => WebAssembly.Module.exports(new WebAssembly.Module(bytes)).map(({ name }) => name).sort());
  for (const names of exported) assert.deepEqual(names, exported[0]);
  const source = readFileSync(new URL("../bindings/core/kernels.ts", import.meta.url), "utf8");
  const [members] = source.split("interface Kernels {")[1]!.split("\n}");
  const declared = [...members!.matchAll(/^ {2}(\w+)[(:]/gm)].map(([, name]) => name!).sort();
  assert.deepEqual(declared, exported[0]);
});

testEach("kernels leave their constant data as it was", (rt) => {
  const constants = () => new Uint8Array(rt.memory.wasm.buffer).slice(4096, rt.kernels.heap_base());
  const before = constants();
  const X = matrix(80, 9, numbers(720, 1));
  eigh(rt, exact(rt, X).matrix);
  eigvalsh(rt, gram(rt, X));
  lambdaMin(rt, X);
  monteCarlo(rt, X, { features: 500 });
  assert.deepEqual(constants(), before);
});
