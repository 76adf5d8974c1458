// RandomState without wasm, against NumPy (tests/fixtures/make_random_state.py).

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { OptionError } from "../bindings/errors.ts";
import { RandomState } from "../bindings/io/index.ts";

type Call = [method: string, ...args: never[]];
const fixture = JSON.parse(readFileSync(new URL("fixtures/random_state.json", import.meta.url), "utf8")) as {
  calls: Call[];
  seeds: { seed: number; draws: (number[] | string)[] }[];
};

function draw(random: RandomState, [method, ...args]: Call): Float64Array {
  const drawn = (random as never as Record<string, (...args: unknown[]) => ArrayLike<number> | number | undefined>)[method]!(...args);
  return Float64Array.from(typeof drawn === "number" ? [drawn] : (drawn ?? []));
}

test("every kind of draw gives NumPy's numbers, in one stream", () => {
  for (const { seed, draws } of fixture.seeds) {
    const random = new RandomState(seed);
    fixture.calls.forEach((call, k) => {
      const where = `seed ${seed}, call ${k}, ${call[0]}`;
      const drawn = draw(random, structuredClone(call));
      const expected = draws[k]!;
      if (typeof expected === "string") {
        assert.equal(createHash("sha256").update(new Uint8Array(drawn.buffer)).digest("hex"), expected, where);
      } else if (call[0] === "randn") {
        assert.equal(drawn.length, expected.length);
        drawn.forEach((x, i) => assert.ok(Math.abs(x - expected[i]!) <= 1e-15 * Math.abs(x), `${where}: ${x}, expected ${expected[i]}`));
      } else {
        assert.deepEqual([...drawn], expected, where);
      }
    });
  }
});

test("shuffle moves whole items of any array", () => {
  const rows = [[1], [2], [3], [4], [5], [6], [7], [8]];
  const order = new RandomState(3).permutation(8);
  assert.deepEqual(new RandomState(3).shuffle(rows.slice()), [...order].map((i) => rows[i]));
});

test("seeds, counts and bounds out of range are refused, each with what was expected", () => {
  const refused = (run: () => unknown, message: RegExp) =>
    assert.throws(run, (error: Error) => error instanceof OptionError && message.test(error.message) && !error.message.includes("\n"));
  for (const seed of [-1, 2 ** 32, 0.5, NaN, "0", undefined]) refused(() => new RandomState(seed as number), /^RandomState: seed is .*2³² − 1$/);
  const random = new RandomState(0);
  for (const n of [-1, 0.5, 2 ** 29, NaN, "3", undefined] as number[]) {
    refused(() => random.random(n), /^RandomState\.random: n is /);
    refused(() => random.uniform(0, 1, n), /^RandomState\.random: n is /);
    refused(() => random.randn(n), /^RandomState\.randn: n is /);
    refused(() => random.randint(0, 10, n), /^RandomState\.randint: n is /);
    refused(() => random.permutation(n), /^RandomState\.permutation: n is /);
    refused(() => random.choice(n, 1), /^RandomState\.choice: n is /);
    refused(() => random.choice(5, n), /^RandomState\.choice: k is /);
  }
  refused(() => random.choice(3, 4), /^RandomState\.choice: k is 4 of n = 3/);
  refused(() => random.randint(3, 3, 1), /^RandomState\.randint: from 3 to 3, expected/);
  refused(() => random.randint(0, 2 ** 31 + 1, 1), /^RandomState\.randint: from 0/);
  refused(() => random.randint(0.5, 3, 1), /^RandomState\.randint: from 0\.5/);
  refused(() => random.uniform(0, Infinity, 1), /^RandomState\.uniform: from 0 to Infinity/);
});
