// QR factorization: A = Q·R.

import { OptionError, ShapeError } from "../errors.ts";
import type { Runtime } from "../core/runtime.ts";
import { pullMatrix, pushEmpty, pushMatrix, toMatrix, type Matrix, type MatrixLike } from "./matrix.ts";

export interface QrOptions {
  /**
   * "reduced" (the default): Q is m×k and R k×n, k = min(m, n). "complete": Q is m×m and R m×n.
   */
  mode?: "reduced" | "complete";
}

export interface QrResult {
  /** Orthonormal columns. */
  q: Matrix<Float64Array>;
  /** Zero below its diagonal, which may be negative. */
  r: Matrix<Float64Array>;
}

/**
 * A = Q·R by Householder reflectors, signs as NumPy's and LAPACK's. Each column of Q·R is A's to within a
 * small multiple of m·eps·‖its norm‖, and QᵀQ the identity to within one of m·eps.
 */
export function qr(rt: Runtime, A: MatrixLike, options: QrOptions = {}): QrResult {
  const { mode = "reduced" } = options;
  if (mode !== "reduced" && mode !== "complete") {
    throw new OptionError(`qr: mode is ${String(mode)}, expected "reduced" or "complete"`);
  }
  const a = toMatrix("qr", "A", A);
  const { rows: m, cols: n } = a;
  if (m === 0 || n === 0) throw new ShapeError(`qr: A is ${m}×${n}, it must have at least one row and one column`);
  const k = Math.min(m, n);
  const columns = mode === "complete" ? m : k;
  return rt.memory.scope(() => {
    const { kernels, memory } = rt;
    const placed = pushMatrix(rt, "qr", "A", a);
    const factors = memory.push(kernels.qr_bytes_f64(m, k), `qr: the reflectors of a ${m}×${n} matrix`);
    const q = pushEmpty(rt, "qr", m, columns);
    const work = memory.push(kernels.qr_work_f64(m, k, Math.max(n, columns)), "qr: workspace");
    rt.checkAborted(kernels.qr_f64(m, n, placed.at, placed.stride, factors, 0, 0.5, work));
    const top = pullMatrix(rt, { ...placed, rows: k });
    const r = columns === k ? top : { data: new Float64Array(m * n), rows: m, cols: n };
    if (r !== top) r.data.set(top.data);
    rt.checkAborted(kernels.form_q_f64(m, k, columns, factors, q.at, q.stride, work));
    return { q: pullMatrix(rt, q), r };
  });
}
