// The two-stage reduction: T has the eigenvalues of A, for matrices of known spectrum and against the
// textbook one-stage reduction; and is the same to the last bit for any number of threads.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { createRuntime } from "../bindings/core/create.ts";
import { paddedStride } from "../bindings/core/memory.ts";
import { INFO_ABORTED } from "../bindings/core/kernels.ts";
import type { Runtime } from "../bindings/core/runtime.ts";
import { EPS, norm1, numbers, testEach } from "./harness.ts";

interface Tridiagonal {
  d: Float64Array;
  e: Float64Array;
}

/** T of A (n×n), of which only the upper triangle is passed on. */
function reduce(rt: Runtime, n: number, A: Float64Array, lda = paddedStride(n, 8)): Tridiagonal {
  return rt.memory.scope(() => {
    const a = rt.memory.push(n * lda * 8, "A");
    const d = rt.memory.push(n * 8, "d");
    const e = rt.memory.push(n * 8, "e");
    const work = rt.memory.push(rt.kernels.tridiagonal_two_stage_work_f64(n), "work");
    const guard = rt.memory.push(64, "guard");
    rt.memory.f64(a, n * lda).fill(NaN);
    rt.memory.f64(work, (guard - work) / 8).fill(NaN);
    rt.memory.f64(guard, 8).fill(7);
    for (let i = 0; i < n; i++) rt.memory.f64(a + (i * lda + i) * 8, n - i).set(A.subarray(i * n + i, i * n + n));
    assert.equal(rt.kernels.tridiagonal_two_stage_f64(n, a, lda, d, e, work), 0, "info");
    assert.ok(rt.memory.f64(guard, 8).every((x) => x === 7), "workspace overrun");
    return { d: rt.memory.f64(d, n).slice(), e: rt.memory.f64(e, n - 1).slice() };
  });
}

/** How many eigenvalues of T are below x: negative pivots of T − x   (Barth, Martin & Wilkinson 1967). */
function countBelow({ d, e }: Tridiagonal, x: number): number {
  let count = 0;
  let pivot = 1;
  for (let i = 0; i < d.length; i++) {
    pivot = d[i]! - x - (i ? e[i - 1]! ** 2 / pivot : 0);
    if (Math.abs(pivot) < 1e-300) pivot = -1e-300;
    if (pivot < 0) count++;
  }
  return count;
}

/** Eigenvalues of T, ascending, by bisection. */
function bisect(T: Tridiagonal): Float64Array {
  const n = T.d.length;
  const bound = 2 * (Math.max(...T.d.map(Math.abs)) + Math.max(0, ...T.e.map(Math.abs))) + 1e-300;
  return Float64Array.from({ length: n }, (_, k) => {
    let low = -bound;
    let high = bound;
    for (let step = 0; step < 56; step++) {
      const mid = (low + high) / 2;
      if (countBelow(T, mid) > k) high = mid;
      else low = mid;
    }
    return (low + high) / 2;
  });
}

/** Every value (ascending) is an eigenvalue of T within tol, with the right number. */
function assertSpectrum(T: Tridiagonal, values: ArrayLike<number>, tol: number): void {
  for (let i = 0; i < values.length; i++) {
    assert.ok(countBelow(T, values[i]! - tol) <= i, `eigenvalue ${i} is under ${values[i]} by more than ${tol}`);
    assert.ok(countBelow(T, values[i]! + tol) > i, `eigenvalue ${i} is over ${values[i]} by more than ${tol}`);
  }
}

/** Trace and Frobenius norm survive the similarity. */
function assertInvariants({ d, e }: Tridiagonal, n: number, A: Float64Array, tol: number): void {
  let trace = 0;
  let squares = 0;
  for (let i = 0; i < n; i++) trace += A[i * n + i]! - d[i]!;
  for (const x of A) squares += x * x;
  let ours = 0;
  for (const x of d) ours += x * x;
  for (const x of e) ours += 2 * x * x;
  assert.ok(Math.abs(trace) <= n * tol, `trace is off by ${trace}`);
  assert.ok(Math.abs(Math.sqrt(ours) - Math.sqrt(squares)) <= n * tol, `Frobenius norm is ${Math.sqrt(ours)}, was ${Math.sqrt(squares)}`);
}

/** Textbook Householder tridiagonalisation   (Golub & Van Loan, Algorithm 8.3.1). */
function textbook(n: number, full: Float64Array): Tridiagonal {
  const A = full.slice();
  const e = new Float64Array(Math.max(0, n - 1));
  for (let k = 0; k < n - 1; k++) {
    const v = new Float64Array(n);
    for (let i = k + 1; i < n; i++) v[i] = A[i * n + k]!;
    const norm = Math.hypot(...v);
    e[k] = v[k + 1]! > 0 ? -norm : norm;
    v[k + 1]! -= e[k]!;
    const length = Math.hypot(...v);
    if (length > 0) reflect(n, A, v.map((x) => x / length), 2);
  }
  return { d: Float64Array.from({ length: n }, (_, i) => A[i * n + i]!), e };
}

/** A := H·A·H, H = I − τ·v·vᵀ. */
function reflect(n: number, A: Float64Array, v: Float64Array, tau: number): void {
  const q = new Float64Array(n);
  let dot = 0;
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += A[i * n + j]! * v[j]!;
    q[i] = tau * sum;
    dot += q[i]! * v[i]!;
  }
  for (let i = 0; i < n; i++) q[i]! -= 0.5 * tau * dot * v[i]!;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) A[i * n + j]! -= v[i]! * q[j]! + q[i]! * v[j]!;
  }
}

function symmetric(n: number, f: (i: number, j: number) => number): Float64Array {
  const A = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = i; j < n; j++) A[i * n + j] = A[j * n + i] = f(i, j);
  return A;
}

/** A dense matrix with the given eigenvalues: four random reflections of their diagonal matrix. */
function withSpectrum(values: ArrayLike<number>, seed: number): Float64Array {
  const n = values.length;
  const A = symmetric(n, (i, j) => (i === j ? values[i]! : 0));
  for (let k = 0; k < 4; k++) {
    const v = numbers(n, seed + k);
    reflect(n, A, v, 2 / v.reduce((sum, x) => sum + x * x, 0));
  }
  return A;
}

const FAMILIES: Record<string, (n: number) => Float64Array> = {
  random: (n) => {
    const x = numbers(n * n, n);
    return symmetric(n, (i, j) => x[i * n + j]! / Math.sqrt(n));
  },
  "low rank": (n) => {
    const x = numbers(3 * n, n + 1);
    return symmetric(n, (i, j) => (x[i]! * x[j]! + x[n + i]! * x[n + j]! - x[2 * n + i]! * x[2 * n + j]!) / n);
  },
  "graded down": (n) => {
    const x = numbers(n * n, n + 2);
    return symmetric(n, (i, j) => x[i * n + j]! * 10 ** (-300 * ((i + j) / (2 * n))));
  },
  "graded up": (n) => {
    const x = numbers(n * n, n + 3);
    return symmetric(n, (i, j) => x[i * n + j]! * 10 ** (-300 * (1 - (i + j) / (2 * n))));
  },
  zero: (n) => new Float64Array(n * n),
  identity: (n) => symmetric(n, (i, j) => (i === j ? 1 : 0)),
  diagonal: (n) => symmetric(n, (i, j) => (i === j ? Math.cos(i) : 0)),
  tridiagonal: (n) => symmetric(n, (i, j) => (i === j ? Math.cos(i) : j - i === 1 ? 0.5 : 0)),
  banded: (n) => {
    const x = numbers(n * n, n + 4);
    return symmetric(n, (i, j) => (j - i <= 24 ? x[i * n + j]! / 10 : 0));
  },
};

testEach("sizes 1 to 80, against the textbook reduction", (rt) => {
  for (let n = 1; n <= 80; n++) {
    const A = FAMILIES.random!(n);
    assertSpectrum(reduce(rt, n, A), bisect(textbook(n, A)), 4 * n * EPS);
  }
});

testEach("families of matrices", (rt) => {
  for (const [name, make] of Object.entries(FAMILIES)) {
    for (const n of [5, 24, 25, 53, 73, 130]) {
      const A = make(n);
      const tol = 4 * n * EPS * norm1(n, n, A) + 1e-135;
      const T = reduce(rt, n, A);
      assert.ok(T.d.every(Number.isFinite) && T.e.every(Number.isFinite), `${name}, n = ${n}`);
      assertInvariants(T, n, A, tol);
      if (n <= 73) assertSpectrum(T, bisect(textbook(n, A)), tol);
    }
  }
});

const SPECTRA: [name: string, n: number, value: (i: number, n: number) => number][] = [
  ["even", 600, (i, n) => (2 * i + 1) / n - 1],
  ["two clusters", 257, (i, n) => (i < n / 2 ? 0.25 : 1)],
  ["decaying", 130, (i, n) => 2 ** (-60 * (1 - i / n))],
];

for (const [name, n, value] of SPECTRA) {
  testEach(`a known spectrum, ${name}, n = ${n}`, (rt) => {
    const values = Float64Array.from({ length: n }, (_, i) => value(i, n));
    const A = withSpectrum(values, n);
    const T = reduce(rt, n, A);
    assertSpectrum(T, values, n * EPS);
    assertInvariants(T, n, A, n * EPS);
  });
}

testEach("any row stride", (rt) => {
  const n = 101;
  const A = FAMILIES.random!(n);
  const T = reduce(rt, n, A, n);
  for (const lda of [102, 128, 203]) assert.deepEqual(reduce(rt, n, A, lda), T);
});

// n = 401 meets odd and even numbers of blocks: the tournament with and without a bye
test("the same to the last bit for 1, 2, 4 and 5 threads", async () => {
  for (const reproducible of [true, false]) {
    const results = new Map<number, Tridiagonal>();
    const A = FAMILIES.random!(401);
    for (const threads of [1, 2, 4, 5]) {
      const rt = await createRuntime("test", { threads, reproducible }, 1);
      try {
        for (let round = 0; round < 2; round++) {
          const T = reduce(rt, 401, A);
          if (!results.has(0)) results.set(0, T);
          assert.deepEqual(T, results.get(0), `${threads} threads, reproducible: ${reproducible}`);
        }
      } finally {
        rt.close();
      }
    }
  }
});

test("an abort during the call ends it", async () => {
  const A = FAMILIES.random!(300);
  const rt = await createRuntime("test", { threads: 3 }, 1);
  const word = [rt.binary.memory.buffer, rt.kernels.abort_word() / 4] as const;
  try {
    for (const delay of [0, 1, 2, 5]) {
      // raises the abort word from outside, as the engine's caller does
      const setter = new Worker(
        `const { workerData: [buffer, index] } = require("node:worker_threads");
        const word = new Int32Array(buffer);
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${delay});
        Atomics.store(word, index, 1);`,
        { eval: true, execArgv: [], workerData: word },
      );
      assert.throws(() => { for (;;) reduce(rt, 300, A); }, new RegExp(`info[^]*${INFO_ABORTED}`));
      await new Promise((resolve) => setter.once("exit", resolve));
      Atomics.store(new Int32Array(word[0]), word[1], 0);
      reduce(rt, 300, A);
    }
  } finally {
    rt.close();
  }
});
