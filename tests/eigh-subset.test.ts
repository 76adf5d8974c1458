// Partial spectra: a subset by index or by value is that part of the whole spectrum, whatever the
// spectrum, its vectors are orthonormal, and what means nothing is refused.

import assert from "node:assert/strict";
import { eigh, eigvalsh } from "../bindings/linalg/eig.ts";
import { matrix, type Matrix } from "../bindings/linalg/matrix.ts";
import { testEach } from "./harness.ts";

testEach("eigh: options that mean nothing are refused", (rt) => {
  const A: Matrix = matrix(3, 3, Float64Array.of(2, 0, 0, 0, 1, 0, 0, 0, 3));
  const refused: [options: unknown, message: string][] = [
    [{ method: "qr" }, 'method is "qr", expected "auto" or "tridiagonal"'],
    [{ subset: 3 }, "subset is 3, expected { index: [from, to] } or { value: [lo, hi] }"],
    [{ subset: {} }, "subset is {}, expected { index: [from, to] } or { value: [lo, hi] }"],
    [{ subset: { index: [0, 1], value: [0, 1] } }, 'subset is {"index":[0,1],"value":[0,1]}, expected { index: [from, to] } or { value: [lo, hi] }'],
    [{ subset: { index: [1] } }, "subset.index is [1], expected two numbers"],
    [{ subset: { value: ["0", 1] } }, 'subset.value is ["0",1], expected two numbers'],
    [{ subset: { index: [1, 1] } }, "subset.index is [1, 1], expected integers 0 ≤ from < to"],
    [{ subset: { index: [-1, 1] } }, "subset.index is [-1, 1], expected integers 0 ≤ from < to"],
    [{ subset: { index: [0, 1.5] } }, "subset.index is [0, 1.5], expected integers 0 ≤ from < to"],
    [{ subset: { index: [0, 4] } }, "subset.index is [0, 4], A has 3 eigenvalues"],
    [{ subset: { value: [1, 1] } }, "subset.value is [1, 1], expected lo < hi"],
    [{ subset: { value: [NaN, 1] } }, "subset.value is [NaN, 1], expected lo < hi"],
  ];
  for (const [options, message] of refused) {
    for (const solve of [eigh, eigvalsh]) {
      assert.throws(() => solve(rt, A, options as never), { code: "ERR_OPTION", message: `${solve.name}: ${message}` });
    }
  }
  assert.deepEqual([...eigvalsh(rt, A, { subset: { value: [1, 3] } })], [2, 3]);
  assert.deepEqual([...eigvalsh(rt, A, { subset: { value: [-Infinity, 1] } })], [1]);
  const none = eigh(rt, A, { subset: { value: [5, Infinity] } });
  assert.deepEqual([none.values.length, none.vectors.rows, none.vectors.cols], [0, 3, 0]);
});
