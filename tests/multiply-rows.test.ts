// Some rows of a matrix times few vectors, against the textbook loop: |Ŷ − Y| ≤ γ·|A|·|X|ᵀ.

import assert from "node:assert/strict";
import { EPS, numbers, testEach } from "./harness.ts";

testEach("multiply_rows: rows in any order, some twice; odd numbers of rows; widths around a panel", (rt) => {
  const { kernels, memory } = rt;
  const shapes = [[1, 5, 1], [2, 5, 512], [7, 10, 513], [129, 5, 1025], [65, 15, 37]] as const;
  for (const [m, n, k] of shapes) {
    memory.scope(() => {
      const [rows, lda, ldx, ldy] = [50, k + 3, k + 2, n + 1];
      const place = (count: number, seed: number) => {
        const at = memory.push(8 * count, "test");
        memory.f64(at, count).set(numbers(count, seed));
        return at;
      };
      const a = place(rows * lda, 1);
      const x = place(n * ldx, 2);
      const y = place(m * ldy, 3);
      const before = memory.f64(y, m * ldy).slice();
      const ids = memory.push(4 * m, "test");
      const chosen = Int32Array.from({ length: m }, (_, i) => (i * i + 3) % rows);
      memory.i32(ids, m).set(chosen);
      assert.equal(kernels.multiply_rows_f64(m, n, k, ids, a, lda, x, ldx, y, ldy), 0);
      const [A, X, Y] = [memory.f64(a, rows * lda), memory.f64(x, n * ldx), memory.f64(y, m * ldy)];
      for (let i = 0; i < m; i++) {
        for (let r = 0; r < n; r++) {
          let sum = 0;
          let bound = 0;
          for (let p = 0; p < k; p++) {
            const product = A[chosen[i]! * lda + p]! * X[r * ldx + p]!;
            sum += product;
            bound += Math.abs(product);
          }
          const got = Y[i * ldy + r]!;
          if (!(Math.abs(got - sum) <= (k + 2) * EPS * bound)) assert.fail(`${m}×${n}×${k}: (${i}, ${r}) is ${got}, expected ${sum}`);
        }
        assert.equal(Y[i * ldy + n], before[i * ldy + n], "padding written");
      }
    });
  }
});
