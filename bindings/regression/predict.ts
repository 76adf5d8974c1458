// regression.predict: what a fit says of new rows.

import type { Runtime } from "../core/runtime.ts";
import type { Kernel } from "../kernels/descriptions.ts";
import { placeProduct, placeRows, prepare } from "../kernels/place.ts";
import { pullMatrix, pushMatrix, type Matrix, type MatrixLike } from "../linalg/matrix.ts";
import { toRows, toTargets, type Targets } from "./problem.ts";

/**
 * K(X2, centers)·alpha (m×L), for centers (n×d), alpha (n×L) and X2 (m×d): the predictions of a fit, whose centers are
 * the X it was given or its own. K(X2, centers) is made block by block and never held whole. About m·n·(d + L)
 * multiply-adds.
 */
export function predict(rt: Runtime, kernel: Kernel, centers: MatrixLike, alpha: Targets, X2: MatrixLike): Matrix<Float64Array> {
  const fn = "regression.predict";
  const c = toRows(fn, "centers", centers);
  const a = toTargets(fn, "alpha", alpha, "centers", c.rows);
  const x2 = toRows(fn, "X2", X2, c.cols);
  return rt.memory.scope(() => {
    const prepared = prepare(rt, fn, kernel, c.cols);
    const rows = placeRows(rt, fn, prepared, "X2", x2);
    return pullMatrix(rt, placeProduct(
      rt, fn, prepared, rows, placeRows(rt, fn, prepared, "centers", c), pushMatrix(rt, fn, "alpha", a),
    ));
  });
}
