// EigenPro with centers of its own: f = Σ_c α_c·k(·, z_c) for p rows z_c, which minimises Σᵢ (f(xᵢ) − yᵢ)².
//
// Based on: Abedsoltan, Belkin & Pandit, Toward large kernel models, 2023 (EigenPro 3), with three differences:
//
//  - The gradient of a batch, Σ_b g_b·k(·, x_b), is projected on these functions exactly: coefficients θ with
//    K(Z, Z)·θ = K(Z, X_b)·g, by a Cholesky factorization K(Z, Z) = F·Fᵀ that is made once.
//  - The preconditioner is that of the projected operator: with C = F⁻¹·K(Z, S) the projected kernel on S is Cᵀ·C, and
//    its eigenvectors uⱼ give eⱼ = Σ_c (F⁻ᵀ·C·uⱼ/√wⱼ)_c·k(·, z_c). One of the whole space would move the fixed point away
//    from least squares.
//  - Where f can't reach the targets, gradients of batches do not go to zero, and a constant step keeps f from the
//    minimum. The residuals that each row had last, ĝ, take that away (SAGA: Defazio, Bach & Lacoste-Julien 2014):
//    a step goes along K(Z, X_b)·(g − ĝ_b) + (b/n)·K(Z, X)·ĝ.

import { NotPositiveDefiniteError } from "../errors.ts";
import type { Runtime } from "../core/runtime.ts";
import { kernelDiagonal, placeBlock, placeKernel, placeProduct, placeRows, type KernelRows } from "../kernels/place.ts";
import { pushEmpty, type Placed } from "../linalg/matrix.ts";
import { copyIn, copyOut } from "../linalg/range.ts";
import { takeRows } from "../linalg/rows.ts";
import { transposed } from "../linalg/thinSvd.ts";
import { expansion, firstRows, meanOf, type Model, type Plan } from "./eigenproData.ts";
import { correct, maxBatchOf, topOfSpectrum, weightsOf, type Preconditioner, type Top } from "./preconditioner.ts";

export function modelOfCenters(rt: Runtime, fn: string, plan: Plan, Z: KernelRows): Model {
  const { prepared, data, X, L, kept } = plan;
  const { kernels, memory } = rt;
  const [n, p] = [X.n, Z.n];
  const f = expansion(rt, fn, plan, Z, kept(n, p) ? placeKernel(rt, fn, prepared, X, Z) : undefined);
  const { K, W } = f;
  const F = factorOf(rt, fn, placeKernel(rt, fn, prepared, Z));
  const { top, preconditioner } = precondition(rt, fn, plan, Z, K, F);
  const last = new Float64Array(n * L); // ĝ
  const sum = new Float64Array(p * L); // K(Z, X)·ĝ
  let largest = 0;

  /** K(X_b, Z). */
  const block = (ids: Int32Array) => {
    const out = pushEmpty(rt, fn, ids.length, p);
    if (!K) {
      const batch = placeRows(rt, fn, prepared, "X", takeRows(data, ids));
      placeBlock(rt, fn, prepared, batch, 0, ids.length, Z, 0, p, out);
      return out;
    }
    const from = memory.f64(K.at, n * K.stride);
    const to = memory.f64(out.at, ids.length * out.stride);
    ids.forEach((id, b) => to.set(from.subarray(id * K.stride, id * K.stride + p), b * out.stride));
    return out;
  };

  return {
    ...f,
    top,
    preconditioner,
    descend: (ids, g, step) => memory.scope(() => {
      const b = ids.length;
      const change = g.map((x, e) => x - last[ids[Math.floor(e / L)]! * L + (e % L)]!);
      ids.forEach((id, i) => last.set(g.subarray(i * L, (i + 1) * L), id * L));
      const [D, V] = [pushEmpty(rt, fn, b, L), pushEmpty(rt, fn, p, L)];
      copyIn(rt, { data: change, rows: b, cols: L }, D);
      const Kb = block(ids);
      const work = memory.push(Math.max(
        kernels.gemm_skinny_work_f64(p, L, b), kernels.cholesky_solve_work_f64(p, L),
        kernels.gemm_work_f64(L, preconditioner.weights.length, p),
      ), `${fn}: workspace`);
      rt.checkAborted(kernels.gemm_skinny_f64(true, p, L, b, 1, Kb.at, Kb.stride, D.at, D.stride, V.at, V.stride, work));
      const v = memory.f64(V.at, p * V.stride);
      for (let c = 0; c < p; c++) {
        for (let l = 0; l < L; l++) {
          const h = v[c * V.stride + l]!;
          v[c * V.stride + l] = h + (b / n) * sum[c * L + l]!;
          sum[c * L + l]! += h;
        }
      }
      const { functions, weights } = preconditioner;
      if (weights.length > 0) {
        const parts = pushEmpty(rt, fn, L, weights.length);
        rt.checkAborted(kernels.gemm_f64(
          true, true, L, parts.cols, p, step, V.at, V.stride, functions.at, functions.stride, 0, parts.at, parts.stride, work,
        ));
        correct(rt, fn, preconditioner, parts, W);
      }
      rt.checkAborted(kernels.cholesky_solve_f64(p, L, F.at, F.stride, V.at, V.stride, work));
      const [w, theta] = [memory.f64(W.at, L * W.stride), memory.f64(V.at, p * V.stride)];
      for (let l = 0; l < L; l++) for (let c = 0; c < p; c++) w[l * W.stride + c]! -= step * theta[c * V.stride + l]!;
    }),
    residual() {
      const norm = Math.sqrt(sum.reduce((squares, x) => squares + x * x, 0));
      largest = Math.max(largest, norm);
      return largest > 0 ? norm / largest : 0;
    },
  };
}

/** The Cholesky factor takes the place of K(Z, Z). */
function factorOf(rt: Runtime, fn: string, A: Placed): Placed {
  rt.memory.scope(() => {
    const work = rt.memory.push(rt.kernels.cholesky_work_f64(A.rows), `${fn}: workspace`);
    const info = rt.checkAborted(rt.kernels.cholesky_f64(A.rows, A.at, A.stride, 0, 0, work));
    if (info === 0) return;
    throw new NotPositiveDefiniteError(
      `${fn}: the kernel matrix of the centers is not positive definite: pivot ${info} of ${A.rows} is not positive; ` +
        `leave out center ${info}, which others stand for`,
    );
  });
  return A;
}

/** The top of the spectrum of the projected kernel on S, and its eigenfunctions. */
function precondition(
  rt: Runtime, fn: string, plan: Plan, Z: KernelRows, K: Placed | undefined, F: Placed,
): { top: Top; preconditioner: Preconditioner } {
  const { prepared, X, m, topQ, compat } = plan;
  const { kernels, memory } = rt;
  const [n, p] = [X.n, Z.n];
  const S = firstRows(X, m);
  const solve = (trans: boolean, B: Placed) => memory.scope(() => {
    const work = memory.push(kernels.trsm_work_f64(p, B.cols), `${fn}: workspace`);
    rt.checkAborted(kernels.trsm_f64(p, B.cols, F.at, F.stride, true, trans, false, B.at, B.stride, work));
  });
  const gemm = (transA: boolean, transB: boolean, A: Placed, B: Placed, out: Placed) => memory.scope(() => {
    const inner = transA ? A.rows : A.cols;
    const work = memory.push(kernels.gemm_work_f64(out.rows, out.cols, inner), `${fn}: workspace`);
    rt.checkAborted(kernels.gemm_f64(
      transA, transB, out.rows, out.cols, inner, 1, A.at, A.stride, B.at, B.stride, 0, out.at, out.stride, work,
    ));
  });
  const C = placeKernel(rt, fn, prepared, Z, S);
  solve(false, C);
  const top = topOfSpectrum(rt, fn, m, (M) => gemm(true, false, C, C, M), {
    unit: compat ? 1 : meanOf(kernelDiagonal(rt, S)), maxBatch: maxBatchOf(plan), topQ,
  });
  const q = top.values.length - 1;
  const functions = pushEmpty(rt, fn, q, p);
  const values = pushEmpty(rt, fn, n, q);
  if (q > 0) memory.scope(() => {
    const U = pushEmpty(rt, fn, q, m);
    copyIn(rt, { data: top.vectors.map((x, e) => x / Math.sqrt(m * top.values[Math.floor(e / m)]!)), rows: q, cols: m }, U);
    const A = pushEmpty(rt, fn, p, q);
    gemm(false, true, C, U, A);
    solve(true, A);
    transposed(rt, A, functions);
    if (K) gemm(false, false, K, A, values);
    else copyIn(rt, copyOut(rt, placeProduct(rt, fn, prepared, X, Z, A)), values);
  });
  return { top, preconditioner: { weights: weightsOf(top), functions, values } };
}
