// The tridiagonal eigenproblem by divide and conquer: order, residual and orthogonality; each eigenvalue
// against Sturm counts; closed forms; SciPy; the same bits from any number of threads.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createRuntime } from "../bindings/core/create.ts";
import type { Runtime } from "../bindings/core/runtime.ts";
import { EPS, testEach, uniform } from "./harness.ts";

interface Tridiagonal {
  d: Float64Array;
  e: Float64Array;
}

interface Family {
  name: string;
  /** Row i of an n×n matrix: its diagonal, and the off-diagonal to row i + 1. */
  row: (i: number, n: number, next: () => number) => [d: number, e: number];
}

const symmetric = (x: number) => 2 * x - 1;

const FAMILIES: Family[] = [
  { name: "uniform", row: (_i, _n, u) => [symmetric(u()), symmetric(u())] },
  { name: "zero", row: () => [0, 0] },
  { name: "identity, coupled below rounding", row: () => [1, 1e-18] },
  { name: "diagonal", row: (_i, _n, u) => [symmetric(u()), 0] },
  { name: "second difference", row: () => [2, -1] }, // halves alike: every pole is double
  { name: "Clement", row: (i, n) => [0, Math.sqrt((i + 1) * (n - 1 - i))] },
  { name: "Wilkinson", row: (i, n) => [Math.abs(i - (n - 1) / 2), 1] },
  { name: "glued Wilkinson", row: (i) => [Math.abs((i % 21) - 10), i % 21 === 20 ? 2 ** -26 : 1] },
  { name: "glued below rounding", row: (i) => [Math.abs((i % 21) - 10), i % 21 === 20 ? 1e-17 : 1] },
  { name: "three values, weakly coupled", row: (i, _n, u) => [i % 3, 1e-7 * u()] },
  { name: "clustered at rounding", row: (_i, _n, u) => [1 + 1e-15 * u(), 1e-15 * u()] },
  { name: "graded down", row: (i, n, u) => [10 ** ((-300 * i) / n) * u(), 10 ** ((-300 * i) / n) * u()] },
  { name: "graded up", row: (i, n, u) => [10 ** (-150 + (300 * i) / n) * u(), 10 ** (-150 + (300 * i) / n) * u()] },
  { name: "sizes mixed", row: (_i, _n, u) => [10 ** (-20 * u()), 10 ** (-20 * u())] },
  { name: "zeros among the off-diagonals", row: (_i, _n, u) => [u(), u() < 0.3 ? 0 : symmetric(u())] },
  { name: "small diagonal", row: (_i, _n, u) => [1e-12 * u(), 1] },
  { name: "one large coupling", row: (i, n, u) => [u(), i === (n >> 1) - 1 ? 1000 : 0.01 * u()] },
  { name: "near overflow", row: (_i, _n, u) => [1e307 * symmetric(u()), 1e307 * u()] },
  { name: "subnormal", row: (_i, _n, u) => [1e-310 * symmetric(u()), 1e-310 * u()] },
];

function make(family: Family, n: number): Tridiagonal {
  const next = uniform(n + 1000 * FAMILIES.indexOf(family));
  const rows = Array.from({ length: n }, (_, i) => family.row(i, n, next));
  return { d: Float64Array.from(rows, (r) => r[0]), e: Float64Array.from(rows.slice(0, -1), (r) => r[1]) };
}

/** Largest absolute row sum. */
function norm({ d, e }: Tridiagonal): number {
  let largest = 0;
  for (let i = 0; i < d.length; i++) {
    const beside = Math.abs(i > 0 ? e[i - 1]! : 0) + Math.abs(i < e.length ? e[i]! : 0);
    largest = Math.max(largest, Math.abs(d[i]!) + beside);
  }
  return largest;
}

function values(rt: Runtime, { d, e }: Tridiagonal): Float64Array {
  const n = d.length;
  return rt.memory.scope(() => {
    const atD = rt.memory.push(n * 8, "d");
    const atE = rt.memory.push(n * 8, "e");
    const work = rt.memory.push(rt.kernels.tridiagonal_values_work_f64(n), "work");
    rt.memory.f64(atD, n).set(d);
    rt.memory.f64(atE, n).fill(NaN); // the last number is not to be read
    rt.memory.f64(atE, n).set(e);
    assert.equal(rt.kernels.tridiagonal_values_f64(n, atD, atE, work), 0, "info");
    return rt.memory.f64(atD, n).slice();
  });
}

/** Numbers behind the workspace that must stay. */
const GUARD = 512;

function vectors(rt: Runtime, { d, e }: Tridiagonal): { values: Float64Array; rows: Float64Array[] } {
  const n = d.length;
  const ldq = n + 3;
  return rt.memory.scope(() => {
    const atD = rt.memory.push(n * 8, "d");
    const atE = rt.memory.push(n * 8, "e");
    const atQ = rt.memory.push(n * ldq * 8, "q");
    const bytes = rt.kernels.tridiagonal_vectors_work_f64(n);
    const work = rt.memory.push(bytes + 8 * GUARD, "work");
    const guard = rt.memory.f64(work + bytes, GUARD);
    guard.fill(1234.5);
    rt.memory.f64(atD, n).set(d);
    rt.memory.f64(atE, n).fill(NaN);
    rt.memory.f64(atE, n).set(e);
    rt.memory.f64(atQ, n * ldq).fill(NaN);
    assert.equal(rt.kernels.tridiagonal_vectors_f64(n, atD, atE, atQ, ldq, work), 0, "info");
    assert.ok(guard.every((x) => x === 1234.5), `n = ${n}: written past the workspace`);
    const view = rt.memory.f64(atQ, n * ldq);
    for (let i = 0; i < n; i++) {
      for (let j = n; j < ldq; j++) assert.ok(Number.isNaN(view[i * ldq + j]), "padding written");
    }
    const rows = Array.from({ length: n }, (_, i) => view.slice(i * ldq, i * ldq + n));
    return { values: rt.memory.f64(atD, n).slice(), rows };
  });
}

/** The number of eigenvalues of T below x, by the signs of the pivots of T − x·I. */
function sturmCount({ d, e }: Tridiagonal, x: number): number {
  let count = 0;
  let pivot = 1;
  for (let i = 0; i < d.length; i++) {
    // e²/pivot so that the square neither overflows nor vanishes
    pivot = d[i]! - x - (i > 0 && e[i - 1] !== 0 ? e[i - 1]! * (e[i - 1]! / pivot) : 0);
    if (pivot === 0) pivot = -Number.MIN_VALUE * 2 ** 60;
    if (pivot < 0) count++;
  }
  return count;
}

/** Scaled by a power of two to a norm near 1: the checks themselves are then safe. */
function scaled(T: Tridiagonal): { T: Tridiagonal; factor: (x: number) => number } {
  const power = Math.max(-1022, Math.min(1022, -Math.floor(Math.log2(norm(T) || 1))));
  const factor = (x: number) => x * 2 ** Math.trunc(power / 2) * 2 ** (power - Math.trunc(power / 2));
  return { T: { d: T.d.map(factor), e: T.e.map(factor) }, factor };
}

/** Both kernels on T: all that must hold of what they return. */
function check(rt: Runtime, name: string, original: Tridiagonal): void {
  const n = original.d.length;
  const title = `${name}, n = ${n}`;
  const got = vectors(rt, original);
  const only = values(rt, original);
  const { T, factor } = scaled(original);
  const { d, e } = T;
  const size = norm(T);
  // what is subnormal has lost digits before and after
  const limit = 3 * n * EPS * size + 8 * factor(Number.MIN_VALUE);
  for (const lambda of [got.values.map(factor), only.map(factor)]) {
    for (let i = 0; i < n; i++) {
      assert.ok(i === 0 || lambda[i]! >= lambda[i - 1]!, `${title}: order at ${i}`);
      const above = sturmCount(T, lambda[i]! + limit);
      const below = sturmCount(T, lambda[i]! - limit);
      assert.ok(below <= i && i < above, `${title}: eigenvalue ${i} is ${lambda[i]}, counts ${below} and ${above}`);
    }
  }
  let residual = 0;
  let overlap = 0;
  for (let i = 0; i < n; i++) {
    const q = got.rows[i]!;
    const lambda = factor(got.values[i]!);
    assert.ok(q.every(Number.isFinite), `${title}: eigenvector ${i} is not finite`);
    for (let c = 0; c < n; c++) {
      const y = d[c]! * q[c]! + (c > 0 ? e[c - 1]! * q[c - 1]! : 0) + (c < n - 1 ? e[c]! * q[c + 1]! : 0);
      residual = Math.max(residual, Math.abs(y - lambda * q[c]!));
    }
    // all pairs where n is small, otherwise the pairs of some with all
    if (n > 300 && i % 37 !== 5) continue;
    for (let j = 0; j < (n > 300 ? n : i + 1); j++) {
      const other = got.rows[j]!;
      let sum = i === j ? -1 : 0;
      for (let c = 0; c < n; c++) sum += q[c]! * other[c]!;
      overlap = Math.max(overlap, Math.abs(sum));
    }
  }
  assert.ok(residual <= limit, `${title}: residual ${residual}, allowed ${limit}`);
  assert.ok(overlap <= 3 * n * EPS, `${title}: overlap ${overlap}, allowed ${3 * n * EPS}`);
}

const SMALL = [1, 2, 3, 4, 5, 7, 8, 16, 21, 31, 32, 33, 34, 47, 63, 64, 65, 66, 90, 100];

for (const family of FAMILIES) {
  testEach(`divide and conquer: ${family.name}`, (rt) => {
    for (const n of SMALL) check(rt, family.name, make(family, n));
  });
}

testEach("divide and conquer: sizes with parallel merges", (rt) => {
  for (const family of FAMILIES) check(rt, family.name, make(family, 129 + FAMILIES.indexOf(family)));
  for (const name of ["uniform", "second difference", "glued Wilkinson"]) {
    check(rt, name, make(FAMILIES.find((f) => f.name === name)!, 300));
  }
});

testEach("divide and conquer: sizes with blocks of low rank", (rt) => {
  const sizes = { uniform: 1200, "second difference": 700, Clement: 450, "small diagonal": 800 };
  for (const [name, n] of Object.entries(sizes)) {
    check(rt, name, make(FAMILIES.find((f) => f.name === name)!, n));
  }
});

testEach("divide and conquer: every size stays within its workspace", (rt) => {
  const coupled = FAMILIES.find((f) => f.name === "uniform")!;
  for (let n = 1; n <= 200; n++) vectors(rt, make(coupled, n));
});

testEach("divide and conquer: nothing to solve", (rt) => {
  assert.equal(values(rt, { d: new Float64Array(0), e: new Float64Array(0) }).length, 0);
  assert.equal(vectors(rt, { d: new Float64Array(0), e: new Float64Array(0) }).rows.length, 0);
});

testEach("divide and conquer: closed forms", (rt) => {
  const n = 600;
  const difference = values(rt, { d: new Float64Array(n).fill(2), e: new Float64Array(n - 1).fill(-1) });
  for (let i = 0; i < n; i++) {
    const exact = 4 * Math.sin(((i + 1) * Math.PI) / (2 * (n + 1))) ** 2;
    assert.ok(Math.abs(difference[i]! - exact) <= n * EPS * 4, `second difference: eigenvalue ${i}`);
  }
  // Clement's matrix has the eigenvalues −(n − 1), −(n − 3), …, n − 1
  const e = Float64Array.from({ length: n - 1 }, (_, i) => Math.sqrt((i + 1) * (n - 1 - i)));
  const clement = values(rt, { d: new Float64Array(n), e });
  clement.forEach((x, i) => assert.ok(Math.abs(x - (2 * i - n + 1)) <= n * EPS * n, `Clement: eigenvalue ${i}`));
});

testEach("divide and conquer: SciPy's eigenvalues", (rt) => {
  const cases = JSON.parse(readFileSync(new URL("fixtures/tridiagonal.json", import.meta.url), "utf8"));
  for (const c of cases) {
    const T = { d: Float64Array.from(c.d as number[]), e: Float64Array.from(c.e as number[]) };
    const limit = T.d.length * EPS * norm(T);
    values(rt, T).forEach((x, i) => {
      assert.ok(Math.abs(x - c.values[i]) <= limit, `${c.name}: eigenvalue ${i} is ${x}`);
    });
  }
});

for (const reproducible of [true, false]) {
  test(`divide and conquer: the same bits from 1 to 4 threads, reproducible ${reproducible}`, async () => {
    const sizes = { uniform: 900, "second difference": 400, "glued Wilkinson": 330, Wilkinson: 290 };
    const results: Float64Array[][] = [];
    for (const threads of [1, 2, 3, 4]) {
      const rt = await createRuntime("test", { threads, reproducible }, 1);
      try {
        results.push(Object.entries(sizes).flatMap(([name, n]) => {
          const T = make(FAMILIES.find((f) => f.name === name)!, n);
          const full = vectors(rt, T);
          return [values(rt, T), full.values, ...full.rows];
        }));
      } finally {
        rt.close();
      }
    }
    const bytes = (x: Float64Array) => Buffer.from(x.buffer, x.byteOffset, x.byteLength);
    for (const other of results.slice(1)) {
      const differing = other.findIndex((x, i) => !bytes(x).equals(bytes(results[0]![i]!)));
      assert.equal(differing, -1, `array ${differing} differs`);
    }
  });
}
