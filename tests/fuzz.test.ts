// A thousand mutants for each reader; `npm run fuzz` makes more.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzz } from "./fuzz.ts";
import { TARGETS } from "./fuzz-targets.ts";

const CASES = 1000;
const SEED = 20261122;

for (const target of TARGETS) {
  test(`${target.name}: ${CASES} mutants of seed ${SEED} end in success or in an error of ours`, async () => {
    const { passedHeader, read } = await fuzz(target, CASES, SEED);
    assert.ok(passedHeader >= CASES / 2, `${passedHeader} passed the header`);
    assert.ok(read > 0 && read < CASES, `${read} were read to the end`);
  });
}
