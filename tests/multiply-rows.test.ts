// All or some rows of a matrix times few vectors, against the textbook loop: |Ŷ − Y| ≤ γ·|X|·|A[ids]|ᵀ.

import assert from "node:assert/strict";
import { EPS, numbers, testEach } from "./harness.ts";

testEach("multiply_rows: all rows; rows in any order, some twice; odd numbers of rows; widths around a panel", (rt) => {
  const { kernels, memory } = rt;
  const shapes = [[1, 1, 1], [2, 512, 4], [7, 1023, 10], [129, 1025, 5], [65, 37, 15]] as const;
  for (const [m, n, b] of shapes) for (const all of [true, false]) {
    memory.scope(() => {
      const [rows, lda, ldx, ldy] = [all ? m : 49, n + 3, n + 2, m + 1];
      const place = (count: number, seed: number) => {
        const at = memory.push(8 * count, "test");
        memory.f64(at, count).set(numbers(count, seed));
        return at;
      };
      const a = place(rows * lda, 1);
      const x = place(b * ldx, 2);
      const y = place(b * ldy, 3);
      const before = memory.f64(y, b * ldy).slice();
      const ids = memory.push(4 * m, "test");
      const chosen = Int32Array.from({ length: m }, (_, i) => all ? i : (i * (i + 1)) / 2 % rows); // 48 and 49 choose the same
      memory.i32(ids, m).set(chosen);
      assert.equal(kernels.multiply_rows_f64(m, n, b, all ? 0 : ids, a, lda, x, ldx, y, ldy), 0);
      const [A, X, Y] = [memory.f64(a, rows * lda), memory.f64(x, b * ldx), memory.f64(y, b * ldy)];
      for (let r = 0; r < b; r++) {
        for (let i = 0; i < m; i++) {
          let sum = 0;
          let bound = 0;
          for (let k = 0; k < n; k++) {
            const product = A[chosen[i]! * lda + k]! * X[r * ldx + k]!;
            sum += product;
            bound += Math.abs(product);
          }
          const got = Y[r * ldy + i]!;
          if (!(Math.abs(got - sum) <= (n + 2) * EPS * bound)) assert.fail(`${b}×${m}×${n}: (${r}, ${i}) is ${got}, expected ${sum}`);
        }
        assert.equal(Y[r * ldy + m], before[r * ldy + m], "padding written");
      }
    });
  }
});
