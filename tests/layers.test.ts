// bindings/ is built in layers; each imports only from those to its left.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";

const ROOT = new URL("../bindings/", import.meta.url).pathname;

/** Layers from the ground up; a name is a folder or a file of bindings/. */
const LAYERS = [
  ["errors", "options", "optionNames", "version"],
  ["core"],
  ["linalg", "random", "io"],
  ["kernels", "networks"],
  ["hinf", "regression", "weights", "hessian"],
  ["operations", "types"],
  ["names", "rpc", "functions"],
  ["parts"],
  ["sync", "host"],
  ["worker"],
  ["crew"],
  ["calls"],
  ["engine"],
  ["plot"],
  ["element"],
  ["index"],
  ["cli"],
];

const layerOf = (path: string) => {
  const room = path.split("/")[0]!.replace(/\.ts$/, "");
  const layer = LAYERS.findIndex((rooms) => rooms.includes(room));
  assert.ok(layer >= 0, `bindings/${path} is in no layer`);
  return layer;
};

for (const file of readdirSync(ROOT, { recursive: true, encoding: "utf8" })) {
  if (!file.endsWith(".ts") || file.includes("generated")) continue;
  test(`bindings/${file} imports only from layers below it`, () => {
    const source = readFileSync(join(ROOT, file), "utf8");
    // `import type` leaves no trace in the code that ships
    for (const [, target] of source.matchAll(/^(?:import|export)\s+(?!type\b)[^;]*?from\s+"(\.[^"]+)"/gm)) {
      const path = relative(ROOT, join(ROOT, dirname(file), target!));
      assert.ok(layerOf(path) <= layerOf(file), `it imports ${path}`);
    }
  });
}
