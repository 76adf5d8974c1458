// NumPy's legacy generator against NumPy (tests/fixtures/make_random.py).

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createRuntime } from "../bindings/core/create.ts";
import { OptionError } from "../bindings/errors.ts";
import { randomState } from "../bindings/random/randomState.ts";
import { testEach } from "./harness.ts";

type Name = "random" | "randn";
const fixture = JSON.parse(readFileSync(new URL("fixtures/random.json", import.meta.url), "utf8")) as {
  calls: [Name, number][];
  seeds: { seed: number; sha256: string; inTurn: number[][] }[];
};
const bytes = readFileSync(new URL("fixtures/random.f64", import.meta.url));
const normals = Float64Array.from({ length: bytes.length / 8 }, (_, i) => bytes.readDoubleLE(8 * i));

function near(actual: number, expected: number, where: string) {
  assert.ok(Math.abs(actual - expected) <= 1e-15 * Math.abs(expected), `${where}: ${actual}, expected ${expected}`);
}

testEach("random draws NumPy's doubles bit for bit", (rt) => {
  for (const { seed, sha256 } of fixture.seeds) {
    const drawn = randomState(rt, seed).random(10_000);
    assert.equal(createHash("sha256").update(new Uint8Array(drawn.buffer)).digest("hex"), sha256, `seed ${seed}`);
  }
});

testEach("randn draws NumPy's normals to 1e-15", (rt) => {
  const each = normals.length / fixture.seeds.length;
  fixture.seeds.forEach(({ seed }, s) => {
    const drawn = randomState(rt, seed).randn(100_003);
    for (let i = 0; i < each; i++) near(drawn[97 * i]!, normals[s * each + i]!, `seed ${seed}, number ${97 * i}`);
  });
});

testEach("uniforms and normals come from one stream, a second normal is kept for the next call", (rt) => {
  for (const { seed, inTurn } of fixture.seeds) {
    const r = randomState(rt, seed);
    fixture.calls.forEach(([name, n], k) => {
      const drawn = r[name](n);
      assert.equal(drawn.length, n);
      const tail = drawn.slice(-5);
      inTurn[k]!.forEach((expected, i) => near(tail[i]!, expected, `seed ${seed}, call ${k}`));
    });
  }
});

testEach("generators do not disturb each other", (rt) => {
  const [a, b] = [randomState(rt, 7), randomState(rt, 7)];
  const whole = a.randn(9);
  assert.deepEqual([...b.randn(4), ...randomState(rt, 8).randn(0), ...b.randn(5)], [...whole]);
});

test("seeds and counts out of range are refused", async () => {
  const rt = await createRuntime("test", {}, 1);
  for (const seed of [-1, 2 ** 32, 0.5, NaN, "0"]) assert.throws(() => randomState(rt, seed as number), OptionError);
  for (const n of [-1, 0.5, 2 ** 29, Infinity]) assert.throws(() => randomState(rt, 0).randn(n), OptionError);
});
