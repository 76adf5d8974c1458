// The model that comes with the pages: what its file says of it is true.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { columns, decodeTensor, parseMatrix, parseSafetensors, takeRows, trainTestSplit } from "../bindings/io/index.ts";
import { half } from "../examples/weight-spectra/safetensors.ts";

const data = (name: string) => readFile(new URL(`../examples/data/${name}`, import.meta.url));

test("half rounds to the nearest binary16, ties to even", () => {
  const value = (bits: number) => decodeTensor({ shape: [1], dtype: "f16", bytes: Uint8Array.of(bits & 255, bits >> 8) })[0]!;
  for (let bits = 0; bits < 65536; bits++) {
    const x = value(bits);
    if (Number.isNaN(x)) continue;
    assert.equal(half(x), bits);
    const next = value(bits + 1);
    if ((bits & 0x7fff) >= 0x7bff || !Number.isFinite(next)) continue;
    const middle = (x + next) / 2;
    assert.equal(half(middle), bits + (bits & 1));
    assert.equal(half(middle + (x - middle) / 8), bits);
    assert.equal(half(middle + (next - middle) / 8), bits + 1);
  }
  assert.deepEqual([half(65519), half(65520), half(-Infinity), half(NaN)], [0x7bff, 0x7c00, 0xfc00, 0x7e00]);
});

test("the trained digits model classifies as well as its attribution says", async () => {
  const { matrix } = await parseMatrix(await data("digits.csv.gz"));
  const { test: rows } = trainTestSplit(matrix.rows, { testSize: 297, randomState: 0 });
  const X = takeRows(columns(matrix, 0, -1), rows);
  for (const [epoch, expected] of [["000", 10.4], ["002", 95.6], ["100", 98.3]] as const) {
    const { tensors } = await parseSafetensors(await data(`digits-mlp-epoch-${epoch}.safetensors`));
    const numbers = new Map(await Promise.all(tensors.map(async (tensor) => [tensor.name, await tensor.data()] as const)));
    let right = 0;
    for (let i = 0; i < rows.length; i++) {
      let x = Array.from(X.data.subarray(64 * i, 64 * i + 64), (pixel) => pixel / 16);
      for (let l = 0; l < 3; l++) {
        const [W, b] = [numbers.get(`layers.${l}.weight`)!, numbers.get(`layers.${l}.bias`)!];
        const y = Array.from(b, (bias, o) => x.reduce((sum, a, k) => sum + a * W[o * x.length + k]!, bias));
        x = l < 2 ? y.map((a) => Math.max(0, a)) : y;
      }
      if (x.indexOf(Math.max(...x)) === matrix.data[65 * rows[i]! + 64]) right++;
    }
    assert.equal(((100 * right) / rows.length).toFixed(1), expected.toFixed(1));
  }
});
