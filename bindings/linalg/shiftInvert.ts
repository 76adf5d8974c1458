// A − σI = Uᵀ·D·U of a dense symmetric matrix: the signs of D count the eigenvalues on either side of σ,
// and with the factors its inverse is multiplied, whose largest eigenvalues are those of A nearest to σ.

import type { Pointer } from "../core/kernels.ts";
import type { Runtime } from "../core/runtime.ts";
import type { Placed } from "./matrix.ts";

export interface Factors {
  shift: number;
  /** Eigenvalues of A below and above the shift. */
  below: number;
  above: number;
  u: Placed;
  d: Pointer;
  e: Pointer;
  swaps: Pointer;
}

/**
 * Factors A − shift·I; the factors lie on the stack of scratch. Where D is singular the shift is moved by
 * what is rounding for A, so that D can be divided by.
 */
export function factor(rt: Runtime, fn: string, A: Placed, shift: number): Factors {
  const { kernels, memory } = rt;
  const { rows: n, stride } = A;
  const u: Placed = { ...A, at: memory.push(8 * n * stride, `${fn}: the factors of a ${n}×${n} matrix`) };
  const d = memory.push(8 * n, `${fn}: workspace`);
  const e = memory.push(8 * n, `${fn}: workspace`);
  const swaps = memory.push(4 * n, `${fn}: workspace`);
  return memory.scope(() => {
    const counts = memory.push(12, `${fn}: workspace`);
    const work = memory.push(kernels.ldl_work_f64(n), `${fn}: workspace`);
    for (let moved = shift, trial = 1; ; trial *= 4) {
      const view = memory.f64(u.at, n * stride);
      view.set(memory.f64(A.at, n * stride));
      let largest = Math.abs(shift);
      for (let i = 0; i < n; i++) {
        const own = view[i * (stride + 1)]!;
        largest = Math.max(largest, Math.abs(own));
        view[i * (stride + 1)] = own - moved;
      }
      const singular = rt.checkAborted(kernels.ldl_f64(n, u.at, stride, d, e, swaps, 0, 1, work));
      kernels.ldl_inertia_f64(n, d, e, counts);
      const [below, , above] = memory.i32(counts, 3) as unknown as [number, number, number];
      if (singular === 0 || trial > MOST) return { shift: moved, below, above, u, d, e, swaps };
      moved = shift + trial * 4 * Number.EPSILON * (largest || 1);
    }
  });
}

/** Multiples of rounding that a shift is moved by at most. */
const MOST = 1000;
