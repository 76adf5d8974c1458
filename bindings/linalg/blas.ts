// Dense products, and the peak that they are measured against.

import { OptionError, ShapeError } from "../errors.ts";
import type { Runtime } from "../core/runtime.ts";
import {
  assertFinite, findNotFinite, pullMatrix, pushEmpty, pushMatrix, pushUnchecked, toMatrix, type Matrix, type MatrixLike, type MatrixLike64,
  type Placed,
} from "./matrix.ts";

export interface MatmulOptions {
  /** Multiply with Aᵀ. Default false. */
  transA?: boolean;
  /** Multiply with Bᵀ. Default false. */
  transB?: boolean;
  /** Factor of the product. Default 1. */
  alpha?: number;
  /** Factor of what `out` held before. Default 0: `out` is not read. */
  beta?: number;
  /** Where the result goes: a Matrix of its shape and type, which may be A or B. */
  out?: Matrix;
}

/**
 * α·op(A)·op(B) + β·out, where op is the transpose or nothing.
 *
 * In f32 if A and B both hold Float32Array, otherwise in f64. With α = 1 and β = 0 an element is off
 * by at most γ·(|A|·|B|), γ = k·u/(1 − k·u): k is the inner dimension, u = 2⁻⁵³ in f64, 2⁻²⁴ ≈ 6e-8 in
 * f32. Errors of random data grow with √k rather than k.
 */
export function matmul(rt: Runtime, A: MatrixLike64, B: MatrixLike, options?: MatmulOptions): Matrix<Float64Array>;
export function matmul(rt: Runtime, A: MatrixLike, B: MatrixLike, options?: MatmulOptions): Matrix;
export function matmul(rt: Runtime, A: MatrixLike, B: MatrixLike, options: MatmulOptions = {}): Matrix {
  const product = checkProduct(A, B, options);
  return rt.memory.scope(() => {
    const { a, b, k, alpha, bytes } = product;
    const { pa, pb, pc } = placeProduct(rt, product);
    // A NaN or infinity in row i of op(A) makes row i of the product not finite, one in column j of op(B)
    // column j. So the first row and column tell whether A and B have to be looked at.
    const tells = pc.rows * pc.cols * k > 0 && (bytes === 8 ? alpha : Math.fround(alpha)) !== 0;
    if (!tells || findNotFinite(rt, { ...pc, rows: 1 }) >= 0 || findNotFinite(rt, { ...pc, cols: 1 }) >= 0) {
      assertFinite(rt, "matmul", "A", a, pa);
      assertFinite(rt, "matmul", "B", b, pb);
    }
    return pullMatrix(rt, pc, product.out);
  });
}

/** The arguments of matmul, of fitting shapes. */
export interface Product extends Required<Omit<MatmulOptions, "out">> {
  a: Matrix;
  b: Matrix;
  /** op(A) is m×k, op(B) k×n. */
  m: number;
  n: number;
  k: number;
  bytes: 8 | 4;
  out?: Matrix;
}

export function checkProduct(A: MatrixLike, B: MatrixLike, options: MatmulOptions): Product {
  const { transA = false, transB = false, alpha = 1, beta = 0, out } = options;
  const a = toMatrix("matmul", "A", A);
  const b = toMatrix("matmul", "B", B);
  const [m, k] = transA ? [a.cols, a.rows] : [a.rows, a.cols];
  const [kB, n] = transB ? [b.cols, b.rows] : [b.rows, b.cols];
  if (k !== kB) {
    const need = `A.${transA ? "rows" : "cols"} = B.${transB ? "cols" : "rows"}`;
    throw new ShapeError(`matmul: A is ${a.rows}×${a.cols}, B is ${b.rows}×${b.cols} (need ${need})`);
  }
  if (!Number.isFinite(alpha) || !Number.isFinite(beta)) {
    throw new OptionError(`matmul: alpha is ${alpha}, beta is ${beta}, expected finite numbers`);
  }
  if (beta !== 0 && !out) throw new OptionError(`matmul: beta is ${beta}, it needs out`);
  const bytes = a.data instanceof Float32Array && b.data instanceof Float32Array ? 4 : 8;
  if (out) assertOut("matmul", out, m, n, bytes);
  return { a, b, m, n, k, transA, transB, alpha, beta, bytes, out };
}

/** Computes the product in wasm memory; of what is read only `out` is checked. */
export function placeProduct(
  rt: Runtime, { a, b, m, n, k, transA, transB, alpha, beta, bytes, out }: Product,
): { pa: Placed; pb: Placed; pc: Placed } {
  const { kernels } = rt;
  const [gemm, work] = bytes === 8 ? [kernels.gemm_f64, kernels.gemm_work_f64] : [kernels.gemm_f32, kernels.gemm_work_f32];
  const pa = pushUnchecked(rt, "matmul", a, bytes);
  const pb = b === a ? pa : pushUnchecked(rt, "matmul", b, bytes);
  const pc = out && beta !== 0 ? pushMatrix(rt, "matmul", "out", out, bytes) : pushEmpty(rt, "matmul", m, n, bytes, n);
  const scratch = rt.memory.push(work(m, n, k), "matmul: workspace");
  rt.checkAborted(rt.alone(() => (
    gemm(transA, transB, m, n, k, alpha, pa.at, pa.stride, pb.at, pb.stride, beta, pc.at, pc.stride, scratch)
  )));
  return { pa, pb, pc };
}

/**
 * X·Xᵀ, symmetric to the last bit, at half the cost of the general product. In f32 if X holds
 * Float32Array, otherwise in f64; error bounds as in matmul.
 */
export function gram(rt: Runtime, X: MatrixLike64): Matrix<Float64Array>;
export function gram(rt: Runtime, X: MatrixLike): Matrix;
export function gram(rt: Runtime, X: MatrixLike): Matrix {
  const x = toMatrix("gram", "X", X);
  return rt.memory.scope(() => {
    const { px, pc } = placeGram(rt, x, x.rows);
    // as in matmul: a NaN or infinity in row i of X makes the i-th diagonal element not finite
    if (findNotFinite(rt, { ...pc, cols: 1, stride: pc.stride + 1 }) >= 0) assertFinite(rt, "gram", "X", x, px);
    return pullMatrix(rt, pc);
  });
}

/** The first `rows` rows of X·Xᵀ in wasm memory; X is not checked. */
export function placeGram(rt: Runtime, x: Matrix, rows: number): { px: Placed; pc: Placed } {
  const { kernels } = rt;
  const bytes = x.data instanceof Float32Array ? 4 : 8;
  const { rows: n, cols: k } = x;
  const others = n - rows;
  const [syrk, gemm, work] = bytes === 8
    ? [kernels.syrk_f64, kernels.gemm_f64, kernels.gemm_work_f64]
    : [kernels.syrk_f32, kernels.gemm_f32, kernels.gemm_work_f32];
  const px = pushUnchecked(rt, "gram", x, bytes);
  const pc = pushEmpty(rt, "gram", rows, n, bytes);
  const scratch = rt.memory.push(work(rows, n, k), "gram: workspace");
  const square = () => syrk(rows, k, 1, px.at, px.stride, 0, pc.at, pc.stride, scratch);
  if (others === 0) {
    rt.checkAborted(rt.alone(square));
    return { px, pc };
  }
  rt.checkAborted(square());
  const x2 = px.at + rows * px.stride * bytes;
  rt.checkAborted(rt.alone(() => (
    gemm(false, true, rows, others, k, 1, px.at, px.stride, x2, px.stride, 0, pc.at + rows * bytes, pc.stride, scratch)
  )));
  return { px, pc };
}

function assertOut(fn: string, out: Matrix, rows: number, cols: number, bytes: 8 | 4): void {
  const { data } = toMatrix(fn, "out", out);
  if (out.rows !== rows || out.cols !== cols || data.BYTES_PER_ELEMENT !== bytes) {
    const type = (size: number) => (size === 8 ? "Float64Array" : "Float32Array");
    throw new ShapeError(
      `${fn}: out is ${out.rows}×${out.cols} in a ${type(data.BYTES_PER_ELEMENT)}, the result is ${rows}×${cols} in a ${type(bytes)}`,
    );
  }
}

/**
 * What one thread can do at most with 128-bit vectors, in 10⁹ operations a second: multiply-adds (two
 * operations each) on registers alone. Takes 0.2 s.
 */
export function peakGflops(rt: Runtime): { f64: number; f32: number } {
  const { peak_f64, peak_f32 } = rt.kernels;
  return { f64: fastest(peak_f64, 48), f32: fastest(peak_f32, 96) };
}

/** Calls of about 2 ms for 0.1 s, the fastest one; `operations` in each round. */
function fastest(peak: (rounds: number) => number, operations: number): number {
  const rounds = 1_000_000;
  let best = Infinity;
  const end = performance.now() + 100;
  for (let now = performance.now(); now < end; ) {
    peak(rounds);
    const then = now;
    now = performance.now();
    best = Math.min(best, now - then);
  }
  return (rounds * operations) / best / 1e6;
}
