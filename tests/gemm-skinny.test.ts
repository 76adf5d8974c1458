// Products with few columns against the textbook triple loop: |Ĉ − C| ≤ γ·|A|·|B|.

import assert from "node:assert/strict";
import { numbers, testEach } from "./harness.ts";

testEach("gemm_skinny: shapes around every block edge, both types, A or Aᵀ", (rt) => {
  const shapes = [[1, 1, 1], [5, 3, 7], [96, 4, 256], [97, 9, 257], [100, 13, 513], [193, 5, 30], [7, 60, 1025]] as const;
  for (const [m, n, k] of shapes) {
    for (const transA of [false, true]) {
      for (const bytes of [8, 4] as const) {
        rt.memory.scope(() => {
          const { kernels, memory } = rt;
          const [gemm, size] = bytes === 8
            ? [kernels.gemm_skinny_f64, kernels.gemm_skinny_work_f64]
            : [kernels.gemm_skinny_f32, kernels.gemm_skinny_work_f32];
          const place = (count: number, seed: number) => {
            const at = memory.push(count * bytes, "test");
            const view = bytes === 8 ? memory.f64(at, count) : memory.f32(at, count);
            view.set(numbers(count, seed));
            return { at, data: view.slice() };
          };
          const lda = (transA ? m : k) + 3;
          const a = place((transA ? k : m) * lda, 1);
          const b = place(k * (n + 1), 2);
          const c = place(m * (n + 2), 3);
          const work = memory.push(size(m, n, k) + 64, "work");
          const guard = memory.i32(work + size(m, n, k), 16).fill(0x55);
          assert.equal(gemm(transA, m, n, k, 0.5, a.at, lda, b.at, n + 1, c.at, n + 2, work), 0);
          assert.ok(guard.every((x) => x === 0x55), "wrote beyond its workspace");
          const got = bytes === 8 ? memory.f64(c.at, c.data.length) : memory.f32(c.at, c.data.length);
          const eps = bytes === 8 ? 2 ** -52 : 2 ** -23;
          for (let i = 0; i < m; i++) {
            for (let j = 0; j < n + 2; j++) {
              const x = got[i * (n + 2) + j]!;
              if (j >= n) {
                if (x !== c.data[i * (n + 2) + j]) assert.fail("padding written");
                continue;
              }
              let sum = 0;
              let bound = 0;
              for (let p = 0; p < k; p++) {
                const product = 0.5 * (transA ? a.data[p * lda + i]! : a.data[i * lda + p]!) * b.data[p * (n + 1) + j]!;
                sum += product;
                bound += Math.abs(product);
              }
              const limit = (k + 2) * eps * bound;
              if (!(Math.abs(x - sum) <= limit)) assert.fail(`${m}×${n}×${k} ${transA} ${bytes}: (${i}, ${j}) is ${x}, expected ${sum}`);
            }
          }
        });
      }
    }
  }
});
