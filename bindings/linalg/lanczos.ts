// One run of block Lanczos in wasm memory, seen from TypeScript: the record at the head of its state.

import { ConvergenceError } from "../errors.ts";
import type { Info, Pointer } from "../core/kernels.ts";
import type { Runtime } from "../core/runtime.ts";

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

/** The first words of the state, in the order of the class Lanczos in assembly/decomp/lanczos.ts. */
const FIELDS = ["block", "target", "width", "dimension", "products", "restarts", "converged", "low", "high", "theta", "residual", "ld"] as const;

/** The basis has twice the vectors that are wanted, and so many more. */
const SPARE = 48;

/** Ritz values, ascending, and the norms of their residuals as the recurrence has them. */
export interface Ritz {
  theta: Float64Array;
  residual: Float64Array;
}

export class Lanczos {
  private readonly state: Pointer;

  /** Pushes its state on the stack of scratch; the first block is then at `block`. */
  constructor(
    private readonly rt: Runtime, private readonly fn: string, readonly n: number, { low, high, magnitude }: Wanted,
    { blockSize, tol, maxRestarts, maxProducts, seed }: LanczosSettings, inverse: Inverse = { shift: 0, norm: 0 },
  ) {
    const { kernels, memory } = rt;
    const k = low + high;
    const wide = Math.min(n, blockSize);
    const room = Math.max(2 * k + SPARE, k + 2 * wide);
    const most = room > n - 2 * wide ? n : room;
    this.state = memory.push(kernels.lanczos_work_f64(n, most, wide), `${fn}: a basis of ${most} vectors`);
    kernels.lanczos_begin_f64(
      n, most, wide, low, high, magnitude, tol, inverse.shift, inverse.norm, maxRestarts, maxProducts, seed, this.state,
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
  symmetric(a: Pointer, lda: number): Info {
    return this.check(this.rt.kernels.lanczos_symmetric_f64(a, lda, this.state));
  }

  /** Keeps what was found and goes on from a random block. */
  refresh(): Info {
    return this.check(this.rt.kernels.lanczos_refresh_f64(this.state));
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

  private check(info: Info): Info {
    this.rt.checkAborted(info);
    if (info < CONVERGED || info > STOPPED) throw new ConvergenceError(`${this.fn}: the projected problem did not converge`);
    return info;
  }
}

const STOPPED = 2;
