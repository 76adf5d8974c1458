// Dense products against the textbook triple loop: |Ĉ − C| ≤ γ·|A|·|B| for every shape, transposition,
// scaling and stride; the same bits from any number of threads.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createRuntime } from "../bindings/core/create.ts";
import type { Runtime } from "../bindings/core/runtime.ts";
import { gram, matmul, peakGflops } from "../bindings/linalg/blas.ts";
import { matrix } from "../bindings/linalg/matrix.ts";
import { EPS, numbers, testEach } from "./harness.ts";

const TYPES = [
  { name: "f64", Array: Float64Array, bytes: 8, eps: EPS },
  { name: "f32", Array: Float32Array, bytes: 4, eps: 2 ** -23 },
] as const;
type Type = (typeof TYPES)[number];
type Numbers = Float64Array | Float32Array;

/** A rows×cols matrix with stride cols + pad in wasm memory; the padding is NaN. */
function place(rt: Runtime, type: Type, rows: number, cols: number, pad: number, seed: number) {
  const stride = cols + pad;
  const at = rt.memory.push(rows * stride * type.bytes, "test");
  const view: Numbers = new type.Array(rt.memory.wasm.buffer, at, rows * stride);
  view.fill(NaN);
  const data = new type.Array(numbers(rows * cols, seed));
  for (let i = 0; i < rows; i++) view.set(data.subarray(i * cols, (i + 1) * cols), i * stride);
  return { at, stride, rows, cols, data };
}
type Operand = ReturnType<typeof place>;

/** The numbers of a placed matrix, as they are now; the padding must be untouched. */
function read(rt: Runtime, type: Type, x: Operand): Numbers {
  const view: Numbers = new type.Array(rt.memory.wasm.buffer, x.at, x.rows * x.stride);
  for (let i = 0; i < x.rows; i++) {
    for (let j = x.cols; j < x.stride; j++) assert.ok(Number.isNaN(view[i * x.stride + j]), `padding written at ${i}, ${j}`);
  }
  return new type.Array(x.rows * x.cols).map((_, e) => view[Math.floor(e / x.cols) * x.stride + (e % x.cols)]!) as Numbers;
}

interface Case {
  m: number; n: number; k: number;
  transA: boolean; transB: boolean;
  alpha: number; beta: number;
  pad: number;
}

function check(rt: Runtime, type: Type, { m, n, k, transA, transB, alpha, beta, pad }: Case): void {
  rt.memory.scope(() => {
    const A = transA ? place(rt, type, k, m, pad, 1) : place(rt, type, m, k, pad, 1);
    const B = transB ? place(rt, type, n, k, pad, 2) : place(rt, type, k, n, pad, 2);
    const C = place(rt, type, m, n, pad, 3);
    if (beta === 0) new type.Array(rt.memory.wasm.buffer, C.at, m * C.stride).fill(NaN);
    const kernels = rt.kernels;
    const [gemm, size] = type.bytes === 8 ? [kernels.gemm_f64, kernels.gemm_work_f64] : [kernels.gemm_f32, kernels.gemm_work_f32];
    const bytes = size(m, n, k);
    const work = rt.memory.push(bytes + 64, "work");
    const guard = rt.memory.i32(work + bytes, 16).fill(0x55);
    assert.equal(gemm(transA, transB, m, n, k, alpha, A.at, A.stride, B.at, B.stride, beta, C.at, C.stride, work), 0);
    assert.ok(guard.every((x) => x === 0x55), "wrote beyond its workspace");

    const got = read(rt, type, C);
    // γ_k for the sum, and three roundings more for α, β and their sum
    const u = type.eps / 2;
    const gamma = ((k + 3) * u) / (1 - (k + 3) * u);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        let bound = 0;
        for (let p = 0; p < k; p++) {
          const product = (transA ? A.data[p * m + i]! : A.data[i * k + p]!) * (transB ? B.data[j * k + p]! : B.data[p * n + j]!);
          sum += product;
          bound += Math.abs(product);
        }
        const old = beta === 0 ? 0 : beta * C.data[i * n + j]!;
        const error = Math.abs(got[i * n + j]! - (alpha * sum + old));
        // the reference has rounded as well
        const limit = (gamma + (k + 3) * EPS) * (Math.abs(alpha) * bound + Math.abs(old));
        if (!(error <= limit)) {
          assert.fail(`${type.name} ${m}×${n}×${k} ${transA} ${transB} α=${alpha} β=${beta}: c(${i}, ${j}) is off by ${error}, allowed ${limit}`);
        }
      }
    }
  });
}

const flags = [false, true];

testEach("gemm: every size around the register tile, all transpositions", (rt) => {
  const sizes = [0, 1, 2, 3, 5, 6, 7, 8, 9, 13];
  for (const type of TYPES) for (const m of sizes) for (const n of sizes) for (const k of [0, 1, 2, 5, 8]) {
    for (const transA of flags) for (const transB of flags) check(rt, type, { m, n, k, transA, transB, alpha: 1, beta: 0, pad: (m + n) % 3 });
  }
});

testEach("gemm: α and β, zero and not", (rt) => {
  for (const type of TYPES) for (const alpha of [0, 1, -0.75]) for (const beta of [0, 1, 2.5]) {
    for (const [m, n, k] of [[7, 9, 11], [13, 30, 600]] as const) check(rt, type, { m, n, k, transA: false, transB: true, alpha, beta, pad: 1 });
  }
});

testEach("gemm: sizes around the blocks", (rt) => {
  for (const type of TYPES) {
    for (const [m, n, k] of [[97, 101, 257], [100, 31, 513], [25, 530, 20], [3, 2100, 5], [193, 4, 100], [1, 1, 2000]] as const) {
      for (const transA of flags) for (const transB of flags) check(rt, type, { m, n, k, transA, transB, alpha: -0.5, beta: 1, pad: 3 });
    }
  }
});

testEach("syrk: both triangles, symmetric to the last bit", (rt) => {
  for (const type of TYPES) {
    for (const [n, k, alpha, beta] of [[1, 1, 1, 0], [7, 5, 1, 0], [29, 3, 2, 0], [131, 300, -0.5, 2], [530, 4, 1, 0], [61, 0, 1, 3]] as const) {
      rt.memory.scope(() => {
        const A = place(rt, type, n, k, 3, 5);
        const C = place(rt, type, n, n, 2, 6);
        const kernels = rt.kernels;
        const [syrk, size] = type.bytes === 8 ? [kernels.syrk_f64, kernels.syrk_work_f64] : [kernels.syrk_f32, kernels.syrk_work_f32];
        if (beta === 0) new type.Array(rt.memory.wasm.buffer, C.at, n * C.stride).fill(NaN);
        const work = rt.memory.push(size(n, k), "work");
        assert.equal(syrk(n, k, alpha, A.at, A.stride, beta, C.at, C.stride, work), 0);
        const got = read(rt, type, C);
        for (let i = 0; i < n; i++) {
          for (let j = i; j < n; j++) {
            let sum = 0;
            let bound = 0;
            for (let p = 0; p < k; p++) {
              const product = A.data[i * k + p]! * A.data[j * k + p]!;
              sum += product;
              bound += Math.abs(product);
            }
            const old = beta === 0 ? 0 : beta * C.data[i * n + j]!;
            const error = Math.abs(got[i * n + j]! - (alpha * sum + old));
            const limit = (k + 3) * type.eps * (Math.abs(alpha) * bound + Math.abs(old));
            if (!(error <= limit)) assert.fail(`${type.name} n=${n} k=${k}: c(${i}, ${j}) is off by ${error}, allowed ${limit}`);
            if (got[j * n + i] !== got[i * n + j]) assert.fail(`${type.name} n=${n} k=${k}: c(${i}, ${j}) and its mirror image differ`);
          }
        }
      });
    }
  }
});

for (const reproducible of flags) {
  test(`gemm and syrk: the same bits from 1, 2 and 3 threads, reproducible ${reproducible}`, async () => {
    const results: Numbers[][] = [];
    for (const threads of [1, 2, 3]) {
      const rt = await createRuntime("test", { threads, reproducible }, 1);
      try {
        results.push(TYPES.flatMap((type) => rt.memory.scope(() => {
          const [m, n, k] = [331, 617, 300];
          const A = place(rt, type, m, k, 1, 1);
          const B = place(rt, type, k, n, 1, 2);
          const C = place(rt, type, m, n, 1, 3);
          const S = place(rt, type, m, m, 1, 4);
          const kernels = rt.kernels;
          const work = rt.memory.push(kernels.gemm_work_f64(n, n, k), "work");
          const [gemm, syrk] = type.bytes === 8 ? [kernels.gemm_f64, kernels.syrk_f64] : [kernels.gemm_f32, kernels.syrk_f32];
          gemm(false, false, m, n, k, 1.5, A.at, A.stride, B.at, B.stride, 0.5, C.at, C.stride, work);
          syrk(m, k, 1, A.at, A.stride, 0, S.at, S.stride, work);
          return [read(rt, type, C), read(rt, type, S)];
        })));
      } finally {
        rt.close();
      }
    }
    assert.deepEqual(results[1], results[0]);
    assert.deepEqual(results[2], results[0]);
  });
}

testEach("matmul: transpositions, scaling and out through the binding, in f64 and f32", (rt) => {
  for (const { Array: Type, eps } of TYPES) {
    const A = matrix(7, 12, new Type(numbers(84, 1)));
    const B = matrix(5, 12, new Type(numbers(60, 2)));
    const C = matmul(rt, A, B, { transB: true, alpha: 2 });
    assert.ok(C.data instanceof Type);
    const D = matmul(rt, B, A, { transB: true });
    const out = matrix(7, 5, C.data.slice());
    assert.equal(matmul(rt, A, B, { transB: true, beta: -0.5, out }), out);
    for (let i = 0; i < 7; i++) {
      for (let j = 0; j < 5; j++) {
        assert.ok(Math.abs(C.data[i * 5 + j]! - 2 * D.data[j * 7 + i]!) <= 12 * 12 * eps);
        assert.ok(Math.abs(out.data[i * 5 + j]!) <= 12 * 12 * eps);
      }
    }
    // out may be an operand
    const S = matrix(4, 4, new Type(numbers(16, 3)));
    const expected = matmul(rt, S, S);
    assert.deepEqual(matmul(rt, S, S, { out: S }).data, expected.data);
  }
  assert.ok(matmul(rt, matrix(1, 1, Float32Array.of(2)), [[3]]).data instanceof Float64Array);
  assert.deepEqual(matmul(rt, matrix(2, 0), matrix(0, 3)).data, new Float64Array(6));
});

testEach("gram: X·Xᵀ in the type of X", (rt) => {
  for (const { Array: Type, eps } of TYPES) {
    const X = matrix(40, 17, new Type(numbers(40 * 17, 4)));
    const G = gram(rt, X);
    const P = matmul(rt, X, X, { transB: true });
    assert.ok(G.data instanceof Type);
    G.data.forEach((g, e) => assert.ok(Math.abs(g - P.data[e]!) <= 17 * 17 * eps));
  }
});

testEach("matmul and gram: what they refuse", (rt) => {
  const A = matrix(3, 4);
  assert.throws(() => matmul(rt, A, matrix(5, 2)), { code: "ERR_SHAPE", message: "matmul: A is 3×4, B is 5×2 (need A.cols = B.rows)" });
  assert.throws(() => matmul(rt, A, matrix(5, 2), { transA: true, transB: true }), /need A\.rows = B\.cols/);
  assert.throws(() => matmul(rt, A, matrix(4, 2), { out: matrix(3, 3) }), { code: "ERR_SHAPE" });
  assert.throws(() => matmul(rt, A, matrix(4, 2), { out: matrix(3, 2, new Float32Array(6)) }), /Float32Array, the result is 3×2 in a Float64Array/);
  assert.throws(() => matmul(rt, A, matrix(4, 2), { beta: 1 }), { code: "ERR_OPTION" });
  assert.throws(() => matmul(rt, A, matrix(4, 2), { alpha: NaN }), { code: "ERR_OPTION" });
  assert.throws(() => matmul(rt, A, [[1], [2], [3], [NaN]]), { code: "ERR_NOT_FINITE", message: /B holds NaN at row 4, column 1/ });
  const large = matrix(300, 200);
  large.data[290 * 200 + 7] = NaN;
  assert.throws(() => gram(rt, large), { message: /X holds NaN at row 291, column 8/ });
  assert.throws(() => gram(rt, [[1, Infinity]]), { code: "ERR_NOT_FINITE" });
});

testEach("matmul and gram: NaN and infinities anywhere, against zeros and other infinities", (rt) => {
  const bad = { code: "ERR_NOT_FINITE" };
  for (const { Array: Type } of TYPES) {
    for (const value of [NaN, Infinity, -Infinity]) {
      for (const e of [0, 5, 33, 34]) {
        const A = matrix(5, 7, new Type(35));
        A.data[e] = value;
        for (const options of [{}, { alpha: 1e-300 }, { alpha: 0 }]) {
          assert.throws(() => matmul(rt, A, matrix(7, 3, new Type(21)), options), bad);
          assert.throws(() => matmul(rt, matrix(3, 5, new Type(15)), A, options), bad);
        }
        assert.throws(() => matmul(rt, A, matrix(7, 0, new Type(0))), bad);
        assert.throws(() => gram(rt, A), bad);
        A.data[(e + 7) % 35] = -value;
        assert.throws(() => matmul(rt, A, matrix(7, 3, new Type(21).fill(1))), bad);
        assert.throws(() => gram(rt, A), bad);
        const out = matrix(5, 3, new Type(15).fill(2));
        assert.throws(() => matmul(rt, A, matrix(7, 3, new Type(21)), { out }), bad);
        assert.ok(out.data.every((x) => x === 2), "out is as it was");
      }
    }
  }
  // an overflow is no fault of the input
  assert.deepEqual(matmul(rt, [[1e300]], [[1e300]]).data, Float64Array.of(Infinity));
  assert.deepEqual(gram(rt, [[1e300]]).data, Float64Array.of(Infinity));
});

testEach("peakGflops: both rates", (rt) => {
  for (const rate of Object.values(peakGflops(rt))) assert.ok(rate > 0 && rate < 10000);
});
