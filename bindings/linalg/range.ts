// The randomized range finder: an orthonormal Q whose span nearly holds the range of A.
//
// Based on: Halko, Martinsson & Tropp, Finding structure with randomness, 2011; Musco & Musco, Randomized
// block Krylov methods for stronger and faster approximate singular value decomposition, 2015.
//
// A block of Q spans A·Ω, Ω Gaussian, made orthogonal to the blocks before it. Subspace iteration
// multiplies it by A·Aᵀ some times, orthonormal between any two products; the Krylov scheme keeps
// what it was each time as a block of its own.
//
// The error is estimated from PROBES more Gaussian columns ω, which ride along with the products: the first one
// gives A·ω, and E := (I − Q·Qᵀ)·A·ω goes with Q through the last one, Aᵀ·[Q E]. With B := (I − Q·Qᵀ)·A
// the columns of E are B·ω and those of Aᵀ·E are BᵀB·ω. For any matrix M and r columns
//
//     ‖M‖ ≤ 10·√(2/π)·max ‖M·ω‖    but for a chance of 10⁻ʳ    [Halko, Martinsson & Tropp, Lemma 4.1]
//
// which is used with M = B and with M = BᵀB, ‖B‖ = √‖M‖: the second is much the sharper one where singular
// values decay slowly, the first one near rounding errors.

import type { Runtime } from "../core/runtime.ts";
import { randomState } from "../random/randomState.ts";
import { pushEmpty, pushMatrix, pushSymmetric, type Matrix, type Placed } from "./matrix.ts";
import { product, productTranspose, type LinearOperator, type Steps } from "./operator.ts";

/** Probes: both bounds hold but for a chance of 2·10⁻⁶. */
export const PROBES = 6;

export const PROBE_FACTOR = 10 * Math.sqrt(2 / Math.PI);

/** Columns up to which a product is skinny: packing A would cost more than a tenth of it. */
export const SKINNY = 128;

/** Columns of the first block where the rank is not given. */
const BLOCK = 32;

export interface RangePlan {
  /** Columns of Ω; without it blocks are added until the error is at most `tol`. */
  size?: number;
  tol?: number;
  powerIterations: number;
  krylov: boolean;
  seed: number;
}

export interface Range {
  /** m×l, orthonormal columns. */
  Q: Placed;
  /** n×l: the transpose of QᵀA. */
  Bt: Placed;
  /** A power of two: Bt and error are those of the given matrix times it. */
  scale: number;
  /** What ‖(I − Q·Qᵀ)·A‖ hardly exceeds. */
  error: number;
  /** Vectors that A or its transpose was applied to. */
  products: number;
}

/** Columns [j0, j0 + cols) of a placed matrix. */
export function columnsOf(X: Placed, j0: number, cols: number): Placed {
  return { ...X, at: X.at + j0 * X.bytes, cols };
}

/** The numbers from the first to the last of a placed matrix. */
export function numbersOf(rt: Runtime, { at, rows, cols, stride, bytes }: Placed): Float64Array | Float32Array {
  const length = Math.max(0, (rows - 1) * stride + cols);
  return bytes === 8 ? rt.memory.f64(at, length) : rt.memory.f32(at, length);
}

/** Y := A·X or Aᵀ·X, times `scale`, for a matrix in wasm memory or an operator. */
export class Source {
  scale = 1;
  products = 0;

  private constructor(
    private readonly rt: Runtime,
    private readonly fn: string,
    readonly rows: number,
    readonly cols: number,
    readonly bytes: 8 | 4,
    private readonly dense: Placed | undefined,
    private readonly operator: LinearOperator | undefined,
  ) {}

  static dense(rt: Runtime, fn: string, A: Matrix, bytes: 8 | 4): Source {
    return Source.placed(rt, fn, pushMatrix(rt, fn, "A", A, bytes));
  }

  static symmetric(rt: Runtime, fn: string, A: Matrix): Source {
    return Source.placed(rt, fn, pushSymmetric(rt, fn, "A", A));
  }

  private static placed(rt: Runtime, fn: string, a: Placed): Source {
    const source = new Source(rt, fn, a.rows, a.cols, a.bytes, a, undefined);
    source.scale = scaling(rt, a);
    return source;
  }

  static operator(rt: Runtime, fn: string, A: LinearOperator, bytes: 8 | 4): Source {
    return new Source(rt, fn, A.rows, A.cols, bytes, undefined, A);
  }

  *apply(transpose: boolean, X: Placed, Y: Placed): Steps<void> {
    const { rt, dense, operator, scale } = this;
    const first = this.products === 0;
    this.products += X.cols;
    if (dense) {
      if (X.cols <= SKINNY) multiplySkinny(rt, this.fn, transpose, scale, dense, X, Y);
      else multiply(rt, this.fn, transpose, false, scale, dense, X, 0, Y);
      return;
    }
    const V = copyOut(rt, X);
    const W = transpose ? yield* productTranspose(this.fn, operator!, V) : yield* product(this.fn, operator!, V);
    copyIn(rt, W, Y, scale);
    if (!first) return;
    this.scale = scaling(rt, Y);
    if (this.scale !== 1) copyIn(rt, W, Y, this.scale);
  }
}

/** The power of two that brings A to order 1, if it is far from it. */
function scaling(rt: Runtime, { at, rows, cols, stride, bytes }: Placed): number {
  const kernel = bytes === 8 ? rt.kernels.scaling_f64 : rt.kernels.scaling_f32;
  return kernel(rows, cols, at, stride) || 1;
}

/** C := α·op(A)·B for B of few columns. */
export function multiplySkinny(rt: Runtime, fn: string, transA: boolean, alpha: number, A: Placed, B: Placed, C: Placed): void {
  const { kernels, memory } = rt;
  const [gemm, work] =
    A.bytes === 8
      ? [kernels.gemm_skinny_f64, kernels.gemm_skinny_work_f64]
      : [kernels.gemm_skinny_f32, kernels.gemm_skinny_work_f32];
  memory.scope(() => {
    const scratch = memory.push(work(C.rows, C.cols, B.rows), `${fn}: workspace`);
    rt.checkAborted(gemm(transA, C.rows, C.cols, B.rows, alpha, A.at, A.stride, B.at, B.stride, C.at, C.stride, scratch));
  });
}

/** C := α·op(A)·op(B) + β·C. */
export function multiply(
  rt: Runtime, fn: string, transA: boolean, transB: boolean, alpha: number, A: Placed, B: Placed, beta: number, C: Placed,
): void {
  const { kernels, memory } = rt;
  const [gemm, work] = A.bytes === 8 ? [kernels.gemm_f64, kernels.gemm_work_f64] : [kernels.gemm_f32, kernels.gemm_work_f32];
  const k = transA ? A.rows : A.cols;
  memory.scope(() => {
    const scratch = memory.push(work(C.rows, C.cols, k), `${fn}: workspace`);
    rt.checkAborted(
      gemm(transA, transB, C.rows, C.cols, k, alpha, A.at, A.stride, B.at, B.stride, beta, C.at, C.stride, scratch),
    );
  });
}

/** A placed matrix as one of the caller's, in f64. */
export function copyOut(rt: Runtime, X: Placed): Matrix<Float64Array> {
  const data = new Float64Array(X.rows * X.cols);
  const numbers = numbersOf(rt, X);
  for (let i = 0; i < X.rows; i++) data.set(numbers.subarray(i * X.stride, i * X.stride + X.cols), i * X.cols);
  return { data, rows: X.rows, cols: X.cols };
}

/** X := α·W. */
export function copyIn(rt: Runtime, { data, rows, cols }: Matrix, X: Placed, alpha = 1): void {
  const numbers = numbersOf(rt, X);
  for (let i = 0; i < rows; i++) {
    const row = data.subarray(i * cols, (i + 1) * cols);
    numbers.set(alpha === 1 ? row : row.map((x) => alpha * x), i * X.stride);
  }
}

/** Makes the last b columns of X orthonormal and orthogonal to the first q, which are orthonormal. */
export function extendBasis(rt: Runtime, fn: string, X: Placed, q: number, b: number, from = 0, to = 0): void {
  const { kernels, memory } = rt;
  const [extend, work] =
    X.bytes === 8
      ? [kernels.extend_basis_f64, kernels.extend_basis_work_f64]
      : [kernels.extend_basis_f32, kernels.extend_basis_work_f32];
  memory.scope(() => {
    const scratch = memory.push(work(X.rows, q, b), `${fn}: workspace`);
    rt.checkAborted(extend(X.rows, q, b, X.at, X.stride, from, to, scratch));
  });
}

/** The largest ‖column‖. */
export function largestColumn(rt: Runtime, X: Placed): number {
  const numbers = numbersOf(rt, X);
  const squares = new Float64Array(X.cols);
  for (let i = 0; i < X.rows; i++) {
    for (let j = 0; j < X.cols; j++) squares[j]! += numbers[i * X.stride + j]! ** 2;
  }
  return Math.sqrt(Math.max(...squares));
}

/** ‖X‖ (Frobenius). */
export function frobeniusNorm(rt: Runtime, X: Placed): number {
  let sum = 0;
  for (const x of copyOut(rt, X).data) sum += x * x;
  return Math.sqrt(sum);
}

/** Finds Q; what it returns lies in wasm memory above the caller's mark. */
export function* findRange(rt: Runtime, fn: string, A: Source, plan: RangePlan): Steps<Range> {
  const { memory } = rt;
  const { rows: m, cols: n, bytes } = A;
  const { size, tol, powerIterations, krylov } = plan;
  const full = Math.min(m, n);
  const random = randomState(rt, plan.seed);
  const gaussian = (columns: number): Matrix => ({ data: random.randn(n * columns), rows: n, cols: columns });
  const perColumn = krylov ? powerIterations + 1 : 1;

  let b = Math.min(full, size ?? BLOCK);
  let capacity = Math.min(full, size === undefined ? 4 * b * perColumn : b * perColumn);
  // the probes and what becomes of them stand right of the columns that are multiplied with them
  let Q = pushEmpty(rt, fn, m, capacity + PROBES, bytes);
  let Bt = pushEmpty(rt, fn, n, capacity + PROBES, bytes);
  const P = pushEmpty(rt, fn, m, PROBES, bytes);
  let q = 0;
  let error = Infinity;
  for (;;) {
    const mark = memory.mark();
    const first = q === 0;
    const Z = pushEmpty(rt, fn, n, b + PROBES, bytes);
    copyIn(rt, gaussian(b), columnsOf(Z, 0, b));
    if (first) copyIn(rt, gaussian(PROBES), columnsOf(Z, b, PROBES));
    const width = first ? b + PROBES : b;
    yield* A.apply(false, columnsOf(Z, 0, width), columnsOf(Q, q, width));
    if (first) copyIn(rt, copyOut(rt, columnsOf(Q, b, PROBES)), P);

    // how far a call has come: by products, or where nobody knows their number by columns
    let step = 0;
    const orthonormalise = (X: Placed, columns: number) => {
      const total = size === undefined ? full : 2 * powerIterations + 2;
      const [from, to] = size === undefined ? [q / full, (q + b) / full] : [step / total, (step + 1) / total];
      step++;
      extendBasis(rt, fn, X, columns, b, from, to);
    };
    orthonormalise(Q, q);
    for (let it = 0; it < powerIterations; it++) {
      const block = columnsOf(Z, 0, b);
      yield* A.apply(true, columnsOf(Q, q, b), block);
      if (krylov) {
        copyIn(rt, copyOut(rt, block), columnsOf(Bt, q, b));
        if (q + b === full) break;
      }
      orthonormalise(block, 0);
      if (krylov) {
        q += b;
        b = Math.min(b, full - q);
      }
      yield* A.apply(false, columnsOf(Z, 0, b), columnsOf(Q, q, b));
      orthonormalise(Q, q);
    }

    const E = columnsOf(Q, q + b, PROBES);
    copyIn(rt, copyOut(rt, P), E);
    const basis = columnsOf(Q, 0, q + b);
    const inner = pushEmpty(rt, fn, q + b, PROBES, bytes);
    // twice: what is left is orthogonal to Q even if little is left
    for (let pass = 0; pass < 2; pass++) {
      multiply(rt, fn, true, false, 1, basis, E, 0, inner);
      multiply(rt, fn, false, false, -1, basis, inner, 1, E);
    }
    memory.release(mark);
    const residual = PROBE_FACTOR * largestColumn(rt, E);
    yield* A.apply(true, columnsOf(Q, q, b + PROBES), columnsOf(Bt, q, b + PROBES));
    q += b;
    error = Math.min(residual, Math.sqrt(PROBE_FACTOR * largestColumn(rt, columnsOf(Bt, q, PROBES))));
    if (tol === undefined || error <= tol * A.scale || q === full) break;

    b = Math.min(full - q, Math.max(BLOCK, 8 * Math.floor(q / perColumn / 16)));
    const needed = Math.min(full, q + b * perColumn);
    if (needed > capacity) {
      capacity = Math.min(full, 2 * needed);
      [Q, Bt] = [Q, Bt].map((old) => {
        const larger = pushEmpty(rt, fn, old.rows, capacity + PROBES, bytes);
        copyIn(rt, copyOut(rt, columnsOf(old, 0, q)), columnsOf(larger, 0, q));
        return larger;
      }) as [Placed, Placed];
    }
  }
  return { Q: columnsOf(Q, 0, q), Bt: columnsOf(Bt, 0, q), scale: A.scale, error, products: A.products };
}
