// One run of block Lanczos in wasm memory, seen from TypeScript: the record at the head of its state.

import { ConvergenceError } from "../errors.ts";
import type { Info, Pointer } from "../core/kernels.ts";
import type { Runtime } from "../core/runtime.ts";
import type { Matrix, Placed } from "./matrix.ts";
import type { Factors } from "./shiftInvert.ts";

/** So many Ritz values from either end, or with `magnitude` low + high of the largest absolute value. */
export interface Wanted {
  low: number;
  high: number;
  magnitude: boolean;
}

export interface LanczosSettings {
  blockSize: number;
  /** Of the residual to |θ|. */
  tol: number;
  maxRestarts: number;
  /** Rows multiplied after which it stops. */
  maxProducts: number;
  seed: number;
}

/** The operator is (A − shift·I)⁻¹, and ‖A − shift·I‖ ≤ norm. */
export interface Inverse {
  shift: number;
  norm: number;
}

/** What a step says: CONVERGED, MORE or STOPPED. */
export const CONVERGED = 0;
export const MORE = 1;
export const STOPPED = 2;

/** The first words of the state, in the order of the class Lanczos in assembly/decomp/lanczos.ts. */
const FIELDS = ["block", "target", "width", "dimension", "products", "restarts", "converged", "low", "high", "theta", "residual", "ld"] as const;

/**
 * The basis has twice the vectors that are wanted, and so many more. With an inverse a product costs the same,
 * but so few are needed that they all have room.
 */
const SPARE = 48;
const SPARE_INVERSE = 100;

/** Ritz values, ascending, and the norms of their residuals as the recurrence has them. */
export interface Ritz {
  theta: Float64Array;
  residual: Float64Array;
}

/** An eigenvalue, how far from one it can be, and where in wasm memory its vector lies. */
export interface Pair {
  value: number;
  residual: number;
  at: Pointer;
}

/** Vectors of a basis for k pairs; n where it would hold nearly all. */
export function basisSize(n: number, k: number, wide: number, spare = SPARE): number {
  const room = Math.max(2 * k + spare, k + 2 * wide);
  return room > n - 2 * wide ? n : room;
}

export class Lanczos {
  private readonly state: Pointer;

  /** Pushes its state on the stack of scratch; the first block is then at `block`. */
  constructor(
    private readonly rt: Runtime, private readonly fn: string, readonly n: number, { low, high, magnitude }: Wanted,
    { blockSize, tol, maxRestarts, maxProducts, seed }: LanczosSettings, inverse?: Inverse,
  ) {
    const { kernels, memory } = rt;
    const k = low + high;
    const wide = Math.min(n, blockSize);
    const most = basisSize(n, k, wide, inverse ? SPARE_INVERSE : SPARE);
    this.state = memory.push(kernels.lanczos_work_f64(n, most, wide), `${fn}: a basis of ${most} vectors`);
    kernels.lanczos_begin_f64(
      n, most, wide, low, high, magnitude, tol, inverse?.shift ?? 0, inverse?.norm ?? 0, maxRestarts, maxProducts, seed, this.state,
    );
  }

  get(field: (typeof FIELDS)[number]): number {
    return this.rt.memory.i32(this.state, FIELDS.length)[FIELDS.indexOf(field)]!;
  }

  /** Takes the product that lies at `target`. */
  step(): Info {
    return this.check(this.rt.kernels.lanczos_step_f64(this.state));
  }

  /** Steps with a dense matrix until they say other than MORE. */
  symmetric({ at, stride }: Placed): Info {
    return this.check(this.rt.kernels.lanczos_symmetric_f64(at, stride, this.state));
  }

  /** Steps with the inverse of a factored matrix, likewise. */
  inverted({ u, d, e, swaps }: Factors): Info {
    return this.check(this.rt.kernels.lanczos_inverted_f64(u.at, u.stride, d, e, swaps, this.state));
  }

  /** After finish(): keeps what was found and goes on from a random block. */
  refresh(): void {
    this.rt.kernels.lanczos_refresh_f64(this.state);
  }

  /** The wanted Ritz vectors become the first rows at `block`. */
  finish(): void {
    this.check(this.rt.kernels.lanczos_finish_f64(this.state));
  }

  /** All Ritz values of the basis, or after finish() those wanted. */
  ritz(): Ritz {
    const { memory } = this.rt;
    const c = this.get("dimension");
    return { theta: memory.f64(this.get("theta"), c).slice(), residual: memory.f64(this.get("residual"), c).slice() };
  }

  /**
   * After finish(): the Rayleigh quotients of the vectors found and their residuals plus `rounding`, given the
   * products with these vectors, which are destroyed.
   */
  pairs(products: Pointer, rounding: number): Pair[] {
    const { kernels, memory } = this.rt;
    const k = this.get("low") + this.get("high");
    const at = this.get("block");
    const ld = this.get("ld");
    return memory.scope(() => {
      const theta = memory.push(8 * k, `${this.fn}: values`);
      const residual = memory.push(8 * k, `${this.fn}: residuals`);
      kernels.lanczos_residuals_f64(this.n, k, at, ld, products, ld, theta, residual);
      const residuals = memory.f64(residual, k);
      return Array.from(memory.f64(theta, k), (value, i) => ({ value, residual: residuals[i]! + rounding, at: at + 8 * ld * i }));
    });
  }

  private check(info: Info): Info {
    this.rt.checkAborted(info);
    if (info < CONVERGED || info > STOPPED) throw new ConvergenceError(`${this.fn}: the projected problem did not converge`);
    return info;
  }
}

/** The rows at `at` as the columns of a matrix. */
export function pullVectors(rt: Runtime, n: number, count: number, at: Pointer, ld: number): Matrix<Float64Array> {
  const data = new Float64Array(n * count);
  const rows = rt.memory.f64(at, count * ld);
  for (let i = 0; i < n; i++) for (let r = 0; r < count; r++) data[i * count + r] = rows[r * ld + i]!;
  return { data, rows: n, cols: count };
}

/** The columns of W, times `by`, as rows at `at`. */
export function pushVectors(rt: Runtime, { data, rows: n, cols }: Matrix, by: number, at: Pointer, ld: number): void {
  const rows = rt.memory.f64(at, cols * ld);
  for (let i = 0; i < n; i++) for (let r = 0; r < cols; r++) rows[r * ld + i] = data[i * cols + r]! * by;
}
